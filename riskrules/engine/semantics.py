"""The identity of the engine's semantics: one digest of sealed cases, inputs and exact answers, that the package carries.

An engine that gives another answer to one of them is another engine, whatever its version number.  The
digest is read here; whether the answers are still those is `sealing`'s to say.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "sealed"
SEAL = FOLDER / "seal.txt"


@cache
def semantics() -> str:
    """The digest under which the cases were sealed."""
    return SEAL.read_text(encoding="ascii").strip()


def digest_of(files: dict[str, bytes]) -> str:
    """Of every sealed file by its name."""
    running = hashlib.sha256(b"riskrules/semantics/1\n")
    for name in sorted(files):
        running.update(f"{name}\0{len(files[name])}\0".encode())
        running.update(files[name])
    return running.hexdigest()
