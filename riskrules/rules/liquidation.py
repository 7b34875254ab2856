"""Liquidation: the ordered steps from a pool that is liquidatable to one that is not, or to nothing.

A strategy says where it stops, where it goes straight to the takeover, what each step does, at what
price, what it costs and who bears what is left.  One step is worked out at a time, from a given state;
waits and windows are stated here and shown.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from riskrules.rules.comparison import Comparison, must_be_one_of
from riskrules.rules.fields import Count, Duration, Model, Name, Positive, Rate, refuse
from riskrules.rules.header import AtOnce

KIND = "liquidation"

OrderKind = Literal["immediate_or_cancel", "fill_or_kill", "market"]
Price = Literal["bankruptcy_price", "mark_price"]


class StopLevel(Model):
    maintenance_share_of_equity: Comparison[Rate] = Field(description="the maintenance margin, in shares of the equity")

    @model_validator(mode="after")
    def _when_less(self) -> StopLevel:
        must_be_one_of(self.maintenance_share_of_equity, ("below", "at_or_below"), "liquidation stops when the share is small enough")
        return self


class SevereLevel(Model):
    equity_share_of_maintenance: Comparison[Rate] = Field(description="the equity, in shares of the maintenance margin")

    @model_validator(mode="after")
    def _when_less(self) -> SevereLevel:
        must_be_one_of(self.equity_share_of_maintenance, ("below", "at_or_below"), "steps are skipped when the equity is too small")
        return self


class TierLevel(Model):
    tier: Comparison[Count] = Field(description="the tier of the position, counted from 1")

    @model_validator(mode="after")
    def _when_high(self) -> TierLevel:
        must_be_one_of(self.tier, ("above", "at_or_above"), "tiers are stepped down from high ones")
        return self


class CancelOrders(Model):
    do: Literal["cancel_orders"]
    keep: Literal["reduce_only", "none"] = Field(description="orders that stay")


class Reduce(Model):
    do: Literal["reduce"]
    tiers: Count | None = Field(default=None, description="down so many tiers, to the largest size there")
    share: Rate | None = Field(default=None, description="this share of what is held now")
    size: Positive | None = Field(default=None, description="this size, or all of it where less is held")
    to_maintenance_share_of_equity: Rate | None = Field(
        default=None, description="so much that the maintenance margin is at most this share of the equity"
    )
    as_long_as: TierLevel | None = Field(default=None, description="only while this holds")
    times: Count = Field(description="how often it is tried at most: an order that nobody fills lowers nothing")
    order: OrderKind = Field(description="the kind of order")
    limit: Price = Field(description="the price at which it may be filled at worst")
    wait: Duration = Field(description="how long is waited after it; stated and shown")

    @model_validator(mode="after")
    def _one_measure(self) -> Reduce:
        if len(self.measures) != 1:
            hint = "keep one of tiers, share, size, to_maintenance_share_of_equity"
            raise refuse("RR225", f"a reduction by {' and '.join(self.measures) or 'nothing'}", "exactly one measure", hint)
        return self

    @property
    def measures(self) -> list[str]:
        return [name for name in ("tiers", "share", "size", "to_maintenance_share_of_equity") if getattr(self, name) is not None]


class OffsetHedge(Model):
    do: Literal["offset_hedged_legs"]
    at: Literal["mark_price"] = Field(description="the price at which a long and a short of one market are closed against each other")


class DrawLimits(Model):
    event: Rate = Field(description="of the fund's balance, for one takeover")
    day: Rate = Field(description="of the fund's balance at the day's beginning, for all of a day")


class TakeOver(Model):
    do: Literal["take_over"]
    by: Literal["insurance_fund", "backstop"] = Field(description="who takes the position over, with what is left of the equity")
    at: Literal["bankruptcy_price"] = Field(description="the price it is taken over at")
    draw_at_most: DrawLimits | Literal["unlimited"] = Field(description="what it may cost the one who takes over")


class RateAndLeverage(Model):
    profit_rate: Literal["times_leverage"] = Field(description="of those in profit")
    loss_rate: Literal["times_leverage", "divided_by_leverage"] = Field(description="of those who lose")
    leverage: Literal["chosen", "effective"] = Field(
        description="as chosen; or notional at mark ÷ what is lost from the mark to their bankruptcy price"
    )


class Deleverage(Model):
    do: Literal["deleverage"]
    rank: RateAndLeverage | Literal["profit_rate_times_leverage", "profit_rate", "profit", "size"] = Field(
        description="who is first among those on the other side, the largest first; of equal ones the first listed"
    )
    at: Literal["bankruptcy_price"] = Field(description="the price at which they are closed against each other")


class ShareLoss(Model):
    do: Literal["share_loss"]
    among: Literal["in_profit"] = Field(description="who bears what is left, each in proportion to their profit")


Step = Annotated[CancelOrders | OffsetHedge | Reduce | TakeOver | Deleverage | ShareLoss, Field(discriminator="do")]


class Fees(Model):
    rate: Rate = Field(description="the share of what it is taken on")
    on: Literal["closed_notional_at_mark"] = Field(description="what the rate is taken on: what a step closes, at the mark")
    at_most: Literal["remaining_equity"] = Field(description="the fee never makes a shortfall")
    to: Literal["insurance_fund", "venue"] = Field(description="who gets it")
    surplus_to: Literal["trader", "insurance_fund"] = Field(description="who gets what a takeover leaves above the bankruptcy price")


class Pause(Model):
    when: tuple[Literal["mark_price_undecided", "book_empty"], ...] = Field(
        min_length=1, description="nothing is done as long as one holds"
    )
    at_most: Duration = Field(description="how long; stated and shown")
    then: Literal["page"] = Field(description="what happens after that")


class SizeRounding(Model):
    to: Literal["lot"] | Positive = Field(description="the market's lot, or a quantum; what is closed is rounded up to it, at most to all")


class LimitRounding(Model):
    to: Literal["tick"] | Positive = Field(description="the market's tick, or a quantum; rounded toward the mark")


class Strategy(Model):
    first: Literal["largest_maintenance_margin", "largest_notional", "largest_loss"] = Field(
        description="which position of a pool a step takes; of equal ones the first listed"
    )
    equity_of_a_position: Literal["by_maintenance_share"] = Field(
        description="what stands behind one position of a pool, and so its bankruptcy price"
    )
    stop_when: StopLevel = Field(description="where liquidation ends, healthy again; below where it begins")
    skip_to_take_over_when: SevereLevel | Literal["never"] = Field(description="where there is no time left for reducing")
    steps: tuple[Step, ...] = Field(min_length=1, description="in their order; the first one that applies is the next")
    fees: Fees | Literal["none"] = Field(description="what a step costs, and where it goes")
    sizes: SizeRounding | Literal["none"] = Field(description="what sizes are rounded to")
    limits: LimitRounding | Literal["none"] = Field(description="what limit prices are rounded to")
    pause: Pause | Literal["none"] = Field(description="when nothing is done")

    def places(self, *kinds: type[Model]) -> list[int]:
        """The steps of these kinds, counted from 0."""
        return [k for k, step in enumerate(self.steps) if isinstance(step, kinds)]


class StrategyOf(Model):
    cross: Name | None = Field(default=None, description="the strategy of a cross pool")
    isolated: Name | None = Field(default=None, description="the strategy of an isolated position")


class LiquidationFile(AtOnce):
    kind: Literal["liquidation"]
    strategy_of: StrategyOf | None = Field(default=None, description="which pools have which")
    strategies: dict[Name, Strategy] = Field(default_factory=dict, description="strategies, by name")


FILE = LiquidationFile
WHOLE = Fraction(1)
