"""A rounded square root as pieces: on each short stretch a straight line below the root, and how far the root may be above it.

A root is no polynomial.  For s ≤ √y ≤ t the line (y + s·t) ÷ (s + t) is below the root by at most
(t − s)² ÷ 4(s + t), so that a stretch half as long is bounded four times as closely; and the rounding
moves it by at most a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from riskrules.engine.pieces import SLACKS, Part, Piece, Pieces, one_way
from riskrules.engine.poly import Poly, constant_poly
from riskrules.ir.fault import Fault
from riskrules.ir.ops import OPS, ROOTS, ROUNDINGS
from riskrules.units.exact import to_exact, to_fraction

HALVINGS = 96  # of a stretch whose far end is many times its near one
PARTS = 16  # of one that is short
CLOSE = 40  # binary places of the bounds of a root
DIRECTION = {op: direction for direction, rounding in ROUNDINGS.items() for name, op in ROOTS.items() if name == rounding}


def root(under: Pieces, op: str, step: Fraction) -> Pieces:
    """The root of each piece in steps, its own or that of a line beneath it."""
    cuts: list[Fraction] = []
    parts: list[Part] = []
    for low, high, part in under.spans():
        for end, made in _of_span(low, high, part, op, step):
            parts.append(made)
            cuts += [] if end is None else [end]
    return Pieces(under.domain, tuple(cuts[: len(parts) - 1]), tuple(parts))


def _of_span(low: Fraction, high: Fraction | None, part: Part, op: str, step: Fraction) -> Iterator[tuple[Fraction | None, Part]]:
    if not isinstance(part, Piece):
        yield high, part if isinstance(part, Fault) else None
    elif not part.is_exact or high is None:
        yield high, None
    elif not one_way(part.poly):
        turn = _turn(part.poly)
        if turn is None:
            yield high, None
            return
        for start, end in pairwise(sorted({low, min(max(low, turn), high), high})):
            yield from _risen(start, end, part.poly, op, step)
    elif part.poly.is_constant:
        yield high, _constant(part.poly.at(high), op, step)
    else:
        yield from _risen(low, high, part.poly, op, step)


def _risen(low: Fraction, high: Fraction, curve: Poly, op: str, step: Fraction) -> Iterator[tuple[Fraction | None, Part]]:
    """Where the curve only rises or only falls."""
    for start, end in pairwise(_stretches(low, high)):
        yield end, _line(curve, start, end, op, step)


def _turn(curve: Poly) -> Fraction | None:
    """Where a square turns; None of any other curve."""
    powers = dict(curve.terms)
    return -powers[1] / (2 * powers[2]) if set(powers) <= {0, 1, 2} and {1, 2} <= set(powers) else None


def _constant(value: Fraction, op: str, step: Fraction) -> Part:
    found = OPS[op].exact(to_exact(value), to_exact(step))
    return found if isinstance(found, Fault) else Piece(constant_poly(to_fraction(found)))


def _stretches(low: Fraction, high: Fraction) -> list[Fraction]:
    """Rising points from low to high: by halves from above where they are far apart, else evenly."""
    if low * 2 >= high:
        return [low + (high - low) * k / PARTS for k in range(PARTS + 1)]
    halves = [high / 2**k for k in range(HALVINGS, -1, -1)]
    return [low, *(point for point in halves if point > low)]


def _line(curve: Poly, low: Fraction, high: Fraction, op: str, step: Fraction) -> Part:
    if low == 0 and curve.terms[0][0] < 0:
        return None
    least, most = sorted((curve.at(low), curve.at(high)))
    if least < 0 or most == 0:
        return None
    near, far = _bounds(least, most)
    total = near + far
    line = (curve + constant_poly(near * far)).scale(1 / total)
    below, above = SLACKS[DIRECTION[op]]
    return Piece(line, below * step, (far - near) ** 2 / (4 * total) + above * step)


def _bounds(least: Fraction, most: Fraction) -> tuple[Fraction, Fraction]:
    """A little below the root of the one and above that of the other, in few digits: exactness is in the bound and not in them."""
    places = (most.numerator.bit_length() - most.denominator.bit_length()) // 2 - CLOSE
    step = to_exact(Fraction(2) ** places)
    near, far = OPS["root_down"].exact(to_exact(least), step), OPS["root_up"].exact(to_exact(most), step)
    return to_fraction(near), to_fraction(far)
