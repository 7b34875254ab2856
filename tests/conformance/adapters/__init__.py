"""One function a family: what a case says, in the words of a rulebook and a snapshot.

Adapters translate words and units only.  They compute nothing: a test parses them and fails on any
arithmetic, so that no expected figure can be worked out beside the engine.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.adapters import derive, hyperliquid, linear, tables, venues
from tests.conformance.asked import Trial
from tests.conformance.cases import Question

Adapter = Callable[[Question], list[Trial]]

ADAPTERS: dict[str, Adapter] = {
    "linear_cum_liq": linear.cum_liq,
    "linear_cross_cum_liq": linear.cross_cum_liq,
    "linear_fee_liq": linear.fee_liq,
    "bybit_rate_liq": linear.entry_rate_liq,
    "inverse_mm_at_mark": linear.inverse_liq,
    "linear_im_mm": linear.im_mm,
    "flat_tier_mm": linear.one_rate,
    "linear_upnl": linear.upnl,
    "inverse_upnl": linear.inverse_upnl,
    "tier_lookup": tables.lookup,
    "cum_recursion": tables.recursion,
    "max_leverage_for_stake": tables.stake,
    "binance_change_mm": tables.change,
    "tier_change_lookup": tables.change_lookup,
    "marginal_tier_mm_value": tables.slices,
    "tier_lookup_integer_contracts": tables.whole_contracts,
    "haircut": tables.haircut,
    "bybit_im_mm_fee": venues.im_mm_fee,
    "bust_from_leverage": venues.bust,
    "phemex_iso": venues.phemex_isolated,
    "max_position_for_leverage": venues.largest_position,
    "tier_extension": venues.extension,
    "okx_inverse_isolated": venues.okx_inverse,
    "okx_pm_mmr": venues.formula_of_case,
    "auto_exchange": venues.conversion,
    "linear_increase_margin": venues.by_size,
    "sqrt_margin": venues.by_root,
    "kucoin_risk_rate": venues.risk_rate,
    "paradex_check": venues.order_check,
    "hl_liq": hyperliquid.liq,
    "hl_margin_used": hyperliquid.margin_used,
    "hl_cross_liq": hyperliquid.cross_liq,
    "hl_tier_mm": hyperliquid.tier_mm,
    "derive.srm": derive.standard,
    "derive.auction": derive.auction,
    "derive.pmrm": derive.portfolio,
    "derive.pmrm2": derive.second,
}
