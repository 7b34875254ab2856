"""What a mark rule means: each leg with its refusals, the price of the legs that can be had, clamp and rounding.

A leg that is missing is an error with a code; `had` turns exactly those codes into a no, so that any
other error (a price whose time was not given) stays one and is never taken for a missing leg.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import reduce

from riskrules.ir import term as t
from riskrules.ir.ops import ROUNDINGS
from riskrules.ir.term import Source, Term
from riskrules.rules import mark_price as m
from riskrules.units import unit as u

Names = dict[str, Term]
Where = Callable[..., Source]

MISSING, TOO_OLD, TOO_THIN, TOO_FEW, UNDECIDED = "RR501", "RR503", "RR533", "RR534", "RR531"
IS_MISSING = (MISSING, TOO_OLD, TOO_THIN, TOO_FEW)
IN_WORDS = {"index_price": "index price", "last_trade": "last trade", "mid_price": "mid price", "book": "order book"}
HINT = "give a fresher one, or see what the rule uses without it"
NONE_LEFT = "give what its legs need: each says what it is missing"


def meaning(rule: m.MarkRule, at: Where) -> Names:
    """`mark_price` of each market, with its legs and what was made of them on the way."""
    legs = {name: _leg(leg).named(name, at("legs", name)) for name, leg in rule.legs.items()}
    price = _without(rule, legs, at)
    named = {"combined_price": price}
    if isinstance(rule.clamp, m.Clamp):
        price = _clamped(rule.clamp, legs, price, at("clamp"))
        named["clamped_price"] = price
    if isinstance(rule.round, m.MarkRounding):
        step = t.given("tick", "market", u.PRICE) if rule.round.to == "tick" else t.constant(rule.round.to, u.PRICE)
        price = t.rounded(price, ROUNDINGS[rule.round.direction], step)
    price = price.named("mark_price", at("round") if rule.round != "none" else at())
    index = next((legs[name] for name, leg in rule.legs.items() if isinstance(leg, m.GivenLeg) and leg.take == "index"), None)
    basis = {} if index is None else {"basis": (price - index).named("basis", at("legs"))}
    return {**legs, **named, "mark_price": price, **basis}


def _without(rule: m.MarkRule, legs: Names, at: Where) -> Term:
    """The price when none is missing, and of each set of missing legs the one that its case names."""
    there = {name: t.had(legs[name], *IS_MISSING) for name in rule.price.legs}
    price = t.fault(
        UNDECIDED, "no case of the rule says what the mark price of {row} is without its missing legs", NONE_LEFT, u.PRICE, "market"
    )
    for k, case in reversed(list(enumerate(rule.if_missing))):
        source = at("if_missing", k)
        if case.missing != m.ANY_OTHER:
            used = _used(rule, case, frozenset(case.missing), legs).named(f"price_without_{'_'.join(case.missing)}", source)
            price = t.choose(_exactly(case.missing, there), used, price)
        elif not isinstance(case.price, str) and case.price.the_rest:
            for gone in rule.sets_of_missing():
                name = f"price_without_{'_'.join(leg for leg in rule.price.legs if leg in gone)}"
                price = t.choose(_exactly(gone, there), _used(rule, case, gone, legs).named(name, source), price)
        else:
            price = _used(rule, case, frozenset(), legs).named("price_otherwise", source)
    return t.choose(reduce(t.both, there.values()), _combined(rule.price, legs), price).named("combined_price", at("price"))


def _exactly(gone: Collection[str], there: Names) -> Term:
    return reduce(t.both, (t.negated(flag) if name in gone else flag for name, flag in there.items()))


def _used(rule: m.MarkRule, case: m.Missing, gone: frozenset[str], legs: Names) -> Term:
    if isinstance(case.price, str):
        return _undecided(case)
    if case.price.at_least is None:
        return _combined(case.price, legs)
    left = [name for name in rule.price.legs if name not in gone]
    return _combined(rule.price, legs, left) if len(left) >= case.price.at_least else _undecided(case)


def _undecided(case: m.Missing) -> Term:
    which = "more legs are missing than the rule can do without" if case.missing == m.ANY_OTHER else f"without {' and '.join(case.missing)}"
    return t.fault(UNDECIDED, f"the mark price of {{row}} is undecided: {which}", NONE_LEFT, u.PRICE, "market")


def _combined(how: m.Combination, legs: Names, only: Collection[str] | None = None) -> Term:
    """The legs put together, or some of them alike."""
    used = {name: legs[name] for name in how.legs if only is None or name in only}
    if how.weighted_mean_of is not None:
        weights = {name: t.constant(weight, u.NUMBER) for name, weight in how.weighted_mean_of.items() if name in used}
        weighted = reduce(lambda x, y: x + y, (used[name] * weight for name, weight in weights.items()))
        return (weighted / reduce(lambda x, y: x + y, weights.values())).shown_as("price")
    if how.median_of is not None and len(used) > 1:
        return t.median(*used.values())
    return reduce(t.smaller if how.smallest_of is not None else t.larger, used.values())


def _clamped(clamp: m.Clamp, legs: Names, price: Term, source: Source) -> Term:
    reference, one, width = legs[clamp.of], t.constant(1, u.RATE), t.constant(clamp.within, u.RATE)
    low, high = reference * (one - width), reference * (one + width)
    kept = t.smaller(t.larger(price, low), high)
    if clamp.if_missing == "not_clamped":
        kept = t.choose(t.had(reference, *IS_MISSING), kept, price)
    return kept.named("clamped_price", source)


def _leg(leg: m.Leg) -> Term:
    """One leg of each market, or the error of why there is none."""
    if isinstance(leg, m.GivenLeg):
        return _given("index_price" if leg.take == "index" else leg.take, leg.too_old)
    if isinstance(leg, m.FundingLeg):
        carried = _figure("funding_rate", u.RATE) * _figure("time_to_funding", u.SECOND) / t.constant(leg.interval, u.SECOND)
        return _given("index_price", leg.too_old) * (t.constant(1, u.RATE) + carried)
    if isinstance(leg, m.BasisLeg):
        return _given("index_price", leg.too_old) + _basis(leg)
    if isinstance(leg, m.ImpactLeg):
        return _guard("book", leg.too_old, _impact_mid(leg))
    return t.median(*(_given(f"perpetual_at_{venue}", leg.too_old, f"price at {venue}") for venue in leg.venues))


def _basis(leg: m.BasisLeg) -> Term:
    name = f"basis_of_{leg.of}"
    samples, least = t.given(f"{name}_samples", "market", u.COUNT), t.constant(leg.samples.right, u.COUNT)
    text = f"the basis of {{row}} rests on {{0}} samples, and the rule needs {leg.samples.comparator.replace('_', ' ')} {{1}}"
    refusal = t.fault(TOO_FEW, text, HINT, u.PRICE, "market", samples, least)
    average = _given(name, leg.too_old, f"{leg.average.replace('_', ' ')} basis")
    return t.choose(t.compare(leg.samples.comparator, samples, least), average, refusal)


def _given(name: str, too_old: m.Age, said: str = "") -> Term:
    return _guard(name, too_old, _figure(name, u.PRICE), said)


def _figure(name: str, unit: u.Unit) -> Term:
    return t.given(name, "market", unit)


def _guard(name: str, too_old: m.Age, price: Term, said: str = "") -> Term:
    """The price, refused when too old."""
    if isinstance(too_old, str):
        return price
    age, limit = _figure(f"{name}_age", u.SECOND), t.constant(too_old.right, u.SECOND)
    text = f"the {said or IN_WORDS[name]} of {{row}} is {{0}} old, the limit is {{1}}"
    refusal = t.fault(TOO_OLD, text, HINT, price.unit, "market", age, limit)
    return t.choose(t.compare(too_old.comparator, age, limit), refusal, price)


def _impact_mid(leg: m.ImpactLeg) -> Term:
    bid, ask = _impact(leg, "bid"), _impact(leg, "ask")
    return t.median(ask, bid)


def _impact(leg: m.ImpactLeg, side: str) -> Term:
    """What the notional fills at on one side of the book, the best price first."""
    price, size = t.given("level_price", "level", u.PRICE), t.given("level_size", "level", u.BASE)
    notional, nothing = t.constant(leg.notional, u.QUOTE), t.constant(0, u.QUOTE)
    here = t.given("level_is_bid", "level", u.FLAG) if side == "bid" else t.negated(t.given("level_is_bid", "level", u.FLAG))
    offered = t.choose(here, (price * size).shown_as("money"), nothing)
    before = t.total_ahead(offered, price if side == "bid" else -price, "market")
    filled = t.smaller(offered, t.larger(notional - before, nothing))
    bought = t.over("total", filled / price, "market")
    depth = t.over("total", offered, "market")
    text = f"the {side}s of {{row}} are worth {{0}}, less than the {{1}} that the rule fills"
    thin = t.fault(TOO_THIN, text, HINT, u.PRICE, "market", depth, notional)
    return t.choose(t.compare("at_or_above", depth, notional), (notional / bought).shown_as("price"), thin).named(f"impact_{side}")
