"""`riskrules explain-code`: the page of a code, for a terminal or a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskrules.cli import explain_code
from riskrules.diagnostics.codes import CODES
from tests.cli.conftest import Riskrules

PAGE = """# RR203: a maintenance rate that falls

The rate of a tier is below the rate of the tier before it, so that a larger position would need a smaller share of itself to be held.

```
error[RR203]: a line of an example that is much longer than any terminal would like it to be and that is never wrapped at all
```

- Write a rate above the one before, or take the row out; then look at every row above it, because each must rise from the one below.
- Ask.
"""
SHOWN = """RR203: a maintenance rate that falls

The rate of a tier is below the rate of the tier before it, so that a larger
position would need a smaller share of itself to be held.

    error[RR203]: a line of an example that is much longer than any terminal would like it to be and that is never wrapped at all

- Write a rate above the one before, or take the row out; then look at every row
  above it, because each must rise from the one below.
- Ask.
"""


@pytest.fixture
def pages(small_house: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pages of our own, so that the look of a page is tested and not its words."""
    (small_house / "docs/errors").mkdir(parents=True)
    (small_house / "docs/errors/RR203.md").write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(explain_code, "packaged_folder", lambda name: small_house / name)
    monkeypatch.setattr(explain_code, "width_of", lambda stream: 80)
    return small_house / "docs/errors"


@pytest.mark.usefixtures("pages")
def test_a_page_as_text(riskrules: Riskrules) -> None:
    ran = riskrules("explain-code", "rr203")
    assert (ran.code, ran.out, ran.err) == (0, SHOWN, "")


@pytest.mark.usefixtures("pages")
def test_a_page_as_json(riskrules: Riskrules) -> None:
    told = json.loads(riskrules("explain-code", "RR203", "--format", "json").out)
    assert told["title"] == "a maintenance rate that falls"
    assert told["severity"] == "error"
    assert told["page"] == PAGE


@pytest.mark.usefixtures("pages")
def test_a_page_that_is_not_installed(riskrules: Riskrules) -> None:
    ran = riskrules("explain-code", "RR204")
    assert (ran.code, ran.out) == (2, "")
    assert "the page of RR204 (caps that do not rise) is not installed" in ran.err


@pytest.mark.parametrize(
    "code, said, why",
    [
        ("RR40", "RR405 (a worked example that does not come out)", "a digit is missing"),
        ("RR2O3", "did you mean RR203 (a maintenance rate that falls)", "a letter for a digit"),
        ("banana", "codes run from RR101 to RR", "nothing is near"),
    ],
)
def test_an_unknown_code(code: str, said: str, why: str, riskrules: Riskrules) -> None:
    ran = riskrules("explain-code", code)
    assert (ran.code, ran.out) == (2, ""), why
    assert said in ran.err, why


@pytest.mark.parametrize("code", CODES)
def test_every_page_prints(code: str, riskrules: Riskrules) -> None:
    ran = riskrules("explain-code", code)
    assert (ran.code, ran.err) == (0, "")
    assert code in ran.out.splitlines()[0]
