"""The sealed cases are what the engine answers, hold every operation, and are red when an answer changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from riskrules.engine import sealing, semantics
from riskrules.ir.ops import OPS, Op
from riskrules.units.exact import Exact


def test_every_answer_is_the_sealed_one() -> None:
    """Red here: an answer changed.  If it was meant to, `riskrules semantics --write`, and say so: it is another engine."""
    assert sealing.changed_answers() == []


def test_every_operation_is_sealed() -> None:
    assert sorted(OPS.keys() - sealing.sealed_operations()) == [], "give it rows in operations.json, their results null, and seal"


@pytest.mark.parametrize(
    "name, exact, why",
    [
        ("round_up", lambda x, q: OPS["round_down"].exact(x, q), "a direction"),
        ("at_or_below", lambda x, y: x[0] * y[1] < y[0] * x[1], "a side"),
        ("sub", lambda x, y: (x[0] * y[1] - y[0] * x[1] + (x == (5, 2)), x[1] * y[1]), "one figure off in few cases"),
    ],
)
def test_another_meaning_is_seen(name: str, exact: object, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other: Op = OPS[name]._replace(exact=exact)  # type: ignore[arg-type]
    monkeypatch.setitem(OPS, name, other)
    assert sealing.changed_answers(), why


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "sealed"
    shutil.copytree(semantics.FOLDER, folder)
    monkeypatch.setattr(sealing, "FOLDER", folder)
    monkeypatch.setattr(sealing, "SEAL", folder / "seal.txt")
    return folder


@pytest.mark.parametrize(
    "file, old, new, where, why",
    [
        ("cases.json", '"decision": "liquidate"', '"decision": "healthy"', "decision", "a doctored answer"),
        ("operations.json", '["-1", "1"]', '["-1", "2"]', "neg", "a doctored row"),
        ("books/house-usdm/margin/2026-12-01.yaml", "rate: 0.05%", "rate: 0.06%", "cases.json", "a doctored book gives other answers"),
        ("books/house-usdm/status/2026-12-01.yaml", "reason: ", "reason: x ", "seal.txt", "even a word is under the seal"),
    ],
)
def test_what_is_doctored_is_seen(file: str, old: str, new: str, where: str, why: str, copy: Path) -> None:
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = sealing.changed_answers()
    assert any(where in one.where for one in found), why
    assert found[-1].where == "seal.txt", why


def test_sealing_changes_no_input_and_is_the_same_twice(copy: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert sealing.sealed_anew() == semantics.semantics()
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def test_a_value_is_written_exactly() -> None:
    third: Exact = (2, 6)
    assert [sealing.said(value) for value in (third, True, 2, "normal")] == ["1/3", True, 2, {"word": "normal"}]
