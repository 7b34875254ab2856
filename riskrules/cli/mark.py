"""`riskrules mark`: the mark price of each market, worked out from given legs."""

from __future__ import annotations

import sys

import click

from riskrules.api import Book, PolicyError, plan_at
from riskrules.cli.options import (
    as_of_option,
    asked_rulebook,
    asked_time,
    format_option,
    parsed,
    policies_option,
    rulebook_option,
    rules_line,
    shelf_for,
)  # fmt: skip
from riskrules.cli.output import json_out, say, width_of
from riskrules.diagnostics.exits import BAD_USE, FINE, UNDECIDED
from riskrules.diagnostics.problem import Problem
from riskrules.engine.explain_json import status_json
from riskrules.engine.explain_text import beside, status_line
from riskrules.engine.mark_input import MarkInput, mark_input_of
from riskrules.engine.mark_text import mark_json, mark_text
from riskrules.engine.marking import marked
from riskrules.ir.fault import Fault
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import say_instant


@click.command("mark")
@click.argument("legs", metavar="INPUT")
@click.option("--market", metavar="M", help="Only this market.")
@policies_option
@rulebook_option
@as_of_option
@format_option("text", "json")
def command(legs: str, market: str | None, policies: str | None, rulebook: str | None, as_of: str | None, form: str) -> int:
    """Work out the mark price of each market of INPUT (JSON or YAML; - for standard input) from the legs that it gives.

    A leg that is missing or too old is answered as the rule's own case says; a price that the rule leaves undecided is exit 30.
    """
    shelf, book, given = _read(legs, policies, rulebook, as_of)
    if market is not None and market not in given.markets:
        raise click.UsageError(f"no legs of {market!r}; the input has {', '.join(given.markets) or 'none'}")
    made = marked(book.plan, given, market)
    if form == "json":
        json_out({
            "schema": "riskrules/mark/1", "rulebook": book.plan.rulebook, "as_of": say_instant(book.when),
            "policy_digest": book.plan.rules, "input_digest": given.digest, "status": status_json(book.plan, book.when),
            "marks": [mark_json(one) for one in made],
        })  # fmt: skip
    else:
        width = width_of(sys.stdout)
        tail = beside("status    ", status_line(book.plan.status, book.when), width)
        tail += beside("policies  ", rules_line(book.plan, shelf, book.when), width)
        say("\n\n".join([*(mark_text(one, width) for one in made), "\n".join(tail)]))
    return UNDECIDED if any(isinstance(one.value, Fault) for one in made) else FINE


def _read(file: str, policies: str | None, rulebook: str | None, as_of: str | None) -> tuple[Shelf, Book, MarkInput]:
    shelf = shelf_for(policies)
    read = parsed(file)
    tree, problems = read.tree, read.problems
    if problems or not isinstance(tree, dict):
        raise PolicyError(
            problems or [Problem("RR604", None, "an input is an object", "see docs/rules/mark_price.md for its form")], BAD_USE
        )
    when = asked_time(tree, as_of)
    plan = plan_at(shelf, asked_rulebook(tree, rulebook, shelf), when)
    given, problems = mark_input_of(tree, read.shown, read.text)
    if given is None:
        raise PolicyError(problems, BAD_USE)
    return shelf, Book(plan, when), given
