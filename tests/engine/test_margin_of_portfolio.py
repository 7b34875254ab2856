"""A margin that is what the portfolio requires: against whole matrices and plain loops, and against what `couple` says."""

from __future__ import annotations

import re
import shutil
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from riskrules.api import Book, PolicyError, load
from riskrules.engine.couple import couple
from riskrules.ir.fault import Fault
from riskrules.units.exact import to_fraction
from tests.places import POLICIES
from tests.reference import portfolio as textbook

WHEN = "2026-12-20T00:00:00Z"
MARKETS = ("BTC-USDT", "ETH-USDT", "HIVE-USDT")
PRICES = {"BTC-USDT": Fraction(64_000), "ETH-USDT": Fraction(3_200), "HIVE-USDT": Fraction("0.4")}
MATRIX = [[Fraction(x) for x in row] for row in (("1", "0.85", "0.5"), ("0.85", "1", "0.55"), ("0.5", "0.55", "1"))]
MOVES = [[Fraction(x, 100) for x in row] for row in ((-10, -14, -25), (10, 13, 20), (-8, -2, 0), (0, 6, 40), (-30, -40, -65))]
COUNTED = [Fraction(1)] * 4 + [Fraction(40, 100)]
WEIGHTS = [Fraction(x, 100) for x in (4, 5, 9)]
HEAD = "kind: margin\nrulebook: house-usdm\neffective: 2026-12-15T00:00:00Z\nreason: Accounts are margined as portfolios.\n"
MARGIN = (
    HEAD
    + """maintenance_margin: {position: none, whole: {portfolio: 100%}, fee: none}
initial_margin:
  position: none
  orders: {count: not_counted, price: order_price, reduce_only: excluded, opening_loss: not_reserved, fee: none}
  whole: {portfolio: 130%}
"""
)


def book_of(folder: Path, requirement: str = "{larger_of: [scenarios, correlation]}") -> Book:
    shutil.copytree(POLICIES / "house-usdm", folder / "house-usdm")
    (folder / "house-usdm" / "margin" / "2026-12-15.yaml").write_text(MARGIN, encoding="utf-8")
    amended = HEAD.replace("kind: margin", "kind: portfolio") + f"requirement: {requirement}\n"
    (folder / "house-usdm" / "portfolio" / "2026-12-15.yaml").write_text(amended, encoding="utf-8")
    return load(folder / "house-usdm", as_of=WHEN)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return book_of(tmp_path_factory.mktemp("cross"))


def given(sizes: dict[str, str], balance: str = "30000", mode: str = "cross") -> dict[str, Any]:
    markets = {name: {"mark_price": str(float(price)), "at": WHEN} for name, price in PRICES.items()}
    positions = [
        {"id": name, "market": name, "mode": mode, "size": size, "entry_price": str(float(PRICES[name])), "leverage": "5",
         "unsettled_funding": "0", **({"margin": "20000"} if mode == "isolated" else {})}
        for name, size in sizes.items()
    ]  # fmt: skip
    account = {"id": "a", "collateral": {"USDT": balance}, "taker_fee": "0.0005", "positions": positions}
    return {"as_of": WHEN, "rulebook": "house-usdm", "markets": markets, "accounts": [account]}


def by_hand(exposures: list[Fraction]) -> tuple[Fraction, Fraction]:
    """What scenarios and what correlations require."""
    weighed = [e * w for e, w in zip(exposures, WEIGHTS, strict=True)]
    vertices = [MATRIX, textbook.toward(MATRIX, "ones", Fraction(60, 100)), textbook.toward(MATRIX, "identity", Fraction(30, 100))]
    worst = max(textbook.quadratic(weighed, vertex) for vertex in vertices)
    return textbook.scenario_loss(exposures, MOVES, COUNTED), textbook.root_up(worst * 9)


def decided(book: Book, snapshot: dict[str, Any]) -> Any:
    return next(iter(book.decided(book.snapshot(snapshot))))


def value(evaluated: Any, name: str, row: int = 0) -> Fraction:
    found = evaluated.value(name, row)
    assert isinstance(found, tuple), found
    return to_fraction(found)


def drawn(random: Random) -> dict[str, str]:
    chosen = random.sample(MARKETS, random.choice((1, 2, 3)))
    return {name: str(random.choice((-1, 1)) * round(float(random.randint(1_000, 400_000) / PRICES[name]), 2)) for name in chosen}


def exposures_of(sizes: dict[str, str]) -> list[Fraction]:
    return [Fraction(sizes.get(name, "0")) * PRICES[name] for name in MARKETS]


@pytest.mark.parametrize(
    "requirement, of",
    [
        ("{larger_of: [scenarios, correlation]}", lambda losses, root: max(losses, root)),
        ("{sum_of: [scenarios, correlation]}", lambda losses, root: losses + root),
        ("{larger_of: [scenarios]}", lambda losses, root: losses),
    ],
)
def test_margins_are_what_is_required_by_hand(tmp_path: Path, requirement: str, of: Any) -> None:
    book, random = book_of(tmp_path, requirement), Random(requirement)
    for _ in range(60):
        sizes = drawn(random)
        found, required = decided(book, given(sizes)), of(*by_hand(exposures_of(sizes)))
        assert value(found, "maintenance_margin") == required, sizes
        assert value(found, "initial_margin") == required * Fraction(13, 10), sizes


@pytest.mark.parametrize(
    "balance, decision, why",
    [
        ("7889.56", "healthy", "a cent more than is required"),
        ("7889.55", "liquidate", "equality liquidates, as both files say"),
        ("7889.54", "liquidate", "a cent less"),
    ],
)
def test_equality_falls_on_the_amount(book: Book, balance: str, decision: str, why: str) -> None:
    snapshot = given({"BTC-USDT": "1", "ETH-USDT": "-12", "HIVE-USDT": "40000"}, balance)
    found = decided(book, snapshot)
    assert value(found, "maintenance_margin") == Fraction("7889.55")
    assert found.verdict(0)[0] == decision, why
    coupled = couple(book.plan, book.snapshot(snapshot), book.snapshot(snapshot).accounts[0])
    assert coupled.modes[0].value("liquidate_now", 0) is (decision == "liquidate"), why


def test_couple_and_explain_have_one_trigger(book: Book) -> None:
    random = Random(4)
    for _ in range(40):
        sizes = drawn(random)
        losses, root = by_hand(exposures_of(sizes))
        balance = max(losses, root) + Fraction(random.choice((-1, 0, 1)), 100)
        snapshot = given(sizes, str(float(balance)))
        coupled = couple(book.plan, book.snapshot(snapshot), book.snapshot(snapshot).accounts[0])
        assert coupled.modes[0].value("liquidate_now", 0) is (decided(book, snapshot).verdict(0)[0] == "liquidate"), sizes


def test_an_isolated_position_is_required_what_it_is_alone(book: Book) -> None:
    sizes = {"BTC-USDT": "1", "ETH-USDT": "-12"}
    found = decided(book, given(sizes, mode="isolated"))
    for row, pool in enumerate(found.rows.pools):
        if pool.position:
            alone = exposures_of({pool.position: sizes[pool.position]})
            assert value(found, "maintenance_margin", row) == max(by_hand(alone))


@pytest.mark.parametrize("market, falls, why", [("BTC-USDT", True, "a long loses as it falls"), ("ETH-USDT", False, "a short as it rises")])
def test_a_liquidation_price_is_right_to_the_tick(book: Book, market: str, falls: bool, why: str) -> None:
    """By hand on both sides of the price that is named."""
    sizes = {"BTC-USDT": "1", "ETH-USDT": "-12", "HIVE-USDT": "40000"}
    text = book.explain(given(sizes)).text()
    named = re.search(rf"{market} mark [≤≥] ([\d,.]+)", text)
    assert named is not None, why
    price = Fraction(named[1].replace(",", ""))
    for at, liquidated in ((price, True), (price + Fraction(1 if falls else -1, 100), False)):
        exposures = [Fraction(sizes[name]) * (at if name == market else PRICES[name]) for name in MARKETS]
        equity = 30_000 + Fraction(sizes[market]) * (at - PRICES[market])
        assert (equity <= max(by_hand(exposures))) is liquidated, (at, why)


def test_a_market_outside_the_portfolio_is_an_error(tmp_path: Path) -> None:
    book = book_of(tmp_path)
    plan = book.plan
    snapshot = given({"BTC-USDT": "1"})
    snapshot["accounts"][0]["positions"][0]["market"] = "DOGE-USDT"
    found = decided(book, snapshot)
    assert isinstance(found.value("maintenance_margin", 0), Fault), plan.rulebook


@pytest.mark.parametrize(
    "section, why",
    [
        ("maintenance_margin: {position: none, whole: {portfolio: 100%}, fee: {rate: 0.05%, on: notional_at_mark}}", "a fee besides"),
        ("maintenance_margin: {position: none, whole: {portfolio: 99%}, fee: none}", "a share of it"),
        ("rounding: {position_margins: none, pool_margins: {to: 1, direction: up}, equity: none}", "rounded once more"),
        ("liquidate_when: {equity: {at_or_below: maintenance_margin}, times: 105%, needs: open_position}", "a multiple of it"),
        ("liquidate_when: {equity: {below: maintenance_margin}, needs: open_position}", "equality on the other side"),
    ],
)
def test_an_account_has_one_trigger(tmp_path: Path, section: str, why: str) -> None:
    book_of(tmp_path)
    later = HEAD.replace("12-15", "12-16") + section + "\nstates_by_maintenance_share_of_equity: none\n"
    (tmp_path / "house-usdm" / "margin" / "2026-12-16.yaml").write_text(later, encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        load(tmp_path / "house-usdm", as_of=WHEN)
    assert {problem.code for problem in refused.value.problems} == {"RR275"}, why


def test_what_orders_hold_is_added_to_the_initial_margin(tmp_path: Path) -> None:
    """By hand: a buy of 1 BTC at 63,000 at 5x, its fee of opening and closing, and no loss at the mark of 64,000."""
    book_of(tmp_path)
    counted = (POLICIES / "house-usdm" / "margin" / "2026-12-01.yaml").read_text(encoding="utf-8")
    orders = next(line for line in counted.splitlines() if line.startswith("  orders:"))
    later = HEAD.replace("12-15", "12-16") + f"initial_margin:\n  position: none\n{orders}\n  whole: {{portfolio: 130%}}\n"
    (tmp_path / "house-usdm" / "margin" / "2026-12-16.yaml").write_text(later, encoding="utf-8")
    book = load(tmp_path / "house-usdm", as_of=WHEN)
    snapshot = given({"BTC-USDT": "1"})
    before = value(decided(book, snapshot), "initial_margin")
    order = {"id": "o", "market": "BTC-USDT", "side": "buy", "size": "1", "price": "63000", "leverage": "5", "reduce_only": False}
    snapshot["accounts"][0]["orders"] = [order]
    assert before == max(by_hand(exposures_of({"BTC-USDT": "1"}))) * Fraction(13, 10)
    assert value(decided(book, snapshot), "initial_margin") - before == 63_000 / 5 + 2 * 63_000 * Fraction("0.0005")


@pytest.mark.parametrize("requirement", ["{larger_of: [scenarios, correlation]}", "{larger_of: [scenarios]}"])
def test_a_table_decides_as_a_snapshot_does(tmp_path: Path, requirement: str) -> None:
    book, random = book_of(tmp_path, requirement), Random(requirement)
    rows: dict[str, list[str]] = {}
    held: dict[str, list[str]] = {"account": [], "asset": [], "amount": []}
    wanted = []
    for number in range(25):
        sizes = drawn(random)
        balance = str(float(max(by_hand(exposures_of(sizes))) + random.choice((-50, Fraction(-1, 100), 0, Fraction(1, 100), 50))))
        wanted += [decided(book, given(sizes, balance)).verdict(0)[0]] * len(sizes)
        for name, size in sizes.items():
            price = str(float(PRICES[name]))
            of = {
                "account": f"a{number}", "market": name, "mode": "cross", "size": size, "entry_price": price, "mark_price": price,
                "mark_price_at": WHEN, "leverage": "5", "unsettled_funding": "0", "taker_fee": "0.0005",
            }  # fmt: skip
            for column, cell in of.items():
                rows.setdefault(column, []).append(cell)
        for column, cell in zip(held, (f"a{number}", "USDT", balance), strict=True):
            held[column].append(cell)
    assert list(book.evaluate(rows, held)["decision"]) == wanted
    assert {"healthy", "liquidate"} <= set(wanted)


def test_a_margin_of_no_portfolio_is_refused(tmp_path: Path) -> None:
    shutil.copytree(POLICIES / "house-usdm", tmp_path / "house-usdm", ignore=shutil.ignore_patterns("portfolio"))
    (tmp_path / "house-usdm" / "margin" / "2026-12-15.yaml").write_text(MARGIN, encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        load(tmp_path / "house-usdm", as_of=WHEN)
    assert [problem.code for problem in refused.value.problems] == ["RR274", "RR274"]
