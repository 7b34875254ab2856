"""Mark prices: the legs a mark is made of, how they are put together, and what is used when a leg is missing.

A leg is missing when one of its inputs was not given, is too old, or rests on too few samples.  Every
set of missing legs has a case that says what is used then; `undecided` is an answer, and an error of
whatever needs the price.  Windows are stated here and shown; the averages over them are given.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from riskrules.rules.comparison import Comparison, must_be_one_of
from riskrules.rules.fields import Count, Duration, Market, Model, Name, Positive, Rate, refuse
from riskrules.rules.header import AtOnce

KIND = "mark_price"
UNDECIDED, ANY_OTHER = "undecided", "any_other"
MOST_LEGS = 7  # of one price: the sets of missing ones are listed one by one


def _older(limit: Comparison[Duration] | Literal["not_stated"]) -> Comparison[Duration] | Literal["not_stated"]:
    if not isinstance(limit, str):
        must_be_one_of(limit, ("above", "at_or_above"), "a price is too old when its age is more")
    return limit


def _some(length: Fraction) -> Fraction:
    if length == 0:
        raise refuse("RR213", "a length of 0 is none", "a duration above 0", "say how long it is")
    return length


Age = Annotated[Comparison[Duration] | Literal["not_stated"], AfterValidator(_older)]
TOO_OLD = "the age from which the leg is missing; not_stated: any age will do"


class GivenLeg(Model):
    take: Literal["index", "last_trade", "mid_price"] = Field(description="a price as it is given")
    too_old: Age = Field(description=TOO_OLD)


class FundingLeg(Model):
    take: Literal["index_carried_by_funding"] = Field(description="index × (1 + funding rate × time to funding ÷ interval)")
    interval: Annotated[Duration, AfterValidator(_some)] = Field(description="from one funding to the next")
    too_old: Age = Field(description=TOO_OLD)


class BasisLeg(Model):
    take: Literal["index_plus_basis"] = Field(description="index + the average of a price less the index")
    of: Literal["mid_price", "last_trade", "impact_mid"] = Field(description="the price that the basis is of")
    average: Literal["mean", "moving_average", "exponential"] = Field(description="how it is averaged")
    over: Duration = Field(description="the window, or the time constant; stated and shown, the average is given")
    every: Annotated[Duration, AfterValidator(_some)] = Field(description="how often it is sampled")
    samples: Comparison[Count] = Field(description="how many the window must hold")
    too_old: Age = Field(description=TOO_OLD)

    @model_validator(mode="after")
    def _enough(self) -> BasisLeg:
        must_be_one_of(self.samples, ("above", "at_or_above"), "a window is full enough when it holds more")
        most = self.over / self.every
        if self.samples.right > most:
            text = f"the window holds {int(most)} samples at most, and {self.samples.right} are asked for"
            raise refuse("RR225", text, f"{int(most)} or fewer", "ask for fewer, or sample more often")
        return self


class ImpactLeg(Model):
    take: Literal["impact_mid"] = Field(description="half of what a notional costs to buy and brings when sold")
    notional: Positive = Field(description="the notional, in quote, that is bought and sold")
    too_old: Age = Field(description=TOO_OLD)


class ExternalLeg(Model):
    take: Literal["external_perpetuals"] = Field(description="the same contract at other venues")
    venues: tuple[Name, ...] = Field(min_length=1, description="the venues whose price is taken")
    combine: Literal["median"] = Field(description="how they are put together; every one must be there")
    too_old: Age = Field(description=TOO_OLD)


Leg = Annotated[GivenLeg | FundingLeg | BasisLeg | ImpactLeg | ExternalLeg, Field(discriminator="take")]


class Combination(Model):
    median_of: tuple[Name, ...] | None = Field(
        default=None, description="the middle one; of an even number the mean of the two in the middle"
    )
    weighted_mean_of: dict[Name, Positive] | None = Field(default=None, description="each leg times its weight, over all the weights")
    smallest_of: tuple[Name, ...] | None = Field(default=None, description="the smallest")
    largest_of: tuple[Name, ...] | None = Field(default=None, description="the largest")
    leg: Name | None = Field(default=None, description="one leg as it is")

    @model_validator(mode="after")
    def _one(self) -> Combination:
        if len(self.written) != 1:
            ways = ", ".join(self.WAYS)
            raise refuse("RR225", f"a price that is put together in {len(self.written)} ways", f"one of {ways}", "keep one of them")
        return self

    WAYS: ClassVar[tuple[str, ...]] = ("leg", "median_of", "weighted_mean_of", "smallest_of", "largest_of")

    @property
    def written(self) -> list[str]:
        return [way for way in self.WAYS if getattr(self, way)]

    @property
    def legs(self) -> tuple[str, ...]:
        made = getattr(self, self.written[0])
        return (made,) if isinstance(made, str) else tuple(made)


class CasePrice(Combination):
    """What is used when legs are missing: other legs, or those of the price that are there."""

    the_rest: Literal["put_together_alike"] | None = Field(
        default=None, description="the legs that are there, put together as `price` says"
    )
    at_least: Count | None = Field(default=None, description="with the_rest: how many must be there; with fewer the price is undecided")
    WAYS: ClassVar[tuple[str, ...]] = (*Combination.WAYS, "the_rest")

    @model_validator(mode="after")
    def _how_many(self) -> CasePrice:
        if (self.the_rest is None) != (self.at_least is None):
            raise refuse("RR225", "the_rest and at_least go together", "both or neither", "say how many of the rest are enough")
        return self

    @property
    def legs(self) -> tuple[str, ...]:
        return () if self.the_rest else super().legs


class Missing(Model):
    missing: tuple[Name, ...] | Literal["any_other"] = Field(
        description="exactly these legs of the price are missing; any_other: every other set"
    )
    price: CasePrice | Literal["undecided"] = Field(description="what is used then")


class Clamp(Model):
    within: Rate = Field(description="how far from the reference the price may be, to either side")
    of: Name = Field(description="the leg that is the reference")
    if_missing: Literal["undecided", "not_clamped"] = Field(description="what happens without the reference")


class MarkRounding(Model):
    to: Literal["tick"] | Positive = Field(description="the market's tick, or a quantum")
    direction: Literal["up", "down", "half_up", "half_even"] = Field(description="which way what lies between goes")


class MarkRule(Model):
    legs: dict[Name, Leg] = Field(min_length=1, description="the prices that may be used, each by a name")
    price: Combination = Field(description="how they are put together when none is missing")
    if_missing: tuple[Missing, ...] = Field(description="what is used when legs of the price are missing; every set has its case")
    clamp: Clamp | Literal["none"] = Field(description="the band that the price is kept in")
    round: MarkRounding | Literal["none"] = Field(description="to what, and in which direction")

    def sets_of_missing(self) -> list[frozenset[str]]:
        """Every set of the price's legs that may be missing, the smallest first."""
        return [frozenset(some) for many in range(1, len(self.price.legs) + 1) for some in combinations(self.price.legs, many)]


class MarkPriceFile(AtOnce):
    kind: Literal["mark_price"]
    every_market: Name | None = Field(default=None, description="the rule of each market that has none of its own")
    mark_rule_of: dict[Market, Name] = Field(default_factory=dict, description="markets with a rule of their own")
    mark_rules: dict[Name, MarkRule] = Field(default_factory=dict, description="rules of a mark price, by name")


FILE = MarkPriceFile
