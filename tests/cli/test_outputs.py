"""What commands print for programs is held to the schemas that are shipped for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import Riskrules
from tests.cli.test_exit_codes import IMPORT, ROWS, SNAPSHOT, TIME, broken_book, gap, no_price

TWO_TIMES = ("--as-of", "2026-07-01T00:00:00Z", "--as-of", "2026-07-02T00:00:00Z")
ROOT = Path(__file__).resolve().parents[2]
OUTPUT, EXAMPLES, SHIPPED = ROOT / "schemas" / "output", ROOT / "examples", ("--policies", str(ROOT / "policies"))
CROSS: Any = SNAPSHOT["accounts"]
MANY = {
    **SNAPSHOT,
    "accounts": [
        *CROSS,
        {"id": "empty", "collateral": {"USDT": "1"}},
        {
            "id": "isolated",
            "collateral": {"USDT": "0"},
            "positions": [
                {"market": "BTC-USDT", "mode": "isolated", "size": "-1", "entry_price": "60000", "leverage": "10", "margin": "100"},
                {"market": "ETH-USDT", "mode": "isolated", "size": "1", "entry_price": "60000", "leverage": "10", "margin": "100"},
            ],
        },
    ],
}


def schema(name: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((OUTPUT / f"{name}.json").read_text(encoding="utf-8"))
    return made


@pytest.mark.parametrize("path", sorted(OUTPUT.glob("*.json")), ids=lambda path: path.stem)
def test_a_schema_is_one(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$id"] == f"riskrules/{path.stem}/1" == found["properties"]["schema"]["const"]


@pytest.mark.parametrize(
    "name, arguments, why",
    [
        ("check", ("check",), "a sound book"),
        ("check", ("check", "broken"), "problems with places and labels"),
        ("explain", ("explain", "one.json"), "one cross position"),
        ("explain", ("explain", "many.json"), "isolated, liquidatable, unknown market, no position"),
        ("explain", ("explain", "many.json", "--depth", "2"), "every named term"),
        ("explain", ("explain", "no_price.json"), "errors in place of figures"),
        ("ask", ("ask", "liquidation-price", "many.json"), "prices, an unknown market, no position"),
        ("ask", ("ask", "bankruptcy-price", "one.json"), "of equity"),
        ("ask", ("ask", "healthy-again", "many.json"), "turns"),
        ("ask", ("ask", "top-up", "many.json"), "a balance"),
        ("ask", ("ask", "max-size", "many.json", "--market", "BTC-USDT", "--side", "buy"), "a size, for each account"),
        ("ask", ("ask", "may-open", "one.json", "--order", "+1 BTC-USDT at 60000"), "reasons"),
        ("ask", ("ask", "may-open", "one.json", "--order", "+1 BTC-USD at 60000"), "no such market"),
        ("show", ("show", *TIME), "the book"),
        ("show", ("show", *TIME, "--formula", "equity"), "one formula"),
        ("show", ("show", "BTC-USDT", *TIME), "a table"),
        ("show", ("show", "ETH-USDT", *TIME), "withdrawn"),
        ("show", ("show", "ETH-USDT", "--as-of", "2026-02-10T00:00:00Z"), "two that may be in force"),
        ("show", ("show", "SOL-USDT", "--as-of", "2026-01-10T00:00:00Z"), "none yet"),
        ("import", IMPORT, "a file that is written"),
        ("import", (*IMPORT, "--dry-run"), "one that is not"),
        ("import", tuple("gap.json" if word == "rows.json" else word for word in IMPORT), "problems"),
        ("explain-code", ("explain-code", "RR203"), "a page"),
        ("compare", ("compare", "many.json", *TWO_TIMES), "one rulebook at two times"),
        ("compare", ("compare", "no_price.json", *TWO_TIMES), "errors in place of figures"),
        ("compare", ("compare", "one.json", "--as-of", "2020-01-01T00:00:00Z", *TIME), "a time with no rules"),
        ("manifest", ("manifest",), "every version"),
        ("manifest", ("manifest", "--as-of", "2026-02-10T00:00:00Z"), "what may be in force"),
        ("semantics", ("semantics", "--check"), "the sealed answers"),
        ("invariants", ("invariants", "small", "--accounts", "5"), "drawn accounts"),
        ("notes", ("notes", "small"), "none"),
        ("mark", ("mark", str(EXAMPLES / "legs.json"), *SHIPPED), "a median, a case for a missing leg, an undecided one"),
        ("step", ("step", str(EXAMPLES / "liquidation.json"), *SHIPPED), "a reduction, a deleveraging, none due, none known"),
    ],
)
def test_output_is_as_its_schema_says(name: str, arguments: tuple[str, ...], why: str, small_house: Path, riskrules: Riskrules) -> None:
    for file, value in (("one", SNAPSHOT), ("many", MANY), ("no_price", no_price), ("rows", ROWS), ("gap", gap)):
        (small_house / f"{file}.json").write_text(json.dumps(value), encoding="utf-8")
    if "broken" in arguments:
        broken_book(small_house)
        (small_house / "policies").rename(small_house / "broken")
    ran = riskrules(*arguments, "--format", "json")
    jsonschema.validate(json.loads(ran.out), schema(name), jsonschema.Draft202012Validator)


def test_every_format_json_has_a_schema() -> None:
    assert {path.stem for path in OUTPUT.glob("*.json")} >= {"check", "explain", "ask", "show", "import", "explain-code"}
