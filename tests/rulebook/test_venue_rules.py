"""Rules of shipped venues that no published figure reaches: each with the line of its source that it is about."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import riskrules
from riskrules.units.exact import to_fraction
from tests.places import POLICIES

ASCENDEX = "2022-05-01T00:00:00Z"


def figures(rulebook: str, as_of: str, account: dict[str, Any], marks: dict[str, str], **more: Any) -> dict[str, Any]:
    """The decision of the account's first pool, and its figures by name."""
    shot = {
        "as_of": as_of,
        "markets": {name: {"mark_price": mark} for name, mark in marks.items()},
        "accounts": [{"id": "a", **account}],
        **more,
    }
    pool, *_ = riskrules.load(POLICIES, rulebook=rulebook, as_of=as_of).explain(shot).pools
    names = [name for name in ("equity", "maintenance_margin", "wallet_balance") if pool.decision != "error"]
    return {"decision": pool.decision, **{name: to_fraction(pool.evaluated.value(name, pool.number)) for name in names}}


def position(market: str, size: str, entry: str, **more: str) -> dict[str, str]:
    return {"id": "p", "market": market, "mode": "cross", "size": size, "entry_price": entry, "leverage": "2", **more}


@pytest.mark.parametrize(
    "collateral, prices, equity, why",
    [
        ({"USDT": "1000"}, {}, 1000, "money itself needs no price"),
        ({"BTC": "1"}, {"BTC": "10000"}, 9800, "2% off"),
        ({"ETH": "1", "VET": "10", "USDT": "-20"}, {"ETH": "1000", "VET": "10"}, 950 + 80 - 20, "a loss is a debt in USDT"),
        ({"BTC": "1"}, {}, None, "no price"),
        ({"DOGE": "1"}, {"DOGE": "1"}, None, "no discount is printed for it"),
    ],
)
def test_ascendex_takes_collateral_at_its_discount(
    collateral: dict[str, str], prices: dict[str, str], equity: int | None, why: str
) -> None:
    account = {"collateral": collateral, "positions": [position("BTC-USDT", "0.001", "10000")]}
    assets = {name: {"index_price": price} for name, price in prices.items()}
    found = figures("ascendex", ASCENDEX, account, {"BTC-USDT": "10000"}, assets=assets)
    assert (found["decision"], found.get("equity")) == (("error", None) if equity is None else ("healthy", Fraction(equity))), why


@pytest.mark.parametrize(
    "size, maintenance, why",
    [("500", 12, "the first band"), ("501", Fraction("24.048"), "the second has the same leverage and twice the rate")],
)
def test_ascendex_tightens_the_rate_alone(size: str, maintenance: Any, why: str) -> None:
    account = {"collateral": {"USDT": "1000"}, "positions": [position("AKT-USDT", size, "2", leverage="20")]}
    assert figures("ascendex", ASCENDEX, account, {"AKT-USDT": "2"})["maintenance_margin"] == maintenance, why
