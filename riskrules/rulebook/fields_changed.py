"""Which fields of a rule became others: the deepest places that differ, in the author's own words."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from pydantic import BaseModel

from riskrules.rulebook.identity import canonical
from riskrules.rulebook.versions import Version
from riskrules.text.document import Text, node_at
from riskrules.units import say
from riskrules.units.exact import places_of, plain_decimal, to_exact

Path = tuple[str | int, ...]
MOST_PLACES = 4
NOT_GIVEN = "not given"


class FieldChange(NamedTuple):
    """`fee.rate: 0.05% → 0.06%, +1 bps`."""

    path: Path
    before: str
    after: str
    by: str  # how far a figure moved; "" where it is none

    @property
    def name(self) -> str:
        text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return text.removeprefix(".")


def field_changes(before: Version, after: Version, words: bool = False) -> list[FieldChange]:
    """Of two versions of one unit; with `words`, those beside the rule too."""
    return [
        FieldChange(path, _said(before, path, one), _said(after, path, other), _by(before, after, path, one, other))
        for path, one, other in _differing((), before.value, after.value, words)
    ]


def _differing(path: Path, one: Any, other: Any, words: bool) -> Iterator[tuple[Path, Any, Any]]:
    if canonical(one, words) == canonical(other, words):
        return
    if isinstance(one, BaseModel) and type(one) is type(other):
        for name in type(one).model_fields:
            if words or name not in getattr(one, "words", ()):
                yield from _differing((*path, name), getattr(one, name), getattr(other, name), words)
    elif isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            yield from _differing((*path, key), one.get(key), other.get(key), words)
    elif isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        for k, (this, that) in enumerate(zip(one, other, strict=True)):
            yield from _differing((*path, k), this, that, words)
    else:
        yield path, one, other


def _said(version: Version, path: Path, value: Any) -> str:
    """As the author wrote it."""
    node = node_at(version.file.document, (*version.place, *path))
    if isinstance(node, Text):
        return str(node)
    if node is None:
        return NOT_GIVEN if value is None else plain(value)
    return plain(value)


def plain(value: Any) -> str:
    """A typed value on one line."""
    if isinstance(value, BaseModel):
        given = ((name, getattr(value, name)) for name in type(value).model_fields)
        return "{" + ", ".join(f"{name}: {plain(one)}" for name, one in given if one is not None) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {plain(one)}" for name, one in value.items()) + "}"
    if isinstance(value, tuple):
        return f"[{', '.join(plain(one) for one in value)}]"
    return say.number(value) if isinstance(value, Fraction) else str(value)


def _by(before: Version, after: Version, path: Path, one: Any, other: Any) -> str:
    if not isinstance(one, Fraction) or not isinstance(other, Fraction):
        return ""
    texts = [str(node_at(version.file.document, (*version.place, *path))) for version in (before, after)]
    return bps(other - one) if any(text.endswith(("%", "bps")) for text in texts) else signed(other - one)


def bps(difference: Fraction) -> str:
    """To four places at most: a figure that goes on is cut, and says so."""
    exact = to_exact(difference * 10_000)
    places = places_of(exact)
    if places is not None and places <= MOST_PLACES:
        return f"{signed(difference * 10_000)} bps"
    text = plain_decimal(exact, MOST_PLACES)
    return f"{'+' if difference > 0 else ''}{text.replace('-', say.MINUS)}… bps"


def signed(difference: Fraction) -> str:
    return f"{'+' if difference > 0 else ''}{say.number(difference)}"
