"""Prices: which a rule may use, and when one is too old to decide with.

A price that is missing, or older than the policy allows, is an error of everything computed from
it and of nothing else.  Where a venue publishes no limit the file says `too_old: not_stated`, and
an explanation still shows the age.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from riskrules.ir.term import Source, Term, choose, compare, constant, fault, given
from riskrules.rules.comparison import Comparison, must_be_one_of
from riskrules.rules.fields import Duration, Model
from riskrules.rules.header import AtOnce
from riskrules.units import unit as u

KIND = "prices"


class PriceRule(Model):
    too_old: Comparison[Duration] | Literal["not_stated"] = Field(description="the age from which the price decides nothing")

    @model_validator(mode="after")
    def _when_older(self) -> PriceRule:
        if self.too_old != "not_stated":
            must_be_one_of(self.too_old, ("above", "at_or_above"), "a price is too old when its age is more")
        return self


class PricesFile(AtOnce):
    kind: Literal["prices"]
    mark_price: PriceRule = Field(description="the price that margin and profit use")
    index_price: PriceRule = Field(description="the price that collateral is valued at")


FILE = PricesFile


def meaning(rules: dict[str, PriceRule], sources: dict[str, Source]) -> dict[str, Term]:
    """`mark_price` of each market and `index_price` of each asset, refused when too old."""
    return {
        "mark_price": _guarded("mark_price", "market", rules["mark_price"], sources["mark_price"]),
        "index_price": _guarded("index_price", "asset", rules["index_price"], sources["index_price"]),
    }


def _guarded(name: str, rows: str, rule: PriceRule, source: Source) -> Term:
    unit = u.PRICE if rows == "market" else u.SETTLE_PRICE
    price = given(name, rows, unit)
    if rule.too_old == "not_stated":
        return price.named(name)
    age = given(f"{name}_age", rows, u.SECOND)
    limit = constant(rule.too_old.right, u.SECOND)
    said = name.replace("_", " ")
    refusal = fault(
        "RR503",
        f"the {said} of {{row}} is {{0}} old, the limit is {{1}}",
        "give a fresher price; nothing is decided with this one",
        unit,
        rows,
        age,
        limit,
    )
    return choose(compare(rule.too_old.comparator, age, limit), refusal, price).named(name, source)
