"""docs/venues.md is what the rulebooks print, and says of each what a reader must know before using it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Riskrules
from tests.places import POLICIES, ROOT

STALE = "run `riskrules venues --out docs/venues.md`"


def test_the_page_is_what_is_printed(riskrules: Riskrules) -> None:
    assert riskrules("venues", "--policies", str(POLICIES)).out == (ROOT / "docs/venues.md").read_text(encoding="utf-8"), STALE


@pytest.mark.parametrize(
    "said, why",
    [
        ("| [small](#small) | venue | 2026-01-01 |", "whose rules, and when they were seen"),
        ("Reproduces 1 of 2 published figures (`pytest`).", "how many figures come out"),
        ("- Whether it rains.", "what is not settled"),
        ("No invariant is declared.", "what nobody has said is said to be so"),
        ("| marginal by ", "how its tables are meant"),
    ],
)
def test_what_it_says(said: str, why: str, small_house: Path, riskrules: Riskrules) -> None:
    status = next((small_house / "policies/small/status").glob("*.yaml"))
    text = status.read_text(encoding="utf-8")
    head = text.partition("title:")[0]
    status.write_text(
        f"{head}title: Small\nauthority: venue\ncaptured: 2026-01-01T00:00:00Z\nstale_after: 30d\n"
        "reproduces: {figures: 1, of: 2, by: pytest}\nunsettled:\n  - Whether it rains.\n",
        encoding="utf-8",
    )
    ran = riskrules("venues")
    assert ran.code == 0, ran.err
    assert said in ran.out, why


def test_it_is_written_whole(small_house: Path, riskrules: Riskrules) -> None:
    ran = riskrules("venues", "--out", "venues.md")
    assert (small_house / "venues.md").read_text(encoding="utf-8") == riskrules("venues").out
    assert "written: venues.md" in ran.err
    shutil.rmtree(small_house / "policies/small/status")
    assert riskrules("venues").code == 0
    assert "RR304" in riskrules("venues").out
