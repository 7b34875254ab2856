"""Every case run once: its outcome, and the words that say why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tests.conformance.adapters import ADAPTERS
from tests.conformance.asked import Answers, Trial
from tests.conformance.books import Refused
from tests.conformance.cases import Case, NotSaid, Question
from tests.conformance.compare import complaint
from tests.conformance.unsupported import UNSUPPORTED

Verdict = Literal["shipped", "family", "failed", "unsupported"]


@dataclass(frozen=True, slots=True)
class Outcome:
    case: Case
    verdict: Verdict
    through: str = ""  # the rulebook that it ran under
    why: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()  # words of the case that nothing here reads

    @property
    def is_odd(self) -> bool:
        """Unsupported although its family is not in the list of unsupported ones."""
        return self.verdict == "unsupported" and self.case.family not in UNSUPPORTED


def outcomes(cases: Iterable[Case]) -> list[Outcome]:
    return [outcome(case) for case in cases]


def outcome(case: Case) -> Outcome:
    """The case through its family's adapter, or named as unsupported."""
    adapter = ADAPTERS.get(case.family)
    if adapter is None:
        return Outcome(case, "unsupported", why=(UNSUPPORTED.get(case.family, "no adapter, and not in the list of unsupported families"),))
    question = case.question()
    try:
        trials = adapter(question)
    except NotSaid as error:
        return Outcome(case, "unsupported", why=(f"this case: {error}",), unread=tuple(question.unread))
    return _judged(case, question, trials)


def _judged(case: Case, question: Question, trials: list[Trial]) -> Outcome:
    book, unread = trials[0].book, tuple(question.unread)
    try:
        why = tuple(_complaints(case, trials))
    except Refused as error:
        why = (f"{error}",)
    except Exception as error:  # one case that breaks the engine is one failure and not the end of the report
        why = (f"broke: {error!r}",)
    return Outcome(case, "failed" if why else "shipped" if book.shipped else "family", book.rulebook, why, unread)


def _complaints(case: Case, trials: list[Trial]) -> Iterable[str]:
    """One for each printed figure that the engine does not give; a figure that no adapter reads is one."""
    answers: dict[int, Answers] = {}
    for name, printed in case.expected.items():
        k = next((k for k, trial in enumerate(trials) if name in trial.figures), None)
        if k is None:
            yield f"{name}: no adapter reads this figure"
            continue
        answers[k] = answers.get(k) or Answers(trials[k])
        said = complaint(trials[k].figures[name](answers[k]), printed, name, case.tolerance)
        if said:
            yield said
