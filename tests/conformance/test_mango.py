"""Mango's health with other sides and numbers than are published; each figure worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cases import Case
from tests.conformance.run import outcome

TOKENS = [{"price": "1", "init_asset_weight": "0.8", "init_liab_weight": "1.2"}, {"price": "5", "init_asset_weight": "0.5",
          "init_liab_weight": "1.5"}]  # fmt: skip
PERP = {
    "price": "5",
    "base_lot_size": 10,
    "init_base_asset_weight": "0.8",
    "init_base_liab_weight": "1.2",
    "init_overall_asset_weight": "0.9",
}
NO_BANK = {"deposits": 0, "borrows": 0, "deposit_weight_scale_start_quote": 0, "borrow_weight_scale_start_quote": 0}


@pytest.mark.parametrize(
    "balances, perp, banks, health, why",
    [
        ([100, -10], (0, 0, 0, 0), None, "5", "80 less 10 × 5 × 1.5"),
        ([0, 0], (-1, 100, 0, 0), None, "28.8", "100 less 60 are 40, at 90% and 80%"),
        ([100, 0], (0, -60, 0, 0), None, "32", "what the market is owed leaves 40 of the balance"),
        ([0, 0], (1, 0, 2, 0), None, "14.4", "three lots at 80% are 120 and two cost 100: 20 at 72%, and without sales 40"),
        ([0, 0], (0, 10, 0, 2), None, "-12", "two lots short are -120, bought for 100: 10 and -20, at 120%"),
        ([0, 100], (0, 0, 0, 0), [NO_BANK, {**NO_BANK, "deposits": 1000, "deposit_weight_scale_start_quote": 2500}], "125",
         "deposits of 5,000 halve the weight"),
        ([0, 100], (0, 0, 0, 0), [NO_BANK, {**NO_BANK, "deposits": 500, "deposit_weight_scale_start_quote": 2500}], "250",
         "at the start of the scale it is whole"),
    ],
)  # fmt: skip
def test_by_hand(balances: list[int], perp: tuple[int, ...], banks: Any, health: str, why: str) -> None:
    lots, quote, bids, asks = perp
    held = {"base_lots": lots, "quote": quote, "bids_lots": bids, "asks_lots": asks}
    inputs = {"token_balances": balances, "perp": held, "banks": banks}
    found = outcome(
        Case("here.json", "made", "mango.health", "mango-v4", {"tokens": TOKENS, "perp": PERP}, inputs, {"init_health": health}, {})
    )
    assert (found.verdict, found.why, found.unread) == ("shipped", (), ()), why
