"""The exact walk: a program over a frame, column by column.

What comes back is every column of every term, so that a trace is nothing but a reading of it.  A
column that may hold a fault is walked row by row with the faults passed on; all others go straight
through the operation's exact meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from riskrules.ir.fault import Fault
from riskrules.ir.frame import Column, Frame
from riskrules.ir.ops import OPS
from riskrules.ir.program import Node, Program
from riskrules.ir.words import value_text
from riskrules.units.exact import ZERO

Handler = Callable[[Node, "Walk"], Column]


class Walk:
    """One pass; `columns[k]` is the column of node k.

    The terms of the decision come first in a program; what is asked only of orders comes last and is
    walked when it is first looked at (`upto`).
    """

    __slots__ = ("columns", "faulty", "frame", "program")

    def __init__(self, program: Program, frame: Frame) -> None:
        self.program = program
        self.frame = frame
        self.columns: list[Column] = []
        self.faulty: list[bool] = []
        self.upto(program.decides)

    def upto(self, k: int) -> None:
        """Walk as far as node k."""
        begin = len(self.columns)
        if k < begin:
            return
        counts = {rows: self.frame.count(rows) for rows in self.program.kinds}
        for node, handler, may_fault in _steps(self.program)[begin : k + 1]:
            column = handler(node, self) if counts[node.rows] else []
            self.columns.append(column)
            tainted = may_fault or True in [self.faulty[arg] for arg in node.args]
            self.faulty.append(tainted and Fault in map(type, column))

    def column(self, name: str) -> Column:
        k = self.program.named[name]
        self.upto(k)
        return self.columns[k]

    def value(self, name: str, row: int) -> Any:
        column = self.column(name)
        return column[0] if self.program.nodes[self.program.named[name]].rows == "any" else column[row]

    def spread(self, arg: int, rows: str) -> Column:
        """The column of an argument, a constant repeated for as many rows as are asked for."""
        column = self.columns[arg]
        if self.program.nodes[arg].rows == "any" and rows != "any":
            return column * self.frame.count(rows)
        return column


Step = tuple[Node, Handler, bool]


def _steps(program: Program) -> list[Step]:
    """Each node with what carries it out, found once for a program."""
    if not program.steps:
        for node in program.nodes:
            handler = _SPECIAL.get(node.op) or (_two if len(node.args) == 2 else _one if len(node.args) == 1 else _elementwise)
            program.steps.append((node, handler, OPS[node.op].may_fault))
    return program.steps


def _one(node: Node, walk: Walk) -> Column:
    arg = node.args[0]
    exact = OPS[node.op].exact
    if walk.faulty[arg]:
        return [value if type(value) is Fault else exact(value) for value in walk.columns[arg]]
    return [exact(value) for value in walk.columns[arg]]


def _two(node: Node, walk: Walk) -> Column:
    left, right = node.args
    if walk.faulty[left] or walk.faulty[right]:
        return _elementwise(node, walk)
    return list(map(OPS[node.op].exact, walk.spread(left, node.rows), walk.spread(right, node.rows)))


def _elementwise(node: Node, walk: Walk) -> Column:
    exact = OPS[node.op].exact
    columns = [walk.spread(arg, node.rows) for arg in node.args]
    return [_first_fault(values) or exact(*values) for values in zip(*columns, strict=True)]


def _first_fault(values: tuple[Any, ...]) -> Fault | None:
    return next((value for value in values if type(value) is Fault), None)


def _choose(node: Node, walk: Walk) -> Column:
    """Only the branch that is taken counts, its fault included."""
    conditions, these, those = (walk.spread(arg, node.rows) for arg in node.args)
    rows = zip(conditions, these, those, strict=True)
    return [condition if type(condition) is Fault else (this if condition else that) for condition, this, that in rows]


def _given(node: Node, walk: Walk) -> Column:
    return walk.frame.given[node.rows, node.param]


def _constant(node: Node, walk: Walk) -> Column:
    return [node.param]


def _fault(node: Node, walk: Walk) -> Column:
    code, text, hint = node.param
    columns = [walk.spread(arg, node.rows) for arg in node.args]
    units = [walk.program.nodes[arg].unit for arg in node.args]
    out: Column = []
    for row in range(walk.frame.count(node.rows)):
        values = tuple(column[row] for column in columns)
        shown = [value_text(value, unit) for value, unit in zip(values, units, strict=True)]
        said = text.format(*shown, row=walk.frame.label(node.rows, row))
        out.append(_first_fault(values) or Fault(code, said, hint))
    return out


def _gather(node: Node, walk: Walk) -> Column:
    column = walk.columns[node.args[0]]
    return [column[k] for k in walk.frame.key(node.rows, walk.program.nodes[node.args[0]].rows)]


def _total(node: Node, walk: Walk) -> Column:
    """Nothing to add is 0; a fault taints its own total only."""
    add = OPS["add"].exact
    out: Column = [ZERO] * walk.frame.count(node.rows)
    for value, k in zip(*_members(node, walk), strict=True):
        if type(out[k]) is not Fault:
            out[k] = value if type(value) is Fault else add(out[k], value)
    return out


def _members(node: Node, walk: Walk) -> tuple[Column, list[int]]:
    arg = node.args[0]
    return walk.columns[arg], walk.frame.key(walk.program.nodes[arg].rows, node.rows)


def _extreme(node: Node, walk: Walk) -> Column:
    """The extreme value of each group; a group of nothing has none, and that is a fault."""
    return [best if type(best) is Fault else best[1] for best in _best(node, walk)]


def _which(node: Node, walk: Walk) -> Column:
    return [best if type(best) is Fault else best[0] for best in _best(node, walk)]


def _best(node: Node, walk: Walk) -> list[Any]:
    keep = OPS[node.op].exact
    out: list[Any] = [None] * walk.frame.count(node.rows)
    for i, (value, k) in enumerate(zip(*_members(node, walk), strict=True)):
        held = out[k]
        if type(held) is Fault:
            continue
        if type(value) is Fault:
            out[k] = value
        elif held is None or keep(held[1], value) is not held[1]:
            out[k] = (i, value)
    nothing = Fault("RR510", "the largest or smallest of nothing", "the rule needs at least one row here")
    return [nothing if best is None else best for best in out]


_SPECIAL: dict[str, Handler] = {
    "choose": _choose, "label_if": _choose, "given": _given, "constant": _constant, "fault": _fault, "gather": _gather, "total": _total,
    "largest": _extreme, "smallest": _extreme, "which_largest": _which, "which_smallest": _which,
}  # fmt: skip
