"""Inverse questions: the smallest change that turns a decision, found on the graph and checked on both sides.

A question moves one figure (a mark, a balance, a size) and holds all else.  The condition is an exact
piecewise function of it; its turning points are looked for on the grid of the figure (tick, cent or
lot), and each answer is the exact evaluator's own word at the point and at its neighbour.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from riskrules.engine.changes import Change, TooFine, all_changes, first_change
from riskrules.engine.curve import FAULT, Curves, Moving, curves, pair_poly
from riskrules.engine.decide import Evaluated
from riskrules.engine.pieces import Domain, Part, Pieces
from riskrules.engine.poly import X, constant_poly
from riskrules.ir.fault import Fault
from riskrules.ir.frame import Frame
from riskrules.ir.walk import Changes
from riskrules.rulebook.plan import MarketPlan
from riskrules.units.exact import Exact, exact_text, to_exact, to_fraction

FINEST = Fraction(1, 10**8)  # the grid where neither the policy nor the snapshot states a step
FURTHEST = 1_000_000  # times the mark: no price beyond is looked at
FOUND_TO = f"found to {exact_text(to_exact(FINEST))}"
CLOSER = 3  # how often what a root leaves uncertain is read again, each time on shorter stretches
MOST_CELLS = 256  # steps of roundings in one uncertain stretch that are looked between


class Unknown(NamedTuple):
    """What moves: given figures as functions of x > 0, where x stands now, and its step."""

    moving: Moving
    start: Fraction | None  # None: x is a change from nothing, and starts below its first step
    grid: Fraction
    stated: bool  # whether somebody stated the step
    furthest: Fraction | None = None  # how far x is followed; None: without an end


class Answer(NamedTuple):
    """`point` is the first value of x, going `direction`, at which the condition is `value`, or has none and `value` is the fault."""

    direction: int
    point: Fraction
    before: Fraction
    value: Any
    grid: Fraction
    stated: bool

    @property
    def fault(self) -> Fault | None:
        return self.value if isinstance(self.value, Fault) else None

    @property
    def sign(self) -> str:
        """From the point on, that way."""
        return "≥" if self.direction > 0 else "≤"


class Question:
    """A condition of one row of an evaluated account, as a function of one unknown."""

    def __init__(self, evaluated: Evaluated, name: str, row: int, unknown: Unknown) -> None:
        self.evaluated, self.name, self.row, self.unknown = evaluated, name, row, unknown
        self.walk = evaluated.walk

    @cached_property
    def _target(self) -> int:
        target = self.walk.program.named[self.name]
        self.walk.upto(target)
        return target

    def _curves(self, low: Fraction, high: Fraction | None) -> Curves:
        domain = Domain(resolution=self.unknown.grid / 4, low=low, high=high)
        return curves(self.walk, self.unknown.moving, domain, self._target, self.row)

    @cached_property
    def condition(self) -> Pieces:
        made = self._curves(Fraction(0), self.unknown.furthest)
        found = made.at(self._target, self.row)
        for _ in range(CLOSER if made.is_bent else 0):
            found = self._closer(found)
        return found

    def _closer(self, found: Pieces) -> Pieces:
        """What is uncertain for more than a few steps is read again by itself."""
        cuts: list[Fraction] = []
        parts: list[Part] = []
        for low, high, part in found.spans():
            wide = part is None and high is not None and high - low > self.unknown.grid
            inside = self._curves(low, high).at(self._target, self.row) if wide else None
            cuts += [*(inside.cuts if inside else ()), *([] if high is None else [high])]
            parts += inside.parts if inside else (part,)
        return Pieces(found.domain, tuple(cuts[: len(parts) - 1]), tuple(parts))

    def breaks(self, low: Fraction, high: Fraction, deeper: int = 3) -> list[Fraction]:
        """Points between which the condition cannot turn: each step of a rounding, and each turn between two of them.

        Between two steps a rounded figure stands still while the others move on, so each cell is read
        again by itself.  Raises `TooFine` where there are too many steps, or roundings upon roundings.
        """
        made = self._curves(low, high)
        inside = made.at(self._target, self.row)
        if all(part is not None for part in inside.parts):
            return list(inside.cuts)
        steps = made.steps(low, high)
        if not steps or not deeper or len(steps) > MOST_CELLS:
            raise TooFine(low, high)
        return steps + [cut for begins, ends in pairwise((low, *steps, high)) for cut in self.breaks(begins, ends, deeper - 1)]

    def oracle(self, x: Fraction) -> Any:
        """The exact walk's own answer at x."""
        value = self._walked(x)
        return FAULT if isinstance(value, Fault) else value

    def _walked(self, x: Fraction) -> Any:
        return self.walk.changed(moved(self.walk.frame, self.unknown.moving, x), self._target).value(self.name, self.row)

    @property
    def _start(self) -> Fraction:
        return self.unknown.grid / 2 if self.unknown.start is None else self.unknown.start

    def nearest(self, direction: Literal[1, -1]) -> Answer | None:
        """The first grid point that way where the condition differs from now.  Raises `TooFine`."""
        if self.unknown.start is None:
            return self._from_nothing()
        return self._first(self._start, direction)

    def _first(self, start: Fraction, direction: Literal[1, -1]) -> Answer | None:
        change = first_change(self.condition, start, self.unknown.grid, self.oracle, direction, breaks=self.breaks)
        return self._answer(change, direction)

    def _from_nothing(self) -> Answer | None:
        """x = 0 is how things stand; the first step is asked by itself, the rest from there on."""
        grid = self.unknown.grid
        if self.oracle(grid) != self.now():
            return Answer(1, grid, Fraction(0), self._walked(grid), grid, self.unknown.stated)
        return self._first(grid, 1)

    def every(self, direction: Literal[1, -1]) -> list[tuple[Answer, Answer | None]]:
        """Every stretch that way where the condition differs from now: where it opens, where it closes."""
        stretches = all_changes(self.condition, self._start, self.unknown.grid, self.oracle, direction, breaks=self.breaks)
        return [(_some(self._answer(one.opens, direction)), self._answer(one.closes, direction)) for one in stretches]

    def now(self) -> Any:
        value = self.evaluated.value(self.name, self.row)
        return FAULT if isinstance(value, Fault) else value

    def _answer(self, change: Change | None, direction: int) -> Answer | None:
        if change is None:
            return None
        value = self._walked(change.point) if change.value is FAULT else change.value
        return Answer(direction, change.point, change.before, value, self.unknown.grid, self.unknown.stated)


def _some(answer: Answer | None) -> Answer:
    assert answer is not None
    return answer


def moved(frame: Frame, moving: Moving, x: Fraction) -> Changes:
    """The moving figures put at x, in the columns they stand in."""
    changes = {}
    for cell, rows in moving.items():
        column = list(frame.given[cell])
        for row, curve in rows.items():
            column[row] = to_exact(curve.at(x))
        changes[cell] = column
    return changes


# What can be moved -----------------------------------------------------------------------------


def mark_of(evaluated: Evaluated, market: int) -> Unknown | None:
    """The mark of one market, on its tick."""
    mark = evaluated.walk.frame.given["market", "mark_price"][market]
    if isinstance(mark, Fault):
        return None
    grid, stated = step_of(evaluated, market, "tick")
    now = to_fraction(mark)
    return Unknown({("market", "mark_price"): {market: X}}, now, grid, stated, furthest=now * FURTHEST)


def balance_of(evaluated: Evaluated, pool: int, sign: int) -> Unknown | None:
    """So much paid in (sign 1) or taken out (−1) of what stands behind the pool."""
    cell = wallet_cell(evaluated, pool)
    if cell is None:
        return None
    rows, name, row = cell
    held = evaluated.walk.frame.given[rows, name][row]
    if isinstance(held, Fault):
        return None
    grid, stated = quantum_of(evaluated, pool)
    return Unknown({(rows, name): {row: pair_poly(held) + X.scale(Fraction(sign))}}, None, grid, stated)


def wallet_cell(evaluated: Evaluated, pool: int) -> tuple[str, str, int] | None:
    """The given figure that money paid in lands in: posted margin, or the balance of the settle asset."""
    frame, program = evaluated.walk.frame, evaluated.plan.program
    if evaluated.rows.pools[pool].position:
        initial = frame.given.get(("pool", "posts_initial"), [False] * (pool + 1))[pool]
        return None if initial or ("pool", "posted_margin") not in frame.given else ("pool", "posted_margin", pool)
    settle = evaluated.rows.pools[pool].settle
    for row, (asset, _) in enumerate(evaluated.rows.holdings):
        if asset == settle and evaluated.rows.keys["holding", "pool"][row] == pool and ("holding", "amount") in program.needs:
            return "holding", "amount", row
    return None


def size_of(evaluated: Evaluated, leg: int) -> Unknown | None:
    """What is left of a leg, and never more than there is, when the rest is closed at mark: its profit moves into the wallet."""
    pool = evaluated.rows.keys["leg", "pool"][leg]
    cell = wallet_cell(evaluated, pool)
    size = evaluated.walk.frame.given["leg", "size"][leg]
    profit = evaluated.walk.column("unrealised_profit")[leg]
    if cell is None or isinstance(size, Fault) or isinstance(profit, Fault):
        return None
    rows, name, row = cell
    held = evaluated.walk.frame.given[rows, name][row]
    if isinstance(held, Fault):
        return None
    now, gain = to_fraction(size), to_fraction(profit)
    sign = 1 if now > 0 else -1
    wallet = pair_poly(held) + constant_poly(gain) + X.scale(-gain / abs(now))
    grid, stated = step_of(evaluated, evaluated.rows.keys["leg", "market"][leg], "lot")
    return Unknown(
        {("leg", "size"): {leg: X.scale(Fraction(sign))}, (rows, name): {row: wallet}}, abs(now), grid, stated, furthest=abs(now)
    )


def order_size(evaluated: Evaluated, order: int) -> Unknown:
    grid, stated = step_of(evaluated, evaluated.rows.keys["order", "market"][order], "lot")
    sign = 1 if evaluated.rows.orders[order].side == "buy" else -1
    return Unknown({("order", "order_size"): {order: X.scale(Fraction(sign))}}, grid, grid, stated)


def step_of(evaluated: Evaluated, market: int, what: Literal["tick", "lot"]) -> tuple[Fraction, bool]:
    """The snapshot's step, else the policy's, else the finest there is, said to be so."""
    given = evaluated.snapshot.markets.get(evaluated.rows.markets[market])
    plan = evaluated.rows.market_plans[market]
    stated: Exact | None = (getattr(given, what) if given else None) or (getattr(plan, what) if isinstance(plan, MarketPlan) else None)
    return (to_fraction(stated), True) if stated else (FINEST, False)


def quantum_of(evaluated: Evaluated, pool: int) -> tuple[Fraction, bool]:
    asset = evaluated.plan.assets.get(evaluated.rows.pools[pool].settle)
    return (to_fraction(asset.quantum), True) if asset and asset.quantum else (FINEST, False)


# The questions ---------------------------------------------------------------------------------


def price_answers(evaluated: Evaluated, pool: int, market: int, condition: str) -> list[Answer]:
    """The nearest turn of the condition each way in one market's mark, all else held."""
    unknown = mark_of(evaluated, market)
    if unknown is None:
        return []
    question = Question(evaluated, condition, pool, unknown)
    return [answer for direction in (-1, 1) if (answer := question.nearest(direction))]


def every_price(evaluated: Evaluated, pool: int, market: int, condition: str) -> list[tuple[Answer, Answer | None]]:
    """All of them: under whole-position tiers there may be several."""
    unknown = mark_of(evaluated, market)
    if unknown is None:
        return []
    question = Question(evaluated, condition, pool, unknown)
    return [stretch for direction in (-1, 1) for stretch in question.every(direction)]


def balance_answer(evaluated: Evaluated, pool: int) -> Answer | None:
    """Liquidatable: the least paid in that makes it not so.  Else the least taken out that makes it so."""
    liquidatable = evaluated.value("liquidate", pool) is True
    unknown = balance_of(evaluated, pool, 1 if liquidatable else -1)
    return Question(evaluated, "liquidate", pool, unknown).nearest(1) if unknown else None


def size_answer(evaluated: Evaluated, leg: int) -> Answer | None:
    """Liquidatable: the largest size of this leg, the rest closed at mark, that is not so."""
    unknown = size_of(evaluated, leg)
    pool = evaluated.rows.keys["leg", "pool"][leg]
    return Question(evaluated, "liquidate", pool, unknown).nearest(-1) if unknown else None
