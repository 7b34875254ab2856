"""A compiled portfolio as plain data: what `couple` walks, without the policy language."""

from __future__ import annotations

import marshal
from functools import cache
from typing import Any, NamedTuple

from riskrules.ir.program import Program
from riskrules.rulebook.plan import Plan
from riskrules.units.exact import Exact

Table = dict[str, dict[str, Exact]]


class PortfolioPlan(NamedTuple):
    """What `couple` walks, as plain data."""

    program: Program
    markets: tuple[str, ...]
    moves: Table  # scenario → market → move
    counted: dict[str, Exact]  # scenario → the share of its loss that counts
    each_moves: dict[str, Exact]
    matrix: Table
    vertices: tuple[str, ...]
    baskets: dict[str, tuple[str, ...]]
    parts: tuple[str, ...]
    summed: bool
    trigger: str
    may_switch: str  # "" : the policy names no switch of mode
    repaired: tuple[tuple[str, str, Exact, Exact], ...]  # the entries that are not as written
    proved: bool  # equity less the requirement bends one way along a move, so that the first step of a liquidation is found by halving

    def data(self) -> tuple[Any, ...]:
        return self.program.data(), tuple(self[1:])

    @staticmethod
    def of_data(data: tuple[Any, ...]) -> PortfolioPlan:
        return PortfolioPlan(Program.of_data(data[0]), *data[1])


@cache
def _unpacked(packed: bytes) -> PortfolioPlan:
    return PortfolioPlan.of_data(marshal.loads(packed))  # our own cache: plain data only, digest checked


def portfolio_of(plan: Plan) -> PortfolioPlan | None:
    """None where the book has no portfolio."""
    return _unpacked(plan.packed_portfolio) if plan.packed_portfolio else None
