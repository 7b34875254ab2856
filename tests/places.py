"""Where the tests find things: the checkout, its books, and the shared material when it is there."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POLICIES = ROOT / "policies"
EXAMPLES = ROOT / "examples"
BOOKS = ROOT / "tests" / "books"


def cases_folder() -> Path | None:
    """RISKRULES_CASES, else the cases shared beside the checkout."""
    chosen = os.environ.get("RISKRULES_CASES")
    folder = Path(chosen) if chosen else ROOT.parent / "shared" / "cases"
    return folder if folder.is_dir() else None
