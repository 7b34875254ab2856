"""What fuzzing has found, each kept as the smallest text that shows it."""

from __future__ import annotations

import json

import pytest

from riskrules.api import Book, Explanation
from riskrules.engine.decide import ERROR, decide
from riskrules.engine.door import read_snapshot
from riskrules.engine.explain import explanations
from riskrules.ir.fault import Fault
from riskrules.ir.ops import OPS, ROUNDINGS
from riskrules.units.clock import duration
from riskrules.units.exact import exact_text
from tests.fuzz import fuzz_policy, fuzz_snapshot
from tests.fuzz.expressions import with_expression

FORMULA = "three-scenarios/formula/2026-01-01.yaml"


def _said(expression: str) -> list[tuple[str, str]]:
    """What is wrong with a book whose maintenance margin is this expression."""
    parent = next(one for one in fuzz_policy.parents() if one.name == FORMULA)
    made = fuzz_policy.policy(FORMULA, with_expression(parent.data.decode(), "stressed_maintenance", expression, "0").encode())
    assert made is not None
    plan, problems = fuzz_policy.plan_with(made, parent.beside, 0.0)
    if plan is not None:
        fuzz_policy.decides(plan, turns=True)
    return [(problem.code, problem.text) for problem in problems]


@pytest.mark.parametrize(
    "expression, code, words, why",
    [
        ("round_up(notional, in_unit(0, settle))", "RR402", "no step", "a rounding to steps of 0 divided by it"),
        ("in_unit(round_up(1, -1), settle)", "RR405", "error RR509", "a step below 0 turned the direction round"),
        ("in_unit((notional > notional) + 1, settle)", "RR403", "no figure", "a condition was added to a number"),
        ("in_unit(-(notional > notional), settle)", "RR403", "no figure", "a condition was turned round like a number"),
        ("in_unit(notional if True else (notional > notional), settle)", "RR403", "no figure", "a choice between a figure and a condition"),
        ("in_unit(total(5, pool), settle)", "RR403", "belongs to no rows", "the sum of a value that is the same everywhere"),
        ("total(notional, leg)", "RR403", "one value for each leg already", "a sum over its own rows"),
        ("in_unit(" + "-" * 200 + "notional, settle)", "RR401", "nested", "deeper than the interpreter's own stack"),
        ("in_unit(((notional ** 8) ** 8) ** 8, settle)", "RR402", "multiplies 1024 figures", "figures too long to print"),
    ],
)
def test_an_expression_is_refused(expression: str, code: str, words: str, why: str) -> None:
    assert [(told, words in text) for told, text in _said(expression)] == [(code, True)], why


def test_a_formula_may_be_the_same_everywhere() -> None:
    """It has no rows of its own, and the pool's sum counts it once for each leg."""
    assert not _said("in_unit(0, settle)")


@pytest.mark.parametrize("direction", ROUNDINGS)
@pytest.mark.parametrize("quantum", [(0, 1), (-1, 100)])
def test_a_step_that_is_not_above_0_is_a_fault(direction: str, quantum: tuple[int, int]) -> None:
    got = OPS[ROUNDINGS[direction]].exact((5, 3), quantum)
    assert isinstance(got, Fault)
    assert got.code == "RR509"


@pytest.mark.parametrize(
    "old, new, why",
    [
        ('"collateral": {"USDT"', '"collateral": {"\\u202e": "1", "USDT"', "an invisible character in a name turned the line round"),
        ('"collateral": {"USDT"', '"collateral": {"a\\nHEALTHY": "1", "USDT"', "a name forged a line of the explanation"),
        ('"assets": {"BTC"', '"assets": {"\\ud800": {}, "BTC"', "half a character cannot be printed at all"),
        ('"markets": {"BTC-USDT"', '"markets": {"": {}, "BTC-USDT"', "a name that is no name"),
    ],
)
def test_a_name_is_readable(old: str, new: str, why: str) -> None:
    orders = next(one for one in fuzz_snapshot.parents() if one.name == "orders.json")
    snapshot, problems = read_snapshot(orders.text.replace(old, new, 1), "orders.json")
    assert snapshot is None
    assert [problem.code for problem in problems] == ["RR604"], why


def test_many_quotients_are_written_in_full() -> None:
    """Seventy entry prices without a decimal: the sum has more digits than str() writes."""
    cut = next(one for one in fuzz_snapshot.parents() if one.name == "account-cut.json")
    names = list(cut.plan.markets())[:70]
    legs = [
        {"market": name, "mode": "cross", "size": "1", "entry_price": f"{10**79 + k}/{10**78 + 2 * k + 1}", "leverage": "1"}
        for k, name in enumerate(names)
    ]
    markets = {name: {"mark_price": "100", "at": "2026-09-06T16:46:15Z"} for name in names}
    account = {"id": "a", "collateral": {"USDC": "9999"}, "positions": legs}
    tree = {"as_of": "2026-09-06T16:46:15Z", "markets": markets, "accounts": [account]}
    snapshot, _ = read_snapshot(json.dumps(tree), "many.json")
    assert snapshot is not None
    (pool,) = explanations(decide(cut.plan, snapshot, snapshot.accounts[0]))
    assert pool.decision != ERROR
    assert json.dumps(Explanation(Book(cut.plan, snapshot.as_of or 0), snapshot, (pool,)).to_dict(2))


def test_long_figures() -> None:
    assert exact_text((10**5000, 1)) == "1" + "0" * 5000
    assert exact_text((1, 10**5000)) == "0." + "0" * 4999 + "1"
    assert duration("9" * 5000 + "d") is None
