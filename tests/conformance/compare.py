"""An answer against a printed figure: exact arithmetic, within the tolerance that the case states.

The tolerance is the larger of `abs` and `rel`; `abs_if_small` counts only for printed figures under
100; `abs_cost` only for a cost; a case that states none means exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.conformance.asked import Found, NoFigure, Span, Words
from tests.conformance.words import exact

SMALL = 100


def allowed(tolerance: Mapping[str, Any], name: str, printed: Fraction) -> Fraction:
    """How far from the printed figure an answer may lie."""
    sizes = [exact(tolerance.get("abs", 0)), exact(tolerance.get("rel", 0)) * abs(printed)]
    if abs(printed) < SMALL:
        sizes.append(exact(tolerance.get("abs_if_small", 0)))
    if name.endswith("cost"):
        sizes.append(exact(tolerance.get("abs_cost", 0)))
    return max(sizes)


def complaint(found: Found, printed: Any, name: str, tolerance: Mapping[str, Any]) -> str | None:
    """What is wrong with the answer, or None."""
    if isinstance(found, Words):
        return None if str(printed) in found.words else f"{name}: printed {printed}, found {' or '.join(sorted(found.words))}"
    if isinstance(found, NoFigure):
        return None if printed is None else f"{name}: printed {printed}; {found.why}"
    if printed is None:
        return f"{name}: printed none, found {float(found.low)}"
    if isinstance(printed, bool):
        return None if found.low == printed else f"{name}: printed {printed}, found {bool(found.low)}"
    figure = exact(printed)
    off, within = _distance(found, figure), allowed(tolerance, name, figure)
    if off <= within:
        return None
    return f"{name}: printed {printed}, found {float(found.low):.15g}: off by {float(off):.3g}, tolerance {float(within):.3g}"


def _distance(found: Span, figure: Fraction) -> Fraction:
    return max(found.low - figure, figure - found.high, Fraction(0))
