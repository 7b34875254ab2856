"""Drift's families with other sides and numbers than are published; each figure worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cases import Case
from tests.conformance.run import outcome

Given = dict[str, Any]
PERP = {"margin_ratio_initial": 1000, "margin_ratio_maintenance": 500, "imf_factor": 0, "contract_type": "perpetual",
        "unrealized_pnl_initial_asset_weight": 10000, "unrealized_pnl_maintenance_asset_weight": 5000,
        "unrealized_pnl_imf_factor": 0}  # fmt: skip
TOKEN = {"decimals": 9, "initial_asset_weight": 8000, "maintenance_asset_weight": 9000, "initial_liability_weight": 12000,
         "maintenance_liability_weight": 11000, "imf_factor": 0, "scale_initial_asset_weight_start_quote": 0}  # fmt: skip
HELD = {"base": 1_000_000_000, "quote": -90_000_000, "price": 100_000_000, "margin_type": "maintenance"}
LEVEL = {"margin_type": "maintenance", "strict_prices": False, "margin_buffer_ratio": 0, "user_max_margin_ratio": 0}
USDC = {"market": {"decimals": 6, "role": "quote"}, "token_amount": 100_000_000, "price": 1_000_000}
SOL = {"market": TOKEN, "price": 100_000_000, "token_amount": 1_000_000_000}
STEP = {"margin_ratio": 1000, "liquidator_fee": 0, "if_fee": 0}
SWAP = {"asset_weight": 8000, "asset_multiplier": 1_000_000, "liability_weight": 12000, "liability_multiplier": 1_000_000, "if_fee": 0}
ORACLE = {"slots_before_stale_for_amm": 10, "slots_before_stale_for_margin": 120, "confidence_interval_max_size": 20000,
          "too_volatile_ratio": 5, "tier_confidence_multiplier": 1, "mark_oracle_divergence_floor": 100000}  # fmt: skip
SEEN = {"price": 10_000_000, "confidence": 0, "sufficient_data": True, "oracle_twap": 10_000_000, "oracle_twap_5min": 10_000_000,
        "reserve_price": 10_000_000, "delay_slots": 0}  # fmt: skip


def ran(family: str, policy: Given, inputs: Given, expected: Given) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    found = outcome(Case("here.json", "made", f"drift.{family}", "drift-v2", policy, inputs, expected, {}))
    return found.verdict, found.why, found.unread


@pytest.mark.parametrize(
    "family, policy, inputs, expected, why",
    [
        ("perp_position", PERP, HELD, {"margin_requirement_quote": 5_000_000, "weighted_unrealized_pnl_quote": 5_000_000}, "half a profit"),
        ("perp_position", PERP, {**HELD, "quote": -110_000_000}, {"weighted_unrealized_pnl_quote": -10_000_000}, "a loss in full"),
        ("perp_position", PERP, {**HELD, "quote": 10_000_000}, {"weighted_unrealized_pnl_quote": 55_000_000}, "paid for being held"),
        ("perp_position", PERP, {**HELD, "open_bids_base": 2_000_000_000, "open_orders": 1}, {"margin_requirement_quote": 15_010_000},
         "three coins at 5%, and a cent"),
        ("perp_position", PERP, {**HELD, "open_asks_base": -3_000_000_000, "open_orders": 2}, {"margin_requirement_quote": 10_020_000},
         "two coins short, and two cents"),
        ("perp_position", PERP, {**HELD, "margin_type": "fill"}, {"margin_requirement_quote": 7_500_000}, "halfway"),
        ("perp_position", {**PERP, "contract_type": "prediction"}, {"base": -2_000_000_000, "quote": 0, "price": 250_000,
         "margin_type": "initial"}, {"margin_requirement_quote": 150_000, "weighted_unrealized_pnl_quote": -500_000},
         "two at 75 cents owed, at 10%"),
        ("upnl_weight", {**PERP, "unrealized_pnl_imf_factor": 1000}, {"unrealized_pnl_quote": -5, "margin_type": "initial"},
         {"asset_weight": 10000}, "what is owed counts in full"),
        ("margin_ratio", {**PERP, "imf_factor": 1000}, {"size_base": 4_000_000_000, "margin_type": "fill", "high_leverage": False},
         {"margin_ratio": 750}, "620 is below 750"),
        ("margin_ratio", {**PERP, "imf_factor": 100_000}, {"size_base": 10_000_000_000, "margin_type": "fill", "high_leverage": False},
         {"margin_ratio": 3762}, "600 and the root of ten, 316227, by a hundredth: 3162"),
        ("account", LEVEL, {"spot": [USDC, {**SOL, "token_amount": -1}], "perp": []},
         {"margin_requirement_quote": 1, "total_collateral_quote": 100_000_000}, "a dust debt is rounded up to the last place"),
        ("account", LEVEL, {"spot": [{**SOL, "open_asks_token": -2_000_000_000, "open_orders": 1}], "perp": []},
         {"margin_requirement_quote": 110_010_000, "total_collateral_quote": 200_000_000}, "sold short by a coin, and a cent"),
        ("account", {**LEVEL, "margin_type": "fill"}, {"spot": [SOL], "perp": []}, {"total_collateral_quote": 85_000_000}, "85%"),
        ("account", {**LEVEL, "margin_ratio_override": 5000}, {"spot": [SOL], "perp": []}, {"total_collateral_quote": 50_000_000}, "50%"),
        ("account", {**LEVEL, "margin_ratio_override": 5000}, {"spot": [{**SOL, "token_amount": -1_000_000_000}], "perp": []},
         {"margin_requirement_quote": 150_000_000}, "and a debt one and a half times"),
        ("base_to_cover", {**STEP, "liquidator_fee": 100_000}, {"margin_shortage_quote": 1, "price": 1_000_000, "quote_price": 1_000_000},
         {"base": "18446744073709551615"}, "a fee as large as the ratio frees nothing"),
        ("liability_transfer", {**SWAP, "asset_weight": 12000}, {"margin_shortage_quote": 1, "liability_price": 1_000_000,
         "liability_decimals": 6}, {"liability_token": "340282366920938463463374607431768211455"}, "weights that are equal free nothing"),
        ("asset_transfer", SWAP, {"asset_token": 1_500_000, "asset_decimals": 6, "asset_price": 1_000_000, "liability_token": 1_000_000,
         "liability_decimals": 6, "liability_price": 1_000_000}, {"asset_token": 1_500_000}, "50 cents do not stay behind"),
        ("deposit_interest_delta", {}, {"loss_token": 1, "total_deposits_token": 0, "cumulative_deposit_interest": 10_000_000_000},
         {"delta": 0}, "nobody to bear it"),
        ("perp_bankruptcy", {}, {"loss_quote": 100_000_000, "insurance_available_quote": 50_000_000, "fee_pool_quote": 20_000_000,
         "long_base": 10_000_000_000, "short_base": 0, "holder_base": -2_000_000_000},
         {"cumulative_funding_rate_delta": 3_000_000_000, "loss_of_2_base_holder_quote": -6_000_000}, "30 over ten coins"),
        ("oracle_status", ORACLE, {**SEEN, "oracle_twap": 1_500_000}, {"validity": "too_volatile"}, "six times"),
        ("oracle_status", ORACLE, {**SEEN, "oracle_twap": 1_700_000}, {"validity": "valid"}, "5.88 is five, and five is allowed"),
        ("oracle_status", ORACLE, {**SEEN, "delay_slots": 121}, {"validity": "stale_for_margin"}, "one slot too late"),
        ("oracle_status", ORACLE, {**SEEN, "sufficient_data": False, "delay_slots": 11}, {"validity": "insufficient_data_points"}, "first"),
        ("oracle_status", ORACLE, {**SEEN, "price": -1}, {"validity": "non_positive"}, "what is worst is said"),
        ("twap_band", {"max_divergence": 100_000}, {"price": 150_000_000, "twap_5min": 100_000_000}, {"too_divergent": True},
         "a half is it"),
    ],
)  # fmt: skip
def test_by_hand(family: str, policy: Given, inputs: Given, expected: Given, why: str) -> None:
    assert ran(family, policy, inputs, expected) == ("shipped", (), ()), why


LIQUIDATED = {
    "market": {**PERP, "unrealized_pnl_initial_asset_weight": 0, "unrealized_pnl_maintenance_asset_weight": 0, "liquidator_fee": 10000,
               "if_liquidation_fee": 0, "order_step_base": 10_000_000},
    "liquidation_margin_buffer_ratio": 200, "initial_pct_to_liquidate": 1000, "liquidation_duration_slots": 150,
    "small_shortage_quote": 50_000_000, "small_position_quote": 50_000_000, "fee_increase_per_slot": 0, "fee_grace_slots": 1500,
    "max_fee_multiple": 3,
}  # fmt: skip


def test_the_second_call_finds_what_the_first_has_left() -> None:
    """Twenty coins at 100, 70 short: 7 may be freed at once, and 7 more fifteen slots on.

    70 by 6 a coin are 11.67 coins in whole steps, and a tenth of them 1.17.  That frees 1.17 × 7 of margin,
    less the fee of 1.17 and the buffer of 2% on that loss: 6.9966.  Then 63.0034 are missing, 10.51 coins;
    a fifth of 70 less 6.9966 is 11.11% of what is missing, and 11.11% of them are 1.17 again.
    """
    given = {
        "deposit_token": 70_000_000, "position": {"base": 20_000_000_000, "quote": -2_000_000_000}, "price": 100_000_000,
        "quote_price": 1_000_000, "high_leverage": False, "isolated": False, "user_last_active_slot": 0,
        "calls": [{"slot": 0, "liquidator_max_base": 20_000_000_000}, {"slot": 15, "liquidator_max_base": 20_000_000_000}],
    }  # fmt: skip
    expected = {
        "after_calls.0.base": 18_830_000_000, "after_calls.0.margin_freed_quote": 6_996_600, "after_calls.1.base": 17_660_000_000,
        "after_calls.1.margin_freed_quote": 13_993_200, "base": 17_660_000_000,
    }  # fmt: skip
    assert ran("liquidate_perp", LIQUIDATED, given, expected)[:2] == ("shipped", ())
