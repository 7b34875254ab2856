"""Tier tables: what may be written, what is proved of them, and that the margin meets itself at every cap."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskrules.rulebook.identity import canonical
from riskrules.rulebook.load import load_book
from riskrules.rules.tiers import Table, derived_amounts, floors, rows_of
from tests.rules.told import HOUSE, changed, codes_in_house, codes_of, house_with, page_example


def test_the_example_of_the_page_stands() -> None:
    assert codes_of(page_example("tiers")) == set()


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("2.5%", "250bps", "", "a rate in basis points"),
        ("2.5%", "1/40", "", "a rate as a quotient: not every share is a short decimal"),
        ("maintenance_rate: 2.5%", "maintenance_amount: 0", "", "a form may derive the rate; whether it does is asked of the book"),
        ("5_000", "5000", "", "digits need not be grouped"),
        ("100_000", "unlimited", "", "the last tier may be without an end"),
        ("source: House study of 2026-12-01, table 4.\n", "", "", "house rules may have no source but the house"),
        ("max_leverage: 20", "max_leverage: 20x", "", "as people write it"),
        ("2.5%", "2.5", "RR214", "2.5 of what"),
        ("2.5%", "-2.5%", "RR213", "holding less than nothing"),
        ("2.5%", "2,5%", "RR128", "a comma ends the entry, and a key without a value is left"),
        ("5_000", "50_00", "RR138", "a digit lost or doubled"),
        ("cap:   5_000", "cap: 0", "RR213", "a tier that ends where it begins"),
        ("cap:   5_000", "cap: none", "RR212", "the word is unlimited"),
        ("max_leverage: 20", "max_leverage: 0", "RR213", "nothing could be opened"),
        ("max_leverage: 20, ", "", "RR228", "no silent default"),
        ("maintenance_rate", "maintenence_rate", "RR202", "a misspelt key is not a comment"),
        ("HIVE-USDT", "HIVEUSDT", "RR217", "a venue's spelling is an alias"),
        ("HIVE-USDT", '"HIVE-USDT "', "RR217", "a space at the end is another name"),
        ("form: marginal_on_mark_notional\n", "", "RR228", "rows mean nothing without their form"),
        ("digest: \"7432009e\"", "digest: latest", "RR211", "a digest is what was looked at"),
        ("withdrawn: [OLD-USDT]", "withdrawn: OLD-USDT", "RR211", "one name is a list of one"),
        ("effective: 2027-01-01T08:00:00Z", "effective: 2027-01-01", "RR215", "midnight where"),
        ("effective: 2027-01-01T08:00:00Z", "observed: {by: 2027-01-01T08:00:00Z}", "", "a first capture has no last look before it"),
        ("reason: HIVE moves more than it did; see the minutes of 2026-12-10.", 'reason: ""', "RR220", "somebody will ask"),
    ],
)  # fmt: skip
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    assert codes_of(changed("tiers", old, new)) == ({code} if code else set()), why


def table(*rows: str) -> str:
    head = "kind: tiers\nrulebook: house-usdm\neffective: 2027-01-01T00:00:00Z\nreason: SOL is listed.\nform: marginal_on_mark_notional\n"
    return head + "tables:\n  SOL-USDT:\n    tiers:\n" + "".join(f"      - {{{row}}}\n" for row in rows)


FIRST = "cap: 10_000, max_leverage: 50, maintenance_rate: 0.5%"
ENDLESS = "cap: unlimited, max_leverage: 50, maintenance_rate: 0.5%"
SECOND = "cap: 50_000, max_leverage: 20, maintenance_rate: 2%"


@pytest.mark.parametrize(
    "rows, code, why",
    [
        ((FIRST,), "", "a table of one tier"),
        ((FIRST, "cap: unlimited, max_leverage: 20, maintenance_rate: 2%"), "", "without an end"),
        ((FIRST, f"floor: 10_000, {SECOND}, maintenance_amount: 150"), "", "all that follows, written"),
        ((FIRST, f"floor: 10_001, {SECOND}"), "RR233", "a gap of one"),
        ((FIRST, f"floor: 9_999, {SECOND}"), "RR233", "an overlap of one"),
        (("floor: 1, " + FIRST,), "RR233", "the first tier begins at 0"),
        ((FIRST, "cap: 9_999, max_leverage: 20, maintenance_rate: 2%"), "RR204", "a cap that falls"),
        ((ENDLESS, SECOND), "RR204", "after the end"),
        ((FIRST, "cap: 10_000, max_leverage: 20, maintenance_rate: 2%"), "RR230", "an empty tier is kept, with a word"),
        ((FIRST, "cap: 50_000, max_leverage: 20, maintenance_rate: 0.4%"), "RR203", "a rate that falls"),
        ((FIRST, "cap: 50_000, max_leverage: 20, maintenance_rate: 0.5%"), "RR203", "the form says strictly rising"),
        ((FIRST, "cap: 50_000, max_leverage: 50, maintenance_rate: 1%"), "RR236", "a leverage that stays is kept, with a word"),
        ((FIRST, "cap: 50_000, max_leverage: 51, maintenance_rate: 1%"), "RR206", "a larger position may not be leveraged more"),
        ((FIRST, f"{SECOND}, maintenance_amount: 149.99"), "RR205", "a jump of one cent"),
        ((f"{FIRST}, maintenance_amount: 7", SECOND), "RR205", "the smallest position would need less than nothing"),
        (("cap: 10_000, max_leverage: 50, maintenance_rate: 2%",), "RR207", "posts exactly what it must hold"),
        (("cap: 10_000, max_leverage: 50, maintenance_rate: 1.95%",), "RR209", "nothing is left with the fee, and equality liquidates"),
        (("cap: 10_000, max_leverage: 50, maintenance_rate: 1.94%",), "", "one step below stands"),
        (("cap: 10_000, max_leverage: 50",), "RR232", "no rate, and a form that derives none"),
    ],
)  # fmt: skip
def test_what_is_proved(tmp_path: Path, rows: tuple[str, ...], code: str, why: str) -> None:
    assert codes_in_house(tmp_path, {"tiers/2027-01-01.yaml": table(*rows)}) == ({code} if code else set()), why


@pytest.mark.parametrize(
    "market, replaces, code, why",
    [
        ("HIVE-USDT", "{version: 2, digest: IN_FORCE}", "", "the version that is in force, by number and digest"),
        ("HIVE-USDT", "{version: 1, digest: IN_FORCE}", "RR310", "the right digest under another number"),
        ("HIVE-USDT", "{version: 2, digest: deadbeef}", "RR310", "somebody changed it in between"),
        ("SOL-USDT", "{version: 1, digest: IN_FORCE}", "RR310", "nothing is in force that could be replaced"),
    ],
)
def test_what_is_replaced_must_be_in_force(tmp_path: Path, market: str, replaces: str, code: str, why: str) -> None:
    book, _ = load_book(house_with(tmp_path / "before", {}), HOUSE)
    assert book is not None
    said = replaces.replace("IN_FORCE", f'"{book.history.versions["table", "HIVE-USDT"][-1].digest()[:8]}"')
    text = table(FIRST).replace("  SOL-USDT:\n", f"  {market}:\n    replaces: {said}\n")
    assert codes_in_house(tmp_path, {"tiers/2027-01-01.yaml": text}) == ({code} if code else set()), why


LAST = "      - {cap: 3_000, max_leverage: 20, maintenance_rate: 1.5%}\n"
STEPS = "cap: 3_000, maintenance_rate: 0.5%, initial_rate: 0.5%, up_to_initial_rate: 6%"


@pytest.mark.parametrize(
    "last, steps, code, why",
    [
        (LAST, STEPS, "", "two rows follow: 5.5% and 6%"),
        (LAST, STEPS.replace(" 6%", " 4%"), "", "none does: the end is passed already"),
        (LAST, STEPS.replace("initial_rate: 0.5%", "initial_rate: 0%"), "RR213", "rows without an end"),
        (LAST, STEPS.replace("cap: 3_000", "cap: 0"), "RR213", "rows on top of each other"),
        (LAST, STEPS.replace(", up_to_initial_rate: 6%", ""), "RR228", "where they end is said, and nowhere taken for granted"),
        (LAST.replace("3_000", "unlimited"), STEPS, "RR225", "nothing lies beyond a tier without an end"),
        (LAST.replace(", maintenance_rate: 1.5%", ""), STEPS, "RR225", "no rate to count from"),
        (LAST, STEPS.replace("maintenance_rate: 0.5%", "maintenance_rate: 0%"), "RR203", "strictly rising, what follows too"),
        (LAST, STEPS.replace("maintenance_rate: 0.5%", "maintenance_rate: 4%"), "RR208", "the second asks for more than it posts"),
    ],
)  # fmt: skip
def test_rows_that_follow_by_steps(tmp_path: Path, last: str, steps: str, code: str, why: str) -> None:
    text = table() + last + f"    then: {{{steps}}}\n"
    assert codes_in_house(tmp_path, {"tiers/2027-01-01.yaml": text}) == ({code} if code else set()), why


@pytest.mark.parametrize(
    "end, expected, why",
    [
        ("6%", [("3000", "20", "0.015"), ("6000", "200/11", "0.02"), ("9000", "50/3", "0.025")], "a row at the end itself is one"),
        ("5.99%", [("3000", "20", "0.015"), ("6000", "200/11", "0.02")], "a row beyond it is none"),
    ],
)
def test_each_step_is_from_the_row_before(end: str, expected: list[tuple[str, str, str]], why: str) -> None:
    steps = {"cap": "3_000", "maintenance_rate": "0.5%", "initial_rate": "0.5%", "up_to_initial_rate": end}
    rows = rows_of(Table.model_validate({"tiers": [{"cap": "3000", "max_leverage": "20", "maintenance_rate": "1.5%"}], "then": steps}))
    assert [(row.cap, row.max_leverage, row.maintenance_rate) for row in rows] == [tuple(map(Fraction, row)) for row in expected], why


def test_a_table_without_steps_keeps_its_digest() -> None:
    table = Table.model_validate({"tiers": [{"cap": "1", "max_leverage": "2", "maintenance_rate": "1%"}]})
    assert "then" not in canonical(table), "the key came later: what was signed before it may not change its digest"


RISING = st.lists(st.fractions(min_value=0, max_value=1, max_denominator=10_000), min_size=2, max_size=8, unique=True).map(sorted)
CAPS = st.lists(st.integers(min_value=1, max_value=10**9), min_size=8, max_size=8, unique=True).map(sorted)


@given(rates=RISING, caps=CAPS, first=st.integers(min_value=0, max_value=100))
def test_the_margin_meets_itself_at_every_cap(rates: list[Fraction], caps: list[int], first: int) -> None:
    ends = tuple(Fraction(cap) for cap in caps[: len(rates)])
    amounts = derived_amounts(ends, tuple(rates), Fraction(first))
    assert len(amounts) == len(rates)
    for k, floor in enumerate(floors(ends)[1:], start=1):
        assert floor == ends[k - 1]
        assert floor * rates[k - 1] - amounts[k - 1] == floor * rates[k] - amounts[k]
