"""A problem is a value: a code, a place, what is wrong in the author's words, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """1-based line and column, end column exclusive, counted in code points."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault.  The text is lower case without a full stop; the hint says what to do."""

    code: str
    at: Span | None
    text: str
    hint: str
    found: str = ""
    expected: str = ""
    labels: tuple[tuple[Span, str], ...] = ()

    @property
    def severity(self) -> str:
        from riskrules.diagnostics.codes import CODES

        return CODES[self.code].severity


def to_json(problem: Problem) -> dict[str, Any]:
    """The problem as plain data, every part of it; the severity and title are those of its code."""
    from riskrules.diagnostics.codes import CODES

    code = CODES[problem.code]
    return {
        "code": problem.code,
        "severity": code.severity,
        "title": code.title,
        "at": asdict(problem.at) if problem.at else None,
        "text": problem.text,
        "hint": problem.hint,
        "found": problem.found,
        "expected": problem.expected,
        "labels": [{"at": asdict(at), "text": text} for at, text in problem.labels],
    }
