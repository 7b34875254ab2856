"""What cases of a family may hold beside what is seen most: other sides, words, modes and numbers; and what is not passed over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cases import Case
from tests.conformance.report import report
from tests.conformance.run import outcome

PRICE = {"abs": "0.000001"}
TIERS = [["0", "10000", "0.01", "50", "0"], ["10000", "50000", "0.02", "20", "100"], ["50000", "inf", "0.05", "10", "1600"]]
FALLING = [TIERS[0], ["10000", "50000", "0.005", "20", "100"]]
HL_TIERS = [["0", "3000000", "10"], ["3000000", "inf", "5"]]
BTC = {"symbol": "BTCUSDT", "qty": "2", "entry": "100", "mark": "110", "mmr": "0.01", "cum": "0"}
TENTHS = {"contracts": "20", "contract_size": "0.1"}
HUNDREDS = {"contracts": "4", "contract_size": "100"}
BELOW = {"prev_cum": "50", "prev_mmr": "0.005"}
ONE = {"side": "long", "qty": "1", "entry": "1"}
MARGIN = ("linear_im_mm", {"mmr": "0.01"}, {"notional": "100", "hedged": "yes"})
ETH = {"symbol": "ETHUSDT", "qty": "10", "entry": "20", "mark": "20", "mmr": "0.02", "cum": "1"}


Given = dict[str, Any]


def case(family: str, policy: Given, inputs: Given, expected: Given, venue: str = "binance", tolerance: Given = PRICE) -> Case:
    return Case("here.json", "made", family, venue, policy, inputs, expected, tolerance)


def cum_liq(expected: str | None, why: str, **inputs: str) -> Any:
    given = {"side": "long", "qty": "1", "entry": "100", **inputs}
    return pytest.param(case("linear_cum_liq", {"mmr": "0.5", "cum": "10"}, given, {"liquidation_price": expected}), why)


def hl(expected: str, why: str, **inputs: str) -> Any:
    policy, given = {"max_leverage": "2", "mmr_rule": "1/(2*max_leverage)"}, {"side": "long", "qty": "1", "entry": "100", **inputs}
    return pytest.param(case("hl_liq", policy, given, {"liquidation_price": expected}, "hyperliquid"), why)


def tier(notional: Any, inclusive: bool | None, mmr: str, cum: str, number: int, why: str) -> Any:
    policy = {"tiers": TIERS, **({} if inclusive is None else {"upper_inclusive": inclusive})}
    return pytest.param(case("tier_lookup", policy, {"notional": notional}, {"mmr": mmr, "cum": cum, "tier": number}, tolerance={}), why)


@pytest.mark.parametrize(
    "made, why",
    [
        cum_liq("80", "a wallet of 50: 50 + p − 100 = p/2 − 10", wallet_balance="50"),
        cum_liq("80", "what opening at 2x posts is 50 too", leverage="2", wallet_balance_rule="qty*entry/leverage"),
        cum_liq("60", "with a profit of 10 elsewhere", leverage="2", wallet_balance_rule="qty*entry/leverage", others_upnl="10"),
        cum_liq("100", "a loss of 10 elsewhere moves it the other way", wallet_balance="50", others_upnl="-10"),
        cum_liq("100", "so does a maintenance of 10 elsewhere", wallet_balance="50", others_mm="10"),
        cum_liq("106.66666666666667", "a short of a wallet of 50", side="short", wallet_balance="50"),
        cum_liq(None, "no mark above 0 liquidates", wallet_balance="143.3"),
        cum_liq("140", "liquidatable already: the mark at which it would be healthy again", wallet_balance="20"),
    ],
)
def test_linear_liquidation(made: Case, why: str) -> None:
    ran = outcome(made)
    assert (ran.verdict, ran.through, ran.why, ran.unread) == ("shipped", "binance-usdm", (), ()), why


@pytest.mark.parametrize(
    "made, why",
    [
        hl("66.66666666666667", "50 posted at 2x, a rate of 25%", leverage="2"),
        hl("53.333333333333336", "a margin that is given beats the leverage", leverage="2", margin="60"),
        hl("120", "a short", side="short", leverage="2"),
    ],
)
def test_hyperliquid_liquidation(made: Case, why: str) -> None:
    ran = outcome(made)
    assert (ran.verdict, ran.through, ran.why, ran.unread) == ("shipped", "hyperliquid", (), ()), why


@pytest.mark.parametrize(
    "made, why",
    [
        tier("10000", True, "0.01", "0", 1, "a cap belongs to its own tier"),
        tier("10000", None, "0.01", "0", 1, "it does where the case does not say"),
        tier("10000", False, "0.02", "100", 2, "or begins the next one"),
        tier(50000.5, True, "0.05", "1600", 3, "numbers may be numbers, and a table open at its end"),
        tier("0", True, "0.01", "0", 1, "nothing is in the first tier"),
        tier("-20000", False, "0.02", "100", 2, "a short's notional"),
    ],
)
def test_rows(made: Case, why: str) -> None:
    ran = outcome(made)
    assert (ran.verdict, ran.why) == ("shipped", ()), why


@pytest.mark.parametrize(
    "family, policy, inputs, expected, why",
    [
        ("linear_upnl", {}, {"side": "short", "qty": "2", "entry": "10", "mark": "7.5"}, {"unrealized_pnl": "5"}, "a short gains"),
        ("linear_upnl", {}, {**TENTHS, "side": "long", "entry": "10", "mark": "9"}, {"unrealized_pnl": "-2"}, "contracts of a tenth"),
        ("inverse_upnl", {}, {**HUNDREDS, "side": "short", "entry": "50", "mark": "40"}, {"unrealized_pnl": "2"}, "a short of them"),
        ("linear_im_mm", {"mmr": "0.01", "cum": "5"}, {"notional": "1000"}, {"maintenance_margin": "5"}, "no leverage is asked for"),
        ("linear_im_mm", {"mmr": "0.01"}, {"qty": "2", "mark": "50", "leverage": 4}, {"initial_margin": 25}, "a size and a mark"),
        ("cum_recursion", {**BELOW, "mmr": "0.01", "floor": "250000"}, {}, {"cum": "1300"}, "an amount derived from the row below"),
        ("max_leverage_for_stake", {"tiers": TIERS[:2]}, {"stake": "1000"}, {"max_leverage": "20"}, "the second row's largest"),
        ("max_leverage_for_stake", {"tiers": TIERS[:2]}, {"stake": "100"}, {"max_leverage": "50"}, "the first row's"),
        ("max_leverage_for_stake", {"tiers": TIERS[:2]}, {"stake": "400"}, {"max_leverage": "25"}, "as far as the first row reaches"),
        ("max_leverage_for_stake", {"tiers": TIERS[:2]}, {"stake": "0"}, {"max_leverage": "50"}, "nothing may take the largest"),
        ("haircut", {"collateral_rate": "0.95"}, {"value": "1000.50"}, {"collateral_value": "950.475"}, "a weight"),
        ("hl_margin_used", {}, {"side": "short", "position_value": "300", "raw_usd": "350"}, {"margin_used": "50"}, "a short owes it"),
        ("hl_tier_mm", {"tiers": HL_TIERS}, {"notional": "4000000"}, {"maintenance_margin": "250000", "tier": 2}, "a deduction"),
    ],
)
def test_figures(family: str, policy: Given, inputs: Given, expected: Given, why: str) -> None:
    ran = outcome(case(family, policy, inputs, expected))
    assert (ran.verdict, ran.why, ran.unread) == ("shipped", (), ()), why


@pytest.mark.parametrize(
    "positions, target, expected, why",
    [
        ([{**BTC, "side": "long"}, {**ETH, "side": "short"}], "BTCUSDT", "77.272727", "200 short of ETH at its mark; the long falls"),
        ([{**BTC, "side": "long"}, {**ETH, "side": "short"}], "ETHUSDT", "26.352941", "and the short rises"),
        ([{**BTC, "side": "long"}, {**BTC, "side": "short", "qty": "3"}], "BTCUSDT", "142.857142", "two legs of one market"),
    ],
)
def test_cross_accounts(positions: list[dict[str, Any]], target: str, expected: str, why: str) -> None:
    inputs = {"wallet_balance": "50", "positions": positions, "target": target}
    ran = outcome(case("linear_cross_cum_liq", {}, inputs, {"liquidation_price": expected}, tolerance={"abs": "0.00001"}))
    assert (ran.verdict, ran.why, ran.unread) == ("shipped", (), ()), why


def test_a_word_of_one_position_is_not_passed_over() -> None:
    inputs = {"wallet_balance": "50", "positions": [{**BTC, "side": "long"}, {**ETH, "side": "short", "frozen": "1"}], "target": "BTCUSDT"}
    assert outcome(case("linear_cross_cum_liq", {}, inputs, {})).unread == ("frozen",)


@pytest.mark.parametrize(
    "family, policy, inputs, expected, verdict, says, why",
    [
        (*MARGIN, {"maintenance_margin": "1.1"}, "failed", "printed 1.1, found 1:", "a figure that differs"),
        (*MARGIN, {"initial_margin": "1"}, "failed", "leverage of p1 is not given", "a figure that needs an input that is not there"),
        (*MARGIN, {"margin_ratio": "1"}, "failed", "no adapter reads this figure", "a figure of no known name"),
        (*MARGIN, {"maintenance_margin": "1"}, "shipped", "with hedged of the case not read", "a word nobody reads"),
        ("tier_lookup", {"tiers": FALLING}, {"notional": "1"}, {"mmr": "0.01"}, "failed", "rate falls", "a table that proofs refuse"),
        ("hl_liq", {"max_leverage": "2", "mmr_rule": "1/max_leverage"}, ONE, {}, "unsupported", "mmr_rule", "a rule that the form has not"),
        ("linear_cum_liq", {"mmr": "0.1"}, ONE, {}, "unsupported", "neither a wallet balance nor a leverage", "an input that is missing"),
        ("no_such_family", {}, {}, {}, "unsupported", "no_such_family/made", "a family nobody has heard of"),
    ],
)
def test_nothing_is_passed_over(family: str, policy: Given, inputs: Given, expected: Given, verdict: str, says: str, why: str) -> None:
    ran = outcome(case(family, policy, inputs, expected))
    assert ran.verdict == verdict, why
    assert says in report([ran]), why
