"""The exit codes of the commands: scripts and CI branch on them, so each that a command can return is returned here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from riskrules.diagnostics import exits
from tests.cli.conftest import Riskrules

TIME = ("--as-of", "2026-07-01T00:00:00Z")
SNAPSHOT = {
    "as_of": "2026-07-01T00:00:00Z",
    "rulebook": "small",
    "markets": {"BTC-USDT": {"mark_price": "64000", "at": "2026-07-01T00:00:00Z"}},
    "accounts": [
        {
            "id": "a",
            "collateral": {"USDT": "1000"},
            "positions": [{"market": "BTC-USDT", "mode": "cross", "size": "0.1", "entry_price": "64000", "leverage": "10"}],
        }
    ],
}
ROWS = {
    "columns": ["bracket", "notionalFloor", "notionalCap", "maintMarginRatio", "initialLeverage", "cum"],
    "symbols": {"SOL/USDT:USDT": [[1, 0, 100000, "0.02", 25, 0]]},
}
IMPORT = (
    *("import", "tiers", "rows.json", "--from", "rows", "--rulebook", "small"),
    *("--effective", "2026-07-01T00:00:00Z", "--reason", "A test."),
)

Prepare = Callable[[Path], None]


def as_it_is(_: Path) -> None:
    pass


def written(name: str, value: object) -> Prepare:
    def prepare(here: Path) -> None:
        (here / name).write_text(json.dumps(value), encoding="utf-8")

    return prepare


def broken_book(here: Path) -> None:
    path = here / "policies/small/tiers/2026-01-01.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("maintenance_rate: 1%, ", "maintenance_rate: 0.4%, "), encoding="utf-8")


def torn_book(here: Path) -> None:
    """Not only wrong but unreadable, which is what an import needs to give up on a book."""
    (here / "policies/small/tiers/2026-01-01.yaml").write_text("kind: tiers\nkind: flat\n", encoding="utf-8")


def both(*steps: Prepare) -> Prepare:
    def prepare(here: Path) -> None:
        for step in steps:
            step(here)

    return prepare


def table(market: str) -> Prepare:
    head = "market,mode,size,entry_price,mark_price,mark_price_at,leverage,margin,taker_fee,unsettled_funding"
    row = f"{market},isolated,1,60000,60000,{TIME[1]},10,9000,0.0005,0"

    def prepare(here: Path) -> None:
        (here / "t.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")

    return prepare


no_price = {**SNAPSHOT, "markets": {}}
gap = {**ROWS, "symbols": {"SOL/USDT:USDT": [[1, 0, 100000, "0.02", 25, 0], [2, 200000, 300000, "0.03", 20, 1000]]}}

CASES = [
    ("check", ("check",), as_it_is, exits.FINE, "a sound book"),
    ("check", ("check",), broken_book, exits.FINDINGS, "a rate that falls"),
    ("check", ("check", "nowhere"), as_it_is, exits.BAD_USE, "a path that is not there"),
    ("explain", ("explain", "s.json"), written("s.json", SNAPSHOT), exits.FINE, "a healthy account"),
    ("explain", ("explain", "s.json"), as_it_is, exits.BAD_USE, "no such file"),
    ("explain", ("explain", "s.json"), both(written("s.json", SNAPSHOT), broken_book), exits.INVALID_BOOK, "its book is invalid"),
    ("explain", ("explain", "s.json"), written("s.json", no_price), exits.UNDECIDED, "a price is missing"),
    ("show", ("show", "BTC-USDT", *TIME), as_it_is, exits.FINE, "a table in force"),
    ("show", ("show", *TIME), as_it_is, exits.FINE, "the book"),
    ("show", ("show", "BTC-USDT"), as_it_is, exits.BAD_USE, "no time: the clock is never used"),
    ("show", ("show", "XRP-USDT", *TIME), as_it_is, exits.BAD_USE, "an unknown market"),
    ("show", ("show", "BTC-USDT", *TIME), broken_book, exits.INVALID_BOOK, "an invalid book shows nothing"),
    ("show", ("show", *TIME, "--rulebook", "/tmp/small"), as_it_is, exits.BAD_USE, "a path is no name of a rulebook"),
    ("show", ("show", *TIME, "--rulebook", ".."), as_it_is, exits.BAD_USE, "nor is the folder above"),
    ("show", ("show", "ETH-USDT", *TIME), as_it_is, exits.UNDECIDED, "withdrawn: there is no table in force"),
    ("manifest", ("manifest",), as_it_is, exits.FINE, "every rule of the book"),
    ("manifest", ("manifest", "--rulebook", "smal"), as_it_is, exits.BAD_USE, "no such rulebook"),
    ("manifest", ("manifest",), torn_book, exits.INVALID_BOOK, "a file that cannot be read has no digest"),
    ("semantics", ("semantics", "--check"), as_it_is, exits.FINE, "every sealed answer comes out"),
    ("schema", ("schema", "tiers"), as_it_is, exits.FINE, "a schema"),
    ("schema", ("schema", "tires"), as_it_is, exits.BAD_USE, "no such kind"),
    ("explain-code", ("explain-code", "RR203"), as_it_is, exits.FINE, "a page"),
    ("explain-code", ("explain-code", "RR2"), as_it_is, exits.BAD_USE, "no such code"),
    ("evaluate", ("evaluate", "t.csv", "--out", "o.csv", *TIME), table("BTC-USDT"), exits.FINE, "every row decided"),
    ("evaluate", ("evaluate", "t.csv", "--out", "o.csv", *TIME), table("XRP-USDT"), exits.UNDECIDED, "a row in error"),
    ("evaluate", ("evaluate", "in.csv", "--out", "o.csv", *TIME), as_it_is, exits.BAD_USE, "no such file"),
    ("evaluate", ("evaluate", "in.csv", "--out", "o.csv"), as_it_is, exits.BAD_USE, "no time: the clock is never used"),
    ("evaluate", ("evaluate", "in.csv", "--out", "o.csv", *TIME), broken_book, exits.INVALID_BOOK, "an invalid book decides nothing"),
    ("import", IMPORT, written("rows.json", ROWS), exits.FINE, "a file is written"),
    ("import", IMPORT, written("rows.json", gap), exits.FINDINGS, "a gap: nothing is written"),
    ("import", IMPORT[:-2], written("rows.json", ROWS), exits.BAD_USE, "no reason given"),
    ("import", IMPORT, as_it_is, exits.BAD_USE, "no such file"),
    ("import", IMPORT, both(written("rows.json", ROWS), torn_book), exits.INVALID_BOOK, "nothing to compare with"),
]

# What each command calls first; where that has a bug of ours, the command says so and exits 70.
BUGS = {
    "check": (("check",), "riskrules.cli.check.load_book"),
    "explain": (("explain", "s.json"), "riskrules.api.decide"),
    "show": (("show", *TIME), "riskrules.cli.show.plan_at"),
    "schema": (("schema",), "riskrules.cli.schema.schema_text"),
    "explain-code": (("explain-code", "RR203"), "riskrules.cli.explain_code.packaged_folder"),
    "import": (IMPORT, "riskrules.cli.importing.import_tiers"),
    "evaluate": (("evaluate", "in.csv", "--out", "o.csv", *TIME), "riskrules.cli.evaluate.plan_at"),
}


@pytest.mark.parametrize("command, arguments, prepare, code, why", CASES)
def test_exit_code(
    command: str, arguments: tuple[str, ...], prepare: Prepare, code: int, why: str, small_house: Path, riskrules: Riskrules
) -> None:
    prepare(small_house)
    ran = riskrules(*arguments)
    assert (ran.code, ran.out, ran.err) == (code, ran.out, ran.err), f"{command}: {why}"


@pytest.mark.parametrize("command", BUGS)
def test_a_bug_of_ours_is_70(command: str, small_house: Path, riskrules: Riskrules, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, broken = BUGS[command]
    both(written("s.json", SNAPSHOT), written("rows.json", ROWS))(small_house)

    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(broken, bug)
    ran = riskrules(*arguments)
    assert ran.code == exits.BUG
    assert "RR900" in ran.err
    assert "ZeroDivisionError" in ran.err


def test_no_command_is_forgotten() -> None:
    returned = {command: {exits.BUG} | {code for name, _, _, code, _ in CASES if name == command} for command in BUGS}
    assert returned == {
        "check": {0, 1, 2, 70},
        "explain": {0, 2, 20, 30, 70},
        "show": {0, 2, 20, 30, 70},
        "schema": {0, 2, 70},
        "explain-code": {0, 2, 70},
        "import": {0, 1, 2, 20, 70},
        "evaluate": {0, 2, 20, 30, 70},
    }


@pytest.mark.parametrize(
    "arguments, code, why",
    [
        (("--help",), 0, "help is no mistake"),
        (("show", "--help"), 0, "nor of a command"),
        ((), 2, "nothing was asked for"),
        (("shew",), 2, "no such command"),
        (("show", "--colour"), 2, "no such option"),
    ],
)
def test_the_group(arguments: tuple[str, ...], code: int, why: str, riskrules: Riskrules) -> None:
    assert riskrules(*arguments).code == code, why
