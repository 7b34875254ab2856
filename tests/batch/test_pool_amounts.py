"""Rulebooks whose pools hold an amount of their own: the batch decides as the walk does, or refuses with a word."""

from __future__ import annotations

from typing import Any

import pytest

import riskrules
from riskrules.batch.reading import NotATable
from tests.places import POLICIES

AS_OF = "2026-12-01T00:00:00Z"
SIZES = ("1", "-0.5", "40")
BALANCES = ("0.02", "100", "1005", "1500", "210000", "9000000")
BOOKS: dict[str, tuple[str, dict[str, str], dict[str, str], dict[str, str]]] = {  # market, and what it, a position and an account give
    "deribit": ("BTC-USDC", {"underlying_index": "100000"}, {"unsettled_funding": "0"}, {}),
    "lighter": ("ETH-USDC", {}, {}, {}),
    "mexc": ("BTC-USDT", {}, {}, {"taker_fee": "0.0006"}),
    "kucoin": ("BTC-USDT", {}, {"position_maintenance_rate": "0.005"}, {"taker_fee": "0.0006"}),
    "paradex": ("BTC-USDC", {}, {}, {"taker_fee": "0.0003"}),
    "binance-pm": ("BTC-USDC", {}, {}, {"open_loss": "3", "loan_value": "500", "loan_leverage": "5"}),
}


@pytest.mark.parametrize("rulebook", BOOKS)
def test_batch_equals_walk(rulebook: str) -> None:
    market, of_market, of_position, of_account = BOOKS[rulebook]
    book = riskrules.load(POLICIES, rulebook=rulebook, as_of=AS_OF)
    cases = [(size, balance) for size in SIZES for balance in BALANCES]
    n = len(cases)
    same = {**of_market, **of_position, **of_account, "market": market, "mode": "cross", "entry_price": "100000", "mark_price": "100000"}
    columns = {"account": [f"a{k}" for k in range(n)], "size": [size for size, _ in cases], "leverage": ["10"] * n}
    settle = market.split("-")[1]
    held = {"account": columns["account"], "asset": [settle] * n, "amount": [balance for _, balance in cases]}
    out = book.evaluate({**columns, **{name: [value] * n for name, value in same.items()}}, held)
    walked = [one(book, market, size, balance, BOOKS[rulebook]) for size, balance in cases]
    assert [str(decision) for decision in out["decision"]] == walked
    assert {"healthy", "liquidate"} <= set(walked)


def one(book: Any, market: str, size: str, balance: str, given: tuple[str, dict[str, str], dict[str, str], dict[str, str]]) -> str:
    _, of_market, of_position, of_account = given
    position = {"id": "p", "market": market, "mode": "cross", "size": size, "entry_price": "100000", "leverage": "10", **of_position}
    account = {"id": "a", "collateral": {market.split("-")[1]: balance}, "positions": [position], **of_account}
    pool, *_ = book.explain({"as_of": AS_OF, "markets": {market: {"mark_price": "100000", **of_market}}, "accounts": [account]}).pools
    return str(pool.decision)


@pytest.mark.parametrize("rulebook, word", [("backpack", "root half even"), ("okx-pm", "sliced")])
def test_what_has_no_fast_meaning_is_refused(rulebook: str, word: str) -> None:
    book = riskrules.load(POLICIES, rulebook=rulebook, as_of=AS_OF)
    with pytest.raises(NotATable, match=f"rulebook {rulebook} decides by {word}"):
        book.evaluate({"account": ["a"], "market": ["BTC-USDC"], "mode": ["cross"], "size": [1.0]})
