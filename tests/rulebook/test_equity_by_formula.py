"""Equity that a formula makes, and a trigger that asks for a maintenance margin; each figure worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import riskrules
from tests.rules.told import HOUSE, codes_in_house, house_with

AS_OF = "2027-01-01T00:00:00Z"
HEAD = f"kind: margin\nrulebook: {HOUSE}\neffective: 2026-12-15T00:00:00Z\nreason: Another way.\n"
FORMULAS = """\
kind: formula
rulebook: house-usdm
effective: 2026-12-15T00:00:00Z
reason: What a position is worth.
inputs:
  owed_hours: {rows: leg, unit: count, reads_as: Hours of funding.}
terms:
  worth:
    rows: leg
    unit: settle
    expression: in_unit(size * mark_price, settle)
    reads_as: What it is worth at the mark.
    example: {given: {size: 2, mark_price: 3}, gives: 6}
  hourly:
    rows: leg
    unit: settle
    expression: in_unit(-owed_hours, settle)
    reads_as: One for each hour.
    example: {given: {owed_hours: 2}, gives: -2}
  of_market:
    rows: market
    unit: settle
    expression: in_unit(mark_price, settle)
    reads_as: Not a figure of a position.
    example: {given: {mark_price: 2}, gives: 2}
"""
SHARES = "unrealised_profit: {up}, unrealised_loss: 100%, funding_owed: {owed}, funding_due: counted"
EQUITY = f"equity: {{{{wallet_balance: counted, {SHARES}, {{more}}}}}}\n"


def equity(more: str, up: str = "100%", owed: str = "counted") -> str:
    return HEAD + EQUITY.format(up=up, owed=owed, more=more)


def explained(tmp_path: Path, margin: str, *legs: dict[str, str], balance: str = "1000") -> Any:
    house_with(tmp_path, {"margin/2026-12-15.yaml": margin, "formula/2026-12-15.yaml": FORMULAS})
    book = riskrules.load(tmp_path / HOUSE, as_of=AS_OF)
    tree = {
        "as_of": AS_OF, "markets": {"BTC-USDT": {"mark_price": "60000", "at": AS_OF}},
        "assets": {"USDT": {"index_price": "1", "at": AS_OF}},
        "accounts": [{"id": "a", "collateral": {"USDT": balance}, "positions": list(legs)}],
    }  # fmt: skip
    return book.explain(tree).pools[0]


def leg(size: str, **more: str) -> dict[str, str]:
    return {"id": "p", "market": "BTC-USDT", "mode": "cross", "size": size, "leverage": "10", **more}


BOTH = "position_value: {formula: worth}, unsettled_funding: {formula: hourly}"


@pytest.mark.parametrize(
    "made, size, expected, why",
    [
        (
            equity(BOTH),
            "0.1",
            "6993.00",
            "1,000 + 6,000 − 7; no entry is asked",
        ),
        (
            equity(BOTH),
            "-0.01",
            "393.00",
            "a short owes what it is worth",
        ),
        (
            equity(BOTH, up="50%"),
            "0.1",
            "3993.00",
            "the share of gains is of it too",
        ),
        (
            equity(BOTH, owed="not_counted"),
            "0.1",
            "7000.00",
            "what is owed is not",
        ),
    ],
)
def test_equity(tmp_path: Path, made: str, size: str, expected: str, why: str) -> None:
    pool = explained(tmp_path, made, leg(size, owed_hours="7"))
    assert Fraction(*pool.value("equity")) == Fraction(expected), why


@pytest.mark.parametrize(
    "more, code, why",
    [
        ("position_value: {formula: worthy}", "RR308", "no such formula"),
        ("position_value: {formula: of_market}", "RR404", "of a market, and profit is of a position"),
        ("position_value: worth", "RR211", "a formula is named as one"),
        ("unsettled_funding: given", "RR211", "left out, it is given"),
        ("unsettled_funding: {formula: of_market}", "RR404", "funding is of a position too"),
    ],
)
def test_what_is_refused(tmp_path: Path, more: str, code: str, why: str) -> None:
    files = {"margin/2026-12-15.yaml": equity(more), "formula/2026-12-15.yaml": FORMULAS}
    assert codes_in_house(tmp_path, files) & {"RR308", "RR404", "RR211"} == {code}, why
