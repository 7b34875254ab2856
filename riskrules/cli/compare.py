"""`riskrules compare`: one snapshot under several rulebooks, or one rulebook at several times, step by step."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import click

from riskrules.api import Book, PolicyError, in_our_words, plan_at
from riskrules.cli.options import format_option, policies_option, shelf_for, text_of, time_of
from riskrules.cli.output import json_out, note, say, width_of
from riskrules.diagnostics.exits import BAD_USE, FINE, UNDECIDED
from riskrules.diagnostics.problem import Problem
from riskrules.engine.door import parse_text, snapshot_of
from riskrules.engine.side_by_side import Column, Compared, Part, compared, row_json
from riskrules.engine.stands import Asked as Standing
from riskrules.engine.stands import Stand, standing
from riskrules.faces.side_by_side import lines, markdown, parting
from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import MarketPlan, Plan
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import Instant, instant, say_day, say_instant
from riskrules.units.exact import exact_text

SCHEMA = "riskrules/compare/1"
MOST = 12  # columns: more of them no reader holds beside each other


@click.command("compare")
@click.argument("snapshot")
@click.option("--rulebook", "rulebooks", multiple=True, metavar="NAME", help="A rulebook; several times for several.")
@click.option("--as-of", "times", multiple=True, metavar="TIME", help="A time; several times for several. Default: the snapshot's own.")
@click.option(
    "--market",
    "stands",
    multiple=True,
    metavar="OURS=THEIRS",
    help="THEIRS stands for OURS in a rulebook that has no OURS, as BTC-USDT=BTC-USDC; several times for several.",
)
@click.option("--account", metavar="ID", help="Only this account.")
@policies_option
@format_option("text", "json", "markdown")
def command(
    snapshot: str,
    rulebooks: tuple[str, ...],
    times: tuple[str, ...],
    stands: tuple[str, ...],
    account: str | None,
    policies: str | None,
    form: str,
) -> int:
    """Decide SNAPSHOT under each --rulebook (or under one at each --as-of) and set the steps side by side.

    The first step at which they part is named. What a rulebook lacks for this snapshot is said with its code and stops no other.
    Under --market a figure in one quote is read as so much of the other, one for one, and that is said.
    Exit 30 where any of them could not decide.
    """
    shelf = shelf_for(policies)
    text, shown = text_of(snapshot)
    tree, problems = parse_text(text, shown)
    if problems or not isinstance(tree, dict | list):
        raise PolicyError(problems or [Problem("RR604", None, "a snapshot is an object", "see the README for its form")], BAD_USE)
    head = tree if isinstance(tree, dict) else {}
    asked = _asked(head, rulebooks, times)
    plans = [_plan(shelf, name, when) for name, when in asked]
    given = _Given(tree, shown, text, account, _standing(stands), [plan for plan in plans if isinstance(plan, Plan)])
    columns = tuple(_column(given, plan, asked[k]) for k, plan in enumerate(plans))
    found = compared(columns)
    _print(found, _names(asked), asked, form)
    undecided = any(column.problems for column in columns) or any(part.faults for part in found.parts)
    return UNDECIDED if undecided else FINE


Asked = list[tuple[str, Instant]]


def _asked(head: dict[str, Any], rulebooks: tuple[str, ...], times: tuple[str, ...]) -> Asked:
    """Every rulebook at every time; at least two of them."""
    own = instant(str(head.get("as_of")))
    if not times and own is None:
        raise click.UsageError("no time: the snapshot has no as_of with an offset; give --as-of (the clock is never used)")
    whens = [time_of(one) for one in times] or [own or 0]
    named = list(dict.fromkeys(rulebooks)) or ([head["rulebook"]] if isinstance(head.get("rulebook"), str) else [])
    made = [(name, when) for name in named for when in dict.fromkeys(whens)]
    if not 2 <= len(made) <= MOST:
        raise click.UsageError(f"{len(made)} to compare; give --rulebook or --as-of several times, for 2 to {MOST} in all")
    return made


def _plan(shelf: Shelf, rulebook: str, when: Instant) -> Plan | list[Problem]:
    try:
        return plan_at(shelf, rulebook, when)
    except PolicyError as error:
        if error.problems and error.problems[0].code == "RR313":
            raise
        return list(error.problems)


@dataclass(frozen=True, slots=True)
class _Given:
    """What is put before each rulebook, and all of them."""

    tree: Any
    shown: str
    text: str
    account: str | None
    stands: Standing
    plans: list[Plan]

    def drivers(self) -> dict[str, tuple[str, ...]]:
        """What any of them reads may stand in the snapshot: it is no mistake that another does not read it."""
        rows = dict.fromkeys(rows for plan in self.plans for rows in plan.drivers)
        return {one: tuple(dict.fromkeys(name for plan in self.plans for name in plan.drivers.get(one, ()))) for one in rows}

    def meant(self) -> dict[str, MarketPlan]:
        """A market that something may stand for, as the first rulebook that has it means it."""
        found = {name: next((market for plan in self.plans if (market := plan.market(name))), None) for name in self.stands}
        return {name: market for name, market in found.items() if market is not None}


def _standing(said: tuple[str, ...]) -> Standing:
    found: dict[str, tuple[str, ...]] = {}
    for one in said:
        ours, sign, theirs = one.partition("=")
        if not (sign and ours.strip() and theirs.strip()) or ours.strip() == theirs.strip():
            raise click.UsageError(f"{one!r} is not OURS=THEIRS, as BTC-USDT=BTC-USDC")
        found[ours.strip()] = (*found.get(ours.strip(), ()), theirs.strip())
    return found


def _column(given: _Given, plan: Plan | list[Problem], asked: tuple[str, Instant]) -> Column:
    label = f"{asked[0]} {say_instant(asked[1])}"
    if isinstance(plan, list):
        return Column(label, None, (), tuple(plan[:1]))
    tree, notes, problems = in_our_words(given.tree, given.shown, given.text, plan, asked[1])
    for line in notes:
        note(f"note: {asked[0]}: {line}")
    snapshot, problems = (None, problems) if problems else snapshot_of(tree, given.shown, given.text, given.drivers())
    if snapshot is None:
        return Column(label, plan, (), tuple(problems))
    put = standing(plan, snapshot, given.stands, given.meant())
    if isinstance(put, Fault):
        return Column(label, plan, (), (Problem(put.code, None, put.text, put.hint),))
    try:
        return Column(label, plan, tuple(Book(plan, asked[1]).decided(put[0], given.account)), (), put[1])
    except PolicyError as error:
        if given.account is not None:
            raise
        return Column(label, plan, (), tuple(error.problems), put[1])


def _names(asked: Asked) -> list[str]:
    """By the rulebook where those differ, by the day where that does, by the whole time where a day has several."""
    books, whens = {name for name, _ in asked}, {when for _, when in asked}
    days = {say_day(when) for when in whens}
    spoken = say_day if len(days) == len(whens) else say_instant
    return [" ".join([*([name] if len(books) > 1 else []), *([spoken(when)] if len(whens) > 1 else [])]) for name, when in asked]


def _print(found: Compared, names: list[str], asked: Asked, form: str) -> None:
    if form == "json":
        json_out(_json(found, names, asked))
    elif form == "markdown":
        say("\n".join(markdown(found, names)).strip("\n"))
    else:
        say("\n".join(lines(found, width_of(sys.stdout), names)))


def _json(found: Compared, names: list[str], asked: Asked) -> dict[str, Any]:
    columns = [
        {
            "name": name, "rulebook": book, "as_of": say_instant(when), "policy_digest": column.plan.rules if column.plan else None,
            "decided": not column.problems,
            "problems": [{"code": one.code, "text": one.text, "hint": one.hint} for one in column.problems],
            "stands_for": [_stand(one) for one in column.stands],
        }
        for column, name, (book, when) in zip(found.columns, names, asked, strict=True)
    ]  # fmt: skip
    return {"schema": SCHEMA, "columns": columns, "parts": [_part(part, names) for part in found.parts]}


def _stand(one: Stand) -> dict[str, Any]:
    assets = {"asset": one.assets[0], "for": one.assets[1]} if one.assets else None
    return {"market": one.market, "for": one.of, "balances": assets, "size_of_one": exact_text(one.times), "text": one.said}


def _part(part: Part, names: list[str]) -> dict[str, Any]:
    return {
        "of": part.name, "parts_at": row_json(part.parts_at) if part.parts_at else None, "text": parting(part, names),
        "heads": [row_json(row) for row in part.heads], "steps": [row_json(row) for row in part.steps],
        "undecided": [{"column": label, "code": fault.code, "text": fault.text, "hint": fault.hint} for label, fault in part.faults],
    }  # fmt: skip
