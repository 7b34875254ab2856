"""All the set-up a fresh checkout needs: `python3 dev.py demo` shows riskrules at work, `python3 dev.py test` runs its tests.

Rule of this file: the standard library alone. `.venv` is made once, and again when the Python, the place or the declared dependencies
change. It is made without a pip of its own, because Debian ships Python without ensurepip; the pip at hand installs into it from outside.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "made-by-dev-py.txt"
OLDEST_PYTHON = (3, 11)
OLDEST_PIP = (22, 3)  # the first with `pip --python`
NO_PIP = """dev.py: no pip of version 22.3 or later to install with
  Debian, Ubuntu: apt-get install python3-pip
  elsewhere:      python3 -m ensurepip --user"""
NOT_OURS = f"dev.py: {VENV} is there, and dev.py did not make it: move it away, then run this again"
NEXT = """
What to try next
  .venv/bin/riskrules --help
  .venv/bin/riskrules explain examples/account.json --format json
  change a rate in a file under policies/, then: .venv/bin/riskrules check
  python3 dev.py test"""
USAGE = """usage: python3 dev.py COMMAND
  demo         check the shipped policies, then explain an account under them
  test [ARG…]  run the tests; arguments go to pytest
  lint         ruff and mypy
  golden       write the golden texts anew; read the difference in git
  schemas      are the printed schemas those of the code?"""


def wanted() -> str:
    """What `.venv` must have been made from."""
    declared = hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")))
    return f"{ROOT}\n{sys.base_prefix} {platform.python_version()}\n{declared.hexdigest()}\n"


def pip_at_hand() -> list[str]:
    """The Python's own pip (the one beneath, when this runs in a virtual environment), else one on the PATH."""
    base = getattr(sys, "_base_executable", sys.executable)
    on_path = [[found] for found in (shutil.which("pip3"), shutil.which("pip")) if found]
    for pip in ([base, "-m", "pip"], [sys.executable, "-m", "pip"], *on_path):
        said = subprocess.run([*pip, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"pip (\d+)\.(\d+)", said)
        if version and (int(version[1]), int(version[2])) >= OLDEST_PIP:
            return pip
    sys.exit(NO_PIP)


def set_up() -> None:
    if STAMP.exists() and STAMP.read_text() == wanted():
        return
    if VENV.exists() and not STAMP.exists():
        sys.exit(NOT_OURS)
    pip = pip_at_hand()
    print(f"setting up {VENV} with Python {platform.python_version()}: once, about a minute", flush=True)
    if VENV.exists():
        shutil.rmtree(VENV)
    VENV.mkdir()
    STAMP.write_text("unfinished\n")  # a set-up that was cut short is ours to make again
    venv.create(VENV, with_pip=False, symlinks=True)
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    install = [*pip, "--python", str(VENV / "bin" / "python"), "install", *quiet, "--constraint", "constraints.txt", "--editable", ".[dev]"]
    if subprocess.call(install, cwd=ROOT):
        sys.exit("dev.py: pip could not install what riskrules needs; its own words are above")
    STAMP.write_text(wanted())


def run(program: str, *arguments: str) -> int:
    print("$", program, *arguments, flush=True)
    return subprocess.call([str(VENV / "bin" / program), *arguments], cwd=ROOT)


def demo() -> int:
    failed = run("riskrules", "check", "policies") or run("riskrules", "explain", "examples/account.json")
    if not failed:
        print(NEXT)
    return failed


def golden() -> int:
    """Write every golden text as it is now; git shows the difference, which is to be read."""
    os.environ["RESET_GOLDEN"] = "1"
    return run("pytest", "-n", "2", "-k", "golden") or run("python", "-m", "tests.catalogue.reset")


def main(arguments: list[str]) -> int:
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"dev.py: riskrules needs Python 3.11 or later, and this is {platform.python_version()}")
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    commands: dict[str, Callable[[], int]] = {
        "demo": demo,
        "test": lambda: run("pytest", "-n", "2", *rest),
        "lint": lambda: max(run("ruff", "check", "."), run("mypy")),
        "golden": golden,
        "schemas": lambda: run("pytest", "tests/test_schemas.py"),
    }
    if command not in commands or (rest and command != "test"):
        print(USAGE, file=sys.stderr)
        return 2
    set_up()
    return commands[command]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
