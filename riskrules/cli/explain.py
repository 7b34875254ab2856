"""`riskrules explain`: every decision of a snapshot, with every step."""

from __future__ import annotations

import json
import shlex
import sys
from typing import NamedTuple

import click

from riskrules.api import Explanation
from riskrules.cli.options import Case, as_of_option, case_of, format_option, policies_option, rulebook_option, shelf_line
from riskrules.cli.output import colour_on, say, width_of, written
from riskrules.diagnostics.exits import FINE, UNDECIDED
from riskrules.engine.decide import ERROR
from riskrules.units.clock import say_instant


@click.command("explain")
@click.argument("snapshot")
@click.option("--account", metavar="ID", help="Only this account.")
@click.option("--market", metavar="M", help="Only pools with a position in this market.")
@click.option(
    "--depth", type=click.IntRange(1, 2), default=1, show_default=True, help="1: the steps; 2: every named term, the initial margin too."
)
@policies_option
@rulebook_option
@as_of_option
@format_option("text", "json", "markdown", "html")
@click.option("--against", metavar="FILE", help="Hold it against what the venue printed (JSON); exit 1 where a figure differs.")
@click.option("--out", metavar="FILE", help="Write it there, whole or not at all, and not to standard output.")
def command(
    snapshot: str,
    account: str | None,
    market: str | None,
    depth: int,
    policies: str | None,
    rulebook: str | None,
    as_of: str | None,
    form: str,
    out: str | None,
    against: str | None,
) -> int:
    """Explain the accounts of SNAPSHOT (JSON or YAML; - for standard input).

    markdown is for a ticket; html is one file that asks for nothing else, with its pictures in it.

    A liquidatable account explained is exit 0; a decision that is an error is exit 30, and the output is complete.
    """
    case = case_of(snapshot, policies, rulebook, as_of)
    made = explained(case, account, market)
    options = Options(account, market, depth, policies, out)
    if against is not None:
        from riskrules.cli.against import held_against

        if out is not None:
            raise click.UsageError("--against prints to standard output; leave --out away")
        return held_against(case, made, against, form)
    text = PRINTED[form](case, made, options)
    if out is None:
        say(text.removesuffix("\n"))
    else:
        written(out, text)
    return UNDECIDED if any(pool.decision == ERROR for pool in made.pools) else FINE


class Options(NamedTuple):
    """What was asked for besides the snapshot and its policy."""

    account: str | None
    market: str | None
    depth: int
    policies: str | None
    out: str | None


def explained(case: Case, account: str | None, market: str | None) -> Explanation:
    made = case.book.explain(case.snapshot, account, market)
    if market is not None and not made.pools:
        raise click.UsageError(f"no position in {market!r}; {_held(case)}")
    return made


def _held(case: Case) -> str:
    held = list(dict.fromkeys(position.market for account in case.snapshot.accounts for position in account.positions))
    return f"the snapshot holds {', '.join(held[:8])}{', …' if len(held) > 8 else ''}" if held else "the snapshot holds none"


def _text(case: Case, made: Explanation, options: Options) -> str:
    from riskrules.engine.explain_text import beside

    to_screen = options.out is None
    width, colour = (width_of(sys.stdout), colour_on(sys.stdout)) if to_screen else (120, False)
    line = f"again     {again(case, options)}"  # never broken: it is to be copied
    tail = beside("policies  ", shelf_line(case), width)
    tail += [f"{line}   replay {made.replay}"] if len(line) + 22 <= width else [line, f"replay    {made.replay}"]
    return "\n".join([made.text(options.depth, colour, width), *tail, ""])


def _markdown(case: Case, made: Explanation, options: Options) -> str:
    return made.markdown(options.depth, shelf_line(case), again(case, options))


def _html(case: Case, made: Explanation, options: Options) -> str:
    return made.html(options.depth, shelf_line(case), again(case, options))


def again(case: Case, options: Options) -> str:
    """The command that gives this answer again, whatever is the default by then."""
    words = ["riskrules", "explain", case.file, "--rulebook", case.plan.rulebook, "--as-of", say_instant(case.when)]
    named = (("--policies", options.policies), ("--account", options.account), ("--market", options.market))
    words += [word for option, value in named if value is not None for word in (option, value)]
    return shlex.join(words if options.depth == 1 else [*words, "--depth", str(options.depth)])


def _json(case: Case, made: Explanation, options: Options) -> str:
    whole = {
        **made.to_dict(options.depth),
        "policies": str(case.shelf.folder),
        "packaged": case.shelf.packaged,
        "again": again(case, options),
        "replay": made.replay,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


PRINTED = {"text": _text, "json": _json, "markdown": _markdown, "html": _html}
