"""`riskrules fmt`: policy files in their canonical look; what they say stays as it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

import click

from riskrules.cli.files import write_whole
from riskrules.cli.options import shelf_for
from riskrules.cli.output import note, problems_out, say, some
from riskrules.diagnostics.exits import FINDINGS, FINE
from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.formatting import formatted

STANDARD_INPUT = "standard input"


class Looked(NamedTuple):
    """A file as it is, and as it is to look."""

    name: str
    before: str
    after: str | None
    problems: list[Problem]

    @property
    def changes(self) -> bool:
        return self.after is not None and self.after != self.before


@click.command("fmt")
@click.argument("paths", nargs=-1, metavar="[PATH…]")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file is not in its canonical look.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change, and exit 1 where something would.")
def command(paths: tuple[str, ...], check: bool, diff: bool) -> int:
    """Format the policy files under each PATH (a file or a folder; - from standard input to standard output).

    Rows stand in columns, digits in groups of three, keys in the order of the schema; comments and texts stay. The digest of the
    meaning is compared before anything is written; where it would change, or a file is not valid, no file is written and the exit
    code is 1. Without a PATH: ./policies.
    """
    looked = [_look(name) for name in _files(paths or _own_policies())]
    problems = [problem for one in looked for problem in one.problems]
    if problems:
        problems_out(problems, texts={one.name: one.before for one in looked})
        note(f"nothing is written: {some(len(problems), 'problem')}")
        return FINDINGS
    changed = [one for one in looked if one.changes]
    if diff:
        say("".join(line for one in changed for line in _diff(one)).removesuffix("\n")) if changed else None
    elif not check:
        _write(looked)
    if diff or check:
        names = "".join(f"not in its canonical look: {one.name}\n" for one in changed)
        note(f"{names}{some(len(looked), 'file')} looked at, {len(changed)} to format")
        return FINDINGS if changed else FINE
    note(f"{some(len(looked), 'file')} looked at, {len(changed)} formatted")
    return FINE


def _own_policies() -> tuple[str, ...]:
    """Those of this folder: the ones that the package carries are nobody's to write."""
    shelf = shelf_for(None)
    if shelf.packaged:
        raise click.UsageError("there is no folder ./policies; name the files or folders to format")
    return (str(shelf.folder),)


def _files(paths: tuple[str, ...]) -> Iterator[str]:
    for path in dict.fromkeys(paths):
        place = Path(path)
        if path == "-" or place.is_file():
            yield path
            continue
        found = sorted(one for one in place.rglob("*.yaml") if one.is_file() and not one.name.startswith(".")) if place.is_dir() else []
        if not found:
            raise click.UsageError(f"there is no policy file in {path!r}" if place.is_dir() else f"there is no file or folder {path!r}")
        yield from map(str, found)


def _look(name: str) -> Looked:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise click.UsageError(f"cannot read {name}: {(error.strerror or 'unreadable').lower()}") from error
    shown = STANDARD_INPUT if name == "-" else name
    made = formatted(data, shown)
    return Looked(shown, data.decode("utf-8", "replace"), made.text, made.problems)


def _diff(one: Looked) -> Iterator[str]:
    assert one.after is not None
    return unified_diff(one.before.splitlines(keepends=True), one.after.splitlines(keepends=True), one.name, f"{one.name} (formatted)")


def _write(looked: list[Looked]) -> None:
    for one in looked:
        assert one.after is not None
        if one.name == STANDARD_INPUT:
            say(one.after.removesuffix("\n"))
        elif one.changes:
            _replace(one.name, one.after)


def _replace(name: str, text: str) -> None:
    try:
        write_whole(Path(name).resolve(), text)  # a link stays one
    except OSError as error:
        raise click.UsageError(f"cannot write {name}: {(error.strerror or 'unwritable').lower()}") from error
    note(f"formatted: {name}")
