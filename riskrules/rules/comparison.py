"""A comparison as policies write it: one of four words, so that equality always has a side."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import ConfigDict, Field, model_validator

from riskrules.rules.fields import Model, refuse

Right = TypeVar("Right")


class Comparison(Model, Generic[Right]):
    """`{below: X}`, `{at_or_below: X}`, `{above: X}` or `{at_or_above: X}`: exactly one of them."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    below: Right | None = Field(default=None, description="true when it is less; equality is not")
    at_or_below: Right | None = Field(default=None, description="true when it is less or equal")
    above: Right | None = Field(default=None, description="true when it is more; equality is not")
    at_or_above: Right | None = Field(default=None, description="true when it is more or equal")

    @model_validator(mode="after")
    def _exactly_one(self) -> Comparison[Right]:
        if len(self._written()) != 1:
            said = " and ".join(name for name, _ in self._written()) or "nothing"
            raise refuse(
                "RR224",
                f"a comparison with {said}",
                "one of below, at_or_below, above, at_or_above",
                "keep the one that says which side equality falls on",
            )
        return self

    def _written(self) -> list[tuple[str, Right]]:
        sides = (("below", self.below), ("at_or_below", self.at_or_below), ("above", self.above), ("at_or_above", self.at_or_above))
        return [(name, value) for name, value in sides if value is not None]

    @property
    def comparator(self) -> str:
        return self._written()[0][0]

    @property
    def right(self) -> Right:
        return self._written()[0][1]


def must_be_one_of(comparison: Comparison[Right], words: tuple[str, ...], because: str) -> None:
    """A side that would say the opposite of what the key is for is a slip of the pen: the solvent liquidated, a stale price used."""
    if comparison.comparator not in words:
        text = f"{because}, and this says {comparison.comparator}"
        raise refuse("RR224", text, " or ".join(words), f"write {' or '.join(words)}, whichever side equality falls on")
