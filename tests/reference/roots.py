"""A rounded square root from what the word means, found by halving: no digit of it comes from the engine's way."""

from __future__ import annotations

from fractions import Fraction


def root_down(x: Fraction, step: Fraction) -> Fraction:
    """The largest multiple of the step whose square is at most x."""
    low, high = 0, 1
    while (high * step) ** 2 <= x:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if (middle * step) ** 2 <= x else (low, middle)
    return low * step


def root_up(x: Fraction, step: Fraction) -> Fraction:
    """The smallest multiple whose square is at least x."""
    below = root_down(x, step)
    return below if below**2 == x else below + step


def root_nearest(x: Fraction, step: Fraction, to_even: bool) -> Fraction:
    """The multiple nearest the root; of two as near the upper, or the even one."""
    below = root_down(x, step)
    half = below + step / 2
    if half**2 == x and to_even:
        return below if (below / step) % 2 == 0 else below + step
    return below + step if half**2 <= x else below
