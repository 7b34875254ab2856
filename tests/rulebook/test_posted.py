"""What an isolated position posts at its opening: the initial margin of the margin file, which no later mark may move."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from riskrules.api import load
from tests.rules.told import HOUSE, codes_in_house, house_with

WHEN = "2027-01-01T00:00:00Z"
FILE = "margin/2026-12-15.yaml"
NO_ORDERS = "{count: not_counted, price: order_price, reduce_only: excluded, opening_loss: not_reserved, fee: none}"
FEE = """kind: formula
rulebook: house-usdm
effective: 2026-12-15T00:00:00Z
reason: The fee of closing is posted too.
terms:
  with_fee:
    rows: leg
    unit: settle
    expression: BASE / leverage + BASE * taker_fee
    reads_as: The notional by the leverage, and the fee on it.
    example: {given: {BASE: 100, leverage: 10, taker_fee: 1%}, gives: 11}
"""


def margin(position: str, posted: str) -> str:
    return (
        f"kind: margin\nrulebook: {HOUSE}\neffective: 2026-12-15T00:00:00Z\nreason: Another way.\n"
        "account:\n  margin_modes: [isolated]\n  hedge_legs: not_allowed\n  pools: per_settle_asset\n"
        f"  posted_margin: {posted}\ninitial_margin: {{position: {position}, orders: {NO_ORDERS}}}\n"
    )


def rate_on(on: str) -> str:
    return f"{{rate: one_over_chosen_leverage, on: {on}}}"


@pytest.mark.parametrize(
    "position, base, code, why",
    [
        (rate_on("notional_at_entry"), "entry_notional", "", "a figure of the opening"),
        (rate_on("notional_at_mark"), "entry_notional", "RR225", "a mark would move what was posted long ago"),
        ("{formula: with_fee}", "entry_notional", "", "a formula of entry figures"),
        ("{formula: with_fee}", "notional", "RR225", "a formula of the mark"),
    ],
)
def test_what_was_posted_hangs_on_no_mark(tmp_path: Path, position: str, base: str, code: str, why: str) -> None:
    files = {FILE: margin(position, "given_or_initial_margin"), "formula/2026-12-15.yaml": FEE.replace("BASE", base)}
    assert codes_in_house(tmp_path, files) == ({code} if code else set()), why


@pytest.mark.parametrize(
    "posted, said, wallet, why",
    [
        ("given_or_initial_margin", "initial", 105, "1,000 at 10x and 0.5% of it"),
        ("given_or_initial_at_entry", "initial", 100, "the notional at entry by the leverage, and no more"),
        ("given_or_initial_margin", "70", 70, "what is given stands"),
    ],
)
def test_what_is_posted(tmp_path: Path, posted: str, said: str, wallet: int, why: str) -> None:
    files = {FILE: margin("{formula: with_fee}", posted), "formula/2026-12-15.yaml": FEE.replace("BASE", "entry_notional")}
    book = load(house_with(tmp_path, files).folder, rulebook=HOUSE, as_of=WHEN)
    figures = {"size": "1", "entry_price": "1000", "leverage": "10", "unsettled_funding": "0", "margin": said}
    position = {"id": "p1", "market": "ETH-USDT", "mode": "isolated", **figures}
    account = {"id": "a1", "taker_fee": "0.5%", "collateral": {}, "positions": [position]}
    markets = {"ETH-USDT": {"mark_price": "900", "at": WHEN}}
    (pool,) = book.explain({"as_of": WHEN, "rulebook": HOUSE, "markets": markets, "accounts": [account]}).pools
    assert Fraction(*pool.value("wallet_balance")) == wallet, why


def test_initial_where_an_amount_is_asked_for_is_told_as_that(tmp_path: Path) -> None:
    book = load(house_with(tmp_path, {FILE: margin(rate_on("notional_at_mark"), "given")}).folder, rulebook=HOUSE, as_of=WHEN)
    figures = {"size": "1", "entry_price": "1000", "leverage": "10", "unsettled_funding": "0", "margin": "initial"}
    account = {
        "id": "a1",
        "taker_fee": "0",
        "collateral": {},
        "positions": [{"id": "p1", "market": "ETH-USDT", "mode": "isolated", **figures}],
    }
    (pool,) = book.explain({"as_of": WHEN, "markets": {"ETH-USDT": {"mark_price": "900", "at": WHEN}}, "accounts": [account]}).pools
    assert pool.fault is not None
    assert (pool.fault.code, "given as initial" in pool.fault.text) == ("RR505", True)
