"""`riskrules explain --against`: the figures of an explanation held against what the venue printed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from riskrules.api import Explanation, PolicyError, plan_at
from riskrules.cli.options import Case, text_of
from riskrules.cli.output import json_out, say, width_of
from riskrules.diagnostics.exits import BAD_USE, FINDINGS, FINE, UNDECIDED
from riskrules.engine.against import Against, against
from riskrules.engine.decide import ERROR
from riskrules.engine.door import parse_text
from riskrules.engine.explain import ordinal
from riskrules.engine.venue_said import said_by
from riskrules.faces.against import lines, to_json
from riskrules.rulebook.plan import Plan

MOST_VERSIONS = 12  # of a table, the newest: a venue's answer is seldom older


def held_against(case: Case, made: Explanation, file: str, form: str) -> int:
    """0: all the same to the printed precision; 1: something differs; 30: a decision of ours could not be had."""
    if form not in ("text", "json"):
        raise click.UsageError("--against prints text or json")
    found = _found(case, made, file)
    if not found.parts:
        raise click.UsageError(f"{file} and the snapshot have no position in common to compare")
    if form == "json":
        json_out(to_json(found, file))
    else:
        say("\n".join(lines(found, file, width_of(sys.stdout))))
    if any(pool.decision == ERROR for pool in made.pools):
        return UNDECIDED
    return FINE if found.same else FINDINGS


def _found(case: Case, made: Explanation, file: str) -> Against:
    accounts = {pool.evaluated.account.id: pool.evaluated for pool in made.pools}
    if len(accounts) != 1:
        raise click.UsageError(f"--against is about one account; name one with --account: {', '.join(accounts)}")
    text, shown = text_of(file)
    tree, problems = parse_text(text, shown)
    said, wrong = (None, problems) if problems else said_by(tree, shown, text)
    if said is None:
        raise PolicyError(wrong, BAD_USE)
    (evaluated,) = accounts.values()
    found = against(evaluated, said, lambda market: _other_versions(case, market))
    if made.market is None:
        return found
    return Against(found.shape, tuple(part for part in found.parts if part.market in ("", made.market)))


def _other_versions(case: Case, market: str) -> Iterator[tuple[str, Plan]]:
    """The book as it stood when each other version of the market's table began; looked at only where a figure differs."""
    from riskrules.rulebook.table_view import market_view

    view = market_view(case.plan, case.shelf, market, case.when)
    here = {one.version for one in view.candidates} if view else set()
    versions = list(enumerate(view.versions, start=1))[-MOST_VERSIONS:] if view else []
    for number, version in reversed(versions):
        if version in here:
            continue
        try:
            plan = plan_at(case.shelf, case.plan.rulebook, version.certain_from)
        except PolicyError:  # not a whole book by then
            continue
        place, line = version.source
        yield f"the {ordinal(number)} version ({place}:{line})", plan
