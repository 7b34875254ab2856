"""Flat rates: what may be written, and that a position at full leverage always has room."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.told import changed, codes_in_house, codes_of, page_example

TABLE = "{maintenance_rate: 2%, max_leverage: 20}"

FEE = Fraction(1, 2000)  # of closing, in the house


def test_the_example_of_the_page_stands(tmp_path: Path) -> None:
    assert codes_in_house(tmp_path, {"flat/2027-01-01.yaml": page_example("flat")}) == set()


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        (TABLE, "{maintenance_rate: 2%, max_leverage: 20, maintenance_amount: 50}", "", "one published row of a longer table"),
        (TABLE, "{maintenance_rate: 0%, max_leverage: 20}", "", "a venue may hold nothing; that is said, not left out"),
        (TABLE, "{maintenance_rate: 2%, max_leverage: 50/3}", "", "a leverage that no decimal writes"),
        (TABLE, "{max_leverage: 20}", "RR228", "a rate is not derived here"),
        (TABLE, "{maintenance_rate: 0.02, max_leverage: 20}", "RR214", "2% or 0.02%"),
        (TABLE, "{maintenance_rate: 2%, max_leverage: 20, cap: 5}", "RR202", "a cap makes it a tier table"),
        (TABLE, "{maintenance_rate: 2%, max_leverage: 20, maintenance_amount: -1}", "RR213", "taking off less than nothing adds"),
        (TABLE, "[2%, 20]", "RR211", "figures have names"),
    ],
)
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    assert codes_of(changed("flat", old, new)) == ({code} if code else set()), why


@pytest.mark.parametrize(
    "rate, leverage, code, why",
    [
        ("4.949%", "20", "", "with the closing fee of 0.05% just below the 5% that is posted"),
        ("4.95%", "20", "RR209", "with the fee exactly what is posted, and equality liquidates in the house"),
        ("4.99%", "20", "RR209", "the rate alone leaves room, the fee does not"),
        ("5%", "20", "RR207", "the rate alone is what is posted"),
        ("1/30", "30", "RR207", "exactly, where a decimal would fall short of it"),
        ("1/31", "30", "", "room of 1/930 is more than 1/2000 of fee"),
    ],
)
def test_full_leverage_leaves_room(tmp_path: Path, rate: str, leverage: str, code: str, why: str) -> None:
    text = changed("flat", TABLE, f"{{maintenance_rate: {rate}, max_leverage: {leverage}}}")
    assert codes_in_house(tmp_path, {"flat/2027-01-01.yaml": text}) == ({code} if code else set()), why


@settings(max_examples=15, deadline=None)
@given(part=st.integers(min_value=1, max_value=500), leverage=st.integers(min_value=1, max_value=500))
def test_room_is_what_the_rate_and_the_fee_leave(part: int, leverage: int) -> None:
    text = changed("flat", TABLE, f"{{maintenance_rate: 1/{part}, max_leverage: {leverage}}}")
    with tempfile.TemporaryDirectory() as folder:
        found = codes_in_house(Path(folder), {"flat/2027-01-01.yaml": text})
    assert bool(found & {"RR207", "RR209"}) == (Fraction(1, leverage) <= Fraction(1, part) + FEE)
