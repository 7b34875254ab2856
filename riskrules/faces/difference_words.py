"""A difference in words, for every face: what a change is called, where it holds, and what shows it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from riskrules.engine.ask import FINEST
from riskrules.engine.difference import Difference, UnitChange
from riskrules.rulebook.change_parts import OUTPUTS, Part, Stretch, Witness
from riskrules.rulebook.fields_changed import bps, signed
from riskrules.rulebook.lines_changed import nothing
from riskrules.rulebook.rows_changed import Row, RowChange
from riskrules.rulebook.versions import Version
from riskrules.units import say
from riskrules.units.clock import say_instant

MARGINS = ("initial", "maintenance", "state")
SHARES = ("taker_fee", "maintenance_share_of_equity")
MOST_PARTS, MOST_MARKETS = 8, 6


def said_output(output: str) -> str:
    return output.replace("_", " ")


def headline(found: Difference) -> str:
    """One line for the whole."""
    if not found.changes:
        return f"no rule differs between {found.before} and {found.after}"
    strict = [output for output in OUTPUTS if found.vector[output] != "neutral"]
    count = len(found.changes)
    rules = f"{count:,} rule{'' if count == 1 else 's'} differ{'s' if count == 1 else ''} between {found.before} and {found.after}"
    if not strict:
        return f"{rules}: no figure changes" + (f" by them alone; {', '.join(found.mechanism)}" if found.mechanism else "")
    return rules


def vector_said(vector: dict[str, str], most: int = len(OUTPUTS)) -> str:
    """`maintenance mixed · max leverage tightening`; what is neutral is left out."""
    said = [f"{said_output(output)} {vector[output]}" for output in OUTPUTS if vector[output] != "neutral"]
    return " · ".join(said[:most]) or "neutral"


def title(change: UnitChange) -> str:
    kind, name = change.differs.unit
    named = f" → {change.differs.named}" if change.differs.named else ""
    return f"{change.rulebook}  {kind.replace('_', ' ')} {name}".rstrip() + named


def when(change: UnitChange) -> str:
    """From when until when the two sides differ; with a time on each side, as of which."""
    before, after = change.differs.at
    if before != after:
        return f"as of {say_instant(before)} and of {say_instant(after)}"
    if not after:
        return ""
    until = change.differs.until
    return f"from {say_instant(after)} " + (f"until {say_instant(until)}" if until is not None else "on")


def versions(change: UnitChange) -> str:
    return f"{_version(change.differs.before)} → {_version(change.differs.after)}"


def _version(version: Version | None) -> str:
    if version is None:
        return "none"
    file, line = version.source
    return f"{'withdrawn' if nothing(version) else version.digest()[:8]} {file}:{line}"


# -- parts -------------------------------------------------------------------------------------------


def part_said(part: Part) -> str:
    """`tightening for notional (0, 25,000]: at 0.01 from 0.00025 to 0.001, +0.00075, +750 bps of it`."""
    where = f" for {said_output(part.axis)} {range_said(part.stretch, part.axis)}" if part.stretch else ""
    tier = f" ({part.fee_tier})" if part.fee_tier != "any" else ""
    seen = f": {witness_said(part)}" if part.witness else ""
    why = f"; {part.why}" if part.why and (not part.witness or part.output == "last_cap") else ""
    return f"{part.change}{where}{tier}{seen}{why}"


def range_said(stretch: Stretch, axis: str = "") -> str:
    """`(0, 25,000]`, `[5,000]` for one value, `(1,000,000, ∞)`."""
    low = _on_axis(stretch.low, axis)
    if stretch.high is not None and stretch.low == stretch.high:
        return f"[{low}]"
    high = "∞" if stretch.high is None else _on_axis(stretch.high, axis)
    return f"{'[' if stretch.low_in else '('}{low}, {high}{']' if stretch.high_in else ')'}"


def _on_axis(x: Fraction, axis: str) -> str:
    return say.rate(x) if axis in SHARES else say.number(x)


def witness_said(part: Part) -> str:
    seen = part.witness
    assert seen is not None
    at = _place(part, seen.x)
    if isinstance(seen.before, str) or isinstance(seen.after, str):
        return f"{at} {_figure(part.output, seen.before)}, then {_figure(part.output, seen.after)}"
    return f"{at} from {_figure(part.output, seen.before)} to {_figure(part.output, seen.after)}{_by(part, seen)}"


def _place(part: Part, x: Fraction) -> str:
    """`just above 25,000` where the step is the finest that is looked at."""
    low = part.stretch.low if part.stretch else x
    return f"just above {_on_axis(low, part.axis)}" if low < x <= low + FINEST and low else f"at {_on_axis(x, part.axis)}"


def _figure(output: str, value: Fraction | str) -> str:
    if isinstance(value, str):
        return value
    return say.leverage(value) if output == "max_leverage" else say.number(value)


def _by(part: Part, seen: Witness) -> str:
    if part.output not in MARGINS or isinstance(seen.before, str) or isinstance(seen.after, str) or part.axis in SHARES:
        return ""
    most = part.largest
    if most is None:
        return f", {signed(seen.after - seen.before)}"
    where = "far out" if most.x is None else f"at {_on_axis(most.x, part.axis)}"
    return f", {signed(seen.after - seen.before)}; at most {bps(most.share)} of the {said_output(part.axis)}, {where}"


# -- rows --------------------------------------------------------------------------------------------

HOW = {
    "same": "as it was", "renumbered": "as it was, another number", "changed": "other figures", "moved": "other sizes", "split": "split",
    "merged": "merged", "new": "new", "gone": "gone",
}  # fmt: skip


def rows_said(rows: tuple[RowChange, ...]) -> Iterator[tuple[str, str, str, str]]:
    """Numbers before, numbers after, how, and what is other; rows that stand are told together."""
    standing: list[RowChange] = []
    for change in rows:
        if change.how == "same":
            standing.append(change)
            continue
        yield from _standing(standing)
        standing = []
        yield _numbers(change.before), _numbers(change.after), HOW[change.how], "; ".join(_row_cells(change))
    yield from _standing(standing)


def _standing(rows: list[RowChange]) -> Iterator[tuple[str, str, str, str]]:
    if rows:
        first, last = rows[0].after[0], rows[-1].after[0]
        numbers = str(first.number) if first is last else f"{first.number} to {last.number}"
        yield numbers, numbers, HOW["same"], _sizes(first.floor, last.cap)


def _numbers(rows: tuple[Row, ...]) -> str:
    return ", ".join(str(row.number) for row in rows) or "–"


def _sizes(floor: Fraction, cap: Fraction | None) -> str:
    return f"{say.number(floor)} … {'unlimited' if cap is None else say.number(cap)}"


def _row_cells(change: RowChange) -> Iterator[str]:
    if len(change.before) == len(change.after) == 1:
        yield from _cells(change.before[0], change.after[0])
        return
    yield (
        " + ".join(_row(row) for row in change.before)
        + (" → " if change.before and change.after else "")
        + " + ".join(_row(row) for row in change.after)
    )


def _row(row: Row) -> str:
    return f"{_sizes(row.floor, row.cap)} {say.leverage(row.max_leverage)} {say.rate(row.maintenance_rate)}"


def _cells(one: Row, other: Row) -> Iterator[str]:
    yield _sizes(one.floor, one.cap) + (f" → {_sizes(other.floor, other.cap)}" if one.bounds != other.bounds else "")
    if one.max_leverage != other.max_leverage:
        yield f"max leverage {say.leverage(one.max_leverage)} → {say.leverage(other.max_leverage)}"
    if one.maintenance_rate != other.maintenance_rate:
        moved = bps(other.maintenance_rate - one.maintenance_rate)
        yield f"maintenance rate {say.rate(one.maintenance_rate)} → {say.rate(other.maintenance_rate)}, {moved}"
    if one.maintenance_amount != other.maintenance_amount:
        yield f"amount {say.number(one.maintenance_amount)} → {say.number(other.maintenance_amount)}"
