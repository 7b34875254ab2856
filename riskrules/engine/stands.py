"""A market that stands for another: a snapshot put into the words of a rulebook that has the same coin in another quote.

What is given in the one quote is read as so much of the other, one for one, and that is said beside the
figures.  Sizes are converted where contracts hold different amounts, exactly.  What would need more than
that (an inverse contract for a linear one, two markets in one) is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from riskrules.engine.snapshot import AccountInput, OrderInput, PositionInput, Snapshot
from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import MarketPlan, Plan
from riskrules.units import say
from riskrules.units.exact import Exact, to_exact, to_fraction

Value = TypeVar("Value")
Held = TypeVar("Held", PositionInput, OrderInput)
Asked = Mapping[str, tuple[str, ...]]  # a market of the snapshot → what may stand for it, the first that a rulebook has


class Stand(NamedTuple):
    """`market` of the rulebook stands for `of` of the snapshot."""

    market: str
    of: str
    assets: tuple[str, str] | None  # what balances are read as, and what they are in; None where both settle in one asset
    times: Exact  # so many of its contracts are one of the other's

    @property
    def said(self) -> str:
        told = f"{self.market} stands for {self.of}"
        if self.assets:
            told += f", and {self.assets[0]} for {self.assets[1]} one for one"
        return told if self.times == (1, 1) else f"{told}; a size of 1 is {say.number(self.times)} there"


def standing(plan: Plan, snapshot: Snapshot, asked: Asked, own: Mapping[str, MarketPlan]) -> tuple[Snapshot, tuple[Stand, ...]] | Fault:
    """The snapshot as the rulebook can read it, and what stands for what; `own` are the snapshot's markets, as it means them."""
    found: list[Stand] = []
    for left in asked:
        right = next((name for name in asked[left] if plan.market(name)), None)
        if plan.market(left) is not None or right is None or left not in _markets(snapshot):
            continue
        made = _stand(plan, left, right, own.get(left))
        if isinstance(made, Fault):
            return made
        found.append(made)
    refused = next(_clashes(plan, snapshot, found), None)
    return refused or (_put(snapshot, found), tuple(found))


def _markets(snapshot: Snapshot) -> set[str]:
    return {name for account in snapshot.accounts for name in _held(account)}


def _held(account: AccountInput) -> set[str]:
    """The markets that an account has something in."""
    before = set() if account.before is None else _held(account.before)
    return before.union(one.market for one in account.positions).union(one.market for one in account.orders)


def _stand(plan: Plan, left: str, right: str, meant: MarketPlan | None) -> Stand | Fault:
    here = plan.market(right)
    assert here is not None
    if meant is None:
        text = f"none of the rulebooks has {left}, so that nobody says what a size of it counts"
        return _refusal(text, f"name a rulebook that has {left} as well")
    if left.split("-")[0] != right.split("-")[0] or left.split("-")[2:] != right.split("-")[2:]:
        return _refusal(f"{right} is another coin or another date than {left}", "name a market of the same coin and date")
    if meant.is_inverse != here.is_inverse:
        kinds = {True: "inverse", False: "linear"}
        text = f"{left} is {kinds[meant.is_inverse]} and {right} {kinds[here.is_inverse]}: profit bends in the one and not in the other"
        return _refusal(text, "no price makes them one; give the position as the other contract in a snapshot of its own")
    times = to_fraction(meant.multiplier) / to_fraction(here.multiplier)
    return Stand(right, left, None if here.settle == meant.settle else (here.settle, meant.settle), to_exact(times))


def _clashes(plan: Plan, snapshot: Snapshot, found: Sequence[Stand]) -> Iterator[Fault]:
    """Two markets that would be one, and balances that would be two things."""
    held, taken = _markets(snapshot), [one.market for one in found]
    for one in found:
        if one.market in held or taken.count(one.market) > 1:
            hint = "leave one of them out: put together they would be netted, which nobody decided"
            yield _refusal(f"{one.market} would stand for {one.of}, and for another market that is held", hint)
    for account in snapshot.accounts:
        for one in _of(account, found):
            yield from _balances_clash(plan, account, one, {stand.of for stand in found})


def _balances_clash(plan: Plan, account: AccountInput, one: Stand, moved: set[str]) -> Iterator[Fault]:
    if one.assets is None:
        return
    read_as, asset = one.assets
    behind = next((name for name in sorted(_held(account) - moved) if (market := plan.market(name)) and market.settle == asset), None)
    if behind is not None:
        yield _refusal(f"{asset} of {account.id} stands behind {behind} too, which settles in it here", "compare them by themselves")
    if {read_as, asset} <= {name for name, amount in (account.collateral or {}).items() if amount[0]}:
        yield _refusal(f"{account.id} holds {asset} and {read_as}, and one would be read as the other", "leave one of them out")


def _of(account: AccountInput, found: Sequence[Stand]) -> list[Stand]:
    held = _held(account)
    return [one for one in found if one.of in held]


def _refusal(text: str, hint: str) -> Fault:
    return Fault("RR576", text, hint)


# -- the snapshot in other words -------------------------------------------------------------------


def _put(snapshot: Snapshot, found: Sequence[Stand]) -> Snapshot:
    if not found:
        return snapshot
    markets, assets = dict(snapshot.markets), dict(snapshot.assets)
    for one in found:
        if one.of in markets:
            markets[one.market] = markets.pop(one.of)
        if one.assets and one.assets[1] in assets:
            assets.setdefault(one.assets[0], assets[one.assets[1]])
    accounts = tuple(_account(account, {one.of: one for one in _of(account, found)}) for account in snapshot.accounts)
    return snapshot._replace(markets=markets, assets=assets, accounts=accounts)


def _account(account: AccountInput, by: Mapping[str, Stand]) -> AccountInput:
    called = {one.assets[1]: one.assets[0] for one in by.values() if one.assets}
    renamed = {of: one.market for of, one in by.items()}
    return account._replace(
        collateral=None if account.collateral is None else _balances(account.collateral, called),
        positions=tuple(_sized(one, by) for one in account.positions),
        orders=tuple(_sized(one, by) for one in account.orders),
        leverage=_renamed(account.leverage, renamed),
        risk_limit=_renamed(account.risk_limit, renamed),
        holdings=_renamed(account.holdings, called),
        before=None if account.before is None else _account(account.before, by),
    )


def _balances(held: Mapping[str, Exact], called: Mapping[str, str]) -> dict[str, Exact]:
    """Of two that become one, one is nothing: else it was refused."""
    made: dict[str, Exact] = {}
    for name, amount in held.items():
        asset = called.get(name, name)
        made[asset] = amount if amount[0] or asset not in made else made[asset]
    return made


def _renamed(given: Mapping[str, Value], called: Mapping[str, str]) -> dict[str, Value]:
    return {called.get(name, name): value for name, value in given.items()}


def _sized(one: Held, by: Mapping[str, Stand]) -> Held:
    stand = by.get(one.market)
    if stand is None:
        return one
    return one._replace(market=stand.market, size=to_exact(to_fraction(one.size) * to_fraction(stand.times)))
