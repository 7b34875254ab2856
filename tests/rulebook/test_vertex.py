"""Vertex: worked by hand, then held to the venue's own sum on accounts of every kind.  All weights are made up."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskrules
from riskrules.engine.explain import PoolExplanation
from riskrules.ir.fault import Fault
from riskrules.units.exact import to_fraction
from tests.places import POLICIES
from tests.reference.health import Product, health

AT = "2026-12-02T00:00:00Z"
VERTEX = riskrules.load(POLICIES, rulebook="vertex", as_of=AT)
LEVELS = ("initial", "maintenance")
FACE: dict[str, Any] = {"initial": ("0.9", "1.1"), "maintenance": ("0.95", "1.05")}
BTC, ETH = "BTC-USDC", "ETH-USDC"


def weights(long_word: str, short_word: str, of: dict[str, Any]) -> dict[str, str]:
    return {f"{word}_{level}": of[level][k] for level in LEVELS for k, word in enumerate((long_word, short_word))}


def market(price: str, of: dict[str, Any] = FACE) -> dict[str, str]:
    return {"mark_price": price, **weights("long_weight", "short_weight", of)}


def coin(price: str, of: dict[str, Any] = FACE) -> dict[str, str]:
    return {"index_price": price, **weights("coin_weight", "coin_debt_weight", of)}


def leg(name: str, size: str, entry: str = "60000", **more: str) -> dict[str, str]:
    return {"id": name, "market": name, "mode": "cross", "size": size, "entry_price": entry, "unsettled_funding": "0", **more}


def snapshot(collateral: dict[str, str], *legs: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "as_of": AT,
        "markets": {BTC: market("60000"), ETH: market("3000")},
        "assets": {"BTC": coin("60000"), "ETH": coin("3000")},
        "accounts": [{"id": "a", "collateral": collateral, "positions": list(legs)}],
        **more,
    }


def pool_of(shot: dict[str, Any], mode: str = "cross", book: Any = VERTEX) -> PoolExplanation:
    return next(one for one in book.explain(shot).pools if one.evaluated.rows.pools[one.number].mode == mode)


def figure(pool: PoolExplanation, name: str) -> Any:
    value = pool.evaluated.value(name, pool.number)
    return value.code if isinstance(value, Fault) else to_fraction(value)


LESS_FOR_COINS: dict[str, Any] = {"initial": ("0.8", "1.2"), "maintenance": ("0.8", "1.05")}
NOT_OWED: dict[str, Any] = {"initial": ("0.9", "2"), "maintenance": ("0.95", "2")}


@pytest.mark.parametrize(
    "collateral, size, coins, initial, maintenance, decision, why",
    [
        ({"BTC": "1"}, "-1", FACE, 2_400, 1_200, "healthy", "3,000 off the coin, 3,000 off the position, 4% of both prices back"),
        ({"BTC": "1"}, "1", FACE, 12_000, 6_000, "healthy", "on one side nothing is paired"),
        ({"BTC": "1"}, "-1.5", FACE, 5_400, 2_700, "healthy", "half a coin beyond the balance is a position like any other"),
        ({"BTC": "1.5"}, "-1", FACE, 5_400, 2_700, "healthy", "half a coin beyond the position is a balance like any other"),
        ({"BTC": "-1", "USDC": "70000"}, "1", FACE, 2_400, 1_200, "healthy", "a coin that is owed is paired with a long"),
        ({"ETH": "1"}, "-1", FACE, 6_300, 3_150, "liquidate", "another coin pairs nothing, and 3,000 does not hold 3,150"),
        ({"USDC": "3000"}, "-1", FACE, 6_000, 3_000, "healthy", "a health of exactly 0 is not below 0"),
        ({"USDC": "2999.999999"}, "-1", FACE, 6_000, 3_000, "liquidate", "and just below it is"),
        ({"USDC": "-0.000001"}, "", FACE, 0, 0, "liquidate", "a debt alone, without any position"),
        ({"USDC": "0"}, "", FACE, 0, 0, "healthy", "nothing is not below 0"),
        ({"BTC": "1"}, "-1", LESS_FOR_COINS, 2_400 + 6_000 - 6_000, 1_200, "healthy", "the mean of both, less a fifth of the position's"),
        (
            {"BTC": "-1", "USDC": "70000"},
            "1",
            LESS_FOR_COINS,
            4_800,
            -4_200,
            "healthy",
            "a fifth of the coin's: more comes back than was taken",
        ),
        ({"BTC": "-1", "USDC": "70000"}, "1", NOT_OWED, "RR514", "RR514", "error", "a coin that may not be owed"),
        ({"BTC": "1"}, "-1", {}, "RR505", "RR505", "error", "no weights, no health"),
        ({"USDC": "9000"}, "-1", {}, 6_000, 3_000, "healthy", "of a coin that is not held no weight is asked"),
    ],
)
def test_worked_by_hand(
    collateral: dict[str, str], size: str, coins: dict[str, Any], initial: Any, maintenance: Any, decision: str, why: str
) -> None:
    assets = {"BTC": coin("60000", coins) if coins else {"index_price": "60000"}, "ETH": coin("3000")}
    pool = pool_of(snapshot(collateral, *([leg(BTC, size)] if size else []), assets=assets))
    assert (pool.decision, figure(pool, "initial_margin"), figure(pool, "maintenance_margin")) == (decision, initial, maintenance), why


def test_an_isolated_position_pairs_with_nothing() -> None:
    shot = snapshot({"BTC": "1"}, leg(BTC, "-1", mode="isolated", margin="3000"))
    alone = pool_of(shot, "isolated")
    assert (alone.decision, figure(alone, "maintenance_margin")) == ("healthy", 3_000)
    assert figure(pool_of(shot), "maintenance_margin") == 3_000, "and the coin in the account keeps its own"


def test_the_liquidation_price_is_that_of_the_position_alone() -> None:
    """61,000 − (m − 60,000) = 600 + 1% m: a tenth of a cent further it is below."""
    at = Fraction(120_400) / Fraction("1.01")
    for mark, word in ((at, "healthy"), (at + Fraction("0.001"), "liquidate")):
        shot = snapshot({"BTC": "1", "USDC": "1000"}, leg(BTC, "-1"), markets={BTC: market(f"{mark.numerator}/{mark.denominator}")})
        assert pool_of(shot).decision == word


AMOUNTS = st.fractions(-50, 50, max_denominator=100)
PRICES = st.fractions(Fraction(1, 10), 10**5, max_denominator=100).filter(bool)
LONG, SHORT = st.fractions(0, 1, max_denominator=40), st.fractions(1, Fraction(7, 4), max_denominator=40)


def text(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


@st.composite
def accounts(draw: st.DrawFn) -> tuple[dict[str, Any], Fraction, dict[str, list[tuple[Product, Product]]]]:
    """The same account in the words of a snapshot and as the venue's code sees it, at each level."""
    money = draw(st.fractions(-(10**6), 10**6, max_denominator=100))
    held, legs, markets, assets = {"USDC": text(money)}, [], {}, {}
    seen: dict[str, list[tuple[Product, Product]]] = {level: [] for level in LEVELS}
    for name, of in (("BTC", BTC), ("ETH", ETH)):
        amount, size = draw(AMOUNTS), draw(AMOUNTS)
        at, mark, entry, funding = draw(PRICES), draw(PRICES), draw(PRICES), draw(st.fractions(-99, 99, max_denominator=10))
        both = [{level: (draw(LONG), draw(SHORT)) for level in LEVELS} for _ in range(2)]
        said = [{level: tuple(map(text, pair)) for level, pair in one.items()} for one in both]
        held[name], assets[name], markets[of] = text(amount), coin(text(at), said[0]), market(text(mark), said[1])
        if size:
            legs.append(leg(of, text(size), text(entry), unsettled_funding=text(funding)))
        for level in LEVELS:
            paid = size * entry - funding if size else Fraction(0)
            pair = Product(amount, Fraction(0), at, *both[0][level]), Product(size, paid, mark, *both[1][level])
            seen[level].append(pair)
    return snapshot(held, *legs, markets=markets, assets=assets), money, seen


@given(accounts())
@settings(max_examples=80, deadline=None)
def test_it_is_the_venues_own_sum(account: tuple[dict[str, Any], Fraction, dict[str, list[tuple[Product, Product]]]]) -> None:
    shot, money, seen = account
    pool = pool_of(shot)
    for level in LEVELS:
        assert figure(pool, f"{level}_health") == health(money, seen[level])
    assert (pool.decision == "liquidate") == (health(money, seen["maintenance"]) < 0)


@pytest.fixture(scope="module")
def with_two_markets(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The rulebook with a second market of one coin."""
    folder = tmp_path_factory.mktemp("policies")
    shutil.copytree(POLICIES / "vertex", folder / "vertex")
    later: Path = folder / "vertex" / "contracts" / "2026-12-01-dated.yaml"
    later.write_text(
        "kind: contracts\nrulebook: vertex\neffective: 2026-12-01T00:00:00Z\nreason: A second market.\nmarkets:\n"
        "  BTC-USDC-270326: {type: linear, size_in: base, settle: quote, multiplier: 1, tick: not_stated, lot: not_stated}\n",
        encoding="utf-8",
    )
    return riskrules.load(folder, rulebook="vertex", as_of=AT)


@pytest.mark.parametrize(
    "balance, first, second, paired, why",
    [
        ("1", "-1", "-1", ("0.5", "0.5"), "the one coin is used once"),
        ("1", "-3", "-1", ("0.75", "0.25"), "by size"),
        ("5", "-3", "-1", ("3", "1"), "the positions are used once"),
        ("1", "-1", "1", ("1", "0"), "only what opposes it"),
        ("-1", "-1", "1", ("0", "1"), "a coin that is owed is opposed by a long"),
        ("0", "-1", "1", ("0", "0"), "nothing opposes nothing"),
    ],
)
def test_each_leg_is_used_once(with_two_markets: Any, balance: str, first: str, second: str, paired: tuple[str, str], why: str) -> None:
    dated = "BTC-USDC-270326"
    both = {BTC: market("60000"), dated: market("60500")}
    pool = pool_of(snapshot({"BTC": balance}, leg(BTC, first), leg(dated, second), markets=both), book=with_two_markets)
    assert tuple(to_fraction(pool.evaluated.value("paired", k)) for k in (0, 1)) == tuple(map(Fraction, paired)), why


@given(size=AMOUNTS, step=st.fractions(0, Fraction(1, 100), max_denominator=10**4), balance=AMOUNTS)
@settings(max_examples=60, deadline=None)
def test_there_is_no_cliff(size: Fraction, step: Fraction, balance: Fraction) -> None:
    """A little more of a position moves the margin by no more than its weight and the whole credit of so much."""
    margins = [
        figure(pool_of(snapshot({"BTC": text(balance), "USDC": "0"}, *([leg(BTC, text(held))] if held else []))), "maintenance_margin")
        for held in (size, size + step)
    ]
    assert abs(margins[1] - margins[0]) <= step * 60_000 * (Fraction("0.05") + 2 * Fraction("0.04"))
