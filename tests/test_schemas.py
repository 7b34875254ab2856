"""schemas/ is what the models print, and every shipped policy file is what its schema says."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from riskrules.rules.kinds import kinds
from riskrules.rules.schema import schema_of, schema_text
from riskrules.text.reader import read

ROOT = Path(__file__).resolve().parent.parent
STALE = "run `riskrules schema --write`"


def stale(folder: Path) -> list[str]:
    """The kinds whose file is not what is printed, and the files of kinds that are gone."""
    there = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    printed = {kind: schema_text(kind) for kind in kinds()}
    return sorted(kind for kind in there.keys() | printed.keys() if there.get(kind) != printed.get(kind))


def test_schemas_are_what_is_printed() -> None:
    assert stale(ROOT / "schemas") == [], STALE


@pytest.mark.parametrize(
    "name, text, found, why",
    [
        ("tiers.json", "{}\n", ["tiers"], "an edited file"),
        ("tiers.json", None, ["tiers"], "a missing one"),
        ("tiers.json", schema_text("tiers").rstrip("\n"), ["tiers"], "to the last byte"),
        ("flat.json", schema_text("flat"), [], "the right one"),
        ("tapers.json", "{}\n", ["tapers"], "one of a kind that is gone"),
    ],
)
def test_what_is_stale_is_told(name: str, text: str | None, found: list[str], why: str, tmp_path: Path) -> None:
    for kind in kinds():
        (tmp_path / f"{kind}.json").write_text(schema_text(kind), encoding="utf-8")
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert stale(tmp_path) == found, why


@pytest.mark.parametrize("kind", kinds())
def test_a_schema_is_one(kind: str) -> None:
    made = schema_of(kind)
    jsonschema.Draft202012Validator.check_schema(made)
    assert (made["$id"], made["properties"]["kind"]["const"]) == (f"riskrules/{kind}/1", kind)
    assert "null" not in json.dumps(made), "nothing is null in a policy file"


@cache
def validator(kind: str) -> Any:
    return jsonschema.Draft202012Validator(schema_of(kind))


def complaints(path: Path) -> list[str]:
    """What the file's schema says against it, once the strict reader has read it."""
    document, problems = read(path.read_bytes(), str(path))
    assert document is not None
    assert not problems
    kind = document["kind"]
    assert isinstance(kind, str)
    return [f"{path}: {error.json_path}: {error.message}" for error in validator(kind).iter_errors(document)]


@pytest.mark.parametrize("path", sorted((ROOT / "policies").glob("*/*/*.yaml")), ids=lambda path: str(path.relative_to(ROOT / "policies")))
def test_a_shipped_policy_is_what_its_schema_says(path: Path) -> None:
    assert complaints(path) == []


TIERS = """kind: tiers
rulebook: small
effective: 2026-01-01T00:00:00Z
reason: A test.
form: marginal
tables:
  BTC-USDT:
    tiers:
      - {cap: 5_000, max_leverage: 25, maintenance_rate: 2%}
"""


@pytest.mark.parametrize(
    "was, becomes, why",
    [
        ("maintenance_rate: 2%", "maintenance_rate: 0.02", "a rate without its unit"),
        ("T00:00:00Z", "", "a date is not an instant"),
        ("BTC-USDT", "BTCUSDT", "not a market name"),
        ("max_leverage", "max_leverge", "a key that nobody declared"),
        ("reason: A test.\n", "", "a key that is missing"),
        ("kind: tiers", "kind: flat", "another kind"),
        ("rulebook: small", "rulebook: Small House", "not a name"),
    ],
)
def test_a_mistake_is_seen_by_the_schema_too(was: str, becomes: str, why: str) -> None:
    document, _ = read(TIERS, "a.yaml")
    assert list(validator("tiers").iter_errors(document)) == []
    wrong, _ = read(TIERS.replace(was, becomes), "a.yaml")
    assert list(validator("tiers").iter_errors(wrong)), why


@pytest.mark.parametrize("number, fine", [(0.02, False), (2, False), ("2%", True), ("20bps", True), ("1/50", True)])
def test_an_editor_refuses_a_bare_rate(number: object, fine: bool) -> None:
    """Editors type a plain scalar before they look at the schema: a number there has lost its unit."""
    rate = {"$defs": schema_of("tiers")["$defs"], **schema_of("tiers")["$defs"]["Tier"]["properties"]["maintenance_rate"]}
    assert jsonschema.Draft202012Validator(rate).is_valid(number) is fine
