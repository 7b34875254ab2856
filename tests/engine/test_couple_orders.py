"""Open orders of a coupled account: the worse side of each market by requirement, against matrices and loops of another hand."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from riskrules.api import Book, load
from riskrules.engine.couple import couple
from riskrules.engine.couple_json import account_json
from riskrules.engine.couple_orders import MOST_MARKETS, OpenOrders
from riskrules.engine.couple_text import couple_text
from riskrules.engine.couple_view import View, view
from riskrules.faces.couple import couple_page
from riskrules.faces.page import foot
from riskrules.units.exact import to_fraction
from tests.engine.test_margin_of_portfolio import MARKETS, PRICES, by_hand
from tests.places import POLICIES
from tests.rules.told import house_with

WHEN = "2026-12-02T00:00:00Z"
BTC, ETH, HIVE = MARKETS
HOUSE = load(POLICIES, rulebook="house-usdm", as_of=WHEN)
FEES = Fraction(2, 2000)  # to open and to close


def order(market: str, side: str, size: str, price: str, **more: Any) -> dict[str, Any]:
    return {"market": market, "side": side, "size": size, "price": price, "reduce_only": False, "leverage": "5", **more}


def given(sizes: dict[str, str], orders: list[dict[str, Any]], balance: str = "30000") -> dict[str, Any]:
    positions = [
        {"id": name, "market": name, "mode": "cross", "size": size, "entry_price": str(float(PRICES[name])), "leverage": "5",
         "unsettled_funding": "0"}
        for name, size in sizes.items()
    ]  # fmt: skip
    markets = {name: {"mark_price": str(float(price)), "at": WHEN} for name, price in PRICES.items()}
    account = {"id": "a", "collateral": {"USDT": balance}, "taker_fee": "0.0005", "positions": positions, "orders": orders}
    return {"as_of": WHEN, "rulebook": "house-usdm", "markets": markets, "accounts": [account]}


def seen(snapshot: dict[str, Any], book: Book = HOUSE) -> View:
    read = book.snapshot(json.dumps(snapshot))
    return view(couple(book.plan, read, read.accounts[0]))


def orders_of(snapshot: dict[str, Any], book: Book = HOUSE) -> OpenOrders:
    found = seen(snapshot, book).orders
    assert found is not None
    return found


def amount(value: Any) -> Fraction:
    assert isinstance(value, tuple), value
    return to_fraction(value)


def required(exposures: list[Fraction]) -> Fraction:
    return max(by_hand(exposures))


@pytest.mark.parametrize(
    "sizes, orders, filled, exposures, reserved, why",
    [
        ({BTC: "1"}, [order(BTC, "buy", "1", "64000")], {BTC: "buys"}, (128_000, 0, 0), "64", "more of what is held, and two fees of 32"),
        ({BTC: "1"}, [order(BTC, "sell", "1", "64000")], {}, (64_000, 0, 0), "0", "what only takes it back is better left unfilled"),
        ({BTC: "1"}, [order(BTC, "sell", "3", "65000")], {BTC: "sells"}, (-131_000, 0, 0), "195", "turned round, at their own price"),
        (
            {BTC: "1"}, [order(BTC, "sell", "3", "65000"), order(BTC, "buy", "2", "63000")], {BTC: "buys"}, (190_000, 0, 0), "126",
            "of both sides the worse: 190,000 long is more than 131,000 short",
        ),
        ({BTC: "1"}, [order(BTC, "buy", "1", "65000")], {BTC: "buys"}, (129_000, 0, 0), "1065", "above the mark: 1,000 are lost at once"),
        ({BTC: "1", ETH: "-12"}, [order(ETH, "sell", "2", "3200")], {ETH: "sells"}, (64_000, -44_800, 0), "6.4", "a hedge grown too large"),
        ({BTC: "1", ETH: "-12"}, [order(ETH, "buy", "12", "3200")], {ETH: "buys"}, (64_000, 0, 0), "38.4", "a hedge goes"),
        ({BTC: "1"}, [order(ETH, "buy", "5", "3000")], {ETH: "buys"}, (64_000, 15_000, 0), "15", "in a market that nothing is held in"),
    ],
)  # fmt: skip
def test_by_hand(
    sizes: dict[str, str], orders: list[dict[str, Any]], filled: dict[str, str], exposures: Any, reserved: str, why: str
) -> None:
    found = orders_of(given(sizes, orders)).worst
    assert found is not None
    assert dict(found.sides) == filled, why
    assert amount(found.required) == required([Fraction(one) for one in exposures]), why
    assert to_fraction(found.reserved) == Fraction(reserved), why
    assert amount(found.equity) == 30_000 - Fraction(reserved), why


def drawn(random: Random) -> tuple[dict[str, str], list[dict[str, Any]]]:
    sizes = {
        name: str(random.choice((-1, 1)) * round(float(random.randint(1_000, 200_000) / PRICES[name]), 2))
        for name in random.sample(MARKETS, random.choice((1, 2, 3)))
    }
    orders = []
    for name in random.choices(MARKETS, k=random.choice((1, 2, 4))):
        price = PRICES[name] * Fraction(random.choice((90, 100, 110)), 100)
        size = str(round(float(random.randint(1_000, 200_000) / PRICES[name]), 2))
        orders.append(order(name, random.choice(("buy", "sell")), size, str(float(price))))
    return sizes, orders


def added(orders: list[dict[str, Any]], shares: list[Fraction]) -> tuple[list[Fraction], Fraction]:
    """What so much of each order adds to each exposure, and what it costs at once."""
    adds, cost = dict.fromkeys(MARKETS, Fraction(0)), Fraction(0)
    for one, share in zip(orders, shares, strict=True):
        side = 1 if one["side"] == "buy" else -1
        size, price = share * Fraction(one["size"]), Fraction(one["price"])
        adds[one["market"]] += side * size * price
        cost += max(Fraction(0), side * size * (price - PRICES[one["market"]])) + size * price * FEES
    return list(adds.values()), cost


@pytest.mark.parametrize("seed", range(25))
def test_it_is_the_worst_of_all_corners_and_no_partial_fill_is_worse(seed: int) -> None:
    random = Random(seed)
    sizes, orders = drawn(random)
    held = [Fraction(sizes.get(name, "0")) * PRICES[name] for name in MARKETS]

    def needed(shares: list[Fraction]) -> Fraction:
        adds, cost = added(orders, shares)
        return required([a + b for a, b in zip(held, adds, strict=True)]) + cost

    corners = []
    for sides in product(("buy", "sell"), repeat=3):
        chosen = dict(zip(MARKETS, sides, strict=True))
        corners.append(needed([Fraction(chosen[one["market"]] == one["side"]) for one in orders]))
    found = orders_of(given(sizes, orders)).worst
    assert found is not None
    assert amount(found.required) + to_fraction(found.reserved) == max(corners)
    for _ in range(30):  # a cent, because the root of each is rounded up by itself
        assert needed([Fraction(random.randint(0, 10), 10) for _ in orders]) <= max(corners) + Fraction(1, 100)


@pytest.mark.parametrize(
    "balance, would, why",
    [
        ("7760", True, "128,000 need 15,360 of which 64 more are off: far too little"),
        ("15424", True, "what is left is exactly what is required"),
        ("15424.01", False, "a cent more"),
    ],
)
def test_the_side_of_equality(balance: str, would: bool, why: str) -> None:
    one = seen(given({BTC: "1"}, [order(BTC, "buy", "1", "64000")], balance))
    assert one.orders is not None
    assert one.orders.worst is not None
    assert one.orders.worst.liquidated is would, why
    assert one.modes[0].liquidated is (Fraction(balance) <= 7680), "what is not filled liquidates nobody"


@pytest.mark.parametrize(
    "orders, counted, left_out, said",
    [
        ([order(BTC, "buy", "1", "64000"), order(BTC, "sell", "1", "64000", reduce_only=True)], 1, 1, "1 more only reduces"),
        ([order(BTC, "buy", "1", "64000", untriggered=True)], 0, 1, "none counts: 1 order that only reduce, or wait for a trigger"),
        ([order("SOL-USDT", "buy", "1", "10")], 1, 0, "not counted: RR502"),
        ([], 0, 0, ""),
    ],
)
def test_what_is_left_out_is_said(orders: list[dict[str, Any]], counted: int, left_out: int, said: str) -> None:
    one = seen(given({BTC: "1"}, orders))
    text = re.sub(r"\s+", " ", couple_text(one))
    if not orders:
        assert one.orders is None
        assert "  orders  " not in couple_text(one)
        return
    assert one.orders is not None
    assert (one.orders.counted, one.orders.left_out) == (counted, left_out)
    assert said in text


ORDERS = "{count: COUNT, price: order_price, reduce_only: excluded, opening_loss: not_reserved, fee: none}"


def book_that_counts(tmp_path: Path, count: str) -> Book:
    text = (
        "kind: margin\nrulebook: house-usdm\neffective: 2026-12-01T09:00:00Z\nreason: Tried here.\ninitial_margin:\n"
        f"  position: {{rate: one_over_chosen_leverage, on: notional_at_mark}}\n  orders: {ORDERS.replace('COUNT', count)}\n"
    )
    return load(house_with(tmp_path, {"margin/2026-12-01-orders.yaml": text}).folder, rulebook="house-usdm", as_of=WHEN)


def test_where_the_margin_counts_none_that_is_said(tmp_path: Path) -> None:
    one = seen(given({BTC: "1"}, [order(BTC, "buy", "1", "65000")]), book_that_counts(tmp_path, "not_counted"))
    assert "orders       1 order not counted: the margin file counts none" in couple_text(one)


def test_what_is_not_reserved_is_not_taken_off(tmp_path: Path) -> None:
    found = orders_of(given({BTC: "1"}, [order(BTC, "buy", "1", "65000")]), book_that_counts(tmp_path, "every_order")).worst
    assert found is not None
    assert (to_fraction(found.reserved), amount(found.equity)) == (0, 30_000)


def test_too_many_markets_are_said_and_not_guessed() -> None:
    found = OpenOrders(9, 0, "larger_side", None, MOST_MARKETS + 1)
    assert found.too_many


def test_json_and_page_say_the_same() -> None:
    one = seen(given({BTC: "1"}, [order(BTC, "buy", "1", "64000")]))
    told = account_json(one)["orders"]
    assert told["worst"] == {"filled": {BTC: "buys"}, "required": "15360", "reserved": "64", "equity": "29936", "liquidated": False}
    assert told["text"] in re.sub(r"<[^>]+>", "", couple_page([one], foot(HOUSE.plan.status, HOUSE.when, HOUSE.plan.digest, "0")))
