"""Readings made of other readings: in another unit, or as the word that a case prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.conformance.asked import Answers, Found, NoFigure, Reading, Span, Words


def scaled(reading: Reading, *exponents: Any, down: Sequence[Any] = ()) -> Reading:
    """The same figure in units of a power of ten: 0.000005 by 6 is 5."""
    factor = Fraction(10) ** (sum(int(one) for one in exponents) - sum(int(one) for one in down))

    def read(answers: Answers) -> Found:
        found = reading(answers)
        return Span(found.low * factor, found.high * factor) if isinstance(found, Span) else found

    return read


def worded(reading: Reading, words: Mapping[int, Sequence[str]]) -> Reading:
    """A flag or a count as the words that say it."""

    def read(answers: Answers) -> Found:
        found = reading(answers)
        return Words(frozenset(words[int(found.low)])) if isinstance(found, Span) else found

    return read


def refusal(reading: Reading, *words: str) -> Reading:
    """The words for a figure that the rules refuse to give; a figure that they give is no such word."""

    def read(answers: Answers) -> Found:
        found = reading(answers)
        return Words(frozenset(words)) if isinstance(found, NoFigure) and "error RR514" in found.why else found

    return read


def or_refusal(reading: Reading, *words: str) -> Reading:
    """The figure, or the words for its refusal."""
    refused = refusal(reading, *words)

    def read(answers: Answers) -> Found:
        found = reading(answers)
        return found if isinstance(found, Span) else refused(answers)

    return read


def first_true(choices: Sequence[tuple[Reading, str]], otherwise: str | None = None) -> Reading:
    """The word of the first flag that holds."""

    def read(answers: Answers) -> Found:
        for reading, word in choices:
            found = reading(answers)
            if not isinstance(found, Span):
                return found
            if found.low:
                return Words(frozenset({word}))
        return Words(frozenset({str(otherwise)}))

    return read
