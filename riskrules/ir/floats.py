"""The fast meaning of each operation: float64 columns, each with a bound on how far it is from the exact figure.

Every figure carries `roundings` and `size`: its distance from the exact value is at most
`roundings` · U · `size` + `slack`, where `size` adds up what a sum was made of, so that cancelling
hides nothing.  A leaf is a decimal rounded once.  A comparison is certain where its sides are
further apart than their bounds together; every other row is left to the exact walk, ties among them.
The few roundings of the bound itself are covered by SPARE.  NaN is never certain.
"""

from __future__ import annotations

from typing import Any

import numpy as np

U = 2.0**-53
SPARE = 4  # the difference, the bound's own arithmetic, and (1+U)^k against 1+kU
SMALLEST = 1e-270  # below it products lose digits that no bound counts
Array = Any  # np.ndarray; float64 unless a name says otherwise
Mask = Any


class Float:
    """`size` None: the value's own; `slack` is 0.0 where no rounding was left out."""

    __slots__ = ("roundings", "signed", "size", "slack", "value")

    def __init__(self, value: Array, roundings: int, size: Array | None = None, slack: Any = 0.0, signed: bool = True) -> None:
        self.value, self.roundings, self.size, self.slack, self.signed = value, roundings, size, slack, signed

    @property
    def is_exact(self) -> bool:
        return self.roundings == 0 and isinstance(self.slack, float) and self.slack == 0.0


class Buffers:
    """Columns of a block that are not needed any more are written over by the next: fresh memory costs more than the arithmetic."""

    def __init__(self) -> None:
        self._free: dict[int, list[Array]] = {}
        self._lent: list[Array] = []

    def lend(self, n: int, kind: Any) -> Array:
        """A column of eight bytes a row that is needed until the block is done."""
        made = self.get(n)
        self._lent.append(made)
        return made.view(kind)

    def settle(self) -> None:
        """The block is done."""
        while self._lent:
            self.give_back(self._lent.pop())

    def get(self, n: int) -> Array:
        """Blocks differ a little in length: what is kept is as long as the next power of two."""
        size = 1 << max(n - 1, 1).bit_length()
        free = self._free.get(size)
        return (free.pop() if free else np.empty(size))[:n]

    def give_back(self, array: Array) -> None:
        whole = array.base
        self._free.setdefault(len(whole), []).append(whole)


class Floats:
    """The meanings; `unsure` is told the rows that a decision could not be certain of."""

    def __init__(self, buffers: Buffers) -> None:
        self.buffers = buffers
        self.doubts: list[Mask] = []
        self._held: dict[int, int] = {}
        self._own: dict[int, Array] = {}  # kept alive, so that no other column can have the same identity

    def constant(self, n: int, d: int) -> Float:
        value = n / d
        return Float(value, int(not says(value, n, d)), None, 0.0, n < 0)

    # -- figures ---------------------------------------------------------------------------------

    def _new(self, *like: Float) -> Array | None:
        """A column to write to; none where the arguments are single figures."""
        n = next((len(x.value) for x in like if isinstance(x.value, np.ndarray)), None)
        return None if n is None else self.column(n)

    def column(self, n: int) -> Array:
        """A column of this walk's own: nothing else is ever written over, least of all what was given."""
        made = self.buffers.get(n)
        self._own[id(made)] = made
        return made

    def _done(self, column: Array) -> None:
        if id(column) in self._own:
            del self._own[id(column)]
            self.buffers.give_back(column)

    def _size(self, x: Float) -> Array:
        if x.size is not None:
            return x.size
        return np.abs(x.value) if x.signed else x.value

    def add(self, x: Float, y: Float) -> Float:
        return self._sum(x, y, np.add, signed=x.signed or y.signed)

    def sub(self, x: Float, y: Float) -> Float:
        return self._sum(x, y, np.subtract, signed=True)

    def _sum(self, x: Float, y: Float, op: Any, signed: bool) -> Float:
        value = op(x.value, y.value, out=self._new(x, y))
        own = op is np.add and not signed and x.size is None and y.size is None
        size = None if own else np.add(self._size(x), self._size(y), out=self._new(x, y))
        return Float(value, max(x.roundings, y.roundings) + 1, size, x.slack + y.slack, signed)

    def mul(self, x: Float, y: Float) -> Float:
        value = np.multiply(x.value, y.value, out=self._new(x, y))
        size = None if x.size is None and y.size is None else np.multiply(self._size(x), self._size(y), out=self._new(x, y))
        return Float(value, x.roundings + y.roundings + 1, size, self._slack_of_product(x, y), x.signed or y.signed)

    def _slack_of_product(self, x: Float, y: Float) -> Any:
        if isinstance(x.slack, float) and isinstance(y.slack, float) and x.slack == y.slack == 0.0:
            return 0.0
        grown = 1 + (x.roundings + y.roundings + SPARE) * U
        return (x.slack * self._size(y) + y.slack * self._size(x) + x.slack * y.slack) * grown

    def div(self, x: Float, y: Float) -> Float:
        """Of a divisor that is a sum, only what its own bound leaves of it counts; where that is nothing the row is unsure."""
        value = np.divide(x.value, y.value, out=self._new(x, y))
        roundings, signed = x.roundings + y.roundings + 1, x.signed or y.signed
        self._doubt(y.value == 0)
        if y.size is None and _nothing(x.slack, y.slack):
            size = None if x.size is None else x.size / (np.abs(y.value) if y.signed else y.value)
            return Float(value, roundings, size, 0.0, signed)
        under = np.abs(y.value)
        blurred = (y.roundings + SPARE) * U * self._size(y) + y.slack
        self._doubt(~(under > 4 * blurred))
        slack = (x.slack + np.abs(value) * y.slack) / under * (4 / 3)
        size = self._size(x) / under * (self._size(y) / under) * (4 / 3)
        return Float(value, roundings, size, slack, signed)

    def neg(self, x: Float) -> Float:
        return Float(np.negative(x.value, out=self._new(x)), x.roundings, x.size, x.slack, True)

    def absolute(self, x: Float) -> Float:
        return Float(np.abs(x.value, out=self._new(x)), x.roundings, x.size, x.slack, False)

    def power(self, x: Float, k: Float) -> Float:
        times = int(k.value)
        made = Float(np.ones_like(x.value), 0, None, 0.0, False)
        for _ in range(times):
            made = self.mul(made, x)
        return made

    def smaller(self, x: Float, y: Float) -> Float:
        return self._extreme(x, y, np.minimum)

    def larger(self, x: Float, y: Float) -> Float:
        return self._extreme(x, y, np.maximum)

    def _extreme(self, x: Float, y: Float, op: Any) -> Float:
        value = op(x.value, y.value, out=self._new(x, y))
        own = x.size is None and y.size is None and not x.signed and not y.signed
        size = None if own else np.maximum(self._size(x), self._size(y))
        slack = np.maximum(x.slack, y.slack) if not _nothing(x.slack, y.slack) else 0.0
        return Float(value, max(x.roundings, y.roundings), size, slack, x.signed or y.signed)

    def rounded(self, name: str, x: Float, quantum: Float) -> Float:
        """Left unrounded, and at most so far from what it is rounded to."""
        far = float(quantum.value) * (0.5 if name.startswith("round_half") else 1.0) * (1 + SPARE * U)
        return Float(x.value, x.roundings, x.size, x.slack + far, x.signed)

    def chosen(self, condition: Mask, this: Float, that: Float) -> Float:
        value = np.where(condition, this.value, that.value)
        own = this.size is None and that.size is None
        size = None if own else np.where(condition, self._size(this), self._size(that))
        slack = np.where(condition, this.slack, that.slack) if not _nothing(this.slack, that.slack) else 0.0
        return Float(value, max(this.roundings, that.roundings), size, slack, this.signed or that.signed)

    # -- decisions -------------------------------------------------------------------------------

    def compared(self, name: str, x: Float, y: Float) -> Mask:
        apart = np.subtract(x.value, y.value, out=self._new(x, y))
        if not (x.is_exact and y.is_exact) and not _by_sign(x, y):
            bound = np.add(self._size(x), self._size(y), out=self._new(x, y))
            bound *= (max(x.roundings, y.roundings) + SPARE) * U
            bound += x.slack + y.slack + SMALLEST
            far = np.abs(apart, out=self._new(x, y))
            sure = far > bound
            if not np.all(sure):
                self.doubts.append(~sure)
            self._done(bound)
            self._done(far)
        made = SIDES[name](apart, 0.0)
        self._done(apart)
        return made

    def under(self, inclusive: Mask | bool, x: Float, caps: Float) -> Mask:
        """Whether x is under caps of the same length; a cap that is endless is inf, and certain."""
        blurred = (x.roundings + caps.roundings + SPARE) * U
        if x.size is None and _nothing(x.slack) and not x.signed:
            lower, upper = x.value * (1 - blurred), x.value * (1 + blurred)
        else:
            bound = self._size(x) * blurred + (x.slack + SMALLEST)
            lower, upper = x.value - bound, x.value + bound
        made, other = _at_or_below(inclusive, upper, caps.value), _at_or_below(inclusive, lower, caps.value)
        differ = made != other
        if np.any(differ):
            self.doubts.append(differ)
        elif not made.all():
            self._doubt(np.isnan(x.value))
        return made

    def surely_under(self, x: Float, caps: Float) -> Mask:
        """The rows that are under the caps whatever equality says; the others are asked one by one."""
        if x.size is None and _nothing(x.slack) and not x.signed:
            upper = np.multiply(x.value, 1 + (x.roundings + caps.roundings + SPARE) * U, out=self._new(x))
        else:
            upper = x.value + (self._size(x) * ((x.roundings + caps.roundings + SPARE) * U) + (x.slack + SMALLEST))
        made = upper < caps.value
        self._done(upper)
        return made

    def tiers(self, figure: Float, caps: Array, start: Array, width: int, roundings: int) -> tuple[Array, Array]:
        """The rows that are not surely under the first of their rising caps, and how many each of them is above."""
        under = self.surely_under(figure, Float(np.take(caps, start, out=self.column(len(start)), mode="clip"), roundings))
        rest = np.flatnonzero(np.logical_not(under, out=under))
        x, begin = self.gathered(figure, rest), start[rest]
        found = by_halves(x.value, caps, begin, width)
        bound = self._size(x) * ((x.roundings + roundings + SPARE) * U) + (x.slack + SMALLEST)
        above, below = np.take(caps, found, mode="clip"), np.take(caps, np.maximum(found - 1, begin), mode="clip")
        sure = (x.value + bound < above) & ((found == begin) | (x.value - bound > below))
        if not sure.all():
            self.doubts.append(spread(~sure, rest, len(start)))
        return rest, found - begin

    def hold(self, x: Any) -> None:
        """Two figures may share a column; it is written over when nobody holds it any more."""
        if type(x) is Float:
            for array in (x.value, x.size):
                if array is not None:
                    self._held[id(array)] = self._held.get(id(array), 0) + 1

    def release(self, x: Any) -> None:
        if type(x) is Float:
            for array in (x.value, x.size):
                if array is not None:
                    self._held[id(array)] -= 1
                    if not self._held[id(array)]:
                        del self._held[id(array)]
                        self._done(array)

    def _doubt(self, rows: Mask) -> None:
        if np.any(rows):
            self.doubts.append(rows)

    # -- segments --------------------------------------------------------------------------------

    def nothing(self, n: int) -> Float:
        return Float(np.zeros(n), 0, None, 0.0, False)

    def total(self, x: Float, summed: Any, most: int) -> Float:
        """`summed` adds a column up by groups; `most` is how many the largest has.  Any order of adding keeps to the bound."""
        size = None if x.size is None and not x.signed else summed(self._size(x))
        slack = x.slack * most if isinstance(x.slack, float) else summed(x.slack)
        return Float(summed(x.value), x.roundings + most, size, slack, x.signed)

    def gathered(self, x: Float, key: Any) -> Float:
        size = None if x.size is None else x.size[key]
        return Float(x.value[key], x.roundings, size, x.slack if isinstance(x.slack, float) else x.slack[key], x.signed)


SIDES = {
    "below": np.less, "at_or_below": np.less_equal, "above": np.greater, "at_or_above": np.greater_equal, "equal": np.equal,
}  # fmt: skip


def says(value: float, n: int, d: int) -> bool:
    """Whether a float is n ÷ d itself; 0.1 is not 1 ÷ 10, though ten times it is 1."""
    over, under = value.as_integer_ratio()
    return over * d == n * under


def spread(mask: Mask, rows: Array, n: int) -> Mask:
    """A mask of some rows as one of all."""
    out = np.zeros(n, bool)
    out[rows] = mask
    return out


def by_halves(value: Array, caps: Array, start: Array, width: int) -> Array:
    """The place of the first of the rising caps from `start` on that each value is under."""
    found, half = start.copy(), width // 2
    while half:
        found += (caps.take(found + (half - 1), mode="clip") <= value) * half
        half //= 2
    return found


def _by_sign(x: Float, y: Float) -> bool:
    """A figure known to within its own size has a sure sign, and is 0 only where it is 0."""
    return y.is_exact and not isinstance(y.value, np.ndarray) and y.value == 0.0 and x.size is None and _nothing(x.slack)


def _at_or_below(inclusive: Mask | bool, x: Array, cap: Array) -> Mask:
    if isinstance(inclusive, bool):
        return x <= cap if inclusive else x < cap
    return np.where(inclusive, x <= cap, x < cap)


def _nothing(*slacks: Any) -> bool:
    return all(isinstance(slack, float) and slack == 0.0 for slack in slacks)
