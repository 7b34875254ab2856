"""Flat rates: what may be written, and that a position at full leverage always has room."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.told import changed, codes_in_house, codes_of, page_example

TABLE = "{maintenance_rate: 2%, max_leverage: 20}"


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
        ("4.99%", "20", "", "just below"),
        ("5%", "20", "RR208", "the product is 1 exactly"),
        ("1/30", "30", "RR208", "exactly, where a decimal would fall short of it"),
        ("1/31", "30", "", "exactly below"),
    ],
)
def test_full_leverage_leaves_room(tmp_path: Path, rate: str, leverage: str, code: str, why: str) -> None:
    text = changed("flat", TABLE, f"{{maintenance_rate: {rate}, max_leverage: {leverage}}}")
    assert codes_in_house(tmp_path, {"flat/2027-01-01.yaml": text}) == ({code} if code else set()), why


@settings(max_examples=15, deadline=None)
@given(part=st.integers(min_value=1, max_value=500), leverage=st.integers(min_value=1, max_value=500))
def test_room_is_a_matter_of_the_product_alone(part: int, leverage: int) -> None:
    text = changed("flat", TABLE, f"{{maintenance_rate: 1/{part}, max_leverage: {leverage}}}")
    with tempfile.TemporaryDirectory() as folder:
        assert ("RR208" in codes_in_house(Path(folder), {"flat/2027-01-01.yaml": text})) == (leverage >= part)
