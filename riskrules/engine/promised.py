"""What a status file declares of accounts, tried: invariants on drawn accounts, exceptions on their own example.

The draw hangs on the names of the rulebook and the invariant and on nothing else: whoever tries it
again tries the same accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from riskrules.diagnostics.problem import Problem, Span
from riskrules.engine.generate import Drawn, drawn
from riskrules.engine.noted import notes_in, run
from riskrules.engine.properties import PROPERTIES, Pair, may_be
from riskrules.engine.shrink import shrunk
from riskrules.engine.snapshot import Snapshot
from riskrules.engine.trial import is_said, said, sentence, shown, snapshot_of_case
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.versions import History, Version
from riskrules.units import say
from riskrules.units.clock import Instant
from riskrules.units.exact import exact_text, strict_number, to_fraction

FEW = 60  # accounts that `check` tries for each invariant
MOST_SHRUNK = 3


@dataclass(frozen=True, slots=True)
class Tried:
    """One invariant on so many accounts, and the shortest example that it does not hold."""

    name: str
    declared: str  # "holds", "within", "broken", or "" where the rulebook says nothing
    accounts: int
    undecided: int
    held_to: int  # those on which both figures could be had
    worst: Fraction
    example: Drawn | None
    pair: Pair | None


def declared_in(history: History, when: Instant) -> dict[str, Version]:
    """The invariants in force, by name."""
    found = {name: history.in_force(("invariants", name), when)[0] for name in history.names("invariants")}
    return {name: version for name, version in found.items() if version is not None}


def word_of(value: Any) -> str:
    return value if isinstance(value, str) else "within" if value.within is not None else "broken"


def tried(plan: Plan, when: Instant, name: str, count: int, value: Any = "", market: str = "") -> Tried:
    """Each drawn account held to the invariant; what is wrong by no more than it allows is not wrong."""
    rule = PROPERTIES[name]
    within = value.within or Fraction(0) if value and not isinstance(value, str) else Fraction(0)
    seen, undecided, held, worst, wrong = 0, 0, 0, Fraction(0), []
    for one in drawn(plan, when, f"{plan.rulebook} {name}", count, rule.changes, market):
        seen += 1
        pair = rule.pair(plan, one.snapshot, one.change) if one else None
        undecided += one is None
        if one is None or pair is None:
            continue
        held += 1
        worst = max(worst, pair.wrong_by)
        if pair.wrong_by > within:
            wrong.append(one)
    example = _shortest(plan, name, wrong, within)
    pair = rule.pair(plan, example.snapshot, example.change) if example else None
    return Tried(name, word_of(value) if value else "", seen, undecided, held, worst, example, pair)


def _shortest(plan: Plan, name: str, wrong: list[Drawn], within: Fraction) -> Drawn | None:
    """Of those that matter, where any does: a quantum that a rounding leaves says little."""

    def pair_of(one: Drawn) -> Pair | None:
        return PROPERTIES[name].pair(plan, one.snapshot, one.change) if may_be(name, one.change) else None

    def shows(one: Drawn) -> bool:
        pair = pair_of(one)
        return pair is not None and pair.wrong_by > within

    def matters(one: Drawn) -> bool:
        pair = pair_of(one)
        return pair is not None and pair.wrong_by > max(within, _size(pair) / 1000)

    told = [one for one in wrong if matters(one)]
    holds = matters if told else shows
    return min((shrunk(one, holds) for one in (told or wrong)[:MOST_SHRUNK]), key=lambda one: len(sentence(one.snapshot)), default=None)


def _size(pair: Pair) -> Fraction:
    return abs(to_fraction(pair.before)) if isinstance(pair.before, tuple) else Fraction(0)


def told(one: Tried) -> str:
    """The example as a sentence."""
    if one.example is None or one.pair is None:
        return ""
    figures = f"{one.pair.figure} is {shown(one.pair.before)}, and then {shown(one.pair.after)}"
    what = PROPERTIES[one.name].change
    changed = f"; {what}: {exact_text(one.example.change)}" if what else ""
    return f"{sentence(one.example.snapshot)}{changed}: {figures}"


def promised_problems(history: History, plan: Plan, when: Instant, count: int = FEW) -> Iterator[Problem]:
    """Every declared invariant and every field note that is not so."""
    for name, version in declared_in(history, when).items():
        yield from _invariant(plan, when, name, version, count)
    for name, version in notes_in(history, when).items():
        place = version.file.at(*version.place, key=True)
        for line in run(plan, when, name, version.value).wrong:
            text = f"note {name}: {line}"
            yield Problem("RR803", place, text, "look at what changed: the rule, or the note; then write what comes out")


def _invariant(plan: Plan, when: Instant, name: str, version: Version, count: int) -> Iterator[Problem]:
    value = version.value
    place = version.file.at(*version.place, key=not isinstance(value, str))
    if word_of(value) == "broken":
        yield from _exception(plan, when, name, value, place)
        return
    found = tried(plan, when, name, count, value)
    if found.example is not None:
        but = f" within {say.number(value.within)}" if word_of(value) == "within" else ""
        text = f"{name} does not hold{but}: {told(found)}"
        hint = f"mend the rule, or declare the exception: riskrules invariants {plan.rulebook} --format yaml writes it"
        yield Problem("RR801", place, text, hint)
    elif not found.held_to:
        text = f"{name} could be tried on none of {found.accounts} accounts"
        yield Problem(
            "RR804",
            place,
            text,
            "give the rulebook a market with a table, or with a contract where formulas need none; or take the invariant out",
        )


def _has_marks(snapshot: Snapshot) -> bool:
    """Whether there is a position, and a mark for each and for every order."""
    account = snapshot.accounts[0]
    held = [*(one.market for one in account.positions), *(order.market for order in account.orders)]
    return bool(account.positions) and all(one in snapshot.markets and snapshot.markets[one].mark_price for one in held)


def _exception(plan: Plan, when: Instant, name: str, value: Any, place: Span) -> Iterator[Problem]:
    """An example must break the invariant, by the very figures that are written."""
    example = value.broken
    snapshot, problems = snapshot_of_case(plan, example.case, when)
    change = strict_number(example.change)
    if snapshot is None or change is None or not may_be(name, change) or not _has_marks(snapshot):
        said_so = problems[0].text if problems else f"{example.change} is no change of an account whose positions have a mark"
        yield Problem("RR802", place, f"the example of {name} cannot be tried: {said_so}", "write the account as a snapshot does")
        return
    pair = PROPERTIES[name].pair(plan, snapshot, change)
    if pair is None:
        yield Problem("RR802", place, f"the example of {name} cannot be decided under these rules", "explain it, and give what it lacks")
    elif not pair.wrong_by:
        text = f"{name} holds in its example: {pair.figure} is {shown(pair.before)}, and then {shown(pair.after)}"
        yield Problem("RR802", place, text, "write holds, if it does; or give an example that shows the exception")
    elif not all(is_said(figure, text) for figure, text in zip((pair.before, pair.after), example.gives, strict=True)):
        text = f"the example of {name} gives {said(pair.before)} and then {said(pair.after)}, not {' and '.join(example.gives)}"
        yield Problem("RR802", place, text, "write the figures that come out")
