"""Which of a market's tables a position is under, while more than one may be in force.

Inside an observed interval nobody knows, and each may be.  While a new table is rolled out it holds for a
position that was opened or added to since it began, and for no other: `increased_at` says which, and without
it both may hold.  An order adds to its position, and is under the new table.
"""

from __future__ import annotations

from collections.abc import Sequence

from riskrules.engine.snapshot import PositionInput
from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import MarketPlan
from riskrules.units import say
from riskrules.units.clock import NANOS, Instant

Places = tuple[int, ...]  # in the tables of a market: the one surely in force is 0


def tables_of(plan: MarketPlan | Fault, legs: Sequence[PositionInput]) -> Places:
    """The tables that may hold of the positions in a market together; of none, as of a position that was not added to."""
    if isinstance(plan, Fault):
        return (0,)
    later, phased = range(1, len(plan.tables)), rolled_out(plan)
    if not phased:
        return (0, *later)
    told = {place for leg in legs if leg.market == plan.name for place in _of_leg(plan, leg.increased_at, phased)} or {0}
    return tuple(sorted(told.union(place for place in later if place not in phased)))


def for_an_order(plan: MarketPlan | Fault, places: Places) -> Places:
    """Of a market with an open order: the newest table that is being rolled out, where one is."""
    phased = () if isinstance(plan, Fault) else rolled_out(plan)
    return phased[-1:] or places


def not_yet(plan: MarketPlan, leg: PositionInput, now: Instant | None) -> Fault | None:
    """A position that was added to later than the snapshot, where that time decides which table holds."""
    if leg.increased_at is None or now is None or leg.increased_at <= now or not rolled_out(plan):
        return None
    text = f"increased_at of {leg.id} is {say.number((leg.increased_at - now, NANOS))} s after the snapshot"
    return Fault("RR511", text, "correct the clocks: what has not happened yet decides nothing")


def rolled_out(plan: MarketPlan) -> Places:
    """The tables that hold for some positions already, and not yet for all."""
    return tuple(place for place, table in enumerate(plan.tables) if place and table and table.phased_from is not None)


def _of_leg(plan: MarketPlan, increased: Instant | None, phased: Places) -> Places:
    """The newest table that had begun when the position was last added to; without that time, each."""
    if increased is None:
        return (0, *phased)
    since = tuple(place for place in phased if (table := plan.tables[place]) and increased >= (table.phased_from or 0))
    return since[-1:] or (0,)
