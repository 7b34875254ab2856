"""What holds of every portfolio: vertices are correlation matrices, a stress never lowers the margin, and parts close."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.ir.program import Program
from riskrules.rulebook.correlations import negative_holding
from tests.engine.portfolios import Book, figures, program
from tests.reference import portfolio as reference

AMOUNT = st.fractions(min_value=-1000, max_value=1000, max_denominator=100)
SHARE = st.fractions(min_value=0, max_value=1, max_denominator=100)
MOVE = st.fractions(min_value=-1, max_value=1, max_denominator=100)
NAMES = ("base", "toward ones 60%", "toward identity 30%")
ENDS = {"toward ones 60%": ("ones", Fraction(3, 5)), "toward identity 30%": ("identity", Fraction(3, 10))}


@st.composite
def matrices(draw: st.DrawFn, many: int) -> list[list[Fraction]]:
    """A mixture of matrices in which everything moves wholly with or against everything: every such one is a correlation matrix."""
    signs = [[draw(st.sampled_from((1, -1))) for _ in range(many)] for _ in range(draw(st.integers(1, 4)))]
    parts = [draw(st.integers(1, 9)) for _ in signs]
    whole = sum(parts)
    return [
        [sum((Fraction(part, whole) * row[i] * row[j] for part, row in zip(parts, signs, strict=True)), Fraction(0)) for j in range(many)]
        for i in range(many)
    ]


@st.composite
def books(draw: st.DrawFn) -> Book:
    many, scenarios = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    each = st.lists(MOVE, min_size=many, max_size=many)
    return Book(
        draw(st.lists(AMOUNT, min_size=many, max_size=many)),
        draw(matrices(many)),
        draw(st.lists(SHARE, min_size=many, max_size=many)),
        [draw(each) for _ in range(scenarios)],
        [draw(SHARE) for _ in range(scenarios)],
        draw(AMOUNT),
    )


def stressed(by: int, end: str = "ones") -> Program:
    return program(("correlation",), ("base", {"toward": end, "by": f"{by}%"}))


@settings(max_examples=100, deadline=None)
@given(matrix=st.integers(2, 6).flatmap(matrices))
def test_every_vertex_is_a_correlation_matrix(matrix: list[list[Fraction]]) -> None:
    """Read back from the walk of a book that holds one of each."""
    many = len(matrix)
    walk = Book([Fraction(1)] * many, matrix, [Fraction(1)] * many).walk(program(("correlation",)))
    assert negative_holding(matrix) is None
    for name in NAMES:
        used = [[Fraction(int(i == j)) for j in range(many)] for i in range(many)]
        for (i, j), part in zip(combinations(range(many), 2), figures(walk, f"pair_variance {name}"), strict=True):
            used[i][j] = used[j][i] = part / 2
        assert negative_holding(used) is None
        if name in ENDS:
            assert used == reference.toward(matrix, *ENDS[name])


@settings(max_examples=100, deadline=None)
@given(book=books(), by=st.tuples(st.integers(0, 100), st.integers(0, 100)), end=st.sampled_from(("ones", "identity")))
def test_the_worst_never_falls_as_the_stress_grows(book: Book, by: tuple[int, int], end: str) -> None:
    less, more = (figures(book.walk(stressed(one, end)), "worst_variance")[0] for one in sorted(by))
    assert 0 <= less <= more


@settings(max_examples=100, deadline=None)
@given(book=books())
def test_parts_and_pairs_close(book: Book) -> None:
    walk = book.walk(program())
    own, base = figures(walk, "own_variance"), figures(walk, "variance base")[0]
    for name in NAMES:
        variance = figures(walk, f"variance {name}")[0]
        assert sum(own, Fraction(0)) + sum(figures(walk, f"pair_variance {name}"), Fraction(0)) == variance
        if name in ENDS:
            end, by = ENDS[name]
            added = figures(walk, f"pair_added {name}")
            assert base + sum(added, Fraction(0)) == variance
            weighed = figures(walk, "weighed")
            pairs = list(combinations(range(len(weighed)), 2))
            target = 1 if end == "ones" else 0
            assert added == [2 * by * weighed[i] * weighed[j] * (target - book.matrix[i][j]) for i, j in pairs]
    many = len(book.moves)
    worst = walk.column("worst_scenario")[0] % many
    parts = figures(walk, "scenario_profit")[worst::many]
    assert sum(parts, Fraction(0)) == figures(walk, "scenario_result")[worst] == min(figures(walk, "scenario_result"))


@settings(max_examples=100, deadline=None)
@given(book=books())
def test_the_reference_comes_to_the_same(book: Book) -> None:
    walk = book.walk(program())
    weighed = [e * w for e, w in zip(book.exposures, book.weights, strict=True)]
    variances = [reference.quadratic(weighed, m) for m in (book.matrix, *(reference.toward(book.matrix, *end) for end in ENDS.values()))]
    loss = reference.scenario_loss(book.exposures, book.moves, book.counted)
    assert [figures(walk, f"variance {name}")[0] for name in NAMES] == variances
    assert figures(walk, "binding_vertex") == [NAMES[variances.index(max(variances))]], "of equals the first"
    assert figures(walk, "scenario_margin") == [loss]
    assert figures(walk, "requirement") == [max(loss, reference.root_up(9 * max(variances)))]
    short = book.equity <= loss or book.equity <= 0 or book.equity**2 <= 9 * max(variances)
    assert walk.column("liquidate") == [short]


@pytest.mark.parametrize(
    "trigger, way, equity, liquidated, why",
    [
        ("at_or_below", "larger_of", "30", True, "3 × |10| exactly: equality is named"),
        ("below", "larger_of", "30", False, "and here it is on the other side"),
        ("below", "larger_of", "29.999999999999999999999", True, "a hair below, under any rounding of the root"),
        ("at_or_below", "larger_of", "30.000000000000000000001", False, "a hair above"),
        ("at_or_below", "larger_of", "-31", True, "the square of −31 is above 900, and −31 is not"),
        ("below", "larger_of", "-31", True, "nor is it under the other word"),
        ("at_or_below", "sum_of", "35", True, "with a scenario of 5 beside it"),
        ("below", "sum_of", "35", False, "equality of the sum"),
        ("below", "sum_of", "4", True, "less than the scenario alone"),
    ],
)
def test_a_root_is_compared_by_its_square(trigger: str, way: str, equity: str, liquidated: bool, why: str) -> None:
    moves, one = [[Fraction(-1, 20)]], [[Fraction(1)]]
    book = Book([Fraction(100)], one, [Fraction(1, 10)], moves, [Fraction(1)], Fraction(equity))
    parts = ("correlation",) if way == "larger_of" else ("scenarios", "correlation")
    assert book.walk(program(parts, trigger=trigger, way=way)).column("liquidate") == [liquidated], why


def test_a_hedge_is_not_made_safe_by_the_stress() -> None:
    """Two positions against each other at 0.6: 0.894; correlations to 0.8 alone would say 0.632, and the worst vertex says 1.183."""
    half = ("base", {"toward": "ones", "by": "50%"}, {"toward": "identity", "by": "50%"})
    matrix = [[Fraction(1), Fraction(3, 5)], [Fraction(3, 5), Fraction(1)]]
    book = Book([Fraction(1), Fraction(-1)], matrix, [Fraction(1)] * 2)
    walk = book.walk(program(("correlation",), half, multiple="1"))
    roots = {name: float(figures(walk, f"variance {name}")[0]) ** 0.5 for name in ("base", "toward ones 50%", "toward identity 50%")}
    assert {name: round(root, 3) for name, root in roots.items()} == {"base": 0.894, "toward ones 50%": 0.632, "toward identity 50%": 1.183}
    assert figures(walk, "binding_vertex") == ["toward identity 50%"]


BASKETS = {"a": (0, 1), "b": (2, 3), "c": (4,)}
PLAIN = [[Fraction(1), Fraction("0.4")], [Fraction("0.4"), Fraction(1)]]
TREE = {
    "ab": {"of": ["a", "b"], "combine": {"a": {"a": "1", "b": "0.4"}, "b": {"a": "0.4", "b": "1"}}},
    "whole": {"of": ["ab", "c"], "combine": "sum"},
}


@settings(max_examples=100, deadline=None)
@given(
    exposures=st.lists(AMOUNT, min_size=5, max_size=5), weights=st.lists(SHARE, min_size=5, max_size=5), matrix=matrices(5)
)  # fmt: skip
def test_the_tree_agrees_with_a_recursion(exposures: list[Fraction], weights: list[Fraction], matrix: list[list[Fraction]]) -> None:
    book = Book(exposures, matrix, weights, baskets=BASKETS)
    walk = book.walk(program(("tree",), baskets=dict.fromkeys(BASKETS, ()), tree=TREE))
    node = reference.Branch([reference.Branch([reference.Leaf(0, 1), reference.Leaf(2, 3)], PLAIN), reference.Leaf(4)], None)
    weighed = [e * w for e, w in zip(exposures, weights, strict=True)]
    assert figures(walk, "tree_margin") == [reference.tree(node, weighed, matrix, Fraction(3))[0]]


@settings(max_examples=100, deadline=None)
@given(book=books())
def test_alone_nobody_has_a_pair(book: Book) -> None:
    """Isolated is a group a position: no pair counts, and nobody is beside anybody."""
    book.groups = range(len(book.exposures))
    walk = book.walk(program())
    assert walk.column("pair_variance base") == []
    assert set(figures(walk, "outside_notional")) <= {0}
    whole = figures(walk, "own_variance")
    assert [figures(walk, f"variance {name}") for name in NAMES] == [whole] * 3
