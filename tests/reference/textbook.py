"""Margin by the textbook: each leg's tier and margin, each pool's equity and decision, in plain fractions.

Independent on purpose: no line of the package is used, and the margin of a marginal table is added up
slice by slice instead of by rate and amount.  Slow and obviously right beats fast here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.reference.policy import NotInTheTextbook, Policy, Tier, number, read_policy

NOTHING = Fraction(0)
CHOSEN = "chosen_risk_limit"


@dataclass(frozen=True, slots=True)
class Leg:
    """One position, or one leg of a hedge."""

    position: str
    market: str
    notional: Fraction
    entry_notional: Fraction
    tier: int  # counted from 1
    max_leverage: Fraction
    maintenance_rate: Fraction
    maintenance_amount: Fraction
    position_initial: Fraction
    position_maintenance: Fraction
    closing_fee: Fraction
    unrealised_profit: Fraction
    counted_profit: Fraction
    counted_funding: Fraction


@dataclass(frozen=True, slots=True)
class Pool:
    """What stands behind positions together; `isolated` is the position's id, or "" for a cross pool."""

    account: str
    settle: str
    isolated: str
    legs: tuple[Leg, ...]
    wallet_balance: Fraction
    equity: Fraction
    maintenance_margin: Fraction
    initial_margin: Fraction
    margin_buffer: Fraction
    decision: str
    state: str | None
    may_increase: bool


def rounded(x: Fraction, rule: Any) -> Fraction:
    """To a whole number of quanta, in the direction the policy says."""
    if rule == "none":
        return x
    quantum = number(rule["to"])
    directions: dict[str, Callable[[Fraction], int]] = {
        "up": math.ceil,
        "down": math.floor,
        "toward_zero": math.trunc,
        "away_from_zero": lambda steps: math.ceil(steps) if steps > 0 else math.floor(steps),
        "half_up": lambda steps: math.floor(steps + Fraction(1, 2)),
        "half_even": round,
    }
    return directions[rule["direction"]](x / quantum) * quantum


def holds(left: Fraction, comparison: str, right: Fraction) -> bool:
    return {"below": left < right, "at_or_below": left <= right, "above": left > right, "at_or_above": left >= right}[comparison]


def tier_of(size: Fraction, tiers: list[Tier], cap: str) -> int:
    """The first tier whose cap is not passed, counted from 1; beyond the last cap the last one."""
    for count, tier in enumerate(tiers, start=1):
        if tier.cap is None or size < tier.cap or (size == tier.cap and cap == "inclusive"):
            return count
    return len(tiers)


def slices_margin(size: Fraction, tiers: list[Tier]) -> Fraction:
    """Each slice of a size at the rate of its own tier; the last tier's slice has no end."""
    margin, floor = -tiers[0].first_amount, NOTHING
    for tier in tiers[:-1]:
        assert tier.cap is not None
        margin += tier.rate * max(NOTHING, min(size, tier.cap) - floor)
        floor = tier.cap
    return margin + tiers[-1].rate * max(NOTHING, size - floor)


@dataclass(frozen=True, slots=True)
class Textbook:
    policy: Policy

    @staticmethod
    def of(folder: Path, as_of: str) -> Textbook:
        return Textbook(read_policy(folder, as_of))

    def pools(self, snapshot: dict[str, Any]) -> list[Pool]:
        return [pool for account in snapshot["accounts"] for pool in self._account(account, snapshot)]

    def _account(self, account: dict[str, Any], snapshot: dict[str, Any]) -> Iterator[Pool]:
        positions = account.get("positions", [])
        for settle in self._cross_pools(account):
            legs = [self.leg(p, account, snapshot) for p in positions if p["mode"] == "cross" and self.pool_asset(p["market"]) == settle]
            orders = self._orders_margin(settle, account, snapshot)
            yield self._pool(account["id"], settle, "", legs, self._cross_wallet(settle, account, snapshot), orders)
        for position in positions:
            if position["mode"] == "isolated":
                leg = self.leg(position, account, snapshot)
                settle = self.pool_asset(position["market"])
                yield self._pool(account["id"], settle, position["id"], [leg], self._posted(position, leg), NOTHING)

    def pool_asset(self, market: str) -> str:
        pools = self.policy["account"]["pools"]
        return self.policy.settle(market) if pools == "per_settle_asset" else pools["per_account_in"]

    def _cross_pools(self, account: dict[str, Any]) -> list[str]:
        if self.policy["account"]["pools"] != "per_settle_asset":
            return [self.policy["account"]["pools"]["per_account_in"]]
        cross = [p["market"] for p in account.get("positions", []) if p["mode"] == "cross"]
        ordered = [order["market"] for order in account.get("orders", [])]
        return sorted({*account.get("collateral", {}), *(self.policy.settle(market) for market in cross + ordered)})

    # -- a leg -----------------------------------------------------------------------------------

    def leg(self, position: dict[str, Any], account: dict[str, Any], snapshot: dict[str, Any]) -> Leg:
        market = position["market"]
        size, entry = number(position["size"]), number(position["entry_price"])
        mark = number(snapshot["markets"][market]["mark_price"])
        notional, entry_notional = self._notional(market, size, mark), self._notional(market, size, entry)
        measures = {"notional_at_mark": notional, "notional_at_entry": entry_notional, "size": abs(size)}
        if (form := self.policy.form(market))["lookup"] == CHOSEN:
            measures[CHOSEN] = _limit(number(position["risk_limit"]), measures[form["rate_on"]])
        row, rate, amount, count = self._tier(market, measures)
        rounding = self.policy["rounding"]["position_margins"]
        initial = self.policy["initial_margin"]["position"]
        leverage = row.max_leverage if initial["rate"] == "one_over_max_leverage" else number(position["leverage"])
        profit = self._profit(market, size, entry, mark)
        return Leg(
            position=position["id"], market=market, notional=notional, entry_notional=entry_notional,
            tier=count, max_leverage=row.max_leverage, maintenance_rate=rate, maintenance_amount=amount,
            position_initial=rounded(measures[initial["on"]] / leverage, rounding),
            position_maintenance=rounded(rate * measures[form["rate_on"]] - amount, rounding),
            closing_fee=self._closing_fee(measures, account),
            unrealised_profit=profit,
            counted_profit=self._counted_profit(profit),
            counted_funding=self._counted_funding(number(position.get("unsettled_funding", 0))),
        )  # fmt: skip

    def _notional(self, market: str, size: Fraction, price: Fraction) -> Fraction:
        contract = self.policy.contract(market)
        face = abs(size) * number(contract["multiplier"])
        return face / price if contract["type"] == "inverse" else face * price

    def _profit(self, market: str, size: Fraction, entry: Fraction, mark: Fraction) -> Fraction:
        contract = self.policy.contract(market)
        face = size * number(contract["multiplier"])
        return face * (1 / entry - 1 / mark) if contract["type"] == "inverse" else face * (mark - entry)

    def _tier(self, market: str, measures: dict[str, Fraction]) -> tuple[Tier, Fraction, Fraction, int]:
        """The row, its rate, what it takes off, and which it is."""
        if self.policy["account"]["hedge_legs"] not in ("not_allowed", {"tier_by": "each_leg", "margin": "sum_of_legs"}):
            raise NotInTheTextbook(f"hedge legs {self.policy['account']['hedge_legs']}")
        if self.policy["maintenance_margin"]["position"] != "tier":
            raise NotInTheTextbook("maintenance by a formula")
        form, tiers = self.policy.form(market), self.policy.tiers(market)
        size = measures[form["lookup"]]
        count = tier_of(size, tiers, form["cap"])
        if tiers[-1].cap is not None and size > tiers[-1].cap and form["above_last_cap"]["existing"] != "last_tier_applies":
            raise NotInTheTextbook("an error above the last cap")
        row = tiers[count - 1]
        amount = row.rate * size - slices_margin(size, tiers) if form["style"] == "marginal" else NOTHING
        return row, row.rate, amount, count

    def _closing_fee(self, measures: dict[str, Fraction], account: dict[str, Any]) -> Fraction:
        fee = self.policy["maintenance_margin"]["fee"]
        if fee == "none":
            return NOTHING
        rate = number(account["taker_fee"] if fee["rate"] == "taker_fee" else fee["rate"])
        return rate * measures[fee["on"]]

    def _counted_profit(self, profit: Fraction) -> Fraction:
        equity = self.policy["equity"]
        return profit * number(equity["unrealised_profit"] if profit > 0 else equity["unrealised_loss"])

    def _counted_funding(self, funding: Fraction) -> Fraction:
        """Due is above 0, owed below."""
        equity = self.policy["equity"]
        counted = equity["funding_due"] if funding > 0 else equity["funding_owed"]
        return funding if counted == "counted" else NOTHING

    # -- what stands behind a pool ---------------------------------------------------------------

    def _cross_wallet(self, settle: str, account: dict[str, Any], snapshot: dict[str, Any]) -> Fraction:
        held = account.get("collateral", {})
        if self.policy["account"]["pools"] == "per_settle_asset":
            return self.weighted(settle, number(held.get(settle, 0)))
        prices = {asset: self._index(asset, settle, snapshot) for asset in held}
        return sum((self.weighted(asset, number(amount), prices[asset]) * prices[asset] for asset, amount in held.items()), NOTHING)

    def weighted(self, asset: str, amount: Fraction, price: Fraction = Fraction(1)) -> Fraction:
        """How much of an amount counts, in the asset itself; an amount is cut where it, or what it is worth, passes a slice's end."""
        rule = self.policy.sections.get("collateral", {}).get(asset, {"weight": "100%", "owed_weight": "100%"})
        if amount < 0:
            return amount * number(rule["owed_weight"])
        if isinstance(rule["weight"], str):
            return amount * number(rule["weight"])
        ends, shares, counted, floor = [], [], NOTHING, NOTHING
        for row in rule["weight"]["slices"]:
            ends.append(amount if row["up_to"] == "unlimited" else number(row["up_to"]) / (price if rule["weight"]["of"] == "value" else 1))
            shares.append(number(row["weight"]))
        for end, share in zip(ends, shares, strict=True):
            counted, floor = counted + share * max(NOTHING, min(amount, end) - floor), max(floor, end)
        return counted

    def face_of(self, asset: str, counted: Fraction) -> Fraction:
        """The balance, or the debt, that counts for this much; of an asset without slices."""
        rule = self.policy.sections.get("collateral", {}).get(asset, {})
        if not isinstance(rule.get("weight", ""), str):
            raise NotInTheTextbook(f"the face of {asset}, which counts by slices")
        return counted / self.weighted(asset, Fraction(1)) if counted >= 0 else counted / -self.weighted(asset, Fraction(-1))

    def _index(self, asset: str, settle: str, snapshot: dict[str, Any]) -> Fraction:
        return Fraction(1) if asset == settle else number(snapshot["assets"][asset]["index_price"])

    def _posted(self, position: dict[str, Any], leg: Leg) -> Fraction:
        if position["margin"] == "initial" and self.policy["account"]["posted_margin"] == "given_or_initial_margin":
            return leg.position_initial
        if position["margin"] == "initial":
            return leg.entry_notional / number(position["leverage"])
        return number(position["margin"])

    # -- open orders -----------------------------------------------------------------------------

    def _orders_margin(self, settle: str, account: dict[str, Any], snapshot: dict[str, Any]) -> Fraction:
        """Market by market: the buys or the sells, whichever hold back more; or every order."""
        rule = self.policy["initial_margin"]["orders"]
        if rule["count"] == "not_counted":
            return NOTHING
        held: dict[str, dict[str, Fraction]] = {}
        for order in account.get("orders", []):
            if self.pool_asset(order["market"]) == settle and self._stands(order):
                sides = held.setdefault(order["market"], {"buy": NOTHING, "sell": NOTHING})
                sides[order["side"]] += self._order_margin(order, account, snapshot)
        if rule["count"] == "every_order":
            return sum((sides["buy"] + sides["sell"] for sides in held.values()), NOTHING)
        return sum((max(sides["buy"], sides["sell"]) for sides in held.values()), NOTHING)

    def _stands(self, order: dict[str, Any]) -> bool:
        """Whether an order holds anything: not where it can only reduce, nor where it waits for its trigger and is left out till then."""
        waits = str(order.get("untriggered", False)).lower() == "true"
        told = self.policy["initial_margin"]["orders"].get("untriggered")
        if waits and told is None:
            raise NotInTheTextbook("an untriggered order of which nothing is said")
        return str(order.get("reduce_only", False)).lower() != "true" and not (waits and told == "excluded")

    def _order_margin(self, order: dict[str, Any], account: dict[str, Any], snapshot: dict[str, Any]) -> Fraction:
        rule, market = self.policy["initial_margin"]["orders"], order["market"]
        price, mark = number(order["price"]), number(snapshot["markets"][market]["mark_price"])
        size = number(order["size"])
        notional = self._notional(market, size, price)
        margin = notional / number(order["leverage"])
        if rule["opening_loss"] == "reserved":
            signed = size if order["side"] == "buy" else -size
            margin += max(NOTHING, -self._profit(market, signed, price, mark))
        sides = {"none": 0, "taker_fee": 1, "taker_fee_to_open_and_close": 2}[rule["fee"]]
        margin += sides * notional * number(account["taker_fee"]) if sides else NOTHING
        return margin

    def may_open(self, snapshot: dict[str, Any], order: dict[str, Any]) -> bool:
        """Whether the only account may add the order: its side's whole size and leverage by the table, and its pool's margin."""
        (account,) = snapshot["accounts"]
        with_it = {**account, "orders": [*account.get("orders", []), order]}
        settle = self.pool_asset(order["market"])
        pool = next(one for one in self._account(with_it, snapshot) if (one.settle, one.isolated) == (settle, ""))
        form, tiers = self.policy.form(order["market"]), self.policy.tiers(order["market"])
        if form["lookup"] == CHOSEN:
            raise NotInTheTextbook("opening under a chosen risk limit")
        size = max(self._on_side(word, order["market"], form["lookup"], with_it, snapshot) for word in ("buy", "sell"))
        row = tiers[tier_of(size, tiers, form["cap"]) - 1]
        beyond = tiers[-1].cap is not None and (size > tiers[-1].cap or (size == tiers[-1].cap and form["cap"] == "exclusive"))
        return pool.may_increase and not beyond and number(order["leverage"]) <= row.max_leverage

    def _on_side(self, side: str, market: str, lookup: str, account: dict[str, Any], snapshot: dict[str, Any]) -> Fraction:
        """What is held cross and what is ordered on one side of a market, in the measure of its caps."""
        total = NOTHING
        for position in account.get("positions", []):
            size = number(position["size"])
            if position["market"] == market and position["mode"] == "cross" and (size > 0) == (side == "buy"):
                price = position["entry_price"] if lookup == "notional_at_entry" else snapshot["markets"][market]["mark_price"]
                total += abs(size) if lookup == "size" else self._notional(market, size, number(price))
        for order in account.get("orders", []):
            if order["market"] == market and order["side"] == side and self._stands(order):
                size = number(order["size"])
                total += size if lookup == "size" else self._notional(market, size, number(order["price"]))
        return total

    # -- the decision ----------------------------------------------------------------------------

    def _pool(self, account: str, settle: str, isolated: str, legs: list[Leg], wallet: Fraction, orders: Fraction) -> Pool:
        rounding = self.policy["rounding"]
        counted = sum((leg.counted_profit + leg.counted_funding for leg in legs), NOTHING)
        equity = rounded(wallet + counted, rounding["equity"])
        needed = sum((leg.position_maintenance + leg.closing_fee for leg in legs), NOTHING)
        maintenance = rounded(needed, rounding["pool_margins"])
        initial = rounded(sum((leg.position_initial for leg in legs), NOTHING) + orders, rounding["pool_margins"])
        figures = {"maintenance_margin": maintenance, "initial_margin": initial}
        decision, state = self._decision(equity, figures, bool(legs)), self._state(equity, maintenance, bool(legs))
        grows = _compares(equity, self.policy["may_increase"]["equity"], figures)
        return Pool(
            account, settle, isolated, tuple(legs), wallet, equity, maintenance, initial, equity - maintenance,
            decision=decision,
            state=state,
            may_increase=grows and decision == "healthy" and self._state_lets_grow(state),
        )  # fmt: skip

    def _state_lets_grow(self, state: str | None) -> bool:
        rows = self.policy["states_by_maintenance_share_of_equity"]
        return rows == "none" or any("increase" in row["may"] for row in rows if row["state"] == state)

    def _decision(self, equity: Fraction, figures: dict[str, Fraction], is_open: bool) -> str:
        rule = self.policy["liquidate_when"]
        if rule["needs"] == "open_position" and not is_open:
            return "healthy"
        return "liquidate" if _compares(equity, rule["equity"], figures) else "healthy"

    def _state(self, equity: Fraction, maintenance: Fraction, is_open: bool) -> str | None:
        """The last state whose share of equity the maintenance margin reaches."""
        states = self.policy["states_by_maintenance_share_of_equity"]
        if states == "none":
            return None
        needs_one = self.policy["liquidate_when"]["needs"] == "open_position"
        state: str = states[0]["state"]
        for _, later in pairwise(states):
            side = "at_or_above" if "at_or_above" in later else "above"
            if (is_open or not needs_one) and holds(maintenance, side, number(later[side]) * equity):
                state = later["state"]
        return state


def _limit(chosen: Fraction, value: Fraction) -> Fraction:
    if chosen < value:
        raise NotInTheTextbook("a risk limit below the position's value")
    return chosen


def _compares(equity: Fraction, comparison: dict[str, str], figures: dict[str, Fraction]) -> bool:
    ((word, right),) = comparison.items()
    return holds(equity, word, figures[right])
