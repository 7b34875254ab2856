"""Where two histories say another thing: each unit, from when until when, what was in force and what is.

Without a time two books are compared over all time: a version that one of them has and the other has not
is a difference from its beginning to where they agree again.  With a time on each side there is one
moment, and what is surely in force at it is compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from riskrules.rulebook.identity import Unit
from riskrules.rulebook.versions import WITHDRAWN, History, Version
from riskrules.units.clock import Instant

Moment = tuple[Instant, Instant]  # on either side; the same where two books are compared over time


class UnitDiffers(NamedTuple):
    """None, or a version that withdraws: nothing is in force."""

    unit: Unit
    at: Moment
    until: Instant | None  # None: from then on
    before: Version | None
    after: Version | None
    named: str = ""  # what it is called now, where one rule is under another name
    only: str = ""  # "record" or "interval", where what is surely in force says the same
    unsure: bool = False  # inside an observed interval: another version may be in force

    @property
    def is_added(self) -> bool:
        return nothing(self.before)

    @property
    def is_withdrawn(self) -> bool:
        return nothing(self.after)


def nothing(version: Version | None) -> bool:
    return version is None or version.value == WITHDRAWN


def differs(one: Version | None, other: Version | None) -> bool:
    if nothing(one) or nothing(other):
        return nothing(one) != nothing(other)
    assert one is not None
    assert other is not None
    return one.says != other.says


def at_moment(before: History, after: History, moment: Moment) -> list[UnitDiffers]:
    """What is surely in force at each side's own time."""
    units = dict.fromkeys([*before.versions, *after.versions])
    found = (_at_moment(unit, before, after, moment) for unit in units)
    return renamed([one for one in found if one is not None])


def _at_moment(unit: Unit, before: History, after: History, moment: Moment) -> UnitDiffers | None:
    """Inside an observed interval what may be in force counts too: two sides that may differ are told, and are not sure."""
    (one, maybe), (other, perhaps) = before.in_force(unit, moment[0]), after.in_force(unit, moment[1])
    unsure = {_said(version) for version in (one, *maybe)} != {_said(version) for version in (other, *perhaps)} and bool(maybe or perhaps)
    if not differs(one, other):
        return UnitDiffers(unit, moment, None, one, other, only="interval", unsure=True) if unsure else None
    return UnitDiffers(unit, moment, None, one, other, unsure=unsure)


def _said(version: Version | None) -> str | None:
    return None if version is None or nothing(version) else version.says


def over_time(before: History, after: History) -> list[UnitDiffers]:
    """Every stretch of time over which the books differ, and versions that differ in words or capture times alone."""
    units = dict.fromkeys([*before.versions, *after.versions])
    found = [one for unit in units for one in _stretches(unit, before.versions.get(unit, ()), after.versions.get(unit, ()))]
    beside = [one for unit in units for one in _beside(unit, before.versions.get(unit, ()), after.versions.get(unit, ()))]
    moments = sorted({one.at for one in found})
    return [*(one for moment in moments for one in renamed([one for one in found if one.at == moment])), *beside]


def _stretches(unit: Unit, left: tuple[Version, ...], right: tuple[Version, ...]) -> Iterator[UnitDiffers]:
    times = sorted({version.certain_from for version in (*left, *right)})
    last: UnitDiffers | None = None
    for k, when in enumerate(times):
        one, other = _at(left, when), _at(right, when)
        until = times[k + 1] if k + 1 < len(times) else None
        if last is not None and (one, other) == (last.before, last.after):
            last = last._replace(until=until)
            continue
        if last is not None:
            yield last
        last = UnitDiffers(unit, (when, when), until, one, other) if differs(one, other) else None
    if last is not None:
        yield last


def _at(line: tuple[Version, ...], when: Instant) -> Version | None:
    return next((version for version in reversed(line) if version.certain_from <= when), None)


def _beside(unit: Unit, left: tuple[Version, ...], right: tuple[Version, ...]) -> Iterator[UnitDiffers]:
    """One version on both sides that says the same from the same instant on, and was seen, learned or worded otherwise."""
    by_time = {version.certain_from: version for version in left}
    for other in right:
        one = by_time.get(other.certain_from)
        if one is None or one.says != other.says or one.record() == other.record():
            continue
        only = "record" if one.digest() == other.digest() else "interval"
        yield UnitDiffers(unit, (other.certain_from, other.certain_from), None, one, other, only=only)


def renamed(found: list[UnitDiffers]) -> list[UnitDiffers]:
    """What goes under one name and comes under another, where no other that goes or comes at that moment says the same."""
    gone = {(one.unit[0], one.before.says): one for one in found if one.is_withdrawn and one.before}
    come = {(one.unit[0], one.after.says): one for one in found if one.is_added and one.after}
    many = Counter((one.unit[0], version.says) for one in found for version in (one.before, one.after) if version and not nothing(version))
    pairs = {key: (gone[key], come[key]) for key in gone.keys() & come.keys() if many[key] == 2}
    taken = {id(one) for pair in pairs.values() for one in pair}
    joined = [old._replace(after=new.after, named=new.unit[1]) for old, new in pairs.values()]
    return [*(one for one in found if id(one) not in taken), *joined]
