"""Field notes: each figure is run, and one that does not come out is told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from riskrules.api import load
from riskrules.engine.noted import run
from riskrules.rules.noted import Note
from tests.places import POLICIES

HOUSE = load(POLICIES, rulebook="house-usdm", as_of="2026-12-02T00:00:00Z")
BTC = {
    "id": "btc",
    "market": "BTC-USDT",
    "mode": "cross",
    "size": "10",
    "entry_price": "30_000",
    "leverage": "10",
    "unsettled_funding": "0",
}
ETH = {
    "id": "eth",
    "market": "ETH-USDT",
    "mode": "isolated",
    "size": "50",
    "entry_price": "2_000",
    "margin": "5_000",
    "unsettled_funding": "0",
}
NOTE: dict[str, Any] = {
    "says": "The isolated one goes first.",
    "case": {
        "markets": {"BTC-USDT": {"mark_price": "30_000"}, "ETH-USDT": {"mark_price": "2_000"}},
        "assets": {"USDT": {"index_price": "1"}},
        "account": {"taker_fee": "0.05%", "collateral": {"USDT": "40_000"}, "positions": [BTC, ETH]},
    },
    "shows": {"figure": "maintenance_margin", "of": "btc", "gives": "1_675"},
    "shock": {"named": "a fall", "moves": {"BTC-USDT": "-20%", "ETH-USDT": "-20%"}, "breaks_first": "eth", "after": "22%"},
    "misread": {
        "belief": "It goes where its money is gone",
        "believed": {"figure": "bankruptcy_price", "of": "eth", "gives": "1_900"},
        "in_fact": {"figure": "liquidation_price", "of": "eth", "gives": "1_915.1"},
    },
    "verify": "The fee.",
}


def changed(path: str, value: Any) -> Note:
    made = copy.deepcopy(NOTE)
    *parts, last = path.split(".")
    node = made
    for part in parts:
        node = node[part]
    node[last] = value
    return Note.model_validate(made)


FIRST = "under a fall, what breaks first is %s, and it says %s"
SAID = "eth after 22% of it"
NO_FIGURE = "%s is no such figure, and it says %s"


@pytest.mark.parametrize(
    "path, value, wrong, why",
    [
        ("says", "The same.", [], "every figure comes out"),
        ("shows.gives", "1_674.99", ["maintenance_margin of btc is 1675, and it says 1_674.99"], "to the last place"),
        ("shows.gives", "1675.00", [], "zeros say nothing"),
        ("shows.figure", "maintenance_rate", ["maintenance_rate of btc is 0.0065, and it says 1_675"], "another figure"),
        ("shows", {"figure": "maintenance_rate", "of": "btc", "gives": "0.65%"}, [], "a rate as a percentage"),
        ("shows", {"figure": "tier", "of": "btc", "gives": "3"}, [], "tiers are counted from one"),
        ("shows", {"figure": "decision", "of": "eth", "gives": "healthy"}, [], "a word"),
        ("shows", {"figure": "no_such", "of": "btc", "gives": "1"}, [NO_FIGURE % ("no_such of btc", "1")], "an unknown term"),
        ("shows.of", "doge", [NO_FIGURE % ("maintenance_margin of doge", "1_675")], "an unknown position"),
        ("shock.after", "21%", [FIRST % (SAID, "eth after 21% of it")], "a percent off"),
        ("shock.moves", {"BTC-USDT": "-1%"}, [FIRST % ("nothing", SAID)], "nothing"),
        ("shock.moves", {"BTC-USDT": "-20%"}, [FIRST % ("cross USDT after 65% of it", SAID)], "the pool"),
        ("misread.believed", NOTE["misread"]["in_fact"], ["the belief is 1915.1, and it says another figure"], "no misreading at all"),
    ],
)
def test_a_note_is_run(path: str, value: Any, wrong: list[str], why: str) -> None:
    assert run(HOUSE.plan, HOUSE.when, "a_note", changed(path, value)).wrong == wrong, why


def test_a_price_that_is_missing_is_no_health() -> None:
    found = run(HOUSE.plan, HOUSE.when, "a_note", changed("case.markets", {"BTC-USDT": {"mark_price": "30_000"}}))
    assert "under a fall, what breaks first is eth (RR501) after 0% of it" in found.wrong[0]


def test_an_account_that_cannot_be_read_is_told() -> None:
    found = run(HOUSE.plan, HOUSE.when, "a_note", changed("case.account", {"positions": [{**BTC, "sizes": "1"}]}))
    assert found.wrong[0].startswith("the account is RR602")
