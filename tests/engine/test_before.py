"""An account beside the one it was before a change: what a rule may ask of both, and what a snapshot must give."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.engine.decide import decide
from riskrules.engine.door import snapshot_of
from riskrules.ir.fault import Fault
from riskrules.rulebook.compile import compile_book
from riskrules.rulebook.load import load_book
from riskrules.units.clock import instant
from tests.places import POLICIES
from tests.rules.told import HOUSE, house_with

AS_OF = "2027-01-01T00:00:00Z"
FORMULA = """\
kind: formula
rulebook: house-usdm
effective: 2026-12-15T00:00:00Z
reason: Which changes are let through.
inputs:
  strikes: {rows: account, unit: count, reads_as: What the account has been warned of.}
terms:
  lost:
    rows: pool
    unit: settle
    expression: equity_before - equity
    reads_as: What the change costs.
    example: {given: {equity_before: 10, equity: 8}, gives: 2}
  was_liquidated:
    rows: pool
    unit: flag
    expression: liquidate_before and not liquidate
    reads_as: The change saved it.
    example: {given: {liquidate_before: 1, liquidate: 0}, gives: 1}
  more_strikes:
    rows: account
    unit: count
    expression: counted - counted_before
    reads_as: The warnings of the change.
    example: {given: {counted: 3, counted_before: 1}, gives: 2}
  counted:
    rows: account
    unit: count
    expression: strikes
    reads_as: The warnings.
    example: {given: {strikes: 1}, gives: 1}
"""


def leg(size: str, **more: str) -> dict[str, str]:
    made = {"id": "p", "market": "BTC-USDT", "mode": "cross", "size": size, "entry_price": "60000", "leverage": "10"}
    return {**made, "unsettled_funding": "0", **more}


def account(balance: str, *legs: dict[str, str], strikes: str = "0", **more: Any) -> dict[str, Any]:
    return {"collateral": {"USDT": balance}, "positions": list(legs), "strikes": strikes, **more}


def asked(tmp_path: Path, name: str, after: dict[str, Any]) -> Any:
    """The value of one term; a fault's code where it is one."""
    book, problems = load_book(house_with(tmp_path, {"formula/2026-12-15.yaml": FORMULA}), HOUSE)
    assert book is not None, problems
    when = instant(AS_OF)
    assert when is not None
    plan = compile_book(book, when)
    tree = {
        "as_of": AS_OF, "rulebook": HOUSE, "markets": {"BTC-USDT": {"mark_price": "60000", "at": AS_OF}},
        "assets": {"USDT": {"index_price": "1", "at": AS_OF}}, "accounts": [{"id": "a", **after}],
    }  # fmt: skip
    snapshot, problems = snapshot_of(tree, "snapshot", "", plan.drivers)
    if snapshot is None:
        return [problem.code for problem in problems]
    value = decide(plan, snapshot, snapshot.accounts[0]).value(name, 0)
    return value.code if isinstance(value, Fault) else value if isinstance(value, bool) else Fraction(*value)


@pytest.mark.parametrize(
    "name, after, expected, why",
    [
        ("lost", account("800", leg("1"), before=account("1000", leg("1"))), 200, "the balance was larger"),
        ("lost", account("800", before=account("1000")), 200, "without a position there is still the pool"),
        ("lost", account("800", before=account("1000", leg("1", entry_price="59000"))), 1200, "its own positions, at the same mark"),
        ("lost", account("800"), "RR505", "without the account before there is no figure, and not a 0"),
        ("was_liquidated", account("90000", leg("1"), before=account("1", leg("1"))), True, "a verdict is a figure too"),
        ("was_liquidated", account("90000", leg("1"), before=account("90000", leg("1"))), False, "it was healthy"),
        ("more_strikes", account("1", strikes="3", before=account("1", strikes="1")), 2, "a figure of the account"),
        ("lost", account("1", before=account("1", leg("1"), strikes="0", before=account("2"))), 0, "what was before that is not asked"),
        ("lost", account("1", before={"colateral": {}}), ["RR602"], "a misspelt key is refused there too"),
        ("lost", account("1", before=[]), ["RR604"], "an account, and not a list of them"),
    ],
)
def test_before(tmp_path: Path, name: str, after: dict[str, Any], expected: Any, why: str) -> None:
    assert asked(tmp_path, name, after) == expected, why


def test_a_book_that_asks_for_none_is_not_moved_by_it() -> None:
    house = riskrules.load(POLICIES / "house-usdm", as_of=AS_OF)
    price = {"at": AS_OF}
    tree = {"as_of": AS_OF, "markets": {"BTC-USDT": {"mark_price": "60000", **price}}, "assets": {"USDT": {"index_price": "1", **price}}}
    plain = {"id": "a", "collateral": {"USDT": "9000"}, "positions": [leg("1")]}
    changed = {**plain, "before": {"collateral": {"USDT": "1"}, "positions": []}}
    one, other = (house.explain({**tree, "accounts": [given]}).pools[0] for given in (plain, changed))
    assert (one.decision, one.fault) == (other.decision, other.fault) == ("healthy", None)
