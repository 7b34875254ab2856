"""Derive's three managers, each under its own rulebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial, term
from tests.conformance.books import Book
from tests.conformance.cases import Fields, Question

STANDARD = Book("derive-v2-standard", "none", "USDC")
DAYS = tuple(f"30{month:02}01" for month in range(1, 13))  # an expiry is known by its seconds; the names need a day

NO_FUNDING = {"unsettled_funding": "0"}  # a case that prints no funding is without any

# Where the rulebook has a setting for a figure of the case.
STANDARD_VALUES = {
    ("perp", "mm_req"): "perp_maintenance_rate", ("perp", "im_req"): "perp_initial_rate",
    ("option", "max_spot_req"): "largest_short_rate", ("option", "min_spot_req"): "smallest_short_rate",
    ("option", "mm_call_spot_req"): "call_maintenance_rate", ("option", "mm_put_spot_req"): "put_maintenance_rate",
    ("option", "mm_put_mtm_req"): "put_maintenance_of_price", ("option", "unpaired_im_scale"): "unpaired_initial_scale",
    ("option", "unpaired_mm_scale"): "unpaired_maintenance_scale", ("option", "im_of_mm_scale"): "put_initial_of_maintenance",
    ("oracle_contingency", "perp_threshold"): "perp_confidence_from", ("oracle_contingency", "option_threshold"): "option_confidence_from",
    ("oracle_contingency", "base_threshold"): "coin_confidence_from", ("oracle_contingency", "factor"): "confidence_factor",
    ("base", "margin_factor"): "coin_margin_factor", ("base", "im_scale"): "coin_initial_scale",
    ("depeg", "threshold"): "stable_from", ("depeg", "factor"): "stable_factor",
}  # fmt: skip

# The venue's tests print some figures in whole dollars, cut.
IN_DOLLARS = {
    f"{name}_in_dollars": {
        "rows": "pool", "unit": "settle", "expression": f"round_toward_zero({name}, in_unit(1, settle))",
        "reads_as": "In whole dollars, cut.", "example": {"given": {name: "-1.5"}, "gives": "-1"},
    }
    for name in ("initial_surplus", "maintenance_surplus")
}  # fmt: skip


def valued(book: Book, policy: Fields, names: Mapping[tuple[str, str], str]) -> Book:
    """The rulebook with the case's figures for its settings."""
    return book.values({name: ("rate", w.number(policy[of][key])) for (of, key), name in names.items()})


def standard(q: Question) -> list[Trial]:
    book = valued(STANDARD, q.policy, STANDARD_VALUES).formulas({}, IN_DOLLARS)
    markets: dict[str, Any] = {}
    assets: dict[str, Any] = {}
    legs: list[dict[str, str]] = []
    held = {book.settle: w.number(q.inputs["cash"])}
    for coin, given in q.inputs["markets"].items():
        market, name = book.market(coin.upper()), coin.upper()
        assets[name] = {"spot_price": w.number(given["spot_price"]), "spot_confidence": w.number(given["spot_confidence"])}
        markets[market] = {"mark_price": w.number(given["perp_price"]), "perp_confidence": w.number(given["perp_confidence"])}
        if "base_amount" in given:
            held[name] = w.number(given["base_amount"])
        if "perp" in given:
            legs.append(p.position(market, market, w.number(given["perp"]["amount"]), w.number(given["perp"]["entry_price"]), **NO_FUNDING))
        if "options" in given:
            days = named_days(given["expiries"])
            markets |= {f"{market}-{day}": expiry(given["expiries"][seconds], seconds) for seconds, day in days.items()}
            for one in given["options"]:
                options_of(one, f"{market}-{days[str(one['expiry_sec'])]}", markets, legs)
    return [Trial(book, account(markets, assets, legs, held, q.inputs["stable_price"]), surpluses())]


def surpluses() -> dict[str, Any]:
    return {
        "initial_margin": term("initial_surplus_in_dollars"), "maintenance_margin": term("maintenance_surplus_in_dollars"),
        "initial_margin_exact": term("initial_surplus"), "maintenance_margin_exact": term("maintenance_surplus"),
    }  # fmt: skip


def named_days(expiries: Iterable[str]) -> dict[str, str]:
    return dict(zip(expiries, DAYS, strict=False))


def expiry(given: Fields, seconds: str) -> dict[str, str]:
    return {"time_to_expiry": w.number(seconds), **{name: w.number(value) for name, value in given.items()}}


def options_of(one: Fields, day: str, markets: dict[str, Any], legs: list[dict[str, str]]) -> None:
    """The option's own market, and the leg in it."""
    market = f"{day}-{w.number(one['strike'])}-{'C' if one['call'] else 'P'}"
    markets[market] = {"volatility": w.number(one["vol"])}
    legs.append(p.position(market, market, w.number(one["amount"]), "0"))


def account(
    markets: Mapping[str, Any], assets: Mapping[str, Any], legs: list[dict[str, str]], held: Mapping[str, str], stable_price: Any
) -> dict[str, Any]:
    one = {"id": p.ACCOUNT, "collateral": dict(held), "positions": legs, "stable_price": w.number(stable_price)}
    return {"markets": dict(markets), "assets": dict(assets), "accounts": [one]}
