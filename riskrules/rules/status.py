"""Status: how far a rulebook can be trusted, as data that every explanation prints.

Whose rules these are, when they were last seen, when they should be called old, how many published
figures they reproduce, what their sources do not settle, what must hold of every account, and notes
for those who trade under them.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from riskrules.rules.fields import Count, Duration, Model, Name, Prose, Time, refuse
from riskrules.rules.header import AtOnce
from riskrules.rules.noted import Invariant, Invariants, Note

KIND = "status"


class Reproduces(Model):
    figures: Count = Field(description="published figures that this rulebook gives exactly or within their tolerance")
    of: Count = Field(description="published figures it was held against")
    by: Prose = Field(description="the command that counts them")
    words: ClassVar[frozenset[str]] = frozenset({"by"})

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Reproduces:
        if self.figures > self.of:
            raise refuse("RR213", f"{self.figures} figures of {self.of}", "no more than all", "count again")
        return self


class StatusFile(AtOnce):
    kind: Literal["status"]
    title: Prose = Field(description="what a reader calls these rules: `Binance USD-M`")
    authority: Literal["house", "venue"] = Field(description="venue: copied from one, and not its word")
    captured: Time | None = Field(default=None, description="when the newest figures were seen; required of a venue's rules")
    stale_after: Duration | Literal["never"] = Field(description="the age at which the figures are called old")
    reproduces: Reproduces | None = Field(default=None, description="how many published figures come out")
    unsettled: tuple[Prose, ...] = Field(description="what the sources leave open, a sentence each; may be empty")
    invariants: dict[Invariants, Invariant] | None = Field(default=None, description="what must hold of every account; check tries each")
    notes: dict[Name, Note] | None = Field(default=None, description="field notes, each run by check and by riskrules notes")
    later: ClassVar[frozenset[str]] = frozenset({"invariants", "notes"})
    words: ClassVar[frozenset[str]] = AtOnce.words | {"title", "unsettled"}

    @model_validator(mode="after")
    def _captured_if_venue(self) -> StatusFile:
        if self.authority == "venue" and self.captured is None:
            raise refuse(
                "RR227",
                "a venue's rules without the time they were captured",
                "captured: a time",
                "say when the figures were last seen at their source",
            )
        return self


FILE = StatusFile
