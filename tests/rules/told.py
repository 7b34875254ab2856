"""What is said of a policy text: the example of a kind's page, changed in one place, by itself or in the house rulebook."""

from __future__ import annotations

import re
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

from riskrules.ir import term as t
from riskrules.ir.frame import Frame
from riskrules.ir.program import flatten
from riskrules.ir.term import Term
from riskrules.ir.walk import Walk
from riskrules.rulebook.compile import prove_everything
from riskrules.rulebook.load import load_book
from riskrules.rulebook.shelf import Shelf
from riskrules.rules.typed import typed
from riskrules.text import read
from riskrules.units.exact import to_exact, to_fraction

ROOT = Path(__file__).resolve().parent.parent.parent
HOUSE = "house-usdm"
EXAMPLE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def page_example(kind: str) -> str:
    """The complete file that the kind's page shows."""
    found = EXAMPLE.search((ROOT / "docs" / "rules" / f"{kind}.md").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def changed(kind: str, old: str, new: str) -> str:
    text = page_example(kind)
    assert old in text, f"the page of {kind} no longer shows {old!r}"
    return text.replace(old, new, 1)


def codes_of(text: str) -> set[str]:
    """The codes under which one file is refused by itself."""
    document, problems = read(text, "policy.yaml")
    return {problem.code for problem in (problems if document is None else typed(document)[1])}


def house_with(folder: Path, files: dict[str, str]) -> Shelf:
    """The house rulebook with further files, each at its kind and name."""
    shutil.copytree(ROOT / "policies" / HOUSE, folder / HOUSE)
    for name, text in files.items():
        (folder / HOUSE / name).parent.mkdir(exist_ok=True)
        (folder / HOUSE / name).write_text(text, encoding="utf-8")
    return Shelf(folder, packaged=False)


def codes_in_house(folder: Path, files: dict[str, str]) -> set[str]:
    """The codes that a check of the house rulebook with these files finds."""
    book, problems = load_book(house_with(folder, files), HOUSE)
    return {problem.code for problem in problems + (list(prove_everything(book)) if book else [])}


def walked(terms: dict[str, Term], given: dict[str, Any]) -> dict[str, Any]:
    """Every term over one row of everything; a fault is given as it is."""
    program = flatten(terms)
    labels = {rows: ["the one"] for rows in t.ROWS}
    keys = {(below, above): [0] for below, parents in t.UP.items() for above in parents}
    values = {(rows, name): [_exact(given[name])] for rows, name in program.needs}
    walk = Walk(program, Frame(labels, keys, values))
    return {name: _fraction(walk.columns[k][0]) for name, k in program.named.items() if name in terms}


def _exact(value: Any) -> Any:
    return to_exact(Fraction(value)) if isinstance(value, (int, str, Fraction)) and not isinstance(value, bool) else value


def _fraction(value: Any) -> Any:
    return to_fraction(value) if isinstance(value, tuple) else value
