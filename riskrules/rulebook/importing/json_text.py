"""JSON as it was printed: a number stays the decimal that is written, and every value can be found again.

The parser of the standard library decides what is JSON.  Where something stands is looked up only when
there is something to say about it, by a second walk over text that is known to be JSON.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from riskrules.diagnostics.problem import Problem, Span
from riskrules.text.document import Path, Place, span_from

_TOKEN = re.compile(r'[ \t\n\r]*("[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^ \t\n\r{}\[\],:"]+)')
_ENDLESS = frozenset({"NaN", "Infinity", "-Infinity"})


class JsonText:
    """One text, and where its values stand."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file

    def at(self, path: Path) -> Span:
        """Where the value under `path` stands; where there is none, the nearest value around it."""
        return span_from(self.place(path))

    def place(self, path: Path) -> Place:
        while path not in self._places:
            path = path[:-1]
        return self._place(*self._places[path])

    def twice(self) -> Iterator[Problem]:
        """Every key that stands twice in one object: which of the two values is meant, nobody can say."""
        seen: dict[Path, tuple[int, int]] = {}
        told: set[Path] = set()
        for path, is_key, start, end in _walk(self.text):
            if not is_key or any(path[:k] in told for k in range(1, len(path))):
                continue
            if path in seen:
                told.add(path)
                labels = ((self._span(*seen[path]), "the first one"),)
                yield Problem("RR702", self._span(start, end), f"the key {path[-1]!r} stands twice", "keep one of the two", labels=labels)
            seen.setdefault(path, (start, end))

    def endless(self) -> Iterator[Problem]:
        for _, is_key, start, end in _walk(self.text):
            if not is_key and self.text[start:end] in _ENDLESS:
                yield Problem(
                    "RR703",
                    self._span(start, end),
                    f"{self.text[start:end]} is no amount",
                    "ask the source for the figure",
                    found=self.text[start:end],
                )

    @cached_property
    def _places(self) -> dict[Path, tuple[int, int]]:
        return {path: (start, end) for path, is_key, start, end in _walk(self.text) if not is_key}

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def _place(self, start: int, end: int) -> Place:
        line, end_line = bisect_right(self._lines, start) - 1, bisect_right(self._lines, end) - 1
        return self.file, line, start - self._lines[line], end_line, end - self._lines[end_line]

    def _span(self, start: int, end: int) -> Span:
        return span_from(self._place(start, end))


def read_json(data: bytes, file: str) -> tuple[Any, JsonText, list[Problem]]:
    """The value with every number as text, or why it is not one."""
    try:
        found = JsonText(data.decode("utf-8"), file)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return None, JsonText("", file), [_not_json(file, line, column, f"byte 0x{data[error.start]:02x} is not UTF-8")]
    odd: set[str] = set()

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) < len(items):
            odd.add("twice")
        return made

    try:
        value = json.loads(found.text, parse_float=str, parse_int=str, parse_constant=lambda _: odd.add("endless"), object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        return None, found, [_not_json(file, error.lineno, error.colno, f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}")]
    except RecursionError:
        return None, found, [_not_json(file, 1, 1, "nested too deep to be a tier table")]
    return value, found, [*(found.twice() if "twice" in odd else ()), *(found.endless() if "endless" in odd else ())]


def _not_json(file: str, line: int, column: int, text: str) -> Problem:
    return Problem("RR701", Span(file, line, column, line, column + 1), text, "save the whole answer of the source again, as UTF-8")


def _walk(text: str) -> Iterator[tuple[Path, bool, int, int]]:
    """Every key and value of a JSON text: its path, whether it is the key, where it starts and ends."""
    path: list[str | int] = []
    open_at: list[tuple[str, int]] = []
    key_due = False
    for match in _TOKEN.finditer(text):
        token, start, end = match[1], match.start(1), match.end(1)
        if token in ("{", "["):
            open_at.append((token, start))
            key_due = token == "{"
            if not key_due:
                path.append(0)
        elif token in ("}", "]"):
            bracket, start = open_at.pop()
            if bracket == "[" or not key_due:
                path.pop()
            key_due = False
            yield tuple(path), False, start, end
        elif token == ",":
            key_due = open_at[-1][0] == "{"
            step = path.pop()
            if isinstance(step, int):
                path.append(step + 1)
        elif key_due:
            path.append(json.loads(token))
            key_due = False
            yield tuple(path), True, start, end
        elif token != ":":
            yield tuple(path), False, start, end
