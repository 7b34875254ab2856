"""The clamped ramp, and a rule that has no figure: evaluated by hand, on both sides of every edge."""

from __future__ import annotations

from fractions import Fraction

import pytest

from riskrules.ir.fault import Fault
from riskrules.ir.term import Term, given
from riskrules.rulebook.expression import build
from riskrules.units import unit as u
from tests.rules.told import walked


def figure(name: str) -> Term:
    return given(name, "leg", u.SETTLE)


def asked(expression: str, **row: str) -> object:
    return walked({"asked": build(expression, figure)}, row)["asked"]


@pytest.mark.parametrize(
    "x, begins, ends, expected, why",
    [
        ("9", "10", "20", "1/5", "below the beginning"),
        ("10", "10", "20", "1/5", "at it"),
        ("15", "10", "20", "3/5", "half way"),
        ("43/4", "10", "20", "13/50", "exactly, not to some digits"),
        ("20", "10", "20", "1", "at the end"),
        ("21", "10", "20", "1", "beyond it"),
        ("-5", "10", "20", "1/5", "far below"),
        ("10", "10", "10", "1/5", "a ramp of no length begins"),
        ("11", "10", "10", "1", "and ends; nothing is divided by its length"),
    ],
)
def test_ramp(x: str, begins: str, ends: str, expected: str, why: str) -> None:
    found = asked("ramp(x, begins, ends, low, high)", x=x, begins=begins, ends=ends, low="1/5", high="1")
    assert found == Fraction(expected), why


def test_a_ramp_may_fall() -> None:
    assert asked("ramp(x, begins, ends, 1, 0)", x="15", begins="10", ends="20") == Fraction(1, 2)


def test_what_the_rule_says_nothing_of_is_an_error() -> None:
    assert asked("x if x < y else undefined", x="1", y="2") == 1
    refused = asked("x if x < y else undefined", x="2", y="2")
    assert isinstance(refused, Fault)
    assert (refused.code, "x < y" in refused.text) == ("RR514", True)


def test_no_figure_is_no_error_where_it_is_not_asked_for() -> None:
    assert asked("(x if x < y else undefined) if x < 2 * y - y else y", x="3", y="2") == 2
