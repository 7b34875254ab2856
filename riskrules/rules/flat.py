"""Flat rates: one maintenance rate for every size, less an amount where one is written.

The simplest table there is, and the one in which a single published row (a rate and what it takes
off) is stated when the rest of its table is not published.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from pydantic import Field

from riskrules.rules.fields import Amount, Leverage, Market, Model, Name, Rate
from riskrules.rules.header import Header

KIND = "flat"


class FlatRate(Model):
    maintenance_rate: Rate = Field(description="of any size")
    max_leverage: Leverage = Field(description="largest leverage that may be chosen")
    maintenance_amount: Amount = Field(default=Fraction(0), description="taken off the margin of any size")


class FlatFile(Header):
    kind: Literal["flat"]
    form: Name = Field(description="a tier form of the margin file; says what the rate is taken on")
    tables: dict[Market, FlatRate] = Field(default_factory=dict, description="a rate for each market")
    withdrawn: tuple[Market, ...] = Field(default=(), description="markets that have no rate from now on")


FILE = FlatFile
