"""The canonical look of a policy file: where its blanks are, and in which order the cells of a row stand.

Indentation is two blanks a level, a list's dashes included; one blank after a colon, a comma and a dash,
none inside braces.  Rows of a table are aligned: figures by their points, all else to the left, names
padded so that the braces stand under each other.  Rows are a table where they have the same names in the
same order (a row may leave out the last ones); other rows are one where their author aligned any of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from itertools import pairwise

from riskrules.text.document import Mapping, Node, Sequence

FIGURE = re.compile(r"[\d_.]+|unlimited")
Order = Callable[[Several[str]], Several[str]]
QUOTED = re.compile(r"""(?<![^\s\[{,:])("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""")  # a quote inside a word opens nothing
STEP = 2


@dataclass(slots=True)
class _Line:
    """A line as it stands, and how it is to stand."""

    text: str
    indent: int | None = None  # where its first character belongs; None: as far from the line before as it was
    flow: tuple[int, int] | None = None  # where braces open and close, when they do on this line
    head: int | None = None  # where its value begins
    group: object = None  # the mapping or list whose rows may be aligned with each other


@dataclass(slots=True)
class _Row:
    head: str  # `BTC-USDT:` or `-`
    body: str  # the braces, single-spaced
    rest: str  # a comment
    cells: list[str] = field(default_factory=list)


def laid_out(text: str, document: Mapping, order: Order = lambda names: names) -> str:
    """The text in canonical form; `document` is what the reader made of it, `order` that of the names of a row."""
    lines = [_Line(line.rstrip()) for line in text.replace("\r\n", "\n").split("\n")]
    if lines[document.at[1]].text[document.at[2] : document.at[2] + 1] != "{":  # a whole file in braces is left as it is
        _place(document, 0, lines)
    shown = _aligned(lines, list(_indented(lines)), order)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(shown).strip("\n")) + "\n"


# -- where everything stands ---------------------------------------------------------------------------


def _place(node: Node, indent: int, lines: list[_Line]) -> None:
    """Walk the block collections; what is inside braces stays on its line."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            _, line, _, _, end = node.key_at[key]
            if lines[line].indent is None:
                lines[line].indent = indent
            _value(value, line, end + 1, indent + STEP, node, lines)
    elif isinstance(node, Sequence):
        for value in node:
            line = value.at[1]
            lines[line].indent = indent
            dash = lines[line].text.find("-")  # not found: the value begins below its dash, and stays as it is
            if dash >= 0:
                _value(value, line, dash + 1, indent + STEP, node, lines)


def _value(value: Node, line: int, head: int, indent: int, group: Node, lines: list[_Line]) -> None:
    _, begins, column, ends, end = value.at
    in_braces = not isinstance(value, (str, bytes)) and lines[begins].text[column : column + 1] in ("{", "[")
    if begins == line and (in_braces or isinstance(value, str)):
        lines[line].head = head
        if in_braces and ends == line:
            lines[line].flow, lines[line].group = (column, end), group
    elif begins == line and isinstance(value, Sequence):
        return  # a list that begins behind a dash moves with its line
    elif begins == line:  # a mapping that begins behind a dash
        lines[line].head = head
        _place(value, indent, lines)
        lines[line].indent = indent - STEP
    elif not in_braces and not isinstance(value, str):
        _place(value, indent, lines)


def _indented(lines: list[_Line]) -> Iterator[int]:
    """Where each line begins: what has no place of its own moves along with its neighbours."""
    moved = 0
    for k, line in enumerate(lines):
        now = len(line.text) - len(line.text.lstrip(" "))
        if line.indent is not None:
            moved = line.indent - now
        elif line.text.lstrip().startswith("#"):
            yield max(0, now + _shift_of_next(lines, k, now, moved))
            continue
        yield max(0, now + moved)


def _shift_of_next(lines: list[_Line], k: int, now: int, moved: int) -> int:
    """A comment of its own belongs to the line below it, where that stood at the same place."""
    for line in lines[k + 1 :]:
        if line.indent is not None:
            here = len(line.text) - len(line.text.lstrip(" "))
            return line.indent - here if here == now else moved
    return moved


# -- lines and rows ------------------------------------------------------------------------------------


def _aligned(lines: list[_Line], indents: list[int], order: Order) -> list[str]:
    out: list[str] = []
    k = 0
    while k < len(lines):
        end = k + 1
        if lines[k].flow:
            while end < len(lines) and lines[end].flow and lines[end].group is lines[k].group:
                end += 1
            out += _rows(lines[k:end], indents[k:end], order)
        else:
            out.append(_plain_line(lines[k], indents[k]))
        k = end
    return out


def _plain_line(line: _Line, indent: int) -> str:
    text = line.text.lstrip(" ")
    if line.head is None or line.indent is None:
        return " " * indent + text if text else ""
    head, rest = line.text[: line.head].strip(), line.text[line.head :].strip()
    shown = " " * indent + (f"{head} {rest}" if rest else head)
    return _comment_kept(line, shown, len(shown) - len(rest) - 1)


def _comment_kept(line: _Line, shown: str, after: int) -> str:
    """A comment keeps the column its author gave it, where there is room.  It is looked for behind the key, whose quotes open nothing."""
    found, had = _comment_at(shown[after:]), _comment_at(line.text[line.head :])
    if found is None or had is None or line.head is None:
        return shown
    at, was = found + after, had + line.head
    body = shown[:at].rstrip()
    return f"{body:<{max(was, len(body) + 2)}}{shown[at:]}" if body else shown


def _comment_at(text: str) -> int | None:
    masked = QUOTED.sub(lambda found: "x" * len(found[0]), text)
    found = re.search(r"(?<=\s)#", masked)
    return found.start() if found else None


def _rows(lines: list[_Line], indents: list[int], order: Order) -> list[str]:
    """Consecutive rows in braces."""
    rows = [_row(line, order) for line in lines]
    table = indents[0] > 0 and _is_table(rows)  # the keys of a file are no rows
    if table or any(_padded(line) for line in lines):
        _align_cells(rows)
    wide = max(len(row.head) for row in rows) if table or any(_wide_head(line) for line in lines) else 0
    shown = []
    for line, row, indent in zip(lines, rows, indents, strict=True):
        body = f"{' ' * indent}{row.head:<{wide}} {row.body}"
        was = _comment_at(line.text)
        shown.append(body if not row.rest else f"{body:<{max(was or 0, len(body) + 2)}}{row.rest}")
    return shown


def _is_table(rows: list[_Row]) -> bool:
    """Whether the names of each row are those that the longest begins with."""
    names = [[_name(cell) for cell in row.cells] for row in rows]
    longest = max(names, key=len)
    return len(rows) > 1 and all(found and found == longest[: len(found)] for found in names)


def _name(cell: str) -> str:
    return cell.partition(":")[0]


def _row(line: _Line, order: Order) -> _Row:
    assert line.flow
    assert line.head is not None
    begin, end = line.flow
    cells = [_single(cell) for cell in _split(line.text[begin + 1 : end - 1])]
    opening, closing = line.text[begin], line.text[end - 1]
    if opening == "{":
        named = {_name(cell): cell for cell in cells}
        cells = [named[name] for name in order(list(named))] if len(named) == len(cells) else cells
    head, rest = line.text[: line.head].strip(), line.text[end:].strip()
    return _Row(head, f"{opening}{', '.join(cells)}{closing}", rest, cells if opening == "{" else [])


def _wide_head(line: _Line) -> bool:
    assert line.flow
    assert line.head is not None
    return line.flow[0] - line.head > 1 and line.text[: line.head].strip() != "-"


def _padded(line: _Line) -> bool:
    assert line.flow
    begin, end = line.flow
    inside = QUOTED.sub("x", line.text[begin + 1 : end - 1]).strip()
    return "  " in inside


def _single(text: str) -> str:
    """One blank where there are more, none inside braces, outside of quotes."""
    parts = QUOTED.split(text.strip())
    for k in range(0, len(parts), 2):
        part = re.sub(r"(?<=[,:{\[])\s+|\s+(?=[,}\]])", " ", parts[k])  # blanks between two words are part of a text
        part = re.sub(r"([{\[]) | ([}\],])", lambda found: found[0].strip(), part)
        parts[k] = re.sub(r",(?=[^ ])", ", ", part)
    return "".join(parts)


def _split(inside: str) -> list[str]:
    """At the commas that are in no deeper braces and in no quotes."""
    masked = QUOTED.sub(lambda found: "x" * len(found[0]), inside)
    depth, cuts = 0, [-1]
    for k, letter in enumerate(masked):
        depth += (letter in "{[") - (letter in "}]")
        if letter == "," and not depth:
            cuts.append(k)
    found = [inside[a + 1 : b] for a, b in pairwise([*cuts, len(inside)])]
    return found if found[-1].strip() else found[:-1]


def _align_cells(rows: list[_Row]) -> None:
    """Each cell but a row's last is padded to its column, behind its comma; a figure also before, so that points stand in a line."""
    tables = [row for row in rows if row.cells]
    for j in range(max((len(row.cells) for row in tables), default=1) - 1):
        _align_column([row for row in tables if len(row.cells) > j], j)
    for row in tables:
        row.body = f"{{{' '.join(row.cells)}}}"


def _align_column(rows: list[_Row], j: int) -> None:
    named = [row.cells[j].partition(": ") for row in rows]
    if len({name for name, _, _ in named}) == 1 and all(FIGURE.fullmatch(value) for _, _, value in named):
        wide = max(len(_whole(value)) for _, _, value in named)
        for row, (name, colon, value) in zip(rows, named, strict=True):
            row.cells[j] = f"{name}{colon}{' ' * (wide - len(_whole(value)))}{value}"
    more = [row for row in rows if len(row.cells) > j + 1]
    wide = max((len(row.cells[j]) for row in more), default=0)
    for row in more:
        row.cells[j] = f"{f'{row.cells[j]},':<{wide + 1}}"


def _whole(figure: str) -> str:
    return figure.partition(".")[0]


def comments_of(text: str) -> list[str]:
    """Every comment, in order; what else follows a `#` counts too, which can only make the comparison stricter."""
    found = (line.find("#") for line in text.split("\n"))
    return [line[at:].rstrip() for line, at in zip(text.split("\n"), found, strict=True) if at >= 0]
