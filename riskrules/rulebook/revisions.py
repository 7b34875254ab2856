"""Files as a git revision holds them, read into memory: the work tree is neither looked at nor touched.

Blobs are read by their ids, so that no attribute, filter, replacement or index has a say in what is read.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from riskrules.diagnostics.problem import Problem, Span

PLAIN = ("100644", "100755")
KINDS = {"120000": "a symbolic link", "160000": "a submodule"}
LONGEST = 60  # seconds
ALONE = {  # nothing is replaced, fetched, locked or asked for
    "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
}  # fmt: skip


class Unreadable(Exception):
    """What git holds cannot be had; carries every problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


class Revision(NamedTuple):
    """`REV:path`; the path counts from the root of the repository, with `./` from the folder that git is run in."""

    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.name}:{self.path}"


class Listed(NamedTuple):
    """What lies at and under a path of a revision: names from the root of the repository, each with its mode and id."""

    revision: Revision
    path: str  # from the root of the repository; "" is the root itself
    entries: dict[str, tuple[str, str]]
    where: Path

    @property
    def is_file(self) -> bool:
        return self.path in self.entries

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """The texts of plain files.  Raises `Unreadable`."""
        wanted = list(names)
        odd = [_odd(self.revision, name, self.entries[name][0]) for name in wanted if self.entries[name][0] not in PLAIN]
        if odd:
            raise Unreadable(odd)
        return dict(zip(wanted, _blobs([self.entries[name][1] for name in wanted], self.where), strict=True))


def revision_of(text: str) -> Revision | None:
    """`main:policies`; nothing that exists as a file of that name."""
    name, colon, path = text.partition(":")
    return Revision(name, path or ".") if colon and name and not Path(text).exists() else None


def listed(revision: Revision, where: Path = Path()) -> Listed:
    """Raises `Unreadable`."""
    commit = _commit(revision, where)
    path = _from_root(revision.path, where)
    entries = {name: (mode, blob) for mode, blob, name in _tree(commit, path, where)}
    if not entries:
        text = f"revision {revision.name} has nothing at {path or '.'}"
        raise Unreadable([Problem("RR321", None, text, "the path counts from the root of the repository", found=revision.path)])
    return Listed(revision, path, entries, where)


def _odd(revision: Revision, path: str, mode: str) -> Problem:
    text = f"{path} is {KINDS.get(mode, f'of mode {mode}')} in revision {revision.name}, and no plain file"
    at = Span(f"{revision.name}:{path}", 1, 1, 1, 1)
    return Problem("RR322", at, text, "a policy file is a plain file: what is read must be what is reviewed", found=mode)


def _commit(revision: Revision, where: Path) -> str:
    ran = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision.name}^{{commit}}"], where)
    if ran.returncode:
        inside = _git(["rev-parse", "--git-dir"], where)
        if inside.returncode:
            raise Unreadable([_no_git(f"this is no git repository: {_last(inside.stderr)}")])
        text = f"there is no revision {revision.name!r}"
        raise Unreadable(
            [Problem("RR320", None, text, "name a commit, branch or tag: main:policies, HEAD~1:policies", found=revision.name)]
        )
    return ran.stdout.decode().strip()


def _from_root(path: str, where: Path) -> str:
    """The path as a tree has it; "" is the root."""
    if path == "." or path.startswith(("./", "../")):
        prefix = _git(["rev-parse", "--show-prefix"], where).stdout.decode().strip()
        path = os.path.normpath(os.path.join(prefix, path))
    path = os.path.normpath(path).replace(os.sep, "/")
    return "" if path in (".", "/") else path.strip("/")


def _tree(commit: str, path: str, where: Path) -> Iterator[tuple[str, str, str]]:
    """Mode, id and path of every entry at or under a path."""
    ran = _git(["ls-tree", "-r", "-z", "--full-tree", commit, *(["--", path] if path else [])], where)
    for entry in ran.stdout.split(b"\0"):
        if entry:
            about, _, name = entry.partition(b"\t")
            mode, _, blob = about.decode().split(" ")[:3]
            yield mode, blob, name.decode("utf-8", "surrogateescape")


def _blobs(ids: list[str], where: Path) -> list[bytes]:
    """The contents, in one call."""
    out = _git(["cat-file", "--batch"], where, "".join(f"{one}\n" for one in ids).encode()).stdout
    found, at = [], 0
    for one in ids:
        end = out.index(b"\n", at)
        said = out[at:end].split(b" ")
        if len(said) != 3 or said[1] != b"blob":
            raise Unreadable([_no_git(f"git cannot give {one}: {out[at:end].decode('utf-8', 'replace')}")])
        size = int(said[2])
        found.append(out[end + 1 : end + 1 + size])
        at = end + 2 + size
    return found


def _git(words: list[str], where: Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    surroundings = {**os.environ, **ALONE}
    try:
        return subprocess.run(
            ["git", "--no-pager", *words], cwd=where, env=surroundings, input=given, capture_output=True, check=False, timeout=LONGEST
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreadable([_no_git(f"git cannot be run: {error}")]) from error


def _no_git(text: str) -> Problem:
    return Problem("RR323", None, text, "run it inside the repository, with git installed; a folder or file needs no git")


def _last(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "git says nothing"
