"""`riskrules venues`: every rulebook's standing, printed from the rulebooks as one page."""

from __future__ import annotations

import click

from riskrules.api import PolicyError
from riskrules.cli.declared import newest
from riskrules.cli.options import policies_option, shelf_for
from riskrules.cli.output import say, written
from riskrules.diagnostics.exits import FINE, INVALID_BOOK
from riskrules.faces.venues import Standing, page
from riskrules.rulebook.compile import Refused, compile_book
from riskrules.rulebook.load import load_book
from riskrules.rulebook.shelf import Shelf


@click.command("venues")
@policies_option
@click.option("--out", metavar="FILE", help="Write it there, whole or not at all, and not to standard output.")
def command(policies: str | None, out: str | None) -> int:
    """Print each rulebook of the policies folder: whose rules, how old, which form, what is unsettled, how many figures come out.

    Each is as of the newest time at which something of it begins; the clock is never asked.
    """
    shelf = shelf_for(policies)
    text = "\n".join(page([standing(shelf, rulebook) for rulebook in shelf.rulebooks()])) + "\n"
    if out is None:
        say(text.removesuffix("\n"))
    else:
        written(out, text)
    return FINE


def standing(shelf: Shelf, rulebook: str) -> Standing:
    book, problems = load_book(shelf, rulebook)
    if book is None:
        raise PolicyError(problems, INVALID_BOOK)
    when = newest(book.windows())
    try:
        return Standing(rulebook, book.history, compile_book(book, when), when)
    except Refused as refused:
        first = refused.problems[0]
        return Standing(rulebook, book.history, None, when, f"{first.code} {first.text}")
