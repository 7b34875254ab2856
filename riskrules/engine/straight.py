"""Proved from the graph: a term that runs straight in a size between the caps of a table.

Each node is asked how it depends on what moves.  Where the answer is "not on its square, and turning only
where the size meets a cap", a few exact values of the term are the whole of it: two of a stretch give
the line, and no point between them is left to chance.
"""

from __future__ import annotations

from typing import NamedTuple

from riskrules.ir.ops import COMPARATORS, ROUNDINGS
from riskrules.ir.program import Node, Program
from riskrules.units.exact import Exact

SIZE, STEPS = "size", "steps"  # how a given moves: in proportion to x, or constant between caps
Moving = dict[tuple[str, str], str]

ROUNDED = frozenset(ROUNDINGS.values())
ONE_TO_ONE = frozenset(("gather", "first", "second", "total", "largest", "smallest"))  # over one row: the row's own value
BY_CAP = frozenset(("bracket", "within_last_cap"))


class Shape(NamedTuple):
    """Between caps 0 constant, 1 straight; whether it turns at caps; and whether it is in proportion to x throughout."""

    degree: int
    turns: bool = False
    in_proportion: bool = False


FIXED, STEPPED, PROPORTIONAL = Shape(0), Shape(0, turns=True), Shape(1, in_proportion=True)


class Straight(NamedTuple):
    """A term without the rounding around it, and that rounding."""

    node: int
    rounding: tuple[str, Exact] | None


def straight(program: Program, name: str, moving: Moving) -> Straight | None:
    """The term with its outermost rounding set apart, where what is inside runs straight between caps; else None."""
    target = unrounded(program, name)
    found = _shapes(program, moving)[target.node]
    return None if found is None else target


def unrounded(program: Program, name: str) -> Straight:
    """A rounding keeps the order of what it rounds, so that two terms under one rounding are in the order of what is inside."""
    k = program.named[name]
    node = program.nodes[k]
    if node.op not in ROUNDED or program.nodes[node.args[1]].op != "constant":
        return Straight(k, None)
    return Straight(node.args[0], (node.op, program.nodes[node.args[1]].param))


def _shapes(program: Program, moving: Moving) -> list[Shape | None]:
    found: list[Shape | None] = []
    for node in program.nodes:
        args = [found[arg] for arg in node.args]
        found.append(_shape(node, args, moving))
    return found


def _shape(node: Node, args: list[Shape | None], moving: Moving) -> Shape | None:
    if node.op == "given":
        return {SIZE: PROPORTIONAL, STEPS: STEPPED}.get(moving.get((node.rows, node.param), ""), FIXED)
    known = [arg for arg in args if arg is not None]
    if len(known) < len(args):
        return None
    turns = any(arg.turns for arg in known)
    if all(arg.degree == 0 for arg in known):
        return STEPPED if turns else FIXED
    return _of_moving(node.op, known, turns)


def _of_moving(op: str, args: list[Shape], turns: bool) -> Shape | None:
    """Of an operation with an argument that is not constant between caps."""
    first, *others = args
    in_proportion = all(arg.in_proportion for arg in args)
    if op in ONE_TO_ONE or (op == "absolute" and in_proportion):
        return first
    if op in ("add", "sub", "neg"):
        return Shape(1, turns, in_proportion)
    if op == "mul":
        scaled = any(arg.in_proportion for arg in args) and not turns
        return None if first.degree + others[0].degree > 1 else Shape(1, turns, scaled)
    if op == "div":
        return None if others[0].degree else Shape(1, turns, first.in_proportion and not turns)
    if op == "choose":
        return None if first.degree else Shape(1, turns, not turns and all(arg.in_proportion for arg in others))
    if op in BY_CAP:
        return STEPPED if first.in_proportion else None
    return FIXED if op in COMPARATORS and in_proportion else None
