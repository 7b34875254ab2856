"""What a terminal shows, as golden texts, and what holds for every one of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.diagnostics import CODES, Problem, Span, render, to_json

GOLDEN = Path(__file__).parent / "golden"
FILE = "policies/house/tiers/2026-12-01.yaml"
SOURCE = (
    """\
kind: tiers
tables:
  HIVE-USDT:
    tiers:
      - {cap:  50_000, ratio: 0.5%}      # 2026-06-02, approved
      - {cap: 250_000, ratio: 0.4%}
  币安人生-USDT: {tiers: [{cap: １, ratio: 1%}]}
  "x": 1 # \u202e evil
reason: """
    + "a long sentence that goes on " * 8
    + "no and on " * 4
    + "\n"
)


def _span(line: int, column: int, end_column: int, file: str = FILE, end_line: int | None = None) -> Span:
    return Span(file, line, column, end_line or line, end_column)


LOWER = Problem(
    "RR120",
    _span(6, 29, 33),
    "ratio falls from 0.5% to 0.4%",
    "ratio: 1%",
    expected="0.5% or more",
    labels=((_span(5, 29, 33), "the tier below asks for more"), (_span(6, 29, 33), "a larger position may not need a smaller share")),
)
CASES = [
    ("two_lines", LOWER, "the form of the notes: the line above with dashes, the line itself with carets"),
    (
        "wide",
        Problem("RR140", _span(7, 29, 30), "１ is fullwidth digit one (U+FF11)", "write 1"),
        "Chinese letters take two cells: carets stay below",
    ),
    (
        "hidden",
        Problem("RR111", _span(8, 12, 13), "right-to-left override (U+202E)", "delete it"),
        "it is shown by number and does not act",
    ),
    (
        "far_apart",
        Problem("RR120", _span(6, 9, 12), "cap is given twice", "keep one", labels=((_span(1, 1, 5), "given first here"),)),
        "a gap is said",
    ),
    (
        "two_files",
        Problem("RR120", _span(1, 1, 5), "said twice", "keep one", labels=((_span(2, 1, 4, "b.yaml"), "and in this file"),)),
        "each file has its arrow",
    ),
    ("several_lines", Problem("RR107", _span(3, 3, 4, end_line=6), "not a mapping", "write one"), "the first line is marked to its end"),
    ("cut", Problem("RR130", _span(9, 241, 243), "some readers take no for false", "quote it"), "a line too long is cut around its carets"),
    ("nowhere", Problem("RR103", None, "the file is too large", "split it"), "no place, no lines"),
    ("past_the_end", Problem("RR105", _span(10, 1, 2), "not YAML: unexpected end", "close the quote"), "the end of the file is a place"),
    (
        "no_source",
        Problem("RR101", _span(1, 7, 8, "gone.yaml"), "byte 0xff is not UTF-8", "save it as UTF-8"),
        "a text that cannot be shown",
    ),
]
SOURCES = {FILE: SOURCE, "b.yaml": "a: 1\nkind: tiers\n"}


@pytest.mark.parametrize("name, problem, why", CASES)
def test_golden(name: str, problem: Problem, why: str) -> None:
    path = GOLDEN / f"{name}.txt"
    assert render([problem], SOURCES, width=100) == path.read_text(encoding="utf-8"), why


@pytest.mark.parametrize("name, problem, why", CASES)
def test_colour_adds_nothing_to_the_text(name: str, problem: Problem, why: str) -> None:
    coloured = render([problem], SOURCES, colour=True, width=100)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render([problem], SOURCES, width=100)


@pytest.mark.parametrize("name, problem, why", CASES)
def test_no_line_is_wider_than_asked_but_for_notes(name: str, problem: Problem, why: str) -> None:
    for line in render([problem], SOURCES, width=60).split("\n"):
        if re.match(r" *\d+ \|", line):
            assert len(line) <= 60


def test_concise_is_one_line_with_the_path_first() -> None:
    assert render([LOWER, CASES[7][1]], SOURCES, style="concise") == (
        f"{FILE}:6:29: RR120 ratio falls from 0.5% to 0.4%\nRR103 the file is too large\n"
    )


def test_json_carries_all_of_it() -> None:
    data = json.loads(json.dumps(to_json(LOWER)))
    assert data["at"] == {"file": FILE, "line": 6, "column": 29, "end_line": 6, "end_column": 33}
    assert (data["code"], data["severity"], data["title"]) == ("RR120", "error", CODES["RR120"].title)
    assert (data["expected"], data["hint"], len(data["labels"])) == ("0.5% or more", "ratio: 1%", 2)
    assert to_json(CASES[7][1])["at"] is None


def test_codes_are_in_order_and_know_their_own_name() -> None:
    assert list(CODES) == sorted(CODES)
    for name, code in CODES.items():
        assert code.code == name
        assert re.fullmatch(r"RR[1-9]\d\d", name)
        assert code.severity in ("error", "warning")
        assert code.title == code.title.strip(".")


LINES = st.text(st.characters(exclude_characters="\n"), max_size=200)


@settings(max_examples=150, deadline=None)
@given(LINES, st.integers(1, 210), st.integers(1, 210), st.integers(1, 130))
def test_whatever_the_line_the_marks_stand_below_it_and_nothing_acts(line: str, start: int, end: int, width: int) -> None:
    text = render([Problem("RR111", _span(1, start, end, "f"), "x", "y")], {"f": line}, width=width)
    assert text.replace("\n", "").isprintable()
    assert "^" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_to_do_is_folded_between_words(width: int) -> None:
    """Under where it began; the first row of the message keeps its code, in colour too."""
    words = "text that goes on and on so that no screen holds it in one row, with max_leverage_of_a_long_name at its end"
    shown = render([Problem("RR120", None, words, words, expected="what was")], {}, width=width)
    rows = shown.splitlines()
    assert max(map(len, rows)) <= width
    assert " ".join(row.strip() for row in rows).count("max_leverage_of_a_long_name at its end") == 2
    fix = next(k for k, row in enumerate(rows) if "fix:" in row)
    assert rows[fix + 1].index(rows[fix + 1].strip()) == rows[fix].index("text that")
    coloured = render([Problem("RR120", None, words, words, expected="what was")], {}, colour=True, width=width)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == shown
