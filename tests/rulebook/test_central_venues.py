"""Centralised venues under their own markets: the figures that their pages print, and what they do not print is an error."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import riskrules
from riskrules.units.exact import to_fraction
from tests.places import POLICIES

NOW = "2026-12-01T00:00:00Z"
# Between two captures an answer is undecided: the older one is asked about at the very time that it was seen.
AT_MEXC, AT_PARADEX, AT_HTX, AT_OKX = "2022-01-27T00:00:00Z", "2024-06-25T00:00:00Z", "2020-11-01T00:00:00Z", "2025-05-01T00:00:00Z"
NO_DEBT = {"open_loss": "0", "loan_value": "0", "loan_leverage": "3"}


def found(rulebook: str, as_of: str, account: dict[str, Any], markets: dict[str, Any], *names: str, **more: Any) -> dict[str, Any]:
    """The decision of the account's first pool, the code of its error, and figures of its first rows by name."""
    given = {name: one if isinstance(one, dict) else {"mark_price": one} for name, one in markets.items()}
    shot = {"as_of": as_of, "markets": given, "accounts": [{"id": "a", "collateral": {}, **account}], **more}
    pool, *_ = riskrules.load(POLICIES, rulebook=rulebook, as_of=as_of).explain(shot).pools
    values = {name: pool.evaluated.value(name, 0) for name in names}
    figures = {name: to_fraction(value) if isinstance(value, tuple) else value for name, value in values.items()}
    faults = {name: value.code for name, value in values.items() if hasattr(value, "code")}
    return {"decision": pool.decision, **figures, **faults}


def one(market: str, size: str, entry: str, **more: str) -> dict[str, Any]:
    return {"id": "p", "market": market, "mode": "cross", "size": size, "entry_price": entry, "leverage": "10", **more}


# -- Deribit: support.deribit.com 25944738177565 and the notice for 2022-01-11 --------------------


def at_deribit(market: str, size: str, price: str, as_of: str = NOW, **account: Any) -> dict[str, Any]:
    marks = {market: {"mark_price": price, "underlying_index": price}}
    account = {"positions": [one(market, size, price, unsettled_funding="0")], **account}
    return found("deribit", as_of, account, marks, "initial_margin", "maintenance_margin")


@pytest.mark.parametrize(
    "market, size, price, initial, maintenance, why",
    [
        ("BTC-USDC", "25", "100000", 53_125, 28_125, "2.125% and 1.125% of 2,500,000"),
        ("BTC-USDC", "350", "100000", 1_312_500, 962_500, "the whole position at the rate of its size"),
        ("BTC-USDC", "-350", "100000", 1_312_500, 962_500, "a short holds the same"),
        ("SOL-USDC", "25", "200", Fraction("200.625"), Fraction("100.625"), "4.0125% and 2.0125%"),
        ("SOL-USDC", "6000", "200", 84_000, 60_000, "7%"),
        ("BTC-USD", "5000000", "50000", Fraction("2.5"), Fraction("1.5"), "100 BTC of dollars, after the notice"),
    ],
)
def test_deribit_rates_rise_with_the_size(market: str, size: str, price: str, initial: Any, maintenance: Any, why: str) -> None:
    got = at_deribit(market, size, price)
    assert (got["initial_margin"], got["maintenance_margin"]) == (initial, maintenance), why


@pytest.mark.parametrize(
    "as_of, initial, maintenance, why",
    [
        ("2022-01-10T12:00:00Z", Fraction("1.5"), Fraction("1.025"), "1% and 0.525%, and 0.5% for 100 BTC"),
        ("2022-01-11T00:00:00Z", Fraction("2.5"), Fraction("1.5"), "2% and 1% from the day of the notice on"),
    ],
)
def test_the_deribit_notice_changes_both_margins(as_of: str, initial: Any, maintenance: Any, why: str) -> None:
    got = at_deribit("BTC-USD", "5000000", "50000", as_of)
    assert (got["initial_margin"], got["maintenance_margin"]) == (initial, maintenance), why


def test_deribit_says_nothing_of_open_orders() -> None:
    order = {"id": "o", "market": "BTC-USDC", "side": "buy", "size": "1", "price": "100000", "reduce_only": False, "leverage": "10"}
    got = at_deribit("BTC-USDC", "25", "100000", orders=[order])
    assert (got["initial_margin"], got["maintenance_margin"]) == ("RR530", 28_125)


# -- Paradex: docs.paradex.trade/risk/cross-margin-requirement ------------------------------------


def orders(*sides: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {"id": f"o{k}", "market": "BTC-USDC", "side": side, "size": size, "price": "90000", "reduce_only": False, "leverage": "50"}
        for k, (side, size) in enumerate(sides)
    ]


@pytest.mark.parametrize(
    "as_of, leverage, sides, net, why",
    [
        (NOW, "50", [("buy", "3"), ("sell", "2")], 5_400, "sales would make a short of 3, and that is the larger side: as printed"),
        (NOW, "50", [("buy", "5"), ("sell", "2")], 7_200, "buys would make a long of 4"),
        (NOW, "20", [("buy", "3"), ("sell", "2")], 13_500, "the user lowered the leverage: 5%"),
        (AT_PARADEX, "50", [], 1_800, "below the shift the base fraction holds"),
    ],
)
def test_paradex_holds_the_larger_side(as_of: str, leverage: str, sides: list[tuple[str, str]], net: int, why: str) -> None:
    account = {"collateral": {"USDC": "9000"}, "taker_fee": "0", "positions": [one("BTC-USDC", "-1", "90000", leverage=leverage)]}
    got = found("paradex", as_of, {**account, "orders": orders(*sides)}, {"BTC-USDC": "90000"}, "net_initial", "initial_margin")
    assert (got["net_initial"], got["initial_margin"]) == (net, net), why


def test_paradex_of_2024_rises_with_the_root_beyond_a_shift() -> None:
    account = {"collateral": {"USDC": "99999"}, "taker_fee": "0.0003", "positions": [one("BTC-USDC", "11.6", "90000")]}
    got = found("paradex", AT_PARADEX, account, {"BTC-USDC": "90000"}, "initial_margin", "maintenance_margin")
    fee = Fraction("0.0003") * 1_044_000
    assert (got["initial_margin"], got["maintenance_margin"]) == (1_044_000 * Fraction("0.034") + fee, 17_748 + fee)


# -- Backpack, Lighter ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "market, size, mark, initial, maintenance, why",
    [
        ("SOL-USDC", "1.1", "115.34732014", "0.02", "0.0125", "a small position has the base fractions, as its payload prints"),
        ("BTC-USDC", "10", "100000", "0.02494", "0.01496", "a million has a root of 1,000"),
    ],
)
def test_backpack_fractions(market: str, size: str, mark: str, initial: str, maintenance: str, why: str) -> None:
    account = {"collateral": {"USDC": "99999"}, "positions": [one(market, size, mark)]}
    got = found("backpack", NOW, account, {market: mark}, "initial_fraction", "maintenance_fraction")
    assert (got["initial_fraction"], got["maintenance_fraction"]) == (Fraction(initial), Fraction(maintenance)), why


@pytest.mark.parametrize(
    "balance, decision, closed_out, why",
    [
        ("651.67879608", "healthy", False, "exactly the maintenance requirement is pre-liquidation"),
        ("651.67", "liquidate", False, "below it"),
        ("434.45", "liquidate", True, "below 0.8% the insurance fund takes over"),
    ],
)
def test_lighter_has_three_levels(balance: str, decision: str, closed_out: bool, why: str) -> None:
    account = {"collateral": {"USDC": balance}, "positions": [one("ETH-USDC", "20", "2715.328317", leverage="20")]}
    got = found("lighter", NOW, account, {"ETH-USDC": "2715.328317"}, "initial_margin", "is_closed_out")
    assert (got["decision"], got["initial_margin"], got["is_closed_out"]) == (decision, Fraction("2715.328317"), closed_out), why


# -- MEXC, HTX ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "as_of, size, tier, rate, why",
    [
        (AT_MEXC, "10000", 0, "0.004", "the base"),
        (AT_MEXC, "10001", 1, "0.008", "the first step"),
        (AT_MEXC, "810000", 4, "0.02", "the fifth and last"),
        (NOW, "15000", 0, "0.0015", "a smaller base later on"),
        (NOW, "2415000", 12, "0.0615", "the thirteenth and last"),
    ],
)
def test_mexc_tiers_are_a_base_and_steps(as_of: str, size: str, tier: int, rate: str, why: str) -> None:
    account = {"collateral": {"USDT": "99999999"}, "taker_fee": "0.0006", "positions": [one("BTC-USDT", size, "50000", leverage="1")]}
    got = found("mexc", as_of, account, {"BTC-USDT": "50000"}, "tier", "maintenance_rate")
    assert (got["tier"], got["maintenance_rate"]) == (tier, Fraction(rate)), why


def test_mexc_guide() -> None:
    """100 contracts at 50,000 are worth 500 and take 50 at 10x."""
    account = {"collateral": {"USDT": "60"}, "taker_fee": "0.0006", "positions": [one("BTC-USDT", "100", "50000")]}
    got = found("mexc", AT_MEXC, account, {"BTC-USDT": "50000"}, "notional", "initial_margin", "maintenance_margin")
    assert (got["notional"], got["initial_margin"], got["maintenance_margin"]) == (500, 50, Fraction("2.3"))


def test_beyond_the_last_mexc_tier_nothing_is_said() -> None:
    account = {"collateral": {"USDT": "1"}, "taker_fee": "0.0006", "positions": [one("BTC-USDT", "810001", "50000")]}
    assert found("mexc", AT_MEXC, account, {"BTC-USDT": "50000"}, "maintenance_margin")["maintenance_margin"] == "RR504"


@pytest.mark.parametrize(
    "size, leverage, factor, why",
    [
        ("8999", "125", Fraction("0.65"), "the end of the first tier"),
        ("9000", "125", Fraction("0.8"), "the next begins one on"),
        ("-90000", "125", Fraction("0.85"), "the last has no end"),
        ("8999", "20", "RR530", "the sample prints 125x alone"),
    ],
)
def test_htx_factors_are_printed_for_one_leverage(size: str, leverage: str, factor: Any, why: str) -> None:
    position = one("BTC-USDT", size, "10000", leverage=leverage, mode="isolated", margin="initial")
    got = found(
        "htx", AT_HTX, {"positions": [position]}, {"BTC-USDT": "10000"}, "adjustment_factor", "maintenance_margin", "initial_margin"
    )
    assert got["adjustment_factor"] == factor, why
    assert got["maintenance_margin"] == (factor if isinstance(factor, str) else factor * got["initial_margin"]), why


# -- Aster, KuCoin --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "collateral, balance, why",
    [
        ({"CAKE": "1000"}, 900, "as printed"),
        ({"BTC": "1000", "USDT": "-100"}, 850, "a debt counts in full"),
        ({"DOGE": "1"}, "RR506", "no ratio"),
    ],
)
def test_aster_collateral(collateral: dict[str, str], balance: Any, why: str) -> None:
    assets = {name: {"index_price": "1"} for name in collateral}
    assert found("aster", NOW, {"collateral": collateral}, {}, "wallet_balance", assets=assets)["wallet_balance"] == balance, why


def test_no_market_of_aster_is_known() -> None:
    account = {"collateral": {"USDT": "1000"}, "positions": [one("BTC-USDT", "1", "100")]}
    assert found("aster", NOW, account, {"BTC-USDT": "100"})["decision"] == "error"


def at_kucoin(margin: str, **position: str) -> dict[str, Any]:
    held = one("BTC-USDT", "100", "62000", **position)
    order = {"id": "o", "market": "ETH-USDT", "side": "sell", "size": "1000", "price": "3000", "reduce_only": False, "leverage": "10"}
    account = {
        "collateral": {"USDT": margin},
        "taker_fee": "0.0006",
        "positions": [held],
        "orders": [{**order, "order_maintenance_rate": "0.008"}],
    }
    return found("kucoin", NOW, account, {"BTC-USDT": "62000", "ETH-USDT": "3000"}, "risk_rate", "state", "maintenance_margin")


@pytest.mark.parametrize(
    "margin, decision, state, why",
    [
        ("5000", "healthy", "normal", "5.88%, as printed"),
        ("320", "healthy", "cancel_orders", "between 95% and 100%"),
        ("310.72", "liquidate", "liquidation", "100% exactly: 292.72 of what is left beside 18 of opening fees"),
    ],
)
def test_kucoin_risk_rate(margin: str, decision: str, state: str, why: str) -> None:
    got = at_kucoin(margin, position_maintenance_rate="0.005")
    assert (got["decision"], str(got["state"])) == (decision, state), why
    if margin == "5000":
        assert round(got["risk_rate"], 4) == Fraction("0.0588")


def test_kucoin_publishes_no_rate() -> None:
    assert at_kucoin("5000")["maintenance_margin"] == "RR505"


# -- portfolio margin of OKX and Binance ----------------------------------------------------------

PARTS = dict.fromkeys(("spot_shock", "theta_decay", "vega_risk", "basis_risk", "rate_risk", "extreme_move", "unit_initial_margin"), "0")


@pytest.mark.parametrize(
    "parts, margin, why",
    [
        ({"minimum_charge": "3020.87"}, "3020.87", "before 2024-06-05: the minimum charge alone"),
        ({"basis_risk": "8053.32", "minimum_charge": "3020.17"}, "8053.32", "and with the basis risk of spot"),
        ({"spot_shock": "5", "extreme_move": "7", "vega_risk": "2", "minimum_charge": "8"}, "9", "the largest, and the rest besides"),
    ],
)
def test_okx_parts_of_a_risk_unit(parts: dict[str, str], margin: str, why: str) -> None:
    account = {"collateral": {"USDT": "9000"}, "positions": [one("BTC-USDT", "-1000", "60000", **{**PARTS, **parts})]}
    assert found("okx-pm", AT_OKX, account, {"BTC-USDT": "60000"}, "maintenance_margin")["maintenance_margin"] == Fraction(margin), why


def test_an_okx_part_that_is_not_given_is_an_error() -> None:
    account = {"collateral": {"USDT": "9000"}, "positions": [one("BTC-USDT", "-1000", "60000", **PARTS)]}
    assert found("okx-pm", AT_OKX, account, {"BTC-USDT": "60000"}, "maintenance_margin")["maintenance_margin"] == "RR505"


@pytest.mark.parametrize(
    "collateral, price, counts, why",
    [
        ({"BETH": "500"}, "4000", 1_900_000, "2,000,000 is the whole first slice"),
        ({"BETH": "1000"}, "4000", 3_600_000, "the next 2,000,000 at 85%"),
        ({"BETH": "5000"}, "4000", 5_600_000, "beyond 8,000,000 nothing counts"),
        ({"X": "250000000"}, "0.01", 120 * 8_500 + 80 * 7_900 + 50 * 7_600, "coins are cut, and then valued"),
        ({"BETH": "-500"}, "4000", -2_000_000, "a debt counts in full"),
    ],
)
def test_okx_discount_rates(collateral: dict[str, str], price: str, counts: int, why: str) -> None:
    assets = {name: {"index_price": price} for name in collateral}
    assert found("okx-pm", AT_OKX, {"collateral": collateral}, {}, "wallet_balance", assets=assets)["wallet_balance"] == counts, why


@pytest.mark.parametrize(
    "balance, decision, state, why",
    [
        ("300.01", "healthy", "normal", "uniMMR above 150%"),
        ("300", "healthy", "reminded", "150% itself is below the first line"),
        ("240", "healthy", "reduce_only", "120%"),
        ("210.01", "healthy", "reduce_only", "above 105%"),
        ("210", "liquidate", "liquidation", "105% itself"),
        ("200", "liquidate", "claim", "100% itself"),
    ],
)
def test_binance_bands(balance: str, decision: str, state: str, why: str) -> None:
    """1 BTC at 40,000 needs 0.4% of it: 160 in the first tier; a loan of 400 at 3x needs 40."""
    account = {"collateral": {"USDC": balance}, "positions": [one("BTC-USDC", "1", "40000")], **NO_DEBT, "loan_value": "400"}
    got = found("binance-pm", NOW, account, {"BTC-USDC": "40000"}, "maintenance_margin", "state")
    assert (got["maintenance_margin"], got["decision"], str(got["state"])) == (200, decision, state), why


@pytest.mark.parametrize("leverage, margin, why", [("3", 100, "10%"), ("5", 80, "8%"), ("10", 50, "5%"), ("4", "RR530", "not printed")])
def test_binance_loans(leverage: str, margin: Any, why: str) -> None:
    account = {"collateral": {"USDC": "999"}, "open_loss": "0", "loan_value": "1000", "loan_leverage": leverage}
    assert found("binance-pm", NOW, account, {}, "maintenance_margin")["maintenance_margin"] == margin, why


@pytest.mark.parametrize(
    "collateral, equity, why",
    [
        ({"CAKE": "100"}, 70, "75% of 2025-05-16, less the open loss"),
        ({"AXS": "100"}, 45, "50% of the later notice"),
        ({"BTC": "1"}, "RR506", "no ratio"),
    ],
)
def test_binance_collateral(collateral: dict[str, str], equity: Any, why: str) -> None:
    assets = {name: {"index_price": "1"} for name in collateral}
    account = {"collateral": collateral, **NO_DEBT, "open_loss": "5"}
    assert found("binance-pm", NOW, account, {}, "equity", assets=assets)["equity"] == equity, why
