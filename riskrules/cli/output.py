"""What commands share in printing: colour only on a terminal, problems on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TextIO

import click

from riskrules.diagnostics.problem import Problem


def colour_on(stream: TextIO) -> bool:
    """NO_COLOR and a dumb terminal are respected, FORCE_COLOR too."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int:
    """A terminal's own width; 120 where there is none, so that no number is cut in CI."""
    if not stream.isatty():
        return 120
    from shutil import get_terminal_size

    return get_terminal_size((120, 24)).columns


def say(text: str) -> None:
    """A result; characters that the stream cannot show are spelled out instead of failing."""
    _write(sys.stdout, text)


def note(text: str) -> None:
    """Talk, beside the result."""
    _write(sys.stderr, text)


def some(count: int, word: str) -> str:
    """`1 table`, `9,000 tables`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


ASCII = {"−": "-", "×": "x", "÷": "/", "≤": "<=", "≥": ">=", "…": "...", "⌈": "ceil(", "⌉": ")", "⌊": "floor(", "⌋": ")", "→": "->"}


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        for character, plain in ASCII.items():
            text = text.replace(character, plain)
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    click.echo(text, file=stream, color=True)


def json_out(data: Any) -> None:
    say(json.dumps(data, indent=2, ensure_ascii=False))


def problems_out(
    problems: Sequence[Problem], style: Literal["full", "concise"] = "full", texts: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Every problem with its snippet; `texts` are those of files that cannot be read again."""
    from riskrules.api import sources_of
    from riskrules.diagnostics.snippet import render

    text = render(list(problems), {**sources_of(list(problems)), **texts}, style, colour_on(sys.stderr), width_of(sys.stderr))
    if text:
        note(text)


def written(out: str, text: str) -> None:
    """A result into a file, whole or not at all."""
    from pathlib import Path

    from riskrules.cli.files import write_whole

    try:
        write_whole(Path(out), text)
    except OSError as error:
        raise click.UsageError(f"cannot write {out}: {(error.strerror or 'unwritable').lower()}") from error
    note(f"written: {out}")
