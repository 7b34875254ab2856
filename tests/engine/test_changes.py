"""Where a verdict changes: known cases, then random accounts against a scan of every grid point."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from riskrules.engine import changes
from riskrules.engine import pieces as p
from riskrules.engine.changes import Change, Contradiction, Stretch, TooFine, all_changes, first_change
from riskrules.engine.pieces import Comparator, Domain, Pieces
from riskrules.engine.poly import X, constant_poly, poly, roots
from riskrules.ir.fault import Fault

F = Fraction
Way = Literal[1, -1]


TOO_LARGE = Fault("RR504", "the size is above the last cap of its table")


@dataclass(frozen=True)
class Account:
    """One position whose mark is the unknown; `others` is the margin that does not move with it."""

    size: Fraction  # contracts of one base (linear) or of one quote (inverse)
    entry: Fraction
    wallet: Fraction
    others: Fraction
    inverse: bool
    caps: tuple[Fraction, ...]
    rates: tuple[Fraction, ...]
    amounts: tuple[Fraction, ...]
    cap_inclusive: bool
    above_last: Literal["last_tier", "error"]
    quantum: Fraction | None
    trigger: Comparator

    def decide(self, mark: Fraction) -> object:
        """The reference: plain arithmetic at one mark."""
        value = 1 / mark if self.inverse else mark
        notional = abs(self.size) * value
        profit = self.size * (1 / self.entry - value) if self.inverse else self.size * (mark - self.entry)
        tier = (bisect_left if self.cap_inclusive else bisect_right)(self.caps, notional)
        if tier == len(self.caps):
            if self.above_last == "error":
                return TOO_LARGE
            tier -= 1
        maintenance, equity = notional * self.rates[tier] - self.amounts[tier], self.wallet + profit
        if self.quantum:
            maintenance, equity = ceil(maintenance / self.quantum) * self.quantum, floor(equity / self.quantum) * self.quantum
        return equity < maintenance + self.others if self.trigger == "below" else equity <= maintenance + self.others

    def margins(self, domain: Domain) -> tuple[Pieces, Pieces]:
        """Equity and maintenance, not yet rounded."""
        value = poly({-1: F(1)}) if self.inverse else X
        moved = constant_poly(1 / self.entry) - value if self.inverse else value - constant_poly(self.entry)
        notional = p.unknown(value.scale(abs(self.size)), domain)
        tier = p.bracket(notional, self.caps, self.cap_inclusive)
        rate, amount = (p.pick(tier, [*column, self.above(column[-1])]) for column in (self.rates, self.amounts))
        return p.unknown(constant_poly(self.wallet) + moved.scale(self.size), domain), p.sub(p.mul(notional, rate), amount)

    def above(self, last: Fraction) -> object:
        return last if self.above_last == "last_tier" else TOO_LARGE

    def verdict(self, domain: Domain) -> Pieces:
        equity, maintenance = self.margins(domain)
        if self.quantum:
            equity, maintenance = p.rounded(equity, self.quantum, "down"), p.rounded(maintenance, self.quantum, "up")
        return p.compare(equity, p.sum_of([maintenance, p.constant(self.others, domain)], domain), self.trigger)

    def breaks(self, low: Fraction, high: Fraction) -> list[Fraction]:
        """Where equity or maintenance passes a quantum."""
        assert self.quantum
        found: list[Fraction] = []
        for figure in self.margins(Domain(F(1), low, high)):
            for from_, to, part in figure.spans():
                if not isinstance(part, p.Piece) or to is None:
                    continue
                ends = sorted((part.poly.at(from_), part.poly.at(to)))
                quanta = [self.quantum * k for k in range(ceil(ends[0] / self.quantum), floor(ends[1] / self.quantum) + 1)]
                found += [r.low for q in quanta for r in roots(part.poly - constant_poly(q), from_, to, F(1))]
        return found


def account(
    size: int | str = 1, entry: int = 10_000, wallet: int | str = 500, caps: tuple[int, ...] = (10**9,), rates: tuple[str, ...] = ("5%",),
    quantum: str | None = None, trigger: Comparator = "at_or_below", inverse: bool = False, inclusive: bool = True,
) -> Account:  # fmt: skip
    exact = tuple(F(r.rstrip("%")) / 100 for r in rates)
    return Account(
        F(size), F(entry), F(wallet), F(0), inverse, tuple(map(F, caps)), exact, (F(0),) * len(exact), inclusive, "last_tier",
        F(quantum) if quantum else None, trigger,
    )  # fmt: skip


def turn(a: Account, start: int | str, way: Way, grid: int | str = 1, limit: int | None = None) -> tuple[object, ...] | None:
    """(point, before) of the first change."""
    found = first_change(a.verdict(Domain(F(grid))), F(start), F(grid), a.decide, way, None if limit is None else F(limit))
    return (found.point, found.before) if found else None


TWICE = account(wallet="800.2", caps=(10_222, 10**9), rates=("5%", "20%"), inclusive=False)

TURNS = [
    (account(), "10000", -1, "1", None, "at the requirement already, and worse below: nothing changes"),
    (account(wallet=1000), "10000", -1, "1", (9_473, 9_474), "9,473.68… : the tick below it triggers, the one above does not"),
    (account(wallet=975), "10000", -1, "1", (9_500, 9_501), "equal on a tick triggers, since equality falls on the trigger's side"),
    (account(wallet=975, trigger="below"), "10000", -1, "1", (9_499, 9_500), "and does not where equality is healthy"),
    (account(wallet=1000), "10000", 1, "1", None, "a long does not trigger above its mark, however far"),
    (account(size=-1, wallet=1000), "10000", 1, "1", (10_477, 10_476), "a short does"),
    (account(size=-1, wallet=1000), "10476.1", 1, "1", (10_477, F("10476.1")), "off the grid the neighbour before may be the start itself"),
    (account(wallet=1000), "10000", -1, "0.1", (F("9473.6"), F("9473.7")), "a finer tick, a closer answer"),
    (account(size=1, entry=100, wallet="0.001", inverse=True), "100", -1, "1", (95, 96), "inverse: 0.011 - 1/x <= 0.05/x up to 95.45"),
    (TWICE, "10000", -1, "1", (9_684, 9_685), "whole-position tiers: a long triggers below"),
    (TWICE, "10000", 1, "1", (10_222, 10_221), "and again where its own notional reaches the next tier"),
]  # fmt: skip


@pytest.mark.parametrize("a, start, way, grid, expected, why", TURNS)
def test_first_change(a: Account, start: str, way: Way, grid: str, expected: tuple[Fraction, Fraction] | None, why: str) -> None:
    assert turn(a, start, way, grid) == expected, why


def test_all_changes_says_where_a_stretch_ends() -> None:
    (stretch,) = all_changes(TWICE.verdict(Domain(F(1))), F(10_000), F(1), TWICE.decide, 1)
    assert stretch.opens == Change(F(10_222), F(10_221), True, False)
    assert stretch.closes == Change(F(11_500), F(11_499), False, True), "equity outgrows the higher rate: 11,499.75"


def test_an_irrational_crossing_is_settled_by_asking_within_its_sliver() -> None:
    """x squared passes 200 at 14.142…, and the sliver may be as wide as a grid step."""
    line = Domain(F(1, 4))
    square = p.compare(p.unknown(X * X, line), p.constant(F(200), line), "below")
    found = first_change(square, F(1), F(1, 4), lambda x: x * x < 200, 1)
    assert found == Change(F("14.25"), F(14), False, True)


def test_a_limit_is_part_of_the_walk_and_nothing_beyond_it() -> None:
    a = account(wallet=1000)
    assert turn(a, 10_000, -1, limit=9_473) == (9_473, 9_474)
    assert turn(a, 10_000, -1, limit=9_474) is None
    short = account(size=-1, wallet=1000)
    assert turn(short, 10_000, 1, limit=10_477) == (10_477, 10_476)
    assert turn(short, 10_000, 1, limit=10_476) is None


def test_the_ends_of_the_domain_are_part_of_the_walk() -> None:
    a = account(wallet=1000)
    found = first_change(a.verdict(Domain(F(1), low=F(9_473))), F(10_000), F(1), a.decide, -1)
    assert found is not None
    assert found.point == 9_473


def test_an_uncertain_stretch_is_asked_from_the_start_outwards() -> None:
    condition = p.constant(None, Domain(F(1), high=F(20)))
    assert first_change(condition, F(15), F(1), lambda mark: mark > 12 or mark < 5, -1) == Change(F(12), F(13), False, True)


def test_a_start_outside_the_domain_is_refused() -> None:
    a = account()
    with pytest.raises(ValueError, match="outside the domain"):
        first_change(a.verdict(Domain(F(1), F(1), F(9_000))), F(10_000), F(1), a.decide, -1)


def test_a_certain_stretch_is_asked_once() -> None:
    asked: list[Fraction] = []

    def oracle(mark: Fraction) -> object:
        asked.append(mark)
        return account(wallet=1000).decide(mark)

    first_change(account(wallet=1000).verdict(Domain(F(1))), F(10_000), F(1), oracle, -1)
    assert len(asked) <= 4, "the start, the nearest point of each stretch, and the neighbour of the change"


def test_an_evaluator_that_contradicts_a_proof_is_our_bug() -> None:
    a = account(wallet=1000)
    with pytest.raises(Contradiction):
        first_change(a.verdict(Domain(F(1))), F(10_000), F(1), lambda mark: False, -1)


TINY = account(size="0.000001", wallet="0.0006", quantum="0.01")  # a quantum is 10,000 in price


def test_a_stretch_too_fine_to_scan_is_an_error_with_its_region() -> None:
    with pytest.raises(TooFine) as raised:
        first_change(TINY.verdict(Domain(F("0.1"))), F(20_000), F(2), TINY.decide, -1)
    assert raised.value.low < 20_000


def test_breaks_stand_in_for_a_scan_of_a_fine_stretch() -> None:
    found = first_change(TINY.verdict(Domain(F(2))), F(20_000), F(2), TINY.decide, -1, breaks=TINY.breaks)
    scanned = next((F(2 * k) for k in range(9_999, 0, -1) if TINY.decide(F(2 * k)) != TINY.decide(F(20_000))), None)
    assert (found.point if found else None) == scanned


def test_breaks_that_do_not_say_all_are_noticed() -> None:
    """Asked on both sides of a change, the evaluator contradicts a promise that nothing changes between breaks."""
    condition = p.constant(None, Domain(F(1), high=F(10_000)))
    with pytest.raises(Contradiction):
        first_change(condition, F(10_000), F(1), lambda mark: mark > 5_500, -1, breaks=lambda low, high: [F(5_000)])


# Random accounts against a scan of every grid point

POINTS = 60
starts = st.fractions(F(1, 2), 60, max_denominator=4)
rate = st.sampled_from(["0.4%", "1%", "2.5%", "5%", "10%", "12.5%", "20%", "40%"]).map(lambda r: F(r.rstrip("%")) / 100)


def marginal_amounts(caps: list[Fraction], rates: list[Fraction]) -> list[Fraction]:
    """What each tier takes off so that the tiers meet."""
    amounts = [F(0)]
    for k, cap in enumerate(caps[:-1]):
        amounts.append(amounts[-1] + cap * (rates[k + 1] - rates[k]))
    return amounts


@st.composite
def cases(draw: st.DrawFn) -> tuple[Account, Fraction]:
    """An account and a start: at its requirement near one mark, and a cap a few marks on, so that tiers decide, often twice."""
    inverse = draw(st.booleans())
    size, entry, near = F(draw(st.sampled_from([-7, -3, -1, 1, 2, 5]))), F(draw(st.integers(4, 50))), F(draw(st.integers(8, 40)))
    further = max(F(1), near + draw(st.integers(1, 8)) * (1 if size > 0 else -1))
    value, unit = (1 / near, F(1, 20)) if inverse else (near, F(1))  # a coin's worth of contracts is a small number
    caps = [F(cap) * unit for cap in draw(st.lists(st.integers(1, 240), max_size=3))]
    caps = sorted([*caps, abs(size) / further if inverse else abs(size) * further])
    rates = sorted(draw(st.lists(rate, min_size=len(caps), max_size=len(caps))))
    amounts = draw(st.sampled_from([marginal_amounts(caps, rates), [F(0)] * len(caps)]))
    tier = min(bisect_left(caps, abs(size) * value), len(caps) - 1)
    profit = size * (1 / entry - value) if inverse else size * (near - entry)
    spare = draw(st.fractions(-1, 1, max_denominator=4)) * unit
    drawn = Account(
        size, entry, abs(size) * value * rates[tier] - amounts[tier] - profit + spare,
        others=draw(st.sampled_from([F(0), F(1, 4)])) * unit, inverse=inverse,
        caps=tuple(caps), rates=tuple(rates), amounts=tuple(amounts), cap_inclusive=draw(st.booleans()),
        above_last=draw(st.sampled_from(["last_tier", "error"])), quantum=draw(st.sampled_from([None, F(1, 100), F(1, 4)])),
        trigger=draw(st.sampled_from(["below", "at_or_below"])),
    )  # fmt: skip
    return drawn, draw(st.sampled_from([near, (near + further) / 2]) | starts)


@st.composite
def twice(draw: st.DrawFn) -> tuple[Account, Fraction, Way]:
    """Whole-position tiers: healthy at the start, triggering where its own notional reaches the dearer tier, healthy again beyond."""
    inverse, near, step = draw(st.booleans()), F(draw(st.integers(20, 34))), draw(st.integers(1, 3))
    way: Way = -1 if inverse else 1  # the side of profit is the side on which the notional grows
    size = F(way * draw(st.integers(1, 7)))
    value, further = (1 / near, 1 / (near - step)) if inverse else (near, near + step)
    low, high = F(draw(st.sampled_from([1, 5])), 100), F(draw(st.sampled_from([30, 40])), 100)
    drawn = Account(
        size, near, abs(size) * value * low + abs(size) * value * draw(st.sampled_from([F(0), F(1, 100)])), F(0), inverse,
        (abs(size) * further, F(10**6)), (low, high), (F(0), F(0)), draw(st.booleans()), "last_tier", None, "below",
    )  # fmt: skip
    return drawn, near, way


def scanned(a: Account, start: Fraction, grid: Fraction, way: Way) -> list[tuple[Fraction, object]]:
    """Every grid point beyond the start, nearest first, with the reference's word."""
    points = [k * grid for k in range(1, POINTS + 1) if (k * grid - start) * way > 0]
    return [(mark, a.decide(mark)) for mark in points[::way]]


def told(stretches: list[Stretch]) -> list[Change]:
    """Each change once: where one stretch follows another, the first closes where the second opens."""
    every = [change for stretch in stretches for change in (stretch.opens, stretch.closes) if change]
    return list(dict.fromkeys(every))


def expected_changes(a: Account, start: Fraction, grid: Fraction, way: Way) -> list[Change]:
    before, value_before = start, a.decide(start)
    found = []
    for mark, value in scanned(a, start, grid, way):
        if value != value_before:
            found.append(Change(mark, before, value, value_before))
        before, value_before = mark, value
    return found


grids = st.sampled_from([F(1), F(1, 2), F(3, 4)])
ways: st.SearchStrategy[Way] = st.sampled_from([1, -1])


@settings(max_examples=200, deadline=None)
@given(cases(), grids, ways)
def test_changes_are_those_of_a_scan(case: tuple[Account, Fraction], grid: Fraction, way: Way) -> None:
    a, start = case
    assume(grid <= start <= POINTS * grid)
    limit = POINTS * grid if way > 0 else grid
    verdict, expected = a.verdict(Domain(grid, high=F(60))), expected_changes(a, start, grid, way)
    assert first_change(verdict, start, grid, a.decide, way, limit) == next(iter(expected), None)
    stretches = all_changes(verdict, start, grid, a.decide, way, limit)
    assert told(stretches) == expected


@settings(max_examples=60, deadline=None)
@given(twice(), grids)
def test_a_second_trigger_is_found_and_its_end(case: tuple[Account, Fraction, Way], grid: Fraction) -> None:
    a, start, way = case
    limit = POINTS * grid if way > 0 else grid
    assume(start <= POINTS * grid)
    expected = expected_changes(a, start, grid, way)
    event("opens and closes" if len(expected) == 2 else "cut off by the scan or between its points")
    stretches = all_changes(a.verdict(Domain(grid, high=F(60))), start, grid, a.decide, way, limit)
    assert told(stretches) == expected


@settings(max_examples=40, deadline=None)
@given(cases(), ways)
def test_breaks_change_no_answer(case: tuple[Account, Fraction], way: Way) -> None:
    (a, start), grid = case, F(1, 2)
    assume(a.quantum is not None and grid <= start <= POINTS * grid)
    limit = POINTS * grid if way > 0 else grid
    condition = p.constant(None, Domain(grid, F(1, 4), F(60)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "MOST_POINTS", 0)
        patch.setattr(changes, "MOST_BREAKS", 10**6)
        found = first_change(condition, start, grid, a.decide, way, limit, a_breaks(a))
    assert found == next(iter(expected_changes(a, start, grid, way)), None)


def a_breaks(a: Account) -> Callable[[Fraction, Fraction], list[Fraction]]:
    """Quanta, and the edges of tiers, where maintenance jumps."""
    return lambda low, high: [*a.breaks(low, high), *a.margins(Domain(F(1), low, high))[1].cuts]
