"""The two curves of an explanation, as points: margin against notional, equity and requirement against the mark.

Every point is the exact walk's own value with one given figure put elsewhere; which points are looked at
is found on the same graph (tier bounds, break points, liquidation prices).  Nothing is drawn by a formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from riskrules.engine.ask import Answer, Question, Unknown, every_price, mark_of, moved, step_of
from riskrules.engine.changes import TooFine
from riskrules.engine.explain import PoolExplanation
from riskrules.engine.poly import X
from riskrules.ir.fault import Fault
from riskrules.ir.walk import Walk
from riskrules.units import say
from riskrules.units.exact import to_fraction

EVENLY = 48  # looked at besides the points that matter
MOST_CUTS = 64
MOST_MARKETS = 3  # as many as an explanation names
FAR, NEAR = 4, Fraction(1, 4)  # times the mark: a liquidation price beyond is told and not drawn

Point = tuple[Fraction, Fraction]
Figures = tuple[tuple[str, int], ...]  # the named terms that are read, each at its row


class Line(NamedTuple):
    name: str
    runs: tuple[tuple[Point, ...], ...]  # broken where there is no value


class Mark(NamedTuple):
    """A place on the axis: where things stand, a liquidation price, or a tier's bound."""

    x: Fraction
    text: str
    kind: str  # "now", "turn" or "bound"


class Picture(NamedTuple):
    title: str
    said: str  # the picture in words
    x_name: str
    y_name: str
    x_range: tuple[Fraction, Fraction]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    dots: tuple[Point, ...]
    zones: tuple[tuple[Fraction, Fraction], ...] = ()  # where it is liquidatable
    tiers: tuple[tuple[Fraction, Fraction, str], ...] = ()  # from where to where, and its number


def pictures(pool: PoolExplanation, market: str | None = None) -> list[Picture]:
    """The pool's largest markets first; none where the decision could not be had, or more than one table may be in force."""
    evaluated = pool.evaluated
    if pool.fault or evaluated.others or evaluated.too_many or not pool.legs:
        return []
    legs = [k for k in _by_notional(pool) if market in (None, evaluated.rows.legs[k].market)]
    numbers = list(dict.fromkeys(evaluated.rows.keys["leg", "market"][k] for k in legs))[:MOST_MARKETS]
    made = (picture for number in numbers for picture in _of_market(pool, number, legs))
    return [picture for picture in made if picture]


def _of_market(pool: PoolExplanation, number: int, legs: list[int]) -> Iterator[Picture | None]:
    yield mark_picture(pool, number)
    for leg in legs:
        if pool.evaluated.rows.keys["leg", "market"][leg] == number:
            yield margin_picture(pool, leg)


def _by_notional(pool: PoolExplanation) -> list[int]:
    column = pool.evaluated.walk.column("notional")
    return sorted(pool.legs, key=lambda k: to_fraction(column[k]) if isinstance(column[k], tuple) else Fraction(0), reverse=True)


# -- equity and requirement against the mark ---------------------------------------------------------


def mark_picture(pool: PoolExplanation, market: int) -> Picture | None:
    """Where the two lines cross is the liquidation price: both sides of it are among the points."""
    evaluated = pool.evaluated
    unknown, required = mark_of(evaluated, market), evaluated.plan.account.liquidate_against
    if unknown is None or unknown.start is None:
        return None
    try:
        stretches = every_price(evaluated, pool.number, market, "liquidate")
    except TooFine:
        return None
    now = unknown.start
    low, high = _span(now, [opens.point for opens, _ in stretches])
    turning = [answer for stretch in stretches for answer in stretch if answer and low <= answer.point <= high]
    names = ("equity", required)
    around = [x for answer in turning for x in (answer.before, answer.point)]
    cuts = [x for name in names for x in _cuts(Question(evaluated, name, pool.number, unknown), low, high)]
    points = _points(low, high, [now, *around], cuts)
    found = list(_along(evaluated.walk, unknown, points, tuple((name, pool.number) for name in names)))
    lines = tuple(Line(_said(name), _runs(points, [at[k] for at in found])) for k, name in enumerate(names))
    name = evaluated.rows.markets[market]
    marks = [Mark(now, f"mark {say.money(now)}", "now")]
    marks += [Mark(answer.point, f"{_turned(answer)} {answer.sign} {say.money(answer.point)}", "turn") for answer in turning]
    equity = pool.value("equity")
    dots = ((now, to_fraction(equity)),) if isinstance(equity, tuple) else ()
    turns = "; ".join(mark.text for mark in marks[1:]) or "they do not cross here"
    said = f"Equity and {_said(required)} against the mark of {name}, all else held: {marks[0].text}; {turns}."
    return Picture(
        title=f"Equity and {_said(required)} against the mark of {name}", said=said, x_name=f"mark of {name}",
        y_name=pool.pool.settle, x_range=(low, high), lines=lines, marks=tuple(marks), dots=dots,
        zones=_zones(stretches, pool.value("liquidate") is True, low, high),
    )  # fmt: skip


def _span(now: Fraction, prices: list[Fraction]) -> tuple[Fraction, Fraction]:
    """From the mark to the nearest liquidation prices, with room on both sides."""
    near = [price for price in prices if now * NEAR <= price <= now * FAR]
    ends = [
        now,
        *(price for price in (max((p for p in near if p < now), default=None), min((p for p in near if p > now), default=None)) if price),
    ]
    room = (max(ends) - min(ends)) * Fraction(2, 5) or now / 4
    return max(min(ends) - room, now / 100), max(ends) + room


def _zones(
    stretches: list[tuple[Answer, Answer | None]], holds: bool, low: Fraction, high: Fraction
) -> tuple[tuple[Fraction, Fraction], ...]:
    """The stretches where it is liquidatable: those found, or what they leave where it is so now."""
    found = sorted(_ends(opens, closes, low, high) for opens, closes in stretches if holds or not opens.fault)
    inside = [(max(a, low), min(b, high)) for a, b in found if a < high and b > low]
    if not holds:
        return tuple(inside)
    edges = [low, *(edge for zone in inside for edge in zone), high]
    return tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b)


def _ends(opens: Answer, closes: Answer | None, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    far = closes.before if closes else (max(high, opens.point) if opens.direction > 0 else min(low, opens.point))
    return min(opens.point, far), max(opens.point, far)


def _turned(answer: Answer) -> str:
    return "undecided" if answer.fault else "liquidated" if answer.value is True else "healthy"


# -- margin against notional -------------------------------------------------------------------------


def margin_picture(pool: PoolExplanation, leg: int) -> Picture | None:
    """The maintenance margin of one leg as its size grows at this mark, the tiers marked."""
    evaluated, name = pool.evaluated, "position_maintenance"
    if not (pool.has(name) and pool.has("tier") and pool.has("notional")):
        return None
    notional = evaluated.value("notional", evaluated.row_of("notional", leg))
    margin = evaluated.value(name, evaluated.row_of(name, leg))
    tier = evaluated.value("tier", evaluated.row_of("tier", leg))
    if not isinstance(notional, tuple) or not isinstance(margin, tuple) or isinstance(tier, Fault) or not notional[0]:
        return None
    unknown, here = _size(pool, leg), to_fraction(notional)
    assert unknown.start is not None
    question = Question(evaluated, "tier", evaluated.row_of("tier", leg), unknown)
    bounds = [cut for cut in question.condition.cuts if cut > 0]
    furthest = _furthest(unknown.start, bounds)
    inside = [cut for cut in bounds if cut < furthest][:MOST_CUTS]
    figures = (("notional", evaluated.row_of("notional", leg)), (name, evaluated.row_of(name, leg)))
    points = _points(Fraction(0), furthest, [unknown.start], inside)
    drawn = _drawn(_along(evaluated.walk, unknown, points, figures))
    edges = [x for x, _ in _drawn(_along(evaluated.walk, unknown, inside, figures))]
    numbers = [question.oracle((a + b) / 2) for a, b in pairwise([Fraction(0), *inside, furthest])]
    stretches = pairwise([drawn[0][0], *edges, drawn[-1][0]])
    tiers = tuple((a, b, str(k + 1)) for (a, b), k in zip(stretches, numbers, strict=False) if isinstance(k, int))
    market = _leg_said(pool, leg)
    said = (
        f"The maintenance margin of {market} against its notional at this mark: {say.money(margin)} at {say.money(notional)}, "
        f"in tier {tier + 1}; tiers meet at {', '.join(say.number(edge) for edge in edges) or 'no notional drawn here'}."
    )
    return Picture(
        title=f"Maintenance margin of {market} against notional", said=said, x_name="notional", y_name="maintenance margin",
        x_range=(drawn[0][0], drawn[-1][0]), lines=(Line("maintenance margin", (tuple(drawn),)),),
        marks=(Mark(here, f"notional {say.money(here)}", "now"), *(Mark(edge, say.number(edge), "bound") for edge in edges)),
        dots=((here, to_fraction(margin)),), tiers=tiers,
    )  # fmt: skip


def _leg_said(pool: PoolExplanation, leg: int) -> str:
    """Its market; and which one it is where the pool holds two there."""
    legs = pool.evaluated.rows.legs
    market = legs[leg].market
    return market if sum(legs[k].market == market for k in pool.legs) == 1 else f"{market} ({legs[leg].id})"


def _size(pool: PoolExplanation, leg: int) -> Unknown:
    evaluated = pool.evaluated
    size = to_fraction(evaluated.rows.legs[leg].size)
    grid, stated = step_of(evaluated, evaluated.rows.keys["leg", "market"][leg], "lot")
    return Unknown({("leg", "size"): {leg: X.scale(Fraction(1 if size > 0 else -1))}}, abs(size), grid, stated)


def _furthest(size: Fraction, bounds: list[Fraction]) -> Fraction:
    """Past the position and the bound above it, unless that is far off."""
    above = min((bound for bound in bounds if bound >= size), default=size)
    return max(size * Fraction(7, 5), min(above * Fraction(11, 10), size * 3))


def _drawn(found: Iterable[list[Fraction | None]]) -> list[Point]:
    return [(x, y) for x, y in found if x is not None and y is not None]


# -- points ------------------------------------------------------------------------------------------


def _cuts(question: Question, low: Fraction, high: Fraction) -> list[Fraction]:
    return [cut for cut in question.condition.cuts if low < cut < high][:MOST_CUTS]


def _points(low: Fraction, high: Fraction, exact: Iterable[Fraction], cuts: Iterable[Fraction]) -> list[Fraction]:
    """Evenly spread, the points that matter, and each cut with a close neighbour either side: a jump is drawn as one."""
    close = (high - low) / 10**6
    evenly = (low + (high - low) * k / EVENLY for k in range(EVENLY + 1))
    beside = (x for cut in cuts for x in (cut - close, cut, cut + close))
    return sorted({x for x in (*evenly, *exact, *beside) if low <= x <= high})


def _along(walk: Walk, unknown: Unknown, points: Iterable[Fraction], figures: Figures) -> Iterator[list[Fraction | None]]:
    """What the exact walk gives with the unknown at each point; None where that is a fault."""
    places = [(walk.program.named[name], row) for name, row in figures]
    last = max(k for k, _ in places)
    walk.upto(last)
    for x in points:
        there = walk.changed(moved(walk.frame, unknown.moving, x), last)
        yield [to_fraction(value) if isinstance(value, tuple) else None for value in (there.at(k, row) for k, row in places)]


def _runs(points: list[Fraction], values: list[Fraction | None]) -> tuple[tuple[Point, ...], ...]:
    runs: list[list[Point]] = [[]]
    for x, y in zip(points, values, strict=True):
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x, y))
    return tuple(tuple(run) for run in runs if run)


def _said(name: str) -> str:
    return name.replace("_", " ")
