"""Columns as they come: what each kind of figure means, and what is no column."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from riskrules.batch import arrow
from riskrules.batch.columns import Figures, figures, shortest
from riskrules.batch.reading import Coded, NotATable, positions_of

ONE = {"market": ["BTC-USDT"], "mode": ["isolated"], "size": [1.0]}


def read(column: Any) -> Figures:
    return arrow.figures_of(column) or figures(column)


@pytest.mark.parametrize(
    "column, means, why",
    [
        (np.array([0.1]), "0.1", "a float64 means the shortest decimal that prints it"),
        (np.array([1e-7]), "0.0000001", "however small"),
        (np.array([123456789.123456789]), "123456789.12345679", "seventeen digits are read one by one"),
        (np.array([3]), "3", "a whole number"),
        (np.array([2**60 + 1]), str(2**60 + 1), "one that no float holds"),
        (["0.10000000000000000001"], "0.10000000000000000001", "text means itself"),
        (["1/3"], "1/3", "a quotient too"),
        (pa.array(["64123.4"]), "64123.4", "text of Arrow"),
        (pa.array(["0.1234567890123456789012"]), "0.1234567890123456789012", "longer than any whole number of 64 bits"),
        (pa.array([Decimal("64123.40")]), "64123.4", "a decimal means itself"),
        (pa.array([Decimal("12345678901234567890.12345")], pa.decimal128(38, 5)), "12345678901234567890.12345", "a wide one as well"),
        (pa.array([7], pa.int8()), "7", "a small whole number"),
        (pa.array([0.1], pa.float32()), "0.1", "a float32 means what it prints"),
    ],
)
def test_what_a_figure_means(column: Any, means: str, why: str) -> None:
    value = read(column).exact(0)
    assert value is not None
    assert Fraction(*value) == Fraction(means), why


@pytest.mark.parametrize(
    "column",
    [np.array([np.nan]), [None], [""], ["much"], pa.array([None], pa.float64()), pa.array([None], pa.string()), ["nan"], ["1e400"]],
)
def test_what_is_no_figure_is_none(column: Any) -> None:
    assert not read(column).given()[0]


def test_shortest_decimals_are_those_that_python_prints() -> None:
    dice = np.random.default_rng(1)
    values = np.concatenate([np.round(10 ** dice.uniform(-6, 9, 2000), k) for k in range(9)])
    digits, places, bad = shortest(values)
    for k in np.flatnonzero(~bad):
        assert Fraction(int(digits[k]), 10 ** int(places[k])) == Fraction(repr(float(values[k])))
    assert bad.mean() < 0.2


@pytest.mark.parametrize(
    "change, said, why",
    [
        ({"size": np.array([True])}, "no column of figures", "flags are no sizes"),
        ({"size": [[1.0]]}, "no column of figures", "a list in a cell"),
        ({"mark_price": [1.0, 2.0]}, "has 2 rows, and market has 1", "columns of two lengths"),
        ({"side": ["up"]}, "column side says 'up'", "no side"),
        ({"time": ["2026-10-01"]}, "column time says '2026-10-01'", "a time without an offset"),
        ({"time": pa.array([0], pa.timestamp("s"))}, "times without an offset", "Arrow's times too"),
        ({"mode": ["cross"]}, "no column account", "whose is it?"),
    ],
)
def test_what_is_no_column_is_refused(change: dict[str, Any], said: str, why: str) -> None:
    with pytest.raises(NotATable) as error:
        positions_of({**ONE, **change})
    assert said in error.value.text, why


def test_text_beyond_32_bits_is_refused_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def overflows(*_: Any) -> None:
        raise pa.ArrowInvalid("offset overflow while concatenating arrays")

    table = pa.table({"market": pa.chunked_array([["BTC-USDT"], ["ETH-USDT"]]), "mode": ["isolated"] * 2, "size": [1.0, 2.0]})
    monkeypatch.setattr("riskrules.batch.arrow._concatenated", overflows)
    with pytest.raises(NotATable, match="more text than 32-bit offsets reach"):
        positions_of(table)


@pytest.mark.parametrize(
    "size, side, signed, why",
    [
        (1.0, "short", -1.0, "the side says which"),
        (1.0, "sell", -1.0, "so does this"),
        (-1.0, "short", -1.0, "the sign agrees"),
        (1.0, "long", 1.0, "a long"),
        (-1.0, "both", -1.0, "one-way: the sign says"),
    ],
)
def test_a_side_gives_the_sign(size: float, side: str, signed: float, why: str) -> None:
    assert positions_of({**ONE, "size": [size], "side": [side]}).positions.size.floats.tolist() == [signed], why


def test_a_side_that_contradicts_the_sign_leaves_no_size() -> None:
    assert np.isnan(positions_of({**ONE, "size": [-1.0], "side": ["long"]}).positions.size.floats[0])


def test_coded_words_are_read_as_they_are() -> None:
    made = positions_of({**ONE, "market": Coded(np.array([1]), ("ETH-USDT", "BTC-USDT"))}).positions
    assert made.market_names[made.market[0]] == "BTC-USDT"


def test_what_was_given_is_never_written_over() -> None:
    """A column that is its own memory, with a row left out so that the others are moved together."""
    import riskrules
    from tests.places import POLICIES

    n = 50
    columns: dict[str, Any] = {
        "market": ["BTC-USDT"] * n, "mode": ["isolated"] * n, "size": np.arange(n) / 10, "entry_price": np.full(n, 63000.0),
        "mark_price": np.full(n, 64123.4), "leverage": np.full(n, 20.0), "margin": np.linspace(0, 9000, n),
    }  # fmt: skip
    kept = {name: np.array(column) for name, column in columns.items()}
    book = riskrules.load(POLICIES / "binance-usdm", as_of="2026-10-01T00:00:00Z")
    first, second = book.evaluate(columns), book.evaluate(columns)
    assert all(np.array_equal(kept[name], np.array(columns[name])) for name in columns)
    assert np.array_equal(first.raw("equity"), second.raw("equity"), equal_nan=True)
