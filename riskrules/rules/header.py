"""What every policy file says of itself: whose rulebook, from when, and why.

A house rule has `effective`; a table captured from a venue has `observed`, the interval inside which
it came into force, because nobody outside saw the instant.  `known` is when the version was learned
or signed.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from riskrules.rules.fields import Model, Name, Prose, Time, refuse
from riskrules.units.clock import Instant


class Observed(Model):
    after: Time | None = Field(
        default=None, description="the last time at which the version before was still seen; left out where none was"
    )
    by: Time = Field(description="the first time at which this version was seen")

    @model_validator(mode="after")
    def _in_order(self) -> Observed:
        if self.after is not None and self.after >= self.by:
            raise refuse("RR221", "observed after is not before observed by", "after < by", "swap them, or correct the capture times")
        return self


class RollOut(Model):
    increasing: Time = Field(description="a position that is opened or added to from this instant on is under this version")
    existing: Time = Field(description="from this instant on every position is")
    leverage_above_max: Literal["keep_until_increase"] = Field(
        description="a leverage above a new maximum stays as it was chosen until the position is added to"
    )

    @model_validator(mode="after")
    def _in_order(self) -> RollOut:
        if self.increasing >= self.existing:
            raise refuse(
                "RR221",
                "effective increasing is not before effective existing",
                "increasing < existing",
                "give those who hold a position more time than those who add to it, or write one time",
            )
        return self


class Header(Model):
    """Of a file of tables, which may be rolled out."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["effective"]}, {"required": ["observed"]}]})

    kind: str
    rulebook: Name = Field(description="the rulebook that the file belongs to; the folder has the same name")
    effective: Time | RollOut | None = Field(
        default=None, description="in force from this instant on; a table may begin for who adds to a position first, and later for all"
    )
    observed: Observed | None = Field(default=None, description="came into force somewhere inside this interval")
    known: Time | None = Field(default=None, description="when this version was learned or signed")
    reason: Prose = Field(description="why this version exists, for those who read it in three years")
    source: Prose | None = Field(default=None, description="where the figures come from, so that anyone can look")
    words: ClassVar[frozenset[str]] = frozenset({"reason", "source"})

    @model_validator(mode="after")
    def _one_clock(self) -> Header:
        if (self.effective is None) == (self.observed is None):
            text = "the file has neither effective nor observed" if self.effective is None else "the file has both effective and observed"
            raise refuse("RR222", text, "one of the two", "effective for a rule that was decided, observed for one that was seen")
        return self

    @model_validator(mode="after")
    def _withdrawn_at_once(self) -> Header:
        if isinstance(self.effective, RollOut) and getattr(self, "withdrawn", None):
            raise refuse("RR222", "a market is withdrawn in phases", "one time", "withdraw it in a file of its own, at one time")
        return self

    @property
    def phased_from(self) -> Instant | None:
        """From here until it is certain, only a position that was added to since is under this version."""
        return self.effective.increasing if isinstance(self.effective, RollOut) else None

    @property
    def first_from(self) -> Instant:
        """When anything of it begins."""
        return self.phased_from or self.certain_from

    @property
    def certain_from(self) -> Instant:
        """From here on the version is surely in force (until the next)."""
        return self.observed.by if self.observed else self._effective

    @property
    def possible_from(self) -> Instant:
        """Before this it surely is not; between the two it may be."""
        if self.observed is None:
            return self._effective if self.phased_from is None else self.phased_from - 1  # the instant itself is in the phase
        return self.observed.by if self.observed.after is None else self.observed.after

    @property
    def _effective(self) -> Instant:
        assert self.effective is not None, "a header has one clock"
        return self.effective.existing if isinstance(self.effective, RollOut) else self.effective


class AtOnce(Header):
    """Of a kind that begins for everyone at one instant: only of tables is a position under one or the other."""

    effective: Time | None = Field(default=None, description="in force from this instant on")
