"""`riskrules ask`: what would have to be different."""

from __future__ import annotations

import sys
from typing import Any

import click

from riskrules.cli.explain import explained
from riskrules.cli.options import Case, as_of_option, case_of, format_option, policies_option, rulebook_option, shelf_line
from riskrules.cli.output import json_out, say, width_of
from riskrules.diagnostics.exits import FINE, UNDECIDED
from riskrules.engine.asked import Asked
from riskrules.engine.asked_text import asked_text
from riskrules.engine.explain_json import status_json
from riskrules.engine.explain_text import beside, status_line
from riskrules.engine.opening import order_of
from riskrules.engine.questions import QUESTIONS, answers
from riskrules.rulebook.aliases import market_named
from riskrules.units.clock import say_instant

ABOUT = """QUESTION is one of:

\b
  liquidation-price  each mark at which a pool is first liquidatable, each way
  bankruptcy-price   each mark at which its equity is gone
  top-up             the least balance to add so that it is healthy
  healthy-again      the smallest change of mark, balance or size that turns the decision
  max-size           the largest order that may be opened (--side, --market, --price)
  may-open           whether an order may be opened (--order "+2 BTC-USDT at 64000")
"""


@click.command("ask", help=f"Ask a QUESTION about the accounts of SNAPSHOT; all else is held.\n\n{ABOUT}")
@click.argument("question", type=click.Choice(list(QUESTIONS)), metavar="QUESTION")
@click.argument("snapshot")
@click.option("--account", metavar="ID", help="Only this account.")
@click.option("--market", metavar="M", help="Only this market.")
@click.option("--order", metavar="TEXT", help='For may-open: "+2 BTC-USDT at 64000", or "-2 …" to sell.')
@click.option("--side", type=click.Choice(["buy", "sell"]), help="For max-size.")
@click.option("--price", metavar="P", help="For max-size. Default: the mark.")
@click.option("--leverage", metavar="L", help="For max-size and may-open. Default: the one chosen in the market.")
@policies_option
@rulebook_option
@as_of_option
@format_option("text", "json")
def command(
    question: str,
    snapshot: str,
    account: str | None,
    market: str | None,
    form: str,
    policies: str | None,
    rulebook: str | None,
    as_of: str | None,
    **order: str | None,
) -> int:
    case = case_of(snapshot, policies, rulebook, as_of)
    wanted = order_of(question, {**order, "market": market})
    if isinstance(wanted, str):
        raise click.UsageError(wanted)
    if market is not None and wanted is None:
        explained(case, account, market)  # wrong use where nothing stands in that market
    named = market_named(case.plan, market) if market else None
    made = answers(question, case.book.decided(case.snapshot, account), named, wanted)
    if form == "json":
        json_out(_json(case, question, made))
    else:
        width = width_of(sys.stdout)
        status = beside("status    ", status_line(case.plan.status, case.when), width)
        say("\n".join([*asked_text(made, width), "", *status, *beside("policies  ", shelf_line(case), width)]))
    return UNDECIDED if any(answer.undecided for answer in made) else FINE


def _json(case: Case, question: str, answers: list[Asked]) -> dict[str, Any]:
    return {
        "schema": "riskrules/ask/1",
        "question": question,
        "rulebook": case.plan.rulebook,
        "as_of": say_instant(case.when),
        "policy_digest": case.plan.rules,
        "snapshot_digest": case.snapshot.digest,
        "status": status_json(case.plan, case.when),
        "answers": [answer.data for answer in answers],
    }
