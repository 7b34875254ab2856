"""A liquidation price of a table is where the exact rules liquidate; where they have no answer there is none, and no other number."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

import riskrules
from tests.batch.rows import snapshots, table
from tests.batch.test_liquidation_price import at_mark, richer
from tests.places import POLICIES
from tests.reference.accounts import latest, stamp

SEEN = "2024-02-06T16:09:36Z"
BLOFIN = riskrules.load(POLICIES, rulebook="blofin", as_of=SEEN)
HELD = Fraction("0.0056")  # the rate and the fee of closing
ROWS = [
    ("long", "1", "68.16", "68.96631223", "22.72", Fraction("45.44") / (1 - HELD), "below its mark all is known"),
    ("in reach", "-1", "60", "62.5", "5", Fraction(65) / (1 + HELD), "before the notional that was seen"),
    ("out of reach", "-1", "60", "62.5", "20", None, "beyond it no rate is published, and 0 is not one"),
    ("at the bound", "-1", "68.16", "68.96631223", "20", None, "the next mark up is not known"),
]
HAIR = Fraction(1, 10**6)


@pytest.mark.parametrize("amounts", ["float", "exact"])
def test_of_a_formula_that_covers_some_cases(amounts: Literal["float", "exact"]) -> None:
    names = ("position_id", "size", "entry_price", "mark_price", "margin")
    columns: dict[str, Any] = {name: [row[k] for row in ROWS] for k, name in enumerate(names)}
    columns |= {"account": columns["position_id"], "market": ["LTC-USDT"] * 4, "mode": ["isolated"] * 4}
    columns |= {"leverage": ["3"] * 4, "taker_fee": ["0.0006"] * 4}
    out = BLOFIN.evaluate(columns, liquidation_price=True, amounts=amounts)
    assert set(out["decision"].tolist()) == {"healthy"}
    for price, (_, _, _, _, _, expected, why) in zip(out["liquidation_price"], ROWS, strict=True):
        assert np.isnan(price) if expected is None else abs(price / float(expected) - 1) < 1e-8, why


def test_exact_amounts_change_no_price() -> None:
    as_of = "2026-10-01T00:00:00Z"
    made = [richer(snapshot) for snapshot in snapshots(POLICIES / "binance-usdm", 20, 11)]
    book = riskrules.load(POLICIES, rulebook="binance-usdm", as_of=as_of)
    columns = table(made)
    of_floats, of_exact = (book.evaluate(*columns, liquidation_price=True, amounts=amounts) for amounts in ("float", "exact"))
    assert np.isfinite(of_floats["liquidation_price"]).any()
    np.testing.assert_allclose(of_exact["liquidation_price"], of_floats["liquidation_price"], rtol=1e-9)


def refusing(folder: Path) -> Path:
    """The house rulebook, which refuses what lies above the last cap of a table."""
    target = folder / "house-usdm"
    shutil.copytree(POLICIES / "house-usdm", target)
    for path in target.glob("margin/*.yaml"):
        path.write_text(path.read_text(encoding="utf-8").replace("existing: last_tier_applies", "existing: error"), encoding="utf-8")
    for path in target.glob("tiers/*.yaml"):
        path.write_text(path.read_text(encoding="utf-8").replace("cap: unlimited", "cap: 9_000_000"), encoding="utf-8")
    return target


def test_of_tables_that_refuse_what_is_above_them(tmp_path: Path) -> None:
    folder = refusing(tmp_path)
    book = riskrules.load(folder.parent, rulebook=folder.name, as_of=stamp(latest(folder)))
    made = [richer(snapshot) for snapshot in snapshots(folder, 40, 3)]
    out = book.evaluate(*table(made), liquidation_price=True)
    row, priced, blank = -1, 0, 0
    for snapshot in made:
        for position in snapshot["accounts"][0]["positions"]:
            row += 1
            price = out["liquidation_price"][row]
            if out["decision"][row] != "healthy":
                continue
            losing = -1 if Fraction(position["size"]) > 0 else 1
            if np.isnan(price):
                blank += 1
                continue
            beyond = at_mark(snapshot, position["market"], Fraction(float(price)) * (1 + losing * HAIR))
            assert decided(book, beyond, position["id"]) == "liquidate", (price, position)
            priced += 1
    assert priced > 10
    assert blank > 5


def decided(book: riskrules.api.Book, snapshot: dict[str, Any], position: str) -> str:
    """By the exact rules, prices as old as they were."""
    return next(
        pool.decision for pool in book.explain(snapshot).pools if any(pool.evaluated.rows.legs[k].id == position for k in pool.legs)
    )
