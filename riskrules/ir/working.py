"""The working of one value: its formula with the numbers put in, read off a walk.

    notional × maintenance_rate − maintenance_amount     →     300,000.00 × 0.65% − 425.00

A named term inside another stands as its value, unless it is asked to be taken apart.  Of a choice
only the branch that was taken is shown; a total shows its members while they are few.
"""

from __future__ import annotations

from collections.abc import Callable

from riskrules.ir.fault import Fault
from riskrules.ir.frame import CARRIED, LIST, SCENARIO
from riskrules.ir.ops import LOOSE, OPS, SUM, TIGHT
from riskrules.ir.walk import Walk
from riskrules.ir.words import bracketed, value_text

FEW = 4
Apart = Callable[[int], bool]


class Working:
    """`apart` says which named nodes are taken apart instead of standing as their value."""

    def __init__(self, walk: Walk, apart: Apart) -> None:
        self.walk, self.apart = walk, apart
        self.nodes = walk.program.nodes

    def value(self, k: int, row: int) -> str:
        return value_text(self.walk.at(k, row), self.nodes[k].unit)

    def text(self, k: int, row: int) -> str:
        """The working of node k at a row, itself taken apart."""
        return self._expression(k, row)[0]

    def _expression(self, k: int, row: int) -> tuple[str, int]:
        """The words and how tightly they bind."""
        node = self.nodes[k]
        if node.op in ("constant", "given"):
            return self.value(k, row), TIGHT
        if node.op in CARRIED:
            return self._argument(node.args[0], self.walk.frame.carries(node.op, node.rows, self.nodes[node.args[0]].rows)[row])
        if node.op in ("choose", "label_if"):
            return self._taken(k, row)
        if node.op in ("total", "largest", "smallest", "median_where"):
            return self._members(k, row)
        if node.op == "least_payoff":
            return self._payoff(k, row), TIGHT
        if node.op == "pick":
            return self.value(k, row), TIGHT
        op = OPS[node.op]
        if node.op == "fault":
            return self.value(k, row), op.binds
        return op.said([self._wrapped(arg, row, op.holds, place) for place, arg in enumerate(node.args)]), op.binds

    def _argument(self, k: int, row: int) -> tuple[str, int]:
        """An argument: its value where it has a name, else taken apart."""
        node = self.nodes[k]
        if (node.name and not self.apart(k)) or node.op in ("constant", "given") or isinstance(self.walk.at(k, row), Fault):
            told = node.name.replace("_", " ") if node.unit.word == "flag" else node.name.partition(" ")[2]  # a bare yes or no says nothing
            return f"{told} ({self.value(k, row)})" if told else self.value(k, row), TIGHT
        return self._expression(k, row)

    def _wrapped(self, k: int, row: int, outer: int, place: int) -> str:
        text, inner = self._argument(k, row)
        return bracketed(text, inner, outer, place)

    def _taken(self, k: int, row: int) -> tuple[str, int]:
        condition, this, that = self.nodes[k].args
        answer = self.walk.at(condition, row)
        if isinstance(answer, Fault):
            return self.value(condition, row), TIGHT
        return self._argument(this if answer else that, row)

    def _members(self, k: int, row: int) -> tuple[str, int]:
        arg = self.nodes[k].args[0]
        key = self.walk.frame.key(self.nodes[arg].rows, self.nodes[k].rows)
        members = [i for i, of in enumerate(key) if of == row]
        if not members:
            return self.value(k, row), TIGHT
        if len(members) == 1:
            return self._argument(arg, members[0])
        name = self.nodes[arg].name.replace("_", " ") or "values"
        if len(members) > FEW and self.nodes[arg].rows == self.nodes[k].rows + SCENARIO:
            return self._ranked(k, members, name), LOOSE
        if len(members) > FEW:
            return (
                f"{self.nodes[k].op} of {name} over {len(members)} {self.nodes[arg].rows.removesuffix(SCENARIO).rpartition(LIST)[2]}s",
                LOOSE,
            )
        said = [self.value(arg, i) for i in members]
        if self.nodes[k].op == "total":
            return " + ".join(bracketed(text, TIGHT, SUM, place) for place, text in enumerate(said)), SUM
        return f"{self.nodes[k].op} of ({', '.join(said)})", TIGHT

    def _ranked(self, k: int, members: list[int], name: str) -> str:
        """Over scenarios: the one that decides, and the one that would decide without it."""
        node = self.nodes[k]
        arg, exact = node.args[0], OPS[node.op].exact
        left, told = list(members), []
        for _ in range(2):
            best = left[0]
            for i in left[1:]:
                best = i if exact(self.walk.at(arg, best), self.walk.at(arg, i)) is not self.walk.at(arg, best) else best
            told.append(f"{self.value(arg, best)} {self.walk.frame.scenario_of(self.nodes[arg].rows, best)}")
            left.remove(best)
        return f"{node.op} {name} of {len(members)} scenarios: {', then '.join(told)}"

    def _payoff(self, k: int, row: int) -> str:
        """The options of a group, not each with its own row."""
        size, node = self.nodes[k].args[0], self.nodes[k]
        many = self.walk.frame.key(self.nodes[size].rows, node.rows).count(row)
        return f"the least that {many} position{'s'[: many != 1]} pay{'s'[many != 1 :]} at 0 or at a strike"
