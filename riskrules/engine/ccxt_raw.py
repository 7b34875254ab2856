"""The venue's own figures inside ccxt's structures: what they are called, and where what is posted stands.

ccxt keeps the venue's answer under `info`, as exact decimals, and prints floats beside it.  A venue is
known by keys that only its answers have; of any other, nothing is read from `info`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.units.exact import loose_number, to_fraction

Node = Mapping[str, Any]


class Posted(NamedTuple):
    """What stands behind an isolated position, without its unrealised profit."""

    amount: Fraction
    source: str  # which fields of `info` it is
    is_made: bool = False  # from several figures, each cut by the venue: no one figure need agree with it to the last digit


@dataclass(frozen=True, slots=True)
class Venue:
    """`names`: ccxt's field → the venue's, the first one given counts; a dot goes one object down."""

    name: str
    known_by: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    is_signed: bool  # its size is below 0 for a short
    posted: Callable[[Node], Posted | None]

    def figure(self, info: Node, field: str) -> Fraction | None:
        if self.name == HYPERLIQUID and field == "markPrice":
            return _value_of_one(info)
        return next((found for name in self.names.get(field, ()) if (found := figure(info, name)) is not None), None)


def at(node: Any, name: str) -> Any:
    """The value under a dotted name, or None."""
    for step in name.split("."):
        node = node.get(step) if isinstance(node, dict) else None
    return node


def figure(node: Any, name: str) -> Fraction | None:
    """The number under a name; None where there is none, or a text that is no number (venues write "" for none)."""
    value = at(node, name)
    got = loose_number(value) if isinstance(value, str) else None
    return to_fraction(got) if got else None


def _first(info: Node, *names: str) -> Posted | None:
    """The first that is given and not 0: venues write 0 where they keep no such figure."""
    found = ((figure(info, name), name) for name in names)
    return next((Posted(amount, f"info.{name}") for amount, name in found if amount), None)


def _binance_posted(info: Node) -> Posted | None:
    """`isolatedMargin` holds the unrealised profit too, so it is the second choice, with that taken off."""
    wallet = _first(info, "isolatedWallet")
    margin, profit = figure(info, "isolatedMargin"), figure(info, "unRealizedProfit")
    if wallet or not margin or profit is None:
        return wallet
    return Posted(margin - profit, "info.isolatedMargin − unRealizedProfit", is_made=True)


def _hyperliquid_posted(info: Node) -> Posted | None:
    """`rawUsd` plus the value at entry: with it, equity at any mark is the venue's, however the entry price was cut."""
    raw, size, entry = (figure(info, name) for name in ("position.leverage.rawUsd", "position.szi", "position.entryPx"))
    if raw is None or size is None or entry is None:
        return None
    return Posted(raw + size * entry, "info.position.leverage.rawUsd + szi × entryPx", is_made=True)


def _value_of_one(info: Node) -> Fraction | None:
    """Hyperliquid prints no mark price; the value of the position divided by its size is it."""
    value, size = figure(info, "position.positionValue"), figure(info, "position.szi")
    return value / abs(size) if value is not None and size else None


HYPERLIQUID = "Hyperliquid"
VENUES = (
    Venue(
        name=HYPERLIQUID,
        known_by=("position.szi",),
        names={"contracts": ("position.szi",), "entryPrice": ("position.entryPx",), "leverage": ("position.leverage.value",)},
        is_signed=True,
        posted=_hyperliquid_posted,
    ),
    Venue(
        name="OKX",
        known_by=("instId", "pos", "mgnMode"),
        names={"contracts": ("pos",), "entryPrice": ("avgPx",), "markPrice": ("markPx",), "leverage": ("lever",)},
        is_signed=False,
        posted=lambda info: _first(info, "margin"),
    ),
    Venue(
        name="Bybit",
        known_by=("positionIdx", "size"),
        names={"contracts": ("size",), "entryPrice": ("avgPrice", "entryPrice"), "markPrice": ("markPrice",), "leverage": ("leverage",)},
        is_signed=False,
        posted=lambda info: _first(info, "positionBalance"),
    ),
    Venue(
        name="Binance",
        known_by=("positionAmt", "entryPrice"),
        names={"contracts": ("positionAmt",), "entryPrice": ("entryPrice",), "markPrice": ("markPrice",), "leverage": ("leverage",)},
        is_signed=True,
        posted=_binance_posted,
    ),
)

TICKER_NAMES = {"markPrice": ("markPrice", "markPx"), "indexPrice": ("indexPrice", "oraclePx")}


def venue_of(info: Node) -> Venue | None:
    return next((venue for venue in VENUES if all(at(info, key) is not None for key in venue.known_by)), None)


class Wallets(NamedTuple):
    """The balances of the cross pools, asset by asset, and the legs they rest on."""

    amounts: dict[str, Fraction]
    source: str
    legs: dict[str, tuple[Fraction, Fraction]] | None  # coin → size and entry price in the same answer


def wallets(balance: Any) -> Wallets | None:
    """From a venue's answer only: ccxt's own `total` holds unrealised profit at some venues, which would then count twice."""
    info = at(balance, "info")
    if at(info, "crossMarginSummary.totalRawUsd") is not None:
        return _hyperliquid_wallet(info)
    rows = at(info, "assets") if isinstance(info, dict) else info
    if not isinstance(rows, list):
        return None
    # A row that was never updated holds no valid balance.
    live = [row for row in rows if isinstance(at(row, "asset"), str) and at(row, "updateTime") != "0"]
    found = {str(row["asset"]): figure(row, "crossWalletBalance") for row in live}
    amounts = {asset: amount for asset, amount in found.items() if amount is not None}
    return Wallets(amounts, "info.assets: crossWalletBalance", None) if amounts else None


def _hyperliquid_wallet(info: Any) -> Wallets | None:
    raw, rows = figure(info, "crossMarginSummary.totalRawUsd"), at(info, "assetPositions")
    if raw is None or not isinstance(rows, list):
        return None
    legs: dict[str, tuple[Fraction, Fraction]] = {}
    for row in rows:
        leg = cross_leg(row)
        if leg is None and at(row, "position.leverage.type") != "isolated":
            return None
        legs |= leg or {}
    value = sum((size * entry for size, entry in legs.values()), raw)
    return Wallets({"USDC": value}, "info.crossMarginSummary.totalRawUsd + szi × entryPx of each cross position", legs)


def cross_leg(row: Any) -> dict[str, tuple[Fraction, Fraction]] | None:
    """A cross position as Hyperliquid states it: coin → size and entry price."""
    size, entry = figure(row, "position.szi"), figure(row, "position.entryPx")
    if at(row, "position.leverage.type") != "cross" or size is None or entry is None:
        return None
    return {str(at(row, "position.coin")): (size, entry)}
