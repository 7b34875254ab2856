"""Mark prices: what may be written, what is proved of the cases, and what comes out when legs are missing."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, combinations
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskrules.ir.fault import Fault
from riskrules.rules.mark_price import MarkPriceFile
from riskrules.rules.mark_price_meaning import meaning
from riskrules.rules.typed import typed
from riskrules.text import read
from tests.rules.told import changed, codes_in_house, codes_of, page_example, walked

LATER = "effective: 2027-01-01T08:00:00Z"


def test_the_example_of_the_page_stands() -> None:
    assert codes_of(page_example("mark_price")) == set()


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("too_old: {above: 60s}", "too_old: not_stated", "", "a venue may publish no limit"),
        ("too_old: {above: 60s}", "too_old: {below: 60s}", "RR224", "refused for being fresh"),
        ("too_old: {above: 60s}", "too_old: 60s", "RR229", "on which side?"),
        ("take: last_trade", "take: last_price", "RR229", "not a word of this kind"),
        ("take: last_trade, ", "", "RR228", "which form is it?"),
        ("samples: {at_or_above: 20}", "samples: {at_or_above: 31}", "RR225", "a window of 30 s never holds 31"),
        ("samples: {at_or_above: 20}", "samples: {at_or_above: 30}", "", "it may hold 30"),
        ("every: 1s", "every: 0s", "RR213", "never, or always?"),
        ("interval: 8h", "interval: 0h", "RR213", "nothing is divided by it"),
        ("samples: {at_or_above: 20}", "samples: {below: 20}", "RR224", "the fewer the better?"),
        ("{median_of: [funding_leg, basis_leg, last_leg]}", "{median_of: [last_leg], leg: last_leg}", "RR225", "two ways at once"),
        ("{median_of: [funding_leg, basis_leg, last_leg]}", "{}", "RR225", "no way at all"),
        ("{leg: basis_leg}", "{weighted_mean_of: {basis_leg: 60%, funding_leg: 40%}}", "RR212", "a weight is a number"),
        ("{leg: basis_leg}", "{weighted_mean_of: {basis_leg: 3, funding_leg: 2}}", "", "three parts of five"),
        ("    clamp: {within: 5%, of: index_leg, if_missing: undecided}\n", "", "RR228", "no silent default"),
        ("price: undecided}", "price: {the_rest: put_together_alike}}", "RR225", "how many are enough?"),
        ("price: undecided}", "price: {leg: index_leg, at_least: 2}}", "RR225", "two of one?"),
        (", if_missing: undecided}", "}", "RR228", "what happens without the reference is said"),
        ("within: 5%", "within: 0.05", "RR214", "a rate has its unit"),
        ("direction: half_up", "direction: nearest", "RR229", "half a tick needs a side"),
    ],
)
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    assert codes_of(changed("mark_price", old, new)) == ({code} if code else set()), why


CASES = """    if_missing:                           # exactly these; any_other: every other set
      - {missing: [last_leg],  price: {leg: basis_leg}}
      - {missing: [basis_leg], price: {leg: funding_leg}}
      - {missing: any_other,   price: undecided}
"""


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("      - {missing: any_other,   price: undecided}\n", "", "RR261", "two at once have no case"),
        ("{missing: [last_leg],  price: {leg: basis_leg}}", "{missing: [last_leg], price: {leg: last_leg}}", "RR262", "it is missing then"),
        (
            "{missing: any_other,   price: undecided}",
            "{missing: any_other, price: {leg: last_leg}}",
            "RR262",
            "missing in some of the others",
        ),
        (
            "{missing: any_other,   price: undecided}",
            "{missing: any_other, price: {leg: index_leg}}",
            "",
            "no leg of the price: never missing there",
        ),
        ("{missing: [basis_leg], price: {leg: funding_leg}}", "{missing: [basis_leg], price: {leg: fair_leg}}", "RR262", "no such leg"),
        ("clamp: {within: 5%, of: index_leg,", "clamp: {within: 5%, of: spot_leg,", "RR262", "no such leg"),
        ("{missing: [basis_leg], price", "{missing: [last_leg], price", "RR263", "the first of the two is taken"),
        (
            "      - {missing: [last_leg],",
            "      - {missing: any_other, price: undecided}\n      - {missing: [last_leg],",
            "RR263",
            "after all others nothing is left",
        ),
        ("price: undecided}", "price: {the_rest: put_together_alike, at_least: 1}}", "", "what is there is enough"),
        ("price: undecided}", "price: {the_rest: put_together_alike, at_least: 3}}", "RR262", "of three at most two are left"),
        ("every_market: median_of_three", "every_market: median_of_four", "RR270", "no such rule"),
    ],
)
def test_what_is_proved(old: str, new: str, code: str, why: str, tmp_path: Path) -> None:
    text = changed("mark_price", old, new).replace("effective: 2026-12-01T08:00:00Z", LATER)
    assert codes_in_house(tmp_path, {"mark_price/2027-01-01.yaml": text}) == ({code} if code else set()), why


def rule_of(text: str) -> Any:
    document, problems = read(text, "policy.yaml")
    assert document is not None
    assert not problems
    file, problems = typed(document)
    assert isinstance(file, MarkPriceFile), problems
    return file.mark_rules["median_of_three"]


FULL: dict[str, Any] = {
    "index_price": 100, "index_price_age": 1, "funding_rate": "1/100", "time_to_funding": 14400, "basis_of_mid_price": "0.25",
    "basis_of_mid_price_age": 1, "basis_of_mid_price_samples": 20, "last_trade": 101, "last_trade_age": 1, "tick": "0.1",
}  # fmt: skip
MISSING = Fault("RR501", "not there")


def mark(old: str = "", new: str = "", **figures: Any) -> Any:
    """The mark of the page's rule, with one thing changed."""
    terms = meaning(rule_of(changed("mark_price", old, new)), lambda *_: ("", 0))
    got = walked(terms, {**FULL, **figures})["mark_price"]
    return got.code if isinstance(got, Fault) else got


@pytest.mark.parametrize(
    "figures, gives, why",
    [
        ({}, "100.5", "median of 100.5 (half an interval of 1%), 100.25, 101"),
        ({"last_trade": MISSING}, "100.3", "the basis leg, half a tick up"),
        ({"last_trade_age": 60}, "100.5", "of exactly the limit it is still used"),
        ({"last_trade_age": "60.000000001"}, "100.3", "a nanosecond more and it is missing"),
        ({"basis_of_mid_price_samples": 19}, "100.5", "one sample too few: the funding leg"),
        ({"basis_of_mid_price_samples": 19, "last_trade": MISSING}, "RR531", "two are missing"),
        ({"index_price_age": 6}, "100.5", "too old for the basis leg, not for the funding leg"),
        ({"index_price": MISSING}, "RR531", "both legs on the index are missing"),
        ({"funding_rate": MISSING}, "RR531", "the rule has no case for it"),
        ({"last_trade_age": Fault("RR505", "no time")}, "RR505", "an age that nobody knows is no missing leg"),
        ({"last_trade": 130, "basis_of_mid_price": 20, "funding_rate": 1}, "105", "kept within 5% of the index"),
        ({"tick": 0}, "RR509", "no steps to round to"),
    ],
)
def test_what_comes_out(figures: dict[str, Any], gives: str, why: str) -> None:
    got = mark(**figures)
    assert (got if gives.startswith("RR") else str(got)) == (gives if gives.startswith("RR") else str(Fraction(gives))), why


@pytest.mark.parametrize(
    "combination, gives, why",
    [
        ("{smallest_of: [funding_leg, basis_leg, last_leg]}", "100.3", "100.25"),
        ("{largest_of: [funding_leg, basis_leg, last_leg]}", "101", "the last trade"),
        ("{median_of: [funding_leg, basis_leg]}", "100.4", "of two the mean: 100.375"),
        ("{weighted_mean_of: {funding_leg: 2, basis_leg: 1, last_leg: 1}}", "100.6", "100.5625"),
        ("{leg: last_leg}", "101", "one leg as it is"),
    ],
)
def test_how_legs_are_put_together(combination: str, gives: str, why: str) -> None:
    assert mark("{median_of: [funding_leg, basis_leg, last_leg]}", combination) == Fraction(gives), why


@given(
    index=st.fractions(1, 1000, max_denominator=100),
    basis=st.fractions(-5, 5, max_denominator=100),
    last=st.fractions(1, 1000, max_denominator=100),
    missing=st.sets(st.sampled_from(["basis_of_mid_price", "last_trade", "funding_rate"])),
)
def test_every_set_of_missing_legs_is_answered(index: Fraction, basis: Fraction, last: Fraction, missing: set[str]) -> None:
    figures = {"index_price": index, "basis_of_mid_price": basis, "last_trade": last, **dict.fromkeys(missing, MISSING)}
    got = mark(
        "clamp: {within: 5%, of: index_leg, if_missing: undecided}\n    round: {to: tick, direction: half_up}",
        "clamp: none\n    round: none",
        **figures,
    )
    legs = {"funding": index * Fraction(201, 200), "basis": index + basis, "last": last}
    one_gone = {
        frozenset(): median(legs.values()),
        frozenset({"last_trade"}): legs["basis"],
        frozenset({"basis_of_mid_price"}): legs["funding"],
    }
    assert got == one_gone.get(frozenset(missing), "RR531")


@pytest.mark.parametrize(
    "figures, gives, why",
    [
        ({"last_trade": MISSING}, "100.3", "a case of its own"),
        ({"funding_rate": MISSING}, "100.6", "the mean of 100.25 and 101: 100.625"),
        ({"index_price": MISSING}, "101", "one is enough"),
        ({"index_price": MISSING, "last_trade": MISSING}, "RR531", "none is not"),
    ],
)
def test_the_rest_put_together(figures: dict[str, Any], gives: str, why: str) -> None:
    """Without the clamp, whose reference is missing with the index."""
    text = changed("mark_price", "price: undecided}", "price: {the_rest: put_together_alike, at_least: 1}}")
    text = text.replace(
        "clamp: {within: 5%, of: index_leg, if_missing: undecided}", "clamp: {within: 5%, of: index_leg, if_missing: not_clamped}"
    )
    got = walked(meaning(rule_of(text), lambda *_: ("", 0)), {**FULL, **figures})["mark_price"]
    assert (got.code if isinstance(got, Fault) else str(got)) == (gives if gives.startswith("RR") else str(Fraction(gives))), why


def test_all_sets_were_among_them() -> None:
    names = ("basis_leg", "funding_leg", "last_leg")
    every = set(map(frozenset, chain.from_iterable(combinations(names, many) for many in (1, 2, 3))))
    assert set(rule_of(page_example("mark_price")).sets_of_missing()) == every
