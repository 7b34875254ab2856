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
    """One pass; `columns[k]` is the column of node k."""

    __slots__ = ("columns", "faulty", "frame", "program")

    def __init__(self, program: Program, frame: Frame) -> None:
        self.program = program
        self.frame = frame
        self.columns: list[Column] = []
        self.faulty: list[bool] = []
        for node in program.nodes:
            self._step(node)

    def _step(self, node: Node) -> None:
        handler = _SPECIAL.get(node.op)
        column = handler(node, self) if handler else _elementwise(node, self)
        self.columns.append(column)
        tainted = OPS[node.op].may_fault or any(self.faulty[arg] for arg in node.args)
        self.faulty.append(tainted and any(type(value) is Fault for value in column))

    def column(self, name: str) -> Column:
        return self.columns[self.program.named[name]]

    def value(self, name: str, row: int) -> Any:
        column = self.columns[self.program.named[name]]
        return column[0] if self.program.nodes[self.program.named[name]].rows == "any" else column[row]

    def spread(self, arg: int, rows: str) -> Column:
        """The column of an argument, a constant repeated for as many rows as are asked for."""
        column = self.columns[arg]
        if self.program.nodes[arg].rows == "any" and rows != "any":
            return column * self.frame.count(rows)
        return column


def _elementwise(node: Node, walk: Walk) -> Column:
    exact = OPS[node.op].exact
    columns = [walk.spread(arg, node.rows) for arg in node.args]
    if any(walk.faulty[arg] for arg in node.args):
        return [_first_fault(values) or exact(*values) for values in zip(*columns, strict=True)]
    if len(columns) == 2:
        return [exact(x, y) for x, y in zip(*columns, strict=True)]
    return [exact(*values) for values in zip(*columns, strict=True)]


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
