"""Field notes, run: the figure of each, what breaks first under its shock, and both figures of a misreading.

A shock is walked in whole percents of itself, so that what breaks first is exact on that grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from riskrules.engine.decide import ERROR, LIQUIDATE, Evaluated
from riskrules.engine.properties import at_mark, scaled
from riskrules.engine.snapshot import Snapshot
from riskrules.engine.trial import decided, figure_of, is_said, said, sentence, snapshot_of_case
from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.versions import History, Version
from riskrules.rules.noted import Case, Figure, Note, Shock
from riskrules.units import say
from riskrules.units.clock import Instant
from riskrules.units.exact import to_exact

STEPS = 100
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a note says, what was written and what comes out."""

    what: str
    written: str
    found: str
    same: bool


@dataclass(slots=True)
class Ran:
    name: str
    note: Note
    account: str = ""
    lines: list[Line] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        return [f"{line.what} is {line.found}, and it says {line.written}" for line in self.lines if not line.same]


def notes_in(history: History, when: Instant) -> dict[str, Version]:
    found = {name: history.in_force(("notes", name), when)[0] for name in history.names("notes")}
    return {name: version for name, version in found.items() if version is not None}


def run(plan: Plan, when: Instant, name: str, note: Note) -> Ran:
    """Every figure of a note under the rules in force."""
    made = Ran(name, note)
    snapshot, problem = _snapshot(plan, note.case, when)
    if snapshot is None:
        made.lines.append(Line("the account", "an account", problem, same=False))
        return made
    made.account = sentence(snapshot)
    made.lines.append(_figure(plan, when, snapshot, note.shows))
    if note.shock:
        made.lines.append(_broken(plan, snapshot, note.shock))
    if note.misread:
        both = [_figure(plan, when, snapshot, one) for one in (note.misread.believed, note.misread.in_fact)]
        made.lines += both
        if both[0].found == both[1].found:
            made.lines.append(Line("the belief", "another figure", both[0].found, same=False))
    return made


def _snapshot(plan: Plan, case: Case, when: Instant) -> tuple[Snapshot | None, str]:
    snapshot, problems = snapshot_of_case(plan, case, when)
    return snapshot, f"{problems[0].code} {problems[0].text}" if problems else ""


def _figure(plan: Plan, when: Instant, snapshot: Snapshot, figure: Figure) -> Line:
    what = f"{figure.figure}{f' of {figure.of}' if figure.of else ''}"
    other, problem = _snapshot(plan, figure.case, when) if figure.case else (snapshot, "")
    if other is None:
        return Line(what, figure.gives, problem, same=False)
    value = figure_of(decided(plan, other), figure.figure, figure.of)
    found = f"{value.code} {value.text}" if isinstance(value, Fault) and value.code != figure.gives else said(value)
    return Line(what, figure.gives, found, is_said(value, figure.gives))


def _broken(plan: Plan, snapshot: Snapshot, shock: Shock) -> Line:
    what, after = breaks_first(plan, snapshot, shock)
    written = _outcome(shock.breaks_first, shock.after)
    found = _outcome(what, after)
    return Line(f"under {shock.named}, what breaks first", written, found, written == found)


def _outcome(what: str, after: Fraction) -> str:
    return NOTHING if what == NOTHING else f"{what} after {say.rate(after)} of it"


def breaks_first(plan: Plan, snapshot: Snapshot, shock: Shock) -> tuple[str, Fraction]:
    """The pools liquidated at the first whole percent at which any is; or the first error, which is not health."""
    for k in range(STEPS + 1):
        share = Fraction(k, STEPS)
        evaluated = decided(plan, _moved(snapshot, shock, share))
        broken = [_name(evaluated, pool) for pool, _ in evaluated.pools() if evaluated.verdict(pool)[0] in (LIQUIDATE, ERROR)]
        if broken:
            return " and ".join(broken), share
    return NOTHING, Fraction(1)


def _moved(snapshot: Snapshot, shock: Shock, share: Fraction) -> Snapshot:
    for market, move in shock.moves.items():
        mark = snapshot.markets[market].mark_price if market in snapshot.markets else None
        if mark is not None:
            over = Fraction(move.removesuffix("%").replace("_", "")) / 100
            snapshot = at_mark(snapshot, market, scaled(mark, to_exact(1 + over * share)))
    return snapshot


def _name(evaluated: Evaluated, pool: int) -> str:
    """An isolated position by its id, what is cross by its asset; with the code where it is an error."""
    one: Any = evaluated.rows.pools[pool]
    word, fault = evaluated.verdict(pool)
    name = one.position or f"cross {one.settle}"
    return f"{name} ({fault.code})" if word == ERROR and fault else name
