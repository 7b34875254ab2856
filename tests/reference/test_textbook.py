"""The reference itself, held against figures that were worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.reference.policy import Tier, number
from tests.reference.textbook import Pool, Textbook, rounded, slices_margin, tier_of

HOUSE = Path(__file__).resolve().parents[2] / "policies" / "house-usdm"
AS_OF = "2026-12-02T00:00:00Z"


def one_pool(account: dict[str, Any], **prices: str) -> Pool:
    markets = {name.replace("_", "-"): {"mark_price": price} for name, price in prices.items()}
    snapshot = {"markets": markets, "assets": {"BTC": {"index_price": "30000"}}, "accounts": [{"id": "a", "taker_fee": "0.05%", **account}]}
    return Textbook.of(HOUSE, AS_OF).pools(snapshot)[0]


TEN_BTC = {"id": "p", "market": "BTC-USDT", "mode": "cross", "size": "10", "entry_price": "31000", "leverage": "50"}


@pytest.mark.parametrize(
    "text, value, why",
    [
        ("0.4%", Fraction(4, 1000), "a percentage"),
        ("40bps", Fraction(4, 1000), "basis points"),
        ("1/30", Fraction(1, 30), "a quotient stays one"),
        ("5_000", Fraction(5000), "grouped digits"),
        ("20x", Fraction(20), "a leverage"),
        ("1e-05", Fraction(1, 100_000), "as programs print it"),
    ],
)
def test_a_number_is_what_it_prints(text: str, value: Fraction, why: str) -> None:
    assert number(text) == value, why


def test_ten_bitcoin_at_thirty_thousand() -> None:
    """200 + 1,000 + 325 for the three slices of 300,000; the closing fee of 0.05% is 150 on top."""
    pool = one_pool({"collateral": {"USDT": "11000"}, "positions": [TEN_BTC]}, BTC_USDT="30000")
    leg = pool.legs[0]
    assert (leg.notional, leg.tier, leg.maintenance_rate, leg.maintenance_amount) == (300_000, 3, Fraction(65, 10_000), 425)
    assert (leg.position_maintenance, leg.closing_fee, leg.position_initial, leg.unrealised_profit) == (1525, 150, 6000, -10_000)
    assert (pool.wallet_balance, pool.equity, pool.maintenance_margin, pool.margin_buffer) == (11_000, 1000, 1675, -675)
    assert (pool.decision, pool.state, pool.may_increase) == ("liquidate", "liquidation", False)


@pytest.mark.parametrize(
    "wallet, decision, state, why",
    [
        ("11675.00", "liquidate", "liquidation", "equality liquidates"),
        ("11675.009", "liquidate", "liquidation", "equity is cut to the cent below"),
        ("11675.01", "healthy", "reduce_only", "one cent above"),
        ("11970.58", "healthy", "reduce_only", "85% of 1,970.58 is 1,674.993"),
        ("11970.59", "healthy", "normal", "85% of 1,970.59 is 1,675.0015"),
        ("10000", "liquidate", "liquidation", "no equity at all"),
        ("-5", "liquidate", "liquidation", "a debt"),
    ],
)
def test_equality_has_a_side(wallet: str, decision: str, state: str, why: str) -> None:
    pool = one_pool({"collateral": {"USDT": wallet}, "positions": [TEN_BTC]}, BTC_USDT="30000")
    assert (pool.decision, pool.state) == (decision, state), why


def test_collateral_counts_at_its_weight_and_debts_at_theirs() -> None:
    assert one_pool({"collateral": {"USDT": "-100", "BTC": "2"}}).equity == -100 + 2 * 30_000 * Fraction(95, 100)
    assert one_pool({"collateral": {"BTC": "-1"}}).equity == -30_000 * Fraction(105, 100)


def test_a_pool_without_positions_is_never_liquidated() -> None:
    pool = one_pool({"collateral": {"USDT": "-100"}})
    assert (pool.equity, pool.decision, pool.state, pool.may_increase) == (-100, "healthy", "normal", False)


def test_funding_owed_counts_and_funding_due_does_not() -> None:
    def equity(funding: str) -> Fraction:
        position = {**TEN_BTC, "unsettled_funding": funding}
        return one_pool({"collateral": {"USDT": "11000"}, "positions": [position]}, BTC_USDT="30000").equity

    assert (equity("-12.345"), equity("12.345")) == (Fraction("987.65"), 1000)


def test_an_isolated_position_stands_alone() -> None:
    snapshot = {
        "markets": {"BTC-USDT": {"mark_price": "30000"}},
        "accounts": [{"id": "a", "collateral": {"USDT": "9"}, "positions": [{**TEN_BTC, "mode": "isolated", "margin": "11675"}]}],
    }
    cross, isolated = Textbook.of(HOUSE, AS_OF).pools(snapshot)
    assert (cross.isolated, cross.equity, cross.legs) == ("", 9, ())
    assert (isolated.isolated, isolated.wallet_balance, isolated.equity, isolated.decision) == ("p", 11_675, 1675, "liquidate")


def test_the_larger_side_of_the_orders_is_held_back() -> None:
    """Buy 1 at 31,000 with 10x: 3,100 + 1,000 lost at once + 2 × 15.50 of fees; sell 1 at 30,000: 3,000 + 30; the others: nothing."""
    order = {"market": "BTC-USDT", "size": "1", "leverage": "10", "reduce_only": False}
    orders = [
        {**order, "side": "buy", "price": "31000"},
        {**order, "side": "sell", "price": "30000"},
        {**order, "side": "sell", "price": "29000", "reduce_only": True},
        {**order, "side": "buy", "price": "29000", "untriggered": True},
    ]
    assert one_pool({"collateral": {"USDT": "5"}, "orders": orders}, BTC_USDT="30000").initial_margin == 4131


ROWS = (("50", "1/30"), ("100", "1/10"), ("100", "1/5"), ("", "1/2"))
TIERS = [Tier(Fraction(cap) if cap else None, Fraction(1), Fraction(rate), Fraction(0)) for cap, rate in ROWS]


@pytest.mark.parametrize(
    "size, cap, tier, why",
    [
        ("50", "inclusive", 1, "a cap belongs to its own tier"),
        ("50", "exclusive", 2, "or to the next"),
        ("50.01", "inclusive", 2, "one step over"),
        ("100", "inclusive", 2, "an empty tier is never reached"),
        ("100", "exclusive", 4, "an empty tier is never reached from below either"),
        ("0", "exclusive", 1, "nothing is in the first tier"),
        ("1000", "inclusive", 4, "no end"),
    ],
)
def test_the_tier_of_a_size(size: str, cap: str, tier: int, why: str) -> None:
    assert tier_of(Fraction(size), TIERS, cap) == tier, why


def test_beyond_the_last_cap_the_last_tier_applies() -> None:
    assert tier_of(Fraction(101), TIERS[:2], "inclusive") == 2
    assert slices_margin(Fraction(110), TIERS[:2]) == Fraction(50, 30) + 6


def test_slices_are_added_up() -> None:
    assert slices_margin(Fraction(200), TIERS) == Fraction(50, 30) + 5 + 0 + 50


@pytest.mark.parametrize(
    "direction, above, below",
    [
        ("up", "0.03", "-0.02"),
        ("down", "0.02", "-0.03"),
        ("toward_zero", "0.02", "-0.02"),
        ("away_from_zero", "0.03", "-0.03"),
        ("half_up", "0.03", "-0.02"),
        ("half_even", "0.02", "-0.02"),
    ],
)
def test_rounding_has_a_direction(direction: str, above: str, below: str) -> None:
    rule = {"to": "0.01", "direction": direction}
    assert (rounded(Fraction("0.025"), rule), rounded(Fraction("-0.025"), rule)) == (Fraction(above), Fraction(below))
