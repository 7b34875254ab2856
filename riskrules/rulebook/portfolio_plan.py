"""A compiled portfolio as plain data: what `couple` walks, without the policy language."""

from __future__ import annotations

from typing import Any, NamedTuple

from riskrules.ir.program import Program
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

    def data(self) -> tuple[Any, ...]:
        return self.program.data(), tuple(self[1:])

    @staticmethod
    def of_data(data: tuple[Any, ...]) -> PortfolioPlan:
        return PortfolioPlan(Program.of_data(data[0]), *data[1])
