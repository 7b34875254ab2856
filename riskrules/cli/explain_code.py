"""`riskrules explain-code`: the page of an error code."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import click

from riskrules.cli.options import format_option
from riskrules.cli.output import colour_on, json_out, say, width_of
from riskrules.diagnostics.codes import CODES
from riskrules.diagnostics.exits import FINE
from riskrules.rulebook.shelf import packaged_folder

WIDEST = 100  # a longer line of prose is hard to read
LOOKS_LIKE = str.maketrans("OIL", "011")  # letters that are typed for digits
BOLD, OFF = "\x1b[1m", "\x1b[0m"


@click.command("explain-code")
@click.argument("code", metavar="CODE")
@format_option("text", "json")
def command(code: str, form: str) -> int:
    """Print what CODE means, why it is refused, an example that causes it, and how to mend it.

    CODE is what a message begins with, such as RR203.
    """
    known = CODES.get(code.upper())
    if known is None:
        raise click.UsageError(f"there is no code {code!r}; {_near(code.upper())}")
    text = _page(known.code)
    if form == "json":
        json_out({"schema": "riskrules/explain-code/1", "code": known.code, "title": known.title, "severity": known.severity, "page": text})
    else:
        say("\n".join(_as_text(text, min(width_of(sys.stdout), WIDEST), colour_on(sys.stdout))).rstrip("\n"))
    return FINE


def _near(code: str) -> str:
    near = get_close_matches(code.translate(LOOKS_LIKE), list(CODES), 3, 0.75)
    if not near:
        return f"codes run from {next(iter(CODES))} to {next(reversed(CODES))}"
    return f"did you mean {' or '.join(f'{one} ({CODES[one].title})' for one in near)}?"


def _page(code: str) -> str:
    folder = packaged_folder("docs")
    path = (folder or Path("docs")) / "errors" / f"{code}.md"
    if not path.is_file():
        raise click.ClickException(f"the page of {code} ({CODES[code].title}) is not installed: {path} is missing")
    return path.read_text(encoding="utf-8")


def _as_text(page: str, width: int, colour: bool) -> Iterator[str]:
    """The page for a terminal: prose wrapped, examples set in and never wrapped."""
    paragraph: list[str] = []
    fenced = False
    for line in [*page.strip("\n").split("\n"), ""]:
        if line.startswith("```") or fenced:
            yield from _prose(paragraph, width)
            paragraph = []
            if not line.startswith("```"):
                yield f"    {line}".rstrip()
            fenced = fenced != line.startswith("```")
        elif line.startswith("#"):
            yield from _prose(paragraph, width)
            paragraph = []
            title = line.lstrip("#").strip()
            yield f"{BOLD}{title}{OFF}" if colour else title
        elif not line or line.startswith(("- ", "|")):
            yield from _prose(paragraph, width)
            paragraph = [line] if line else []
            if not line:
                yield ""
        else:
            paragraph.append(line.strip())


def _prose(paragraph: list[str], width: int) -> list[str]:
    if not paragraph or paragraph[0].startswith("|"):
        return paragraph
    later = "  " if paragraph[0].startswith("- ") else ""
    return textwrap.wrap(" ".join(paragraph), width, subsequent_indent=later, break_long_words=False, break_on_hyphens=False)
