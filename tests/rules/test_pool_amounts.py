"""Amounts of a pool, triggers that multiply the margin, weights by slices, and cases that no source settles."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.units.exact import to_fraction
from tests.places import POLICIES
from tests.rules.told import codes_in_house, house_with

LATER = "2027-01-01T08:00:00Z"
HEAD = f"rulebook: house-usdm\neffective: {LATER}\nreason: Tried here.\n"
MARGIN = f"kind: margin\n{HEAD}"
FORMULA = f"kind: formula\n{HEAD}"
PROVISION = (
    FORMULA + "inputs:\n  owed_besides: {rows: account, unit: settle, reads_as: A debt elsewhere.}\n"
    "terms:\n  provision: {rows: pool, unit: settle, expression: owed_besides * 1, reads_as: The debt., "
    "example: {given: {owed_besides: 5}, gives: 5}}\n"
)


def decided(tmp_path: Path, files: dict[str, str], collateral: dict[str, str], **account: Any) -> dict[str, Any]:
    """One account long 1 BTC-USDT at 64,000 under the house's rules with the files laid over them."""
    import shutil

    shutil.copytree(POLICIES / "house-usdm", tmp_path / "house-usdm")
    for name, text in files.items():
        (tmp_path / "house-usdm" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "house-usdm" / name).write_text(text, encoding="utf-8")
    shot = {
        "as_of": "2027-02-01T00:00:00Z",
        "markets": {"BTC-USDT": {"mark_price": "64000", "at": "2027-02-01T00:00:00Z"}},
        "assets": {"BTC": {"index_price": "64000", "at": "2027-02-01T00:00:00Z"}},
        "accounts": [
            {
                "id": "a",
                "collateral": collateral,
                "positions": [
                    {
                        "id": "p", "market": "BTC-USDT", "mode": "cross", "size": "1", "entry_price": "64000", "leverage": "10",
                        "unsettled_funding": "0",
                    }
                ],
                **account,
            }
        ],
    }  # fmt: skip
    pool, *_ = riskrules.load(tmp_path, rulebook="house-usdm", as_of=shot["as_of"]).explain(shot).pools
    names = ("equity", "initial_margin", "maintenance_margin", "position_maintenance")
    found = {name: pool.evaluated.value(name, 0) for name in names}
    figures = {name: to_fraction(value) for name, value in found.items() if isinstance(value, tuple)}
    return {"decision": pool.decision, "code": pool.fault.code if pool.fault else "", **figures}


BEFORE = {"USDT": "5000"}


@pytest.mark.parametrize(
    "section, name, moved, why",
    [
        (
            "maintenance_margin: {position: tier, fee: none, plus: {formula: provision}}",
            "maintenance_margin",
            7,
            "added once, not per position",
        ),
        (
            "maintenance_margin: {position: none, fee: none, plus: {formula: provision}}",
            "position_maintenance",
            None,
            "positions hold nothing",
        ),
    ],
)
def test_a_pool_holds_an_amount_of_its_own(tmp_path: Path, section: str, name: str, moved: int | None, why: str) -> None:
    files = {"margin/2027-01-01.yaml": f"{MARGIN}{section}\n", "formula/2027-01-01.yaml": PROVISION}
    found = decided(tmp_path / "with", files, BEFORE, owed_besides="7")
    bare = decided(tmp_path / "bare", {"margin/2027-01-01.yaml": f"{MARGIN}maintenance_margin: {{position: tier, fee: none}}\n"}, BEFORE)
    assert found[name] == (0 if moved is None else bare[name] + moved), why
    if moved is None:
        assert found["maintenance_margin"] == 7, why


def test_an_amount_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    section = "maintenance_margin: {position: tier, fee: none, plus: {formula: provision}}"
    found = decided(tmp_path, {"margin/2027-01-01.yaml": f"{MARGIN}{section}\n", "formula/2027-01-01.yaml": PROVISION}, BEFORE)
    assert (found["decision"], found["code"]) == ("error", "RR505")


def test_equity_is_less_an_amount(tmp_path: Path) -> None:
    section = (
        "equity: {wallet_balance: counted, unrealised_profit: 100%, unrealised_loss: 100%, funding_owed: not_counted, "
        "funding_due: not_counted, less: {formula: provision}}"
    )
    found = decided(
        tmp_path, {"margin/2027-01-01.yaml": f"{MARGIN}{section}\n", "formula/2027-01-01.yaml": PROVISION}, BEFORE, owed_besides="7"
    )
    assert found["equity"] == 4993


@pytest.mark.parametrize(
    "balance, decision, why",
    [
        ("210.00", "liquidate", "105% of 200 exactly, and equality is on that side"),
        ("210.01", "healthy", "a cent above"),
    ],
)
def test_a_trigger_multiplies_the_margin(tmp_path: Path, balance: str, decision: str, why: str) -> None:
    files = {
        "margin/2027-01-01.yaml": f"{MARGIN}maintenance_margin: {{position: none, fee: none, plus: {{formula: provision}}}}\n"
        "liquidate_when: {equity: {at_or_below: maintenance_margin}, times: 105%, needs: open_position}\n"
        "states_by_maintenance_share_of_equity: none\n",
        "formula/2027-01-01.yaml": PROVISION,
    }
    found = decided(tmp_path, files, {"USDT": balance}, owed_besides="200")
    assert (found["decision"], found["maintenance_margin"]) == (decision, 200), why


@pytest.mark.parametrize(
    "begins, codes, why",
    [("20/21", set(), "where liquidation begins"), ("100%", {"RR235"}, "liquidated above it, and the state says otherwise")],
)
def test_states_meet_a_trigger_that_multiplies(tmp_path: Path, begins: str, codes: set[str], why: str) -> None:
    text = (
        f"{MARGIN}liquidate_when: {{equity: {{at_or_below: maintenance_margin}}, times: 105%, needs: open_position}}\n"
        "states_by_maintenance_share_of_equity:\n"
        "  - {below: 80%, state: normal, may: [increase, reduce, withdraw]}\n"
        "  - {at_or_above: 80%, state: reduce_only, may: [reduce, deposit]}\n"
        f"  - {{at_or_above: {begins}, state: liquidation, may: [nothing]}}\n"
    )
    assert codes_in_house(tmp_path, {"margin/2027-01-01.yaml": text}) == codes, why


SLICES = "[{up_to: 32_000, weight: 90%}, {up_to: 96_000, weight: 50%}, {up_to: unlimited, weight: 0%}]"


@pytest.mark.parametrize(
    "of, slices, held, equity, why",
    [
        ("value", SLICES, "0.5", 28_800, "32,000 is the whole first slice"),
        ("value", SLICES, "1", 28_800 + 16_000, "the rest at its own share, and the first slice keeps its own"),
        ("value", SLICES, "9", 28_800 + 32_000, "beyond the second nothing counts"),
        ("amount", "[{up_to: 1, weight: 90%}, {up_to: unlimited, weight: 50%}]", "3", 57_600 + 64_000, "coins are cut, and then valued"),
        ("value", SLICES, "-1", Fraction("-67_200".replace("_", "")), "a debt has its one weight"),
    ],
)
def test_collateral_counts_by_slices(tmp_path: Path, of: str, slices: str, held: str, equity: Any, why: str) -> None:
    text = f"{MARGIN}collateral:\n  BTC: {{weight: {{of: {of}, slices: {slices}}}, owed_weight: 105%}}\n"
    assert decided(tmp_path, {"margin/2027-01-01.yaml": text}, {"BTC": held})["equity"] == equity, why


@pytest.mark.parametrize(
    "held, more, why",
    [
        ("0", "302", "the whole in the first slice"),
        ("100", "402", "100 more at half"),
        ("202", "404", "at the end of the slice: each further one counts half"),
        ("203", "403", "and one behind it"),
    ],
)
def test_what_is_paid_in_counts_by_slices_too(tmp_path: Path, held: str, more: str, why: str) -> None:
    """302 are needed: the first 202 of USDT count in full, what lies behind at half, so 402 held are exactly enough, and liquidated."""
    usdt = "{of: amount, slices: [{up_to: 202, weight: 100%}, {up_to: unlimited, weight: 50%}]}"
    text = f"{MARGIN}collateral:\n  USDT: {{weight: {usdt}, owed_weight: 105%}}\n"
    shelf = house_with(tmp_path, {"margin/2027-01-01.yaml": text})
    when = "2027-02-01T00:00:00Z"
    position = {"id": "p", "market": "BTC-USDT", "mode": "cross", "size": "1", "entry_price": "64000", "leverage": "10"}
    account = {"id": "a", "collateral": {"USDT": held}, "positions": [{**position, "unsettled_funding": "0"}]}
    given = {"as_of": when, "markets": {"BTC-USDT": {"mark_price": "64000", "at": when}}, "accounts": [account]}
    asked = riskrules.load(shelf.folder, rulebook="house-usdm", as_of=when).ask.top_up(given)[0]
    assert Fraction(asked.data["amount"]) == Fraction(402) - Fraction(held) + Fraction("0.02"), (why, asked.text)


@pytest.mark.parametrize(
    "slices, code, why",
    [
        ("[{up_to: 2, weight: 50%}, {up_to: unlimited, weight: 60%}]", "RR226", "more held, a larger share"),
        ("[{up_to: 1, weight: 101%}, {up_to: unlimited, weight: 0%}]", "RR226", "collateral out of nothing"),
        ("[{up_to: 2, weight: 50%}]", "RR204", "beyond the end nothing is said"),
        ("[{up_to: 2, weight: 50%}, {up_to: 2, weight: 40%}, {up_to: unlimited, weight: 0%}]", "RR204", "an empty slice"),
        ("[{up_to: unlimited, weight: 50%}, {up_to: 2, weight: 40%}]", "RR204", "an end beyond no end"),
    ],
)
def test_what_slices_may_not_say(tmp_path: Path, slices: str, code: str, why: str) -> None:
    text = f"{MARGIN}collateral:\n  BTC: {{weight: {{of: amount, slices: {slices}}}, owed_weight: 105%}}\n"
    assert codes_in_house(tmp_path, {"margin/2027-01-01.yaml": text}) == {code}, why


@pytest.mark.parametrize(
    "expression, code, why",
    [
        ("not_published", "RR402", "where nothing is covered there is no rule"),
        ("notional + not_published", "RR402", "a refusal is no summand"),
        ("notional if size > in_unit(0, base) else not_published", "", "longs only"),
        ("not_published if size < in_unit(0, base) else notional", "", "the other way round"),
    ],
)
def test_a_formula_may_say_that_a_case_is_not_published(tmp_path: Path, expression: str, code: str, why: str) -> None:
    given = "{notional: 3, size: 1}" if "size" in expression else "{notional: 3}" if "notional" in expression else "{}"
    text = (
        f"{FORMULA}terms:\n  own:\n    rows: leg\n    unit: settle\n    expression: {expression}\n"
        f"    reads_as: As it says.\n    example: {{given: {given}, gives: 3}}\n"
    )
    assert codes_in_house(tmp_path, {"formula/2027-01-01.yaml": text}) == ({code} if code else set()), why
