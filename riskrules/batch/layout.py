"""Rows of a block of positions: legs, the pools that stand behind them, and what accounts hold.

A market row, and an asset row, belongs to one leg or holding here, as each row of the input has a price
of its own.  Where every leg is isolated, leg and pool are one row, and nothing is carried up or down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from riskrules.batch.inputs import ABSENT, NOT_COLLATERAL, Holdings, Positions
from riskrules.batch.tables import Places, Tables
from riskrules.ir.blocks import Groups
from riskrules.rulebook.plan import Plan

Array = Any
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Laid:
    """One block laid out.  `rows` are the places of the legs among the block's positions (None: all of them)."""

    positions: Positions
    holdings: Holdings
    rows: Array | None
    place: Places  # of each market name
    counts: dict[str, int]
    keys: dict[Key, Array | None]
    isolated: Array | bool  # of each pool
    pool_leg: Array | None  # of each pool, its isolated leg or −1; None: leg and pool are one row
    why_unheld: Array  # the codes of the last holdings, which stand for balances that nobody gave
    settles: tuple[str, ...]
    known: Array  # of each account, whether its balances were given
    found: dict[str, Any] = field(default_factory=dict)  # what was asked for once

    @property
    def is_plain(self) -> bool:
        return self.pool_leg is None

    def real(self) -> Array:
        """The pools that hold something: each asset has a place in every account, and most are empty."""
        out = np.zeros(self.counts["pool"], bool)
        for kind in ("leg", "holding"):
            out[self.keys[kind, "pool"]] = True
        return out

    @property
    def unheld(self) -> int:
        return len(self.why_unheld)

    @property
    def all_known(self) -> bool:
        return self.place.all_known

    def markets(self) -> Array:
        """Of each leg: its market's place in the tables, −1 where the rulebook has none."""
        if "markets" not in self.found:
            self.found["markets"] = self.place.markets(self.positions.market)
        return self.found["markets"]

    def groups(self) -> Groups:
        """The legs of each pool."""
        if "groups" not in self.found:
            self.found["groups"] = Groups(self.keys["leg", "pool"], self.counts["pool"])
        made: Groups = self.found["groups"]
        return made


def lay(plan: Plan, tables: Tables, positions: Positions, held: Holdings, settles: tuple[str, ...] = (), together: bool = False) -> Laid:
    """`settles` are the assets that there are pools in, where they are known already; `together`: no pool is apart from its account."""
    nothing = positions.size.floats == 0
    rows = np.flatnonzero(~nothing) if nothing.any() else None
    legs = positions if rows is None else positions.rows(rows)
    place = tables.places(legs.market_names)
    if legs.all_isolated and not settles and not together:
        return _plain(legs, rows, place)
    return _mixed(plan, tables, legs, held, rows, place, settles)


_KINDS = ("leg", "market", "pool", "position", "account")
NEIGHBOURS = 16  # so many legs of a pool are compared without sorting
_NOTHING = np.empty(0, np.intp)
_NO_CODES = np.empty(0, np.int16)
_SAME: dict[Key, Array | None] = {
    **{(below, above): None for below in _KINDS for above in _KINDS if below != above},
    **{(below, above): _NOTHING for below in ("holding", "order", "asset") for above in (*_KINDS, "asset")},
}


def _plain(legs: Positions, rows: Array | None, place: Places) -> Laid:
    n = len(legs)
    counts = {"leg": n, "market": n, "pool": n, "account": n, "holding": 0, "asset": 0, "order": 0, "position": n, "any": 1}
    return Laid(legs, Holdings.none(), rows, place, counts, _SAME, True, None, _NO_CODES, (), np.empty(0, bool))


def _mixed(plan: Plan, tables: Tables, legs: Positions, held: Holdings, rows: Array | None, place: Places, known: tuple[str, ...]) -> Laid:
    markets = place.markets(legs.market)
    accounts = legs.accounts
    settles, settle_of = _settles(plan, tables, markets, held, known)
    many = len(settles)
    cross = ~legs.isolated
    leg_pool = legs.numbers if isinstance(settle_of, int) else legs.numbers * many + settle_of[markets]
    apart = np.flatnonzero(legs.isolated)
    if len(apart):
        leg_pool = leg_pool.copy()
        leg_pool[apart] = accounts * many + np.arange(len(apart))
    pools = accounts * many + len(apart)
    asset_place = np.array([settles.index(name) if not plan.account.pooled_in else 0 for name in held.asset_names] or [0], dtype=np.intp)
    given_of = np.zeros(accounts, bool)
    given_of[held.account] = True
    unheld, why = _unheld(plan, held, legs, cross, leg_pool, settles)
    held = _that_count(plan, held)
    held_pool = held.account * many + asset_place[held.asset]
    pool_account = np.r_[np.repeat(np.arange(accounts), many), legs.numbers[apart]]
    pool_leg = np.full(pools, -1, np.intp)
    pool_leg[accounts * many :] = apart
    n, held_count = len(legs), len(held) + len(unheld)
    counts = {
        "leg": n, "market": n, "pool": pools, "account": accounts, "holding": held_count, "asset": held_count, "order": 0, "position": 0,
        "any": 1,
    }  # fmt: skip
    holding_pool = np.r_[held_pool, unheld]
    keys: dict[Key, Array | None] = {
        ("leg", "market"): None, ("leg", "pool"): leg_pool, ("leg", "account"): legs.numbers,
        ("holding", "asset"): None, ("holding", "pool"): holding_pool, ("holding", "account"): pool_account[holding_pool],
        ("pool", "account"): pool_account,
    }  # fmt: skip
    nothing = np.empty(0, np.intp)
    keys |= {(below, above): nothing for below in ("order", "position") for above in ("market", "pool", "account", "position", "order")}
    keys |= _positions(tables, leg_pool, markets, pool_account, counts)
    isolated = np.arange(pools) >= accounts * many
    return Laid(legs, held, rows, place, counts, keys, isolated, pool_leg, why, settles, given_of)


def _settles(plan: Plan, tables: Tables, markets: Array, held: Holdings, known: tuple[str, ...]) -> tuple[tuple[str, ...], Array | int]:
    """The assets that the block has pools in, and which of them each market of the tables settles in (one: all in the first)."""
    if plan.account.pooled_in:
        return (plan.account.pooled_in,), 0
    if tables.settles_in and not known and set(held.asset_names) <= {tables.settles_in}:
        return (tables.settles_in,), 0
    used = np.flatnonzero(np.bincount(markets + 1)) - 1
    names = {tables.markets[k].settle for k in used if k >= 0} | set(held.asset_names)
    settles = known or tuple(sorted(names)) or ("",)
    of = [settles.index(market.settle) if market.settle in names else 0 for market in tables.markets]
    return settles, np.array([*of, 0], dtype=np.intp)  # the last is that of an unknown market, which −1 looks up


def _unheld(plan: Plan, held: Holdings, legs: Positions, cross: Array, leg_pool: Array, settles: tuple[str, ...]) -> tuple[Array, Array]:
    """The cross pools with a leg that nobody gave a balance for, and why that is no 0.

    Where an account's balances were given, one that is missing is 0, unless it is of an asset that is no collateral.
    """
    many = len(settles)
    known = np.zeros(legs.accounts, bool)
    known[held.account] = True
    place = {name: k for k, name in enumerate(held.asset_names)}
    given = np.zeros(legs.accounts * many, bool)
    for k, settle in enumerate(settles):
        if settle in place:
            given[held.account[held.asset == place[settle]] * many + k] = True
    if given.all():
        return _NOTHING, _NO_CODES
    counts = np.array([is_collateral(plan, settle) for settle in settles], dtype=bool)
    pools = np.flatnonzero(np.bincount(leg_pool[cross], minlength=legs.accounts * many)) if cross.any() else _NOTHING
    pools = pools[~given[pools] & ~(known[pools // many] & counts[pools % many])]
    return pools, np.where(counts[pools % many], np.int16(ABSENT), np.int16(NOT_COLLATERAL))


def is_collateral(plan: Plan, asset: str) -> bool:
    known = plan.assets.get(asset)
    return bool(known and known.weight)


def _that_count(plan: Plan, held: Holdings) -> Holdings:
    """Without balances of 0 in assets that no pool settles in: they need no price, and are no error."""
    pooled_in = plan.account.pooled_in
    settling = [is_collateral(plan, name) and pooled_in in ("", name) for name in held.asset_names]
    kept = (held.amount.floats != 0) | np.array(settling or [True], dtype=bool)[held.asset]
    if kept.all():
        return held
    rows = np.flatnonzero(kept)
    return held.rows(rows, held.account[rows])


def _positions(tables: Tables, leg_pool: Array, markets: Array, pool_account: Array, counts: dict[str, int]) -> dict[Key, Array | None]:
    """A pool's legs in one market are one position; where no two legs share one, leg and position are one row."""
    n, width = len(leg_pool), len(tables.names) + 1
    place = leg_pool * width + markets
    place += 1
    if not _any_twice(place, leg_pool):
        counts["position"] = n
        return {("leg", "position"): None, ("position", "pool"): leg_pool, ("position", "market"): None,
                ("position", "account"): pool_account[leg_pool]}  # fmt: skip
    _, first, key = np.unique(place, return_index=True, return_inverse=True)
    counts["position"] = len(first)
    return {("leg", "position"): key, ("position", "pool"): leg_pool[first], ("position", "market"): first,
            ("position", "account"): pool_account[leg_pool[first]]}  # fmt: skip


def _any_twice(place: Array, pool: Array) -> bool:
    """Whether a pool has two legs in one market.  Its legs stand together, or nearly, so that neighbours are all there is to compare."""
    rises = not np.any(pool[1:] < pool[:-1])
    for away in range(1, NEIGHBOURS + 1 if rises else 1):
        if np.any(place[away:] == place[:-away]):
            return True
        if not np.any(pool[away:] == pool[:-away]):
            return False
    risen = np.sort(place)
    return bool(np.any(risen[1:] == risen[:-1]))
