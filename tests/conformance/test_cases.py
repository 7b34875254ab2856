"""Every case of the folder: none fails, what must run under a shipped rulebook does, and what runs nowhere is in the list."""

from __future__ import annotations

import pytest

from tests.conformance.adapters import ADAPTERS
from tests.conformance.cases import cases_folder, read_cases
from tests.conformance.report import report
from tests.conformance.run import Outcome, outcomes
from tests.conformance.unsupported import UNSUPPORTED

FOLDER = cases_folder()
SHIPPED_VENUES = ("binance", "hyperliquid", "gate", "okx", "bybit", "kraken_futures", "phemex", "blofin", "derive-v2")
SHIPPED_FAMILIES = (
    "linear_cum_liq", "linear_cross_cum_liq", "cum_recursion", "tier_lookup", "linear_im_mm", "linear_upnl", "inverse_upnl",
    "max_leverage_for_stake", "binance_change_mm", "hl_liq", "hl_margin_used", "hl_cross_liq", "hl_tier_mm",
    "linear_fee_liq", "bybit_rate_liq", "flat_tier_mm", "marginal_tier_mm_value", "tier_lookup_integer_contracts", "tier_change_lookup",
    "tier_extension", "inverse_mm_at_mark", "bybit_im_mm_fee", "bust_from_leverage", "phemex_iso", "max_position_for_leverage",
    "okx_inverse_isolated", "derive.srm", "derive.pmrm", "derive.pmrm2", "derive.auction",
)  # fmt: skip
SHIPPED_WHOLE = {"drift-v2", "mango-v4"}  # every family of the venue
SHIPPED_ON_CHAIN = (
    "vega.maintenance", "vega.ladder", "vega.isolated_orders", "vega.composite_price", "vega.trade_price", "vega.twap", "vega.disposal",
    "snx.account", "snx.collateral", "snx.liquidation_window", "snx.keeper_reward", "percolator.waterfall", "percolator.mode",
    "percolator.price_band", "percolator.alignment", "percolator.insurance", "gmx.liquidatable", "gmx.capped_pnl",
)  # fmt: skip
SHIPPED_ELSEWHERE = {"haircut"}  # the weight is the venue's, the rule is the one of a shipped rulebook

pytestmark = pytest.mark.skipif(FOLDER is None, reason="no folder of cases: give RISKRULES_CASES, or put them in ../shared/cases")


@pytest.fixture(scope="module")
def ran() -> list[Outcome]:
    assert FOLDER is not None
    return outcomes(read_cases(FOLDER))


def test_no_case_fails(ran: list[Outcome]) -> None:
    failed = [one for one in ran if one.verdict == "failed"]
    assert not failed, "\n" + report(failed)


def test_cases_of_shipped_venues_run_under_the_shipped_rulebook(ran: list[Outcome]) -> None:
    due = [one for one in ran if _is_due(one)]
    elsewhere = [f"{one.case.id}: {one.verdict} {'; '.join(one.why)}" for one in due if one.verdict != "shipped"]
    assert due
    assert not elsewhere


def _is_due(one: Outcome) -> bool:
    case = one.case
    return (
        case.family in (*SHIPPED_ELSEWHERE, *SHIPPED_ON_CHAIN)
        or case.venue in SHIPPED_WHOLE
        or (case.venue in SHIPPED_VENUES and case.family in SHIPPED_FAMILIES)
    )


def test_what_runs_nowhere_is_in_the_list(ran: list[Outcome]) -> None:
    odd = [f"{one.case.family}/{one.case.id}: {'; '.join(one.why)}" for one in ran if one.is_odd]
    assert not odd


def test_no_family_is_in_both_lists() -> None:
    assert not ADAPTERS.keys() & UNSUPPORTED.keys()
