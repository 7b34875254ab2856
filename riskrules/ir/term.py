"""Terms: what a rule says, built once when the book is compiled; a term never sees a number of a snapshot.

A term has a unit, a kind of row it has one value for, and, where a reader should meet it, a name
and the place in the policy that says so.  Rows hang together by keys (leg → market); `gather`
carries a value down a key, `total` and its like carry values up.  A scenario is an axis of its own:
`leg@scenario` has a row for every leg in every scenario.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from riskrules.ir.frame import LIST as LIST
from riskrules.ir.frame import SCENARIO as SCENARIO
from riskrules.ir.functions import rounded_by
from riskrules.units import unit as u
from riskrules.units.exact import Exact, to_exact
from riskrules.units.unit import Unit, UnitMistake

ANY = "any"  # a constant: as many rows as are asked for
UP = {
    "leg": ("position", "strike", "expiry", "underlying", "pool", "account", "market", "group"),
    "order": ("position", "strike", "expiry", "underlying", "pool", "account", "market", "group"),
    "holding": ("underlying", "pool", "account", "asset"),
    "position": ("strike", "expiry", "underlying", "pool", "account", "market", "group"),
    "strike": ("expiry", "underlying", "pool", "account"),
    "expiry": ("underlying", "pool", "account"),
    "underlying": ("pool", "account"),
    "pool": ("account",),
    "account": (),
    "counterparty": ("market",),  # who stands on the other side of a market, in a deleveraging
    "level": ("market",),  # a price of an order book, with what is there
    "market": (),
    "asset": (),
    "scenario": (),
    "group": ("account",),  # positions that stand together under a portfolio: all of them, a basket, or one alone
    "pair": ("group", "pool", "account"),  # each two positions of a group, or of a pool
}
ROWS = tuple(kind for kind in UP if kind not in ("group", "pair"))  # what a formula may speak of

Source = tuple[str, int]  # file, line


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    op: str
    args: tuple[Term, ...]
    rows: str
    unit: Unit
    param: Any = None
    name: str = ""
    source: Source = ("", 0)

    def named(self, name: str, source: Source = ("", 0)) -> Term:
        return replace(self, name=name, source=source)

    def shown_as(self, word: str) -> Term:
        return replace(self, unit=self.unit.said(word))

    def __add__(self, other: Term) -> Term:
        return _same_unit("add", self, other)

    def __sub__(self, other: Term) -> Term:
        return _same_unit("sub", self, other)

    def __mul__(self, other: Term) -> Term:
        return _elementwise("mul", self.unit.times(other.unit), self, other)

    def __truediv__(self, other: Term) -> Term:
        return _elementwise("div", self.unit.over(other.unit), self, other)

    def __neg__(self) -> Term:
        return _elementwise("neg", self.unit, self)


def given(name: str, rows: str, unit: Unit) -> Term:
    """A figure that a snapshot or a table supplies, one for each row."""
    return Term("given", (), rows, unit, param=name, name=name)


def constant(value: Fraction | int | Exact, unit: Unit, source: Source = ("", 0), name: str = "") -> Term:
    pair = value if isinstance(value, tuple) else to_exact(Fraction(value))
    return Term("constant", (), ANY, unit, param=pair, source=source, name=name)


def label(text: str) -> Term:
    return Term("constant", (), ANY, u.LABEL, param=text)


def flag(value: bool) -> Term:
    return Term("constant", (), ANY, u.FLAG, param=value)


def fault(code: str, text: str, hint: str, unit: Unit, rows: str, *shown: Term) -> Term:
    """A named refusal; {row} and {0}, {1}… in its text are put in when it is met."""
    return Term("fault", tuple(to_rows(term, rows) for term in shown), rows, unit, param=(code, text, hint))


def median_where(x: Term, rows: str, counted: Term) -> Term:
    """The middle of the values below that count."""
    made, counted = over("median_where", x, rows), to_rows(counted, x.rows)
    return replace(made, args=(*made.args, spread(counted, x.rows)))


def total_before(x: Term, key: Term, rows: str) -> Term:
    """Of the rows below one row above, for each: the sum of x over those whose key is smaller, of equals those that stand first."""
    below = finest(x.rows, key.rows)
    over("total", to_rows(x, below), rows)
    return Term("total_before", (spread(x, below), spread(key, below)), below, x.unit, param=rows)


def absolute(x: Term) -> Term:
    return _elementwise("absolute", x.unit, x)


def power(x: Term, k: int) -> Term:
    return _elementwise("power", x.unit.power(k), x, constant(k, u.COUNT))


def smaller(x: Term, y: Term) -> Term:
    return _same_unit("smaller", x, y)


def larger(x: Term, y: Term) -> Term:
    return _same_unit("larger", x, y)


def compare(comparator: str, x: Term, y: Term) -> Term:
    _must_match(x, y)
    return _elementwise(comparator, u.FLAG, x, y)


def both(x: Term, y: Term) -> Term:
    return _elementwise("both", u.FLAG, x, y)


def either(x: Term, y: Term) -> Term:
    return _elementwise("either", u.FLAG, x, y)


def negated(x: Term) -> Term:
    return _elementwise("not", u.FLAG, x)


def choose(condition: Term, this: Term, that: Term) -> Term:
    _must_match(this, that)
    return _elementwise("choose", this.unit, condition, this, that)


def label_if(condition: Term, this: Term, that: Term) -> Term:
    return _elementwise("label_if", u.LABEL, condition, this, that)


def rounded(x: Term, op: str, quantum: Term) -> Term:
    _must_match(x, quantum)
    return _elementwise(op, x.unit, x, quantum)


def root(x: Term, op: str, quantum: Term) -> Term:
    """The square root in whole steps of the quantum, which is in the unit of the root."""
    unit = x.unit.root()
    if unit != quantum.unit:
        raise UnitMistake(f"a root in {unit} is not rounded to steps in {quantum.unit}")
    return _elementwise(op, unit, x, quantum)


def function(name: str, rounding: str, figures: list[Term], quantum: Term) -> Term:
    """exp, log or normal of a figure without a unit; or an option by Black-76, in the unit of its forward and strike."""
    if name == "black76":
        forward, strike, deviation, _ = figures
        _must_match(forward, strike)
        plain, unit = [deviation], forward.unit
    else:
        plain, unit = figures, u.NUMBER
    for figure in plain:
        _must_match(figure, constant(1, u.NUMBER))
    if quantum.unit != unit:
        raise UnitMistake(f"{name} in {unit} is not rounded to steps in {quantum.unit}")
    return _elementwise(rounded_by(name, rounding), unit, *figures, quantum)


def least_payoff(size: Term, strike: Term, is_call: Term, rows: str) -> Term:
    """What the options below each row pay at least, together, at 0 or at one of their strikes."""
    kind = finest(size.rows, strike.rows, is_call.rows)
    if kind in (ANY, rows) or not reaches(kind, rows):
        raise UnitMistake(f"the options of each {kind} do not belong to one {rows}")
    return Term("least_payoff", tuple(spread(arg, kind) for arg in (size, strike, is_call)), rows, size.unit.times(strike.unit))


def bracket(x: Term, caps: Term) -> Term:
    return _elementwise("bracket", u.INDEX, x, caps)


def within_last_cap(x: Term, caps: Term) -> Term:
    return _elementwise("within_last_cap", u.FLAG, x, caps)


def pick(tier: Term, column: Term, unit: Unit) -> Term:
    return _elementwise("pick", unit, tier, column)


def sliced(x: Term, slices: Term) -> Term:
    """The sum over the slices of what lies in each, times its share."""
    return _elementwise("sliced", x.unit, x, slices)


def median(*figures: Term) -> Term:
    for figure in figures[1:]:
        _must_match(figures[0], figure)
    return _elementwise("median", figures[0].unit, *figures)


def number_of(tier: Term) -> Term:
    """The number of a tier, counted from 1, as a figure that can be compared."""
    return _elementwise("number_of", u.COUNT, tier)


def cap_below(tier: Term, caps: Term, down: int, unit: Unit) -> Term:
    return _elementwise("cap_below", unit, tier, caps, constant(down, u.COUNT))


def largest_under(size: Term, lot: Term, caps: Term) -> Term:
    _must_match(size, lot)
    return _elementwise("largest_under", size.unit, size, lot, caps)


def had(x: Term, *codes: str) -> Term:
    """Whether there is a figure: an error with one of these codes is a no, every other error is an error."""
    return Term("had", (x,), x.rows, u.FLAG, param=codes)


def total_ahead(x: Term, by: Term, group: str) -> Term:
    """What those of the same group have that are ahead by a figure, the largest first; of equal ones the first listed is ahead."""
    rows = finest(x.rows, by.rows)
    if not reaches(rows, group):
        raise UnitMistake(f"a {rows} belongs to no {group}")
    return Term("total_ahead", (to_rows(x, rows), to_rows(by, rows)), rows, x.unit, param=group)


def as_unit(x: Term, unit: Unit) -> Term:
    """The same figure under the binding of a contract class (linear: settle is quote)."""
    return replace(x, unit=unit)


def spread(x: Term, rows: str) -> Term:
    """A value for each row, where it is the same in all of them too."""
    return Term("gather", (x,), rows, x.unit) if x.rows == ANY and rows != ANY else to_rows(x, rows)


def to_rows(x: Term, rows: str) -> Term:
    """The value seen from another kind of row, down a key; the caller's bug if there is none."""
    if x.rows == rows or x.rows == ANY:
        return x
    if not reaches(rows, x.rows):
        raise UnitMistake(f"a value of each {x.rows} cannot be read from each {rows}")
    return Term("gather", (x,), rows, x.unit)


def reaches(below: str, above: str) -> bool:
    plain_below, plain_above = below.removesuffix(SCENARIO), above.removesuffix(SCENARIO)
    if above == "scenario":
        return below.endswith(SCENARIO)
    if above.endswith(SCENARIO) and not below.endswith(SCENARIO):
        return False
    return plain_below == plain_above or plain_above in up(plain_below)


def up(kind: str) -> tuple[str, ...]:
    """What each row of a kind hangs on; an item of a list hangs on what holds the list."""
    return UP[kind] if kind in UP else (kind.partition(LIST)[0],)


def of_pair(which: str, x: Term) -> Term:
    """A position's value seen from each pair that it is the `first` or the `second` of."""
    if x.rows != "position":
        raise UnitMistake(f"a pair is of two positions, and this is a value of each {x.rows}")
    return Term(which, (x,), "pair", x.unit)


def over(op: str, x: Term, rows: str) -> Term:
    """`total`, `largest`, `smallest` of the rows below, one value for each row above."""
    if x.rows in (ANY, rows):
        everywhere = "a value that is the same everywhere belongs to no rows"
        raise UnitMistake(everywhere if x.rows == ANY else f"there is one value for each {rows} already")
    if not (reaches(x.rows, rows) or (x.rows.endswith(SCENARIO) and reaches(x.rows, rows + SCENARIO)) or x.rows == rows + SCENARIO):
        raise UnitMistake(f"the values of each {x.rows} do not belong to one {rows}")
    return Term(op, (x,), rows, u.INDEX if op.startswith("which") else x.unit)


def finest(*rows: str) -> str:
    """The kind of row from which all these can be read."""
    kinds = [kind for kind in rows if kind != ANY]
    if not kinds:
        return ANY
    crossed = any(kind.endswith(SCENARIO) or kind == "scenario" for kind in kinds)
    plain = {kind.removesuffix(SCENARIO) for kind in kinds if kind != "scenario"}
    if not plain:
        return "scenario"
    best = max(plain, key=lambda kind: len(up(kind)))
    if not all(reaches(best, kind) for kind in plain):  # a market and a pool meet in a position, an asset and a pool in a balance
        best = next((kind for kind in ("position", "leg", "holding") if all(reaches(kind, other) for other in plain)), best)
    return best + SCENARIO if crossed else best


def _elementwise(op: str, unit: Unit, *args: Term) -> Term:
    rows = finest(*(arg.rows for arg in args))
    return Term(op, tuple(to_rows(arg, rows) for arg in args), rows, unit)


def _same_unit(op: str, x: Term, y: Term) -> Term:
    _must_match(x, y)
    unit = x.unit if x.unit.word != "number" else y.unit
    return _elementwise(op, unit, x, y)


def _must_match(x: Term, y: Term) -> None:
    if x.unit != y.unit:
        raise UnitMistake(f"{x.unit} and {y.unit} do not go together")


def every_term(roots: list[Term]) -> Iterator[Term]:
    """Each term once, arguments before what uses them."""
    seen: set[int] = set()
    stack: list[tuple[Term, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        term, ready = stack.pop()
        if ready:
            yield term
        elif id(term) not in seen:
            seen.add(id(term))
            stack.append((term, True))
            stack.extend((arg, False) for arg in reversed(term.args))
