"""Where the words of a picture stand: beside the upright lines, and on none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

LETTER = 6.6  # the width of one at 12 pixels, on average
BOLD = 7.6
BESIDE = 6  # from a line to the word that tells it
ROOM = 3  # at least, from any other


class Told(NamedTuple):
    """A row of words: which line it tells, and from where to where."""

    which: int
    left: float
    right: float
    anchor: str

    @property
    def x(self) -> float:
        return self.right if self.anchor == "end" else self.left


def told(names: Sequence[tuple[str, float]], width: float) -> list[Told]:
    """A row for each name and its line, from the top; a line runs down from its own row.

    Rows are dealt from the lowest up: one goes there whose words meet no line that is still to begin above them.
    """
    left = list(range(len(names)))
    rows: list[Told] = []
    while left:
        lines = [names[k][1] for k in left]
        ways = [way for k in reversed(left) for way in _ways(k, *names[k], width)]
        free = (way for way in ways if not any(way.left - ROOM < x < way.right + ROOM for x in lines if x != names[way.which][1]))
        rows.insert(0, next(free, ways[0]))
        left.remove(rows[0].which)
    return rows


def _ways(which: int, text: str, x: float, width: float) -> Iterator[Told]:
    """To the right of its line, to the left, or above it where there is room for neither."""
    long = len(text) * BOLD
    right = Told(which, x + BESIDE, x + BESIDE + long, "start")
    left = Told(which, x - BESIDE - long, x - BESIDE, "end")
    fits = [way for way in (right, left) if way.left >= 0 and way.right <= width]
    middle = min(max(x - long / 2, 0.0), max(width - long, 0.0))
    yield from fits or [Told(which, middle, middle + long, "start")]


def between(low: float, high: float, long: float, lines: Sequence[float]) -> float | None:
    """The middle of a word that is to stand between `low` and `high` and on no line, as near their middle as can be; None: no room."""
    middle = (low + high) / 2
    inside = sorted(x for x in lines if low < x < high)
    places = [
        min(max(middle, a + ROOM + long / 2), b - ROOM - long / 2) for a, b in pairwise([low, *inside, high]) if b - a >= long + 2 * ROOM
    ]
    return min(places, key=lambda place: abs(place - middle), default=None)
