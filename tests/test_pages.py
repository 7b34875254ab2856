"""Pages that walk through something are walked: their files are written out, and each of their commands is run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from riskrules.cli.main import run
from riskrules.engine.door import read_snapshot
from tests.places import ROOT

VENUE = (ROOT / "docs" / "add-a-venue.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", VENUE, re.MULTILINE | re.DOTALL)
COMMANDS = [line.strip().removeprefix("riskrules ") for line in re.findall(r"^    riskrules .+$", VENUE, re.MULTILINE)]
SNAPSHOT = (ROOT / "docs" / "snapshot.md").read_text(encoding="utf-8")
FIELDS = {of: re.findall(r"`(\w+)`", fields) for of, fields in re.findall(r"^\| (\w+) \| (`.+?) \|", SNAPSHOT, re.MULTILINE)}
ALWAYS = {of: re.findall(r"`(\w+)`", always) for of, always in re.findall(r"^\| (\w+) \| `.+? \|(.*)\|$", SNAPSHOT, re.MULTILINE)}


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the page, in a folder of their own."""
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_files_and_commands() -> None:
    assert len(FILES) == 8
    assert len(COMMANDS) == 5


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_page_is_fine(venue: Path, command: str) -> None:
    assert run(shlex.split(command)) == 0


def test_the_rulebook_has_nothing_to_complain_of(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["check"])
    assert capsys.readouterr().err.endswith("5 files checked (policies): 0 errors, 0 warnings\n")


def test_the_printed_figures_come_out(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["explain", "printed.json", "--format", "json"])
    (leg,) = json.loads(capsys.readouterr().out)["pools"][0]["legs"]
    assert {name: leg[name] for name in ("unrealised_profit", "position_initial", "position_maintenance")} == {
        "unrealised_profit": "5", "position_initial": "29", "position_maintenance": "0.725",
    }  # fmt: skip


def test_what_is_not_printed_answers_as_the_page_says(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = json.loads((venue / "printed.json").read_text(encoding="utf-8"))
    (account,) = given["accounts"]
    (one,) = account["positions"]
    order = {"market": "LTC-USDT", "side": "buy", "size": 1, "price": 60, "reduce_only": False}
    legs = [{**one, "id": side, "side": side, "size": size} for side, size in (("long", "1"), ("short", "-1"))]
    for changed, codes in [
        ({"markets": {"LTC-USDT": {"mark_price": "73"}}}, ["RR530"]),
        ({"accounts": [{**account, "orders": [order]}]}, ["RR530"]),
        ({"accounts": [{**account, "collateral": {"USDT": 100, "BTC": 1}}]}, ["RR506"]),
        ({"accounts": [{**account, "positions": legs}]}, ["RR507"]),
    ]:
        (venue / "changed.json").write_text(json.dumps(given | changed), encoding="utf-8")
        run(["explain", "changed.json"])
        printed = "".join(capsys.readouterr())
        assert [code for code in codes if code not in printed] == [], changed
    assert run(["ask", "may-open", "printed.json", "--order", "+1 LTC-USDT at 70"]) == 30
    assert run(["mark", "printed.json"]) != 0


def test_the_table_is_blank_where_nothing_is_known(venue: Path) -> None:
    run(shlex.split(COMMANDS[-1]))
    heads, *rows = [line.split(",") for line in (venue / "decided.csv").read_text(encoding="utf-8").splitlines()]
    prices = [dict(zip(heads, row, strict=True))['"liquidation_price"'] for row in rows]
    assert prices[1] == ""
    assert float(prices[0]) == pytest.approx(56 / 0.995)


@pytest.mark.parametrize("of", FIELDS)
def test_the_fields_of_a_snapshot_are_those_of_the_page(of: str) -> None:
    known = re.compile("what may stand here: (.*)")
    odd = {"zzzzzzzz": 1}
    position, account = {"positions": [odd]}, {"accounts": [odd]}
    given = {
        "snapshot": odd, "market": {"markets": {"BTC-USDT": odd}}, "asset": {"assets": {"USDT": odd}}, "account": account,
        "position": {"accounts": [position]}, "order": {"accounts": [{"orders": [odd]}]},
    }[of]  # fmt: skip
    _, problems = read_snapshot(json.dumps({"accounts": []} | given if of != "snapshot" else given), "s.json", {})
    shown = next(found[1].split(", ") for problem in problems if (found := known.match(problem.hint)))
    assert set(FIELDS[of]) == set(shown) - {"open_interest", "index_price_at"}
    level = [problem.text.removesuffix(" is missing") for problem in problems if problem.code == "RR603"]
    assert set(ALWAYS[of]) <= set(level)
