"""Open orders of a coupled account: what it would require if they were filled, of each market on the worse side.

All buys of a market filled, or all its sells: the requirement is convex in what is held, so that no partial
fill requires more than the worst of these corners (with a tree among the parts that is not proved).  Each
corner is the portfolio's own program, walked with what the orders would add.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from riskrules.engine.couple import CROSS, Coupled, Mode, mode_of
from riskrules.engine.snapshot import OrderInput
from riskrules.ir.fault import Fault
from riskrules.ir.ops import OPS
from riskrules.units.exact import ZERO, Exact

MOST_MARKETS = 8  # with open orders: twice as many corners for each
NOT_COUNTED = "not_counted"
BUYS, SELLS = "buys", "sells"
add, neg, less = OPS["add"].exact, OPS["neg"].exact, OPS["sub"].exact


class Fill(NamedTuple):
    """Orders filled: of each market one side."""

    sides: tuple[tuple[str, str], ...]
    required: Any
    reserved: Exact  # what they cost at once, as the margin reserves it: it is taken off the equity
    equity: Any
    liquidated: bool | Fault


class OpenOrders(NamedTuple):
    counted: int
    left_out: int  # they only reduce, or wait for a trigger and are left out till then
    rule: str  # of the margin file
    worst: Fill | None  # None where none is counted
    markets: int  # that have some
    fault: Fault | None = None  # why nothing can be said

    @property
    def too_many(self) -> bool:
        return self.markets > MOST_MARKETS


class _Side(NamedTuple):
    market: str
    side: str
    adds: Exact  # below 0 for sells
    reserved: Exact


def open_orders(coupled: Coupled) -> OpenOrders | None:
    """None where the account has no order."""
    evaluated = coupled.evaluated
    orders, account = evaluated.rows.orders, evaluated.plan.account
    if not orders:
        return None
    kept = [k for k, order in enumerate(orders) if _counts(order, account.untriggered)]
    if account.orders == NOT_COUNTED:
        return OpenOrders(0, len(orders), account.orders, None, 0)
    sides = _sides(coupled, kept)
    if isinstance(sides, Fault):
        return OpenOrders(len(kept), len(orders) - len(kept), account.orders, None, 0, sides)
    markets = tuple(dict.fromkeys(one.market for one in sides))
    found = OpenOrders(len(kept), len(orders) - len(kept), account.orders, None, len(markets))
    return found if found.too_many or not kept else _at_worst(coupled, found, sides, markets)


def _counts(order: OrderInput, untriggered: str) -> bool:
    return not order.reduce_only and not (order.untriggered and untriggered == "excluded")


def _sides(coupled: Coupled, kept: list[int]) -> list[_Side] | Fault:
    """What the orders of each side of a market would add, at their own prices."""
    evaluated, found = coupled.evaluated, dict[tuple[str, str], _Side]()
    named = evaluated.plan.program.named
    for k in kept:
        order = evaluated.rows.orders[k]
        notional = evaluated.value("order_notional", k)
        reserved = evaluated.value("order_reserve", k) if "order_reserve" in named else ZERO
        for value in (notional, reserved):
            if isinstance(value, Fault):
                return value
        key = (order.market, BUYS if order.side == "buy" else SELLS)
        before = found.get(key, _Side(*key, ZERO, ZERO))
        signed = notional if order.side == "buy" else neg(notional)
        found[key] = _Side(*key, add(before.adds, signed), add(before.reserved, reserved))
    return list(found.values())


def _at_worst(coupled: Coupled, found: OpenOrders, sides: list[_Side], markets: tuple[str, ...]) -> OpenOrders:
    held = tuple(dict.fromkeys((*coupled.markets, *markets)))
    mode = mode_of(coupled.evaluated, coupled.plan, held, CROSS, [coupled.account] * len(held))
    fills = [_filled(coupled, mode, held, corner) for corner in _corners(sides, markets)]
    fault = next((one for fill in fills for one in (fill.required, fill.liquidated) if isinstance(one, Fault)), None)
    if fault is not None:
        return found._replace(fault=fault)
    worst = fills[0]
    for fill in fills[1:]:
        worse = OPS["above"].exact(add(fill.required, fill.reserved), add(worst.required, worst.reserved))
        if (fill.liquidated, worse) > (worst.liquidated, False):
            worst = fill
    return found._replace(worst=worst)


def _corners(sides: list[_Side], markets: tuple[str, ...]) -> Iterator[tuple[_Side, ...]]:
    """Of each market one side or the other; of a market with one side alone, that or none."""
    choices: list[list[_Side | None]] = []
    for market in markets:
        mine: list[_Side | None] = [one for one in sides if one.market == market]
        choices.append(mine if len(mine) > 1 else [*mine, None])
    return (tuple(one for one in corner if one is not None) for corner in product(*choices))


def _filled(coupled: Coupled, mode: Mode, held: tuple[str, ...], corner: tuple[_Side, ...]) -> Fill:
    adds = {one.market: one.adds for one in corner}
    reserved = ZERO
    for one in corner:
        reserved = add(reserved, one.reserved)
    first, *rest = mode.walk.frame.column("pool", "pool_equity")
    equity = [first if isinstance(first, Fault) else less(first, reserved), *rest]
    changes = {("position", "ordered"): [adds.get(market, ZERO) for market in held], ("pool", "pool_equity"): equity}
    named = mode.walk.program.named
    last = max(named[name] for name in ("requirement", "account_equity", "liquidate_now"))
    mode.walk.upto(last)
    walk = mode.walk.changed(changes, last)
    values = [walk.value(name, 0) for name in ("requirement", "account_equity", "liquidate_now")]
    return Fill(tuple((one.market, one.side) for one in corner), values[0], reserved, values[1], values[2])
