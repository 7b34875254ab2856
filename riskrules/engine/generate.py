"""Accounts to try a rulebook on: drawn from a seed, near the bounds of its tables and near its trigger.

What a table bounds and what an account needs is asked of the engine, so that one draw serves every
kind of rulebook.  An account that a rulebook cannot decide is drawn again, and how often is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import NamedTuple

from riskrules.engine.decide import ERROR
from riskrules.engine.snapshot import AccountInput, AssetInput, MarketInput, PositionInput, Snapshot
from riskrules.engine.trial import ID, decided
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import Instant
from riskrules.units.exact import Exact, to_exact, to_fraction
from riskrules.units.unit import SETTLE

ASKED = ("lookup", "notional")  # what a table is read by, else what a position is worth
LEVERAGE: Exact = (3, 1)
FEE: Exact = (5, 10_000)
MOST_TRIES = 6
HEDGED = 0.2  # how many of the accounts hold both legs of a market, where they may


class Drawn(NamedTuple):
    snapshot: Snapshot
    change: Exact


def drawn(plan: Plan, when: Instant, seed: str, count: int, changes: tuple[Fraction, ...], of: str = "") -> Iterator[Drawn | None]:
    """So many accounts, each with one of the changes; None for one that could not be decided.  `of`: of this market alone."""
    random = Random(seed)
    markets = [name for name in plan.markets() if of in ("", name) and _has_table(plan, name)]
    for _ in range(count if markets else 0):
        snapshot = _one(plan, when, random, markets)
        change = to_exact(random.choice(changes))
        yield Drawn(snapshot, change) if snapshot else None


def _has_table(plan: Plan, name: str) -> bool:
    """Or needs none: where formulas say what a position holds, a contract is enough."""
    market = plan.market(name)
    return market is not None and (market.tables != (None,) or not reads_tables(plan))


def reads_tables(plan: Plan) -> bool:
    """Whether the decision hangs on a table."""
    program = plan.program
    return any(node.op == "bracket" for node in program.nodes[: program.decides + 1])


def _one(plan: Plan, when: Instant, random: Random, markets: list[str]) -> Snapshot | None:
    for _ in range(MOST_TRIES):
        chosen = random.sample(markets, min(len(markets), random.choice((1, 1, 2, 3))))
        settle = {market.settle for name in chosen if (market := plan.market(name))}
        snapshot = _account(plan, when, random, chosen if len(settle) == 1 or plan.account.pooled_in else chosen[:1])
        if snapshot is not None:
            return snapshot
    return None


def digits(value: Fraction, random: Random, count: int = 3) -> Fraction:
    """A number near the value that is short to write."""
    if value <= 0:
        return Fraction(0)
    unit = Fraction(10) ** (len(str(int(value))) - count) if value >= 1 else Fraction(1, 10 ** (count + len(str(int(1 / value))) - 1))
    return max(unit, (value // unit) * unit) + random.choice((0, 0, 1)) * unit


def _account(plan: Plan, when: Instant, random: Random, names: list[str]) -> Snapshot | None:
    mode = random.choice(plan.account.margin_modes)
    markets = {name: _prices(plan, when, random, name) for name in names}
    assets = {asset: AssetInput((1, 1), when) for asset in (*plan.assets, *_settles(plan, names))}
    positions = []
    for name in names:
        one = _position(plan, random, name, mode, markets[name], Snapshot(when, plan.rulebook, markets, assets, ()))
        if one is None:
            return None
        positions.append(one)
    if mode != "isolated" and plan.account.hedge_allowed and random.random() < HEDGED:
        positions[0:1] = _both_legs(positions[0])
    account = _held(plan, random, positions[:1] if mode == "isolated" else positions)
    return _near_the_trigger(plan, random, Snapshot(when, plan.rulebook, markets, assets, (account,)), mode)


def _both_legs(one: PositionInput) -> list[PositionInput]:
    """The position and another, half as large, on the other side of its market."""
    sides = ("long", "short") if one.size[0] > 0 else ("short", "long")
    other = one._replace(size=(-one.size[0], 2 * one.size[1]))
    return [leg._replace(id=f"{leg.market}-{side}", side=side) for leg, side in zip((one, other), sides, strict=True)]


def _held(plan: Plan, random: Random, positions: list[PositionInput]) -> AccountInput:
    return AccountInput(id=ID, collateral={}, positions=tuple(positions), taker_fee=FEE, drivers=_given(plan, random, "account"))


def _settles(plan: Plan, names: list[str]) -> list[str]:
    return [market.settle for name in names if (market := plan.market(name))]


def _prices(plan: Plan, when: Instant, random: Random, name: str) -> MarketInput:
    mark = to_exact(digits(Fraction(10) ** random.randint(-1, 4) * random.randint(1, 9), random))
    return MarketInput(mark_price=mark, index_price=mark, at=when, drivers=_given(plan, random, "market"))


def _given(plan: Plan, random: Random, rows: str) -> dict[str, Exact]:
    """A figure that only a formula reads may be anything: a few sizes of it are tried."""
    return {name: (random.choice((1, 100, 1_000_000)), 1) for name in plan.drivers.get(rows, ()) if name != "risk_limit"}


def _position(
    plan: Plan, random: Random, name: str, mode: str, market: MarketInput, empty: Snapshot
) -> PositionInput | None:  # its size is drawn near a bound of its table, or over many orders of magnitude
    assert market.mark_price is not None
    limits = _limits(plan, name)
    chosen = {"risk_limit": to_exact(random.choice(limits))} if limits and "risk_limit" in plan.drivers.get("leg", ()) else {}
    one = PositionInput(
        id=name, market=name, mode=mode, size=(1, 1), entry_price=market.mark_price, leverage=LEVERAGE, unsettled_funding=(0, 1),
        drivers={**_given(plan, random, "leg"), **chosen},
    )  # fmt: skip
    margin: Exact | None = (1, 1) if mode == "isolated" else None
    account = _held(plan, random, [one._replace(margin=margin)])
    evaluated = decided(plan, empty._replace(accounts=(account,)))
    asked = next((figure for figure in (ASKED if reads_tables(plan) else ASKED[1:]) if figure in plan.program.named), None)
    unit = evaluated.value(asked, evaluated.row_of(asked, 0)) if asked else (1, 1)
    if "risk_limit" in chosen:
        unit = evaluated.value("notional", evaluated.row_of("notional", 0))
    if not isinstance(unit, tuple) or unit[0] == 0:
        return None
    aimed = to_fraction(chosen["risk_limit"]) * random.choice((1, Fraction(1, 2))) if chosen else _aim(random, limits)
    size = aimed / abs(to_fraction(unit))
    size = size if random.random() < 0.5 and size.denominator < 10**6 else digits(size, random)
    entry = digits(to_fraction(market.mark_price) * random.choice((1, 1, Fraction(9, 10), Fraction(11, 10))), random)
    if not size or (chosen and size * abs(to_fraction(unit)) > to_fraction(chosen["risk_limit"])):
        return None
    return one._replace(size=to_exact(size * random.choice((1, -1))), entry_price=to_exact(entry), margin=margin)


def _limits(plan: Plan, name: str) -> list[Fraction]:
    """The bounds of the table that is surely in force; without tables the amounts that formulas are set for the market."""
    market = plan.market(name)
    table = market.tables[0] if market else None
    if reads_tables(plan):
        return [to_fraction(cap) for cap in table.caps[0] if cap is not None] if table else []
    amounts = [node.param for node in plan.program.nodes if node.op == "given" and node.unit == SETTLE and node.param in plan.settings]
    found = [of.get(name, of.get("")) for of in (plan.settings[amount] for amount in amounts)]
    return [to_fraction(value) for value in found if value and value[0] > 0]


def _aim(random: Random, limits: list[Fraction]) -> Fraction:
    near = random.choice((Fraction(1), Fraction(1001, 1000), Fraction(1, 2), Fraction(3, 2), Fraction(1, 10)))
    return random.choice(limits) * near if limits and random.random() < 0.8 else Fraction(10) ** random.randint(1, 7)


def _near_the_trigger(plan: Plan, random: Random, bare: Snapshot, mode: str) -> Snapshot | None:
    """What stands behind the positions is what they need, and a little or a lot besides."""
    account = bare.accounts[0]
    first = account.positions[0]
    evaluated = decided(plan, bare)
    pool = evaluated.rows.keys["leg", "pool"][0]
    equity, needs = evaluated.value("equity", pool), evaluated.value("maintenance_margin", pool)
    if evaluated.verdict(pool)[0] == ERROR or not isinstance(equity, tuple) or not isinstance(needs, tuple):
        return None
    short = to_fraction(needs) * random.choice((1, 1, Fraction(11, 10), 3)) - to_fraction(equity)
    amount = digits(max(short, Fraction(0)), random)
    if mode == "isolated":
        moved = (first._replace(margin=to_exact(max(amount, Fraction(1, 100)) + 1)),)
        return bare._replace(accounts=(account._replace(positions=moved, collateral={}),))
    asset = plan.account.pooled_in or _settles(plan, [first.market])[0]
    return bare._replace(accounts=(account._replace(collateral={asset: to_exact(amount)}),))
