"""What has no fast meaning goes to the scalar walk, account by account: the same words and figures, and a note that says so."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.api import Book
from riskrules.ir.fault import Fault
from tests.batch.rows import exact, pools_by_position
from tests.places import BOOKS, POLICIES

AT = "2026-02-01T00:00:00Z"
AMOUNTS = ("notional", "initial_margin", "maintenance_margin", "unrealised_pnl", "equity")


def accounts(book: Book, n: int) -> list[dict[str, Any]]:
    dice, markets, made = random.Random(4), list(book.plan.markets()), []
    mode = book.plan.account.margin_modes[0]
    for k in range(n):
        positions = []
        for market in dice.sample(markets, dice.randint(1, len(markets))):
            size = str(dice.choice((-1, 1)) * dice.randint(1, 90))
            leg = {"id": f"p{k}{market}", "market": market, "mode": mode, "size": size, "entry_price": "100", "leverage": "5"}
            positions.append(leg | ({"margin": "300"} if mode == "isolated" else {}))
        made.append({"id": f"a{k:03}", "collateral": {"USDC": str(dice.randint(0, 900))} if k % 7 else None, "positions": positions})
    return made


def table(made: list[dict[str, Any]], marks: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    legs = [(account["id"], leg) for account in made for leg in account["positions"]]
    fields = ("market", "mode", "size", "entry_price", "leverage")
    rows: dict[str, Any] = {name: [leg[name] for _, leg in legs] for name in fields}
    rows |= {
        "account": [name for name, _ in legs],
        "mark_price": [marks[leg["market"]] for _, leg in legs],
        "mark_price_at": [AT] * len(legs),
    }
    held = [(account["id"], asset, amount) for account in made for asset, amount in (account["collateral"] or {}).items()]
    names = ("account", "asset", "amount")
    return rows, {name: [row[k] for row in held] for k, name in enumerate(names)}


def snapshot(account: dict[str, Any], marks: dict[str, str]) -> dict[str, Any]:
    given = {market: {"mark_price": mark, "at": AT} for market, mark in marks.items()}
    return {"as_of": AT, "markets": given, "assets": {}, "accounts": [{name: one for name, one in account.items() if one is not None}]}


@pytest.mark.parametrize("amounts", ["float", "exact"])
@pytest.mark.parametrize("name", ["three-scenarios", "square-root-rate"])
def test_an_account_has_the_word_of_its_snapshot(name: str, amounts: Any) -> None:
    book = riskrules.load(BOOKS / name, as_of=AT)
    made = accounts(book, 60)
    marks = dict.fromkeys(book.plan.markets(), "100")
    out = book.evaluate(*table(made, marks), amounts=amounts)
    assert any("account by account" in note for note in out.notes)
    row, met = -1, set()
    for account in made:
        scalar = pools_by_position(book, snapshot(account, marks))
        for leg in account["positions"]:
            row += 1
            pool, place = scalar[leg["id"]]
            met.add(pool.decision)
            assert (out["decision"][row], out["state"][row]) == (pool.decision, pool.state), leg
            for name_of in AMOUNTS:
                value = exact(pool, place, name_of)
                found = out[name_of][row]
                if isinstance(value, Fault):
                    assert found is None or found != found
                elif amounts == "exact":
                    assert found == Fraction(round(value * 10**8), 10**8)
                else:
                    assert found == pytest.approx(float(value))
    assert met == {"healthy", "liquidate", "error"}


def test_liquidation_prices_are_those_that_are_asked_for(tmp_path: Path) -> None:
    book = riskrules.load(BOOKS / "three-scenarios", as_of=AT)
    made = accounts(book, 12)
    marks = dict.fromkeys(book.plan.markets(), "100")
    out = book.evaluate(*table(made, marks), liquidation_price=True)
    assert out.asked == (out["decision"] == "healthy").sum() > 0


def test_what_no_table_is_read_for_is_the_scalar_walks_too() -> None:
    """Weights that a formula takes from settings of each asset: the fast walk would call them missing."""
    book = riskrules.load(POLICIES / "mango-v4", as_of="2026-12-02T00:00:00Z")
    out = book.evaluate({"account": ["a"], "market": ["SOL-PERP"], "mode": ["cross"], "size": ["1"], "mark_price": ["1"]})
    assert any("of each asset" in note for note in out.notes)


WEIGHTS = {"initial": ("0.9", "1.1"), "maintenance": ("0.95", "1.05")}


def test_figures_of_coins_stand_in_the_table_of_balances() -> None:
    """Weights of a coin beside its price: the same words and amounts as those of a snapshot."""
    book = riskrules.load(POLICIES, rulebook="vertex", as_of="2026-12-02T00:00:00Z")
    of_market = {f"{side}_weight_{level}": weights[k] for level, weights in WEIGHTS.items() for k, side in enumerate(("long", "short"))}
    of_coin = {f"{word}_weight_{level}": weights[k] for level, weights in WEIGHTS.items() for k, word in enumerate(("coin", "coin_debt"))}
    leg = {"market": "BTC-USDC", "mode": "cross", "size": "-1.5", "entry_price": "61000", "unsettled_funding": "10"}
    positions = {**{name: [value] * 2 for name, value in (leg | of_market).items()}, "account": ["a", "b"], "mark_price": ["60000"] * 2}
    held: dict[str, list[Any]] = {
        "account": ["a", "a", "b", "b"], "asset": ["BTC", "USDC"] * 2, "amount": ["1", "1000", "1", "-58909.5"],
        "index_price": ["60100", None] * 2, "not_read": ["1"] * 4, **{name: [value, None] * 2 for name, value in of_coin.items()},
    }  # fmt: skip
    out = book.evaluate(positions, held, amounts="exact")
    assert [list(out[name]) for name in ("decision", "equity")] == [["healthy", "liquidate"], [Fraction("62610"), Fraction("2700.5")]]
    assert out.notes[0] == "not used of accounts: column not_read"
    shot = {
        "as_of": "2026-12-02T00:00:00Z", "markets": {"BTC-USDC": {"mark_price": "60000", **of_market}},
        "assets": {"BTC": {"index_price": "60100", **of_coin}},
        "accounts": [{"id": "b", "collateral": {"BTC": "1", "USDC": "-58909.5"}, "positions": [{"id": "p", **leg}]}],
    }  # fmt: skip
    ((pool, _),) = pools_by_position(book, shot).values()
    assert (pool.decision, exact(pool, 0, "equity")) == ("liquidate", Fraction("2700.5"))


def test_what_is_read_of_a_coin_is_not_read_of_a_position() -> None:
    book = riskrules.load(POLICIES, rulebook="vertex", as_of="2026-12-02T00:00:00Z")
    row = {"account": ["a"], "market": ["BTC-USDC"], "mode": ["cross"], "size": ["1"], "mark_price": ["1"], "coin_weight_initial": ["1"]}
    assert "not used: column coin_weight_initial" in book.evaluate(row).notes
