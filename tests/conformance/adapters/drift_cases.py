"""Drift: one function a family of cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.adapters.drift import (
    BASE,
    DRIFT,
    EVERYWHERE,
    FINE,
    FUNDING,
    GRADES,
    INDEX,
    MARKET,
    OF_MARKET,
    POINT,
    POOL,
    PRICE,
    QUOTE,
    Laid,
    add_orders,
    add_token,
    level,
    spots,
    token_step,
)  # fmt: skip
from tests.conformance.asked import Reading, Trial, at, in_steps, in_words, term
from tests.conformance.cases import Fields, NotSaid, Question

TOKEN = "SPOT"
ALL_SIZES, ALL_TOKENS = "18446744073709551615", "340282366920938463463374607431768211455"


def margin_ratio(q: Question) -> list[Trial]:
    laid = Laid()
    laid.market(MARKET, q.policy)
    laid.hold(p.POSITION, MARKET, w.steps(q.inputs["size_base"], BASE))
    laid.account["high_leverage_mode"] = "1" if q.inputs["high_leverage"] else "0"
    return laid.trial({"margin_ratio": in_steps(term(f"ratio_{level(q.inputs)}", p.POSITION), POINT)})


def asset_weight(q: Question) -> list[Trial]:
    laid, given = Laid(), q.inputs
    add_token(laid, TOKEN, q.policy, given["price"], given["price"], given["size_token"])
    if "total_deposits_token" in given:
        laid.assets[TOKEN]["total_deposits"] = w.steps(given["total_deposits_token"], token_step(q.policy["decimals"]))
    return laid.trial({"asset_weight": in_steps(at(f"deposit_weight_{level(given)}_asks", TOKEN), POINT)})


def liability_weight(q: Question) -> list[Trial]:
    """The weight hangs on no price."""
    laid, given = Laid(), q.inputs
    price = given.get("price", "1000000")
    add_token(laid, TOKEN, q.policy, price, price, w.signed("short", given["size_token"]))
    return laid.trial({"liability_weight": in_steps(at(f"debt_weight_{level(given)}_asks", TOKEN), POINT)})


def upnl_weight(q: Question) -> list[Trial]:
    """A position of next to nothing that has received its profit."""
    laid = Laid()
    laid.market(MARKET, q.policy)
    laid.hold(p.POSITION, MARKET, "0", w.steps(q.inputs["unrealized_pnl_quote"], QUOTE))
    return laid.trial({"asset_weight": in_steps(term(f"profit_share_{level(q.inputs)}", p.POSITION), POINT)})


def perp_position(q: Question) -> list[Trial]:
    laid, given = Laid(), q.inputs
    price = w.steps(given["price"], PRICE)
    laid.market(MARKET, q.policy, price)
    laid.hold(p.POSITION, MARKET, w.steps(given["base"], BASE), w.steps(given["quote"], QUOTE))
    add_orders(laid, MARKET, given, price)
    kind = level(given)
    return laid.trial({
        "margin_requirement_quote": in_steps(term(f"position_margin_{kind}", p.POSITION), QUOTE),
        "weighted_unrealized_pnl_quote": in_steps(term(f"counted_profit_{kind}", p.POSITION), QUOTE),
    })  # fmt: skip


def account(q: Question) -> list[Trial]:
    laid, policy, kind = Laid(), q.policy, level(q.policy)
    laid.account |= {
        "user_margin_ratio": w.steps(policy.get("user_max_margin_ratio") or "0", POINT),
        "margin_ratio_override": w.steps(policy.get("margin_ratio_override") or "0", POINT),
        "high_leverage_mode": "1" if policy.get("high_leverage") else "0",
        "liquidation_buffer": w.steps(policy.get("margin_buffer_ratio") or "0", POINT),
    }  # fmt: skip
    laid.settings[f"strict_{kind}"]["value"] = "1" if policy.get("strict_prices") else "0"
    spots(laid, q.inputs["spot"])
    isolated = perps(laid, q.inputs["perp"])
    figures = of_pool(POOL, kind)
    for k, name in enumerate(isolated):
        figures |= {f"isolated.{k}.{said}": reading for said, reading in of_pool(f"{p.ACCOUNT} {name}", kind).items()}
    return laid.trial(figures)


def of_pool(label: str, kind: str) -> dict[str, Reading]:
    known = {
        "margin_requirement": "requirement", "total_collateral": "collateral", "free_collateral": "free_collateral",
        "margin_requirement_plus_buffer": "buffered_requirement", "total_collateral_plus_buffer": "buffered_collateral",
    }  # fmt: skip
    return {f"{said}_quote": in_steps(at(f"{name}_{kind}" if said != name else name, label), QUOTE) for said, name in known.items()}


def perps(laid: Laid, given: list[Fields]) -> list[str]:
    """Every position of a case; the names of the isolated ones."""
    isolated = []
    own = laid.assets[DRIFT.settle]
    for k, one in enumerate(given):
        market, price = DRIFT.market(f"{p.CASE}{k}"), w.steps(one["price"], PRICE)
        laid.market(market, one["market"], price, (own["index_price"], own["average_price"]))
        chosen = w.steps(one.get("position_max_margin_ratio") or "0", POINT)
        deposit = one.get("isolated_deposit_token")
        more = {} if deposit is None else {"mode": "isolated", "margin": w.steps(deposit, QUOTE)}
        if deposit is not None:
            isolated.append(f"p{k}")
        if deposit is not None or not w.is_nothing(one["base"]) or not w.is_nothing(one["quote"]):
            size, quote = w.steps(one["base"], BASE), w.steps(one["quote"], QUOTE)
            laid.hold(f"p{k}", market, size, quote, position_margin_ratio=chosen, **more)
        add_orders(laid, market, one, price)
    return isolated


def max_withdraw(q: Question) -> list[Trial]:
    laid = Laid()
    names = spots(laid, q.inputs["spot"])
    perps(laid, q.inputs.get("perp", []))
    of = q.inputs["withdraw_index"]
    step = token_step(q.inputs["spot"][of]["market"]["decimals"])
    return laid.trial({"amount_token": in_steps(at("withdrawable", names[of]), step)})


def base_to_cover(q: Question) -> list[Trial]:
    laid, given = Laid(), q.inputs
    quote = w.steps(given["quote_price"], PRICE)
    laid.market(MARKET, Fields({}), w.steps(given["price"], PRICE), (quote, quote))
    laid.hold(p.POSITION, MARKET, w.steps(ALL_SIZES, BASE))  # where it frees nothing the venue says the largest number that it has
    laid.stands_in("margin_shortage", "pool", "settle", w.steps(given["margin_shortage_quote"], QUOTE))
    laid.stands_in("ratio_to_reach", "position", "rate", w.steps(q.policy["margin_ratio"], POINT))
    laid.stands_in("liquidator_fee_now", "position", "rate", w.steps(q.policy["liquidator_fee"], FINE))
    laid.stands_in("insurance_fee_now", "position", "rate", w.steps(q.policy["if_fee"], FINE))
    return laid.trial({"base": in_steps(term("size_to_cover", p.POSITION), BASE)})


def perp_if_fee(q: Question) -> list[Trial]:
    laid, given = Laid(), q.inputs
    quote = w.steps(given["quote_price"], PRICE)
    laid.market(MARKET, Fields({"max_if_fee": q.policy["max_if_fee"]}), w.steps(given["price"], PRICE), (quote, quote))
    laid.hold(p.POSITION, MARKET, w.some(w.steps(given["base"], BASE)))
    laid.stands_in("position_shortage", "position", "settle", w.steps(given["margin_shortage_quote"], QUOTE))
    laid.stands_in("ratio_to_reach", "position", "rate", w.steps(q.policy["margin_ratio"], POINT))
    laid.stands_in("liquidator_fee_now", "position", "rate", w.steps(q.policy["liquidator_fee"], FINE))
    return laid.trial({"if_fee": in_steps(term("insurance_fee_now", p.POSITION), FINE)})


def fee_ramp(q: Question) -> list[Trial]:
    laid = Laid()
    laid.market(MARKET, Fields({}))
    laid.hold(p.POSITION, MARKET, "1")
    laid.of("everywhere", "", q.policy, EVERYWHERE)
    laid.account["slots_since_active"] = w.number(q.inputs["slots_since_active"])
    laid.stands_in("base_liquidator_fee", "position", "rate", w.steps(q.policy["base_fee"], FINE))
    laid.stands_in("largest_liquidator_fee", "market", "rate", w.steps(q.policy["max_fee"], FINE), "market")
    return laid.trial({"fee": in_steps(term("liquidator_fee_now", p.POSITION), FINE)})


SWAPPED = {
    "asset_weight": ("asset_weight", POINT), "asset_multiplier": ("asset_multiplier", FINE),
    "liability_weight": ("liability_weight", POINT),
    "liability_multiplier": ("liability_multiplier", FINE), "if_fee": ("swap_insurance_fee", FINE),
    "max_if_fee": ("largest_swap_insurance_fee", FINE), "margin_shortage_quote": ("swap_shortage", QUOTE),
    "asset_price": ("asset_price", PRICE), "liability_price": ("liability_price", PRICE),
}  # fmt: skip


def swap(name: str, said: str, of: str) -> Callable[[Question], list[Trial]]:
    """One figure of a swap of an asset for a liability, in steps of the one or the other, or of a fee."""

    def adapter(q: Question) -> list[Trial]:
        laid, given = Laid(), q.inputs
        for fields in (q.policy, given):
            laid.account |= {to: w.steps(fields[key], step) for key, (to, step) in SWAPPED.items() if key in fields}
        tokens = {side: token_step(given[f"{side}_decimals"]) for side in ("asset", "liability") if f"{side}_decimals" in given}
        laid.account |= {f"{side}_step": w.steps("1", step) for side, step in tokens.items()}
        laid.account |= {f"{side}_amount": w.steps(ALL_TOKENS, step) for side, step in tokens.items()}  # where nothing is freed, all
        for key, side in (("asset_token", "asset"), ("liability_token", "liability"), ("token_amount", "liability")):
            if key in given:
                laid.account[f"{side}_amount"] = w.steps(given[key], tokens[side])
        return laid.trial({said: in_steps(at(name, p.ACCOUNT), tokens.get(of, FINE))})

    return adapter


def funding_delta(q: Question) -> list[Trial]:
    """The loss that is left after insurance and the fee pool, where the case says nothing of them."""
    laid, given = Laid(), q.inputs
    holder = given.get("holder_base", "1000000000")
    laid.market(MARKET, Fields({}))
    laid.markets[MARKET] |= {
        "bankruptcy_loss": w.steps(w.unsigned(given["loss_quote"]), QUOTE), "long_open": w.steps(given["long_base"], BASE),
        "insurance_available": w.steps(given.get("insurance_available_quote", "0"), QUOTE),
        "short_open": w.steps(given["short_base"], BASE),
        "fee_pool": w.steps(given.get("fee_pool_quote", "0"), QUOTE),
    }  # fmt: skip
    laid.hold(p.POSITION, MARKET, w.steps(holder, BASE))
    return laid.trial({
        "cumulative_funding_rate_delta": in_steps(term("funding_change", p.POSITION), FUNDING),
        f"loss_of_{w.unsigned(w.steps(holder, BASE))}_base_holder_quote": in_steps(term("loss_of_holder", p.POSITION), QUOTE),
    })  # fmt: skip


def deposit_delta(q: Question) -> list[Trial]:
    """Only the loss as a part of all deposits counts, whatever the steps of the token."""
    laid, given = Laid(), q.inputs
    laid.assets[TOKEN] = {
        "index_price": "1", "average_price": "1", "token_loss": w.number(given["loss_token"]),
        "total_deposits": w.number(given["total_deposits_token"]), "deposit_index": w.steps(given["cumulative_deposit_interest"], INDEX),
    }  # fmt: skip
    laid.collateral[TOKEN] = "1"
    return laid.trial({"delta": in_steps(at("deposit_index_change", TOKEN), INDEX)})


def oracle_status(q: Question) -> list[Trial]:
    laid, given = Laid(), q.inputs
    laid.market(MARKET, q.policy)
    said = {
        "price": "oracle_price", "confidence": "oracle_confidence", "oracle_twap": "oracle_average", "reserve_price": "reserve_price",
        "oracle_twap_5min": "oracle_average_5min", "twap_5min": "oracle_average_5min",
    }  # fmt: skip
    laid.markets[MARKET] |= {to: w.steps(given[key], PRICE) for key, to in said.items() if key in given}
    if "delay_slots" in given:
        enough = "1" if given["sufficient_data"] else "0"
        laid.markets[MARKET] |= {"oracle_delay": w.number(given["delay_slots"]), "oracle_has_enough_points": enough}
    laid.hold(p.POSITION, MARKET, "1")
    return laid.trial({
        "validity": in_words(term("oracle_grade", p.POSITION), GRADES), "spread_pct": in_steps(term("reserve_spread", p.POSITION), FINE),
        "mark_too_divergent": term("mark_too_divergent", p.POSITION), "too_divergent": term("oracle_too_divergent", p.POSITION),
    })  # fmt: skip


def liquidate_perp(q: Question) -> list[Trial]:
    """Calls one after another: each finds the account as the one before has left it, its orders cancelled."""
    laid, policy, given = Laid(), q.policy, q.inputs
    one, price = given["position"], w.steps(given["price"], PRICE)
    quote = w.steps(given["quote_price"], PRICE)
    laid.market(MARKET, policy["market"], price, (quote, quote))
    laid.of("markets", MARKET, policy, {key: OF_MARKET[key] for key in ("initial_pct_to_liquidate", "liquidation_duration_slots")})
    laid.of("everywhere", "", policy, EVERYWHERE)
    laid.assets[DRIFT.settle] = {"index_price": quote, "average_price": quote}
    if given["user_last_active_slot"]:
        raise NotSaid("a slot that time does not begin at")
    buffer = w.steps(policy["liquidation_margin_buffer_ratio"], POINT)
    laid.account |= {"liquidation_buffer": buffer, "margin_freed_before": "0", "high_leverage_mode": "1" if given["high_leverage"] else "0"}
    deposit = w.steps(given["deposit_token"], QUOTE)
    more = {"mode": "isolated", "margin": deposit} if given["isolated"] else {}
    if not given["isolated"]:
        laid.collateral[DRIFT.settle] = deposit
    laid.hold(p.POSITION, MARKET, w.steps(one["base"], BASE), w.steps(one["quote"], QUOTE), **more)
    add_orders(laid, MARKET, one, price)
    steps: list[Trial] = []
    for k, call in enumerate(given["calls"]):
        laid.account["slots_since_active"] = w.number(call["slot"])
        laid.positions = [{**laid.positions[0], "liquidator_size": w.steps(call["liquidator_max_base"], BASE)}]
        before = next(reversed(steps), None)
        figures = {f"after_calls.{k}.{said}": reading for said, reading in after_call().items()}
        steps.append(replace(laid.trial(figures)[0], after=before, carried=LEFT))
        laid.orders = []
    last = steps.pop()
    return [*steps, replace(last, figures={**last.figures, **after_call()})]


LEFT = {
    ("position", "size"): term("remaining_size", p.POSITION), ("position", "unsettled_funding"): term("remaining_quote", p.POSITION),
    ("account", "margin_freed_before"): term("margin_freed_after_step", p.POSITION),
}  # fmt: skip


def after_call() -> dict[str, Reading]:
    known = {
        "base": ("remaining_size", BASE), "quote": ("remaining_quote", QUOTE), "liquidator_base": ("taken_size", BASE),
        "liquidator_quote": ("taken_quote", QUOTE), "insurance_fee_quote": ("paid_to_insurance", QUOTE),
        "margin_freed_quote": ("margin_freed_after_step", QUOTE),
    }  # fmt: skip
    return {said: in_steps(term(name, p.POSITION), step) for said, (name, step) in known.items()}


FAMILIES: dict[str, Callable[[Question], list[Trial]]] = {
    "drift.margin_ratio": margin_ratio, "drift.asset_weight": asset_weight, "drift.liability_weight": liability_weight,
    "drift.upnl_weight": upnl_weight, "drift.perp_position": perp_position, "drift.account": account, "drift.max_withdraw": max_withdraw,
    "drift.base_to_cover": base_to_cover, "drift.perp_if_fee": perp_if_fee, "drift.liquidation_fee_ramp": fee_ramp,
    "drift.liability_transfer": swap("liability_to_cover", "liability_token", "liability"),
    "drift.implied_liability_transfer": swap("liability_for_asset", "liability_token", "liability"),
    "drift.asset_transfer": swap("asset_for_liability", "asset_token", "asset"),
    "drift.spot_if_fee": swap("swap_insurance_fee_now", "if_fee", ""),
    "drift.funding_delta": funding_delta, "drift.perp_bankruptcy": funding_delta, "drift.deposit_interest_delta": deposit_delta,
    "drift.oracle_status": oracle_status, "drift.twap_band": oracle_status, "drift.liquidate_perp": liquidate_perp,
}  # fmt: skip
