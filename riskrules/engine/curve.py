"""The program walked with one figure unknown: every term as an exact piecewise function of it.

The same graph that decides is read here, operation by operation; what does not depend on the unknown
is taken from the exact walk.  An operation that has no exact piecewise form becomes uncertain, and
the caller then asks the exact walk itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import Any

from riskrules.engine import bends
from riskrules.engine import pieces as p
from riskrules.engine.changes import MOST_BREAKS, TooFine
from riskrules.engine.pieces import Domain, Piece, Pieces
from riskrules.engine.poly import Poly, constant_poly, roots
from riskrules.ir.fault import Fault
from riskrules.ir.frame import CARRIED
from riskrules.ir.ops import COMPARATORS, ROOTS, ROUNDINGS, under_cap
from riskrules.ir.program import Node
from riskrules.ir.walk import Walk, ranked
from riskrules.units.exact import Exact, to_fraction

FAULT = Fault("RR5", "")  # any fault: what is said of it is the exact walk's to say
Moving = dict[tuple[str, str], dict[int, Poly]]  # (rows, name) → row → the given figure as a function of the unknown

_BINARY: dict[str, Callable[[Pieces, Pieces], Pieces]] = {
    "add": p.add, "sub": p.sub, "mul": p.mul, "div": p.div, "smaller": p.minimum, "larger": p.maximum, "both": p.both, "either": p.either,
}  # fmt: skip
_ROUND = {op: direction for direction, op in ROUNDINGS.items()}
BENT = frozenset(ROOTS.values())
GROUPING = ("total", "largest", "smallest", "which_largest", "which_smallest", "median_where", "least_payoff")
_UNARY: dict[str, Callable[[Pieces], Pieces]] = {"neg": p.neg, "absolute": p.absolute, "not": p.negation}
_COMPARE = (*COMPARATORS, "equal")


@dataclass(slots=True)
class Curves:
    """`of[k][row]` for each node and row that depends on the unknown; all else is constant."""

    walk: Walk
    domain: Domain
    of: list[dict[int, Pieces]] = field(default_factory=list)
    rounded: list[tuple[Pieces, Fraction]] = field(default_factory=list)
    is_bent: bool = False  # by a root, which is bounded the closer, the shorter the stretch

    def at(self, k: int, row: int) -> Pieces:
        found = self.of[k].get(row)
        return p.constant(_plain(self.walk.at(k, row)), self.domain) if found is None else found

    def steps(self, low: Fraction, high: Fraction) -> list[Fraction]:
        """Where, between two points, a rounding of what is exact takes its next step.  Raises `TooFine` where that is everywhere."""
        found: set[Fraction] = set()
        for argument, step in self.rounded:
            for begins, ends, part in argument.spans():
                start, end = max(begins, low), high if ends is None else min(ends, high)
                if start < end and isinstance(part, Piece) and part.is_exact and not part.poly.is_constant:
                    found.update(_crossings(part.poly, step, start, end, self.domain.resolution))
        return sorted(point for point in found if low < point < high)


def _plain(value: Any) -> Any:
    if isinstance(value, Fault):
        return FAULT
    return to_fraction(value) if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int) else value


def _crossings(curve: Poly, quantum: Fraction, low: Fraction, high: Fraction, resolution: Fraction) -> list[Fraction]:
    ends = sorted((curve.at(low) / quantum, curve.at(high) / quantum))
    if ends[1] - ends[0] > MOST_BREAKS:
        raise TooFine(low, high)
    found: list[Fraction] = []
    for step in range(int(ends[0]) - 1, int(ends[1]) + 2):
        for root in roots(curve - constant_poly(step * quantum), low, high, resolution):
            found += [root.low, root.high]
    return found


def curves(walk: Walk, moving: Moving, domain: Domain, target: int, row: int) -> Curves:
    """The target at a row, and every value it is made of that depends on what moves, as pieces."""
    made = Curves(walk, domain)
    wanted = _made_of(walk, target, row)
    for k, node in enumerate(walk.program.nodes[: target + 1]):
        made.of.append(_node(node, made, moving, wanted[k]) if wanted[k] else {})
    return made


def _made_of(walk: Walk, target: int, row: int) -> list[set[int]]:
    """For each node, the rows that the target's row is made of: another pool's roundings are none of its business."""
    wanted: list[set[int]] = [set() for _ in range(target + 1)]
    wanted[target].add(row)
    for k in range(target, -1, -1):
        node = walk.program.nodes[k]
        for arg in node.args if wanted[k] else ():
            wanted[arg] |= _rows_below(walk, node, walk.program.nodes[arg], wanted[k])
    return wanted


def _rows_below(walk: Walk, node: Node, arg: Node, rows: set[int]) -> set[int]:
    """The rows of an argument that these rows of a node read."""
    if arg.rows == "any":
        return set()
    if node.op in CARRIED:
        key = walk.frame.carries(node.op, node.rows, arg.rows)
        return {key[row] for row in rows}
    if node.op in GROUPING:
        return {below for below, above in enumerate(walk.frame.key(arg.rows, node.rows)) if above in rows}
    if node.op == "total_before":  # any row of the arguments may stand before
        return set(range(walk.counts[node.rows]))
    return rows


def _node(node: Node, made: Curves, moving: Moving, wanted: set[int]) -> dict[int, Pieces]:
    if node.op == "given":
        cells = moving.get((node.rows, node.param), {})
        return {row: p.unknown(curve, made.domain) for row, curve in cells.items() if row in wanted}
    if node.op in GROUPING:
        return _grouped(node, made, wanted)
    if node.op in CARRIED:
        arg = node.args[0]
        key = made.walk.frame.carries(node.op, node.rows, made.walk.program.nodes[arg].rows)
        return {row: made.of[arg][key[row]] for row in wanted if key[row] in made.of[arg]}
    if node.op == "total_before":
        return _before(node, made, wanted)
    touched = {row for arg in node.args for row in made.of[arg]} & wanted
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
    if node.op in BENT:
        return _bent(node, made, args)
    if node.op in ("bracket", "within_last_cap"):
        return _tiered(node, made, row, args[0])
    if node.op == "pick":
        column = made.walk.at(node.args[1], row)
        return p.constant(FAULT, made.domain) if isinstance(column, Fault) else p.pick(args[0], [_plain(value) for value in column])
    if node.op in _UNARY:
        return _UNARY[node.op](args[0])
    if node.op == "power":
        return _power(args[0], int(made.walk.at(node.args[1], row)[0]))
    return p.constant(FAULT if node.op == "fault" else None, made.domain)


def _power(base: Pieces, k: int) -> Pieces:
    made = base
    for _ in range(k - 1):
        made = p.mul(made, base)
    return made


def _rounded(node: Node, made: Curves, args: list[Pieces]) -> Pieces:
    step = _step_of(args[1])
    if step is None or step <= 0:
        return p.constant(None if step is None else FAULT, made.domain)
    turns_at = step / 2 if "half" in node.op else step
    made.rounded.append((args[0], turns_at))
    settled = Pieces(args[0].domain, args[0].cuts, tuple(_settled(*span, turns_at) for span in args[0].spans()))
    return p.rounded(settled, step, _ROUND[node.op])


def _bent(node: Node, made: Curves, args: list[Pieces]) -> Pieces:
    step = _step_of(args[1])
    if step is None or step <= 0:
        return p.constant(None if step is None else FAULT, made.domain)
    made.is_bent = True
    return bends.root(args[0], node.op, step)


def _step_of(quantum: Pieces) -> Fraction | None:
    """The step that does not move, or none."""
    part = quantum.parts[0]
    return part.poly.at(Fraction(1)) if isinstance(part, Piece) and not quantum.cuts and part.is_exact and part.poly.is_constant else None


def _settled(low: Fraction, high: Fraction | None, part: Any, turns_at: Fraction) -> Any:
    """A curve that meets no step of the rounding between its ends is rounded there as the number half way is."""
    if high is None or not isinstance(part, Piece) or not part.is_exact or part.poly.is_constant or not p.one_way(part.poly):
        return part
    if low == 0 and part.poly.terms[0][0] < 0:
        return part
    least, most = sorted((part.poly.at(low), part.poly.at(high)))
    if floor(least / turns_at) + 1 < ceil(most / turns_at):
        return part
    return Piece(constant_poly(part.poly.at((low + high) / 2)))


def _tiered(node: Node, made: Curves, row: int, size: Pieces) -> Pieces:
    caps = made.walk.at(node.args[1], row)
    if isinstance(caps, Fault):
        return p.constant(FAULT, made.domain)
    bounds, inclusive, beyond = caps
    closed = [to_fraction(cap) for cap in bounds if cap is not None]
    if node.op == "within_last_cap":
        if len(closed) < len(bounds):
            return p.constant(True, made.domain)
        return p.compare(size, p.constant(closed[-1], made.domain), under_cap(inclusive))
    tier = p.bracket(size, closed, inclusive)
    last = len(bounds) - 1
    return p.pick(tier, [*range(len(closed)), last if len(closed) < len(bounds) or beyond == "last_tier_applies" else FAULT])


def _grouped(node: Node, made: Curves, wanted: set[int]) -> dict[int, Pieces]:
    arg = node.args[0]
    key = made.walk.frame.key(made.walk.program.nodes[arg].rows, node.rows)
    out = {}
    for group in {key[row] for one in node.args for row in made.of[one]} & wanted:
        members = [made.at(arg, row) for row, of in enumerate(key) if of == group]
        out[group] = _together(node.op, members, made.domain)
    return out


def _before(node: Node, made: Curves, wanted: set[int]) -> dict[int, Pieces]:
    """While the order stands, a sum of what comes before; where a key moves too, nothing that can be read."""
    values, keys = node.args
    if made.of[keys]:
        return {row: p.constant(None, made.domain) for row in wanted}
    groups: dict[int, list[int]] = {}
    for row, group in enumerate(made.walk.frame.key(node.rows, node.param)):
        groups.setdefault(group, []).append(row)
    out = {}
    for members in groups.values():
        ordering = [made.walk.at(keys, row) for row in range(made.walk.counts[node.rows])]
        if any(isinstance(ordering[row], Fault) for row in members):
            continue
        order = ranked(members, ordering)
        for place, row in enumerate(order):
            if row in wanted and any(one in made.of[values] for one in order[:place]):
                out[row] = p.sum_of([made.at(values, one) for one in order[:place]], made.domain)
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
