"""dYdX v4: what its tests print in quantums and millionths, in coins and money.

A case that prints only an account's equity and requirements gets positions that have just those: a long and
a short that cancel in worth, of which the long alone must hold something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Reading, Trial, pool, term
from tests.conformance.books import DYDX, OF_COINS, Book
from tests.conformance.cases import Fields, NotSaid, Question
from tests.conformance.readings import first_true, or_refusal, refusal, scaled, worded
from tests.conformance.several import SetOff, in_order

MONEY, MILLIONTHS = "-6", "-6"  # quote quantums, parts per million
OWED, FREE = p.CASE, "FREE"  # the market of the long, and that of the short which cancels it
TIER = {"initial_margin_ppm": 0, "maintenance_fraction_ppm": 0, "oi_lower_cap_qq": 0, "oi_upper_cap_qq": 0}
ALLOWED = ("success", "accepted", "allowed", "applied", "ok", "valid")
REFUSED = ("rejected", "refused")

Given = Mapping[str, Any]


def money(figure: Any) -> str:
    return w.shifted(figure, MONEY)


def share(figure: Any) -> str:
    return w.shifted(figure, MILLIONTHS)


def in_quantums(reading: Reading) -> Reading:
    return scaled(reading, down=(MONEY,))


def in_millionths(reading: Reading) -> Reading:
    return scaled(reading, down=(MILLIONTHS,))


def of_pool(name: str) -> Reading:
    return pool(name, DYDX.settle)


# -- books and snapshots ---------------------------------------------------------------------------


def book_of(tiers: Mapping[str, Given], config: Given | None = None) -> Book:
    """The rulebook with each market's liquidity tier, and settings that are the same in all of them."""
    columns = {
        "initial_rate": ("rate", "initial_margin_ppm", share), "maintenance_fraction": ("rate", "maintenance_fraction_ppm", share),
        "lower_cap": ("settle", "oi_lower_cap_qq", money), "upper_cap": ("settle", "oi_upper_cap_qq", money),
    }  # fmt: skip
    made: dict[str, tuple[str, Mapping[str, str]]] = {
        name: (unit, {market: spell(tier[word]) for market, tier in tiers.items()}) for name, (unit, word, spell) in columns.items()
    }
    made |= {name: (unit, dict.fromkeys(tiers, value)) for name, (unit, value) in (config or {}).items()}
    return DYDX.contracts(dict.fromkeys(tiers, OF_COINS)).settings_of_markets(made)


def market_of(market: Given, **more: str) -> dict[str, str]:
    return {"mark_price": w.shifted(market["price"], market["price_exponent"]), "open_interest": "0", "funding_index": "0", **more}


def leg_of(name: str, size: str, **more: str) -> dict[str, str]:
    return {"id": name, "market": name, "mode": "cross", "size": size, "settled_index": "0", "chosen_initial_rate": "0", **more}


def account(quote: str, legs: Sequence[Given], **more: Any) -> dict[str, Any]:
    return {"id": p.ACCOUNT, "collateral": {DYDX.settle: quote}, "positions": list(legs), **more}


def index(figure: Any, resolution: Any) -> str:
    """Money for each coin: an index is in millionths of quote quantums for each base quantum."""
    return w.shifted(figure, MONEY, MILLIONTHS, down=(resolution,))


def name_of(k: int) -> str:
    return DYDX.market(f"M{k}")


def held(usdc: Any, positions: Sequence[Fields], config: Given | None = None, **account_more: Any) -> tuple[Book, dict[str, Any]]:
    """An account of positions, each in a market of its own with a tier of its own; one of nothing is none."""
    tiers = {name_of(k): one["tier"] for k, one in enumerate(positions)}
    markets, legs = {}, []
    for k, one in enumerate(positions):
        resolution = one["market"]["atomic_resolution"]
        funding = index(one.get("perpetual_funding_index", 0), resolution)
        oi = w.shifted(one.get("open_interest_bq", 0), resolution)
        markets[name_of(k)] = market_of(one["market"], funding_index=funding, open_interest=oi)
        settled = index(one.get("position_funding_index", 0), resolution)
        chosen = share(w.first(one, "custom_imf_ppm", "user_imf_ppm", "custom_initial_margin_ppm") or 0)
        if not w.is_nothing(one["position_bq"]):
            size = w.shifted(one["position_bq"], resolution)
            legs.append(leg_of(name_of(k), size, settled_index=settled, chosen_initial_rate=chosen))
    return book_of(tiers, config), {"markets": markets, "accounts": [account(money(usdc), legs, **account_more)]}


def alone(q: Question, size: str, mark: str = "1", config: Given | None = None, tier: Given | None = None, **market: str) -> Any:
    """One position in the case's market."""
    name = DYDX.market(p.CASE)
    markets = {name: {"mark_price": mark, "open_interest": "0", "funding_index": "0", **market}}
    return book_of({name: tier or q.policy}, config), {"markets": markets, "accounts": [account("0", [leg_of(name, size)])]}, name


def with_leg(snapshot: dict[str, Any], k: int, **more: str) -> dict[str, Any]:
    """The same snapshot with more said of one position."""
    (one,) = snapshot["accounts"]
    legs = [{**leg, **more} if leg["market"] == name_of(k) else leg for leg in one["positions"]]
    return {**snapshot, "accounts": [{**one, "positions": legs}]}


def figures_of(net: Any, initial: Any, maintenance: Any) -> tuple[dict[str, str], list[dict[str, str]], str]:
    """Tier, positions and balance of an account of which only sums are printed."""
    initial = maintenance if initial is None else initial
    if w.is_nothing(initial):
        if not w.is_nothing(maintenance):
            raise NotSaid("a maintenance margin above the initial one")
        return dict(TIER), [], money(net)
    fraction = w.per(w.shifted(maintenance or 0, "6"), initial)
    tier = {**TIER, "initial_margin_ppm": w.shifted("1", "6"), "maintenance_fraction_ppm": fraction}
    worth = money(initial)
    return tier, [leg_of(DYDX.market(OWED), worth), leg_of(DYDX.market(FREE), w.signed("short", worth))], money(net)


def of_figures(given: Fields, before: Fields | None = None, is_below: bool = False) -> tuple[Book, dict[str, Any]]:
    """An account, and the one it was before; `is_below`: below its initial margin, where the case does not say how much that is."""
    initial = given.get("initial_margin_qq", p.BEYOND_ALL if is_below else None)
    now, legs, quote = figures_of(given["net_collateral_qq"], initial, given.get("maintenance_margin_qq", 0))
    tiers, more = {DYDX.market(OWED): now, DYDX.market(FREE): TIER}, {}
    if before is not None:
        initial, maintenance = before.get("initial_margin_qq"), before.get("maintenance_margin_qq", 0)
        then, old, balance = figures_of(before["net_collateral_qq"], initial, maintenance)
        old = [{**leg, "market": f"OLD{leg['market']}", "id": f"OLD{leg['id']}"} for leg in old]
        tiers |= {f"OLD{DYDX.market(OWED)}": then, f"OLD{DYDX.market(FREE)}": TIER}
        more = {"before": {"collateral": {DYDX.settle: balance}, "positions": old}}
    markets = {name: {"mark_price": "1", "open_interest": "0", "funding_index": "0"} for name in tiers}
    return book_of(tiers), {"markets": markets, "accounts": [account(quote, legs, **more)]}


# -- margins ---------------------------------------------------------------------------------------


def notional(q: Question) -> list[Trial]:
    market = q.inputs["market"]
    size = w.shifted(q.inputs["position_bq"], market["atomic_resolution"])
    book, shot, name = alone(q, w.some(size), w.shifted(market["price"], market["price_exponent"]), tier=TIER)
    return [Trial(book, shot, {"net_notional_qq": in_quantums(term("position_value", name))})]


def margin(q: Question) -> list[Trial]:
    market = q.inputs["market"]
    resolution = market["atomic_resolution"]
    size, oi = w.shifted(q.inputs["position_bq"], resolution), w.shifted(q.inputs.get("open_interest_bq", 0), resolution)
    book, shot, _ = alone(q, w.some(size), w.shifted(market["price"], market["price_exponent"]), open_interest=oi)
    chosen = w.first(q.policy, "custom_imf_ppm", "user_imf_ppm")
    shot["accounts"][0]["positions"][0]["chosen_initial_rate"] = share(chosen or 0)
    return [Trial(book, shot, margins())]


def margins() -> dict[str, Reading]:
    return {
        "net_collateral_qq": in_quantums(of_pool("equity")), "initial_margin_qq": in_quantums(of_pool("initial_margin")),
        "maintenance_margin_qq": in_quantums(of_pool("maintenance_margin")),
    }  # fmt: skip


def whole_account(q: Question) -> list[Trial]:
    book, shot = held(q.inputs["usdc_qq"], q.inputs["positions"])
    return [Trial(book, shot, {**margins(), "is_liquidatable": term("liquidate")})]


def rate(q: Question) -> list[Trial]:
    """Rates of a market, and the initial margin of a notional, at an open interest that is given in money."""
    size = w.some(money(q.inputs.get("notional_qq", 0)))
    clamp = q.policy.get("funding_clamp_factor_ppm")
    config = {} if clamp is None else {"funding_clamp_factor": ("rate", share(clamp))}
    book, shot, name = alone(q, size, config=config, open_interest=money(q.inputs.get("open_interest_notional_qq", 0)))
    figures = {
        "imf_ppm": in_millionths(term("crowded_initial_rate", name)), "initial_margin_qq": in_quantums(of_pool("initial_margin")),
        "maintenance_margin_ppm": in_millionths(term("printed_maintenance_rate", name)),
        "max_abs_funding_ppm": in_millionths(term("largest_funding_rate", name)),
    }  # fmt: skip
    return [Trial(book, shot, figures)]


def funding(q: Question) -> list[Trial]:
    """A base quantum stands for a coin here: the case names no resolution."""
    size = w.some(q.inputs["position_bq"])
    book, shot, name = alone(q, size, tier=TIER, funding_index=index(q.inputs["perpetual_funding_index"], 0))
    shot["accounts"][0]["positions"][0]["settled_index"] = index(q.inputs["position_funding_index"], 0)
    return [Trial(book, shot, {"net_settlement_ppm": scaled(term("funding_by_index", name), down=(MONEY, MILLIONTHS))})]


# -- risk ------------------------------------------------------------------------------------------


def flags(q: Question) -> list[Trial]:
    book, shot = of_figures(q.inputs)
    figures = {
        "initial_collateralized": term("initial_covered"), "maintenance_collateralized": term("maintenance_covered"),
        "is_liquidatable": term("liquidate"),
    }  # fmt: skip
    return [Trial(book, shot, figures)]


def compared(q: Question) -> list[Trial]:
    book, shot = of_figures(q.inputs["first"], q.inputs["second"])
    return [Trial(book, shot, {"cmp": term("risk_order")})]


def transition(q: Question) -> list[Trial]:
    """Of an account that is below its initial margin after the change."""
    book, shot = of_figures(q.inputs["new"], q.inputs["old"], is_below=True)
    reason = [(term(f"{when}_undercollateralised"), f"{when}_undercollateralized") for when in ("still", "newly")]
    return [Trial(book, shot, {"update": worded(term("may_change"), {0: REFUSED, 1: ALLOWED}), "reason": first_true(reason)})]


# -- liquidation -----------------------------------------------------------------------------------


def change(q: Question, config: Given, **more: str) -> tuple[Book, dict[str, Any], str, Any]:
    """The account with a change of one position's size; its name and its resolution."""
    k = q.inputs["liquidate_index"]
    one = q.inputs["positions"][k]
    resolution = one["market"]["atomic_resolution"]
    book, shot = held(q.inputs["usdc_qq"], q.inputs["positions"], config)
    if "delta_bq" in q.inputs:
        more["size_change"] = w.shifted(q.inputs["delta_bq"], resolution)
    return book, with_leg(shot, k, **more), name_of(k), resolution


def bankruptcy(q: Question) -> list[Trial]:
    book, shot, name, _ = change(q, {})
    value = term("bankruptcy_value", name)
    return [Trial(book, shot, {"bankruptcy_price_qq": in_quantums(value), "error": refusal(value, "invalid_position_size_delta")})]


def fillable(q: Question) -> list[Trial]:
    config = {
        "bankruptcy_adjustment": ("rate", share(q.policy["bankruptcy_adjustment_ppm"])),
        "spread_of_maintenance": ("rate", share(q.policy["spread_to_maintenance_margin_ratio_ppm"])),
    }
    book, shot, name, resolution = change(q, config)
    price = term("fillable_price", name)
    per_quantum = scaled(price, resolution, down=(MONEY,))
    figures = {"fillable_price_usd": price, "fillable_price_qq_per_bq": per_quantum, "error": refusal(price, "invalid_position_size_delta")}
    return [Trial(book, shot, figures)]


def insurance(q: Question) -> list[Trial]:
    positions, k = q.inputs["positions"], q.inputs["liquidate_index"]
    resolution = positions[k]["market"]["atomic_resolution"]
    size = w.signed("buy" if q.inputs["is_buy"] else "sell", w.shifted(q.inputs["fill_bq"], resolution))
    price = w.shifted(q.inputs["subticks"], q.inputs["quantum_conversion_exponent"], MONEY, down=(resolution,))
    config = {"largest_fee": ("rate", share(q.policy["max_liquidation_fee_ppm"]))}
    book, shot, name, _ = change(q, config, size_change=size, fill_price=price)
    delta = term("insurance_delta", name)
    return [Trial(book, shot, {"insurance_fund_delta_qq": in_quantums(delta), "error": refusal(delta, "invalid_position_size_delta")})]


def insurance_valid(q: Question) -> list[Trial]:
    more = {"insurance_fund": money(q.inputs["insurance_fund_qq"]), "insurance_change": money(q.inputs["delta_qq"])}
    return [Trial(book_of({}), {"markets": {}, "accounts": [account("0", [], **more)]}, {"valid": term("insurance_suffices")})]


def subticks(q: Question) -> list[Trial]:
    """A fillable price that is given is the mark of a solvent position, so large that its worth is whole quantums.

    Something else must hold a margin: at a price of 0 that position holds none.
    """
    price, exponent = q.inputs["fillable_price_qq_per_bq"], q.policy["quantum_conversion_exponent"]
    config = {
        "bankruptcy_adjustment": ("rate", "1"), "spread_of_maintenance": ("rate", "1"),
        "subtick": ("quote/base", w.shifted("1", exponent, MONEY)), "subticks_of_tick": ("count", w.number(q.policy["subticks_per_tick"])),
    }  # fmt: skip
    all_of_it = {**TIER, "initial_margin_ppm": w.shifted("1", "6"), "maintenance_fraction_ppm": w.shifted("1", "6")}
    name, other = name_of(0), name_of(1)
    side, closing = ("long", "sell") if q.inputs["liquidating_long"] else ("short", "buy")
    size = str(price).partition("/")[2] or "1"
    held_and_other = [leg_of(name, w.signed(side, size), size_change=w.signed(closing, size)), leg_of(other, "1")]
    stated = {"open_interest": "0", "funding_index": "0"}
    marks = {name: w.TINY if w.is_nothing(price) else w.shifted(price, MONEY), other: "1"}
    markets = {market: {**stated, "mark_price": mark} for market, mark in marks.items()}
    shot = {"markets": markets, "accounts": [account(p.BEYOND_ALL, held_and_other)]}
    book = book_of({name: TIER, other: all_of_it}, config)
    return [Trial(book, shot, {"subticks": scaled(term("limit_price", name), down=(MONEY, exponent))})]


def limits(policy: Fields) -> dict[str, tuple[str, str]]:
    """The settings of sizes and blocks that a case gives."""
    spelled = {
        "smallest_share": ("settle", "min_position_notional_qq", money), "largest_portion": ("rate", "max_position_portion_ppm", share),
        "block_notional_limit": ("settle", "subaccount_max_notional_per_block_qq", money),
        "block_insurance_limit": ("settle", "subaccount_max_insurance_lost_per_block_qq", money),
    }  # fmt: skip
    return {name: (unit, spell(policy[word])) for name, (unit, word, spell) in spelled.items() if word in policy}


def liquidation_size(q: Question) -> list[Trial]:
    market = q.inputs["market"]
    resolution = market["atomic_resolution"]
    config = limits(q.policy)
    if "step_bq" in q.policy:
        config["size_step"] = ("base", w.shifted(q.policy["step_bq"], resolution))
    size, mark = w.shifted(q.inputs["position_bq"], resolution), w.shifted(market["price"], market["price_exponent"])
    book, shot, name = alone(q, w.some(size), mark, config, TIER)
    (one,) = shot["accounts"]
    one["notional_liquidated_this_block"] = money(q.inputs.get("subaccount_notional_already_liquidated_qq", 0))
    one["positions"][0]["liquidated_this_block"] = "0"
    figures = {
        "delta_bq": scaled(term("liquidation_size", name), down=(resolution,)),
        "min_notional_qq": in_quantums(term("smallest_liquidation", name)),
        "max_notional_qq": in_quantums(term("largest_liquidation", name)),
    }
    return [Trial(book, shot, figures)]


def block_limits(q: Question) -> list[Trial]:
    book, shot, name = alone(q, "1", config=limits(q.policy), tier=TIER)
    (one,) = shot["accounts"]
    one["notional_liquidated_this_block"] = money(q.inputs["notional_liquidated_this_block_qq"])
    one["insurance_lost_this_block"] = money(q.inputs["insurance_lost_this_block_qq"])
    one["positions"][0]["liquidated_this_block"] = "1" if q.inputs["perpetual_already_liquidated_this_block"] else "0"
    left = {"remaining_notional_qq": "block_notional_left", "remaining_insurance_qq": "block_insurance_left"}
    return [Trial(book, shot, {word: or_refusal(in_quantums(term(name_, name)), "error") for word, name_ in left.items()})]


def can_deleverage(q: Question) -> list[Trial]:
    book, shot = held(q.inputs["usdc_qq"], q.inputs["positions"])
    ends = "1" if q.inputs["market_in_final_settlement"] else "0"
    shot["markets"] = {name: {**one, "final_settlement": ends} for name, one in shot["markets"].items()}
    figures = {"at_bankruptcy_price": term("deleverage_at_bankruptcy"), "at_oracle_price": term("deleverage_at_oracle", name_of(0))}
    return [Trial(book, shot, figures)]


def sort(q: Question) -> list[Trial]:
    """Liquidation orders of one market, each of an account of its own, in the order in which they are carried out."""
    market = DYDX.market(p.CASE)
    markets = {market: {"mark_price": w.number(q.inputs["oracle_price_usd"]), "open_interest": "0", "funding_index": "0"}}
    accounts = []
    for k, order in enumerate(q.inputs["orders"]):
        size, price = w.number(order["size_base"]), w.number(order["price_usd"])
        held_size = w.signed("long" if size.startswith("-") else "short", size)
        accounts.append({**account("0", [leg_of(market, held_size, size_change=size, fill_price=price)]), "id": f"a{k}"})
    trial = Trial(book_of({market: TIER}), {"markets": markets, "accounts": accounts}, {})
    return [replace(trial, figures={f"order.{k}": reading for k, reading in enumerate(in_order(trial, "goes_first"))})]


def deleverage(q: Question) -> list[Trial]:
    """The liquidated account's first position, set off against the candidates in their order."""
    given = [q.inputs["liquidated"], *q.inputs["candidates"]]
    known: dict[str, Fields] = {}
    accounts = []
    for k, one in enumerate(given):
        legs = []
        for position in one["positions"]:
            resolution = position["market"]["atomic_resolution"]
            name = DYDX.market(w.word(f"{position['market']['price']}X{position['market']['price_exponent']}X{resolution}"))
            if dict(known.setdefault(name, position)["tier"]) != dict(position["tier"]):
                raise NotSaid("two tiers of one market")
            legs.append(leg_of(name, w.shifted(position["position_bq"], resolution)))
        accounts.append({**account(money(one["usdc_qq"]), legs), "id": f"a{k}"})
    ends = "1" if w.first(q.inputs, "market_in_final_settlement", "is_final_settlement") else "0"
    markets = {name: market_of(one["market"], final_settlement=ends) for name, one in known.items()}
    trial = Trial(book_of({name: one["tier"] for name, one in known.items()}), {"markets": markets, "accounts": accounts}, {})
    first = accounts[0]["positions"][0]["market"]
    resolution = known[first]["market"]["atomic_resolution"]
    made = SetOff(trial, first, w.shifted(q.inputs["delta_bq"], resolution)).figures()
    spelled = {"fills": ("fills_bq", (resolution,)), "balances": ("usdc_after_qq", (MONEY,)), "left": ("remaining_bq", (resolution,))}
    figures = {}
    for name, reading in made.items():
        word, _, number = name.partition(".")
        said, down = spelled[word]
        figures[f"{said}.{number}" if number else said] = scaled(reading, down=down)
    return [replace(trial, figures=figures)]
