"""`python -m tests.catalogue.reset [CODE…]`: writes the expected texts, and the pages that show them, as they are now.

Read the difference before it is kept: every line of it is what a user will read.
"""

from __future__ import annotations

import sys
from pathlib import Path

from riskrules.diagnostics.codes import CODES
from tests.catalogue.cases import EXPECTED, HERE, said
from tests.catalogue.pages import page_of, refreshed


def reset(code: str) -> bool:
    """Whether anything of the code was written."""
    (HERE / code).mkdir(exist_ok=True)
    changed = _write(HERE / code / EXPECTED, said(code))
    page = page_of(code)
    return (page.exists() and _write(page, refreshed(code, page.read_text(encoding="utf-8")))) or changed


def _write(path: Path, text: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def main(codes: list[str]) -> None:
    changed = [code for code in codes or CODES if reset(code)]
    print(f"written: {', '.join(changed)}" if changed else "nothing changed")


if __name__ == "__main__":
    main(sys.argv[1:])
