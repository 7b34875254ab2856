"""A walk that begins from another one: the same columns as one from nothing, whatever was changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskrules.ir import term as t
from riskrules.ir.fault import Fault
from riskrules.ir.frame import Frame
from riskrules.ir.program import Program, flatten
from riskrules.ir.walk import Walk
from riskrules.units import unit as u

ABSENT = Fault("RR505", "not given")


def rulebook() -> Program:
    """Two markets, three legs, one pool: a price that may be too old, a total, a rounding, a choice."""
    price = t.given("price", "market", u.PRICE)
    old = t.compare("above", t.given("age", "market", u.SECOND), t.constant(5, u.SECOND))
    fresh = t.choose(old, t.fault("RR503", "{row} is {0} old", "", u.PRICE, "market", t.given("age", "market", u.SECOND)), price)
    worth = t.given("size", "leg", u.BASE) * t.to_rows(fresh, "leg")
    cents = t.rounded(worth, "round_down", t.constant((1, 100), u.QUOTE)).named("worth")
    total = t.over("total", cents, "pool").named("total")
    buffer = (t.given("wallet", "pool", u.QUOTE) + total).named("buffer")
    decides = t.compare("below", buffer, t.constant(0, u.QUOTE)).named("liquidate")
    return flatten({"shown": t.over("largest", worth, "pool").named("shown"), "liquidate": decides}, "liquidate")


PROGRAM = rulebook()
ROWS = {"market": 2, "leg": 3, "pool": 1}
figures = st.one_of(st.just(ABSENT), st.tuples(st.integers(-10, 10), st.integers(1, 3)))


def frames() -> st.SearchStrategy[dict[tuple[str, str], list[Any]]]:
    return st.fixed_dictionaries({need: st.lists(figures, min_size=ROWS[need[0]], max_size=ROWS[need[0]]) for need in PROGRAM.needs})


def frame(figures_given: dict[tuple[str, str], list[Any]]) -> Frame:
    keys = {("leg", "market"): [0, 1, 1], ("leg", "pool"): [0, 0, 0]}
    return Frame({rows: [f"{rows} {k + 1}" for k in range(count)] for rows, count in ROWS.items()}, keys, figures_given)


@given(frames(), frames(), st.sets(st.sampled_from(PROGRAM.needs)), st.booleans())
def test_a_changed_walk_is_the_walk_of_the_changed_figures(
    before: dict[tuple[str, str], list[Any]], after: dict[tuple[str, str], list[Any]], moved: set[tuple[str, str]], further: bool
) -> None:
    base = Walk(PROGRAM, frame(before))
    k = PROGRAM.named["shown"] if further else PROGRAM.decides
    base.upto(k)
    untouched = [list(column) for column in base.columns]
    changed = base.changed({need: after[need] for need in moved}, k)
    fresh = Walk(PROGRAM, frame({**before, **{need: after[need] for need in moved}}))
    fresh.upto(k)
    assert (changed.columns, changed.faulty) == (fresh.columns, fresh.faulty)
    assert [list(column) for column in base.columns] == untouched, "the walk it begins from stands as it was"


@pytest.mark.parametrize(
    "age, said, why",
    [
        ((12, 1), "market 1 is 12 s old", "the figures that led to it are in the text"),
        (ABSENT, "not given", "what could not be had is said, and not what it might have led to"),
    ],
)
def test_the_text_of_a_refusal(age: Any, said: str, why: str) -> None:
    one = {"age": [age, (0, 1)], "price": [(1, 1)] * 2, "size": [(1, 1)] * 3, "wallet": [(0, 1)]}
    walk = Walk(PROGRAM, frame({need: one[need[1]] for need in PROGRAM.needs}))
    assert walk.value("liquidate", 0).text == said, why


def test_the_decision_comes_first_and_the_rest_when_it_is_looked_at() -> None:
    one = {"age": [(0, 1)] * 2, "price": [(7, 1), (2, 1)], "size": [(1, 1)] * 3, "wallet": [(0, 1)]}
    walk = Walk(PROGRAM, frame({need: one[need[1]] for need in PROGRAM.needs}))
    assert len(walk.columns) == PROGRAM.named["liquidate"] + 1 <= PROGRAM.named["shown"]
    assert walk.value("shown", 0) == (7, 1)
