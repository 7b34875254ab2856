"""Tolerances, and what counts as the engine's figure."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.conformance.asked import NoFigure, Span
from tests.conformance.compare import complaint


def at(low: str, high: str | None = None) -> Span:
    return Span(Fraction(low), Fraction(high or low))


@pytest.mark.parametrize(
    "found, printed, name, tolerance, agrees, why",
    [
        (at("1"), "1", "x", {}, True, "exactly, where no tolerance is stated"),
        (at("1.0000000001"), "1", "x", {}, False, "and nothing else"),
        (at("1/3"), "0.3333", "x", {"abs": "0.0001"}, True, "an absolute distance"),
        (at("1.1"), "1", "x", {"abs": "0.1"}, True, "its end belongs to it"),
        (at("1.11"), "1", "x", {"abs": "0.1"}, False, "what is beyond does not"),
        (at("102"), "100", "x", {"abs": "1", "rel": "0.02"}, True, "the larger of two"),
        (at("-102"), "-100", "x", {"rel": "0.02"}, True, "a share of the size, whatever the sign"),
        (at("99.5"), "99", "x", {"rel": "0.001", "abs_if_small": "0.5"}, True, "under 100 the figure is small"),
        (at("100.5"), "100", "x", {"rel": "0.001", "abs_if_small": "0.5"}, False, "100 is not"),
        (at("5.1"), "5", "pos_cost", {"abs_cost": "0.1"}, True, "a cost has a tolerance of its own"),
        (at("5.1"), "5", "price", {"abs_cost": "0.1"}, False, "which is no other figure's"),
        (at("1", "2"), "1.5", "x", {}, True, "a crossing lies between its sides"),
        (at("1", "2"), "2.1", "x", {}, False, "and not beside them"),
        (at("1"), 1, "x", {}, True, "a number as a number"),
        (at("1"), "nonsense", "x", {}, None, "a figure that is none is no agreement"),
        (NoFigure("none"), "1", "x", {"abs": "9"}, False, "no figure is never near one"),
        (NoFigure("none"), None, "x", {}, True, "none printed, none found"),
        (at("1"), None, "x", {}, False, "none printed, one found"),
    ],
)
def test_agreement(found: Any, printed: Any, name: str, tolerance: dict[str, str], agrees: bool | None, why: str) -> None:
    if agrees is None:
        with pytest.raises(Exception, match="not a number"):
            complaint(found, printed, name, tolerance)
    else:
        assert (complaint(found, printed, name, tolerance) is None) == agrees, why
