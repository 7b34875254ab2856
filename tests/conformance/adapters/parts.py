"""Parts that families share: tables, positions and readings, said in the words of rulebook and snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tests.conformance import words as w
from tests.conformance.asked import FINE_TICK, Reading, leg
from tests.conformance.books import HYPERLIQUID, LINEAR, USDM, Book
from tests.conformance.cases import Fields, NotSaid

Spell = Callable[[Any], str]

CASE, POSITION, ACCOUNT = "CASE", "p1", "a1"
LOW_LEVERAGE = "1/2"  # of a table whose largest leverage the case does not say: allowed under any rate
WALLET_RULE = "qty*entry/leverage"

LEG_WORDS = {
    "mmr": "maintenance_rate", "cum": "maintenance_amount", "deduction": "maintenance_amount", "tier": "tier", "bracket": "tier",
    "max_leverage": "max_leverage", "maintenance_margin": "position_maintenance", "initial_margin": "position_initial",
    "unrealized_pnl": "unrealised_profit", "notional": "notional",
}  # fmt: skip


def linear(venue: str) -> Book:
    """The venue's own rulebook of linear contracts, or that of the family."""
    return {"binance": USDM, "hyperliquid": HYPERLIQUID}.get(venue, LINEAR)


def leg_words(of: str = POSITION, before: str = "") -> dict[str, Reading]:
    return {f"{before}{said}": leg(name, of) for said, name in LEG_WORDS.items()}


def flat(policy: Fields, money: Spell = w.number) -> dict[str, str]:
    """A single published row."""
    return {
        "maintenance_rate": w.rate(w.first(policy, "mmr", "mmr_all")), "max_leverage": w.number(policy.get("max_leverage", LOW_LEVERAGE)),
        "maintenance_amount": money(policy.get("cum", "0")),
    }  # fmt: skip


# Tables of markets whose figures the case does not ask about, or gives as sums.
NO_MAINTENANCE = {"maintenance_rate": "0%", "max_leverage": LOW_LEVERAGE}
ALL_MAINTENANCE = {"maintenance_rate": "100%", "max_leverage": LOW_LEVERAGE}


def tiers(rows: Iterable[Sequence[Any]], columns: Sequence[str], money: Spell = w.number) -> dict[str, Any]:
    """A table from the case's rows, whose columns are named."""
    return {"tiers": [_tier(k, dict(zip(columns, row, strict=False)), money) for k, row in enumerate(rows, start=2)]}


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
    multiplier = w.first(fields, "contract_size", "multiplier")
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


def of_notional(book: Book, notional: Any, **more: str | None) -> dict[str, Any]:
    """A position of so much money: that many coins at a mark of 1."""
    market = book.market(CASE)
    return snapshot({market: "1"}, [position(POSITION, market, w.some(notional), "1", **more)], {})
