"""Options that several commands take, and what they stand for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from riskrules.api import Book, PolicyError, in_our_words, plan_at
from riskrules.cli.output import note
from riskrules.diagnostics.exits import BAD_USE
from riskrules.diagnostics.problem import Problem
from riskrules.engine.door import parse_text, snapshot_of
from riskrules.engine.semantics import semantics
from riskrules.engine.snapshot import Snapshot
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.shelf import Shelf, find_shelf
from riskrules.units.clock import Instant, instant, say_instant

Command = TypeVar("Command", bound=Callable[..., Any])


def policies_option(command: Command) -> Command:
    return click.option("--policies", metavar="DIR", help="The policies folder. Default: ./policies, else the packaged one.")(command)


def rulebook_option(command: Command) -> Command:
    return click.option("--rulebook", metavar="NAME", help="The rulebook. Default: the one the snapshot names.")(command)


def as_of_option(command: Command) -> Command:
    return click.option("--as-of", metavar="TIME", help="The time whose policy is used. Default: the snapshot's own; never the clock.")(
        command
    )


def format_option(*formats: str) -> Callable[[Command], Command]:
    def wrap(command: Command) -> Command:
        return click.option("--format", "form", type=click.Choice(formats), default=formats[0], show_default=True, help="How to print.")(
            command
        )

    return wrap


class Case(NamedTuple):
    """A snapshot under the book it is decided with."""

    shelf: Shelf
    book: Book
    snapshot: Snapshot
    file: str

    @property
    def plan(self) -> Plan:
        return self.book.plan

    @property
    def when(self) -> Instant:
        return self.book.when


def shelf_for(policies: str | None) -> Shelf:
    shelf = find_shelf(policies)
    if shelf is None:
        raise click.UsageError(f"there is no policies folder {policies or './policies'!r}; name one with --policies")
    return shelf


def time_of(text: str, option: str = "--as-of") -> Instant:
    when = instant(text)
    if when is None:
        raise click.UsageError(f"{option} {text!r} is not a time with an offset; write it as 2026-10-01T00:00:00Z")
    return when


def text_of(file: str) -> tuple[str, str]:
    """A file's text and what to call it; `-` is standard input."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise click.UsageError(f"cannot read {file}: {(error.strerror or 'unreadable').lower()}") from error
    try:
        return data.decode("utf-8"), "standard input" if file == "-" else file
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file} is not UTF-8: byte {error.start} is {data[error.start]:#04x}") from error


class Parsed(NamedTuple):
    """A file as the tree that it writes, and what is wrong with it."""

    text: str
    shown: str
    tree: Any
    problems: list[Problem]


def parsed(file: str) -> Parsed:
    text, shown = text_of(file)
    return Parsed(text, shown, *parse_text(text, shown))


def asked_rulebook(head: dict[str, Any], rulebook: str | None, shelf: Shelf) -> str:
    """The rulebook that is asked for, else the one that the input names."""
    name = rulebook or head.get("rulebook")
    if not isinstance(name, str):
        raise click.UsageError(f"no rulebook: the input names none; give --rulebook, one of {', '.join(shelf.rulebooks())}")
    return name


def case_of(file: str, policies: str | None, rulebook: str | None, as_of: str | None, read: Parsed | None = None) -> Case:
    """Read the snapshot as far as its rulebook and time, load that plan, then check the snapshot under it."""
    shelf = shelf_for(policies)
    text, shown, tree, problems = read or parsed(file)
    if problems or not isinstance(tree, dict | list):
        raise PolicyError(problems or [Problem("RR604", None, "a snapshot is an object", "see the README for its form")], BAD_USE)
    head = tree if isinstance(tree, dict) else {}
    name = asked_rulebook(head, rulebook, shelf)
    when = asked_time(head, as_of)
    plan = plan_at(shelf, name, when)
    tree, notes, problems = in_our_words(tree, shown, text, plan, when)
    for line in notes:
        note(f"note: {line}")
    snapshot, problems = (None, problems) if problems else snapshot_of(tree, shown, text, plan.drivers)
    if snapshot is None:
        raise PolicyError(problems, BAD_USE)
    return Case(shelf, Book(plan, when), snapshot, file)


def asked_time(tree: dict[str, Any], as_of: str | None) -> Instant:
    own = instant(str(tree.get("as_of")))
    if as_of is None:
        if own is None:
            raise click.UsageError("no time: the snapshot has no as_of with an offset; give --as-of (the clock is never used)")
        return own
    when = time_of(as_of)
    if own is not None and own != when:
        note(f"note: the policy is that of {say_instant(when)} (--as-of), not of the snapshot's {say_instant(own)}")
    return when


def shelf_line(case: Case) -> str:
    return rules_line(case.plan, case.shelf, case.when)


def rules_line(plan: Plan, shelf: Shelf, when: Instant) -> str:
    """Which rules, as of when, what they are and what read them, and from where."""
    origin = " (packaged)" if shelf.packaged else ""
    return f"{plan.rulebook} as of {say_instant(when)}, rules {plan.rules[:8]}, engine {semantics()[:8]}, from {shelf.folder}{origin}"
