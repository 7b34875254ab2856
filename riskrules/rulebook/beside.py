"""The rules beside the margin, mark prices and liquidation, as programs of their own: a decision that needs none reads none."""

from __future__ import annotations

from typing import Any

from riskrules.diagnostics.problem import Problem
from riskrules.ir.program import Program, flatten
from riskrules.ir.term import Term
from riskrules.rulebook.ladders import Release, prove_strategy
from riskrules.rulebook.marks import One, known, mark_rules, said_of_legs, where
from riskrules.rulebook.plan import Beside, packed_program
from riskrules.rulebook.versions import History, Version
from riskrules.rules import liquidation_meaning
from riskrules.rules.contracts import InUse
from riskrules.text.document import node_at


def rules_beside(
    history: History, one: One, terms: dict[str, Term], used: InUse, trigger: Version, chosen_limits: bool, least: Release | None
) -> tuple[Beside, list[Problem]]:
    """What is in force, or what is wrong with it."""
    marks, mark_rule_of, problems = mark_rules(history, one)
    ladders, strategy_of, more = _strategies(history, one, trigger, least)
    problems += more
    if problems:
        return Beside(), problems
    programs = {f"mark {name}": program for name, (program, _) in marks.items()}
    programs |= {f"steps {name}": _program(version, terms, used, chosen_limits) for name, version in ladders.items()}
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


def _program(version: Version, terms: dict[str, Term], used: InUse, chosen_limits: bool) -> Program:
    """The margin's own terms with the steps over them."""
    steps = liquidation_meaning.meaning(version.value, terms, used, where(version), chosen_limits)
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
