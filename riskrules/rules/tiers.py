"""Tier tables: the larger the position, the larger the share to be held.

A table cuts size into tiers.  A tier's floor is the cap of the one before; which side of a cap
equality falls on, what the size is measured in and how the margin follows are said once, by the
tier form that the file names.  A maintenance amount (what a tier takes off so that the curve meets
itself at every cap) follows from the table: one that is written is checked, one left out is derived.

    kind: tiers
    rulebook: house-usdm
    effective: 2026-12-01T08:00:00Z
    reason: First version.
    form: marginal_on_mark_notional
    tables:
      HIVE-USDT:
        tiers:
          - {cap: 5_000, max_leverage: 25, maintenance_rate: 2%}
          - {cap: unlimited, max_leverage: 10, maintenance_rate: 5%}
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from riskrules.rules.fields import Amount, Count, Leverage, Market, Model, Name, Positive, Prose, Rate, amount, refuse
from riskrules.rules.header import Header
from riskrules.units.exact import NUMBER

KIND = "tiers"

Cap = Fraction | None  # None: unlimited


def _cap(value: Any) -> Cap:
    if value == "unlimited":
        return None
    number = amount(value)
    if number == 0:
        raise refuse("RR213", "a cap of 0", "a cap above 0, or unlimited", "leave the row out, or give its cap")
    return number


class Tier(Model):
    floor: Amount | None = Field(default=None, description="the cap of the row before; checked where written")
    cap: Annotated[
        Cap,
        PlainValidator(_cap),
        WithJsonSchema(
            {
                "type": ["string", "number"],
                "pattern": f"^(?:unlimited|{NUMBER})$",
                "description": "largest size of the tier, or `unlimited`",
            }
        ),
    ]
    max_leverage: Leverage = Field(description="largest leverage that may be chosen in this tier")
    maintenance_rate: Rate | None = Field(default=None, description="left out where the form derives it from max_leverage")
    maintenance_amount: Amount | None = Field(default=None, description="checked where written, derived where left out")


MOST_STEPS = 1_000  # beyond any venue's table, short of one that takes minutes to prove


class Steps(Model):
    """Rows that go on evenly after the last one written."""

    cap: Positive = Field(description="each further row's cap: so much above the one before")
    maintenance_rate: Rate = Field(description="added to the rate of the row before")
    initial_rate: Rate = Field(description="added to the initial rate of the row before, which is 1 ÷ its max_leverage")
    up_to_initial_rate: Rate = Field(description="the last row is the last whose initial rate is at most this")

    @model_validator(mode="after")
    def _come_to_an_end(self) -> Steps:
        if self.initial_rate * MOST_STEPS < self.up_to_initial_rate:
            raise refuse(
                "RR213",
                f"more than {MOST_STEPS} rows would follow",
                "a step of the initial rate that reaches its end sooner",
                "write a larger initial_rate, or a nearer end",
            )
        return self


class Replaces(Model):
    version: Count = Field(description="the number of the version that must be in force just before")
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$", description="how its meaning digest begins")]


class Table(Model):
    tiers: tuple[Tier, ...] = Field(min_length=1, description="from the smallest size up")
    replaces: Replaces | None = Field(default=None, description="refused if anything else is in force just before")
    excerpt: Prose | None = Field(
        default=None, description="why rows are missing below the first one, whose amount is then taken as written"
    )
    then: Steps | None = Field(default=None, description="further rows, each by the same steps above the one before")
    later: ClassVar[frozenset[str]] = frozenset({"then"})
    words: ClassVar[frozenset[str]] = frozenset({"excerpt"})
    words_that_count: ClassVar[frozenset[str]] = words

    @model_validator(mode="after")
    def _steps_from_a_row(self) -> Table:
        last = self.tiers[-1]
        if self.then is not None and (last.cap is None or last.maintenance_rate is None):
            raise refuse(
                "RR225",
                "further rows after one without a cap or a rate of its own",
                "a last row with cap and maintenance_rate",
                "the steps are counted from that row: write both in it",
            )
        return self


class TiersFile(Header):
    kind: Literal["tiers"]
    form: Name = Field(description="a tier form of the margin file")
    withdrawn: tuple[Market, ...] = Field(default=(), description="markets that have no table from now on")
    tables: dict[Market, Table] = Field(default_factory=dict, description="a table for each market")


FILE = TiersFile


def rows_of(table: Table) -> tuple[Tier, ...]:
    """Every row: those written, and those that follow from them by steps."""
    return (*table.tiers, *_further(table.tiers[-1], table.then)) if table.then else table.tiers


def _further(last: Tier, steps: Steps) -> Iterator[Tier]:
    assert last.cap is not None
    assert last.maintenance_rate is not None
    cap, rate, initial = last.cap, last.maintenance_rate, 1 / last.max_leverage
    while initial + steps.initial_rate <= steps.up_to_initial_rate:
        cap, rate, initial = cap + steps.cap, rate + steps.maintenance_rate, initial + steps.initial_rate
        yield Tier.model_construct(cap=cap, max_leverage=1 / initial, maintenance_rate=rate)


def rates(table: Table, share_of_initial: Fraction | None) -> tuple[Fraction | None, ...]:
    """Each tier's maintenance rate: the one written, or the declared share of 1 ÷ max_leverage."""
    rows = rows_of(table)
    derived = (share_of_initial / tier.max_leverage if share_of_initial is not None else None for tier in rows)
    return tuple(tier.maintenance_rate if tier.maintenance_rate is not None else rate for tier, rate in zip(rows, derived, strict=True))


def derived_amounts(caps: tuple[Cap, ...], rates_of: tuple[Fraction, ...], first: Fraction) -> tuple[Fraction, ...]:
    """What each tier takes off, so that it begins where the one below it ends."""
    amounts = [first]
    for (cap, below), above in zip(zip(caps, rates_of, strict=True), rates_of[1:], strict=False):
        amounts.append(amounts[-1] + (cap or 0) * (above - below))
    return tuple(amounts)


def floors(caps: tuple[Cap, ...]) -> tuple[Fraction, ...]:
    return (Fraction(0), *(cap for cap, _ in pairwise(caps) if cap is not None))
