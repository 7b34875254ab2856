"""exp, log, the normal distribution and Black-76 in decimals of 120 digits, by other series than the package's."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache

DIGITS = 160


def _decimal(x: Fraction) -> Decimal:
    return Decimal(x.numerator) / Decimal(x.denominator)


@cache
def _pi() -> Decimal:
    """Ramanujan's series: eight digits a term."""
    from math import factorial

    with localcontext(prec=DIGITS):
        total = sum(
            Decimal(factorial(4 * k) * (1103 + 26390 * k)) / Decimal(factorial(k) ** 4 * 396 ** (4 * k)) for k in range(DIGITS // 8 + 2)
        )
        return Decimal(9801) / (2 * Decimal(2).sqrt() * total)


def exp(x: Fraction) -> Fraction:
    with localcontext(prec=DIGITS):
        return Fraction(_decimal(x).exp())


def log(x: Fraction) -> Fraction:
    with localcontext(prec=DIGITS):
        return Fraction(_decimal(x).ln())


def normal(x: Fraction) -> Fraction:
    """The alternating series about 0, for figures up to some 12."""
    with localcontext(prec=DIGITS + 60):
        z = _decimal(x)
        term, total, k = z, z, 0
        while abs(term) > Decimal(10) ** -(DIGITS + 20):
            k += 1
            term = -term * z * z / (2 * k)
            total += term / (2 * k + 1)
        return Fraction(Decimal("0.5") + total / (2 * _pi()).sqrt())


def black76(forward: Fraction, strike: Fraction, deviation: Fraction, is_call: bool) -> Fraction:
    near = log(forward / strike) / deviation + deviation / 2
    call = forward * normal(near) - strike * normal(near - deviation)
    return call if is_call else call - forward + strike
