"""Liquidation prices of many positions: where equity meets what is required, in one position's mark, all else held.

An estimate in float64: the roundings of the policy are left out, and no tick is looked for (`riskrules ask` gives the price to the
tick).  Steps along the slope of the same program land on it; where they do not, as under tables that jump, the inverse question
of one pool answers.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import numpy as np

from riskrules.batch.layout import Laid
from riskrules.batch.one import alone
from riskrules.batch.tables import Tables
from riskrules.engine.ask import Question, mark_of
from riskrules.engine.changes import Contradiction, TooFine
from riskrules.ir.blocks import Block, BlockWalk, Codes, Course
from riskrules.ir.coarse import Rough
from riskrules.ir.floats import Float
from riskrules.ir.program import Node, Program
from riskrules.ir.slopes import Slope, Slopes
from riskrules.rulebook.plan import Plan

Array = Any
MOST_STEPS = 12
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

    def __init__(self, course: Course, block: Block, tables: Any, base: dict[int, Any], offsets: dict[int, Array], mark: Array) -> None:
        self.nodes, self.course, self.block, self.meaning, self.tables = course.program.nodes, course, block, Slopes(), tables
        self.values, self.codes, self.doubts = dict(base), dict.fromkeys(range(len(self.nodes)), None), {}
        self._any_codes = False
        self._offsets, self._mark = offsets, mark

    def go(self, moved: frozenset[int]) -> None:
        with np.errstate(all="ignore"):
            for k, node in self.course.steps:
                if k in moved:
                    self._at = k
                    self.values[k], _ = self._step(node)

    def _given(self, node: Node) -> tuple[Any, Codes]:
        return Slope(self._mark, 1.0), None

    def _gather(self, node: Node, x: Any) -> tuple[Any, Codes]:
        return x, None

    def _total(self, node: Node, x: Any) -> tuple[Any, Codes]:
        return Slope(x.value + self._offsets[self._at], x.slope), None

    def _fault(self, node: Node, *args: Any) -> tuple[Any, Codes]:
        return Slope(np.nan), None


def liquidation_prices(kernel: Kernel, laid: Laid, walk: BlockWalk, healthy: Array, as_of: Array | int) -> tuple[Array, int]:
    """One price a leg, NaN where there is none (or it is liquidatable already); and how many were asked for one by one."""
    n = laid.counts["leg"]
    prices = np.full(n, np.nan)
    marks = laid.positions.figures.get("mark_price")
    if marks is None or not n:
        return prices, 0
    key = laid.keys["leg", "pool"]
    pool: Array = np.arange(n) if key is None else key
    rows = np.flatnonzero(healthy[pool])
    base, offsets = _base(kernel, laid, walk)
    left = rows
    if not kernel.tables.jumps:
        single = rows[~_shared(laid)[rows]]
        found, done = _along(kernel, laid, walk.course, base, offsets, single, marks.floats)
        prices[single] = found
        left = np.setdiff1d(rows, single[done], assume_unique=True)
    for row in left:
        prices[row] = _asked(kernel, laid, int(pool[row]), int(row), as_of)
    return prices, len(left)


def _shared(laid: Laid) -> Array:
    """The legs whose market another leg of their pool is in too: one mark moves both."""
    key = None if laid.is_plain else laid.keys["leg", "position"]
    return np.zeros(laid.counts["leg"], bool) if key is None else np.bincount(key)[key] > 1


def _base(kernel: Kernel, laid: Laid, walk: BlockWalk) -> tuple[dict[int, Any], dict[int, Array]]:
    """Every kept value as a leg sees it, and of each total the part of the other legs."""
    nodes = kernel.plan.program.nodes
    base: dict[int, Any] = {}
    offsets: dict[int, Array] = {}
    for k in walk.course.kept:
        node = walk.course.node(k)
        value = _as_leg(laid, nodes[k].rows, walk.values[k])
        if node.op == "total" and k in kernel.moved:
            own = _as_leg(laid, nodes[node.args[0]].rows, walk.values[node.args[0]])
            offsets[k] = np.broadcast_to(value.value - own.value, (laid.counts["leg"],))
        elif k not in kernel.moved:
            base[k] = value
    return base, offsets


def _as_leg(laid: Laid, rows: str, value: Any) -> Any:
    key = None if rows in ("leg", "market", "any") or laid.is_plain else laid.keys["leg", rows]
    if isinstance(value, Float | Rough):
        return Slope(value.value if key is None or not isinstance(value.value, np.ndarray) else value.value[key])
    return value[key] if key is not None and isinstance(value, np.ndarray) else value


def _along(
    kernel: Kernel, laid: Laid, course: Course, base: dict[int, Any], offsets: dict[int, Array], rows: Array, marks: Array
) -> tuple[Array, Array]:
    """Steps along the slope, each from where the last one landed; which rows arrived (or surely never do)."""
    price, done = np.full(len(rows), np.nan), np.zeros(len(rows), bool)
    start, losing = marks[rows], np.where(laid.positions.size.floats[rows] > 0, -1.0, 1.0)
    x, active = start.copy(), np.arange(len(rows))
    inverse = kernel.tables.inverse[laid.markets()[rows]]
    for _ in range(MOST_STEPS):
        if not len(active):
            break
        here = rows[active]
        apart, slope, size = _apart(kernel, laid, course, base, offsets, here, x[active])
        met = np.abs(apart) <= NEAR * size
        price[active[met]] = x[active[met]]
        with np.errstate(all="ignore"):
            there = np.where(inverse[active], 1 / (1 / x[active] + apart / (slope * x[active] ** 2)), x[active] - apart / slope)
        away = ~((there - start[active]) * losing[active] > 0) | ~(there > 0) | (there > FURTHEST * start[active])
        done[active[met | away]] = True
        x[active] = there
        active = active[~(met | away)]
    return price, done


def _apart(
    kernel: Kernel, laid: Laid, course: Course, base: dict[int, Any], offsets: dict[int, Array], rows: Array, mark: Array
) -> tuple[Array, Array, Array]:
    """Equity less what is required, its slope in the mark, and what both are made of."""
    some = {k: _some(value, rows) for k, value in base.items()}
    block = Block(
        {**laid.counts, **dict.fromkeys(("leg", "market", "pool", "account", "position"), len(rows))}, {}, lambda kind, name: (None, None)
    )
    walk = _MarkWalk(course, block, kernel.tables, some, {k: offset[rows] for k, offset in offsets.items()}, mark)
    walk.go(kernel.moved)
    equity, required = walk.values[course.of(kernel.equity)], walk.values[course.of(kernel.required)]
    ones = np.ones(len(rows))
    notional = walk.values[course.of(kernel.notional)]
    made = np.abs(equity.value) + np.abs(required.value) + np.abs(notional.value)
    return equity.value - required.value, (equity.slope - required.slope) * ones, made


def _some(value: Any, rows: Array) -> Any:
    if isinstance(value, Slope):
        return Slope(value.value[rows]) if isinstance(value.value, np.ndarray) and value.value.ndim else value
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
    market = evaluated.rows.keys["leg", "market"][legs.index(row)]
    unknown = mark_of(evaluated, market)
    if unknown is None or not unknown.start:
        return float("nan")
    unknown = unknown._replace(grid=unknown.start / GRID)  # to no tick, as along the slope
    way: Literal[1, -1] = -1 if laid.positions.size.floats[row] > 0 else 1
    try:
        answer = Question(evaluated, "liquidate", place, unknown).nearest(way)
    except (TooFine, Contradiction):
        return float("nan")
    return float(answer.point) if answer else float("nan")
