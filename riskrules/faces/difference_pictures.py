"""Two tables as pictures: each output before and after against what the tables measure, the difference shaded.

Every point is a line of the proof (`engine/ordered`): what the program that decides gives there, at the
caps from both sides.  Nothing is drawn by a formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from riskrules.engine.ordered import Both, line_of, stretches
from riskrules.engine.table_changes import TableChange
from riskrules.engine.tables_measured import INITIAL, MAINTENANCE, MAX_LEVERAGE
from riskrules.faces.difference_words import range_said, said_output
from riskrules.faces.pictures import Band, Line, Mark, Picture, Point
from riskrules.ir.fault import Fault
from riskrules.rulebook.change_parts import OF_SIGN, Stretch
from riskrules.units import say

DRAWN = (MAINTENANCE, INITIAL, MAX_LEVERAGE)
CLOSER = 8  # what ends below such a part of a picture has one of its own
BEYOND = Fraction(6, 5)
WORDS = {1: "tighter", -1: "looser"}


def pictures(change: TableChange) -> Iterator[Picture]:
    """Of each output that changes the whole, and its beginning where a change would be too narrow to see."""
    for output in DRAWN:
        found = change.both.get(output)
        moved = [stretch for stretch in stretches(found) if stretch.sign] if found else []
        if not found or not moved or any(isinstance(value, Fault) for value in (*found.before, *found.after)):
            continue
        for far in _extents(found, moved):
            yield _picture(change, output, found, moved, far)


def _extents(of: Both, moved: Sequence[Stretch]) -> list[Fraction]:
    """How far to the right: past the last cap; and past where the changes begin, where that is too near to be seen there."""
    whole = max([Fraction(1), *of.probes.breaks]) * BEYOND
    ends = [stretch.high or next((cap for cap in of.probes.breaks if cap > stretch.low), whole) for stretch in moved]
    near = [end * BEYOND for end in ends if end * CLOSER < whole]
    return [whole, max(near)] if near and max(near) * 2 < whole else [whole]


def _picture(change: TableChange, output: str, of: Both, moved: Sequence[Stretch], far: Fraction) -> Picture:
    market, axis = change.after.market.name, said_output(change.axis)
    bands = tuple(band for stretch in moved if stretch.low < far for band in _bands(of, stretch, far))
    lines = tuple(Line(name, (tuple(_points(of, side, Fraction(0), far)),)) for side, name in enumerate(("before", "after")))
    said = "; ".join(f"{OF_SIGN[stretch.sign]} for {axis} {range_said(stretch)}" for stretch in moved)
    what = said_output(output) + (" margin" if output != MAX_LEVERAGE else "")
    return Picture(
        title=f"{what.capitalize()} of {market} before and after, up to {axis} {say.number(far)}",
        said=f"The {what} of {market} against {axis}, before and after: {said}.", x_name=axis, y_name=what,
        x_range=(Fraction(0), far), lines=lines,
        marks=tuple(Mark(cap, say.number(cap), "bound") for cap in of.probes.breaks if cap < far), dots=(), bands=bands,
    )  # fmt: skip


def _points(of: Both, side: int, low: Fraction, high: Fraction) -> Iterator[Point]:
    """From low to high, each stretch between caps by its two ends: a jump is drawn upright."""
    edges = [Fraction(0), *of.probes.breaks]
    for k, floor in enumerate(edges):
        start, end = max(floor, low), high if k + 1 == len(edges) else min(edges[k + 1], high)
        if start < end:
            line = line_of(of, side, k)
            yield from ((start, line.at(start)), (end, line.at(end)))


def _bands(of: Both, stretch: Stretch, far: Fraction) -> Iterator[Band]:
    low, high = stretch.low, far if stretch.high is None else min(stretch.high, far)
    if low < high and stretch.sign:
        outline = (*_points(of, 0, low, high), *reversed(list(_points(of, 1, low, high))))
        yield Band(low, high, WORDS[stretch.sign], outline)
