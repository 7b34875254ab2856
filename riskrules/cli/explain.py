"""`riskrules explain`: every decision of a snapshot, with every step."""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import click

from riskrules.api import Explanation
from riskrules.cli.options import Case, as_of_option, case_of, format_option, policies_option, rulebook_option, shelf_line
from riskrules.cli.output import colour_on, json_out, say, width_of
from riskrules.diagnostics.exits import FINE, UNDECIDED
from riskrules.engine.decide import ERROR, decide
from riskrules.engine.explain import PoolExplanation, explanations
from riskrules.units.clock import say_instant
from riskrules.units.exact import is_nothing


@click.command("explain")
@click.argument("snapshot")
@click.option("--account", metavar="ID", help="Only this account.")
@click.option("--market", metavar="M", help="Only pools with a position in this market.")
@click.option("--depth", type=click.IntRange(1, 2), default=1, show_default=True, help="1: the steps; 2: every named term.")
@policies_option
@rulebook_option
@as_of_option
@format_option("text", "json")
def command(
    snapshot: str,
    account: str | None,
    market: str | None,
    depth: int,
    policies: str | None,
    rulebook: str | None,
    as_of: str | None,
    form: str,
) -> int:
    """Explain the accounts of SNAPSHOT (JSON or YAML; - for standard input).

    A liquidatable account explained is exit 0; a decision that is an error is exit 30, and the output is complete.
    """
    case = case_of(snapshot, policies, rulebook, as_of)
    pools = chosen_pools(case, account, market)
    if form == "json":
        json_out(_json(case, pools, depth))
    else:
        say(_text(case, pools, depth))
    return UNDECIDED if any(pool.decision == ERROR for pool in pools) else FINE


def chosen_pools(case: Case, account: str | None, market: str | None) -> list[PoolExplanation]:
    accounts = [one for one in case.snapshot.accounts if account in (None, one.id)]
    if not accounts:
        known = ", ".join(one.id for one in case.snapshot.accounts[:8])
        raise click.UsageError(f"the snapshot has no account {account!r}; it has {known or 'none'}")
    pools = [pool for one in accounts for pool in explanations(decide(case.plan, case.snapshot, one))]
    if market is None:
        return pools
    chosen = [pool for pool in pools if any(pool.evaluated.rows.legs[k].market == market for k in pool.legs)]
    if not chosen:
        raise click.UsageError(f"no position in {market!r}; markets are named BASE-QUOTE")
    return chosen


def _text(case: Case, pools: list[PoolExplanation], depth: int) -> str:
    from riskrules.engine.explain_text import pool_text, status_line
    from riskrules.engine.turns import turn_lines

    colour = colour_on(sys.stdout)
    width = width_of(sys.stdout)
    shown = [pool for pool in pools if pool.legs or not is_nothing(pool.value("wallet_balance"))] or pools[:1]
    parts = [pool_text(pool, depth, turn_lines(pool), colour, width) for pool in shown]
    tail = [
        f"status    {status_line(case.plan.status, case.when)}",
        f"policies  {shelf_line(case)}",
        f"again     {again(case)}   replay {replay(case)}",
    ]
    return "\n\n".join([*parts, "\n".join(tail)])


def again(case: Case) -> str:
    return f"riskrules explain {case.file} --rulebook {case.plan.rulebook} --as-of {say_instant(case.when)}"


def replay(case: Case) -> str:
    """One digest of what decided: the policy, its time and the input."""
    said = f"{case.plan.digest}\0{case.when}\0{case.snapshot.digest}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _json(case: Case, pools: list[PoolExplanation], depth: int) -> dict[str, Any]:
    made = Explanation(case.plan, case.snapshot, tuple(pools)).to_dict(depth)
    return {
        **made,
        "policies": str(case.shelf.folder),
        "packaged": case.shelf.packaged,
        "as_of": say_instant(case.when),
        "again": again(case),
        "replay": replay(case),
    }
