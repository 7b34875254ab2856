"""The questions that can be asked of a pool, each answered with a sentence and its data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from riskrules.engine.ask import FOUND_TO, Answer, Question, every_price, order_size, step_of
from riskrules.engine.changes import TooFine
from riskrules.engine.decide import LIQUIDATE, Evaluated, decide
from riskrules.engine.explain import PoolExplanation
from riskrules.engine.rows import CROSS
from riskrules.engine.snapshot import OrderInput
from riskrules.engine.turns import TOO_FINE, balance_turn, turn_json, turn_text, turns
from riskrules.ir.fault import Fault
from riskrules.units import say
from riskrules.units.exact import Exact, exact_text, loose_number, to_exact


@dataclass(frozen=True, slots=True)
class Wanted:
    """The order that a question is about; size None: the largest there may be."""

    market: str
    side: str
    size: Exact | None
    price: Exact | None
    leverage: Exact | None


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    data: dict[str, Any]
    undecided: bool = False


Answered = Callable[[PoolExplanation, Wanted | None], Iterator[Asked]]
_ORDER = re.compile(r"([+-])\s*(\S+)\s+(\S+)\s+at\s+(\S+)")


def order_of(question: str, options: dict[str, str | None]) -> Wanted | str | None:
    """The order in the options, or what is wrong with them."""
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


def _who(pool: PoolExplanation) -> str:
    account = pool.evaluated.account.id
    return f"{account} {pool.pool.position}" if pool.pool.position else f"{account} cross {pool.pool.settle}"


def _not_asked(pool: PoolExplanation, evaluated: Evaluated) -> Asked | None:
    """A pool that is in error, or may be under another table, has no answer."""
    fault = pool.fault
    if evaluated.others and fault is None:
        fault = Fault(
            "RR508", "a table of this pool may have changed by then, and the answer with it", "ask for a time outside the observed interval"
        )
    return _refused(pool, fault) if fault else None


def _prices(condition: str, name: str) -> Answered:
    def answer(pool: PoolExplanation, wanted: Wanted | None) -> Iterator[Asked]:
        refused = _not_asked(pool, pool.evaluated)
        if refused:
            yield refused
            return
        for market in sorted({pool.evaluated.rows.keys["leg", "market"][k] for k in pool.legs}):
            yield _price(pool, market, condition, name)

    return answer


def _price(pool: PoolExplanation, market: int, condition: str, name: str) -> Asked:
    market_name = pool.evaluated.rows.markets[market]
    data: dict[str, Any] = {"pool": _who(pool), "market": market_name, "condition": condition}
    try:
        found = every_price(pool.evaluated, pool.number, market, condition)
    except TooFine as error:
        return _too_fine(pool, f"the {name} of {market_name}", error, data)
    now = pool.value(condition) is True
    data |= {"holds_now": now, "stretches": [_stretch(opens, closes) for opens, closes in found]}
    if not found:
        return Asked(
            f"{_who(pool)}: no {name} in the mark of {market_name}: {'it holds' if now else 'it does not hold'} "
            "at every price up to a million times the mark, all else held",
            data,
        )
    said = "; ".join(_stretch_text(opens, closes) for opens, closes in found)
    verb = "no longer holds at" if now else "at"
    return Asked(f"{_who(pool)}: {name} of {market_name} {verb} {said}   all else held{_step(found[0][0], 'tick')}", data)


def _too_fine(pool: PoolExplanation, what: str, error: TooFine, data: dict[str, Any]) -> Asked:
    """No answer is given that was not proved: where the search cannot be finished, that is said, and where."""
    until = "on" if error.high is None else f"to {say.number(error.high)}"
    text = f"{what} could not be found: from {say.number(error.low)} {until} the decision has no form that can be searched exactly"
    return Asked(f"{_who(pool)}: error[RR720] {text}", {**data, "error": "RR720", "text": text}, undecided=True)


def _stretch(opens: Answer, closes: Answer | None) -> dict[str, Any]:
    return {
        "direction": "up" if opens.direction > 0 else "down",
        "value": exact_text(to_exact(opens.point)),
        "before": exact_text(to_exact(opens.before)),
        "until": exact_text(to_exact(closes.before)) if closes else None,
        "step": exact_text(to_exact(opens.grid)),
        "step_stated": opens.stated,
        "is": "exact",
    }


def _stretch_text(opens: Answer, closes: Answer | None) -> str:
    until = f" (until {say.money(closes.before)})" if closes else ""
    return f"{opens.sign} {say.money(opens.point)}{until}"


def _step(answer: Answer, word: str) -> str:
    return "" if answer.stated else f"; no {word} stated, {FOUND_TO}"


def _healthy_again(pool: PoolExplanation, wanted: Wanted | None) -> Iterator[Asked]:
    refused = _not_asked(pool, pool.evaluated)
    if refused:
        yield refused
        return
    every = list(turns(pool, every_market=True))
    found = [turn for turn in every if not isinstance(turn, TooFine)]
    data: dict[str, Any] = {"pool": _who(pool), "decision": pool.decision, "turns": [turn_json(turn) for turn in found]}
    head = "healthy again at" if pool.decision == LIQUIDATE else "liquidated at"
    said = " · ".join(turn_text(turn, pool.single) for turn in every) or "no single change"
    unfinished = {"error": "RR720", "text": TOO_FINE} if len(found) < len(every) else {}
    yield Asked(f"{_who(pool)}: {head} {said}   all else held", data | unfinished, undecided=bool(unfinished))


def _top_up(pool: PoolExplanation, wanted: Wanted | None) -> Iterator[Asked]:
    refused = _not_asked(pool, pool.evaluated)
    if refused:
        yield refused
        return
    if pool.decision != LIQUIDATE:
        yield Asked(f"{_who(pool)}: no top-up is needed", {"pool": _who(pool), "asset": pool.pool.settle, "amount": "0"})
        return
    found = balance_turn(pool)
    if isinstance(found, TooFine):
        yield _too_fine(pool, "the top-up", found, {"pool": _who(pool), "amount": None})
        return
    if found is None:
        yield Asked(
            f"{_who(pool)}: no balance makes it healthy, or its margin is not given as an amount",
            {"pool": _who(pool), "amount": None},
            undecided=True,
        )
        return
    yield Asked(
        f"{_who(pool)}: add {say.money(found.answer.point)} {pool.pool.settle}; "
        f"with {say.money(found.answer.before)} it is still liquidatable",
        {"pool": _who(pool), "asset": pool.pool.settle, "amount": exact_text(to_exact(found.answer.point)), **turn_json(found)},
    )


# Opening -----------------------------------------------------------------------------------------


def _with_order(pool: PoolExplanation, wanted: Wanted, size: Exact) -> tuple[Evaluated, int] | Fault:
    """The account with the order among its open ones, decided anew; and the order's row."""
    old = pool.evaluated
    price = wanted.price or _mark(old, wanted.market)
    if price is None:
        return Fault(
            "RR501", f"the mark price of {wanted.market} is missing, and no price was given", "give --price, or the mark in the snapshot"
        )
    order = OrderInput("asked", wanted.market, wanted.side, size, price, False, wanted.leverage)
    account = old.account._replace(orders=(*old.account.orders, order))
    return decide(old.plan, old.snapshot, account), len(account.orders) - 1


def _mark(evaluated: Evaluated, market: str) -> Exact | None:
    given = evaluated.snapshot.markets.get(market)
    return given.mark_price if given else None


def _stands_behind(pool: PoolExplanation, wanted: Wanted) -> bool:
    """Orders are held against the cross pool of their settle asset."""
    plan = pool.evaluated.plan
    market = plan.market(wanted.market)
    settle = plan.account.pooled_in or (market.settle if market else wanted.market.split("-")[-1])
    return pool.pool.mode == CROSS and pool.pool.settle == settle


def _may_open(pool: PoolExplanation, wanted: Wanted | None) -> Iterator[Asked]:
    assert wanted is not None
    assert wanted.size is not None
    if not _stands_behind(pool, wanted):
        return
    made = _with_order(pool, wanted, wanted.size)
    if isinstance(made, Fault):
        yield _refused(pool, made)
        return
    evaluated, order = made
    value = evaluated.value("may_open", order)
    if isinstance(value, Fault):
        yield _refused(pool, value)
        return
    sign = "+" if wanted.side == "buy" else say.MINUS
    head = f"{_who(pool)}: {'may' if value else 'may not'} open {sign}{say.number(wanted.size)} {wanted.market}"
    reasons = list(_reasons(evaluated, order))
    yield Asked(
        "\n".join([head, *(f"    {'yes' if holds else 'no '}  {text}" for holds, text in reasons)]),
        {"pool": _who(pool), "may_open": bool(value), "because": [{"holds": holds, "text": text} for holds, text in reasons]},
    )


def _reasons(evaluated: Evaluated, order: int) -> Iterator[tuple[bool, str]]:
    """Each condition of opening, with its figures."""
    from riskrules.ir.working import Working

    walk = evaluated.walk
    for name in ("size_allowed", "leverage_allowed", "margin_allows", "account_allows"):
        value = evaluated.value(name, order)
        k = walk.program.named[name]
        working = Working(walk, lambda arg: walk.program.nodes[arg].name in ("margin_suffices", "standing_allows")).text(k, order)
        yield value is True, f"{name.replace('_', ' ')}: {working}"


def _refused(pool: PoolExplanation, fault: Fault) -> Asked:
    return Asked(
        f"{_who(pool)}: error[{fault.code}] {fault.text}", {"pool": _who(pool), "error": fault.code, "text": fault.text}, undecided=True
    )


def _max_size(pool: PoolExplanation, wanted: Wanted | None) -> Iterator[Asked]:
    assert wanted is not None
    if not _stands_behind(pool, wanted):
        return
    made = _with_order(pool, wanted, (1, 1))
    if isinstance(made, Fault):
        yield _refused(pool, made)
        return
    evaluated, order = made
    lot = step_of(evaluated, evaluated.rows.keys["order", "market"][order], "lot")[0]
    made = _with_order(pool, wanted, to_exact(lot))
    assert not isinstance(made, Fault)
    evaluated, order = made
    first = evaluated.value("may_open", order)
    refused = _refused(pool, first) if isinstance(first, Fault) else _not_asked(pool, evaluated)
    if refused:
        yield refused
        return
    yield _largest(pool, evaluated, order, wanted, bool(first))


def _largest(pool: PoolExplanation, evaluated: Evaluated, order: int, wanted: Wanted, first: bool) -> Asked:
    unknown = order_size(evaluated, order)
    data: dict[str, Any] = {
        "pool": _who(pool),
        "market": wanted.market,
        "side": wanted.side,
        "step": exact_text(to_exact(unknown.grid)),
        "is": "exact",
    }
    if not first:
        return Asked(
            f"{_who(pool)}: nothing may be opened: not even one lot of {say.number(unknown.grid)} {wanted.market}", {**data, "size": "0"}
        )
    try:
        found = Question(evaluated, "may_open", order, unknown).nearest(1)
    except TooFine as error:
        return _too_fine(pool, "the largest size", error, data)
    if found is None:
        return Asked(f"{_who(pool)}: no largest {wanted.side} of {wanted.market}: every size may be opened", {**data, "size": None})
    return Asked(
        f"{_who(pool)}: may {wanted.side} up to {say.number(found.before)} {wanted.market}; "
        f"{say.number(found.point)} is refused   all else held{_step(found, 'lot')}",
        {**data, "size": exact_text(to_exact(found.before)), "refused": exact_text(to_exact(found.point))},
    )


QUESTIONS: dict[str, Answered] = {
    "liquidation-price": _prices("liquidate", "liquidation price"),
    "bankruptcy-price": _prices("bankrupt", "bankruptcy price"),
    "top-up": _top_up,
    "healthy-again": _healthy_again,
    "max-size": _max_size,
    "may-open": _may_open,
}
