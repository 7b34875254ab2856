"""Versions: what each named rule said from when on.

One file sets named rules from its time; the newest one in force wins for each name, so that an
amendment to one market is a file of a dozen lines.  A withdrawn name is a version that says so.  A
version that was observed and not decreed is possible from `after` and certain from `by`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from riskrules.diagnostics.problem import Problem, Span
from riskrules.rulebook.identity import Unit, meaning_digest, record_digest, says
from riskrules.rules.header import Header
from riskrules.text.document import Mapping, span_at
from riskrules.units.clock import Instant, say_instant

WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, eq=False)
class PolicyFile:
    """One file, read and typed."""

    path: str  # as shown to a reader: tiers/2026-12-01.yaml
    full: str
    document: Mapping
    header: Header

    def at(self, *path: str | int, key: bool = False) -> Span:
        return span_at(self.document, path, key=key)


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    unit: Unit
    file: PolicyFile
    place: tuple[str | int, ...]  # where in the document
    value: Any  # the typed rule, or WITHDRAWN
    _kept: dict[str, str] = field(default_factory=dict, repr=False)  # its digests, each worked out once

    @property
    def certain_from(self) -> Instant:
        return self.file.header.certain_from

    @property
    def possible_from(self) -> Instant:
        return self.file.header.possible_from

    @property
    def source(self) -> tuple[str, int]:
        return self.file.path, self.file.at(*self.place, key=True).line

    @property
    def says(self) -> str:
        """What it says, whatever its time: two versions with the same words here decide alike."""
        return says(self.file.header, self.value)

    def digest(self) -> str:
        """Of the meaning: every number, side, word and date, none of the comments, order or formatting."""
        return self._once("meaning", meaning_digest)

    def record(self) -> str:
        """Of the meaning and of the words beside it."""
        return self._once("record", record_digest)

    def _once(self, of: str, digest: Callable[[Unit, Header, Any], str]) -> str:
        if of not in self._kept:
            self._kept[of] = digest(self.unit, self.file.header, self.value)
        return self._kept[of]


@dataclass(frozen=True, slots=True)
class History:
    """All versions of every name, each name's in the order of their beginning."""

    versions: dict[Unit, tuple[Version, ...]]

    def in_force(self, unit: Unit, when: Instant) -> tuple[Version | None, tuple[Version, ...]]:
        """The version surely in force, and those that may have replaced it by then."""
        line = self.versions.get(unit, ())
        k = bisect_right([version.certain_from for version in line], when)
        certain = line[k - 1] if k else None
        return certain, tuple(version for version in line[k:] if version.possible_from < when)

    def names(self, kind: str) -> list[str]:
        return [name for of, name in self.versions if of == kind]

    def number(self, version: Version) -> int:
        return self.versions[version.unit].index(version) + 1

    def changes(self) -> list[Instant]:
        """Every instant at which something may begin."""
        return sorted({when for line in self.versions.values() for v in line for when in (v.certain_from, v.possible_from)})


def history(files: list[PolicyFile]) -> tuple[History, list[Problem]]:
    lines: dict[Unit, list[Version]] = {}
    for file in files:
        for version in _versions(file):
            lines.setdefault(version.unit, []).append(version)
    ordered = {unit: tuple(sorted(line, key=lambda v: v.certain_from)) for unit, line in lines.items()}
    problems = [problem for line in ordered.values() for problem in _line_problems(line)]
    return History(ordered), problems


def _versions(file: PolicyFile) -> Iterator[Version]:
    header: Any = file.header
    if header.kind in ("tiers", "flat"):
        for market, table in header.tables.items():
            yield Version(("table", market), file, ("tables", market), table)
        for k, market in enumerate(header.withdrawn):
            yield Version(("table", market), file, ("withdrawn", k), WITHDRAWN)
        return
    if header.kind == "status":
        yield Version(("status", ""), file, (), header)
        for part in ("invariants", "notes"):  # each by its name, so that a later status leaves them standing
            for name, one in (getattr(header, part) or {}).items():
                yield Version((part, name), file, (part, name), one)
        return
    fixed = set(Header.model_fields)
    for name in type(header).model_fields:
        value = getattr(header, name)
        if name in fixed or value is None:
            continue
        if isinstance(value, dict) and header.kind != "portfolio":  # a matrix, or a set of scenarios, is replaced as a whole
            for key, one in value.items():
                yield Version((name, key), file, (name, key), one)
        else:
            yield Version((header.kind, name), file, (name,), value)


def _line_problems(line: tuple[Version, ...]) -> Iterator[Problem]:
    for number, (before, version) in enumerate(zip((None, *line), line, strict=False)):
        kind, name = version.unit
        yield from _replaces_problems(before, number, version)
        if version.file.header.phased_from is not None:
            yield from _phase_problems(before, version)
        if before is None:
            if version.value == WITHDRAWN:
                yield Problem(
                    "RR309",
                    version.file.at(*version.place),
                    f"{name} is withdrawn and was never in force",
                    "take the name out, or correct it",
                    found=name,
                )
            continue
        if before.certain_from == version.certain_from:
            text = f"{name or kind} has two versions that begin at {say_instant(version.certain_from)}"
            labels = ((before.file.at(*before.place, key=True), "the other one"),)
            yield Problem(
                "RR303",
                version.file.at(*version.place, key=True),
                text,
                "keep one of them, or give one a later time",
                found=name,
                labels=labels,
            )
        if before.value == version.value == WITHDRAWN:
            yield Problem("RR309", version.file.at(*version.place), f"{name} was already withdrawn", "take the name out", found=name)


def _phase_problems(before: Version | None, version: Version) -> Iterator[Problem]:
    """A table is rolled out over the one before it, and one after the other."""
    at, begins = version.file.at("effective"), version.file.header.phased_from
    assert begins is not None
    if before is None or before.value == WITHDRAWN:
        hint = "write one time: there is no table that those who hold a position could stay under"
        yield Problem("RR575", at, f"{version.unit[1]} is rolled out and has no table before", hint, found=version.unit[1])
    elif before.certain_from > begins:
        text = f"the roll-out of {version.unit[1]} begins before the version before it is in force for all"
        labels = ((before.file.at("effective" if before.file.header.observed is None else "observed"), "the version before"),)
        yield Problem("RR575", at, text, "begin it when the one before is in force for everyone", found=version.unit[1], labels=labels)


def _replaces_problems(before: Version | None, number: int, version: Version) -> Iterator[Problem]:
    """What a table says it replaces must be what is in force just before it: its number and how its digest begins."""
    replaces = getattr(version.value, "replaces", None)
    if replaces is None:
        return
    hint = "look at what is in force now, and say what this file replaces"
    digest = before.digest() if before else ""
    if before is None:
        yield Problem(
            "RR310",
            version.file.at(*version.place, "replaces"),
            "nothing is in force just before",
            "take replaces out, or correct the name of the market",
        )
    elif replaces.version != number:
        text = f"the version in force just before is number {number}, not {replaces.version}"
        yield Problem(
            "RR310", version.file.at(*version.place, "replaces", "version"), text, hint, found=str(replaces.version), expected=str(number)
        )
    elif not digest.startswith(replaces.digest):
        text = f"the version in force just before has digest {digest[:8]}, not {replaces.digest}"
        yield Problem(
            "RR310", version.file.at(*version.place, "replaces", "digest"), text, hint, found=replaces.digest, expected=digest[:8]
        )
