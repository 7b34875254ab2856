"""How a value is said to a reader: `300,000.00`, `0.65%`, `−10`, and never more exactly than it is.

A value that its places do not write out in full ends in `…`: what is cut is said to be cut.
"""

from __future__ import annotations

from fractions import Fraction

from riskrules.units.exact import Exact, places_of, plain_decimal, reduced

MINUS = "−"
MOST_PLACES = 12
CUT_PLACES = 8


def number(value: Exact | Fraction, least: int = 0) -> str:
    """Grouped in threes, at least `least` places, cut with `…` where the places do not end."""
    pair = (value.numerator, value.denominator) if isinstance(value, Fraction) else value
    places = places_of(pair)
    cut = places is None or places > MOST_PLACES
    shown = CUT_PLACES if places is None or cut else max(places, least)
    text = plain_decimal(pair, shown)
    whole, point, part = text.lstrip("-").partition(".")
    sign = MINUS if pair[0] < 0 else ""
    return f"{sign}{int(whole):,}{point}{part}{'…' if cut else ''}"


def money(value: Exact | Fraction) -> str:
    return number(value, least=2)


def rate(value: Exact | Fraction) -> str:
    """As a percentage; as a quotient where no short decimal says it (1/30 is 3.33…%)."""
    n, d = (value.numerator, value.denominator) if isinstance(value, Fraction) else reduced(value)
    places = places_of((n * 100, d))
    if places is None and n < 1_000_000 and d < 1_000_000:
        return f"{n}/{d}"
    return f"{number((n * 100, d))}%"


def leverage(value: Exact | Fraction) -> str:
    return f"{number(value)}x"


def seconds(value: Exact | Fraction) -> str:
    """An age or a window: `0.8 s`, `90 s`, `3 h`, `54 days`."""
    size = value if isinstance(value, Fraction) else Fraction(*value)
    for unit, length in (("days", 86_400), ("h", 3_600)):
        if size >= 2 * length:
            return f"{number(Fraction(size // length))} {unit}"
    return f"{number(Fraction(int(size * 1000), 1000))} s"
