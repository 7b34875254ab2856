"""Every rulebook's standing on one page: whose rules, how old, how far they can be trusted, and what is open.

It is printed from the rulebooks and from nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from riskrules.engine.noted import notes_in
from riskrules.engine.promised import declared_in, word_of
from riskrules.rulebook.plan import Plan, StatusPlan
from riskrules.rulebook.versions import History
from riskrules.units import say
from riskrules.units.clock import Instant, say_day

HEADS = ("rulebook", "authority", "captured", "stale after", "markets", "modes", "maintenance", "liquidated at", "figures", "unsettled")
SIGN = {"below": "equity below", "at_or_below": "equity at or below"}
PREAMBLE = (
    "# Venues",
    "",
    "Printed by `riskrules venues --out docs/venues.md` from the rulebooks, each as of the newest time at which something of it",
    "begins. A venue's rules are as its public sources printed them, and not its word.",
)


class Standing(NamedTuple):
    """A rulebook at its newest time; no plan where that time has none, with what is said of it."""

    rulebook: str
    history: History
    plan: Plan | None
    when: Instant
    refused: str = ""


def page(standings: list[Standing]) -> Iterator[str]:
    yield from PREAMBLE
    yield ""
    yield f"| {' | '.join(HEADS)} |"
    yield f"|{'---|' * len(HEADS)}"
    for one in standings:
        yield f"| {' | '.join(_cells(one))} |"
    for one in standings:
        yield from _section(one)


def _cells(one: Standing) -> tuple[str, ...]:
    name = f"[{one.rulebook}](#{one.rulebook})"
    if one.plan is None:
        return (name, one.refused, *[""] * (len(HEADS) - 2))
    plan, status = one.plan, one.plan.status
    figures = f"{status.figures[0]} of {status.figures[1]}" if status.figures else "none held"
    return (
        name, status.authority, say_day(status.captured) if status.captured is not None else "", _stale(status), _markets(plan),
        ", ".join(plan.account.margin_modes), _maintenance(one), _trigger(plan), figures, str(len(status.unsettled)),
    )  # fmt: skip


def _stale(status: StatusPlan) -> str:
    return "never" if status.stale_after is None else say.seconds(status.stale_after)


def _markets(plan: Plan) -> str:
    count = len(plan.markets())
    return f"{count:,}" if count else "none"


def _trigger(plan: Plan) -> str:
    side = plan.account.liquidate_comparator
    return f"{SIGN.get(side, side)} {plan.account.liquidate_against.replace('_', ' ')}"


def _maintenance(one: Standing) -> str:
    """By a formula, or by tables of which form."""
    section = one.history.in_force(("margin", "maintenance_margin"), one.when)[0]
    formula = getattr(section.value.position, "formula", None) if section is not None else None
    used = _forms(one.plan) if one.plan else set()
    forms = [(name, one.history.in_force(("tier_forms", name), one.when)[0]) for name in one.history.names("tier_forms")]
    said = [_form(version.value) for name, version in forms if version is not None and name in used]
    return "; ".join([*([f"formula `{formula}`"] if formula else []), *said]) or "no table"


def _forms(plan: Plan) -> set[str]:
    """The forms of the tables in force."""
    markets = [market for name in plan.markets() if (market := plan.market(name))]
    return {table.form for market in markets for table in market.tables if table}


def _form(form: Any) -> str:
    return f"{form.style.replace('_', ' ')} by {form.lookup.replace('_', ' ')}, cap {form.cap}"


def _section(one: Standing) -> Iterator[str]:
    yield from ("", f"## {one.rulebook}", "")
    if one.plan is None:
        yield f"Not in force at its newest time: {one.refused}."
        return
    status = one.plan.status
    yield f"{status.title}."
    if status.figures:
        count, of, by = status.figures
        yield f"Reproduces {count} of {of} published figures (`{by}`)."
    yield ""
    yield from _promised(one)
    yield from ("", "What is not settled:", "") if status.unsettled else ("", "Nothing is left open by its sources.")
    yield from (f"- {line}" for line in status.unsettled)


def _promised(one: Standing) -> Iterator[str]:
    """Its invariants and its notes, in as many words as they need."""
    found = declared_in(one.history, one.when)
    holds = [name for name, version in found.items() if word_of(version.value) == "holds"]
    if holds:
        yield f"Declared of every account: {', '.join(f'`{name}`' for name in holds)}."
        yield ""
    for name, version in found.items():
        word, value = word_of(version.value), version.value
        if word != "holds":
            yield f"- `{name}` {'is broken' if word == 'broken' else f'holds within {say.number(value.within)}'}: {value.because}"
    if not found:
        yield "No invariant is declared."
    notes = notes_in(one.history, one.when)
    yield from (f"- Note `{name}`: {version.value.says}" for name, version in notes.items())
