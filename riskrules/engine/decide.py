"""Deciding an account: the program walked over its rows, once for each table that may be in force.

Inside an observed interval two tables may be in force.  What comes out the same under all of them is
decided; what differs is undecided, and is an error and never the likelier of the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any, NamedTuple

from riskrules.engine.phases import rolled_out
from riskrules.engine.rows import Pool, Rows
from riskrules.engine.snapshot import AccountInput, Snapshot
from riskrules.ir.fault import Fault
from riskrules.ir.frame import OF_ORDERS
from riskrules.ir.walk import Walk
from riskrules.rulebook.plan import MarketPlan, Plan
from riskrules.units.exact import reduced

MOST_COMBINATIONS = 64
HEALTHY, LIQUIDATE, ERROR = "healthy", "liquidate", "error"


class Evaluated(NamedTuple):
    """An account decided: the walk under the tables surely in force, and what the others say."""

    plan: Plan
    snapshot: Snapshot
    account: AccountInput
    rows: Rows
    walk: Walk
    others: tuple[Walk, ...]
    too_many: bool  # more combinations of tables than were walked
    adding: tuple[Walk, ...] = ()  # what an order is asked under, where tables are rolled out and that is another

    def value(self, name: str, row: int) -> Any:
        """An exact value, a label, or a fault; undecided where the tables that may be in force disagree."""
        if self.too_many:
            return self.too_many_tables()
        first, *others = self.adding if self.adding and name in OF_ORDERS else (self.walk, *self.others)
        here = first.value(name, row)
        for other in others:
            if not same(here, other.value(name, row)):
                return self._undecided(name, here, other.value(name, row))
        return here

    def _undecided(self, name: str, here: Any, there: Any) -> Fault:
        if isinstance(here, Fault) and isinstance(there, Fault):
            return here
        return self.differs(name)

    def differs(self, what: str) -> Fault:
        changed = self.changed_markets()
        plans = zip(self.rows.markets, self.rows.market_plans, self.rows.versions(), strict=True)
        phased = ", ".join(name for name, plan, count in plans if count > 1 and isinstance(plan, MarketPlan) and rolled_out(plan))
        if phased:
            text = f"{what} differs between the tables of {changed}, and a new one is being rolled out"
            return Fault("RR508", text, f"give increased_at with each position in {phased}: when it was opened or last added to")
        text = f"{what} differs between the tables that may have been in force for {changed}"
        return Fault("RR508", text, "ask for a time outside the observed interval, or narrow the interval")

    def too_many_tables(self) -> Fault:
        return Fault(
            "RR508",
            f"{self.account.id} holds too many markets whose tables may have changed",
            "ask for a time outside the observed intervals",
        )

    def changed_markets(self) -> str:
        """The markets in which more than one table may be in force."""
        return ", ".join(market for market, count in zip(self.rows.markets, self.rows.versions(), strict=True) if count > 1)

    def under(self, walk: Walk) -> Evaluated:
        """The account as if the tables of one walk were the only ones that may be in force."""
        return self._replace(walk=walk, others=(), adding=())

    def added(self) -> Evaluated:
        """The account under the tables that hold where its orders add to its positions."""
        return self._replace(walk=self.adding[0], others=self.adding[1:], adding=()) if self.adding else self

    def verdict(self, pool: int) -> tuple[str, Fault | None]:
        """`healthy`, `liquidate`, or `error` with its fault."""
        value = self.value("liquidate", pool)
        if isinstance(value, Fault):
            return ERROR, value
        return (LIQUIDATE if value else HEALTHY), None

    def pools(self) -> Iterator[tuple[int, Pool]]:
        return iter(enumerate(self.rows.pools))

    def row_of(self, name: str, leg: int) -> int:
        """Where a figure of a leg stands: in the leg's own row, or in the one that the leg hangs on."""
        rows = self.plan.program.nodes[self.plan.program.named[name]].rows
        return leg if rows == "leg" else self.rows.keys["leg", rows][leg]

    def legs_of(self, pool: int) -> list[int]:
        return [k for k, of in enumerate(self.rows.keys["leg", "pool"]) if of == pool]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return bool(_pair(a) == _pair(b))
    return bool(a == b)


def _pair(value: Any) -> Any:
    return reduced(value) if len(value) == 2 and isinstance(value[0], int) else value


def decide(plan: Plan, snapshot: Snapshot, account: AccountInput) -> Evaluated:
    """Every figure of the account under the plan.  Faults are values; nothing is raised for bad input."""
    before = None if account.before is None else decide(plan, snapshot, account.before)
    rows = Rows(plan, snapshot, account, before)
    choices = list(islice(product(*rows.places), MOST_COMBINATIONS + 1))
    for_orders = rows.places_for_orders()
    adding = list(islice(product(*for_orders), MOST_COMBINATIONS + 1)) if for_orders else []
    first = Walk(plan.program, rows.frame(choices[0]))
    if max(len(choices), len(adding)) > MOST_COMBINATIONS:
        return Evaluated(plan, snapshot, account, rows, first, (), too_many=True)
    others = tuple(Walk(plan.program, rows.frame(choice)) for choice in choices[1:])
    walks = tuple(Walk(plan.program, rows.frame(choice)) for choice in adding)
    return Evaluated(plan, snapshot, account, rows, first, others, too_many=False, adding=walks)
