"""The families that nothing here runs yet, each with what is missing.  A family in neither list fails a test."""

from __future__ import annotations

MISSING: tuple[tuple[str, str], ...] = (
    (
        "mark rules and liquidation steps are kinds of their own, not written yet",
        "funding_basis_mark adl_bitmex vega.composite_price vega.trade_price vega.twap drift.twap_band",
    ),
    ("no rulebook of this venue", "gmx.liquidatable gmx.capped_pnl lfest.check mango.health"),
    (
        "no rulebook of this venue",
        "drift.asset_weight drift.liability_weight drift.upnl_weight drift.perp_position drift.margin_ratio drift.account "
        "drift.max_withdraw drift.base_to_cover drift.liability_transfer drift.implied_liability_transfer drift.asset_transfer "
        "drift.funding_delta drift.deposit_interest_delta drift.perp_if_fee drift.spot_if_fee drift.liquidation_fee_ramp "
        "drift.oracle_status drift.liquidate_perp drift.perp_bankruptcy",
    ),
    (
        "no rulebook of this venue",
        "dydx.notional dydx.margin dydx.mm_ppm dydx.funding_clamp dydx.im_notional dydx.adjusted_imf dydx.funding_settlement "
        "dydx.risk_flags dydx.risk_cmp dydx.transition dydx.account dydx.is_liquidatable dydx.bankruptcy_price "
        "dydx.fillable_price dydx.insurance_delta dydx.subticks dydx.liquidation_size dydx.notional_limits dydx.block_limits "
        "dydx.sort dydx.insurance_valid dydx.can_deleverage dydx.deleverage",
    ),
    (
        "no rulebook of this venue",
        "percolator.waterfall percolator.mode percolator.price_band percolator.alignment percolator.insurance",
    ),
    ("no rulebook of this venue", "snx.account snx.collateral snx.liquidation_window snx.keeper_reward"),
    ("no rulebook of this venue", "vega.maintenance vega.ladder vega.isolated_orders vega.disposal vega.cascade"),
)

UNSUPPORTED: dict[str, str] = {family: why for why, families in MISSING for family in families.split()}
