"""The states of an account against the trigger: no account is liquidated in a state that says otherwise.

States and trigger compare the same two figures, the maintenance margin and the equity.  A list of
states may end before liquidation begins; where it goes on, one state begins exactly there, with
equality on the same side.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.versions import Version
from riskrules.units import say

STATES, TRIGGER = "states_by_maintenance_share_of_equity", "liquidate_when"
BEGINS = {"at_or_below": "at_or_above", "below": "above"}  # equity against margin, and margin against equity
NOT_THEN = ("increase", "withdraw")


def prove_states(sections: dict[str, Version]) -> Iterator[Problem]:
    """What the states say against the trigger in force; nothing where there are none."""
    states, trigger = sections[STATES].value, sections[TRIGGER].value.equity
    if isinstance(states, str):
        return
    if trigger.right != "maintenance_margin":
        text = "liquidation begins at the initial margin, and the states go by the maintenance margin"
        yield _problem(sections, 0, text, "write none, or let liquidation begin at the maintenance margin", "none")
        return
    side, begins = BEGINS[trigger.comparator], share_at_trigger(sections)
    beyond = [k for k, state in enumerate(states) if k and state.share >= begins]
    first = beyond[0] if beyond else len(states) - 1
    if beyond and (states[first].share > begins or getattr(states[first], side) is None):
        yield _elsewhere(sections, first, side)
        return
    for k in range(first, len(states)):
        wrong = " and ".join(what for what in NOT_THEN if what in states[k].may)
        if wrong:
            text = f"an account that is being liquidated may be {states[k].state}, which lets it {wrong}"
            yield _problem(sections, k, text, f"take {wrong} out of this state", "reduce, deposit, cancel or nothing")


def share_at_trigger(sections: dict[str, Version]) -> Fraction:
    """The share of maintenance in equity at which liquidation begins: 100%, or 1 by what the margin is multiplied with."""
    times: Fraction | None = sections[TRIGGER].value.times
    return Fraction(1) if times is None else 1 / times


def _elsewhere(sections: dict[str, Version], k: int, side: str) -> Problem:
    """With the account that shows it: between the two where they begin apart, at the margin itself where only the side is wrong."""
    states = sections[STATES].value
    before, state = states[k - 1].state, states[k]
    there = say.rate(share_at_trigger(sections))
    if state.share > share_at_trigger(sections):
        begins = f"liquidation begins at {there} and {state.state} at {say.rate(state.share)}"
        text = f"{begins}: between the two an account is liquidated, and its state is {before}"
    elif side == "at_or_above":
        text = f"at {there} exactly an account is liquidated, and its state is {before}: {state.state} begins above it"
    else:
        text = f"at {there} exactly an account is not liquidated, and its state is {state.state}"
    hint = f"write {side}: {there}, where liquidation begins; or end the list before it"
    return _problem(sections, k, text, hint, f"{side}: {there}")


def _problem(sections: dict[str, Version], k: int, text: str, hint: str, expected: str) -> Problem:
    states, trigger = sections[STATES], sections[TRIGGER]
    at = states.file.at(*states.place, k)
    return Problem("RR235", at, text, hint, expected=expected, labels=((trigger.file.at(*trigger.place), "liquidation begins here"),))
