"""A difference on a terminal and as Markdown: the vector, each rule with its proofs and rows, and the names of its changes."""

from __future__ import annotations

from collections.abc import Iterator

from riskrules.engine.difference import Difference, UnitChange
from riskrules.engine.explain_text import beside
from riskrules.faces.difference_words import (
    MOST_MARKETS,
    MOST_PARTS,
    headline,
    part_said,
    rows_said,
    said_output,
    title,
    vector_said,
    versions,
    when,
)
from riskrules.rulebook.change_parts import OUTPUTS, Part

LABEL = 16
MOST_TOLD = 40  # changes that are told whole


def text(found: Difference, width: int) -> str:
    lines = [headline(found)]
    if found.changes:
        lines += _labelled("vector", vector_said(dict(found.vector)), width)
        lines += _labelled("mechanism", ", ".join(found.mechanism), width)
    for note in found.notes:
        lines += _labelled("note", note, width)
    if len(found.changes) > MOST_TOLD:
        lines += ["", *(line for change in found.changes for line in _in_brief(change, width))]
        return "\n".join([*lines, "", "each in a line, as there are many; --name BTC-USDT tells one whole, --format json all"])
    return "\n".join([*lines, *(line for change in found.changes for line in ("", *_change(change, width)))])


def _in_brief(change: UnitChange, width: int) -> list[str]:
    return beside(f"{title(change)}  ", vector_said(dict(change.vector)), width)


def _labelled(label: str, said: str, width: int) -> list[str]:
    return beside(f"  {label:<{LABEL - 2}}", said, width) if said else []


def _change(change: UnitChange, width: int) -> Iterator[str]:
    yield from beside("", f"{title(change)}   {when(change)}".rstrip(), width)
    yield from _labelled("rules", versions(change), width)
    yield from _labelled("does", vector_said(dict(change.vector)), width)
    yield from _labelled("named", ", ".join(change.effects.rules), width)
    yield from _labelled("mechanism", ", ".join(change.effects.mechanism), width)
    for output, said in parts_said(change):
        yield from _labelled(said_output(output), said, width)
    for note in change.effects.notes:
        yield from _labelled("note", note, width)
    for field in change.fields:
        yield from _labelled("", f"{field.name}: {field.before} → {field.after}{f', {field.by}' if field.by else ''}", width)
    if change.table is not None:
        yield from _rows(change, width)


def parts_said(change: UnitChange) -> Iterator[tuple[str, str]]:
    """Each output's parts; of a rule that many tables are read by, the markets and not each part of each."""
    if change.markets:
        yield "markets", _markets(change)
        return
    for output in OUTPUTS:
        parts = [part for part in change.effects.parts if part.output == output]
        if output == "state" and _like_maintenance(change.effects.parts):
            yield "state", "as maintenance, for whoever's equity lies between"
            continue
        for part in parts[:MOST_PARTS]:
            yield output, part_said(part)
        if len(parts) > MOST_PARTS:
            yield output, f"and {len(parts) - MOST_PARTS} more stretches"


def _like_maintenance(parts: tuple[Part, ...]) -> bool:
    of = {output: [part._replace(output="") for part in parts if part.output == output] for output in ("maintenance", "state")}
    return len(of["state"]) > 0 and of["state"] == of["maintenance"] and of["state"][0].stretch is not None


def _markets(change: UnitChange) -> str:
    names = [name for name, _ in change.markets]
    more = f" and {len(names) - MOST_MARKETS:,} more" if len(names) > MOST_MARKETS else ""
    return f"{len(names):,}: {', '.join(names[:MOST_MARKETS])}{more}"


def _rows(change: UnitChange, width: int) -> Iterator[str]:
    assert change.table is not None
    rows = [("was", "is", "", ""), *rows_said(change.table.rows)]
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    for row in rows[1:]:
        left = "  ".join(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True))
        yield from beside(f"    {left}  ", row[3], width)


# -- Markdown ----------------------------------------------------------------------------------------


def markdown(found: Difference) -> str:
    lines = [f"# {_plain(headline(found))}", ""]
    if found.changes:
        lines += ["| output | class |", "|---|---|"]
        lines += [f"| {said_output(output)} | {_strong(found.vector[output])} |" for output in OUTPUTS]
        lines += ["", *([f"Mechanism: {', '.join(found.mechanism)}", ""] if found.mechanism else [])]
    lines += [f"> {_plain(note)}" for note in found.notes]
    return "\n".join([*lines, *(line for change in found.changes for line in _section(change))]).rstrip("\n") + "\n"


def _strong(word: str) -> str:
    return word if word == "neutral" else f"**{word}**"


def _section(change: UnitChange) -> Iterator[str]:
    yield f"## {_plain(title(change))}"
    yield ""
    yield f"{_plain(when(change))}; {_plain(versions(change))}".removeprefix("; ")
    yield ""
    yield f"**{_plain(vector_said(dict(change.vector)))}** — {', '.join(f'`{name}`' for name in change.effects.rules)}"
    yield ""
    yield from (f"- {said_output(output)}: {_plain(said)}" for output, said in parts_said(change))
    yield from (f"- `{field.name}`: {_plain(field.before)} → {_plain(field.after)} {field.by}".rstrip() for field in change.fields)
    yield ""
    if change.table is not None:
        yield "| was | is | how | |"
        yield "|---:|---:|---|---|"
        yield from (f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows_said(change.table.rows))
        yield ""


def _plain(said: str) -> str:
    """Nothing in it makes a table or a tag."""
    return said.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
