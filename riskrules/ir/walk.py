"""The exact walk: a program over a frame, column by column.

What comes back is every column of every term, so that a trace is nothing but a reading of it.  A
column that may hold a fault is walked row by row with the faults passed on; all others go straight
through the operation's exact meaning.  A walk may begin from another one: what does not depend on
the figures that were changed is taken over as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key, partial, reduce
from typing import Any

from riskrules.ir.fault import Fault
from riskrules.ir.frame import Column, Frame
from riskrules.ir.ops import OPS, apart
from riskrules.ir.program import Node, Program
from riskrules.ir.words import value_text
from riskrules.units.exact import ZERO, to_fraction

NOTHING_HERE = Fault("RR510", "the largest or smallest of nothing", "the rule needs at least one row here")
Exactly = Callable[..., Any]
Handler = Callable[[Node, Exactly, "Walk"], Column]
Changes = dict[tuple[str, str], Column]  # (rows, name) of a given → what it is instead


class Walk:
    """One pass; `columns[k]` is the column of node k, and `faulty` are the nodes whose column holds a fault.

    The terms of the decision come first in a program, and are walked at once; what is shown beside it, or
    asked of orders, is walked when it is first looked at (`upto`).
    """

    __slots__ = ("columns", "counts", "faulty", "frame", "program")

    def __init__(self, program: Program, frame: Frame) -> None:
        self.program = program
        self.frame = frame
        self.counts = {rows: frame.count(rows) for rows in program.kinds}
        self.columns: list[Column] = []
        self.faulty: set[int] = set()
        self.upto(program.decides)

    def upto(self, k: int) -> None:
        """Walk as far as node k."""
        columns, counts, faulty = self.columns, self.counts, self.faulty
        for node, handler, exact, may_fault, rows, args in _steps(self.program)[len(columns) : k + 1]:
            if not counts[rows]:
                columns.append([])
                continue
            column = handler(node, exact, self)
            if (may_fault or (faulty and not faulty.isdisjoint(args))) and Fault in map(type, column):
                faulty.add(len(columns))
            columns.append(column)

    def changed(self, changes: Changes, k: int) -> Walk:
        """This walk with some given figures put otherwise, as far as node k, which must have been walked here."""
        other = object.__new__(Walk)
        other.program, other.frame, other.counts = self.program, self.frame.with_given(changes), self.counts
        other.columns, other.faulty = self.columns[: k + 1], {j for j in self.faulty if j <= k}
        moved: set[int] = set()
        for j, (node, handler, exact, *_) in enumerate(_steps(self.program)[: k + 1]):
            if (node.op == "given" and (node.rows, node.param) in changes) or not moved.isdisjoint(node.args):
                moved.add(j)
                other.faulty.discard(j)
                other.columns[j] = handler(node, exact, other) if other.columns[j] else []
                if Fault in map(type, other.columns[j]):
                    other.faulty.add(j)
        return other

    def column(self, name: str) -> Column:
        k = self.program.named[name]
        self.upto(k)
        return self.columns[k]

    def value(self, name: str, row: int) -> Any:
        k = self.program.named[name]
        self.upto(k)
        return self.at(k, row)

    def at(self, k: int, row: int) -> Any:
        """The value of a node that was walked; a constant has one for every row."""
        return self.columns[k][0 if self.program.nodes[k].rows == "any" else row]

    def spread(self, arg: int, rows: str) -> Column:
        """The column of an argument, a constant repeated for as many rows as are asked for."""
        column = self.columns[arg]
        if self.program.nodes[arg].rows == "any" and rows != "any":
            return column * self.counts[rows]
        return column


Step = tuple[Node, Handler, Exactly, bool, str, tuple[int, ...]]  # the last two are the node's own: quicker to reach


def _steps(program: Program) -> list[Step]:
    """Each node with what carries it out, found once for a program."""
    if not program.steps:
        program.steps.extend(
            (node, _handler(node, program), OPS[node.op].exact, OPS[node.op].may_fault, node.rows, node.args) for node in program.nodes
        )
    return program.steps


def _handler(node: Node, program: Program) -> Handler:
    if node.op in _SPECIAL:
        return _SPECIAL[node.op]
    if len(node.args) == 1:
        return _one
    if len(node.args) != 2:
        return _elementwise
    left, right = (program.nodes[arg].rows for arg in node.args)
    if left != node.rows:
        return _elementwise
    return _by_constant if right == "any" else _two


def _one(node: Node, exact: Exactly, walk: Walk) -> Column:
    arg = node.args[0]
    if arg in walk.faulty:
        return [value if type(value) is Fault else exact(value) for value in walk.columns[arg]]
    return [exact(value) for value in walk.columns[arg]]


def _two(node: Node, exact: Exactly, walk: Walk) -> Column:
    """Both arguments have the rows of the node."""
    left, right = node.args
    if left in walk.faulty or right in walk.faulty:
        return _elementwise(node, exact, walk)
    return list(map(exact, walk.columns[left], walk.columns[right]))


def _by_constant(node: Node, exact: Exactly, walk: Walk) -> Column:
    left, right = node.args
    if left in walk.faulty or right in walk.faulty:
        return _elementwise(node, exact, walk)
    (constant,) = walk.columns[right]
    return [exact(value, constant) for value in walk.columns[left]]


def _elementwise(node: Node, exact: Exactly, walk: Walk) -> Column:
    columns = [walk.spread(arg, node.rows) for arg in node.args]
    if walk.faulty.isdisjoint(node.args):
        return list(map(exact, *columns))
    return [_first_fault(values) or exact(*values) for values in zip(*columns, strict=True)]


def _first_fault(values: tuple[Any, ...]) -> Fault | None:
    return next((value for value in values if type(value) is Fault), None)


def _choose(node: Node, exact: Exactly, walk: Walk) -> Column:
    """Only the branch that is taken counts, its fault included."""
    conditions, these, those = [walk.spread(arg, node.rows) for arg in node.args]
    rows = zip(conditions, these, those, strict=True)
    if node.args[0] not in walk.faulty:
        return [this if condition else that for condition, this, that in rows]
    return [condition if type(condition) is Fault else (this if condition else that) for condition, this, that in rows]


def _given(node: Node, exact: Exactly, walk: Walk) -> Column:
    return walk.frame.column(node.rows, node.param)


def _constant(node: Node, exact: Exactly, walk: Walk) -> Column:
    return [node.param]


def _fault(node: Node, exact: Exactly, walk: Walk) -> Column:
    code, _, hint = node.param
    columns = [walk.spread(arg, node.rows) for arg in node.args]
    shown = list(zip(*columns, strict=True)) if columns else [()] * walk.counts[node.rows]
    said = [Fault(code, partial(_refusal, node, values, walk, row), hint) for row, values in enumerate(shown)]
    if walk.faulty.isdisjoint(node.args):
        return said
    return [_first_fault(values) or refusal for values, refusal in zip(shown, said, strict=True)]


def _refusal(node: Node, values: tuple[Any, ...], walk: Walk, row: int) -> str:
    """The text of a refusal with the figures that led to it."""
    shown = [value_text(value, walk.program.nodes[arg].unit) for value, arg in zip(values, node.args, strict=True)]
    text: str = node.param[1]
    return text.format(*shown, row=walk.frame.label(node.rows, row))


def _gather(node: Node, exact: Exactly, walk: Walk) -> Column:
    column = walk.columns[node.args[0]]
    return [column[k] for k in walk.frame.key(node.rows, walk.program.nodes[node.args[0]].rows)]


def _of_pair(node: Node, exact: Exactly, walk: Walk) -> Column:
    column = walk.columns[node.args[0]]
    return [column[k] for k in walk.frame.key("pair", node.op)]


def _total(node: Node, exact: Exactly, walk: Walk) -> Column:
    """Nothing to add is 0; a fault taints its own total only."""
    if walk.counts[node.rows] == 1 and node.args[0] not in walk.faulty:
        return [reduce(exact, walk.columns[node.args[0]] or [ZERO])]
    out: Column = [ZERO] * walk.counts[node.rows]
    for value, k in zip(*_members(node, walk), strict=True):
        held = out[k]
        if held is ZERO:
            out[k] = value
        elif type(held) is not Fault:
            out[k] = value if type(value) is Fault else exact(held, value)
    return out


def _members(node: Node, walk: Walk) -> tuple[Column, list[int]]:
    arg = node.args[0]
    return walk.columns[arg], walk.frame.key(walk.program.nodes[arg].rows, node.rows)


def _extreme(node: Node, exact: Exactly, walk: Walk) -> Column:
    """The extreme value of each group; a group of nothing has none, and that is a fault."""
    return [best if type(best) is Fault else best[1] for best in _best(node, exact, walk)]


def _least_payoff(node: Node, exact: Exactly, walk: Walk) -> Column:
    """Of the options of each group; a group of nothing is an error, as any extreme of nothing is."""
    below = walk.program.nodes[node.args[0]].rows
    groups: list[Any] = [[] for _ in range(walk.counts[node.rows])]
    for *option, k in zip(*(walk.columns[arg] for arg in node.args), walk.frame.key(below, node.rows), strict=True):
        fault = _first_fault(tuple(option))
        if fault is not None:
            groups[k] = fault
        elif type(groups[k]) is not Fault:
            groups[k].append(tuple(option))
    return [group if type(group) is Fault else exact(group) if group else NOTHING_HERE for group in groups]


def _which(node: Node, exact: Exactly, walk: Walk) -> Column:
    return [best if type(best) is Fault else best[0] for best in _best(node, exact, walk)]


def _best(node: Node, keep: Exactly, walk: Walk) -> list[Any]:
    out: list[Any] = [None] * walk.counts[node.rows]
    for i, (value, k) in enumerate(zip(*_members(node, walk), strict=True)):
        held = out[k]
        if type(held) is Fault:
            continue
        if type(value) is Fault:
            out[k] = value
        elif held is None or keep(held[1], value) is not held[1]:
            out[k] = (i, value)
    return [NOTHING_HERE if best is None else best for best in out]


def _median(node: Node, exact: Exactly, walk: Walk) -> Column:
    """Of what counts; what does not count is not looked at, its fault included."""
    values, key = _members(node, walk)
    groups: list[Any] = [[] for _ in range(walk.counts[node.rows])]
    for value, counts, k in zip(values, walk.columns[node.args[1]], key, strict=True):
        fault = counts if type(counts) is Fault else value if counts and type(value) is Fault else None
        if type(groups[k]) is Fault:
            continue
        if fault is not None:
            groups[k] = fault
        elif counts:
            groups[k].append(value)
    return [group if type(group) is Fault else exact(group) if group else NOTHING_HERE for group in groups]


def _total_before(node: Node, exact: Exactly, walk: Walk) -> Column:
    """A fault among the keys leaves the whole group without an order; one among the values is in every sum after it."""
    values, keys = (walk.columns[arg] for arg in node.args)
    groups: dict[int, list[int]] = {}
    for i, k in enumerate(walk.frame.key(node.rows, node.param)):
        groups.setdefault(k, []).append(i)
    out: Column = [ZERO] * walk.counts[node.rows]
    for members in groups.values():
        unordered = _first_fault(tuple(keys[i] for i in members))
        so_far: Any = unordered or ZERO
        for i in members if unordered else ranked(members, keys):
            out[i] = so_far
            if type(so_far) is not Fault:
                so_far = values[i] if type(values[i]) is Fault else exact(so_far, values[i])
    return out


def ranked(members: list[int], keys: Column) -> list[int]:
    """From the smallest key up; of equal ones as they stand."""

    def between(i: int, j: int) -> int:
        return apart(keys[i], keys[j])

    return sorted(members, key=cmp_to_key(between))


def _had(node: Node, exact: Exactly, walk: Walk) -> Column:
    """Which errors count as missing is the rule's to say; any other is still one."""
    return [(value.code not in node.param and value) if type(value) is Fault else True for value in walk.columns[node.args[0]]]


def _total_ahead(node: Node, exact: Exactly, walk: Walk) -> Column:
    """A running total down each group, from the row with the most; an error taints its own group only."""
    figures, scores = (walk.spread(arg, node.rows) for arg in node.args)
    groups: dict[int, list[int]] = {}
    for row, group in enumerate(walk.frame.key(node.rows, node.param)):
        groups.setdefault(group, []).append(row)
    out: Column = [ZERO] * walk.counts[node.rows]
    for rows in groups.values():
        spoilt = next((value for row in rows for value in (figures[row], scores[row]) if type(value) is Fault), None)
        running: Any = ZERO
        for row in rows if spoilt else sorted(rows, key=lambda row: -to_fraction(scores[row])):
            out[row] = spoilt or running
            running = spoilt or exact(running, figures[row])
    return out


_SPECIAL: dict[str, Handler] = {
    "choose": _choose, "label_if": _choose, "given": _given, "constant": _constant, "fault": _fault, "gather": _gather, "total": _total,
    "largest": _extreme, "smallest": _extreme, "which_largest": _which, "which_smallest": _which, "least_payoff": _least_payoff,
    "median_where": _median, "total_before": _total_before,
    "had": _had, "total_ahead": _total_ahead,
    "first": _of_pair, "second": _of_pair,
}  # fmt: skip
