"""`riskrules show`: a market's table in force, or the book and its published formulas."""

from __future__ import annotations

from difflib import get_close_matches

import click

from riskrules.api import PolicyError, plan_at
from riskrules.cli.options import format_option, policies_option, shelf_for, time_of
from riskrules.cli.output import json_out, say
from riskrules.diagnostics.exits import BAD_USE, FINE, UNDECIDED
from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.aliases import markets_called
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.shelf import Shelf
from riskrules.rulebook.table_view import IN_FORCE, ROLLING_OUT, MarketView, market_view
from riskrules.units.clock import Instant


@click.command("show")
@click.argument("market", required=False)
@click.option("--as-of", metavar="TIME", required=True, help="The time asked about, such as 2026-10-01T00:00:00Z; never the clock.")
@click.option("--rulebook", metavar="NAME", help="The rulebook. Default: the only one of the folder.")
@click.option("--formula", metavar="NAME", help="Only this named term, and what it is made of.")
@policies_option
@format_option("text", "json")
def command(market: str | None, as_of: str, rulebook: str | None, formula: str | None, policies: str | None, form: str) -> int:
    """Show the table of MARKET: its rows, what they mean, where they come from, and every version.

    MARKET is BASE-QUOTE, or the venue's or ccxt's spelling of it.  Without MARKET: the book, its
    status, and every named term with its published formula.

    Exit 30 where not exactly one table is in force: none yet, withdrawn, or perhaps replaced.
    """
    if market is not None and formula is not None:
        raise click.UsageError("a formula is the same for every market: give MARKET or --formula, not both")
    shelf = shelf_for(policies)
    when = time_of(as_of)
    plan = plan_at(shelf, rulebook or _only_rulebook(shelf), when)
    if market is not None:
        return _show_market(plan, shelf, _view(plan, shelf, market, when), form)
    return _show_book(plan, shelf, when, formula, form)


def _only_rulebook(shelf: Shelf) -> str:
    known = shelf.rulebooks()
    if len(known) != 1:
        has = f"has {', '.join(known)}" if known else "has none"
        raise click.UsageError(f"which rulebook? {shelf.folder} {has}; name one with --rulebook")
    return known[0]


def _view(plan: Plan, shelf: Shelf, text: str, when: Instant) -> MarketView:
    called = markets_called(plan, text)
    if len(called) > 1:
        raise click.UsageError(f"{text!r} is {' or '.join(called)}; give the name itself")
    view = market_view(plan, shelf, called[0] if called else text, when)
    if view is None:
        raise PolicyError([_unknown(plan, text)], BAD_USE)
    return view


def _unknown(plan: Plan, text: str) -> Problem:
    near = get_close_matches(text.upper().replace("/", "-").replace("_", "-"), [*plan.markets(), *plan.gone], 3)
    like = next(iter(plan.markets()), "BTC-USDT")
    hint = f"did you mean {' or '.join(near)}?" if near else f"markets are named BASE-QUOTE, such as {like}"
    return Problem("RR502", None, f"rulebook {plan.rulebook} has no market {text!r}", hint, found=text)


def _show_market(plan: Plan, shelf: Shelf, view: MarketView, form: str) -> int:
    if form == "json":
        from riskrules.cli.show_json import market_json

        json_out(market_json(view, shelf))
    else:
        from riskrules.cli.show_text import market_text

        say(market_text(view, shelf))
    return FINE if view.verdict in (IN_FORCE, ROLLING_OUT) else UNDECIDED


def _show_book(plan: Plan, shelf: Shelf, when: Instant, formula: str | None, form: str) -> int:
    if formula is not None and formula not in plan.program.named:
        near = get_close_matches(formula, list(plan.program.named), 3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`riskrules show` without --formula lists all"
        raise click.UsageError(f"rulebook {plan.rulebook} has no term {formula!r}; {hint}")
    if form == "json":
        from riskrules.cli.show_json import book_json, formula_json

        json_out(book_json(plan, shelf, when) if formula is None else formula_json(plan, shelf, when, formula))
    else:
        from riskrules.cli.show_text import book_text, formula_text

        say(book_text(plan, shelf, when) if formula is None else formula_text(plan, shelf, when, formula))
    return FINE
