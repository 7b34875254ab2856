"""Pools whose equity and margins a formula gives whole, settings of assets, and figures of a balance besides its amount."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.api import Book, PolicyError
from riskrules.engine.explain import figure
from tests.places import POLICIES

WHEN = "2027-02-01T00:00:00Z"
HEAD = "rulebook: house-usdm\neffective: 2027-01-01T00:00:00Z\nreason: A test.\n"
FORMULA = (
    "kind: formula\n"
    + HEAD
    + """
inputs:
  lent: {rows: holding, unit: base, reads_as: How much of the balance is lent out.}
settings:
  share: {unit: rate, assets: {USDT: 50%}}
  reserve: {unit: settle, value: 100}
terms:
  kept:
    rows: holding
    unit: settle
    expression: "in_unit(amount - lent, settle)"
    reads_as: What is not lent out.
    example: {given: {amount: 10, lent: 4}, gives: 6}
  careful:
    rows: holding
    unit: settle
    expression: kept * share
    reads_as: A share of it.
    example: {given: {kept: 6, share: 50%}, gives: 3}
  kept_together:
    rows: pool
    unit: settle
    expression: "total(kept, pool)"
    reads_as: All of it.
    example: {given: {kept: 6}, gives: 6}
  careful_together:
    rows: pool
    unit: settle
    expression: "total(careful, pool)"
    reads_as: All of it.
    example: {given: {careful: 3}, gives: 3}
  held_back:
    rows: pool
    unit: settle
    expression: "reserve if kept_together >= reserve else kept_together"
    reads_as: The reserve.
    example: {given: {kept_together: 6, reserve: 100}, gives: 6}
"""
)
MARGIN = (
    "kind: margin\n"
    + HEAD
    + """
equity: {wallet_balance: counted, unrealised_profit: 100%, unrealised_loss: 100%, funding_owed: counted, funding_due: not_counted,
  whole: {formula: kept_together}, with_initial_margin: {formula: careful_together}}
initial_margin:
  position: {rate: one_over_chosen_leverage, on: notional_at_mark}
  orders: {count: not_counted, price: order_price, reduce_only: excluded, opening_loss: not_reserved, fee: none}
  whole: {formula: held_back}
maintenance_margin: {position: tier, fee: none, whole: {formula: held_back}}
"""
)


def book(tmp_path: Path, formula: str = FORMULA, margin: str = MARGIN) -> Book:
    there = tmp_path / "policies" / "house-usdm"
    shutil.copytree(POLICIES / "house-usdm", there)
    (there / "formula").mkdir(exist_ok=True)
    (there / "formula" / "2027-01-01.yaml").write_text(formula)
    (there / "margin" / "2027-01-01.yaml").write_text(margin)
    return riskrules.load(tmp_path / "policies", rulebook="house-usdm", as_of=WHEN)


def snapshot(held: str, holdings: dict[str, Any]) -> dict[str, Any]:
    position = {
        "id": "p",
        "market": "BTC-USDT",
        "mode": "cross",
        "size": "1",
        "entry_price": "30000",
        "leverage": "10",
        "unsettled_funding": "0",
    }
    account = {"id": "a", "collateral": {"USDT": held}, "holdings": holdings, "positions": [position]}
    return {"as_of": WHEN, "markets": {"BTC-USDT": {"mark_price": "30000", "at": WHEN}}, "accounts": [account]}


@pytest.mark.parametrize(
    "held, lent, decision, may_increase, why",
    [
        ("300", "50", "healthy", True, "250 against 100, and 125 to open"),
        ("250", "50", "healthy", True, "200 against 100, and the very 100 to open"),
        ("249.99", "50", "healthy", False, "99.99 to open: the other equity is compared with the initial margin"),
        ("150", "50", "liquidate", False, "the very 100 that is held back, equality on the side that the file says"),
        ("50", "50", "liquidate", False, "0 against 0"),
    ],
)
def test_the_formula_decides(tmp_path: Path, held: str, lent: str, decision: str, may_increase: bool, why: str) -> None:
    pool = book(tmp_path).explain(snapshot(held, {"USDT": {"lent": lent}})).pools[0]
    assert (pool.decision, pool.value("may_increase")) == (decision, may_increase), why
    assert figure(pool.value("position_maintenance")) is not None, "what a position takes by itself stays a figure"


@pytest.mark.parametrize(
    "formula, holdings, code, why",
    [
        (FORMULA, {}, "RR505", "what is lent is never taken as 0"),
        (FORMULA, {"USDT": {}}, "RR505", "nor where the balance has no figures"),
        (
            FORMULA.replace("USDT: 50%", "BTC: 50%"),
            {"USDT": {"lent": "0"}},
            "",
            "a setting that is missing touches what needs it and no more",
        ),
    ],
)
def test_what_is_missing_is_an_error(tmp_path: Path, formula: str, holdings: dict[str, Any], code: str, why: str) -> None:
    pool = book(tmp_path, formula).explain(snapshot("300", holdings)).pools[0]
    assert (pool.fault.code if pool.fault else "") == code, why
    assert getattr(pool.value("may_increase"), "code", "") == "RR505", why


def test_a_figure_that_nobody_asks_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="lend"):
        book(tmp_path).explain(snapshot("300", {"USDT": {"lend": "1"}}))


def test_a_pool_s_margin_has_a_value_for_each_pool(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="value for each pool"):
        book(tmp_path, margin=MARGIN.replace("whole: {formula: held_back}}", "whole: {formula: kept}}"))


def test_settings_of_one_name_do_not_mix_markets_and_assets(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="several things"):
        book(tmp_path, FORMULA.replace("assets: {USDT: 50%}", "assets: {USDT: 50%}, every_market: 1"))
