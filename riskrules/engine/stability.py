"""How steady a requirement is: its largest jumps over size and over price, and what a basis point moves.

Every figure is asked of the engine, on both sides of each bound of the market's table.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.engine.properties import at_mark, scaled, with_positions
from riskrules.engine.snapshot import AccountInput, AssetInput, MarketInput, PositionInput, Snapshot
from riskrules.engine.trial import ID, decided, figure_of
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import Instant
from riskrules.units.exact import Exact, to_exact, to_fraction

BESIDE = Fraction(1, 10**12)  # how far, in its own measure, the other side of a bound is
POINT = Fraction(1, 10_000)
SIZES = (10_000, 100_000, 1_000_000)


class Jump(NamedTuple):
    """From one side of a bound to the other, a hair beside it, less what a hair moves anyway."""

    by: Fraction
    size: Fraction  # the size at which it is
    share: Fraction  # of the requirement before


class PerPoint(NamedTuple):
    """A long of so much notional, and what one basis point down does to what it needs and to its buffer."""

    notional: int
    requirement: Fraction
    requirement_moves: Fraction
    buffer_moves: Fraction


class Stability(NamedTuple):
    market: str
    mark: Fraction
    over_size: Jump | None
    over_price: Jump | None
    points: tuple[PerPoint, ...]


def stability(plan: Plan, when: Instant, name: str, mark: Exact) -> Stability | None:
    """None where the rulebook cannot decide a plain position in the market."""
    one = _Position(plan, when, name, mark)
    unit, value = one.figure("lookup", Fraction(1)) or one.figure("notional", Fraction(1)), one.figure("notional", Fraction(1))
    if not unit or not value:
        return None
    sizes = [cap / abs(unit) for cap in one.caps()]
    over_size = max((jump for size in sizes if (jump := one.jump(size, over_price=False))), default=None)
    over_price = max((jump for size in sizes if (jump := one.jump(size, over_price=True))), default=None)
    points = tuple(point for notional in SIZES if (point := one.point(notional, notional / abs(value))))
    return Stability(name, to_fraction(mark), over_size, over_price, points)


class _Position:
    """A long of one market, as large and at what mark it is asked for, with nothing else."""

    def __init__(self, plan: Plan, when: Instant, name: str, mark: Exact) -> None:
        self.plan, self.name, self.mark = plan, name, mark
        market = plan.market(name)
        settle = market.settle if market else ""
        self.limited = "risk_limit" in plan.drivers.get("leg", ())
        isolated = "cross" not in plan.account.margin_modes
        mode, margin = ("isolated", (1, 1)) if isolated else ("cross", None)
        leg = PositionInput(name, name, mode, (1, 1), mark, leverage=(3, 1), margin=margin, unsettled_funding=(0, 1))
        account = AccountInput(ID, {} if isolated else {settle: (0, 1)}, (leg,), taker_fee=(5, 10_000))
        assets = {asset: AssetInput((1, 1), when) for asset in (settle, *plan.assets)}
        self.snapshot = Snapshot(when, plan.rulebook, {name: MarketInput(mark, mark, when)}, assets, (account,))

    def caps(self) -> list[Fraction]:
        market = self.plan.market(self.name)
        table = market.tables[0] if market else None
        return [to_fraction(cap) for cap in table.caps[0] if cap is not None] if table and not self.limited else []

    def figure(self, name: str, size: Fraction, moved: Fraction = Fraction(1)) -> Fraction | None:
        (leg,) = self.snapshot.accounts[0].positions
        limit = {"risk_limit": self._limit()} if self.limited else {}
        sized = with_positions(self.snapshot, leg._replace(size=to_exact(size), drivers=limit))
        value: Any = figure_of(decided(self.plan, at_mark(sized, self.name, scaled(self.mark, to_exact(moved)))), name, None)
        return to_fraction(value) if isinstance(value, tuple) else None

    def _limit(self) -> Exact:
        market = self.plan.market(self.name)
        table = market.tables[0] if market else None
        return next((cap for cap in reversed(table.caps[0]) if cap is not None), (1, 1)) if table else (1, 1)

    def jump(self, size: Fraction, over_price: bool) -> Jump | None:
        """Between the bound and a hair beyond or before it."""
        at = [
            self.figure("maintenance_margin", size if over_price else size * step, step if over_price else Fraction(1))
            for step in (1 - BESIDE, Fraction(1), 1 + BESIDE)
        ]
        if any(one is None for one in at):
            return None
        before, here, beyond = (one or Fraction(0) for one in at)
        by = max(abs(beyond - here), abs(here - before)) - min(abs(beyond - here), abs(here - before))
        return Jump(by, size, by / here if here else Fraction(0))

    def point(self, notional: int, size: Fraction) -> PerPoint | None:
        at = [
            (self.figure("maintenance_margin", size, moved), self.figure("margin_buffer", size, moved))
            for moved in (Fraction(1), 1 - POINT)
        ]
        (needs, buffer), (needs_then, buffer_then) = at
        if needs is None or buffer is None or needs_then is None or buffer_then is None:
            return None
        return PerPoint(notional, needs, needs_then - needs, buffer_then - buffer)
