"""A liquidation price of the batch is where the decision turns: healthy a hair before it, liquidatable a hair beyond."""

from __future__ import annotations

import copy
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import riskrules
from tests.batch.rows import snapshots, table
from tests.batch.test_against_scalar import SHIPPED, folder_of
from tests.places import POLICIES
from tests.reference.accounts import latest, stamp
from tests.reference.policy import read_policy
from tests.reference.textbook import Textbook
from tests.reference.variants import VARIANTS

HAIR = Fraction(1, 10**6)  # of the price, besides what a rounding may move it by
ROUNDED = Fraction(1, 10)  # more than the cents of the roundings add up to; some variants round to more than that
COARSE = ("cut-toward-zero", "whole-position")


def at_mark(snapshot: dict[str, Any], market: str, mark: Fraction) -> dict[str, Any]:
    made = copy.deepcopy(snapshot)
    made["markets"][market]["mark_price"] = str(mark)
    return made


def answers_beyond(rulebook: str) -> bool:
    """Whether a size above the last cap has an answer: the textbook knows figures, and no errors."""
    folder = POLICIES / rulebook
    forms = read_policy(folder, stamp(latest(folder)))["tier_forms"].values()
    return {form["above_last_cap"]["existing"] for form in forms} == {"last_tier_applies"}


@pytest.mark.parametrize("rulebook", [*filter(answers_beyond, SHIPPED), *(name for name in VARIANTS if name not in COARSE)])
def test_the_decision_turns_there(rulebook: str, tmp_path: Path) -> None:
    folder = folder_of(rulebook, tmp_path)
    as_of = stamp(latest(folder))
    book = riskrules.load(folder.parent, rulebook=folder.name, as_of=as_of)
    made = [richer(snapshot) for snapshot in snapshots(folder, 30, 7)]
    out = book.evaluate(*table(made), liquidation_price=True)
    textbook, row, turned = Textbook.of(folder, as_of), -1, 0
    for snapshot in made:
        for position in snapshot["accounts"][0]["positions"]:
            row += 1
            price = out["liquidation_price"][row]
            assert np.isnan(price) or out["decision"][row] == "healthy"
            if np.isnan(price):
                continue
            isolated = position["id"] if position["mode"] == "isolated" else ""
            losing = -1 if Fraction(position["size"]) > 0 else 1
            hair = HAIR + ROUNDED / Fraction(float(out["notional"][row]))
            if hair > Fraction(1, 10):
                continue
            sides = [
                decision(
                    textbook, at_mark(snapshot, position["market"], Fraction(float(price)) * (1 + side * losing * hair)), position, isolated
                )
                for side in (-1, 1)
            ]
            turned += sides == ["healthy", "liquidate"]
            assert sides == ["healthy", "liquidate"], (price, position, snapshot)
    assert turned > 10


def decision(textbook: Textbook, snapshot: dict[str, Any], position: dict[str, Any], isolated: str) -> str:
    return next(
        pool.decision
        for pool in textbook.pools(snapshot)
        if pool.isolated == isolated and any(leg.position == position["id"] for leg in pool.legs)
    )


def richer(snapshot: dict[str, Any]) -> dict[str, Any]:
    """With so much more behind it that most are healthy, and a rounding to cents moves a price by less than a hair."""
    made = copy.deepcopy(snapshot)
    account = made["accounts"][0]
    account["collateral"] = {asset: str(Fraction(amount) * 2 + 1) for asset, amount in account["collateral"].items()}
    for position in account["positions"]:
        if "margin" in position:
            position["margin"] = str(abs(Fraction(position["margin"])) * 2 + 1)
    return made
