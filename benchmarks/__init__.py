"""How long things take, each beside something named that was timed in the same run.

A second on one machine says nothing about another; a ratio does.  The two sides of a figure are timed
in turn, round by round, so that a busy machine is as busy for both, and the middle one of each counts.
No test times anything: `python -m benchmarks` is run by hand, on a quiet machine, before and after.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
Work = Callable[[], object]


class Side(NamedTuple):
    """One thing that was timed, and the seconds of each round."""

    name: str
    seconds: list[float]

    @property
    def middle(self) -> float:
        return median(self.seconds)

    def under(self, percent: int) -> float:
        """What so many of a hundred rounds stay under."""
        return sorted(self.seconds)[len(self.seconds) * percent // 100]


class Figure(NamedTuple):
    """`ours` beside `theirs`.  The bound is on the ratio, or on the seconds of our middle round."""

    ours: Side
    theirs: Side
    ratio_at_most: float | None = None
    seconds_at_most: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours.middle / self.theirs.middle

    @property
    def holds(self) -> bool:
        within = self.ratio_at_most is None or self.ratio <= self.ratio_at_most
        return within and (self.seconds_at_most is None or self.ours.middle <= self.seconds_at_most)


def in_turn(rounds: int, works: dict[str, Work]) -> dict[str, Side]:
    """Each work once a round, after one round that does not count."""
    sides = {name: Side(name, []) for name in works}
    for work in works.values():
        work()
    for _ in range(rounds):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            sides[name].seconds.append(time.perf_counter() - begin)
    return sides


def said(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs" if seconds < 0.001 else f"{seconds * 1e3:,.1f} ms"


def line(figure: Figure) -> str:
    ours, theirs = figure.ours, figure.theirs
    bounds = [f"{figure.ratio_at_most:g}x"] if figure.ratio_at_most else []
    bounds += [said(figure.seconds_at_most)] if figure.seconds_at_most else []
    verdict = f"at most {' and '.join(bounds)}: {'holds' if figure.holds else 'DOES NOT HOLD'}" if bounds else "no bound"
    tail = f"; 99 of 100 under {said(ours.under(99))}, the quickest {said(min(ours.seconds))}" if len(ours.seconds) >= 1000 else ""
    gap = "\n" + " " * 9
    return f"{figure.ratio:6.2f}x  {ours.name}  {said(ours.middle)}{gap}beside {theirs.name}  {said(theirs.middle)}{gap}{verdict}{tail}"
