"""Laurent polynomials in one unknown above zero, and where they cross a level.

Coefficients are `Fraction`s and exponents may be negative (an inverse contract is worth `F/x`).
A crossing is either an exact `Fraction` or a sliver that surely holds exactly one: no float takes
part, and a crossing that only touches its level is found like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from typing import NamedTuple

ZERO = Fraction(0)


class Root(NamedTuple):
    """A root: at `low` where the two are the same, else the only one strictly between them."""

    low: Fraction
    high: Fraction


class Region(NamedTuple):
    """An open stretch that meets no level.  `value` is taken inside it; None in a sliver around a crossing."""

    low: Fraction
    high: Fraction | None
    value: Fraction | None


@dataclass(frozen=True, slots=True)
class Poly:
    """Terms (exponent, coefficient): exponents rising, no coefficient zero.  Build with `poly`."""

    terms: tuple[tuple[int, Fraction], ...] = ()

    def __add__(self, other: Poly) -> Poly:
        if not other.terms or not self.terms:
            return self if self.terms else other
        sums = dict(self.terms)
        for exponent, coefficient in other.terms:
            sums[exponent] = sums[exponent] + coefficient if exponent in sums else coefficient
        return poly(sums)

    def __neg__(self) -> Poly:
        return Poly(tuple((e, -c) for e, c in self.terms))

    def __sub__(self, other: Poly) -> Poly:
        return self + -other

    def __mul__(self, other: Poly) -> Poly:
        products: dict[int, Fraction] = {}
        for e, c in self.terms:
            for f, d in other.terms:
                products[e + f] = products.get(e + f, ZERO) + c * d
        return poly(products)

    def scale(self, factor: Fraction) -> Poly:
        return Poly(tuple((e, c * factor) for e, c in self.terms)) if factor else Poly()

    def over(self, other: Poly) -> Poly | None:
        """The quotient by one term; None by a sum of several or by zero, which need not be a polynomial."""
        if len(other.terms) != 1:
            return None
        exponent, divisor = other.terms[0]
        return Poly(tuple((e - exponent, c / divisor) for e, c in self.terms))

    def at(self, x: Fraction) -> Fraction:
        total = ZERO
        for exponent, coefficient in self.terms:
            term = coefficient if exponent == 0 else coefficient * (x if exponent == 1 else x**exponent)
            total = total + term if total else term
        return total

    @property
    def is_constant(self) -> bool:
        return not self.terms or (len(self.terms) == 1 and self.terms[0][0] == 0)


def poly(terms: Mapping[int, Fraction]) -> Poly:
    return Poly(tuple((e, terms[e]) for e in sorted(terms) if terms[e]))


def constant_poly(value: Fraction) -> Poly:
    return Poly(((0, value),)) if value else Poly()


X = Poly(((1, Fraction(1)),))


def regions(curve: Poly, levels: Iterable[Fraction], low: Fraction, high: Fraction | None, resolution: Fraction) -> list[Region]:
    """(low, high) cut wherever the curve meets a level; slivers stand apart, so that what lies between is certain."""
    met = [root for level in levels for root in roots(curve - constant_poly(level), low, high, resolution)]
    found, reached = [], low
    for root in sorted(met, key=lambda root: root.low):
        if root.low > reached:
            found.append(_clear(curve, reached, root.low))
            reached = root.low
        if root.high > reached:
            found.append(Region(reached, root.high, None))
            reached = root.high
    if high is None or reached < high:
        found.append(_clear(curve, reached, high))
    return found


def _clear(curve: Poly, low: Fraction, high: Fraction | None) -> Region:
    return Region(low, high, curve.at(low + 1 if high is None else (low + high) / 2))


def roots(curve: Poly, low: Fraction, high: Fraction | None, resolution: Fraction) -> list[Root]:
    """Every distinct root strictly between `low` >= 0 and `high` (None: no end), rising, in slivers below `resolution`.

    A root that is touched and not crossed counts too.  The zero polynomial has no isolated root.
    """
    if len(curve.terms) < 2:
        return []
    whole = _whole_numbers(curve) if len(curve.terms) > 2 or curve.terms[1][0] - curve.terms[0][0] > 1 else None
    if whole is not None:
        whole = _square_free(whole)
    if whole is None or len(whole) == 2:
        root = -curve.terms[0][1] / curve.terms[1][1] if whole is None else Fraction(-whole[0], whole[1])
        return [Root(root, root)] if low < root and (high is None or root < high) else []
    top = _beyond_every_root(whole) if high is None else high
    if top <= low:
        return []
    return [_narrowed(whole, spot, resolution) for spot in _isolated(_onto_unit(whole, low, top), low, top - low)]


class _Spot(NamedTuple):
    """One root strictly between, and the sign just above `low`; or the root itself where low == high."""

    low: Fraction
    high: Fraction
    sign: int


def _whole_numbers(curve: Poly) -> list[int]:
    """The same roots above zero as a polynomial with whole coefficients, the constant first and not zero."""
    least, most = curve.terms[0][0], curve.terms[-1][0]
    scale = lcm(*(c.denominator for _, c in curve.terms))
    whole = [0] * (most - least + 1)
    for exponent, c in curve.terms:
        whole[exponent - least] = c.numerator * (scale // c.denominator)
    return whole


def _square_free(whole: list[int]) -> list[int]:
    """The same roots, each once: bisection sees only roots that change the sign."""
    shared, rest = whole, [k * c for k, c in enumerate(whole)][1:]
    while rest:
        shared, rest = rest, _primitive(_divided(shared, rest)[1])
    return whole if len(shared) == 1 else _primitive(_divided(whole, shared)[0])


def _primitive(whole: list[int]) -> list[int]:
    common = gcd(*whole)
    return [c // common for c in whole] if common > 1 else whole


def _divided(over: list[int], under: list[int]) -> tuple[list[int], list[int]]:
    """(quotient, remainder) of a multiple of `over` that keeps both whole."""
    quotient: list[int] = []
    rest, lead = list(over), under[-1]
    while len(rest) >= len(under):
        top = rest.pop()
        rest = [c * lead for c in rest]
        shift = len(rest) + 1 - len(under)
        for k, c in enumerate(under[:-1]):
            rest[shift + k] -= top * c
        quotient = [c * lead for c in quotient] + [top]
    while rest and rest[-1] == 0:
        rest.pop()
    return quotient[::-1], rest


def _beyond_every_root(whole: list[int]) -> Fraction:
    """Cauchy's bound."""
    return 2 + Fraction(max(abs(c) for c in whole[:-1]), abs(whole[-1]))


def _onto_unit(whole: list[int], low: Fraction, top: Fraction) -> list[int]:
    """The polynomial whose roots in (0, 1) stand for those in (low, top)."""
    scale, last = lcm(low.denominator, top.denominator), len(whole) - 1
    base, width = int(low * scale), int((top - low) * scale)
    moved = _shifted([c * scale ** (last - k) for k, c in enumerate(whole)], base)
    return [c * width**k for k, c in enumerate(moved)]


def _shifted(whole: list[int], by: int) -> list[int]:
    moved = list(whole)
    for done in range(len(moved) - 1):
        for k in range(len(moved) - 2, done - 1, -1):
            moved[k] += by * moved[k + 1]
    return moved


def _isolated(unit: list[int], low: Fraction, width: Fraction) -> list[_Spot]:
    """Halve until Descartes' rule of signs leaves no root or one; it does so for simple roots, however close."""
    changes = _sign_changes(_shifted(unit[::-1], 1))
    if changes == 0:
        return []
    if changes == 1:
        return [_Spot(low, low + width, next(1 if c > 0 else -1 for c in unit if c))]
    last, half = len(unit) - 1, width / 2
    left = [c << (last - k) for k, c in enumerate(unit)]
    right = _shifted(left, 1)
    middle = [_Spot(low + half, low + half, 0)] if right[0] == 0 else []
    return [*_isolated(left, low, half), *middle, *_isolated(right, low + half, half)]


def _sign_changes(whole: list[int]) -> int:
    signs = [c > 0 for c in whole if c]
    return sum(a != b for a, b in pairwise(signs))


def _narrowed(whole: list[int], spot: _Spot, resolution: Fraction) -> Root:
    low, high = spot.low, spot.high
    while low < high and high - low >= resolution:
        middle = (low + high) / 2
        sign = _sign_at(whole, middle)
        if sign == 0:
            return Root(middle, middle)
        low, high = (middle, high) if sign == spot.sign else (low, middle)
    return Root(low, high)


def _sign_at(whole: list[int], x: Fraction) -> int:
    total, power = 0, 1
    for c in reversed(whole):
        total = total * x.numerator + c * power
        power *= x.denominator
    return (total > 0) - (total < 0)
