"""What two tables make of every size, exactly: the decision's own programs walked over probes of one position each.

A probe has the size x at a price at which one unit of size is one of notional, so that x is whatever the
tables measure.  That margin, leverage and tier run straight between caps is proved of each program
(`straight`).  Both are walked over the same probes: one on each cap of either table, and two inside each
stretch between caps, a third of it from its ends, which are the whole stretch: how two straight lines lie
to each other there is decided by two points.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from riskrules.engine.rows import TABLE_FIELDS
from riskrules.engine.straight import SIZE, STEPS, Straight, straight
from riskrules.ir.fault import Fault
from riskrules.ir.frame import Column, Frame
from riskrules.ir.program import Program, part_of
from riskrules.ir.walk import Walk
from riskrules.rulebook.plan import MarketPlan, Plan, TablePlan
from riskrules.units.exact import ZERO, Exact, to_exact

INITIAL, MAINTENANCE, MAX_LEVERAGE, TIER = "initial", "maintenance", "max_leverage", "tier"
TERMS = {INITIAL: "position_initial", MAINTENANCE: "position_maintenance", MAX_LEVERAGE: "max_leverage", TIER: "tier"}
MOVING = {("leg", "size"): SIZE, ("leg", "risk_limit"): SIZE, ("leg", "leverage"): STEPS}
NEEDED = (*TERMS.values(), "lookup")
OF_A_PROBE = ("leg", "position", "pool", "account")


class Ruled(NamedTuple):
    """A market and its table under one plan."""

    market: MarketPlan
    table: TablePlan


class Probes(NamedTuple):
    """Where two tables are looked at: `breaks` are the caps of either, and x the probes: two inside, one on a cap, two inside, …"""

    breaks: tuple[Fraction, ...]
    x: tuple[Exact, ...]


class Measured(NamedTuple):
    """Each output at each probe; an output that is not proved to run straight between caps is not there."""

    at: dict[str, Column]  # exact pairs, tiers as whole numbers from 0, or faults
    rounding: dict[str, tuple[str, Exact] | None]


def probes_of(*tables: TablePlan) -> Probes:
    """A third and two thirds of the way through each stretch; of the last, which has no end, at twice and three times its floor."""
    caps = {cap for table in tables for cap in table.caps[0] if cap is not None and cap[0] > 0}
    breaks = tuple(sorted(Fraction(n, d) for n, d in caps))
    x: list[Exact] = []
    for low, high in pairwise((ZERO, *(to_exact(cap) for cap in breaks))):
        n, m, d = low[0] * high[1], high[0] * low[1], 3 * low[1] * high[1]
        x += [(2 * n + m, d), (n + 2 * m, d), high]
    n, d = x[-1] if x else (1, 1)
    return Probes(breaks, (*x, (2 * n, d), (3 * n, d)))


def measured(plan: Plan, wanted: Sequence[tuple[Ruled, Probes]]) -> list[Measured]:
    """Every output of each market at its probes, all in one walk."""
    nothing = Measured({}, {})
    if not wanted or any(name not in plan.program.named for name in NEEDED):
        return [nothing] * len(wanted)
    program = part_of(plan.program, NEEDED)
    shapes = {output: shape for output, name in TERMS.items() if (shape := straight(program, name, MOVING)) is not None}
    walk = _walked(program, wanted)
    lookup, start, made = walk.column("lookup"), 0, []
    columns = {output: walk.spread(shape.node, "leg") for output, shape in shapes.items()}
    for _, probes in wanted:
        rows = slice(start, start := start + len(probes.x))
        at = {output: column[rows] for output, column in columns.items()}
        made.append(Measured(at, _roundings(shapes)) if _by_itself(lookup[rows], probes) else nothing)
    return made


def _roundings(shapes: dict[str, Straight]) -> dict[str, tuple[str, Exact] | None]:
    return {output: shape.rounding for output, shape in shapes.items()}


def _by_itself(lookup: Column, probes: Probes) -> bool:
    """Whether the table is looked up by x itself, so that it turns at its caps and nowhere else."""
    return all(type(value) is tuple and value[0] * x[1] == x[0] * value[1] for value, x in zip(lookup, probes.x, strict=True))


def _walked(program: Program, wanted: Sequence[tuple[Ruled, Probes]]) -> Walk:
    """The initial margin is that at the largest leverage which the tier of each probe allows."""
    first = Walk(program, _frame(program, wanted))
    if ("leg", "leverage") not in program.needs:
        return first
    return first.changed({("leg", "leverage"): first.column("max_leverage")}, len(program.nodes) - 1)


def _frame(program: Program, wanted: Sequence[tuple[Ruled, Probes]]) -> Frame:
    market_of = [k for k, (_, probes) in enumerate(wanted) for _ in probes.x]
    every = list(range(len(market_of)))
    labels: dict[str, list[str]] = {kind: [] for kind in program.kinds} | {kind: [""] * len(every) for kind in OF_A_PROBE}
    labels["market"] = [ruled.market.name for ruled, _ in wanted]
    keys = {(below, above): every for below in OF_A_PROBE for above in OF_A_PROBE}
    keys |= {(below, "market"): market_of for below in OF_A_PROBE}
    return Frame(labels, keys, {(rows, name): _column(rows, name, wanted, market_of) for rows, name in program.needs})


def _column(rows: str, name: str, wanted: Sequence[tuple[Ruled, Probes]], market_of: list[int]) -> Column:
    if MOVING.get((rows, name)) == SIZE:
        return [x for _, probes in wanted for x in probes.x]
    if rows == "market":
        return [_cell(name, ruled) for ruled, _ in wanted]
    if (rows, name) == ("leg", "entry_price"):
        prices = [_unit_price(ruled.market) for ruled, _ in wanted]
        return [prices[k] for k in market_of]
    return [Fault("RR505", name)] * len(market_of) if rows in OF_A_PROBE else []


def _cell(name: str, ruled: Ruled) -> Any:
    if name in TABLE_FIELDS:
        return getattr(ruled.table, name)
    if name == "mark_price":
        return _unit_price(ruled.market)
    if name in ("is_inverse", "multiplier"):
        return getattr(ruled.market, name)
    if name == "mark_price_age":  # a price that is as fresh as can be
        return ZERO
    field, is_flag, measure = name.partition("_is_")
    return getattr(ruled.table, field) == measure if is_flag and field in ("lookup", "rate_on") else Fault("RR505", name)


def _unit_price(market: MarketPlan) -> Exact:
    """At which one unit of size is worth one of notional."""
    n, d = market.multiplier
    return (n, d) if market.is_inverse else (d, n)
