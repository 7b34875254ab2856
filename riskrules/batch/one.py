"""The way back: some accounts of a block as a snapshot, for the exact scalar walk."""

from __future__ import annotations

from typing import Any

import numpy as np

from riskrules.batch.columns import Figures
from riskrules.batch.inputs import ABOVE_0, AT_LEAST_0, FIGURES, NO_NUMBER, NO_TIME, OUT_OF_RANGE, Holdings, Positions, out_of_range
from riskrules.batch.layout import Laid
from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.rows import CROSS, ISOLATED
from riskrules.engine.snapshot import AccountInput, AssetInput, MarketInput, PositionInput, Snapshot
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import Instant
from riskrules.units.exact import Exact

Array = Any
# What an account holds (None: nobody gave it), and the figures of each asset and of each balance.
Balances = tuple[dict[str, Exact] | None, dict[str, AssetInput], dict[str, dict[str, Exact]]]
NO_BALANCES: Balances = ({}, {}, {})


def alone(plan: Plan, laid: Laid, pool: int, as_of: Instant) -> tuple[Evaluated, int] | int:
    """One pool of a block decided by itself, and which of its pools that is there; or the code of a figure that is none."""
    rows = _legs_of(laid, pool)
    cross = laid.pool_leg is not None and int(laid.pool_leg[pool]) < 0
    balances = _balances(plan, laid, int(laid.keys["pool", "account"][pool])) if cross else NO_BALANCES  # type: ignore[index]
    evaluated = _decided(plan, laid, rows, _an_account_row(laid, pool, rows), balances, as_of)
    return evaluated if isinstance(evaluated, int) else (evaluated, _its_place(evaluated, laid, pool, cross))


def together(plan: Plan, laid: Laid, account: int, rows: list[int], as_of: Instant) -> Evaluated | int:
    """A whole account of a block decided; its legs are numbered as `rows`, and their ids are the rows."""
    return _decided(plan, laid, rows, rows[0] if rows else None, _balances(plan, laid, account), as_of)


def _decided(plan: Plan, laid: Laid, rows: list[int], of_account: int | None, balances: Balances, as_of: Instant) -> Evaluated | int:
    legs = laid.positions
    wrong = _wrong(legs, rows)
    if wrong:
        return wrong
    markets: dict[str, MarketInput] = {}
    positions = []
    for row in rows:
        name = legs.market_names[legs.market[row]]
        market = _market(plan, legs, row)
        if markets.setdefault(name, market) != market:
            return OUT_OF_RANGE  # two marks of one market: one of them is wrong
        positions.append(_leg(plan, legs, row, name, not legs.isolated[row] and _shares(legs, rows, row)))
    collateral, assets, held = balances
    fee, drivers = (None, {}) if of_account is None else (_fee(legs, of_account), _drivers(plan, "account", legs, of_account))
    one = AccountInput("account", collateral, tuple(positions), (), fee, {}, drivers, holdings=held)
    return decide(plan, Snapshot(as_of, plan.rulebook, markets, assets, (one,)), one)


def _legs_of(laid: Laid, pool: int) -> list[int]:
    if laid.is_plain:
        return [pool]
    groups = laid.groups()
    return groups.members(pool)


def _shares(legs: Positions, rows: list[int], row: int) -> bool:
    """Whether another leg of the cross pool is in the same market."""
    return sum(bool(legs.market[one] == legs.market[row] and not legs.isolated[one]) for one in rows) > 1


def _an_account_row(laid: Laid, pool: int, rows: list[int]) -> int | None:
    """A row that says what is the account's."""
    if rows or laid.is_plain:
        return rows[0] if rows else pool
    account = laid.keys["pool", "account"][pool]  # type: ignore[index]
    found = np.flatnonzero(laid.positions.numbers == account)
    return int(found[0]) if len(found) else None


def _fee(legs: Positions, row: int) -> Exact | None:
    return _figure(legs.figures.get("taker_fee"), row)


def _its_place(evaluated: Evaluated, laid: Laid, pool: int, cross: bool) -> int:
    if not cross:
        return next(k for k, one in evaluated.pools() if one.position)
    settle = laid.settles[pool % len(laid.settles)]
    return next((k for k, one in evaluated.pools() if not one.position and one.settle == settle), 0)


def _wrong(positions: Positions, rows: list[int]) -> int:
    """What the door of a snapshot would have refused."""
    for row in rows:
        if not np.isfinite(positions.size.floats[row]):
            return NO_NUMBER
        for name in ABOVE_0 | AT_LEAST_0:
            figures = positions.figures.get(name)
            if figures is not None and out_of_range(name, figures.floats[row]):
                return OUT_OF_RANGE
    return 0


def _figure(figures: Figures | None, row: int) -> Exact | None:
    return None if figures is None else figures.exact(row)


def _market(plan: Plan, positions: Positions, row: int) -> MarketInput:
    mark, when = _figure(positions.figures.get("mark_price"), row), _instant(positions, "mark_price_at", row)
    return MarketInput(mark, None, when, None, None, _drivers(plan, "market", positions, row))


def _instant(positions: Positions, name: str, row: int) -> Instant | None:
    at = positions.instants.get(name)
    return None if at is None or at[row] == NO_TIME else int(at[row])


def _leg(plan: Plan, positions: Positions, row: int, name: str, hedged: bool) -> PositionInput:
    size = positions.size.exact(row)
    assert size is not None
    of = {field: _figure(positions.figures.get(field), row) for field in ("entry_price", "leverage", "margin", "unsettled_funding")}
    side = ("long" if size[0] > 0 else "short") if hedged else ""
    return PositionInput(
        str(row), name, ISOLATED if positions.isolated[row] else CROSS, size, of["entry_price"], side, of["leverage"], of["margin"],
        of["unsettled_funding"], _drivers(plan, "leg", positions, row), _instant(positions, "increased_at", row),
    )  # fmt: skip


def _drivers(plan: Plan, rows: str, positions: Positions, row: int) -> dict[str, Exact]:
    names = set(plan.drivers.get(rows, ())) - set(FIGURES)
    found = {name: _figure(positions.figures.get(name), row) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _balances(plan: Plan, laid: Laid, account: int) -> Balances:
    held = laid.holdings
    low, high = np.searchsorted(held.account, (account, account + 1))
    if not laid.known[account]:
        return None, {}, {}
    collateral: dict[str, Exact] = {}
    assets: dict[str, AssetInput] = {}
    of_each: dict[str, dict[str, Exact]] = {}
    for row in range(int(low), int(high)):
        name = held.asset_names[held.asset[row]]
        collateral[name] = held.amount.exact(row) or (0, 1)
        at = held.instants.get("index_price_at")
        when = None if at is None or at[row] == NO_TIME else int(at[row])
        of_coin = {**_said(plan, "asset", held, row), **_said(plan, "underlying", held, row)}
        assets[name] = AssetInput(_figure(held.figures.get("index_price"), row), when, of_coin)
        of_each[name] = _said(plan, "holding", held, row)
    return collateral, assets, of_each


def _said(plan: Plan, rows: str, held: Holdings, row: int) -> dict[str, Exact]:
    """What formulas read of the asset, of the coin or of the balance, as far as the row gives it."""
    found = {name: _figure(held.figures.get(name), row) for name in plan.drivers.get(rows, ())}
    return {name: value for name, value in found.items() if value is not None}
