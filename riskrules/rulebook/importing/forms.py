"""The tier form that imported rows are judged under: the book's own, or what venues' tables have in common."""

from __future__ import annotations

from typing import Any

from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.compile import Book
from riskrules.rules.margin import TierForm
from riskrules.units.clock import Instant

_COMMON: dict[str, Any] = {  # only for a book whose margin file is still to be written
    "lookup": "notional_at_mark",
    "counts": "position_only",
    "rate_on": "notional_at_mark",
    "style": "marginal",
    "cap": "inclusive",
    "above_last_cap": {"existing": "last_tier_applies", "increase": "refused"},
    "maintenance_rate": "written",
    "rates": "strictly_rising",
}


def form_of(book: Book | None, name: str, when: Instant) -> tuple[TierForm | None, list[Problem]]:
    """The form at a time; a margin file that begins later counts from its beginning."""
    known = book.history.names("tier_forms") if book else []
    if book is None or not known:
        return TierForm.model_validate(_COMMON), []
    line = book.history.versions.get(("tier_forms", name), ())
    if not line:
        said = ", ".join(sorted(known))
        return None, [
            Problem("RR305", None, f"there is no tier form {name!r}", f"the margin file declares: {said}", found=name, expected=said)
        ]
    certain, _ = book.history.in_force(("tier_forms", name), when)
    form: TierForm = (certain or line[0]).value
    return form, []
