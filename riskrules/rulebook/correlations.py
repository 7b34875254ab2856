"""Whether a matrix is a correlation matrix, proved exactly; and what to blame where it is none.

The proof is a decomposition into L D Lᵀ over rationals: no entry of D is below 0, or a holding is
found whose variance would be.  No rounding takes part, so that a matrix on the very edge is judged
as it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from riskrules.units import say

Matrix = dict[str, dict[str, Fraction]]
MOST_TRIPLES = 40_000  # of some sixty markets: more are blamed by a holding instead
MOST_SHOWN = 4


class Blame(NamedTuple):
    text: str
    hint: str
    pair: tuple[str, str] | None = None  # where to look


def blames(names: Sequence[str], matrix: Matrix) -> list[Blame]:
    """Why it is no correlation matrix; nothing where it is one.  Every entry must be there."""
    plain = list(_plain(names, matrix))
    if plain:
        return plain
    holding = negative_holding([[matrix[a][b] for b in names] for a in names])
    if holding is None:
        return []
    return [_triple(names, matrix) or _direction(names, matrix, holding)]


def _plain(names: Sequence[str], matrix: Matrix) -> Iterator[Blame]:
    for a in names:
        if matrix[a][a] != 1:
            yield Blame(f"{a} moves with itself by {say.number(matrix[a][a])}", "everything moves with itself by 1", (a, a))
    for a, b in combinations(names, 2):
        there, back = matrix[a][b], matrix[b][a]
        if there != back:
            text = f"{a} moves with {b} by {say.number(there)}, and {b} with {a} by {say.number(back)}"
            yield Blame(text, "the two are one figure: write the same in both places", (b, a))


def negative_holding(matrix: list[list[Fraction]]) -> list[Fraction] | None:
    """A holding whose variance would be below 0, found by the pivots; None proves that there is none."""
    many = len(matrix)
    left = [row[:] for row in matrix]  # what is left of it after each step
    lower = [[Fraction(int(i == j)) for j in range(many)] for i in range(many)]
    for k in range(many):
        pivot = left[k][k]
        if pivot < 0:
            return _back(lower, {k: Fraction(1)})
        if pivot == 0:
            tied = next((j for j in range(k + 1, many) if left[j][k] != 0), None)
            if tied is not None:
                return _back(lower, {k: -(left[tied][tied] + 1) / (2 * left[tied][k]), tied: Fraction(1)})
            continue
        for i in range(k + 1, many):
            lower[i][k] = left[i][k] / pivot
        for i in range(k + 1, many):
            for j in range(k + 1, i + 1):
                left[i][j] -= lower[i][k] * left[j][k]
                left[j][i] = left[i][j]
    return None


def _back(lower: list[list[Fraction]], ends: dict[int, Fraction]) -> list[Fraction]:
    """The holding x with Lᵀ x = ends."""
    many = len(lower)
    x = [ends.get(k, Fraction(0)) for k in range(many)]
    for k in reversed(range(many)):
        x[k] -= sum((lower[i][k] * x[i] for i in range(k + 1, many)), Fraction(0))
    return x


def variance(matrix: list[list[Fraction]], x: Sequence[Fraction]) -> Fraction:
    many = range(len(x))
    return sum((x[i] * x[j] * matrix[i][j] for i in many for j in many), Fraction(0))


def _triple(names: Sequence[str], matrix: Matrix) -> Blame | None:
    """The three that go together worst, where three suffice: that a reader sees at once."""
    if len(names) ** 3 > 6 * MOST_TRIPLES:
        return None
    worst = min(((_minor(matrix, three), three) for three in combinations(names, 3)), default=None)
    if worst is None or worst[0] >= 0:
        return None
    minor, three = worst
    pairs = list(combinations(three, 2))
    said = ", ".join(f"{a} with {b} {say.number(matrix[a][b])}" for a, b in pairs)
    blamed = min(pairs, key=lambda pair: _without(matrix, three, pair))
    low, high = _between(matrix, three, blamed)
    hint = f"with the other two as they are, {blamed[0]} with {blamed[1]} lies between about {low} and {high}"
    return Blame(f"these cannot all hold: {said} (their principal minor is {say.number(minor)})", hint, blamed)


def _minor(matrix: Matrix, three: tuple[str, str, str]) -> Fraction:
    a, b, c = (matrix[x][y] for x, y in combinations(three, 2))
    return 1 + 2 * a * b * c - a * a - b * b - c * c


def _without(matrix: Matrix, three: tuple[str, str, str], pair: tuple[str, str]) -> Fraction:
    """How far the pair lies from what the other two suggest: the product of theirs."""
    (third,) = set(three) - set(pair)
    return -abs(matrix[pair[0]][pair[1]] - matrix[pair[0]][third] * matrix[pair[1]][third])


def _between(matrix: Matrix, three: tuple[str, str, str], pair: tuple[str, str]) -> tuple[str, str]:
    (third,) = set(three) - set(pair)
    a, b = float(matrix[pair[0]][third]), float(matrix[pair[1]][third])
    reach = ((1 - a * a) * (1 - b * b)) ** 0.5
    return f"{a * b - reach:.3f}".replace("-", say.MINUS), f"{a * b + reach:.3f}".replace("-", say.MINUS)


def _direction(names: Sequence[str], matrix: Matrix, x: list[Fraction]) -> Blame:
    """The holding whose variance is below 0, and the pairs that take it there."""
    largest = max(abs(one) for one in x)
    scaled = [one / largest for one in x]
    held = {name: one for name, one in zip(names, scaled, strict=True) if one}
    order = sorted(held, key=lambda name: -abs(held[name]))
    said = ", ".join(f"{_signed(held[name])} {name}" for name in order[:MOST_SHOWN]) + (" …" if len(order) > MOST_SHOWN else "")
    below = say.number(Fraction(round(variance([[matrix[a][b] for b in names] for a in names], scaled) * 10**6), 10**6))
    pairs = sorted(combinations(held, 2), key=lambda pair: held[pair[0]] * held[pair[1]] * matrix[pair[0]][pair[1]])
    blamed = ", ".join(f"{a} with {b} {say.number(matrix[a][b])}" for a, b in pairs[:MOST_SHOWN])
    text = f"holding {said} would have a variance of about {below}, below 0"
    return Blame(text, f"most of it comes from {blamed}", pairs[0] if pairs else None)


def _signed(x: Fraction) -> str:
    text = say.number(Fraction(round(x * 1000), 1000))
    return text if text.startswith(say.MINUS) else f"+{text}"
