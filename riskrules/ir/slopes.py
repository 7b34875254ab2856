"""An estimate of each operation and of how it moves: a float64 column, and its slope in one figure that is moved.

Nothing is decided here.  Where a figure is a straight line piece by piece, one step along its slope lands on the next piece's root.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riskrules.ir.floats import SIDES

Array = Any


class Slope:
    __slots__ = ("slope", "value")

    def __init__(self, value: Array, slope: Array = 0.0) -> None:
        self.value, self.slope = value, slope


class Slopes:
    """The meanings; there are no doubts, as nothing is certain."""

    def __init__(self) -> None:
        self.doubts: list[Any] = []

    def constant(self, n: int, d: int) -> Slope:
        return Slope(n / d)

    def add(self, x: Slope, y: Slope) -> Slope:
        return Slope(x.value + y.value, x.slope + y.slope)

    def sub(self, x: Slope, y: Slope) -> Slope:
        return Slope(x.value - y.value, x.slope - y.slope)

    def mul(self, x: Slope, y: Slope) -> Slope:
        return Slope(x.value * y.value, x.slope * y.value + x.value * y.slope)

    def div(self, x: Slope, y: Slope) -> Slope:
        value = x.value / y.value
        return Slope(value, (x.slope - value * y.slope) / y.value)

    def neg(self, x: Slope) -> Slope:
        return Slope(-x.value, -x.slope)

    def absolute(self, x: Slope) -> Slope:
        return Slope(np.abs(x.value), x.slope * np.sign(x.value))

    def power(self, x: Slope, k: Slope) -> Slope:
        times = int(k.value)
        return Slope(x.value**times, times * x.value ** (times - 1) * x.slope)

    def smaller(self, x: Slope, y: Slope) -> Slope:
        return self.chosen(x.value <= y.value, x, y)

    def larger(self, x: Slope, y: Slope) -> Slope:
        return self.chosen(x.value >= y.value, x, y)

    def chosen(self, condition: Array, this: Slope, that: Slope) -> Slope:
        return Slope(np.where(condition, this.value, that.value), np.where(condition, this.slope, that.slope))

    def rounded(self, name: str, x: Slope, quantum: Slope) -> Slope:
        """Left unrounded: a figure that stands still has no slope to go along."""
        return x

    def compared(self, name: str, x: Slope, y: Slope) -> Array:
        return SIDES[name](x.value, y.value)

    def surely_under(self, x: Slope, caps: Slope) -> Array:
        return x.value < caps.value

    def under(self, inclusive: Any, x: Slope, caps: Slope) -> Array:
        return x.value <= caps.value

    def gathered(self, x: Slope, key: Array) -> Slope:
        return Slope(x.value[key], x.slope[key] if isinstance(x.slope, np.ndarray) else x.slope)
