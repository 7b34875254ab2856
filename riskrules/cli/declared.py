"""What commands share that run what a status file declares: a rulebook, its plan, and the time of both."""

from __future__ import annotations

from typing import NamedTuple

from riskrules.api import PolicyError, plan_at
from riskrules.cli.options import shelf_for, time_of
from riskrules.diagnostics.exits import BAD_USE, INVALID_BOOK
from riskrules.rulebook.load import load_book
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.shelf import Shelf
from riskrules.rulebook.versions import History
from riskrules.units.clock import Instant


class Declared(NamedTuple):
    shelf: Shelf
    history: History
    plan: Plan
    when: Instant


def declared(policies: str | None, rulebook: str, as_of: str | None) -> Declared:
    """Without a time, the newest at which something of the rulebook begins; the clock is never asked."""
    shelf = shelf_for(policies)
    book, problems = load_book(shelf, rulebook)
    if book is None:
        raise PolicyError(problems, BAD_USE if problems[0].code == "RR313" else INVALID_BOOK)
    when = time_of(as_of) if as_of else newest(book.windows())
    return Declared(shelf, book.history, plan_at(shelf, rulebook, when), when)


def newest(windows: list[Instant]) -> Instant:
    """The last of the times, at which what was observed by then is certain."""
    return windows[-1]
