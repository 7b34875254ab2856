"""What a case is run under: the rulebook's own files, untouched, and nothing of it but the case's own figures beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.conformance import books
from tests.conformance.books import TABLES, USDM, Book, own_form, write

BOOKS = tuple(one for one in vars(books).values() if isinstance(one, Book))
FORMED = tuple(book for book in BOOKS if book.form)  # some have no tables, and so no form of them
ROW = {"maintenance_rate": "1%", "max_leverage": "10"}


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.yaml")}


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.rulebook)
def test_its_files_are_copied_as_they_are(book: Book, tmp_path: Path) -> None:
    laid = book.flat({book.market("CASE"): ROW}).collateral({"CASE": {"weight": "90%", "owed_weight": "100%"}})
    write(laid, tmp_path)
    own, written = files(book.folder / book.rulebook), files(tmp_path / book.rulebook)
    kept = {name: text for name, text in own.items() if name.split("/")[0] not in TABLES}
    assert kept.items() <= written.items()
    added = written.keys() - kept.keys()
    assert added - {"contracts/2031-01-01-coins.yaml"} == {"flat/2031-01-01-case.yaml", "margin/2031-01-01-weights.yaml"}


@pytest.mark.parametrize("book", FORMED, ids=lambda book: book.rulebook)
def test_equality_changes_its_side_and_nothing_else(book: Book) -> None:
    own = own_form(book.folder / book.rulebook, book.form)
    side = "inclusive" if own["cap"] == "exclusive" else "exclusive"
    laid = book.bounds(side)
    (form,) = yaml.safe_load(laid.overlays[-1].body)["tier_forms"].values()
    assert {key for key in own if form[key] != own[key]} == {"cap"}
    assert laid.form != book.form


def test_a_form_that_says_so_already_stays() -> None:
    assert USDM.bounds("inclusive") == USDM
