"""The part of an error page that is printed and not written: its title, the example and what is said about it."""

from __future__ import annotations

from pathlib import Path

from riskrules.diagnostics.codes import CODES
from riskrules.diagnostics.snippet import visible
from tests.catalogue.cases import ESCAPED, EXPECTED, HERE, content, files_of
from tests.catalogue.made import MADE

PAGES = HERE.parent.parent / "docs" / "errors"
BEGINS, ENDS = "## The smallest example\n", "## How to mend it\n"
LANGUAGE = {".yaml": "yaml", ".json": "json"}


def page_of(code: str) -> Path:
    return PAGES / f"{code}.md"


def refreshed(code: str, page: str) -> str:
    """The page with its printed parts as they are now; the words between stay."""
    body = page.partition("\n")[2]
    before, begins, rest = body.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not begins or not ends:
        raise ValueError(f"{code}.md lacks the heading {(BEGINS if not begins else ENDS).strip()!r}")
    return f"# {code}: {CODES[code].title}\n{before}{BEGINS}\n{_example(code)}{ENDS}{after}"


def _example(code: str) -> str:
    shown = f"{MADE[code].about}\n\n" if code in MADE else "".join(_file(code, path) for path in files_of(code))
    printed = (HERE / code / EXPECTED).read_text(encoding="utf-8")
    return f"{shown}What is printed:\n\n```text\n{printed}```\n\n"


def _file(code: str, path: Path) -> str:
    """The file with its place; a character that cannot be seen as its code point, a byte that is none as \\x.."""
    text = content(code, path).decode("utf-8", "backslashreplace")
    name = f"policies/{path}" if len(path.parts) > 1 else path.name.removesuffix(ESCAPED)
    if not text:
        return f"`{name}` is taken away.\n\n"
    lines = [visible(line) for line in text.removesuffix("\n").split("\n")]
    return f"`{name}`:\n\n```{LANGUAGE.get(Path(name).suffix, '')}\n" + "\n".join(lines) + "\n```\n\n"
