"""Values as exact functions of one unknown above zero, for questions that run backwards.

A value is a polynomial on each open stretch between cuts, with a slack that holds whatever its
roundings do; or a plain value (a verdict, a tier number, a label), or a fault; or None, which is
uncertain.  What cannot be said exactly becomes uncertain and never wrong, and a cut is never
dropped: the values on the cuts themselves belong to the exact evaluator, which `changes` asks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from riskrules.engine.poly import ZERO, Poly, constant_poly, regions
from riskrules.ir.fault import Fault
from riskrules.ir.ops import OPS, ROUNDINGS
from riskrules.units.exact import to_exact, to_fraction

Comparator = Literal["below", "at_or_below", "above", "at_or_above", "equal"]
Part = object  # a Piece; True, False, a tier number or a label; a Fault; None is uncertain

HALF = Fraction(1, 2)


class Domain(NamedTuple):
    """Where the unknown may lie, above `low` >= 0, and how narrow a sliver around an irrational crossing is: at most one grid step."""

    resolution: Fraction
    low: Fraction = ZERO
    high: Fraction | None = None


class Piece(NamedTuple):
    """A number: the true value lies between poly + slack_low and poly + slack_high."""

    poly: Poly
    slack_low: Fraction = ZERO
    slack_high: Fraction = ZERO

    @property
    def is_exact(self) -> bool:
        return not self.slack_low and not self.slack_high


class Pieces(NamedTuple):
    """`parts[k]` holds strictly between `cuts[k - 1]` and `cuts[k]`; the domain's ends close the row."""

    domain: Domain
    cuts: tuple[Fraction, ...]
    parts: tuple[Part, ...]

    def spans(self) -> Iterator[tuple[Fraction, Fraction | None, Part]]:
        edges = (self.domain.low, *self.cuts, self.domain.high)
        for k, part in enumerate(self.parts):
            yield edges[k] or ZERO, edges[k + 1], part


def constant(value: object, domain: Domain) -> Pieces:
    """A `Fraction` is a number; anything else is a plain value."""
    return Pieces(domain, (), (_part(value),))


def unknown(curve: Poly, domain: Domain) -> Pieces:
    return Pieces(domain, (), (Piece(curve),))


def _part(value: object) -> Part:
    return Piece(constant_poly(value)) if isinstance(value, Fraction) else value


# Lining up


def _aligned(inputs: Sequence[Pieces]) -> tuple[Domain, tuple[Fraction, ...], list[tuple[Part, ...]]]:
    """The shared cuts, and the operands on each stretch between them."""
    domain = inputs[0].domain
    if any(p.domain is not domain and p.domain != domain for p in inputs):
        raise ValueError("values over different domains do not combine")
    distinct = {id(p.cuts): p.cuts for p in inputs if p.cuts}
    cuts = tuple(sorted(set().union(*distinct.values()))) if len(distinct) > 1 else next(iter(distinct.values()), ())
    return domain, cuts, list(zip(*(_spread(p, cuts) for p in inputs), strict=True))


def _spread(pieces: Pieces, cuts: tuple[Fraction, ...]) -> Sequence[Part]:
    if len(pieces.cuts) == len(cuts):
        return pieces.parts
    if not pieces.cuts:
        return pieces.parts * (len(cuts) + 1)
    parts, k = [], 0
    for cut in cuts:
        parts.append(pieces.parts[k])
        if k < len(pieces.cuts) and pieces.cuts[k] == cut:
            k += 1
    return [*parts, pieces.parts[k]]


def _each(operation: Callable[..., Part], *inputs: Pieces) -> Pieces:
    domain, cuts, rows = _aligned(inputs)
    return Pieces(domain, cuts, tuple(operation(*row) for row in rows))


Splitter = Callable[[Domain, Fraction, Fraction | None, tuple[Part, ...]], Iterable[tuple[Fraction | None, Part]]]


def _split(splitter: Splitter, *inputs: Pieces) -> Pieces:
    """Each stretch may fall into several: the splitter gives (end, part) in rising order."""
    domain, cuts, rows = _aligned(inputs)
    edges = (domain.low, *cuts, domain.high)
    ends: list[Fraction] = []
    parts: list[Part] = []
    for k, row in enumerate(rows):
        for end, part in splitter(domain, edges[k] or ZERO, edges[k + 1], row):
            parts.append(part)
            ends += [] if end is None else [end]
    return Pieces(domain, tuple(ends[: len(parts) - 1]), tuple(parts))


def _tainted(row: Sequence[Part], wanted: type) -> Part:
    """What comes of operands that are not all as wanted: the first fault, or uncertain where one before it may be a fault too."""
    first = next(part for part in row if not isinstance(part, wanted))
    return first if isinstance(first, Fault) else None


def _sum(a: Fraction, b: Fraction) -> Fraction:
    return a + b if a and b else a or b  # most slacks are zero, and an addition costs a gcd


# Arithmetic


def add(a: Pieces, b: Pieces) -> Pieces:
    return _each(_added, a, b)


def sub(a: Pieces, b: Pieces) -> Pieces:
    return _each(lambda x, y: _added(x, _negated(y)), a, b)


def neg(a: Pieces) -> Pieces:
    return _each(_negated, a)


def mul(a: Pieces, b: Pieces) -> Pieces:
    return _split(lambda domain, low, high, row: ((high, _multiplied(row[0], row[1], low, high)),), a, b)


def div(a: Pieces, b: Pieces) -> Pieces:
    return _each(_divided, a, b)


def sum_of(items: Sequence[Pieces], domain: Domain) -> Pieces:
    """What has no cuts (every position but the one that moves) is added once and not on each stretch."""
    fixed = [item for item in items if _is_fixed(item)]
    moving = [item for item in items if not _is_fixed(item)]
    return _each(_added, *([_each(_added, *fixed)] if fixed else []), *moving) if items else constant(ZERO, domain)


def _is_fixed(item: Pieces) -> bool:
    """One number throughout; a fault keeps its place among the others, as the first one counts."""
    return not item.cuts and isinstance(item.parts[0], Piece)


def _added(*row: Part) -> Part:
    if not all(isinstance(part, Piece) for part in row):
        return _tainted(row, Piece)
    total = row[0]
    assert isinstance(total, Piece)
    for part in row[1:]:
        assert isinstance(part, Piece)
        total = Piece(total.poly + part.poly, _sum(total.slack_low, part.slack_low), _sum(total.slack_high, part.slack_high))
    return total


def _negated(a: Part) -> Part:
    return Piece(-a.poly, -a.slack_high, -a.slack_low) if isinstance(a, Piece) else _tainted((a,), Piece)


def _multiplied(a: Part, b: Part, low: Fraction, high: Fraction | None) -> Part:
    if not isinstance(a, Piece) or not isinstance(b, Piece):
        return _tainted((a, b), Piece)
    if a.is_exact and b.is_exact:
        return Piece(a.poly * b.poly)
    sharp, blurred = (a, b) if a.is_exact else (b, a)
    if sharp.is_exact and not sharp.poly.is_constant:
        return _blurred_by(sharp.poly, blurred, low, high)
    if not (a.poly.is_constant and b.poly.is_constant):
        return _scaled(blurred, sharp.poly.at(ZERO)) if sharp.is_exact else None
    middle = a.poly.at(ZERO) * b.poly.at(ZERO)
    corners = [x * y for x in _ends(a) for y in _ends(b)]
    return Piece(constant_poly(middle), min(corners) - middle, max(corners) - middle)


def _blurred_by(curve: Poly, blurred: Piece, low: Fraction, high: Fraction | None) -> Part:
    """A slack grows and shrinks with what it is multiplied by: on a stretch with ends, by no more than at one of them."""
    if high is None or not one_way(curve) or (low == 0 and curve.terms[0][0] < 0):
        return None
    corners = [curve.at(end) * slack for end in (low, high) for slack in (blurred.slack_low, blurred.slack_high)]
    return Piece(blurred.poly * curve, min(ZERO, *corners), max(ZERO, *corners))


def one_way(curve: Poly) -> bool:
    """Whether it only rises or only falls for x above 0: one power besides the constant is enough to know."""
    return sum(1 for power, _ in curve.terms if power) <= 1


def _ends(constant_piece: Piece) -> tuple[Fraction, Fraction]:
    value = constant_piece.poly.at(ZERO)
    return value + constant_piece.slack_low, value + constant_piece.slack_high


def _scaled(a: Piece, factor: Fraction) -> Piece:
    low, high = a.slack_low * factor, a.slack_high * factor
    return Piece(a.poly.scale(factor), min(low, high), max(low, high))


def _divided(a: Part, b: Part) -> Part:
    if not isinstance(a, Piece) or not isinstance(b, Piece):
        return _tainted((a, b), Piece)
    quotient = a.poly.over(b.poly) if b.is_exact else None
    if quotient is None or a.is_exact:
        return None if quotient is None else Piece(quotient)
    return _scaled(a, 1 / b.poly.at(ZERO)) if b.poly.is_constant else None


def rounded(a: Pieces, quantum: Fraction, direction: str) -> Pieces:
    """Constants are rounded here and now; a curve keeps its shape and gains a slack of at most one quantum."""
    return _each(lambda part: _rounded(part, quantum, direction) if isinstance(part, Piece) else _tainted((part,), Piece), a)


def _rounded(a: Piece, quantum: Fraction, direction: str) -> Piece:
    below, above = SLACKS[direction]
    if not a.poly.is_constant:
        return Piece(a.poly, _sum(a.slack_low, below * quantum), _sum(a.slack_high, above * quantum))
    low, high = (_rounded_number(end, quantum, direction) for end in _ends(a))
    return Piece(constant_poly(low), ZERO, high - low)


def _rounded_number(value: Fraction, quantum: Fraction, direction: str) -> Fraction:
    """The evaluator's own rounding; every direction keeps the order, so the ends of a slack stay its ends."""
    return to_fraction(OPS[ROUNDINGS[direction]].exact(to_exact(value), to_exact(quantum)))


# How far a rounding may move a value down and up, in quanta.
SLACKS = {
    "up": (ZERO, Fraction(1)),
    "down": (Fraction(-1), ZERO),
    "toward_zero": (Fraction(-1), Fraction(1)),
    "away_from_zero": (Fraction(-1), Fraction(1)),
    "half_up": (-HALF, HALF),
    "half_even": (-HALF, HALF),
}


# Comparisons


def _signs(gap: Piece, domain: Domain, low: Fraction, high: Fraction | None) -> Iterator[tuple[Fraction | None, tuple[int, int] | None]]:
    """(end, signs of the least and the most the gap may be) on each stretch; None in a sliver around a crossing."""
    levels = (-gap.slack_low,) if gap.is_exact else (-gap.slack_low, -gap.slack_high)
    for region in regions(gap.poly, levels, low, high, domain.resolution):
        if region.value is None:
            yield region.high, None
        else:
            least, most = _sum(region.value, gap.slack_low), _sum(region.value, gap.slack_high)
            yield region.high, ((least > 0) - (least < 0), (most > 0) - (most < 0))


def compare(a: Pieces, b: Pieces, comparator: Comparator) -> Pieces:
    """True, False, or None where the slack allows both."""
    verdict = _VERDICTS[comparator]

    def splitter(domain: Domain, low: Fraction, high: Fraction | None, row: tuple[Part, ...]) -> Iterator[tuple[Fraction | None, Part]]:
        gap = _added(row[0], _negated(row[1]))
        if not isinstance(gap, Piece):
            yield high, gap
            return
        for end, signs in _signs(gap, domain, low, high):
            yield end, None if signs is None else verdict(*signs)

    return _split(splitter, a, b)


def _either(holds: bool, fails: bool) -> bool | None:
    return True if holds else False if fails else None


_VERDICTS: dict[str, Callable[[int, int], bool | None]] = {
    "below": lambda least, most: _either(most < 0, least >= 0),
    "at_or_below": lambda least, most: _either(most <= 0, least > 0),
    "above": lambda least, most: _either(least > 0, most <= 0),
    "at_or_above": lambda least, most: _either(least >= 0, most < 0),
    "equal": lambda least, most: _either(least == most == 0, least > 0 or most < 0),
}


def maximum(a: Pieces, b: Pieces) -> Pieces:
    def splitter(domain: Domain, low: Fraction, high: Fraction | None, row: tuple[Part, ...]) -> Iterator[tuple[Fraction | None, Part]]:
        x, y = row
        if not isinstance(x, Piece) or not isinstance(y, Piece):
            yield high, _tainted(row, Piece)
            return
        gap = _added(x, _negated(y))
        assert isinstance(gap, Piece)
        for end, signs in _signs(gap, domain, low, high):
            yield end, None if signs is None else _larger(x, y, *signs)

    return _split(splitter, a, b)


def _larger(x: Piece, y: Piece, least: int, most: int) -> Piece:
    """Where the slacks overlap, y exceeds x by no more than both slacks together."""
    if least >= 0 or most <= 0:
        return x if least >= 0 else y
    return Piece(x.poly, x.slack_low, x.slack_high + y.slack_high - y.slack_low)


def minimum(a: Pieces, b: Pieces) -> Pieces:
    return neg(maximum(neg(a), neg(b)))


def absolute(a: Pieces) -> Pieces:
    return maximum(a, neg(a))


# Verdicts and tables


def both(a: Pieces, b: Pieces) -> Pieces:
    return _each(lambda x, y: x and y if isinstance(x, bool) and isinstance(y, bool) else _tainted((x, y), bool), a, b)


def either(a: Pieces, b: Pieces) -> Pieces:
    return _each(lambda x, y: x or y if isinstance(x, bool) and isinstance(y, bool) else _tainted((x, y), bool), a, b)


def negation(a: Pieces) -> Pieces:
    return _each(lambda x: not x if isinstance(x, bool) else _tainted((x,), bool), a)


def choose(condition: Pieces, a: Pieces, b: Pieces) -> Pieces:
    """Only the branch taken counts, its error with it."""
    return _each(lambda c, x, y: (x if c else y) if isinstance(c, bool) else _tainted((c,), bool), condition, a, b)


def bracket(a: Pieces, caps: Sequence[Fraction], cap_inclusive: bool) -> Pieces:
    """The number of the first tier whose cap holds the value; `len(caps)` above the last."""
    tier = bisect_left if cap_inclusive else bisect_right

    def splitter(domain: Domain, low: Fraction, high: Fraction | None, row: tuple[Part, ...]) -> Iterator[tuple[Fraction | None, Part]]:
        part = row[0]
        if not isinstance(part, Piece):
            yield high, _tainted(row, Piece)
            return
        slacks = (part.slack_low,) if part.is_exact else (part.slack_low, part.slack_high)
        levels = dict.fromkeys(cap - slack for slack in slacks for cap in caps)
        for region in regions(part.poly, levels, low, high, domain.resolution):
            tiers = () if region.value is None else {tier(caps, _sum(region.value, slack)) for slack in slacks}
            yield region.high, next(iter(tiers)) if len(tiers) == 1 else None

    return _split(splitter, a)


def pick(index: Pieces, column: Sequence[object]) -> Pieces:
    """The column's entry of each tier; the caller's column also says what stands above the last cap."""
    parts = [_part(value) for value in column]
    return _each(lambda k: parts[k] if isinstance(k, int) and not isinstance(k, bool) else _tainted((k,), int), index)
