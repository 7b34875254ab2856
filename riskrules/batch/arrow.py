"""Arrow's columns, where a table has them; numpy's and lists pass through.  pyarrow is imported only for a table that speaks Arrow."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from riskrules.batch.columns import Figures

Array = Any
MISSING = "reading and writing Arrow tables needs pyarrow: pip install 'riskrules[batch]'"


class NoArrow(Exception):
    """pyarrow is not there; prints what to install."""


def pyarrow() -> Any:
    try:
        import pyarrow as pa
        import pyarrow.compute
    except ImportError as error:
        raise NoArrow(MISSING) from error
    return pa


def speaks_arrow(table: Any) -> bool:
    return hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__")


def columns_of(table: Any) -> dict[str, Any]:
    """The columns by name."""
    if isinstance(table, Mapping):
        return dict(table)
    if not speaks_arrow(table):
        raise TypeError(f"{type(table).__name__} is neither a mapping of columns nor a table that speaks Arrow")
    pa = pyarrow()
    whole = table if isinstance(table, pa.Table) else pa.table(table)
    return {name: _one_piece(pa, name, whole.column(name)) for name in whole.column_names}


class TooMuchText(ValueError):
    """A column whose text no 32-bit offsets reach."""


def _one_piece(pa: Any, name: str, column: Any) -> Any:
    try:
        made = _concatenated(column)
    except pa.ArrowInvalid as error:
        raise TooMuchText(f"column {name} holds more text than 32-bit offsets reach") from error
    if isinstance(made, pa.ChunkedArray):
        raise TooMuchText(f"column {name} holds more text than 32-bit offsets reach")
    return made


def _concatenated(column: Any) -> Any:
    return _text_in_order(column.combine_chunks())


def _text_in_order(array: Any) -> Any:
    """Text that is held as views (as polars hands it over) laid end to end: Arrow's own functions take no views yet."""
    pa = pyarrow()
    views = getattr(pa.types, "is_string_view", lambda kind: False)
    if views(array.type):
        return array.cast(pa.large_string())
    if pa.types.is_dictionary(array.type) and views(array.type.value_type):
        return array.cast(pa.dictionary(array.type.index_type, pa.large_string()))
    return array


def _of_arrow(column: Any) -> Any:
    """pyarrow, where the column is one of its own."""
    pa = sys.modules.get("pyarrow")
    if pa is None or not isinstance(column, pa.Array | pa.ChunkedArray):
        return None
    return pa


def _whole(pa: Any, column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


class Texts(Sequence[str | None]):
    """Text as Arrow holds it, read when it is asked for."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, k: Any) -> Any:
        return Texts(self._array[k]) if isinstance(k, slice) else self._array[int(k)].as_py()

    def some(self, places: Array) -> list[str | None]:
        found: list[str | None] = self._array.take(pyarrow().array(places)).to_pylist()
        return found


def figures_of(column: Any) -> Figures | None:
    """None where the column is not Arrow's.  Raises `ValueError` for what is no column of figures."""
    pa = _of_arrow(column)
    if pa is None:
        return None
    array, types = _whole(pa, column), pa.types
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if types.is_float64(array.type):
        return Figures(array.to_numpy(zero_copy_only=False))
    if types.is_integer(array.type) or types.is_floating(array.type):
        wide = pa.compute.max(pa.compute.abs(array)).as_py() if types.is_integer(array.type) and len(array) else 0
        if types.is_integer(array.type) and (wide or 0) < 2**53:
            return Figures(array.cast(pa.float64()).to_numpy(zero_copy_only=False))
        return _read(pa, array.cast(pa.string()))
    if types.is_decimal(array.type):
        return _decimals(pa, array)
    if types.is_string(array.type) or types.is_large_string(array.type):
        return _read(pa, array)
    if types.is_null(array.type):
        return Figures(np.full(len(array), np.nan))
    raise ValueError(str(array.type))


def _read(pa: Any, array: Any) -> Figures:
    """Numbers as text: the floats at once where all of them read so, else one by one."""
    from riskrules.batch.columns import texts_of

    try:
        floats = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return texts_of(array.to_pylist())
    if not np.isfinite(floats[~np.isnan(floats)]).all():
        return texts_of(array.to_pylist())
    return _as_decimals(pa, array) or Figures(floats, Texts(array))


def _as_decimals(pa: Any, array: Any) -> Figures | None:
    """Text of plain decimals, none of them long, as the whole numbers that they are."""
    places = 0
    if len(array):
        point = pa.compute.find_substring(array, ".")
        after = pa.compute.subtract(pa.compute.subtract(pa.compute.utf8_length(array), point), 1)
        places = pa.compute.max(pa.compute.if_else(pa.compute.less(point, 0), 0, after)).as_py() or 0
    if places > 18:
        return None
    try:
        made = array.cast(pa.decimal128(38, places))
    except pa.ArrowInvalid:
        return None
    widest = pa.compute.max(pa.compute.abs(made)).as_py()
    return None if widest is not None and widest.scaleb(places) >= 2**62 else _decimals(pa, made)


def _decimals(pa: Any, array: Any) -> Figures:
    """Whole numbers of the decimal's own places, where 64 bits hold them; else its text."""
    kind = array.type
    if kind.precision > 18 or kind.scale < 0 or kind.scale > 18:
        wide = pa.compute.max(pa.compute.abs(array)).as_py()
        if kind.scale < 0 or kind.scale > 18 or (wide is not None and wide.scaleb(kind.scale) >= 2**62):
            return _read(pa, array.cast(pa.string()))
    array = array.cast(pa.decimal128(38, kind.scale))
    words = np.frombuffer(array.buffers()[1], dtype=np.int64)[2 * array.offset : 2 * (array.offset + len(array)) : 2]
    floats = words / 10.0**kind.scale
    if array.null_count:
        floats = np.where(array.is_null().to_numpy(zero_copy_only=False), np.nan, floats)
    return Figures(floats, None, words.copy(), kind.scale)


def words_of(column: Any) -> tuple[Array, tuple[str, ...]] | None:
    """Places in the distinct words; a row without one has the empty word."""
    pa = _of_arrow(column)
    if pa is None:
        return None
    array = _whole(pa, column)
    coded = array if pa.types.is_dictionary(array.type) else array.cast(pa.string()).dictionary_encode()
    names = [str(name) if name is not None else "" for name in coded.dictionary.to_pylist()]
    places = coded.indices
    if places.null_count:
        names.append("")
        places = places.fill_null(len(names) - 1)
    return places.to_numpy(zero_copy_only=False).astype(np.intp), tuple(names)


def instants_of(column: Any) -> Array | str | None:
    """Nanoseconds; what is wrong; or None where the column is not Arrow's, or is text."""
    pa = _of_arrow(column)
    if pa is None:
        return None
    array = _whole(pa, column)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return instants_of_text(pa, array)
    if not pa.types.is_timestamp(array.type):
        return f"is {array.type}, and no column of times"
    if array.type.tz is None:
        return "holds times without an offset"
    whole = array.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    return whole.fill_null(np.iinfo(np.int64).min).to_numpy(zero_copy_only=False)


def instants_of_text(pa: Any, array: Any) -> Array | str:
    from riskrules.units.clock import instant

    coded = array.dictionary_encode()
    words = coded.dictionary.to_pylist()
    found = [instant(word) for word in words]
    strange = [word for word, at in zip(words, found, strict=True) if at is None and word]
    if strange:
        return f"says {strange[0]!r}"
    nothing = np.iinfo(np.int64).min
    times = np.array([nothing if at is None else at for at in found] + [nothing], dtype=np.int64)
    places = coded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
    return times[places]


def changes_of(column: Any) -> Array:
    """Of each row but the first, whether it differs from the one before."""
    pa = _of_arrow(column)
    if pa is None:
        array = np.asarray(column)
        return array[1:] != array[:-1]
    array = _whole(pa, column)
    if pa.types.is_dictionary(array.type):
        places = array.indices.to_numpy(zero_copy_only=False)
        return places[1:] != places[:-1]
    return pa.compute.not_equal(array[1:], array[:-1]).fill_null(True).to_numpy(zero_copy_only=False)


def some_of(column: Any, places: Array) -> Any:
    pa = _of_arrow(column)
    return np.asarray(column)[places] if pa is None else _whole(pa, column).take(pa.array(places))


def first_twice(names: Any, times: Array | None) -> str | None:
    """The first name (at one time) that comes in two runs."""
    pa = _of_arrow(names)
    array = names.to_numpy(zero_copy_only=False) if pa is not None and not pa.types.is_dictionary(names.type) else names
    if pa is not None and pa.types.is_dictionary(names.type):
        array = names.indices.to_numpy(zero_copy_only=False)
    array = np.asarray(array)
    if array.dtype.kind == "O":
        array = array.astype(str)
    if times is None:
        if len(array) < 2 or bool(np.all(array[1:] > array[:-1])):
            return None
        _, first, counts = np.unique(array, return_index=True, return_counts=True)
    else:
        _, first, counts = np.unique(np.rec.fromarrays([array, times]), return_index=True, return_counts=True)
    twice = first[counts > 1]
    if not len(twice):
        return None
    found = names[int(twice.min())]
    return str(found.as_py() if pa is not None else found)


class Index:
    """Where the rows of each account are, in a table in any order."""

    def __init__(self, column: Any) -> None:
        names = np.asarray(_plain(column))
        self._as_text = names.dtype.kind in "OU"
        names = names.astype(str) if self._as_text else names
        risen = len(names) < 2 or bool(np.all(names[1:] >= names[:-1]))
        self._once = risen and bool(np.all(names[1:] != names[:-1]))
        self._order = None if risen else np.argsort(names, kind="stable")
        self._names = names if risen else names[self._order]

    def matched(self, asked: Any) -> tuple[Array, Array]:
        """The rows of the names, in the order of the names, and which name each is of.  A name that comes again has its rows again."""
        wanted = np.asarray(_plain(asked))
        if self._as_text or wanted.dtype.kind in "OU":
            wanted = wanted.astype(str)
            if not self._as_text:
                self._as_text, self._names = True, self._names.astype(str)
                self._order = np.argsort(self._names, kind="stable") if self._order is None else self._order
                self._names = np.sort(self._names)
        if self._once and np.array_equal(self._names[: len(wanted)], wanted):
            every = np.arange(len(wanted))  # a row for each name in their order, as in tables that belong together
            return every, every
        low = np.searchsorted(self._names, wanted, side="left")
        if self._once:
            found = np.flatnonzero(self._names[np.minimum(low, len(self._names) - 1)] == wanted) if len(self._names) else low[:0]
            return low[found], found
        high = np.searchsorted(self._names, wanted, side="right")
        counts = high - low
        account = np.repeat(np.arange(len(wanted)), counts)
        within = np.arange(len(account)) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = np.repeat(low, counts) + within
        return rows if self._order is None else self._order[rows], account


def _plain(column: Any) -> Any:
    pa = _of_arrow(column)
    if pa is None:
        return column
    array = _whole(pa, column)
    return (array.dictionary_decode() if pa.types.is_dictionary(array.type) else array).to_numpy(zero_copy_only=False)
