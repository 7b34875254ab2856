"""A term in words: its value as a reader is shown it, and its published formula.

A named term inside another is shown as its name, not taken apart again.  The same formula with the
numbers put in is the working (`working`); both take the words, and where brackets go, from the one table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from riskrules.ir.fault import Fault
from riskrules.ir.ops import LOOSE, OPS, TIGHT, falls_apart
from riskrules.ir.program import Node, Program
from riskrules.units import say
from riskrules.units.unit import Unit

_SAY: dict[str, Callable[[Any], str]] = {
    "money": say.money, "rate": say.rate, "leverage": say.leverage, "seconds": say.seconds, "price": say.money, "size": say.number,
    "number": say.number, "count": say.number, "index": lambda k: str(k + 1), "label": str, "flag": lambda yes: "yes" if yes else "no",
    "table": lambda _: "the table",
}  # fmt: skip


def value_text(value: Any, unit: Unit) -> str:
    """`1,525.00`, `0.65%`, `yes`; a fault is said by its code."""
    if type(value) is Fault:
        return f"error {value.code}"
    return _SAY[unit.word](value)


def bracketed(text: str, inner: int, outer: int, place: int) -> str:
    """In brackets where its words would fall apart, and where a minus would follow a sign."""
    after_a_sign = text.startswith(say.MINUS) and place > 0 and outer != LOOSE
    return f"({text})" if after_a_sign or falls_apart(inner, outer, place) else text


def formula(program: Program, k: int) -> str:
    """The published formula of node k, one step deep: `notional × maintenance_rate − maintenance_amount`."""
    return Printer(program, lambda arg: _name_of(program.nodes[arg])).expression(k)


def _name_of(node: Node) -> str | None:
    if node.name:
        return node.name
    return value_text(node.param, node.unit) if node.op == "constant" else None


class Printer:
    """`leaf` gives the text that stands for an argument, or None to take it apart further."""

    def __init__(self, program: Program, leaf: Callable[[int], str | None]) -> None:
        self.nodes = program.nodes
        self.leaf = leaf

    def expression(self, k: int) -> str:
        node = self.nodes[k]
        if node.op in ("constant", "given"):
            return self.leaf(k) or node.name
        if node.op == "gather":
            return self._argument(node.args[0])
        if node.op == "pick":
            return f"{self._argument(node.args[1])} of the {self._argument(node.args[0])}"
        if node.op == "fault":
            return f"error {node.param[0]}"
        op = OPS[node.op]
        return op.said([self._wrapped(arg, op.holds, place) for place, arg in enumerate(node.args)])

    def _argument(self, k: int) -> str:
        text = self.leaf(k)
        return self.expression(k) if text is None else text

    def _wrapped(self, k: int, outer: int, place: int) -> str:
        """In brackets where the argument's own words would fall apart."""
        node, text = self.nodes[k], self.leaf(k)
        while text is None and node.op == "gather":
            k = node.args[0]
            node, text = self.nodes[k], self.leaf(k)
        if text is not None:
            return bracketed(text, TIGHT, outer, place)
        return bracketed(self.expression(k), OPS[node.op].binds, outer, place)
