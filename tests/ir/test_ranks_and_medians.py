"""Medians, ranks, what can be had, and steps down a table: the operations of marks and liquidation, one by one."""

from __future__ import annotations

from fractions import Fraction
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskrules.ir import term as t
from riskrules.ir.fault import Fault
from riskrules.ir.frame import Frame
from riskrules.ir.ops import OPS
from riskrules.ir.program import flatten
from riskrules.ir.term import Term
from riskrules.ir.walk import Walk
from riskrules.units import unit as u
from riskrules.units.exact import to_exact, to_fraction

FIGURES = st.fractions(-100, 100, max_denominator=12)
MISSING, UNKNOWN = Fault("RR501", "not there"), Fault("RR505", "nobody knows")


def walked(term: Term, groups: list[int], **given: list[Any]) -> list[Any]:
    """A term of legs, each of the pool that `groups` says."""
    program = flatten({"it": term})
    pools = [f"pool {k}" for k in range(max(groups, default=0) + 1)]
    labels = {"leg": [f"leg {k}" for k in range(len(groups))], "pool": pools}
    held = {
        (rows, name): [to_exact(one) if isinstance(one, (int, Fraction)) else one for one in given[name]] for rows, name in program.needs
    }
    column = Walk(program, Frame(labels, {("leg", "pool"): groups}, held)).column("it")
    return [to_fraction(value) if isinstance(value, tuple) else value for value in column]


@given(st.lists(FIGURES, min_size=1, max_size=7))
def test_a_median_is_the_middle_one(figures: list[Fraction]) -> None:
    assert to_fraction(OPS["median"].exact(*map(to_exact, figures))) == median(figures)


def test_a_median_is_said_with_all_of_them() -> None:
    assert OPS["median"].said(["1", "2", "3"]) == "median of (1, 2, 3)"


SIZE, SCORE = t.given("size", "leg", u.BASE), t.given("score", "leg", u.NUMBER)


@pytest.mark.parametrize(
    "groups, sizes, scores, ahead, why",
    [
        ([0, 0, 0], [1, 2, 4], [5, 9, 7], [6, 0, 2], "those with more come first"),
        ([0, 0, 0], [1, 2, 4], [5, 5, 5], [0, 1, 3], "of equal ones the first listed"),
        ([0, 1, 0], [1, 2, 4], [5, 9, 7], [4, 0, 0], "each group by itself"),
        ([0, 0], [1, MISSING], [5, 9], [MISSING, MISSING], "who is ahead cannot be said"),
        ([0, 1], [1, MISSING], [5, 9], [0, MISSING], "an error taints its own group"),
        ([0, 0], [1, 2], [Fraction(1, 3), Fraction(333333333, 1000000000)], [0, 1], "exactly"),
        ([], [], [], [], "nobody"),
    ],
)
def test_who_is_ahead(groups: list[int], sizes: list[Any], scores: list[Any], ahead: list[Any], why: str) -> None:
    assert walked(t.total_ahead(SIZE, SCORE, "pool"), groups, size=sizes, score=scores) == ahead, why


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 3)), max_size=8))
def test_what_is_ahead_is_a_sum(rows: list[tuple[int, int, int]]) -> None:
    groups, sizes, scores = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    said = [
        sum(other[1] for j, other in enumerate(rows) if other[0] == group and (-other[2], j) < (-score, k))
        for k, (group, _, score) in enumerate(rows)
    ]
    assert walked(t.total_ahead(SIZE, SCORE, "pool"), groups, size=sizes, score=scores) == said


def test_a_row_of_no_group_has_no_rank() -> None:
    with pytest.raises(u.UnitMistake):
        t.total_ahead(t.given("weight", "asset", u.RATE), t.given("index_price", "asset", u.SETTLE_PRICE), "pool")


def test_only_the_named_errors_are_a_no() -> None:
    got = walked(t.had(SIZE, "RR501", "RR503"), [0, 0, 0], size=[1, MISSING, UNKNOWN])
    assert got == [True, False, UNKNOWN]


CAPS = ((to_exact(Fraction(10)), to_exact(Fraction(50)), None), True, "error")


@pytest.mark.parametrize(
    "row, down, cap, why",
    [(1, 1, 10, "tier 2, one down"), (2, 2, 10, "tier 3, two down"), (2, 1, 50, "one down"), (0, 1, "RR535", "tier 1 has none below")],
)
def test_the_cap_below(row: int, down: int, cap: Any, why: str) -> None:
    got = OPS["cap_below"].exact(row, CAPS, (down, 1))
    assert (got.code if isinstance(got, Fault) else to_fraction(got)) == cap, why


@pytest.mark.parametrize(
    "size, inclusive, gives, why",
    [
        ("10", True, "10", "a cap belongs to its own tier"),
        ("10", False, "9.9", "a cap belongs to the next"),
        ("10.05", True, "10", "whole lots"),
        ("10.05", False, "10", "whole lots, and under it"),
    ],
)
def test_the_largest_size_under_a_cap(size: str, inclusive: bool, gives: str, why: str) -> None:
    got = OPS["largest_under"].exact(to_exact(Fraction(size)), (1, 10), (*CAPS[:1], inclusive, "error"))
    assert to_fraction(got) == Fraction(gives), why
