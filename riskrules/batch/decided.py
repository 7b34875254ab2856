"""What is wanted of a block, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from riskrules.units.exact import Exact

Array = Any
HEALTHY, LIQUIDATE, ERROR, NOTHING_HELD = 0, 1, 2, 3
DECISIONS = ("healthy", "liquidate", "error", "none")
LEG_TERMS = {
    "notional": "notional", "initial_margin": "position_initial", "maintenance_margin": "position_maintenance",
    "unrealised_pnl": "unrealised_profit",
}  # fmt: skip
POOL_TERMS = {"equity": "equity", "initial_margin": "initial_margin", "maintenance_margin": "maintenance_margin"}


NOWHERE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Want:
    """Which figures are wanted of each leg and pool, and whether as whole numbers of a quantum."""

    legs: tuple[str, ...]
    pools: tuple[str, ...]
    tier: bool = True
    liquidation_price: bool = False
    quantum: Exact | None = None


@dataclass(slots=True)
class Decided:
    """What came of a block's legs and pools; a code is 0 where there is no fault."""

    legs: dict[str, Array]
    pools: dict[str, Array]
    leg_codes: Array | None
    decision: Array  # of each pool
    code: Array | None
    state: Array | None  # places in `labels`
    tier: Array | None  # counted from 1; 0: none
    labels: list[str]
    doubtful: int = 0
    alone: int = 0
    asked: int = 0  # liquidation prices that were asked for one by one
    large: dict[tuple[str, str, int], int] = field(default_factory=dict)  # whole amounts that 64 bits do not hold, where LARGE stands
    left: Array | None = None  # the pools that a closer look is left to
    stands: Mapping[str, Array] = field(default_factory=dict)  # columns of the answer, in which some amounts stand already

    def put(self, name: str, column: Array, places: Any, values: Any) -> Array:
        """Into a column of the answer, or of our own: what was given is never written over."""
        if column is not self.stands.get(name) and (not column.flags.writeable or column.base is not None):
            column = column.copy()
        column[places] = values
        return column


NO_AMOUNT = np.iinfo(np.int64).min
LARGE = NO_AMOUNT + 1


def put_codes(codes: Array | None, n: int, places: Array, values: Array | None, chosen: Array) -> Array | None:
    if codes is None and values is None:
        return None
    out = np.zeros(n, np.int16) if codes is None else codes.copy()
    out[places] = 0 if values is None else values[chosen]
    return out
