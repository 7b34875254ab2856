"""`riskrules fmt`: what is written, what is only shown, and that nothing is written by halves."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from riskrules.rulebook import formatting
from tests.cli.conftest import Riskrules

TIERS = "policies/small/tiers/2026-01-01.yaml"


def spoilt(here: Path) -> str:
    path = here / TIERS
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("{cap:", "{ cap:"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    return text


def test_a_sound_book_stays_as_it_is(riskrules: Riskrules, small_house: Path) -> None:
    assert riskrules("fmt", "--check").code == 0


@pytest.mark.parametrize("flag", ["--check", "--diff"])
def test_looking_writes_nothing(flag: str, riskrules: Riskrules, small_house: Path) -> None:
    spoilt(small_house)
    before = (small_house / TIERS).read_text(encoding="utf-8")
    ran = riskrules("fmt", flag)
    assert ran.code == 1
    assert f"not in its canonical look: {TIERS}" in ran.err
    assert ("-      - { cap:" in ran.out) == (flag == "--diff")
    assert (small_house / TIERS).read_text(encoding="utf-8") == before


def test_it_is_written_whole_with_its_mode(riskrules: Riskrules, small_house: Path) -> None:
    text = spoilt(small_house)
    (small_house / TIERS).chmod(0o640)
    assert riskrules("fmt").code == 0
    assert (small_house / TIERS).read_text(encoding="utf-8") == text
    assert (small_house / TIERS).stat().st_mode & 0o777 == 0o640
    assert riskrules("fmt").err.startswith("4 files looked at, 0 formatted") or "0 formatted" in riskrules("fmt").err


def test_one_bad_file_and_none_is_written(riskrules: Riskrules, small_house: Path) -> None:
    spoilt(small_house)
    before = (small_house / TIERS).read_text(encoding="utf-8")
    (small_house / "policies/small/tiers/2027-01-01.yaml").write_text("kind: tiers\nkind: tiers\n", encoding="utf-8")
    ran = riskrules("fmt")
    assert ran.code == 1
    assert "RR120" in ran.err
    assert (small_house / TIERS).read_text(encoding="utf-8") == before


def test_another_meaning_is_refused(riskrules: Riskrules, small_house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the look ever wrong, the digest of the meaning stands between it and the file."""
    before = (small_house / TIERS).read_text(encoding="utf-8")
    monkeypatch.setattr(formatting, "laid_out", lambda text, *_: text.replace("1%", "2%"))
    ran = riskrules("fmt", TIERS)
    assert ran.code == 1
    assert "RR730" in ran.err
    assert (small_house / TIERS).read_text(encoding="utf-8") == before


def test_standard_input_goes_to_standard_output(riskrules: Riskrules, small_house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = spoilt(small_house)
    given = io.TextIOWrapper(io.BytesIO((small_house / TIERS).read_bytes()))
    monkeypatch.setattr("sys.stdin", given)
    ran = riskrules("fmt", "-")
    assert (ran.code, ran.out) == (0, text)


@pytest.mark.parametrize(
    "arguments, said, why",
    [
        (("nowhere",), "no file or folder 'nowhere'", "not there"),
        (("empty",), "no policy file in 'empty'", "nothing looked at is no success"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], said: str, why: str, riskrules: Riskrules, small_house: Path) -> None:
    (small_house / "empty").mkdir()
    ran = riskrules("fmt", *arguments)
    assert ran.code == 2, why
    assert said in ran.err, why


def test_what_is_packaged_is_not_written(riskrules: Riskrules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "away")
    ran = riskrules("fmt")
    assert ran.code == 2
    assert "./policies" in ran.err
