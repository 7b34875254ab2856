"""The report: a line a file, then every failure, every unsupported family by name, and what of the cases was not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.conformance.run import Outcome

COLUMNS = ("cases", "via shipped rulebook", "via family rulebook", "failed", "unsupported")
VERDICTS = ("shipped", "family", "failed", "unsupported")


def report(outcomes: Sequence[Outcome]) -> str:
    parts = ["\n".join(_table(outcomes)), "\n".join(_failures(outcomes)), "\n".join(_unread(outcomes))]
    return "\n\n".join(part for part in parts if part)


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    files = {one.case.file: [other for other in outcomes if other.case.file == one.case.file] for one in outcomes}
    wide = max((len(file) for file in files), default=0)
    yield f"{'':{wide}}  {' · '.join(COLUMNS)}"
    for file, members in [*files.items(), ("all", list(outcomes))]:
        figures = [str(len(members)), *(str(sum(one.verdict == verdict for one in members)) for verdict in VERDICTS)]
        cells = "   ".join(f"{figure:>{len(column)}}" for figure, column in zip(figures, COLUMNS, strict=True))
        names = "" if file == "all" else _names(members)
        yield f"{file:{wide}}  {cells}{names and f'  {names}'}"


def _names(members: Sequence[Outcome]) -> str:
    """Every unsupported family of a file, with how many cases; the case itself where its family is supported."""
    counts = Counter(one.case.family for one in members if one.verdict == "unsupported" and not one.is_odd)
    odd = [f"{one.case.family}/{one.case.id} ({'; '.join(one.why)})" for one in members if one.is_odd]
    return ", ".join([*(f"{family} ×{count}" if count > 1 else family for family, count in counts.items()), *odd])


def _failures(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for one in outcomes:
        if one.verdict == "failed":
            yield f"failed  {one.case.file}  {one.case.id}  ({one.case.family} under {one.through})"
            yield from (f"    {line}" for why in one.why for line in why.splitlines())
            if one.unread:
                yield f"    of the case nobody read: {', '.join(one.unread)}"


def _unread(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """An input that no adapter reads is told even where the figures agree."""
    for one in outcomes:
        if one.unread and one.verdict in ("shipped", "family"):
            yield f"note    {one.case.file}  {one.case.id}: agrees, with {', '.join(one.unread)} of the case not read"
