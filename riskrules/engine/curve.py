"""The program walked with one figure unknown: every term as an exact piecewise function of it.

The same graph that decides is read here, operation by operation; what does not depend on the unknown
is taken from the exact walk.  An operation that has no exact piecewise form becomes uncertain, and
the caller then asks the exact walk itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from riskrules.engine import pieces as p
from riskrules.engine.changes import TooFine
from riskrules.engine.pieces import Domain, Piece, Pieces
from riskrules.engine.poly import Poly, constant_poly, roots
from riskrules.ir.fault import Fault
from riskrules.ir.ops import ROUNDINGS
from riskrules.ir.program import Node
from riskrules.ir.walk import Walk
from riskrules.units.exact import Exact, to_fraction

FAULT = Fault("RR5", "")  # any fault: what is said of it is the exact walk's to say
Moving = dict[tuple[str, str], dict[int, Poly]]  # (rows, name) → row → the given figure as a function of the unknown

_BINARY: dict[str, Callable[[Pieces, Pieces], Pieces]] = {
    "add": p.add, "sub": p.sub, "mul": p.mul, "div": p.div, "smaller": p.minimum, "larger": p.maximum, "both": p.both, "either": p.either,
}  # fmt: skip
_ROUND = {op: direction for direction, op in ROUNDINGS.items()}
_COMPARE = ("below", "at_or_below", "above", "at_or_above", "equal")


@dataclass(slots=True)
class Curves:
    """`of[k][row]` for each node and row that depends on the unknown; all else is constant."""

    walk: Walk
    domain: Domain
    of: list[dict[int, Pieces]] = field(default_factory=list)
    rounded: list[tuple[Pieces, Fraction]] = field(default_factory=list)

    def at(self, k: int, row: int) -> Pieces:
        found = self.of[k].get(row)
        return self._constant(k, row) if found is None else found

    def _constant(self, k: int, row: int) -> Pieces:
        column = self.walk.columns[k]
        return p.constant(_plain(column[0] if self.walk.program.nodes[k].rows == "any" else column[row]), self.domain)

    def breaks(self, low: Fraction, high: Fraction) -> list[Fraction]:
        """Where, between two points, some rounding takes its next step."""
        found: list[Fraction] = []
        for argument, quantum in self.rounded:
            for begins, ends, part in argument.spans():
                start, end = max(begins, low), high if ends is None else min(ends, high)
                if start < end and isinstance(part, Piece) and not part.poly.is_constant:
                    if not part.is_exact:
                        raise TooFine(low, high)  # a rounding of a rounding: its steps are not where this one's are
                    found += _crossings(part.poly, quantum, start, end, self.domain.resolution)
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, Fault):
        return FAULT
    return to_fraction(value) if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int) else value


def _crossings(curve: Poly, quantum: Fraction, low: Fraction, high: Fraction, resolution: Fraction) -> list[Fraction]:
    ends = sorted((curve.at(low) / quantum, curve.at(high) / quantum))
    found: list[Fraction] = []
    for step in range(int(ends[0]) - 1, int(ends[1]) + 2):
        for root in roots(curve - constant_poly(step * quantum), low, high, resolution):
            found += [root.low, root.high]
    return found


def curves(walk: Walk, moving: Moving, domain: Domain, target: int) -> Curves:
    """The target, and every term it is made of that depends on what moves, as pieces."""
    made = Curves(walk, domain)
    wanted = _made_of(walk, target)
    for k, node in enumerate(walk.program.nodes[: target + 1]):
        made.of.append(_node(node, made, moving) if k in wanted else {})
    return made


def _made_of(walk: Walk, target: int) -> set[int]:
    wanted = {target}
    for k in range(target, -1, -1):
        if k in wanted:
            wanted.update(walk.program.nodes[k].args)
    return wanted


def _node(node: Node, made: Curves, moving: Moving) -> dict[int, Pieces]:
    if node.op == "given":
        return {row: p.unknown(curve, made.domain) for row, curve in moving.get((node.rows, node.param), {}).items()}
    if node.op in ("total", "largest", "smallest", "which_largest", "which_smallest"):
        return _grouped(node, made)
    if node.op == "gather":
        arg = node.args[0]
        key = made.walk.frame.key(node.rows, made.walk.program.nodes[arg].rows)
        return {row: made.of[arg][above] for row, above in enumerate(key) if above in made.of[arg]} if made.of[arg] else {}
    touched = {row for arg in node.args for row in made.of[arg]}
    return {row: _applied(node, made, row) for row in touched}


def _applied(node: Node, made: Curves, row: int) -> Pieces:
    args = [made.at(arg, row) for arg in node.args]
    if node.op in _BINARY:
        return _BINARY[node.op](args[0], args[1])
    if node.op in _COMPARE:
        return p.compare(args[0], args[1], node.op)  # type: ignore[arg-type]
    if node.op in ("choose", "label_if"):
        return p.choose(*args)
    if node.op in _ROUND:
        return _rounded(node, made, args)
    if node.op in ("bracket", "within_last_cap"):
        return _tiered(node, made, row, args[0])
    if node.op == "pick":
        column = _column(made, node.args[1], row)
        return p.constant(FAULT, made.domain) if isinstance(column, Fault) else p.pick(args[0], [_plain(value) for value in column])
    one: dict[str, Callable[[Pieces], Pieces]] = {"neg": p.neg, "absolute": p.absolute, "not": p.negation}
    if node.op in one:
        return one[node.op](args[0])
    if node.op == "power":
        return _power(args[0], int(_column(made, node.args[1], row)[0]))
    return p.constant(FAULT if node.op == "fault" else None, made.domain)


def _column(made: Curves, k: int, row: int) -> Any:
    column = made.walk.columns[k]
    return column[0] if made.walk.program.nodes[k].rows == "any" else column[row]


def _power(base: Pieces, k: int) -> Pieces:
    made = base
    for _ in range(k - 1):
        made = p.mul(made, base)
    return made


def _rounded(node: Node, made: Curves, args: list[Pieces]) -> Pieces:
    quantum = args[1].parts[0]
    if not isinstance(quantum, Piece) or args[1].cuts or not quantum.poly.is_constant:
        return p.constant(None, made.domain)
    step = quantum.poly.at(Fraction(1))
    made.rounded.append((args[0], step))
    return p.rounded(args[0], step, _ROUND[node.op])


def _tiered(node: Node, made: Curves, row: int, size: Pieces) -> Pieces:
    caps = _column(made, node.args[1], row)
    if isinstance(caps, Fault):
        return p.constant(FAULT, made.domain)
    bounds, inclusive, beyond = caps
    closed = [to_fraction(cap) for cap in bounds if cap is not None]
    if node.op == "within_last_cap":
        if len(closed) < len(bounds):
            return p.constant(True, made.domain)
        return p.compare(size, p.constant(closed[-1], made.domain), "at_or_below" if inclusive else "below")
    tier = p.bracket(size, closed, inclusive)
    last = len(bounds) - 1
    return p.pick(tier, [*range(len(closed)), last if len(closed) < len(bounds) or beyond == "last_tier_applies" else FAULT])


def _grouped(node: Node, made: Curves) -> dict[int, Pieces]:
    arg = node.args[0]
    if not made.of[arg]:
        return {}
    key = made.walk.frame.key(made.walk.program.nodes[arg].rows, node.rows)
    out = {}
    for group in {key[row] for row in made.of[arg]}:
        members = [made.at(arg, row) for row, of in enumerate(key) if of == group]
        out[group] = _together(node.op, members, made.domain)
    return out


def _together(op: str, members: list[Pieces], domain: Domain) -> Pieces:
    if op == "total":
        return p.sum_of(members, domain)
    if op in ("largest", "smallest"):
        join = p.maximum if op == "largest" else p.minimum
        made = members[0]
        for member in members[1:]:
            made = join(made, member)
        return made
    return p.constant(None, domain)


def pair_poly(value: Exact) -> Poly:
    return constant_poly(to_fraction(value))
