"""Questions asked of rates that rise with a square root: the bounds of a root hold, and prices turn where the textbook's do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskrules
from riskrules.engine import bends
from riskrules.engine import pieces as p
from riskrules.engine.ask import balance_answer, price_answers, size_answer
from riskrules.engine.pieces import Domain, Piece
from riskrules.engine.poly import constant_poly, poly
from tests.places import BOOKS
from tests.reference.roots import root_down, root_nearest, root_up

ROOTS = {
    "root_up": root_up,
    "root_down": root_down,
    "root_half_up": lambda x, step: root_nearest(x, step, to_even=False),
    "root_half_even": lambda x, step: root_nearest(x, step, to_even=True),
}
ABOVE_0 = st.fractions(min_value=Fraction(1, 1000), max_value=10**6, max_denominator=10**6)
AS_OF = "2026-02-01T00:00:00Z"


@settings(deadline=None)
@given(st.sampled_from(sorted(ROOTS)), ABOVE_0, st.sampled_from((-1, 1)), ABOVE_0, ABOVE_0, st.sampled_from((1, Fraction(1, 100))))
def test_a_root_is_within_its_bounds(op: str, factor: Fraction, power: int, end: Fraction, share: Fraction, step: Fraction) -> None:
    domain = Domain(Fraction(1, 1000), Fraction(0), end)
    at = end * share / (share + 1)  # anywhere between 0 and the end
    made = bends.root(p.unknown(poly({power: factor}), domain), op, step)
    (part,) = [part for low, high, part in made.spans() if low < at < (high or at + 1)] or [None]
    if isinstance(part, Piece):
        true = ROOTS[op](factor * at**power, Fraction(step))
        assert part.poly.at(at) + part.slack_low <= true <= part.poly.at(at) + part.slack_high


def test_most_of_a_long_stretch_is_bounded_to_a_share_of_the_root() -> None:
    made = bends.root(p.unknown(poly({1: Fraction(1)}), Domain(Fraction(1), Fraction(0), Fraction(10**6))), "root_down", Fraction(1, 10**9))
    spans = [(low, part) for low, _, part in made.spans() if low > 1]
    assert len(spans) > 15
    assert all(isinstance(part, Piece) and part.slack_high < root_down(low, Fraction(1, 1000)) / 40 for low, part in spans)


@pytest.mark.parametrize(
    "under, comes_to, why",
    [
        (constant_poly(Fraction(2)), Fraction("1.41"), "what does not move has its own root"),
        (constant_poly(Fraction(-2)), "RR509", "and an error below 0"),
        (poly({0: Fraction(-5), 1: Fraction(1)}), None, "what may be below 0 is for the evaluator"),
        (poly({1: Fraction(1), 3: Fraction(1)}), None, "and what may turn more than once"),
    ],
)
def test_what_else_may_stand_under_it(under: Any, comes_to: Any, why: str) -> None:
    made = bends.root(p.unknown(under, Domain(Fraction(1), Fraction(1), Fraction(2))), "root_down", Fraction(1, 100))
    (part,) = set(made.parts)
    said = part.poly.at(Fraction(1)) if isinstance(part, Piece) else getattr(part, "code", part)
    assert said == comes_to, why


@pytest.mark.parametrize("turns_at", [Fraction(3, 2), Fraction(1), Fraction(9), Fraction(-2)], ids=str)
def test_a_square_is_bounded_on_both_sides_of_its_turn(turns_at: Fraction) -> None:
    square = poly({0: turns_at**2 + 2, 1: -2 * turns_at, 2: Fraction(1)})
    made = bends.root(p.unknown(square, Domain(Fraction(1, 100), Fraction(1), Fraction(2))), "root_down", Fraction(1, 1000))
    for k in range(1, 100):
        at = 1 + Fraction(k, 100) + Fraction(1, 777)
        part = next(part for low, high, part in made.spans() if low < at and (high is None or at < high))
        assert isinstance(part, Piece)
        found = root_down(square.at(at), Fraction(1, 1000))
        assert part.poly.at(at) + part.slack_low <= found <= part.poly.at(at) + part.slack_high, at


def liquidatable(balance: Fraction, size: Fraction, entry: Fraction, mark: Fraction) -> bool:
    """By hand: 2%, or a ten-thousandth by the root of the notional, rounded up to a millionth, where that is more."""
    notional = abs(size) * mark
    rate = max(Fraction("0.02"), Fraction("0.0001") * root_up(notional, Fraction("0.000001")))
    return balance + size * (mark - entry) < notional * rate


@pytest.mark.parametrize(
    "balance, size, entry, mark, why",
    [
        ("9000", "1", "63000", "64000", "the root decides: 64,000 needs 2.53%"),
        ("300", "0.1", "63000", "63500", "the base decides"),
        ("9000", "-1", "63000", "64000", "a short"),
        ("200000", "-40", "64000", "63000", "a large one, at 16%"),
        ("1500", "1", "63000", "62000", "liquidatable now"),
    ],
)
def test_a_price_turns_where_the_textbook_s_does(balance: str, size: str, entry: str, mark: str, why: str) -> None:
    leg = {"id": "p", "market": "BTC-USDC", "mode": "cross", "size": size, "entry_price": entry, "leverage": "5"}
    shot = {"markets": {"BTC-USDC": {"mark_price": mark}}, "accounts": [{"id": "a", "collateral": {"USDC": balance}, "positions": [leg]}]}
    (pool,) = riskrules.load(BOOKS / "square-root-rate", as_of=AS_OF).explain({"as_of": AS_OF, **shot}).pools
    figures = Fraction(balance), Fraction(size), Fraction(entry)
    now = liquidatable(*figures, Fraction(mark))
    assert (pool.decision == "liquidate") == now, why
    answers = price_answers(pool.evaluated, pool.number, 0, "liquidate")
    assert answers, why
    for answer in answers:
        assert abs(answer.point - answer.before) == Fraction("0.01")
        assert (liquidatable(*figures, answer.before), liquidatable(*figures, answer.point)) == (now, not now), why
        between = [Fraction(mark) + (answer.before - Fraction(mark)) * k / 50 for k in range(51)]
        assert {liquidatable(*figures, price) for price in between} == {now}, "it turns nowhere before"
    paid = balance_answer(pool.evaluated, pool.number)
    assert paid is not None
    assert liquidatable(figures[0] + (paid.point if now else -paid.point), *figures[1:], Fraction(mark)) is not now
    if now:
        left = size_answer(pool.evaluated, 0)
        assert left is not None
        closed = [figures[0] + (figures[1] - size) * (Fraction(mark) - figures[2]) for size in (left.before, left.point)]
        assert [
            liquidatable(wallet, size, figures[2], Fraction(mark)) for wallet, size in zip(closed, (left.before, left.point), strict=True)
        ] == [True, False]
