"""What is not there, as the fault that it becomes: a figure, collateral, or a market of the rulebook."""

from __future__ import annotations

from riskrules.engine.snapshot import OrderInput
from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import MarketPlan, Plan
from riskrules.units import say
from riskrules.units.clock import NANOS, Instant
from riskrules.units.exact import Exact


def absent(name: str, of: str) -> Fault:
    return Fault("RR505", f"{name} of {of} is not given, and the rules need it", f"give {name}; it is never taken as 0")


def no_collateral(asset: str, rulebook: str) -> Fault:
    return Fault("RR506", f"{asset} is not collateral under {rulebook}", "give its weight in the margin file, or leave the balance out")


def market_in(plan: Plan, name: str) -> MarketPlan | Fault:
    """The market, or why the rulebook has none of that name then."""
    found = plan.market(name)
    if found is not None:
        return found
    if name in plan.gone:
        hint = "ask for an earlier time, or close the position in the snapshot"
        return Fault("RR502", f"market {name} was withdrawn on {plan.gone[name]}", hint)
    return Fault("RR502", f"rulebook {plan.rulebook} has no market {name} at this time", _near(plan, name))


def _near(plan: Plan, name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, plan.markets(), 1, 0.8)
    return f"did you mean {near[0]}?" if near else "check the spelling (BASE-QUOTE), the rulebook and the time"


def age(at: Instant | None, now: Instant | None, what: str) -> Exact | Fault:
    """In seconds, where both times are given; what is from the future decides nothing."""
    if at is None or now is None:
        missing = "the time of " + what if at is None else "the time of the snapshot"
        return Fault("RR505", f"{missing} is not given, and its age decides", "give at: with each price and as_of: with the snapshot")
    if now < at:
        text = f"{what} is from {say.number((at - now, NANOS))} s after the snapshot"
        return Fault("RR511", text, "correct the clocks: a price from the future decides nothing")
    return now - at, NANOS


def untold(order: OrderInput, account: str, plan: Plan) -> Fault | None:
    """An order that waits for its trigger, under rules that do not say whether it counts until then."""
    if not order.untriggered or plan.account.untriggered:
        return None
    text = f"{order.id} of {account} waits for its trigger, and {plan.rulebook} does not say whether it counts until then"
    return Fault("RR574", text, "leave it out to see the account without it, or say untriggered: in the orders of the margin file")
