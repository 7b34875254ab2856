"""Prices: what may be written, and on which side of the limit an age falls."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskrules.ir.fault import Fault
from riskrules.rules.prices import PricesFile, meaning
from riskrules.rules.typed import typed
from riskrules.text import read
from tests.rules.told import changed, codes_of, page_example, walked


def test_the_example_of_the_page_stands() -> None:
    assert codes_of(page_example("prices")) == set()


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("{above: 5s}", "not_stated", "", "a venue may publish no limit"),
        ("{above: 5s}", "{above: 0.5s}", "", "half a second"),
        ("{above: 5s}", "{above: 500ms}", "", "the same"),
        ("{above: 5s}", "{above: 0s}", "", "only a price of this instant"),
        ("{above: 5s}", "{above: 5}", "RR216", "seconds or minutes"),
        ("{above: 5s}", "{above: 5 s}", "RR216", "one spelling for each duration"),
        ("{above: 5s}", "{above: -5s}", "RR216", "no age is below 0"),
        ("{above: 5s}", "{above: 5s, below: 9s}", "RR224", "equality would have two sides"),
        ("{above: 5s}", "{}", "RR224", "equality would have no side"),
        ("{above: 5s}", "{over: 5s}", "RR202", "there are four words"),
        ("{above: 5s}", "{above: [5s]}", "RR211", "one limit"),
        ("{above: 5s}", "never", "RR229", "the word is not_stated"),
        ("{above: 5s}", "5s", "RR229", "on which side?"),
        ("{above: 5s}", "[not_stated]", "RR211", "a list is no choice"),
        ("index_price: {too_old: {at_or_above: 30s}}\n", "", "RR228", "no silent default"),
    ],
)
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    got = codes_of(changed("prices", old, new))
    assert got == ({code} if code else set()) or (new in ("{}", "{over: 5s}") and code in got), why


def mark_price(comparator: str, limit: str, age: Fraction) -> Fraction | Fault:
    document, problems = read(changed("prices", "{above: 5s}", f"{{{comparator}: {limit}}}"), "policy.yaml")
    assert document is not None
    assert not problems
    file, _ = typed(document)
    assert isinstance(file, PricesFile)
    rules = {"mark_price": file.mark_price, "index_price": file.index_price}
    terms = meaning(rules, dict.fromkeys(rules, ("", 0)))
    found = walked({"mark_price": terms["mark_price"]}, {"mark_price": 100, "mark_price_age": age})["mark_price"]
    assert isinstance(found, (Fraction, Fault))
    return found


@pytest.mark.parametrize(
    "comparator, age, decides, why",
    [
        ("above", "4.999", True, "younger than the limit"),
        ("above", "5", True, "the limit itself still decides"),
        ("above", "5.000000001", False, "a nanosecond more"),
        ("at_or_above", "4.999999999", True, "a nanosecond less"),
        ("at_or_above", "5", False, "the limit itself decides no longer"),
        ("above", "0", True, "of this instant"),
    ],
)
def test_equality_falls_where_the_word_says(comparator: str, age: str, decides: bool, why: str) -> None:
    got = mark_price(comparator, "5s", Fraction(age))
    assert (got == 100) if decides else (isinstance(got, Fault) and got.code == "RR503"), why


@given(age=st.fractions(min_value=0, max_value=10, max_denominator=10**9))
def test_the_two_words_differ_on_the_limit_alone(age: Fraction) -> None:
    strict, lenient = (isinstance(mark_price(word, "5s", age), Fault) for word in ("at_or_above", "above"))
    assert (strict != lenient) == (age == 5)
