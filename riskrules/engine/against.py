"""Our figures against a venue's, in the order of their working, and the step at which the two first part.

Sizes and prices are compared first.  Where the venue's are others, the same program is walked again with
the venue's in place of ours: what then still differs is a rule's doing and not a price's.  The rule is
looked for in the other versions of the table, and among the named terms that come before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.engine.ask import Answer, price_answers
from riskrules.engine.changes import TooFine
from riskrules.engine.decide import LIQUIDATE, Evaluated, decide
from riskrules.engine.explain import PoolExplanation
from riskrules.engine.explain_text import status_line
from riskrules.engine.venue_said import Figure, Said, SaidOfLeg
from riskrules.ir.fault import Fault
from riskrules.ir.walk import Changes
from riskrules.rulebook.aliases import market_named
from riskrules.rulebook.plan import Plan
from riskrules.units import say
from riskrules.units.exact import Exact, to_exact, to_fraction

INPUTS = {"size": "leg", "entry_price": "leg", "mark_price": "market"}
DERIVED = ("notional", "unrealised_profit", "maintenance_rate", "position_maintenance", "position_initial")
OF_POOL = ("equity", "maintenance_margin")
BY_THE_TABLE = ("maintenance_rate", "position_maintenance", "maintenance_margin", "liquidation_price")
PRICE = "liquidation_price"
NOT_SAID = "not looked for"

Versions = Callable[[str], Iterable[tuple[str, Plan]]]  # a market → the other versions of its table: what each is called, the book then


class Compared(NamedTuple):
    """One figure: ours, the venue's, and whether they are the same; with the venue's sizes and prices where those differ."""

    name: str
    ours: str
    theirs: str
    same: bool
    with_theirs: str | None  # None: the venue's sizes and prices are ours
    same_with_theirs: bool

    @property
    def agrees(self) -> bool:
        """Under the venue's own sizes and prices, which are not the rules' doing."""
        return self.same_with_theirs if self.with_theirs is not None else self.same


@dataclass(frozen=True, slots=True)
class Part:
    """A position, or the cross pool: its figures in the order of their working, and where they first part."""

    name: str
    market: str
    figures: tuple[Compared, ...]
    first: str = ""  # the first figure that differs; "" where none does
    why: tuple[str, ...] = field(default=())

    @property
    def same(self) -> bool:
        return not self.first


@dataclass(frozen=True, slots=True)
class Against:
    shape: str
    parts: tuple[Part, ...]

    @property
    def same(self) -> bool:
        return all(part.same for part in self.parts)


def against(evaluated: Evaluated, said: Said, versions: Versions = lambda _: ()) -> Against:
    """Every position that either side has, and the cross pool where the venue prints figures of it."""
    pairs, only_theirs, only_ours = _paired(evaluated, said)
    theirs = _with_theirs(evaluated, pairs)
    parts = [_leg(_Sides(evaluated, theirs, versions, pairs), leg, one) for leg, one in pairs]
    parts += [Part(one.name, one.name, (), "position", ("the venue holds it, and the snapshot does not",)) for one in only_theirs]
    parts += [_only_ours(evaluated, leg) for leg in only_ours]
    if said.cross:
        parts += list(_pools(_Sides(evaluated, theirs, versions, pairs), said.cross))
    return Against(said.shape, tuple(parts))


Pairs = list[tuple[int, SaidOfLeg]]


class _Sides(NamedTuple):
    ours: Evaluated
    theirs: Evaluated | None  # with the venue's sizes and prices; None where they are ours
    versions: Versions
    pairs: Pairs


# -- who is who --------------------------------------------------------------------------------------


def _paired(evaluated: Evaluated, said: Said) -> tuple[Pairs, list[SaidOfLeg], list[int]]:
    """Positions of one market, the one nearest in side and mode first."""
    left = list(range(len(evaluated.rows.legs)))
    pairs, alone = [], []
    for one in said.legs:
        name = market_named(evaluated.plan, one.name)
        found = [k for k in left if evaluated.rows.legs[k].market == name]
        if not found:
            alone.append(one)
            continue
        leg = min(found, key=lambda k: _distance(evaluated, k, one))
        left.remove(leg)
        pairs.append((leg, one))
    return pairs, alone, left


def _distance(evaluated: Evaluated, leg: int, one: SaidOfLeg) -> tuple[bool, bool]:
    row = evaluated.rows.legs[leg]
    return one.is_long is not None and (row.size[0] > 0) != one.is_long, bool(one.mode) and row.mode != one.mode


def _only_ours(evaluated: Evaluated, leg: int) -> Part:
    row = evaluated.rows.legs[leg]
    return Part(row.id, row.market, (), "position", ("the snapshot holds it, and the venue does not",))


# -- the same program with the venue's sizes and prices ----------------------------------------------


def _with_theirs(evaluated: Evaluated, pairs: Pairs) -> Evaluated | None:
    changes = _changes(evaluated, pairs)
    if not changes:
        return None
    last = max(evaluated.plan.program.named.values())
    walks = []
    for walk in (evaluated.walk, *evaluated.others):
        walk.upto(last)
        walks.append(walk.changed(changes, last))
    return evaluated._replace(walk=walks[0], others=tuple(walks[1:]))


def _changes(evaluated: Evaluated, pairs: Pairs) -> Changes:
    changes: Changes = {}
    given = evaluated.walk.frame.given
    for leg, one in pairs:
        for name, rows in INPUTS.items():
            cell, figure = (rows, name), one.figures.get(name)
            if figure is None or cell not in given:
                continue
            row = leg if rows == "leg" else evaluated.rows.keys["leg", "market"][leg]
            ours = given[cell][row]
            if _near(name, ours, figure):
                continue
            changes.setdefault(cell, list(given[cell]))[row] = _signed(evaluated, leg, one, name, figure)
    return changes


def _signed(evaluated: Evaluated, leg: int, one: SaidOfLeg, name: str, figure: Figure) -> Exact:
    held_long = evaluated.rows.legs[leg].size[0] > 0 if one.is_long is None else one.is_long
    return to_exact(-figure.value if name == "size" and not held_long else figure.value)


def _near(name: str, ours: Any, figure: Figure) -> bool:
    if not isinstance(ours, tuple):
        return False
    value = to_fraction(ours)
    value = abs(value) if name == "size" else value
    return figure.is_near(value, value)


# -- figures -----------------------------------------------------------------------------------------


def _leg(sides: _Sides, leg: int, one: SaidOfLeg) -> Part:
    row = sides.ours.rows.legs[leg]
    rows = list(_figures(sides, leg, one))
    if one.is_long is not None and one.is_long != (row.size[0] > 0):
        words = {True: "long", False: "short"}
        rows.insert(0, Compared("side", words[not one.is_long], words[one.is_long], False, None, False))
    return _judged(sides, row.id, row.market, leg, rows, one)


def _figures(sides: _Sides, leg: int, one: SaidOfLeg) -> Iterator[Compared]:
    pool = sides.ours.rows.keys["leg", "pool"][leg]
    for name in (*INPUTS, *DERIVED, "equity", PRICE):
        if name not in one.figures:
            continue
        figure = one.figures[name]
        if name == PRICE:
            yield _price(sides, leg, figure)
        elif figure is not None:
            yield _compared(name, figure, *(_value(side, name, leg, pool) for side in (sides.ours, sides.theirs)))


def _value(evaluated: Evaluated | None, name: str, leg: int, pool: int) -> Any:
    """The value as it is to be compared; "" where the rulebook has no such term."""
    if evaluated is None:
        return None
    if name in INPUTS:
        rows = INPUTS[name]
        value = evaluated.walk.frame.given.get((rows, name), [""])[leg if rows == "leg" else evaluated.rows.keys["leg", "market"][leg]]
        return (abs(value[0]), value[1]) if name == "size" and isinstance(value, tuple) else value
    if name not in evaluated.plan.program.named:
        return ""
    return evaluated.value(name, pool if name in OF_POOL else evaluated.row_of(name, leg))


def _compared(name: str, figure: Figure, ours: Any, with_theirs: Any) -> Compared:
    theirs = _say(name, to_exact(figure.value))
    again = None if with_theirs is None or name in INPUTS else _say(name, with_theirs)
    return Compared(name, _say(name, ours), theirs, _is(figure, ours), again, _is(figure, with_theirs))


def _is(figure: Figure, value: Any) -> bool:
    return isinstance(value, tuple) and figure.is_near(to_fraction(value), to_fraction(value))


def _say(name: str, value: Any) -> str:
    if isinstance(value, Fault):
        return f"error {value.code}"
    if not isinstance(value, tuple):
        return "no such term"
    return say.rate(value) if name == "maintenance_rate" else say.number(value) if name == "size" else say.money(value)


def _price(sides: _Sides, leg: int, figure: Figure | None) -> Compared:
    theirs = "none" if figure is None else say.money(figure.value)
    ours, same = _asked(sides.ours, leg, figure)
    again, same_again = _asked(sides.theirs, leg, figure) if sides.theirs else (None, False)
    return Compared(PRICE, ours, theirs, same, again, same_again)


def _asked(evaluated: Evaluated, leg: int, figure: Figure | None) -> tuple[str, bool]:
    """The trigger on the side that hurts: below a long, above a short; it lies between two steps of the price."""
    pool, market = evaluated.rows.keys["leg", "pool"][leg], evaluated.rows.keys["leg", "market"][leg]
    decision, fault = evaluated.verdict(pool)
    if fault or evaluated.others or evaluated.too_many:
        return f"error {fault.code if fault else 'RR508'}", False
    try:
        found = price_answers(evaluated, pool, market, "liquidate")
    except TooFine:
        return NOT_SAID, False
    hurts = -1 if to_fraction(evaluated.walk.frame.given["leg", "size"][leg]) > 0 else 1
    there = [one for one in found if decision == LIQUIDATE or one.direction == hurts]  # liquidatable: the price at which it no longer is
    answer = min(there, key=lambda one: abs(one.point - figure.value) if figure else abs(one.point), default=None)
    if answer is None:
        return "none", figure is None
    if answer.fault:
        return f"error {answer.fault.code}", False
    return say.money(answer.point), figure is not None and _crosses(answer, figure)


def _crosses(answer: Answer, figure: Figure) -> bool:
    low, high = sorted((answer.before, answer.point))
    return figure.is_near(low, high)


def _pools(sides: _Sides, cross: dict[str, Figure]) -> Iterator[Part]:
    for number, pool in sides.ours.pools():
        legs = sides.ours.legs_of(number)
        if pool.position or not legs:
            continue
        rows = []
        for name in (name for name in OF_POOL if name in cross):
            values = [side.value(name, number) if side else None for side in (sides.ours, sides.theirs)]
            rows.append(_compared(name, cross[name], *values))
        name = f"{sides.ours.account.id} cross {pool.settle}"
        yield _judged(sides, name, "", legs[0], rows, SaidOfLeg(name, None, "cross", dict(cross)))


# -- why ---------------------------------------------------------------------------------------------


def _judged(sides: _Sides, name: str, market: str, leg: int, rows: list[Compared], one: SaidOfLeg) -> Part:
    """The first figure that is not the same, and under the venue's own sizes and prices the first rule that is not."""
    first = next((row for row in rows if not row.same), None)
    if first is None:
        return Part(name, market, tuple(rows))
    why: list[str] = []
    rule = next((row for row in rows if row.name not in INPUTS and row.name != "side" and not row.agrees), None)
    if first.name in INPUTS or first.with_theirs is not None:
        why += _other_inputs(sides, leg, first, rule)
    if rule is not None:
        why += _rule_words(sides, leg, rule, one)
    return Part(name, market, tuple(rows), first.name, tuple(why))


def _other_inputs(sides: _Sides, leg: int, first: Compared, rule: Compared | None) -> Iterator[str]:
    if first.name == "mark_price":
        market = sides.ours.rows.legs[leg].market
        given = sides.ours.snapshot.markets.get(market)
        as_of = sides.ours.snapshot.as_of
        old = say.seconds(Fraction(as_of - given.at, 10**9)) if given and given.at is not None and as_of is not None else ""
        yield f"the price is another: {first.ours} here{f', {old} old' if old else ''}, {first.theirs} there"
    elif first.name in INPUTS:
        yield f"the {_words(first.name)} is another: {first.ours} here, {first.theirs} there"
    else:
        yield "a size or price of another position is not the venue's"
    if rule is None:
        yield "with the venue's sizes and prices all that follows is the same"


def _rule_words(sides: _Sides, leg: int, rule: Compared, one: SaidOfLeg) -> Iterator[str]:
    evaluated = sides.theirs or sides.ours
    shown = rule.with_theirs or rule.ours
    with_same = ", with the venue's sizes and prices" if sides.theirs else ""
    yield f"{_words(rule.name)} is {shown} here and {rule.theirs} there{with_same}{_stands(evaluated, rule.name, leg)}"
    figure = one.figures.get(rule.name)
    if rule.name in BY_THE_TABLE:
        found, is_it = _version(sides, leg, rule, figure)
        if found:
            yield found
        if is_it:
            return
        if evaluated.snapshot.as_of is not None:
            yield f"the rules here: {status_line(evaluated.plan.status, evaluated.snapshot.as_of)}"
    if figure is not None:
        yield from _same_as(evaluated, leg, rule.name, figure)
    if rule.name == PRICE and "equity" not in one.figures:
        yield "the venue prints no equity here: a balance or another position that is not the venue's moves this price too"


def _stands(evaluated: Evaluated, name: str, leg: int) -> str:
    """Where the term stands in the policy, and the row of the table behind it."""
    named = evaluated.plan.program.named
    source = evaluated.plan.program.nodes[named[name]].source if name in named else ("", 0)
    place = f" ({source[0]}:{source[1]})" if source[0] else ""
    row = PoolExplanation(evaluated, evaluated.rows.keys["leg", "pool"][leg]).tier_row(leg) if name in BY_THE_TABLE else None
    return f"{place}; tier {row.tier}, {row.place}, {row.version} version{row.unsure}" if row and name != "maintenance_margin" else place


def _version(sides: _Sides, leg: int, rule: Compared, figure: Figure | None) -> tuple[str, bool]:
    """Whether another version of the table gives the venue's figure: then it is the table's age that differs."""
    if figure is None and rule.name != PRICE:
        return "", False
    market = sides.ours.rows.legs[leg].market
    looked = 0
    for called, plan in sides.versions(market):
        other = decide(plan, sides.ours.snapshot, sides.ours.account)
        other = other.under(other.walk)  # that version alone, whatever else may have been in force by then
        other = _with_theirs(other, sides.pairs) or other
        looked += 1
        if _agrees(other, rule.name, leg, figure):
            return f"the table is of another age: under {called} it is the venue's figure", True
    return (f"no other version of this table gives the venue's figure ({looked} tried)" if looked else ""), False


def _agrees(evaluated: Evaluated, name: str, leg: int, figure: Figure | None) -> bool:
    if name == PRICE:
        return _asked(evaluated, leg, figure)[1]
    value = _value(evaluated, name, leg, evaluated.rows.keys["leg", "pool"][leg])
    return figure is not None and _is(figure, value)


def _same_as(evaluated: Evaluated, leg: int, name: str, figure: Figure) -> Iterator[str]:
    """A named term of ours that is the venue's figure: what comes between the two (a fee, a rounding) is what differs."""
    program, keys = evaluated.plan.program, evaluated.rows.keys
    for other, k in program.named.items():
        node = program.nodes[k]
        if other == name or node.rows not in ("leg", "position", "pool") or node.unit != program.nodes[program.named.get(name, k)].unit:
            continue
        row = leg if node.rows == "leg" else keys["leg", node.rows][leg]
        value = evaluated.value(other, row)
        if _is(figure, value) and value[0]:
            yield f"the venue's figure is {_words(other)} here: what lies between that and {_words(name)} is what differs"
            return


def _words(name: str) -> str:
    return name.replace("_", " ")
