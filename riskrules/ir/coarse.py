"""The quickest meaning of each operation: float64 columns, each with one bound for the whole column.

A figure is within `error` of the exact one in every row, or within `roundings` · U of its own size; which of the two follows the
graph.  Both come from a few numbers a column (the largest of each leaf, and of each product that a sum is made of), so a block
costs hardly more than its arithmetic.  Such a bound is wide where a column holds both large and small rows: what it
leaves in doubt is walked again under `floats`, whose bound is each row's own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from riskrules.ir.floats import SIDES, SMALLEST, SPARE, Buffers, U, by_halves, says, spread

Array = Any  # np.ndarray; float64 unless a name says otherwise
Mask = Any
SAFE = 1 + 1e-9  # every bound is made so much wider where it decides: what its own arithmetic rounded is far less


class Rough:
    """`roundings` None: within `error` of the exact figure; else within `roundings` · U of its own size.

    `most` is the largest that the column has, without sign (None: not looked at yet); `low` the least, where that is known, of
    which only the sign says something of the exact figures.
    """

    __slots__ = ("error", "low", "most", "roundings", "value")

    def __init__(self, value: Array, roundings: int | None, error: float = 0.0, most: float | None = None, low: float = -np.inf) -> None:
        self.value, self.roundings, self.error, self.most, self.low = value, roundings, error, most, low


class Coarse:
    """The meanings; `doubts` are the rows that a decision could not be certain of."""

    def __init__(self, buffers: Buffers) -> None:
        self.buffers = buffers
        self.doubts: list[Mask] = []
        self.target: Array | None = None  # where the next figure is to stand, if somebody wants it there
        self._held: dict[int, int] = {}
        self._own: dict[int, Array] = {}

    # -- columns ---------------------------------------------------------------------------------

    def column(self, n: int) -> Array:
        """Where the next figure goes: to where it is wanted, or to a column of this walk's own."""
        target, self.target = self.target, None
        if target is not None and len(target) == n:
            return target
        made = self.buffers.get(n)
        self._own[id(made)] = made
        return made

    def _new(self, x: Rough, y: Rough | None = None) -> Array | None:
        for one in (x, y):
            if one is not None and isinstance(one.value, np.ndarray):
                return self.column(len(one.value))
        return None

    def _done(self, column: Array) -> None:
        if self._own.pop(id(column), None) is not None:
            self.buffers.give_back(column)

    def hold(self, x: Any) -> None:
        """Two figures may share a column; it is written over when nobody holds it any more."""
        if type(x) is Rough and isinstance(x.value, np.ndarray):
            key = id(x.value)
            self._held[key] = self._held.get(key, 0) + 1

    def release(self, x: Any) -> None:
        if type(x) is Rough and isinstance(x.value, np.ndarray):
            key = id(x.value)
            left = self._held[key] - 1
            if left:
                self._held[key] = left
                return
            del self._held[key]
            self._done(x.value)

    def most(self, x: Rough) -> float:
        if x.most is None:
            value = x.value
            if not isinstance(value, np.ndarray):
                x.most = abs(float(value))
            else:
                x.most = largest(value, x.low >= 0)
        return x.most

    def error(self, x: Rough) -> float:
        return x.error if x.roundings is None else x.roundings * U * self.most(x) if x.roundings else 0.0

    # -- figures ---------------------------------------------------------------------------------

    def constant(self, n: int, d: int) -> Rough:
        return constant(n, d)

    def given(self, floats: Array, roundings: int, low: float, high: float) -> Rough:
        """Of a leaf, with the least and the largest of it; NaN where a row has none, and then they are looked for among the others."""
        if low != low:
            return Rough(floats, roundings)
        return Rough(floats, roundings, 0.0, max(abs(low), abs(high)), low)

    def listed(self, floats: Array, roundings: int, low: float, most: float, places: Array) -> Rough:
        """Figures of a table, gathered by place; the whole table has its least and its largest once for all."""
        out = self.column(len(places))
        return Rough(floats.take(places, out=out, mode="clip"), roundings, 0.0, most, low)

    def add(self, x: Rough, y: Rough) -> Rough:
        value = np.add(x.value, y.value, out=self._new(x, y))
        if x.low >= 0 and y.low >= 0 and x.roundings is not None and y.roundings is not None:
            return Rough(value, max(x.roundings, y.roundings) + 1, 0.0, None, 0.0)
        return self._sum(x, y, value)

    def sub(self, x: Rough, y: Rough) -> Rough:
        return self._sum(x, y, np.subtract(x.value, y.value, out=self._new(x, y)))

    def _sum(self, x: Rough, y: Rough, value: Array) -> Rough:
        most = self.most(x) + self.most(y)
        return Rough(value, None, self.error(x) + self.error(y) + U * most, most)

    def mul(self, x: Rough, y: Rough) -> Rough:
        value = np.multiply(x.value, y.value, out=self._new(x, y))
        low = 0.0 if x.low >= 0 and y.low >= 0 else -np.inf
        if x.roundings is not None and y.roundings is not None:
            most = None if x.most is None or y.most is None else x.most * y.most * SAFE
            return Rough(value, x.roundings + y.roundings + 1, 0.0, most, low)
        one, two, first, second = self.most(x), self.most(y), self.error(x), self.error(y)
        most = one * two
        return Rough(value, None, one * second + two * first + first * second + U * most, most, low)

    def div(self, x: Rough, y: Rough) -> Rough:
        """By what is known to within its own size; where that is 0, or the divisor is a sum, the row is unsure."""
        value = np.divide(x.value, y.value, out=self._new(x, y))
        low = 0.0 if x.low >= 0 and y.low >= 0 else -np.inf
        if x.roundings is None or y.roundings is None:
            self._doubt(np.ones(np.shape(value), bool))
            return Rough(value, 0, 0.0, np.inf, low)
        if y.low <= 0:
            self._doubt(y.value == 0)
        return Rough(value, x.roundings + y.roundings + 1, 0.0, None, low)

    def neg(self, x: Rough) -> Rough:
        return Rough(np.negative(x.value, out=self._new(x)), x.roundings, x.error, x.most)

    def absolute(self, x: Rough) -> Rough:
        return Rough(np.abs(x.value, out=self._new(x)), x.roundings, x.error, x.most, 0.0)

    def power(self, x: Rough, k: Rough) -> Rough:
        made = self.constant(1, 1)
        for _ in range(int(k.value)):
            made = self.mul(made, x)
        return made

    def smaller(self, x: Rough, y: Rough) -> Rough:
        return self._either(x, y, np.minimum(x.value, y.value, out=self._new(x, y)))

    def larger(self, x: Rough, y: Rough) -> Rough:
        return self._either(x, y, np.maximum(x.value, y.value, out=self._new(x, y)))

    def chosen(self, condition: Mask, this: Rough, that: Rough) -> Rough:
        return self._either(this, that, np.where(condition, this.value, that.value))

    def _either(self, x: Rough, y: Rough, value: Array) -> Rough:
        low = min(x.low, y.low)
        if low >= 0 and x.roundings is not None and y.roundings is not None:
            return Rough(value, max(x.roundings, y.roundings), 0.0, None, low)
        return Rough(value, None, max(self.error(x), self.error(y)), max(self.most(x), self.most(y)), low)

    def rounded(self, name: str, x: Rough, quantum: Rough) -> Rough:
        """Left unrounded, and at most so far from what it is rounded to."""
        far = float(quantum.value) * (0.5 if name.startswith("round_half") else 1.0) * (1 + SPARE * U)
        return Rough(x.value, None, self.error(x) + far, self.most(x) + far)

    # -- decisions -------------------------------------------------------------------------------

    def compared(self, name: str, x: Rough, y: Rough) -> Mask:
        if (x.roundings == 0 and y.roundings == 0) or _by_sign(x, y):
            return SIDES[name](x.value, y.value)
        apart = np.subtract(x.value, y.value, out=self._new(x, y))
        bound = (self.error(x) + self.error(y) + U * (self.most(x) + self.most(y))) * SAFE + SMALLEST
        low, high = np.less(apart, bound), np.greater(apart, -bound)
        sure = np.not_equal(low, high)  # NaN is neither, and what is near 0 is both
        if np.all(sure) and name != "equal":
            made = low if "below" in name else high
        else:
            made = SIDES[name](apart, 0.0)
            self._doubt(np.logical_not(sure))
        self._done(apart)
        return made

    def under(self, inclusive: Mask | bool, x: Rough, caps: Rough) -> Mask:
        """Whether x is under caps of the same length; a cap that is endless is inf, and certain."""
        apart = x.value - caps.value
        finite = np.where(np.isinf(caps.value), 0.0, np.abs(caps.value))
        near = ((x.roundings or 0) + SPARE) * U * np.abs(x.value) + ((caps.roundings or 0) + SPARE) * U * finite
        bound = (near + (self.error(x) if x.roundings is None else 0.0)) * SAFE + SMALLEST
        sure = (apart > bound) | (apart < -bound)
        self._doubt(~sure)
        return apart < 0 if inclusive is False else np.where(inclusive, apart <= 0, apart < 0)

    def tiers(self, x: Rough, caps: Array, start: Array, width: int, roundings: int) -> tuple[Array, Array]:
        """The rows that are not surely under the first of their rising caps, and how many caps each of them is above.

        A row is surely under a cap that is a little lower, and surely above one that is a little higher; between them is a doubt.
        """
        blur = ((x.roundings or 0) + roundings + 2 * SPARE) * U
        error = self.error(x) * SAFE + SMALLEST if x.roundings is None else 0.0
        lower, higher = caps * (1 - blur) - error, caps * (1 + blur) + error
        cap = lower.take(start, out=self.column(len(start)), mode="clip")
        under = x.value < cap
        self._done(cap)
        (rest,) = np.logical_not(under, out=under).nonzero()
        if not len(rest):
            return rest, rest
        value, begin = x.value.take(rest, mode="clip"), start.take(rest, mode="clip")
        found = begin + 1
        (further,) = (lower.take(found, mode="clip") <= value).nonzero()  # most that are above one cap are not above two
        if len(further):
            found[further] = by_halves(value[further], lower, begin[further], width)
        sure = higher.take(found - 1, mode="clip") < value
        if not sure.all():
            self.doubts.append(spread(~sure, rest, len(start)))
        return rest, found - begin

    def _doubt(self, rows: Mask) -> None:
        if np.any(rows):
            self.doubts.append(rows)

    # -- segments --------------------------------------------------------------------------------

    def nothing(self, n: int) -> Rough:
        return Rough(np.zeros(n), 0, 0.0, 0.0, 0.0)

    def total(self, x: Rough, summed: Any, most: int) -> Rough:
        """`summed` adds a column up by groups; `most` is how many the largest has.  Any order of adding keeps to the bound."""
        value = summed(x.value)
        if x.low >= 0 and x.roundings is not None:
            return Rough(value, x.roundings + most, 0.0, None, 0.0)
        largest = most * self.most(x)
        return Rough(value, None, most * (self.error(x) + U * largest), largest, -np.inf)

    def gathered(self, x: Rough, key: Any) -> Rough:
        value = x.value.take(key, out=self.column(len(key)), mode="clip")
        return Rough(value, x.roundings, x.error, x.most, x.low)


@lru_cache(4096)
def constant(n: int, d: int) -> Rough:
    """Made once: a block has little to do besides."""
    value = n / d
    return Rough(value, int(not says(value, n, d)), 0.0, abs(value), value)


def largest(value: Array, positive: bool = False) -> float:
    """The largest without sign, rows that are no number left out: they are in error, or in doubt wherever they are compared."""
    highest = float(np.maximum.reduce(value, initial=0.0))
    if highest != highest:
        return float(np.fmax.reduce(np.abs(value), initial=0.0))
    return highest if positive else max(highest, -float(np.minimum.reduce(value, initial=0.0)))


def _by_sign(x: Rough, y: Rough) -> bool:
    """A figure known to within its own size has a sure sign, and is 0 only where it is 0."""
    return y.roundings == 0 and not isinstance(y.value, np.ndarray) and y.value == 0.0 and x.roundings is not None
