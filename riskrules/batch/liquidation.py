"""Liquidation prices of many positions: where equity meets what is required, in one position's mark, all else held.

An estimate in float64: the roundings of the policy are left out, and no tick is looked for (`riskrules ask` gives the price to the
tick).  Steps along the slope of the same program land on it; where they do not, as under tables that jump, the inverse question
of one pool answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from riskrules.batch.layout import Laid
from riskrules.batch.one import alone
from riskrules.batch.tables import Tables
from riskrules.engine.ask import Question, mark_of
from riskrules.engine.changes import Contradiction, TooFine
from riskrules.engine.decide import Evaluated
from riskrules.ir.blocks import Block, BlockWalk, Codes, Course
from riskrules.ir.coarse import Rough
from riskrules.ir.floats import Float
from riskrules.ir.program import Node, Program
from riskrules.ir.slopes import Slope, Slopes
from riskrules.rulebook.plan import Plan

Array = Any
MOST_STEPS = 12
PIECE = 32_768  # legs at a time: what a step makes is small enough to stay near the processor
ROWS = ("leg", "market", "pool", "account", "position")
NEAR = 1e-11  # of what equity and requirement are made of: nearer than this is met
FURTHEST = 1e6  # times the mark
GRID = 10**9  # parts of the mark


class Kernel(Protocol):
    """What decided the block: its plan and tables, which nodes a mark moves, and what liquidation compares."""

    plan: Plan
    tables: Tables
    moved: frozenset[int]
    equity: int
    required: int
    notional: int


def moved_by_mark(program: Program, targets: list[int]) -> frozenset[int]:
    """The nodes that depend on a mark price, of those that the targets are made of."""
    moved: set[int] = set()
    for k, node in enumerate(program.nodes):
        if (node.op == "given" and (node.rows, node.param) == ("market", "mark_price")) or not moved.isdisjoint(node.args):
            moved.add(k)
    needed = set(targets)
    for k in range(len(program.nodes) - 1, -1, -1):
        if k in needed:
            needed.update(program.nodes[k].args)
    return frozenset(moved & needed)


def kept_for(course: Course, moved: frozenset[int], targets: list[int]) -> list[int]:
    """What of a walk is needed again: what does not move, and totals with what they add up."""
    kept = {arg for k, node in course.steps if k in moved for arg in node.args if arg not in moved}
    kept |= {one for k, node in course.steps if k in moved and node.op == "total" for one in (k, node.args[0])}
    return sorted(kept | set(targets))


class _MarkWalk(BlockWalk):
    """What moves, walked again with each leg's mark put elsewhere: every leg has its pool to itself, the others' part held."""

    def __init__(self, course: Course, block: Block, tables: Any, way: _Way, mark: Array) -> None:
        self.nodes, self.course, self.block, self.meaning, self.tables = course.program.nodes, course, block, Slopes(), tables
        self.values, self.codes, self.doubts = dict(way.base), dict.fromkeys(range(len(self.nodes)), None) | way.codes, {}
        self._any_codes = any(codes is not None for codes in way.codes.values())
        self._offsets, self._mark = way.offsets, mark

    def go(self, moved: frozenset[int]) -> None:
        with np.errstate(all="ignore"):
            for k, node in self.course.steps:
                if k in moved:
                    self._at = k
                    self.values[k], self.codes[k] = _, codes = self._step(node)
                    self._any_codes = self._any_codes or codes is not None

    def _given(self, node: Node) -> tuple[Any, Codes]:
        return Slope(self._mark, 1.0), None

    def _gather(self, node: Node, x: Any) -> tuple[Any, Codes]:
        return x, self._tainted(node)

    def _total(self, node: Node, x: Any) -> tuple[Any, Codes]:
        offset = self._offsets[self._at]
        return (x if offset is None else Slope(x.value + offset, x.slope)), self._tainted(node)


def liquidation_prices(kernel: Kernel, laid: Laid, walk: BlockWalk, healthy: Array, as_of: Array | int) -> tuple[Array, int]:
    """One price a leg, NaN where there is none (or it is liquidatable already); and how many were asked for one by one."""
    n = laid.counts["leg"]
    prices = np.full(n, np.nan)
    marks = laid.positions.figures.get("mark_price")
    if marks is None or not n:
        return prices, 0
    key = None if laid.is_plain else laid.keys["leg", "pool"]
    open_rows = healthy if key is None else np.take(healthy, key, mode="clip")
    left = open_rows
    if not kernel.tables.jumps:
        single = open_rows if laid.keys["leg", "position"] is None or key is None else open_rows & ~_shared(laid)
        prices, done = _along(kernel, walk.course, _way(kernel, laid, walk, marks.floats), single)
        left = open_rows & ~done
    asked = np.flatnonzero(left)
    for row in asked:
        prices[row] = _asked(kernel, laid, int(row if key is None else key[row]), int(row), as_of)
    return prices, len(asked)


def _shared(laid: Laid) -> Array:
    """The legs whose market another leg of their pool is in too: one mark moves both."""
    key = None if laid.is_plain else laid.keys["leg", "position"]
    return np.zeros(laid.counts["leg"], bool) if key is None else np.bincount(key)[key] > 1


def _base(kernel: Kernel, laid: Laid, walk: BlockWalk) -> tuple[dict[int, Any], dict[int, Codes], dict[int, Array | None]]:
    """Every kept value as a leg sees it with its faults, and of each total the part of the other legs (None: there are none)."""
    nodes = kernel.plan.program.nodes
    base: dict[int, Any] = {}
    codes: dict[int, Codes] = {}
    offsets: dict[int, Array | None] = {}
    for k in walk.course.kept:
        node = walk.course.node(k)
        if node.op == "total" and k in kernel.moved:
            whole, own = (_as_leg(laid, nodes[one].rows, walk.values[one]) for one in (k, node.args[0]))
            offsets[k] = None if whole.value is own.value else whole.value - own.value
        elif k not in kernel.moved:
            base[k] = _as_leg(laid, nodes[k].rows, walk.values[k])
            codes[k] = _as_leg(laid, nodes[k].rows, walk.codes[k])
    return base, codes, offsets


def _as_leg(laid: Laid, rows: str, value: Any) -> Any:
    key = None if rows in ("leg", "market", "any") or laid.is_plain else laid.keys["leg", rows]
    if isinstance(value, Float | Rough):
        return Slope(value.value if key is None or not isinstance(value.value, np.ndarray) else value.value[key])
    return value[key] if key is not None and isinstance(value, np.ndarray) else value


def _along(kernel: Kernel, course: Course, way: _Way, going: Array) -> tuple[Array, Array]:
    """Steps along the slope, each from where the last one landed: a price a leg, and which arrived (or surely never do).

    Nearly all arrive with the second step, piece by piece; the few that do not go on together.
    """
    n = len(way.start)
    price, x = np.full(n, np.nan), way.start.copy()
    going = going.copy()
    for low in range(0, n, PIECE):
        rows = slice(low, low + PIECE)
        _steps(kernel, course, way.of(rows), 2, price[rows], x[rows], going[rows])
    rest = np.flatnonzero(going)
    if len(rest):
        on, there, found = np.ones(len(rest), bool), x[rest], np.full(len(rest), np.nan)
        _steps(kernel, course, way.of(rest), MOST_STEPS, found, there, on)
        price[rest], going[rest] = found, on
    return price, ~going


def _steps(kernel: Kernel, course: Course, way: _Way, most: int, price: Array, x: Array, going: Array) -> None:
    """At most so many steps of all legs, put into `price`, `x` and what is `going` still."""
    for _ in range(most):
        if not going.any():
            return
        apart, slope, size, known = _apart(kernel, course, way, x)
        with np.errstate(all="ignore"):
            there = way.root(x, apart, slope)
            size *= NEAR
            met = np.abs(apart, out=apart) <= size
            met &= going
            if known is None:
                np.copyto(price, x, where=met)
                going &= ~met
                going &= there > way.low
                going &= there < way.high
                np.copyto(x, there, where=going)
                continue
            np.copyto(price, x, where=met & known)
            going &= ~(met & known)
            going &= (there > way.low) & (there < way.high) | ~known
        np.copyto(x, there, where=going & known)  # where the rules have no figure it stays, and is asked for by itself


@dataclass(frozen=True, slots=True)
class _Way:
    """What some legs need to be walked along their marks: all that stands still, where they start, and between what a loss lies."""

    base: dict[int, Any]
    codes: dict[int, Codes]
    offsets: dict[int, Array | None]
    start: Array
    low: Array
    high: Array
    inverse: Array | None  # None: no contract is

    def of(self, rows: Any) -> _Way:
        return _Way(
            {k: _some(value, rows) for k, value in self.base.items()},
            {k: _some(codes, rows) for k, codes in self.codes.items()},
            {k: None if offset is None else _some(offset, rows) for k, offset in self.offsets.items()},
            self.start[rows],
            self.low[rows],
            self.high[rows],
            None if self.inverse is None else self.inverse[rows],
        )

    def root(self, x: Array, apart: Array, slope: Array) -> Array:
        """Where the line through here meets 0; of an inverse contract the line is one in 1 ÷ mark."""
        if self.inverse is None:
            found: Array = apart / slope
            return np.subtract(x, found, out=found)
        return np.where(self.inverse, 1 / (1 / x + apart / (slope * x**2)), x - apart / slope)


def _way(kernel: Kernel, laid: Laid, walk: BlockWalk, marks: Array) -> _Way:
    inverse = kernel.tables.inverse[laid.markets()] if kernel.tables.inverse.any() else None
    long = laid.positions.size.floats > 0
    return _Way(*_base(kernel, laid, walk), marks, np.where(long, 0.0, marks), np.where(long, marks, FURTHEST * marks), inverse)


def _apart(kernel: Kernel, course: Course, way: _Way, mark: Array) -> tuple[Array, Array, Array, Array | None]:
    """Equity less what is required, its slope in the mark, what both are made of, and where there are both (None: everywhere)."""
    n = len(mark)
    block = Block(dict.fromkeys((*ROWS, "any"), n), {}, lambda kind, name: (None, None))
    walk = _MarkWalk(course, block, kernel.tables, way, mark)
    walk.go(kernel.moved)
    equity, required, notional = (walk.values[course.of(k)] for k in (kernel.equity, kernel.required, kernel.notional))
    faults = [codes for k in (kernel.equity, kernel.required) if (codes := walk.codes[course.of(k)]) is not None]
    known = np.logical_and.reduce([codes == 0 for codes in faults]) if faults else None
    made = np.abs(equity.value) + np.abs(required.value)
    made += np.abs(notional.value)
    slope = Slopes().sub(equity, required).slope
    return equity.value - required.value, np.zeros(n) if slope is None else slope, made, known


def _some(value: Any, rows: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Slope):
        return Slope(_some(value.value, rows))
    if isinstance(value, np.ndarray):
        return value[rows] if value.ndim else value
    return value.gathered(rows) if hasattr(value, "gathered") else value


def _asked(kernel: Kernel, laid: Laid, pool: int, row: int, as_of: Array | int) -> float:
    """The inverse question of one pool, in the direction that loses; NaN where there is no answer."""
    found = alone(kernel.plan, laid, pool, as_of if isinstance(as_of, int) else int(as_of[row]))
    if isinstance(found, int):
        return float("nan")
    evaluated, place = found
    legs = laid.groups().members(pool) if not laid.is_plain else [row]
    return price_of(evaluated, place, legs.index(row), laid.positions.size.floats[row] > 0)


def price_of(evaluated: Evaluated, place: int, leg: int, is_long: bool) -> float:
    """Where a pool is liquidated by the mark of a leg of it that loses, to no tick; NaN where there is no answer."""
    unknown = mark_of(evaluated, evaluated.rows.keys["leg", "market"][leg])
    if unknown is None or not unknown.start:
        return float("nan")
    unknown = unknown._replace(grid=unknown.start / GRID)
    way: Literal[1, -1] = -1 if is_long else 1
    try:
        answer = Question(evaluated, "liquidate", place, unknown).nearest(way)
    except (TooFine, Contradiction):
        return float("nan")
    return float(answer.point) if answer and answer.value is True else float("nan")  # beyond it the rules may have no answer
