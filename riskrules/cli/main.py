"""`riskrules`: one group of commands, each imported when it is asked for."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from riskrules.diagnostics.exits import BAD_USE, BUG

COMMANDS = {
    "check": ("check", "Read, validate and prove policy files."),
    "fmt": ("fmt", "Format policy files; what they say stays as it is."),
    "explain": ("explain", "Explain every margin decision of a snapshot."),
    "mark": ("mark", "Work out mark prices from given legs."),
    "step": ("step", "The next step of a liquidation from a given state."),
    "ask": ("ask", "Ask what would have to be different: prices, top-ups, sizes."),
    "couple": ("couple", "Show what positions require together, and which fall together."),
    "evaluate": ("evaluate", "Decide a whole table of positions: CSV or Parquet in and out."),
    "show": ("show", "Show a table in force, its source, status and history."),
    "compare": ("compare", "One snapshot under several rulebooks or times, side by side."),
    "invariants": ("invariants", "Try what must hold of every account; how steady margin is."),
    "notes": ("notes", "Print and run a rulebook's field notes."),
    "venues": ("venues", "Print every rulebook's standing as a page."),
    "import": ("importing", "Write policy files from what venues and tools print."),
    "init": ("init", "Write a small house rulebook to start from."),
    "manifest": ("manifest", "List every rule of a book with its digests, and their root."),
    "semantics": ("semantics", "The identity of the engine, and whether its answers still are the sealed ones."),
    "completion": ("completion", "Print the completion script of a shell."),
    "schema": ("schema", "Print or write the JSON Schemas of policy files."),
    "explain-code": ("explain_code", "Print the page of an error code."),
}


class Lazy(click.Group):
    """A command's module is imported when it runs, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"riskrules.cli.{COMMANDS[name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="riskrules", message="riskrules %(version)s")
def cli() -> None:
    """Margin rules as versioned YAML policies: checked, decided exactly, explained step by step.

    Exit codes: 0 fine, 1 findings, 2 wrong use, 3 changes present, 10 needs approval, 11 approval
    invalid, 20 the book is invalid, 30 input missing, stale or undecidable, 70 a bug of ours.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run, and end with the documented exit code whatever happens."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    try:
        result: Any = cli.main(arguments, prog_name="riskrules", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return BAD_USE
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        return _ended_by(error)


def _ended_by(error: Exception) -> int:
    from riskrules.api import PolicyError

    if isinstance(error, PolicyError):
        from riskrules.cli.output import problems_out

        problems_out(error.problems)
        return error.exit_code
    import traceback

    click.echo(f"error[RR900]: riskrules met a bug of its own: {type(error).__name__}: {error}", err=True)
    click.echo("  = what to do: report it with the lines below; nothing was written", err=True)
    click.echo("".join(traceback.format_exception(error)[-3:]), err=True)
    return BUG


if __name__ == "__main__":
    main()
