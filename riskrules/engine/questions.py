"""The questions that can be asked of a pool, each answered with a sentence and its data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

from riskrules.engine.ask import Answer, every_price
from riskrules.engine.asked import HELD, Asked, refused, too_fine, under_every_table, unstated, who_is
from riskrules.engine.changes import TooFine
from riskrules.engine.decide import LIQUIDATE, Evaluated
from riskrules.engine.explain import PoolExplanation, explanations
from riskrules.engine.opening import OPENING, Wanted, opening
from riskrules.engine.turns import TOO_FINE, balance_turn, turn_json, turn_text, turns, turns_head
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
        yield Asked(evaluated.account.id, "no open position", {"pool": evaluated.account.id, "positions": 0})
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


class Priced(NamedTuple):
    """A condition whose prices are asked for, in words."""

    condition: str
    name: str
    there: str  # at such a mark
    now: str
    back: str  # at such a mark, where it holds now


LIQUIDATION = Priced("liquidate", "liquidation price", "liquidated", "liquidatable", "healthy")
BANKRUPTCY = Priced("bankrupt", "bankruptcy price", "bankrupt", "bankrupt", "no longer")
ANY = "mark up to a million times this one"


def _prices(of: Priced, pool: PoolExplanation, market: str | None) -> Iterator[Asked]:
    for number in sorted({pool.evaluated.rows.keys["leg", "market"][k] for k in pool.legs}):
        if market in (None, pool.evaluated.rows.markets[number]):
            yield _price(pool, number, of)


def _price(pool: PoolExplanation, market: int, of: Priced) -> Asked:
    who, name = _who(pool), pool.evaluated.rows.markets[market]
    data: dict[str, Any] = {"pool": who, "market": name, "condition": of.condition}
    try:
        found = every_price(pool.evaluated, pool.number, market, of.condition)
    except TooFine as error:
        return too_fine(who, f"the {of.name} of {name}", error, data)
    now = pool.value(of.condition) is True
    data |= {"holds_now": now, "stretches": [_stretch(opens, closes) for opens, closes in found]}
    if not found:
        return Asked(who, f"{of.now} at every {ANY}" if now else f"{of.there} at no {ANY}", data, of=name, held=HELD)
    decided, open_ = ([one for one in found if (one[0].fault is None) is known] for known in (True, False))
    there = of.back if now else of.there
    said = [f"{there} at a mark {_places(decided)}" if decided else f"{there} at no mark that is decided"]
    said += [f"undecided ({', '.join(_codes(open_))}) at a mark {_places(open_)}"] if open_ else []
    words = [f"{of.now} now", *said] if now else said
    return Asked(who, ", ".join(words), data, undecided=not decided, of=name, held=HELD, unstated=unstated(found[0][0], "tick"))


def _places(stretches: list[tuple[Answer, Answer | None]]) -> str:
    return " and ".join(_stretch_text(opens, closes) for opens, closes in stretches)


def _codes(stretches: list[tuple[Answer, Answer | None]]) -> list[str]:
    return sorted({opens.fault.code for opens, _ in stretches if opens.fault})


def _stretch(opens: Answer, closes: Answer | None) -> dict[str, Any]:
    return {
        "direction": "up" if opens.direction > 0 else "down",
        "value": exact_text(to_exact(opens.point)),
        "before": exact_text(to_exact(opens.before)),
        "until": exact_text(to_exact(closes.before)) if closes else None,
        "code": opens.fault.code if opens.fault else None,
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
    head = turns_head("healthy again at" if pool.decision == LIQUIDATE else "liquidated at", every)
    said = tuple(turn_text(turn, pool.single, pool.decision == LIQUIDATE) for turn in every) or ("no single change",)
    unfinished = {"error": "RR720", "text": TOO_FINE} if len(found) < len(every) else {}
    step = "" if all(turn.answer.stated for turn in found) else "step"
    yield Asked(_who(pool), head, data | unfinished, undecided=bool(unfinished), changes=said, held=HELD, unstated=step)


def _top_up(pool: PoolExplanation, market: str | None) -> Iterator[Asked]:
    if pool.decision != LIQUIDATE:
        yield Asked(_who(pool), "no top-up is needed", {"pool": _who(pool), "asset": pool.pool.settle, "amount": "0"})
        return
    found = balance_turn(pool)
    data = {"pool": _who(pool), "asset": pool.pool.settle, "amount": None}
    if isinstance(found, TooFine):
        yield too_fine(_who(pool), "the top-up", found, data)
    elif found and found.answer.fault:
        yield refused(_who(pool), found.answer.fault)
    elif found is None:
        yield Asked(_who(pool), "no balance makes it healthy, or its margin is not given as an amount", data, undecided=True)
    else:
        answer = found.answer
        text = f"add {say.money(answer.point)} {pool.pool.settle}; with {say.money(answer.before)} it is still liquidatable"
        yield Asked(_who(pool), text, {**data, "amount": exact_text(to_exact(answer.point)), **turn_json(found)})


POOL_QUESTIONS: dict[str, Answered] = {
    "liquidation-price": partial(_prices, LIQUIDATION),
    "bankruptcy-price": partial(_prices, BANKRUPTCY),
    "top-up": _top_up,
    "healthy-again": _healthy_again,
}
QUESTIONS = (*POOL_QUESTIONS, *OPENING)
