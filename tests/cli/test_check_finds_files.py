"""A check that looked at nothing is not a check that found nothing."""

from __future__ import annotations

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
