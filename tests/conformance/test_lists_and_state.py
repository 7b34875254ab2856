"""Cases of venues whose rules look at lists and at what happened before: other sides and numbers than are seen most."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cases import Case, _flat
from tests.conformance.run import outcome

Given = dict[str, Any]
RISK = {"risk_factor_long": "0.1", "risk_factor_short": "0.2", "linear_slippage": "0.01", "quadratic_slippage": "0.001"}
QUIET = {
    "mark_price": 100, "position": 0, "position_factor": 1, "buy_orders": [], "sell_orders": [], "funding_per_unit": "0",
    "auction": False, "auction_price": 0,
}  # fmt: skip
LEVELS = {**RISK, "search_factor": "1.1", "initial_factor": "1.25", "release_factor": "1.4"}
HALF = {"margin_factor": "0.5"}
BOTH = {"position": 0, "position_factor": 1, "buy_orders": [], "sell_orders": [], "auction_price": 0}
DECAY = {"decay_weight": "0.5", "decay_power": "1", "window": 100}
MARKET = {
    "skew_scale": "100", "initial_margin_fraction": "2", "minimum_initial_margin_ratio": "0.01", "maintenance_margin_scalar": "0.5",
    "liquidation_reward_ratio": "0.05", "minimum_position_margin": "0", "oracle_price_at_open": "100", "market_skew_before_open": "0",
}  # fmt: skip
GUARDS = {"keeper_guards": {"min_reward": "0", "min_profit_ratio": "0", "max_reward": "1", "max_scaling_ratio": "1"}}
WINDOW = {
    "maker_fee": "0.007", "taker_fee": "0.003", "skew_scale": "1000", "limit_multiplier": "1", "window_seconds": 10,
    "max_premium_discount": "0.06",
}  # fmt: skip
COIN = {"upper_limit": "0.05", "lower_limit": "0.01", "discount_scalar": "2", "skew_scale": "50000"}
KEEPER = {"min_reward_wei": 10, "min_profit_ratio_wei": 500000000000000000, "max_reward_wei": 1000, "max_scaling_ratio_wei": 10**16}
PAID = {"flag_reward_wei": 0, "flag_cost_wei": 0, "liquidate_cost_wei": 4, "positions_flagged": 0, "collateral_wei": 0}
BANDS = {"pre_liquidation_buffer": 10, "hard_band_bps": 200, "pre_band_bps": 100}
FUND = {"max_payout_bps_of_event": 50, "max_daily_payout_bps_of_vault": 300}
TOTALS = {"principal": 1000, "realised": 0, "warming": 0, "insurance": 0, "collateral": 1000}
POSITION = {
    "collateral_amount": "1", "collateral_price": "100", "size_usd": "1000", "entry_price": "50", "index_price": "50", "is_long": True,
}  # fmt: skip
POOL = {"size_usd": "100", "entry_price": "10", "index_price": "20", "pool_usd": "1000", "pool_pnl_usd": "400", "is_long": True}
LEAST = {"min_collateral_factor": "0.01", "min_collateral_usd": "5"}


def asked(t: int, amount: str, skew: str = "100", endorsed: bool = False) -> Given:
    return {"t": t, "amount": amount, "skew": skew, "endorsed_liquidator": endorsed}


@pytest.mark.parametrize(
    "family, policy, inputs, expected, why",
    [
        ("vega.maintenance", RISK, {**QUIET, "position": 10, "position_factor": 10}, {"maintenance_margin": 12}, "10 + 1 + 0.1"),
        ("vega.maintenance", RISK, {**QUIET, "position": -2}, {"maintenance_margin": 43}, "40 + 2 + 0.4"),
        ("vega.maintenance", RISK, {**QUIET, "position": -2, "funding_per_unit": "-3"}, {"maintenance_margin": 49}, "a short that pays"),
        ("vega.maintenance", RISK, {**QUIET, "position": 5, "sell_orders": [[5, 90]]},
         {"maintenance_margin": 58}, "no short side: 50 + 5 + 2.5"),
        ("vega.maintenance", RISK, {**QUIET, "position": 5, "sell_orders": [[6, 90]]},
         {"maintenance_margin": 120}, "all sells count in it"),
        ("vega.maintenance", RISK, {**QUIET, "auction": True, "buy_orders": [[1, 100], [1, 60]]}, {"maintenance_margin": 16}, "own prices"),
        ("vega.maintenance", RISK, {**QUIET, "auction": True, "buy_orders": [[1, 100], [1, 60]], "auction_price": 90},
         {"maintenance_margin": 18}, "the auction's for all of them together, where that is more"),
        ("vega.maintenance", RISK, QUIET, {"maintenance_margin": 0}, "nothing at all"),
        ("vega.ladder", LEVELS, {**QUIET, "buy_orders": [[1, 50]], "mark_price": 130},
         {"maintenance_margin": 13, "search_level": 14, "initial_margin": 16, "release_level": 18}, "levels are cut"),
        ("vega.isolated_orders", HALF, {**BOTH, "buy_orders": [[3, 7]]}, {"order_margin": 10}, "10.5 is cut"),
        ("vega.isolated_orders", HALF, {**BOTH, "position": -4, "buy_orders": [[3, 7], [3, 9]]}, {"order_margin": 7}, "best price first"),
        ("vega.isolated_orders", HALF, {**BOTH, "position": 4, "sell_orders": [[3, 9], [3, 7]]}, {"order_margin": 9}, "sells too"),
        ("vega.isolated_orders", HALF, {**BOTH, "position": 4, "sell_orders": [[3, 7], [3, 7]]}, {"order_margin": 7}, "equal prices"),
        ("vega.composite_price", {"method": "weights", "weights": ["1", "1"], "max_age": [5, 5]},
         {"prices": [101, 102], "last_update": [5, 5], "now": 10}, {"price": 101}, "each part is cut by itself: 50 + 51"),
        ("vega.composite_price", {"method": "weights", "weights": ["1", "1"], "max_age": [5, 5]},
         {"prices": [101, None], "last_update": [5, 5], "now": 10}, {"price": 101}, "a source without a price"),
        ("vega.composite_price", {"method": "weights", "weights": ["1", "1"], "max_age": [1, 1]},
         {"prices": [101, 102], "last_update": [5, 5], "now": 10}, {"price": None}, "all too old"),
        ("vega.composite_price", {"method": "weights", "weights": ["0", "1"], "max_age": [5, 1]},
         {"prices": [101, 102], "last_update": [5, 5], "now": 10}, {"price": None}, "the only one that counts has no weight"),
        ("vega.trade_price", DECAY, {"trades": [[100, 2, 100], [130, 1, 200]], "now": 200}, {"price": 115}, "half the weight at its end"),
        ("vega.trade_price", {**DECAY, "decay_power": "2"}, {"trades": [[100, 1, 150], [200, 1, 200]], "now": 200},
         {"price": 153}, "1/8 less"),
        ("vega.trade_price", {**DECAY, "decay_weight": "1"}, {"trades": [[100, 1, 100]], "now": 200}, {"price": None}, "no weight left"),
        ("vega.trade_price", DECAY, {"trades": [], "now": 200}, {"price": None}, "no trade"),
        ("vega.twap", {"window": 30}, {"observations": [[29, 100], [45, 150]], "now": 60}, {"price": 150}, "begun before the window"),
        ("vega.twap", {"window": 30}, {"observations": [[60, 70]], "now": 60}, {"price": 70}, "this very instant"),
        ("vega.twap", {"window": 30}, {"observations": [[0, 70]], "now": 60}, {"price": None}, "nothing in the window"),
        ("vega.disposal", {"disposal_fraction": "0.1", "full_disposal_size": 10, "max_fraction_consumed": "0.2"},
         {"network_position": -10, "available_volume": 1000}, {"order_size": 10}, "all of a small short"),
        ("vega.disposal", {"disposal_fraction": "0.1", "full_disposal_size": 10, "max_fraction_consumed": "0.2"},
         {"network_position": 100, "available_volume": 0}, {"order_size": 0}, "an empty book takes nothing"),
        ("snx.account", GUARDS, {"collateral_usd": "10", "positions": [{**MARKET, "price": "110", "size": "2"}]},
         {"pnl": ["18"], "available_margin": "28", "initial_margin_ratio": ["0.05"], "initial_margin": "11", "maintenance_margin": "5.5",
          "liquidation_reward": "1", "withdrawable_margin": "16", "is_liquidatable": False}, "filled at 101; the reward at its limit"),
        ("snx.account", GUARDS, {"collateral_usd": "6.5", "positions": [{**MARKET, "price": "101", "size": "2"}]},
         {"available_margin": "6.5", "maintenance_margin": "5.05", "is_liquidatable": False}, "0.45 above both"),
        ("snx.account", GUARDS, {"collateral_usd": "6.05", "positions": [{**MARKET, "price": "101", "size": "2"}]},
         {"is_liquidatable": False}, "equal is not below"),
        ("snx.account", GUARDS, {"collateral_usd": "6.04", "positions": [{**MARKET, "price": "101", "size": "2"}]},
         {"is_liquidatable": True}, "a cent below"),

               ("snx.account", GUARDS, {"collateral_usd": "100", "positions": [{**MARKET, "price": "100", "size": "-2",
         "market_skew_before_open": "3"}]},
         {"pnl": ["4"]}, "a short into a long skew is filled at 102, at a premium of its own"),
        ("snx.collateral", COIN, {"amount": "1000", "price": "2000"}, {"discount": "0.04", "value_usd": "1920000"}, "between the ends"),
        ("snx.collateral", COIN, {"amount": "5000", "price": "1"}, {"discount": "0.05", "value_usd": "4750"}, "the highest"),
        ("snx.liquidation_window", WINDOW, {"requests": [asked(0, "150"), asked(0, "5"), asked(10, "30"), asked(11, "80")]},
         {"liquidated": ["100", "0", "30", "70"]}, "as old as the window is out of it"),

               ("snx.liquidation_window", WINDOW, {"requests": [asked(0, "150", "50"), asked(0, "50", "50"), asked(1, "50", "50"),
         asked(1, "9", "9")]},
         {"liquidated": ["100", "0", "50", "0"]}, "a small premium opens one more window in a new block, once"),
        ("snx.liquidation_window", WINDOW, {"requests": [asked(0, "150", "60"), asked(1, "50", "60")]},
         {"liquidated": ["100", "0"]}, "the very limit is no small premium"),
        ("snx.liquidation_window", {**WINDOW, "taker_fee": "0", "maker_fee": "0"}, {"requests": [asked(0, "150")]},
         {"capacity_per_window": "0", "liquidated": ["150"]}, "a window without a limit"),
        ("snx.keeper_reward", KEEPER, PAID, {"reward_wei": 14}, "the least reward above the costs"),
        ("snx.keeper_reward", KEEPER, {**PAID, "liquidate_cost_wei": 40}, {"reward_wei": 60}, "the least profit on them"),
        ("snx.keeper_reward", KEEPER, {**PAID, "liquidate_cost_wei": 4000}, {"reward_wei": 1000}, "the largest"),
        ("snx.keeper_reward", KEEPER, {**PAID, "flag_reward_wei": 300, "flag_cost_wei": 5, "positions_flagged": 2, "collateral_wei": 20000},
         {"reward_wei": 200}, "a share of the collateral"),
        ("snx.keeper_reward", KEEPER, {**PAID, "flag_reward_wei": 300, "flag_cost_wei": 5, "positions_flagged": 2, "collateral_wei": 90000},
         {"reward_wei": 314}, "the cost of flagging each"),
        ("percolator.mode", BANDS, {"health": 0}, {"mode": "pre", "band_bps": 100}, "at maintenance it is not below"),
        ("percolator.mode", BANDS, {"health": -1}, {"mode": "hard", "band_bps": 200}, "below"),
        ("percolator.mode", BANDS, {"health": 10}, {"mode": "none", "band_bps": 0}, "the whole buffer"),
        ("percolator.price_band", {"band_bps": 200}, {"oracle_price": 1000049}, {"low": 980049, "high": 1020049}, "the width is cut"),
        ("percolator.alignment", {"tolerance_bps": 50}, {"mark_price": 1005000, "oracle_price": 1000000},
         {"aligned": True}, "the very edge"),
        ("percolator.alignment", {"tolerance_bps": 50}, {"mark_price": 1005001, "oracle_price": 1000000}, {"aligned": False}, "beyond"),
        ("percolator.alignment", {"tolerance_bps": 50}, {"mark_price": 1, "oracle_price": 0}, {"aligned": False}, "no oracle"),
        ("percolator.insurance", FUND, {"vault": 100000, "events": [[2000, 1000000, 1000], [2000, 1000000, 1000], [2000, 1000000, 87400]]},
         {"payouts": [[2000, 0], [1000, 1000], [2000, 0]]}, "the day's share, and a new day"),
        ("percolator.insurance", FUND, {"vault": 1000000, "events": [[10000, 1000000, 1]]},
         {"payouts": [[5000, 5000]]}, "the event's share"),
        ("percolator.waterfall", {}, {**TOTALS, "warming": 100, "insurance": 100, "collateral": 850},
         {"burned_warming": 100, "insurance_draw": 50, "insurance_left": 50, "equity_haircut": "0.1", "principal_left": 900,
         "solvent": True},
         "what the fund pays is counted once and then gone"),
        ("percolator.waterfall", {}, {**TOTALS, "principal": 0, "warming": 0, "collateral": 0}, {"equity_haircut": "0"}, "nothing at all"),
        ("gmx.liquidatable", LEAST, {**POSITION, "index_price": "45.5"}, {"is_liquidatable": False}, "the very least remains"),
        ("gmx.liquidatable", LEAST, {**POSITION, "index_price": "45.49"}, {"is_liquidatable": True}, "a little less"),
        ("gmx.liquidatable", LEAST, {**POSITION, "index_price": "54.51", "is_long": False}, {"is_liquidatable": True}, "a short"),
        ("gmx.liquidatable", {**LEAST, "min_collateral_usd": "11"}, {**POSITION, "index_price": "45.5"},
         {"is_liquidatable": True}, "dollars"),
        ("gmx.capped_pnl", {"max_pnl_factor": "0.5"}, POOL, {"position_pnl": "100", "position_pnl_uncapped": "100"}, "below the cap"),
        ("gmx.capped_pnl", {"max_pnl_factor": "0.2"}, POOL, {"position_pnl": "50"}, "half of it"),
        ("gmx.capped_pnl", {"max_pnl_factor": "0"}, POOL, {"position_pnl": "100"}, "a share of nothing cuts nothing, as in the source"),
        ("gmx.capped_pnl", {"max_pnl_factor": "0.2"}, {**POOL, "index_price": "5"}, {"position_pnl": "-50"}, "a loss is whole"),
    ],
)  # fmt: skip
def test_other_cases(family: str, policy: Given, inputs: Given, expected: Given, why: str) -> None:
    ran = outcome(Case("here.json", "made", family, family.split(".")[0], policy, inputs, dict(_flat("", expected)), {}))
    assert (ran.verdict, ran.why, ran.unread) == ("shipped", (), ()), why
