"""What every question is answered with: a sentence, and its figures as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from riskrules.engine.ask import FOUND_TO, Answer
from riskrules.engine.changes import TooFine
from riskrules.engine.decide import Evaluated
from riskrules.engine.rows import Pool
from riskrules.ir.fault import Fault
from riskrules.units import say

HELD = "all else held"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom it is about (and which market), what is said of that, change by change where there are several, and its figures."""

    who: str
    said: str
    data: dict[str, Any]
    undecided: bool = False
    of: str = ""
    changes: tuple[str, ...] = ()
    held: str = ""
    unstated: str = ""  # the step that its market does not state

    @property
    def text(self) -> str:
        """In one sentence."""
        about = f"{self.who}, {self.of}" if self.of else self.who
        said = f"{self.said} {' · '.join(self.changes)}" if self.changes else self.said
        return f"{about}: {said}, {self.under}" if self.held else f"{about}: {said}"

    @property
    def under(self) -> str:
        """Under what that holds."""
        step = f"; where no {self.unstated} is stated, {FOUND_TO}" if self.unstated else ""
        return f"{self.held}{step}"

    def __str__(self) -> str:
        return self.text


def who_is(evaluated: Evaluated, pool: Pool) -> str:
    """`a1 p2` for an isolated position, `a1 cross USDT` for a pool of the account."""
    return f"{evaluated.account.id} {pool.position or f'cross {pool.settle}'}"


def refused(who: str, fault: Fault) -> Asked:
    data = {"pool": who, "error": fault.code, "text": fault.text, "hint": fault.hint}
    return Asked(who, f"error[{fault.code}] {fault.text}; {fault.hint}", data, undecided=True)


def too_fine(who: str, what: str, error: TooFine, data: dict[str, Any]) -> Asked:
    """No answer is given that was not proved: where the search cannot be finished, that is said, and where."""
    until = "on" if error.high is None else f"to {say.number(error.high)}"
    text = f"{what} could not be found: from {say.number(error.low)} {until} the decision has no form that can be searched exactly"
    return Asked(who, f"error[RR720] {text}", {**data, "error": "RR720", "text": text}, undecided=True)


def unstated(answer: Answer, word: str) -> str:
    return "" if answer.stated else word


def under_every_table(who: str, evaluated: Evaluated, answer: Callable[[Evaluated], Iterator[Asked]]) -> Sequence[Asked]:
    """The answers under each table that may be in force, where they are the same; else that they are not."""
    if evaluated.too_many:
        return [refused(who, evaluated.too_many_tables())]
    first = list(answer(evaluated.under(evaluated.walk)))
    for other in evaluated.others:
        if list(answer(evaluated.under(other))) != first:
            return [refused(who, evaluated.differs("the answer"))]
    return first
