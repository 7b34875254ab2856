"""What a margin file means: its sections as terms, from each leg up to the pool that is decided on.

A pool is what stands behind positions together: a cross account's balances in one settle asset, or
the margin posted for one isolated position.  Equity, requirements and the decision are a pool's,
whatever its mode, so that there is one rule of liquidation and not one for each mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Literal

from riskrules.ir import term as t
from riskrules.ir.term import Term
from riskrules.rules import margin as m
from riskrules.rules import margin_pool as of_pool
from riskrules.rules.margin_equity import equity as equity_of
from riskrules.rules.margin_sections import NOTHING, POOL_MARGINS, Formulas, Names, Pooled, Sections, rounded
from riskrules.units import unit as u


def meaning(s: Sections, names: Names, formulas: Formulas, pooled: Pooled) -> Names:
    """Every named term of the margin, by name; the tiers of the legs are among the names already."""
    together, parts = s.portfolio(names) if s.portfolio is not None else (None, {})
    parts |= {**_initial(s, names, formulas, together), **_maintenance(s, names, formulas, together)}
    parts |= equity_of(s, {**names, **parts}, formulas, pooled)
    known = {name: term for name, term in {**names, **parts}.items() if name not in POOL_MARGINS}
    parts |= {name: _held(s, name, parts[name], pooled, known) for name in POOL_MARGINS}
    parts |= _decisions(s, parts)
    return {**parts, **_opening(s, names, parts)}


def _held(s: Sections, section: str, total: Term, pooled: Pooled, names: Names) -> Term:
    """What the positions need together, and what the pool needs besides."""
    rule = s.initial_margin.plus if section == "initial_margin" else s.maintenance_margin.plus
    if rule is not None:
        total = total + pooled(rule.formula, names)
    return rounded(total, s.rounding.pool_margins).named(section, s.at(section))


def tiers(s: Sections, names: Names) -> Names:
    """The row of the market's table that each leg (or both legs together) falls in."""
    rows = "leg" if _by_leg(s) else "position"
    lookup = _measure(s, names, rows, "lookup")
    caps = t.to_rows(t.given("caps", "market", u.TABLE), rows)
    tier = t.bracket(lookup, caps).named("tier", s.at("tier_forms"))

    def column(name: str, unit: u.Unit) -> Term:
        listed = t.to_rows(t.given(f"{name}s", "market", u.TABLE), rows)
        return t.pick(tier, listed, unit).named(name, s.at("tier_forms"))

    return {
        "lookup": lookup,
        "tier": tier,
        "maintenance_rate": column("maintenance_rate", u.RATE),
        "maintenance_amount": column("maintenance_amount", u.SETTLE),
        "max_leverage": column("max_leverage", u.LEVERAGE),
        "within_last_cap": t.within_last_cap(lookup, caps).named("within_last_cap"),
    }


def _by_leg(s: Sections) -> bool:
    return s.account.hedge_legs == "not_allowed" or s.account.hedge_legs.tier_by == "each_leg"


def _measure(s: Sections, names: Names, rows: str, use: Literal["lookup", "rate_on"]) -> Term:
    """The size that a cap or the rate is about, under every tier form in use."""
    words = {lookup if use == "lookup" else rate_on for lookup, rate_on in s.bases}
    return _by_form(use, words, rows, lambda word: _one_measure(s, names, word, rows))


def _by_form(use: str, words: Iterable[str], rows: str, of: Callable[[str], Term]) -> Term:
    """Of several words the one that the form of the row's market uses."""
    first, *others = sorted(words)
    chosen = of(first)
    for word in others:
        chosen = t.choose(t.to_rows(t.given(f"{use}_is_{word}", "market", u.FLAG), rows), of(word), chosen)
    return chosen


def _one_measure(s: Sections, names: Names, word: str, rows: str) -> Term:
    if word == m.CHOSEN_LIMIT:
        return _chosen_limit(s, names)
    source = {"notional_at_mark": "notional", "notional_at_entry": "entry_notional"}
    each = names[source[word]] if word in source else t.as_unit(t.absolute(t.given("size", "leg", u.BASE)), u.SETTLE)
    if rows == "leg":
        return each
    assert s.account.hedge_legs != "not_allowed"
    together = "total" if s.account.hedge_legs.tier_by == "sum_of_legs" else "largest"
    return t.over(together, each, rows).named(f"{s.account.hedge_legs.tier_by}_{word}", s.at("account"))


def _chosen_limit(s: Sections, names: Names) -> Term:
    """What the user has chosen decides the tier, and not what is held; a limit below what is held decides nothing."""
    limit, value = (
        t.given("risk_limit", "leg", u.SETTLE),
        _by_form("rate_on", _rates_of_limits(s), "leg", lambda word: _one_measure(s, names, word, "leg")),
    )
    text = "the risk limit of {row} is {0}, and the position is worth {1}"
    refusal = t.fault("RR513", text, "give the limit that is chosen now: a position is never above it", u.SETTLE, "leg", limit, value)
    return t.choose(t.compare("at_or_above", limit, value), limit, refusal).named("limit_in_use", s.at("tier_forms"))


def _rates_of_limits(s: Sections) -> set[str]:
    return {rate_on for lookup, rate_on in s.bases if lookup == m.CHOSEN_LIMIT}


def _maintenance(s: Sections, names: Names, formulas: Formulas, together: Term | None) -> Names:
    where = s.at("maintenance_margin")
    rule = s.maintenance_margin.position
    if isinstance(rule, m.Formula):
        each = formulas(rule.formula, of_pool.EITHER)
        where = each.source
    elif rule == "none":
        each = of_pool.of_no_position(names["notional"])
    else:
        base = _measure(s, names, names["tier"].rows, "rate_on")
        each = base * names["maintenance_rate"] - names["maintenance_amount"]
    each = rounded(each, s.rounding.position_margins).named(_called(each, "position_maintenance"), where)
    pooled = each if each.rows == "pool" else _legs_together(s, each)
    fee = s.maintenance_margin.fee
    closing: Names = {}
    if not isinstance(fee, str):
        rate = t.given("taker_fee", "account", u.RATE) if fee.rate == "taker_fee" else t.constant(_fraction(fee.rate), u.RATE)
        base = names["notional"] if fee.on == "notional_at_mark" else names["entry_notional"]
        closing["closing_fee"] = (base * rate).named("closing_fee", s.at("maintenance_margin", "fee"))
        pooled = pooled + t.over("total", closing["closing_fee"], "pool")
    if s.maintenance_margin.whole is not None:
        pooled = of_pool.whole(s.maintenance_margin.whole, formulas, together)
    return {each.name: each, **closing, "maintenance_margin": pooled}


def _called(each: Term, name: str) -> str:
    """A requirement of the whole pool is no position's."""
    return name.replace("position_", "portfolio_") if each.rows == "pool" else name


def _fraction(rate: Fraction | str) -> Fraction:
    assert isinstance(rate, Fraction)
    return rate


def _legs_together(s: Sections, each: Term) -> Term:
    """A pool's sum; of two legs margined by the larger, only that one."""
    hedge = s.account.hedge_legs
    if each.rows == "leg" and hedge != "not_allowed" and hedge.margin == "larger_leg":
        each = t.over("largest", each, "position").named("larger_leg_maintenance", s.at("account", "hedge_legs"))
    return t.over("total", each, "pool")


def _initial(s: Sections, names: Names, formulas: Formulas, together: Term | None) -> Names:
    where = s.at("initial_margin")
    rule = s.initial_margin.position
    if isinstance(rule, m.Formula):
        each = formulas(rule.formula, of_pool.EITHER)
        where = each.source
    elif isinstance(rule, str):
        each = of_pool.of_no_position(names["notional"])
    else:
        base = names["notional"] if rule.on == "notional_at_mark" else names["entry_notional"]
        chosen = rule.rate == "one_over_chosen_leverage"
        each = base / (t.given("leverage", "leg", u.LEVERAGE) if chosen else t.to_rows(names["max_leverage"], "leg"))
    each = rounded(each.shown_as("money"), s.rounding.position_margins).named(_called(each, "position_initial"), where)
    orders = _orders(s, names)
    total = each if each.rows == "pool" else t.over("total", each, "pool")
    if s.initial_margin.whole is not None:
        total = of_pool.whole(s.initial_margin.whole, formulas, together)
    if orders and not isinstance(s.initial_margin.whole, m.Formula):  # a formula of the whole says itself what of orders it holds
        total = total + orders["orders_initial"]
    return {
        each.name: each,
        **orders,
        "initial_margin": total,
    }


def _orders(s: Sections, names: Names) -> Names:
    """What open orders hold back, for each cross pool."""
    rule = s.initial_margin.orders
    if rule.count == "not_counted":
        return {}
    reserve = _order_reserve(s, names)
    held = _order_margin(s, names, reserve).named("order_margin", s.at("initial_margin", "orders"))
    told = {} if reserve is None else {"order_reserve": reserve}
    if rule.count == "every_order":
        return {
            **told,
            "order_margin": held,
            "orders_initial": t.over("total", held, "pool").named("orders_initial", s.at("initial_margin", "orders")),
        }
    buys = t.given("is_buy", "order", u.FLAG)
    sides = [t.over("total", t.choose(side, held, NOTHING), "position") for side in (buys, t.negated(buys))]
    larger = t.larger(*sides).named("larger_side_margin", s.at("initial_margin", "orders", "count"))
    return {
        **told,
        "order_margin": held,
        "larger_side_margin": larger,
        "orders_initial": t.over("total", larger, "pool").named("orders_initial"),
    }


def _order_reserve(s: Sections, names: Names) -> Term | None:
    """What an order costs at once when it is filled, as far as it is reserved: the loss at the mark, and fees."""
    rule = s.initial_margin.orders
    reserve: Term | None = t.larger(-names["opening_profit"], NOTHING) if rule.opening_loss == "reserved" else None
    if rule.fee != "none":
        fee = names["order_notional"] * t.given("taker_fee", "account", u.RATE)
        fee = fee if rule.fee == "taker_fee" else fee * t.constant(2, u.RATE)
        reserve = fee if reserve is None else reserve + fee
    return None if reserve is None else reserve.named("order_reserve", s.at("initial_margin", "orders"))


def _order_margin(s: Sections, names: Names, reserve: Term | None) -> Term:
    margin = (names["order_notional"] / t.given("order_leverage", "order", u.LEVERAGE)).shown_as("money")
    return t.choose(_holds_nothing(s), NOTHING, margin if reserve is None else margin + reserve)


def _holds_nothing(s: Sections) -> Term:
    """Of an order: it can only reduce, or waits for its trigger and the rules leave it out until then."""
    reduces = t.given("reduce_only", "order", u.FLAG)
    if s.initial_margin.orders.untriggered != "excluded":
        return reduces
    return t.either(reduces, t.given("untriggered", "order", u.FLAG))


def _decisions(s: Sections, parts: Names) -> Names:
    equity, maintenance = parts["equity"], parts["maintenance_margin"]
    held = _may_be_liquidated(s, maintenance)
    trigger = s.liquidate_when.equity
    against = {"initial_margin": parts.get("initial_equity", equity), "maintenance_margin": equity}
    level = of_pool.liquidation_margin(s.liquidate_when, parts[trigger.right], s.at)
    liquidate = t.compare(trigger.comparator, against[trigger.right], parts[trigger.right] if level is None else level)
    if held is not None:
        liquidate = t.choose(held, liquidate, t.flag(False))
    allowed = s.may_increase.equity
    liquidate = liquidate.named("liquidate", s.at("liquidate_when"))
    suffices = t.compare(allowed.comparator, against[allowed.right], parts[allowed.right]).named("margin_suffices", s.at("may_increase"))
    standing = _standing(s, equity, maintenance, held, liquidate)
    return {
        **({} if level is None else {"liquidation_margin": level}),
        "margin_buffer": (equity - maintenance).named("margin_buffer"),
        "liquidate": liquidate,
        "margin_suffices": suffices,
        "standing_allows": standing,
        "may_increase": t.both(suffices, standing).named("may_increase", s.at("may_increase")),
        "bankrupt": t.compare("at_or_below", equity, NOTHING).named("bankrupt"),
        **_state(s, equity, maintenance, held),
    }


def _may_be_liquidated(s: Sections, maintenance: Term) -> Term | None:
    """Without this a pool is never liquidated, and is in no state that comes before it; None where nothing is asked for."""
    if s.liquidate_when.needs == "open_position":
        return t.compare("above", t.given("open_legs", "pool", u.COUNT), t.constant(0, u.COUNT))
    return t.compare("above", maintenance, NOTHING) if s.liquidate_when.needs == "maintenance_above_0" else None


def _opening(s: Sections, names: Names, parts: Names) -> Names:
    """Whether each open order may be there: its side's whole exposure within the table, its leverage, and the pool's margin."""
    exposure = _exposure(s, names).named("exposure", s.at("tier_forms"))
    within, largest = _room(s, exposure)
    leverage = t.given("order_leverage", "order", u.LEVERAGE)
    allowed = {
        "exposure": exposure,
        "size_allowed": within.named("size_allowed", s.at("tier_forms")),
        "leverage_allowed": t.compare("at_or_below", leverage, largest).named("leverage_allowed", s.at("tier_forms")),
        "margin_allows": t.to_rows(parts["margin_suffices"], "order").named("margin_allows", s.at("may_increase")),
        "account_allows": t.to_rows(parts["standing_allows"], "order").named("account_allows", s.at("liquidate_when")),
    }
    order_fits = t.both(allowed["size_allowed"], allowed["leverage_allowed"])
    every = t.both(order_fits, t.both(allowed["margin_allows"], allowed["account_allows"]))
    return {**allowed, "may_open": every.named("may_open", s.at("may_increase"))}


def _room(s: Sections, exposure: Term) -> tuple[Term, Term]:
    """For each order: whether its side is within the table, or within the limit that was chosen; and the largest leverage there."""
    within, largest = (t.to_rows(one, "order") for one in _in_table(exposure, "position", "exposure_max_leverage"))
    lookups = {lookup for lookup, _ in s.bases}
    if m.CHOSEN_LIMIT not in lookups:
        return within, largest
    limit = t.given("risk_limit", "order", u.SETTLE)
    limit_within, limit_largest = _in_table(limit, "order", "limit_max_leverage")
    limit_within = t.both(t.compare("at_or_below", t.to_rows(exposure, "order"), limit), limit_within)
    if lookups == {m.CHOSEN_LIMIT}:
        return limit_within, limit_largest
    chosen = t.to_rows(t.given(f"lookup_is_{m.CHOSEN_LIMIT}", "market", u.FLAG), "order")
    return t.choose(chosen, limit_within, within), t.choose(chosen, limit_largest, largest)


def _in_table(size: Term, rows: str, name: str) -> tuple[Term, Term]:
    caps, leverages = (t.to_rows(t.given(column, "market", u.TABLE), rows) for column in ("caps", "max_leverages"))
    return t.within_last_cap(size, caps), t.pick(t.bracket(size, caps), leverages, u.LEVERAGE).named(name)


def _exposure(s: Sections, names: Names) -> Term:
    """The larger side, in the measure that the market's caps are about: what is held and what is ordered on it, reduce-only left out."""

    def larger_side(word: str) -> Term:
        if word == m.CHOSEN_LIMIT:
            return _by_form("rate_on", _rates_of_limits(s), "position", lambda one: _larger_side(s, names, one))
        return _larger_side(s, names, word)

    return _by_form("lookup", {lookup for lookup, _ in s.bases}, "position", larger_side)


def _larger_side(s: Sections, names: Names, word: str) -> Term:
    """An order's notional is taken at its own price: it has no entry yet, and no mark moves it."""
    of_leg = _one_measure(s, names, word, "leg")
    of_order = names["order_notional"] if word != "size" else t.as_unit(t.absolute(t.given("order_size", "order", u.BASE)), u.SETTLE)
    is_long = t.compare("above", t.given("size", "leg", u.BASE), t.constant(0, u.BASE))
    counts, is_buy = t.negated(_holds_nothing(s)), t.given("is_buy", "order", u.FLAG)
    sides = []
    for held, ordered in ((is_long, is_buy), (t.negated(is_long), t.negated(is_buy))):
        legs = t.over("total", t.choose(held, of_leg, NOTHING), "position")
        orders = t.over("total", t.choose(t.both(ordered, counts), of_order, NOTHING), "position")
        sides.append(legs + orders)
    return t.larger(*sides)


def _standing(s: Sections, equity: Term, maintenance: Term, held: Term | None, liquidate: Term) -> Term:
    """What is being liquidated does not grow, whatever its initial margin says; nor does what is in a state that forbids it."""
    allows = t.negated(liquidate)
    where = "states_by_maintenance_share_of_equity" if s.states else "liquidate_when"
    if s.states:
        by_state = t.flag("increase" in s.states[0].may)
        for row, reached in _reached(s, equity, maintenance, held):
            by_state = t.choose(reached, t.flag("increase" in row.may), by_state)
        allows = t.both(allows, by_state)
    return allows.named("standing_allows", s.at(where))


def _reached(s: Sections, equity: Term, maintenance: Term, held: Term | None) -> Iterator[tuple[m.ShareState, Term]]:
    """Each later state and whether its share is reached; shares are compared multiplied out, so that equity of 0 decides too."""
    for row in s.states[1:]:
        comparator = "at_or_above" if row.at_or_above is not None else "above"
        reached = t.compare(comparator, maintenance, equity * t.constant(row.share, u.RATE))
        yield row, t.both(held, reached) if held is not None else reached


def _state(s: Sections, equity: Term, maintenance: Term, held: Term | None) -> Names:
    """The last state whose share is reached."""
    if not s.states:
        return {}
    state = t.label(s.states[0].state)
    for row, reached in _reached(s, equity, maintenance, held):
        state = t.label_if(reached, t.label(row.state), state)
    return {"state": state.named("state", s.at("states_by_maintenance_share_of_equity"))}
