"""Reproducers: what lies in the folder of a code, and what riskrules says about it.

    RR123/policy.yaml                one file, read and typed by itself
    RR111/policy.yaml.escaped        the same with what nobody can see spelled out: \\u202e, and \\udcff for the byte ff
    RR203/house-usdm/tiers/…yaml     laid over the shipped rulebook of that name; an empty file takes one away
    RR730/format.yaml                formatted by itself
    RR731/against.json               read as what a venue printed
    RR502/snapshot.json              explained under the rulebook and the time that it names (with an overlay, where there is one)
    RR531/legs.json                  the legs of a mark price
    RR536/step.json                  the state of a liquidation
    RR707/ccxt.json                  imported into the house rulebook (also binance.json, rows.json)
    RR…/expected.txt                 exactly what is printed; `python -m tests.catalogue.reset` writes it again

What no file can hold (a file too large, a bug of ours) is made in `made.py`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from riskrules.api import PolicyError, load
from riskrules.cli.check import promised_of
from riskrules.diagnostics import Problem, render
from riskrules.engine.door import parse_text, snapshot_of
from riskrules.engine.mark_input import mark_input_of
from riskrules.engine.mark_text import mark_text
from riskrules.engine.marking import marked
from riskrules.engine.step_input import state_of
from riskrules.engine.step_text import step_text
from riskrules.engine.stepping import next_steps
from riskrules.engine.venue_said import said_by
from riskrules.rulebook.compile import Book, prove_everything
from riskrules.rulebook.formatting import formatted
from riskrules.rulebook.importing import Effective, import_tiers
from riskrules.rulebook.importing.sources import Shape
from riskrules.rulebook.load import load_book
from riskrules.rulebook.shelf import Shelf
from riskrules.rules.typed import typed
from riskrules.text import read
from riskrules.units.clock import instant
from tests.catalogue.made import MADE

HERE = Path(__file__).resolve().parent
SHIPPED = HERE.parent.parent / "policies"
EXPECTED = "expected.txt"
HOUSE, FORM, WHEN = "house-usdm", "marginal_on_mark_notional", "2027-01-01T00:00:00Z"
SHAPES: tuple[Shape, ...] = ("ccxt", "binance", "rows")
ESCAPED = ".escaped"
WIDTH = 100  # a page is read in a terminal too

# Codes that cannot come alone, and why.
ACCOMPANIED = {
    "RR108": "it takes two hundred others to be too many",
    "RR531": "a price is undecided because its legs are missing, each with a code of its own",
}


def content(code: str, path: Path) -> bytes:
    """What the reproducer's file holds, escapes undone."""
    data = (HERE / code / path).read_bytes()
    return data.decode("unicode_escape").encode("utf-8", "surrogateescape") if path.suffix == ESCAPED else data


def files_of(code: str) -> list[Path]:
    """The files of the reproducer, paths relative to its folder."""
    folder = HERE / code
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.name != EXPECTED)


def said(code: str) -> str:
    """What is printed for the reproducer of a code; where the code is not among it, that shows."""
    printed_by = MADE[code].prints if code in MADE else None
    if printed_by:
        return printed_by()
    with _room(code):
        problems, text = _met(code)
        if text:
            return text
        sources = {str(path): path.read_text(encoding="utf-8", errors="replace") for path in Path().rglob("*.*") if path.is_file()}
        mine = [problem for problem in problems if problem.code == code]
        printed = render(mine, sources, width=WIDTH)
    others = sorted({problem.code for problem in problems} - {code})
    return printed + (f"(beside {', '.join(others)})\n" if others else "")


@contextlib.contextmanager
def _room(code: str) -> Iterator[None]:
    """A folder with the reproducer and, where it needs one, the rulebook under it; paths are then as short as a user's."""
    kept = os.environ.get("RISKRULES_CACHE")
    os.environ["RISKRULES_CACHE"] = "off"
    try:
        with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
            _furnish(HERE / code, code)
            yield
    finally:
        os.environ.pop("RISKRULES_CACHE")
        if kept is not None:
            os.environ["RISKRULES_CACHE"] = kept


def _furnish(folder: Path, code: str) -> None:
    if code in MADE:
        Path("policy.yaml").write_bytes(MADE[code].file())
        return
    shutil.copytree(SHIPPED / HOUSE, Path("policies") / HOUSE)
    for path in files_of(code):
        if len(path.parts) == 1:
            Path(path.name.removesuffix(ESCAPED)).write_bytes(content(code, path))
            continue
        there = Path("policies") / path
        there.parent.mkdir(parents=True, exist_ok=True)
        there.unlink(missing_ok=True)
        if (folder / path).stat().st_size:
            shutil.copy(folder / path, there)


def _met(code: str) -> tuple[list[Problem], str]:
    """Problems, or the text of an explanation."""
    if Path("policy.yaml").exists():
        return _policy(), ""
    if Path("format.yaml").exists():
        return formatted(Path("format.yaml").read_bytes(), "format.yaml").problems, ""
    if Path("against.json").exists():
        text = Path("against.json").read_text(encoding="utf-8")
        return said_by(parse_text(text, "against.json")[0], "against.json", text)[1], ""
    for name, explained in (("legs.json", _marks), ("step.json", _steps)):
        if Path(name).exists():
            return [], explained(Path(name).read_text(encoding="utf-8"))
    if snapshot := next(Path().glob("snapshot.*"), None):
        return _snapshot(snapshot)
    for shape in SHAPES:
        if Path(f"{shape}.json").exists():
            return _imported(shape), ""
    book, problems = _book()
    if book is not None and code.startswith("RR80"):
        return promised_of(book, None), ""
    return problems + (list(prove_everything(book)) if book else []), ""


def _policy() -> list[Problem]:
    document, problems = read(Path("policy.yaml").read_bytes(), "policy.yaml")
    return problems if document is None else typed(document)[1]


def _book() -> tuple[Book | None, list[Problem]]:
    return load_book(Shelf(Path("policies"), packaged=False), HOUSE)


def _snapshot(path: Path) -> tuple[list[Problem], str]:
    text = path.read_text(encoding="utf-8")
    try:
        book = load("policies", rulebook=_word(text, "rulebook") or HOUSE, as_of=_word(text, "as_of") or WHEN)
        return [], f"{book.explain(path)}\n"
    except PolicyError as error:
        return list(error.problems), ""


def _marks(text: str) -> str:
    given, problems = mark_input_of(parse_text(text, "legs.json")[0], "legs.json", text)
    assert given is not None, problems
    return "\n\n".join(mark_text(one, WIDTH) for one in marked(load("policies", rulebook=HOUSE, as_of=WHEN).plan, given)) + "\n"


def _steps(text: str) -> str:
    tree, _ = parse_text(text, "step.json")
    state, problems = state_of(tree.pop("liquidation"), "step.json", text)
    assert not problems
    book = load("policies", rulebook=HOUSE, as_of=WHEN)
    snapshot, problems = snapshot_of(tree, "step.json", text, book.plan.drivers)
    assert snapshot is not None, problems
    return "\n\n".join(step_text(one, WIDTH) for one in next_steps(book.plan, snapshot, state)) + "\n"


def _word(text: str, key: str) -> str:
    """A text field of a snapshot that may not be readable as a whole."""
    after = text.partition(f'"{key}": "')[2]
    return after.partition('"')[0]


def _imported(shape: Shape) -> list[Problem]:
    begins = instant(WHEN)
    assert begins is not None
    file, words = f"{shape}.json", {"reason": "As seen.", "source": "the venue"}
    made = import_tiers(Path(file).read_bytes(), file, shape, HOUSE, Effective(begins), _book()[0], FORM, skip_bad=False, **words)
    return [*made.problems, *made.skipped]
