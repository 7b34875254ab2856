"""The whole difference of two books: every rule that says another thing, and what each change does.

Which rules differ is a comparison of what they say (`rulebook/lines_changed`).  What a change of a table
does is proved on the program that decides (`table_changes`), what a change of another rule does is read
off its declared words (`rulebook/effects`); what neither can tell is undecided, and counts as the stricter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from riskrules.diagnostics.problem import Problem
from riskrules.engine.table_changes import Marks, TableChange, table_changes, with_examples
from riskrules.rulebook.change_parts import OUTPUTS, Change, Effects, Part, together, vector
from riskrules.rulebook.compile import Book, Refused, compile_book
from riskrules.rulebook.effects import effects
from riskrules.rulebook.fields_changed import FieldChange, field_changes
from riskrules.rulebook.lines_changed import Moment, UnitDiffers, at_moment, over_time
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.versions import WITHDRAWN, Version

TABLE, FORMS = "table", "tier_forms"
SPLIT = frozenset((("margin", "maintenance_margin"), ("margin", "initial_margin"), ("margin", "account")))  # every market's margins anew
UNCOMPILED = frozenset(("RR304", "RR311", "RR312"))  # nothing, or not one thing, is in force: no fault of the book


UNSURE = "inside an observed interval another version may be in force: ask for a time outside it"


class Invalid(Exception):
    """One of the books cannot be compiled; carries every problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


class UnitChange(NamedTuple):
    """One rule that differs."""

    rulebook: str
    differs: UnitDiffers
    effects: Effects
    fields: tuple[FieldChange, ...] = ()
    table: TableChange | None = None
    markets: tuple[tuple[str, tuple[Part, ...]], ...] = ()  # of a rule that every table is read by: those whose figures change by it

    @property
    def vector(self) -> dict[str, Change]:
        return vector(self.effects.parts)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sides, and every rule that differs between them."""

    before: str
    after: str
    changes: tuple[UnitChange, ...]
    notes: tuple[str, ...] = ()

    @property
    def vector(self) -> dict[str, Change]:
        """Of the whole: for each output every change together."""
        each = [change.vector for change in self.changes]
        return {output: together(one[output] for one in each) for output in OUTPUTS}

    @property
    def mechanism(self) -> tuple[str, ...]:
        return tuple(sorted({name for change in self.changes for name in change.effects.mechanism}))


Pair = tuple[Book | None, Book | None]


def difference(pairs: Mapping[str, Pair], moment: Moment | None, labels: tuple[str, str], marks: Marks) -> Difference:
    """Of rulebooks by their names; one that is missing on a side is told as a whole.  Raises `Invalid`."""
    changes = [one for name, pair in pairs.items() for one in _of_books(name, pair, moment, marks)]
    return Difference(*labels, tuple(changes))


def _of_books(name: str, pair: Pair, moment: Moment | None, marks: Marks) -> Iterator[UnitChange]:
    before, after = pair
    if before is None or after is None:
        yield _whole(name, before, after)
        return
    found = over_time(before.history, after.history) if moment is None else at_moment(before.history, after.history, moment)
    plain = [one for one in found if one.only]
    for one in plain:
        yield _beside(name, one)
    rest = [one for one in found if not one.only]
    for when in sorted({one.at for one in rest}):
        yield from _Moment(name, before, after, when, [one for one in rest if one.at == when], marks).changes()


def _whole(name: str, before: Book | None, after: Book | None) -> UnitChange:
    rule = "rulebook_added" if before is None else "rulebook_withdrawn"
    parts = tuple(Part(output, "loosening" if before is None else "undecided", why=f"the whole rulebook {name}") for output in OUTPUTS)
    return UnitChange(name, UnitDiffers(("rulebook", name), (0, 0), None, None, None), Effects((rule,), parts))


def _beside(name: str, one: UnitDiffers) -> UnitChange:
    """What says the same: other words, or another time at which it was seen or learned."""
    fields = tuple(field_changes(one.before, one.after, words=True)) if one.before and one.after and not one.unsure else ()
    if one.only == "record":
        return UnitChange(name, one, Effects(("record_changed",)), fields)
    why = UNSURE if one.unsure else "which version is in force inside the interval is not known"
    return UnitChange(name, one, Effects(("interval_changed",), tuple(Part(output, "undecided", why=why) for output in OUTPUTS)), fields)


class _Moment:
    """What differs from one instant on, under the plan of each side at it."""

    def __init__(self, name: str, before: Book, after: Book, at: Moment, found: list[UnitDiffers], marks: Marks) -> None:
        self.name, self.books, self.at, self.found, self.marks = name, (before, after), at, found, marks
        self.plans: tuple[Plan | None, Plan | None] = (None, None)
        self.why = ""

    def changes(self) -> Iterator[UnitChange]:
        tables = [one for one in self.found if one.unit[0] == TABLE]
        by_all = [one for one in self.found if one.unit[0] == FORMS or one.unit in SPLIT]
        if tables or by_all:
            self._compile()
        both = [one.unit[1] for one in tables if not one.is_added and not one.is_withdrawn and not one.named]
        others = self._markets_besides(both) if by_all else []
        made = table_changes(*self._both_plans, [*both, *others], self.marks) if self._compiled else {}
        for one in self.found:
            yield self._told(one, made, others)

    def _compile(self) -> None:
        plans = []
        for book, when in zip(self.books, self.at, strict=True):
            try:
                plans.append(compile_book(book, when))
            except Refused as refused:
                faults = [problem for problem in refused.problems if problem.code not in UNCOMPILED]
                if faults:
                    raise Invalid(refused.problems) from None
                self.why = refused.problems[0].text
                return
        self.plans = (plans[0], plans[1])

    @property
    def _compiled(self) -> bool:
        return self.plans[0] is not None

    @property
    def _both_plans(self) -> tuple[Plan, Plan]:
        before, after = self.plans
        assert before is not None
        assert after is not None
        return before, after

    def _markets_besides(self, changed: Iterable[str]) -> list[str]:
        if not self._compiled:
            return []
        before, after = self._both_plans
        return sorted((set(before.markets()) & set(after.markets())) - set(changed))

    def _told(self, one: UnitDiffers, made: Mapping[str, TableChange], others: list[str]) -> UnitChange:
        kind, name = one.unit
        if kind == TABLE:
            return self._table(one, made.get(name))
        value = tuple(version.value if version else None for version in (one.before, one.after))
        found = _renamed(one) if one.named else effects(kind, name, *value)
        fields = tuple(field_changes(one.before, one.after)) if one.before and one.after and _both(one) else ()
        if kind != FORMS and one.unit not in SPLIT:
            return UnitChange(self.name, one, self._sure(one, found), fields)
        affected = tuple((market, made[market].effects.parts) for market in others if market in made and made[market].effects.parts)
        found += self._by_markets([made[market] for market in others if market in made], kind)
        return UnitChange(self.name, one, self._sure(one, found), fields, markets=affected)

    def _by_markets(self, changes: list[TableChange], kind: str) -> Effects:
        """What the tables that did not change themselves make of it."""
        if not self._compiled:
            return _undecided(self.why)
        parts = tuple(part for change in changes for part in change.effects.parts)
        rules = [rule for change in changes for rule in change.effects.rules if rule != "table_rewritten"]
        return Effects(tuple(dict.fromkeys(["form_changed", *rules] if kind == FORMS else rules)), parts)

    def _table(self, one: UnitDiffers, change: TableChange | None) -> UnitChange:
        if one.named:
            return UnitChange(self.name, one, _renamed(one))
        if one.is_added or one.is_withdrawn:
            return UnitChange(self.name, one, self._sure(one, _listed(one)))
        if change is None:
            found = Effects(("tier_changed",)) + _undecided(self.why or "one of the plans has no table of it then")
            return UnitChange(self.name, one, found)
        change = with_examples(change)
        return UnitChange(self.name, one, self._sure(one, change.effects), table=change)

    def _sure(self, one: UnitDiffers, found: Effects) -> Effects:
        return found + _undecided(UNSURE) if one.unsure else found + _moved(one, self.books)


def _both(one: UnitDiffers) -> bool:
    return not one.is_added and not one.is_withdrawn


def _undecided(why: str) -> Effects:
    return Effects((), tuple(Part(output, "undecided", why=why) for output in OUTPUTS))


def _listed(one: UnitDiffers) -> Effects:
    """A market that comes may be opened in, where nothing was held; one that goes leaves what is held without a rule."""
    if one.is_added:
        return Effects(("market_added",), (Part("last_cap", "loosening", why="nothing could be opened before"),))
    why = "what is still held cannot be decided: RR502"
    undecided = tuple(Part(output, "undecided", why=why) for output in OUTPUTS if output != "last_cap")
    return Effects(("market_withdrawn",), (Part("last_cap", "tightening", why="nothing may be opened any more"), *undecided))


def _renamed(one: UnitDiffers) -> Effects:
    """Whoever uses the old name has no rule; a rule under another name is another rule until all that name it do so."""
    rule = "market_renamed" if one.unit[0] == TABLE else "rule_renamed"
    return Effects((rule,)) + _undecided(f"what is held or written under the name {one.unit[1]} has no rule any more")


def _moved(one: UnitDiffers, books: tuple[Book, Book]) -> Effects:
    """One version on both sides, from another instant on."""
    left, right = (book.history.versions.get(one.unit, ()) for book in books)
    return Effects(("time_moved",)) if _elsewhere(one.before, left, right) or _elsewhere(one.after, right, left) else Effects()


def _elsewhere(version: Version | None, own: tuple[Version, ...], other: tuple[Version, ...]) -> bool:
    """Whether what it says begins at another time on the other side, and at neither side's time on both."""
    if version is None or version.value == WITHDRAWN:
        return False
    here, there = ({one.certain_from for one in line if one.value != WITHDRAWN and one.says == version.says} for line in (own, other))
    return version.certain_from not in there and bool(there - here)
