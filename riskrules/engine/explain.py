"""An explanation: the verdict of each pool, and the steps that lead to it, read off the walk.

Nothing here knows a rule.  Which terms are steps, what they are made of and where they stand in the
policy is all in the program; this file chooses an order and a depth.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from riskrules.engine.decide import Evaluated
from riskrules.engine.rows import Pool
from riskrules.ir.fault import Fault
from riskrules.ir.ops import OPS, SIGNS, under_cap
from riskrules.ir.words import value_text
from riskrules.ir.working import Working
from riskrules.rulebook.plan import MarketPlan, TablePlan
from riskrules.units import say
from riskrules.units.exact import Exact, exact_text

# Shown in the line of the tier, in the heading, or as the verdict itself.
NOT_A_STEP = frozenset(
    (
        "maintenance_rate",
        "maintenance_amount",
        "max_leverage",
        "mark_price",
        "index_price",
        "liquidate",
        "margin_buffer",
        "bankrupt",
        "state",
        "may_increase",
        "margin_suffices",
        "standing_allows",
        "within_last_cap",
    )
)
SHORT = 44  # a working that is no longer than this is put in place of its value


class Step(NamedTuple):
    """One line: what it is called, the working, the value, and where the rule stands."""

    name: str
    of: str  # the leg or market it is about, "" for the pool itself
    working: str
    value: Any
    shown: str
    source: str
    note: str = ""


class TierRow(NamedTuple):
    """`2 of 9`, where that row stands, in the how-many-th version, and whether it may have changed."""

    tier: str
    place: str
    version: str
    unsure: str


class PoolExplanation:
    """One pool of one account: its verdict and the steps behind it."""

    def __init__(self, evaluated: Evaluated, number: int) -> None:
        self.evaluated, self.number = evaluated, number
        self.pool: Pool = evaluated.rows.pools[number]
        self.legs = evaluated.legs_of(number)
        self.decision, self.fault = evaluated.verdict(number)

    def value(self, name: str) -> Any:
        return self.evaluated.value(name, self.number)

    def has(self, name: str) -> bool:
        return name in self.evaluated.plan.program.named

    @property
    def state(self) -> str | None:
        state = self.value("state") if self.has("state") else None
        return None if isinstance(state, Fault) else state

    @property
    def may(self) -> tuple[str, ...]:
        return dict(self.evaluated.plan.account.may).get(self.state or "", ())

    def shown(self, name: str) -> str:
        program = self.evaluated.plan.program
        return value_text(self.value(name), program.nodes[program.named[name]].unit)

    @property
    def markets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.evaluated.rows.legs[k].market for k in self.legs))

    @property
    def single(self) -> bool:
        return len(self.legs) <= 1

    # -- steps -----------------------------------------------------------------------------------

    def decides(self, name: str) -> bool:
        """Whether the decision was reached by a term of that name."""
        return self.has(name) and self.evaluated.plan.program.named[name] in self._needed

    @cached_property
    def _needed(self) -> list[int]:
        """Every node that the decision was reached by."""
        nodes = self.evaluated.plan.program.nodes
        wanted = {self.evaluated.plan.program.named["liquidate"]}
        for k in range(len(nodes) - 1, -1, -1):
            if k in wanted:
                wanted.update(nodes[k].args)
        return sorted(wanted)

    def steps(self, depth: int = 1) -> list[Step]:
        """Depth 1: each leg's notional and tier, then the pool's sums with short workings put in place.  Depth 2: every named term."""
        nodes = self.evaluated.plan.program.nodes
        apart = self._put_in_place() if depth == 1 else frozenset()
        out: list[Step] = []
        for k in self._needed:
            node = nodes[k]
            if not node.name or node.op == "given" or node.name in NOT_A_STEP or k in apart or (depth == 1 and " " in node.name):
                continue  # one of a family (`variance base`) is named where they are compared
            out.extend(self._step(k, row, apart) for row in self._rows_here(node.rows))
        return out

    def _put_in_place(self) -> frozenset[int]:
        """Named terms of the only leg (or holding) that are short enough to stand inside the pool's sum."""
        nodes = self.evaluated.plan.program.nodes
        working = Working(self.evaluated.walk, lambda _: False)
        found = set()
        for k in self._needed:
            node = nodes[k]
            if node.name and node.op not in ("given", "bracket") and node.name not in (*NOT_A_STEP, "notional") and node.rows != "pool":
                rows = self._rows_here(node.rows)
                if len(rows) <= 1 and all(len(working.text(k, row)) <= SHORT for row in rows):
                    found.add(k)
            elif node.name in ("wallet_balance", "orders_initial"):
                found.add(k)
        return frozenset(found)

    def _rows_here(self, rows: str) -> list[int]:
        keys = self.evaluated.rows.keys
        if rows == "pool":
            return [self.number]
        if (rows, "pool") in keys:
            return [k for k, of in enumerate(keys[rows, "pool"]) if of == self.number]
        return []

    def _step(self, k: int, row: int, apart: frozenset[int]) -> Step:
        walk = self.evaluated.walk
        node = walk.program.nodes[k]
        working = Working(walk, lambda arg: arg in apart)
        value = walk.columns[k][row]
        of = "" if node.rows == "pool" else walk.frame.label(node.rows, row)
        if node.name == "tier" and not isinstance(value, Fault):
            return self._tier_step(k, row, of)
        said = value.text if isinstance(value, Fault) else working.text(k, row)
        return Step(node.name, of, said, value, working.value(k, row), _place(node.source))

    def _tier_step(self, k: int, row: int, of: str) -> Step:
        walk = self.evaluated.walk
        node = walk.program.nodes[k]
        table, market = self._table(node.rows, row)
        tier = walk.columns[k][row]
        said = between(table, tier, walk.spread(node.args[0], node.rows)[row])
        rate, amount = table.maintenance_rates[tier], table.maintenance_amounts[tier]
        note = f"{ordinal(table.number)} version {table.digest[:4]}…{_unsure(market)}"
        less = f" − {say.money(amount)}" if amount[0] else ""
        derived = "" if not amount[0] or table.written_amounts[tier] else " (derived)"
        name = f"tier {tier + 1} of {len(table.maintenance_rates)}"
        return Step(name, of, said, tier, f"rate {say.rate(rate)}{less}{derived}", _place((table.file, table.lines[tier])), note)

    def tier_row(self, leg: int) -> TierRow | None:
        """The row of the table that a leg fell into; None where it fell into none."""
        if not self.has("tier"):
            return None
        row = self.evaluated.row_of("tier", leg)
        tier = self.evaluated.value("tier", row)
        if isinstance(tier, Fault):
            return None
        program = self.evaluated.plan.program
        table, market = self._table(program.nodes[program.named["tier"]].rows, row)
        of = f"{tier + 1} of {len(table.maintenance_rates)}"
        return TierRow(of, _place((table.file, table.lines[tier])), ordinal(table.number), _unsure(market))

    def _table(self, rows: str, row: int) -> tuple[TablePlan, MarketPlan]:
        market = self.evaluated.rows.keys[rows, "market"][row]
        plan = self.evaluated.rows.market_plans[market]
        assert isinstance(plan, MarketPlan)
        table = plan.tables[0]
        assert table is not None
        return table, plan


def _unsure(market: MarketPlan) -> str:
    return ", may have changed by then" if len(market.tables) > 1 else ""


def between(table: TablePlan, tier: int, size: Exact) -> str:
    """`250,000 < 300,000 ≤ 1,000,000`, each side as the form says."""
    bounds, inclusive, _ = table.caps
    under, above = under_cap(inclusive), under_cap(not inclusive)  # what is not under a cap is above it: equality is on one side
    floor = f"{_size(bounds[tier - 1])} {SIGNS[above]} " if tier else ""
    cap = bounds[tier]
    if cap is None:
        return f"{floor}{_size(size)}"
    if OPS[under].exact(size, cap):
        return f"{floor}{_size(size)} {SIGNS[under]} {_size(cap)}"
    return f"{_size(size)} is above the last cap {_size(cap)}: the last tier applies"


def _size(value: Exact | None) -> str:
    return "unlimited" if value is None else say.number(value)


def _place(source: tuple[str, int]) -> str:
    return f"{source[0]}:{source[1]}" if source[0] else ""


def ordinal(k: int) -> str:
    ending = "th" if 10 <= k % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(k % 10, "th")
    return f"{k}{ending}"


def figure(value: Any) -> Any:
    """A value for machines: exact text, a word, or the fault."""
    if isinstance(value, Fault):
        return {"error": value.code, "text": value.text, "hint": value.hint}
    return exact_text(value) if isinstance(value, tuple) else value


def explanations(evaluated: Evaluated) -> Iterator[PoolExplanation]:
    return (PoolExplanation(evaluated, number) for number, _ in evaluated.pools())
