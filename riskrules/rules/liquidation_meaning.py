"""What a strategy means: the next step of each pool, what it closes, at what price, and where the money goes.

The first step that applies is the next one.  Everything is a term of the margin's own graph, so that
the equity, the tier and the maintenance margin of a step are those of the decision that began it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from riskrules.ir import term as t
from riskrules.ir.term import Source, Term
from riskrules.rules import liquidation as q
from riskrules.rules.contracts import InUse, Priced
from riskrules.rules.fields import Model
from riskrules.rules.margin import CHOSEN_LIMIT
from riskrules.units import unit as u

Names = dict[str, Term]
Where = Callable[..., Source]

NOTHING = t.constant(0, u.SETTLE)
NO_SIZE = t.constant(0, u.BASE)
NONE = t.constant(0, u.COUNT)
SIZE = t.given("size", "leg", u.BASE)


def meaning(s: q.Strategy, names: Names, used: InUse, at: Where, chosen_limits: bool) -> Names:
    """Every named term of the step, by name; `chosen_limits`: some market's tier is what its users have chosen."""
    return _Steps(s, names, used, at, chosen_limits).terms()


@dataclass(frozen=True, slots=True)
class _One:
    """One step: whether a pool comes to it, and what it closes of each leg."""

    applies: Term
    closes: Term


class _Steps:
    def __init__(self, s: q.Strategy, names: Names, used: InUse, at: Where, chosen_limits: bool) -> None:
        self.s, self.names, self.used, self.at, self.chosen_limits = s, names, used, at, chosen_limits
        self.held = t.absolute(SIZE)
        self.equity, self.maintenance = names["equity"], names["maintenance_margin"]
        self.margin = t.to_rows(names["position_maintenance"], "leg")

    def terms(self) -> Names:
        first, begun = self._first(), self._begun()
        ones = [self._step(k, step, first["is_first"], begun) for k, step in enumerate(self.s.steps)]
        none = t.fault("RR535", "no step of the strategy applies to {row}", "let the list end in a step that always does", u.COUNT, "pool")
        number: Term = none
        for k, one in reversed(list(enumerate(ones))):
            number = t.choose(one.applies, t.constant(k + 1, u.COUNT), number)
        number = t.choose(begun["goes_on"], number, NONE).named("next_step", self.at("steps"))
        closes: Term = t.spread(NO_SIZE, "leg")
        for k, one in reversed(list(enumerate(ones))):
            closes = t.choose(self._is(number, k), one.closes, closes)
        closes = closes.named("closes", self.at("steps"))
        cancels = self._cancelled(number)
        told = {f"step_{k + 1}_applies": one.applies for k, one in enumerate(ones)}
        told |= {f"step_{k + 1}_closes": one.closes for k, one in enumerate(ones) if isinstance(self.s.steps[k], q.Reduce | q.OffsetHedge)}
        return {
            **begun,
            **first,
            **told,
            "next_step": number,
            "closes": closes,
            "cancels": cancels,
            **self._prices(number),
            **self._money(number, closes),
        }

    # -- levels and order ------------------------------------------------------------------------

    def _begun(self) -> Names:
        """Between the level where it begins and the one where it stops, what has begun goes on."""
        stop, severe = self.s.stop_when.maintenance_share_of_equity, self.s.skip_to_take_over_when
        enough = t.constant(stop.right, u.RATE) * self.equity
        stopped = t.compare(stop.comparator, self.maintenance, enough).named("healthy_enough", self.at("stop_when"))
        still_open = t.compare("above", t.given("open_legs", "pool", u.COUNT), NONE)
        going = t.choose(t.given("begun", "pool", u.FLAG), t.negated(stopped), self.names["liquidate"])
        bad: Term = t.spread(t.flag(False), "pool")
        if not isinstance(severe, str):
            level = severe.equity_share_of_maintenance
            bad = t.compare(level.comparator, self.equity, t.constant(level.right, u.RATE) * self.maintenance)
        return {
            "healthy_enough": stopped,
            "goes_on": t.choose(still_open, going, t.flag(False)).named("goes_on", self.at("stop_when")),
            "severe": bad.named("severe", self.at("skip_to_take_over_when")),
        }

    def _first(self) -> Names:
        by = {"largest_maintenance_margin": self.margin, "largest_notional": self.names["notional"]}
        score = by.get(self.s.first, -self.names["unrealised_profit"])
        ahead = t.total_ahead(t.constant(1, u.COUNT), score, "pool")
        return {"is_first": t.compare("equal", ahead, NONE).named("is_first", self.at("first"))}

    def _is(self, number: Term, k: int) -> Term:
        return t.compare("equal", number, t.constant(k + 1, u.COUNT))

    # -- the steps -------------------------------------------------------------------------------

    def _step(self, k: int, step: q.Step, is_first: Term, begun: Names) -> _One:
        source = self.at("steps", k)
        if isinstance(step, q.CancelOrders):
            return _One(self._orders(step).named(f"step_{k + 1}_applies", source), t.spread(NO_SIZE, "leg"))
        if isinstance(step, q.Reduce):
            closes = self._reduced(k, step, is_first).named(f"step_{k + 1}_closes", source)
            left = t.compare("below", t.given(f"done_{k + 1}", "pool", u.COUNT), t.constant(step.times, u.COUNT))
            applies = t.both(t.negated(begun["severe"]), left)
            closing = t.compare("above", t.over("total", closes, "pool"), NO_SIZE)
            return _One(t.choose(applies, closing, t.flag(False)).named(f"step_{k + 1}_applies", source), closes)
        if isinstance(step, q.OffsetHedge):
            closes = self._offset().named(f"step_{k + 1}_closes", source)
            closing = t.compare("above", t.over("total", closes, "pool"), NO_SIZE)
            return _One(t.both(t.negated(begun["severe"]), closing).named(f"step_{k + 1}_applies", source), closes)
        applies = t.spread(t.flag(True), "pool")
        if isinstance(step, q.TakeOver) and not isinstance(step.draw_at_most, str):
            applies = self._within(step.draw_at_most)
        return _One(applies.named(f"step_{k + 1}_applies", source), self.held)

    def _orders(self, step: q.CancelOrders) -> Term:
        counted = t.choose(self._goes(step), t.constant(1, u.COUNT), NONE)
        return t.compare("above", t.over("total", counted, "pool"), NONE)

    def _goes(self, step: q.CancelOrders) -> Term:
        """Whether an order is one of those that are cancelled."""
        goes = t.flag(True) if step.keep == "none" else t.negated(t.given("reduce_only", "order", u.FLAG))
        return t.spread(goes, "order")

    def _cancelled(self, number: Term) -> Term:
        gone: Term = t.spread(t.flag(False), "order")
        for k in self.s.places(q.CancelOrders):
            step = self.s.steps[k]
            assert isinstance(step, q.CancelOrders)
            gone = t.choose(self._is(number, k), self._goes(step), gone)
        return gone.named("cancels", self.at("steps"))

    def _reduced(self, k: int, step: q.Reduce, is_first: Term) -> Term:
        """What is closed of the first position; of the others nothing."""
        wanted = is_first
        tier = t.number_of(t.to_rows(self.names["tier"], "leg")).named("tier_number", self.at("steps", k))
        if step.as_long_as is not None:
            level = step.as_long_as.tier
            wanted = t.both(wanted, t.compare(level.comparator, tier, t.constant(level.right, u.COUNT)))
        return t.choose(wanted, self._measured(step), NO_SIZE)

    def _measured(self, step: q.Reduce) -> Term:
        if step.tiers is not None:
            caps, lookup = t.to_rows(t.given("caps", "market", u.TABLE), "leg"), t.to_rows(self.names["lookup"], "leg")
            cap = t.cap_below(t.to_rows(self.names["tier"], "leg"), caps, step.tiers, lookup.unit)
            keep = t.largest_under(t.as_unit(self.held * cap / lookup, u.BASE), self._lot(), caps)
            return self._not_of_a_chosen_tier(self.held - t.larger(keep, NO_SIZE))
        if step.share is not None:
            return self._rounded_up(self.held * t.constant(step.share, u.RATE))
        if step.size is not None:
            return self._rounded_up(t.smaller(t.constant(step.size, u.BASE), self.held))
        assert step.to_maintenance_share_of_equity is not None
        allowed = t.constant(step.to_maintenance_share_of_equity, u.RATE) * t.larger(self.equity, NOTHING)
        kept = t.smaller((allowed / self.maintenance).shown_as("rate"), t.constant(1, u.RATE))
        return self._rounded_up(self.held - self.held * t.to_rows(kept, "leg"))

    def _not_of_a_chosen_tier(self, size: Term) -> Term:
        """A tier that the user has chosen is not left by holding less."""
        if not self.chosen_limits:
            return size
        text, hint = "the tier of {row} is chosen, and holding less does not lower it", "reduce by a share, a size or to a level there"
        chosen = t.to_rows(t.given(f"lookup_is_{CHOSEN_LIMIT}", "market", u.FLAG), "leg")
        return t.choose(chosen, t.fault("RR535", text, hint, u.BASE, "leg"), size)

    def _lot(self) -> Term:
        sizes = self.s.sizes
        assert isinstance(sizes, q.SizeRounding), "steps by tiers are refused without a rounding of sizes"
        return t.to_rows(t.given("lot", "market", u.BASE), "leg") if sizes.to == "lot" else t.constant(sizes.to, u.BASE)

    def _rounded_up(self, size: Term) -> Term:
        """In whole lots, at most all there is."""
        return size if isinstance(self.s.sizes, str) else t.smaller(t.rounded(size, "round_up", self._lot()), self.held)

    def _offset(self) -> Term:
        """Of a long and a short in one market what the smaller one has."""
        long, short = (t.over("total", t.larger(side, NO_SIZE), "position") for side in (SIZE, -SIZE))
        return t.to_rows(t.smaller(long, short), "leg")

    def _within(self, limits: q.DrawLimits) -> Term:
        """What the fund would have to give is within what one event, and what the day, may cost."""
        draw = t.larger(-self.equity, NOTHING).named("would_draw", self.at("steps"))
        event = t.constant(limits.event, u.RATE) * t.given("fund_balance", "pool", u.SETTLE)
        day = t.constant(limits.day, u.RATE) * t.given("fund_at_day_start", "pool", u.SETTLE)
        drawn = t.given("fund_drawn_today", "pool", u.SETTLE)
        return t.both(t.compare("at_or_below", draw, event), t.compare("at_or_below", drawn + draw, day))

    # -- prices and money ------------------------------------------------------------------------

    def _prices(self, number: Term) -> Names:
        """The price at which what stands behind a leg is gone, and the worst at which the step may be filled."""
        behind = self.equity * self.margin / t.over("total", self.margin, "pool")
        mark, here = t.to_rows(self.names["mark_price"], "leg"), self.at("equity_of_a_position")
        gone = Priced("leg", SIZE, self.used).price_at(mark, -behind.shown_as("money")).named("bankruptcy_price", here)
        limit: Term = gone
        for k in self.s.places(q.Reduce):
            step = self.s.steps[k]
            if isinstance(step, q.Reduce) and step.limit == "mark_price":
                limit = t.choose(self._is(number, k), mark, limit)
        for k in self.s.places(q.OffsetHedge):
            limit = t.choose(self._is(number, k), mark, limit)
        if not isinstance(self.s.limits, str):
            to = self.s.limits.to
            step_of = t.to_rows(t.given("tick", "market", u.PRICE), "leg") if to == "tick" else t.constant(to, u.PRICE)
            sells = t.compare("above", SIZE, NO_SIZE)
            limit = t.choose(sells, t.rounded(limit, "round_up", step_of), t.rounded(limit, "round_down", step_of))
        return {"bankruptcy_price": gone, "limit_price": limit.named("limit_price", self.at("limits"))}

    def _money(self, number: Term, closes: Term) -> Names:
        """What is realised at the mark, the fee, and who gets or bears what is left."""
        part = closes / self.held
        notional = (self.names["notional"] * part).shown_as("money").named("closed_notional", self.at("steps"))
        realised = (self.names["unrealised_profit"] * part).shown_as("money").named("realised", self.at("steps"))
        liquidated = t.over("total", notional, "pool")
        fee: Term = t.spread(NOTHING, "pool")
        if not isinstance(self.s.fees, str):
            fee = t.smaller(liquidated * t.constant(self.s.fees.rate, u.RATE), t.larger(self.equity, NOTHING))
        fee = fee.named("fee", self.at("fees"))
        ends = self._any(number, q.TakeOver, q.Deleverage, q.ShareLoss)
        left = t.larger(self.equity - fee, NOTHING)
        short = t.larger(-self.equity, NOTHING)
        made = {
            "closed_notional": notional,
            "realised": realised,
            "fee": fee,
            "surplus": t.choose(ends, left, NOTHING).named("surplus", self.at("fees")),
            "drawn": t.choose(self._any(number, q.TakeOver), short, NOTHING).named("drawn", self.at("steps")),
            "loss_shared": t.choose(self._any(number, q.ShareLoss), short, NOTHING).named("loss_shared", self.at("steps")),
        }
        return {**made, **self._called(number, closes), **self._shared(made["loss_shared"])}

    def _shared(self, loss: Term) -> Names:
        """Of each who is in profit in a market the part of the loss there, in proportion to the profits."""
        if not self.s.places(q.ShareLoss):
            return {}
        source = self.at("steps", self.s.places(q.ShareLoss)[0])
        part = self.margin / t.over("total", self.margin, "pool")
        here = t.over("total", (t.to_rows(loss, "leg") * part).shown_as("money"), "market").named("loss_in_market", source)
        entry, mark = t.given("their_entry_price", "counterparty", u.PRICE), t.to_rows(self.names["mark_price"], "counterparty")
        profit = t.larger(Priced("counterparty", t.given("their_size", "counterparty", u.BASE), self.used).profit(entry, mark), NOTHING)
        profit = profit.named("their_gain", source)
        borne = (t.to_rows(here, "counterparty") * profit / t.to_rows(t.over("total", profit, "market"), "counterparty")).shown_as("money")
        nothing = t.compare("at_or_below", t.to_rows(here, "counterparty"), NOTHING)
        return {"loss_in_market": here, "their_gain": profit, "bears": t.choose(nothing, NOTHING, borne).named("bears", source)}

    def _any(self, number: Term, *kinds: type[Model]) -> Term:
        chosen: Term = t.spread(t.flag(False), "pool")
        for k in self.s.places(*kinds):
            chosen = t.either(chosen, self._is(number, k))
        return chosen

    def _called(self, number: Term, closes: Term) -> Names:
        """Of each on the other side, by rank, what is closed against the pool."""
        out: Names = {}
        for k in self.s.places(q.Deleverage):
            step = self.s.steps[k]
            assert isinstance(step, q.Deleverage)
            source = self.at("steps", k)
            signed = t.choose(t.compare("above", SIZE, NO_SIZE), closes, -closes)
            needed = t.over("total", t.choose(self._is(number, k), signed, NO_SIZE), "market").named("to_deleverage", source)
            theirs = t.given("their_size", "counterparty", u.BASE)
            priced = Priced("counterparty", theirs, self.used)
            entry, mark = t.given("their_entry_price", "counterparty", u.PRICE), t.to_rows(self.names["mark_price"], "counterparty")
            profit = priced.profit(entry, mark).named("their_profit", source)
            score = self._score(step, priced, entry, profit).named("rank_score", source)
            other_side = t.compare("below", theirs * needed, t.constant(0, u.BASE.power(2)))
            may = t.choose(other_side, t.absolute(theirs), NO_SIZE)
            ahead = t.total_ahead(may, score, "market").named("ahead", source)
            gives = t.choose(
                self._enough(may, needed), t.smaller(may, t.larger(t.absolute(needed) - ahead, NO_SIZE)), self._too_few(may, needed)
            )
            out |= {
                "to_deleverage": needed,
                "their_profit": profit,
                "rank_score": score,
                "ahead": ahead,
                "deleveraged": gives.named("deleveraged", source),
            }
        return out

    def _enough(self, may: Term, needed: Term) -> Term:
        return t.to_rows(t.compare("at_or_above", t.over("total", may, "market"), t.absolute(needed)), "counterparty")

    def _too_few(self, may: Term, needed: Term) -> Term:
        text = "those given on the other side hold {0}, and {1} is to be closed against them"
        there = t.over("total", may, "market")
        return t.fault(
            "RR536", text, "give everyone on the other side: there is always as much", u.BASE, "counterparty", there, t.absolute(needed)
        )

    def _score(self, step: q.Deleverage, priced: Priced, entry: Term, profit: Term) -> Term:
        if step.rank == "size":
            return t.absolute(priced.size)
        if step.rank == "profit":
            return profit
        rate = (profit / priced.notional(entry)).shown_as("rate")
        if step.rank == "profit_rate":
            return rate
        leverage: Term = t.given("their_leverage", "counterparty", u.LEVERAGE)
        if isinstance(step.rank, q.RateAndLeverage) and step.rank.leverage == "effective":
            mark, gone = t.to_rows(self.names["mark_price"], "counterparty"), t.given("their_bankruptcy_price", "counterparty", u.PRICE)
            leverage = (priced.notional(mark) / priced.profit(gone, mark)).shown_as("leverage")
        score = (rate * leverage).shown_as("number")
        if isinstance(step.rank, q.RateAndLeverage) and step.rank.loss_rate == "divided_by_leverage":
            return t.choose(t.compare("above", profit, NOTHING), score, (rate / leverage).shown_as("number"))
        return score
