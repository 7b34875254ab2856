"""A mark price worked out from given legs, market by market: the program of its rule walked over one row.

What a rule needs and the legs do not hold is an error with a code in its own cell; the rule says which
of these count as a missing leg.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from riskrules.engine.mark_input import Legs, MarkInput
from riskrules.engine.missing import market_in
from riskrules.ir.fault import Fault
from riskrules.ir.frame import Column, Frame
from riskrules.ir.program import Program
from riskrules.ir.walk import Walk
from riskrules.rulebook.plan import MarketPlan, Plan
from riskrules.units import say
from riskrules.units.clock import NANOS, Instant

NAMES = {"index_price": "index price", "last_trade": "last trade", "mid_price": "mid price", "book": "order book"}


class Marked(NamedTuple):
    """One market's mark: the walk that led to it, or why there was none to walk."""

    market: str
    rule: str
    walk: Walk | None
    value: Any  # an exact price, or a fault
    said: dict[str, str] = {}  # of each leg what is stated and not run  # noqa: RUF012


def marked(plan: Plan, given: MarkInput, only: str | None = None) -> list[Marked]:
    """Every market of the input, or one of them."""
    programs: dict[str, Program] = {}
    out = []
    for market, legs in given.markets.items():
        if only not in (None, market):
            continue
        rule, known = plan.beside.mark_rule_of.get(market, plan.beside.mark_rule_of.get("", "")), market_in(plan, market)
        if isinstance(known, Fault) or not rule:
            hint = "add a mark_price file with every_market, or give the market a rule"
            none = Fault("RR535", f"rulebook {plan.rulebook} has no mark rule for {market}", hint)
            out.append(Marked(market, rule, None, known if isinstance(known, Fault) else none))
            continue
        program = programs.setdefault(rule, plan.beside.program(f"mark {rule}"))
        walk = Walk(program, _frame(program, known, legs, given.as_of))
        out.append(Marked(market, rule, walk, walk.value("mark_price", 0), plan.beside.said[f"mark {rule}"]))
    return out


def _frame(program: Program, market: MarketPlan, legs: Legs, as_of: Instant | None) -> Frame:
    levels = [f"{'bid' if level.is_bid else 'ask'} {say.number(level.price)}" for level in legs.levels]
    held: dict[tuple[str, str], Column] = {}
    for rows, name in program.needs:
        if rows == "level":
            held[rows, name] = [getattr(level, name.removeprefix("level_")) for level in legs.levels]
        else:
            held[rows, name] = [_cell(name, market, legs, as_of)]
    keys = {("level", "market"): [0] * len(levels)}
    return Frame({"market": [market.name], "level": levels}, keys, held)


def _cell(name: str, market: MarketPlan, legs: Legs, as_of: Instant | None) -> Any:
    if name in legs.figures:
        return legs.figures[name]
    if name == "tick":
        return legs.tick or market.tick or Fault("RR505", f"the tick of {market.name} is not stated", "give it in the contracts file")
    if name == "time_to_funding":
        return _between(as_of, legs.times.get("funding"), f"the time to the next funding of {market.name}", "next_at")
    if name.endswith("_age"):
        what = name.removesuffix("_age")
        there = what in legs.times or what in legs.figures or (what == "book" and legs.levels)
        if not there:
            return _missing(what, market.name)
        return _between(legs.times.get(what), as_of, f"the age of the {said(what)} of {market.name}", "at")
    return _missing(name, market.name)


def _between(start: Instant | None, end: Instant | None, what: str, field: str) -> Any:
    if start is None or end is None:
        return Fault("RR505", f"{what} cannot be known: a time is not given", f"give {field} with it, and as_of with the input")
    if end < start:
        return Fault(
            "RR511", f"{what} is {say.number((start - end, NANOS))} s below 0", "correct the clocks: nothing is decided with these times"
        )
    return end - start, NANOS


def said(name: str) -> str:
    """`index price`, `price at binance`, `basis of mid price`."""
    plain = name.removesuffix("_samples").replace("perpetual_at_", "price_at_")
    return NAMES.get(plain, plain.replace("_", " "))


def _missing(name: str, market: str) -> Fault:
    return Fault("RR501", f"the {said(name)} of {market} is missing", "give it, or see what the rule uses without it")
