"""Invariants: what is drawn, what is found, how it is made small, and what a status file may declare."""

from __future__ import annotations

import shutil
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from riskrules.api import load
from riskrules.cli.check import promised_of
from riskrules.engine.generate import Drawn, drawn
from riskrules.engine.noted import notes_in
from riskrules.engine.promised import declared_in, told, tried
from riskrules.engine.properties import PROPERTIES, may_be
from riskrules.engine.shrink import shrunk
from riskrules.engine.snapshot import Snapshot
from riskrules.engine.stability import stability
from riskrules.engine.trial import decided, sentence, snapshot_of_case, words_of
from riskrules.rulebook.compile import Book, compile_book
from riskrules.rulebook.load import load_book
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.shelf import Shelf
from riskrules.rules.noted import Case
from riskrules.units.clock import Instant
from riskrules.units.exact import Exact, to_fraction
from tests.places import POLICIES

SHIPPED = Shelf(POLICIES, packaged=False)
DECLARING = (
    "ascendex", "binance-coinm", "binance-usdm", "bitmex", "gate", "house-usdm", "hyperliquid", "kraken-futures", "okx", "phemex",
)  # fmt: skip
NO_MARKET = ("bybit",)  # without one there is nothing to try


def book_of(rulebook: str, shelf: Shelf = SHIPPED) -> Book:
    book, problems = load_book(shelf, rulebook)
    assert book is not None, problems
    return book


@cache
def shipped(rulebook: str) -> Book:
    return book_of(rulebook)


@cache
def plan_of(rulebook: str) -> tuple[Plan, Instant]:
    """A shipped rulebook at its newest time."""
    book = shipped(rulebook)
    when = book.windows()[-1]
    return compile_book(book, when), when


def case(rulebook: str, size: str, mark: str = "1", market: str = "BTC-USDT", **account: object) -> tuple[Plan, Snapshot]:
    """A plan at its newest time, and an account of one position under it."""
    plan, when = plan_of(rulebook)
    position = {"market": market, "mode": "cross", "size": size, "entry_price": mark, "unsettled_funding": "0"}
    markets = {market: {"mark_price": mark}}
    assets = {"USDT": {"index_price": "1"}}
    made = Case(markets=markets, assets=assets, account={"collateral": {"USDT": "0"}, "positions": [position], **account})
    snapshot, problems = snapshot_of_case(plan, made, when)
    assert snapshot is not None, problems
    return plan, snapshot


@pytest.mark.parametrize(
    "rulebook, name, size, mark, change, wrong_by, why",
    [
        ("house-usdm", "no_gain_from_splitting", "50_000", "1", (1, 2), "0", "in the first tier two halves need what the whole does"),
        ("house-usdm", "no_gain_from_splitting", "100_000", "1", (1, 2), "50", "the half beyond 50,000 takes 0.1% more"),
        ("house-usdm", "no_gain_from_merging", "100_000", "1", (1, 2), "0", "a slice never needs less behind another"),
        ("house-usdm", "no_gain_from_merging", "1", "1", (1, 2), "0.01", "each margin is rounded up by itself"),
        ("house-usdm", "any_unit", "100_000", "1", (10, 1), "0", "tiers go by value"),
        ("ascendex", "adverse_price_never_helps", "8010", "1", (1, 1000), "0", "8,001.99 is in the same band"),
        ("ascendex", "adverse_price_never_helps", "8010", "1", (1, 100), "210.1824", "7,929.9 is in the band below"),
        ("ascendex", "adverse_price_never_helps", "-8010", "1", (1, 100), "0", "a short's notional rises as the mark hurts it"),
        ("house-usdm", "more_collateral_never_hurts", "1", "1", (1, 1), "0", "a dollar is a dollar"),
        ("house-usdm", "reducing_never_raises", "100_000", "1", (9, 10), "0", "less of it needs less"),
        ("house-usdm", "reduce_only_orders_never_raise", "100_000", "1", (1, 2), "0", "such orders hold nothing"),
    ],
)
def test_two_figures(rulebook: str, name: str, size: str, mark: str, change: Exact, wrong_by: str, why: str) -> None:
    market = "XTZ-USDT" if rulebook == "ascendex" else "BTC-USDT"
    plan, snapshot = case(rulebook, size, mark, market, taker_fee="0", leverage={market: "3"})
    pair = PROPERTIES[name].pair(plan, snapshot, change)
    assert pair is not None
    assert pair.wrong_by == Fraction(wrong_by), why


@pytest.mark.parametrize(
    "name, change, may, why",
    [
        ("no_gain_from_splitting", (1, 2), True, "a half"),
        ("no_gain_from_splitting", (1, 1), False, "all of it is no part"),
        ("no_gain_from_merging", (10, 1), False, "nobody holds ten times of it"),
        ("adverse_price_never_helps", (1, 1), False, "a mark of nothing"),
        ("any_unit", (1, 1), False, "the same unit"),
        ("more_collateral_never_hurts", (1000, 1), True, "any amount"),
        ("more_collateral_never_hurts", (-1, 1), False, "money taken out"),
    ],
)
def test_what_a_change_may_be(name: str, change: Exact, may: bool, why: str) -> None:
    assert may_be(name, change) is may, why


def test_what_cannot_be_decided_shows_nothing() -> None:
    plan, snapshot = case("house-usdm", "1", market="DOGE-USDT")
    assert all(rule.pair(plan, snapshot, (1, 2)) is None for rule in PROPERTIES.values())


@pytest.mark.parametrize("rulebook", ["house-usdm", "okx", "phemex", "kraken-futures"])
def test_accounts_are_drawn_the_same_each_time(rulebook: str) -> None:
    """And nearly all of them can be decided, on both sides of the trigger."""
    plan, when = plan_of(rulebook)
    first, again = (list(drawn(plan, when, "a seed", 60, (Fraction(1, 2),))) for _ in range(2))
    assert first == again
    made = [one for one in first if one is not None]
    assert len(made) > 50
    words = {decided(plan, one.snapshot).verdict(0)[0] for one in made}
    assert words == {"healthy", "liquidate"}


def test_a_counter_example_is_made_small() -> None:
    plan, when = plan_of("house-usdm")
    rule = PROPERTIES["no_gain_from_splitting"]

    def shows(one: Drawn) -> bool:
        pair = rule.pair(plan, one.snapshot, one.change) if may_be("no_gain_from_splitting", one.change) else None
        return pair is not None and pair.wrong_by > 1

    large = next(one for one in drawn(plan, when, "large", 60, rule.changes) if one and shows(one) and len(sentence(one.snapshot)) > 100)
    small = shrunk(large, shows)
    assert shows(small)
    assert len(sentence(small.snapshot)) < len(sentence(large.snapshot))
    assert len(small.snapshot.accounts[0].positions) == 1


def test_an_example_reads_back_as_it_was_written() -> None:
    """What `riskrules invariants --format yaml` prints is a case that gives the same figures."""
    from riskrules.text.reader import read

    plan, when = plan_of("okx")
    found = tried(plan, when, "any_unit", 60)
    assert found.example is not None
    assert found.pair is not None
    document, problems = read("\n".join(words_of(found.example.snapshot).lines()).encode(), "case.yaml")
    assert document is not None
    assert not problems
    snapshot, _ = snapshot_of_case(plan, Case.model_validate(document), when)
    assert snapshot is not None
    assert PROPERTIES["any_unit"].pair(plan, snapshot, found.example.change) == found.pair
    assert "new units an old one" in told(found)


# -- what is shipped -------------------------------------------------------------------------------


@pytest.mark.parametrize("rulebook", SHIPPED.rulebooks())
def test_what_is_declared_is_so(rulebook: str) -> None:
    errors = [f"{problem.code} {problem.text}" for problem in promised_of(shipped(rulebook), None)]
    assert errors == [], "run riskrules invariants and riskrules notes on it"


@pytest.mark.parametrize("rulebook", DECLARING)
def test_every_invariant_is_declared(rulebook: str) -> None:
    book = shipped(rulebook)
    left = {"reduce_only_orders_never_raise"} if rulebook == "phemex" else set()  # every position is isolated there
    assert set(declared_in(book.history, book.windows()[-1])) == set(PROPERTIES) - left


def test_a_market_without_a_table_is_tried_where_formulas_need_none() -> None:
    """Near the amounts that the formulas are set for."""
    plan, when = plan_of("blofin")
    bound = Fraction("68.96631223")
    worth = [notional(one.snapshot) for one in drawn(plan, when, "seed", 200, (Fraction(1),)) if one]
    assert len(worth) > 180
    assert sum(bound * Fraction(9, 10) < value for value in worth) > 20
    assert all(value <= bound for value in worth), "what lies above is undecided, and drawn again"
    book = shipped("blofin")
    assert set(declared_in(book.history, book.windows()[-1])) == set(PROPERTIES) - {"reduce_only_orders_never_raise"}


def notional(snapshot: Snapshot) -> Fraction:
    (one,) = snapshot.accounts[0].positions
    mark = snapshot.markets[one.market].mark_price
    assert mark is not None
    return abs(to_fraction(one.size)) * to_fraction(mark)


@pytest.mark.parametrize("rulebook", [*DECLARING, *NO_MARKET, "blofin"])
def test_there_is_a_note(rulebook: str) -> None:
    book = shipped(rulebook)
    assert notes_in(book.history, book.windows()[-1])


STATUS = """kind: status
rulebook: house-usdm
effective: 2027-01-01T00:00:00Z
reason: A test.
title: House USD-margined
authority: house
stale_after: never
unsettled: []
invariants:
"""
ROUNDED = "  no_gain_from_merging: {within: %s, because: Rounded up.}\n"
EXAMPLE = """  no_gain_from_splitting:
    because: Low tiers twice.
    broken:
      case:
        markets: {BTC-USDT: {mark_price: 1}}
        account: {collateral: {}, positions: [{market: BTC-USDT, mode: cross, size: 100_000, entry_price: 1, unsettled_funding: 0}]}
      change: %s
      gives: [%s]
"""


@pytest.mark.parametrize(
    "invariants, codes, why",
    [
        ("  any_order: holds\n", [], "it does"),
        ("  no_gain_from_splitting: holds\n", ["RR801"], "it does not"),
        ("  no_gain_from_merging: holds\n", ["RR801"], "a cent of rounding is a cent"),
        (ROUNDED % "0.01", [], "and may be allowed for"),
        (ROUNDED % "0.009", ["RR801"], "not by less than it is"),
        (EXAMPLE % ("0.5", "500, 450"), [], "a real exception with its figures"),
        (EXAMPLE % ("1/2", "500, 450"), [], "a share may be a quotient"),
        (EXAMPLE % ("0.5", "500, 440"), ["RR802"], "a figure that does not come out"),
        (EXAMPLE.replace("100_000", "50_000") % ("0.5", "225, 225"), ["RR802"], "in the first tier there is no exception"),
        (EXAMPLE.replace("BTC", "DOGE") % ("0.5", "500, 450"), ["RR802"], "nothing is decided in an unknown market"),
        (EXAMPLE.replace("{BTC-USDT: {mark_price: 1}}", "{}") % ("0.5", "500, 450"), ["RR802"], "a position without a mark"),
        (EXAMPLE % ("2", "500, 450"), ["RR802"], "two is no share"),
        (EXAMPLE.replace("size:", "sizes:") % ("0.5", "500, 450"), ["RR802"], "not an account in the words of a snapshot"),
    ],
)
def test_what_a_status_file_declares(invariants: str, codes: list[str], why: str, tmp_path: Path) -> None:
    shutil.copytree(POLICIES / "house-usdm", tmp_path / "house-usdm")
    shipped = tmp_path / "house-usdm/status/2026-12-01.yaml"
    shipped.write_text(shipped.read_text(encoding="utf-8").partition("invariants:")[0], encoding="utf-8")
    (tmp_path / "house-usdm/status/2027-01-01.yaml").write_text(STATUS + invariants, encoding="utf-8")
    found = promised_of(book_of("house-usdm", Shelf(tmp_path, packaged=False)), None)
    assert [problem.code for problem in found] == codes, why


def test_a_later_status_leaves_other_invariants_standing(tmp_path: Path) -> None:
    shutil.copytree(POLICIES / "house-usdm", tmp_path / "house-usdm")
    (tmp_path / "house-usdm/status/2027-01-01.yaml").write_text(STATUS + "  any_order: holds\n", encoding="utf-8")
    book = book_of("house-usdm", Shelf(tmp_path, packaged=False))
    found = declared_in(book.history, book.windows()[-1])
    assert found["any_order"].file.path == "status/2027-01-01.yaml"
    assert found["any_unit"].file.path == "status/2026-12-01.yaml"


# -- steadiness ------------------------------------------------------------------------------------


def test_a_marginal_table_has_no_jump_and_a_whole_position_one_has() -> None:
    house, when = load(POLICIES, rulebook="house-usdm", as_of="2026-12-02T00:00:00Z"), 0
    smooth = stability(house.plan, house.when or when, "BTC-USDT", (1000, 1))
    assert smooth is not None
    assert smooth.over_size is not None
    assert smooth.over_size.by <= Fraction(1, 100), "what rounding up leaves, and no more"
    bands = load(POLICIES, rulebook="ascendex", as_of="2022-05-01T00:00:00Z")
    steep = stability(bands.plan, bands.when, "XTZ-USDT", (1, 1))
    assert steep is not None
    assert steep.over_size is not None
    assert steep.over_price is not None
    assert round(steep.over_size.by, 3) == round(steep.over_price.by, 3) > 100, "its look-up goes by value: both move it over the bound"


def test_a_basis_point_of_a_long() -> None:
    house = load(POLICIES, rulebook="house-usdm", as_of="2026-12-02T00:00:00Z")
    found = stability(house.plan, house.when, "BTC-USDT", (1000, 1))
    assert found is not None
    point = found.points[0]
    assert (point.notional, point.requirement) == (10_000, Fraction(45)), "0.4% of it and a fee of 0.05%"
    assert point.buffer_moves == point.requirement_moves * -1 - 1, "a dollar of equity is lost, and what is needed falls a little"
