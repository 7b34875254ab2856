"""Accounts that are hard to decide: at random, on a bound, one step off it, and at the edge of every decision.

Seeded, so that a failing one can be had again.  Requirements are asked of the textbook; what stands behind a
pool is then set to the requirement exactly, or one quantum off either way.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from tests.reference.policy import TEXT_LOADER, begins, number
from tests.reference.textbook import CHOSEN, Pool, Textbook

FINEST = Fraction(1, 10**18)
# Prices made of twos, fives and tens alone: every cap divided by one of them ends.
DIVISORS = ("25000", "31250", "64000", "62500", "2500", "3125", "12.5", "0.5", "0.32", "0.0125", "0.00032", "1")
STEPS_BETWEEN_DIVISORS = ("0.5", "0.8", "0.9765625", "1", "1.024", "1.25")  # so that what is divided by the second price ends too
LEVERAGES = (1, 2, 3, 5, 7, 10, 20, 25, 50, 75, 100, 125)


def accounts(policy_folder: Path, n: int, seed: int) -> Iterator[dict[str, Any]]:
    """`n` snapshots of one account each, at the time when the newest version of the rulebook begins."""
    as_of = latest(policy_folder)
    textbook = Textbook.of(policy_folder, stamp(as_of))
    for k in range(n):
        yield _Maker(textbook, as_of, random.Random(f"{seed} {k}")).snapshot(policy_folder.name)


def latest(policy_folder: Path) -> datetime:
    return max(begins(yaml.load(path.read_text(encoding="utf-8"), TEXT_LOADER)) for path in policy_folder.rglob("*.yaml"))


def stamp(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def decimal(x: Fraction) -> str:
    """The decimal that prints x exactly; one that does not end is cut at the finest step."""
    whole, places = x, 0
    while whole.denominator != 1 and places < 40:
        whole, places = whole * 10, places + 1
    if whole.denominator != 1:
        return decimal(math.floor(x / FINEST) * FINEST)
    digits = str(abs(int(whole))).rjust(places + 1, "0")
    sign = "-" if whole < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


class _Maker:
    """One snapshot, from one stream of chance."""

    def __init__(self, textbook: Textbook, as_of: datetime, chance: random.Random) -> None:
        self.book, self.policy = textbook, textbook.policy
        self.as_of, self.chance = as_of, chance
        self.tidy = chance.random() < 0.6  # figures that end early, so that a decision can be met exactly
        self.modes = self.policy["account"]["margin_modes"]
        self.hedges = self.policy["account"]["hedge_legs"] != "not_allowed"

    def snapshot(self, rulebook: str) -> dict[str, Any]:
        known = self.policy.markets()
        chosen = self.chance.sample(known, min(len(known), self.chance.choice((1, 1, 2, 3, 4))))
        marks = {market: decimal(self._price()) for market in chosen}
        account: dict[str, Any] = {"id": "a", "taker_fee": self.chance.choice(("0.05%", "0.02%", "0%", "0.00045"))}
        account["positions"] = [position for market in chosen for position in self._positions(market, number(marks[market]))]
        for count, position in enumerate(account["positions"], start=1):
            position["id"] = f"p{count}"
        account["orders"] = [self._order(market, number(marks[market])) for market in chosen for _ in range(self._few())]
        account["collateral"] = {asset: self._balance(asset) for asset in self._assets(chosen)}
        made = {
            "as_of": stamp(self.as_of),
            "rulebook": rulebook,
            "markets": {market: {"mark_price": mark, "index_price": mark, "at": self._at()} for market, mark in marks.items()},
            "assets": {asset: {"index_price": decimal(self._price()), "at": self._at()} for asset in account["collateral"]},
            "accounts": [account],
        }
        for pool in self.book.pools(made):
            if self.chance.random() < 0.85:
                self._to_the_edge(pool, account)
        return made

    def _at(self) -> str:
        return stamp(self.as_of - timedelta(seconds=self.chance.choice((0, 0, 1, 4))))

    def _assets(self, markets: list[str]) -> list[str]:
        pools = self.policy["account"]["pools"]
        if pools == "per_settle_asset":
            return sorted({self.policy.settle(market) for market in markets})
        others = sorted(set(self.policy["collateral"]) - {pools["per_account_in"]})
        return [pools["per_account_in"], *(asset for asset in others if self.chance.random() < 0.5)]

    def _balance(self, asset: str) -> str:
        """A debt every fifth time; of an asset that counts by slices, every third time the end of one, or next to it."""
        if ends := self.policy.slice_ends(asset):
            end, off = self.chance.choice(ends), self.chance.choice((Fraction(0), FINEST, -FINEST))
            if self.chance.random() < 0.3:
                return decimal(end + off)
        size = self._spread(-2, 6)
        return decimal(self._cut(-size if self.chance.random() < 0.2 else size, self.chance.choice((2, 8))))

    # -- numbers ---------------------------------------------------------------------------------

    def _spread(self, low: float, high: float) -> Fraction:
        """Every order of magnitude alike."""
        return Fraction(10 ** self.chance.uniform(low, high)).limit_denominator(10**15)

    def _cut(self, x: Fraction, places: int) -> Fraction:
        return Fraction(math.floor(x * 10**places), 10**places)

    def _few(self) -> int:
        return self.chance.choice((0, 0, 0, 1, 2, 3))

    def _price(self) -> Fraction:
        kind = 0 if self.tidy else self.chance.randrange(4)
        if kind == 0:
            return number(self.chance.choice(DIVISORS))
        if kind == 1:
            return Fraction(self.chance.randint(1, 100_000))
        places = 2 if kind == 2 else 12
        return max(Fraction(1, 10**places), self._cut(self._spread(-1 if kind == 2 else -7, 5), places))

    # -- positions -------------------------------------------------------------------------------

    def _positions(self, market: str, mark: Fraction) -> list[dict[str, Any]]:
        """None, one, both legs of a hedge, or one in each mode."""
        kind = self.chance.random()
        if kind < 0.1:
            return []
        if kind < 0.35 and self.hedges:
            mode = self.chance.choice(self.modes)
            return [self._position(market, mark, sign, mode) | {"side": side} for sign, side in ((1, "long"), (-1, "short"))]
        modes = self.modes if kind > 0.9 else [self.chance.choice(self.modes)]
        return [self._position(market, mark, self.chance.choice((1, -1)), mode) for mode in modes]

    def _position(self, market: str, mark: Fraction, sign: int, mode: str) -> dict[str, Any]:
        entry = self._near(mark)
        size = self._size(market, mark, entry)
        made = {
            "market": market, "mode": mode, "size": decimal(sign * size), "entry_price": decimal(entry),
            "leverage": str(self._leverage(market)), "unsettled_funding": self._funding(),
        }  # fmt: skip
        if self.policy.form(market)["lookup"] == CHOSEN:
            made["risk_limit"] = self._risk_limit(market, size, mark, entry)
        if mode == "isolated":
            may_say_initial = self.policy["account"]["posted_margin"] != "given"
            made["margin"] = "initial" if may_say_initial and self.chance.random() < 0.3 else decimal(self._cut(self._spread(-1, 5), 2))
        return made

    def _risk_limit(self, market: str, size: Fraction, mark: Fraction, entry: Fraction) -> str:
        """A cap that the position is not above, not even after a rounding of its figures; now and then a limit between two caps."""
        price = mark if self.policy.form(market)["rate_on"] == "notional_at_mark" else entry
        value = size / self._size_of(market, Fraction(1), price) * (1 + Fraction(1, 10**9))
        chosen = self.chance.choice([tier.cap for tier in self.policy.tiers(market) if tier.cap is not None and tier.cap >= value])
        between = self._cut(value + (chosen - value) / 3, 12) + Fraction(1, 10**12)
        return decimal(min(between, chosen) if self.chance.random() < 0.2 else chosen)

    def _near(self, mark: Fraction) -> Fraction:
        """A price of some trade: mostly within a tenth, now and then the mark itself."""
        if self.tidy and self.chance.random() < 0.8:
            return mark * number(self.chance.choice(STEPS_BETWEEN_DIVISORS))
        if self.chance.random() < 0.1:
            return mark
        near = mark * Fraction(self.chance.randint(700, 1300) if self.chance.random() < 0.2 else self.chance.randint(950, 1050), 1000)
        places = 6 if self.tidy else self.chance.choice((2, 6, 12, 15))
        return max(self._cut(near, places), Fraction(1, 10**15))

    def _leverage(self, market: str) -> int:
        most = self.policy.tiers(market)[0].max_leverage
        return self.chance.choice([leverage for leverage in LEVERAGES if leverage <= most])

    def _funding(self) -> str:
        if self.tidy:
            return self.chance.choice(("0", "-2.5", "1.25"))
        return self.chance.choice(("0", decimal(self._cut(self._spread(-8, 2), 8)), decimal(-self._cut(self._spread(-8, 2), 8))))

    def _size(self, market: str, mark: Fraction, entry: Fraction) -> Fraction:
        """Above 0: at a cap and one step off, a margin of whole cents, huge, next to nothing, or any."""
        form = self.policy.form(market)
        measure = form["rate_on"] if form["lookup"] == CHOSEN else form["lookup"]
        price = {"notional_at_mark": mark, "notional_at_entry": entry, "size": None}[measure]
        kind = self.chance.random() * (0.6 if self.tidy else 1)
        if kind < 0.45:
            measure = self._cap(market)
        elif kind < 0.6:
            # A rate of 1/30 on a multiple of 0.3 is whole cents, and so is a fee of 0.05% on one of 20: nothing to round.
            measure = self.chance.choice((Fraction(3, 10), Fraction(60))) * self.chance.randint(1, 10 ** self.chance.randint(2, 6))
        elif kind < 0.7:
            measure = self._cut(self._spread(9, 11), self.chance.choice((0, 2, 12)))
        elif kind < 0.78:
            return self._cut(self._spread(-12, -6), 14) + Fraction(1, 10**14)
        else:
            measure = self._spread(0, 7)
        size = self._size_of(market, measure, price)
        exact = number(decimal(size)) == size
        near = size if exact else self._cut(size, self.chance.choice((3, 8, 14)))
        step = self._step(market)
        off = (0, 0, 0, 0, step, -step) if self.tidy else (0, 0, step, -step, FINEST, -FINEST)
        return self._answered(max(near + self.chance.choice(off), FINEST), market, price)

    def _answered(self, size: Fraction, market: str, price: Fraction | None) -> Fraction:
        """Where a table answers nothing beyond its last cap, a size within it: the textbook knows figures, and no errors."""
        last = self.policy.tiers(market)[-1].cap
        if last is None or self.policy.form(market)["above_last_cap"]["existing"] == "last_tier_applies":
            return size
        return min(size, self._cut(self._size_of(market, last, price) * Fraction(999_999, 1_000_000), 12))

    def _cap(self, market: str) -> Fraction:
        caps = [tier.cap for tier in self.policy.tiers(market) if tier.cap is not None]
        return self.chance.choice(caps) if caps else Fraction(1000)

    def _size_of(self, market: str, measure: Fraction, price: Fraction | None) -> Fraction:
        """The size at which the measure that tiers are looked up by is this one."""
        contract = self.policy.contract(market)
        if price is None:
            return measure
        face = measure * price if contract["type"] == "inverse" else measure / price
        return face / number(contract["multiplier"])

    def _step(self, market: str) -> Fraction:
        lot = self.policy.contract(market)["lot"]
        return Fraction(1, 1000) if lot == "not_stated" else number(lot)

    # -- orders ----------------------------------------------------------------------------------

    def _order(self, market: str, mark: Fraction) -> dict[str, Any]:
        price = self._near(mark)
        made = {
            "market": market, "side": self.chance.choice(("buy", "sell")), "size": decimal(self._size(market, mark, price)),
            "price": decimal(price), "leverage": str(self._leverage(market)), "reduce_only": self.chance.random() < 0.2,
        }  # fmt: skip
        told = self.policy["initial_margin"]["orders"].get("untriggered")
        return made if told is None else {**made, "untriggered": self.chance.random() < 0.2}

    # -- the edge of a decision ------------------------------------------------------------------

    def _to_the_edge(self, pool: Pool, account: dict[str, Any]) -> None:
        """What stands behind the pool becomes what one of its decisions asks for, or a step off."""
        counted = sum((leg.counted_profit + leg.counted_funding for leg in pool.legs), Fraction(0))
        wallet = self._edge(pool) + self._off(pool) - counted
        if not pool.isolated:
            held = account["collateral"]
            now = self.book.weighted(pool.settle, number(held[pool.settle]))
            face = self.book.face_of(pool.settle, wallet - (pool.wallet_balance - now))
            held[pool.settle] = decimal(face)
        elif wallet >= 0:
            position = next(position for position in account["positions"] if position["id"] == pool.isolated)
            position["margin"] = position["margin"] if position["margin"] == "initial" else decimal(wallet)

    def _edge(self, pool: Pool) -> Fraction:
        edges = [pool.maintenance_margin] * 4 + [pool.initial_margin] * 2 + [Fraction(0)]
        states = self.policy["states_by_maintenance_share_of_equity"]
        for state in states[1:] if states != "none" else ():
            share = number(state.get("at_or_above") or state["above"])
            edges += [pool.maintenance_margin / share] * 2
        return self.chance.choice(edges)

    def _off(self, pool: Pool) -> Fraction:
        """Nothing, one quantum either way, or almost one: a rounding of equity must not see the last."""
        quantum = self._quantum(pool.settle)
        return self.chance.choice((Fraction(0), Fraction(0), quantum, -quantum, quantum - FINEST, -FINEST, FINEST, self._spread(-3, 4)))

    def _quantum(self, settle: str) -> Fraction:
        rounding = self.policy["rounding"]["equity"]
        if rounding != "none":
            return number(rounding["to"])
        rule = self.policy.sections.get("assets", {}).get(settle)
        return number(rule["quantum"]) if rule else Fraction(1, 10**8)
