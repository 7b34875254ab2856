"""exp, log, normal and Black-76 inside their roundings against decimals of 160 digits; and the least that options pay."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.ir.fault import Fault
from riskrules.ir.functions import least_payoff, rounded_by
from riskrules.ir.ops import OPS
from riskrules.units.exact import to_exact
from tests.reference import normal as reference

STEPS = st.sampled_from([Fraction(1), Fraction(1, 100), Fraction(1, 10**18), Fraction(1, 10**30), Fraction(3, 7)])
FIGURE = st.builds(Fraction, st.integers(-8000, 8000), st.integers(1, 1000)).filter(lambda x: abs(x) <= 11)
PRICE = st.builds(Fraction, st.integers(1, 10**6), st.sampled_from([1, 100, 10**6]))
SPREAD = st.builds(Fraction, st.integers(30, 2000), st.just(1000))


def said(function: str, rounding: str, figures: list[Any], step: Fraction) -> Fraction:
    exact = [figure if isinstance(figure, bool) else to_exact(figure) for figure in figures]
    found = OPS[rounded_by(function, rounding)].exact(*exact, to_exact(step))
    assert not isinstance(found, Fault), found.text
    return Fraction(*found)


def in_every_direction(function: str, figures: list[Any], true: Fraction, step: Fraction) -> None:
    low, high, half = floor(true / step) * step, ceil(true / step) * step, floor(true / step + Fraction(1, 2)) * step
    toward, away = (low, high) if true >= 0 else (high, low)
    assert said(function, "round_down", figures, step) == low
    assert said(function, "round_up", figures, step) == high
    assert said(function, "round_toward_zero", figures, step) == toward
    assert said(function, "round_away_from_zero", figures, step) == away
    assert said(function, "round_half_up", figures, step) == said(function, "round_half_even", figures, step) == half


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["exp", "normal"]), FIGURE, STEPS)
def test_of_any_figure(function: str, x: Fraction, step: Fraction) -> None:
    if x:
        in_every_direction(function, [x], getattr(reference, function)(x), step)


@settings(max_examples=40, deadline=None)
@given(PRICE, STEPS)
def test_log(x: Fraction, step: Fraction) -> None:
    if x != 1:
        in_every_direction("log", [x], reference.log(x), step)


@settings(max_examples=40, deadline=None)
@given(PRICE, st.builds(Fraction, st.integers(70, 130), st.just(100)), SPREAD, st.booleans(), STEPS)
def test_options(forward: Fraction, moneyness: Fraction, deviation: Fraction, is_call: bool, step: Fraction) -> None:
    strike = forward * moneyness
    if abs(reference.log(moneyness) / deviation) < 10:
        in_every_direction("black76", [forward, strike, deviation, is_call], reference.black76(forward, strike, deviation, is_call), step)


@pytest.mark.parametrize("function, x", [("exp", 1), ("log", 2), ("normal", 1)])
@pytest.mark.parametrize("off, why", [(0, "a step is below the value by less than 10^-40"), (1, "or above it")])
def test_a_value_that_all_but_lies_on_a_step(function: str, x: int, off: int, why: str) -> None:
    """The first bounds are too wide to say on which side; half of the step, and so half of the value, is told as well."""
    true = getattr(reference, function)(Fraction(x))
    step = Fraction(floor(true * 10**40) + off, 10**40)
    in_every_direction(function, [Fraction(x)], true, step)
    in_every_direction(function, [Fraction(x)], true, 2 * step)


@pytest.mark.parametrize(
    "function, rounding, figures, expected, why",
    [
        ("exp", "round_up", [0], 1, "the one figure at which it ends: nothing is rounded"),
        ("log", "round_down", [1], 0, "the same"),
        ("normal", "round_down", ["0"], "0.5", "the same, on a step of a tenth"),
        ("exp", "round_down", [-20000], 0, "never below 0"),
        ("exp", "round_up", [-20000], "0.1", "and never 0"),
        ("normal", "round_up", [1000], 1, "never 1"),
        ("normal", "round_down", [1000], "0.9", "below it by less than any digits"),
        ("black76", "round_down", [2000, 1000, "0.000000001", True], 1000, "hardly any time left: what exercise is worth"),
        ("black76", "round_up", [2000, 1000, "0.000000001", True], "1000.1", "but always more than that"),
        ("black76", "round_down", [2000, "2000.05", 0, False], 0, "no time left: exactly what exercise is worth, cut"),
        ("black76", "round_up", ["2000.4", 2000, 400, True], "2000.4", "never more than the forward"),
        ("black76", "round_down", ["2000.4", 2000, 400, True], "2000.3", "and always less"),
    ],
)
def test_ends(function: str, rounding: str, figures: list[Any], expected: Any, why: str) -> None:
    read = [figure if isinstance(figure, bool) else Fraction(figure) for figure in figures]
    assert said(function, rounding, read, Fraction(1, 10)) == Fraction(expected), why


@pytest.mark.parametrize(
    "function, figures, step, why",
    [
        ("exp", [10_001], 1, "figures of thousands of digits"),
        ("log", [0], 1, "no logarithm"),
        ("log", [-1], 1, "no logarithm"),
        ("exp", [1], 0, "no step"),
        ("exp", [1], Fraction(1, 10**3000), "finer than any bounds"),
        ("black76", [0, 1, 1, True], 1, "a forward of nothing"),
        ("black76", [1, 0, 1, True], 1, "a strike of nothing"),
        ("black76", [1, 1, -1, True], 1, "a volatility below 0"),
    ],
)
def test_what_has_no_value_is_an_error(function: str, figures: list[Any], step: Any, why: str) -> None:
    exact = [figure if isinstance(figure, bool) else to_exact(Fraction(figure)) for figure in figures]
    found = OPS[rounded_by(function, "round_up")].exact(*exact, to_exact(Fraction(step)))
    assert isinstance(found, Fault), why
    assert found.code == "RR509"


OPTION = st.tuples(st.integers(-5, 5), st.integers(1, 30), st.booleans())


@settings(max_examples=200, deadline=None)
@given(st.lists(OPTION, min_size=1, max_size=6))
def test_the_least_payoff_is_that_of_every_price_up_to_the_last_strike(options: list[tuple[int, int, bool]]) -> None:
    def paid(price: Fraction) -> Fraction:
        return sum(
            (size * max(price - strike if is_call else strike - price, Fraction(0)) for size, strike, is_call in options), Fraction(0)
        )

    last = max(strike for _, strike, _ in options)
    least = min(paid(Fraction(k, 4)) for k in range(4 * last + 1))
    assert Fraction(*least_payoff([((size, 1), (strike, 1), is_call) for size, strike, is_call in options])) == least
