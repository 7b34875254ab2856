"""`riskrules check`: every fault of policy files at once, each with its place and what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import click

from riskrules.cli.options import format_option, policies_option, shelf_for, time_of
from riskrules.cli.output import json_out, note, problems_out, some
from riskrules.diagnostics.exits import FINDINGS, FINE
from riskrules.diagnostics.problem import Problem, to_json
from riskrules.rulebook.compile import Book, Refused, compile_book, prove_at, prove_everything
from riskrules.rulebook.load import load_book, lone_file, read_file
from riskrules.rulebook.proofs import is_error
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import Instant

STANDARD_INPUT = "standard input"


class Asked(NamedTuple):
    """Which rulebook, and as of when; None: every one, at each of its times."""

    rulebook: str | None
    when: Instant | None


class Checked(NamedTuple):
    where: str
    files: int
    problems: list[Problem]
    texts: Mapping[str, str] = MappingProxyType({})  # what cannot be read again


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH…]")
@policies_option
@click.option("--rulebook", metavar="NAME", help="Only this rulebook of the policies folder. Default: every one.")
@click.option("--as-of", metavar="TIME", help="Prove the rules as they stand at this time. Default: at every time something begins.")
@format_option("full", "concise", "json")
def command(paths: tuple[str, ...], policies: str | None, rulebook: str | None, as_of: str | None, form: str) -> int:
    """Read, validate and prove the policy files under each PATH (a file, a rulebook's folder, or a folder of rulebooks).

    Without a PATH, every rulebook of the policies folder; - reads one policy file from standard input, by itself. Warnings are exit 0,
    errors exit 1.
    """
    asked = Asked(rulebook, time_of(as_of) if as_of else None)
    made = [found for path in paths or [""] for found in _checked(path, policies, asked)]
    files = sum(one.files for one in made)
    if not files:
        raise click.UsageError("there is no policy file to check there; name a rulebook's folder, or a folder of rulebooks")
    problems = sorted((problem for one in made for problem in one.problems), key=_place)
    errors = sum(is_error(problem) for problem in problems)
    places = list(dict.fromkeys(one.where for one in made))
    if form == "json":
        told = [to_json(problem) for problem in problems]
        json_out({"schema": "riskrules/check/1", "policies": places, "files": files, "errors": errors, "problems": told})
    else:
        texts = {name: text for one in made for name, text in one.texts.items()}
        problems_out(problems, "concise" if form == "concise" else "full", texts)
        note(f"{some(files, 'file')} checked ({', '.join(places)}): {some(errors, 'error')}, {some(len(problems) - errors, 'warning')}")
    return FINDINGS if errors else FINE


def _place(problem: Problem) -> tuple[str, int, int]:
    """Down each file, as its author reads it."""
    return (problem.at.file, problem.at.line, problem.at.column) if problem.at else ("", 0, 0)


def _checked(path: str, policies: str | None, asked: Asked) -> Iterator[Checked]:
    """For each rulebook that a path is about, its files and what is wrong with them."""
    if not path:
        shelf = shelf_for(policies)
        yield from _rulebooks(shelf, asked, f"{shelf.folder}{' (packaged)' if shelf.packaged else ''}")
        return
    if path == "-":
        data = sys.stdin.buffer.read()
        yield Checked(STANDARD_INPUT, 1, lone_file(data, STANDARD_INPUT), {STANDARD_INPUT: data.decode(errors="replace")})
        return
    place = Path(path)
    if not place.exists():
        raise click.UsageError(f"there is no file or folder {path!r}")
    if place.is_file():
        yield Checked(path, 1, _one_file(place, asked))
    elif any(place.glob("*/*.yaml")):
        yield _rulebook(Shelf(place.parent, packaged=False), place.name, asked, path)
    elif any(place.glob("*.yaml")):  # one kind of a rulebook: it is proved with the rest
        root = place.resolve().parent
        yield _rulebook(Shelf(root.parent, packaged=False), root.name, asked, path)
    else:
        yield from _rulebooks(Shelf(place, packaged=False), asked, path)


def _rulebooks(shelf: Shelf, asked: Asked, where: str) -> Iterator[Checked]:
    for rulebook in [asked.rulebook] if asked.rulebook else shelf.rulebooks():
        yield _rulebook(shelf, rulebook, asked, where)


def _rulebook(shelf: Shelf, rulebook: str, asked: Asked, where: str) -> Checked:
    if asked.rulebook not in (None, rulebook):
        raise click.UsageError(f"{where} is of rulebook {rulebook}, and not of {asked.rulebook}")
    if asked.rulebook and not shelf.files(rulebook):
        raise click.UsageError(f"{where} has no rulebook {rulebook!r}; it has {', '.join(shelf.rulebooks()) or 'none'}")
    book, problems = load_book(shelf, rulebook)
    if book is not None:
        problems += list(prove_everything(book) if asked.when is None else prove_at(book, asked.when))
        if not any(is_error(problem) for problem in problems):
            problems += promised_of(book, asked.when)
    return Checked(where, len(shelf.files(rulebook)), problems)


def promised_of(book: Book, when: Instant | None) -> list[Problem]:
    """What the status file declares and is not so, at one time or at the newest; a book that declares nothing is not compiled for it."""
    if not (book.history.names("invariants") or book.history.names("notes")):
        return []
    from riskrules.engine.promised import promised_problems

    at = when if when is not None else book.windows()[-1]
    try:
        plan = compile_book(book, at)
    except Refused:  # a time at which nothing, or not one thing, is in force: said where the book is proved
        return []
    return list(promised_problems(book.history, plan, at))


def _one_file(path: Path, asked: Asked) -> list[Problem]:
    """In its place in a rulebook a file is proved with the rest of the book; elsewhere it is read and typed."""
    path = path.resolve()
    root = path.parent.parent.parent
    file, problems = read_file(path, root)
    if file is None or any(is_error(problem) for problem in problems):
        return problems
    found = _rulebook(Shelf(root, packaged=False), path.parent.parent.name, asked, str(path)).problems
    return [problem for problem in found if problem.at and problem.at.file == str(path)]
