"""An explanation as Markdown: golden texts, and laws about what may not become markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

import riskrules
from riskrules.api import Explanation
from riskrules.faces.markdown import code, plain
from tests.engine.test_explain_text import CASES, DESIGN_EXAMPLE, house
from tests.golden import same
from tests.places import POLICIES

GOLDEN = Path(__file__).parent / "golden"
IDS = [case[0] for case in CASES]


def explained(rulebook: str, given: dict[str, Any]) -> Explanation:
    return riskrules.load(POLICIES, rulebook=rulebook, as_of=given["as_of"]).explain(given)


@pytest.mark.parametrize("name, rulebook, given, why", CASES, ids=IDS)
def test_golden(name: str, rulebook: str, given: dict[str, Any], why: str) -> None:
    assert same(GOLDEN / f"{name}.md", explained(rulebook, given).markdown()), why


@pytest.mark.parametrize("name, rulebook, given, why", CASES, ids=IDS)
def test_it_says_what_the_data_say(name: str, rulebook: str, given: dict[str, Any], why: str) -> None:
    """Every step's value and place of its own pool, at either depth."""
    made = explained(rulebook, given)
    text = made.markdown(depth=2).replace("\\", "")
    for pool in made.shown:
        for step in pool.steps(2) if pool.legs else ():
            assert step.shown in text, why
            assert step.source in text, why


@pytest.mark.parametrize("name, rulebook, given, why", CASES, ids=IDS)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(name: str, rulebook: str, given: dict[str, Any], why: str) -> None:
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in explained(rulebook, given).markdown().splitlines() if line.startswith("| ")]
    assert len(set(bars)) <= 1, why


@pytest.mark.parametrize(
    "name, kept, why",
    [
        ("@alice", "`@alice cross USDT", "nobody is called by the name of an account"),
        ("a`b``c", "```a`b``c cross USDT", "more backticks than are in the name"),
        ("<img src=x>", "`<img src=x> cross", "no tag outside of code"),
        ("#12 | x", "`#12 | x cross", "no link to a ticket"),
    ],
)
def test_a_name_is_never_markup(name: str, kept: str, why: str) -> None:
    given = house(DESIGN_EXAMPLE)
    given["accounts"][0]["id"] = name
    assert kept in explained("house-usdm", given).markdown(), why


@any_of(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1))
def test_code_holds_any_text(text: str) -> None:
    """The fence is a run of backticks that the text has not; what is between is the text."""
    made = code(text)
    ticks = len(made) - len(made.lstrip("`"))
    inside = made[ticks:-ticks] if ticks else made
    assert made.endswith("`" * ticks)
    assert all(len(run) < ticks for run in re.findall("`+", inside))
    assert inside.strip() == " ".join(text.split())


@any_of(st.text())
def test_plain_text_has_no_markup(text: str) -> None:
    assert not re.search(r"(?<!\\)[*_`<|]", re.sub(r"\\\\", "", plain(text).replace("@<!-- -->", "@")))


def test_a_notebook_shows_the_same() -> None:
    made = explained("house-usdm", house(DESIGN_EXAMPLE))
    assert made._repr_markdown_() == made.markdown()
