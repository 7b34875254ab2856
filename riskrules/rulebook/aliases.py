"""Other spellings of a market: how the venue and ccxt write it, made from the patterns of the contracts file.

A name is spelled forwards and compared, never taken apart: `BTCUSDT` can be split in several ways,
and only one of them is a market of the book.  A pattern's `{date}`, with the sign before it, stands
for nothing where the market has no date; a dated market has no spelling in a pattern without one.
What a venue spells by no pattern (XBTU21 for September 2021) stands in the file market by market.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from riskrules.rulebook.plan import AliasPlan, Plan

CCXT_SYMBOL = re.compile(r"([^/:\s-]+)/([^/:\s-]+):([^/:\s-]+)(?:-(\d{6}))?", re.ASCII)  # base, quote, settle, date
_DATE = re.compile(r"[^{}]?\{date\}")


def spelled(pattern: str, name: str, settle: str, called: Mapping[str, str] = MappingProxyType({})) -> str | None:
    """The market in the pattern's spelling, its assets as they are called there; None where the pattern cannot say it."""
    base, quote, *date = name.split("-")
    if not pattern or (date and "{date}" not in pattern):
        return None
    words = {word: called.get(asset, asset) for word, asset in (("base", base), ("quote", quote), ("settle", settle))}
    parts = {**words, "date": date[0] if date else ""}
    shape = pattern if date else _DATE.sub("", pattern)
    return re.sub(r"\{(base|quote|settle|date)\}", lambda match: parts[match[1]], shape)


def spellings(plan: Plan, name: str) -> dict[str, str]:
    """Every other spelling of a market in force, by whose it is."""
    market = plan.market(name)
    made = _spellings(plan.aliases, name, market.settle) if market else {}
    return {who: text for who, text in made.items() if text is not None}


def _spellings(known: AliasPlan, name: str, settle: str) -> dict[str, str | None]:
    of_venue = known.venue_dated if known.venue_dated and name.count("-") == 2 else known.venue
    return {
        "venue": known.venue_own.get(name) or spelled(of_venue, name, settle),
        "ccxt": spelled(known.ccxt, name, settle, known.ccxt_assets),
    }


def markets_called(plan: Plan, text: str) -> list[str]:
    """The markets that a reader may mean: the one of that very name, else those spelled so, withdrawn ones included."""
    known = {*plan.markets(), *plan.gone}
    if text in known:
        return [text]
    return sorted(name for name in known if text in _all_spellings(plan, name))


def market_named(plan: Plan, text: str) -> str:
    """The one market that a reader can mean; else the text as it stands, which is no market."""
    called = markets_called(plan, text)
    return called[0] if len(called) == 1 else text


def _all_spellings(plan: Plan, name: str) -> set[str | None]:
    return {text for settle in _settles(plan, name) for text in _spellings(plan.aliases, name, settle).values()}


def _settles(plan: Plan, name: str) -> Iterable[str]:
    """What the market settles in; of a withdrawn one the plan does not say, so that it may be either."""
    market = plan.market(name)
    return (market.settle,) if market else name.split("-")[:2]
