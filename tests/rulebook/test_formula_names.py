"""One name, one meaning: what a formula file may not call its own."""

from __future__ import annotations

import pytest

import riskrules
from riskrules.rulebook.formulas import BASE_FIGURES
from tests.places import BOOKS, POLICIES

BOOKS_OF_ALL_KINDS = [
    (POLICIES, "house-usdm", "2026-12-02T00:00:00Z"),
    (POLICIES, "binance-coinm", "2026-12-02T00:00:00Z"),
    (POLICIES, "hyperliquid", "2026-12-02T00:00:00Z"),
    (BOOKS, "three-scenarios", "2026-12-02T00:00:00Z"),
]


@pytest.mark.parametrize("folder, rulebook, as_of", BOOKS_OF_ALL_KINDS, ids=[rulebook for _, rulebook, _ in BOOKS_OF_ALL_KINDS])
def test_every_figure_that_is_given_is_a_reserved_name(folder: object, rulebook: str, as_of: str) -> None:
    """A figure added to the rules and not to the list could be given twice without a word."""
    plan = riskrules.load(str(folder), rulebook=rulebook, as_of=as_of).plan
    declared = {*plan.settings, *(name for names in plan.drivers.values() for name in names)}
    assert {name for _, name in plan.program.needs} - declared - {"mark_price", "index_price"} <= BASE_FIGURES
