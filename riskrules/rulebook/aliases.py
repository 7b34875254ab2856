"""Other spellings of a market: how the venue and ccxt write it, made from the patterns of the contracts file.

A name is spelled forwards and compared, never taken apart: `BTCUSDT` can be split in several ways,
and only one of them is a market of the book.  A pattern's `{date}`, with the sign before it, stands
for nothing where the market has no date; a dated market has no spelling in a pattern without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from riskrules.rulebook.plan import Plan

CCXT_SYMBOL = re.compile(r"([^/:\s-]+)/([^/:\s-]+):([^/:\s-]+)(?:-(\d{6}))?", re.ASCII)  # base, quote, settle, date
_DATE = re.compile(r"[^{}]?\{date\}")


def spelled(pattern: str, name: str, settle: str) -> str | None:
    """The market in the pattern's spelling, or None where the pattern cannot say it."""
    base, quote, *date = name.split("-")
    if date and "{date}" not in pattern:
        return None
    parts = {"base": base, "quote": quote, "settle": settle, "date": date[0] if date else ""}
    shape = pattern if date else _DATE.sub("", pattern)
    return re.sub(r"\{(base|quote|settle|date)\}", lambda match: parts[match[1]], shape)


def spellings(plan: Plan, name: str) -> dict[str, str]:
    """Every other spelling of a market in force, by whose it is."""
    market = plan.market(name)
    made = {who: spelled(pattern, name, market.settle) for who, pattern in plan.aliases.items()} if market else {}
    return {who: text for who, text in made.items() if text is not None}


def markets_called(plan: Plan, text: str) -> list[str]:
    """The markets that a reader may mean: the one of that very name, else those spelled so, withdrawn ones included."""
    known = {*plan.markets(), *plan.gone}
    if text in known or not plan.aliases:
        return [text] if text in known else []
    return sorted(name for name in known if text in _all_spellings(plan, name))


def market_named(plan: Plan, text: str) -> str:
    """The one market that a reader can mean; else the text as it stands, which is no market."""
    called = markets_called(plan, text)
    return called[0] if len(called) == 1 else text


def _all_spellings(plan: Plan, name: str) -> set[str | None]:
    return {spelled(pattern, name, settle) for settle in _settles(plan, name) for pattern in plan.aliases.values()}


def _settles(plan: Plan, name: str) -> Iterable[str]:
    """What the market settles in; of a withdrawn one the plan does not say, so that it may be either."""
    market = plan.market(name)
    return (market.settle,) if market else name.split("-")[:2]
