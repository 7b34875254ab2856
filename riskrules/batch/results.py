"""An evaluation as an Arrow table: words coded, amounts as float64 or as decimals of the quantum, blanks where there is no figure."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from riskrules.batch.arrow import pyarrow
from riskrules.batch.decided import DECISIONS, LARGE, NO_AMOUNT
from riskrules.batch.evaluate import Outcome
from riskrules.batch.reading import CARRIED, Coded

Array = Any
PLACES = 8
DIGITS = 12  # of a digest


def result_table(given: dict[str, Any], outcome: Outcome) -> Any:
    """The columns that say which row it is, as they came, and then what was decided."""
    pa = pyarrow()
    columns = {name: _carried(pa, column) for name, column in given.items() if name in CARRIED}
    for name, column in outcome.positions.items():
        columns[name] = _column(pa, name, column, outcome)
    return pa.table(columns)


def same_kind(table: Any, given: Any) -> Any:
    """An Arrow table as the kind of `given`; a library is used only where `given` is one of its own, so it is loaded already."""
    pa, polars, pandas = pyarrow(), sys.modules.get("polars"), sys.modules.get("pandas")
    if isinstance(given, pa.RecordBatch):
        return table.combine_chunks().to_batches()[0] if table.num_rows else pa.RecordBatch.from_pylist([], table.schema)
    if isinstance(given, pa.RecordBatchReader):
        return table.to_reader()
    if polars is not None and isinstance(given, polars.DataFrame):
        return polars.from_arrow(table).cast({name: kind for name, kind in given.schema.items() if name in CARRIED})
    if pandas is not None and isinstance(given, pandas.DataFrame):
        shown = table.drop_columns([name for name in given.index.names if name in table.column_names])
        return shown.to_pandas().set_axis(given.index)  # rows of a frame go by their index
    return table


def pools_table(names: Any, ids: Any, outcome: Outcome) -> Any:
    """One row a pool that holds something; `names` are those of the accounts, `ids` of the positions (either may be None)."""
    pa = pyarrow()
    parts = [outcome.pools[low] for low in sorted(outcome.pools)]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else {})}
    if not whole:
        return None
    rows, account = whole.pop("row"), whole.pop("account")
    settle = whole.pop("settle")
    columns: dict[str, Any] = {}
    columns["account"] = pa.array(account) if names is None else _arrow(pa, names).take(pa.array(account))
    columns["mode"] = _words(pa, (settle >= 0).astype(np.int8), ("isolated", "cross"))
    columns["settle"] = _words(pa, settle, tuple(outcome.settles))
    isolated = np.where((settle >= 0) | (rows < 0), -1, rows)
    if ids is not None:
        columns["position_id"] = _arrow(pa, ids).take(pa.array(isolated, mask=isolated < 0))
    else:
        columns["row"] = pa.array(isolated, mask=isolated < 0)
    for name, column in whole.items():
        columns[name] = _column(pa, name, column, outcome)
    return pa.table(columns)


def _carried(pa: Any, column: Any) -> Any:
    if isinstance(column, Coded):
        return pa.DictionaryArray.from_arrays(pa.array(column.places), pa.array(list(column.words)))
    return _arrow(pa, column)


def _arrow(pa: Any, values: Any) -> Any:
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    return values if isinstance(values, pa.Array) else pa.array(values)


def _column(pa: Any, name: str, column: Array, outcome: Outcome) -> Any:
    if name == "decision":
        return _words(pa, column, DECISIONS)
    if name == "state":
        return _words(pa, column, tuple(outcome.state_names))
    if name == "digest":
        return _words(pa, column, tuple(digest[:DIGITS] for digest in outcome.digests))
    if name == "code":
        return _codes(pa, column)
    if name == "tier":
        return pa.array(column, mask=column == 0)
    if column.dtype == np.int64:
        return _decimals(pa, name, column, outcome)
    return pa.array(column, from_pandas=True)


def _words(pa: Any, places: Array, words: tuple[str, ...]) -> Any:
    """Coded, with no code where there is no word."""
    indices = pa.array(places.astype(np.int16), mask=places < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(words), pa.string()))


def _codes(pa: Any, codes: Array) -> Any:
    found = np.unique(codes)
    words = [f"RR{code}" for code in found if code]
    place = np.full(int(codes.max(initial=0)) + 1, -1, np.int16)
    place[found[found > 0]] = np.arange(len(words))
    return _words(pa, place[codes], tuple(words))


def _decimals(pa: Any, name: str, whole: Array, outcome: Outcome) -> Any:
    """Decimals of the quantum: the low word is the amount itself, the high one its sign."""
    none = whole == NO_AMOUNT
    words = np.empty(2 * len(whole), np.int64)
    words[::2] = whole
    words[1::2] = whole >> 63
    for row in np.flatnonzero(whole == LARGE):
        amount = outcome.large.get((name, int(row)))
        none[row] = amount is None
        if amount is not None:
            words[2 * row], words[2 * row + 1] = _two_words(amount)
    mask = pa.array(~none).buffers()[1] if none.any() else None
    return pa.Array.from_buffers(pa.decimal128(38, PLACES), len(whole), [mask, pa.py_buffer(words)])


def _two_words(amount: int) -> tuple[int, int]:
    low = amount & ((1 << 64) - 1)
    return low - (1 << 64) if low >> 63 else low, amount >> 64
