"""How the rows of a table became those of another: kept, changed, moved, split, merged, new or gone.

Rows are told apart by the sizes they cover and never by their number, so that a row put in below does not
make every row above it a change.  Each row of either table is in exactly one change: the changes are the
whole difference, and undone they give the earlier table again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Literal, NamedTuple

from riskrules.rulebook.plan import TablePlan
from riskrules.units.exact import to_fraction

How = Literal["same", "renumbered", "changed", "moved", "split", "merged", "new", "gone"]


class Row(NamedTuple):
    """One tier; cap None: unlimited."""

    number: int  # from 1
    floor: Fraction
    cap: Fraction | None
    max_leverage: Fraction
    maintenance_rate: Fraction
    maintenance_amount: Fraction

    @property
    def values(self) -> tuple[Fraction, Fraction]:
        """What an author decides of a row besides its bounds; the amount follows."""
        return self.max_leverage, self.maintenance_rate

    @property
    def bounds(self) -> tuple[Fraction, Fraction | None]:
        return self.floor, self.cap


class RowChange(NamedTuple):
    how: How
    before: tuple[Row, ...]
    after: tuple[Row, ...]


def rows_of_plan(table: TablePlan) -> tuple[Row, ...]:
    caps = [None if cap is None else to_fraction(cap) for cap in table.caps[0]]
    floors = [Fraction(0), *(cap for cap in caps[:-1] if cap is not None)]
    columns = (table.max_leverages, table.maintenance_rates, table.maintenance_amounts)
    return tuple(
        Row(k + 1, floors[k], caps[k], *(to_fraction(column[k]) for column in columns)) for k in range(len(caps))
    )  # fmt: skip


def row_changes(before: Sequence[Row], after: Sequence[Row]) -> list[RowChange]:
    """In the order of the later table, what is gone where it stood."""
    left, right = list(before), list(after)
    found = [*_by_bounds(left, right), *_parted(left, right), *_by_values(left, right), *_in_place(left, right)]
    found += [RowChange("gone", (row,), ()) for row in left]
    found += [RowChange("new", (), (row,)) for row in right]
    return sorted(found, key=_place)


def _place(change: RowChange) -> tuple[Fraction, int]:
    row = (change.after or change.before)[0]
    return row.floor, 0 if change.after else -1


def _taken(change: RowChange, left: list[Row], right: list[Row]) -> RowChange:
    for row in change.before:
        left.remove(row)
    for row in change.after:
        right.remove(row)
    return change


def _by_bounds(left: list[Row], right: list[Row]) -> Iterator[RowChange]:
    """The same sizes on both sides."""
    for row in list(left):
        other = next((one for one in right if one.bounds == row.bounds), None)
        if other is not None:
            yield _taken(RowChange(_how(row, other), (row,), (other,)), left, right)


def _how(row: Row, other: Row) -> How:
    """A row whose amount alone differs changed too: what it takes off follows from the rows below it."""
    if row == other:
        return "same"
    return "renumbered" if row._replace(number=other.number) == other else "changed"


def _parted(left: list[Row], right: list[Row]) -> Iterator[RowChange]:
    """One row's sizes are exactly those of several together."""
    for row in list(left):
        if (parts := _together(row, right)) is not None:
            yield _taken(RowChange("split", (row,), parts), left, right)
    for row in list(right):
        if (parts := _together(row, left)) is not None:
            yield _taken(RowChange("merged", parts, (row,)), left, right)


def _together(row: Row, rows: Sequence[Row]) -> tuple[Row, ...] | None:
    """Neighbours among the rows that cover what the row covers, if there are at least two of them."""
    inside = sorted((one for one in rows if one.floor >= row.floor and _at_most(one.cap, row.cap)), key=lambda one: one.number)
    if len(inside) < 2 or inside[0].floor != row.floor or inside[-1].cap != row.cap:
        return None
    joined = all(one.cap == other.floor for one, other in pairwise(inside))
    return tuple(inside) if joined else None


def _at_most(cap: Fraction | None, end: Fraction | None) -> bool:
    return end is None or (cap is not None and cap <= end)


def _by_values(left: list[Row], right: list[Row]) -> Iterator[RowChange]:
    """The same leverage and rate over other sizes, where there is one such row on each side."""
    for row in list(left):
        twins = [one for one in left if one.values == row.values]
        others = [one for one in right if one.values == row.values]
        if len(twins) == len(others) == 1:
            yield _taken(RowChange("moved", (row,), (others[0],)), left, right)


def _in_place(left: list[Row], right: list[Row]) -> Iterator[RowChange]:
    """What shares a bound is the same row with other figures."""
    for row in list(left):
        shares = [one for one in right if one.floor == row.floor or one.cap == row.cap]
        if shares:
            yield _taken(RowChange("changed", (row,), (shares[0],)), left, right)
