"""`riskrules init`: a small house rulebook to start from, with a snapshot to explain and a check for CI."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from riskrules.cli.files import write_new
from riskrules.cli.output import note, say
from riskrules.diagnostics.exits import FINE
from riskrules.rulebook.shelf import packaged_folder

HOUSE, EXAMPLE = "house-usdm", "house.json"
CI = """# Red when a policy file is wrong, or not in its canonical look.
name: risk policies
on: [push, pull_request]
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.12"}
      - run: pip install riskrules
      - run: riskrules check policies --format concise
      - run: riskrules fmt policies --check
      - run: riskrules explain account.json --format markdown >> "$GITHUB_STEP_SUMMARY"
"""


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".")
def command(folder: str) -> int:
    """Write a house rulebook, an example account and a CI workflow into DIR (default: here).

    Nothing that is there already is written over: where a file of one of the names exists, nothing is written at all.
    """
    root = Path(folder)
    files = dict(_files())
    taken = [name for name in (Path("policies") / HOUSE, *files) if (root / name).exists() or (root / name).is_symlink()]
    if taken:
        raise click.UsageError(f"{root / taken[0]} is there already, and nothing is written over; name another folder")
    for name, text in files.items():
        _new(root / name, text)
    inside = "" if folder == "." else f"cd {shlex.quote(folder)} && "
    say(f"next: {inside}riskrules check && riskrules explain account.json")
    return FINE


def _files() -> Iterator[tuple[Path, str]]:
    """The shipped house rulebook under the names it is to have; the example's note is about the shipped one, and is left out."""
    policies, examples = packaged_folder("policies"), packaged_folder("examples")
    if policies is None or examples is None:
        raise click.UsageError("this installation carries no rulebooks; install riskrules again")
    for path in sorted((policies / HOUSE).rglob("*.yaml")):
        yield Path("policies") / path.relative_to(policies), path.read_text(encoding="utf-8")
    account = json.loads((examples / EXAMPLE).read_text(encoding="utf-8"))
    account.pop("note", None)
    yield Path("account.json"), json.dumps(account, indent=1, ensure_ascii=False) + "\n"
    yield Path(".github") / "workflows" / "riskrules.yml", CI


def _new(path: Path, text: str) -> None:
    try:
        if not write_new(path, text):
            raise click.UsageError(f"{path} came to be in the meantime, and is not written over")
    except OSError as error:
        raise click.UsageError(f"cannot write {path}: {(error.strerror or 'unwritable').lower()}") from error
    note(f"written: {path}")
