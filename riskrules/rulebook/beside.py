"""The rules beside the margin, mark prices and liquidation, as programs of their own: a decision that needs none reads none."""

from __future__ import annotations

from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.marks import One, mark_rules
from riskrules.rulebook.plan import Beside, packed_program
from riskrules.rulebook.versions import History


def rules_beside(history: History, one: One) -> tuple[Beside, list[Problem]]:
    """What is in force, or what is wrong with it."""
    marks, mark_rule_of, problems = mark_rules(history, one)
    programs = {f"mark {name}": packed_program(program) for name, program in marks.items()}
    return Beside(programs, mark_rule_of), problems
