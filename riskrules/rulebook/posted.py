"""What an isolated position posts when it is opened: a figure of that moment, which no later mark may move."""

from __future__ import annotations

from collections.abc import Iterator

from riskrules.diagnostics.problem import Problem
from riskrules.ir.term import Term, every_term
from riskrules.rulebook.versions import Version


def posted_at_entry(account: Version, initial: Term) -> Iterator[Problem]:
    """A posted margin that is the initial margin hangs on no mark."""
    if account.value.posted_margin != "given_or_initial_margin":
        return
    if any(term.op == "given" and term.param == "mark_price" for term in every_term([initial])):
        yield Problem(
            "RR225",
            account.file.at(*account.place, "posted_margin"),
            "the initial margin moves with the mark, and what was posted does not",
            "take the initial margin on the notional at entry, or write given_or_initial_at_entry",
        )
