"""Drift: amounts in whole steps, ratios in basis points, one account of perpetual positions and balances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Reading, Trial
from tests.conformance.books import DRIFT, OF_COINS, Book
from tests.conformance.cases import Fields, NotSaid

QUOTE, BASE, POINT, FINE, PRICE, FUNDING, INDEX = "1e-6", "1e-9", "1e-4", "1e-6", "1e-6", "1e-9", "1e-10"
MARKET, POOL = DRIFT.market(p.CASE), f"{p.ACCOUNT} {DRIFT.settle}"
GRADES = (
    "non_positive", "too_volatile", "too_uncertain", "stale_for_margin", "insufficient_data_points", "stale_for_amm", "valid",
)  # fmt: skip
OF_MARKET = {
    "margin_ratio_initial": ("margin_ratio_initial", "rate", POINT),
    "margin_ratio_maintenance": ("margin_ratio_maintenance", "rate", POINT),
    "high_leverage_margin_ratio_initial": ("high_leverage_ratio_initial", "rate", POINT),
    "high_leverage_margin_ratio_maintenance": ("high_leverage_ratio_maintenance", "rate", POINT),
    "imf_factor": ("size_factor", "rate", FINE), "unrealized_pnl_initial_asset_weight": ("profit_weight_initial", "rate", POINT),
    "unrealized_pnl_maintenance_asset_weight": ("profit_weight_maintenance", "rate", POINT),
    "unrealized_pnl_imf_factor": ("profit_size_factor", "rate", FINE), "liquidator_fee": ("liquidator_fee", "rate", FINE),
    "unrealized_pnl_max_imbalance": ("profit_imbalance_limit", "settle", QUOTE), "max_if_fee": ("insurance_fee", "rate", FINE),
    "if_liquidation_fee": ("insurance_fee", "rate", FINE), "order_step_base": ("order_step", "base", BASE),
    "initial_pct_to_liquidate": ("first_share", "rate", POINT), "liquidation_duration_slots": ("ramp_slots", "count", "1"),
    "slots_before_stale_for_amm": ("stale_for_amm_slots", "count", "1"),
    "tier_confidence_multiplier": ("confidence_multiplier", "count", "1"),
    "slots_before_stale_for_margin": ("stale_for_margin_slots", "count", "1"), "too_volatile_ratio": ("too_volatile_ratio", "1", "1"),
    "confidence_interval_max_size": ("confidence_limit", "rate", FINE), "mark_oracle_divergence_floor": ("divergence_limit", "rate", FINE),
    "max_divergence": ("average_divergence_limit", "rate", FINE),
}  # fmt: skip
OF_TOKEN = {
    "initial_asset_weight": ("deposit_weight_initial", "rate", POINT),
    "maintenance_asset_weight": ("deposit_weight_maintenance", "rate", POINT),
    "initial_liability_weight": ("debt_weight_initial", "rate", POINT), "imf_factor": ("token_size_factor", "rate", FINE),
    "maintenance_liability_weight": ("debt_weight_maintenance", "rate", POINT),
    "scale_initial_asset_weight_start_quote": ("deposit_scale_start", "settle", QUOTE),
}  # fmt: skip
EVERYWHERE = {
    "fee_increase_per_slot": ("fee_increase_per_slot", "rate", FINE), "increase_per_slot": ("fee_increase_per_slot", "rate", FINE),
    "fee_grace_slots": ("fee_grace_slots", "count", "1"), "grace_slots": ("fee_grace_slots", "count", "1"),
    "max_fee_multiple": ("largest_fee_multiple", "count", "1"), "small_shortage_quote": ("all_at_once_below", "settle", QUOTE),
    "small_position_quote": ("whole_position_up_to", "settle", QUOTE),
}  # fmt: skip
NOT_NAMED = {  # what a case does not name its market is without
    "high_leverage_ratio_initial": ("rate", "0"), "high_leverage_ratio_maintenance": ("rate", "0"), "is_prediction": ("count", "0"),
    "profit_imbalance_limit": ("settle", "0"), "stale_for_margin_multiplier": ("count", "1"),
}  # fmt: skip


@dataclass
class Laid:
    """What a case lays over the rulebook, and the account that it describes."""

    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)
    terms: dict[str, dict[str, Any]] = field(default_factory=dict)
    markets: dict[str, dict[str, str]] = field(default_factory=dict)
    assets: dict[str, dict[str, str]] = field(default_factory=dict)
    collateral: dict[str, str] = field(default_factory=dict)
    holdings: dict[str, dict[str, str]] = field(default_factory=dict)
    positions: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    account: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.account |= {"user_margin_ratio": "0", "margin_ratio_override": "0", "high_leverage_mode": "0", "liquidation_buffer": "0"}
        self.assets[DRIFT.settle] = {"index_price": "1", "average_price": "1"}  # the quote token, where the case does not name it
        for name in ("strict_initial", "strict_fill", "strict_maintenance"):
            self.settings[name] = {"unit": "count", "value": "0"}

    def of(self, scope: str, row: str, given: Fields, known: Mapping[str, tuple[str, str, str]]) -> None:
        for said, (name, unit, step) in known.items():
            if said in given:
                self.set(scope, row, name, unit, w.steps(given[said], step))

    def set(self, scope: str, row: str, name: str, unit: str, value: str) -> None:
        if scope == "everywhere":
            self.settings[name] = {"unit": unit, "value": value}
        else:
            self.settings.setdefault(name, {"unit": unit, scope: {}})[scope][row] = value

    def market(self, name: str, given: Fields, price: str = "1", quote: tuple[str, str] = ("1", "1")) -> None:
        for setting, (unit, value) in NOT_NAMED.items():
            self.set("markets", name, setting, unit, value)
        self.of("markets", name, given, OF_MARKET)
        if "contract_type" in given:
            self.set("markets", name, "is_prediction", "count", {"perpetual": "0", "prediction": "1"}[given["contract_type"]])
        self.markets[name] = {"mark_price": price, "quote_price": quote[0], "quote_price_average": quote[1]}

    def hold(self, of: str, market: str, size: str, quote: str = "0", **more: str) -> None:
        """The venue keeps what a position has paid with its funding as one sum, and so it stands here; it has no entry price."""
        one = p.position(of, market, w.some(size), "0", unsettled_funding=quote, **{"position_margin_ratio": "0", **more})
        self.positions.append(one)

    def stands_in(self, name: str, rows: str, unit: str, value: str, given_by: str = "account") -> None:
        """A figure on the way that the case gives: it takes the place of the rule for it, and the rule after it is tried."""
        said = f"given_{name}"
        self.inputs[said] = {"rows": given_by, "unit": unit, "reads_as": "As the case gives it."}
        example = {"given": {said: "1"}, "gives": "1"}
        self.terms[name] = {"rows": rows, "unit": unit, "expression": said, "reads_as": "As the case gives it.", "example": example}
        if given_by == "account":
            self.account[said] = value
        else:
            self.markets[MARKET][said] = value

    def trial(self, figures: Mapping[str, Reading]) -> list[Trial]:
        book: Book = DRIFT.contracts(dict.fromkeys(self.markets, OF_COINS))
        book = book.collateral({name: {"weight": "100%", "owed_weight": "100%"} for name in self.assets if name != DRIFT.settle})
        book = book.formula_file(inputs=self.inputs, settings=self.settings, terms=self.terms)
        account = {"collateral": self.collateral, "holdings": self.holdings, "positions": self.positions, "orders": self.orders}
        shot = {"markets": self.markets, "assets": self.assets, "accounts": [{"id": p.ACCOUNT, **account, **self.account}]}
        return [Trial(book, shot, figures)]


def level(given: Fields) -> str:
    found = str(given.get("margin_type", "initial"))
    if found not in ("initial", "fill", "maintenance"):
        raise NotSaid(f"no such level: {found}")
    return found


def token_step(decimals: Any) -> str:
    return f"1e-{w.number(decimals)}"


def add_token(laid: Laid, name: str, market: Fields, price: Any, average: Any, amount: Any, **orders: Any) -> None:
    step = token_step(market["decimals"])
    if market.get("role") != "quote":
        laid.of("assets", name, market, OF_TOKEN)
    laid.assets[name] = {"index_price": w.steps(price, PRICE), "average_price": w.steps(average, PRICE)}
    laid.collateral[name] = w.steps(amount, step)
    laid.holdings[name] = {
        "open_bids": w.steps(w.unsigned(orders.get("bids") or "0"), step),
        "open_asks": w.steps(w.unsigned(orders.get("asks") or "0"), step),
        "open_orders": w.number(orders.get("count") or "0"),
    }  # fmt: skip


def spots(laid: Laid, given: Sequence[Fields]) -> list[str]:
    """Every balance of a case; the names that they have here."""
    names = []
    for k, one in enumerate(given):
        name = DRIFT.settle if one["market"].get("role") == "quote" else f"SPOT{k}"
        twap = one.get("twap_5min", one["price"])
        orders = {"bids": one.get("open_bids_token"), "asks": one.get("open_asks_token"), "count": one.get("open_orders")}
        add_token(laid, name, one["market"], one["price"], twap, one["token_amount"], **orders)
        names.append(name)
    return names


def add_orders(laid: Laid, market: str, given: Fields, price: str) -> None:
    """All bids as one order and all asks as one; those that the case only counts are of next to nothing."""
    sides = [(side, given.get(f"open_{side}_base", "0")) for side in ("bids", "asks")]
    made = [("buy" if side == "bids" else "sell", w.steps(w.unsigned(size), BASE)) for side, size in sides if not w.is_nothing(size)]
    count = given.get("open_orders", len(made))
    if count < len(made):
        raise NotSaid("more sides with orders than orders")
    spare = (made[0][0] if made else "buy", w.TINY)
    laid.orders.extend(
        {"id": f"{market} {k}", "market": market, "side": side, "size": size, "price": price, "reduce_only": False}
        for k, (side, size) in ((k, made[k] if k < len(made) else spare) for k in range(count))
    )
