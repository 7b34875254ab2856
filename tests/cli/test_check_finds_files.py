"""A check that looked at nothing is not a check that found nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from riskrules.cli.main import run
from tests.places import POLICIES


@pytest.mark.parametrize(
    "place, code, why",
    [
        (POLICIES / "house-usdm", 0, "a rulebook"),
        (POLICIES / "house-usdm" / "tiers", 0, "one kind of it is proved with the rest"),
        (POLICIES / "house-usdm" / "tiers" / "2026-12-01.yaml", 0, "one file"),
    ],
)
def test_what_is_there_is_checked(place: Path, code: int, why: str) -> None:
    assert run(["check", str(place)]) == code, why


def test_nothing_to_check_is_wrong_use(tmp_path: Path) -> None:
    empty = tmp_path / "nothing"
    empty.mkdir()
    assert run(["check", str(empty)]) == 2
    assert run(["check", "--policies", str(empty)]) == 2


@pytest.mark.parametrize(
    "arguments, code, said, why",
    [
        (("--rulebook", "house-usdm"), 0, "9 files checked", "one rulebook of the folder"),
        (("--rulebook", "house"), 2, "no rulebook 'house'; it has ascendex, aster", "there is no such"),
        ((str(POLICIES / "house-usdm"), "--rulebook", "hyperliquid"), 2, "is of rulebook house-usdm", "a folder of another"),
        (("--rulebook", "house-usdm", "--as-of", "2026-12-02T00:00:00Z"), 0, "0 errors", "as of a time"),
        (("--rulebook", "house-usdm", "--as-of", "2026-11-02T00:00:00Z"), 1, "RR312", "nothing is in force yet"),
        (("--as-of", "yesterday"), 2, "is not a time with an offset", "no time"),
    ],
)
def test_which_and_as_of_when(arguments: tuple[str, ...], code: int, said: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    policies = () if Path(arguments[0]).is_dir() else ("--policies", str(POLICIES))
    assert run(["check", *arguments, *policies]) == code, why
    assert said in capsys.readouterr().err, why


def test_the_policies_that_were_used_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    run(["check", "--policies", str(POLICIES), "--rulebook", "house-usdm", "--format", "json"])
    assert json.loads(capsys.readouterr().out)["policies"] == [str(POLICIES)]


def test_one_file_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It is read and typed by itself, and shown as it came."""
    for data, code in (((POLICIES / "house-usdm/tiers/2026-12-01.yaml").read_bytes(), 0), (b"kind: tires\n", 1)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert run(["check", "-"]) == code
    said = capsys.readouterr().err
    assert "1 file checked (standard input): 0 errors" in said
    assert "1 | kind: tires" in said
