"""The rules beside the margin, mark prices and liquidation, as programs of their own: a decision that needs none reads none."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.diagnostics.problem import Problem
from riskrules.ir.program import Program, flatten
from riskrules.ir.term import Term
from riskrules.rulebook.ladders import Release, prove_strategy
from riskrules.rulebook.marks import One, known, mark_rules, said_of_legs, where
from riskrules.rulebook.plan import Beside, MarketPlan, TablePlan, packed_program
from riskrules.rulebook.versions import History, Version
from riskrules.rules import liquidation_meaning, margin
from riskrules.rules.contracts import InUse
from riskrules.rules.margin import CHOSEN_LIMIT, TierForm
from riskrules.text.document import node_at
from riskrules.units.exact import to_fraction


class Used(NamedTuple):
    """What is in force of the margin: its sections, tier forms and markets."""

    sections: dict[str, Version]
    forms: dict[str, TierForm]
    markets: dict[str, MarketPlan]
    contracts: InUse
    table_of: Callable[[str], Version | None]  # the table surely in force, to say where it stands

    @property
    def tables(self) -> list[tuple[str, TablePlan]]:
        return [(name, table) for name, market in self.markets.items() for table in market.tables if table]

    @property
    def chosen_limits(self) -> bool:
        return any(self.forms[table.form].lookup == CHOSEN_LIMIT for _, table in self.tables)


def rules_beside(history: History, one: One, terms: dict[str, Term], used: Used) -> tuple[Beside, list[Problem]]:
    """What is in force, or what is wrong with it."""
    least = _least(history, used)
    marks, mark_rule_of, problems = mark_rules(history, one)
    ladders, strategy_of, more = _strategies(history, one, used.sections["liquidate_when"], least)
    problems += more
    if problems:
        return Beside(), problems
    programs = {f"mark {name}": program for name, (program, _) in marks.items()}
    programs |= {f"steps {name}": _program(version, terms, used) for name, version in ladders.items()}
    said = {f"mark {name}": said_of_legs(version) for name, (_, version) in marks.items()}
    said |= {f"steps {name}": _said_of_steps(version) for name, version in ladders.items()}
    packed = {name: packed_program(program) for name, program in programs.items()}
    return Beside(packed, mark_rule_of, strategy_of, said), []


def _strategies(
    history: History, one: One, trigger: Version, least: Release | None
) -> tuple[dict[str, Version], dict[str, str], list[Problem]]:
    found = {name: version for name in history.names("strategies") if (version := one("strategies", name, required=False)) is not None}
    problems = [problem for version in found.values() for problem in prove_strategy(version, trigger, least)]
    chosen, of = one("liquidation", "strategy_of", required=False), {}
    for mode in ("cross", "isolated"):
        name = getattr(chosen.value, mode) if chosen is not None else None
        if chosen is not None and name is not None:
            problems += known(chosen.file.at(*chosen.place, mode), name, found, "strategy")
            of[mode] = name
    return found, of, problems


def _least(history: History, used: Used) -> Release | None:
    """What closing frees at least, where margins are by tables on the notional at mark; by a formula it is not known of every size."""
    rule: margin.Maintenance = used.sections["maintenance_margin"].value
    tables = [(name, table) for name, table in used.tables if table.rate_on == "notional_at_mark"]
    if rule.position != "tier" or rule.whole is not None or not tables or not history.names("strategies"):
        return None
    fee = rule.fee if isinstance(rule.fee, margin.Fee) else None
    reserved = fee.rate if fee and fee.on == "notional_at_mark" and isinstance(fee.rate, Fraction) else Fraction(0)
    name, table = min(tables, key=lambda pair: min(map(to_fraction, pair[1].maintenance_rates)))
    version = used.table_of(name) or used.sections["maintenance_margin"]
    return Release(name, min(map(to_fraction, table.maintenance_rates)) + reserved, version.file.at(*version.place, key=True))


def _program(version: Version, terms: dict[str, Term], used: Used) -> Program:
    """The margin's own terms with the steps over them."""
    steps = liquidation_meaning.meaning(version.value, terms, used.contracts, where(version), used.chosen_limits)
    return flatten({**terms, **steps}, "next_step")


def _said_of_steps(version: Version) -> dict[str, str]:
    """Each step as its author wrote it, and what is stated beside the steps: shown, not run."""
    document, place = version.file.document, version.place
    said = {str(k + 1): flow(node_at(document, (*place, "steps", k))) for k in range(len(version.value.steps))}
    for key in ("fees", "pause", "stop_when", "skip_to_take_over_when"):
        said[key] = flow(node_at(document, (*place, key)))
    lines = {f"{k + 1} line": str(where(version)("steps", k)[1]) for k in range(len(version.value.steps))}
    return said | lines | {"file": version.file.path}


def flow(node: Any) -> str:
    """A piece of a policy on one line, as it may be written there."""
    if isinstance(node, dict):
        return ", ".join(f"{key}: {_inner(value)}" for key, value in node.items())
    return _inner(node)


def _inner(node: Any) -> str:
    if isinstance(node, dict):
        return f"{{{flow(node)}}}"
    return f"[{', '.join(_inner(one) for one in node)}]" if isinstance(node, list) else str(node)
