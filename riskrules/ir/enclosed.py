"""exp, log, the normal distribution and Black-76 between two exact bounds, for roundings that are right.

None of them has a last digit at a rational figure (but at 0, and at 1 for the logarithm).  So each is
enclosed between two whole numbers of 2^-bits, and the bits are doubled until both fall on one step.
Every line of a series is rounded down for the lower bound and up for the upper one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

from riskrules.units.exact import Exact

MOST_BITS = 4096
FURTHEST = 10_000  # an exponent beyond it: figures of thousands of digits
TAIL = 60  # beyond it the normal distribution is 0 or 1 to MOST_BITS / 2 bits


class Between(NamedTuple):
    """low ≤ the value × 2^bits ≤ high."""

    low: int
    high: int


def exp(x: Exact, bits: int) -> Between:
    """Of a figure that is not beyond FURTHEST."""
    if x[0] < -FURTHEST * x[1]:
        return Between(0, 1)
    if x[0] < 0:
        return _inverse(exp((-x[0], x[1]), bits + 8), bits + 8, bits)
    halvings = max(x[0] // x[1], 1).bit_length() + 2
    work = bits + 2 * halvings + 16 + 2 * int(x[0] // x[1])
    n, d = x[0] << work, x[1] << halvings
    low, high = _series(Between(n // d, _up(n, d)), work)
    for _ in range(halvings):
        low, high = low * low >> work, -(-high * high >> work)
    return _less(Between(low, high), work - bits)


def _series(y: Between, bits: int) -> Between:
    """1 + y + y²/2 + …, of y below 1/2: what is left out is less than the last term."""
    low = high = term_low = term_high = 1 << bits
    k = 0
    while term_high > 1:
        k += 1
        term_low, term_high = (term_low * y.low >> bits) // k, _up(_up(term_high * y.high, 1 << bits), k)
        low, high = low + term_low, high + term_high
    return Between(low, high + 2)


def log(x: Exact, bits: int) -> Between:
    """Of a figure above 0."""
    power = x[0].bit_length() - x[1].bit_length()
    n, d = (x[0], x[1] << power) if power >= 0 else (x[0] << -power, x[1])
    work = bits + abs(power).bit_length() + 16
    part = _twice_artanh(n - d, n + d, work)
    two = _log_two(work)
    ends = (power * two.low, power * two.high)
    return _less(Between(part.low + min(ends), part.high + max(ends)), work - bits)


@lru_cache(maxsize=64)
def _log_two(bits: int) -> Between:
    return _twice_artanh(1, 3, bits)


def _twice_artanh(n: int, d: int, bits: int) -> Between:
    """2 (z + z³/3 + z⁵/5 + …) for z = n ÷ d of at most 1/2."""
    if n < 0:
        other = _twice_artanh(-n, d, bits)
        return Between(-other.high, -other.low)
    low_power, high_power = (n << bits) // d, -(-(n << bits) // d)
    low = high = 0
    k = 1
    while high_power > 1:
        low, high = low + low_power // k, high + -(-high_power // k)
        low_power, high_power = low_power * n * n // (d * d), -(-high_power * n * n // (d * d))
        k += 2
    return Between(2 * low, 2 * high + 4)


def normal(x: Exact, bits: int) -> Between:
    """The share of a standard normal that lies at or below x: no steeper than 0.4, so that x may be cut to some more bits."""
    work = bits + 4
    return _less(_wider(_share((x[0] << work) // x[1], work), 1), 4)


def _share(x: int, bits: int) -> Between:
    """Of x ÷ 2^bits, times 2^bits."""
    if x < 0:
        other = _share(-x, bits)
        return Between((1 << bits) - other.high, (1 << bits) - other.low)
    if x > TAIL << bits:
        return Between((1 << bits) - (1 << max(bits - MOST_BITS // 2, 0)), 1 << bits)
    more = (x * x >> 2 * bits) + 24
    work, x = bits + more, x << more
    square = x * x >> work
    total = _odd_series(x, square, work)
    density = _times(_wider(exp((-square, 2 << work), work), 1), _one_over_root_two_pi(work), work)
    part = _times(total, density, work)
    half = 1 << (work - 1)
    return _less(Between(half + part.low, min(half + part.high, 1 << work)), more)


def _odd_series(x: int, square: int, bits: int) -> Between:
    """x + x³/3 + x⁵/(3·5) + …: once a term is less than half of the one before, what is left out is less than it."""
    low, high = x, x
    low_term, high_term, k = x, x, 1
    while high_term > 1 or 2 * square > k << bits:
        k += 2
        low_term, high_term = (low_term * square >> bits) // k, _up(high_term * (square + 1) >> bits, k) + 1
        if low_term == 0 and high_term <= 2 and 2 * square <= k << bits:
            high += high_term
            break
        low, high = low + low_term, high + high_term
    return Between(low, high + 4)


@lru_cache(maxsize=64)
def _one_over_root_two_pi(bits: int) -> Between:
    work = bits + 16
    fifth, other = _arctan_of(5, work), _arctan_of(239, work)
    two_pi = Between(32 * fifth.low - 8 * other.high, 32 * fifth.high - 8 * other.low)
    root = Between(isqrt(two_pi.low << work), isqrt(two_pi.high << work) + 1)
    return _inverse(root, work, bits)


def _arctan_of(d: int, bits: int) -> Between:
    """Of 1 ÷ d: the terms change sign, so that a sum that stops is off by less than the next."""
    total, power, k, sign = 0, (1 << bits) // d, 1, 1
    terms = 0
    while power:
        total += sign * (power // k)
        power //= d * d
        k, sign, terms = k + 2, -sign, terms + 1
    return Between(total - 3 * terms - 2, total + 3 * terms + 2)


def black76(figures: tuple[Exact, Exact, Exact, bool], bits: int) -> Between:
    """An option on a forward, not discounted; the deviation is the volatility × the root of the time left, above 0."""
    forward, strike, deviation, is_call = figures
    work = bits + max(forward[0] // forward[1], strike[0] // strike[1], 1).bit_length() + 8
    more = _bits_of(deviation)
    within = log((forward[0] * strike[1], forward[1] * strike[0]), work + more)
    middle = (within.low * deviation[1] << work) // (deviation[0] << (work + more))
    furthest = _up(within.high * deviation[1] << work, deviation[0] << (work + more))
    half = (deviation[0] << work) // (2 * deviation[1])
    near, far = (middle + half, middle - half) if is_call else (half - middle, -half - middle)
    first, second = (_wider(_share(end, work), furthest - middle + 2) for end in (near, far))  # a share is no steeper than 0.4
    worth, owed = (forward, strike) if is_call else (strike, forward)
    low = (first.low * worth[0]) // worth[1] - _up(second.high * owed[0], owed[1])
    high = _up(first.high * worth[0], worth[1]) - (second.low * owed[0]) // owed[1]
    return _less(Between(low, high), work - bits)


def _bits_of(deviation: Exact) -> int:
    """How many more bits the logarithm needs, that a small deviation is divided into."""
    return max((deviation[1] // deviation[0]).bit_length(), 1) + 2


def _inverse(x: Between, bits: int, wanted: int) -> Between:
    one = 1 << (bits + wanted)
    return Between(one // x.high, -(-one // x.low) if x.low > 0 else 1 << wanted)


def _times(x: Between, y: Between, bits: int) -> Between:
    return Between(x.low * y.low >> bits, -(-x.high * y.high >> bits))


def _less(x: Between, bits: int) -> Between:
    return Between(x.low >> bits, -(-x.high >> bits))


Enclosing = Callable[[int], Between]
Step = Callable[[Exact, Exact], Exact]


def _wider(x: Between, by: int) -> Between:
    return Between(x.low - by, x.high + by)


def _up(n: int, d: int) -> int:
    return -(-n // d)


class Open(NamedTuple):
    """A value that no fraction is: how it is enclosed, and what it is always above and below."""

    enclosing: Enclosing
    least: Exact | None = None
    most: Exact | None = None


def in_steps(value: Open, quantum: Exact, step: Step) -> Exact | None:
    """The value in whole steps: it lies between two half steps and on none.  None where no bits settle between which."""
    n, d = 2 * quantum[1], quantum[0]
    bits = max(64, 32 + (quantum[1] // quantum[0]).bit_length())
    while bits <= MOST_BITS:
        low, high = value.enclosing(bits)
        half, top = (low * n) // (d << bits), _up(high * n, d << bits)
        if value.least is not None:
            half = max(half, value.least[0] * n // (value.least[1] * d))
        if value.most is not None:
            top = min(top, _up(value.most[0] * n, value.most[1] * d))
        if top <= half + 1:
            return step(((2 * half + 1) * quantum[0], 4 * quantum[1]), quantum)
        bits *= 2
    return None
