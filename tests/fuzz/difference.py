"""Where two policies differ, node by node: `tables.BTC-USDT.tiers[1].maintenance_rate: 0.5% → 0.6%`.

Compared are the typed values of every version, field by field, without the digest; the words of a
difference are those of the author, read off the document at the same place.  Words beside a rule are no
difference, nor are the blanks of an expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from riskrules.rulebook.versions import WITHDRAWN, PolicyFile, Unit, Version, history
from riskrules.text.document import Text, node_at

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One node that says another thing in the second file; a side without it says so."""

    path: Path
    before: str
    after: str

    def __str__(self) -> str:
        return f"{shown(self.path)}: {self.before} → {self.after}"


def shown(path: Path) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "the whole file"


def meanings(file: PolicyFile) -> dict[Unit, tuple[Version, ...]]:
    """Every version that a file gives, by name."""
    return history([file])[0].versions


def digests(file: PolicyFile) -> dict[Unit, tuple[str, ...]]:
    return {unit: tuple(version.digest() for version in versions) for unit, versions in meanings(file).items()}


def differences(before: PolicyFile, after: PolicyFile) -> list[Difference]:
    """Every node at which the two files mean different things."""
    old, new = meanings(before), meanings(after)
    found = []
    for unit in dict.fromkeys([*old, *new]):
        for path in _of_unit(old.get(unit, ()), new.get(unit, ())):
            found.append(Difference(path, _said(before, path), _said(after, path)))
    return list(dict.fromkeys(found))


def _of_unit(old: tuple[Version, ...], new: tuple[Version, ...]) -> Iterator[Path]:
    if len(old) != len(new):
        yield (old or new)[-1].place
        return
    for one, other in zip(old, new, strict=True):
        if getattr(one.file.header, "form", "") != getattr(other.file.header, "form", ""):
            yield ("form",)
        for clock in ("rulebook", "effective", "observed", "known"):
            yield from _inside((clock,), getattr(one.file.header, clock), getattr(other.file.header, clock))
        if WITHDRAWN in (one.value, other.value) and one.value != other.value:
            yield (one if other.value == WITHDRAWN else other).place
        else:
            yield from _inside(one.place if one.value != WITHDRAWN else (), one.value, other.value)


def _inside(path: Path, one: Any, other: Any) -> Iterator[Path]:
    """The deepest nodes that differ; a node that one side lacks is told as a whole."""
    if isinstance(one, BaseModel) and type(one) is type(other):
        for name in type(one).model_fields:
            this, that = getattr(one, name), getattr(other, name)
            if name == "expression":
                this, that = _tokens(this), _tokens(that)
                if this != that:
                    yield (*path, name)
            elif name not in one.words or (name == "excerpt" and (this is None) != (that is None)):
                yield from _inside((*path, name), this, that)
    elif isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys([*one, *other]):
            if (key in one) != (key in other):
                yield (*path, key)
            else:
                yield from _inside((*path, key), one.get(key), other.get(key))
    elif isinstance(one, tuple) and isinstance(other, tuple):
        for k in range(max(len(one), len(other))):
            if k >= min(len(one), len(other)):
                yield (*path, k)
            else:
                yield from _inside((*path, k), one[k], other[k])
    elif type(one) is not type(other) or one != other:
        yield path


def _tokens(expression: str) -> list[str]:
    found = re.findall(r"[^\W\d]\w*|[0-9][0-9_.]*|\*\*|[<>=!]=|\S", expression)
    number = r"(0|[1-9][0-9]*|[1-9][0-9]{0,2}(_[0-9]{3})+)(\.[0-9]+)?"
    return [str(Fraction(one.replace("_", ""))) if len(one) <= 160 and re.fullmatch(number, one) else one for one in found]


def _said(file: PolicyFile, path: Path) -> str:
    node = node_at(file.document, path)
    return "not given" if node is None else str(node) if isinstance(node, Text) else "given"
