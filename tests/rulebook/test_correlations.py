"""Whether a matrix is a correlation matrix: decided exactly, blamed by name, and repaired only on request."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.rulebook.correlations import Matrix, blames, negative_holding, variance
from riskrules.rulebook.nearest import nearest_correlation

NAMES = ("A-USDT", "B-USDT", "C-USDT", "D-USDT")


def matrix(*above: str) -> Matrix:
    """The matrix with these entries above its diagonal, row by row."""
    many = next(n for n in range(2, 9) if n * (n - 1) // 2 == len(above))
    figures = iter(map(Fraction, above))
    made: Matrix = {name: {name: Fraction(1)} for name in NAMES[:many]}
    for k, a in enumerate(NAMES[:many]):
        for b in NAMES[k + 1 : many]:
            made[a][b] = made[b][a] = next(figures)
    return made


def told(made: Matrix) -> list[str]:
    return [blame.text for blame in blames(tuple(made), made)]


@pytest.mark.parametrize(
    "above, fine, why",
    [
        (("0.5",), True, "a plain pair"),
        (("1",), True, "on the edge: they move as one"),
        (("-1",), True, "on the other edge"),
        (("1", "1", "1"), True, "all as one has no variance left to lose"),
        (("1", "-1", "-1"), True, "A and B as one, C against both"),
        (("1", "1", "0.999999999999999999"), False, "a hair off the edge, below any float's sight"),
        (("-1/2", "-1/2", "-1/2"), True, "three as far apart as three can be"),
        (("-0.5", "-0.5", "-0.500000000000000001"), False, "and a hair farther"),
        (("0.9", "-0.5", "0.5"), False, "C cannot be with B and against A"),
        (("0", "0.8", "0.8", "0.8", "0.8", "0"), False, "four of which each three would do"),
        (("1", "0.3", "0.3"), True, "a pivot of 0 whose column is 0"),
        (("1", "0.3", "0.4"), False, "a pivot of 0 whose column is not"),
    ],
)
def test_the_edge_is_where_it_is(above: tuple[str, ...], fine: bool, why: str) -> None:
    assert (told(matrix(*above)) == []) is fine, why


def test_three_are_blamed_by_name() -> None:
    made = matrix("0.9", "-0.5", "0.5")
    (blame,) = blames(tuple(made), made)
    assert "A-USDT with B-USDT 0.9, A-USDT with C-USDT −0.5, B-USDT with C-USDT 0.5" in blame.text
    assert blame.pair == ("A-USDT", "B-USDT"), "it lies farthest from what the other two suggest"
    assert blame.hint.endswith("between about −1.000 and 0.500")


def test_where_three_do_not_suffice_a_holding_is_shown() -> None:
    """Every three of these hold; the four do not."""
    made = matrix("-0.4", "-0.4", "-0.4", "-0.4", "-0.4", "-0.4")
    (text,) = told(made)
    assert text == "holding +1 A-USDT, +1 B-USDT, +1 C-USDT, +0.5 D-USDT would have a variance of about −0.35, below 0"


def test_what_is_not_symmetric_or_not_one_is_said_first() -> None:
    made = matrix("0.5", "0.2", "0.2")
    made["A-USDT"]["A-USDT"], made["C-USDT"]["A-USDT"] = Fraction(9, 10), Fraction(3, 10)
    assert told(made) == ["A-USDT moves with itself by 0.9", "A-USDT moves with C-USDT by 0.2, and C-USDT with A-USDT by 0.3"]


ENTRY = st.fractions(min_value=-1, max_value=1, max_denominator=20)


@settings(deadline=None)  # the first numpy import is slow
@given(above=st.lists(ENTRY, min_size=6, max_size=6))
def test_a_holding_that_is_found_proves_it(above: list[Fraction]) -> None:
    """Either a variance below 0 is shown, or the smallest eigenvalue is not below 0 (a float's word, by another way)."""
    import numpy as np

    made = matrix(*map(str, above))
    rows = [[made[a][b] for b in NAMES] for a in NAMES]
    found = negative_holding(rows)
    smallest = np.linalg.eigvalsh(np.array([[float(x) for x in row] for row in rows]))[0]
    if found is None:
        assert smallest > -1e-9
    else:
        assert variance(rows, found) < 0
        assert smallest < 1e-9


def test_the_published_repair_comes_out() -> None:
    """The example of Higham's paper: 0.7607 and 0.1573, at a distance of 0.5278."""
    made = matrix("1", "0", "1")
    found = nearest_correlation(tuple(made), made, 6)
    a, b, c = NAMES[:3]
    assert [round(float(found[x][y]), 4) for x, y in ((a, b), (a, c), (b, c))] == [0.7607, 0.1573, 0.7607]
    distance = sum(float(found[x][y] - made[x][y]) ** 2 for x in (a, b, c) for y in (a, b, c)) ** 0.5
    assert abs(distance - 0.5278) < 1e-4


@settings(deadline=None)  # the first numpy import is slow
@given(above=st.lists(ENTRY, min_size=6, max_size=6), places=st.integers(3, 8))
def test_what_is_repaired_is_proved(above: list[Fraction], places: int) -> None:
    made = matrix(*map(str, above))
    found = nearest_correlation(NAMES, made, places)
    assert told(found) == []
    assert all((entry * 10**places).denominator == 1 for row in found.values() for entry in row.values()), "decimals of those places"


def test_too_few_places_are_said() -> None:
    """To a whole number each entry is −1, 0 or 1; the identity is always among those, so that one place is never too few."""
    made = matrix("0.6", "0.6", "-0.6")
    assert told(nearest_correlation(tuple(made), made, 1)) == []
