"""`riskrules schema`: one, all, or written to files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskrules.rules.kinds import kinds
from riskrules.rules.schema import schema_of, schema_text
from tests.cli.conftest import Riskrules


@pytest.mark.parametrize("kind", kinds())
def test_one_is_printed(kind: str, riskrules: Riskrules) -> None:
    ran = riskrules("schema", kind)
    assert (ran.code, ran.out, ran.err) == (0, schema_text(kind), "")


def test_all_are_one_json_text(riskrules: Riskrules) -> None:
    assert json.loads(riskrules("schema").out) == [schema_of(kind) for kind in kinds()]


def test_those_of_outputs_are_shipped(riskrules: Riskrules) -> None:
    assert json.loads(riskrules("schema", "explain").out)["$id"] == "riskrules/explain/1"


def test_write_says_what_changed(small_house: Path, riskrules: Riskrules) -> None:
    first = riskrules("schema", "--write", "--out", "out")
    assert first.out.splitlines() == [str(Path("out") / f"{kind}.json") for kind in kinds()]
    (small_house / "out/tiers.json").write_text("stale", encoding="utf-8")
    second = riskrules("schema", "--write", "--out", "out")
    assert (second.out, second.err) == ("out/tiers.json\n", f"{len(kinds())} schemas: 1 changed\n")
    assert riskrules("schema", "--write", "--out", "out").err.endswith("none changed\n")
    assert sorted(path.name for path in (small_house / "out").iterdir()) == [f"{kind}.json" for kind in kinds()], "nothing is left beside"


def test_write_goes_to_schemas(small_house: Path, riskrules: Riskrules) -> None:
    assert riskrules("schema", "flat", "--write").out == "schemas/flat.json\n"
    assert (small_house / "schemas/flat.json").read_text(encoding="utf-8") == schema_text("flat")


@pytest.mark.parametrize(
    "arguments, said, why",
    [
        (("tires",), "did you mean tiers?", "a near match is named"),
        (("zzz",), "one of contracts, ", "else all are"),
        (("--out", "out"), "--write", "a folder without writing"),
        (("explain", "--write"), "no kind 'explain'", "an output's schema is not printed from a model"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], said: str, why: str, riskrules: Riskrules) -> None:
    ran = riskrules("schema", *arguments)
    assert (ran.code, ran.out) == (2, ""), why
    assert said in ran.err, why
