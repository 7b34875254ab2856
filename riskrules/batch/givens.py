"""What is given for each row of a block, under a fast meaning, and the code of what is not.

The codes are those that the rows of one account would have; a row that is an error has no figure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from riskrules.batch.columns import Figures
from riskrules.batch.inputs import (
    ABSENT,
    BY_ZERO,
    FUTURE,
    NO_MARKET,
    NO_NUMBER,
    NO_PRICE,
    NO_TIME,
    NOT_COLLATERAL,
    NOT_THIS_MODE,
    OUT_OF_RANGE,
    TWICE,
    UNCONVERTED,
    Holdings,
    out_of_range,
)
from riskrules.batch.layout import Laid, is_collateral
from riskrules.batch.slices import Sliced
from riskrules.batch.tables import FIELDS, Column, Listed, Tables
from riskrules.ir.coarse import Coarse, Rough
from riskrules.ir.floats import Float, Floats
from riskrules.ir.ring import ONE, Denominator, Ring
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import NANOS
from riskrules.units.exact import Exact

Array = Any
Given = tuple[Any, Array | None]


class Givens:
    """Cells of one block; `as_of` is the time of each account's snapshot, in nanoseconds, one a leg."""

    def __init__(self, plan: Plan, tables: Tables, laid: Laid, as_of: Array | int) -> None:
        self.plan, self.tables, self.laid, self.as_of = plan, tables, laid, as_of
        self.all_known = laid.all_known
        self._start: Array | None = None

    @property
    def known(self) -> Array:
        return self.laid.markets() >= 0

    @property
    def markets(self) -> Array:
        """The market of each leg, some market where it has none."""
        found = self.laid.markets()
        return found if self.all_known else np.where(found >= 0, found, 0)

    def under(self, meaning: Any) -> Callable[[str, str], Given]:
        return lambda rows, name: getattr(self, f"_{rows}")(meaning, name)

    # -- figures under a meaning -----------------------------------------------------------------

    def _put(self, meaning: Any, figures: Figures, codes: Array | None, signed: bool) -> Given:
        if isinstance(meaning, Coarse):
            return meaning.given(figures.floats, 1 if figures.digits is None else 2, figures.low(), figures.high()), codes
        if isinstance(meaning, Floats):
            return figures.as_float(signed), codes
        ring, bad = figures.as_ring(meaning.by_row)
        if bad.any():
            meaning.doubts.append(bad)
        return ring, codes

    def _asked(self, meaning: Any, figures: Figures | None, code: int, n: int, earlier: Array | None = None, name: str = "") -> Given:
        """A figure that is needed: where it is not there, the code; `name` is one that has a range."""
        if figures is None:
            codes = np.full(n, code, np.int16)
            return meaning.nothing(n), codes if earlier is None else np.where(earlier != 0, earlier, codes)
        if not figures.all_given() or out_of_range(name, figures.low()):
            out = np.where(out_of_range(name, figures.floats), np.int16(OUT_OF_RANGE), np.int16(0))
            missing = np.where(figures.given(), out, np.int16(code))
            earlier = missing if earlier is None else np.where(earlier != 0, earlier, missing)
        return self._put(meaning, figures, earlier, signed=not figures.low() >= 0)

    def _by_market(self, meaning: Any, name: str, exact: list[Exact]) -> Any:
        return self.tables.figure(name, exact).at(meaning, self.markets)

    # -- rows ------------------------------------------------------------------------------------

    def _leg(self, meaning: Any, name: str) -> Given:
        legs = self.laid.positions
        if name == "size":
            return self._asked(meaning, legs.size, NO_NUMBER, len(legs), self._unfit())
        figures = legs.figures.get(name)
        value, codes = self._asked(meaning, figures, ABSENT, len(legs), None, name)
        if name == "entry_price" and figures is not None:
            codes = self._zero_of_inverse(figures, codes)
        return value, codes

    def _unfit(self) -> Array | None:
        """What stands against a leg before any of its figures: its market, its mode, what it settles in, a second leg."""
        laid, account = self.laid, self.plan.account
        if self.all_known and laid.is_plain and "isolated" in account.margin_modes:
            return None
        codes = np.zeros(len(laid.positions), np.int16)
        if not self.known.all():
            codes[~self.known] = NO_MARKET
        for mode, rows in (("isolated", laid.positions.isolated), ("cross", ~laid.positions.isolated)):
            if mode not in account.margin_modes:
                codes[rows & (codes == 0)] = NOT_THIS_MODE
        if not account.hedge_allowed and not laid.is_plain and (key := laid.keys["leg", "position"]) is not None:
            codes[(np.bincount(key)[key] > 1) & (codes == 0)] = NOT_THIS_MODE
        if not laid.is_plain and (key := laid.keys["leg", "position"]) is not None:
            codes[self._other_marks(key) & (codes == 0)] = OUT_OF_RANGE
        if (margin := laid.positions.figures.get("margin")) is not None:  # a cross position has none of its own
            codes[~laid.positions.isolated & (margin.floats != 0) & margin.given() & (codes == 0)] = OUT_OF_RANGE
        if account.pooled_in and not laid.is_plain:
            other = np.array([settle != account.pooled_in for settle in self.tables.settles])
            codes[other[self.markets] & ~laid.positions.isolated & (codes == 0)] = UNCONVERTED
        return codes if codes.any() else None

    def _other_marks(self, key: Array) -> Array:
        """Legs of one position under different marks: one of them is wrong."""
        marks = self.laid.positions.figures.get("mark_price")
        if marks is None:
            return np.zeros(len(key), bool)
        several = _several_of(marks.floats, key, int(key.max()) + 1)
        return np.zeros(len(key), bool) if several is None else (several != 0)[key]

    def _zero_of_inverse(self, entry: Figures, codes: Array | None) -> Array | None:
        if not self.tables.inverse.any():
            return codes
        wrong = (entry.floats == 0) & self.tables.inverse[self.markets]
        if not wrong.any():
            return codes
        by_zero = np.where(wrong, np.int16(BY_ZERO), np.int16(0))
        return by_zero if codes is None else np.where(codes != 0, codes, by_zero)

    def _market(self, meaning: Any, name: str) -> Given:
        legs = self.laid.positions
        marks = legs.figures.get("mark_price")
        if name == "mark_price":
            return self._asked(meaning, marks, NO_PRICE, len(legs), None, name)
        if name == "mark_price_age":
            gone: Array | None = None
            if marks is None or not marks.all_given():
                here = np.zeros(len(legs), bool) if marks is None else marks.given()
                gone = np.where(here, np.int16(0), np.int16(NO_PRICE))
            return self._age(meaning, legs.instants.get("mark_price_at"), gone, len(legs), self.as_of)
        if name in FIELDS:
            if self._start is None:
                words = self.laid.positions.market
                out = meaning.buffers.lend(len(words), np.intp) if isinstance(meaning, Coarse) else None
                self._start = self.laid.place.starts(words, out)
            return Column(name, self._start, self.tables.width), self._unlisted()
        if name in self.plan.settings:
            return self._setting(meaning, name)
        if name in self.plan.drivers.get("market", ()):
            return self._asked(meaning, legs.figures.get(name), ABSENT, len(legs))
        return self._of_contract(meaning, name), self._unlisted(tabled="_is_" in name)

    def _unlisted(self, tabled: bool = True) -> Array | None:
        if self.all_known and (not tabled or self.tables.all_listed):
            return None
        here = self.known & self.tables.listed[self.markets] if tabled else self.known
        return None if here.all() else np.where(here, np.int16(0), np.int16(NO_MARKET))

    def _of_contract(self, meaning: Any, name: str) -> Any:
        if name == "multiplier":
            return self._by_market(meaning, name, [market.multiplier for market in self.tables.markets])
        if name == "is_inverse":
            return self.tables.inverse[self.markets]
        return self.tables.measured(name)[self.markets]

    def _setting(self, meaning: Any, name: str) -> Given:
        values = self.plan.settings[name]
        found = [values.get(market, values.get("")) for market in self.tables.names]
        made = self._by_market(meaning, f"setting {name}", [(0, 1) if one is None else one for one in found])
        unset = np.array([one is None for one in found])[self.markets]
        return made, np.where(unset, np.int16(ABSENT), np.int16(0)) if unset.any() else None

    def _age(self, meaning: Any, at: Array | None, earlier: Array | None, count: int, now: Array | int) -> Given:
        """Seconds between the price and the snapshot; one from the future decides nothing."""
        if at is None:
            codes = np.full(count, ABSENT, np.int16)
            return meaning.nothing(count), codes if earlier is None else np.where(earlier != 0, earlier, codes)
        gone = at == NO_TIME
        nanos = np.where(gone, 0, now - np.where(gone, 0, at))
        codes = np.where(gone, np.int16(ABSENT), np.where(nanos < 0, np.int16(FUTURE), np.int16(0)))
        if earlier is not None:
            codes = np.where(earlier != 0, earlier, codes)
        return _seconds(meaning, nanos), codes if codes.any() else None

    def _pool(self, meaning: Any, name: str) -> Given:
        laid = self.laid
        if name == "is_isolated":
            return laid.isolated, None
        if name == "posts_initial":
            return False, None
        if name == "open_legs":
            return self._open_legs(meaning), None
        assert name == "posted_margin", name
        margin = laid.positions.figures.get("margin")
        if laid.is_plain:
            return self._asked(meaning, margin, ABSENT, laid.counts["pool"])
        assert laid.pool_leg is not None
        apart = laid.pool_leg[laid.pool_leg >= 0]
        first = laid.counts["pool"] - len(apart)
        of_legs = None if margin is None else margin.rows(apart).followed_by(0.0, first, first=True)
        value, codes = self._asked(meaning, of_legs, ABSENT, laid.counts["pool"])
        if codes is not None:
            codes[:first] = 0
        return value, codes

    def _open_legs(self, meaning: Any) -> Any:
        if self.laid.is_plain:
            return meaning.constant(1, 1)
        counts = self.laid.groups().counts
        if isinstance(meaning, Coarse):
            return Rough(counts.astype(np.float64), 0, 0.0, None, 0.0)
        if isinstance(meaning, Floats):
            return Float(counts.astype(np.float64), 0, None, 0.0, False)
        return Ring(counts.astype(np.float64), np.zeros(len(counts)), counts.astype(np.int64), ONE)

    def _account(self, meaning: Any, name: str) -> Given:
        laid = self.laid
        figures = laid.positions.figures.get(name)
        if not laid.is_plain and figures is not None:
            first = np.zeros(laid.counts["account"], np.intp)
            first[laid.positions.numbers[::-1]] = np.arange(len(laid.positions))[::-1]
            several = _several_of(figures.floats, laid.positions.numbers, laid.counts["account"])
            return self._asked(meaning, figures.rows(first), ABSENT, laid.counts["account"], several)
        return self._asked(meaning, figures, ABSENT, laid.counts["account"])

    # -- balances --------------------------------------------------------------------------------

    def _holding(self, meaning: Any, name: str) -> Given:
        assert name == "amount", name
        laid, held = self.laid, self.laid.holdings
        counts = np.array([is_collateral(self.plan, asset) for asset in held.asset_names] or [True], dtype=bool)
        codes = np.where(counts[held.asset], np.int16(0), np.int16(NOT_COLLATERAL))
        codes[_twice(held) & (codes == 0)] = TWICE
        amounts = held.amount
        if laid.unheld:
            codes = np.r_[codes, laid.why_unheld]
            amounts = amounts.followed_by(0.0, laid.unheld)
        return self._asked(meaning, amounts, NO_NUMBER, laid.counts["holding"], codes if codes.any() else None)

    def _asset(self, meaning: Any, name: str) -> Given:
        """One row a holding; of the balances that nobody gave there is nothing to say but that."""
        laid, held = self.laid, self.laid.holdings
        n = laid.counts["asset"]
        place = np.r_[held.asset, np.zeros(laid.unheld, np.intp)]
        if name == "is_settle":
            return np.array([asset == self.plan.account.pooled_in for asset in held.asset_names] or [True])[place], None
        if name == "weight_slices":
            known = (self.plan.assets.get(asset) for asset in held.asset_names)
            return Sliced([one.weight_slices if one else () for one in known], place), None
        if name == "slices_of_value":
            by_value = [bool(one and one.slices_of_value) for one in map(self.plan.assets.get, held.asset_names)] or [False]
            return np.array(by_value)[place], None
        if name in ("weight", "owed_weight"):
            weights = [getattr(self.plan.assets.get(asset), name, None) or (0, 1) for asset in held.asset_names] or [(0, 1)]
            return Listed(weights).at(meaning, place), None
        figures = held.figures.get("index_price")
        longer = None if figures is None else figures.followed_by(np.nan, laid.unheld)
        if name == "index_price":
            return self._asked(meaning, longer, NO_PRICE, n, None, name)
        if name == "index_price_age":
            return self._index_age(meaning, longer, n)
        return self._asked(meaning, held.figures.get(name), ABSENT, n)

    def _index_age(self, meaning: Any, figures: Figures | None, n: int) -> Given:
        laid, held = self.laid, self.laid.holdings
        gone = np.full(n, NO_PRICE, np.int16) if figures is None else np.where(figures.given(), np.int16(0), np.int16(NO_PRICE))
        at = held.instants.get("index_price_at")
        longer = None if at is None else np.r_[at, np.full(laid.unheld, NO_TIME)]
        now = self.as_of
        if not isinstance(now, int):
            of_account = np.zeros(laid.counts["account"], np.int64)
            of_account[laid.positions.numbers] = now
            now = of_account[laid.keys["holding", "account"]]
        return self._age(meaning, longer, gone if gone.any() else None, n, now)


def _seconds(meaning: Any, nanos: Array) -> Any:
    value = nanos / NANOS
    if isinstance(meaning, Coarse):
        return Rough(value, 2)
    if isinstance(meaning, Floats):
        return Float(value, 2, None, 0.0, True)
    return Ring(value, np.abs(value) * 2.0**-51, nanos.astype(np.int64), Denominator.of(NANOS))


def _several_of(floats: Array, key: Array, count: int) -> Array | None:
    """The groups whose rows say two things of what they have one of; None where all say one."""
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.fmin.at(low, key, floats)
    np.fmax.at(high, key, floats)
    return np.where(low < high, np.int16(OUT_OF_RANGE), np.int16(0)) if np.any(low < high) else None


def _twice(held: Holdings) -> Array:
    """The balances of an asset that its account has another balance of."""
    place = held.account * (len(held.asset_names) + 1) + held.asset
    if bool(np.all(place[1:] > place[:-1])):
        return np.zeros(len(place), bool)
    _, key, counts = np.unique(place, return_inverse=True, return_counts=True)
    return counts[key] > 1
