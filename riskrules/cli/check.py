"""`riskrules check`: every fault of policy files at once, each with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from riskrules.cli.options import format_option, policies_option, shelf_for
from riskrules.cli.output import json_out, note, problems_out, some
from riskrules.diagnostics.exits import FINDINGS, FINE
from riskrules.diagnostics.problem import Problem, to_json
from riskrules.rulebook.compile import prove_everything
from riskrules.rulebook.load import load_book, read_file
from riskrules.rulebook.proofs import is_error
from riskrules.rulebook.shelf import Shelf


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATH…]")
@policies_option
@format_option("full", "concise", "json")
def command(paths: tuple[str, ...], policies: str | None, form: str) -> int:
    """Read, validate and prove the policy files under each PATH (a file, a rulebook's folder, or a folder of rulebooks).

    Without a PATH, every rulebook of the policies folder. Warnings are exit 0, errors exit 1.
    """
    problems: list[Problem] = []
    files = 0
    for path in [Path(one) for one in paths] or [shelf_for(policies).folder]:
        if not path.exists():
            raise click.UsageError(f"there is no file or folder {str(path)!r}")
        for count, found in _checked(path):
            files += count
            problems += found
    if not files:
        raise click.UsageError("there is no policy file to check there; name a rulebook's folder, or a folder of rulebooks")
    problems.sort(key=_place)
    errors = sum(is_error(problem) for problem in problems)
    if form == "json":
        json_out({"schema": "riskrules/check/1", "files": files, "errors": errors, "problems": [to_json(problem) for problem in problems]})
    else:
        problems_out(problems, "concise" if form == "concise" else "full")
        note(_summary(files, errors, len(problems) - errors))
    return FINDINGS if errors else FINE


def _place(problem: Problem) -> tuple[str, int, int]:
    """Down each file, as its author reads it."""
    return (problem.at.file, problem.at.line, problem.at.column) if problem.at else ("", 0, 0)


def _summary(files: int, errors: int, warnings: int) -> str:
    return f"{some(files, 'file')} checked: {some(errors, 'error')}, {some(warnings, 'warning')}"


def _checked(path: Path) -> Iterator[tuple[int, list[Problem]]]:
    """For each rulebook that the path is about, how many files and what is wrong with them."""
    if path.is_file():
        yield 1, _one_file(path)
    elif any(path.glob("*/*.yaml")):
        yield from _rulebook(Shelf(path.parent, packaged=False), path.name)
    elif any(path.glob("*.yaml")):  # one kind of a rulebook: it is proved with the rest
        yield from _rulebook(Shelf(path.resolve().parent.parent, packaged=False), path.resolve().parent.name)
    else:
        shelf = Shelf(path, packaged=False)
        for rulebook in shelf.rulebooks():
            yield from _rulebook(shelf, rulebook)


def _rulebook(shelf: Shelf, rulebook: str) -> Iterator[tuple[int, list[Problem]]]:
    book, problems = load_book(shelf, rulebook)
    if book is not None:
        problems += list(prove_everything(book))
    yield len(shelf.files(rulebook)), problems


def _one_file(path: Path) -> list[Problem]:
    """In its place in a rulebook a file is proved with the rest of the book; elsewhere it is read and typed."""
    path = path.resolve()
    root = path.parent.parent.parent
    file, problems = read_file(path, root)
    if file is None or any(is_error(problem) for problem in problems):
        return problems
    shelf = Shelf(root, packaged=False)
    return [
        problem
        for _, found in _rulebook(shelf, path.parent.parent.name)
        for problem in found
        if problem.at and problem.at.file == str(path)
    ]
