"""Which of two tables asks for more, at every size: stretches with their exact ends, and the smallest position that shows it.

Between two neighbouring caps of either table both outputs are straight lines (`tables_measured`), so that
their difference is one too: two points decide its sign everywhere, with the limits at both ends, where it
crosses, and how it goes on without an end.  What holds on a cap itself is asked there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from riskrules.engine.tables_measured import MAX_LEVERAGE, Measured, Probes
from riskrules.ir.fault import Fault
from riskrules.ir.ops import OPS
from riskrules.rulebook.change_parts import Largest, Sign, Stretch, Witness
from riskrules.units.exact import Exact, to_exact, to_fraction

MOST_LOOKED_AT = 10_000  # steps of a rounding that are looked at for the first that shows a difference
Rounding = tuple[str, Exact] | None


class Line(NamedTuple):
    slope: Fraction
    level: Fraction

    def at(self, x: Fraction) -> Fraction:
        return self.slope * x + self.level


class Both(NamedTuple):
    """One output under the earlier and the later table, at the same probes."""

    probes: Probes
    before: Sequence[Any]
    after: Sequence[Any]
    rounding: Rounding
    more: Sign  # 1 where more of it is stricter
    lines: dict[tuple[int, int], Line]  # of a side between two caps, found when they are asked for


def both(output: str, probes: Probes, before: Measured, after: Measured) -> Both | None:
    """None where the output of one of them is not proved to be straight.

    A rounding that is another one is a change of its own: both are told as the earlier rule rounds.
    """
    if output not in before.at or output not in after.at:
        return None
    return Both(
        probes,
        [_pair(value) for value in before.at[output]],
        [_pair(value) for value in after.at[output]],
        before.rounding[output],
        -1 if output == MAX_LEVERAGE else 1,
        {},
    )


def _pair(value: Any) -> Any:
    """A tier is told by its number, counted from 1."""
    return (value + 1, 1) if type(value) is int else value


# -- where which asks for more -----------------------------------------------------------------------


def stretches(of: Both) -> list[Stretch]:
    """From 0 up, each as long as it holds; together they are every size above 0."""
    if of.before == of.after:
        return [Stretch(Fraction(0), False, None, False, 0)]
    found: list[Stretch] = []
    for cell in _cells(of):
        if found and found[-1].sign == cell.sign:
            found[-1] = found[-1]._replace(high=cell.high, high_in=cell.high_in)
        else:
            found.append(cell)
    return found


def _cells(of: Both) -> Iterator[Stretch]:
    low = Fraction(0)
    for k in range(len(of.probes.breaks) + 1):
        high = of.probes.breaks[k] if k < len(of.probes.breaks) else None
        yield from _between(of, k, low, high)
        if high is not None:
            yield Stretch(high, True, high, True, _sign_on(of, 3 * k + 2))
            low = high


def _sign_on(of: Both, probe: int) -> Sign | None:
    one, other = of.before[probe], of.after[probe]
    if isinstance(one, Fault) or isinstance(other, Fault):
        return 0 if isinstance(one, Fault) and isinstance(other, Fault) and one.code == other.code else None
    return _sign((other[0] * one[1] - one[0] * other[1]) * of.more)


def _sign(number: int) -> Sign:
    return 1 if number > 0 else -1 if number < 0 else 0


def _between(of: Both, k: int, low: Fraction, high: Fraction | None) -> Iterator[Stretch]:
    """Strictly between two caps: one sign, or two with the point where the lines cross."""
    p, q = 3 * k, 3 * k + 1
    at_p, at_q = _sign_on(of, p), _sign_on(of, q)
    if at_p is None or at_q is None or isinstance(of.before[p], Fault):
        yield Stretch(low, False, high, False, None if at_p is None or at_q is None else 0)
        return
    near, far = _ends(of, p, q, high is None)
    if near * far >= 0:
        yield Stretch(low, False, high, False, near or far)
        return
    crossing = _crossing(of, p, q)
    yield Stretch(low, False, crossing, False, near)
    yield Stretch(crossing, True, crossing, True, 0)
    yield Stretch(crossing, False, high, False, far)


def _ends(of: Both, p: int, q: int, endless: bool) -> tuple[Sign, Sign]:
    """The sign just above the lower end, and just below the upper one or far out: each end is as far from p or q as these apart."""
    (n, d), (m, e) = _difference(of, p), _difference(of, q)
    near, far = 2 * n * e - m * d, (m * d - n * e) if endless else (2 * m * d - n * e)
    return _sign(near), _sign(far or n)


def _difference(of: Both, probe: int) -> tuple[int, int]:
    (n, d), (m, e) = of.before[probe], of.after[probe]
    return (m * d - n * e) * of.more, d * e


def _crossing(of: Both, p: int, q: int) -> Fraction:
    one, other = Fraction(*_difference(of, p)), Fraction(*_difference(of, q))
    x, y = to_fraction(of.probes.x[p]), to_fraction(of.probes.x[q])
    return x - one * (y - x) / (other - one)


# -- the smallest position that shows it -------------------------------------------------------------


def witness(of: Both, stretch: Stretch, step: Fraction) -> Witness | None:
    """The smallest multiple of the step inside the stretch at which the rounded outputs differ; None where none does."""
    for k in _cells_of(of, stretch):
        found = _inside(of, k, stretch, step) or (_on(of, k, stretch, step) if k < len(of.probes.breaks) else None)
        if found:
            return found
    return None


def _cells_of(of: Both, stretch: Stretch) -> range:
    """The stretches between caps that it has a part of, those that only meet it included."""
    breaks = of.probes.breaks
    last = len(breaks) if stretch.high is None else bisect_right(breaks, stretch.high)
    return range(bisect_left(breaks, stretch.low), last + 1)


def largest(of: Both, stretch: Stretch) -> Largest | None:
    """The most that the output moves, as a share of x: between caps it is at one of the ends, as a + b ÷ x only rises or only falls."""
    found: Largest | None = None
    for k in _cells_of(of, stretch):
        low = max(stretch.low, of.probes.breaks[k - 1] if k else Fraction(0))
        high = min((end for end in (stretch.high, *of.probes.breaks[k : k + 1]) if end is not None), default=None)
        if any(isinstance(value, Fault) for value in _values(of, 3 * k)):
            return None
        before, after = (line_of(of, side, k) for side in (0, 1))
        slope, level = after.slope - before.slope, after.level - before.level
        if not low and level:
            return None
        ends = [slope + level / low if low else slope, slope if high is None else slope + level / high] if low != high else []
        for share, x in zip(ends, (low or high, high), strict=False):
            if found is None or abs(share) > abs(found.share):
                found = Largest(share, x)
    return found


def _on(of: Both, k: int, stretch: Stretch, step: Fraction) -> Witness | None:
    x = of.probes.breaks[k]
    if (x / step).denominator > 1 or not stretch.holds(x):
        return None
    before, after = (_shown(value, of.rounding) for value in _values(of, 3 * k + 2))
    return Witness(x, before, after) if before != after else None


def _values(of: Both, probe: int) -> tuple[Any, Any]:
    return of.before[probe], of.after[probe]


def _shown(value: Any, rounding: Rounding) -> Fraction | str:
    if isinstance(value, Fault):
        return value.code
    return to_fraction(value if rounding is None else OPS[rounding[0]].exact(value, rounding[1]))


def _inside(of: Both, k: int, stretch: Stretch, step: Fraction) -> Witness | None:
    """Strictly between two caps, and within the stretch."""
    low = max(stretch.low, of.probes.breaks[k - 1] if k else Fraction(0))
    ends = [end for end in (stretch.high, of.probes.breaks[k] if k < len(of.probes.breaks) else None) if end is not None]
    first = floor(low / step) + 1
    last = min((ceil(end / step) - 1 for end in ends), default=None)
    if last is not None and first > last:
        return None
    if any(isinstance(value, Fault) for value in _values(of, 3 * k)):
        return Witness(first * step, _said_at(of, 0, k, first * step), _said_at(of, 1, k, first * step))
    before, after = (_Stepped(line_of(of, side, k), of.rounding, step) for side in (0, 1))
    return _first_seen(before, after, first, last)


def _said_at(of: Both, side: int, k: int, x: Fraction) -> Fraction | str:
    value = _values(of, 3 * k)[side]
    return value.code if isinstance(value, Fault) else _shown(to_exact(line_of(of, side, k).at(x)), of.rounding)


def line_of(of: Both, side: int, k: int) -> Line:
    """The output of the earlier (0) or the later table (1) on the k-th stretch between caps, not rounded."""
    if (side, k) not in of.lines:
        of.lines[side, k] = _line((of.before, of.after)[side], of.probes, 3 * k, 3 * k + 1)
    return of.lines[side, k]


def _line(values: Sequence[Any], probes: Probes, p: int, q: int) -> Line:
    one, other = to_fraction(values[p]), to_fraction(values[q])
    x, y = to_fraction(probes.x[p]), to_fraction(probes.x[q])
    slope = (other - one) / (y - x)
    return Line(slope, one - slope * x)


class _Stepped(NamedTuple):
    """A line at whole steps, rounded."""

    line: Line
    rounding: Rounding
    step: Fraction

    def at(self, k: int) -> Fraction:
        exact = self.line.at(k * self.step)
        return exact if self.rounding is None else to_fraction(OPS[self.rounding[0]].exact(to_exact(exact), self.rounding[1]))

    def turns_after(self, k: int) -> int | None:
        """The first step at which the rounded value is another; None: never.  A rounding keeps the order, so it is found by halving."""
        if self.rounding is None:
            return k + 1 if self.line.slope else None
        if not self.line.slope:
            return None
        here, ahead = self.at(k), max(1, floor(to_fraction(self.rounding[1]) / abs(self.line.slope * self.step)))
        low, high = k, k + ahead
        while self.at(high) == here:
            low, high = high, high + ahead
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.at(middle) == here else (low, middle)
        return high


def _first_seen(before: _Stepped, after: _Stepped, first: int, last: int | None) -> Witness | None:
    """From one turn of a rounding to the next, until the two differ."""
    k = first
    for _ in range(MOST_LOOKED_AT):
        one, other = before.at(k), after.at(k)
        if one != other:
            return Witness(k * before.step, one, other)
        turns = [turn for turn in (before.turns_after(k), after.turns_after(k)) if turn is not None]
        if not turns or (last is not None and min(turns) > last):
            return None
        k = min(turns)
    return None
