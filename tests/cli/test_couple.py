"""`riskrules couple`: its outputs, its exit codes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Riskrules
from tests.places import EXAMPLES, POLICIES, ROOT

HOUSE = ("--policies", str(POLICIES))
EXAMPLE = str(EXAMPLES / "portfolio.json")


def test_the_example_is_told(riskrules: Riskrules) -> None:
    ran = riskrules("couple", EXAMPLE, *HOUSE)
    assert ran.code == 0
    assert ran.out.startswith("HEALTHY  hedged  cross, 3 markets")
    assert "binding vertex toward identity 30%" in ran.out
    assert "again     riskrules couple" in ran.out


def test_what_is_printed_is_as_its_schema_says(riskrules: Riskrules) -> None:
    ran = riskrules("couple", EXAMPLE, *HOUSE, "--format", "json")
    schema = json.loads((ROOT / "schemas" / "output" / "couple.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(ran.out))


def test_a_page_is_written_whole(riskrules: Riskrules, tmp_path: Path) -> None:
    there = tmp_path / "coupled.html"
    ran = riskrules("couple", EXAMPLE, *HOUSE, "--format", "html", "--out", str(there))
    assert (ran.code, ran.out) == (0, "")
    assert there.read_text(encoding="utf-8").endswith("</html>\n")


def test_an_undecided_account_is_exit_30(riskrules: Riskrules, tmp_path: Path) -> None:
    made = json.loads(Path(EXAMPLE).read_text(encoding="utf-8"))
    del made["markets"]["ETH-USDT"]
    there = tmp_path / "no_price.json"
    there.write_text(json.dumps(made), encoding="utf-8")
    for form in ("text", "json", "html"):
        ran = riskrules("couple", str(there), *HOUSE, "--format", form)
        assert ran.code == 30
        assert "RR501" in ran.out


@pytest.mark.parametrize(
    "more, said, why",
    [
        (("--stress", "flood"), "there is no scenario 'flood'; one of selloff, rally", "a stress is one of the policy's"),
        (("--account", "nobody"), "no account 'nobody'", "one of the snapshot's"),
        (("--rulebook", "hyperliquid"), "RR573", "a venue whose rules say nothing of it"),
    ],
)
def test_what_is_refused(more: tuple[str, ...], said: str, why: str, riskrules: Riskrules) -> None:
    ran = riskrules("couple", EXAMPLE, *HOUSE, *more)
    assert ran.code == 2, why
    assert said in ran.err
