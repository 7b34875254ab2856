"""The nearest correlation matrix (Higham): only where a policy says so, and proved again exactly.

The search is in floats and decides nothing: what it finds is written as decimals of the places that
the policy names, drawn toward the identity by as little as the last place needs, and then proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from riskrules.rulebook.correlations import Matrix, negative_holding

MOST_STEPS = 1000
CLOSE = 1e-13


def nearest_correlation(names: Sequence[str], matrix: Matrix, places: int) -> Matrix:
    """The repaired matrix as exact decimals.  Raises `ValueError` where the places are too few for any."""
    found = _higham([[float(matrix[a][b]) for b in names] for a in names])
    scale = 10**places
    for back in range(200):  # a step of the last place toward the identity for each
        pull = 1 - Fraction(back, scale)
        made = [
            [
                Fraction(1) if i == j else Fraction(round(Fraction(found[min(i, j)][max(i, j)]) * pull * scale), scale)
                for j in range(len(names))
            ]
            for i in range(len(names))
        ]
        if pull > 0 and negative_holding(made) is None:
            return {a: {b: made[i][j] for j, b in enumerate(names)} for i, a in enumerate(names)}
    raise ValueError(f"no correlation matrix of {places} places lies near")


def _higham(matrix: list[list[float]]) -> list[list[float]]:
    """Alternating projections with Dykstra's correction, onto what has no negative variance and onto a diagonal of ones."""
    import numpy as np

    wanted = np.array(matrix)
    wanted = (wanted + wanted.T) / 2
    found, correction = wanted.copy(), np.zeros_like(wanted)
    for _ in range(MOST_STEPS):
        free = found - correction
        values, vectors = np.linalg.eigh(free)
        possible = (vectors * np.maximum(values, 0)) @ vectors.T
        correction = possible - free
        before, found = found, possible.copy()
        np.fill_diagonal(found, 1.0)
        if np.linalg.norm(found - before) <= CLOSE * np.linalg.norm(found):
            break
    made: list[list[float]] = found.tolist()
    return made
