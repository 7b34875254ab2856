"""What stands on the page of an explanation, in order, whatever it is then written in.

The words are those of the terminal's explanation; nothing is said here that is not said there.
"""

from __future__ import annotations

from typing import NamedTuple

from riskrules.engine.explain import PoolExplanation
from riskrules.engine.explain_text import (
    LEG_HEADS,
    MOST_LEGS,
    VERDICT,
    comparison,
    has_leg_table,
    leg_cells,
    legs_by_need,
    notes,
    status_line,
    step_rows,
    steps_shown,
    who,
)
from riskrules.engine.turns import turn_lines
from riskrules.rulebook.plan import StatusPlan
from riskrules.units.clock import Instant, say_instant

NUMBERS = ("age", "maintenance", "profit")  # columns that are read from the right


class LegTable(NamedTuple):
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int


class StepRow(NamedTuple):
    name: str
    working: str
    value: str
    source: str


class PoolPage(NamedTuple):
    """One pool: its verdict in a sentence, what it rests on, and what would turn it."""

    decision: str  # "healthy", "liquidate" or "error"
    verdict: str
    who: str
    compared: str
    fault: tuple[str, str, str] | None  # code, text, what to do
    legs: LegTable | None
    steps: tuple[StepRow, ...]
    turns: tuple[str, ...]  # the head, then each change and under what they hold
    notes: tuple[tuple[str, str], ...]


class Foot(NamedTuple):
    """Whose rules these are, and how to come by the same answer."""

    status: str
    unsettled: tuple[str, ...]
    as_of: str
    digest: str
    replay: str
    policies: str = ""
    again: str = ""


def pool_page(pool: PoolExplanation, depth: int, market: str | None) -> PoolPage:
    bare = not pool.legs and pool.fault is None and depth == 1
    return PoolPage(
        decision=pool.decision,
        verdict=VERDICT[pool.decision],
        who=who(pool),
        compared=comparison(pool),
        fault=(pool.fault.code, pool.fault.text, pool.fault.hint) if pool.fault else None,
        legs=_leg_table(pool) if has_leg_table(pool, depth) else None,
        steps=() if bare else tuple(StepRow(*row) for row in step_rows(steps_shown(pool, depth))),
        turns=() if bare else tuple(turn_lines(pool, market)),
        notes=() if bare else tuple(notes(pool)),
    )


def foot(status: StatusPlan, when: Instant, digest: str, replay: str, policies: str = "", again: str = "") -> Foot:
    return Foot(status_line(status, when), status.unsettled, say_instant(when), digest, replay, policies, again)


def _leg_table(pool: PoolExplanation) -> LegTable:
    """The largest requirements first, each with the row of the table that decided it; a column without content is left out."""
    kept = legs_by_need(pool)[:MOST_LEGS]
    rows = [(*leg_cells(pool, k), _row_of(pool, k)) for k in kept]
    heads = ("leg", *LEG_HEADS[1:], "row, version")
    columns = [k for k in range(len(heads)) if any(row[k] for row in rows)]
    shown = tuple(tuple(row[k] for k in columns) for row in rows)
    return LegTable(tuple(heads[k] for k in columns), shown, len(pool.legs) - len(kept))


def _row_of(pool: PoolExplanation, leg: int) -> str:
    row = pool.tier_row(leg)
    return f"{row.place}  {row.version}{row.unsure}" if row else ""
