"""Piecewise values: each operation in examples, then random trees of them against direct evaluation."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, trunc
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.engine import pieces as p
from riskrules.engine.pieces import Comparator, Domain, Piece, Pieces
from riskrules.engine.poly import Poly, X, constant_poly, poly
from riskrules.ir.fault import Fault
from riskrules.ir.ops import ROUNDINGS

F = Fraction
LINE = Domain(F(1, 10**6))
SHORT = Domain(F(1, 10**6), high=F(4))


MISSING, STALE = Fault("RR501", "no price"), Fault("RR502", "the price is 12 s old")


def number(value: int | Fraction) -> Pieces:
    return p.constant(F(value), LINE)


def plain(value: object) -> Pieces:
    return p.constant(value, LINE)


x = p.unknown(X, LINE)
inverse = p.unknown(poly({-1: F(10)}), LINE)
slack_up = p.rounded(x, F(1), "up")
three = number(3)
above_three = p.compare(x, three, "above")
fails_above_three = p.choose(above_three, plain(MISSING), x)


def piece(curve: Poly, low: int | Fraction = 0, high: int | Fraction = 0) -> Piece:
    return Piece(curve, F(low), F(high))


def c(value: int | Fraction) -> Poly:
    return constant_poly(F(value))


RESULTS = [
    (p.add(x, three), [piece(X + c(3))], "polynomials add"),
    (p.sub(three, slack_up), [piece(c(3) - X, -1, 0)], "taking away turns the slack round"),
    (p.mul(slack_up, number(-2)), [piece(X.scale(F(-2)), -2, 0)], "so does a negative factor"),
    (p.mul(x, inverse), [piece(c(10))], "x times 10/x is 10"),
    (p.mul(slack_up, x), [None], "slack times a curve has no fixed width, where the curve has no end"),
    (p.mul(p.rounded(p.unknown(X, SHORT), F(1), "up"), p.unknown(X, SHORT)), [piece(X * X, 0, 4)], "and is at most that at the end"),
    (p.div(three, x), [piece(poly({-1: F(3)}))], "division by one term"),
    (p.div(slack_up, number(-2)), [piece(X.scale(F(-1, 2)), F(-1, 2), 0)], "and by a constant, slack and all"),
    (p.div(slack_up, x), [None], "slack over a curve has no fixed width"),
    (p.div(x, p.add(x, three)), [None], "by a sum it is no polynomial"),
    (p.div(x, number(0)), [None], "what a division by nought is, the evaluator says"),
    (p.rounded(x, F(1, 2), "up"), [piece(X, 0, F(1, 2))], "up by less than a quantum"),
    (p.rounded(x, F(1, 2), "down"), [piece(X, F(-1, 2), 0)], "down by less than one"),
    (p.rounded(x, F(1, 2), "toward_zero"), [piece(X, F(-1, 2), F(1, 2))], "either way, as the sign may be either"),
    (p.rounded(x, F(1, 2), "half_even"), [piece(X, F(-1, 4), F(1, 4))], "half a quantum either way"),
    (p.rounded(number(F(7, 3)), F(1, 2), "up"), [piece(c(F(5, 2)))], "a constant is rounded at once and stays exact"),
    (p.rounded(number(F(-7, 3)), F(1, 2), "toward_zero"), [piece(c(-2))], "toward zero, below zero too"),
    (p.rounded(number(F(5, 4)), F(1, 2), "half_even"), [piece(c(1))], "a tie falls as the direction says: 2.5 steps become 2"),
    (p.rounded(number(F(5, 4)), F(1, 2), "half_up"), [piece(c(F(3, 2)))], "or 3"),
    (p.compare(three, three, "below"), [False], "equality falls on the named side: not below"),
    (p.compare(three, three, "at_or_below"), [True], "but at or below"),
    (p.compare(three, three, "equal"), [True], "and equal"),
    (p.compare(x, three, "equal"), [False, False], "off the cut a curve never equals; the cut at 3 stays, as the value on it differs"),
    (p.compare(slack_up, three, "at_or_below"), [True, None, False], "x rounded up: surely at or below 3 only up to 2"),
    (p.compare(slack_up, slack_up, "at_or_above"), [None], "two roundings are not known to be the same one"),
    (p.both(above_three, plain(True)), [False, True], "and"),
    (p.either(above_three, plain(True)), [True, True], "or; the cut stays"),
    (p.negation(above_three), [True, False], "not"),
    (p.both(plain(False), plain(None)), [None], "the uncertain side may be an error"),
    (p.bracket(x, [F(1), F(2)], True), [0, 1, 2], "above the last cap the number is how many caps there are"),
    (p.bracket(number(1), [F(1), F(2)], True), [0], "a value on an inclusive cap belongs to its tier"),
    (p.bracket(number(1), [F(1), F(2)], False), [1], "on an exclusive one to the next"),
    (p.bracket(number(1), [F(1), F(1), F(2)], False), [2], "an empty tier keeps its number and holds nothing"),
    (p.bracket(slack_up, [F(2)], True), [0, None, 1], "a rounding next to a cap may fall on either side"),
    (p.pick(p.bracket(x, [F(1)], True), [F(5), MISSING]), [piece(c(5)), MISSING], "above the last cap the policy says what; here an error"),
    (p.absolute(p.sub(x, three)), [piece(c(3) - X), piece(X - c(3))], "the sign splits at 3"),
    (p.minimum(x, three), [piece(X), piece(c(3))], "the smaller"),
    (p.maximum(x, three), [piece(c(3)), piece(X)], "the larger"),
    (p.maximum(three, slack_up), [piece(c(3)), piece(c(3), 0, 1), piece(X, 0, 1)], "either may be larger, by both slacks at most"),
    (p.rounded(p.sub(slack_up, x), F(1), "half_up"), [piece(c(0), 0, 1)], "the ends of a slack are rounded like any number"),
    (p.sum_of([fails_above_three, plain(STALE)], LINE), [STALE, MISSING], "the first fault differs from stretch to stretch"),
    (fails_above_three, [piece(X), MISSING], "a branch not taken may fail"),
    (p.add(fails_above_three, three), [piece(X + c(3)), MISSING], "an error taints what includes it"),
    (p.compare(fails_above_three, three, "below"), [True, MISSING], "a verdict too"),
    (p.add(plain(MISSING), plain(MISSING)), [MISSING], "the same error twice"),
    (p.add(plain(MISSING), plain(STALE)), [MISSING], "of two faults the first counts, as in the walk"),
    (p.sum_of([x, plain(STALE), three, plain(MISSING)], LINE), [STALE], "in a sum too"),
    (p.add(plain(MISSING), plain(None)), [MISSING], "whatever the second is"),
    (p.add(plain(None), plain(MISSING)), [None], "an uncertain first may be a fault itself"),
    (p.add(x, plain(True)), [None], "a verdict is no number"),
    (p.choose(plain(None), x, x), [None], "an uncertain condition may be an error"),
    (p.choose(plain(MISSING), x, x), [MISSING], "a failed one is an error"),
    (p.sum_of([x, three, slack_up], LINE), [piece(X + X + c(3), 0, 1)], "a sum lines up its parts once"),
    (p.sum_of([], LINE), [piece(c(0))], "a sum of nothing is nought"),
]  # fmt: skip


@pytest.mark.parametrize("result, expected, why", RESULTS)
def test_results(result: Pieces, expected: list[object], why: str) -> None:
    assert list(result.parts) == expected, why
    assert len(result.cuts) == len(expected) - 1, why


def test_an_irrational_crossing_is_uncertain_within_its_sliver() -> None:
    verdict = p.compare(p.mul(x, x), number(2), "below")
    assert verdict.parts == (True, None, False)
    low, high = verdict.cuts
    assert low**2 < 2 < high**2
    assert high - low < LINE.resolution


def test_values_over_different_domains_do_not_combine() -> None:
    with pytest.raises(ValueError, match="different domains"):
        p.add(x, p.constant(F(1), Domain(F(1))))


# Random trees: the same tree evaluated directly at a point

Direct = object  # Fraction, bool, int, Fault


@dataclass(frozen=True)
class Node:
    pieces: Pieces
    at: dict[Fraction, Direct]


POINTS = [F(k, 7) + F(1, 997) for k in range(1, 120, 4)]
DOMAIN = Domain(F(1, 1000), high=F(18))


def first_error(*values: Direct) -> Direct:
    return next((v for v in values if isinstance(v, Fault)), None)


def apply(operation: str, a: Direct, b: Direct) -> Direct:
    if error := first_error(a, b):
        return error
    assert isinstance(a, Fraction)
    assert isinstance(b, Fraction)
    match operation:
        case "add":
            return a + b
        case "sub":
            return a - b
        case "mul":
            return a * b
        case "div":
            return a / b if b else Fault("RR509", "a division by zero")
        case "minimum":
            return min(a, b)
        case _:
            return max(a, b)


def compared(a: Direct, b: Direct, comparator: Comparator) -> Direct:
    if error := first_error(a, b):
        return error
    assert isinstance(a, Fraction)
    assert isinstance(b, Fraction)
    return {"below": a < b, "at_or_below": a <= b, "above": a > b, "at_or_above": a >= b, "equal": a == b}[comparator]


def round_direct(value: Direct, quantum: Fraction, direction: str) -> Direct:
    if not isinstance(value, Fraction):
        return value
    share = value / quantum
    match direction:
        case "up":
            return quantum * ceil(share)
        case "down":
            return quantum * floor(share)
        case "toward_zero":
            return quantum * trunc(share)
        case "away_from_zero":
            return quantum * (ceil(share) if share >= 0 else floor(share))
        case "half_up":
            return quantum * floor(share + F(1, 2))
        case _:
            return quantum * round(share)


def tier_direct(value: Direct, caps: list[Fraction], inclusive: bool) -> Direct:
    return (bisect_left if inclusive else bisect_right)(caps, value) if isinstance(value, Fraction) else value


rationals = st.fractions(-8, 8, max_denominator=9)
quanta = st.sampled_from([F(1, 100), F(1, 2), F(1)])
tables = st.lists(st.fractions(0, 12, max_denominator=3), min_size=1, max_size=4).map(sorted)


@st.composite
def nodes(draw: st.DrawFn, depth: int = 3) -> Node:
    kind = draw(st.sampled_from(LEAVES if depth == 0 else KINDS))
    if kind == "constant":
        value = draw(rationals)
        return Node(p.constant(value, DOMAIN), dict.fromkeys(POINTS, value))
    if kind == "failure":
        return Node(p.constant(MISSING, DOMAIN), dict.fromkeys(POINTS, MISSING))
    if kind == "curve":
        curve = poly(draw(st.dictionaries(st.integers(-1, 1), rationals, min_size=1, max_size=3)))
        return Node(p.unknown(curve, DOMAIN), {t: curve.at(t) for t in POINTS})
    a = draw(nodes(depth=depth - 1))
    if kind == "absolute":
        return Node(p.absolute(a.pieces), {t: abs(v) if isinstance(v, Fraction) else v for t, v in a.at.items()})
    if kind == "rounded":
        quantum, direction = draw(quanta), draw(st.sampled_from(sorted(ROUNDINGS)))
        return Node(p.rounded(a.pieces, quantum, direction), {t: round_direct(v, quantum, direction) for t, v in a.at.items()})
    if kind == "pick":
        caps, inclusive = draw(tables), draw(st.booleans())
        column = [*draw(st.lists(rationals, min_size=len(caps), max_size=len(caps))), MISSING]
        tiers = {t: tier_direct(v, caps, inclusive) for t, v in a.at.items()}
        at = {t: column[k] if isinstance(k, int) else k for t, k in tiers.items()}
        return Node(p.pick(p.bracket(a.pieces, caps, inclusive), column), at)
    b = draw(nodes(depth=depth - 1))
    if kind == "choose":
        comparator, other = draw(st.sampled_from(get_args(Comparator))), draw(nodes(depth=0))
        condition = {t: compared(a.at[t], other.at[t], comparator) for t in POINTS}
        at = {t: v if isinstance(v, Fault) else a.at[t] if v else b.at[t] for t, v in condition.items()}
        return Node(p.choose(p.compare(a.pieces, other.pieces, comparator), a.pieces, b.pieces), at)
    return Node(getattr(p, kind)(a.pieces, b.pieces), {t: apply(kind, a.at[t], b.at[t]) for t in POINTS})


LEAVES = ["curve", "curve", "curve", "constant", "constant", "failure"]
KINDS = ["add", "sub", "mul", "div", "minimum", "maximum", "absolute", "rounded", "choose", "pick", "curve"]


@settings(max_examples=150, deadline=None)
@given(nodes())
def test_a_tree_holds_its_direct_value_within_slack(node: Node) -> None:
    for low, high, part in node.pieces.spans():
        for t in POINTS:
            if low < t and (high is None or t < high) and part is not None:
                value = node.at[t]
                if isinstance(part, Piece):
                    assert isinstance(value, Fraction)
                    assert part.poly.at(t) + part.slack_low <= value <= part.poly.at(t) + part.slack_high
                else:
                    assert value == part


@settings(max_examples=80, deadline=None)
@given(nodes(depth=2), nodes(depth=2), st.sampled_from(get_args(Comparator)))
def test_a_certain_verdict_is_the_direct_one(a: Node, b: Node, comparator: Comparator) -> None:
    for low, high, part in p.compare(a.pieces, b.pieces, comparator).spans():
        for t in POINTS:
            if part is not None and low < t and (high is None or t < high):
                assert compared(a.at[t], b.at[t], comparator) == part
