"""dYdX v4 and lfest: other sides, edges and refusals than are printed most; each figure worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cases import Case, _flat
from tests.conformance.run import outcome

Given = dict[str, Any]
BTC = {"price": 5000000000, "price_exponent": -5, "atomic_resolution": -8}  # 50,000
TEN = {"initial_margin_ppm": 200000, "maintenance_fraction_ppm": 500000, "oi_lower_cap_qq": 0, "oi_upper_cap_qq": 0}
RAMP = {**TEN, "oi_lower_cap_qq": 1000000, "oi_upper_cap_qq": 2000000}
NO_LIMIT = "18446744073709551615"
SIZES = {
    "min_position_notional_qq": 1000,
    "max_position_portion_ppm": 1000000,
    "subaccount_max_notional_per_block_qq": NO_LIMIT,
    "step_bq": 10,
}
FILL = {"bankruptcy_adjustment_ppm": 1000000, "spread_to_maintenance_margin_ratio_ppm": 100000}
BLOCK = {"subaccount_max_notional_per_block_qq": 50, "subaccount_max_insurance_lost_per_block_qq": 150}
ALL = {"initial_margin_ppm": 1000000, "maintenance_fraction_ppm": 1000000, "oi_lower_cap_qq": 0, "oi_upper_cap_qq": 0}


def risk(net: int, maintenance: int, **more: int) -> Given:
    return {"net_collateral_qq": net, "maintenance_margin_qq": maintenance, **more}


def old(net: int, maintenance: int, initial: int) -> Given:
    return risk(net, maintenance, initial_margin_qq=initial)


def holds(usdc: int, size: int, tier: Given = TEN, **more: Any) -> Given:
    return {"usdc_qq": usdc, "positions": [{"market": BTC, "tier": tier, "position_bq": size}], **more}


def closing(usdc: int, size: int, delta: int, **more: Any) -> Given:
    return holds(usdc, size, liquidate_index=0, delta_bq=delta, **more)


def sized(size: int, used: int = 0) -> Given:
    return {"market": BTC, "position_bq": size, "subaccount_notional_already_liquidated_qq": used}


def subticks(price: str, is_long: bool) -> Given:
    return {"fillable_price_qq_per_bq": price, "liquidating_long": is_long}


def in_block(notional: int, lost: int = 0, already: bool = False) -> Given:
    names = ("notional_liquidated_this_block_qq", "insurance_lost_this_block_qq", "perpetual_already_liquidated_this_block")
    return dict(zip(names, (notional, lost, already), strict=True))


MARGINS = [
    ("adjusted_imf", RAMP, {"open_interest_notional_qq": 1000001}, {"imf_ppm": 200000}, "0.8 of a millionth is none"),
    ("adjusted_imf", RAMP, {"open_interest_notional_qq": 1999999}, {"imf_ppm": 999999}, "nearly all"),
    ("adjusted_imf", RAMP, {"open_interest_notional_qq": 9000000}, {"imf_ppm": 1000000}, "beyond the cap"),
    ("adjusted_imf", TEN, {"open_interest_notional_qq": 9000000}, {"imf_ppm": 200000}, "no upper cap, no ramp"),
    ("im_notional", RAMP, {"notional_qq": 3, "open_interest_notional_qq": 0}, {"initial_margin_qq": 1}, "0.6 of a quantum is one"),
    ("margin", {**TEN, "custom_imf_ppm": 300000}, {"market": BTC, "position_bq": -100},
     {"initial_margin_qq": 15000, "maintenance_margin_qq": 5000},
     "a leverage that the user has chosen raises the initial margin alone"),
    ("margin", {**TEN, "custom_imf_ppm": 100000}, {"market": BTC, "position_bq": 100}, {"initial_margin_qq": 10000}, "and never lowers it"),
    ("margin", {**TEN, "initial_margin_ppm": 1, "maintenance_fraction_ppm": 1}, {"market": BTC, "position_bq": 1},
     {"initial_margin_qq": 1, "maintenance_margin_qq": 1}, "rounded up twice: 500 by a millionth, and by a millionth again"),
    ("account", {}, holds(5, -1, TEN), {"net_collateral_qq": -495, "initial_margin_qq": 100, "maintenance_margin_qq": 50}, "a short"),
    ("is_liquidatable", {}, holds(-4500000000, 10000000), {"is_liquidatable": False}, "equity is the maintenance margin to the quantum"),
    ("is_liquidatable", {}, holds(-1, 0), {"is_liquidatable": False}, "a debt without a position is never liquidated"),
    ("is_liquidatable", {}, holds(-9000000000, 10000000, {**TEN, "maintenance_fraction_ppm": 0}),
     {"is_liquidatable": False}, "nothing to hold"),
    ("risk_flags", {}, {"net_collateral_qq": 99, "maintenance_margin_qq": 33, "initial_margin_qq": 100},
     {"initial_collateralized": False, "maintenance_collateralized": True, "is_liquidatable": False}, "between the two"),
    ("notional", {}, {"market": {**BTC, "atomic_resolution": -10}, "position_bq": -19}, {"net_notional_qq": -95}, "no fraction, no cut"),
]  # fmt: skip
RISK = [
    ("risk_cmp", {}, {"first": risk(0, 0), "second": risk(1, 0)}, {"cmp": 1}, "nothing to hold on either side: the poorer is riskier"),
    ("risk_cmp", {}, {"first": risk(1, 0), "second": risk(1, 0)}, {"cmp": 0}, "the same"),
    ("risk_cmp", {}, {"first": risk(0, 3), "second": risk(0, 2)}, {"cmp": 1}, "nothing left of either: the larger is riskier"),
    ("risk_cmp", {}, {"first": risk(-3, 3), "second": risk(-2, 2)}, {"cmp": 1}, "the same share below 0"),
    ("risk_cmp", {}, {"first": risk(2, 3), "second": risk(1, 2)}, {"cmp": -1}, "two thirds against a half"),
    ("transition", {}, {"old": old(1, 10, 20), "new": risk(1, 9)}, {"update": "success", "reason": None}, "less to hold"),
    ("transition", {}, {"old": old(10, 10, 20), "new": risk(8, 8)}, {"update": "success"}, "the same share"),
    ("transition", {}, {"old": old(10, 10, 20), "new": risk(7, 8)},
     {"update": "rejected", "reason": "still_undercollateralized"}, "a smaller share"),
    ("transition", {}, {"old": old(-10, 10, 20), "new": risk(-8, 8)}, {"update": "success"}, "below 0 the same holds"),
    ("transition", {}, {"old": old(30, 10, 20), "new": risk(30, 11)},
     {"update": "rejected", "reason": "newly_undercollateralized"}, "it was covered before"),
    ("transition", {}, {"old": old(-2, 0, 0), "new": risk(-1, 0)}, {"update": "success"}, "a debt without positions may shrink"),
    ("transition", {}, {"old": old(-1, 0, 0), "new": risk(-1, 0)},
     {"update": "rejected", "reason": "still_undercollateralized"}, "and not stay"),
    ("transition", {}, {"old": old(1, 10, 20), "new": risk(5, 9, initial_margin_qq=5)}, {"update": "success"}, "covered after it"),
]  # fmt: skip
LIQUIDATION = [
    ("bankruptcy_price", {}, closing(-1, 3, -1), {"bankruptcy_price_qq": 1}, "500 less a third of 1,499, which is cut"),
    ("bankruptcy_price", {}, closing(5000000000, -10000000, -1), {"error": "invalid_position_size_delta"}, "selling makes a short larger"),
    ("bankruptcy_price", {}, closing(5000000000, -10000000, 10000001), {"error": "invalid_position_size_delta"}, "more than all"),
    ("fillable_price", FILL, closing(-4000000000, 10000000, -1), {"fillable_price_usd": "50000"}, "healthy: the oracle price"),
    ("fillable_price", FILL, closing(-5000000000, 10000000, -5), {"fillable_price_usd": "49500"}, "nothing left: the whole spread"),
    ("insurance_delta", {"max_liquidation_fee_ppm": 5000},
     holds(-5100000000, 10000000, liquidate_index=0, is_buy=False, fill_bq=10000000, subticks=50000000000, quantum_conversion_exponent=-8),
     {"insurance_fund_delta_qq": -100000000}, "below bankruptcy the fund pays"),
    ("insurance_delta", {"max_liquidation_fee_ppm": 5000},
     holds(4900000000, -10000000, liquidate_index=0, is_buy=True, fill_bq=10000000, subticks=49000000000, quantum_conversion_exponent=-8),
     {"insurance_fund_delta_qq": 0}, "a short that is bought back at its bankruptcy price"),
    ("subticks", {"subticks_per_tick": 5, "quantum_conversion_exponent": 0}, subticks("11/2", True), {"subticks": 10}, "a long's, up"),
    ("subticks", {"subticks_per_tick": 5, "quantum_conversion_exponent": 0}, subticks("19/2", False), {"subticks": 5}, "a short's, down"),
    ("subticks", {"subticks_per_tick": 5, "quantum_conversion_exponent": 0}, subticks("0/1", False), {"subticks": 5}, "at least a tick"),
    ("subticks", {"subticks_per_tick": 10, "quantum_conversion_exponent": -8}, subticks("5000000000000/1", True),
     {"subticks": "18446744073709551610"}, "at most the largest multiple"),
    ("liquidation_size", SIZES, sized(25), {"delta_bq": -25}, "all of it, in no whole steps"),
    ("liquidation_size", {**SIZES, "max_position_portion_ppm": 500000}, sized(-50), {"delta_bq": 20}, "25 in whole steps"),
    ("liquidation_size", {**SIZES, "max_position_portion_ppm": 100000}, sized(50), {"delta_bq": -10}, "5 is below a step: one step"),
    ("liquidation_size", {**SIZES, "subaccount_max_notional_per_block_qq": 20000}, sized(50, 5000),
     {"delta_bq": -30}, "what the block has left"),
    ("notional_limits", SIZES, {"market": BTC, "position_bq": -1},
     {"min_notional_qq": 500, "max_notional_qq": 500}, "a short below the least"),
    ("block_limits", BLOCK, in_block(50, 150), {"remaining_notional_qq": 0, "remaining_insurance_qq": 0}, "at the limit nothing is left"),
    ("block_limits", BLOCK, in_block(0, 151),
     {"remaining_notional_qq": 50, "remaining_insurance_qq": "error"}, "beyond it there is an error"),
    ("can_deleverage", {}, holds(-5000000000, 10000000, market_in_final_settlement=True),
     {"at_bankruptcy_price": False, "at_oracle_price": True}, "nothing left is not below 0"),
    ("can_deleverage", {}, holds(0, 10000000, market_in_final_settlement=False),
     {"at_bankruptcy_price": False, "at_oracle_price": False}, "healthy, in a market that goes on"),
    ("sort", {}, {"oracle_price_usd": "100", "orders": [{"price_usd": "99", "size_base": "-1"}, {"price_usd": "98", "size_base": "-1"},
     {"price_usd": "103", "size_base": "2"}]}, {"order": [2, 1, 0]}, "a short's 3% before a long's 2%"),
    ("deleverage", {}, {"liquidated": holds(51000000000, -100000000, ALL), "delta_bq": 100000000, "market_in_final_settlement": True,
     "candidates": [holds(0, 40000000, ALL), holds(0, -100000000, ALL), holds(0, 90000000, ALL)]},
     {"fills_bq": [40000000, 0, 60000000], "usdc_after_qq": [1000000000, 20000000000, 0, 30000000000], "remaining_bq": 0},
     "final settlement is at the oracle price, a position on the same side is passed over"),
    ("deleverage", {}, {"liquidated": holds(49000000000, -100000000, ALL), "delta_bq": 100000000, "candidates": [holds(0, 40000000, ALL)]},
     {"fills_bq": [40000000], "usdc_after_qq": [29400000000, 19600000000], "remaining_bq": 60000000}, "too few on the other side"),
]  # fmt: skip


@pytest.mark.parametrize("family, policy, inputs, expected, why", [*MARGINS, *RISK, *LIQUIDATION])
def test_dydx(family: str, policy: Given, inputs: Given, expected: Given, why: str) -> None:
    ran = outcome(Case("here.json", "made", f"dydx.{family}", "dydx-v4", policy, inputs, dict(_flat("", expected)), {}))
    assert (ran.verdict, ran.through, ran.why, ran.unread) == ("shipped", "dydx-v4", (), ()), why


@pytest.mark.parametrize(
    "side, bid, ask, leverage, expected, why",
    [
        ("long", "75", "200", "2", {"is_liquidatable": False, "liquidation_price": "75"}, "at the price itself it stays"),
        ("long", "74.99", "200", "2", {"is_liquidatable": True}, "below it goes"),
        ("short", "1", "125", "2", {"is_liquidatable": False, "liquidation_price": "125"}, "a short looks at the ask"),
        ("short", "1", "125.01", "2", {"is_liquidatable": True}, "above it"),
        ("long", "83.34", "200", "3", {"is_liquidatable": False, "liquidation_price": "250/3"}, "no decimal holds it"),
    ],
)
def test_lfest(side: str, bid: str, ask: str, leverage: str, expected: Given, why: str) -> None:
    policy = {"leverage": leverage, "maintenance_fraction": "0.5"}
    inputs = {"side": side, "entry_price": "100", "bid": bid, "ask": ask}
    ran = outcome(Case("here.json", "made", "lfest.check", "lfest", policy, inputs, expected, {}))
    assert (ran.verdict, ran.through, ran.why, ran.unread) == ("shipped", "lfest", (), ()), why


def test_a_fraction_of_a_fifth_lets_a_fifth_of_the_margin_go() -> None:
    """At 10x a fall of 2% takes a fifth of the margin: that is the library's price, and not where a fifth is left."""
    policy = {"leverage": "10", "maintenance_fraction": "0.2"}
    inputs = {"side": "long", "entry_price": "100", "bid": "97", "ask": "98"}
    ran = outcome(
        Case("here.json", "made", "lfest.check", "lfest", policy, inputs, {"is_liquidatable": True, "liquidation_price": "98"}, {})
    )
    assert (ran.verdict, ran.why) == ("shipped", ())
