"""`riskrules import`: policy files from what venues and tools print, written whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from riskrules.api import PolicyError
from riskrules.cli.files import write_new
from riskrules.cli.options import format_option, policies_option, shelf_for, time_of
from riskrules.cli.output import json_out, note, problems_out, say, some
from riskrules.diagnostics.exits import FINDINGS, FINE, INVALID_BOOK
from riskrules.diagnostics.problem import Problem, to_json
from riskrules.rulebook.compile import Book
from riskrules.rulebook.importing import Effective, Imported, Observed, Shape, import_tiers
from riskrules.rulebook.load import load_book, problems_with
from riskrules.rulebook.proofs import is_error
from riskrules.rulebook.shelf import Shelf

SCHEMA = "riskrules/import/1"


@click.group("import")
def command() -> None:
    """Write policy files from what venues and tools print."""


@command.command("tiers", short_help="Write a file of tier tables.")
@click.argument("file")
@click.option("--from", "shape", type=click.Choice(["ccxt", "binance", "rows"]), required=True, help="What FILE is (see above).")
@click.option("--rulebook", metavar="NAME", required=True, help="The rulebook that the file is for.")
@click.option("--effective", metavar="TIME", help="The tables are in force from TIME on: rules that were decided.")
@click.option("--observed", metavar="A..B", help="They came into force between A (last look) and B (this look): rules that were seen.")
@click.option("--reason", metavar="TEXT", required=True, help="Why this version exists, for those who read it in three years.")
@click.option("--source", metavar="TEXT", default="", help="Where the figures come from, so that anyone can look.")
@click.option("--form", "tier_form", metavar="NAME", help="The tier form of the tables. Default: the only one the rulebook declares.")
@click.option("--skip-bad", is_flag=True, help="Leave out the markets that do not hang together; they are listed.")
@click.option("--dry-run", is_flag=True, help="Print the file instead of writing it.")
@policies_option
@format_option("text", "json")
def tiers(
    file: str, shape: Shape, rulebook: str, effective: str | None, observed: str | None, reason: str, source: str,
    tier_form: str | None, skip_bad: bool, dry_run: bool, policies: str | None, form: str,
) -> int:  # fmt: skip
    """Write the tier tables of FILE (JSON; - for standard input) that differ from those in force.

    \b
    --from ccxt     what ccxt's fetch_leverage_tiers gives: {symbol: [tier, …]}
    --from binance  the venue's bracket answer: [{symbol, brackets: […]}, …]
    --from rows     {columns: […], symbols: {symbol: [[figure, …], …]}}

    A market that is in force and not in FILE is withdrawn.  One market that does not hang together
    stops the import, unless --skip-bad.  Exit 1: there were errors and nothing was written.
    """
    begins = _begins(effective, observed)
    shelf = _writable(policies)
    data, shown = _bytes_of(file)
    _progress(f"reading {shelf.folder / rulebook} and {shown}")
    book = _book(shelf, rulebook)
    made = import_tiers(data, shown, shape, rulebook, begins, book, tier_form or _only_form(book, rulebook), skip_bad, reason, source)
    path = shelf.folder / rulebook / "tiers" / made.file_name
    if made.text is not None and (spoilt := [problem for problem in problems_with(shelf, rulebook, path, made.text) if is_error(problem)]):
        problems_out(spoilt)
        note(f"nothing was written: with {path} the rulebook would no longer check; import captures in the order of their times")
        return FINDINGS
    written = made.text is not None and not dry_run
    if made.text is not None and written and not write_new(path, made.text):
        raise click.ClickException(f"{path} is there already and says something else: it is left as it is, and nothing was written")
    if form == "json":
        json_out(_json(made, path if made.text is not None else None, written))
    else:
        problems_out([*made.problems, *made.skipped])
        if made.text is not None:
            say(str(path) if written else made.text.rstrip("\n"))
        note(_summary(made, path, dry_run))
    return FINDINGS if made.text is None and any(is_error(problem) for problem in made.problems) else FINE


# -- what was asked for ------------------------------------------------------------------------------


def _begins(effective: str | None, observed: str | None) -> Effective | Observed:
    if (effective is None) == (observed is None):
        raise click.UsageError("from when? give --effective TIME for rules that were decided, or --observed A..B for rules that were seen")
    if effective is not None:
        return Effective(time_of(effective, "--effective"))
    after, dots, by = (observed or "").partition("..")
    if not dots:
        raise click.UsageError(f"--observed {observed!r} is not A..B; write it as 2026-05-24T00:00:00Z..2026-05-31T00:00:00Z")
    return Observed(time_of(after, "--observed"), time_of(by, "--observed"))


def _writable(policies: str | None) -> Shelf:
    shelf = shelf_for(policies)
    if shelf.packaged:
        raise click.UsageError(f"the packaged policies ({shelf.folder}) are not written to; name a folder of your own with --policies")
    return shelf


def _bytes_of(file: str) -> tuple[bytes, str]:
    try:
        return (sys.stdin.buffer.read(), "standard input") if file == "-" else (Path(file).read_bytes(), file)
    except OSError as error:
        raise click.UsageError(f"cannot read {file}: {(error.strerror or 'unreadable').lower()}") from error


def _book(shelf: Shelf, rulebook: str) -> Book | None:
    """The rulebook as it stands; None where this is its first file."""
    if not (shelf.folder / rulebook).is_dir():
        known = ", ".join(shelf.rulebooks()) or "none"
        note(f"note: {shelf.folder} has no rulebook {rulebook!r} yet; it has {known}")
        return None
    book, problems = load_book(shelf, rulebook)
    if book is None and shelf.files(rulebook):
        raise PolicyError(problems, INVALID_BOOK)
    return book


def _only_form(book: Book | None, rulebook: str) -> str:
    declared = sorted(book.history.names("tier_forms")) if book else []
    if len(declared) != 1:
        has = f"declares {', '.join(declared)}" if declared else "declares none yet"
        raise click.UsageError(f"which tier form? rulebook {rulebook} {has}; name one with --form")
    return declared[0]


# -- what came of it ---------------------------------------------------------------------------------


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        note(f"{text} …")


def _summary(made: Imported, path: Path, dry_run: bool) -> str:
    errors = sum(is_error(problem) for problem in [*made.problems, *made.skipped])
    warnings = len(made.problems) + len(made.skipped) - errors
    found = ", ".join(part for part in (some(errors, "error") if errors else "", some(warnings, "warning") if warnings else "") if part)
    if made.text is None:
        if errors:
            return f"nothing was written: {found}" + ("" if made.skipped else "; --skip-bad leaves those markets out")
        return f"nothing changed: {some(len(made.unchanged), 'market')} as in force" + (f"; {found}" if found else "")
    head = f"{path} would be written" if dry_run else f"{path} written"
    counts = f"{some(len(made.written), 'table')} new or changed, {len(made.unchanged)} unchanged, {len(made.withdrawn)} withdrawn"
    skipped = f", {some(len(made.skipped), 'error')} skipped with their markets" if made.skipped else ""
    told = f"; {some(warnings, 'warning')}" if warnings else ""
    return f"{head}: {counts}{skipped}{told}"


def _json(made: Imported, path: Path | None, written: bool) -> dict[str, Any]:
    def told(problems: list[Problem]) -> list[dict[str, Any]]:
        return [to_json(problem) for problem in problems]

    return {
        "schema": SCHEMA, "file": str(path) if path else None, "written": written, "text": made.text if not written else None,
        "tables": list(made.written), "unchanged": list(made.unchanged), "withdrawn": list(made.withdrawn),
        "skipped": told(made.skipped), "problems": told(made.problems),
    }  # fmt: skip
