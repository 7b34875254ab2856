"""`riskrules invariants`: what holds of drawn accounts under a rulebook, what does not, and how steady its margin is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from riskrules.cli.declared import Declared, declared
from riskrules.cli.options import as_of_option, format_option, policies_option
from riskrules.cli.output import json_out, say, width_of
from riskrules.diagnostics.exits import FINDINGS, FINE
from riskrules.engine.explain_text import beside
from riskrules.engine.promised import Tried, declared_in, promised_problems, told, tried
from riskrules.engine.properties import PROPERTIES
from riskrules.engine.stability import Jump, Stability, stability
from riskrules.engine.trial import policy_number, said, words_of
from riskrules.units import say as say_number
from riskrules.units.clock import say_instant
from riskrules.units.exact import Exact, exact_text, strict_number, to_exact

SCHEMA = "riskrules/invariants/1"
SHOWN_FIRST = ("BTC", "XBT", "ETH")
MOST_MARKETS = 3


@click.command("invariants")
@click.argument("rulebook")
@click.option("--accounts", type=click.IntRange(1, 100_000), default=400, show_default=True, help="How many are tried for each invariant.")
@click.option("--market", metavar="M", help="Only positions in this market.")
@click.option("--mark", default="1_000", show_default=True, help="The mark at which the steadiness is told.")
@policies_option
@as_of_option
@format_option("text", "json", "yaml")
def command(rulebook: str, accounts: int, market: str | None, mark: str, policies: str | None, as_of: str | None, form: str) -> int:
    """Try every invariant on accounts drawn for RULEBOOK, and tell how steady its requirement is.

    The draw hangs on the rulebook's name and not on the clock. yaml prints a block for its status file. Exit 1 where something that is
    declared is not so. Without --as-of: the newest time at which something of the rulebook begins.
    """
    of = declared(policies, rulebook, as_of)
    price = strict_number(mark)
    if price is None or price[0] <= 0:
        raise click.UsageError(f"--mark {mark!r} is not a price")
    if market is not None and market not in of.plan.markets():
        raise click.UsageError(f"{rulebook} has no market {market!r} then")
    values = {name: version.value for name, version in declared_in(of.history, of.when).items()}
    found = [tried(of.plan, of.when, name, accounts, values.get(name, ""), market or "") for name in PROPERTIES]
    wrong = list(promised_problems(of.history, of.plan, of.when, accounts))
    if form == "yaml":
        say("\n".join(_yaml(found)))
        return FINE
    steady = [one for name in _markets(of, market) if (one := stability(of.plan, of.when, name, price))]
    if form == "json":
        json_out(_json(of, found, steady, [f"{problem.code} {problem.text}" for problem in wrong]))
    else:
        say("\n".join(_text(of, found, steady, [f"{problem.code} {problem.text}" for problem in wrong], width_of(sys.stdout))))
    return FINDINGS if wrong else FINE


def _markets(of: Declared, market: str | None) -> list[str]:
    if market is not None:
        return [market]
    known = of.plan.markets()
    first = [name for base in SHOWN_FIRST for name in known if name.split("-")[0] == base and name.count("-") == 1]
    return (first or known)[:MOST_MARKETS]


# -- text ------------------------------------------------------------------------------------------


def _text(of: Declared, found: list[Tried], steady: list[Stability], wrong: list[str], width: int) -> Iterator[str]:
    yield f"{of.plan.rulebook} as of {say_instant(of.when)}"
    for one in found:
        yield from beside("  ", f"{one.name}  {_verdict(one)}", width)
        yield from beside("      ", PROPERTIES[one.name].asks, width)
        if one.example is not None:
            yield from beside("      example  ", told(one), width)
    for two in steady:
        yield f"  {two.market} at a mark of {say_number.money(two.mark)}"
        yield from beside("      largest jump over size   ", _jump(two.over_size), width)
        yield from beside("      largest jump over price  ", _jump(two.over_price), width)
        for point in two.points:
            line = f"needs {_cut(point.requirement)}; a basis point down moves it by {_cut(point.requirement_moves)}"
            yield from beside(f"      long of {point.notional:,}  ", f"{line} and the buffer by {_cut(point.buffer_moves)}", width)
    for line in wrong:
        yield from beside("  NOT AS DECLARED  ", line, width)


def _verdict(one: Tried) -> str:
    said_of = {"": "not declared", "holds": "declared", "within": "declared within an amount", "broken": "declared broken"}[one.declared]
    on = f"{one.held_to} of {one.accounts} accounts"
    if one.example is not None:
        return f"does not hold ({said_of}); {on} tried, wrong by up to {_cut(one.worst)}"
    if one.held_to:
        return f"held on {on} ({said_of})"
    if not one.accounts:
        return f"not tried: no market has a table, or a contract where formulas need none ({said_of})"
    return f"not tried: none of {one.accounts} accounts could be decided ({said_of})"


def _jump(jump: Jump | None) -> str:
    if jump is None:
        return "no bound of a table to look at"
    if round(jump.by, 6) == 0:
        return "none"
    return f"{_cut(jump.by)} ({say_number.rate(round(jump.share, 6))} of what was needed), at size {say_number.number(jump.size)}"


def _cut(value: Any) -> str:
    return say_number.money(round(value, 6))


# -- the block for a status file, and JSON ---------------------------------------------------------


def _yaml(found: list[Tried]) -> Iterator[str]:
    """What the drawn accounts showed, to be read and put into the status file by whoever answers for it."""
    yield "invariants:"
    for one in found:
        if one.example is None or one.pair is None:
            yield f"  {one.name}: holds" if one.held_to else f"  # {one.name} could not be tried"
            continue
        yield f"  {one.name}:"
        yield "    because: say which rule does it"
        yield "    broken:"
        yield "      case:"
        yield from (f"        {line}" for line in words_of(one.example.snapshot).lines())
        yield f"      change: {exact_text(one.example.change)}"
        yield f"      gives: [{_written(one.pair.before)}, {_written(one.pair.after)}]"


def _written(value: Any) -> str:
    return policy_number(value) if isinstance(value, tuple) else said(value)


def _json(of: Declared, found: list[Tried], steady: list[Stability], wrong: list[str]) -> dict[str, Any]:
    return {
        "schema": SCHEMA, "rulebook": of.plan.rulebook, "as_of": say_instant(of.when), "not_as_declared": wrong,
        "invariants": [_one(one) for one in found], "stability": [_steady(one) for one in steady],
    }  # fmt: skip


def _one(one: Tried) -> dict[str, Any]:
    return {
        "name": one.name, "asks": PROPERTIES[one.name].asks, "declared": one.declared or None, "accounts": one.accounts,
        "tried": one.held_to, "undecided": one.undecided, "holds": one.example is None if one.held_to else None,
        "worst": exact_text(to_exact(one.worst)), "example": told(one) or None,
    }  # fmt: skip


def _steady(one: Stability) -> dict[str, Any]:
    return {
        "market": one.market, "mark": _text_of(one.mark), "over_size": _jump_json(one.over_size), "over_price": _jump_json(one.over_price),
        "per_basis_point": [
            {"notional": str(p.notional), "requirement": _text_of(p.requirement), "requirement_moves": _text_of(p.requirement_moves),
             "buffer_moves": _text_of(p.buffer_moves)} for p in one.points
        ],
    }  # fmt: skip


def _jump_json(jump: Jump | None) -> dict[str, str] | None:
    return None if jump is None else {"by": _text_of(jump.by), "at_size": _text_of(jump.size), "share": _text_of(jump.share)}


def _text_of(value: Any) -> str:
    pair: Exact = to_exact(value)
    return exact_text(pair)
