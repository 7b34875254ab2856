"""What may be declared of every account under a rulebook: each a change, and the figure that must not go the wrong way.

Two accounts are decided by the one engine and their figures held to each other; no rule is stated here.
A figure that cannot be had on either side shows nothing: that account was not tried.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.engine.decide import ERROR, HEALTHY, LIQUIDATE, Evaluated
from riskrules.engine.snapshot import OrderInput, PositionInput, Snapshot
from riskrules.engine.trial import decided
from riskrules.rulebook.plan import MarketPlan, Plan
from riskrules.units.exact import Exact, to_exact, to_fraction


class Pair(NamedTuple):
    """The figure before and after a change, and by how much it went the wrong way; 0 where it did not."""

    figure: str
    before: Any
    after: Any
    wrong_by: Fraction


class Property(NamedTuple):
    asks: str
    change: str  # what the number of a change is; "" where nothing is chosen
    changes: tuple[Fraction, ...]  # those that are tried
    pair: Callable[[Plan, Snapshot, Exact], Pair | None]


def scaled(value: Exact, by: Exact) -> Exact:
    return to_exact(to_fraction(value) * to_fraction(by))


# -- changes ---------------------------------------------------------------------------------------


def with_positions(snapshot: Snapshot, *positions: PositionInput) -> Snapshot:
    return snapshot._replace(accounts=(snapshot.accounts[0]._replace(positions=positions),))


def reordered(snapshot: Snapshot) -> Snapshot:
    account = snapshot.accounts[0]
    collateral = dict(reversed((account.collateral or {}).items())) if account.collateral is not None else None
    turned = account._replace(positions=account.positions[::-1], orders=account.orders[::-1], collateral=collateral)
    return snapshot._replace(accounts=(turned,))


def in_another_unit(plan: Plan, snapshot: Snapshot, factor: Exact) -> Snapshot:
    """Sizes counted in a unit so many times smaller, prices in the same: every value in the settle asset stays."""
    account = snapshot.accounts[0]
    price = {name: factor if _is_inverse(plan, name) else (factor[1], factor[0]) for name in snapshot.markets}
    markets = {
        name: one._replace(mark_price=_scaled(one.mark_price, price[name]), index_price=_scaled(one.index_price, price[name]))
        for name, one in snapshot.markets.items()
    }
    positions = tuple(
        one._replace(size=scaled(one.size, factor), entry_price=scaled(one.entry_price, price[one.market]) if one.entry_price else None)
        for one in account.positions
    )
    orders = tuple(one._replace(size=scaled(one.size, factor), price=scaled(one.price, price[one.market])) for one in account.orders)
    return snapshot._replace(markets=markets, accounts=(account._replace(positions=positions, orders=orders),))


def _scaled(value: Exact | None, by: Exact) -> Exact | None:
    return scaled(value, by) if value else None


def _is_inverse(plan: Plan, name: str) -> bool:
    market = plan.market(name)
    return isinstance(market, MarketPlan) and market.is_inverse


def at_mark(snapshot: Snapshot, market: str, mark: Exact) -> Snapshot:
    one = snapshot.markets[market]
    return snapshot._replace(markets={**snapshot.markets, market: one._replace(mark_price=mark)})


def paid_in(plan: Plan, snapshot: Snapshot, amount: Exact) -> Snapshot:
    """Into what stands behind the first position: its posted margin, or the balance that its pool is valued in."""
    account = snapshot.accounts[0]
    first = account.positions[0]
    if first.mode == "isolated":
        if not isinstance(first.margin, tuple):
            return snapshot
        return with_positions(snapshot, first._replace(margin=_sum(first.margin, amount)), *account.positions[1:])
    market = plan.market(first.market)
    asset = plan.account.pooled_in or (market.settle if market else "")
    held = dict(account.collateral or {})
    held[asset] = _sum(held.get(asset, (0, 1)), amount)
    return snapshot._replace(accounts=(account._replace(collateral=held),))


def _sum(a: Exact, b: Exact) -> Exact:
    return to_exact(to_fraction(a) + to_fraction(b))


def resized(snapshot: Snapshot, share: Exact) -> Snapshot:
    first, *rest = snapshot.accounts[0].positions
    return with_positions(snapshot, first._replace(size=scaled(first.size, share)), *rest)


# -- figures ---------------------------------------------------------------------------------------


def _figure(evaluated: Evaluated, name: str) -> Exact | None:
    """Of the pool behind the first position; None where the pool is not decided."""
    pool = evaluated.rows.keys["leg", "pool"][0] if evaluated.rows.legs else None
    if pool is None or evaluated.verdict(pool)[0] == ERROR:
        return None
    value = evaluated.value(name, pool)
    return value if isinstance(value, tuple) else None


def _never_up(figure: str, before: Exact | None, after: Exact | None) -> Pair | None:
    if before is None or after is None:
        return None
    return Pair(figure, before, after, max(Fraction(0), to_fraction(after) - to_fraction(before)))


def _same(before: Evaluated, after: Evaluated) -> Pair | None:
    """Every pool decided alike, with the same equity and margins; the first that is not."""
    others = {pool: k for k, pool in after.pools()}
    found = None
    for k, pool in before.pools():
        if pool not in others or ERROR in (before.verdict(k)[0], after.verdict(others[pool])[0]):
            continue
        for name in ("equity", "initial_margin", "maintenance_margin"):
            a, b = before.value(name, k), after.value(name, others[pool])
            if isinstance(a, tuple) and isinstance(b, tuple):
                pair = Pair(name, a, b, abs(to_fraction(a) - to_fraction(b)))
                found = pair if found is None or pair.wrong_by else found
                if pair.wrong_by:
                    return pair
    return found


# -- the properties --------------------------------------------------------------------------------


def _any_order(plan: Plan, snapshot: Snapshot, _: Exact) -> Pair | None:
    return _same(decided(plan, snapshot), decided(plan, reordered(snapshot)))


def _any_unit(plan: Plan, snapshot: Snapshot, factor: Exact) -> Pair | None:
    return _same(decided(plan, snapshot), decided(plan, in_another_unit(plan, snapshot, factor)))


def _parts(plan: Plan, snapshot: Snapshot, share: Exact) -> tuple[Exact | None, Exact | None]:
    """The requirement of the first position held by one account, and of it held by two, each a share."""
    first = with_positions(snapshot, snapshot.accounts[0].positions[0])
    rest = (share[1] - share[0], share[1])
    whole, a, b = (_figure(decided(plan, one), "maintenance_margin") for one in (first, resized(first, share), resized(first, rest)))
    return whole, None if a is None or b is None else _sum(a, b)


def _splitting(plan: Plan, snapshot: Snapshot, share: Exact) -> Pair | None:
    whole, parts = _parts(plan, snapshot, share)
    pair = _never_up("maintenance_margin", parts, whole)
    return pair and Pair(pair.figure, pair.after, pair.before, pair.wrong_by)


def _merging(plan: Plan, snapshot: Snapshot, share: Exact) -> Pair | None:
    whole, parts = _parts(plan, snapshot, share)
    pair = _never_up("maintenance_margin", whole, parts)
    return pair and Pair(pair.figure, pair.after, pair.before, pair.wrong_by)


def _collateral(plan: Plan, snapshot: Snapshot, amount: Exact) -> Pair | None:
    before, after = decided(plan, snapshot), decided(plan, paid_in(plan, snapshot, amount))
    pair = _never_up("margin_buffer", _figure(after, "margin_buffer"), _figure(before, "margin_buffer"))
    if pair is None:
        return None
    words = before.verdict(0)[0], after.verdict(0)[0]
    if words == (HEALTHY, LIQUIDATE):
        return Pair("decision", *words, Fraction(1))
    return Pair(pair.figure, pair.after, pair.before, pair.wrong_by)


def _adverse(plan: Plan, snapshot: Snapshot, share: Exact) -> Pair | None:
    """The first position by itself, its mark moved against it by a share."""
    first = snapshot.accounts[0].positions[0]
    mark = snapshot.markets[first.market].mark_price
    if mark is None:
        return None
    alone = with_positions(snapshot, first)
    away = 1 - to_fraction(share) if first.size[0] > 0 else 1 + to_fraction(share)
    before, after = decided(plan, alone), decided(plan, at_mark(alone, first.market, scaled(mark, to_exact(away))))
    return _never_up("margin_buffer", _figure(before, "margin_buffer"), _figure(after, "margin_buffer"))


def _reducing(plan: Plan, snapshot: Snapshot, share: Exact) -> Pair | None:
    before, after = decided(plan, snapshot), decided(plan, resized(snapshot, share))
    return _never_up("maintenance_margin", _figure(before, "maintenance_margin"), _figure(after, "maintenance_margin"))


def _reduce_only(plan: Plan, snapshot: Snapshot, share: Exact) -> Pair | None:
    account = snapshot.accounts[0]
    first = account.positions[0]
    mark = snapshot.markets[first.market].mark_price
    if mark is None or first.mode != "cross":
        return None
    side, size = ("sell" if first.size[0] > 0 else "buy"), scaled((abs(first.size[0]), first.size[1]), share)
    wanted = plan.drivers.get("order", ())
    drivers = {name: value for name, value in first.drivers.items() if name in wanted}
    order = OrderInput("closing", first.market, side, size, mark, True, first.leverage, drivers)
    more = snapshot._replace(accounts=(account._replace(orders=(*account.orders, order)),))
    before, after = decided(plan, snapshot), decided(plan, more)
    return _never_up("initial_margin", _figure(before, "initial_margin"), _figure(after, "initial_margin"))


SHARES = tuple(Fraction(*pair) for pair in ((1, 2), (1, 10), (9, 10), (1, 1000)))
MOVES = tuple(Fraction(*pair) for pair in ((1, 1000), (1, 100), (1, 10), (1, 100_000)))
AMOUNTS = tuple(Fraction(*pair) for pair in ((1, 1), (1, 100), (1000, 1)))
UNITS = (Fraction(10), Fraction(1000))
SHARE = "the share of the first position"
PROPERTIES = {
    "any_order": Property("equity and margins are the same in whatever order positions stand", "", (Fraction(1),), _any_order),
    "any_unit": Property("equity and margins are the same in whatever unit sizes are counted", "new units an old one", UNITS, _any_unit),
    "no_gain_from_splitting": Property("two accounts never need less for a position than one does", SHARE, SHARES, _splitting),
    "no_gain_from_merging": Property("one account never needs less for a position than two do", SHARE, SHARES, _merging),
    "more_collateral_never_hurts": Property("more collateral never lowers the margin buffer", "the amount", AMOUNTS, _collateral),
    "adverse_price_never_helps": Property("a mark that goes against a position never raises its buffer", "the move", MOVES, _adverse),
    "reducing_never_raises": Property("a smaller position never needs a larger margin", "the share that is left", SHARES, _reducing),
    "reduce_only_orders_never_raise": Property("a reduce-only order never raises the initial margin", SHARE, SHARES, _reduce_only),
}


def may_be(name: str, change: Exact) -> bool:
    """Whether a change is one: a share or a move lies between nothing and the whole."""
    one = to_fraction(change)
    return one > 1 if name == "any_unit" else one > 0 if name in ("more_collateral_never_hurts", "any_order") else 0 < one < 1
