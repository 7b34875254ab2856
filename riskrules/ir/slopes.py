"""An estimate of each operation and of how it moves: a float64 column, and its slope in one figure that is moved.

Nothing is decided here.  Where a figure is a straight line piece by piece, one step along its slope lands on the next piece's root.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riskrules.ir.floats import SIDES, by_halves

Array = Any


class Slope:
    """`slope` None: the figure stands still, which costs nothing; 1.0: it is what moves."""

    __slots__ = ("slope", "value")

    def __init__(self, value: Array, slope: Array | float | None = None) -> None:
        self.value, self.slope = value, slope


class Slopes:
    """The meanings; there are no doubts, as nothing is certain."""

    def __init__(self) -> None:
        self.doubts: list[Any] = []

    def constant(self, n: int, d: int) -> Slope:
        return Slope(n / d)

    def add(self, x: Slope, y: Slope) -> Slope:
        return Slope(x.value + y.value, _plus(x.slope, y.slope))

    def sub(self, x: Slope, y: Slope) -> Slope:
        return Slope(x.value - y.value, _plus(x.slope, None if y.slope is None else -y.slope))

    def mul(self, x: Slope, y: Slope) -> Slope:
        return Slope(x.value * y.value, _plus(_times(x.slope, y.value), _times(y.slope, x.value)))

    def div(self, x: Slope, y: Slope) -> Slope:
        value = x.value / y.value
        if y.slope is None:
            return Slope(value, None if x.slope is None else x.slope / y.value)
        return Slope(value, _plus(x.slope, -(value * y.slope)) / y.value)

    def neg(self, x: Slope) -> Slope:
        return Slope(-x.value, None if x.slope is None else -x.slope)

    def absolute(self, x: Slope) -> Slope:
        return Slope(np.abs(x.value), None if x.slope is None else x.slope * np.sign(x.value))

    def power(self, x: Slope, k: Slope) -> Slope:
        times = int(k.value)
        return Slope(x.value**times, _times(x.slope, times * x.value ** (times - 1)))

    def smaller(self, x: Slope, y: Slope) -> Slope:
        return self.chosen(x.value <= y.value, x, y)

    def larger(self, x: Slope, y: Slope) -> Slope:
        return self.chosen(x.value >= y.value, x, y)

    def chosen(self, condition: Array, this: Slope, that: Slope) -> Slope:
        still = this.slope is None and that.slope is None
        slope = None if still else np.where(condition, _figure(this.slope), _figure(that.slope))
        return Slope(np.where(condition, this.value, that.value), slope)

    def rounded(self, name: str, x: Slope, quantum: Slope) -> Slope:
        """Left unrounded: a figure that stands still has no slope to go along."""
        return x

    def compared(self, name: str, x: Slope, y: Slope) -> Array:
        return SIDES[name](x.value, y.value)

    def tiers(self, x: Slope, caps: Array, start: Array, width: int, roundings: int) -> tuple[Array, Array]:
        """The rows that are above the first of their rising caps, and how many each of them is above."""
        rest = np.flatnonzero(~(x.value < np.take(caps, start, mode="clip")))
        begin = np.take(start, rest, mode="clip")
        return rest, by_halves(np.take(x.value, rest, mode="clip"), caps, begin, width) - begin

    def under(self, inclusive: Any, x: Slope, caps: Slope) -> Array:
        return x.value <= caps.value

    def gathered(self, x: Slope, key: Array) -> Slope:
        return Slope(x.value[key], x.slope[key] if isinstance(x.slope, np.ndarray) else x.slope)


def _plus(x: Any, y: Any) -> Any:
    return y if x is None else x if y is None else x + y


def _times(slope: Any, value: Array) -> Any:
    if slope is None:
        return None
    return value if isinstance(slope, float) and slope == 1.0 else slope * value


def _figure(slope: Any) -> Any:
    return 0.0 if slope is None else slope
