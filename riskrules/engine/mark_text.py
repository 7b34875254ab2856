"""A mark price explained: the verdict, each leg or why it is missing, the case that was taken, clamp and rounding."""

from __future__ import annotations

from typing import Any

from riskrules.engine.explain import Step, figure
from riskrules.engine.explain_json import step_json
from riskrules.engine.explain_text import aligned, beside, wrapped
from riskrules.engine.marking import Marked
from riskrules.ir.fault import Fault
from riskrules.ir.walk import Walk
from riskrules.ir.words import formula
from riskrules.ir.working import Working
from riskrules.units import say

WHOLE = "combined_price"


def steps(made: Marked) -> list[Step]:
    """Every named term of the rule, in the order of its working."""
    if made.walk is None:
        return []
    return [_step(made.walk, name, k, made.said.get(name, "")) for name, k in made.walk.program.named.items()]


def _step(walk: Walk, name: str, k: int, note: str) -> Step:
    taken = taken_of(walk, k) if name == WHOLE else k
    if taken != k:
        note = walk.program.nodes[taken].name.replace("_", " ") or "no leg is missing"
    value, working = walk.at(k, 0), Working(walk, lambda _: False)
    text = value.text if isinstance(value, Fault) else working.text(taken, 0)
    file, line = walk.program.nodes[taken].source if walk.program.nodes[taken].name else walk.program.nodes[k].source
    return Step(name, "", text, value, working.value(k, 0), f"{file}:{line}", note)


def taken_of(walk: Walk, k: int) -> int:
    """Where a chain of choices ended; where it could not be decided, the choice itself."""
    nodes, whole = walk.program.nodes, k
    while nodes[k].op == "choose" and (k == whole or not nodes[k].name):
        condition, this, that = nodes[k].args
        answer = walk.at(condition, 0)
        if isinstance(answer, Fault):
            return whole
        k = this if answer else that
    return k


def mark_text(made: Marked, width: int) -> str:
    if isinstance(made.value, Fault):
        lines = [f"UNDECIDED  {made.market}      no mark price: nothing is assumed"]
        first, *more = [*wrapped(made.value.text, width - 9), *wrapped(made.value.hint, width - 9)]
        lines += [f"  {made.value.code}  {first}", *(f"         {line}" for line in more)]
    else:
        lines = [f"MARK  {made.market}  {say.money(made.value)}      by {made.rule}"]
    for name, fault in missing(made):
        lines += beside(f"    missing        {name}  {fault.code}  ", fault.text, width)
    return "\n".join([*lines, *aligned(steps(made), width)])


def missing(made: Marked) -> list[tuple[str, Fault]]:
    """The legs that could not be had, each with its error."""
    legs = [step for step in steps(made) if step.name not in (WHOLE, "clamped_price", "mark_price", "basis")]
    return [(step.name, step.value) for step in legs if isinstance(step.value, Fault)]


def mark_json(made: Marked) -> dict[str, Any]:
    program = made.walk.program if made.walk else None
    return {
        "market": made.market,
        "rule": made.rule or None,
        "mark_price": figure(made.value),
        "formula": {name: formula(program, k) for name, k in program.named.items()} if program else {},
        "missing": [{"leg": name, "error": figure(fault)} for name, fault in missing(made)],
        "steps": [step_json(step) for step in steps(made)],
    }
