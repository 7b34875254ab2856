"""Explaining an account of three positions, beside the same arithmetic written out for that one rulebook.

What is written out knows its rules by heart, checks nothing and keeps no trace; it must come to the same
figures, or nothing is timed.  The snapshot is read before either begins.  binance-usdm is a venue's plain
table; house-usdm has every rule there is: ages of prices, fees, two roundings, funding, states.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from benchmarks import ROOT, Figure, Work, in_turn
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
CENT, EIGHTH_PLACE, FEE = Fraction(1, 100), Fraction(1, 10**8), Fraction(5, 10_000)


def account(rulebook: str) -> dict[str, Any]:
    fields = ("market", "size", "entry_price", "leverage", "unsettled_funding")
    positions = [{"mode": "cross", **dict(zip(fields, position, strict=True))} for position in POSITIONS]
    return {
        "as_of": AS_OF,
        "rulebook": rulebook,
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


def tier_of(notional: Fraction, table: list[Tier]) -> Tier:
    return next((tier for tier in table if tier.cap is None or notional <= tier.cap), table[-1])


def binance_usdm(wallet: Fraction, legs: list[Leg]) -> Decided:
    """One cross pool without orders."""
    maintenance, initial, equity = Fraction(0), Fraction(0), wallet
    for leg in legs:
        notional = abs(leg.size) * leg.mark
        tier = tier_of(notional, leg.table)
        maintenance += math.floor((notional * tier.rate - tier.amount) / EIGHTH_PLACE) * EIGHTH_PLACE
        initial += math.floor(notional / leg.leverage / EIGHTH_PLACE) * EIGHTH_PLACE
        equity += leg.size * (leg.mark - leg.entry)
    return Decided(maintenance, initial, equity, "", equity < maintenance)


def house_usdm(wallet: Fraction, legs: list[Leg]) -> Decided:
    """One cross pool without orders."""
    maintenance, initial, equity = Fraction(0), Fraction(0), wallet
    for leg in legs:
        notional = abs(leg.size) * leg.mark
        tier = tier_of(notional, leg.table)
        maintenance += math.ceil((notional * tier.rate - tier.amount) / CENT) * CENT + notional * FEE
        initial += math.ceil(notional / leg.leverage / CENT) * CENT
        equity += leg.size * (leg.mark - leg.entry) + min(leg.funding, Fraction(0))
    equity = math.floor(equity / CENT) * CENT
    state = "normal" if maintenance < equity * Fraction(85, 100) else "reduce_only" if maintenance < equity else "liquidation"
    return Decided(maintenance, initial, equity, state, equity <= maintenance)


def figures() -> Iterator[Figure]:
    for written_out in (binance_usdm, house_usdm):
        rulebook = written_out.__name__.replace("_", "-")
        book = load(ROOT / "policies", rulebook=rulebook, as_of=AS_OF)
        snapshot = book.snapshot(account(rulebook))
        wallet, legs = Fraction(11_000), [leg_of(book, snapshot, position) for position in snapshot.accounts[0].positions]
        must_agree(book, snapshot, written_out(wallet, legs))
        yield from timed(book, snapshot, partial(written_out, wallet, legs))


def timed(book: Book, snapshot: Snapshot, by_hand: Work) -> Iterator[Figure]:
    explained = f"book.explain, three positions, {snapshot.rulebook}"
    as_data, as_text, beside = f"{explained}, as data", f"{explained}, as text", "the same arithmetic in Fractions"
    short = in_turn(ROUNDS, {explained: lambda: book.explain(snapshot), beside: by_hand})
    yield Figure(short[explained], short[beside], seconds_at_most=200e-6)
    works = {as_data: lambda: book.explain(snapshot).to_dict(), as_text: lambda: str(book.explain(snapshot)), beside: by_hand}
    long = in_turn(ROUNDS // 30, works)
    yield Figure(long[as_data], long[beside])
    yield Figure(long[as_text], long[beside])


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
    ours = Decided(maintenance, initial, equity, pool.state or "", pool.value("liquidate"))
    assert ours == by_hand, f"{ours} is not {by_hand}"
