"""Weights by slices on whole columns: a sum of straight lines, each from the floor of its slice on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from riskrules.batch.tables import Listed
from riskrules.ir.ops import Slices, from_each_floor
from riskrules.units.exact import Exact

Array = Any
NOTHING: tuple[Exact, Exact] = ((0, 1), (0, 1))  # of an asset with fewer slices than another


class Sliced:
    """What of a balance counts: `place` says which asset each row is of."""

    def __init__(self, slices: Sequence[Slices], place: Array) -> None:
        lines = [from_each_floor(one) for one in slices]
        most = max((len(line) for line in lines), default=0)
        longer = [[*line, *[NOTHING] * (most - len(line))] for line in lines]
        self._lines = [tuple(Listed([line[k][part] for line in longer]) for part in (0, 1)) for k in range(most)]
        self._place = place

    def gathered(self, key: Array) -> Sliced:
        made = Sliced((), self._place[key])
        made._lines = self._lines
        return made

    def counted(self, meaning: Any, x: Any) -> Any:
        """Columns that are made on the way are given back at once: nobody else knows of them."""
        made, zero = meaning.nothing(len(self._place)), meaning.constant(0, 1)
        for floors, more in self._lines:
            floor, rate = floors.at(meaning, self._place), more.at(meaning, self._place)
            above = meaning.sub(x, floor)
            within = meaning.larger(above, zero)
            line = meaning.mul(within, rate)
            before, made = made, meaning.add(made, line)
            for one in (floor, rate, above, within, line, before):
                meaning.hold(one)
                meaning.release(one)
        return made
