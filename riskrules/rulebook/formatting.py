"""A policy file in its canonical look, and the proof that it still says the same.

The look is `text/layout`'s.  It is offered only where the reader, the schema and the digest of the meaning
take it for the same file, its comments included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from riskrules.diagnostics.problem import Problem, Span
from riskrules.rulebook.identity import canonical
from riskrules.rulebook.proofs import is_error
from riskrules.rules.header import Header
from riskrules.rules.typed import file_order, in_order, typed
from riskrules.text.arrange import grouped, ordered
from riskrules.text.document import Mapping
from riskrules.text.layout import comments_of, laid_out
from riskrules.text.reader import read

Change = Callable[[str, Mapping], str]


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
    text = _where_it_means_the_same(lambda text, document: ordered(text, document, file_order(header.kind)), before, document, header)
    text = _where_it_means_the_same(grouped, *text, header)
    after = laid_out(*text, partial(in_order, header.kind))
    again, _ = read(after, name)
    if again is None or not _the_same(again, header) or sorted(comments_of(after)) != sorted(comments_of(before)):
        return Formatted(None, [_refusal(before, after, name)])
    return Formatted(after, [])


def _where_it_means_the_same(change: Change, text: str, document: Mapping, header: Header) -> tuple[str, Mapping]:
    """The text changed and read again; as it was where that would mean something else, such as four digits that are a name."""
    changed = change(text, document)
    if changed == text:
        return text, document
    again, _ = read(changed, document.at[0])
    return (changed, again) if again is not None and _the_same(again, header) else (text, document)


def _the_same(document: Mapping, header: Header) -> bool:
    meant = typed(document)[0]
    return meant is not None and canonical(meant) == canonical(header)


def _refusal(before: str, after: str, name: str) -> Problem:
    """Placed at the first line that would have looked otherwise."""
    lines, shown = before.split("\n"), [re.sub(r"\s", "", line) for line in after.split("\n")]
    k = next((k for k, line in enumerate(lines) if k >= len(shown) or re.sub(r"\s", "", line) != shown[k]), 0)
    text = "formatted, the file would no longer say the same from here on; nothing is written"
    hint = "write a text that runs over several lines on one line; a comment stands on a line of its own or behind a value"
    return Problem("RR730", Span(name, k + 1, 1, k + 1, max(2, len(lines[k]) + 1)), text, hint, found=lines[k].strip()[:60])
