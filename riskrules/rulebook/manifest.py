"""A manifest: every version of every unit with its digests, in one order, and one digest over all of them.

The root is of whatever is listed: a whole folder, one rulebook, or what is in force at a time.  Two lists
with the same root hold the same rules; two with the same meaning decide alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from riskrules.rulebook.versions import WITHDRAWN, History, Version
from riskrules.units.clock import Instant, say_instant

FORM = "riskrules/manifest/1"
VERSION, IN_FORCE, MAY_BE = "version", "in force", "may be in force"


class Entry(NamedTuple):
    """One version of one unit."""

    rulebook: str
    kind: str
    name: str
    begins: Instant  # from when on it is surely in force
    meaning: str
    record: str
    withdraws: bool
    standing: str  # of a whole book `version`; of what stands at a time `in force`, or `may be in force`
    file: str
    line: int

    @property
    def key(self) -> tuple[str, str, str, Instant]:
        return self.rulebook, self.kind, self.name, self.begins


@dataclass(frozen=True, slots=True)
class Manifest:
    entries: tuple[Entry, ...]

    @property
    def meaning(self) -> str:
        """Over the meanings alone."""
        return _root("meaning", ((*entry.key, entry.standing, entry.meaning) for entry in self.entries))

    @property
    def root(self) -> str:
        """Over meanings and records: what pins a book."""
        return _root("root", ((*entry.key, entry.standing, entry.meaning, entry.record) for entry in self.entries))


def _root(of: str, lines: Iterable[tuple[Any, ...]]) -> str:
    running = hashlib.sha256(f"{FORM}\0{of}\n".encode())
    for rulebook, kind, name, begins, *said in lines:
        running.update("\0".join((rulebook, kind, name, say_instant(begins), *said)).encode() + b"\n")
    return running.hexdigest()


def manifest_of(books: Iterable[tuple[str, History]], when: Instant | None = None) -> Manifest:
    """Of these rulebooks: every version, or those that are or may be in force at a time."""
    found = [_entry(rulebook, *one) for rulebook, history in books for one in _listed(history, when)]
    return Manifest(tuple(sorted(found, key=lambda entry: entry.key)))


def meaning_in_force(rulebook: str, history: History, when: Instant) -> str:
    """What decides at a time, in one digest, as its manifest has it; no later version ever changes it."""
    listed = _listed(history, when)
    return _root("meaning", sorted((rulebook, *one.unit, one.certain_from, standing, one.digest()) for one, standing in listed))


def _listed(history: History, when: Instant | None) -> Iterator[tuple[Version, str]]:
    for unit, line in history.versions.items():
        if when is None:
            yield from ((version, VERSION) for version in line)
        else:
            certain, possible = history.in_force(unit, when)
            yield from ((version, IN_FORCE) for version in ([certain] if certain else []))
            yield from ((version, MAY_BE) for version in possible)


def _entry(rulebook: str, version: Version, standing: str) -> Entry:
    file, line = version.source
    kind, name = version.unit
    digests = version.digest(), version.record()
    return Entry(rulebook, kind, name, version.certain_from, *digests, version.value == WITHDRAWN, standing, file, line)
