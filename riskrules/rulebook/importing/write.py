"""What changed against the book, and the policy file that says it.

Only what changed in meaning is written, so that a reviewer reads changes and nothing else: a market whose
rows say what is in force already is left out, one that the source no longer has is withdrawn.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.compile import Book
from riskrules.rulebook.importing.judge import spelled
from riskrules.rulebook.importing.sources import Figure
from riskrules.rulebook.versions import WITHDRAWN, Version
from riskrules.rules.tiers import Table, TiersFile, rows_of
from riskrules.text.reader import read
from riskrules.units.clock import Instant, say_day, say_instant

WIDTH = 120


@dataclass(frozen=True, slots=True)
class Changes:
    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    problems: dict[str, Problem]  # of a market that has a table of this very instant


def changes(tables: dict[str, Table], header: TiersFile, book: Book | None) -> Changes:
    """Each table against the one surely in force when this file's begins."""
    written, unchanged, problems = [], [], {}
    for name in sorted(tables):
        before = in_force(book, name, header.certain_from)
        if before is not None and _says(before.value, getattr(before.file.header, "form", "")) == _says(tables[name], header.form):
            unchanged.append(name)
        elif before is not None and before.certain_from == header.certain_from:
            problems[name] = _same_instant(name, before)
        else:
            written.append(name)
    return Changes(tuple(written), tuple(unchanged), problems)


def in_force(book: Book | None, name: str, when: Instant) -> Version | None:
    return book.history.in_force(("table", name), when)[0] if book else None


def ruled(book: Book | None, when: Instant) -> list[str]:
    """Every market that has a table at a time, by name."""
    if book is None:
        return []
    found = {name: in_force(book, name, when) for name in book.history.names("table")}
    return sorted(name for name, version in found.items() if version is not None and version.value != WITHDRAWN)


def same_instant_as(book: Book | None, names: Iterable[str], when: Instant) -> Iterator[tuple[str, Problem]]:
    """Of markets to be withdrawn, those whose table begins only now."""
    for name in names:
        before = in_force(book, name, when)
        if before is not None and before.certain_from == when:
            yield name, _same_instant(name, before)


def _same_instant(name: str, before: Version) -> Problem:
    text = f"{name}: {before.file.path} says something else of it from {say_instant(before.certain_from)} on"
    hint = "an earlier answer never changes: give this one a later time"
    return Problem("RR712", before.file.at(*before.place, key=True), text, hint, found=name)


def _says(value: Any, form: str) -> Any:
    """What a table means, however it is written: its rows under its form, and what the first one takes off."""
    if not isinstance(value, Table):
        return value
    rows = tuple((tier.cap, tier.max_leverage, tier.maintenance_rate) for tier in rows_of(value))
    return form, rows, value.tiers[0].maintenance_amount or 0, value.excerpt


# -- the text ----------------------------------------------------------------------------------------


def policy_text(head: dict[str, str], header: TiersFile, tables: dict[str, Table], withdrawn: tuple[str, ...]) -> str:
    """The file as a committee reads it: the same tables give the same text, whatever order they came in."""
    lines = [f"{key}: {value}" for key, value in head.items()]
    lines.append(f"form: {header.form}")
    if withdrawn:
        lines += textwrap.wrap(
            f"withdrawn: [{', '.join(map(quoted, withdrawn))}]",
            WIDTH,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    if tables:
        lines.append("tables:")
    for name in sorted(tables):
        lines += [f"  {quoted(name)}:", "    tiers:", *_rows(tables[name])]
    return "\n".join(lines) + "\n"


def heading(rulebook: str, begins: str, reason: str, source: str) -> dict[str, str]:
    """The keys that every policy file begins with, as they are written."""
    key, _, value = begins.partition(": ")
    head = {"kind": "tiers", "rulebook": quoted(rulebook), key: value, "reason": quoted(reason)}
    return head | ({"source": quoted(source)} if source else {})


def quoted(text: str) -> str:
    """The text without quotes where the reader takes it as it stands."""
    document, problems = read(f"text: {text}\n", "")
    as_it_stands = not problems and document == {"text": text}
    return text if as_it_stands else json.dumps(text, ensure_ascii=False)


def _rows(table: Table) -> Iterator[str]:
    cells = [_cells(tier) for tier in table.tiers]
    caps, leverages, rates = (max(len(row[j]) for row in cells) for j in range(3))
    for cap, leverage, rate, amount in cells:
        last = f"{f'{rate},':{rates + 1}} maintenance_amount: {amount}" if amount else rate
        yield f"      - {{cap: {cap:>{caps}}, max_leverage: {leverage:>{leverages}}, maintenance_rate: {last}}}"


def _cells(tier: Any) -> tuple[str, str, str, str]:
    cap = "unlimited" if tier.cap is None else _grouped("cap", tier.cap)
    amount = "" if tier.maintenance_amount is None else _grouped("amount", tier.maintenance_amount)
    return cap, spelled("leverage", tier.max_leverage), spelled("rate", tier.maintenance_rate), amount


def _grouped(figure: Figure, number: Any) -> str:
    whole, point, part = spelled(figure, number).partition(".")
    return f"{int(whole):_}{point}{part}"


# -- the name ----------------------------------------------------------------------------------------


def file_name(book: Book | None, when: Instant, text: str) -> str:
    """<date>.yaml, or the next free <date>-2.yaml where another file has that name; the same text keeps its name."""
    day = say_day(when)
    name, k = f"{day}.yaml", 1
    while book is not None and _taken(Path(book.folder) / "tiers" / name, text):
        k += 1
        name = f"{day}-{k}.yaml"
    return name


def _taken(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") != text
