"""`riskrules manifest`: every rule of a book with its digests, and one digest over all of them."""

from __future__ import annotations

from typing import Any

import click

from riskrules.api import PolicyError
from riskrules.cli.options import format_option, policies_option, shelf_for, time_of
from riskrules.cli.output import json_out, note, problems_out, say, some
from riskrules.diagnostics.exits import BAD_USE, INVALID_BOOK
from riskrules.diagnostics.problem import Problem
from riskrules.engine.semantics import semantics
from riskrules.rulebook.load import load_book
from riskrules.rulebook.manifest import Entry, Manifest, manifest_of
from riskrules.rulebook.shelf import Shelf
from riskrules.rulebook.versions import History
from riskrules.units.clock import Instant, say_instant

SCHEMA = "riskrules/manifest/1"
SHORT = 12


@click.command("manifest")
@click.option("--rulebook", "rulebooks", metavar="NAME", multiple=True, help="Only this rulebook; may be given again. Default: every one.")
@click.option("--as-of", metavar="TIME", help="Only what is in force then, or may be. Default: every version there is.")
@policies_option
@format_option("text", "json")
def command(rulebooks: tuple[str, ...], as_of: str | None, policies: str | None, form: str) -> int:
    """List every named rule with the digest of its meaning and that of its record, and the root over all of them.

    The meaning ignores comments, order and formatting, and changes with every number, bound, side and date; the record covers the words
    beside it too. `meaning` is the root over the meanings alone: what `explain` names as the rules that decided.
    """
    shelf = shelf_for(policies)
    when = None if as_of is None else time_of(as_of)
    made = manifest_of([(name, _history(shelf, name)) for name in rulebooks or shelf.rulebooks()], when)
    if form == "json":
        json_out(_json(made, shelf, when))
    else:
        say(_text(made))
        note(f"{some(len(made.entries), 'version')} of rules from {shelf.folder}{' (packaged)' if shelf.packaged else ''}")
    return 0


def _history(shelf: Shelf, rulebook: str) -> History:
    book, problems = load_book(shelf, rulebook)
    if book is None:
        raise PolicyError(problems, BAD_USE if problems[0].code == "RR313" else INVALID_BOOK)
    _told(problems)
    return book.history


def _told(problems: list[Problem]) -> None:
    """Warnings are told beside the result."""
    if problems:
        problems_out(problems, "concise")


def _text(made: Manifest) -> str:
    rows = [
        (entry.rulebook, _said(entry), say_instant(entry.begins), entry.meaning[:SHORT], entry.record[:SHORT]) for entry in made.entries
    ]
    heads = ("rulebook", "rule", "from", "meaning", "record")
    widths = [max(len(row[k]) for row in [heads, *rows]) for k in range(len(heads))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [heads, *rows])
    return "\n".join([*lines, "", f"meaning  {made.meaning}", f"root     {made.root}", f"engine   {semantics()}"])


def _said(entry: Entry) -> str:
    return f"{entry.kind} {entry.name}".strip() + (" (withdrawn)" if entry.withdraws else "")


def _json(made: Manifest, shelf: Shelf, when: Instant | None) -> dict[str, Any]:
    return {
        "schema": SCHEMA, "policies": str(shelf.folder), "packaged": shelf.packaged, "as_of": None if when is None else say_instant(when),
        "root": made.root, "meaning": made.meaning, "engine": semantics(),
        "units": [{**entry._asdict(), "begins": say_instant(entry.begins)} for entry in made.entries],
    }  # fmt: skip
