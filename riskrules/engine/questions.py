"""The questions that can be asked of a pool, each answered with a sentence and its data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from riskrules.engine.ask import Answer, every_price
from riskrules.engine.asked import Asked, refused, step_text, too_fine, under_every_table, who_is
from riskrules.engine.changes import TooFine
from riskrules.engine.decide import LIQUIDATE, Evaluated
from riskrules.engine.explain import PoolExplanation, explanations
from riskrules.engine.opening import OPENING, Wanted, opening
from riskrules.engine.turns import TOO_FINE, balance_turn, turn_json, turn_text, turns
from riskrules.units import say
from riskrules.units.exact import exact_text, to_exact

Answered = Callable[[PoolExplanation, str | None], Iterator[Asked]]  # of one pool; the market asked about, or every one


def answers(question: str, accounts: Iterable[Evaluated], market: str | None, wanted: Wanted | None) -> list[Asked]:
    """The answers for each account, or for each of its pools; where there is nothing to ask about, that is said."""
    return [answer for evaluated in accounts for answer in _of_account(question, evaluated, market, wanted)]


def _of_account(question: str, evaluated: Evaluated, market: str | None, wanted: Wanted | None) -> Iterator[Asked]:
    if wanted is not None:
        yield from opening(evaluated, wanted)
        return
    pools = [pool for pool in explanations(evaluated) if pool.legs]
    if not pools and market is None:
        yield Asked(f"{evaluated.account.id}: no open position", {"pool": evaluated.account.id, "positions": 0})
    for pool in pools:
        if market in (None, *pool.markets):
            yield from _of_pool(question, pool, market)


def _of_pool(question: str, pool: PoolExplanation, market: str | None) -> Iterator[Asked]:
    if pool.fault:
        yield refused(_who(pool), pool.fault)
        return
    ask = POOL_QUESTIONS[question]
    yield from under_every_table(_who(pool), pool.evaluated, lambda one: ask(PoolExplanation(one, pool.number), market))


def _who(pool: PoolExplanation) -> str:
    return who_is(pool.evaluated, pool.pool)


def _prices(condition: str, name: str, pool: PoolExplanation, market: str | None) -> Iterator[Asked]:
    for number in sorted({pool.evaluated.rows.keys["leg", "market"][k] for k in pool.legs}):
        if market in (None, pool.evaluated.rows.markets[number]):
            yield _price(pool, number, condition, name)


def _price(pool: PoolExplanation, market: int, condition: str, name: str) -> Asked:
    market_name = pool.evaluated.rows.markets[market]
    data: dict[str, Any] = {"pool": _who(pool), "market": market_name, "condition": condition}
    try:
        found = every_price(pool.evaluated, pool.number, market, condition)
    except TooFine as error:
        return too_fine(_who(pool), f"the {name} of {market_name}", error, data)
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
    return Asked(f"{_who(pool)}: {name} of {market_name} {verb} {said}   all else held{step_text(found[0][0], 'tick')}", data)


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


def _healthy_again(pool: PoolExplanation, market: str | None) -> Iterator[Asked]:
    every = list(turns(pool, every_market=True, market=market))
    found = [turn for turn in every if not isinstance(turn, TooFine)]
    data: dict[str, Any] = {"pool": _who(pool), "decision": pool.decision, "turns": [turn_json(turn) for turn in found]}
    head = "healthy again at" if pool.decision == LIQUIDATE else "liquidated at"
    said = " · ".join(turn_text(turn, pool.single) for turn in every) or "no single change"
    unfinished = {"error": "RR720", "text": TOO_FINE} if len(found) < len(every) else {}
    yield Asked(f"{_who(pool)}: {head} {said}   all else held", data | unfinished, undecided=bool(unfinished))


def _top_up(pool: PoolExplanation, market: str | None) -> Iterator[Asked]:
    if pool.decision != LIQUIDATE:
        yield Asked(f"{_who(pool)}: no top-up is needed", {"pool": _who(pool), "asset": pool.pool.settle, "amount": "0"})
        return
    found = balance_turn(pool)
    data = {"pool": _who(pool), "asset": pool.pool.settle, "amount": None}
    if isinstance(found, TooFine):
        yield too_fine(_who(pool), "the top-up", found, data)
    elif found is None:
        yield Asked(f"{_who(pool)}: no balance makes it healthy, or its margin is not given as an amount", data, undecided=True)
    else:
        answer = found.answer
        text = f"add {say.money(answer.point)} {pool.pool.settle}; with {say.money(answer.before)} it is still liquidatable"
        yield Asked(f"{_who(pool)}: {text}", {**data, "amount": exact_text(to_exact(answer.point)), **turn_json(found)})


POOL_QUESTIONS: dict[str, Answered] = {
    "liquidation-price": partial(_prices, "liquidate", "liquidation price"),
    "bankruptcy-price": partial(_prices, "bankrupt", "bankruptcy price"),
    "top-up": _top_up,
    "healthy-again": _healthy_again,
}
QUESTIONS = (*POOL_QUESTIONS, *OPENING)
