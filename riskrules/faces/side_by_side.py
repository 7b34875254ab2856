"""A comparison as text and as Markdown: a table where it fits, else each step with its columns below it."""

from __future__ import annotations

from collections.abc import Iterator

from riskrules.engine.explain_text import beside
from riskrules.engine.side_by_side import Cell, Column, Compared, Part, Row

HEAD = "step"


def lines(found: Compared, width: int, names: list[str]) -> Iterator[str]:
    """`names`: what each column is called at its head."""
    for column, name in zip(found.columns, names, strict=True):
        for problem in column.problems:
            yield from beside(f"{name}  ", f"{problem.code} {problem.text}; {problem.hint}", width)
        for one in column.stands:
            yield from beside(f"{name}  ", one.said, width)
    for k, part in enumerate(found.parts):
        yield from [""] if k or any(column.problems or column.stands for column in found.columns) else []
        yield part.name
        yield from _table(part.heads, names, width)
        yield from beside("  ", parting(part, names), width)
        yield from _table(part.steps, names, width)
        for label, fault in part.faults:
            yield from beside(f"  {_called(found.columns, names, label)}  ", f"{fault.code} {fault.text}; {fault.hint}", width)


def _called(columns: tuple[Column, ...], names: list[str], label: str) -> str:
    return next((name for column, name in zip(columns, names, strict=True) if column.label == label), label)


def parting(part: Part, names: list[str]) -> str:
    """The first step at which they part, and what each says of it and where."""
    row = part.parts_at
    if row is None:
        decided = sum(cell.is_had for cell in part.heads[0].cells)
        return "they never part: every step that they share is the same" if decided > 1 else "nothing to hold to each other: see the errors"
    said = "; ".join(f"{name}: {_said(cell)}" for name, cell in zip(names, row.cells, strict=True) if cell.is_had)
    return f"they part at {_row_name(row)}: {said}"


def _said(cell: Cell) -> str:
    place = ", ".join(one for one in (cell.source, cell.note) if one)
    return f"{cell.shown} ({place})" if place else cell.shown


def _row_name(row: Row) -> str:
    return f"{row.name.replace('_', ' ')}{f' {row.of}' if row.of else ''}"


def _table(rows: tuple[Row, ...], names: list[str], width: int) -> Iterator[str]:
    """Columns side by side; marked are steps at which they differ (≠), and others that some could not do (!)."""
    if not rows:
        return
    cells = [["  ", HEAD, *names], *([_mark(row), _row_name(row), *(cell.shown for cell in row.cells)] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(names) + 2)]
    if sum(widths) + 2 * (len(widths) - 1) <= width:
        for line in cells:
            yield "  ".join([line[0], line[1].ljust(widths[1]), *(one.rjust(to) for one, to in zip(line[2:], widths[2:], strict=True))])
        return
    longest = max(len(name) for name in names)
    for row in rows:
        yield f"{_mark(row)}  {_row_name(row)}"
        for name, cell in zip(names, row.cells, strict=True):
            yield from beside(f"      {name:<{longest}}  ", cell.shown, width)


def _mark(row: Row) -> str:
    return " ≠" if row.differs else " !" if row.is_short else "  "


def markdown(found: Compared, names: list[str]) -> Iterator[str]:
    for column, name in zip(found.columns, names, strict=True):
        for problem in column.problems:
            yield f"- **{name}**: {problem.code} {_plain(problem.text)}; {_plain(problem.hint)}"
        for one in column.stands:
            yield f"- **{_plain(name)}**: {_plain(one.said)}"
    for part in found.parts:
        yield from ("", f"## {_plain(part.name)}", "", f"**{_plain(parting(part, names))}**", "")
        yield f"| | {HEAD} | {' | '.join(_plain(name) for name in names)} |"
        yield f"|---|---|{'---:|' * len(names)}"
        for row in (*part.heads, *part.steps):
            yield f"| {_mark(row).strip()} | {_plain(_row_name(row))} | {' | '.join(_plain(cell.shown) for cell in row.cells)} |"
        if part.faults:
            yield ""
        for label, fault in part.faults:
            yield f"- **{_called(found.columns, names, label)}**: {fault.code} {_plain(fault.text)}; {_plain(fault.hint)}"


def _plain(text: str) -> str:
    """Nothing in it makes a table or a tag."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
