"""Derive's managers: options grouped by the names of their markets, netted for each day, revalued in scenarios; nothing guessed."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.rulebook.compile import prove_everything
from riskrules.rulebook.load import load_book
from riskrules.rulebook.shelf import Shelf
from tests.places import ROOT

AS_OF = "2026-11-24T00:00:00Z"
DAY, LATER = "ETH-USDC-261225", "ETH-USDC-270326"
FEEDS = {"forward_price": "2000", "forward_confidence": "1", "vol_confidence": "1", "time_to_expiry": "2678400"}
Change = Callable[[dict[str, Any]], object]


def account(*positions: tuple[str, str], eth: str = "0") -> dict[str, Any]:
    """An account of the standard manager; options do not move, so that their prices are what exercise is worth."""
    return {
        "as_of": AS_OF,
        "rulebook": "derive-v2-standard",
        "markets": {
            "ETH-USDC": {"mark_price": "2000", "perp_confidence": "1"},
            DAY: dict(FEEDS),
            LATER: dict(FEEDS),
            **{market: {"volatility": "0"} for market, _ in positions if market.count("-") == 4},
        },
        "assets": {"ETH": {"spot_price": "2000", "spot_confidence": "1"}},
        "accounts": [
            {
                "id": "a", "stable_price": "1", "collateral": {"USDC": "10000", "ETH": eth},
                "positions": [
                    {"market": market, "mode": "cross", "size": size, "entry_price": "2000", "unsettled_funding": "0"}
                    for market, size in positions
                ],
            }
        ],
    }  # fmt: skip


def maintenance(given: dict[str, Any]) -> Any:
    pool = riskrules.load(ROOT / "policies", rulebook="derive-v2-standard", as_of=AS_OF).explain(given).pools[0]
    value = pool.value("maintenance_margin")
    return Fraction(*value) if isinstance(value, tuple) else value.code


@pytest.mark.parametrize(
    "positions, expected, why",
    [
        ([(f"{DAY}-2000-C", "1")], 0, "an option that is owned needs nothing, and brings nothing"),
        ([(f"{DAY}-1500-C", "1")], 500, "what it is worth is not counted: the margin takes it back"),
        ([(f"{DAY}-2000-C", "-1")], 150, "7.5% of spot"),
        ([(f"{DAY}-2000-P", "-1")], 150, "the same for a put that is worth nothing"),
        ([(f"{DAY}-2000-C", "-1"), (f"{DAY}-2100-C", "1")], 100, "together they lose 100 at most, at any price from 2,100"),
        ([(f"{DAY}-2000-C", "-1"), (f"{LATER}-2100-C", "1")], 150, "on another day they are not netted"),
        ([(f"{DAY}-2000-P", "-1"), (f"{DAY}-1900-P", "1")], 100, "at 0"),
        ([(f"{DAY}-2000-C", "-2"), (f"{DAY}-2100-C", "2")], 200, "as many of them"),
        ([("ETH-USDC", "-3")], 300, "5% of a perpetual"),
        ([("ETH-USDC", "1"), (f"{DAY}-2000-C", "-1")], 250, "a perpetual is not netted with options"),
    ],
)
def test_what_is_held(positions: list[tuple[str, str]], expected: int, why: str) -> None:
    assert maintenance(account(*positions)) == expected, why


def test_a_coin_is_cut_without_any_position() -> None:
    assert maintenance(account(eth="2")) == 800, "20% of two at 2,000"


def _without(*path: str) -> Change:
    def change(given: dict[str, Any]) -> None:
        *above, last = path
        for name in above:
            given = given[name]
        del given[last]

    return change


@pytest.mark.parametrize(
    "change, expected, why",
    [
        (_without("markets", DAY), "RR505", "no feeds of the day of expiry"),
        (_without("markets", DAY, "forward_price"), "RR505", "no forward price"),
        (_without("markets", f"{DAY}-2000-C", "volatility"), "RR505", "no volatility"),
        (_without("assets", "ETH"), "RR505", "no spot price"),
        (_without("markets", "ETH-USDC", "perp_confidence"), 150, "what no position needs is not asked for"),
        (lambda given: given["markets"][DAY].update(forward_price="0"), "RR509", "an option on a forward of nothing"),
    ],
)
def test_what_is_missing_is_an_error(change: Change, expected: Any, why: str) -> None:
    given = copy.deepcopy(account((f"{DAY}-2000-C", "-1")))
    change(given)
    assert maintenance(given) == expected, why


@pytest.mark.parametrize(
    "market, why",
    [
        ("SOL-USDC-261225-100-C", "an option on a market that the book does not have"),
        ("ETH-USDC-261225-2000-X", "neither a call nor a put"),
        ("ETH-USDC-261225-two-C", "a strike that is no number"),
        ("ETH-USDC-20261225-2000-C", "a day in another spelling"),
        ("ETH-USDC-261225", "a dated market that the book does not list"),
    ],
)
def test_a_name_that_is_no_option_of_the_book_is_unknown(market: str, why: str) -> None:
    assert maintenance(account((market, "-1"))) == "RR502", why


def test_the_worst_scenario_is_named() -> None:
    (pool,) = riskrules.load(ROOT / "policies", rulebook="derive-v2-portfolio", as_of=AS_OF).explain(perpetual_alone()).pools
    (step,) = [step for step in pool.steps(2) if step.name == "worst_change"]
    assert step.working == ("smaller of (smallest portfolio change of 21 scenarios: −300.00 up-15-vol-up, then −300.00 up-15, 0.00) × 1")


def perpetual_alone() -> dict[str, Any]:
    given = account(("ETH-USDC", "-1"))
    given["rulebook"] = "derive-v2-portfolio"
    given["assets"] = {"ETH": {"index_price": "2000"}}
    given["accounts"][0] |= {"spot_price": "2000", "spot_confidence": "1"}
    del given["markets"][DAY], given["markets"][LATER]
    return given


def test_a_scenario_that_is_withdrawn_takes_no_part(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies" / "derive-v2-portfolio", tmp_path / "derive-v2-portfolio")
    gone = ", ".join(f"{name}: withdrawn" for name in ("up-15", "up-15-vol-up", "up-15-vol-down"))
    text = "kind: formula\nrulebook: derive-v2-portfolio\neffective: 2026-12-01T00:00:00Z\nreason: Less.\n"
    path = tmp_path / "derive-v2-portfolio" / "formula" / "2026-12-01.yaml"
    path.write_text(f"{text}scenarios: {{{gone}}}\n", encoding="utf-8")
    held = {}
    for when in (AS_OF, "2026-12-02T00:00:00Z"):
        (pool,) = riskrules.load(tmp_path, rulebook="derive-v2-portfolio", as_of=when).explain(perpetual_alone()).pools
        held[when] = Fraction(*pool.value("maintenance_margin"))
    assert list(held.values()) == [340, 240], "15% and then 10% of 2,000, with the 2% that is always held"


def test_a_portfolio_manager_is_of_one_coin() -> None:
    given = account(("ETH-USDC", "-1"), ("BTC-USDC", "1"))
    given["rulebook"] = "derive-v2-portfolio"
    given["markets"] = {market: {"mark_price": "2000", "perp_confidence": "1"} for market in ("ETH-USDC", "BTC-USDC")}
    given["assets"] = {"ETH": {"index_price": "2000"}}
    given["accounts"][0] |= {"spot_price": "2000", "spot_confidence": "1"}
    (pool,) = riskrules.load(ROOT / "policies", rulebook="derive-v2-portfolio", as_of=AS_OF).explain(given).pools
    assert pool.value("maintenance_margin").code == "RR509"


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("formula: balance_value", "formula: position_value", "RR404", "what balances are worth has a value for each balance"),
        ("formula: position_value", "formula: options_value", "RR404", "what positions are worth has one for each position"),
        ("formula: maintenance_requirement", "formula: options_maintenance", "RR404", "a requirement is of a leg, a position or the pool"),
        ("formula: maintenance_requirement", "formula: perp_value", "", "of each leg, added up"),
        ("formula: maintenance_requirement", "formula: root_of_time", "RR403", "a requirement is money"),
        ("formula: maintenance_requirement", "formula: nothing_such", "RR308", "no such formula"),
    ],
)
def test_what_a_margin_file_may_ask_a_formula_for(tmp_path: Path, old: str, new: str, code: str, why: str) -> None:
    shutil.copytree(ROOT / "policies" / "derive-v2-standard", tmp_path / "derive-v2-standard")
    path = tmp_path / "derive-v2-standard" / "margin" / "2026-11-24.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    book, problems = load_book(Shelf(tmp_path, packaged=False), "derive-v2-standard")
    assert book is not None
    assert {problem.code for problem in [*problems, *prove_everything(book)]} == ({code} if code else set()), why


@pytest.mark.parametrize("amounts", ["float", "exact"])
def test_a_table_has_no_margin_of_a_position_where_the_pool_alone_has_one(amounts: Any) -> None:
    book = riskrules.load(ROOT / "policies" / "derive-v2-standard", as_of=AS_OF)
    rows: dict[str, Any] = {"account": ["a"], "market": ["ETH-USDC"], "mode": ["cross"], "size": ["-2"], "entry_price": ["2000"]}
    rows |= {"mark_price": ["2000"], "mark_price_at": [AS_OF], "unsettled_funding": ["0"]}
    out = book.evaluate(rows, {"account": ["a"], "asset": ["USDC"], "amount": ["1000"]}, amounts=amounts)
    assert list(out["decision"]) == ["healthy"]
    assert [found is None or found != found for name in ("initial_margin", "maintenance_margin") for found in out[name]] == [True, True]
