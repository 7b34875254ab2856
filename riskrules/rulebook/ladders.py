"""What is proved of liquidation strategies: every step lowers the risk or ends, the ladder ends, and somebody bears the loss."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from riskrules.diagnostics.problem import Problem, Span
from riskrules.rulebook.versions import Version
from riskrules.rules import liquidation as q
from riskrules.rules.margin import Trigger
from riskrules.units import say

ENDINGS = (q.TakeOver, q.Deleverage, q.ShareLoss)


class Release(NamedTuple):
    """What closing a unit of notional frees at least: the lowest rate of a market's table, with the fee that is held in reserve."""

    market: str
    rate: Fraction
    at: Span


def prove_strategy(version: Version, trigger: Version, least: Release | None) -> Iterator[Problem]:
    """`least` is the release of the market that frees least; None where it is not known of any size."""
    strategy: q.Strategy = version.value
    proof = _Proof(version, strategy)
    yield from proof.lowers()
    if least is not None:
        yield from proof.frees(least)
    yield from proof.ends()
    yield from proof.reached()
    yield from proof.draws()
    yield from proof.levels(trigger)
    yield from proof.sizes()


class _Proof:
    def __init__(self, version: Version, strategy: q.Strategy) -> None:
        self.version, self.s = version, strategy

    def at(self, code: str, path: tuple[str | int, ...], text: str, hint: str, expected: str = "") -> Problem:
        return Problem(code, self.version.file.at(*self.version.place, *path), text, hint, expected=expected)

    def lowers(self) -> Iterator[Problem]:
        """Each reduction closes something wherever it applies, and leaves less margin than it found."""
        for k, step in enumerate(self.s.steps):
            if not isinstance(step, q.Reduce):
                continue
            lowest = _lowest_tier(step)
            if step.tiers is not None and lowest <= step.tiers:
                text = f"from tier {lowest} there is no tier {step.tiers} below"
                hint = f"add as_long_as: {{tier: {{at_or_above: {step.tiers + 1}}}}}, or step down fewer tiers"
                yield self.at("RR264", ("steps", k), text, hint)
            if step.share is not None and not 0 < step.share <= q.WHOLE:
                yield self.at(
                    "RR264",
                    ("steps", k, "share"),
                    f"a share of {say.rate(step.share)} is no part of what is held",
                    "above 0%, at most 100%",
                )
            level, stop = step.to_maintenance_share_of_equity, self.s.stop_when.maintenance_share_of_equity.right
            if level is not None and level > stop:
                text = f"it reduces to {say.rate(level)}, and liquidation stops at {say.rate(stop)}: it would be done again from there"
                yield self.at("RR264", ("steps", k, "to_maintenance_share_of_equity"), text, f"write {say.rate(stop)} or less")

    def frees(self, least: Release) -> Iterator[Problem]:
        """Filled at the mark a reduction brings the pool nearer to where it stops: it frees more than that share of what it costs."""
        stop = self.s.stop_when.maintenance_share_of_equity.right
        if isinstance(self.s.fees, str) or not self.s.places(q.Reduce) or least.rate > stop * self.s.fees.rate:
            return
        fee, freed = say.rate(self.s.fees.rate), say.rate(least.rate)
        text = f"what is closed costs {fee} and frees {freed} of margin in {least.market}, not more than {say.rate(stop)} of the cost"
        enough = f"below {say.rate(least.rate / stop)}" if stop else "0%"
        hint = f"let the fee be {enough}, or the lowest rate higher: a reduction leads away from the stop level"
        at = self.version.file.at(*self.version.place, "fees", "rate")
        yield Problem("RR264", at, text, hint, labels=((least.at, "the lowest rate"),))

    def ends(self) -> Iterator[Problem]:
        """The last step always applies and closes all there is; what it leaves is borne by somebody."""
        last = len(self.s.steps) - 1
        if not self.s.places(*ENDINGS):
            text = "no step ends the liquidation: what is not filled stays open for ever"
            yield self.at("RR265", ("steps", last), text, "end the list with take_over, deleverage or share_loss", "an ending")
            return
        if self._always_ends(last):
            return
        step = self.s.steps[last]
        if isinstance(step, q.TakeOver):
            text = "beyond the draw limits of the last step nobody bears the loss"
            yield self.at("RR266", ("steps", last, "draw_at_most"), text, "let deleverage or share_loss follow", "deleverage or share_loss")
        else:
            text = f"after the steps that end it comes {step.do}, which ends nothing"
            yield self.at("RR266", ("steps", last), text, "let the list end in take_over, deleverage or share_loss")

    def _always_ends(self, k: int) -> bool:
        """On the other side of a market there is always as much as on this one: a deleveraging finds enough."""
        step = self.s.steps[k]
        if isinstance(step, q.TakeOver):
            return step.draw_at_most == "unlimited"
        return isinstance(step, q.Deleverage | q.ShareLoss)

    def reached(self) -> Iterator[Problem]:
        end = next((k for k in range(len(self.s.steps)) if self._always_ends(k)), len(self.s.steps))
        for k in range(end + 1, len(self.s.steps)):
            text = f"step {end + 1} always ends the liquidation, so that this one is never reached"
            yield self.at("RR269", ("steps", k), text, "take it out, or put it before")
        for kind in (q.CancelOrders, q.OffsetHedge):
            for k in self.s.places(kind)[1:]:
                text = f"{self.s.steps[k].do} stands above already: nothing is left for it to do"
                yield self.at("RR269", ("steps", k), text, "take it out")

    def draws(self) -> Iterator[Problem]:
        whole: dict[str, Fraction] = {}
        for k in self.s.places(q.TakeOver):
            step = self.s.steps[k]
            assert isinstance(step, q.TakeOver)
            if isinstance(step.draw_at_most, str):
                continue
            event, day = step.draw_at_most.event, step.draw_at_most.day
            place = ("steps", k, "draw_at_most")
            if event > day:
                text = f"one event may draw {say.rate(event)}, and a whole day {say.rate(day)}"
                yield self.at("RR268", place, text, "let a day allow at least what one event does")
            whole[step.by] = whole.get(step.by, q.WHOLE * 0) + day
            if whole[step.by] > q.WHOLE:
                text = f"a day may draw {say.rate(whole[step.by])} of {step.by.replace('_', ' ')}"
                yield self.at("RR268", place, text, "let the days add up to 100% at most")

    def levels(self, trigger: Version) -> Iterator[Problem]:
        """It stops below where it begins, and is severe only beyond it."""
        begins: Trigger = trigger.value
        labels = ((trigger.file.at(*trigger.place), "liquidation begins here"),)
        stop = self.s.stop_when.maintenance_share_of_equity.right
        if stop >= q.WHOLE:
            text = f"liquidation stops at {say.rate(stop)} and begins at 100%: it would begin again at the next tick"
            problem = self.at("RR267", ("stop_when",), text, "let it stop well below 100%", "below 100%")
            yield Problem(problem.code, problem.at, problem.text, problem.hint, expected=problem.expected, labels=labels)
        if begins.equity.right != "maintenance_margin":
            text = "liquidation begins at the initial margin, and this strategy goes by the maintenance margin"
            problem = self.at("RR267", ("stop_when",), text, "let liquidation begin at the maintenance margin")
            yield Problem(problem.code, problem.at, problem.text, problem.hint, labels=labels)
        severe = self.s.skip_to_take_over_when
        if not isinstance(severe, str) and severe.equity_share_of_maintenance.right >= q.WHOLE:
            for k in self.s.places(q.Reduce, q.OffsetHedge)[:1]:
                text = "every liquidation is skipped to the takeover, so that no step before it is ever reached"
                yield self.at("RR269", ("steps", k), text, "skip below 100% only")

    def sizes(self) -> Iterator[Problem]:
        steps = [k for k in self.s.places(q.Reduce) if getattr(self.s.steps[k], "tiers", None) is not None]
        if steps and isinstance(self.s.sizes, str):
            text = "a step down to a lower tier needs to know which size is the largest there, and sizes are not rounded"
            yield self.at("RR225", ("sizes",), text, "write sizes: {to: lot}")


def _lowest_tier(step: q.Reduce) -> int:
    """The lowest tier from which the step is taken."""
    if step.as_long_as is None:
        return 1
    level = step.as_long_as.tier
    return int(level.right) + (level.comparator == "above")
