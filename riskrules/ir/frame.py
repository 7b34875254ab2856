"""The rows a program is walked over: how many of each kind, how they hang together, what is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SCENARIO = "@scenario"  # after a kind of row: a row of it in every scenario
BEFORE = "_before"  # after the name of a pool's or an account's figure: the same of the account as it stood before a change
LIST = "@"  # between what holds a declared list and its name: market@trade has a row for every trade of a market
CARRIED = ("gather", "first", "second")  # operations that take the value of another row as it is
Column = list[Any]


@dataclass(slots=True)
class Frame:
    """`keys[("leg", "market")][i]` is the market row of leg i; labels are what a reader calls a row."""

    labels: dict[str, list[str]]
    keys: dict[tuple[str, str], list[int]]
    held: dict[tuple[str, str], Column]
    later: Callable[[], dict[tuple[str, str], Column]] | None = None  # what the decision does not need, had when it is looked at
    _crossed: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    @property
    def given(self) -> dict[tuple[str, str], Column]:
        """Every given column."""
        if self.later is not None:
            self.held.update(self.later())
            self.later = None
        return self.held

    def column(self, rows: str, name: str) -> Column:
        found = self.held.get((rows, name))
        return self.given[rows, name] if found is None else found

    def count(self, rows: str) -> int:
        if rows == "any":
            return 1
        plain = len(self.labels.get(rows.removesuffix(SCENARIO), ()))
        return plain * len(self.labels.get("scenario", ())) if rows.endswith(SCENARIO) else plain

    def label(self, rows: str, i: int) -> str:
        if rows == "any":
            return ""
        if not rows.endswith(SCENARIO):
            return self.labels[rows][i]
        row, scenario = divmod(i, len(self.labels["scenario"]))
        return f"{self.labels[rows.removesuffix(SCENARIO)][row]} in {self.labels['scenario'][scenario]}"

    def scenario_of(self, rows: str, i: int) -> str:
        """The scenario of a row of a kind that has one for each."""
        return self.labels["scenario"][self.key(rows, "scenario")[i]]

    def key(self, below: str, above: str) -> list[int]:
        if above == "any":
            return [0] * self.count(below)
        if not below.endswith(SCENARIO):
            return self.keys[below, above]
        pair = (below, above)
        if pair not in self._crossed:
            self._crossed[pair] = self._cross(below.removesuffix(SCENARIO), above)
        return self._crossed[pair]

    def _cross(self, below: str, above: str) -> list[int]:
        many, rows = len(self.labels["scenario"]), range(len(self.labels[below]))
        if above == "scenario":
            return [s for _ in rows for s in range(many)]
        plain = above.removesuffix(SCENARIO)
        key = list(rows) if plain == below else self.keys[below, plain]
        if above.endswith(SCENARIO):
            return [key[i] * many + s for i in rows for s in range(many)]
        return [key[i] for i in rows for _ in range(many)]

    def carries(self, op: str, rows: str, below: str) -> list[int]:
        """For each row, the row of the argument whose value it has as it is."""
        return self.key(rows, below if op == "gather" else op)

    def with_given(self, changes: dict[tuple[str, str], Column]) -> Frame:
        return Frame(self.labels, self.keys, {**self.given, **changes}, None, self._crossed)
