"""What the margin rules of a book say, section by section, and the small things that all their meanings use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from riskrules.ir import term as t
from riskrules.ir.ops import ROUNDINGS
from riskrules.ir.term import Source, Term
from riskrules.rules import margin as m
from riskrules.units import unit as u

Names = dict[str, Term]
Where = Callable[..., Source]
Formulas = Callable[..., Term]  # by name, and the rows that the margin is of where that is no position or leg
Pooled = Callable[[str, Names], Term]  # a formula of each pool, over these names
POOL_MARGINS = ("initial_margin", "maintenance_margin")

NOTHING = t.constant(0, u.SETTLE)
# Asked of an order, not decided of a pool.
OF_ORDERS = frozenset(("exposure", "size_allowed", "leverage_allowed", "margin_allows", "account_allows", "may_open"))


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections in force, each with a way to say where it stands."""

    account: m.Account
    equity: m.Equity
    initial_margin: m.Initial
    maintenance_margin: m.Maintenance
    rounding: m.Roundings
    may_increase: m.MayIncrease
    liquidate_when: m.Trigger
    states: tuple[m.ShareState, ...]
    bases: frozenset[tuple[str, str]]  # (lookup, rate_on) of the tier forms in use
    weighted: bool  # some collateral counts for more or less than its face
    sliced: bool  # some collateral has a share for each slice of it
    at: Where
    portfolio: Callable[[Names], tuple[Term, Names]] | None = None  # what positions require together, and what that is made of


def rounded(x: Term, rule: m.Rounding | str) -> Term:
    if isinstance(rule, str):
        return x
    return t.rounded(x, ROUNDINGS[rule.direction], t.constant(rule.to, x.unit.said("number")))
