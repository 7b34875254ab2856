"""One side of a comparison: a file, a folder of policies, or either as a git revision holds it.

A folder has rulebooks, or is one.  A file is looked at in its rulebook: what it names, as of the instant at
which it begins.  A file that lies in no rulebook's folder is laid over the rulebook that it says it
belongs to, which is then looked for among the policies at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from riskrules.diagnostics.problem import Problem, Span
from riskrules.rulebook.compile import Book
from riskrules.rulebook.identity import Unit
from riskrules.rulebook.load import book_of, load_book, policy_file
from riskrules.rulebook.proofs import is_error
from riskrules.rulebook.revisions import Listed, Revision, listed, revision_of
from riskrules.rulebook.shelf import Shelf
from riskrules.rulebook.versions import History, PolicyFile, history
from riskrules.rules.kinds import kinds
from riskrules.units.clock import Instant

CONTEXT = ("margin", "prices", "status", "tier_forms")  # without these nothing can be compiled


class NoSide(Exception):
    """A side that cannot be had; carries every problem, and whether the book is at fault or the words that name it."""

    def __init__(self, problems: list[Problem], of_the_book: bool, texts: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems, self.of_the_book, self.texts = problems, of_the_book, dict(texts or {})


class Side(NamedTuple):
    """What is compared, and what to call it."""

    label: str
    books: dict[str, Book]
    only: frozenset[Unit] | None = None  # of a file: what it names
    when: Instant | None = None  # of a file: when it begins
    texts: dict[str, str] = {}  # of files that cannot be read again  # noqa: RUF012
    note: str = ""


class _Place(NamedTuple):
    """A policies folder somewhere: `root` is what its files are called by, `names` are theirs from there."""

    root: Path
    names: tuple[str, ...]
    read: Callable[[list[str]], dict[str, bytes]]
    in_memory: bool = False

    def texts(self, rulebook: str) -> dict[Path, bytes]:
        mine = [name for name in self.names if name.startswith(f"{rulebook}/")]
        return {self.root / name: data for name, data in self.read(mine).items()}


def side_of(text: str, shelf: Shelf | None) -> Side:
    """Raises `NoSide`, or `Unreadable` where git has not what is asked for."""
    revision = revision_of(text)
    if revision is not None:
        return _of_revision(text, listed(revision), shelf)
    path = Path(text)
    if path.is_file():
        return _of_disk_file(text, path.resolve(), shelf)
    if path.is_dir():
        return _of_folder(text, path.resolve())
    if shelf is not None and shelf.files(text):
        return _of_place(text, _on_disk(shelf.folder), [text])
    said = f"there is no file, folder or rulebook {text!r}"
    raise NoSide([Problem("RR324", None, said, "name a file, a policies folder, a rulebook, or REV:path of git", found=text)], False)


# -- on the disk -------------------------------------------------------------------------------------


def _on_disk(root: Path) -> _Place:
    root = root.relative_to(Path.cwd()) if root.is_relative_to(Path.cwd()) else root
    shelf = Shelf(root, packaged=False)
    names = tuple(path.relative_to(root).as_posix() for rulebook in shelf.rulebooks() for path in shelf.files(rulebook))
    return _Place(root, names, lambda wanted: {name: (root / name).read_bytes() for name in wanted})


def _of_folder(text: str, path: Path) -> Side:
    """One rulebook's folder, a policies folder, or what holds one of that name."""
    if any(_is_rule(f"{one.parent.name}/{one.name}") for one in path.glob("*/*.yaml")):
        return _of_place(text, _on_disk(path.parent), [path.name])
    for root in (path, path / "policies"):
        found = {one.parent.parent.name for one in root.glob("*/*/*.yaml") if _is_rule(f"{one.parent.name}/{one.name}")}
        if found:
            return _of_place(text, _on_disk(root), sorted(found))
    raise _no_policies(text)


def _is_rule(name: str) -> bool:
    """`tiers/2026-12-01.yaml`: in a folder that is called by a rule kind."""
    return name.endswith(".yaml") and name.count("/") == 1 and name.partition("/")[0] in kinds()


def _no_policies(text: str) -> NoSide:
    said = f"{text} has no policy files that lie as <rulebook>/<kind>/<date>.yaml"
    return NoSide([Problem("RR324", None, said, "name a policies folder, or the folder of one rulebook", found=text)], False)


def _of_disk_file(text: str, path: Path, shelf: Shelf | None) -> Side:
    folder = path.parent.parent
    if not _is_rule(f"{path.parent.name}/{path.name}") or not (folder / "margin").is_dir():
        return _of_file(text, path.read_bytes(), path, None, shelf)
    place = _on_disk(folder.parent)
    return _of_file(text, path.read_bytes(), place.root / folder.name / path.parent.name / path.name, place, shelf)


# -- in git ------------------------------------------------------------------------------------------


def _of_revision(text: str, found: Listed, shelf: Shelf | None) -> Side:
    parts = found.path.split("/") if found.path else []
    if found.is_file:
        path = Path(f"{found.revision.name}:{found.path}")
        data = found.read([found.path])[found.path]
        if len(parts) < 3 or not _is_rule("/".join(parts[-2:])):
            return _of_file(text, data, path, None, shelf)
        above = "/".join(parts[:-3])
        around = listed(Revision(found.revision.name, f"/{'/'.join(parts[:-2])}"), found.where)
        return _of_file(text, data, path, _in_git(around, above), shelf)
    for depth in (parts, [*parts, "policies"], parts[:-1]):
        root = "/".join(depth)
        place = _in_git(found, root)
        books = {name.partition("/")[0] for name in place.names if _is_rule(name.partition("/")[2])}
        if books:
            return _of_place(text, place, sorted(books))
    raise _no_policies(text)


def _in_git(found: Listed, root: str) -> _Place:
    """The policies folder at a path from the root of the repository."""
    start = f"{root}/" if root else ""
    names = tuple(name[len(start) :] for name in found.entries if name.startswith(start) and name.count("/") - start.count("/") >= 2)
    shown = tuple(name for name in names if not name.rpartition("/")[2].startswith("."))
    return _Place(
        Path(f"{found.revision.name}:{root}"), shown,
        lambda wanted: {name[len(start) :]: data for name, data in found.read([start + one for one in wanted]).items()}, in_memory=True,
    )  # fmt: skip


# -- what they are -----------------------------------------------------------------------------------


def _of_place(text: str, place: _Place, names: list[str]) -> Side:
    books: dict[str, Book] = {}
    problems: list[Problem] = []
    kept: dict[str, str] = {}
    for name in names:
        texts = place.texts(name)
        kept |= _kept(place, texts)
        book, wrong = book_of(name, place.root, texts)
        problems += wrong
        if book is not None:
            books[name] = book
    if any(is_error(problem) for problem in problems):
        raise NoSide(problems, True, kept)
    return Side(text, books, texts=kept)


def _kept(place: _Place | None, texts: Mapping[Path, bytes]) -> dict[str, str]:
    return {str(path): data.decode("utf-8", "replace") for path, data in texts.items()} if place and place.in_memory else {}


def _of_file(text: str, data: bytes, path: Path, place: _Place | None, shelf: Shelf | None) -> Side:
    kept = {str(path): data.decode("utf-8", "replace")}
    file, problems = policy_file(data, path, place.root if place else path.parent.parent)
    wrong = [problem for problem in problems if is_error(problem) and (place or problem.code not in ("RR301", "RR302"))]
    if file is None or wrong:
        raise NoSide(wrong or problems, True, kept)
    note = ""
    if place is None:
        book, note = _laid_over(file, shelf)
    else:
        side = _of_place(text, place, [file.header.rulebook])
        book, kept = side.books[file.header.rulebook], side.texts
    return Side(text, {file.header.rulebook: book}, frozenset(history([file])[0].versions), _when(file, book), kept, note)


def _laid_over(file: PolicyFile, shelf: Shelf | None) -> tuple[Book, str]:
    rulebook = file.header.rulebook
    book, problems = load_book(shelf, rulebook) if shelf is not None else (None, [])
    if book is None or shelf is None:
        at = Span(file.full, 1, 1, 1, 1)
        said = f"{file.path} lies in no rulebook's folder, and there is no rulebook {rulebook!r} at hand to read it under"
        problem = Problem("RR325", at, said, "name the folder of policies that has it with --policies")
        raise NoSide([one for one in problems if one.code != "RR313"] or [problem], False)
    over = History({**book.history.versions, **history([file])[0].versions})
    return replace(book, history=over, proofs={}), f"{file.path} is read under {rulebook} of {shelf.folder}"


def _when(file: PolicyFile, book: Book) -> Instant:
    """When the file begins; or later, from when on the rulebook has what is needed to read it."""
    begins = file.header.certain_from
    lines = [line for (kind, _), line in book.history.versions.items() if kind in CONTEXT]
    return begins if all(line[0].certain_from <= begins for line in lines) else max(line[0].certain_from for line in lines)
