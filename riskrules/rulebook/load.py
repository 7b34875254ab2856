"""A rulebook from its folder: every file read, typed and placed, or every problem at once."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from riskrules.diagnostics.problem import Problem, Span
from riskrules.rulebook.compile import Book
from riskrules.rulebook.proofs import is_error
from riskrules.rulebook.shelf import Shelf, misplaced, text_digest
from riskrules.rulebook.versions import PolicyFile, history
from riskrules.rules.header import Header
from riskrules.rules.typed import typed
from riskrules.text.document import Mapping
from riskrules.text.reader import read_on


def load_book(shelf: Shelf, rulebook: str) -> tuple[Book | None, list[Problem]]:
    """The book, ready to be compiled at any time; None where a file cannot be read or typed."""
    folder = shelf.folder / rulebook
    paths = shelf.files(rulebook)
    if not paths:
        return None, [
            Problem(
                "RR313",
                Span(str(folder), 1, 1, 1, 1),
                f"there is no rulebook {rulebook!r}",
                _rulebooks_hint(shelf, rulebook),
                found=rulebook,
            )
        ]
    files, problems = read_files(paths, shelf.folder)
    lines, more = history(files)
    problems += more
    if any(is_error(problem) for problem in problems):
        return None, problems
    return Book(rulebook, str(folder), text_digest(paths, shelf.folder), lines), problems


def _rulebooks_hint(shelf: Shelf, rulebook: str) -> str:
    known = shelf.rulebooks()
    if (path := Path(rulebook)).name != rulebook:
        return f"give its name alone, and with --policies the folder it is in: --policies {path.parent} --rulebook {path.name}"
    near = get_close_matches(rulebook, known, 1)
    if near:
        return f"did you mean {near[0]}?"
    return f"{shelf.folder} has: {', '.join(known)}" if known else f"{shelf.folder} has no rulebook yet"


def read_files(paths: Iterable[Path], root: Path) -> tuple[list[PolicyFile], list[Problem]]:
    files: list[PolicyFile] = []
    problems: list[Problem] = []
    for path in paths:
        file, found = read_file(path, root)
        problems += found
        if file:
            files.append(file)
    return files, problems


def read_file(path: Path, root: Path) -> tuple[PolicyFile | None, list[Problem]]:
    if path.suffix != ".yaml":
        return None, [
            Problem(
                "RR302",
                Span(str(path), 1, 1, 1, 1),
                f"{path.name} is not a policy file",
                "a rulebook holds .yaml files only; keep others elsewhere",
            )
        ]
    return policy_file(path.read_bytes(), path, root)


def policy_file(data: bytes, path: Path, root: Path) -> tuple[PolicyFile | None, list[Problem]]:
    """The file that these bytes are, or would be, at the path."""
    document, header, problems = _read(data, str(path))
    if document is None or header is None:
        return None, problems
    problems += misplaced(path, root, header.kind, header.rulebook, header.first_from)
    shown = "/".join(path.relative_to(root).parts[1:]) if path.is_relative_to(root) else path.name
    return PolicyFile(shown, str(path), document, header), problems


def lone_file(data: bytes, name: str) -> list[Problem]:
    """What is wrong with a policy file by itself, wherever it is meant to lie."""
    return _read(data, name)[2]


def _read(data: bytes, name: str) -> tuple[Mapping | None, Header | None, list[Problem]]:
    document, unread = read_on(data, name)
    if document is None:
        return None, None, unread
    header, untyped = typed(document)
    told = {problem.at for problem in unread}
    problems = unread + [problem for problem in untyped if problem.at not in told]
    return document, (None if unread else header), problems


def problems_with(shelf: Shelf, rulebook: str, path: Path, text: str) -> list[Problem]:
    """What would be wrong with the rulebook if the text lay at the path as well."""
    files, problems = read_files([one for one in shelf.files(rulebook) if one != path], shelf.folder)
    file, found = policy_file(text.encode(), path, shelf.folder)
    problems += found
    return problems + history([*files, file] if file else files)[1]
