"""Status: what may be written, and what a reader is told of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskrules.engine.explain_text import status_line
from riskrules.rulebook.plan import StatusPlan
from riskrules.rules.typed import typed
from riskrules.text import read
from riskrules.units.clock import NANOS, instant
from tests.rules.told import changed, codes_of, page_example


def test_the_example_of_the_page_stands() -> None:
    assert codes_of(page_example("status")) == set()


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("stale_after: 30d", "stale_after: never", "", "house rules do not age"),
        ("reproduces: {figures: 118, of: 121, by: pytest tests/conformance}\n", "", "", "nothing was held against it; that is known"),
        ("captured: 2026-09-29T09:06:12Z\n", "", "RR227", "how old are they"),
        ("authority: venue\ncaptured: 2026-09-29T09:06:12Z\n", "authority: house\n", "", "our own rules were not captured"),
        ("authority: venue", "authority: exchange", "RR229", "two words"),
        ("stale_after: 30d", "stale_after: 30", "RR216", "of what"),
        ("stale_after: 30d\n", "", "RR228", "never is a choice, not a default"),
        ("figures: 118", "figures: 122", "RR213", "more than were tried"),
        ("figures: 118", "figures: 121", "", "all of them"),
        ("figures: 118", "figures: 11.8", "RR212", "figures are counted"),
        ("title: Some venue, USD-margined", 'title: " "', "RR220", "a reader must call them something"),
    ],
)
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    assert codes_of(changed("status", old, new)) == ({code} if code else set()), why


CAPTURED = instant("2026-09-29T00:00:00Z") or 0
DAY = 86_400


def line(age: int, stale_after: int | None = 30 * DAY) -> str:
    stale = None if stale_after is None else (stale_after, 1)
    return status_line(StatusPlan("Some venue", "venue", CAPTURED, stale, None, ("a point",), ""), CAPTURED + age * NANOS)


@pytest.mark.parametrize(
    "age, stale_after, old, why",
    [
        (30 * DAY - 1, 30 * DAY, False, "a second younger"),
        (30 * DAY, 30 * DAY, True, "equality is old"),
        (-DAY, 30 * DAY, False, "asked about a time before the capture"),
        (9_999 * DAY, None, False, "never"),
    ],
)
def test_when_figures_are_called_old(age: int, stale_after: int | None, old: bool, why: str) -> None:
    assert ("STALE" in line(age, stale_after)) == old, why


@given(age=st.integers(min_value=-100 * DAY, max_value=10_000 * DAY))
def test_a_venues_figures_are_never_its_word(age: int) -> None:
    assert "not the venue's word" in line(age)
    assert "1 point" in line(age)


def test_a_missing_key_is_told_by_where_it_is_missing() -> None:
    """`after` of an observation is another thing than `after` of a shock."""
    document, _ = read(changed("status", ", after: 46%", ""), "policy.yaml")
    assert document is not None
    (told,) = typed(document)[1]
    assert "the first whole percent of the shock" in told.hint
