"""The grid points at which a verdict changes: nearest, or all, each side confirmed by the exact evaluator.

A certain stretch of `Pieces` is asked once, at its end nearest the start.  Grid points on a cut, and
those of an uncertain stretch, are asked one by one.  Nothing is assumed monotone, so a verdict that
turns and turns back (whole-position tiers do that) is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import zip_longest
from math import ceil, floor
from typing import Literal, NamedTuple

from riskrules.engine.pieces import Part, Pieces

Oracle = Callable[[Fraction], object]
Breaks = Callable[[Fraction, Fraction], list[Fraction]]

MOST_POINTS = 4_096  # grid points asked one by one before an uncertain stretch counts as too fine
MOST_BREAKS = 4_096  # breaks asked on and between before it still does


class TooFine(Exception):
    """An uncertain stretch with more grid points than can be asked one by one, and no breaks to go by."""

    def __init__(self, low: Fraction, high: Fraction | None) -> None:
        super().__init__(f"too many grid points to ask between {low} and {high}")
        self.low, self.high = low, high


class Contradiction(Exception):
    """The evaluator disagrees with a proven value: one of the two is our bug."""


class GridWalk(NamedTuple):
    """From `start` along multiples of `grid`, up (+1) or down (-1), to `limit` or the domain's end, both included; never to 0.

    The condition's certain parts are values as the oracle gives them.  `breaks(low, high)`, for
    stretches too long to ask point by point, promises that strictly between two successive breaks
    the oracle's value does not change.
    """

    condition: Pieces
    start: Fraction
    grid: Fraction
    oracle: Oracle
    direction: Literal[1, -1]
    limit: Fraction | None = None
    breaks: Breaks | None = None


class Change(NamedTuple):
    """The evaluator gives `value` at `point` and `value_before` at `before`, its neighbour on the start's side."""

    point: Fraction
    before: Fraction
    value: object
    value_before: object


class Stretch(NamedTuple):
    """Grid points with one value that is not the start's: from `opens.point` to `closes.before`, or to the walk's end."""

    opens: Change
    closes: Change | None


def first_change(
    condition: Pieces, start: Fraction, grid: Fraction, oracle: Oracle, direction: Literal[1, -1],
    limit: Fraction | None = None, breaks: Breaks | None = None,
) -> Change | None:  # fmt: skip
    """The nearest grid point beyond `start` at which the oracle no longer says what it says at `start`."""
    return next(_turns(GridWalk(condition, start, grid, oracle, direction, limit, breaks)), None)


def all_changes(
    condition: Pieces, start: Fraction, grid: Fraction, oracle: Oracle, direction: Literal[1, -1],
    limit: Fraction | None = None, breaks: Breaks | None = None,
) -> list[Stretch]:  # fmt: skip
    """Every stretch of grid points beyond `start` at which the oracle says one thing that it does not say at `start`."""
    began, turns = oracle(start), list(_turns(GridWalk(condition, start, grid, oracle, direction, limit, breaks)))
    return [Stretch(opens, closes) for opens, closes in zip_longest(turns, turns[1:]) if opens.value != began]


def _turns(walk: GridWalk) -> Iterator[Change]:
    """Each change from one value to another: there may be more than two, as no answer is one."""
    previous = walk.oracle(walk.start)
    for number, value in _values(walk):
        if value != previous:
            yield _change(walk, number, value, previous)
        previous = value


def _change(walk: GridWalk, number: int, value: object, previous: object) -> Change:
    before = (number - walk.direction) * walk.grid
    if (before - walk.start) * walk.direction <= 0:
        return Change(number * walk.grid, walk.start, value, previous)
    return Change(number * walk.grid, before, value, _confirmed(walk, number - walk.direction, previous))


def _confirmed(walk: GridWalk, number: int, proven: object) -> object:
    value = walk.oracle(number * walk.grid)
    if value != proven:
        raise Contradiction(f"{proven} was proven at {number * walk.grid}, the evaluator says {value}")
    return value


def _values(walk: GridWalk) -> Iterator[tuple[int, object]]:
    """Grid numbers away from the start, and the oracle's value there and up to the next number given."""
    for run in _runs(walk):
        if run.part is not None:
            nearest = run.nearest(walk.direction)
            yield nearest, _confirmed(walk, nearest, run.part)
        else:
            for number in _to_ask(walk, run):
                yield number, walk.oracle(number * walk.grid)


class _Run(NamedTuple):
    """Grid numbers `first` to `last` (None: no end) strictly between `low` and `high`, or the one on a cut."""

    first: int
    last: int | None
    low: Fraction
    high: Fraction | None
    part: Part

    def nearest(self, direction: int) -> int:
        return self.first if direction > 0 or self.last is None else self.last


def _runs(walk: GridWalk) -> Iterable[_Run]:
    """What lies beyond the start and within the limit, nearest first."""
    domain = walk.condition.domain
    edges = (domain.low, *walk.condition.cuts, domain.high)
    first, last, low, high = _reach(walk)
    runs = list(_within(_cells(edges, walk.condition.parts, walk.grid), first, last, low, high))
    return runs if walk.direction > 0 else reversed(runs)


def _reach(walk: GridWalk) -> tuple[int, int | None, Fraction, Fraction | None]:
    """The first and last grid number to consider, and the bounds they come from."""
    domain, start, limit = walk.condition.domain, walk.start, walk.limit
    for bound in (start, start if limit is None else limit):
        if bound < domain.low or (domain.high is not None and bound > domain.high):
            raise ValueError(f"{bound} lies outside the domain of the condition")
    if walk.direction > 0:
        high = domain.high if limit is None else limit
        return floor(start / walk.grid) + 1, None if high is None else floor(high / walk.grid), start, high
    low = domain.low if limit is None else limit
    return max(1, ceil(low / walk.grid)), ceil(start / walk.grid) - 1, low, start


def _cells(edges: Sequence[Fraction | None], parts: Sequence[Part], grid: Fraction) -> Iterator[_Run]:
    """The grid numbers of each open stretch and, uncertain and alone, each one on an edge."""
    low = edges[0] or Fraction(0)
    before = ceil(low / grid)
    if before * grid == low:
        yield _Run(before, before, low, low, None)
    for part, high in zip(parts, edges[1:], strict=True):
        last = None if high is None else ceil(high / grid) - 1
        yield _Run(floor(low / grid) + 1, last, low, high, part)
        if last is not None and high is not None:
            if (last + 1) * grid == high:
                yield _Run(last + 1, last + 1, high, high, None)
            low = high


def _within(runs: Iterable[_Run], first: int, last: int | None, low: Fraction, high: Fraction | None) -> Iterator[_Run]:
    for run in runs:
        start = max(run.first, first)
        end = run.last if last is None else last if run.last is None else min(run.last, last)
        if end is None or start <= end:
            top = run.high if high is None else high if run.high is None else min(run.high, high)
            yield _Run(start, end, max(run.low, low), top, run.part)


def _to_ask(walk: GridWalk, run: _Run) -> Iterable[int]:
    """Every number of an uncertain run; of a long one, the nearest on and between each of its breaks."""
    if run.last is not None and run.last - run.first < MOST_POINTS:
        return range(run.first, run.last + 1)[:: walk.direction]
    if walk.breaks is None or run.last is None or run.high is None:
        raise TooFine(run.low, run.high)
    inside = sorted({cut for cut in walk.breaks(run.low, run.high) if run.low < cut < run.high})
    if len(inside) > MOST_BREAKS:
        raise TooFine(run.low, run.high)
    cells = _cells((run.low, *inside, run.high), (None,) * (len(inside) + 1), walk.grid)
    asked = [cell.nearest(walk.direction) for cell in _within(cells, run.first, run.last, run.low, run.high)]
    return asked[:: walk.direction]
