"""A policy file in its canonical look, and the proof that it still says the same.

The look is `text/layout`'s.  It is offered only where the reader, the schema and the digest of the meaning
take it for the same file, its comments included.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from riskrules.diagnostics.problem import Problem, Span
from riskrules.rulebook.proofs import is_error
from riskrules.rulebook.versions import canonical
from riskrules.rules.typed import typed
from riskrules.text.layout import comments_of, laid_out
from riskrules.text.reader import read


class Formatted(NamedTuple):
    """The text as it is to look; None where the file is not fit to be formatted, and why."""

    text: str | None
    problems: list[Problem]


def formatted(data: bytes, name: str) -> Formatted:
    document, problems = read(data, name)
    if document is None:
        return Formatted(None, problems)
    header, untyped = typed(document)
    if header is None or any(is_error(problem) for problem in untyped):
        return Formatted(None, untyped)
    before = data.decode("utf-8")
    after = laid_out(before, document)
    again, _ = read(after, name)
    meant = typed(again)[0] if again is not None else None
    if meant is None or canonical(meant) != canonical(header) or comments_of(after) != comments_of(before):
        return Formatted(None, [_refusal(before, after, name)])
    return Formatted(after, [])


def _refusal(before: str, after: str, name: str) -> Problem:
    """Placed at the first line that would have looked otherwise."""
    lines, shown = before.split("\n"), [re.sub(r"\s", "", line) for line in after.split("\n")]
    k = next((k for k, line in enumerate(lines) if k >= len(shown) or re.sub(r"\s", "", line) != shown[k]), 0)
    text = "formatted, the file would no longer say the same from here on; nothing is written"
    hint = "write a text that runs over several lines on one line; a comment stands on a line of its own or behind a value"
    return Problem("RR730", Span(name, k + 1, 1, k + 1, max(2, len(lines[k]) + 1)), text, hint, found=lines[k].strip()[:60])
