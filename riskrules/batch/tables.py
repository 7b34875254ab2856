"""A plan's tables as arrays: one row a market, one column a tier, derived once from the exact ones for both fast meanings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import lcm
from typing import Any

import numpy as np

from riskrules.ir.coarse import Coarse
from riskrules.ir.floats import Float, Floats, says, spread
from riskrules.ir.ring import Denominator, Ring, wrapped
from riskrules.ir.slopes import Slope, Slopes
from riskrules.rulebook.plan import MarketPlan, Plan, TablePlan
from riskrules.units.exact import Exact, to_fraction

Array = Any
FIELDS = ("caps", "maintenance_rates", "maintenance_amounts", "max_leverages")


class Listed:
    """Exact figures in an array (None: endless), as floats and as whole numbers over one denominator."""

    def __init__(self, figures: Sequence[Exact | None]) -> None:
        self._figures = figures
        self.floats = np.array([np.inf if one is None else one[0] / one[1] for one in figures], dtype=np.float64)
        exact = all(one is None or says(float(value), *one) for value, one in zip(self.floats, figures, strict=True))
        self.roundings = 0 if exact else 1
        self.signed = bool(np.any(self.floats < 0))
        self.most = float(np.max(np.abs(self.floats), initial=0.0))

    @cached_property
    def whole(self) -> tuple[Array, Denominator]:
        under = lcm(*(one[1] for one in self._figures if one is not None), 1)
        over = np.array([0 if one is None else wrapped(one[0] * (under // one[1])) for one in self._figures], dtype=np.int64)
        return over, Denominator.of(under)

    def at(self, meaning: Any, places: Array) -> Any:
        """The figures at those places, under a meaning."""
        if isinstance(meaning, Coarse):
            return meaning.listed(self.floats, self.roundings, -np.inf if self.signed else 0.0, self.most, places)
        if isinstance(meaning, Floats):
            out = meaning.column(len(places))
            return Float(np.take(self.floats, places, out=out, mode="clip"), self.roundings, None, 0.0, self.signed)
        if isinstance(meaning, Slopes):
            return Slope(self.floats[places])
        over, under = self.whole
        value = self.floats[places]
        return Ring(value, np.where(np.isinf(value), 0.0, np.abs(value) * 2.0**-53), over[places], under)


class Column:
    """A table column of some rows: where each row's market has its first tier."""

    __slots__ = ("_width", "field", "start")

    def __init__(self, field: str, start: Array, width: int) -> None:
        self.field, self.start, self._width = field, start, width

    @property
    def market(self) -> Array:
        return self.start // self._width

    def gathered(self, key: Array) -> Column:
        return Column(self.field, self.start[key], self._width)


class Places:
    """Where each word's market stands in the tables, −1 where there is none, and where its first tier does."""

    def __init__(self, names: tuple[str, ...], of: Array, width: int) -> None:
        self.names, self.of, self.width = names, of, width
        self.first_tiers = np.maximum(of, 0) * width
        self.all_known = bool(of.min() >= 0)
        self.in_order = bool(np.array_equal(of, np.arange(len(of))))

    def markets(self, words: Array) -> Array:
        return words if self.in_order else self.of[words]

    def starts(self, words: Array, out: Array | None) -> Array:
        if self.in_order:
            return np.multiply(words, self.width, out=out)
        found: Array = self.first_tiers.take(words, out=out, mode="clip")
        return found


class Tables:
    """`choice` says which of the versions that may be in force: the one surely so is 0."""

    def __init__(self, plan: Plan, choice: int = 0) -> None:
        self.plan = plan
        self.names = plan.markets()
        self.place = {name: k for k, name in enumerate(self.names)}
        self.markets: list[MarketPlan] = [_there(plan.market(name)) for name in self.names]
        chosen = [market.tables[choice if choice < len(market.tables) else 0] for market in self.markets]
        self.listed = np.array([table is not None for table in chosen], dtype=bool)
        self.tables: list[TablePlan | None] = chosen
        self.counts = np.array([len(table.maintenance_rates) if table else 1 for table in chosen], dtype=np.intp)
        self.fewest = int(self.counts.min()) if len(self.counts) else 1
        self.width = 1 << int(self.counts.max(initial=1)).bit_length()  # so that a search by halves meets an endless cap at last
        self.inclusive = _same([table.caps[1] if table else True for table in chosen])
        self.refuses = np.array([table is not None and table.caps[2] == "error" for table in chosen], dtype=bool)
        self.all_listed = bool(self.listed.all())
        self.labels: list[str] = []
        self._flags: dict[str, Array] = {}
        self._columns: dict[str, Listed] = {}
        self._named: Places | None = None
        self._kept: tuple[Any, Any, Array] | None = None

        # Of each market: how many tables may be in force, whether it is inverse, what it settles in.
        self.several = any(len(market.tables) > 1 for market in self.markets)
        self.versions = np.array([len(market.tables) for market in self.markets], dtype=np.intp)
        phased = (any(table is not None and table.phased_from is not None for table in market.tables[1:]) for market in self.markets)
        self.phased = np.array(list(phased), dtype=bool)
        self.inverse = np.array([market.is_inverse for market in self.markets], dtype=bool)
        self.jumps = any(table is not None and _jumps(table) for table in chosen)
        self.settles = [market.settle for market in self.markets]
        self.settles_in = self.settles[0] if len(set(self.settles)) == 1 else ""  # one asset, where it is one

    def places(self, names: tuple[str, ...]) -> Places:
        """Where the markets of a column's words stand; the last words asked about are kept."""
        if self._named is None or self._named.names is not names:
            self._named = Places(names, np.array([self.place.get(name, -1) for name in names] or [-1], dtype=np.intp), self.width)
        return self._named

    def label(self, text: str) -> int:
        if text not in self.labels:
            self.labels.append(text)
        return self.labels.index(text)

    # -- columns ---------------------------------------------------------------------------------

    def measured(self, name: str) -> Array:
        """Of each market, whether its table is looked up by (or takes its rate on) this measure: `lookup_is_size`."""
        if name not in self._flags:
            field, _, measure = name.partition("_is_")
            self._flags[name] = np.array([table is not None and getattr(table, field) == measure for table in self.tables], dtype=bool)
        return self._flags[name]

    def _listed(self, field: str) -> Listed:
        if field not in self._columns:
            figures: list[Exact | None] = []
            for table in self.tables:
                row: list[Exact | None] = list(_rows(table, field)) if table else [(0, 1)]
                last = None if field == "caps" else row[-1]
                figures += row + [last] * (self.width - len(row))
            self._columns[field] = Listed(figures)
        return self._columns[field]

    def figure(self, name: str, exact: Sequence[Exact]) -> Listed:
        """A figure of each market that is no table: a multiplier, a setting."""
        if name not in self._columns:
            self._columns[name] = Listed(exact)
        return self._columns[name]

    # -- look-ups --------------------------------------------------------------------------------

    def bracket(self, meaning: Any, x: Any, caps: Column) -> tuple[Array, Array | None]:
        """The tier of each row, counted from 0, and which rows are above the last cap of a table that refuses them."""
        listed = self._listed("caps")
        n = len(caps.start)
        tier = meaning.buffers.lend(n, np.intp) if isinstance(meaning, Coarse) else np.empty(n, np.intp)
        tier.fill(0)
        if isinstance(meaning, Coarse | Floats | Slopes):
            rest, found = meaning.tiers(x, listed.floats, caps.start, self.width, listed.roundings)
        else:
            rest, found = self._one_by_one(meaning, x, caps, listed)
        if not len(rest):
            return tier, None
        tier[rest], refused = self._last(found, caps.gathered(rest))
        return tier, None if refused is None else spread(refused, rest, len(tier))

    def _one_by_one(self, meaning: Any, x: Any, caps: Column, listed: Listed) -> tuple[Array, Array]:
        sure = meaning.surely_under(x, listed.at(meaning, caps.start))
        rest = np.flatnonzero(np.logical_not(sure, out=sure))
        some = caps.gathered(rest)
        held, meaning.doubts = meaning.doubts, []
        found = self._one_after_another(meaning, self._side(some), meaning.gathered(x, rest), some, listed)
        meaning.doubts = [*held, *(spread(mask, rest, len(sure)) for mask in meaning.doubts)]
        return rest, found

    def _one_after_another(self, meaning: Any, side: Array | bool, x: Any, caps: Column, listed: Listed) -> Array:
        n = len(caps.start)
        tier, rest = np.zeros(n, np.intp), np.arange(n)
        for step in range(self.width):
            if not len(rest):
                break
            tier[rest] = step
            held, meaning.doubts = meaning.doubts, []
            these = side if isinstance(side, bool) else side[rest]
            under = meaning.under(these, meaning.gathered(x, rest), listed.at(meaning, caps.start[rest] + step))
            meaning.doubts = [*held, *(spread(mask, rest, n) for mask in meaning.doubts)]
            rest = rest[~under]
        return tier

    def _last(self, tier: Array, caps: Column) -> tuple[Array, Array | None]:
        """Beyond the last cap the last tier applies, or the table says error."""
        if int(tier.max(initial=0)) < self.fewest:
            return tier, None
        market = caps.market
        counts = self.counts[market]
        beyond = tier >= counts
        if not beyond.any():
            return tier, None
        refused = beyond & self.refuses[market]
        return np.where(beyond, counts - 1, tier), refused if refused.any() else None

    def within(self, meaning: Any, x: Any, caps: Column) -> Array:
        last = caps.start + self.counts[caps.market] - 1
        return meaning.under(self._side(caps), x, self._listed("caps").at(meaning, last))

    def pick(self, meaning: Any, tier: Array, column: Column) -> Any:
        kept = self._kept  # of another thread's block it is not ours, and is put together anew
        if kept is None or kept[0] is not tier or kept[1] is not column.start:
            out = meaning.buffers.lend(len(tier), np.intp) if isinstance(meaning, Coarse) else None
            kept = self._kept = (tier, column.start, np.add(column.start, tier, out=out))
        return self._listed(column.field).at(meaning, kept[2])

    def _side(self, caps: Column) -> Array | bool:
        return self.inclusive if isinstance(self.inclusive, bool) else self.inclusive[caps.market]


def _there(market: MarketPlan | None) -> MarketPlan:
    assert market is not None
    return market


def _rows(table: TablePlan, field: str) -> Sequence[Exact | None]:
    found: Sequence[Exact | None] = table.caps[0] if field == "caps" else getattr(table, field)
    return found


def _same(flags: list[bool]) -> Array | bool:
    """One word where all markets say the same: then nothing is looked up."""
    return flags[0] if len(set(flags)) == 1 else np.array(flags, dtype=bool)


def _jumps(table: TablePlan) -> bool:
    """Whether the margin of a table is another on one side of a cap than on the other."""
    bounds, rates, amounts = table.caps[0], table.maintenance_rates, table.maintenance_amounts
    sides = zip(bounds, rates, rates[1:], amounts, amounts[1:], strict=False)
    return any(
        cap is not None and to_fraction(cap) * (to_fraction(above) - to_fraction(below)) != to_fraction(more) - to_fraction(less)
        for cap, below, above, less, more in sides
    )
