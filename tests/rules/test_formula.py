"""Formulas: what may be written, what a book refuses, and that arithmetic is that of fractions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from riskrules.ir.fault import Fault
from riskrules.ir.term import given
from riskrules.rulebook.compile import prove_everything
from riskrules.rulebook.expression import build
from riskrules.rulebook.load import load_book
from riskrules.units import unit as u
from tests.reference.roots import root_down, root_nearest, root_up
from tests.rules.told import HOUSE, changed, codes_in_house, codes_of, house_with, page_example, walked

EXPRESSION = "notional * (2 if open_interest > crowded_from else 1) * 0.01"
SETTING = "every_market: 10_000_000, markets: {BTC-USDT: 500_000_000}"
FILE = "formula/2027-01-01.yaml"


def test_the_example_of_the_page_stands(tmp_path: Path) -> None:
    assert codes_in_house(tmp_path, {FILE: page_example("formula")}) == set()


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("gives: 2_000", "gives: 200_000%", "", "an example may write a share"),
        ("every_market: 10_000_000, markets: {BTC-USDT: 500_000_000}", "every_market: 10_000_000", "", "no market of its own"),
        ("every_market: 10_000_000, markets:", "markets:", "", "only for some; the others are an error when met"),
        ("rows: leg", "rows: Trade", "RR218", "a list has a name in small letters"),
        (SETTING, "value: 10_000_000", "", "one value, whatever the market"),
        (SETTING, "every_market: 10_000_000, value: 5", "RR225", "of markets or one for all, not both"),
        (SETTING, "value: 5, assets: {BTC: 5}", "RR225", "nor of assets and one for all"),
        (SETTING, "markets: {BTC-USDT: 1}, every_asset: 5", "RR225", "nor of markets and of assets"),
        ("{rows: market, unit: settle, reads_as", "{rows: pool, unit: settle, reads_as", "RR229", "nobody gives figures of a pool"),
        ("unit: settle\n    expression", "unit: USDT\n    expression", "RR229", "units are abstract; the contract binds them"),
        ("crowded_margin:", "Crowded:", "RR218", "a name is in small letters"),
        ("gives: 2_000", "gives: about 2_000", "RR212", "an example comes out exactly"),
        ("    reads_as: One per cent", "    example_of: One per cent", "RR228", "a committee reads words"),
    ],
)
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    assert codes_of(changed("formula", old, new)) - {"RR202"} == ({code} if code else set()), why


@pytest.mark.parametrize(
    "new, why",
    [
        ("notional * ramp(open_interest, crowded_from, crowded_from * 2, 0.01, 0.02)", "the example lies at the end of the ramp"),
        (f"{EXPRESSION} if open_interest > crowded_from else undefined", "a figure, or none"),
    ],
)
def test_what_a_book_takes(tmp_path: Path, new: str, why: str) -> None:
    assert codes_in_house(tmp_path, {FILE: changed("formula", EXPRESSION, new)}) == set(), why


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        (EXPRESSION, "notional * ramp(open_interest, crowded_from, 0.01, 0.02)", "RR402", "a ramp has two ends and two heights"),
        (EXPRESSION, "notional * ramp(open_interest, 1, crowded_from, 0.01, 0.02)", "RR403", "its ends are in the unit of what drives it"),
        (EXPRESSION, f"undefined if open_interest > crowded_from else {EXPRESSION}", "RR308", "what is there stands first"),
        (EXPRESSION, "notional * undefined", "RR308", "it is no figure"),
        (EXPRESSION, "notional - undefined_before", "RR308", "nothing gives it now, so nothing gave it before"),
        (EXPRESSION, "notional_before * 0.02", "RR308", "what a position was is not asked: it may be another one"),
        (EXPRESSION, "notional * (1 + open_interest / crowded_from) * 0.01", "RR405", "another formula needs another example"),
        (EXPRESSION, "notional * crowding", "RR308", "nothing gives crowding"),
        (EXPRESSION, "notional *", "RR401", "half an expression"),
        (EXPRESSION, "notional * sqrt(open_interest)", "RR402", "a root has no last digit: its rounding is part of the rule"),
        (EXPRESSION, "notional * round_up(1 * sqrt(notional), 1)", "RR402", "the rounding is right around the root"),
        (EXPRESSION, "round_up(sqrt(notional, 1), 1)", "RR402", "the root of one figure"),
        (EXPRESSION, "round_up(sqrt(notional), 0.01)", "RR403", "nothing squared is settle"),
        (EXPRESSION, "round_up(sqrt(notional * notional), 0.01)", "RR403", "the step is in the unit of the root"),
        (EXPRESSION, "round_up(sqrt(notional * notional), in_unit(0, settle))", "RR402", "no step at all"),
        (EXPRESSION, "'[notional for x in y]'", "RR402", "no loops"),
        (EXPRESSION, "notional.real", "RR402", "no attributes"),
        (EXPRESSION, "notional * 1e3", "RR402", "numbers as policies write them"),
        (EXPRESSION, "notional ** 9", "RR402", "a small whole power"),
        (EXPRESSION, "notional + 1", "RR403", "one what"),
        (EXPRESSION, "notional * open_interest", "RR403", "settle squared is no margin"),
        ("rows: leg", "rows: account", "RR404", "an account has many legs: one value of theirs must be said"),
        (EXPRESSION, "crowded_margin * 1", "RR307", "needs itself"),
        ("gives: 2_000", "gives: 2_000.01", "RR405", "a cent off"),
        ("rows: leg", "rows: trade", "RR404", "a list that nobody declared"),
        (
            "settings:",
            "lists: {market: {of: account, reads_as: A kind of row.}}\nsettings:",
            "RR314",
            "a list is no kind of row that there is",
        ),
        ("notional: 100_000, ", "", "RR405", "the example leaves a name out"),
        ("{notional: 100_000,", "{notional: 100_000, size: 1,", "RR405", "the example gives a name that is not used"),
    ],
)
def test_what_a_book_refuses(tmp_path: Path, old: str, new: str, code: str, why: str) -> None:
    assert code in codes_in_house(tmp_path, {FILE: changed("formula", old, new)}), why


@pytest.mark.parametrize(
    "expression, given, gives, why",
    [
        (
            "notional * maintenance_rate - maintenance_amount",
            "{notional: 100, maintenance_rate: 2%, maintenance_amount: 1}",
            "1",
            "its tier",
        ),
        ("notional / max_leverage", "{notional: 100, max_leverage: 50}", "2", "the most that the tier allows"),
        ("notional * taker_fee", "{notional: 100, taker_fee: 0.05%}", "0.05", "the fee of its account"),
        ("round_up(sqrt(notional * notional), in_unit(0.01, settle))", "{notional: 1.005}", "1.01", "the root of settle squared is settle"),
        ("notional * (2 if is_inverse else 1)", "{notional: 100, is_inverse: 0}", "100", "a flag of an example is 1 or 0"),
        ("notional * (2 if is_inverse else 1)", "{notional: 100, is_inverse: 1}", "200", "and 1 is yes"),
        ("notional if size > 0 else 0", "{notional: 100, size: -1}", "0", "0 is nothing of whatever stands beside it"),
        ("max(0, notional - maintenance_amount)", "{notional: 1, maintenance_amount: 5}", "0", "on either side"),
        ("0 - notional + 0", "{notional: 1}", "-1", "added and taken off too"),
        ("ramp(size, 0, in_unit(8, base), 0, notional)", "{notional: 100, size: 2}", "25", "at the ends of a ramp"),
        ("0", "{}", "0", "and as all there is"),
    ],
)
def test_a_margin_may_use(tmp_path: Path, expression: str, given: str, gives: str, why: str) -> None:
    text = (
        "kind: formula\nrulebook: house-usdm\neffective: 2027-01-01T08:00:00Z\nreason: A margin of its own.\nterms:\n  own_margin:\n"
        f"    rows: leg\n    unit: settle\n    expression: {expression}\n    reads_as: As it says.\n"
        f"    example: {{given: {given}, gives: {gives}}}\n"
    )
    margin = (
        "kind: margin\nrulebook: house-usdm\neffective: 2027-01-01T08:00:00Z\nreason: By the formula.\n"
        "maintenance_margin: {position: {formula: own_margin}, fee: none}\n"
    )
    assert codes_in_house(tmp_path, {FILE: text, "margin/2027-01-01.yaml": margin}) == set(), why


@pytest.mark.parametrize(
    "expression, hint, why",
    [
        ("notional + 1", "other than 0 is of unit 1: say what it is meant in, as in in_unit(5, settle)", "a number is not an amount"),
        ("notional + size", "both sides must be in one unit", "two figures are"),
        ("notional * open_interest / size", "correct the unit", "no step is wrong, and the end is"),
        (
            "notional * index_price",
            "a leg reads figures of its position, strike, expiry, underlying, pool, account, market",
            "and of no coin",
        ),
    ],
)
def test_a_hint_says_what_would_do(tmp_path: Path, expression: str, hint: str, why: str) -> None:
    assert hint in hints(tmp_path, changed("formula", EXPRESSION, expression)), why


def test_a_figure_of_the_wrong_rows_is_named(tmp_path: Path) -> None:
    text = changed("formula", EXPRESSION, "total(notional, underlying) * open_interest / crowded_from").replace(
        "rows: leg", "rows: underlying"
    )
    assert "take a total; crowded_from is of each market; open_interest is of each market" in hints(tmp_path, text)


def hints(folder: Path, text: str) -> str:
    """What to do, in all that a check of the house rulebook with this formula finds."""
    book, problems = load_book(house_with(folder, {FILE: text}), HOUSE)
    return " ".join(problem.hint for problem in problems + (list(prove_everything(book)) if book else []))


def value(expression: str, **figures: object) -> object:
    made = build(expression, lambda name: given(name, "leg", u.NUMBER) if name in figures else None)
    return walked({"it": made.named("it")}, figures)["it"]


@pytest.mark.parametrize(
    "expression, comes_to, why",
    [
        ("x / 3 * 3", Fraction(10), "nothing is lost on the way"),
        ("round_up(x / 3, 0.01)", Fraction("3.34"), "up is toward more"),
        ("round_up(-x / 3, 0.01)", Fraction("-3.33"), "up is up, below 0 too"),
        ("round_toward_zero(-x / 3, 0.01)", Fraction("-3.33"), "digits cut off"),
        ("round_half_even(0.125, 0.01)", Fraction("0.12"), "a tie goes to the even step"),
        ("round_half_up(0.125, 0.01)", Fraction("0.13"), "a tie goes up"),
        ("max(x, 20, 3)", Fraction(20), "of several"),
        ("x if x > 10 else 0", Fraction(0), "above is not at or above"),
        ("x if x >= 10 else 0", Fraction(10), "at or above is"),
        ("round_down(sqrt(2), 0.0001)", Fraction("1.4142"), "1.41421356…"),
        ("round_up(sqrt(2), 0.0001)", Fraction("1.4143"), "toward more"),
        ("round_toward_zero(sqrt(2), 0.0001)", Fraction("1.4142"), "no root is below 0"),
        ("round_away_from_zero(sqrt(2), 0.0001)", Fraction("1.4143"), "so away from 0 is up"),
        ("round_half_up(sqrt(3), 0.001)", Fraction("1.732"), "1.73205…"),
        ("round_half_up(sqrt(0.5625), 0.5)", Fraction(1), "0.75 is half way"),
        ("round_half_even(sqrt(1.5625), 0.5)", Fraction(1), "1.25 is half way between 1 and 1.5, and 1 is two steps"),
        ("round_half_even(sqrt(0.0625), 0.5)", Fraction(0), "0.25 is half way, and 0 is even"),
        ("round_up(sqrt(0), 0.1)", Fraction(0), "of nothing"),
        ("round_up(sqrt(1 / 9), 1 / 3)", Fraction("1/3"), "a step that no decimal holds"),
        ("round_down(sqrt(10 ** 8 * 10 ** 8 - 1), 1)", Fraction(99_999_999), "one short of a square: no float tells"),
        ("1 / 0 if x < 0 else 5", Fraction(5), "only the branch taken counts"),
        ("2 ** 3", Fraction(8), "a small whole power"),
        ("0.1 + 0.2", Fraction("0.3"), "decimals are what they print"),
    ],
)
def test_what_an_expression_comes_to(expression: str, comes_to: Fraction, why: str) -> None:
    assert value(expression, x=10) == comes_to, why


def test_a_division_by_zero_is_a_fault_and_no_number() -> None:
    got = value("x / y", x=1, y=0)
    assert isinstance(got, Fault)
    assert got.code == "RR509"


def test_a_root_of_what_is_below_zero_is_a_fault_and_no_number() -> None:
    got = value("round_up(sqrt(x), 1)", x=-1)
    assert isinstance(got, Fault)
    assert (got.code, got.text) == ("RR509", "a square root of a figure below 0")
    assert isinstance(value("round_up(sqrt(x), y)", x=4, y=0), Fault), "no step to round to"


FIGURES = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**6)
SOME = st.fractions(min_value=Fraction(1, 1000), max_value=10**6, max_denominator=10**6)


@over(x=FIGURES, y=FIGURES, z=SOME)
def test_arithmetic_is_that_of_fractions(x: Fraction, y: Fraction, z: Fraction) -> None:
    assert value("(x + y) * z - x / z", x=x, y=y, z=z) == (x + y) * z - x / z
    assert value("max(min(x, y), abs(x - y))", x=x, y=y) == max(min(x, y), abs(x - y))


@over(x=FIGURES, q=SOME)
def test_rounding_stays_within_a_step_on_its_side(x: Fraction, q: Fraction) -> None:
    up, down = value("round_up(x, q)", x=x, q=q), value("round_down(x, q)", x=x, q=q)
    assert isinstance(up, Fraction)
    assert isinstance(down, Fraction)
    assert down <= x <= up
    assert up - down in (0, q)
    assert (up / q).denominator == (down / q).denominator == 1


@over(x=SOME, further=SOME, q=SOME)
def test_a_root_is_that_of_the_textbook_and_never_falls(x: Fraction, further: Fraction, q: Fraction) -> None:
    way: dict[str, Callable[[Fraction], Fraction]] = {
        "round_up": lambda x: root_up(x, q), "round_down": lambda x: root_down(x, q),
        "round_half_up": lambda x: root_nearest(x, q, to_even=False), "round_half_even": lambda x: root_nearest(x, q, to_even=True),
    }  # fmt: skip
    for rounding, textbook in way.items():
        here, there = (value(f"{rounding}(sqrt(x), q)", x=under, q=q) for under in (x, x + further))
        assert (here, there) == (textbook(x), textbook(x + further)), rounding
        assert isinstance(here, Fraction)
        assert isinstance(there, Fraction)
        assert here <= there, "a larger figure has no smaller root"


@over(k=st.integers(min_value=0, max_value=10**6), q=SOME)
def test_a_square_has_its_root_whichever_way(k: int, q: Fraction) -> None:
    for rounding in ("round_up", "round_down", "round_half_up", "round_half_even"):
        assert value(f"{rounding}(sqrt(x), q)", x=(k * q) ** 2, q=q) == k * q, rounding
