"""What would have to be different: the lines of an explanation that answer it, and their JSON twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from riskrules.engine.ask import FOUND_TO, Answer, balance_answer, price_answers, size_answer
from riskrules.engine.changes import TooFine
from riskrules.engine.decide import ERROR, LIQUIDATE
from riskrules.engine.explain import PoolExplanation
from riskrules.units import say
from riskrules.units.exact import exact_text, to_exact, to_fraction

TOO_FINE = "a change too fine to be found exactly"
MOST_MARKETS = 3  # in an explanation; `ask` gives every one


class Turn(NamedTuple):
    """One change that turns the decision: what moves, to where, and how far that is."""

    moves: str  # "mark", "balance" or "size"
    of: str  # market, asset or leg
    answer: Answer
    now: Fraction


def turns(pool: PoolExplanation, every_market: bool = False, market: str | None = None) -> Iterator[Turn | TooFine]:
    """Marks first (largest requirement first; of one market where it is named), then balance, then size; nothing where none turns it."""
    if pool.decision == ERROR or not pool.legs:
        return
    markets = [k for k in _markets(pool) if market in (None, pool.evaluated.rows.markets[k])]
    yield from _mark_turns(pool, markets if every_market else markets[:MOST_MARKETS])
    yield from _guarded(partial(_balance_turn, pool))
    if pool.decision == LIQUIDATE and (pool.single or every_market):
        for leg in pool.legs:
            if market in (None, pool.evaluated.rows.legs[leg].market):
                yield from _guarded(partial(_size_turn, pool, leg))


def _guarded(find: Callable[[], Turn | None]) -> Iterator[Turn | TooFine]:
    try:
        found = find()
    except TooFine as error:
        yield error
        return
    if found:
        yield found


def _markets(pool: PoolExplanation) -> list[int]:
    """The pool's markets, the one that needs most first."""
    rows, walk = pool.evaluated.rows, pool.evaluated.walk
    need: dict[int, Fraction] = {}
    for leg in pool.legs:
        value = walk.column("notional")[leg]
        market = rows.keys["leg", "market"][leg]
        need[market] = need.get(market, Fraction(0)) + (to_fraction(value) if isinstance(value, tuple) else 0)
    return sorted(need, key=lambda market: -need[market])


def _mark_turns(pool: PoolExplanation, markets: list[int]) -> Iterator[Turn | TooFine]:
    evaluated = pool.evaluated
    for market in markets:
        now = evaluated.walk.frame.given["market", "mark_price"][market]
        try:
            for answer in price_answers(evaluated, pool.number, market, "liquidate"):
                yield Turn("mark", evaluated.rows.markets[market], answer, to_fraction(now))
        except TooFine as error:
            yield error


def balance_turn(pool: PoolExplanation) -> Turn | TooFine | None:
    return next(_guarded(partial(_balance_turn, pool)), None)


def _balance_turn(pool: PoolExplanation) -> Turn | None:
    answer = balance_answer(pool.evaluated, pool.number)
    return Turn("balance", pool.pool.settle, answer, Fraction(0)) if answer else None


def _size_turn(pool: PoolExplanation, leg: int) -> Turn | None:
    answer = size_answer(pool.evaluated, leg)
    size = pool.evaluated.rows.legs[leg].size
    return Turn("size", pool.evaluated.rows.legs[leg].id, answer, abs(to_fraction(size))) if answer else None


def turn_lines(pool: PoolExplanation, market: str | None = None) -> list[str]:
    """The head (`healthy again`), each change that turns the decision, and under what they hold; nothing where none is known."""
    if pool.evaluated.others or pool.evaluated.too_many or pool.decision == ERROR or not pool.legs:
        return []
    found = list(turns(pool, market=market))
    head = turns_head("healthy again" if pool.decision == LIQUIDATE else "liquidated at", found)
    said = [turn_text(turn, pool.single, pool.decision == LIQUIDATE) for turn in found]
    if not said:
        return ["no change", "of one mark alone, all else held, turns this decision"]
    stated = all(isinstance(turn, TooFine) or turn.answer.stated for turn in found)
    held = "all else held" if stated else f"all else held; where no step is stated, {FOUND_TO}"
    return [head, *said, held]


def turns_head(head: str, found: list[Turn | TooFine]) -> str:
    """Where the rules only cease to answer, nothing is said to be liquidated or healthy there."""
    return "answered until" if found and all(isinstance(turn, Turn) and turn.answer.fault for turn in found) else head


def turn_text(turn: Turn | TooFine, single: bool, liquidated: bool = False) -> str:
    """`liquidated`: how the pool stands now."""
    if isinstance(turn, TooFine):
        return TOO_FINE
    said = _change(turn, single, liquidated)
    return f"{said}: undecided, {turn.answer.fault.code}" if turn.answer.fault else said


def _change(turn: Turn, single: bool, liquidated: bool) -> str:
    answer = turn.answer
    if turn.moves == "mark":
        change = (answer.point - turn.now) / turn.now
        name = "mark" if single else f"{turn.of} mark"
        return f"{name} {answer.sign} {say.money(answer.point)} ({_percent(change)})"
    if turn.moves == "balance":
        return f"balance {'+' if liquidated else say.MINUS}{say.money(answer.point)}"
    return f"size {answer.sign} {say.number(answer.point)} (closing at mark)"


def _percent(change: Fraction) -> str:
    """Two places, cut: a distance for the eye; the price beside it is exact."""
    text = say.number(Fraction(int(abs(change) * 10_000), 10_000) * 100, least=2)
    return f"{'+' if change >= 0 else say.MINUS}{text}%"


def turn_json(turn: Turn) -> dict[str, Any]:
    answer = turn.answer
    return {
        "moves": turn.moves,
        "of": turn.of,
        "direction": "up" if answer.direction > 0 else "down",
        "value": exact_text(to_exact(answer.point)),
        "before": exact_text(to_exact(answer.before)),
        "liquidate_there": None if answer.fault else answer.value,
        "code": answer.fault.code if answer.fault else None,
        "step": exact_text(to_exact(answer.grid)),
        "step_stated": answer.stated,
        "is": "exact",
        "held": "all else",
    }
