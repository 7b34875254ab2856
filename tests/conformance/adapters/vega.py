"""Vega's figures, under Vega's own rulebook."""

from __future__ import annotations

from typing import Any

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial, pool, term
from tests.conformance.books import VEGA, Book
from tests.conformance.cases import Fields, NotSaid, Question

FACTORS = {
    "risk_factor_long": "rate", "risk_factor_short": "rate", "linear_slippage": "rate", "quadratic_slippage": "rate",
    "search_factor": "1", "initial_factor": "1", "release_factor": "1",
}  # fmt: skip
MARKET = VEGA.market(p.CASE)
LEVELS = {"search_level": term("search_level"), "release_level": term("release_level")}
OF_POOL = {name: pool(name, VEGA.settle) for name in ("maintenance_margin", "initial_margin")}


def _settings(units: dict[str, str], policy: Fields) -> Book:
    return VEGA.settings({name: (unit, w.number(policy[name])) for name, unit in units.items() if name in policy}, MARKET)


def _in_steps(book: Book, inputs: Fields) -> Book:
    """Sizes count steps, of which a unit has so many."""
    return book.contracts({MARKET: p.in_contracts("linear", "quote", w.per("1", inputs["position_factor"]))})


def _orders(inputs: Fields, **more: str) -> list[dict[str, Any]]:
    return [
        {"id": f"{side}{k}", "market": MARKET, "side": side, "size": w.number(size), "price": w.number(price), "reduce_only": False, **more}
        for side in ("buy", "sell")
        for k, (size, price) in enumerate(inputs[f"{side}_orders"])
    ]


def _held(inputs: Fields, price: str, **more: str) -> list[dict[str, str]]:
    size = inputs["position"]
    return [] if w.is_nothing(size) else [p.position(p.POSITION, MARKET, w.number(size), price, **more)]


def levels(q: Question) -> list[Trial]:
    """A cross party's maintenance margin and the levels above it."""
    inputs = q.inputs
    mark = w.number(inputs["mark_price"])
    book = _in_steps(_settings(FACTORS, q.policy), inputs).collateral({VEGA.settle: {"weight": "100%", "owed_weight": "100%"}})
    shot = p.snapshot({MARKET: mark}, _held(inputs, mark), {book.settle: "0"}, orders=_orders(inputs))
    state = {
        "in_auction": "1" if inputs["auction"] else "0",
        "auction_price": w.number(inputs.get("auction_price", "0")),
        "funding_per_unit": w.number(inputs["funding_per_unit"]),
    }
    shot["markets"][MARKET] |= state
    return [Trial(book, shot, {**OF_POOL, **LEVELS})]


def isolated_orders(q: Question) -> list[Trial]:
    """What the orders beside an isolated position post."""
    book = _in_steps(VEGA, q.inputs)
    orders = _orders(q.inputs, margin_factor=w.number(q.policy["margin_factor"]))
    shot = p.snapshot({MARKET: "1"}, _held(q.inputs, "1", mode="isolated", margin="0"), {book.settle: "0"}, orders=orders)
    shot["markets"][MARKET] |= {"auction_price": w.number(q.inputs["auction_price"])}
    return [Trial(book, shot, {"order_margin": term("isolated_order_margin")})]


def _market(book: Book, figures: dict[str, str], given: dict[str, Any]) -> list[Trial]:
    """Figures of the market itself: a position that is next to nothing stands in it, so that there is a market to ask about."""
    shot = p.snapshot({MARKET: "1"}, [p.position(p.POSITION, MARKET, w.TINY, "1")], {})
    shot["markets"][MARKET] |= given
    return [Trial(book, shot, {said: term(name) for said, name in figures.items()})]


def composite_price(q: Question) -> list[Trial]:
    """A mark from several sources; a source without a price is one whose price is 0."""
    prices, weights = q.inputs["prices"], q.policy.get("weights") or ["0" for _ in q.inputs["prices"]]
    rows = zip(prices, weights, q.inputs["last_update"], q.policy["max_age"], strict=True)
    sources = [
        {
            "source_price": w.number(price or "0"), "source_weight": w.number(weight),
            "source_updated": w.number(updated), "source_max_age": w.number(oldest),
        }
        for price, weight, updated, oldest in rows
    ]  # fmt: skip
    method = {"weights": "weighted_mark", "median": "median_mark"}.get(q.policy["method"])
    if method is None:
        raise NotSaid(f"the method {q.policy['method']}")
    return _market(VEGA, {"price": method}, {"clock": w.number(q.inputs["now"]), "price_source": sources})


def trade_price(q: Question) -> list[Trial]:
    """A mark from trades, each the lighter the older it is."""
    words = {
        "trade_window": ("second", "window"),
        "trade_decay_weight": ("rate", "decay_weight"),
        "trade_decay_power": ("count", "decay_power"),
    }
    book = VEGA.settings({name: (unit, w.number(q.policy[said])) for name, (unit, said) in words.items()}, MARKET)
    trades = [
        {"trade_price": w.number(price), "trade_size": w.number(size), "trade_time": w.number(at)} for price, size, at in q.inputs["trades"]
    ]
    return _market(book, {"price": "trade_mark"}, {"clock": w.number(q.inputs["now"]), "trade": trades})


def twap(q: Question) -> list[Trial]:
    """Book prices by how long they stood: each until the next one."""
    book = VEGA.settings({"book_window": ("second", w.number(q.policy["window"]))}, MARKET)
    seen, now = q.inputs["observations"], w.number(q.inputs["now"])
    until = [*(w.number(at) for at, _ in seen[1:]), now]
    given = [
        {"observed_price": w.number(price), "observed_from": w.number(at), "observed_until": end}
        for (at, price), end in zip(seen, until, strict=False)
    ]
    return _market(book, {"price": "book_mark"}, {"clock": now, "book_observation": given})


def disposal(q: Question) -> list[Trial]:
    """How much of what the network took over its next order sells."""
    book = _settings({"disposal_fraction": "rate", "full_disposal_size": "base", "max_fraction_consumed": "rate"}, q.policy)
    given = {name: w.number(q.inputs[name]) for name in ("network_position", "available_volume")}
    return _market(book, {"order_size": "disposal_size"}, given)
