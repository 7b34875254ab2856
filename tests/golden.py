"""Golden texts: files that a test holds what is printed against; `python3 dev.py golden` writes all of them anew."""

from __future__ import annotations

import os
from pathlib import Path


def same(path: Path, text: str) -> bool:
    """Whether the text is the one kept; where they are being written anew, it becomes so."""
    if os.environ.get("RESET_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text
