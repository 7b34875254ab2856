"""The comparison with a venue as text and as data: whether it is the same, else the step at which it first is not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from riskrules.engine.against import Against, Compared, Part
from riskrules.engine.explain_text import beside

SCHEMA = "riskrules/against/1"


def lines(found: Against, file: str, width: int) -> Iterator[str]:
    """The count first, then each part that differs with its figures and the reasons; what is the same in one line."""
    same = sum(part.same for part in found.parts)
    yield from beside("against   ", f"{file} ({found.shape}): {same} of {len(found.parts)} the same to the printed precision", width)
    for part in found.parts:
        if not part.same:
            yield from _part(part, width)
    agreeing = ", ".join(f"{part.name} ({_count(part)})" for part in found.parts if part.same)
    if agreeing:
        yield from beside("the same  ", agreeing, width)


def _count(part: Part) -> str:
    count = len(part.figures)
    return "no figure of it is printed" if not count else f"{count} figure{'' if count == 1 else 's'}"


def _part(part: Part, width: int) -> Iterator[str]:
    market = f"  {part.market}" if part.market not in ("", part.name) else ""
    yield f"DIFFERS   {part.name}{market}: first in {words(part.first)}"
    rows = [_cells(one) for one in part.figures if not one.same]
    if rows:
        heads = ("", "here", "there", "here, with the venue's inputs" if any(row[3] for row in rows) else "")
        table = [heads, *rows]
        widths = [max(len(row[k]) for row in table) for k in range(4)]
        for row in table:
            name, *figures = row
            cells = [name.ljust(widths[0]), *(cell.rjust(wide) for cell, wide in zip(figures, widths[1:], strict=True))]
            yield f"  {'  '.join(cells)}".rstrip()
    for k, reason in enumerate(part.why):
        yield from beside("  why     " if k == 0 else "          ", reason, width)


def _cells(one: Compared) -> tuple[str, str, str, str]:
    again = "" if one.with_theirs is None else f"{one.with_theirs} {'(the same)' if one.same_with_theirs else ''}".rstrip()
    return words(one.name), one.ours, one.theirs, again


def words(name: str) -> str:
    return name.replace("_", " ")


def to_json(found: Against, file: str) -> dict[str, Any]:
    return {"schema": SCHEMA, "file": file, "shape": found.shape, "same": found.same, "parts": [_part_json(part) for part in found.parts]}


def _part_json(part: Part) -> dict[str, Any]:
    figures = [
        {
            "name": one.name, "here": one.ours, "there": one.theirs, "same": one.same,
            "here_with_the_venues_inputs": one.with_theirs, "same_then": one.agrees,
        }
        for one in part.figures
    ]  # fmt: skip
    return {
        "of": part.name, "market": part.market or None, "same": part.same, "first_differs": part.first or None,
        "why": list(part.why), "figures": figures,
    }  # fmt: skip
