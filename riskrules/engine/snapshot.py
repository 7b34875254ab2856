"""A snapshot: accounts, positions, orders and prices as of one instant, every number exact.

A field that is None was not given; whether that is an error is up to the rules that need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from riskrules.units.clock import Instant
from riskrules.units.exact import Exact

NOTHING: Mapping[str, Exact] = MappingProxyType({})
Lists = Mapping[str, tuple[Mapping[str, Exact], ...]]  # the items of each declared list; one that was not given is not in it
NO_LISTS: Lists = MappingProxyType({})
INITIAL = "initial"  # margin of an isolated position: what opening it at its leverage posts


class MarketInput(NamedTuple):
    mark_price: Exact | None = None
    index_price: Exact | None = None
    at: Instant | None = None
    tick: Exact | None = None
    lot: Exact | None = None
    drivers: Mapping[str, Exact] = NOTHING
    lists: Lists = NO_LISTS


class AssetInput(NamedTuple):
    index_price: Exact | None = None
    at: Instant | None = None
    drivers: Mapping[str, Exact] = NOTHING


class PositionInput(NamedTuple):
    id: str
    market: str
    mode: str  # "cross" | "isolated"
    size: Exact  # signed: above 0 is long
    entry_price: Exact | None
    side: str = ""  # "long" | "short" in hedge mode, else ""
    leverage: Exact | None = None
    margin: Exact | str | None = None  # posted, of an isolated position; or INITIAL
    unsettled_funding: Exact | None = None  # above 0: due to the account; below: owed
    drivers: Mapping[str, Exact] = NOTHING
    increased_at: Instant | None = None  # when it was opened or last added to


class OrderInput(NamedTuple):
    id: str
    market: str
    side: str  # "buy" | "sell"
    size: Exact  # above 0
    price: Exact
    reduce_only: bool
    leverage: Exact | None = None
    drivers: Mapping[str, Exact] = NOTHING
    untriggered: bool = False  # it waits for a price, and is not in the book yet


class AccountInput(NamedTuple):
    id: str
    collateral: dict[str, Exact] | None  # None: not given, which is not the same as none held
    positions: tuple[PositionInput, ...]
    orders: tuple[OrderInput, ...] = ()
    taker_fee: Exact | None = None
    leverage: Mapping[str, Exact] = NOTHING  # chosen per market
    drivers: Mapping[str, Exact] = NOTHING
    risk_limit: Mapping[str, Exact] = NOTHING  # chosen per market
    before: AccountInput | None = None  # as it stood before the change that is asked about
    holdings: Mapping[str, Mapping[str, Exact]] = MappingProxyType({})  # of each balance, what formulas ask for besides its amount
    lists: Lists = NO_LISTS


class Snapshot(NamedTuple):
    as_of: Instant | None
    rulebook: str
    markets: dict[str, MarketInput]
    assets: dict[str, AssetInput]
    accounts: tuple[AccountInput, ...]
    file: str = "snapshot"
    digest: str = ""  # of the text it was read from
