"""Problems as a terminal shows them: the message, the lines it is about, what to do.

Nothing invisible is ever printed: a character without a glyph appears as its code point, so that the
text on the screen is the text in the file.  Colour adds nothing that the words do not say.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from riskrules.diagnostics.codes import CODES, WARNING
from riskrules.diagnostics.problem import Problem, Span

Style = Literal["full", "concise"]

_RED, _YELLOW, _BLUE, _BOLD, _OFF = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
_NARROWEST = 40  # below this a source line is not worth cutting further
_CUT = "..."


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stretch of one source line and what is said about it; the problem's own mark is the main one."""

    line: int
    column: int
    end_column: int | None  # None: to the end of the line
    text: str
    main: bool


def render(problems: Iterable[Problem], sources: Mapping[str, str], style: Style = "full", colour: bool = False, width: int = 120) -> str:
    """All problems in the order given; `sources` maps a file to its text, for the lines quoted."""
    if style == "concise":
        return "".join(f"{_concise(problem)}\n" for problem in problems)
    return "\n".join(_full(problem, sources, colour, width) for problem in problems)


def visible(text: str) -> str:
    """The text with every character that has no glyph written as its code point."""
    return text if text.isprintable() else "".join(map(_glyph, text))


def _glyph(character: str) -> str:
    return character if character.isprintable() else f"<U+{ord(character):04X}>"


def _columns(text: str) -> int:
    """How many terminal columns the text takes: East Asian wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _paint(text: str, paint: str, colour: bool) -> str:
    return f"{paint}{text}{_OFF}" if colour and text else text


def _concise(problem: Problem) -> str:
    place = f"{visible(str(problem.at))}: " if problem.at else ""
    return f"{place}{problem.code} {visible(problem.text)}"


def _full(problem: Problem, sources: Mapping[str, str], colour: bool, width: int) -> str:
    severity = CODES[problem.code].severity
    paint = _YELLOW if severity == WARNING else _RED
    head = f"{severity}[{problem.code}]"
    first, *more = _folded(f"{head}: {visible(problem.text)}", width)
    lines = [
        _paint(head, paint, colour) + _paint(first[len(head) :], _BOLD, colour),
        *(_paint(f"    {row}", _BOLD, colour) for row in more),
    ]
    gutter = len(str(max(_lines_quoted(problem), default=1)))
    for number, (file, marks) in enumerate(_marks_by_file(problem).items()):
        lines += _place(file, marks, sources.get(file), gutter, "-->" if number == 0 else ":::", paint, colour, width)
    return "\n".join(lines + _notes(problem, gutter, colour, width)) + "\n"


def _lines_quoted(problem: Problem) -> list[int]:
    return [span.line for span in ([problem.at] if problem.at else []) + [span for span, _ in problem.labels]]


def _marks_by_file(problem: Problem) -> dict[str, list[_Mark]]:
    """The marks of each file, the problem's file first.  A label on the problem's own place stands beside its carets."""
    marks: dict[str, list[_Mark]] = {}
    beside = next((text for span, text in problem.labels if span == problem.at), "")
    if problem.at:
        marks[problem.at.file] = [_mark(problem.at, beside, main=True)]
    for span, text in problem.labels:
        if span != problem.at:
            marks.setdefault(span.file, []).append(_mark(span, text, main=False))
    return marks


def _mark(span: Span, text: str, main: bool) -> _Mark:
    return _Mark(span.line, span.column, span.end_column if span.end_line == span.line else None, text, main)


def _place(file: str, marks: list[_Mark], source: str | None, gutter: int, arrow: str, paint: str, colour: bool, width: int) -> list[str]:
    """The arrow to the first mark of a file and, where the text is at hand, its lines with what is said of them."""
    bar = _paint(f"{' ' * gutter} |", _BLUE, colour)
    lines = [f"{_paint(' ' * gutter + arrow, _BLUE, colour)} {visible(file)}:{marks[0].line}:{marks[0].column}"]
    if source is None:
        return lines
    text_lines = source.split("\n")
    lines.append(bar)
    last = 0
    for line in sorted({mark.line for mark in marks}):
        if last and line > last + 1:
            lines.append(_paint(_CUT, _BLUE, colour))
        quoted = text_lines[line - 1] if line <= len(text_lines) else ""
        here = sorted((mark for mark in marks if mark.line == line), key=lambda mark: mark.column)
        first, *below = _quote(quoted, here, paint, colour, width - gutter - 3)
        lines.append(f"{_paint(f'{line:>{gutter}} |', _BLUE, colour)} {first}".rstrip())
        lines += [f"{bar} {row}" for row in below]
        last = line
    return [*lines, bar]


def _quote(quoted: str, marks: list[_Mark], paint: str, colour: bool, room: int) -> list[str]:
    """The source line, cut to the room there is, and one row below it for each mark."""
    start, shown = _window(quoted, marks, max(room, _NARROWEST))
    lead = _CUT if start else ""
    rows = [lead + visible(shown)]
    for mark in marks:
        before = shown[: max(0, mark.column - 1 - start)]
        end = len(shown) if mark.end_column is None else mark.end_column - 1 - start
        under = shown[len(before) : max(end, 0)]
        length = max(1, _columns(visible(under)))
        signs = _paint(("^" if mark.main else "-") * length, paint if mark.main else _BLUE, colour)
        rows.append(f"{' ' * _columns(lead + visible(before))}{signs} {visible(mark.text)}".rstrip())
    return rows


def _window(quoted: str, marks: list[_Mark], room: int) -> tuple[int, str]:
    """Where to start and what to show of a line too long for the screen: the marks with some text before them."""
    if _columns(visible(quoted)) <= room:
        return 0, quoted
    first = max(0, min(mark.column for mark in marks) - 1)
    start = 0 if first < room // 2 else first - room // 4
    room -= 2 * len(_CUT)
    taken = 0
    for end in range(start, len(quoted)):
        taken += _columns(_glyph(quoted[end]))
        if taken > room:
            return start, quoted[start:end] + _CUT
    return start, quoted[start:]


def _notes(problem: Problem, gutter: int, colour: bool, width: int) -> list[str]:
    notes = [("fix:", problem.hint), ("expected:", problem.expected), ("page:", f"riskrules explain-code {problem.code}")]
    notes = [(name, text) for name, text in notes if text]
    wide = max(len(name) for name, _ in notes)
    sign = _paint(f"{' ' * gutter} =", _BLUE, colour)
    lines = []
    for name, text in notes:
        first, *more = _folded(visible(text), width - gutter - wide - 4, hanging=0)
        lines += [f"{sign} {_paint(f'{name:<{wide}}', _BOLD, colour)} {first}", *(f"{' ' * (gutter + wide + 4)}{row}" for row in more)]
    return lines


def _folded(text: str, room: int, hanging: int = 4) -> list[str]:
    """In rows between words: a name, a figure or a path is never cut.  Rows after the first are to stand further in."""
    import textwrap

    room = max(room, _NARROWEST)
    rows = textwrap.wrap(text, room, subsequent_indent=" " * hanging, break_long_words=False, break_on_hyphens=False)
    return [row.lstrip() if k else row for k, row in enumerate(rows)] or [text]
