"""The command line as a shell calls it: arguments in; exit code, output and talk out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from riskrules.cli.main import run

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


Riskrules = Callable[..., Ran]


@pytest.fixture
def riskrules(capsys: pytest.CaptureFixture[str]) -> Riskrules:
    def ran(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(list(arguments))
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return ran


@pytest.fixture(autouse=True)
def small_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with policies of its own: one small rulebook."""
    shutil.copytree(HERE / "policies", tmp_path / "policies")
    monkeypatch.setenv("RISKRULES_CACHE", "off")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
