"""What is not there, as the fault that it becomes: a figure, collateral, or a market of the rulebook."""

from __future__ import annotations

from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import MarketPlan, Plan


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
