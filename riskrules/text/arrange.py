"""What a canonical policy file changes besides blanks: the order of its keys, and how its digits are grouped.

Whether that leaves the meaning as it was is for the caller to see; here nothing is known of what a key means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from riskrules.text.document import Mapping, Node, Text

UNGROUPED = re.compile(r"([1-9]\d{3,})((?:\.\d+)?%?)")


def ordered(text: str, document: Mapping, order: Sequence[str]) -> str:
    """The keys of the file in the order that is given, each with its lines and the comment that stands on it."""
    lines = text.split("\n")
    starts = sorted(place[1] for place in document.key_at.values())
    if document.at[1:3] != (starts[0], 0) or len(set(starts)) < len(starts):
        return text  # in braces, or not at the margin: there are no lines to move
    starts = [starts[0], *(_with_comment(lines, start) for start in starts[1:])]
    parts = [lines[a:b] for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    keys = list(document)
    if any(key not in order for key in keys):
        return text
    if parts[-1][-1:] == [""]:
        parts[-1].pop()  # the end of the last line, wherever that goes
    places = sorted(range(len(keys)), key=lambda k: order.index(keys[k]))
    return "\n".join([*lines[: starts[0]], *(line for k in places for line in parts[k]), ""])


def _with_comment(lines: list[str], start: int) -> int:
    """The first line of the comment that stands right above a key."""
    while lines[start - 1].startswith("#"):
        start -= 1
    return start


def grouped(text: str, document: Mapping) -> str:
    """Figures of four digits and more in groups of three."""
    lines = text.split("\n")
    found = sorted((node.at[1], node.at[2], node.at[4]) for node in _figures(document))
    for line, begin, end in reversed(found):
        whole, rest = UNGROUPED.fullmatch(lines[line][begin:end]).groups()  # type: ignore[union-attr]  # it is one of those found
        lines[line] = f"{lines[line][:begin]}{int(whole):_}{rest}{lines[line][end:]}"
    return "\n".join(lines)


def _figures(node: Node) -> Iterator[Text]:
    if isinstance(node, Text):
        if node.plain and UNGROUPED.fullmatch(node):
            yield node
        return
    for inner in node.values() if isinstance(node, Mapping) else node:
        yield from _figures(inner)
