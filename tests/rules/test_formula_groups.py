"""Formulas over groups and scenarios: what may be written, and what a book refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.told import changed, codes_in_house, codes_of

FILE = "formula/2027-01-01.yaml"
EXPRESSION = "notional * (2 if open_interest > crowded_from else 1) * 0.01"
EXAMPLE = "example: {given: {notional: 100_000, open_interest: 20_000_000, crowded_from: 10_000_000}, gives: 2_000}"
TERM = f"""    rows: leg
    unit: settle
    expression: {EXPRESSION}
    reads_as: One per cent of the notional, two where more is open than the market's setting.
    {EXAMPLE}
"""
SETTING = "crowded_from: {unit: settle, every_market: 10_000_000, markets: {BTC-USDT: 500_000_000}}"
STEP = "in_unit(0.01, settle)"


def term(rows: str, unit: str, expression: str, given: str, gives: str) -> str:
    said = f"    rows: {rows}\n    unit: {unit}\n    expression: '{expression}'\n    reads_as: For a test.\n"
    return f"{said}    example: {{given: {{{given}}}, gives: {gives}}}\n"


@pytest.mark.parametrize(
    "rows, unit, expression, given, gives, code, why",
    [
        ("leg", "rate", "round_down(exp(leverage * 0), 0.1)", "leverage: 5", "1", "", "inside its rounding"),
        ("leg", "rate", "exp(leverage)", "leverage: 5", "1", "RR402", "most have no last digit"),
        ("leg", "settle", f"round_down(log(notional), {STEP})", "notional: 1", "0", "RR403", "a logarithm of money"),
        ("leg", "rate", "round_down(normal(leverage, 1), 0.1)", "leverage: 0", "0.5", "RR402", "of one figure"),
        (
            "leg", "quote/base", "round_up(black76(mark_price, strike, leverage, is_call), in_unit(1, quote/base))",
            "mark_price: 120, strike: 100, leverage: 0, is_call: 1", "20", "", "at no deviation what exercise is worth",
        ),
        (
            "leg", "quote/base", "round_up(black76(mark_price, strike, leverage, leverage), in_unit(1, quote/base))",
            "mark_price: 120, strike: 100, leverage: 0", "20", "RR403", "whether it is a call is no figure",
        ),
        (
            "leg", "quote/base", "round_up(black76(mark_price, notional, leverage, is_call), in_unit(1, quote/base))",
            "mark_price: 120, notional: 100, leverage: 0, is_call: 1", "20", "RR403", "a strike is a price",
        ),
        (
            "expiry", "quote", "least_payoff(size, strike, is_call, expiry)", "size: -1, strike: 100, is_call: 0", "-100", "",
            "size times strike is quote",
        ),
        (
            "expiry", "settle", "in_unit(least_payoff(size, strike, is_call, expiry), settle)", "size: -1, strike: 100, is_call: 0", "-100",
            "", "a put that is owed, at 0",
        ),
        ("market", "quote/base", "least_payoff(strike, strike, is_call, market)", "strike: 1, is_call: 1", "0", "RR403", "of no group"),
        ("underlying", "settle", "total(notional, underlying)", "notional: 5", "5", "", "legs of one coin"),
        ("strike", "base", "total(size, strike)", "size: -2", "-2", "", "calls and puts of one strike"),
        ("expiry", "settle", "total(notional, market)", "notional: 5", "5", "RR404", "a market is in no expiry"),
        ("trade", "settle", "notional", "notional: 5", "5", "RR404", "no such rows"),
    ],
)  # fmt: skip
def test_a_formula(tmp_path: Path, rows: str, unit: str, expression: str, given: str, gives: str, code: str, why: str) -> None:
    text = changed("formula", TERM, term(rows, unit, expression, given, gives))
    assert codes_in_house(tmp_path, {FILE: text}) - {"RR202"} == ({code} if code else set()), why


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        (SETTING, "crowded_from: {unit: settle, value: 10_000_000}", "", "one value for everything"),
        (SETTING, "crowded_from: {unit: settle, value: 1, every_market: 2}", "RR225", "which of them?"),
        ("terms:", "scenarios: {fall: {every_market: -10%, figures: {reach: 2}}}\nterms:", "", "a figure beside the move"),
        ("terms:", "scenarios: {fall: {every_market: -10%, figures: {reach: far}}}\nterms:", "RR212", "a figure is a number"),
        ("terms:", "scenarios: {fall: withdrawn}\nterms:", "", "by itself; that it never was in force is the book's to say"),
        ("terms:", "scenarios: {fall: gone}\nterms:", "RR229", "no scenario"),
        ("    rows: leg", "    rows: leg_each_scenario", "", "for each scenario"),
        ("    rows: leg", "    rows: account_each_scenario", "RR229", "not of these rows"),
    ],
)
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    assert codes_of(changed("formula", old, new)) == ({code} if code else set()), why


SCENARIOS = "scenarios:\n  fall: {every_market: -10%, figures: {reach: 2}}\n  rise: {every_market: 10%, figures: {reach: 1}}\nterms:"


@pytest.mark.parametrize(
    "expression, given, gives, code, why",
    [
        ("smallest(total(notional * reach, pool_each_scenario), pool)", "notional: 5, reach: 2", "10", "", "the least over the scenarios"),
        ("smallest(total(notional * reach, pool), pool)", "notional: 5, reach: 2", "10", "RR403", "a total over scenarios is for no rows"),
        ("total(notional * height, pool)", "notional: 5, height: 2", "10", "RR308", "no scenario gives it"),
    ],
)
def test_a_figure_of_each_scenario(tmp_path: Path, expression: str, given: str, gives: str, code: str, why: str) -> None:
    text = changed("formula", TERM, term("pool", "settle", expression, given, gives)).replace("terms:", SCENARIOS, 1)
    assert codes_in_house(tmp_path, {FILE: text}) - {"RR202"} == ({code} if code else set()), why


def test_a_scenario_that_never_was_is_not_withdrawn(tmp_path: Path) -> None:
    text = changed("formula", "terms:", "scenarios: {fall: withdrawn}\nterms:")
    assert codes_in_house(tmp_path, {FILE: text}) == {"RR309"}
