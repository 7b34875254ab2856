"""Sides that would say the opposite of what a key is for are slips of the pen, and are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

import riskrules
from riskrules.units.clock import instant
from tests.places import EXAMPLES, POLICIES
from tests.rules.told import codes_in_house

MARGIN = (POLICIES / "house-usdm" / "margin" / "2026-12-01.yaml").read_text()
PRICES = (POLICIES / "house-usdm" / "prices" / "2026-12-01.yaml").read_text()
TRIGGER = "liquidate_when: {equity: {at_or_below: maintenance_margin}"
GROWS = "may_increase: {equity: {at_or_above: initial_margin}}"
FIRST = "{below: 85%,        state: normal,"
SECOND = "{at_or_above: 85%,  state: reduce_only,"
THIRD = "{at_or_above: 100%, state: liquidation,"


@pytest.mark.parametrize(
    "kind, old, new, why",
    [
        ("margin", TRIGGER, TRIGGER.replace("at_or_below", "above"), "the solvent would be liquidated"),
        ("margin", GROWS, GROWS.replace("at_or_above", "below"), "only the poor could grow"),
        ("prices", "mark_price:  {too_old: {above: 5s}}", "mark_price:  {too_old: {below: 5s}}", "only stale prices would decide"),
        ("margin", FIRST, FIRST.replace("85%", "80%"), "from 80% to 85% no state would hold"),
        ("margin", SECOND, SECOND.replace("at_or_above", "above"), "at exactly 85% no state would hold"),
        ("margin", THIRD, THIRD.replace("100%", "70%"), "shares that fall"),
        ("margin", THIRD, THIRD.replace("at_or_above", "below"), "only the first state ends at a share"),
    ],
)
def test_a_side_the_wrong_way_round_is_refused(tmp_path: Path, kind: str, old: str, new: str, why: str) -> None:
    text = {"margin": MARGIN, "prices": PRICES}[kind]
    assert old in text
    changed = text.replace(old, new).replace("2026-12-01T08", "2027-01-01T08")
    assert codes_in_house(tmp_path, {f"{kind}/2027-01-01.yaml": changed}) == {"RR224"}, why


def test_an_account_that_is_not_there_is_not_an_empty_answer() -> None:
    book = riskrules.load(POLICIES / "house-usdm", as_of=instant("2026-12-02T00:00:00Z") or 0)
    with pytest.raises(riskrules.PolicyError, match="no account 'typo'"):
        book.explain(EXAMPLES / "house.json", account="typo")
