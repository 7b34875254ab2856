"""Explaining an account of three positions, beside the same arithmetic written out for this one rulebook.

What is written out knows its rules by heart, checks nothing and keeps no trace; it must come to the same
figures, or nothing is timed.  The snapshot is read before either begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from benchmarks import ROOT, Figure, in_turn
from riskrules.api import Book, load
from riskrules.engine.snapshot import PositionInput, Snapshot
from riskrules.units.exact import Exact, to_fraction

ROUNDS = 3000
PRICES = {"BTC-USDT": "64123.4", "ETH-USDT": "2500.25", "HIVE-USDT": "0.31207"}
POSITIONS = (
    ("BTC-USDT", "4", "63870.1", "20", "-1.25"),
    ("ETH-USDT", "-30", "2481.5", "25", "0.5"),
    ("HIVE-USDT", "25000", "0.3055", "10", "0"),
)
AS_OF = "2026-12-02T00:00:00Z"
CENT, FEE = Fraction(1, 100), Fraction(5, 10_000)


def account() -> dict[str, Any]:
    fields = ("market", "size", "entry_price", "leverage", "unsettled_funding")
    positions = [{"mode": "cross", **dict(zip(fields, position, strict=True))} for position in POSITIONS]
    return {
        "as_of": AS_OF,
        "rulebook": "house-usdm",
        "markets": {market: {"mark_price": price, "index_price": price, "at": AS_OF} for market, price in PRICES.items()},
        "accounts": [{"id": "a1", "taker_fee": "0.05%", "collateral": {"USDT": "11000"}, "positions": positions}],
    }


class Tier(NamedTuple):
    cap: Fraction | None
    rate: Fraction
    amount: Fraction


class Leg(NamedTuple):
    size: Fraction
    entry: Fraction
    mark: Fraction
    leverage: Fraction
    funding: Fraction
    table: list[Tier]


class Decided(NamedTuple):
    maintenance: Fraction
    initial: Fraction
    equity: Fraction
    state: str
    liquidate: bool


def written_out(wallet: Fraction, legs: list[Leg]) -> Decided:
    """The margin rules of house-usdm for one cross pool without orders."""
    maintenance, initial, equity = Fraction(0), Fraction(0), wallet
    for leg in legs:
        notional = abs(leg.size) * leg.mark
        tier = next((tier for tier in leg.table if tier.cap is None or notional <= tier.cap), leg.table[-1])
        maintenance += math.ceil((notional * tier.rate - tier.amount) / CENT) * CENT + notional * FEE
        initial += math.ceil(notional / leg.leverage / CENT) * CENT
        equity += leg.size * (leg.mark - leg.entry) + min(leg.funding, Fraction(0))
    equity = math.floor(equity / CENT) * CENT
    state = "normal" if maintenance < equity * Fraction(85, 100) else "reduce_only" if maintenance < equity else "liquidation"
    return Decided(maintenance, initial, equity, state, equity <= maintenance)


def figures() -> Iterator[Figure]:
    book = load(ROOT / "policies", rulebook="house-usdm", as_of=AS_OF)
    snapshot = book.snapshot(account())
    wallet, legs = Fraction(11_000), [leg_of(book, snapshot, position) for position in snapshot.accounts[0].positions]
    must_agree(book, snapshot, written_out(wallet, legs))
    explained, printed, by_hand = "book.explain, three positions", "book.explain and its text", "the same arithmetic in Fractions"
    quick = in_turn(ROUNDS, {explained: lambda: book.explain(snapshot), by_hand: lambda: written_out(wallet, legs)})
    yield Figure(quick[explained], quick[by_hand], seconds_at_most=200e-6)
    long = in_turn(ROUNDS // 30, {printed: lambda: str(book.explain(snapshot)), by_hand: lambda: written_out(wallet, legs)})
    yield Figure(long[printed], long[by_hand])


def leg_of(book: Book, snapshot: Snapshot, position: PositionInput) -> Leg:
    market = book.plan.market(position.market)
    assert market is not None
    table = market.tables[0]
    assert table is not None
    rows = zip(table.caps[0], table.maintenance_rates, table.maintenance_amounts, strict=True)
    tiers = [Tier(cap and to_fraction(cap), to_fraction(rate), to_fraction(amount)) for cap, rate, amount in rows]
    return Leg(
        size=to_fraction(position.size),
        entry=_given(position.entry_price),
        mark=_given(snapshot.markets[position.market].mark_price),
        leverage=_given(position.leverage),
        funding=_given(position.unsettled_funding),
        table=tiers,
    )


def _given(value: Exact | None) -> Fraction:
    assert value is not None
    return to_fraction(value)


def must_agree(book: Book, snapshot: Snapshot, by_hand: Decided) -> None:
    (pool,) = book.explain(snapshot).pools
    maintenance, initial, equity = (to_fraction(pool.value(name)) for name in ("maintenance_margin", "initial_margin", "equity"))
    ours = Decided(maintenance, initial, equity, pool.value("state"), pool.value("liquidate"))
    assert ours == by_hand, f"{ours} is not {by_hand}"
