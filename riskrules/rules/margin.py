"""Margin: what counts as equity, what must be held against a position, and when it is liquidated.

The file is a set of sections, each a named rule of its own: a later file may replace one section
and leave the others in force.  No section has a silent default: what a venue does not do is written
down as not done.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from riskrules.rules.comparison import Comparison, must_be_one_of
from riskrules.rules.fields import Asset, Model, Name, Positive, Rate, refuse
from riskrules.rules.header import Header

KIND = "margin"

Counted = Literal["counted", "not_counted"]
Comparand = Literal["initial_margin", "maintenance_margin"]


class AboveLastCap(Model):
    existing: Literal["last_tier_applies", "error"] = Field(description="a position that is already larger than the last cap")
    increase: Literal["refused"] = Field(description="adding to a position beyond the last cap")


CHOSEN_LIMIT = "chosen_risk_limit"


class TierForm(Model):
    lookup: Literal["notional_at_mark", "notional_at_entry", "size", "chosen_risk_limit"] = Field(description="what a cap is compared with")
    counts: Literal["position_only"] = Field(description="what is added up before the look-up")
    rate_on: Literal["notional_at_mark", "notional_at_entry"] = Field(description="what the rate is taken on")
    style: Literal["marginal", "whole_position"] = Field(description="each slice at its own rate, or everything at the rate of its tier")
    cap: Literal["inclusive", "exclusive"] = Field(description="whether a size equal to a cap belongs to that tier")
    above_last_cap: AboveLastCap = Field(description="what happens to a size that no tier covers")
    maintenance_rate: Literal["written"] | ShareOfInitial = Field(description="written in each row, or derived from max_leverage")
    rates: Literal["strictly_rising", "never_falling"] = Field(description="what the maintenance rates of a table must do")
    promises: tuple[Literal["no_jump", "unique_liquidation_price"], ...] = Field(
        default=(), description="properties that every table is proved to have, or refused"
    )

    @model_validator(mode="after")
    def _one_base(self) -> TierForm:
        if self.style == "marginal" and self.lookup != self.rate_on:
            raise refuse(
                "RR225",
                f"a marginal table looked up by {self.lookup} cannot take its rate on {self.rate_on}",
                "the same base for both",
                "choose whole_position, or one base for both: slices of one measure have no margin on another",
            )
        return self

    @model_validator(mode="after")
    def _a_limit_is_a_cap(self) -> TierForm:
        if self.lookup == CHOSEN_LIMIT and self.cap == "exclusive":
            raise refuse(
                "RR225",
                "a chosen risk limit is the cap of its own tier, and cap says that it belongs to the next",
                "cap: inclusive",
                "write cap: inclusive: whoever chooses a limit is in the tier that ends there",
            )
        return self


class ShareOfInitial(Model):
    share_of_initial_rate: Positive = Field(description="times 1 ÷ max_leverage of the row")


class HedgeLegs(Model):
    tier_by: Literal["each_leg", "sum_of_legs", "larger_leg"] = Field(
        description="what is looked up in the table: each leg by itself, both together, or the larger"
    )
    margin: Literal["sum_of_legs", "larger_leg"] = Field(description="what is held: for both legs, or for the larger alone")

    @model_validator(mode="after")
    def _combination(self) -> HedgeLegs:
        if (self.tier_by, self.margin) not in {
            ("each_leg", "sum_of_legs"),
            ("each_leg", "larger_leg"),
            ("sum_of_legs", "sum_of_legs"),
            ("larger_leg", "larger_leg"),
        }:
            raise refuse(
                "RR225",
                f"legs with the tier of {self.tier_by} and the margin of {self.margin}",
                "each_leg with either margin, or the same word twice",
                "the tier of one measure has no amount for another",
            )
        return self


class OnePool(Model):
    per_account_in: Asset = Field(description="one pool an account, valued in this asset")


class Account(Model):
    margin_modes: tuple[Literal["cross", "isolated"], ...] = Field(min_length=1, description="the modes that a position may have")
    hedge_legs: HedgeLegs | Literal["not_allowed"] = Field(description="a long and a short in one market at once")
    pools: Literal["per_settle_asset"] | OnePool = Field(description="which balances stand behind which cross positions")
    posted_margin: Literal["given", "given_or_initial_at_entry", "given_or_initial_margin"] = Field(
        description="margin of an isolated position: stated, or `initial`: notional at entry ÷ leverage, or its initial margin"
    )


class Equity(Model):
    wallet_balance: Literal["counted"] | Formula = Field(
        description="the balance, or the posted margin of an isolated position; or what each balance is worth, by a formula"
    )
    unrealised_profit: Rate = Field(description="share of a position's profit that counts")
    unrealised_loss: Rate = Field(description="share of a position's loss that counts")
    funding_owed: Counted = Field(description="funding not settled yet that the account owes")
    funding_due: Counted = Field(description="funding not settled yet that the account is due")
    position_value: Formula | None = Field(
        default=None, description="what each position is worth, in place of its unrealised profit; the shares above are of it"
    )
    unsettled_funding: Formula | None = Field(default=None, description="funding of a position, where a snapshot does not give it")
    whole: Formula | None = Field(default=None, description="of the pool as a whole, in place of the sum of these")
    with_initial_margin: Formula | None = Field(default=None, description="what is compared with the initial margin, where that is another")
    plus: Formula | None = Field(default=None, description="what counts of a pool besides, such as coins posted with a position")
    less: Formula | None = Field(default=None, description="an amount of the pool that is taken off: a term of a formula file")
    later: ClassVar[frozenset[str]] = frozenset({"position_value", "unsettled_funding", "whole", "with_initial_margin", "plus", "less"})


class WeightSlice(Model):
    up_to: Positive | Literal["unlimited"] = Field(description="where the slice ends; unlimited in the last one")
    weight: Rate = Field(description="share of what lies in the slice that counts")


class Slices(Model):
    of: Literal["amount", "value"] = Field(description="what is cut: the amount held, or its value in the pool's asset")
    slices: tuple[WeightSlice, ...] = Field(min_length=1, description="from the smallest up, each with its own share")

    @model_validator(mode="after")
    def _rise_and_end(self) -> Slices:
        *before, last = [row.up_to for row in self.slices]
        if last != "unlimited" or any(not isinstance(end, Fraction) for end in before) or sorted(set(before)) != before:
            raise refuse(
                "RR204",
                "the slices do not rise to one without an end",
                "rising ends, and up_to: unlimited in the last slice",
                "list the slices from the smallest up; what is beyond the last written end has a share too, 0% if need be",
            )
        if any(above.weight > below.weight for below, above in pairwise(self.slices)):
            raise refuse(
                "RR226",
                "a larger balance would count for a larger share",
                "weights that never rise",
                "give each slice at most the share of the one below it",
            )
        return self


class CollateralAsset(Model):
    weight: Rate | Slices = Field(description="share of a balance that counts, or a share for each slice of it")
    owed_weight: Rate = Field(description="share of a debt that counts: 100% or more")

    @model_validator(mode="after")
    def _debts_in_full(self) -> CollateralAsset:
        if self.owed_weight < 1:
            raise refuse(
                "RR226",
                "a debt would count for less than it is",
                "an owed_weight of 100% or more",
                "write 100% or more: below it, owing money would raise equity",
            )
        if self.first_weight > 1:
            raise refuse(
                "RR226",
                "a balance would count for more than it is",
                "a weight of 100% or less",
                "write 100% or less: above it, collateral comes out of nothing",
            )
        return self

    @property
    def first_weight(self) -> Fraction:
        """The share of the first unit; no later one has more."""
        return self.weight.slices[0].weight if isinstance(self.weight, Slices) else self.weight


class PositionInitial(Model):
    rate: Literal["one_over_chosen_leverage", "one_over_max_leverage"] = Field(
        description="by the leverage that was chosen, or the most that the tier allows"
    )
    on: Literal["notional_at_mark", "notional_at_entry"] = Field(description="the notional that the rate is taken on")


class Orders(Model):
    count: Literal["larger_side", "every_order", "not_counted"] = Field(
        description="of all buys and all sells in a market, the larger; or each"
    )
    price: Literal["order_price"] = Field(description="the price an order's notional is taken at")
    reduce_only: Literal["excluded"] = Field(description="orders that can only reduce a position hold nothing back")
    opening_loss: Literal["reserved", "not_reserved"] = Field(description="the loss at mark that filling the order would bring at once")
    fee: Literal["none", "taker_fee"] = Field(description="the fee of opening, reserved with the order")


class Initial(Model):
    position: PositionInitial | Formula | Literal["none"] = Field(description="of each position; none where the pool alone holds one")
    orders: Orders = Field(description="of open orders, held against the cross pool")
    whole: Formula | OfPortfolio | None = Field(default=None, description="of the pool as a whole, in place of the sum of these")
    plus: Formula | None = Field(default=None, description="what a pool holds besides, such as the reward for liquidating it")
    later: ClassVar[frozenset[str]] = frozenset({"whole", "plus"})


class Formula(Model):
    formula: Name = Field(description="a term of a formula file")


class OfPortfolio(Model):
    portfolio: Rate = Field(description="so much of what the portfolio requires of the pool's positions together: 100%, 130%")

    @model_validator(mode="after")
    def _something(self) -> OfPortfolio:
        if self.portfolio == 0:
            raise refuse("RR213", "0% of what the portfolio requires", "a share above 0%", "what requires nothing is never liquidated")
        return self


class Fee(Model):
    rate: Rate | Literal["taker_fee"] = Field(description="a rate, or the taker fee of the account")
    on: Literal["notional_at_mark", "notional_at_entry"] = Field(description="the notional that the fee is taken on")


class Maintenance(Model):
    position: Literal["tier", "none"] | Formula = Field(description="by the market's table, by a formula, or none")
    fee: Fee | Literal["none"] = Field(description="a fee of closing that is held in reserve")
    whole: Formula | OfPortfolio | None = Field(default=None, description="of the pool as a whole, in place of the sum of these")
    plus: Formula | None = Field(default=None, description="what a pool holds besides, such as the reward for liquidating it")
    later: ClassVar[frozenset[str]] = frozenset({"whole", "plus"})


class Rounding(Model):
    to: Positive = Field(description="the quantum")
    direction: Literal["up", "down", "toward_zero", "away_from_zero", "half_up", "half_even"] = Field(
        description="which way what lies between goes"
    )


class Roundings(Model):
    position_margins: Rounding | Literal["none"] = Field(description="the initial and maintenance margin of each position")
    pool_margins: Rounding | Literal["none"] = Field(description="their sums")
    equity: Rounding | Literal["none"] = Field(description="the equity of a pool")


class Trigger(Model):
    later: ClassVar[frozenset[str]] = frozenset({"times"})
    equity: Comparison[Comparand] = Field(description="the comparison at which liquidation begins")
    times: Rate | None = Field(default=None, description="what the margin is multiplied by before it is compared, as 105%")
    needs: Literal["open_position", "maintenance_above_0", "nothing"] = Field(
        description="open_position: a pool without one is never liquidated; maintenance_above_0: nor one that must hold nothing"
    )

    @model_validator(mode="after")
    def _when_too_little(self) -> Trigger:
        must_be_one_of(self.equity, ("below", "at_or_below"), "liquidation begins when equity is too little")
        return self


class MayIncrease(Model):
    equity: Comparison[Comparand] = Field(description="the comparison under which a position may grow")

    @model_validator(mode="after")
    def _when_enough(self) -> MayIncrease:
        must_be_one_of(self.equity, ("above", "at_or_above"), "a position may grow when equity is enough")
        return self


class ShareState(Model):
    below: Rate | None = Field(default=None, description="of the first state: the share that ends it")
    at_or_above: Rate | None = Field(default=None, description="the share from which the state holds")
    above: Rate | None = Field(default=None, description="the share beyond which the state holds")
    state: Name = Field(description="what the state is called")
    may: tuple[Literal["increase", "reduce", "withdraw", "deposit", "cancel", "nothing"], ...] = Field(
        description="what an account may do in it"
    )

    @model_validator(mode="after")
    def _one_side(self) -> ShareState:
        if sum(side is not None for side in (self.below, self.at_or_above, self.above)) != 1:
            raise refuse(
                "RR224",
                "a state begins at exactly one side of one share",
                "one of below, at_or_above, above",
                "the first state has below, each later one at_or_above or above",
            )
        return self

    @property
    def share(self) -> Fraction:
        """Where the state ends, of the first; where it begins, of the others."""
        return next(side for side in (self.below, self.at_or_above, self.above) if side is not None)


def _in_their_order(states: tuple[ShareState, ...]) -> tuple[ShareState, ...]:
    """The first ends where the second begins, and each later one begins higher: no share is in two states, none in none."""
    first, *later = states
    if not later or first.below is None or later[0].at_or_above is None or any(state.below is not None for state in later):
        raise refuse(
            "RR224",
            "the states are not one below a share and then those from it on",
            "below, then at_or_above, then at_or_above or above",
            "the first state ends below a share, the second begins at_or_above it, and so on up",
        )
    shares = [state.share for state in later]
    if first.share != shares[0] or any(above <= below for below, above in pairwise(shares)):
        raise refuse(
            "RR224",
            "the shares of the states do not rise from where the first ends",
            "rising shares, the first two the same",
            "list the states from the lowest share up; the first ends where the second begins",
        )
    return states


States = Annotated[tuple[ShareState, ...], Field(min_length=1), AfterValidator(_in_their_order)]


class MarginFile(Header):
    kind: Literal["margin"]
    tier_forms: dict[Name, TierForm] = Field(default_factory=dict, description="how tables are read, by the name that a tiers file gives")
    account: Account | None = Field(default=None, description="modes, hedge legs, and what stands behind what")
    equity: Equity | None = Field(default=None, description="what counts as equity")
    collateral: dict[Asset, CollateralAsset] = Field(default_factory=dict, description="what counts for how much")
    initial_margin: Initial | None = Field(default=None, description="what opening and growing needs")
    maintenance_margin: Maintenance | None = Field(default=None, description="what holding needs")
    rounding: Roundings | None = Field(default=None, description="to what, and in which direction")
    may_increase: MayIncrease | None = Field(default=None, description="when a position may grow")
    liquidate_when: Trigger | None = Field(default=None, description="when liquidation begins")
    states_by_maintenance_share_of_equity: States | Literal["none"] | None = Field(
        default=None, description="named states between normal and liquidation, each with what it allows"
    )


FILE = MarginFile
SECTIONS = (
    "account", "equity", "initial_margin", "maintenance_margin", "rounding", "may_increase", "liquidate_when",
    "states_by_maintenance_share_of_equity",
)  # fmt: skip
