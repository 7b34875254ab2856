"""Every code has a reproducer, prints what is expected of it, and has a page that shows the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskrules.diagnostics.codes import CODES
from tests.catalogue.cases import ACCOMPANIED, EXPECTED, HERE, files_of, said
from tests.catalogue.made import MADE
from tests.catalogue.pages import PAGES, page_of, refreshed

RESET = "python -m tests.catalogue.reset"
PACKAGE = HERE.parent.parent / "riskrules"
MENTION = re.compile(r"\bRR\d{3}\b")


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_a_reproducer(code: str) -> None:
    assert code in MADE or files_of(code), f"put the smallest thing that causes {code} into {HERE / code}"


@pytest.mark.parametrize("code", CODES)
def test_it_prints_what_is_expected(code: str) -> None:
    expected = (HERE / code / EXPECTED).read_text(encoding="utf-8")
    assert said(code) == expected, f"read the difference; where it is right: {RESET} {code}"


@pytest.mark.parametrize("code", CODES)
def test_it_says_its_code_and_no_other(code: str) -> None:
    expected = (HERE / code / EXPECTED).read_text(encoding="utf-8")
    assert f"[{code}]" in expected or f"  {code}  " in expected, "the code of the folder is not among what is printed"
    assert code in ACCOMPANIED or not set(MENTION.findall(expected)) - {code}, "the smallest example causes one thing"


@pytest.mark.parametrize("code", CODES)
def test_its_page_shows_the_same(code: str) -> None:
    page = page_of(code).read_text(encoding="utf-8")
    assert page == refreshed(code, page), f"the page is stale: {RESET} {code}"


@pytest.mark.parametrize("code", CODES)
def test_its_page_is_short_and_complete(code: str) -> None:
    means, why, *_ = page_of(code).read_text(encoding="utf-8").partition("\n\n")[2].split("\n\n")
    mend = page_of(code).read_text(encoding="utf-8").partition("## How to mend it\n\n")[2]
    for part in (means, why, mend):
        assert part.strip(), "what it means, why it is refused, how to mend it"
        assert len(part.split()) <= 75, "a page is read while something is broken"


def test_every_code_of_the_package_is_declared() -> None:
    said_in = {code: path for path in sorted(PACKAGE.rglob("*.py")) for code in MENTION.findall(path.read_text(encoding="utf-8"))}
    assert {code: path.name for code, path in said_in.items() if code not in CODES} == {}


def test_every_code_is_said_somewhere() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path.name != "codes.py"]
    assert [code for code in CODES if not any(code in text for text in texts)] == [], "a code that nothing can produce is taken out"


def test_no_folder_is_left_of_a_code_that_is_gone() -> None:
    assert {path.name for path in HERE.glob("RR*")} <= set(CODES)


def test_the_index_lists_every_code_once() -> None:
    listed = re.findall(r"^\| \[(RR\d{3})\]", (PAGES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(CODES)


def test_the_index_says_the_titles() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert [code for code, known in CODES.items() if known.title not in index] == []


def test_a_wrong_expectation_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is with what is printed now: another reproducer gives another text."""
    monkeypatch.setattr("tests.catalogue.cases.HERE", tmp_path)
    (tmp_path / "RR120").mkdir()
    (tmp_path / "RR120" / "policy.yaml").write_text("a: 1\nb: 1\nb: 2\n", encoding="utf-8")
    assert said("RR120") != (HERE / "RR120" / EXPECTED).read_text(encoding="utf-8")
    assert "3 | b: 2" in said("RR120")
