"""`riskrules init` and `completion`: a start that checks green, over nobody's files; a script for each shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Riskrules
from tests.places import ROOT


def test_what_it_writes_checks_green(riskrules: Riskrules, small_house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = riskrules("init", "desk")
    assert ran.code == 0, ran.err
    assert ran.out == "next: cd desk && riskrules check && riskrules explain account.json\n"
    monkeypatch.chdir(small_house / "desk")
    assert riskrules("check").code == 0
    assert riskrules("fmt", "--check").code == 0
    assert "LIQUIDATABLE" in riskrules("explain", "account.json").out
    steps = yaml.safe_load(Path(".github/workflows/riskrules.yml").read_text())["jobs"]["check"]["steps"]
    for step in steps:
        command = step.get("run", "").partition(" >>")[0]
        if command.startswith("riskrules"):
            assert riskrules(*command.split()[1:]).code == 0


@pytest.mark.parametrize("name", ["account.json", "policies/house-usdm", ".github/workflows/riskrules.yml"])
def test_nothing_is_written_over(riskrules: Riskrules, small_house: Path, name: str) -> None:
    there = small_house / "desk" / name
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    ran = riskrules("init", "desk")
    assert ran.code == 2
    assert "is there already" in ran.err
    assert [path.read_text() for path in (small_house / "desk").rglob("*") if path.is_file()] == ["mine"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(riskrules: Riskrules, shell: str) -> None:
    ran = riskrules("completion", shell)
    assert ran.code == 0
    assert "_RISKRULES_COMPLETE" in ran.out
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=ran.out, text=True, check=False).returncode == 0


def test_a_shell_is_answered(tmp_path: Path) -> None:
    asked = {"_RISKRULES_COMPLETE": "bash_complete", "COMP_WORDS": "riskrules ex", "COMP_CWORD": "1", "PYTHONPATH": str(ROOT)}
    program = "from riskrules.cli.main import main; main([])"
    ran = subprocess.run([sys.executable, "-c", program], env=os.environ | asked, capture_output=True, text=True, check=False)
    assert ran.stdout.split() == ["plain,explain", "plain,explain-code"]
