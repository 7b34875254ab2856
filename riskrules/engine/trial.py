"""An account to try a rulebook on: read from a case of a status file, and written as one again.

It is a snapshot with one account.  Nothing here computes a figure: they are all asked of the engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.diagnostics.problem import Problem
from riskrules.engine.ask import price_answers
from riskrules.engine.changes import TooFine
from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.door import snapshot_of
from riskrules.engine.snapshot import AssetInput, PositionInput, Snapshot
from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import Plan
from riskrules.rules.noted import Case
from riskrules.units import say
from riskrules.units.clock import Instant, say_instant
from riskrules.units.exact import Exact, exact_text, strict_number, to_fraction

PRICES = {"liquidation_price": "liquidate", "bankruptcy_price": "bankrupt"}
ID = "account"


def snapshot_of_case(plan: Plan, case: Case, when: Instant) -> tuple[Snapshot | None, list[Problem]]:
    """The snapshot that a case stands for: its prices are of the instant itself."""
    at = say_instant(when)
    tree = {
        "as_of": at,
        "rulebook": plan.rulebook,
        "markets": {name: {"at": at, **_policy_numbers(fields)} for name, fields in case.markets.items()},
        "assets": {name: {"at": at, **_policy_numbers(fields)} for name, fields in case.assets.items()},
        "accounts": [{"id": ID, **_policy_numbers(case.account)}],
    }
    return snapshot_of(tree, "case", json.dumps(tree), plan.drivers)


def _policy_numbers(node: Any) -> Any:
    """Digits grouped by _ as policies write them, for a reader that knows the words of a snapshot."""
    if isinstance(node, dict):
        return {str(key): _policy_numbers(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_policy_numbers(one) for one in node]
    if node in ("true", "false"):
        return node == "true"
    return node.replace("_", "") if isinstance(node, str) and strict_number(node) is not None else node


def decided(plan: Plan, snapshot: Snapshot) -> Evaluated:
    return decide(plan, snapshot, snapshot.accounts[0])


# -- figures ---------------------------------------------------------------------------------------


def figure_of(evaluated: Evaluated, name: str, of: str | None) -> Any:
    """A named figure of a position, or of the first pool that has one; a price in the direction that hurts; None where there is none."""
    leg = leg_called(evaluated, of)
    if leg is None:
        return None
    pool = evaluated.rows.keys["leg", "pool"][leg]
    if name == "decision":
        word, fault = evaluated.verdict(pool)
        return fault or word
    if name in PRICES:
        return price_of(evaluated, leg, PRICES[name])
    if name not in evaluated.plan.program.named:
        return None
    rows = evaluated.plan.program.nodes[evaluated.plan.program.named[name]].rows
    return evaluated.value(name, pool if rows == "pool" else evaluated.row_of(name, leg))


def leg_called(evaluated: Evaluated, of: str | None) -> int | None:
    return next((k for k, leg in enumerate(evaluated.rows.legs) if of in (None, leg.id)), None)


def price_of(evaluated: Evaluated, leg: int, condition: str) -> Any:
    """The nearest mark at which the condition turns, on the side that hurts; `none`, or a fault."""
    pool, market = evaluated.rows.keys["leg", "pool"][leg], evaluated.rows.keys["leg", "market"][leg]
    _, fault = evaluated.verdict(pool)
    if fault:
        return fault
    try:
        found = price_answers(evaluated, pool, market, condition)
    except TooFine:
        return Fault("RR720", "the price cannot be found exactly", "ask for it with riskrules ask, which says where it stopped")
    hurts = -1 if evaluated.rows.legs[leg].size[0] > 0 else 1
    holds = evaluated.value(condition, pool) is True
    points = [one for one in found if holds or one.direction == hurts]
    if not points:
        return "none"
    return points[0].fault or (points[0].point.numerator, points[0].point.denominator)


def said(value: Any) -> str:
    """A figure as a status file writes it, and as it is compared."""
    if isinstance(value, Fault):
        return value.code
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "no such figure"
    return exact_text(value) if isinstance(value, tuple) else str(value + 1 if type(value) is int else value)


def shown(value: Any) -> str:
    return say.money(value) if isinstance(value, tuple) else said(value)


def is_said(value: Any, text: str) -> bool:
    """Whether a figure is what a status file says of it: to the last place."""
    if not isinstance(value, tuple):
        return said(value) == text
    over = 100 if text.endswith("%") else 1
    pair = strict_number(text.removesuffix("%"))
    return pair is not None and Fraction(*pair) / over == to_fraction(value)


# -- the case as text ------------------------------------------------------------------------------


class Words(NamedTuple):
    """A case in flow style, for a status file."""

    markets: str
    assets: str
    account: str

    def lines(self) -> Iterator[str]:
        yield f"markets: {{{self.markets}}}"
        if self.assets:
            yield f"assets: {{{self.assets}}}"
        yield f"account: {{{self.account}}}"


def words_of(snapshot: Snapshot) -> Words:
    """What a snapshot says, as short as a case may be."""
    account = snapshot.accounts[0]
    held = {position.market for position in account.positions} | {order.market for order in account.orders}
    markets = ", ".join(f"{name}: {_flow(_market(one))}" for name, one in snapshot.markets.items() if name in held)
    assets = ", ".join(f"{name}: {_flow({'index_price': one.index_price})}" for name, one in snapshot.assets.items() if _is_needed(one))
    parts: dict[str, Any] = {"taker_fee": account.taker_fee, "collateral": account.collateral, **account.drivers}
    parts["positions"] = [_position(one) for one in account.positions]
    if account.orders:
        parts["orders"] = [
            {"market": o.market, "side": o.side, "size": o.size, "price": o.price, "reduce_only": o.reduce_only, **o.drivers}
            for o in account.orders
        ]
    return Words(markets, assets, _flow(parts)[1:-1])


def _is_needed(asset: AssetInput) -> bool:
    return asset.index_price is not None


def _market(market: Any) -> dict[str, Any]:
    return {"mark_price": market.mark_price, "index_price": market.index_price, **market.drivers}


def _position(one: PositionInput) -> dict[str, Any]:
    fields = one._asdict()
    fields["id"] = None if one.id == one.market or one.id.startswith(f"{one.market}-") else one.id
    fields["side"] = one.side or None
    drivers = fields.pop("drivers")
    return {**fields, **drivers}


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items() if one is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return policy_number(value) if _is_number(value) else str(value)


def policy_number(value: Exact) -> str:
    """As policies write it: digits in threes where there are many."""
    whole, point, part = exact_text(value).partition(".")
    return f"{int(whole):_}{point}{part}" if whole.lstrip("-").isdigit() and len(whole.lstrip("-")) > 4 else f"{whole}{point}{part}"


def _is_number(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int)


def sentence(snapshot: Snapshot) -> str:
    """`BTC-USDT long 10 @ 30,000 entered at 31,000, cross, USDT 1,000`."""
    account = snapshot.accounts[0]
    parts = []
    for one in account.positions:
        mark = snapshot.markets[one.market].mark_price if one.market in snapshot.markets else None
        size = f"{'long' if one.size[0] > 0 else 'short'} {say.number((abs(one.size[0]), one.size[1]))}"
        entry = f" entered at {say.number(one.entry_price)}" if one.entry_price else ""
        margin = f" with {say.number(one.margin)}" if isinstance(one.margin, tuple) else ""
        parts.append(f"{one.market} {size} @ {say.number(mark) if mark else 'no price'}{entry}, {one.mode}{margin}")
    balances: dict[str, Exact] = account.collateral or {}
    parts += [f"{asset} {say.number(amount)}" for asset, amount in balances.items() if amount[0]]
    return "; ".join(parts)
