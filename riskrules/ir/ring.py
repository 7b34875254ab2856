"""The exact meaning of each operation on whole columns: whole numbers modulo 2⁶⁴ beside a float64 estimate.

Every figure is a numerator over a denominator, kept modulo 2⁶⁴, and an estimate with its bound.  Where
the estimates of two sides are too near each other to decide, their exact difference over the common
denominator is a small whole number, far below 2⁶³, however large the numbers that it came from: the
wrapped difference *is* that number, and its sign decides.  Where even that cannot be shown (too many
decimals, too many denominators) the row is left in doubt, and the scalar walk decides it.
"""

from __future__ import annotations

from math import lcm
from typing import Any

import numpy as np

from riskrules.ir.floats import SIDES, U

WIDE = 1 + 2.0**-40  # every bound is made this much wider, so that its own roundings do not matter
SURE = 2.0**62  # a whole number known to be smaller than this is what its wrapped form says
TINY = 1e-290
Array = Any
Mask = Any


def wrapped(n: int) -> np.int64:
    """A whole number modulo 2⁶⁴, as the signed one that it is stored as."""
    n &= (1 << 64) - 1
    return np.int64(n - (1 << 64) if n >> 63 else n)


class Denominator:
    """One whole number above 0 for a whole column, or one a row: wrapped, and as a float no smaller than it is."""

    __slots__ = ("about", "modular", "whole")

    def __init__(self, whole: int | None, modular: Array, about: Array) -> None:
        self.whole, self.modular, self.about = whole, modular, about

    @staticmethod
    def of(whole: int) -> Denominator:
        return Denominator(whole, wrapped(whole), float(whole) * WIDE if whole < 10**300 else np.inf)

    def times(self, other: Denominator) -> Denominator:
        if self.whole is not None and other.whole is not None:
            return Denominator.of(self.whole * other.whole)
        return Denominator(None, self.modular * other.modular, self.about * other.about * WIDE)


ONE = Denominator.of(1)


class Ring:
    """A column: `value` is within `bound` of the exact figure, which is `over` ÷ `under`."""

    __slots__ = ("bound", "over", "under", "value")

    def __init__(self, value: Array, bound: Array, over: Array, under: Denominator) -> None:
        self.value, self.bound, self.over, self.under = value, bound, over, under


def constant(n: int, d: int) -> Ring:
    value = n / d
    return Ring(np.float64(value), np.float64(abs(value) * U), wrapped(n), Denominator.of(d))


class Rings:
    """The meanings, by the names of the table of operations; `doubts` are the rows that could not be decided."""

    def __init__(self, by_row: bool = False) -> None:
        """`by_row`: what is given keeps each row's own denominator, which is slower, and holds more."""
        self.by_row = by_row
        self.doubts: list[Mask] = []

    def constant(self, n: int, d: int) -> Ring:
        return constant(n, d)

    # -- figures ---------------------------------------------------------------------------------

    def add(self, x: Ring, y: Ring) -> Ring:
        over, other, under = _common(x, y)
        value = x.value + y.value
        return Ring(value, _wide(x.bound + y.bound, value), over + other, under)

    def sub(self, x: Ring, y: Ring) -> Ring:
        return self.add(x, self.neg(y))

    def mul(self, x: Ring, y: Ring) -> Ring:
        value = x.value * y.value
        bound = np.abs(x.value) * y.bound + np.abs(y.value) * x.bound + x.bound * y.bound
        return Ring(value, _wide(bound, value), x.over * y.over, x.under.times(y.under))

    def div(self, x: Ring, y: Ring) -> Ring:
        """By a divisor that is surely not 0; where that is not sure the row is in doubt."""
        least = np.abs(y.value) - y.bound
        self._doubt(~(least > 0))
        value = x.value / y.value
        bound = (x.bound + np.abs(value) * y.bound) / least
        sign = np.where(y.value < 0, np.int64(-1), np.int64(1))
        under = Denominator(None, y.over * sign, (np.abs(y.value) + y.bound) * y.under.about * WIDE)
        return Ring(value, _wide(bound, value), x.over * y.under.modular * sign, x.under.times(under))

    def neg(self, x: Ring) -> Ring:
        return Ring(-x.value, x.bound, -x.over, x.under)

    def absolute(self, x: Ring) -> Ring:
        sign = self._sign(x)
        return Ring(np.abs(x.value), x.bound, x.over * sign, x.under)

    def power(self, x: Ring, k: Ring) -> Ring:
        made = constant(1, 1)
        for _ in range(int(k.value)):
            made = self.mul(made, x)
        return made

    def smaller(self, x: Ring, y: Ring) -> Ring:
        return self.chosen(self.compared("at_or_below", x, y), x, y)

    def larger(self, x: Ring, y: Ring) -> Ring:
        return self.chosen(self.compared("at_or_above", x, y), x, y)

    def chosen(self, condition: Mask, this: Ring, that: Ring) -> Ring:
        over, other, under = _common(this, that)
        value = np.where(condition, this.value, that.value)
        return Ring(value, np.where(condition, this.bound, that.bound), np.where(condition, over, other), under)

    def rounded(self, name: str, x: Ring, quantum: Ring) -> Ring:
        """The number of whole steps below, and what is left over, both exact; then the direction."""
        assert quantum.under.whole is not None
        step = Denominator.of(int(quantum.over)), quantum.under
        with np.errstate(all="ignore"):  # what overflows is in doubt
            steps, rest, whole = self._steps(x, step)
            up = _UP[name](steps, rest, whole, x.value)
            count = steps + up
            value = count * (float(quantum.over) / quantum.under.whole)
        return Ring(value, np.abs(value) * (3 * U), count * quantum.over, quantum.under)

    def _steps(self, x: Ring, step: tuple[Denominator, Denominator]) -> tuple[Array, Array, Array]:
        """x as whole steps rounded down, what is left over and what a whole step is, the last two over one denominator."""
        size, per = step
        whole = x.under.modular * size.modular  # one step, over the denominator `x.under × per`
        about = x.under.about * size.about
        estimate = x.value * (per.about / size.about)
        blur = x.bound * (per.about / size.about) + np.abs(estimate) * (4 * U)
        self._doubt(~((np.abs(estimate) < SURE) & ((blur + 2) * about < SURE)))
        steps = np.where(np.abs(estimate) < SURE, np.floor(estimate), 0).astype(np.int64)
        rest = x.over * per.modular - steps * whole
        safe = np.where(whole > 0, whole, np.int64(1))
        off = np.floor_divide(rest, safe)
        return steps + off, rest - off * safe, safe

    # -- decisions -------------------------------------------------------------------------------

    def compared(self, name: str, x: Ring, y: Ring) -> Mask:
        return SIDES[name](self._sign(self.sub(x, y)), 0)

    def under(self, inclusive: Mask | bool, x: Ring, caps: Ring) -> Mask:
        """Whether x is under caps of the same length; an endless cap is inf."""
        endless = np.isinf(caps.value)
        sign = self._sign(self.sub(x, caps), known=endless)
        return endless | (sign < 0) | ((sign == 0) & inclusive)

    def surely_under(self, x: Ring, caps: Ring) -> Mask:
        return x.value + x.bound + caps.bound < caps.value

    def hold(self, x: Any) -> None:
        """Nothing is written over here."""

    release = hold

    def _sign(self, x: Ring, known: Mask | None = None) -> Array:
        """−1, 0 or 1: of the estimate where that is sure, else of the whole number."""
        sure = np.abs(x.value) > x.bound
        exact = (np.abs(x.value) + x.bound) * x.under.about < SURE
        doubtful = ~(sure | exact)
        self._doubt(doubtful if known is None else doubtful & ~known)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(sure, np.sign(x.value), np.sign(x.over))).astype(np.int64)

    def _doubt(self, rows: Mask) -> None:
        if np.any(rows):
            self.doubts.append(rows)

    # -- segments --------------------------------------------------------------------------------

    def nothing(self, n: int) -> Ring:
        return Ring(np.zeros(n), np.zeros(n), np.zeros(n, np.int64), ONE)

    def total(self, x: Ring, summed: Any, most: int) -> Ring:
        """Over one denominator, wrapped sums; where each row has its own, one member after another."""
        value = summed(x.value)
        sizes = summed(np.abs(x.value))
        bound = summed(x.bound) + sizes * ((most + 2) * U)
        if x.under.whole is not None:
            return Ring(value, bound * WIDE + TINY, summed(x.over), x.under)
        over, under = self._one_by_one(x, summed)
        return Ring(value, bound * WIDE + TINY, over, under)

    def _one_by_one(self, x: Ring, summed: Any) -> tuple[Array, Denominator]:
        over, modular, about = summed.none(np.int64(0)), summed.none(np.int64(1)), summed.none(1.0)
        for group, members in summed.in_turn():
            d, about_d = x.under.modular[members], x.under.about[members]
            over[group] = over[group] * d + x.over[members] * modular[group]
            modular[group] *= d
            about[group] *= about_d * WIDE
        return over, Denominator(None, modular, about)

    def gathered(self, x: Ring, key: Any) -> Ring:
        under = x.under if x.under.whole is not None else Denominator(None, x.under.modular[key], x.under.about[key])
        return Ring(x.value[key], x.bound[key], x.over[key], under)


def _common(x: Ring, y: Ring) -> tuple[Array, Array, Denominator]:
    """Both numerators over one denominator."""
    if x.under.whole is not None and y.under.whole is not None:
        if x.under.whole == y.under.whole:
            return x.over, y.over, x.under
        whole = lcm(x.under.whole, y.under.whole)
        return x.over * wrapped(whole // x.under.whole), y.over * wrapped(whole // y.under.whole), Denominator.of(whole)
    return x.over * y.under.modular, y.over * x.under.modular, x.under.times(y.under)


def _wide(bound: Array, value: Array) -> Array:
    return (bound + np.abs(value) * U) * WIDE + TINY


def _half_up(steps: Array, rest: Array, whole: Array, value: Array) -> Array:
    return np.where(rest >= whole - rest, np.int64(1), np.int64(0))


def _half_even(steps: Array, rest: Array, whole: Array, value: Array) -> Array:
    other = whole - rest
    return np.where((rest > other) | ((rest == other) & (steps % 2 == 1)), np.int64(1), np.int64(0))


_UP = {
    "round_up": lambda steps, rest, whole, value: (rest > 0).astype(np.int64),
    "round_down": lambda steps, rest, whole, value: np.int64(0),
    "round_toward_zero": lambda steps, rest, whole, value: ((rest > 0) & (steps < 0)).astype(np.int64),
    "round_away_from_zero": lambda steps, rest, whole, value: ((rest > 0) & (steps >= 0)).astype(np.int64),
    "round_half_up": _half_up,
    "round_half_even": _half_even,
}
