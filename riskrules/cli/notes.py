"""`riskrules notes`: the field notes of a rulebook, each printed with the figures that come out now."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from riskrules.cli.declared import declared
from riskrules.cli.options import as_of_option, format_option, policies_option
from riskrules.cli.output import json_out, note, say, width_of
from riskrules.diagnostics.exits import FINDINGS, FINE
from riskrules.engine.explain_text import beside, status_line
from riskrules.engine.noted import Line, Ran, notes_in, run
from riskrules.units.clock import say_instant

SCHEMA = "riskrules/notes/1"


@click.command("notes")
@click.argument("rulebook")
@policies_option
@as_of_option
@format_option("text", "json", "markdown")
def command(rulebook: str, policies: str | None, as_of: str | None, form: str) -> int:
    """Print the field notes of RULEBOOK and run each: what it shows, what breaks first, what is misread, what to verify.

    Exit 1 where a figure no longer comes out. Without --as-of: the newest time at which something of the rulebook begins.
    """
    of = declared(policies, rulebook, as_of)
    made = [run(of.plan, of.when, name, version.value) for name, version in notes_in(of.history, of.when).items()]
    head = f"{of.plan.rulebook} as of {say_instant(of.when)}: {status_line(of.plan.status, of.when)}"
    if form == "json":
        json_out({"schema": SCHEMA, "rulebook": rulebook, "as_of": say_instant(of.when), "notes": [_json(one) for one in made]})
    elif form == "markdown":
        say("\n".join([f"# Field notes: {of.plan.status.title}", "", head, *(line for one in made for line in _markdown(one))]))
    else:
        width = width_of(sys.stdout)
        say("\n".join([*beside("", head, width), *(line for one in made for line in _text(one, width))]))
    if not made:
        note(f"note: {rulebook} has no field notes in force then")
    return FINDINGS if any(one.wrong for one in made) else FINE


def _parts(one: Ran) -> Iterator[tuple[str, str]]:
    """What a note says, part by part; its figures are those that came out."""
    lines = iter(one.lines)
    yield "account", one.account
    first = next(lines)
    yield "shows", _line(first)
    note = one.note
    if one.account and note.shock:
        yield "shock", f"{note.shock.named}: {', '.join(f'{market} {move}' for market, move in note.shock.moves.items())}"
        yield "breaks first", _line(next(lines), bare=True)
    if one.account and note.misread:
        yield "often believed", f"{note.misread.belief}: {_line(next(lines))}"
        yield "in fact", _line(next(lines))
    yield "verify", note.verify


def _line(line: Line, bare: bool = False) -> str:
    found = line.found if bare else f"{line.what} is {line.found}"
    return found if line.same else f"{found}, and the note says {line.written}: WRONG"


def _text(one: Ran, width: int) -> Iterator[str]:
    yield ""
    yield from beside("", f"{one.name}: {one.note.says}", width)
    for name, said in _parts(one):
        yield from beside(f"    {name:<14} ", said, width)


def _markdown(one: Ran) -> Iterator[str]:
    yield from ("", f"## {one.name}", "", one.note.says, "")
    yield from (f"- **{name}**: {said}" for name, said in _parts(one))


def _json(one: Ran) -> dict[str, Any]:
    note = one.note
    return {
        "name": one.name, "says": note.says, "account": one.account or None, "verify": note.verify,
        "belief": note.misread.belief if note.misread else None, "same": not one.wrong,
        "figures": [{"what": line.what, "written": line.written, "found": line.found, "same": line.same} for line in one.lines],
    }  # fmt: skip
