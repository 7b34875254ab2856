"""The compiled book as of a time: a program, and the tables it reads, as plain data.

A plan holds for a window of time in which nothing in the book begins.  It is kept as tuples, text
and whole numbers, so that it can be cached and read back without the policy language.
"""

from __future__ import annotations

import marshal
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from riskrules.ir.frame import LIST
from riskrules.ir.ops import Caps
from riskrules.ir.program import Program
from riskrules.units.clock import Instant
from riskrules.units.exact import Exact
from riskrules.units.series import series_of


class TablePlan(NamedTuple):
    """One market's table, in one version, and where it comes from."""

    form: str
    caps: Caps
    maintenance_rates: tuple[Exact, ...]
    maintenance_amounts: tuple[Exact, ...]
    max_leverages: tuple[Exact, ...]
    lookup: str
    rate_on: str
    file: str
    lines: tuple[int, ...]
    written_amounts: tuple[bool, ...]
    number: int  # the how-many-th version of this table
    versions: int
    digest: str
    begins: tuple[Instant, Instant]  # possible from, certain from; equal when effective
    excerpt: str
    phased_from: Instant | None = None  # from then on it holds for a position that is added to, and until it is certain for no other


class MarketPlan(NamedTuple):
    name: str
    base: str
    quote: str
    settle: str
    is_inverse: bool
    in_contracts: bool
    multiplier: Exact
    tick: Exact | None
    lot: Exact | None
    tables: tuple[TablePlan | None, ...]  # the one surely in force, then those that may be


class AssetPlan(NamedTuple):
    quantum: Exact | None
    weight: Exact | None  # of the first slice, where there are several
    owed_weight: Exact | None
    weight_slices: tuple[tuple[Exact | None, Exact], ...] = ()  # where each ends (None: nowhere), and its share
    slices_of_value: bool = False


class AliasPlan(NamedTuple):
    """How others spell the markets: by pattern, or one by one."""

    venue: str = ""
    ccxt: str = ""
    venue_dated: str = ""  # "": as any other
    venue_own: dict[str, str] = {}  # market → the venue's spelling  # noqa: RUF012
    ccxt_assets: dict[str, str] = {}  # asset → ccxt's word for it  # noqa: RUF012


OF_SCENARIO = "@"  # before the name of a figure that a scenario has beside its moves


class StatusPlan(NamedTuple):
    title: str
    authority: str
    captured: Instant | None
    stale_after: Exact | None
    figures: tuple[int, int, str] | None
    unsettled: tuple[str, ...]
    file: str


class AccountPlan(NamedTuple):
    margin_modes: tuple[str, ...]
    hedge_allowed: bool
    pooled_in: str  # "" : one pool per settle asset
    posts_initial: bool
    liquidate_comparator: str
    liquidate_against: str
    may: tuple[tuple[str, tuple[str, ...]], ...]  # what each state may do
    untriggered: str = ""  # of orders that wait for their trigger: excluded, counted, or not said
    undecided_may: tuple[str, ...] = ()  # what an account may do that cannot be decided; (): not said
    page: str = ""  # who is called then
    orders: str = "not_counted"  # how open orders are held against a pool


ANY_OPTION = "BASE-QUOTE-every-option"  # no market's name: what each option is, where the book has a rule for them


class Beside(NamedTuple):
    """The rules beside the margin: each has a program of its own, read when it is asked for."""

    programs: dict[str, bytes] = {}  # "mark median_of_three", "steps ladder"  # noqa: RUF012
    mark_rule_of: dict[str, str] = {}  # market → its rule; "" is every other  # noqa: RUF012
    strategy_of: dict[str, str] = {}  # "cross", "isolated" → its strategy  # noqa: RUF012
    said: dict[str, dict[str, str]] = {}  # of each program what is stated in its policy and not computed  # noqa: RUF012

    def program(self, name: str) -> Program:
        return Program.of_data(marshal.loads(self.programs[name]))  # our own cache: plain data only, digest checked


def packed_program(program: Program) -> bytes:
    return marshal.dumps(program.data())


OF_BALANCES = ("holding", "asset", "underlying")  # what a row of a table of balances says a figure of


@dataclass(frozen=True, slots=True)
class Plan:
    rulebook: str
    digest: str  # of the texts
    holds: tuple[Instant | None, Instant | None]  # from (inclusive), until (exclusive)
    program: Program
    account: AccountPlan
    status: StatusPlan
    assets: dict[str, AssetPlan]
    gone: dict[str, str]  # withdrawn markets: since when
    aliases: AliasPlan
    drivers: dict[str, tuple[str, ...]]  # what a formula reads from the snapshot: rows → names
    settings: dict[str, dict[str, Exact]]  # what a formula reads for each market; "" is every other
    scenarios: dict[str, dict[str, Exact]]  # each scenario's move of each market; "" is every other
    _markets: dict[str, bytes]
    beside: Beside = field(default_factory=Beside)
    _unpacked: dict[str, MarketPlan] = field(default_factory=dict, compare=False, repr=False)
    packed_portfolio: bytes = b""  # what only `couple` reads; empty where the book has none
    rules: str = ""  # one digest of what is in force: the meaning of every rule of its window

    def columns(self, of_balances: bool = False) -> tuple[str, ...]:
        """The drivers that a table of positions may carry, or one of balances, one figure a row; a list has no place in a table."""
        of = {rows for rows in self.drivers if LIST not in rows and (rows in OF_BALANCES) == of_balances}
        return tuple(sorted({name for rows in of for name in self.drivers[rows]}))

    def market(self, name: str) -> MarketPlan | None:
        """A book has hundreds of markets and an account a few: each is unpacked when it is first asked for."""
        kept = name if name in self._markets else ANY_OPTION if self._is_option(name) else None
        if name not in self._unpacked and kept in self._markets:
            fields: tuple[Any, ...] = marshal.loads(self._markets[kept])  # our own cache: plain data only, digest checked
            tables = tuple(TablePlan._make(table) if table else None for table in fields[-1])
            found = MarketPlan._make((*fields[:-1], tables))
            self._unpacked[name] = found if kept == name else _as_option(found, name)
        return self._unpacked.get(name)

    def _is_option(self, name: str) -> bool:
        """An option on a market that the book has."""
        series = series_of(name)
        return series.is_option and series.market in self._markets

    def markets(self) -> list[str]:
        return sorted(name for name in self._markets if name != ANY_OPTION)

    def data(self) -> tuple[Any, ...]:
        return (
            self.rulebook,
            self.digest,
            self.holds,
            self.program.data(),
            tuple(self.account),
            tuple(self.status),
            {name: tuple(asset) for name, asset in self.assets.items()},
            self.gone,
            tuple(self.aliases),
            self.drivers,
            self.settings,
            self.scenarios,
            self._markets,
            tuple(self.beside),
            self.packed_portfolio,
            self.rules,
        )

    @staticmethod
    def of_data(data: tuple[Any, ...]) -> Plan:
        *first, drivers, settings, scenarios, markets, beside, portfolio, rules = data
        rulebook, digest, holds, program, account, status, assets, gone, aliases = first
        return Plan(
            rulebook,
            digest,
            holds,
            Program.of_data(program),
            AccountPlan(*account),
            StatusPlan(*status),
            {name: AssetPlan(*asset) for name, asset in assets.items()},
            gone,
            AliasPlan(*aliases),
            drivers,
            settings,
            scenarios,
            markets,
            Beside(*beside),
            packed_portfolio=portfolio,
            rules=rules,
        )


def _as_option(every: MarketPlan, name: str) -> MarketPlan:
    base, quote = name.split("-")[:2]
    return every._replace(name=name, base=base, quote=quote, settle=quote if every.settle == every.quote else base)


def packed_market(market: MarketPlan) -> bytes:
    return marshal.dumps((*market[:-1], tuple(tuple(table) if table else None for table in market.tables)))
