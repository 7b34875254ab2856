"""Words and units: how a case's figures are spelled in a rulebook and in a snapshot.

A figure passes through unchanged; only its spelling changes.  `fine`, `shifted` and `steps` are the places
where a unit is scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from riskrules.units.exact import exact_text, loose_number, to_exact, to_fraction
from tests.conformance.cases import Fields, NotSaid

TINY = "0.0000000000000000000000001"  # below every quantum: what stands for a position of nothing, which would be no row
NO_CAP = ("inf", "Infinity", "unlimited", "max", None)


def exact(figure: Any) -> Fraction:
    """The number that a case prints: a decimal, a whole number or a quotient, as text or not."""
    read = loose_number(str(figure))
    if read is None:
        raise NotSaid(f"{figure!r} is not a number")
    return to_fraction(read)


def number(figure: Any) -> str:
    """`5.5E+2` and `550` alike as the digits they mean."""
    return exact_text(to_exact(exact(figure)))


def rate(figure: Any) -> str:
    """A rate needs its unit: 0.004 is written as the quotient 1/250."""
    value = exact(figure)
    return f"{value.numerator}/{value.denominator}"


def fine(figure: Any) -> str:
    """Coins and money in billionths, where a case prints a price: prices are the same, and no rounding of money moves them."""
    return exact_text(to_exact(exact(figure) / Fraction(1, 1_000_000_000)))


def shifted(figure: Any, *exponents: Any, down: Sequence[Any] = ()) -> str:
    """A figure in units of powers of ten as the coins and the money that it is: 5 by -6 is 0.000005."""
    power = sum(int(one) for one in exponents) - sum(int(one) for one in down)
    value = exact(figure) * Fraction(10) ** power
    return exact_text(to_exact(value))


def steps(figure: Any, step: str) -> str:
    """A figure that counts steps of so much each: 150 of 0.01 is 1.5."""
    return exact_text(to_exact(exact(figure) * exact(step)))


def move(factor: Any) -> str:
    """A price times 1.15 is a price moved by 0.15."""
    return exact_text(to_exact(exact(factor) - 1))


def per(figure: Any, size: Any) -> str:
    """A price that no decimal holds is written as the quotient that it is."""
    return f"{number(figure)}/{unsigned(size)}"


def unsigned(figure: Any) -> str:
    return number(figure).removeprefix("-")


def signed(side: str | None, figure: Any) -> str:
    """A snapshot's sizes carry their sign: a short of 2 is -2; without a side the sign is the figure's own."""
    if side is None:
        return number(figure)
    if side.lower() not in ("long", "short", "buy", "sell"):
        raise NotSaid(f"no such side: {side}")
    return f"-{unsigned(figure)}" if side.lower() in ("short", "sell") else unsigned(figure)


def is_nothing(figure: Any) -> bool:
    return figure is None or not exact(figure)


def some(figure: Any) -> str:
    """The figure, or what stands for a position of nothing."""
    return TINY if is_nothing(figure) else number(figure)


def first(fields: Fields, *names: str) -> Any:
    """The first of several words for one thing that the case gives; None where it gives none."""
    return next((fields[name] for name in names if name in fields), None)


def word(text: str) -> str:
    """Letters and digits only, as the names of markets are."""
    return "".join(letter for letter in text if letter.isalnum()) or "X"
