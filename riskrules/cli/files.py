"""Writing files: whole or not at all, beside and then moved into place."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> bool:
    """The text under that name, in place of whatever was there; False where it was there already."""
    data = text.encode("utf-8")
    if path.is_file() and path.read_bytes() == data:
        return False
    beside = _beside(path, data)
    if path.is_file():
        beside.chmod(path.stat().st_mode)
    beside.replace(path)
    return True


def write_new(path: Path, text: str) -> bool:
    """The text under a name that is free; False where another file has it.  The same text counts as written."""
    data = text.encode("utf-8")
    beside = _beside(path, data)
    try:
        os.link(beside, path)
    except FileExistsError:
        return path.read_bytes() == data
    finally:
        beside.unlink()
    return True


def _beside(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return beside
