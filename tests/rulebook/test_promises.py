"""A promise of a form is kept by what the book decides with, its roundings included."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from riskrules.rulebook.compile import prove_everything
from riskrules.rulebook.load import load_book
from riskrules.rulebook.shelf import Shelf
from tests.places import POLICIES

UP, DOWN = "{to: 0.01, direction: up}", "{to: 0.01, direction: down}"
HERE = "margin/2026-12-01.yaml"


@pytest.mark.parametrize(
    "margins, equity, found, why",
    [
        ("none", "none", [], "nothing moves in steps"),
        (UP, "none", ["RR234"], "each step of a margin is a jump"),
        ("none", DOWN, ["RR234"], "equity that moves in steps can trigger twice between two of them"),
    ],
)
def test_a_promise_and_a_rounding(tmp_path: Path, margins: str, equity: str, found: list[str], why: str) -> None:
    shutil.copytree(POLICIES / "house-usdm", tmp_path / "house-usdm")
    file = tmp_path / "house-usdm" / HERE
    text = file.read_text(encoding="utf-8")
    for old, new in (
        ("rates: strictly_rising", "rates: strictly_rising\n    promises: [unique_liquidation_price]"),
        (f"position_margins: {UP}", f"position_margins: {margins}"),
        (f"equity: {DOWN}", f"equity: {equity}"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    book, problems = load_book(Shelf(tmp_path, packaged=False), "house-usdm")
    assert book
    assert not problems
    assert sorted({problem.code for problem in prove_everything(book)}) == found, why
