"""Portfolio margin by another way: whole matrices, plain loops, and roots of decimals with fifty digits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60
Rows = Sequence[Sequence[Fraction]]


def scenario_loss(exposures: Sequence[Fraction], moves: Rows, counted: Sequence[Fraction]) -> Fraction:
    """The loss in the worst scenario; `moves` has a row a scenario."""
    results = [
        share * sum((e * m for e, m in zip(exposures, row, strict=True)), Fraction(0)) for row, share in zip(moves, counted, strict=True)
    ]
    return max(Fraction(0), -min(results))


def toward(matrix: Rows, end: str, by: Fraction) -> list[list[Fraction]]:
    """The whole matrix drawn toward ones or identity."""
    many = range(len(matrix))
    target = [[Fraction(1) if end == "ones" or i == j else Fraction(0) for j in many] for i in many]
    return [[(1 - by) * matrix[i][j] + by * target[i][j] for j in many] for i in many]


def quadratic(weighed: Sequence[Fraction], matrix: Rows) -> Fraction:
    return sum((a * b * matrix[i][j] for i, a in enumerate(weighed) for j, b in enumerate(weighed)), Fraction(0))


def root_up(square: Fraction) -> Fraction:
    """To the cent above."""
    root = (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()
    cents = (root * 100).to_integral_value(rounding=ROUND_CEILING)
    back = Fraction(int(cents) - 1, 100)
    return back if back >= 0 and back * back >= square else Fraction(int(cents), 100)


class Leaf:
    """A basket: which positions."""

    def __init__(self, *inside: int) -> None:
        self.inside = inside


class Branch:
    """Parts, and how they hang together: None where they are added."""

    def __init__(self, parts: Sequence[Leaf | Branch], matrix: Rows | None) -> None:
        self.parts, self.matrix = parts, matrix


def tree(node: Leaf | Branch, weighed: Sequence[Fraction], matrix: Rows, multiple: Fraction) -> tuple[Fraction, Fraction]:
    """The amount of a node and what it brings upward, by recursion from the leaves."""
    if isinstance(node, Leaf):
        own = [multiple * weighed[k] for k in node.inside]
        amount = root_up(quadratic(own, [[matrix[i][j] for j in node.inside] for i in node.inside]))
        signed = sum(own, Fraction(0))
    else:
        below = [tree(part, weighed, matrix, multiple) for part in node.parts]
        signed = sum((one[1] for one in below), Fraction(0))
        if node.matrix is None:
            amount = sum((one[0] for one in below), Fraction(0))
        else:
            square = sum((one[0] ** 2 for one in below), Fraction(0))
            for i, one in enumerate(below):
                for j, other in enumerate(below):
                    if i != j:
                        square += node.matrix[i][j] * one[1] * other[1]
            amount = root_up(square)
    return amount, max(-amount, min(amount, signed))
