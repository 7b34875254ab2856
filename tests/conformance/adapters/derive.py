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

NOT_READ = ("svi_forward",)  # what a surface was fitted at; the volatilities are given

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


def valued(book: Book, policy: Fields, names: Mapping[tuple[str, str], str], **more: Any) -> Book:
    """The rulebook with the case's figures for its settings."""
    found = {name: policy[of][key] for (of, key), name in names.items()} | more
    return book.values({name: ("rate", w.number(figure)) for name, figure in found.items()})


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
    read = (name for name in given if name not in NOT_READ)
    return {"time_to_expiry": w.number(seconds), **{name: w.number(given[name]) for name in read}}


def options_of(one: Fields, day: str, markets: dict[str, Any], legs: list[dict[str, str]]) -> None:
    """The option's own market, and the leg in it."""
    market = option_market(one, day)
    markets[market] = {"volatility": w.number(one["vol"])}
    legs.append(p.position(market, market, w.number(one["amount"]), "0"))


def option_market(one: Fields, day: str) -> str:
    return f"{day}-{w.number(one['strike'])}-{'C' if one['call'] else 'P'}"


def account(
    markets: Mapping[str, Any], assets: Mapping[str, Any], legs: list[dict[str, str]], held: Mapping[str, str], stable_price: Any
) -> dict[str, Any]:
    one = {"id": p.ACCOUNT, "collateral": dict(held), "positions": legs, "stable_price": w.number(stable_price)}
    return {"markets": dict(markets), "assets": dict(assets), "accounts": [one]}


PORTFOLIO = Book("derive-v2-portfolio", "none", "USDC")
SECOND = Book("derive-v2-portfolio-2", "none", "USDC")
SHOCKS = {"up": "1", "down": "-1", "none": "0", "skew_linear": "0", "skew_abs": "0"}
SKEWS = {"skew_linear": "1", "skew_abs": "2"}

BOTH_VALUES = {
    ("basis", "spot_up"): "basis_up", ("basis", "spot_down"): "basis_down", ("basis", "add_factor"): "basis_base",
    ("basis", "mult_factor"): "basis_slope", ("peg", "threshold"): "stable_from", ("peg", "factor"): "stable_factor",
    ("confidence", "threshold"): "confidence_from", ("confidence", "margin"): "confidence_factor",
    ("vol_shock", "range_up"): "range_up", ("vol_shock", "range_down"): "range_down", ("vol_shock", "short_term_power"): "short_term_power",
    ("vol_shock", "long_term_power"): "long_term_power", ("vol_shock", "dte_floor_days"): "shortest_days",
}  # fmt: skip
PORTFOLIO_VALUES = BOTH_VALUES | {
    ("static", "base_percent"): "coin_share", ("static", "perp_percent"): "perp_share", ("static", "option_percent"): "option_share",
    ("discount", "base"): "discount_base", ("discount", "rate_mult"): "rate_times", ("discount", "rate_add"): "rate_plus",
}  # fmt: skip
SECOND_VALUES = BOTH_VALUES | {
    ("vol_shock", "min_vol_up"): "least_volatility_up", ("skew", "linear_scale_cap"): "linear_cap", ("skew", "linear_cbase"): "linear_base",
    ("skew", "abs_scale_cap"): "absolute_cap", ("skew", "abs_cbase"): "absolute_base", ("skew", "min_k_star"): "least_width",
    ("skew", "min_width_scale"): "width_scale", ("skew", "vol_static"): "width_base", ("skew", "vol_scale"): "width_slope",
    ("margin", "mm_factor"): "maintenance_factor", ("margin", "im_factor"): "initial_factor",
    ("margin", "short_rate_mult"): "short_rate_times", ("margin", "long_rate_mult"): "long_rate_times",
    ("margin", "short_rate_add"): "short_rate_plus", ("margin", "long_rate_add"): "long_rate_plus",
    ("margin", "discount_positive"): "discount_positive", ("margin", "discount_negative"): "discount_negative",
    ("static", "mm_perp_percent"): "perp_maintenance_share", ("static", "im_perp_percent"): "perp_initial_share",
    ("static", "mm_option_percent"): "option_maintenance_share", ("static", "im_option_percent"): "option_initial_share",
}  # fmt: skip
COIN = "ETH"  # a case does not say which coin its manager is for
SURPLUSES = {"initial_margin": term("initial_surplus"), "maintenance_margin": term("maintenance_surplus")}


def portfolio(q: Question) -> list[Trial]:
    book = _in_scenarios(valued(PORTFOLIO, q.policy, PORTFOLIO_VALUES, initial_factor=q.policy["im_factor"]), q.policy["scenarios"])
    markets, legs = _positions(q)
    for one in q.inputs["options"]:
        markets[legs_market(one, q)]["vol_confidence"] = w.number(one["vol_confidence"])
    held = {book.settle: w.number(q.inputs["cash"]), COIN: w.number(q.inputs["base_amount"])}
    assets = {COIN: {"index_price": w.number(q.inputs["spot_price"])}}
    return [Trial(book, _of_manager(account(markets, assets, legs, held, q.inputs["stable_price"]), q), SURPLUSES)]


def second(q: Question) -> list[Trial]:
    book = _in_scenarios(valued(SECOND, q.policy, SECOND_VALUES), q.policy["scenarios"])
    markets, legs = _positions(q)
    held, assets = {book.settle: w.number(q.inputs["cash"])}, {}
    for one in q.inputs["collaterals"]:
        held[one["asset"]] = w.number(one["amount"])
        assets[one["asset"]] = {
            "index_price": w.number(one["price"]), "confidence": w.number(one["confidence"]), "mm_haircut": w.number(one["mm_haircut"]),
            "im_haircut_extra": w.number(one["im_haircut_extra"]), "risk_cancelling": "1" if one["risk_cancelling"] else "0",
        }  # fmt: skip
    if assets:
        book = book.collateral({name: {"weight": "100%", "owed_weight": "100%"} for name in assets})
    return [Trial(book, _of_manager(account(markets, assets, legs, held, q.inputs["stable_price"]), q), SURPLUSES)]


def _in_scenarios(book: Book, scenarios: list[Fields]) -> Book:
    """The case's scenarios in place of the rulebook's."""
    made: dict[str, Any] = dict.fromkeys(book.named("scenarios"), "withdrawn")
    for k, one in enumerate(scenarios):
        figures = {"volatility_move": SHOCKS[one["vol_shock"]]}
        if "dampening" in one:
            figures |= {"skew": SKEWS.get(one["vol_shock"], "0"), "damping": w.number(one["dampening"])}
        made[f"case-{k}"] = {"every_market": w.move(one["spot_shock"]), "figures": figures}
    return book.scenarios(made)


def _positions(q: Question) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A perpetual's gain is given and not its entry: it is entered at its price, and the gain is cash that is not settled."""
    markets: dict[str, Any] = {}
    legs: list[dict[str, str]] = []
    perp, name = q.inputs["perp"], f"{COIN}-USDC"
    if not w.is_nothing(perp["amount"]):
        markets[name] = {"mark_price": w.number(perp["price"]), "perp_confidence": w.number(perp["confidence"])}
        gain = {"unsettled_funding": w.number(perp["unrealised"])}
        legs.append(p.position(name, name, w.number(perp["amount"]), w.number(perp["price"]), **gain))
    for seconds, day in named_days(q.inputs["expiries"]).items():
        markets[f"{name}-{day}"] = expiry(q.inputs["expiries"][seconds], seconds)
    for one in q.inputs["options"]:
        options_of(one, _day(one, q), markets, legs)
    return markets, legs


def _day(one: Fields, q: Question) -> str:
    return f"{COIN}-USDC-{named_days(q.inputs['expiries'])[str(one['expiry_sec'])]}"


def legs_market(one: Fields, q: Question) -> str:
    return option_market(one, _day(one, q))


def _of_manager(snapshot: dict[str, Any], q: Question) -> dict[str, Any]:
    """With the feed of the manager's coin."""
    feed = {name: w.number(q.inputs[name]) for name in ("spot_price", "spot_confidence")}
    return {**snapshot, "accounts": [{**one, **feed} for one in snapshot["accounts"]]}


# -- the auction at one instant, the same for every manager ------------------------------------------

AUCTION_VALUES = {
    "start": "price_start", "fast_cutoff": "price_at_slow", "fast_seconds": "fast_seconds", "slow_seconds": "slow_seconds",
    "insolvent_seconds": "insolvent_seconds", "buffer": "buffer_share",
}  # fmt: skip
AUCTION_INPUTS = {
    "elapsed": "auction_seconds", "reserved_cash": "reserved_cash", "bid_percent": "bid_share", "maintenance_margin": "given_margin",
    "total_insolvent_maintenance": "insolvent_maintenance", "security_module_cash": "security_module_cash",
}  # fmt: skip
# The case gives the margin of an account without its positions.
GIVEN_MARGIN = {
    "maintenance_requirement": {
        "rows": "pool", "unit": "settle", "expression": "total(balance_value, pool) - given_margin",
        "reads_as": "What leaves the margin that is given.",
        "example": {"given": {"balance_value": "100", "given_margin": "-50"}, "gives": "150"},
    },
    "largest_share_in_steps": {
        "rows": "pool", "unit": "count", "expression": "round_down(largest_share * 10000, 1)", "reads_as": "In ten-thousandths, cut.",
        "example": {"given": {"largest_share": "0.53667"}, "gives": "5366"},
    },
    "cash_from_bidder_in_dollars": {
        "rows": "pool", "unit": "settle", "expression": "round_down(cash_from_bidder, in_unit(1, settle))",
        "reads_as": "In whole dollars, cut.", "example": {"given": {"cash_from_bidder": "1803.2"}, "gives": "1803"},
    },
}  # fmt: skip
AUCTION_FIGURES = {
    "discount": "price_share", "percent": "bought_share", "cash_from_bidder": "cash_from_bidder", "cash_to_bidder": "cash_to_bidder",
    "bid_price": "bid_price", "terminates": "auction_ends", "withdrawals_blocked": "withdrawals_blocked", "buffer_margin": "buffer_margin",
    "max_proportion": "largest_share", "max_proportion_floor_1e4": "largest_share_in_steps",
    "cash_from_bidder_floor": "cash_from_bidder_in_dollars",
}  # fmt: skip


def auction(q: Question) -> list[Trial]:
    book = STANDARD.values({name: ("rate", w.number(q.policy[key])) for key, name in AUCTION_VALUES.items()})
    margin = {"given_margin": {"rows": "account", "unit": "settle", "reads_as": "The account's margin."}}
    one = {name: w.number(q.inputs[key]) for key, name in AUCTION_INPUTS.items() if key in q.inputs}
    if "insolvent" in q.inputs:
        one["is_insolvent"] = "1" if q.inputs["insolvent"] else "0"
    held = {book.settle: w.number(q.inputs.get("mark_to_market", "0"))}
    snapshot = {"accounts": [{"id": p.ACCOUNT, "collateral": held, **one}]}
    return [Trial(book.formulas(margin, GIVEN_MARGIN), snapshot, {said: term(name) for said, name in AUCTION_FIGURES.items()})]
