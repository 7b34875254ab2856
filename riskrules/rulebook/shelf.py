"""Where policies lie, and the files of one rulebook read, typed and in order.

    policies/<rulebook>/<kind>/<date>[-slug].yaml

The folder names, the date in the file name and what the file says of itself must agree: a reviewer
looks at the path first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from riskrules.diagnostics.problem import Problem, Span
from riskrules.units.clock import say_day

FILE_NAME = re.compile(r"(\d{4}-\d\d-\d\d)(?:-[a-z0-9][a-z0-9-]*)?\.yaml")


class Shelf(NamedTuple):
    """A policies folder, and how it was come by (it is always printed)."""

    folder: Path
    packaged: bool

    def rulebooks(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith("."))

    def files(self, rulebook: str) -> list[Path]:
        """Those of a rulebook; of what is no name of a folder here (a path, "..") none."""
        if rulebook in ("", ".", "..") or Path(rulebook).name != rulebook:
            return []
        return sorted(path for path in (self.folder / rulebook).rglob("*") if path.is_file() and not path.name.startswith("."))


def find_shelf(chosen: str | Path | None) -> Shelf | None:
    """The folder asked for, else ./policies, else the packaged ones."""
    if chosen is not None:
        return Shelf(Path(chosen), packaged=False) if Path(chosen).is_dir() else None
    if Path("policies").is_dir():
        return Shelf(Path("policies"), packaged=False)
    packaged = packaged_folder("policies")
    return Shelf(packaged, packaged=True) if packaged else None


def packaged_folder(name: str) -> Path | None:
    """A folder that the package carries: beside it in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_data" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    return None


def text_digest(files: Iterable[Path], root: Path) -> str:
    """The digest of the texts and their paths: what a cached plan is kept under."""
    running = hashlib.sha256()
    for path in files:
        data = path.read_bytes()
        running.update(f"{path.relative_to(root)}\0{len(data)}\0".encode())
        running.update(data)
    return running.hexdigest()


def misplaced(path: Path, root: Path, kind: str, rulebook: str, begins: int) -> Iterator[Problem]:
    """What the path says against what the file says."""
    parts = path.relative_to(root).parts
    at = Span(str(path), 1, 1, 1, 1)
    if len(parts) != 3:
        yield Problem("RR301", at, "a policy file lies at <rulebook>/<kind>/<date>.yaml", f"move it to {rulebook}/{kind}/{path.name}")
        return
    if parts[0] != rulebook:
        yield Problem(
            "RR301",
            at,
            f"the folder says rulebook {parts[0]}, the file says {rulebook}",
            f"move it to {rulebook}/{kind}, or correct the file",
            found=rulebook,
        )
    if parts[1] != kind:
        yield Problem(
            "RR301",
            at,
            f"the folder says kind {parts[1]}, the file says {kind}",
            f"move it to {rulebook}/{kind}, or correct the file",
            found=kind,
        )
    named = FILE_NAME.fullmatch(path.name)
    if named is None:
        yield Problem("RR302", at, f"the file name {path.name!r} is not <date>[-slug].yaml", f"call it {say_day(begins)}.yaml")
    elif named[1] != say_day(begins):
        hint = f"call it {path.name.replace(named[1], say_day(begins))}, or correct the time in it"
        yield Problem("RR302", at, f"the file name says {named[1]}, the file begins on {say_day(begins)}", hint, found=named[1])
