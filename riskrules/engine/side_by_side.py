"""One snapshot under several rulebooks, or one at several times: the same steps beside each other.

Each column is explained by itself and knows nothing of the others; here their steps are put in one
order and held to each other.  What a rulebook lacks is its own, and stops no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from riskrules.diagnostics.problem import Problem
from riskrules.engine.decide import Evaluated, same
from riskrules.engine.explain import PoolExplanation, Step, explanations, figure
from riskrules.engine.stands import Stand
from riskrules.engine.trial import price_of
from riskrules.ir.fault import Fault
from riskrules.ir.words import value_text
from riskrules.rulebook.plan import Plan
from riskrules.units import say

FIRST = ("decision", "tier", "maintenance_margin", "equity", "margin_buffer", "liquidation_price")
AT_HEAD = ("state", "margin_buffer", "liquidate", "initial_margin")  # told above the steps, or are the decision itself


@dataclass(frozen=True, slots=True)
class Column:
    """A rulebook at a time, with the accounts it decided, or what stopped it."""

    label: str
    plan: Plan | None
    accounts: tuple[Evaluated, ...]
    problems: tuple[Problem, ...] = ()
    stands: tuple[Stand, ...] = ()  # what stands for what the snapshot holds

    def called(self, of: str) -> str:
        """A market or an asset as the snapshot calls it, so that its steps stand beside those of the others."""
        names = {one.market: one.of for one in self.stands} | {one.assets[0]: one.assets[1] for one in self.stands if one.assets}
        return names.get(of, of)


class Cell(NamedTuple):
    """One figure in one column."""

    shown: str
    value: Any  # None: there is no such step
    source: str = ""
    note: str = ""

    @property
    def is_there(self) -> bool:
        return self.value is not None

    @property
    def is_had(self) -> bool:
        """There, and no error: an error is told as what a rulebook lacks, and not as where it parts from the others."""
        return self.is_there and not isinstance(self.value, Fault)


NO_CELL = Cell("–", None)


class Row(NamedTuple):
    name: str
    of: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        there = [cell for cell in self.cells if cell.is_had]
        return any(not same(there[0].value, cell.value) for cell in there[1:])

    @property
    def is_short(self) -> bool:
        """Where some column has an error."""
        return any(cell.is_there and not cell.is_had for cell in self.cells)


class Part(NamedTuple):
    """One account's cross pool or isolated position in every column: its heads, its steps, and where they part."""

    name: str
    heads: tuple[Row, ...]
    steps: tuple[Row, ...]
    parts_at: Row | None
    faults: tuple[tuple[str, Fault], ...]  # the column, and what it could not decide


@dataclass(frozen=True, slots=True)
class Compared:
    columns: tuple[Column, ...]
    parts: tuple[Part, ...]


def compared(columns: tuple[Column, ...]) -> Compared:
    pools = [{_key(pool): pool for one in column.accounts for pool in explanations(one) if pool.legs} for column in columns]
    keys = dict.fromkeys(key for column in pools for key in column)
    return Compared(columns, tuple(_part(key, columns, tuple(column.get(key) for column in pools)) for key in keys))


def _key(pool: PoolExplanation) -> tuple[str, ...]:
    """Cross pools are the same where they hold the same positions, whatever asset they are valued in."""
    legs = pool.evaluated.rows.legs
    return (pool.evaluated.account.id, pool.pool.mode, *(legs[k].id for k in pool.legs))


Pools = tuple[PoolExplanation | None, ...]


def _part(key: tuple[str, ...], columns: tuple[Column, ...], pools: Pools) -> Part:
    account, mode, *legs = key
    steps = tuple(_steps(columns, pools))
    heads = tuple(_heads(pools))
    parting = next((row for row in steps if row.differs), None) or next((row for row in heads if row.differs), None)
    faults = tuple((column.label, pool.fault) for column, pool in zip(columns, pools, strict=True) if pool and pool.fault)
    held = ", ".join(legs) if len(legs) <= 3 else f"{len(legs)} positions"
    return Part(f"{account} {mode}: {held}", heads, steps, parting, faults)


# -- heads -----------------------------------------------------------------------------------------


def _heads(pools: Pools) -> Iterator[Row]:
    first = next(pool for pool in pools if pool is not None)
    legs = [first.evaluated.rows.legs[k].id for k in first.legs]
    yield Row("decision", "", tuple(_decision(pool) for pool in pools))
    for name in FIRST[1:]:
        per_leg = name in ("tier", "liquidation_price")
        for of in legs if per_leg else [""]:
            row = Row(name, of if len(legs) > 1 else "", tuple(_head(pool, name, of) for pool in pools))
            if any(cell.is_there for cell in row.cells):
                yield row


def _decision(pool: PoolExplanation | None) -> Cell:
    if pool is None:
        return NO_CELL
    said = f"{pool.decision} {pool.fault.code}" if pool.fault else pool.decision
    return Cell(said, pool.fault or pool.decision, _source(pool, "liquidate"))


def _head(pool: PoolExplanation | None, name: str, of: str) -> Cell:
    if pool is None:
        return NO_CELL
    if name == "tier":
        return _tier(pool, _leg(pool, of))
    if name == "liquidation_price":
        value = price_of(pool.evaluated, _leg(pool, of), "liquidate")
        return Cell(_code(value) or (say.money(value) if isinstance(value, tuple) else value), value)
    if not pool.has(name):
        return NO_CELL
    value = pool.value(name)
    return Cell(_code(value) or pool.shown(name), value, _source(pool, name))


def _leg(pool: PoolExplanation, of: str) -> int:
    return next(k for k in pool.legs if pool.evaluated.rows.legs[k].id == of)


def _tier(pool: PoolExplanation, leg: int) -> Cell:
    row = pool.tier_row(leg)
    if row is None:
        value = pool.evaluated.value("tier", pool.evaluated.row_of("tier", leg)) if pool.has("tier") else None
        return Cell(value.code, value) if isinstance(value, Fault) else NO_CELL
    return Cell(row.tier, row.tier, row.place, f"{row.version} version{row.unsure}")


def _code(value: Any) -> str:
    return value.code if isinstance(value, Fault) else ""


def _source(pool: PoolExplanation, name: str) -> str:
    program = pool.evaluated.plan.program
    file, line = program.nodes[program.named[name]].source
    return f"{file}:{line}" if file else ""


# -- steps -----------------------------------------------------------------------------------------


def _steps(columns: tuple[Column, ...], pools: Pools) -> Iterator[Row]:
    """Every named step of any column in one order: each stands behind the one that it follows where it comes from."""
    beside = zip(columns, pools, strict=True)
    found = [{_name(step, column): step for step in pool.steps(2)} if pool else {} for column, pool in beside]
    order: list[tuple[str, str]] = []
    for column in found:
        at = 0
        for key in column:
            if key in order:
                at = order.index(key) + 1
            else:
                order.insert(at, key)
                at += 1
    for name, of in order:
        if name not in AT_HEAD:
            yield Row(name, of, tuple(_cell(pool, column.get((name, of))) for pool, column in zip(pools, found, strict=True)))


def _name(step: Step, column: Column) -> tuple[str, str]:
    return ("tier" if step.name.startswith("tier ") else step.name), column.called(step.of)


def _cell(pool: PoolExplanation | None, step: Step | None) -> Cell:
    if pool is None or step is None:
        return NO_CELL
    if isinstance(step.value, Fault):
        return Cell(step.value.code, step.value, step.source)
    if step.name.startswith("tier "):
        return Cell(f"{step.name.removeprefix('tier ')} at {step.shown.removeprefix('rate ')}", step.shown, step.source, step.note)
    program = pool.evaluated.plan.program
    return Cell(value_text(step.value, program.nodes[program.named[step.name]].unit), step.value, step.source)


# -- JSON ------------------------------------------------------------------------------------------


def cell_json(cell: Cell) -> dict[str, Any] | None:
    if not cell.is_there:
        return None
    return {"value": figure(cell.value), "shown": cell.shown, "source": cell.source or None, "note": cell.note or None}


def row_json(row: Row) -> dict[str, Any]:
    return {"name": row.name, "of": row.of or None, "differs": row.differs, "cells": [cell_json(cell) for cell in row.cells]}
