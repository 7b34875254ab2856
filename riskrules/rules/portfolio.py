"""Portfolio: what positions require together, and what a move of one does to the others.

Scenarios move every price at once and the worst of them counts.  Correlations weigh the positions
against each other, at each declared vertex: as they are written, and drawn toward one or toward
nothing.  A tree adds baskets up.  The sections are named rules; each is replaced as a whole.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from riskrules.rules.comparison import Comparison, must_be_one_of
from riskrules.rules.fields import Count, Market, Model, Name, Positive, Rate, refuse
from riskrules.rules.header import AtOnce
from riskrules.rules.margin import Rounding
from riskrules.units.exact import NUMBER, strict_number

KIND = "portfolio"


def _move(value: Any) -> Fraction:
    """A rate with a sign: how far a price moves."""
    text = value if isinstance(value, str) else ""
    sign = -1 if text.startswith("-") else 1
    pair = strict_number(text.lstrip("-+").removesuffix("%"))
    if not text.endswith("%") or pair is None or pair[0] < 0:
        raise refuse("RR214", f"the move {value} has no unit", "a move such as -10% or 12.5%", "write the sign and %")
    move = sign * Fraction(*pair) / 100
    if move < -1:
        raise refuse("RR213", f"the move {text} takes a price below 0", "-100% or more", "no price falls by more than all of it")
    return move


def _correlation(value: Any) -> Fraction:
    text = value if isinstance(value, str) else ""
    pair = strict_number(text)
    if pair is None:
        raise refuse("RR212", f"{value!r} is not a correlation", "a number from -1 to 1, such as 0.8", "write it without %")
    if abs(Fraction(*pair)) > 1:
        raise refuse("RR213", f"a correlation of {text}", "from -1 to 1", "nothing moves together more than wholly")
    return Fraction(*pair)


def _field(parse: Any, pattern: str, said: str) -> tuple[PlainValidator, WithJsonSchema]:
    return PlainValidator(parse), WithJsonSchema({"type": ["string", "number"], "pattern": pattern, "description": said})


Move = Annotated[Fraction, *_field(_move, rf"^[-+]?(?:{NUMBER})%$", "a move with its sign: -10%")]
Correlation = Annotated[Fraction, *_field(_correlation, rf"^(?:{NUMBER})$", "a correlation from -1 to 1: 0.8")]
PART = Literal["scenarios", "correlation", "tree"]


class Scenario(Model):
    counted: Rate = Field(description="the share of its loss that counts: 100%, or less for a move far out in the tail")
    moves: dict[Market, Move] = Field(description="the move of every market's price, all at once")


class Toward(Model):
    toward: Literal["ones", "identity"] = Field(description="ones: everything moves as one; identity: nothing hangs together")
    by: Rate = Field(description="how far: 0% is the matrix as written, 100% the whole way")

    @model_validator(mode="after")
    def _not_beyond(self) -> Toward:
        if self.by > 1:
            text = "a vertex beyond the matrix it is drawn toward"
            raise refuse(
                "RR213", text, "100% or less", "between the two matrices every one is a correlation matrix; beyond them none need be"
            )
        return self


class Repair(Model):
    repair: Literal["nearest_correlation"] = Field(description="take the nearest correlation matrix instead (Higham)")
    places: Count = Field(description="decimal places of the repaired entries")


class Correlated(Model):
    each_moves: dict[Market, Rate] = Field(description="what a position of each market is weighed with: the move of one period")
    multiple: Positive = Field(description="the margin is so many times the root of the variance")
    matrix: dict[Market, dict[Market, Correlation]] = Field(description="every market against every market")
    if_impossible: Literal["refuse"] | Repair = Field(description="what happens to a matrix that is no correlation matrix")
    vertices: tuple[Literal["base"] | Toward, ...] = Field(min_length=1, description="the matrices of which the worst counts")

    @model_validator(mode="after")
    def _base_is_there(self) -> Correlated:
        if self.vertices[0] != "base" or len(set(self.vertices)) < len(self.vertices):
            text = "the vertices do not begin with base, or one stands there twice"
            raise refuse("RR225", text, "base first, then each vertex once", "without base a stress could lower the margin")
        return self


class Node(Model):
    of: tuple[Name, ...] = Field(min_length=1, description="baskets, or nodes above this one")
    combine: Literal["sum"] | dict[Name, dict[Name, Correlation]] = Field(description="sum, or a matrix of every part against every part")


class Needed(Model):
    larger_of: tuple[PART, ...] | None = Field(default=None, min_length=1, description="the largest of these parts")
    sum_of: tuple[PART, ...] | None = Field(default=None, min_length=1, description="these parts together")

    @model_validator(mode="after")
    def _one_way(self) -> Needed:
        if (self.larger_of is None) == (self.sum_of is None):
            raise refuse("RR225", "a requirement that is both or neither", "larger_of or sum_of", "keep the one that is meant")
        if len(set(self.parts)) < len(self.parts):
            raise refuse("RR225", "a part that counts twice", "each part once", "name it once")
        return self

    @property
    def parts(self) -> tuple[PART, ...]:
        return self.larger_of or self.sum_of or ()


class Against(Model):
    equity: Comparison[Literal["requirement"]] = Field(description="the comparison, and on which side equality falls")


class Trigger(Against):
    @model_validator(mode="after")
    def _when_short(self) -> Trigger:
        must_be_one_of(self.equity, ("below", "at_or_below"), "liquidation begins when equity is less")
        return self


class Allowed(Against):
    @model_validator(mode="after")
    def _when_enough(self) -> Allowed:
        must_be_one_of(self.equity, ("above", "at_or_above"), "a mode may be taken when equity is more")
        return self


class Switch(Model):
    equity_is_split: Literal["by_requirement"] = Field(description="each group gets equity in proportion to what it requires")
    allowed_when: Allowed = Field(description="what every group must meet after the switch")


class PortfolioFile(AtOnce):
    kind: Literal["portfolio"]
    markets: tuple[Market, ...] | None = Field(
        default=None, min_length=1, description="what may stand in the portfolio; nothing else is valued"
    )
    scenarios: dict[Name, Scenario] | None = Field(default=None, min_length=1, description="moves of every price together")
    correlation: Correlated | None = Field(default=None, description="what hangs together, and how that may change")
    baskets: dict[Name, tuple[Market, ...]] | None = Field(default=None, min_length=1, description="each market in one basket")
    tree: dict[Name, Node] | None = Field(default=None, min_length=1, description="how baskets add up; the last is the whole")
    requirement: Needed | None = Field(default=None, description="what the parts come to")
    liquidate_when: Trigger | None = Field(default=None, description="when a group of positions is liquidated")
    switch_of_mode: Switch | None = Field(default=None, description="what a change between cross, grouped and isolated must meet")
    roots: Rounding | None = Field(default=None, description="how a square root becomes an amount")


FILE = PortfolioFile
