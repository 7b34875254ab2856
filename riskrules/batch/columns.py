"""A column of figures that may be read three ways: as float64, as whole numbers modulo 2⁶⁴, and one by one exactly.

A float64 means the shortest decimal that prints it; text and decimals mean themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import Any

import numpy as np

from riskrules.ir.floats import Float, U
from riskrules.ir.ring import TINY, WIDE, Denominator, Ring, wrapped
from riskrules.units.exact import Exact, loose_number

Array = Any
MOST_DIGITS = 1e15  # a decimal of so many digits or fewer is the only one of its length that its float64 can mean
MOST_PLACES = 22  # 10^22 is the last power of ten that a float64 holds
_POWERS = 10.0 ** np.arange(MOST_PLACES + 1)
_WHOLE = np.array([wrapped(10**k) for k in range(2 * MOST_PLACES)], dtype=np.int64)


class Figures:
    """`floats` is NaN where nothing (or nothing readable) was given.

    `texts` are the figures as written, where they came as text; `digits` ÷ 10^`places` where they came as decimals.
    """

    def __init__(self, floats: Array, texts: Sequence[str | None] | None = None, digits: Array | None = None, places: int = 0) -> None:
        self.floats, self.texts, self.digits, self.places = floats, texts, digits, places
        self._low: float | None = None
        self._high: float | None = None

    def __len__(self) -> int:
        return len(self.floats)

    def rows(self, chosen: Any) -> Figures:
        """Some of the rows: a slice, or places."""
        digits = None if self.digits is None else self.digits[chosen]
        texts = self.texts
        if texts is not None:
            some = getattr(texts, "some", None)
            texts = texts[chosen] if isinstance(chosen, slice) else some(chosen) if some else [texts[int(k)] for k in chosen]
        return Figures(self.floats[chosen], texts, digits, self.places)

    def followed_by(self, value: float, count: int, first: bool = False) -> Figures:
        """The column with so many rows of one plain figure (or of none: NaN) after it, or before it."""
        more = np.full(count, value)
        word = None if np.isnan(value) else repr(float(value))
        words = [word] * count
        floats = np.r_[more, self.floats] if first else np.r_[self.floats, more]
        if self.texts is not None:
            return Figures(floats, [*words, *self.texts] if first else [*self.texts, *words])
        if self.digits is not None:
            whole = np.full(count, 0 if np.isnan(value) else round(value) * 10**self.places, np.int64)
            return Figures(floats, None, np.r_[whole, self.digits] if first else np.r_[self.digits, whole], self.places)
        return Figures(floats)

    def given(self) -> Array:
        return np.isfinite(self.floats)

    def all_given(self) -> bool:
        """Whether every row has a figure; NaN is none."""
        return not len(self.floats) or bool(self.low() > -np.inf and self.high() < np.inf)

    def low(self) -> float:
        """The least figure; NaN where a row has none."""
        if self._low is None:
            self._low = float(np.minimum.reduce(self.floats)) if len(self.floats) else 0.0
        return self._low

    def high(self) -> float:
        """The largest figure; NaN where a row has none."""
        if self._high is None:
            self._high = float(np.maximum.reduce(self.floats)) if len(self.floats) else 0.0
        return self._high

    def as_float(self, signed: bool = True) -> Float:
        return Float(self.floats, 1 if self.digits is None else 2, None, 0.0, signed)

    def as_ring(self, by_row: bool) -> tuple[Ring, Array]:
        """The exact column, over one denominator or over each row's own; and the rows that it could not hold."""
        if self.texts is not None:
            return _of_texts(self.floats, self.texts, by_row)
        if self.digits is not None:
            return _ring(self.floats, self.digits, Denominator.of(10**self.places)), ~np.isfinite(self.floats)
        digits, places, bad = shortest(self.floats)
        if by_row:
            return _ring(self.floats, digits, Denominator(None, _WHOLE[places], _POWERS[places])), bad
        most = int(places.max()) if len(places) else 0
        return _ring(self.floats, digits * _WHOLE[most - places], Denominator.of(10**most)), bad

    def exact(self, row: int) -> Exact | None:
        """One figure exactly, or None where there is none."""
        if self.texts is not None:
            text = self.texts[row]
            return None if text is None else loose_number(text)
        value = float(self.floats[row])
        if not np.isfinite(value):
            return None
        return loose_number(repr(value)) if self.digits is None else (int(self.digits[row]), 10**self.places)


def shortest(floats: Array) -> tuple[Array, Array, Array]:
    """The shortest decimals as digits and places; and the rows where they are longer than can be told so."""
    digits = np.zeros(len(floats), np.int64)
    places = np.zeros(len(floats), np.intp)
    open_rows = np.arange(len(floats))
    for k in range(MOST_PLACES + 1):
        x = floats[open_rows]
        scaled = np.rint(x * _POWERS[k])
        fits = (np.abs(scaled) < MOST_DIGITS) & (scaled / _POWERS[k] == x)
        done = open_rows[fits]
        digits[done] = scaled[fits].astype(np.int64)
        places[done] = k
        open_rows = open_rows[~fits]
        if not len(open_rows):
            break
    bad = np.zeros(len(floats), bool)
    bad[open_rows] = True
    return digits, places, bad


def _ring(floats: Array, over: Array, under: Denominator) -> Ring:
    return Ring(floats, np.abs(floats) * (2 * U) + TINY, over, under)


def _of_texts(floats: Array, texts: Sequence[str | None], by_row: bool) -> tuple[Ring, Array]:
    found = [None if text is None else loose_number(text) for text in texts]
    bad = np.array([one is None for one in found], dtype=bool)
    if by_row:
        over = np.array([0 if one is None else wrapped(one[0]) for one in found], dtype=np.int64)
        under = Denominator(
            None,
            np.array([1 if one is None else wrapped(one[1]) for one in found], dtype=np.int64),
            np.array([1.0 if one is None else float(one[1]) * WIDE for one in found]),
        )
        return _ring(floats, over, under), bad
    whole = lcm(*{one[1] for one in found if one is not None}, 1)
    over = np.array([0 if one is None else wrapped(one[0] * (whole // one[1])) for one in found], dtype=np.int64)
    return _ring(floats, over, Denominator.of(whole)), bad


def figures(column: Any) -> Figures:
    """Of floats, whole numbers, text, or text and None.  Raises `ValueError` for what is no column of figures."""
    if isinstance(column, Figures):
        return column
    array = np.asarray(column)
    if array.ndim != 1:
        raise ValueError("a column has one dimension")
    if array.dtype.kind == "f":
        return (
            Figures(array.astype(np.float64, copy=False)) if array.dtype.itemsize == 8 else texts_of([repr(float(str(x))) for x in array])
        )
    if array.dtype.kind in "iu":
        small = not len(array) or (int(array.max()) < 2**53 and int(array.min()) > -(2**53))
        return Figures(array.astype(np.float64)) if small else texts_of([str(int(x)) for x in array])
    if array.dtype.kind in "UO":
        return texts_of([None if x is None or x == "" or x != x else str(x) for x in array.tolist()])
    raise ValueError(f"{array.dtype} is no column of figures")


def texts_of(texts: list[str | None]) -> Figures:
    """A text that is no number is as good as none, and its row says so."""
    values = [_float(text) for text in texts]
    return Figures(np.array(values, dtype=np.float64), texts)


def _float(text: str | None) -> float:
    value = None if text is None else loose_number(text)
    if value is None:
        return float("nan")
    try:
        return value[0] / value[1]
    except OverflowError:
        return float("inf")
