"""Collateral that counts by slices is decided in blocks, and each account as the scalar walk decides it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskrules
from riskrules.api import Book
from riskrules.batch.block import Kernel
from riskrules.batch.decided import Want
from tests.batch.rows import pools_by_position
from tests.places import POLICIES
from tests.rules.told import house_with

WHEN, PRICE = "2026-12-02T00:00:00Z", 64_000
HOUSE = riskrules.load(POLICIES / "house-usdm", as_of=WHEN)
BY_VALUE = (
    "kind: margin\nrulebook: house-usdm\neffective: 2026-12-01T09:00:00Z\nreason: Tried here.\ncollateral:\n  BTC:\n"
    "    weight: {of: value, slices: [{up_to: 32_000, weight: 90%}, {up_to: 96_000, weight: 1/3}, {up_to: unlimited, weight: 0%}]}\n"
    "    owed_weight: 105%\n"
)


@pytest.fixture(scope="module")
def by_value(tmp_path_factory: pytest.TempPathFactory) -> Book:
    folder: Path = house_with(tmp_path_factory.mktemp("book"), {"margin/2026-12-01-btc.yaml": BY_VALUE}).folder
    return riskrules.load(folder, rulebook="house-usdm", as_of=WHEN)


def position(size: str, leverage: str = "10") -> dict[str, Any]:
    return {"market": "BTC-USDT", "mode": "cross", "size": size, "entry_price": str(PRICE), "leverage": leverage, "unsettled_funding": "0"}


def decisions(book: Book, cases: list[tuple[str, str, str]]) -> list[str]:
    """Of accounts with a size, USDT and BTC, all in one table."""
    columns = {
        "account": [f"a{k}" for k in range(len(cases))],
        "mark_price": [str(PRICE)] * len(cases),
        "mark_price_at": [WHEN] * len(cases),
    }
    columns |= {name: [position(size)[name] for size, _, _ in cases] for name in position("0")}
    held: dict[str, list[str]] = {"account": [], "asset": [], "amount": [], "index_price": [], "index_price_at": []}
    for k, (_, usdt, btc) in enumerate(cases):
        for asset, amount, price in (("USDT", usdt, "1"), ("BTC", btc, str(PRICE))):
            for name, value in zip(held, (f"a{k}", asset, amount, price, WHEN), strict=True):
                held[name].append(value)
    return [str(one) for one in book.evaluate(columns, held)["decision"]]


def walked(book: Book, case: tuple[str, str, str]) -> str:
    size, usdt, btc = case
    account = {"id": "a", "collateral": {"USDT": usdt, "BTC": btc}, "positions": [{"id": "p", **position(size)}]}
    markets = {"BTC-USDT": {"mark_price": str(PRICE), "at": WHEN}}
    assets = {"USDT": {"index_price": "1", "at": WHEN}, "BTC": {"index_price": str(PRICE), "at": WHEN}}
    found = pools_by_position(book, {"as_of": WHEN, "markets": markets, "assets": assets, "accounts": [account]})
    return str(found["p"][0].decision)


def test_no_account_of_the_house_goes_to_the_scalar_walk_for_it() -> None:
    assert Kernel(HOUSE.plan, Want(("notional",), ("equity",))).without == ""


# 1 BTC at 64,000 needs 302; fifty coins count for 3,040,000, and no more than fifty do.
EDGES = [
    ("1", "-3039698", "50", "liquidate", "302 left, which is not above 302"),
    ("1", "-3039697.99", "50", "healthy", "a cent more"),
    ("1", "-3039697.99", "49.99999999", "liquidate", "a satoshi less, and it is rounded down"),
    ("1", "-3039698", "51", "liquidate", "the fifty-first counts for nothing"),
    ("1", "-3039698", "1000000", "liquidate", "nor does the millionth"),
    ("1", "67502", "-1", "liquidate", "a debt has its own weight: 67,200 of it"),
    ("1", "67502.01", "-1", "healthy", "and a cent above it"),
    ("1", "302.01", "0", "healthy", "no coin at all"),
]


def test_at_the_edges() -> None:
    cases = [(size, usdt, btc) for size, usdt, btc, _, _ in EDGES]
    assert decisions(HOUSE, cases) == [one[3] for one in EDGES] == [walked(HOUSE, case) for case in cases]


AMOUNTS = st.one_of(
    st.sampled_from(["0.5", "1.5", "50", "49.9999999", "50.0000001", "0", "-1"]), st.decimals("-2", "120", places=7).map(str)
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["1", "-3", "40"]), st.decimals(-4_000_000, 100_000, places=2).map(str), AMOUNTS), min_size=1, max_size=8
    )
)
def test_whatever_is_held(by_value: Book, cases: list[tuple[str, str, str]]) -> None:
    for book in (HOUSE, by_value):
        assert decisions(book, cases) == [walked(book, case) for case in cases]


def test_equity_is_that_of_the_walk() -> None:
    columns = {"account": ["a"], "mark_price": [str(PRICE)], "mark_price_at": [WHEN], **{k: [v] for k, v in position("1").items()}}
    held = {
        "account": ["a", "a"],
        "asset": ["USDT", "BTC"],
        "amount": ["7", "60"],
        "index_price": ["1", str(PRICE)],
        "index_price_at": [WHEN] * 2,
    }
    assert np.allclose(HOUSE.evaluate(columns, held)["equity"], 7 + 50 * 0.95 * PRICE)
