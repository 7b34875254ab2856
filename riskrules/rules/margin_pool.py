"""What a pool holds besides its positions, what is taken off its equity, and collateral that counts by slices.

A portfolio margin is of the pool and of no position; a debt, a provision or a loss of opening is an
amount of the pool too.  Each is a term of a formula file, so that this says only where it goes.
"""

from __future__ import annotations

from collections.abc import Callable

from riskrules.ir import term as t
from riskrules.ir.term import Source, Term
from riskrules.rules import margin as m
from riskrules.units import unit as u

POOL = ("pool",)
EITHER = ("leg", "position", "pool")
Formulas = Callable[..., Term]


def whole(rule: m.Formula | m.OfPortfolio, formulas: Formulas, together: Term | None) -> Term:
    """The margin of a pool as a whole: a formula's, or a share of what the portfolio requires of its positions together."""
    if isinstance(rule, m.Formula):
        return formulas(rule.formula, POOL)
    assert together is not None, "asked for where there is a portfolio"
    return together if rule.portfolio == 1 else (together * t.constant(rule.portfolio, u.RATE)).shown_as("money")


def less(equity: Term, rule: m.Equity, formulas: Formulas) -> Term:
    """The equity, and what is taken off it."""
    return equity if rule.less is None else equity - formulas(rule.less.formula, POOL)


def of_no_position(notional: Term) -> Term:
    """A margin that positions do not have: 0 of each, so that a pool's sum is there."""
    return notional * t.constant(0, u.RATE)


def liquidation_margin(trigger: m.Trigger, margin: Term, at: Callable[..., Source]) -> Term | None:
    """The margin times the trigger's factor; None where the margin itself is compared."""
    if trigger.times is None:
        return None
    return (margin * t.constant(trigger.times, u.RATE)).shown_as("money").named("liquidation_margin", at("liquidate_when"))


def by_slices(held: Term, index_price: Term | None) -> Term:
    """What counts of a balance: each slice of it, or of its value, at the slice's own share; a debt at its one weight.

    A plain weight is one slice without an end.  In the pool of the balance's own asset there is no price,
    and an amount is a value.
    """
    slices, owed = t.given("weight_slices", "asset", u.TABLE), held * t.given("owed_weight", "asset", u.RATE)
    counted = t.sliced(held, slices)
    if index_price is None:
        counted, owed = t.as_unit(counted, u.SETTLE), t.as_unit(owed, u.SETTLE)
    else:
        price = t.choose(t.given("is_settle", "asset", u.FLAG), t.constant(1, u.SETTLE_PRICE), index_price)
        of_value = t.sliced((held * price).shown_as("money"), slices)
        counted = t.choose(t.given("slices_of_value", "asset", u.FLAG), of_value, (counted * price).shown_as("money"))
        owed = (owed * price).shown_as("money")
    return t.choose(t.compare("at_or_above", held, t.constant(0, u.BASE)), counted, owed)
