"""Cases of one venue's families, other sides and numbers than are seen most; each figure worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cases import Case
from tests.conformance.run import outcome

Given = dict[str, Any]
FEE = {"mmr": "0.005", "taker_fee": "0.001"}
TICK = {"tick": "0.5"}
STEPS = {"tier3_max": "100", "step_contracts": "50", "tier3_mmr": "0.02", "tier3_imr": "0.05", "step_mmr": "0.005", "step_imr": "0.005"}
BOOK = {"tiers": [["10", "50"], ["20", "25"], ["40", "10"]]}
ETH = {"contracts": "2", "contract_value": "10", "avg_px": "100", "leverage": "10"}
COIN = {"mmr": "0.01", "taker_fee": "0.01"}
LINE = {"im_base": "0.02", "mm_base": "0.01", "per_unit": "0.001"}
ROOT = {"imf": {"base": "0.02", "factor": "0.0005"}, "mmf": {"base": "0.01", "factor": "0.0003"}}
ONE = {"mark": "100", "mult": "1", "contracts": "1", "mmr": "0.01"}


@pytest.mark.parametrize(
    "family, venue, policy, inputs, expected, why",
    [
        ("bybit_im_mm_fee", "bybit", FEE, {"side": "short", "position_value": "100", "leverage": "10"},
         {"initial_margin": "10.11", "maintenance_margin": "0.61"}, "a short is closed at 110, for 0.11"),
        ("bybit_im_mm_fee", "bybit", {**FEE, "mm_deduction": "0.1"}, {"side": "long", "qty": "2", "entry": "50", "leverage": "10"},
         {"initial_margin": "10.09", "maintenance_margin": "0.49"}, "a size at a price, and an amount taken off"),
        ("linear_im_mm", "bybit", FEE, {"side": "long", "notional": "100", "leverage": "1"},
         {"initial_margin": "100", "maintenance_margin": "0.5"}, "at 1x closing a bankrupt long costs nothing"),
        ("bybit_rate_liq", "bybit", FEE, {"side": "long", "qty": "1", "entry": "100", "leverage": "10"},
         {"liquidation_price": "90.5"}, "the fee is in both margins and moves nothing"),
        ("bust_from_leverage", "bybit", TICK, {"side": "long", "entry": "101", "leverage": "3"}, {"bankruptcy_price": "67.5"}, "up"),
        ("bust_from_leverage", "bybit", TICK, {"side": "short", "entry": "101", "leverage": "3"}, {"bankruptcy_price": "134.5"}, "down"),
        ("phemex_iso", "phemex", FEE, {"side": "short", "value": "10", "entry": "200", "leverage": "4"},
         {"position_margin": "2.5", "bankrupt_price": "250", "liquidation_price": "249", "pos_cost": "2.5125"}, "a short"),
        ("max_position_for_leverage", "gate", BOOK, {"leverage": "25"}, {"max_position": "20"}, "the very leverage of a tier"),
        ("max_position_for_leverage", "gate", BOOK, {"leverage": "26"}, {"max_position": "10"}, "one more"),
        ("max_position_for_leverage", "gate", BOOK, {"leverage": "1"}, {"max_position": "40"}, "the whole table"),
        ("tier_extension", "okx", STEPS, {"contracts": "100"},
         {"tier": 3, "mmr": "0.02", "imr": "0.05", "max_leverage": "1/imr"}, "the last row written"),
        ("tier_extension", "okx", STEPS, {"contracts": "101"}, {"tier": 4, "mmr": "0.025", "imr": "0.055"}, "one contract on"),
        ("tier_extension", "okx", STEPS, {"contracts": "200"}, {"tier": 5, "mmr": "0.03", "imr": "0.06"}, "a cap belongs to its own tier"),
        ("tier_change_lookup", "okx", {"before": [["500", "0.01", "75", "0.0133"]], "after": [["500", "0.02", "15", "0.0666"]],
         "unit": "contracts"}, {"size": "5"}, {"before.imr": "0.0133", "after.imr": "0.0666"}, "the printed rate is cut"),
        ("okx_inverse_isolated", "okx", COIN, {**ETH, "side": "long", "upl": "0.04"},
         {"margin": "0.02", "maintenance_margin": "0.0016", "margin_ratio": "18.75"}, "a profit: the mark is 125"),
        ("okx_inverse_isolated", "okx", COIN, {**ETH, "side": "short", "upl": "0.05"},
         {"margin": "0.02", "maintenance_margin": "0.0025", "margin_ratio": "14"}, "a short in profit: the mark is 80"),
        ("okx_inverse_isolated", "okx", COIN, {**ETH, "side": "long", "upl": "-0.05"},
         {"margin": "0.02", "maintenance_margin": "0.0025", "margin_ratio": "-6"}, "beyond bankruptcy: the mark is 80"),
        ("okx_inverse_isolated", "okx", COIN, {**ETH, "side": "long", "mark": "100"}, {"margin_ratio": "5"}, "the mark is given"),
        ("okx_inverse_isolated", "okx", {"mmr": "0.008", "taker_fee": "0.0005"},
         {"side": "long", "contracts": "1", "contract_value": "10", "avg_px": "2566.31", "leverage": "10"},
         {"liquidation_price": "2352.839668"}, "the venue prints 2352.849668: one tick of 0.01 above, and on no tick"),
        ("flat_tier_mm", "gate", {"mmr": "0.005"}, {"notional": "1000"}, {"maintenance_margin": "5"}, "one rate for all"),
        ("inverse_mm_at_mark", "kraken_futures", {"mmr": "0.01"},
         {"side": "short", "contracts": "100", "contract_size": "1", "entry": "100", "margin": "0.19"},
         {"liquidation_price": "122.222222", "bankruptcy_price": "123.456790"}, "a short"),
    ],
)  # fmt: skip
def test_shipped(family: str, venue: str, policy: Given, inputs: Given, expected: Given, why: str) -> None:
    ran = outcome(Case("here.json", "made", family, venue, policy, inputs, figures(expected), {"abs": "0.000001"}))
    assert (ran.verdict, ran.why, ran.unread) == ("shipped", (), ()), why


@pytest.mark.parametrize(
    "family, policy, inputs, expected, why",
    [
        ("linear_increase_margin", LINE, {"size": "-10", "price": "100"}, {"initial_margin": "30", "maintenance_margin": "20"}, "a short"),
        ("sqrt_margin", ROOT, {"notional": "10000"}, {"imf": "0.05", "mmf": "0.03"}, "the factors by a root of 100"),
        ("sqrt_margin", ROOT, {"notional": "1600"}, {"imf": "0.02", "mmf": "0.012", "initial_margin": "32", "maintenance_margin": "19.2"},
         "the base and the root's rate are equal, and the margins"),
        ("sqrt_margin", ROOT, {"notional": "1599"}, {"imf": "0.02", "mmf": "0.0119962"}, "the base below it, of the one that has it"),
        ("kucoin_risk_rate", {"taker_fee": "0.01"}, {"positions": [ONE], "total_margin": "20"}, {"risk_rate": "0.1"}, "no orders"),
        ("kucoin_risk_rate", {"taker_fee": "0.01"}, {"orders": [ONE], "total_margin": "21"}, {"risk_rate": "0.1"}, "orders alone"),
        ("kucoin_risk_rate", {"taker_fee": "0.01"}, {"positions": [ONE, ONE], "total_margin": "40"}, {"risk_rate": "0.1"}, "two markets"),
        ("auto_exchange", {"threshold": "-100", "rate": "0.8"}, {"negative_balance": "-120"}, {"converted_value": "150"}, "all of it"),
        ("auto_exchange", {"threshold": "-100", "rate": "0.8"}, {"negative_balance": "-99"}, {"converted_value": "0"}, "not yet"),
        ("okx_pm_mmr", {"formula": "max(MR1+MR2, MR7)"}, {"MR1": "1", "MR2": "2", "MR7": "2"}, {"maintenance_margin": "3"}, "another"),
        ("paradex_check", {"imf": "0.5"}, {"collateral": "1", "qty": "-1", "entry": "1", "marks": ["1", "2"]},
         {"imr.0": "0.5", "account_value.1": "0", "ok.0": True, "ok.1": False}, "a short that loses what stands behind it"),
    ],
)  # fmt: skip
def test_families(family: str, policy: Given, inputs: Given, expected: Given, why: str) -> None:
    ran = outcome(Case("here.json", "made", family, "somewhere", policy, inputs, expected, {"abs": "0.000001"}))
    assert (ran.verdict, ran.why, ran.unread) == ("family", (), ()), why


def figures(expected: Given) -> Given:
    """As the reader of cases has them: `1/imr` is 1 by that figure."""
    return {name: f"1/{expected['imr']}" if value == "1/imr" else value for name, value in expected.items()}


def test_a_leverage_that_the_venue_does_not_know_is_the_family_s() -> None:
    given = {"side": "long", "contracts": "100", "contract_size": "1", "entry": "100", "leverage": "10"}
    expected, within = {"liquidation_price": "91.818181"}, {"abs": "0.000001"}
    case = Case("here.json", "made", "inverse_mm_at_mark", "kraken_futures", {"mmr": "0.01"}, given, expected, within)
    assert (outcome(case).verdict, outcome(case).why) == ("family", ())
