"""Mango: an account's health from balances, one market's position, and the totals of its tokens."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial, at
from tests.conformance.books import MANGO, OF_COINS
from tests.conformance.cases import Fields, NotSaid, Question

MARKET, POOL = MANGO.market(p.CASE), f"{p.ACCOUNT} {MANGO.settle}"
KNOWN = {"token_balances", "perp", "banks"}
OF_TOKEN = {
    "init_asset_weight": "deposit_weight_initial", "init_liab_weight": "debt_weight_initial",
    "maint_asset_weight": "deposit_weight_maintenance", "maint_liab_weight": "debt_weight_maintenance",
    "deposit_weight_scale_start_quote": "deposit_scale_start", "borrow_weight_scale_start_quote": "debt_scale_start",
}  # fmt: skip
OF_MARKET = {
    "init_base_asset_weight": "long_weight_initial", "init_base_liab_weight": "short_weight_initial",
    "maint_base_asset_weight": "long_weight_maintenance", "maint_base_liab_weight": "short_weight_maintenance",
    "init_overall_asset_weight": "profit_weight_initial", "maint_overall_asset_weight": "profit_weight_maintenance",
}  # fmt: skip


def health(q: Question) -> list[Trial]:
    """The first token is the one that the market settles in."""
    if spare := sorted(name for name in q.inputs if name not in KNOWN):
        raise NotSaid(f"the rulebook has nothing for {', '.join(spare)}")
    names = [MANGO.settle, *(f"TOKEN{k}" for k in range(1, len(q.policy["tokens"])))]
    assets, collateral, settings = tokens(names, q)
    held, market = q.inputs["perp"], q.policy["perp"]
    price, lot = w.number(market["price"]), w.number(market["base_lot_size"])
    for said, name in OF_MARKET.items():
        if said in market:
            settings[name] = {"unit": "rate", "markets": {MARKET: w.rate(market[said])}}
    positions = []
    if not (w.is_nothing(held["base_lots"]) and w.is_nothing(held["quote"])):
        more = {"quote_position": w.number(held["quote"])}
        positions.append(p.position(p.POSITION, MARKET, w.some(w.steps(held["base_lots"], lot)), "0", **more))
    orders = [
        {"id": side, "market": MARKET, "side": side, "size": w.steps(held[key], lot), "price": price, "reduce_only": False}
        for side, key in (("buy", "bids_lots"), ("sell", "asks_lots"))
        if not w.is_nothing(held[key])
    ]
    book = MANGO.contracts({MARKET: OF_COINS}).collateral({name: {"weight": "100%", "owed_weight": "100%"} for name in names[1:]})
    account = {"id": p.ACCOUNT, "collateral": collateral, "positions": positions, "orders": orders}
    markets = {MARKET: {"mark_price": price, "stable_mark": w.number(market.get("stable_price", price))}}
    shot = {"markets": markets, "assets": assets, "accounts": [account]}
    figures = {"init_health": at("health_initial", POOL), "maint_health": at("health_maintenance", POOL)}
    return [Trial(book.formula_file(settings=settings), shot, figures)]


def tokens(names: list[str], q: Question) -> tuple[dict[str, dict[str, str]], dict[str, str], dict[str, dict[str, object]]]:
    """Prices, balances and weights; a case without totals has no scale for them."""
    settings: dict[str, dict[str, object]] = {}
    assets, collateral = {}, {}
    banks = q.inputs.get("banks") or [Fields({}) for _ in names]
    for name, token, bank, balance in zip(names, q.policy["tokens"], banks, q.inputs["token_balances"], strict=True):
        price = w.number(token["price"])
        assets[name] = {"index_price": price, "stable_price": w.number(token.get("stable_price", price))}
        for said, to in (("deposits", "total_deposits"), ("borrows", "total_debts")):
            if said in bank:
                assets[name][to] = w.number(bank[said])
        collateral[name] = w.number(balance)
        for said, setting in OF_TOKEN.items():
            value = w.rate(w.first(token, said) or w.first(bank, said) or "0") if said in token or said in bank or "scale" in said else None
            if value is not None:
                unit = "settle" if "scale" in said else "rate"
                body = settings.setdefault(setting, {"unit": unit, "assets": {}})
                body["assets"] = {**dict(body["assets"]), name: value}  # type: ignore[call-overload]
    return assets, collateral, settings


FAMILIES: dict[str, Callable[[Question], list[Trial]]] = {"mango.health": health}
