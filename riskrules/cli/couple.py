"""`riskrules couple`: what an account's positions require together, and which of them fall together."""

from __future__ import annotations

import json
import shlex
import sys

import click

from riskrules.api import PolicyError
from riskrules.cli.options import Case, as_of_option, case_of, format_option, policies_option, rulebook_option, shelf_line
from riskrules.cli.output import colour_on, say, width_of, written
from riskrules.diagnostics.exits import BAD_USE, FINE, UNDECIDED
from riskrules.diagnostics.problem import Problem
from riskrules.engine.couple import couple
from riskrules.engine.couple_view import View, view
from riskrules.rulebook.portfolio_plan import portfolio_of
from riskrules.units.clock import say_instant


@click.command("couple")
@click.argument("snapshot")
@click.option("--account", metavar="ID", help="Only this account.")
@click.option("--stress", metavar="NAME", help="The scenario that distances are asked along. Default: the worst one for the account.")
@policies_option
@rulebook_option
@as_of_option
@format_option("text", "json", "html")
@click.option("--out", metavar="FILE", help="Write it there, whole or not at all, and not to standard output.")
def command(
    snapshot: str,
    account: str | None,
    stress: str | None,
    policies: str | None,
    rulebook: str | None,
    as_of: str | None,
    form: str,
    out: str | None,
) -> int:
    """Couple the accounts of SNAPSHOT (JSON or YAML; - for standard input): cross, grouped and isolated.

    Needs a rulebook with a portfolio file. An undecided account is exit 30, and the output is complete.
    """
    case = case_of(snapshot, policies, rulebook, as_of)
    views = _views(case, account, stress)
    words = ["riskrules", "couple", case.file, "--rulebook", case.plan.rulebook, "--as-of", say_instant(case.when)]
    named = (("--policies", policies), ("--account", account), ("--stress", stress))
    again = shlex.join([*words, *(word for option, value in named if value is not None for word in (option, value))])
    text = {"text": _text, "json": _json, "html": _html}[form](case, views, again, out is None)
    if out is None:
        say(text.removesuffix("\n"))
    else:
        written(out, text)
    return UNDECIDED if any(one.fault for one in views) else FINE


def _views(case: Case, account: str | None, stress: str | None) -> list[View]:
    portfolio = portfolio_of(case.plan)
    if portfolio is None:
        text = (
            f"rulebook {case.plan.rulebook} has no portfolio at {say_instant(case.when)}: nothing says what its positions require together"
        )
        raise PolicyError([Problem("RR573", None, text, "add a portfolio file, or name a rulebook that has one")], BAD_USE)
    if stress is not None and stress not in portfolio.moves:
        raise click.UsageError(f"there is no scenario {stress!r}; one of {', '.join(portfolio.moves) or 'none'}")
    chosen = [one for one in case.snapshot.accounts if account in (None, one.id)]
    if not chosen:
        raise click.UsageError(f"no account {account!r}; the snapshot has {', '.join(one.id for one in case.snapshot.accounts) or 'none'}")
    return [view(couple(case.plan, case.snapshot, one, stress or "")) for one in chosen]


def _text(case: Case, views: list[View], again: str, to_screen: bool) -> str:
    from riskrules.engine.couple_text import couple_text
    from riskrules.engine.explain_text import beside, status_line

    width, colour = (width_of(sys.stdout), colour_on(sys.stdout)) if to_screen else (120, False)
    parts = [couple_text(one, colour, width) for one in views]
    tail = [*beside("status    ", status_line(case.plan.status, case.when), width), *beside("policies  ", shelf_line(case), width)]
    return "\n".join(["\n\n".join(parts), "", *tail, f"again     {again}", ""])


def _json(case: Case, views: list[View], again: str, to_screen: bool) -> str:
    from riskrules.engine.couple_json import SCHEMA, account_json
    from riskrules.engine.explain_json import status_json

    whole = {
        "schema": SCHEMA, "rulebook": case.plan.rulebook, "as_of": say_instant(case.when), "policy_digest": case.plan.rules,
        "snapshot_digest": case.snapshot.digest, "status": status_json(case.plan, case.when),
        "accounts": [account_json(one) for one in views], "policies": str(case.shelf.folder), "packaged": case.shelf.packaged,
        "again": again,
    }  # fmt: skip
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _html(case: Case, views: list[View], again: str, to_screen: bool) -> str:
    from riskrules.faces.couple import couple_page
    from riskrules.faces.page import foot

    return couple_page(views, foot(case.plan.status, case.when, case.plan.rules, case.snapshot.digest[:12], shelf_line(case), again))
