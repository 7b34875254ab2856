"""Opening: the largest order that may be opened is allowed and one lot more is not, and the reasons are told."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.units.exact import to_fraction
from tests.places import POLICIES
from tests.rules.told import house_with

AS_OF = "2026-12-02T00:00:00Z"
FRESH = {"at": AS_OF}


def account(balance: str, *positions: dict[str, str], orders: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    markets = {"BTC-USDT": {"mark_price": "64000", **FRESH}, "HIVE-USDT": {"mark_price": "0.25", **FRESH}}
    assets = {"USDT": {"index_price": "1", **FRESH}}
    held = {"id": "a", "taker_fee": "0.05%", "collateral": {"USDT": balance}, "leverage": {"BTC-USDT": "20", "HIVE-USDT": "10"}}
    accounts = [{**held, "positions": list(positions), "orders": list(orders)}]
    return {"as_of": AS_OF, "markets": markets, "assets": assets, "accounts": accounts}


def long(size: str) -> dict[str, str]:
    return {"id": "p", "market": "BTC-USDT", "mode": "cross", "size": size, "entry_price": "64000", "unsettled_funding": "0"}


def order(size: str, **changes: Any) -> dict[str, Any]:
    return {"market": "BTC-USDT", "side": "buy", "size": size, "price": "64000", "reduce_only": False, **changes}


BOOK = riskrules.load(POLICIES / "house-usdm", as_of=AS_OF)


@pytest.mark.parametrize(
    "given, market, side, price, size, why",
    [
        (
            account("10000"),
            "BTC-USDT",
            "buy",
            "64000",
            "3.063",
            "10,000 ÷ (3,200 of margin + 2 × 32 of fees for each BTC), down to the lot",
        ),
        (account("10000"), "BTC-USDT", "sell", "64000", "3.063", "the same the other way"),
        (account("10000"), "BTC-USDT", "buy", "65000", "2.317", "3,250 + 2 × 32.5 of fees, and 1,000 of loss at once, for each BTC"),
        (account("10000", long("1")), "BTC-USDT", "buy", "64000", "2.083", "1 BTC held takes 3,200 of the 10,000"),
        (account("10000", orders=(order("1"),)), "BTC-USDT", "buy", "64000", "2.063", "1 BTC ordered takes 3,264"),
        (
            account("10000", orders=(order("1", untriggered=True),)),
            "BTC-USDT",
            "buy",
            "64000",
            "3.063",
            "it waits for its trigger: nothing",
        ),
        (account("1000000", orders=(order("1", untriggered=True),)), "BTC-USDT", "buy", "64000", "78.125", "nor is it on its side yet"),
        (account("0"), "BTC-USDT", "buy", "64000", "0", "nothing behind it"),
        (account("1000000"), "BTC-USDT", "buy", "64000", "78.125", "at 20x no more than 5,000,000: the cap belongs to the tier"),
        (account("1000000"), "HIVE-USDT", "buy", "0.25", "1000000", "250,000 is the last cap, and adding beyond it is refused"),
    ],
)
def test_the_largest_order(given: dict[str, Any], market: str, side: str, price: str, size: str, why: str) -> None:
    answer = BOOK.ask.max_size(given, market, side, price)[0].data
    assert Fraction(answer["size"]) == Fraction(size), why
    step = Fraction(answer["step"])
    sign = "+" if side == "buy" else "-"
    verdicts = [may_open(given, f"{sign}{float(at)} {market} at {price}") for at in (Fraction(size), Fraction(size) + step) if at]
    assert verdicts == ([True, False] if size != "0" else [False]), why


def may_open(given: dict[str, Any], order: str) -> bool:
    allowed: bool = BOOK.ask.may_open(given, order)[0].data["may_open"]
    return allowed


@pytest.mark.parametrize(
    "order, given, refused_by, why",
    [
        ("+1 BTC-USDT at 64000", account("10000"), [], "margin, leverage and size all allow it"),
        ("+4 BTC-USDT at 64000", account("10000"), ["margin"], "12,928 against 10,000"),
        ("+79 BTC-USDT at 64000", account("1000000"), ["leverage"], "above 5,000,000 only 5x is allowed"),
        ("+1000001 HIVE-USDT at 0.25", account("1000000"), ["size"], "beyond the last cap"),
    ],
)
def test_what_refuses_it_is_named(order: str, given: dict[str, Any], refused_by: list[str], why: str) -> None:
    because = BOOK.ask.may_open(given, order)[0].data["because"]
    assert [reason["text"].split()[0] for reason in because if not reason["holds"]] == refused_by, why


def test_what_is_being_liquidated_does_not_grow() -> None:
    """At 125x its initial margin is below what a position grown into a higher tier must hold."""
    grown = {**long("50"), "leverage": "125"}
    given = account("50000", grown)
    pool = BOOK.explain(given).pools[0]
    assert (pool.decision, pool.value("margin_suffices"), pool.value("may_increase")) == ("liquidate", True, False)
    answer = BOOK.ask.may_open(given, "+1 HIVE-USDT at 0.25")[0].data
    assert answer["may_open"] is False
    assert [reason["text"].split()[0] for reason in answer["because"] if not reason["holds"]] == ["account"]
    assert BOOK.ask.max_size(given, "HIVE-USDT", "buy", "0.25")[0].data["size"] == "0"


def test_an_open_order_counts() -> None:
    order = {"market": "BTC-USDT", "side": "buy", "size": "2", "price": "64000", "reduce_only": False}
    assert may_open(account("10000"), "+3 BTC-USDT at 64000")
    assert not may_open(account("10000", orders=(order,)), "+3 BTC-USDT at 64000"), "both buys together need 16,160"
    assert may_open(account("10000", orders=({**order, "reduce_only": True},)), "+3 BTC-USDT at 64000"), "reduce-only holds nothing back"
    assert may_open(account("10000", orders=(order,)), "-3 BTC-USDT at 64000"), "of buys and sells the larger side is held"


@pytest.mark.parametrize("words", ["2 BTC-USDT at 64000", "+2 BTC-USDT", "+x BTC-USDT at 64000", "+2 BTC-USDT at -1", ""])
def test_an_order_in_other_words_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"may-open needs --order|is not a number above 0"):
        BOOK.ask.may_open(account("10000"), words)


def asked(words: str, given: dict[str, Any] | None = None) -> Any:
    (answer,) = BOOK.ask.may_open(given or account("10000"), words)
    return answer


def test_an_order_is_asked_about_in_any_spelling() -> None:
    binance = riskrules.load(POLICIES / "binance-usdm", as_of="2026-10-01T00:00:00Z")
    given = account("10000") | {"as_of": "2026-10-01T00:00:00Z"}
    for spelling in ("BTC-USDT", "BTCUSDT", "BTC/USDT:USDT"):
        (answer,) = binance.ask.may_open(given, f"+1 {spelling} at 64000")
        assert (answer.data["pool"], answer.data["may_open"]) == ("a cross USDT", True), spelling
        assert binance.ask.max_size(given, spelling, "buy")[0].data["market"] == "BTC-USDT"


@pytest.mark.parametrize(
    "order, code, said, why",
    [
        ("+1 BTC-USDC at 64000", "RR502", "did you mean BTC-USDT?", "no such market: the near one is named"),
        ("+1 ZZZ at 64000", "RR502", "check the spelling", "none is near"),
    ],
)
def test_an_order_in_no_market_is_an_error(order: str, code: str, said: str, why: str) -> None:
    answer = asked(order)
    assert (answer.undecided, answer.data["error"]) == (True, code), why
    assert said in answer.text, why


def test_an_account_without_anything_is_asked_too() -> None:
    """Nobody holds a balance: that is an error with its code, and never an empty answer."""
    given = account("0")
    del given["accounts"][0]["collateral"]
    assert asked("+1 BTC-USDT at 64000", given).data["error"] == "RR505"


@pytest.mark.parametrize(
    "order, off, why",
    [
        ("+1.0005 BTC-USDT at 64000", ["size on a lot: 1.0005 is no multiple of 0.001"], "half a lot"),
        ("+1 BTC-USDT at 64000.005", ["price on a tick: 64,000.005 is no multiple of 0.01"], "half a tick"),
        ("+1 BTC-USDT at 64000.01", [], "on both"),
    ],
)
def test_an_order_stands_on_the_steps_of_its_market(order: str, off: list[str], why: str) -> None:
    answer = asked(order).data
    assert [reason["text"] for reason in answer["because"] if not reason["holds"]] == off, why
    assert answer["may_open"] is (not off), why


def test_nothing_is_opened_off_the_tick() -> None:
    (answer,) = BOOK.ask.max_size(account("10000"), "BTC-USDT", "buy", "64000.005")
    assert answer.data["size"] == "0"
    assert "no multiple" in answer.text


@pytest.mark.parametrize(
    "told, held, why",
    [
        ("untriggered: excluded", "0", "left out until it is in the book"),
        ("untriggered: counted", "3232", "counted like any other: 3,200 and one fee of 32"),
        ("", "RR574", "of which nothing is said"),
    ],
)
def test_an_order_that_waits_for_its_trigger(tmp_path: Path, told: str, held: str, why: str) -> None:
    orders = ", ".join(part for part in ("count: larger_side, price: order_price, reduce_only: excluded", told) if part)
    text = (
        "kind: margin\nrulebook: house-usdm\neffective: 2026-12-01T09:00:00Z\nreason: Tried here.\ninitial_margin:\n"
        "  position: {rate: one_over_chosen_leverage, on: notional_at_mark}\n"
        f"  orders: {{{orders}, opening_loss: reserved, fee: taker_fee}}\n"
    )
    book = riskrules.load(house_with(tmp_path, {"margin/2026-12-01-orders.yaml": text}).folder, rulebook="house-usdm", as_of=AS_OF)
    value = book.explain(account("10000", orders=(order("1", untriggered=True),))).pools[0].value("initial_margin")
    assert (str(to_fraction(value)) if isinstance(value, tuple) else value.code) == held, why
    plain = book.explain(account("10000", orders=(order("1"),))).pools[0].value("initial_margin")
    assert to_fraction(plain) == 3232, "an order in the book counts under each"
