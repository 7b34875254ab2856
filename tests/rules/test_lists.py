"""Lists that a snapshot gives, what comes before, the middle of what counts, and settings that are of no market."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.engine.ask import price_answers
from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.door import read_snapshot
from riskrules.ir.fault import Fault
from riskrules.units.exact import to_fraction
from tests.rules.told import HOUSE, changed, codes_in_house, house_with

AS_OF = "2027-02-01T00:00:00Z"
FILE = "formula/2027-01-01.yaml"
HEADER = "kind: formula\nrulebook: house-usdm\neffective: 2027-01-01T08:00:00Z\nreason: What was done before.\n"
LISTS = (
    "lists:\n  deed: {of: market, reads_as: What was done.}\n  word: {of: account, reads_as: What was said.}\n"
    "inputs:\n  how_much: {rows: deed, unit: settle, reads_as: How much.}\n  how_old: {rows: deed, unit: second, reads_as: How old.}\n"
    "  how_loud: {rows: word, unit: count, reads_as: How loud.}\n"
)


def formula(name: str, rows: str, unit: str, expression: str, given: str, gives: str) -> str:
    return (
        f'  {name}:\n    rows: {rows}\n    unit: {unit}\n    expression: "{expression}"\n    reads_as: As it says.\n'
        f"    example: {{given: {{{given}}}, gives: {gives}}}\n"
    )


def file(*terms: str, more: str = "") -> str:
    return HEADER + LISTS + more + "terms:\n" + "".join(terms)


TOTAL = formula("together", "market", "settle", "total(how_much, market)", "how_much: 2", "2")
BEFORE = formula("done_before", "deed", "settle", "total_before(how_much, how_old, market)", "how_much: 2, how_old: 1", "0")
FRESH = formula("middle", "market", "settle", "median(how_much, market, how_old < in_unit(10, second))", "how_much: 2, how_old: 1", "2")
LOUD = formula("noise", "account", "count", "total(how_loud, account)", "how_loud: 2", "2")


Column = Callable[[str], list[Any]]


def decided(folder: Path, text: str, lists: dict[str, Any], of_account: dict[str, Any] | None = None, margin: str = "") -> Evaluated:
    """One account with a position in each of two markets."""
    house_with(folder, {FILE: text, **({"margin/2027-01-01.yaml": margin} if margin else {})})
    plan = riskrules.load(folder, rulebook=HOUSE, as_of=AS_OF).plan
    markets = {name: {"mark_price": "100", "at": AS_OF, **lists.get(name, {})} for name in ("BTC-USDT", "ETH-USDT")}
    held = {"mode": "cross", "entry_price": "100", "leverage": "5", "unsettled_funding": "0"}
    account = {"id": "a1", "collateral": {"USDT": "100"}, "taker_fee": "0.05%", **(of_account or {})}
    account["positions"] = [{"market": name, "size": size, **held} for name, size in zip(markets, ("1", "2"), strict=True)]
    snapshot, problems = read_snapshot(json.dumps({"as_of": AS_OF, "markets": markets, "accounts": [account]}), "shot", plan.drivers)
    assert snapshot is not None, problems
    return decide(plan, snapshot, snapshot.accounts[0])


def columns(folder: Path, text: str, lists: dict[str, Any], of_account: dict[str, Any] | None = None, margin: str = "") -> Column:
    """Every value of a term; an error is its code."""
    evaluated = decided(folder, text, lists, of_account, margin)

    def column(name: str) -> list[Any]:
        walked = [evaluated.value(name, k) for k in range(len(evaluated.walk.column(name)))]
        return [value.code if isinstance(value, Fault) else str(to_fraction(value)) for value in walked]

    return column


def deeds(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"how_much": much, "how_old": old} for much, old in pairs]


EVERY = file(TOTAL, BEFORE, FRESH, LOUD)
SOME = {"BTC-USDT": {"deed": deeds(("5", "3"), ("7", "1"), ("11", "3"), ("13", "20"))}, "ETH-USDT": {"deed": []}}


@pytest.mark.parametrize(
    "name, found, why",
    [
        ("together", ["36", "0"], "a list of nothing adds up to nothing"),
        ("done_before", ["7", "0", "12", "23"], "the smaller key first; of equal ones the one that is listed first"),
        ("middle", ["7", "RR510"], "of 5, 7 and 11; the old one does not count, and of nothing there is no middle"),
    ],
)
def test_a_list_of_each_market(tmp_path: Path, name: str, found: list[str], why: str) -> None:
    assert columns(tmp_path, EVERY, SOME)(name) == found, why


@pytest.mark.parametrize(
    "deed, name, found, why",
    [
        ({}, "together", ["RR505", "0"], "a list that is not given is not an empty one"),
        ({"deed": [{"how_old": "1"}]}, "together", ["RR505", "0"], "an item says all that is asked of it"),
        ({"deed": [{"how_old": "20"}, *deeds(("4", "1"))]}, "middle", ["4", "RR510"], "what does not count may lack its figure"),
        ({"deed": [{"how_old": "1"}, *deeds(("4", "1"))]}, "middle", ["RR505", "RR510"], "what counts may not"),
        ({"deed": deeds(("4", "1"), ("5", "2"))}, "middle", ["9/2", "RR510"], "of two the middle is half way"),
        ({"deed": [*deeds(("4", "1")), {"how_old": "2"}, *deeds(("6", "3"))]}, "done_before", ["0", "4", "RR505"], "after it, not before"),
        ({"deed": [*deeds(("4", "1")), {"how_much": "2"}]}, "done_before", ["RR505", "RR505"], "without a key there is no order"),
    ],
)
def test_what_is_missing_is_an_error(tmp_path: Path, deed: dict[str, Any], name: str, found: list[str], why: str) -> None:
    assert columns(tmp_path, EVERY, {"BTC-USDT": deed, "ETH-USDT": {"deed": []}})(name) == found, why


@pytest.mark.parametrize(
    "given, found, why",
    [
        ({"word": [{"how_loud": "2"}, {"how_loud": "3"}]}, ["5"], "a list of the account"),
        ({}, ["RR505"], "not given"),
    ],
)
def test_a_list_of_the_account(tmp_path: Path, given: dict[str, Any], found: list[str], why: str) -> None:
    assert columns(tmp_path, EVERY, SOME, given)("noise") == found, why


SCALED = formula("scaled", "leg", "settle", "notional * factor", "notional: 2, factor: 3", "6")
WORTH = formula("worth", "holding", "base", "amount * factor", "amount: 2, factor: 3", "6")


@pytest.mark.parametrize(
    "setting, term, found, why",
    [
        ("{unit: 1, value: 3}", SCALED, ["300", "600"], "of the whole rulebook"),
        ("{unit: 1, value: not_stated}", SCALED, ["RR505", "RR505"], "needed, and nowhere stated"),
        ("{unit: 1, markets: {BTC-USDT: 3}}", SCALED, ["300", "RR505"], "of some markets"),
        ("{unit: 1, assets: {USDT: 3}}", WORTH, ["300"], "of an asset"),
        ("{unit: 1, every_asset: 2, assets: {BTC: 3}}", WORTH, ["200"], "of every other asset"),
        ("{unit: 1, assets: {BTC: 3}}", WORTH, ["RR505"], "of another asset"),
    ],
)
def test_settings(tmp_path: Path, setting: str, term: str, found: list[str], why: str) -> None:
    text = HEADER + f"settings:\n  factor: {setting}\nterms:\n{term}"
    assert columns(tmp_path, text, {})("scaled" if term == SCALED else "worth") == found, why


@pytest.mark.parametrize(
    "setting, why",
    [
        ("{unit: 1, value: 3, every_market: 2}", "of the whole rulebook and of markets"),
        ("{unit: 1, assets: {BTC: 3}, markets: {BTC-USDT: 2}}", "of assets and of markets"),
        ("{unit: 1, value: 3, every_asset: 2}", "of the whole rulebook and of assets"),
    ],
)
def test_a_setting_is_of_one_thing(tmp_path: Path, setting: str, why: str) -> None:
    assert "RR225" in codes_in_house(tmp_path, {FILE: HEADER + f"settings: {{factor: {setting}}}\n"}), why


REWARD = formula("reward", "pool", "settle", "max(wallet_balance * 0.1, in_unit(3, settle))", "wallet_balance: 100", "10")
MARGIN = "kind: margin\nrulebook: house-usdm\neffective: 2027-01-01T08:00:00Z\nreason: A reward is held.\n"


def test_a_pool_may_hold_more_than_its_positions_do(tmp_path: Path) -> None:
    held = "maintenance_margin: {position: tier, fee: none, plus: {formula: reward}}\n"
    text = HEADER + "terms:\n" + REWARD
    plain = columns(tmp_path / "plain", text, {}, margin=MARGIN + held.replace(", plus: {formula: reward}", ""))
    more = columns(tmp_path / "more", text, {}, margin=MARGIN + held)
    assert (plain("maintenance_margin"), more("maintenance_margin")) == (["7/5"], ["57/5"])


@pytest.mark.parametrize(
    "rows, unit, expression, given, gives, code, why",
    [
        ("leg", "settle", "notional * 2", "notional: 1", "2", "RR404", "a reward is of a pool"),
        ("pool", "1", "in_unit(wallet_balance, 1)", "wallet_balance: 1", "1", "RR404", "and money"),
        ("pool", "settle", "maintenance_margin * 2", "maintenance_margin: 1", "2", "RR308", "and no part of itself"),
    ],
)
def test_what_a_pool_cannot_hold(
    tmp_path: Path, rows: str, unit: str, expression: str, given: str, gives: str, code: str, why: str
) -> None:
    text = HEADER + "terms:\n" + formula("reward", rows, unit, expression, given, gives)
    margin = MARGIN + "maintenance_margin: {position: tier, fee: none, plus: {formula: reward}}\n"
    assert code in codes_in_house(tmp_path, {FILE: text, "margin/2027-01-01.yaml": margin}), why


def test_the_example_of_the_page_may_have_a_list(tmp_path: Path) -> None:
    with_list = changed("formula", "settings:", "lists: {deed: {of: market, reads_as: What was done.}}\nsettings:")
    assert codes_in_house(tmp_path, {FILE: with_list}) == set()


def test_a_table_has_no_column_for_an_item_of_a_list(tmp_path: Path) -> None:
    house_with(tmp_path, {FILE: EVERY})
    assert not {"how_much", "how_old", "how_loud"} & set(riskrules.load(tmp_path, rulebook=HOUSE, as_of=AS_OF).plan.columns())


def test_a_question_runs_back_through_what_comes_before(tmp_path: Path) -> None:
    """The smaller position is margined first, and a tenth of it is held by the larger one too: 0.11 P + 2 against P − 40."""
    queue = formula(
        "queue", "leg", "settle", "notional * 0.01 + total_before(notional, size, account) * 0.1", "notional: 100, size: 1", "1"
    )
    margin = MARGIN + "maintenance_margin: {position: {formula: queue}, fee: none}\n"
    evaluated = decided(tmp_path, HEADER + "terms:\n" + queue, {}, {"collateral": {"USDT": "60"}}, margin)
    (answer,) = price_answers(evaluated, 0, 0, "liquidate")
    assert (answer.direction, str(to_fraction(evaluated.value("maintenance_margin", 0))), float(answer.point)) == (-1, "13", 47.21)
