"""Exact numbers and how they are written.

Policies carry `Fraction`s; the walk carries plain pairs (numerator, denominator), denominator above
zero and not always reduced, because a pair multiplies some ten times faster than a `Fraction`.
A number in a policy is written one way only: digits, grouped by `_` in threes if at all, a point
with digits on both sides, no exponent.  Inputs of programs (`loose`) may also write `1e-05`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import gcd

Exact = tuple[int, int]

ZERO: Exact = (0, 1)
ONE: Exact = (1, 1)

NUMBER = r"-?(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:_[0-9]{3})+)(?:\.[0-9]+)?"
_STRICT = re.compile(rf"({NUMBER})(?:/({NUMBER}))?")
_LOOSE = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?")
MOST_BITS_OF_STR = 14_000  # Python refuses to write a longer int: 4,300 digits
LONGEST = 80  # digits: beyond any price or size, short of a denial of service


def _decimal(text: str) -> Exact:
    whole, _, part = text.replace("_", "").partition(".")
    return int(whole + part), 10 ** len(part)


def strict_number(text: str) -> Exact | None:
    """A number or a quotient of two as policies write it (`5_000`, `0.4`, `1/30`), or None."""
    match = _STRICT.fullmatch(text) if len(text) <= 2 * LONGEST else None
    if match is None:
        return None
    n, d = _decimal(match[1])
    if match[2] is None:
        return n, d
    over_n, over_d = _decimal(match[2])
    return (n * over_d, d * over_n) if over_n > 0 else None


def loose_number(text: str) -> Exact | None:
    """A number as programs print it: the decimal that is written, `1e-05` included, or None.

    A quotient of two decimals (`509.5388/131.8`) is exact too, for figures that no decimal holds.
    """
    if len(text) > 2 * LONGEST or not text.isascii():
        return None
    over, slash, under = text.partition("/")
    value = _loose_decimal(over)
    if value is None or not slash:
        return value
    divisor = _loose_decimal(under)
    if divisor is None or divisor[0] <= 0:
        return None
    return value[0] * divisor[1], value[1] * divisor[0]


def _loose_decimal(text: str) -> Exact | None:
    match = _LOOSE.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return None
    sign, whole, part, power = match[1], match[2], match[3] or "", int(match[4] or 0)
    if abs(power) > LONGEST:
        return None
    digits = int(sign + (whole + part))
    places = len(part) - power
    return (digits, 10**places) if places >= 0 else (digits * 10**-places, 1)


def is_nothing(value: object) -> bool:
    """Whether a value is the number 0, however it is written; a fault is not nothing."""
    return isinstance(value, tuple) and value[0] == 0


def reduced(value: Exact) -> Exact:
    n, d = value
    common = gcd(n, d)
    return (n // common, d // common) if common > 1 else value


def to_fraction(value: Exact) -> Fraction:
    return Fraction(value[0], value[1])


def to_exact(value: Fraction) -> Exact:
    return value.numerator, value.denominator


def places_of(value: Exact) -> int | None:
    """How many decimal places write the value out in full, or None where none do (1/30)."""
    d = reduced(value)[1]
    twos = fives = 0
    while d % 2 == 0:
        d, twos = d // 2, twos + 1
    while d % 5 == 0:
        d, fives = d // 5, fives + 1
    return max(twos, fives) if d == 1 else None


def exact_text(value: Exact) -> str:
    """The value for machines: a decimal where one writes it out, else a reduced quotient."""
    places = places_of(value)
    if places is None:
        n, d = reduced(value)
        return f"{_digits(n)}/{_digits(d)}"
    return plain_decimal(value, places)


def plain_decimal(value: Exact, places: int) -> str:
    """The value cut (not rounded) to so many places, no grouping."""
    n, d = value
    scaled = abs(n) * 10**places // d
    whole, part = divmod(scaled, 10**places)
    sign = "-" if n < 0 and scaled else ""
    return f"{sign}{_digits(whole)}.{_digits(part).rjust(places, '0')}" if places else f"{sign}{_digits(whole)}"


def _digits(n: int) -> str:
    """Every digit: a sum of many quotients may have more than the few thousand that str() writes."""
    if n.bit_length() < MOST_BITS_OF_STR:
        return str(n)
    from decimal import Decimal

    return str(Decimal(n))
