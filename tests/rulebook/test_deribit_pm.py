"""Deribit's segregated portfolio margin: the venue's own printed answer, sums by hand, and an error wherever nothing is printed.

The answer is the example of private/pme/simulate in the venue's API reference: a perpetual and a dated future of bitcoin.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskrules
from riskrules.units.exact import to_fraction
from tests.places import POLICIES

PRINTED, NOW = "2024-06-17T10:22:20.501Z", "2026-12-01T00:00:00Z"
BOOK = riskrules.load(POLICIES, rulebook="deribit-pm", as_of=NOW)
NOTHING_BESIDE = {"BTC": {"mmp_margin": "0", "spot_margin": "0"}}
NANO = Fraction(1, 10**9)


def pool_of(positions: list[tuple[str, str, str]], index: str = "50000", book: Any = BOOK, as_of: str = NOW, **account: Any) -> Any:
    """The pool of an account with so many dollars of each market at its mark."""
    markets = {market: {"mark_price": mark, "underlying_index": index} for market, _, mark in positions}
    legs = [
        {"id": market, "market": market, "mode": "cross", "size": size, "entry_price": mark, "unsettled_funding": "0"}
        for market, size, mark in positions
    ]
    held = {"id": "a", "collateral": {"BTC": "1"}, "holdings": NOTHING_BESIDE, "positions": legs, **account}
    return book.explain({"as_of": as_of, "markets": markets, "accounts": [held]}).pools[0]


def figure(pool: Any, name: str, row: int = 0) -> Any:
    value = pool.evaluated.value(name, row)
    return to_fraction(value) if isinstance(value, tuple) else value.code


# -- the printed answer ----------------------------------------------------------------------------

PERPETUAL, FUTURE = Decimal("0.314538364"), Decimal("-0.001187534")  # in coins
MARKS = {"BTC-USD": "65910.57", "BTC-USD-240628": "67371.75"}
# What each gains or loses at each of the nine moves, once for the three states of volatility, which are the same.
VECTORS = {
    "BTC-USD": (
        "-0.05991206933333334 -0.04289159509090909 -0.027351162086956524 -0.013105765166666668 0 "
        "0.012097629384615385 0.023299138074074074 0.033700538999999995 0.043384601931034494"
    ),
    "BTC-USD-240628": (
        "0.0002261969523809524 0.00016193645454545456 0.00010326382608695652 0.00004948058333333334 0 "
        "-0.00004567438461538462 -0.00008796548148148148 -0.0001272357857142857 -0.00016379779310344832"
    ),
}
MARGINS = {
    "worst_case": "0.05968587238095239", "roll_shock": "0.00315725898", "delta_shock": "0", "risk_matrix_margin": "0.06284313098",
    "maintenance_margin": "0.050274504784",
}  # fmt: skip
BESIDE = {"BTC": {"mmp_margin": "0.06", "spot_margin": "0"}}
INITIAL, OPEN_ORDERS = "0.122861343", "0.000018212"


def printed() -> Any:
    sizes = {"BTC-USD": PERPETUAL * Decimal(MARKS["BTC-USD"]), "BTC-USD-240628": FUTURE * Decimal(MARKS["BTC-USD-240628"])}
    book = riskrules.load(POLICIES, rulebook="deribit-pm", as_of=PRINTED)
    return pool_of([(name, str(size), MARKS[name]) for name, size in sizes.items()], "65666.19", book, PRINTED, holdings=BESIDE)


@pytest.mark.parametrize("leg, market", list(enumerate(MARKS)))
def test_the_risk_vectors_that_are_printed(leg: int, market: str) -> None:
    """Printed as floats: each is met to the sixteenth digit."""
    pool = printed()
    shown = [Fraction(number) for number in VECTORS[market].split()]
    assert [abs(figure(pool, "change", leg * 9 + k) - shown[k]) < Fraction(1, 10**16) for k in range(9)] == [True] * 9


@pytest.mark.parametrize("name", MARGINS)
def test_the_margins_that_are_printed(name: str) -> None:
    """Exactly; but the worst case, which is printed unrounded and added to nine digits."""
    shown = Fraction(MARGINS[name])
    assert figure(printed(), name) == (round(shown / NANO) * NANO if name == "worst_case" else shown)


def test_the_printed_initial_margin_is_this_and_an_open_order() -> None:
    """What the order holds is printed and not how: without it the rest is met to its nine digits."""
    assert abs(figure(printed(), "initial_margin") + Fraction(OPEN_ORDERS) - Fraction(INITIAL)) <= NANO


def test_how_many_figures_that_is() -> None:
    made = sum(len(vector.split()) for vector in VECTORS.values()) + len(MARGINS)
    assert BOOK.plan.status.figures == (made, made + 1, "pytest tests/rulebook/test_deribit_pm.py")


# -- by hand ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "size, worst, initial, maintenance, why",
    [
        ("50000", "0.19047619", "0.20047619", "0.160380952", "1 BTC long: 1 − 1 ÷ 0.84 at −16%, and 1% to roll it"),
        ("-50000", "0.137931034", "0.147931034", "0.1183448272", "1 BTC short: 1 − 1 ÷ 1.16 at +16%"),
        ("10", "0.000038095", "0.000040095", "0.000032076", "the smallest order: 0.0002 BTC, and nine digits"),
        ("19999990", "76.190438095", "80.190436095", "64.152348876", "399.9998 BTC, just below the threshold"),
    ],
)
def test_one_perpetual(size: str, worst: str, initial: str, maintenance: str, why: str) -> None:
    pool = pool_of([("BTC-USD", size, "50000")])
    got = [figure(pool, name) for name in ("worst_case", "initial_margin", "maintenance_margin")]
    assert got == [Fraction(worst), Fraction(initial), Fraction(maintenance)], why


@pytest.mark.parametrize(
    "sizes, worst, roll, why",
    [
        (("50000", "-50000"), "0", "0.02", "a hedge loses nothing at any move, and is rolled on both sides"),
        (("50000", "-25000"), "0.095238095", "0.015", "half a hedge: half a bitcoin long"),
        (("-50000", "25000"), "0.068965517", "0.015", "half a bitcoin short"),
        (("50000", "50000"), "0.380952381", "0.02", "two alike"),
    ],
)
def test_a_perpetual_and_a_future(sizes: tuple[str, str], worst: str, roll: str, why: str) -> None:
    pool = pool_of([("BTC-USD", sizes[0], "50000"), ("BTC-USD-240628", sizes[1], "50000")])
    assert [figure(pool, name) for name in ("worst_case", "roll_shock")] == [Fraction(worst), Fraction(roll)], why


def test_nine_moves_evenly_spaced_with_none_among_them() -> None:
    moves = sorted(Fraction(*scenario[""]) for scenario in BOOK.plan.scenarios.values())
    assert moves == [Fraction(4 * k, 100) for k in range(-4, 5)]


@pytest.mark.parametrize(
    "balance, decision, why",
    [
        ("0.160380952", "healthy", "equal to what is required: its usage is 100%, and not above"),
        ("0.160380951", "liquidate", "a unit of the ninth digit less"),
    ],
)
def test_the_side_of_equality(balance: str, decision: str, why: str) -> None:
    assert pool_of([("BTC-USD", "50000", "50000")], collateral={"BTC": balance}).decision == decision, why


@settings(max_examples=40, deadline=None)
@given(st.integers(-1_900_000, 1_900_000).filter(bool), st.integers(10_000, 200_000))
def test_it_is_the_worse_end_of_the_range(tens: int, mark: int) -> None:
    """Worked out beside the engine: a coin margined contract is worst at −16% long and at +16% short."""
    coins = Fraction(10 * tens, mark)
    worst = max(-coins * (1 - 1 / Fraction(84, 100)), -coins * (1 - 1 / Fraction(116, 100)))
    steps = worst / NANO
    nine = (2 * steps.numerator + steps.denominator) // (2 * steps.denominator) * NANO
    pool = pool_of([("BTC-USD", str(10 * tens), str(mark))], str(mark))
    assert figure(pool, "maintenance_margin") == (nine + abs(coins) / 100) * Fraction(4, 5)


# -- what is not printed ---------------------------------------------------------------------------

ORDER = {"market": "BTC-USD", "side": "buy", "size": "10", "price": "50000", "reduce_only": False, "leverage": "10"}
OPTION = "BTC-USD-261225-50000-C"


@pytest.mark.parametrize(
    "positions, account, maintenance, initial, why",
    [
        ([("BTC-USD", "20000000", "50000")], {}, "RR530", "RR530", "at the threshold the delta holds more, and how much is not printed"),
        ([("BTC-USD", "-20000000", "50000")], {}, "RR530", "RR530", "short alike"),
        ([(OPTION, "1", "50000")], {}, "RR530", "RR530", "an option"),
        ([("BTC-USD", "50000", "50000"), (OPTION, "1", "50000")], {}, "RR530", "RR530", "and all that is netted with one"),
        ([("BTC-USD", "50000", "50000")], {"orders": [ORDER]}, Fraction("0.160380952"), "RR530", "an open order: opening alone is unknown"),
        ([("BTC-USD", "50000", "50000")], {"holdings": {}}, Fraction("0.160380952"), "RR505", "what protection holds is never taken as 0"),
        ([("ETH-USD", "50000", "2000")], {}, "RR502", "RR502", "another currency"),
        ([("BTC-USD-261225", "50000", "50000")], {}, "RR502", "RR502", "another dated future"),
    ],
)
def test_what_is_not_printed_is_an_error(positions: list[Any], account: dict[str, Any], maintenance: Any, initial: Any, why: str) -> None:
    pool = pool_of(positions, **account)
    assert (figure(pool, "maintenance_margin"), figure(pool, "initial_margin")) == (maintenance, initial), why
    assert (pool.decision == "error") is isinstance(maintenance, str), why
