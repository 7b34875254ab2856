"""The command: a report, and an exit code that a script can go by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance import __main__ as command

Printed = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch

GOOD = {
    "id": "good", "venue": "binance", "model": "linear_upnl", "policy": {}, "tolerance": {},
    "inputs": {"side": "long", "qty": "1", "entry": "2", "mark": "3"}, "expected": {"unrealized_pnl": "1"},
}  # fmt: skip
BAD = {**GOOD, "id": "bad", "expected": {"unrealized_pnl": "2"}}
OTHER = {**GOOD, "id": "other", "model": "adl_bitmex"}


@pytest.mark.parametrize(
    "cases, code, says, why",
    [
        ([GOOD], 0, "all 1 1 0 0 0", "every figure agrees"),
        ([GOOD, BAD], 1, "failed cex/x.json bad (linear_upnl under binance-usdm) unrealized_pnl: printed 2, found 1:", "one differs"),
        ([OTHER], 0, "cex/x.json 1 0 0 0 1 adl_bitmex", "what is unsupported is named, and is no failure"),
    ],
)
def test_exit_codes(cases: list[object], code: int, says: str, why: str, tmp_path: Path, capsys: Printed, monkeypatch: Patch) -> None:
    (tmp_path / "cex").mkdir()
    (tmp_path / "cex" / "x.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["conformance", "--cases", str(tmp_path)])
    assert command.main() == code, why
    assert says in " ".join(capsys.readouterr().out.split()), why


def test_no_folder_is_wrong_use(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr("sys.argv", ["conformance", "--cases", str(tmp_path / "none")])
    assert command.main() == 2


def test_the_folder_of_the_environment_is_taken(tmp_path: Path, monkeypatch: Patch, capsys: Printed) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"cases": [GOOD]}), encoding="utf-8")
    monkeypatch.setenv("RISKRULES_CASES", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["conformance"])
    assert command.main() == 0
    assert "x.json" in capsys.readouterr().out
