"""What a status file declares of accounts: invariants with their exceptions, and field notes, both runnable.

An account is written in the words of a snapshot.  What is left out is filled in: the prices are of the
instant of the rules, and the rulebook is the one that the file belongs to.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from riskrules.rules.fields import Amount, Market, Model, Name, Prose, Rate, refuse
from riskrules.units.exact import strict_number

Invariants = Literal[
    "any_order",
    "any_unit",
    "no_gain_from_splitting",
    "no_gain_from_merging",
    "more_collateral_never_hurts",
    "adverse_price_never_helps",
    "reducing_never_raises",
    "reduce_only_orders_never_raise",
]


def _moved(value: Any) -> str:
    """`-10%`: a move of a price, signed."""
    text = value if isinstance(value, str) else ""
    if not text.endswith("%") or strict_number(text[:-1]) is None:
        raise refuse("RR214", f"{value!r} is not a move of a price", "a signed rate such as -10%", "write a number, signed, and %")
    return text


def _figure(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    if not text.strip():
        raise refuse("RR220", "nothing is said here", "a figure or a word", "write what comes out: 1_525.00, 0.65%, or liquidate")
    return text


Move = Annotated[str, PlainValidator(_moved), WithJsonSchema({"type": "string", "pattern": r"^-?[0-9_]+(?:\.[0-9]+)?%$"})]
Said = Annotated[str, PlainValidator(_figure), WithJsonSchema({"type": ["string", "number"], "description": "a number, a rate or a word"})]
Fields = dict[str, Any]


class Case(Model):
    markets: dict[Market, Fields] = Field(description="the prices, as in a snapshot; their time may be left out")
    assets: dict[str, Fields] = Field(default_factory=dict, description="prices of collateral, as in a snapshot")
    account: Fields = Field(description="the account, as in a snapshot; its id may be left out")


def _rising(pair: tuple[str, ...]) -> tuple[str, ...]:
    if len(pair) != 2:
        raise refuse("RR211", "not two figures", "what was held to the other, and what broke it", "write [BEFORE, AFTER]")
    return pair


class Example(Model):
    case: Case = Field(description="the account before")
    change: Said = Field(description="what is changed: see the invariant")
    gives: Annotated[tuple[Said, ...], AfterValidator(_rising)] = Field(description="the figure before and after, that should not be so")


class Exceptional(Model):
    within: Amount | None = Field(default=None, description="it holds but for so much of the settle asset")
    broken: Example | None = Field(default=None, description="it does not hold: the smallest example")
    because: Prose = Field(description="which rule does it")
    words: ClassVar[frozenset[str]] = frozenset({"because"})

    @model_validator(mode="after")
    def _one(self) -> Exceptional:
        if (self.within is None) == (self.broken is None):
            raise refuse("RR225", "an exception is small or has an example", "one of within, broken", "give one of the two")
        return self


Invariant = Literal["holds"] | Exceptional


class Figure(Model):
    figure: Name = Field(description="a named term, liquidation_price, bankruptcy_price, or decision")
    of: str | None = Field(default=None, description="the position; without it the first pool with a position")
    gives: Said = Field(description="what comes out, exactly")
    case: Case | None = Field(default=None, description="another account than that of the note")


class Shock(Model):
    named: Prose = Field(description="what happens, in words")
    moves: dict[Market, Move] = Field(min_length=1, description="each price's whole move, signed")
    breaks_first: Prose = Field(description="the position or pool that is liquidated first, or `nothing`")
    after: Rate = Field(description="the first whole percent of the shock at which it is; 100% where nothing is")
    words: ClassVar[frozenset[str]] = frozenset({"named"})


class Misread(Model):
    belief: Prose = Field(description="what is often believed, a sentence")
    believed: Figure = Field(description="the figure that the belief gives")
    in_fact: Figure = Field(description="the figure that decides")
    words: ClassVar[frozenset[str]] = frozenset({"belief"})


class Note(Model):
    says: Prose = Field(description="the note, in a sentence")
    case: Case = Field(description="an account that shows it")
    shows: Figure = Field(description="the figure that shows it")
    shock: Shock | None = Field(default=None, description="what breaks first")
    misread: Misread | None = Field(default=None, description="what is often misunderstood, with both figures")
    verify: Prose = Field(description="what to look up before relying on it")
    words: ClassVar[frozenset[str]] = frozenset({"says", "verify"})
