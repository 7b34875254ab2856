"""Polynomials over an unknown above zero: their algebra, and every root found, crossed or only touched."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.engine.poly import Poly, Root, X, constant_poly, poly, regions, roots

F = Fraction
FINE = F(1, 10**6)

small = st.fractions(min_value=-20, max_value=20, max_denominator=12)
positive = st.fractions(min_value=F(1, 50), max_value=30, max_denominator=50)
lows = st.fractions(0, 5, max_denominator=6)
highs = st.none() | st.fractions(6, 40, max_denominator=6)
polys = st.dictionaries(st.integers(-3, 3), small, max_size=4).map(poly)


def of(**terms: int | Fraction) -> Poly:
    """`of(x1=2, c=-3, m1=5)` is 2x - 3 + 5/x."""
    names = {"m2": -2, "m1": -1, "c": 0, "x1": 1, "x2": 2, "x3": 3, "x4": 4}
    return poly({names[name]: F(value) for name, value in terms.items()})


def exactly(*values: int | Fraction) -> list[Root]:
    return [Root(F(value), F(value)) for value in values]


ROOTS = [
    (of(x1=2, c=-6), 0, None, exactly(3), "a line is solved, not searched"),
    (of(x1=30, c=-1), 0, None, exactly(F(1, 30)), "and a root no decimal holds is exact too"),
    (of(x1=2, c=-6), 3, None, [], "the ends are open: a root at the lower one is not inside"),
    (of(x1=2, c=-6), 0, 3, [], "nor one at the upper"),
    (of(m1=10, c=-2), 0, None, exactly(5), "an inverse contract: 10/x = 2"),
    (of(m2=8, m1=-4), 0, None, exactly(2), "only the distance between exponents makes a line"),
    (of(x1=1, c=3), 0, None, [], "a root below zero is not in the domain"),
    (of(), 0, None, [], "zero everywhere has no isolated root"),
    (of(c=7), 0, None, [], "a constant has none"),
    (of(x2=5), 0, None, [], "zero itself is not in the domain"),
    (of(x2=1, x1=-6, c=9), 0, None, exactly(3), "touched and not crossed: exact, since its square-free part is a line"),
    (of(x1=1, c=-6, m1=9), 0, None, exactly(3), "the same over x"),
    (of(x3=1, x2=-5, x1=8, c=-4), 0, 4, exactly(1, 2), "a simple root below a double one: (x - 1)(x - 2)², both halvings of (0, 4)"),
    (of(x2=1, x1=-3, c=2), 1, 3, exactly(2), "a root at the lower end does not hide the one inside"),
    (of(x2=1, x1=-4, c=5), 0, None, [], "never reaches zero"),
]


@pytest.mark.parametrize("curve, low, high, expected, why", ROOTS)
def test_roots(curve: Poly, low: int, high: int | None, expected: list[Root], why: str) -> None:
    assert roots(curve, F(low), None if high is None else F(high), FINE) == expected, why


def test_an_irrational_root_is_held_by_a_sliver() -> None:
    (root,) = roots(of(x2=1, c=-2), F(0), None, FINE)
    assert root.low**2 < 2 < root.high**2
    assert root.high - root.low < FINE


def test_a_root_at_the_lower_end_does_not_mislead_the_bisection() -> None:
    """(x - 1)(2 - x^2) above 1."""
    (root,) = roots(of(x3=-1, x2=1, x1=2, c=-2), F(1), F(3), FINE)
    assert root.low**2 < 2 < root.high**2


def test_an_irrational_root_that_is_only_touched_is_found() -> None:
    """(x² - 2)² never changes sign."""
    (root,) = roots(of(x4=1, x2=-4, c=4), F(0), None, FINE)
    assert root.low**2 < 2 < root.high**2


def test_roots_much_closer_than_the_resolution_stay_apart() -> None:
    near, far = F(1), F(1) + F(1, 10**9)
    found = roots((X - constant_poly(near)) * (X - constant_poly(far)), F(0), None, F(1, 10))
    assert len(found) == 2
    assert found[0].low <= near <= found[0].high <= found[1].low <= far <= found[1].high


def test_regions_are_of_one_sign_each() -> None:
    found = regions(of(x1=1, c=-5, m1=6), [F(0)], F(0), F(16), FINE)
    above = [region.value > 0 for region in found if region.value is not None]
    assert above == [True, False, True], "x + 6/x falls below 5 between 2 and 3"
    assert found[0].low == 0
    assert found[-1].high == 16


QUOTIENTS = [
    (of(x1=6, c=3), of(c=3), of(x1=2, c=1), "by a constant"),
    (of(x1=6, c=3), of(x1=3), of(c=2, m1=1), "by a power: exponents may go below zero"),
    (of(x1=6, c=3), of(), None, "by zero there is no answer"),
    (of(x1=6, c=3), of(x1=2, c=1), None, "by a sum it need not be a polynomial"),
]


@pytest.mark.parametrize("over, under, expected, why", QUOTIENTS)
def test_over(over: Poly, under: Poly, expected: Poly | None, why: str) -> None:
    assert over.over(under) == expected, why


@given(polys, polys, positive, small)
def test_algebra_is_pointwise(a: Poly, b: Poly, x: Fraction, factor: Fraction) -> None:
    assert (a + b).at(x) == a.at(x) + b.at(x)
    assert (a - b).at(x) == a.at(x) - b.at(x)
    assert (a * b).at(x) == a.at(x) * b.at(x)
    assert (-a).at(x) == -a.at(x)
    assert a.scale(factor).at(x) == a.at(x) * factor
    for result in (a + b, a - b, a * b, a.scale(factor)):
        assert result == poly(dict(result.terms)), "terms stay sorted and never zero, so that equal means equal"


@st.composite
def built(draw: st.DrawFn) -> tuple[Poly, list[Fraction]]:
    """A polynomial with known roots, some repeated, times factors that have none, times a power of x."""
    known = draw(st.lists(positive, max_size=3, unique=True))
    curve = poly({draw(st.integers(-3, 2)): draw(small.filter(bool))})
    for root in known:
        for _ in range(draw(st.integers(1, 3))):
            curve = curve * (X - constant_poly(root))
    for centre, depth in draw(st.lists(st.tuples(small, positive), max_size=1)):
        curve = curve * ((X - constant_poly(centre)) * (X - constant_poly(centre)) + constant_poly(depth))
    return curve, sorted(known)


@settings(max_examples=60, deadline=None)
@given(built(), lows, highs, st.sampled_from([F(1), F(1, 100), FINE]))
def test_every_known_root_is_found_once(
    case: tuple[Poly, list[Fraction]], low: Fraction, high: Fraction | None, resolution: Fraction
) -> None:
    curve, known = case
    inside = [root for root in known if low < root and (high is None or root < high)]
    found = roots(curve, low, high, resolution)
    assert len(found) == len(inside)
    for sliver, root in zip(found, inside, strict=True):
        assert sliver.low == sliver.high == root or sliver.low < root < sliver.high
        assert sliver.high - sliver.low < resolution


@settings(max_examples=60, deadline=None)
@given(polys, st.lists(small, max_size=3), st.lists(positive, min_size=5, max_size=5))
def test_regions_cover_the_domain_and_meet_no_level(curve: Poly, levels: list[Fraction], points: list[Fraction]) -> None:
    found = regions(curve, levels, F(0), None, F(1, 1000))
    assert found[0].low == 0
    assert found[-1].high is None
    assert all(a.high == b.low for a, b in pairwise(found))
    for region in found:
        for x in points:
            if region.value is not None and region.low < x and (region.high is None or x < region.high):
                for level in levels:
                    at_level = curve.is_constant and curve.at(x) == level
                    assert at_level or ((curve.at(x) > level) == (region.value > level) and curve.at(x) != level)
