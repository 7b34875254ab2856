"""Parts that families share: tables, positions and readings, said in the words of rulebook and snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tests.conformance import words as w
from tests.conformance.asked import FINE_TICK, Reading, leg, term
from tests.conformance.books import (
    ASCENDEX,
    ASTER,
    BITMEX,
    BYBIT,
    COINM,
    GATE,
    GATE_BEFORE,
    HYPERLIQUID,
    INVERSE,
    KRAKEN,
    LIGHTER,
    LINEAR,
    OKX,
    OKX_COIN,
    PHEMEX,
    USDM,
    Book,
)
from tests.conformance.cases import Fields, NotSaid

Spell = Callable[[Any], str]

CASE, POSITION, ACCOUNT = "CASE", "p1", "a1"
LOW_LEVERAGE = "1/2"  # of a table whose largest leverage the case does not say: allowed under any rate
BEYOND_ALL = "1000000000000000"  # a risk limit that no position of a case comes near
WALLET_RULE = "qty*entry/leverage"

LEG_WORDS = {
    "mmr": "maintenance_rate", "cum": "maintenance_amount", "deduction": "maintenance_amount", "tier": "tier", "bracket": "tier",
    "max_leverage": "max_leverage", "maintenance_margin": "position_maintenance", "initial_margin": "position_initial",
    "unrealized_pnl": "unrealised_profit", "notional": "notional",
}  # fmt: skip


LINEAR_OF = {
    "binance": USDM,
    "hyperliquid": HYPERLIQUID,
    "gate": GATE,
    "okx": OKX,
    "bybit": BYBIT,
    "ascendex": ASCENDEX,
    "phemex": PHEMEX,
    "lighter": LIGHTER,
    "aster": ASTER,
}
INVERSE_OF = {"binance": COINM, "okx": OKX_COIN, "bitmex": BITMEX, "kraken": KRAKEN, "kraken_futures": KRAKEN, "krakenfutures": KRAKEN}
HOLD_FEES = ("gate", "okx", "bybit", "phemex", "bitmex", "linear-with-fee", "risk-rate", "kucoin", "paradex")
BY_LIMIT = {(book.rulebook, book.form) for book in (GATE_BEFORE, BITMEX, PHEMEX)}


def linear(venue: str) -> Book:
    """The venue's own rulebook of linear contracts, or that of the family."""
    return LINEAR_OF.get(venue, LINEAR)


def linear_at_mark(venue: str) -> Book:
    """The same where the family is about a rate at mark: some have rulebooks of isolated positions at entry alone."""
    own = linear(venue)
    return own if own.mode == "cross" else LINEAR


def inverse(venue: str) -> Book:
    """The venue's own rulebook of inverse contracts, or that of the family."""
    return INVERSE_OF.get(venue, INVERSE)


def fees(book: Book, policy: Fields) -> dict[str, Any]:
    """The account's fee, where the rulebook holds one in reserve, and the limit it has chosen, where that decides the tier.

    A case that prints no fee is without one; one that prints no limit has a row or a rate for every size.
    """
    made: dict[str, Any] = {"taker_fee": w.number(policy.get("taker_fee", "0"))} if book.rulebook in HOLD_FEES else {}
    if (book.rulebook, book.form) in BY_LIMIT:
        made["risk_limit"] = {book.market(CASE): w.number(policy.get("risk_limit", BEYOND_ALL))}
    return made


def alone(book: Book, chosen: str | None, margin: str | None = None) -> dict[str, str | None]:
    """The mode of a position by itself, in a rulebook that has isolated ones only with what it posts."""
    if book.mode == "cross":
        return {"leverage": chosen}
    return {"mode": book.mode, "leverage": chosen, "margin": margin or ("0" if chosen is None else "initial")}


def leg_words(of: str = POSITION, before: str = "", initial_rate: str = "initial_rate") -> dict[str, Reading]:
    return {f"{before}{said}": leg(name, of) for said, name in LEG_WORDS.items()} | {f"{before}imr": term(initial_rate, of)}


def printed_rates(book: Book) -> str:
    """The term of a tier's initial rate as the venue prints it: one of them cuts it."""
    return "printed_initial_rate" if book.rulebook == OKX.rulebook else "initial_rate"


def flat(policy: Fields, money: Spell = w.number) -> dict[str, str]:
    """A single published row."""
    return {
        "maintenance_rate": w.rate(w.first(policy, "mmr", "mmr_all")), "max_leverage": w.number(policy.get("max_leverage", LOW_LEVERAGE)),
        "maintenance_amount": money(w.first(policy, "cum", "mm_deduction", "deduction") or "0"),
    }  # fmt: skip


# Tables of markets whose figures the case does not ask about, or gives as sums.
NO_MAINTENANCE = {"maintenance_rate": "0%", "max_leverage": LOW_LEVERAGE}
ALL_MAINTENANCE = {"maintenance_rate": "100%", "max_leverage": LOW_LEVERAGE}


# Two rows below every size of a case, for those that it does not give.
STAND_INS = (
    {"cap": "0.0000000001", "max_leverage": "1_000_001", "maintenance_rate": "1/1_000_000_000_000"},
    {"cap": "0.0000000002", "max_leverage": "1_000_000", "maintenance_rate": "1/1_000_000_000"},
)


def tiers(rows: Iterable[Sequence[Any]], columns: Sequence[str], money: Spell = w.number, rates: bool = False) -> dict[str, Any]:
    """A table from the case's rows, whose columns are named; `rates`: with rates that no margin shows, where it prints none."""
    made = [_tier(k, dict(zip(columns, row, strict=False)), money) for k, row in enumerate(rows, start=2)]
    return {"tiers": [{**row, "maintenance_rate": f"{k}/1_000_000_000_000"} if rates else row for k, row in enumerate(made)]}


def _tier(k: int, row: Mapping[str, Any], money: Spell) -> dict[str, str]:
    """Where the columns name no largest leverage, one that is always allowed: 1/2, then 1/3, …"""
    spelled: dict[str, tuple[str, Spell]] = {
        "floor": ("floor", money), "cap": ("cap", lambda cap: "unlimited" if cap in w.NO_CAP else money(cap)),
        "max_leverage": ("max_leverage", w.number), "mmr": ("maintenance_rate", w.rate), "cum": ("maintenance_amount", money),
    }  # fmt: skip
    known = {"max_leverage": f"1/{k}", **row}
    return {name: spell(known[said]) for said, (name, spell) in spelled.items() if said in known}


def contract(fields: Fields) -> dict[str, str] | None:
    """Where a size counts contracts of so many coins; None where it counts coins."""
    multiplier = w.first(fields, "contract_size", "multiplier", "mult")
    return None if multiplier is None else in_contracts("linear", "quote", multiplier)


def in_contracts(kind: str, settle: str, multiplier: Any) -> dict[str, str]:
    """A contract whose size counts contracts of so much each."""
    unstated = {"tick": "not_stated", "lot": "not_stated"}
    return {"type": kind, "size_in": "contracts", "settle": settle, "multiplier": w.number(multiplier), **unstated}


def size_of(fields: Fields, coins: Spell = w.number) -> str:
    size = w.first(fields, "qty", "szi", "size", "contracts", "amount")
    if size is None:
        raise NotSaid("the case gives no size")
    return w.signed(fields.get("side"), coins(size))


def position(of: str, market: str, size: str, entry: str, **more: str | None) -> dict[str, str]:
    made = {"id": of, "market": market, "mode": "cross", "size": size, "entry_price": entry, **more}
    return {name: value for name, value in made.items() if value is not None}


def leverage(fields: Fields) -> str | None:
    chosen = fields.get("leverage")
    return None if chosen is None else w.number(chosen)


def snapshot(
    marks: Mapping[str, str], positions: Sequence[Mapping[str, str]], collateral: Mapping[str, str], **more: Any
) -> dict[str, Any]:
    """One account; marks on a grid so fine that a crossing lies within it."""
    return {
        "markets": {market: {"mark_price": mark, "tick": FINE_TICK} for market, mark in marks.items()},
        "accounts": [{"id": ACCOUNT, "collateral": dict(collateral), "positions": list(positions), **more}],
    }  # fmt: skip


def of_notional(book: Book, notional: Any, leverage: str | None = None, **account: Any) -> dict[str, Any]:
    """A position of so much money: that many coins at a mark of 1."""
    market = book.market(CASE)
    return snapshot({market: "1"}, [position(POSITION, market, w.some(notional), "1", **alone(book, leverage))], {}, **account)
