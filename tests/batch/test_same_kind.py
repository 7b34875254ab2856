"""The kind of table that came in goes out: each library's own, without the others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import riskrules
from riskrules.batch.door import Evaluation
from tests.places import POLICIES

AT = "2026-10-01T00:00:00Z"
BOOK = riskrules.load(POLICIES / "binance-usdm", as_of=AT)
COLUMNS: dict[str, Any] = {
    "account": ["a", "a", "b"], "position_id": ["p", "q", "r"], "market": ["BTC-USDT", "ETH-USDT", "BTC-USDT"], "mode": ["isolated"] * 3,
    "size": [1.0, -2.0, 1.0], "entry_price": [64000.0, 3000.0, 64000.0], "mark_price": [64000.0, 3000.0, 64000.0],
    "leverage": [10.0, 10.0, 10.0], "margin": [6400.0, 600.0, 0.0],
}  # fmt: skip
DECIDED = ["healthy", "healthy", "liquidate"]


def polars() -> Any:
    return pytest.importorskip("polars").DataFrame(COLUMNS)


def pandas() -> Any:
    return pytest.importorskip("pandas").DataFrame(COLUMNS)


def duckdb() -> Any:
    return pytest.importorskip("duckdb").from_arrow(pa.table(COLUMNS))


def batch() -> Any:
    return pa.RecordBatch.from_pydict(COLUMNS)


KINDS = {"polars": polars, "pandas": pandas, "Arrow table": lambda: pa.table(COLUMNS), "record batch": batch}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_the_kind_that_came_goes_out(make: Callable[[], Any]) -> None:
    given = make()
    out = BOOK.evaluate(given).table()
    assert type(out) is type(given)
    assert list(out["decision"].to_pylist() if isinstance(out, pa.Table | pa.RecordBatch) else out["decision"]) == DECIDED
    assert [str(name) for name in out["position_id"]] == ["p", "q", "r"]


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_table_without_rows_is_one_too(make: Callable[[], Any]) -> None:
    given = make()[:0]
    out = BOOK.evaluate(given).table()
    assert (type(out), len(out)) == (type(given), 0)


def test_columns_go_out_as_columns() -> None:
    out = BOOK.evaluate(COLUMNS).table()
    assert out["position_id"] is COLUMNS["position_id"], "as it came"
    assert list(out["decision"]) == DECIDED
    assert isinstance(out["equity"], np.ndarray)
    assert "size" not in out, "what says which row it is, and what was decided"


def test_a_frame_keeps_its_index() -> None:
    frame = pandas()
    for index in (frame["position_id"].tolist(), [7, 5, 3]):
        assert list(BOOK.evaluate(frame.set_axis(index)).table().index) == index
    named = BOOK.evaluate(frame.set_index("account")).table()
    assert (named.index.name, "account" in named) == ("account", False), "it stands once"


def test_words_go_out_in_the_type_they_came_in() -> None:
    """Text, categories and enums: polars hands each over as views, which few of Arrow's functions take."""
    pl = pytest.importorskip("polars")
    for kind in (pl.String, pl.Categorical, pl.Enum(["BTC-USDT", "ETH-USDT"])):
        given = polars().with_columns(pl.col("market").cast(kind), pl.col("mode").cast(pl.Categorical), pl.col("size").cast(pl.String))
        out = BOOK.evaluate(given).table()
        assert (out.schema["market"], out["market"].to_list(), out["decision"].to_list()) == (kind, COLUMNS["market"], DECIDED)


def test_a_stream_is_read_once() -> None:
    out = BOOK.evaluate(pa.table(COLUMNS).to_reader()).table()
    assert isinstance(out, pa.RecordBatchReader)
    assert out.read_all()["decision"].to_pylist() == DECIDED


def test_another_that_speaks_arrow_is_answered_in_arrow() -> None:
    made = BOOK.evaluate(duckdb()).table()
    assert isinstance(made, pa.Table)
    assert made["decision"].to_pylist() == DECIDED


def test_exact_amounts_stay_exact() -> None:
    made: Evaluation = BOOK.evaluate(pa.table(COLUMNS), amounts="exact")
    assert pa.types.is_decimal(made.table()["maintenance_margin"].type)


def test_no_library_is_loaded_for_another_ones_table() -> None:
    code = f"""
import sys, riskrules
out = riskrules.load({str(POLICIES / "binance-usdm")!r}, as_of={AT!r}).evaluate({COLUMNS!r}).table()
print([name for name in ("pyarrow", "polars", "pandas") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
