"""The questions about an order: whether it may be opened, and the largest that may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from riskrules.engine.ask import Question, order_size, step_of
from riskrules.engine.asked import HELD, Asked, refused, too_fine, under_every_table, unstated, who_is
from riskrules.engine.changes import TooFine
from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.missing import market_in
from riskrules.engine.snapshot import OrderInput
from riskrules.ir.fault import Fault
from riskrules.ir.working import Working
from riskrules.rulebook.aliases import market_named
from riskrules.units import say
from riskrules.units.exact import Exact, exact_text, loose_number, to_exact, to_fraction

OPENING = ("max-size", "may-open")
CONDITIONS = ("size_allowed", "leverage_allowed", "margin_allows", "account_allows")
_ORDER = re.compile(r"([+-])\s*(\S+)\s+(\S+)\s+at\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The order that a question is about; size None: the largest there may be; price None: the mark."""

    market: str
    side: str
    size: Exact | None
    price: Exact | None
    leverage: Exact | None


def order_of(question: str, options: dict[str, str | None]) -> Wanted | str | None:
    """The order in the options, or what is wrong with them; None where the question is about no order."""
    if question == "may-open":
        return _order_in_words(options)
    if question != "max-size":
        return None
    if not options.get("market") or not options.get("side"):
        return "max-size needs --market and --side"
    price, leverage = _number(options.get("price")), _number(options.get("leverage"))
    if isinstance(price, str) or isinstance(leverage, str):
        return f"{price if isinstance(price, str) else leverage} is not a number above 0"
    return Wanted(str(options["market"]), str(options["side"]), None, price, leverage)


def _order_in_words(options: dict[str, str | None]) -> Wanted | str:
    match = _ORDER.fullmatch((options.get("order") or "").strip())
    if match is None:
        return 'may-open needs --order "+2 BTC-USDT at 64000" (or "-2 …" to sell)'
    numbers = [_number(text.replace(",", "")) for text in (match[2], match[4])]
    leverage = _number(options.get("leverage"))
    for value in (*numbers, leverage):
        if isinstance(value, str):
            return f"{value} is not a number above 0"
    return Wanted(match[3], "buy" if match[1] == "+" else "sell", numbers[0], numbers[1], leverage)  # type: ignore[arg-type]


def _number(text: str | None) -> Exact | str | None:
    if text is None:
        return None
    value = loose_number(text.removesuffix("x"))
    return value if value and value[0] > 0 else text


def opening(evaluated: Evaluated, wanted: Wanted) -> Iterator[Asked]:
    """What the account may open, of the pool that would stand behind the order."""
    market = market_named(evaluated.plan, wanted.market)
    found = market_in(evaluated.plan, market)
    if isinstance(found, Fault):
        yield refused(evaluated.account.id, found)
        return
    price = wanted.price or _mark(evaluated, market)
    if price is None:
        text = f"the mark price of {market} is missing, and no price was given"
        yield refused(evaluated.account.id, Fault("RR501", text, "give --price, or the mark in the snapshot"))
        return
    order = OrderInput("the order asked about", market, wanted.side, wanted.size or (1, 1), price, False, wanted.leverage)
    made = with_order(evaluated, order)
    lot, _ = step_of(made, made.rows.markets.index(market), "lot")
    if wanted.size is None:
        made = with_order(evaluated, order._replace(size=to_exact(lot)))
    last = len(made.rows.orders) - 1
    who = who_is(made, made.rows.pools[made.rows.keys["order", "pool"][last]])
    answer = _largest if wanted.size is None else _may_open
    yield from under_every_table(who, made, lambda one: answer(one, last, who, wanted.price))


def with_order(evaluated: Evaluated, order: OrderInput) -> Evaluated:
    """The account with the order among its open ones, decided anew; the order is the last row."""
    account = evaluated.account._replace(orders=(*evaluated.account.orders, order))
    return decide(evaluated.plan, evaluated.snapshot, account).added()


def _mark(evaluated: Evaluated, market: str) -> Exact | None:
    given = evaluated.snapshot.markets.get(market)
    return given.mark_price if given else None


# May open ----------------------------------------------------------------------------------------


def _may_open(evaluated: Evaluated, order: int, who: str, price: Exact | None) -> Iterator[Asked]:
    value = evaluated.value("may_open", order)
    if isinstance(value, Fault):
        yield refused(who, value)
        return
    one = evaluated.rows.orders[order]
    reasons = [*_fits(evaluated, order, price), *_reasons(evaluated, order)]
    may = all(holds for holds, _ in reasons)
    sign = "+" if one.side == "buy" else say.MINUS
    head = f"{'may' if may else 'may not'} open {sign}{say.number(one.size)} {one.market} at {say.money(one.price)}"
    yield Asked(
        who,
        "\n".join([head, *(f"    {'yes' if holds else 'no '}  {text}" for holds, text in reasons)]),
        {"pool": who, "may_open": may, "because": [{"holds": holds, "text": text} for holds, text in reasons]},
    )


def _fits(evaluated: Evaluated, order: int, price: Exact | None, size: bool = True) -> Iterator[tuple[bool, str]]:
    """Whether the order stands on the steps of its market, where they are stated; a mark stands where it is."""
    one = evaluated.rows.orders[order]
    steps: tuple[tuple[Literal["lot", "tick"], str, Exact | None], ...] = (
        ("lot", "size", one.size if size else None),
        ("tick", "price", price),
    )
    for step, what, value in steps:
        grid, stated = step_of(evaluated, evaluated.rows.keys["order", "market"][order], step)
        if value is not None and stated:
            fits = (to_fraction(value) / grid).denominator == 1
            yield fits, f"{what} on a {step}: {say.number(value)} is {'a' if fits else 'no'} multiple of {say.number(grid)}"


def _reasons(evaluated: Evaluated, order: int) -> Iterator[tuple[bool, str]]:
    """Each condition of opening, with its figures."""
    walk = evaluated.walk
    for name in CONDITIONS:
        value = evaluated.value(name, order)
        k = walk.program.named[name]
        working = Working(walk, lambda arg: walk.program.nodes[arg].name in ("margin_suffices", "standing_allows")).text(k, order)
        yield value is True, f"{name.replace('_', ' ')}: {working}"


# The largest -------------------------------------------------------------------------------------


def _largest(evaluated: Evaluated, order: int, who: str, price: Exact | None) -> Iterator[Asked]:
    one, unknown = evaluated.rows.orders[order], order_size(evaluated, order)
    data: dict[str, Any] = {"pool": who, "market": one.market, "side": one.side, "step": exact_text(to_exact(unknown.grid)), "is": "exact"}
    first = evaluated.value("may_open", order)
    if isinstance(first, Fault):
        yield refused(who, first)
        return
    off = [text for fits, text in _fits(evaluated, order, price, size=False) if not fits]
    if off:
        yield Asked(who, f"nothing may be opened: {off[0]}", {**data, "size": "0"})
        return
    if not first:
        text = f"nothing may be opened: not even one lot of {say.number(unknown.grid)} {one.market}"
        yield Asked(who, text, {**data, "size": "0"})
        return
    try:
        found = Question(evaluated, "may_open", order, unknown).nearest(1)
    except TooFine as error:
        yield too_fine(who, "the largest size", error, data)
        return
    if found is None:
        yield Asked(who, f"no largest {one.side} of {one.market}: every size may be opened", {**data, "size": None})
        return
    yield Asked(
        who,
        f"may {one.side} up to {say.number(found.before)} {one.market} at {say.money(one.price)}; {say.number(found.point)} is refused",
        {**data, "size": exact_text(to_exact(found.before)), "refused": exact_text(to_exact(found.point))},
        held=HELD,
        unstated=unstated(found, "lot"),
    )
