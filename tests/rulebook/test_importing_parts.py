"""The importer's parts: names, places in a JSON text, and the stand-ins of figures that cannot be read."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskrules.rulebook.importing.json_text import JsonText, read_json
from riskrules.rulebook.importing.mend import mended
from riskrules.rulebook.importing.names import COIN_QUOTES, QUOTES, Unnamed, market_of


@pytest.mark.parametrize(
    "symbol, market, why",
    [
        ("BTC/USDT:USDT", "BTC-USDT", "ccxt's spelling"),
        ("BTC/USDT:USDT-250926", "BTC-USDT-250926", "a dated future"),
        ("BTC/USD:BTC", "BTC-USD", "margined in its base"),
        ("ETH/BTC:BTC", "ETH-BTC", "quoted in a coin"),
        ("BTC/U:U", "BTC-U", "a quote of one letter"),
        ("BTCUSDT", "BTC-USDT", "the venue's spelling"),
        ("BTCSTUSDT", "BTCST-USDT", "the quote is what it ends in"),
        ("BTCBUSD_210129", "BTC-BUSD-210129", "the venue's dated future"),
        ("BTCUSD1", "BTC-USD1", "a quote with a digit"),
        ("龙虾USDT", "龙虾-USDT", "a name in Chinese stays"),
        ("e\u0301/USDT:USDT", "\xe9-USDT", "one spelling of each letter (NFC)"),
    ],
)
def test_a_symbol_names_its_market(symbol: str, market: str, why: str) -> None:
    assert market_of(symbol) == market, why


@pytest.mark.parametrize(
    "symbol, words, why",
    [
        ("BTC/USDT", "not a perpetual", "a spot market has no tiers"),
        ("BTC/USDT:USDT-250926-50000-C", "not a perpetual", "an option has none either"),
        ("BTC/USDT:USDC", "settles in USDC, neither its quote nor its base", "quanto"),
        ("BTCEUR", "ends in no known quote", "no guessing where the base ends"),
        ("USDT", "ends in no known quote", "a quote without a base"),
        ("BT C/USDT:USDT", "not a perpetual", "a space"),
        ("B\u0422C/USDT:USDT", "not a market name", "a Cyrillic letter in a Latin word"),
        ("BTC\u200b/USDT:USDT", "not a market name", "a character nobody sees"),
        ("\ud800/USDT:USDT", "not a market name", "half a character"),
        ("A-B/USDT:USDT", "not a perpetual", "a dash would make it another market"),
        ("", "no known quote", "nothing"),
    ],
)
def test_a_symbol_that_names_none(symbol: str, words: str, why: str) -> None:
    with pytest.raises(Unnamed) as refused:
        market_of(symbol)
    assert words in refused.value.text, why
    assert refused.value.text.isascii(), "a hidden letter is printed by its number"


def test_a_symbol_that_names_two() -> None:
    with pytest.raises(Unnamed, match="BTC-BUSD or BTCB-USD"):
        market_of("BTCBUSD", (*QUOTES, *COIN_QUOTES))


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
)


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(path, value), *(found for step, item in inner for found in paths_of(item, (*path, step)))]


@given(value=json_values, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_every_value_is_found_where_it_stands(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    lines = text.split("\n")
    for path, item in paths_of(value):
        at = JsonText(text, "a.json").at(path)
        start = sum(len(line) + 1 for line in lines[: at.line - 1]) + at.column - 1
        end = sum(len(line) + 1 for line in lines[: at.end_line - 1]) + at.end_column - 1
        assert json.loads(text[start:end]) == item


def test_a_number_stays_what_was_printed() -> None:
    value, _, problems = read_json(b'[0.0040, 1e-05, 12345678901234567890, "0.10"]', "a.json")
    assert (value, problems) == (["0.0040", "1e-05", "12345678901234567890", "0.10"], [])


F = Fraction


@pytest.mark.parametrize(
    "row, figure, stand_in, guessed_from, why",
    [
        (1, "rate", "0.02", 3, "the amount says which rate it was"),
        (0, "rate", "0.01", 0, "the first amount says nothing of its rate"),
        (0, "cap", "5000", 3, "the next floor is the same figure"),
        (2, "cap", "20000", 3, "no amount follows from the last cap"),
        (1, "leverage", "15", 3, "no amount follows from a leverage"),
    ],
)
def test_a_stand_in_is_what_the_others_say(row: int, figure: Any, stand_in: str, guessed_from: int, why: str) -> None:
    figures = ("floor", "cap", "rate", "leverage", "amount")
    written = [("0", "5000", "0.01", "25", "0"), ("5000", "10000", "0.02", "20", "50"), ("10000", "20000", "0.05", "5", "350")]
    rows: list[Any] = [dict(zip(figures, map(F, line), strict=True)) for line in written]
    del rows[row][figure]
    whole = mended(rows)
    assert (whole.rows[row][figure], whole.holes, whole.guessed_from) == (F(stand_in), {row}, guessed_from), why
