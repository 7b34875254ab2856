"""dev.py makes `.venv` once, never over somebody else's, and says plainly what is missing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import dev


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "STAMP", tmp_path / ".venv" / "stamp")
    return tmp_path


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The set-up without its slow part; what it would have run."""
    ran: list[list[str]] = []

    def call(command: list[str], cwd: Path) -> int:
        ran.append(command)
        return 0

    monkeypatch.setattr(dev, "pip_at_hand", lambda: ["pip"])
    monkeypatch.setattr("venv.create", lambda *_, **__: None)
    monkeypatch.setattr("subprocess.call", call)
    return ran


@pytest.mark.parametrize(
    "change, times, why",
    [
        (lambda root: None, 1, "nothing changed: set up once"),
        (lambda root: (root / "pyproject.toml").write_text("other"), 2, "other dependencies"),
        (lambda root: (root / "constraints.txt").write_text("other"), 2, "other versions"),
        (lambda root: (root / ".venv" / "stamp").write_text("unfinished\n"), 2, "the set-up was cut short"),
    ],
)
def test_set_up_happens_when_due(checkout: Path, installs: list[list[str]], change: Callable[[Path], object], times: int, why: str) -> None:
    dev.set_up()
    change(checkout)
    dev.set_up()
    assert len(installs) == times, why


def test_an_environment_of_somebody_else_is_left_alone(checkout: Path, installs: list[list[str]]) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "theirs").write_text("kept")
    with pytest.raises(SystemExit, match="did not make it"):
        dev.set_up()
    assert (checkout / ".venv" / "theirs").exists()
    assert not installs


@pytest.mark.parametrize(
    "said, found, why",
    [
        ("pip 23.0.1 from /usr/lib (python 3.11)", True, "Debian 12's"),
        ("pip 22.3 from x", True, "the first that installs into another environment"),
        ("pip 22.2.2 from x", False, "one release too old"),
        ("", False, "no pip module at all"),
    ],
)
def test_a_pip_is_found_or_missed_in_words(monkeypatch: pytest.MonkeyPatch, said: str, found: bool, why: str) -> None:
    monkeypatch.setattr("subprocess.run", lambda command, **__: subprocess.CompletedProcess(command, 0, said))
    if found:
        assert dev.pip_at_hand()[1:] == ["-m", "pip"], why
        return
    with pytest.raises(SystemExit, match="apt-get install python3-pip"):
        dev.pip_at_hand()


@pytest.mark.parametrize("arguments", [[], ["tset"], ["demo", "extra"]])
def test_wrong_use_is_answered_with_the_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(arguments) == 2
    assert "demo" in capsys.readouterr().err


def test_pytest_is_given_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(dev, "set_up", lambda: None)

    def run(*command: str) -> int:
        ran.append(command)
        return 7

    monkeypatch.setattr(dev, "run", run)
    assert dev.main(["test", "-k", "tiers"]) == 7
    assert ran == [("pytest", "-n", "2", "-k", "tiers")]
