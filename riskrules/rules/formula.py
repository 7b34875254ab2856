"""Formulas: what the other kinds cannot say, in files of their own.

A formula is one expression over named terms: + − × ÷, comparisons, if/else, min, max, abs, rounding
to a quantum, square roots rounded at once, totals over the rows below, small whole powers.  It has a
unit that is checked, words that it `reads_as`, and a worked example that is evaluated whenever the
file is read.  There are no loops, texts or attributes.

    kind: formula
    terms:
      base_initial:
        rows: leg
        unit: settle
        expression: round_up(notional * initial_rate, in_unit(0.000001, settle))
        reads_as: Notional times the market's initial rate, rounded up to the quantum.
        example: {given: {notional: 100, initial_rate: 5%}, gives: 5}
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from riskrules.rules.fields import Asset, Market, Model, Name, Prose, refuse
from riskrules.rules.header import AtOnce
from riskrules.units.exact import strict_number

KIND = "formula"

RowKind = Literal["market", "asset", "account", "pool", "position", "leg", "order", "holding", "underlying", "expiry", "strike"]
UnitName = Literal["1", "rate", "leverage", "count", "base", "quote", "settle", "contract", "second", "quote/base", "settle/base", "flag"]


def _figure(value: object) -> Fraction:
    """A number with or without %, below 0 too: a move, a setting, a figure of an example."""
    text = str(value)
    pair = strict_number(text.removesuffix("%"))
    if pair is None:
        raise refuse("RR212", f"{text!r} is not a number", "a number, or one with %", "digits and a point, no exponent")
    return Fraction(*pair) / (100 if text.endswith("%") else 1)


Figure = Annotated[
    Fraction, PlainValidator(_figure), WithJsonSchema({"type": ["string", "number"], "description": "a number, with % for a rate"})
]


EachScenario = Literal[
    "market_each_scenario", "leg_each_scenario", "holding_each_scenario", "underlying_each_scenario", "expiry_each_scenario",
    "pool_each_scenario",
]  # fmt: skip
EACH_SCENARIO = get_args(EachScenario)


def _listed(name: str) -> str:
    """A list is called nothing that the engine has rows of."""
    if name in get_args(RowKind) or name.endswith("_each_scenario"):
        text = f"there are no such rows here: {name}"
        raise refuse("RR229", text, "a kind of row that has such a figure, or a declared list", "correct the rows")
    return name


ListName = Annotated[Name, AfterValidator(_listed)]


READS_AS = frozenset({"reads_as"})


class Example(Model):
    given: dict[Name, Figure] = Field(description="a value for each name that the expression uses")
    gives: Figure = Field(description="what it comes to, exactly")


class FormulaTerm(Model):
    rows: RowKind | EachScenario | ListName = Field(
        description="what there is one value for: a kind of row, or each item of a declared list"
    )
    unit: UnitName
    expression: Prose
    reads_as: Prose = Field(description="the same in words")
    example: Example
    words: ClassVar[frozenset[str]] = READS_AS


class Input(Model):
    rows: Literal["market", "asset", "account", "leg", "order", "holding", "underlying", "expiry"] | ListName = Field(
        description="what a snapshot gives one for: a kind of row, or each item of a declared list"
    )
    unit: UnitName
    reads_as: Prose = Field(description="what a snapshot must give under this name")
    words: ClassVar[frozenset[str]] = READS_AS


class ListOf(Model):
    of: Literal["market", "account"] = Field(description="what has such a list")
    reads_as: Prose = Field(description="what its items are; a snapshot gives all of them, and an empty list where there is none")
    words: ClassVar[frozenset[str]] = READS_AS


class Setting(Model):
    unit: UnitName
    every_market: Figure | None = Field(default=None, description="for a market without a value of its own")
    markets: dict[Market, Figure] = Field(default_factory=dict)
    value: Figure | Literal["not_stated"] | None = Field(
        default=None, description="one for the whole rulebook, instead of one for each market; or not_stated where no source gives it"
    )
    every_asset: Figure | None = Field(default=None, description="for an asset without a value of its own, where it is one of assets")
    assets: dict[Asset, Figure] | None = Field(default=None, description="of each asset, instead of one for each market")
    later: ClassVar[frozenset[str]] = frozenset({"value", "every_asset", "assets"})

    @model_validator(mode="after")
    def _of_one_thing(self) -> Setting:
        of_markets = self.every_market is not None or bool(self.markets)
        if of_markets + (self.rows == "asset") + (self.value is not None) > 1:
            raise refuse(
                "RR225",
                "a setting of several things at once",
                "value, or assets, or markets",
                "give each its own setting: which value counts would not be said",
            )
        return self

    @property
    def rows(self) -> Literal["market", "asset"]:
        return "asset" if self.every_asset is not None or self.assets is not None else "market"


class Scenario(Model):
    every_market: Figure = Field(description="the move of each market's mark that has no move of its own")
    markets: dict[Market, Figure] = Field(default_factory=dict)
    figures: dict[Name, Figure] | None = Field(default=None, description="figures of the scenario, for formulas: each scenario gives all")
    later: ClassVar[frozenset[str]] = frozenset({"figures"})


class FormulaFile(AtOnce):
    kind: Literal["formula"]
    lists: dict[Name, ListOf] = Field(default_factory=dict, description="lists that a snapshot must give, one row an item")
    inputs: dict[Name, Input] = Field(default_factory=dict, description="drivers that a snapshot must give")
    settings: dict[Name, Setting] = Field(default_factory=dict, description="parameters of each market")
    scenarios: dict[Name, Scenario | Literal["withdrawn"]] = Field(default_factory=dict, description="moves of every mark, together")
    terms: dict[Name, FormulaTerm] = Field(default_factory=dict)


FILE = FormulaFile
