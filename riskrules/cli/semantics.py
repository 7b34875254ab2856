"""`riskrules semantics`: the identity of the engine, and whether it still gives the answers that it was sealed with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from riskrules.cli.options import format_option
from riskrules.cli.output import json_out, note, say, some
from riskrules.diagnostics.exits import FINDINGS, FINE
from riskrules.engine.semantics import semantics

if TYPE_CHECKING:
    from riskrules.engine.sealing import Changed

SCHEMA = "riskrules/semantics/1"
MOST_SHOWN = 20


@click.command("semantics")
@click.option("--check", is_flag=True, help="Work out every sealed answer again; exit 1 where one differs.")
@click.option("--write", is_flag=True, help="Seal the answers as this engine gives them (in a checkout).")
@format_option("text", "json")
def command(check: bool, write: bool, form: str) -> int:
    """Print the digest of the engine's semantics: of sealed cases that the package carries, inputs and exact answers.

    Two engines of one digest decide the sealed cases alike. `explain` names it beside the rules that decided.
    """
    if write:
        from riskrules.engine.sealing import sealed_anew

        before = semantics()
        digest = sealed_anew()
        note("sealed as it was" if digest == before else f"sealed anew: {before[:8]} is now {digest[:8]}; read the difference in git")
        return FINE
    changed = _changed() if check else []
    if form == "json":
        json_out({"schema": SCHEMA, "digest": semantics(), "checked": check, "changed": [one._asdict() for one in changed]})
    else:
        say(f"engine semantics {semantics()}")
        for one in changed[:MOST_SHOWN]:
            say(f"  {one.where}: sealed {one.sealed}, now {one.now}")
        if check:
            more = f", {MOST_SHOWN} shown" if len(changed) > MOST_SHOWN else ""
            note(f"{some(len(changed), 'answer')} changed{more}" if changed else _all_the_same())
    return FINDINGS if changed else FINE


def _changed() -> list[Changed]:
    from riskrules.engine.sealing import changed_answers

    return changed_answers()


def _all_the_same() -> str:
    from riskrules.engine.sealing import counts

    rows, cases = counts()
    return f"{some(rows, 'row')} of operations and {some(cases, 'case')}: every answer is the sealed one"
