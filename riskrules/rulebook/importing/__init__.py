"""Tier tables from a source, as a policy file: read, judged, compared with the book, written.

The file that comes out is the one its author would have typed, had he typed nine thousand rows without
a slip.  One market that does not hang together stops the import, unless the rest is asked for: a table
that is left out in silence would be a market that nobody rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.compile import Book
from riskrules.rulebook.importing.forms import form_of
from riskrules.rulebook.importing.json_text import JsonText, read_json
from riskrules.rulebook.importing.judge import Judged, judge
from riskrules.rulebook.importing.sources import Shape, Source, markets_of
from riskrules.rulebook.importing.write import changes, file_name, heading, policy_text, ruled, same_instant_as
from riskrules.rulebook.proofs import is_error
from riskrules.rules.margin import TierForm
from riskrules.rules.tiers import Table, TiersFile
from riskrules.rules.typed import typed
from riskrules.text.reader import read
from riskrules.units.clock import Instant, say_instant

__all__ = ["Effective", "Imported", "Observed", "Shape", "import_tiers"]


@dataclass(frozen=True, slots=True)
class Effective:
    """Rules that were decided begin at an instant."""

    when: Instant

    def __str__(self) -> str:
        return f"effective: {say_instant(self.when)}"


@dataclass(frozen=True, slots=True)
class Observed:
    """Rules that were seen began somewhere between two looks."""

    after: Instant
    by: Instant

    def __str__(self) -> str:
        return f"observed: {{after: {say_instant(self.after)}, by: {say_instant(self.by)}}}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of it.  Without a text nothing is to be written: either nothing changed, or `problems` says why not."""

    file_name: str
    text: str | None
    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    withdrawn: tuple[str, ...]
    skipped: list[Problem]
    problems: list[Problem]


def import_tiers(
    text: bytes, file: str, shape: Shape, rulebook: str, begins: Effective | Observed, book: Book | None,
    form: str, skip_bad: bool, reason: str, source: str,
) -> Imported:  # fmt: skip
    """The policy file that brings the book up to the source, or everything that is in the way."""
    head = heading(rulebook, str(begins), reason, source)
    header, problems = _header(head, form)
    rules, unknown = form_of(book, form, begins.by if isinstance(begins, Observed) else begins.when)
    value, where, faults = read_json(text, file)
    problems += [*unknown, *faults]
    if header is None or rules is None or faults:
        return _nothing(problems)
    markets = markets_of(value, where, shape)
    return _Import(head, header, book, skip_bad).result(markets, _judged(markets, header, rules, where))


def _header(head: dict[str, str], form: str) -> tuple[TiersFile | None, list[Problem]]:
    """What the file says of itself, held to what any policy file is held to; its words came from no file."""
    document, problems = read("".join(f"{key}: {value}\n" for key, value in {**head, "form": form}.items()), "")
    header, more = typed(document) if document is not None and not problems else (None, [])
    return (header if isinstance(header, TiersFile) else None), [replace(problem, at=None, labels=()) for problem in (*problems, *more)]


def _nothing(problems: list[Problem]) -> Imported:
    return Imported("", None, (), (), (), [], problems)


def _judged(source: Source, header: TiersFile, form: TierForm, where: JsonText) -> list[Judged]:
    judged = (judge(market, header, form, where) for market in source.markets.values())
    return [replace(one, table=None) if one.name in source.twice else one for one in judged]


@dataclass(frozen=True, slots=True)
class _Import:
    head: dict[str, str]
    header: TiersFile
    book: Book | None
    skip_bad: bool

    def result(self, source: Source, judged: list[Judged]) -> Imported:
        tables = {one.name: one.table for one in judged if one.table is not None}
        found = changes(tables, self.header, self.book)
        gone = [name for name in ruled(self.book, self.header.certain_from) if not source.may_hold(name)]
        clash = found.problems | dict(same_instant_as(self.book, gone, self.header.certain_from))
        problems = [*source.problems, *(problem for one in judged for problem in one.problems), *clash.values()]
        bad = [problem for problem in problems if is_error(problem)]
        told = [problem for problem in problems if not is_error(problem)]
        if bad and not (self.skip_bad and tables):
            return _nothing(problems)
        withdrawn = tuple(name for name in gone if name not in clash)
        text = self._text({name: tables[name] for name in found.written}, withdrawn)
        told += _mostly_gone(withdrawn, ruled(self.book, self.header.certain_from))
        name = file_name(self.book, self.header.certain_from, text) if text else ""
        return Imported(name, text, found.written, found.unchanged, withdrawn, bad, told)

    def _text(self, tables: dict[str, Table], withdrawn: tuple[str, ...]) -> str | None:
        return policy_text(self.head, self.header, tables, withdrawn) if tables or withdrawn else None


def _mostly_gone(withdrawn: tuple[str, ...], before: list[str]) -> list[Problem]:
    """A venue drops a few markets at a time; an answer about a few markets would drop all the others."""
    if 2 * len(withdrawn) <= len(before):
        return []
    text = f"{len(withdrawn):,} of the {len(before):,} markets in force are not in the file and would be withdrawn"
    return [Problem("RR713", None, text, "import the source's answer for all its markets, not for some")]
