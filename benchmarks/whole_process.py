"""A command from the shell to its last line, beside a Python that does nothing.

Both are run as an installed package is: byte code kept, and after one run of their own, so that the
plan of the rulebook is kept too.  What is timed is the start of Python, the imports, the work and the end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from benchmarks import ROOT, Figure, Work, in_turn

ROUNDS = 21
NOTHING = "python -c pass"
COMMANDS = {
    "riskrules --help": 8,
    "riskrules explain examples/orders.json": 12,
    "riskrules explain examples/orders.json --format json": 12,
    "riskrules explain examples/account.json --market MEGA-USDC": 12,
}


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as kept:
        works = {NOTHING: _run(kept, "-c", "pass")}
        works |= {command: _run(kept, "-m", *command.split()) for command in COMMANDS}
        sides = in_turn(ROUNDS, works)
    for command, most in COMMANDS.items():
        yield Figure(sides[command], sides[NOTHING], ratio_at_most=most)


def _run(kept: str, *arguments: str) -> Work:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RISKRULES_"))}
    surroundings |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": f"{kept}/byte-code", "RISKRULES_CACHE": f"{kept}/plans"}

    def run() -> object:
        return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=surroundings, stdout=subprocess.DEVNULL, check=True)

    return run
