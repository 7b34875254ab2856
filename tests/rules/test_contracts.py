"""Contracts: what may be written, and that profit is what the type says, the same for long and short."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from riskrules.api import load
from riskrules.ir.fault import Fault
from riskrules.ir.term import given
from riskrules.rules.contracts import InUse, meaning
from riskrules.units import unit as u
from tests.rules.told import HOUSE, changed, codes_of, house_with, page_example, walked

INVERSE = "{type: inverse, size_in: contracts, settle: base, multiplier: 100, tick: 0.1, lot: 1}"


def test_the_example_of_the_page_stands() -> None:
    assert codes_of(page_example("contracts")) == set()


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("tick: 0.1, lot: 1}", "tick: not_stated, lot: not_stated}", "", "a source may not give the step"),
        ("tick: 0.01, lot: 0.001}", "tick: 1/64, lot: 0.001}", "", "a price in sixty-fourths"),
        ("BTC-USD:  ", "BTC-USD-270326: ", "", "a dated future is a market of its own"),
        ("quantum: 0.01", "quantum: 0", "RR213", "no smallest step"),
        ("settle: base, multiplier: 100", "settle: quote, multiplier: 100", "RR223", "an inverse contract gains in base"),
        ("size_in: contracts", "size_in: base", "RR223", "an inverse contract is a number of contracts"),
        ("type: inverse, size_in: contracts", "type: linear, size_in: contracts", "RR223", "a linear contract settles in quote"),
        ("type: inverse", "type: quanto", "RR229", "not in this version"),
        ("tick: 0.1,", "tick: 0,", "RR213", "a step of nothing"),
        ("tick: 0.1,", "tick: unknown,", "RR212", "the word is not_stated"),
        (", lot: 1}", "}", "RR228", "no silent default"),
        ("BTC-USD: ", "BTCUSD: ", "RR217", "which part is the base"),
    ],
)
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    assert codes_of(changed("contracts", old, new)) == ({code} if code else set()), why


def priced(kind: str, multiplier: Any, size: Any, entry: Any, mark: Any) -> dict[str, Any]:
    terms = meaning(InUse(frozenset({kind}), True), {"mark_price": given("mark_price", "market", u.PRICE)}, ("contracts.yaml", 1))
    legs = {name: terms[name] for name in ("notional", "entry_notional", "unrealised_profit")}
    return walked(legs, {"size": size, "entry_price": entry, "mark_price": mark, "multiplier": multiplier, "is_inverse": kind == "inverse"})


@pytest.mark.parametrize(
    "kind, multiplier, size, entry, mark, notional, profit, why",
    [
        ("linear", 1, 2, 100, 110, 220, 20, "a long gains when the price rises"),
        ("linear", 1, -2, 100, 110, 220, -20, "a short loses; its notional is the same"),
        ("linear", "0.01", 200, 100, 110, 220, 20, "each unit of size is a hundredth of the base"),
        ("inverse", 100, 10, 100, 200, 5, 5, "1,000 quote bought 10 base; half of it pays them back"),
        ("inverse", 100, -10, 100, 200, 5, -5, "the other side of it"),
        ("inverse", 10, 3, 30, 30, 1, 0, "nothing moved"),
    ],
)
def test_notional_and_profit(kind: str, multiplier: Any, size: Any, entry: Any, mark: Any, notional: int, profit: int, why: str) -> None:
    got = priced(kind, multiplier, size, entry, mark)
    assert (got["notional"], got["unrealised_profit"]) == (notional, profit), why


LISTED = """kind: tiers
rulebook: house-usdm
effective: 2026-12-15T00:00:00Z
reason: BTC-USDC is listed.
form: marginal_on_mark_notional
tables:
  BTC-USDC: {tiers: [{cap: 100_000, max_leverage: 50, maintenance_rate: 1%}]}
"""


@pytest.mark.parametrize(
    "market, code, why",
    [
        ("BTC-USDT", "", "settles in what the pool is valued in"),
        ("BTC-USDC", "RR512", "one USDC is not one USDT"),
        ("BTC-USD1", "RR502", "no table, no requirement of 0"),
    ],
)
def test_an_order_is_never_added_to_another_currency(tmp_path: Path, market: str, code: str, why: str) -> None:
    when = "2027-01-01T00:00:00Z"
    order = {"market": market, "side": "buy", "size": "1", "price": "60000", "reduce_only": False, "leverage": "20"}
    account = {"id": "a1", "collateral": {"USDT": "5000"}, "taker_fee": "0.05%", "orders": [order]}
    snapshot = {"as_of": when, "rulebook": HOUSE, "markets": {market: {"mark_price": "60000", "at": when}}, "accounts": [account]}
    book = load(house_with(tmp_path, {"tiers/2026-12-15.yaml": LISTED}).folder, rulebook=HOUSE, as_of=when)
    (pool,) = book.explain(snapshot).pools
    got = pool.value("initial_margin")
    assert (got.code if isinstance(got, Fault) else "") == code, why


PRICES = st.fractions(min_value=Fraction(1, 1000), max_value=10**6, max_denominator=1000)
SIZES = st.fractions(min_value=Fraction(1, 1000), max_value=10**6, max_denominator=1000)
KINDS = st.sampled_from(["linear", "inverse"])


@over(kind=KINDS, size=SIZES, entry=PRICES, mark=PRICES)
def test_a_long_gains_what_a_short_loses(kind: str, size: Fraction, entry: Fraction, mark: Fraction) -> None:
    long, short = priced(kind, 100, size, entry, mark), priced(kind, 100, -size, entry, mark)
    assert long["unrealised_profit"] == -short["unrealised_profit"]
    assert long["notional"] == short["notional"] > 0
    assert (long["unrealised_profit"] > 0) == (mark > entry)


@over(kind=KINDS, size=SIZES, entry=PRICES, mark=PRICES)
def test_profit_is_the_difference_of_the_notionals(kind: str, size: Fraction, entry: Fraction, mark: Fraction) -> None:
    got = priced(kind, 100, size, entry, mark)
    sign = 1 if kind == "linear" else -1  # the same contracts are worth less base when the price is higher
    assert got["unrealised_profit"] == sign * (got["notional"] - got["entry_notional"])
