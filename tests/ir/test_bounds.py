"""The bounds of the fast meanings, on programs that chance makes: no figure is further off than it says, no sure decision is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.batch.columns import Figures
from riskrules.ir.blocks import COMPARED, FIGURES, FLOW, ROUNDED, Block, BlockWalk, Course
from riskrules.ir.coarse import SAFE, Coarse, Rough
from riskrules.ir.fault import Fault
from riskrules.ir.floats import SPARE, Buffers, Float, Floats, U
from riskrules.ir.frame import Frame
from riskrules.ir.functions import FUNCTIONS, rounded_by
from riskrules.ir.ops import OPS, ROOTS
from riskrules.ir.program import Node, Program
from riskrules.ir.ring import Denominator, Ring, Rings, wrapped
from riskrules.ir.walk import Walk
from riskrules.units.exact import to_exact
from riskrules.units.unit import FLAG, NUMBER

LEAVES = 4
TWO = ("add", "sub", "mul", "div", "smaller", "larger")
# What does not walk: extremes over groups and roots have no fast meaning yet, and a program that has one goes to the scalar walk whole.
SCALAR_ONLY = {
    "largest", "smallest", "which_largest", "which_smallest", "median", "median_where", "total_before", "number_of",
    "cap_below", "largest_under", "had", "total_ahead", "first", "second", *ROOTS.values(),
}  # fmt: skip
SCALAR_ONLY |= {"least_payoff", *(rounded_by(function, rounding) for function in FUNCTIONS for rounding in ROUNDED)}


def test_every_operation_has_a_fast_meaning_or_is_known_to_have_none() -> None:
    assert OPS.keys() == FIGURES | COMPARED | ROUNDED | FLOW | SCALAR_ONLY


class NoTables:
    def label(self, text: str) -> int:
        return 0


def decimal() -> st.SearchStrategy[Fraction]:
    """As prices and sizes are: a few digits, few places; and now and then the same figure again, so that sides tie."""
    return st.one_of(
        st.sampled_from([Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 10), Fraction(5, 2)]),
        st.builds(lambda n, d: Fraction(n, 10**d), st.integers(-(10**9), 10**9), st.integers(0, 8)),
    )


@st.composite
def programs(draw: st.DrawFn) -> tuple[Program, list[list[Fraction]]]:
    """Some leaves, some figures made of them, and a comparison of two at the end."""
    nodes = [Node("given", (), "leg", f"x{k}", NUMBER, "", ("", 0)) for k in range(LEAVES)]
    constants = draw(st.lists(decimal(), min_size=1, max_size=2))
    nodes += [Node("constant", (), "any", to_exact(c), NUMBER, "", ("", 0)) for c in constants]
    figures = list(range(len(nodes)))
    for _ in range(draw(st.integers(1, 6))):
        op = draw(st.sampled_from((*TWO, "neg", "absolute", "choose", "round_up", "round_half_even", "round_toward_zero")))
        legs = [k for k in figures if nodes[k].rows == "leg"]
        one, two = draw(st.sampled_from(legs)), draw(st.sampled_from(figures))
        if op in ("neg", "absolute"):
            args: tuple[int, ...] = (one,)
        elif op.startswith("round"):
            nodes.append(Node("constant", (), "any", draw(st.sampled_from([(1, 100), (1, 10**8), (1, 2)])), NUMBER, "", ("", 0)))
            args = (one, len(nodes) - 1)
        elif op == "choose":
            nodes.append(Node("below", (one, two), "leg", (), FLAG, "", ("", 0)))
            args = (len(nodes) - 1, one, draw(st.sampled_from(legs)))
        else:
            args = (one, two)
        nodes.append(Node(op, args, "leg", (), NUMBER, "", ("", 0)))
        figures.append(len(nodes) - 1)
    op = draw(st.sampled_from(sorted(COMPARED)))
    nodes.append(Node(op, (figures[-1], draw(st.sampled_from(figures))), "leg", (), FLAG, "", ("", 0)))
    needs = tuple(("leg", f"x{k}") for k in range(LEAVES))
    rows = draw(st.lists(st.lists(decimal(), min_size=LEAVES, max_size=LEAVES), min_size=1, max_size=6))
    return Program(tuple(nodes), {"it": len(nodes) - 1}, needs, len(nodes) - 1, ("any", "leg")), rows


def exact_walk(program: Program, rows: list[list[Fraction]]) -> Walk:
    columns: dict[tuple[str, str], list[Any]] = {("leg", f"x{k}"): [to_exact(row[k]) for row in rows] for k in range(LEAVES)}
    return Walk(program, Frame({"leg": [str(k) for k in range(len(rows))]}, {}, columns))


def fast_walk(program: Program, rows: list[list[Fraction]], meaning: Any) -> BlockWalk:
    columns = {f"x{k}": Figures(np.array([float(row[k]) for row in rows])) for k in range(LEAVES)}

    def given_column(kind: str, name: str) -> tuple[Any, None]:
        if isinstance(meaning, Coarse):
            column = columns[name]
            return meaning.given(column.floats, 1, column.low(), column.high()), None
        if isinstance(meaning, Floats):
            return columns[name].as_float(), None
        ring, bad = columns[name].as_ring(meaning.by_row)
        if bad.any():
            meaning.doubts.append(bad)
        return ring, None

    course = Course.to(program, range(len(program.nodes)))
    return BlockWalk(course, Block({"leg": len(rows), "any": 1}, {}, given_column), meaning, NoTables())


def values(walk: Walk, k: int, n: int) -> list[Any]:
    column = walk.columns[k] * (n if walk.program.nodes[k].rows == "any" else 1)
    return [x if isinstance(x, Fault | bool) else Fraction(*x) for x in column]


def sure(program: Program, rows: list[list[Fraction]], fast: BlockWalk) -> Iterator[tuple[int, int, Any]]:
    """Each node and row that has an exact value and is in no doubt; a comparison is held to it at once."""
    exact, doubted = exact_walk(program, rows), fast.doubts.get("leg", np.zeros(len(rows), bool))
    for k, node in enumerate(program.nodes):
        for row, value in enumerate(values(exact, k, len(rows))):
            if isinstance(value, Fault) or doubted[row]:
                continue
            if isinstance(value, bool):
                assert bool(spread(fast.values[k], len(rows))[row]) == value, (node, row)
            else:
                yield k, row, value


def spread(value: Any, n: int) -> Any:
    return np.broadcast_to(value, (n,))


@settings(max_examples=400, deadline=None)
@given(programs())
def test_floats_keep_their_bound_and_are_never_sure_and_wrong(made: tuple[Program, list[list[Fraction]]]) -> None:
    program, rows = made
    fast = fast_walk(program, rows, Floats(Buffers()))
    for k, row, value in sure(program, rows, fast):
        figure: Float = fast.values[k]
        size, slack, found = (
            float(spread(one, len(rows))[row])
            for one in (abs(figure.value) if figure.size is None else figure.size, figure.slack, figure.value)
        )
        bound = (figure.roundings + SPARE) * U * size + slack + 1e-270
        assert abs(Fraction(found) - value) <= Fraction(bound), (program.nodes[k], row)


@settings(max_examples=400, deadline=None)
@given(programs())
def test_one_bound_holds_for_every_row_of_a_column(made: tuple[Program, list[list[Fraction]]]) -> None:
    program, rows = made
    meaning = Coarse(Buffers())
    fast = fast_walk(program, rows, meaning)
    for k, row, value in sure(program, rows, fast):
        figure: Rough = fast.values[k]
        found = float(spread(figure.value, len(rows))[row])
        own = 0.0 if figure.roundings is None else figure.roundings * U * abs(found)
        off = abs(Fraction(found) - value)
        if np.isinf(meaning.most(figure)):
            continue  # a row without a figure says nothing of the others
        assert off <= Fraction(meaning.error(figure) * SAFE + 1e-270), (program.nodes[k], row, "the column's bound")
        assert figure.roundings is None or off <= Fraction(own * SAFE + 1e-270), (program.nodes[k], row, "of its own size")
        assert abs(value) <= Fraction(meaning.most(figure) * SAFE + 1e-270), (program.nodes[k], row, "the largest")
        assert figure.low < 0 or value >= 0, (program.nodes[k], row, "the sign")


@pytest.mark.parametrize("by_row", [False, True])
@settings(max_examples=400, deadline=None)
@given(made=programs())
def test_whole_numbers_are_the_exact_ones(by_row: bool, made: tuple[Program, list[list[Fraction]]]) -> None:
    program, rows = made
    fast = fast_walk(program, rows, Rings(by_row))
    for k, row, value in sure(program, rows, fast):
        ring: Ring = fast.values[k]
        over, under = int(spread(ring.over, len(rows))[row]), int(spread(ring.under.modular, len(rows))[row])
        assert (over * value.denominator - value.numerator * under) % 2**64 == 0, "the same quotient, wrapped"
        estimate, bound = (Fraction(float(spread(one, len(rows))[row])) for one in (ring.value, ring.bound))
        assert abs(estimate - value) <= bound, program.nodes[k]


def test_a_number_that_64_bits_do_not_hold_decides_nothing() -> None:
    """Two sides too near for floats, over so fine a denominator that their difference may have wrapped."""
    fine = Denominator.of(10**40)
    one, other = (Ring(np.array([1.0]), np.array([1e-15]), np.array([wrapped(n)]), fine) for n in (10**40, 10**40 + 2**63))
    meaning = Rings()
    meaning.compared("below", one, other)
    assert [mask.tolist() for mask in meaning.doubts] == [[True]]


def test_two_sides_that_differ_by_less_than_a_float_can_say_are_told_apart() -> None:
    """One part in 10^25, which is far below what float64 holds, and one whole step over their denominator."""
    fine = Denominator.of(10**12)
    one, other = (Ring(np.array([1e13]), np.array([1.0]), np.array([wrapped(n)]), fine) for n in (10**25, 10**25 + 1))
    meaning = Rings()
    assert meaning.compared("below", one, other).tolist() == [True]
    assert meaning.compared("at_or_above", one, other).tolist() == [False]
    assert meaning.doubts == [], "1 × 10^12 is small enough to be what its wrapped form says"


def test_a_denominator_beyond_all_floats_is_a_doubt_and_no_warning() -> None:
    rings = Rings()
    large = Denominator(None, np.array([3]), np.array([1e300]))
    rings.rounded("round_up", Ring(np.array([1.0]), np.array([1e20]), np.array([3]), large), rings.constant(1, 100))
    assert [mask.tolist() for mask in rings.doubts] == [[True]]
