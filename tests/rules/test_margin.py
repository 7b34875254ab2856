"""Margin: what may be written, and on which side of equality a pool is liquidated, may open, and changes its state."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.api import load
from riskrules.rules.typed import typed
from riskrules.text import read
from tests.rules.told import HOUSE, changed, codes_in_house, codes_of, house_with, page_example

WHEN = "2027-01-01T00:00:00Z"
HEAD = f"kind: margin\nrulebook: {HOUSE}\neffective: 2026-12-15T00:00:00Z\nreason: Another way.\n"
PLAIN = "maintenance_margin: {position: tier, fee: none}\nrounding: {position_margins: none, pool_margins: none, equity: none}\n"
LATER = "margin/2026-12-15.yaml"


def test_the_example_of_the_page_stands() -> None:
    assert codes_of(page_example("margin")) == set()


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("style: marginal", "style: whole_position", "", "everything at the rate of its tier"),
        ("cap: inclusive", "cap: exclusive", "", "sister contracts of one venue differ"),
        ("    cap: inclusive\n", "", "RR228", "equality must have a side"),
        ("    above_last_cap: {existing: last_tier_applies, increase: refused}\n", "", "RR228", "beyond the table is a rule too"),
        ("existing: last_tier_applies", "existing: healthy", "RR229", "nothing is silently healthy"),
        ("lookup: notional_at_mark", "lookup: notional_at_entry", "RR225", "slices of one measure have no rate on another"),
        ("maintenance_rate: written", "maintenance_rate: {share_of_initial_rate: 1/2}", "", "half of one over the leverage"),
        ("maintenance_rate: written", "maintenance_rate: half", "RR229", "a share is a number"),
        ("maintenance_rate: written", "maintenance_rate: {share: 1/2}", "RR228", "the key has one name"),
        ("rates: strictly_rising", "rates: strictly_rising\n    promises: []", "", "nothing is promised"),
        ("rates: strictly_rising", "rates: strictly_rising\n    promises: [fair]", "RR229", "what can be proved has a word"),
        ("[cross, isolated]", "[]", "RR211", "no position could be opened"),
        ("{tier_by: each_leg, margin: sum_of_legs}", "not_allowed", "", "one position a market"),
        ("{tier_by: each_leg, margin: sum_of_legs}", "{tier_by: sum_of_legs, margin: larger_leg}", "RR225", "a tier of both"),
        ("{per_account_in: USDT}", "per_settle_asset", "", "each settle asset by itself"),
        ("{per_account_in: USDT}", "per_account", "RR229", "valued in which asset?"),
        ("posted_margin: given", "posted_margin: given_or_initial_margin", "", "what opening took, fee and all"),
        ("posted_margin: given", "posted_margin: assumed", "RR229", "nothing is assumed"),
        ("unrealised_profit: 100%", "unrealised_profit: 0%", "", "profit may not count"),
        ("unrealised_profit: 100%", "unrealised_profit: 1", "RR214", "1% or all of it"),
        ("funding_due: not_counted", "funding_due: no", "RR130", "a word that some read as false"),
        ("{up_to: 50, weight: 95%}", "{up_to: 50, weight: 101%}", "RR226", "collateral out of nothing"),
        ("owed_weight: 105%", "owed_weight: 95%", "RR226", "owing money would raise equity"),
        ("fee: {rate: 0.05%, on: notional_at_mark}", "fee: none", "", "no fee is held in reserve"),
        ("fee: {rate: 0.05%, on: notional_at_mark}", "fee: 0.05%", "RR229", "on what?"),
        ("fee: {rate: 0.05%, on: notional_at_mark}", "fee: {rate: taker_fee, on: notional_at_mark}", "", "the account's own"),
        ("untriggered: excluded, ", "", "", "of which nothing is said until one is given"),
        ("untriggered: excluded", "untriggered: no", "RR130", "a word that some read as false"),
        ("untriggered: excluded", "untriggered: later", "RR229", "counted or not"),
        ("fee: taker_fee_to_open_and_close", "fee: taker_fee", "", "of opening alone"),
        ("fee: taker_fee_to_open_and_close", "fee: 0.1%", "RR229", "whose fee?"),
        ("may: [reduce, deposit, cancel], liquidate: never", "may: [increase], liquidate: never", "RR229", "nothing that adds to the risk"),
        ("may: [reduce, deposit, cancel], liquidate: never", "may: [reduce], liquidate: at_once", "RR229", "nobody knows whether"),
        ("may: [reduce, deposit, cancel], liquidate: never", "may: [], liquidate: never", "RR211", "nothing is a word too"),
        ("weight: {of: amount, ", "weight: {of: coins, ", "RR229", "amount or value"),
        ("position: tier", "position: {formula: crowded_margin}", "", "what a table cannot say"),
        ("position: tier", "position: table", "RR229", "the word is tier"),
        ("{to: 0.01, direction: up}", "{to: 0, direction: up}", "RR213", "steps of nothing"),
        ("{to: 0.01, direction: up}", "{to: 0.01, direction: nearest}", "RR229", "a tie must have a side"),
        ("{to: 0.01, direction: up}", "{to: 0.01}", "RR228", "the direction is part of the rule"),
        ("{at_or_below: maintenance_margin}", "{below: maintenance_margin}", "", "equality survives"),
        ("{at_or_below: maintenance_margin}", "{at_or_below: 100}", "RR229", "against a named margin"),
        ("{at_or_below: maintenance_margin}", "{at_or_below: maintenance_margin, below: initial_margin}", "RR224", "two rules"),
        ("{below: 85%, ", "{below: 85, ", "RR214", "85 of what"),
        ("{below: 85%, ", "{below: 85%, above: 1%, ", "RR224", "a state begins on one side"),
        ("may: [nothing]", "may: [hope]", "RR229", "a state may what has a word"),
    ],
)  # fmt: skip
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    got = codes_of(changed("margin", old, new))
    assert got - {"RR202"} == ({code} if code else set()), why


@pytest.mark.parametrize(
    "kind, old, new, hint, expected, why",
    [
        ("margin", ", opening_loss: reserved", "", "the loss at mark", "opening_loss: reserved or not_reserved", "its words are told"),
        ("margin", "count: larger_side, price: order_price, reduce_only: excluded", "count: not_counted", "the price an order's notional",
         "price: order_price", "a choice that counts nothing needs the others too"),
        ("margin", "{to: 0.01, direction: up}", "{to: 0.01}", "", "direction: up", "the first of them"),
        ("status", ", after: 46%", "", "100% where nothing is", "after", "and not the key of that name in an observed interval"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_in_its_own_words(kind: str, old: str, new: str, hint: str, expected: str, why: str) -> None:
    document, _ = read(changed(kind, old, new), "policy.yaml")
    assert document is not None
    found = [problem for problem in typed(document)[1] if problem.code == "RR228"]
    assert hint in found[0].hint, why
    assert found[0].expected.startswith(expected), why


@pytest.mark.parametrize(
    "text, code, why",
    [
        ("", "", "a file may set nothing"),
        ("liquidate_when: {equity: {at_or_below: maintenance_margin}, needs: nothing}\n", "", "one section alone; the others stay"),
        ("liquidate_when: {equity: {below: maintenance_margin}, needs: open_position}\n", "RR235", "the states that stay go by equality"),
        ("maintenance_margin: {position: {formula: unheard_of}, fee: none}\n", "RR308", "a formula that no file gives"),
        ("maintenance_margin: {position: tier, fee: {rate: 50%, on: notional_at_mark}}\n", "RR209", "a fee that leaves no room"),
    ],
)
def test_what_a_book_makes_of_it(tmp_path: Path, text: str, code: str, why: str) -> None:
    found = codes_in_house(tmp_path, {LATER: HEAD + text})
    assert (code in found) if code else (found == set()), why


# -- meaning: 1 ETH at 1,000 under 0.5% needs 5; at 20x it posts 50 --------------------------------------


def account(balance: str) -> dict[str, Any]:
    size = {"size": "1", "entry_price": "1000", "leverage": "20", "unsettled_funding": "0"}
    position = {"id": "p1", "market": "ETH-USDT", "mode": "cross", **size}
    return {
        "as_of": WHEN,
        "rulebook": HOUSE,
        "markets": {"ETH-USDT": {"mark_price": "1000", "at": WHEN}},
        "accounts": [{"id": "a1", "collateral": {"USDT": balance}, "positions": [position]}],
    }


def pool(folder: Path, text: str, balance: str) -> Any:
    book = load(house_with(folder, {LATER: HEAD + PLAIN + text}).folder, rulebook=HOUSE, as_of=WHEN)
    (found,) = book.explain(account(balance)).pools
    return found


@pytest.mark.parametrize(
    "word, balance, decision, why",
    [
        ("at_or_below", "5", "liquidate", "equality liquidates"),
        ("at_or_below", "5.01", "healthy", "a cent more"),
        ("below", "5", "healthy", "equality survives"),
        ("below", "4.99", "liquidate", "a cent less"),
    ],
)
def test_equality_at_the_trigger(tmp_path: Path, word: str, balance: str, decision: str, why: str) -> None:
    text = (
        f"liquidate_when: {{equity: {{{word}: maintenance_margin}}, needs: open_position}}\nstates_by_maintenance_share_of_equity: none\n"
    )
    assert pool(tmp_path, text, balance).decision == decision, why


@pytest.mark.parametrize(
    "word, balance, may, why",
    [
        ("at_or_above", "50", True, "equality may open"),
        ("at_or_above", "49.99", False, "a cent less may not"),
        ("above", "50", False, "equality may not open"),
        ("above", "50.01", True, "a cent more may"),
    ],
)
def test_equality_at_opening(tmp_path: Path, word: str, balance: str, may: bool, why: str) -> None:
    assert pool(tmp_path, f"may_increase: {{equity: {{{word}: initial_margin}}}}\n", balance).value("may_increase") is may, why


@pytest.mark.parametrize(
    "balance, state, why",
    [
        ("10", "normal", "half of the equity is held"),
        ("6.25", "reduce_only", "80% exactly: at or above"),
        ("6.26", "normal", "a cent more equity"),
        ("5", "liquidation", "all of it"),
        ("0", "liquidation", "no equity at all has a state too"),
        ("-3", "liquidation", "and so has a debt"),
    ],
)
def test_a_state_begins_at_its_share(tmp_path: Path, balance: str, state: str, why: str) -> None:
    text = (
        "states_by_maintenance_share_of_equity:\n"
        "  - {below: 80%, state: normal, may: [increase]}\n"
        "  - {at_or_above: 80%, state: reduce_only, may: [reduce]}\n"
        "  - {at_or_above: 100%, state: liquidation, may: [nothing]}\n"
    )
    assert pool(tmp_path, text, balance).state == state, why


@settings(max_examples=10, deadline=None)
@given(cents=st.integers(min_value=0, max_value=1_000))
def test_a_larger_balance_never_hurts(cents: int) -> None:
    with tempfile.TemporaryDirectory() as less, tempfile.TemporaryDirectory() as more:
        poorer, richer = pool(Path(less), "", f"{cents / 100:.2f}"), pool(Path(more), "", f"{cents / 100 + 1:.2f}")
    assert richer.decision == "healthy" or poorer.decision == "liquidate"
    assert (poorer.decision == "liquidate") == (cents <= 500)
