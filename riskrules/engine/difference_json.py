"""The JSON of a difference: every figure as exact text, the schema named and versioned."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from riskrules.engine.difference import Difference, UnitChange
from riskrules.engine.table_changes import TableChange
from riskrules.rulebook.change_parts import OUTPUTS, Part
from riskrules.rulebook.lines_changed import nothing
from riskrules.rulebook.rows_changed import Row
from riskrules.rulebook.versions import Version
from riskrules.units.clock import Instant, say_instant
from riskrules.units.exact import exact_text, to_exact

SCHEMA = "riskrules/diff/1"


def difference_json(found: Difference) -> dict[str, Any]:
    return {
        "schema": SCHEMA, "before": found.before, "after": found.after, "vector": found.vector, "mechanism": list(found.mechanism),
        "changes": [_change(change) for change in found.changes], "notes": list(found.notes),
    }  # fmt: skip


def _change(change: UnitChange) -> dict[str, Any]:
    kind, name = change.differs.unit
    before, after = change.differs.at
    return {
        "rulebook": change.rulebook, "kind": kind, "name": name, "renamed_to": change.differs.named or None,
        "as_of": {"before": _time(before), "after": _time(after)}, "until": _time(change.differs.until),
        "before": _version(change.differs.before), "after": _version(change.differs.after),
        "rules": list(change.effects.rules), "vector": change.vector, "mechanism": list(change.effects.mechanism),
        "parts": [part_json(part) for part in change.effects.parts] if not change.markets else [],
        "markets": {market: [part_json(part) for part in parts] for market, parts in change.markets},
        "fields": [{"field": one.name, "before": one.before, "after": one.after, "by": one.by or None} for one in change.fields],
        "table": _table(change.table) if change.table else None,
        "notes": list(change.effects.notes),
    }  # fmt: skip


def _time(when: Instant | None) -> str | None:
    return say_instant(when) if when else None


def _version(version: Version | None) -> dict[str, Any] | None:
    if version is None:
        return None
    file, line = version.source
    return {"digest": version.digest(), "record": version.record(), "withdraws": nothing(version), "file": file, "line": line}


def part_json(part: Part) -> dict[str, Any]:
    assert part.output in OUTPUTS
    stretch, seen = part.stretch, part.witness
    return {
        "output": part.output, "class": part.change, "side": part.side, "fee_tier": part.fee_tier, "axis": part.axis or None,
        "range": None if stretch is None else {
            "above": None if stretch.low_in else _figure(stretch.low), "from": _figure(stretch.low) if stretch.low_in else None,
            "below": None if stretch.high_in or stretch.high is None else _figure(stretch.high),
            "to": _figure(stretch.high) if stretch.high_in else None,
        },
        "witness": None if seen is None else {
            "at": _figure(seen.x), "before": _figure(seen.before), "after": _figure(seen.after), "by": _by(seen.before, seen.after),
        },
        "largest": part.largest and {"share": _figure(part.largest.share), "at": _figure(part.largest.x)},
        "why": part.why or None,
    }  # fmt: skip


def _by(before: Fraction | str, after: Fraction | str) -> str | None:
    return _figure(after - before) if isinstance(before, Fraction) and isinstance(after, Fraction) else None


def _figure(value: Fraction | str | None) -> str | None:
    return exact_text(to_exact(value)) if isinstance(value, Fraction) else value


def _table(table: TableChange) -> dict[str, Any]:
    return {
        "axis": table.axis,
        "step": {"length": _figure(table.step.length), "is": table.step.said},
        "rows": [
            {"how": change.how, "before": [_row(row) for row in change.before], "after": [_row(row) for row in change.after]}
            for change in table.rows
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "tier": row.number, "floor": _figure(row.floor), "cap": _figure(row.cap), "max_leverage": _figure(row.max_leverage),
        "maintenance_rate": _figure(row.maintenance_rate), "maintenance_amount": _figure(row.maintenance_amount),
    }  # fmt: skip
