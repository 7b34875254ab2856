"""`riskrules step`: the next step of each liquidation from a given state."""

from __future__ import annotations

import sys
from typing import Any

import click

from riskrules.api import PolicyError
from riskrules.cli.options import (
    Case,
    as_of_option,
    case_of,
    format_option,
    parsed,
    policies_option,
    rulebook_option,
    shelf_line,
)  # fmt: skip
from riskrules.cli.output import json_out, say, width_of
from riskrules.diagnostics.exits import BAD_USE, FINE, UNDECIDED
from riskrules.engine.explain_json import status_json
from riskrules.engine.explain_text import beside, status_line
from riskrules.engine.step_input import State, state_of
from riskrules.engine.step_text import step_text, step_to_json
from riskrules.engine.stepping import NextStep, next_steps
from riskrules.units.clock import say_instant


@click.command("step")
@click.argument("state", metavar="INPUT")
@click.option("--account", metavar="ID", help="Only this account.")
@policies_option
@rulebook_option
@as_of_option
@format_option("text", "json")
def command(state: str, account: str | None, policies: str | None, rulebook: str | None, as_of: str | None, form: str) -> int:
    """The next step of each liquidation of INPUT: a snapshot, with the state under its key `liquidation`.

    Sizes, limit prices, fees, where the money goes, and what would be left; nothing is run. A step that cannot be said is exit 30.
    """
    case, now = _read(state, policies, rulebook, as_of)
    made = next_steps(case.plan, case.snapshot, now, account)
    if account is not None and all(one.id != account for one in case.snapshot.accounts):
        raise click.UsageError(f"no account {account!r}; the input has {', '.join(one.id for one in case.snapshot.accounts) or 'none'}")
    if form == "json":
        json_out(_json(case, made))
    else:
        width = width_of(sys.stdout)
        tail = beside("status    ", status_line(case.plan.status, case.when), width) + beside("policies  ", shelf_line(case), width)
        say("\n\n".join([*(step_text(one, width) for one in made), "\n".join(tail)]))
    return UNDECIDED if any(one.fault is not None for one in made) else FINE


def _read(file: str, policies: str | None, rulebook: str | None, as_of: str | None) -> tuple[Case, State]:
    read = parsed(file)
    own = dict(read.tree) if isinstance(read.tree, dict) else read.tree
    said = own.pop("liquidation", None) if isinstance(own, dict) else None
    now, problems = state_of(said, read.shown, read.text)
    if problems:
        raise PolicyError(problems, BAD_USE)
    return case_of(file, policies, rulebook, as_of, read._replace(tree=own)), now


def _json(case: Case, made: list[NextStep]) -> dict[str, Any]:
    return {
        "schema": "riskrules/step/1", "rulebook": case.plan.rulebook, "as_of": say_instant(case.when),
        "policy_digest": case.plan.rules, "snapshot_digest": case.snapshot.digest, "status": status_json(case.plan, case.when),
        "pools": [step_to_json(one) for one in made],
    }  # fmt: skip
