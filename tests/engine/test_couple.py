"""An account coupled under the house rulebook: figures by hand, distances tried at the moved prices, and what is refused."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from riskrules.api import Book, load
from riskrules.engine.couple import Coupled, couple
from riskrules.engine.couple_text import couple_text
from riskrules.engine.couple_view import ModeView, View, view
from riskrules.faces.couple import couple_page
from riskrules.faces.page import foot
from riskrules.ir.fault import Fault
from riskrules.rulebook.portfolio_plan import portfolio_of
from riskrules.units.exact import to_fraction
from tests.places import EXAMPLES, POLICIES

WHEN = "2026-12-02T00:00:00Z"
GIVEN: dict[str, Any] = json.loads((EXAMPLES / "portfolio.json").read_text(encoding="utf-8"))
BTC, ETH, HIVE = "BTC-USDT", "ETH-USDT", "HIVE-USDT"


@pytest.fixture(scope="module")
def book() -> Book:
    return load(POLICIES, rulebook="house-usdm", as_of=WHEN)


def given(balance: str = "26000", marks: dict[str, Fraction] | None = None, **sizes: str) -> dict[str, Any]:
    """The example with another balance, other sizes, or prices moved."""
    made = deepcopy(GIVEN)
    account = made["accounts"][0]
    account["collateral"] = {"USDT": balance}
    for position in account["positions"]:
        position["size"] = sizes.get(position["market"].split("-")[0], position["size"])
    for market, mark in (marks or {}).items():
        made["markets"][market]["mark_price"] = f"{mark.numerator}/{mark.denominator}"
    return made


def coupled(book: Book, snapshot: dict[str, Any], stress: str = "") -> Coupled:
    read = book.snapshot(snapshot)
    return couple(book.plan, read, read.accounts[0], stress)


def seen(book: Book, snapshot: dict[str, Any], stress: str = "") -> View:
    return view(coupled(book, snapshot, stress))


def mode(one: View, name: str) -> ModeView:
    return next(found for found in one.modes if found.name == name)


def amount(value: Any) -> Fraction:
    assert isinstance(value, tuple), value
    return to_fraction(value)


def test_the_figures_by_hand(book: Book) -> None:
    """64,000 of BTC long, 38,400 of ETH short, 16,000 of HIVE long; weighed 2,560, −1,920 and 1,440."""
    one = seen(book, given())
    group = mode(one, "cross").groups[0]
    assert group.scenarios is not None
    assert group.correlation is not None
    assert group.scenarios.worst == "crash"
    assert amount(group.scenarios.margin) == 5696
    assert {part.market: amount(part.amount) for part in group.scenarios.parts} == {BTC: -7680, HIVE: -4160, ETH: 6144}
    assert group.scenarios.runner_up == "selloff"
    assert amount(group.scenarios.runner_up_result) == -5024
    assert group.correlation.binding == "toward identity 30%"
    assert {name: amount(variance) for name, variance in group.correlation.variances} == {
        "base": 4_602_880, "toward ones 60%": 4_436_992, "toward identity 30%": 6_916_096
    }  # fmt: skip
    first = group.correlation.pairs[0]
    assert (first.one, first.other, amount(first.added)) == (BTC, ETH, Fraction(3, 10) * 2 * 2560 * 1920 * Fraction("0.85"))
    assert amount(group.requirement) == Fraction("7889.55"), "3 × √6,916,096 = 7,889.543…, up to the cent"
    assert amount(one.equity) == 26000 + 1000 + 1200 - 400


def test_equity_is_split_by_what_is_required(book: Book) -> None:
    one = seen(book, given())
    for name in ("grouped", "isolated"):
        found = mode(one, name)
        whole = sum(amount(group.requirement) for group in found.groups)
        assert amount(found.required) == whole
        assert sum(amount(group.equity) for group in found.groups) == amount(one.equity), "nothing is lost in the split"
        assert {amount(group.equity) / amount(group.requirement) for group in found.groups} == {amount(one.equity) / whole}
    assert [group.name for group in mode(one, "grouped").groups] == ["majors", "alts"]
    assert [group.markets for group in mode(one, "isolated").groups] == [(BTC,), (ETH,), (HIVE,)]


def moved(one: View, market: str, by: Fraction) -> Fraction:
    price = Fraction(GIVEN["markets"][market]["mark_price"])
    return price * (1 + by)


@pytest.mark.parametrize("balance", ["9000", "14000", "26000", "40000"])
@pytest.mark.parametrize("stress", ["selloff", "crash", "alts_squeeze"])
def test_a_distance_is_the_first_on_both_sides(book: Book, balance: str, stress: str) -> None:
    """The same account at those prices, as if they had been given: liquidated there, and a hundredth of a percent before it not."""
    one = seen(book, given(balance), stress)
    reach = mode(one, "cross").groups[0].reach
    assert reach is not None
    moves = portfolio_of(book.plan).moves[stress]  # type: ignore[union-attr]
    last = amount(reach.within) - Fraction(1, 10_000) if reach.at is None else amount(reach.at)  # at the very end a price is 0
    for step, liquidated in ((last, reach.at is not None), (max(last - Fraction(1, 10_000), Fraction(0)), last == 0)):
        marks = {market: moved(one, market, step * to_fraction(move)) for market, move in moves.items()}
        assert mode(seen(book, given(balance, marks)), "cross").liquidated is liquidated


@pytest.mark.parametrize("market", [BTC, ETH, HIVE])
def test_a_blast_is_the_first_on_both_sides(book: Book, market: str) -> None:
    one = seen(book, given("14000"))
    (blast,) = (found for found in mode(one, "cross").blasts if found.market == market)
    if blast.reach.at is None:
        assert blast.takes_down == ()
        return
    side = -1 if blast.falls else 1
    for step, liquidated in ((amount(blast.reach.at), True), (amount(blast.reach.at) - Fraction(1, 10_000), False)):
        assert mode(seen(book, given("14000", {market: moved(one, market, side * step)})), "cross").liquidated is liquidated
    others = {BTC: 64000, ETH: 38400, HIVE: 16000}
    assert set(blast.takes_down) == others.keys() - {market}
    assert amount(blast.outside) == sum(others.values()) - others[market]


@pytest.mark.parametrize("balance", ["9000", "14000", "26000"])
def test_isolated_takes_nobody_down(book: Book, balance: str) -> None:
    for blast in mode(seen(book, given(balance)), "isolated").blasts:
        assert not blast.takes_down
        assert amount(blast.outside) == 0


def test_grouped_takes_down_its_own_basket_only(book: Book) -> None:
    blasts = {blast.market: blast for blast in mode(seen(book, given()), "grouped").blasts}
    assert (blasts[BTC].takes_down, blasts[ETH].takes_down, blasts[HIVE].takes_down) == ((ETH,), (BTC,), ())


def test_what_matches_stands_through_the_stress(book: Book) -> None:
    """Each position alone, with the equity that is named: at the stressed prices a cent above stands, and a cent below does not."""
    one = seen(book, given(), "selloff")
    assert one.cross_stands is True
    marks = {BTC: Fraction(57600), ETH: Fraction(2752), HIVE: Fraction("0.3")}
    sizes = {BTC: Fraction(1), ETH: Fraction(-12), HIVE: Fraction(40000)}
    entries = {BTC: Fraction(63000), ETH: Fraction(3300), HIVE: Fraction("0.41")}
    for match in one.matches:
        market = match.market
        paid = amount(match.equity) - sizes[market] * (Fraction(GIVEN["markets"][market]["mark_price"]) - entries[market])
        lost = sizes[market] * (marks[market] - Fraction(GIVEN["markets"][market]["mark_price"]))
        at = {market: marks[market]} if amount(match.equity) > amount(match.equity) / amount(match.times) else {}
        for cent, liquidated in ((Fraction(1, 100), False), (Fraction(-1, 100), True)):
            alone = given(f"{float(paid + cent):.2f}", at)
            alone["accounts"][0]["positions"] = [p for p in alone["accounts"][0]["positions"] if p["market"] == market]
            assert mode(seen(book, alone), "cross").liquidated is liquidated, (market, lost)


def test_where_cross_falls_there_is_nothing_to_match(book: Book) -> None:
    one = seen(book, given("9000"), "crash")
    assert one.cross_stands is False
    assert "there is no safety to match" in couple_text(one)


@pytest.mark.parametrize(
    "balance, grouped, isolated, why",
    [
        ("26000", "allowed", "allowed", "27,800 for 17,760"),
        ("14000", "allowed", "refused: BTC-USDT would have equity", "15,800: enough for baskets, not for each alone"),
        ("15960", "allowed", "refused: BTC-USDT would have equity", "17,760 for 17,760: allowed_when says above"),
        ("15960.01", "allowed", "allowed", "a cent more"),
        ("8000", "refused: majors would have equity", "refused: BTC-USDT would have equity", "not even for baskets"),
    ],
)
def test_a_switch_is_checked(book: Book, balance: str, grouped: str, isolated: str, why: str) -> None:
    text = re.sub(r"\s+", " ", couple_text(seen(book, given(balance))))
    assert f"to grouped {grouped}" in text, why
    assert f"to isolated {isolated}" in text, why


def test_a_profit_that_is_not_realised_cannot_be_moved(book: Book) -> None:
    """BTC has gained more than its share of the equity: alone it would have to post less than nothing."""
    made = given("2000")
    made["accounts"][0]["positions"][0]["entry_price"] = "44000"
    text = re.sub(r"\s+", " ", couple_text(seen(book, made)))
    assert "to isolated refused: in BTC-USDT" in text
    assert "a profit that is not realised cannot be moved" in text


@pytest.mark.parametrize(
    "change, code, why",
    [
        ({"market": "SOL-USDT"}, "RR570", "a market that the portfolio does not name"),
        ({"market": "HIVE-USDC"}, "RR502", "a market that the rulebook does not have"),
        ({"entry_price": None}, "RR505", "equity that cannot be had"),
    ],
)
def test_what_is_not_known_is_an_error(change: dict[str, Any], code: str, why: str, tmp_path: Path) -> None:
    from tests.rules.told import house_with

    head = "kind: tiers\nrulebook: house-usdm\neffective: 2026-12-01T08:00:00Z\nreason: SOL.\nform: marginal_on_mark_notional\n"
    row = "tables: {SOL-USDT: {tiers: [{cap: unlimited, max_leverage: 10, maintenance_rate: 1%}]}}\n"
    shelf = house_with(tmp_path, {"tiers/2026-12-01-sol.yaml": head + row})
    with_sol = load(shelf.folder, rulebook="house-usdm", as_of=WHEN)
    made = given()
    position = made["accounts"][0]["positions"][2]
    position.update(change)
    if change.get("entry_price", "") is None:
        del position["entry_price"]
    made["markets"]["SOL-USDT"] = made["markets"]["HIVE-USDC"] = made["markets"][HIVE]
    one = seen(with_sol, made)
    assert isinstance(one.fault, Fault), why
    assert one.fault.code == code, why
    text = couple_text(one)
    assert text.startswith("ERROR  hedged")
    assert f"  {code}  " in text
    assert "HEALTHY" not in text


def test_a_price_that_is_missing_or_old_decides_nothing(book: Book) -> None:
    made = given()
    del made["markets"][ETH]["mark_price"]
    fault = seen(book, made).fault
    assert fault is not None
    assert fault.code == "RR501"
    made = given()
    made["markets"][ETH]["at"] = "2026-12-01T23:59:00Z"
    fault = seen(book, made).fault
    assert fault is not None
    assert fault.code == "RR503"


def test_no_position_is_no_portfolio(book: Book) -> None:
    made = given()
    made["accounts"][0]["positions"] = []
    assert couple_text(seen(book, made)) == "hedged  holds no position: nothing is coupled"


def test_orders_are_said_not_to_count(book: Book) -> None:
    made = given()
    made["accounts"][0]["orders"] = [
        {"market": BTC, "side": "buy", "size": "1", "price": "60000", "reduce_only": False, "leverage": "10"}
    ]  # fmt: skip
    assert "orders       not counted" in couple_text(seen(book, made))
    assert "orders       not" not in couple_text(seen(book, given()))


def test_the_page_asks_for_nothing_and_says_every_figure(book: Book) -> None:
    one = seen(book, given())
    page = couple_page([one], foot(book.plan.status, book.when, book.plan.digest, "0"))
    assert not re.search(r"(?:src|href)=|url\(|@import|<script", page)
    assert page.count("<svg") == 4, "two pictures, each at two sizes"
    shares = [int(text.replace("−", "-")) for text in re.findall(r'font-size="11">([+−]?\d+)</text>', page.split("</figure>")[0])]
    assert len(shares) == 18
    assert abs(sum(shares[:9]) - 100) <= 4, "the cells of the first picture are a whole, each rounded to one percent"
    for said in ("7,889.55", "toward identity 30%", "takes down 2 of 54,400.00", "24,576.00"):
        assert said in page or said in couple_text(one)
