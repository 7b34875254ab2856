"""A trial walked: what the engine answers, figure by figure.

A trial is a book, a snapshot, and where in the answer each printed figure stands.  Figures come from
the JSON twin of an explanation, prices and leverages from the inverse questions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from riskrules.engine.ask import Answer, Question, Unknown, price_answers
from riskrules.engine.changes import TooFine
from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.door import read_snapshot
from riskrules.engine.explain import PoolExplanation, explanations, figure
from riskrules.engine.explain_json import pool_json
from riskrules.engine.poly import X
from tests.conformance.books import FIRST, Book, plan_of, refused
from tests.conformance.cases import NotSaid
from tests.conformance.words import exact

FINE_TICK = "0.0000000001"


@dataclass(frozen=True, slots=True)
class Span:
    """Where the engine's figure lies: one number, or both sides of a crossing a tick apart."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class NoFigure:
    """The engine has no such figure, and says why."""

    why: str


@dataclass(frozen=True, slots=True)
class Words:
    """The engine answers with a word, and a case may print any of these for it."""

    words: frozenset[str]


Found = Span | NoFigure | Words
Reading = Callable[["Answers"], Found]


@dataclass(frozen=True, slots=True)
class Trial:
    book: Book
    snapshot: Mapping[str, Any]
    figures: Mapping[str, Reading]
    as_of: str = FIRST
    after: Trial | None = None  # the step before this one
    carried: Mapping[tuple[str, str], Reading] = field(default_factory=dict)  # what it left, by where it stands: ("position", "size")
    mark_where: tuple[str, str] | None = None  # the mark is not given: where this condition turns against this position


@dataclass(frozen=True, slots=True)
class Earlier:
    """Stands in a snapshot for what the engine answers to an earlier trial: state that goes from one decision into the next."""

    trial: Trial
    reading: Reading


class Answers:
    """One account of a trial, decided; the trials that it follows on are decided once."""

    def __init__(self, trial: Trial, known: dict[int, Answers] | None = None) -> None:
        self.plan = plan_of(trial.book, trial.as_of)
        self._known = {} if known is None else known
        self.trial = trial if trial.after is None else _continued(trial, Answers(trial.after))
        self.evaluated = self._decided(self._carried(self.trial.snapshot))
        if trial.mark_where is not None:
            self.evaluated = self._decided(self._at_the_mark(*trial.mark_where))

    def _carried(self, given: Any) -> Any:
        """The snapshot with every answer of an earlier trial put in."""
        if isinstance(given, Earlier):
            if id(given.trial) not in self._known:
                self._known[id(given.trial)] = Answers(given.trial, self._known)
            found = given.reading(self._known[id(given.trial)])
            if not isinstance(found, Span):
                raise NotSaid(f"an earlier step has no figure: {found}")
            return f"{found.low.numerator}/{found.low.denominator}"
        if isinstance(given, Mapping):
            return {name: self._carried(one) for name, one in given.items()}
        return [self._carried(one) for one in given] if isinstance(given, list) else given

    def _decided(self, given: Mapping[str, Any]) -> Evaluated:
        text = json.dumps({"as_of": self.trial.as_of, "rulebook": self.trial.book.rulebook, **given})
        snapshot, problems = read_snapshot(text, "case", self.plan.drivers)
        if snapshot is None:
            raise refused("snapshot", problems)
        return decide(self.plan, snapshot, snapshot.accounts[0])

    def _at_the_mark(self, condition: str, of: str) -> Mapping[str, Any]:
        """The same with every mark where the condition turns."""
        found = price(condition, of)(self)
        if not isinstance(found, Span):
            raise NotSaid(f"{found}")
        markets = {name: {**one, "mark_price": str(found.low)} for name, one in self.trial.snapshot["markets"].items()}
        return {**self.trial.snapshot, "markets": markets}

    @cached_property
    def pools(self) -> list[tuple[PoolExplanation, dict[str, Any]]]:
        return [(pool, pool_json(pool, 1)) for pool in explanations(self.evaluated)]


def _continued(trial: Trial, before: Answers) -> Trial:
    """The account as the step before has left it: its answers are the next inputs."""
    account = dict(trial.snapshot["accounts"][0])
    position = dict(account["positions"][0])
    for (where, name), reading in trial.carried.items():
        found = reading(before)
        if not isinstance(found, Span):
            raise NotSaid(f"{name}: the step before gives none")
        (position if where == "position" else account)[name] = str(found.low)
    account["positions"] = [position]
    return replace(trial, snapshot={**trial.snapshot, "accounts": [account]})


def leg(name: str, of: str) -> Reading:
    """A figure of one position."""

    def reading(answers: Answers) -> Found:
        legs = [leg for _, data in answers.pools for leg in data["legs"] if leg["id"] == of]
        return figure_of(legs[0].get(name) if legs else None, f"{name} of {of}")

    return reading


def pool(name: str, settle: str, position: str | None = None) -> Reading:
    """A figure of the pool of a settle asset, or of an isolated position."""

    def reading(answers: Answers) -> Found:
        found = [data["figures"].get(name) for _, data in answers.pools if (data["settle"], data["position"]) == (settle, position)]
        return figure_of(found[0]["value"] if found and found[0] else None, f"{name} of {position or settle}")

    return reading


def term(name: str, of: str | None = None) -> Reading:
    """A named term, of a position (or of what the position hangs on), else of the account's first row."""

    def reading(answers: Answers) -> Found:
        evaluated = answers.evaluated
        if name not in evaluated.plan.program.named:
            return NoFigure(f"the rulebook has no {name}")
        row = 0 if of is None else evaluated.row_of(name, [one.id for one in evaluated.rows.legs].index(of))
        if row >= len(evaluated.walk.column(name)):
            return NoFigure(f"there is nothing that {name} is a figure of")
        return figure_of(figure(evaluated.value(name, row)), f"{name} of {of or 'the account'}")

    return reading


def at(name: str, label: str) -> Reading:
    """A named term of the row that is called so: an asset, a balance, a pool."""

    def reading(answers: Answers) -> Found:
        evaluated = answers.evaluated
        program = evaluated.plan.program
        if name not in program.named:
            return NoFigure(f"the rulebook has no {name}")
        labels = evaluated.rows.labels()[program.nodes[program.named[name]].rows]
        return figure_of(figure(evaluated.value(name, labels.index(label))), f"{name} of {label}") if label in labels else NoFigure(label)

    return reading


def in_parts(reading: Reading, of: int) -> Reading:
    """A figure in a smaller unit, of which there are so many in one."""

    def smaller(answers: Answers) -> Found:
        found = reading(answers)
        return Span(found.low * of, found.high * of) if isinstance(found, Span) else found

    return smaller


def in_steps(of: Reading, step: str) -> Reading:
    """The same figure as the case prints it: how many steps of so much each."""

    def reading(answers: Answers) -> Found:
        found = of(answers)
        return Span(found.low / exact(step), found.high / exact(step)) if isinstance(found, Span) else found

    return reading


def in_words(of: Reading, words: Sequence[str]) -> Reading:
    """A grade by its word: 0 is the first."""

    def reading(answers: Answers) -> Found:
        found = of(answers)
        return Words(frozenset({words[int(found.low)]})) if isinstance(found, Span) else found

    return reading


def figure_of(value: Any, what: str) -> Found:
    if isinstance(value, dict):
        return NoFigure(f"{what}: error {value['error']} {value['text']}")
    if value is None:
        return NoFigure(f"the engine gives no {what}")
    return Span(Fraction(value), Fraction(value))


def price(condition: str, of: str) -> Reading:
    """The mark at which the condition turns against a position: below it for a long, above it for a short.

    Where it has turned already, the mark on the other side at which it turns back.
    """

    def reading(answers: Answers) -> Found:
        rows = answers.evaluated.rows
        row = [one.id for one in rows.legs].index(of)
        pool_number, market = rows.keys["leg", "pool"][row], rows.keys["leg", "market"][row]
        now = answers.evaluated.value(condition, pool_number)
        if not isinstance(now, bool):
            return NoFigure(f"{condition} of {of}: error {now.code} {now.text}")
        wanted = -1 if (rows.legs[row].size[0] > 0) != now else 1
        try:
            found = [answer for answer in price_answers(answers.evaluated, pool_number, market, condition) if answer.direction == wanted]
        except TooFine as error:
            return NoFigure(f"{condition} of {of}: {error}")
        return _between(found[0]) if found else NoFigure(f"{condition} of {of} turns at no mark")

    return reading


def largest_leverage(order: str, stake: str) -> Reading:
    """The largest leverage at which the stake may open stake × leverage at a mark of 1: size and leverage of one order move together."""

    def reading(answers: Answers) -> Found:
        row = [one.id for one in answers.evaluated.rows.orders].index(order)
        grid = exact(FINE_TICK)
        moving = {("order", "order_size"): {row: X.scale(exact(stake))}, ("order", "order_leverage"): {row: X}}
        found = Question(answers.evaluated, "may_open", row, Unknown(moving, grid, grid, stated=True)).nearest(1)
        return _between(found) if found else NoFigure("every leverage is allowed, or none")

    return reading


def largest_size(order: str) -> Reading:
    """The largest size at which the order may be opened, all else held."""

    def reading(answers: Answers) -> Found:
        row, grid = [one.id for one in answers.evaluated.rows.orders].index(order), exact(FINE_TICK)
        found = Question(answers.evaluated, "may_open", row, Unknown({("order", "order_size"): {row: X}}, grid, grid, stated=True)).nearest(
            1
        )
        return Span(found.before, found.before) if found else NoFigure("every size is allowed, or none")

    return reading


def _between(answer: Answer) -> Span:
    return Span(min(answer.before, answer.point), max(answer.before, answer.point))
