"""Synthetix's figures, under the rulebook of its perps market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Earlier, Trial, in_parts, leg, pool, term
from tests.conformance.books import SYNTHETIX, Book
from tests.conformance.cases import Fields, Question

USD, COIN = SYNTHETIX.settle, "ETH"
OF_MARKET = {
    "skew_scale": "base", "initial_margin_fraction": "1", "minimum_initial_margin_ratio": "rate", "maintenance_margin_scalar": "1",
    "liquidation_reward_ratio": "rate", "minimum_position_margin": "settle",
}  # fmt: skip
GUARDS = {"min_reward": "settle", "min_profit_ratio": "rate", "max_reward": "settle", "max_scaling_ratio": "rate"}
# A case that prints no fee and no window is without a limit on what a window lets through.
NO_WINDOW = {
    "maker_fee": ("rate", "0"), "market_taker_fee": ("rate", "0"), "limit_multiplier": ("1", "0"), "window_seconds": ("second", "0"),
}  # fmt: skip
WINDOW = {
    "maker_fee": ("rate", "maker_fee"), "market_taker_fee": ("rate", "taker_fee"), "skew_scale": ("base", "skew_scale"),
    "limit_multiplier": ("1", "limit_multiplier"), "window_seconds": ("second", "window_seconds"),
    "max_premium_discount": ("rate", "max_premium_discount"),
}  # fmt: skip
DISCOUNT = {
    "collateral_skew_scale": ("base", "skew_scale"), "discount_scalar": ("1", "discount_scalar"),
    "lowest_discount": ("rate", "lower_limit"), "highest_discount": ("rate", "upper_limit"),
}  # fmt: skip
WEI = 1_000_000_000_000_000_000


def _everywhere(settings: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    return {name: {"unit": unit, "every_market": value} for name, (unit, value) in settings.items()}


def _book(guards: Fields, markets: Mapping[str, Fields]) -> Book:
    own = {
        name: {"unit": unit, "markets": {market: w.number(one[name]) for market, one in markets.items()}}
        for name, unit in OF_MARKET.items()
    }
    whole = {name: {"unit": unit, "value": w.number(guards[name])} for name, unit in GUARDS.items()}
    return SYNTHETIX.markets_of_coins(*markets).parameters({**own, **whole, **_everywhere(NO_WINDOW)})


def _opened(book: Book, market: str, one: Fields) -> Earlier:
    """The price that the position was filled at, by the rule for an order at the oracle's price of then."""
    at = w.number(one["oracle_price_at_open"])
    side = "sell" if w.number(one["size"]).startswith("-") else "buy"
    order = {"id": "opening", "market": market, "side": side, "size": w.unsigned(one["size"]), "price": at, "reduce_only": False}
    shot = p.snapshot({market: at}, [], {}, orders=[order])
    shot["markets"][market] |= {"market_skew": w.number(one["market_skew_before_open"])}
    return Earlier(Trial(book, shot, {}), term("fill_price"))


def account(q: Question) -> list[Trial]:
    """A cross account, each of its positions in a market of its own."""
    markets = {SYNTHETIX.market(f"{p.CASE}{k}"): one for k, one in enumerate(q.inputs["positions"])}
    book = _book(q.policy["keeper_guards"], markets)
    legs = [
        p.position(market, market, w.number(one["size"]), _opened(book, market, one), unsettled_funding="0")
        for market, one in markets.items()
    ]
    marks = {market: w.number(one["price"]) for market, one in markets.items()}
    shot = p.snapshot(marks, legs, {USD: w.number(q.inputs["collateral_usd"])}, flag_cost="0", liquidate_cost="0")
    first = next(iter(markets), None)
    of_leg = {f"initial_margin_ratio.{k}": term("initial_ratio", market) for k, market in enumerate(markets)}
    of_leg |= {f"pnl.{k}": leg("unrealised_profit", market) for k, market in enumerate(markets)}
    of_pool = {
        "available_margin": pool("equity", USD), "initial_margin": term("required_initial", first),
        "maintenance_margin": term("required_maintenance", first), "liquidation_reward": term("liquidation_reward", first),
        "withdrawable_margin": term("withdrawable_margin", first), "is_liquidatable": term("liquidate", first),
    }  # fmt: skip
    return [Trial(book, shot, {**of_leg, **of_pool})]


def collateral(q: Question) -> list[Trial]:
    """What an amount of a coin counts for."""
    settings = {name: {"unit": unit, "assets": {COIN: w.number(q.policy[said])}} for name, (unit, said) in DISCOUNT.items()}
    book = SYNTHETIX.parameters(settings).collateral({COIN: {"weight": "100%", "owed_weight": "100%"}})
    shot = p.snapshot({}, [], {COIN: w.number(q.inputs["amount"])}) | {"assets": {COIN: {"index_price": w.number(q.inputs["price"])}}}
    return [Trial(book, shot, {"discount": term("collateral_discount"), "value_usd": term("discounted_collateral")})]


def window(q: Question) -> list[Trial]:
    """One request after another, each after what the engine let through before."""
    book = SYNTHETIX.parameters(_everywhere({name: (unit, w.number(q.policy[said])) for name, (unit, said) in WINDOW.items()}))
    market, answer = book.market(p.CASE), term("liquidatable_amount")
    trials: list[Trial] = []
    seen: list[dict[str, Any]] = []
    for k, asked in enumerate(q.inputs["requests"]):
        shot = p.snapshot({market: "1"}, [p.position(p.POSITION, market, w.TINY, "1")], {})
        at = w.number(asked["t"])
        shot["markets"][market] |= {
            "clock": at, "requested_amount": w.number(asked["amount"]), "market_skew": w.number(asked["skew"]),
            "endorsed_liquidator": "1" if asked.get("endorsed_liquidator") else "0", "liquidated": [*seen],
        }  # fmt: skip
        trials.append(Trial(book, shot, {f"liquidated.{k}": answer, "capacity_per_window": term("window_capacity")}))
        seen.append({"liquidated_amount": Earlier(trials[k], answer), "liquidated_at": at})
    return trials


def _of_wei(figure: Any) -> str:
    return w.number(w.per(figure, WEI))


def keeper_reward(q: Question) -> list[Trial]:
    """What a keeper is paid: as many positions as were flagged, the first of them earning all that flagging earns."""
    given, names = q.inputs, [SYNTHETIX.market(f"{p.CASE}{k}") for k in range(q.inputs["positions_flagged"])]
    whole = {name: {"unit": unit, "value": _of_wei(q.policy[f"{name}_wei"])} for name, unit in GUARDS.items()}
    earns = {"unit": "rate", "every_market": "0", "markets": dict.fromkeys(names[:1], "1")}
    book = SYNTHETIX.markets_of_coins(*names).parameters({**whole, **_everywhere(NO_WINDOW), "liquidation_reward_ratio": earns})
    flagged = w.some(_of_wei(given["flag_reward_wei"]))
    legs = [p.position(name, name, flagged if name in names[:1] else w.TINY, "1", unsettled_funding="0") for name in names]
    costs = {"flag_cost": _of_wei(given["flag_cost_wei"]), "liquidate_cost": _of_wei(given["liquidate_cost_wei"])}
    shot = p.snapshot(dict.fromkeys(names, "1"), legs, {USD: _of_wei(given["collateral_wei"])}, **costs)
    return [Trial(book, shot, {"reward_wei": in_parts(term("keeper_reward"), WEI)})]
