"""What a change of tier tables does, market by market: proved on the program that decides, of every size at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import NamedTuple

from riskrules.engine.ask import FINEST
from riskrules.engine.ordered import Both, both, largest, stretches, witness
from riskrules.engine.tables_measured import INITIAL, MAINTENANCE, MAX_LEVERAGE, TIER, Ruled, measured, probes_of
from riskrules.ir.program import part_of
from riskrules.rulebook.change_parts import OF_SIGN, Effects, Part, Sign, Stretch, Witness
from riskrules.rulebook.plan import MarketPlan, Plan, TablePlan
from riskrules.rulebook.rows_changed import RowChange, row_changes, rows_of_plan
from riskrules.units import say
from riskrules.units.exact import to_fraction

AXES = {"notional_at_mark": "notional", "notional_at_entry": "entry_notional", "size": "size", "chosen_risk_limit": "risk_limit"}
NAMES = {  # of a tightening and of a loosening
    MAINTENANCE: ("maintenance_raised", "maintenance_lowered"),
    INITIAL: ("initial_raised", "initial_lowered"),
    MAX_LEVERAGE: ("max_leverage_lowered", "max_leverage_raised"),
    "last_cap": ("last_cap_lowered", "last_cap_raised"),
    TIER: ("tier_number_raised", "tier_number_lowered"),
}
OF_ROWS = {
    "changed": "tier_changed", "moved": "tier_moved", "split": "tier_split", "merged": "tiers_merged", "new": "tier_added",
    "gone": "tier_removed", "renumbered": "tiers_renumbered",
}  # fmt: skip
MEASURED = (INITIAL, MAINTENANCE, MAX_LEVERAGE, TIER)
NOT_STRAIGHT = "it is not proved to run straight between caps"


class Step(NamedTuple):
    """The smallest difference of two positions, and where it is stated."""

    length: Fraction
    said: str


class TableChange(NamedTuple):
    """One market's table under two plans."""

    before: Ruled
    after: Ruled
    rows: tuple[RowChange, ...]
    effects: Effects
    axis: str
    step: Step
    both: dict[str, Both]  # each output that is proved to run straight between caps


Marks = Mapping[str, Fraction]


def table_changes(before: Plan, after: Plan, names: Sequence[str], marks: Marks) -> dict[str, TableChange]:
    """Of each market that both plans have a table of: where each output asks for more and where for less, proved; no example yet."""
    pairs = [(_ruled(before, name), _ruled(after, name)) for name in names]
    there = [(name, one, other) for name, (one, other) in zip(names, pairs, strict=True) if one and other]
    probes = [probes_of(one.table, other.table) for _, one, other in there]
    left = measured(before, [(one, at) for (_, one, _), at in zip(there, probes, strict=True)])
    right = measured(after, [(other, at) for (_, _, other), at in zip(there, probes, strict=True)])
    direct = _is_direct(before) or _is_direct(after)
    return {
        name: _change((one, other), {output: both(output, at, *sides) for output in MEASURED}, marks.get(name), direct)
        for (name, one, other), at, *sides in zip(there, probes, left, right, strict=True)
    }


def with_examples(change: TableChange) -> TableChange:
    """Each part with the smallest position that shows it, and with the most that a margin moves."""
    return change._replace(effects=change.effects._replace(parts=tuple(_shown(change, part) for part in change.effects.parts)))


def _shown(change: TableChange, part: Part) -> Part:
    if part.stretch is None:
        return part
    if part.output == "last_cap":
        return part._replace(witness=_first_refused(part.stretch, change.step))
    found = change.both[MAINTENANCE if part.output == "state" else part.output]
    seen = witness(found, part.stretch, change.step.length)
    why = part.why if seen else f"no position on a step of {say.number(change.step.length)} shows it"
    most = largest(found, part.stretch) if part.output not in (MAX_LEVERAGE, TIER) else None
    return part._replace(witness=seen, largest=most, why=why)


def _ruled(plan: Plan, name: str) -> Ruled | None:
    market = plan.market(name)
    table = market.tables[0] if market else None
    return Ruled(market, table) if market and table else None


def _is_direct(plan: Plan) -> bool:
    """Whether the initial margin is by the table itself, and not by the leverage that was chosen."""
    named = "position_initial" in plan.program.named
    return named and ("leg", "leverage") not in part_of(plan.program, ("position_initial",)).needs


def _change(pair: tuple[Ruled, Ruled], found: Mapping[str, Both | None], mark: Fraction | None, direct: bool) -> TableChange:
    one, other = pair
    rows = tuple(row_changes(rows_of_plan(one.table), rows_of_plan(other.table)))
    axis = AXES[other.table.lookup]
    parts = [part for output in MEASURED for part in _parts(output, pair, found[output], axis)]
    parts += _last_cap(one.table, other.table, axis)
    parts += [part._replace(output="state") for part in parts if part.output == MAINTENANCE or (direct and part.output == INITIAL)]
    rules = dict.fromkeys((*_named(parts), *_of_rows(rows), *_of_form(one.table, other.table)))
    proved = {output: one for output, one in found.items() if one is not None}
    return TableChange(one, other, rows, Effects(tuple(rules) or ("table_rewritten",), tuple(parts)), axis, _step(other, mark), proved)


def _parts(output: str, pair: tuple[Ruled, Ruled], found: Both | None, axis: str) -> Iterator[Part]:
    one, other = pair
    if one.table.lookup != other.table.lookup:
        yield Part(output, "undecided", why=f"looked up by {other.table.lookup} and no longer by {one.table.lookup}")
    elif found is None:
        yield Part(output, "undecided", why=NOT_STRAIGHT)
    else:
        yield from (Part(output, OF_SIGN[stretch.sign], axis, stretch) for stretch in stretches(found) if stretch.sign != 0)


def _last_cap(one: TablePlan, other: TablePlan, axis: str) -> Iterator[Part]:
    """The largest size that may be opened: a lower one is stricter, at one cap the side on which equality is refused."""
    was, now = (_end(table) for table in (one, other))
    if was == now or one.lookup != other.lookup:
        return
    sign: Sign = 1 if _beyond(now) < _beyond(was) else -1
    lower, higher = (now, was) if sign == 1 else (was, now)
    assert lower[0] is not None
    stretch = Stretch(lower[0], not lower[1], higher[0], higher[1] and higher[0] is not None, sign)
    yield Part("last_cap", OF_SIGN[sign], axis, stretch, why="beyond the cap nothing may be opened")


End = tuple[Fraction | None, bool]  # of a table: None is without an end; and whether the cap itself is in it


def _end(table: TablePlan) -> End:
    cap = table.caps[0][-1]
    return (None, True) if cap is None else (to_fraction(cap), table.caps[1])


def _beyond(end: End) -> tuple[bool, Fraction, bool]:
    """Larger where more may be opened."""
    return end[0] is None, end[0] or Fraction(0), end[1]


def _first_refused(stretch: Stretch, step: Step) -> Witness | None:
    k = floor(stretch.low / step.length)
    x = next((x for x in (k * step.length, (k + 1) * step.length) if stretch.holds(x)), None)
    words = ("may be opened", "is refused") if stretch.sign == 1 else ("is refused", "may be opened")
    return None if x is None else Witness(x, *words)


def _step(ruled: Ruled, mark: Fraction | None) -> Step:
    """A lot where a size is measured or a mark is known; else the finest that is looked at."""
    market, lot = ruled.market, ruled.market.lot
    if ruled.table.lookup == "size":
        return Step(to_fraction(lot), "a lot") if lot else Step(FINEST, "no lot is stated")
    if mark is None or lot is None:
        return Step(FINEST, "no mark is given" if mark is None else "no lot is stated")
    return Step(_worth(market, to_fraction(lot), mark), f"a lot of {say.number(lot)} at {say.number(mark)}")


def _worth(market: MarketPlan, size: Fraction, mark: Fraction) -> Fraction:
    each = to_fraction(market.multiplier)
    return size * each / mark if market.is_inverse else size * each * mark


def _named(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        if part.output in NAMES and part.change in ("tightening", "loosening"):
            yield NAMES[part.output][part.change == "loosening"]


def _of_rows(rows: Sequence[RowChange]) -> Iterator[str]:
    yield from (OF_ROWS[change.how] for change in rows if change.how in OF_ROWS)


def _of_form(one: TablePlan, other: TablePlan) -> Iterator[str]:
    if one.caps[1] != other.caps[1]:
        yield "cap_side_changed"
    if one.caps[2] != other.caps[2]:
        yield "beyond_last_cap_changed"
    if (one.form, one.lookup, one.rate_on) != (other.form, other.lookup, other.rate_on):
        yield "form_changed"
