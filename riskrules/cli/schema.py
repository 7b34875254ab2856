"""`riskrules schema`: the JSON Schemas of policy files, printed from the models, and those of what commands print."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import click

from riskrules.cli.files import write_whole
from riskrules.cli.output import note, say, some
from riskrules.diagnostics.exits import FINE
from riskrules.rulebook.shelf import packaged_folder
from riskrules.rules.kinds import kinds
from riskrules.rules.schema import schema_text


@click.command("schema")
@click.argument("kind", required=False)
@click.option("--write", is_flag=True, help="Write the files instead of printing them, and say which changed.")
@click.option("--out", metavar="DIR", help="The folder to write to. Default: ./schemas.")
def command(kind: str | None, write: bool, out: str | None) -> int:
    """Print the JSON Schema (draft 2020-12) of the policy files of KIND; without KIND, of every kind.

    KIND may also be what a command prints with --format json, such as `explain`: those schemas are
    shipped and not printed from a model, so that --write leaves them alone.
    """
    if out is not None and not write:
        raise click.UsageError("--out is where --write writes to; give both, or neither")
    if write:
        return _write(_kinds(kind), Path(out or "schemas"))
    if kind in _shipped():
        say(_shipped()[kind].read_text(encoding="utf-8").rstrip("\n"))
        return FINE
    texts = [schema_text(one).rstrip("\n") for one in _kinds(kind)]
    say(texts[0] if kind else "[\n" + ",\n".join(texts) + "\n]")
    return FINE


def _shipped() -> dict[str | None, Path]:
    """The schemas of what commands print, by command."""
    folder = packaged_folder("schemas")
    return {path.stem: path for path in sorted((folder / "output").glob("*.json"))} if folder else {}


def _kinds(kind: str | None) -> list[str]:
    if kind is None:
        return list(kinds())
    if kind in kinds():
        return [kind]
    known = [*kinds(), *(name for name in _shipped() if name)]
    near = get_close_matches(kind, known, 1)
    raise click.UsageError(f"there is no kind {kind!r}; {f'did you mean {near[0]}?' if near else 'one of ' + ', '.join(known)}")


def _write(chosen: list[str], folder: Path) -> int:
    changed = 0
    for kind in chosen:
        path = folder / f"{kind}.json"
        if write_whole(path, schema_text(kind)):
            changed += 1
            say(str(path))
    note(f"{some(len(chosen), 'schema')}: {changed or 'none'} changed")
    return FINE
