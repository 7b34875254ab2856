"""Cases as their files hold them: parameters, inputs and printed figures, with a note of what was read.

An adapter sees the parameters and the inputs of a case and never what is expected of it.  A word of a
case that nobody read is reported beside the case, so that an input is never passed over in silence.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class NotSaid(Exception):
    """The case holds something that no rulebook or snapshot here can say; the words name it."""


class Fields(Mapping[str, Any]):
    """A mapping that remembers which of its keys were looked at, in the mappings inside it too."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = {key: _inner(value) for key, value in given.items()}
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        if key not in self._given:
            raise NotSaid(f"the case gives no {key}")
        return self._given[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self._given else default

    def __contains__(self, key: object) -> bool:
        return key in self._given

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    @property
    def unread(self) -> list[str]:
        own = [key for key in self._given if key not in self.read]
        inner = [field for key in self.read & self._given.keys() for field in _fields_of(self._given[key])]
        return [*own, *dict.fromkeys(word for field in inner for word in field.unread)]


def _inner(value: Any) -> Any:
    if isinstance(value, dict):
        return Fields(value)
    return [_inner(one) for one in value] if isinstance(value, list) else value


def _fields_of(value: Any) -> list[Fields]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Fields)]


@dataclass(frozen=True, slots=True)
class Question:
    """What an adapter may know of a case."""

    venue: str
    policy: Fields
    inputs: Fields

    @property
    def unread(self) -> list[str]:
        return [*self.policy.unread, *self.inputs.unread]


@dataclass(frozen=True, slots=True)
class Case:
    file: str
    id: str
    family: str
    venue: str
    policy: Mapping[str, Any]
    inputs: Mapping[str, Any]
    expected: Mapping[str, Any]  # nested and listed figures under dotted names: before.tier, ok.0
    tolerance: Mapping[str, Any]

    def question(self) -> Question:
        return Question(self.venue, Fields(self.policy), Fields(self.inputs))


def cases_folder(chosen: str | None = None) -> Path | None:
    """The folder asked for, else that of RISKRULES_CASES, else the one beside the checkout; None where there is none."""
    folder = Path(chosen or os.environ.get("RISKRULES_CASES") or ROOT.parent / "shared" / "cases")
    return folder if folder.is_dir() else None


def read_cases(folder: Path) -> list[Case]:
    """Every case of every file, in the order of the files."""
    files = ((path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.rglob("*.json")))
    return [
        _case(path.relative_to(folder).as_posix(), found, content.get("policies", {}))
        for path, content in files
        for found in content.get("cases", ())
    ]


def _case(file: str, found: dict[str, Any], policies: Mapping[str, Any]) -> Case:
    family = found.get("model") or found["kind"]
    expected = _named(dict(_flat("", found["expected"]))) if isinstance(found["expected"], dict) else {"": found["expected"]}
    policy = found.get("policy", {})
    if "$ref" in policy:
        policy = policies[policy["$ref"]] | {key: value for key, value in policy.items() if key != "$ref"}
    return Case(file, found["id"], family, found["venue"], policy, found["inputs"], expected, found.get("tolerance") or {})


def _flat(above: str, figures: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, list):
            value = {str(k): one for k, one in enumerate(value)}
        if isinstance(value, dict):
            yield from _flat(f"{above}{name}.", value)
        else:
            yield f"{above}{name}", value


def _named(figures: dict[str, Any]) -> dict[str, Any]:
    """A figure that is printed as 1 by another, `1/imr`, as the quotient of digits that it is."""
    named = {name: str(value).removeprefix("1/") for name, value in figures.items() if str(value).startswith("1/")}
    return figures | {name: f"1/{figures[other]}" for name, other in named.items() if other in figures}
