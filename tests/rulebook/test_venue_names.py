"""The venues' own spellings of their markets, and that a contract which has expired is in force no longer."""

from __future__ import annotations

import pytest

import riskrules
from riskrules.rulebook.aliases import markets_called, spellings
from riskrules.rulebook.plan import Plan
from tests.places import POLICIES

CAPTURED, LATER = "2021-08-01T00:00:00Z", "2022-01-01T00:00:01Z"
DATED = ("kraken-futures", "bitmex", "binance-coinm")


def plan_of(rulebook: str, as_of: str) -> Plan:
    return riskrules.load(POLICIES, rulebook=rulebook, as_of=as_of).plan


@pytest.mark.parametrize(
    "rulebook, text, market, why",
    [
        ("kraken-futures", "PI_XBTUSD", "XBT-USD", "a perpetual"),
        ("kraken-futures", "FI_XBTUSD_210924", "XBT-USD-210924", "a dated one has other letters before it"),
        ("kraken-futures", "BTC/USD:BTC", "XBT-USD", "ccxt has another word for the asset"),
        ("kraken-futures", "BTC/USD:BTC-210924", "XBT-USD-210924", "and of a dated one"),
        ("kraken-futures", "ETH/USD:ETH", "ETH-USD", "the same word for others"),
        ("binance-coinm", "BNBUSD_PERP", "BNB-USD", "a perpetual of Binance"),
        ("binance-coinm", "ETHUSD_211231", "ETH-USD-211231", "a dated one"),
        ("bitmex", "XBTUSD", "XBT-USD", "run together"),
        ("bitmex", "XBTU21", "XBT-USD-210924", "a letter for the month, and no quote"),
        ("bitmex", "XBTZ21", "XBT-USD-211231", "another month"),
        ("bitmex", "XBTEURU21", "XBT-EUR-210924", "with its quote where that is another"),
        ("bitmex", "ETH/BTC:BTC-210924", "ETH-XBT-210924", "the asset is a quote too"),
    ],
)
@pytest.mark.parametrize("as_of", [CAPTURED, LATER])
def test_a_market_is_found_by_what_the_venue_calls_it(rulebook: str, text: str, market: str, why: str, as_of: str) -> None:
    assert markets_called(plan_of(rulebook, as_of), text) == [market], why


@pytest.mark.parametrize(
    "rulebook, text, why",
    [
        ("kraken-futures", "FI_XBTUSD", "a perpetual has not the letters of a dated one"),
        ("kraken-futures", "PI_XBTUSD_210924", "nor the other way round"),
        ("kraken-futures", "XBT/USD:XBT", "no word of ccxt's"),
        ("bitmex", "XBTUSD-210924", "no spelling of anybody's"),
    ],
)
def test_what_nobody_calls_it_is_no_market(rulebook: str, text: str, why: str) -> None:
    assert markets_called(plan_of(rulebook, CAPTURED), text) == [], why


@pytest.mark.parametrize("rulebook", DATED)
def test_every_spelling_leads_back(rulebook: str) -> None:
    plan = plan_of(rulebook, CAPTURED)
    made = {text: name for name in plan.markets() for text in spellings(plan, name).values()}
    assert len(made) == 2 * len(plan.markets())
    assert {text: markets_called(plan, text) for text in made} == {text: [name] for text, name in made.items()}


@pytest.mark.parametrize(
    "rulebook, market, until",
    [
        ("kraken-futures", "XBT-USD-210730", "2021-07-30T15:00:00Z"),
        ("kraken-futures", "XBT-USD-210924", "2021-09-24T15:00:00Z"),
        ("kraken-futures", "ETH-USD-211231", "2021-12-31T16:00:00Z"),
        ("bitmex", "XBT-EUR-210924", "2021-09-24T12:00:00Z"),
        ("bitmex", "XBT-USD-211231", "2021-12-31T12:00:00Z"),
    ],
)
def test_a_contract_is_in_force_until_it_expires(rulebook: str, market: str, until: str) -> None:
    just_before = until.replace(":00:00Z", ":00:00+00:01")
    assert plan_of(rulebook, just_before).market(market)
    assert plan_of(rulebook, until).gone[market] == until


@pytest.mark.parametrize("rulebook", DATED)
def test_no_dated_contract_outlives_its_date(rulebook: str) -> None:
    """They were captured once: no later capture takes them out."""
    plan = plan_of(rulebook, LATER)
    assert [name for name in plan.markets() if name.count("-") == 2] == []
    assert plan.gone


def test_within_the_day_that_a_name_says_it_is_undecided() -> None:
    leg = {"id": "p", "market": "ETH-USD-211231", "mode": "isolated", "margin": "1", "size": "1", "entry_price": "4000", "leverage": "2"}
    shot = {
        "markets": {"ETH-USD-211231": {"mark_price": "4000"}},
        "accounts": [{"id": "a", "collateral": {"ETH": "1"}, "positions": [leg]}],
    }
    said = {}
    for when in ("2021-12-31T00:00:00Z", "2021-12-31T08:00:00Z", "2022-01-01T00:00:00Z"):
        first, *_ = riskrules.load(POLICIES, rulebook="binance-coinm", as_of=when).explain({"as_of": when, **shot}).pools
        said[when] = first.decision
    assert said == {"2021-12-31T00:00:00Z": "healthy", "2021-12-31T08:00:00Z": "error", "2022-01-01T00:00:00Z": "error"}


def test_ccxt_s_word_for_an_asset_is_the_rulebook_s() -> None:
    leg = {
        "symbol": "BTC/USD:BTC", "info": {}, "contracts": 100, "contractSize": 1, "entryPrice": 30_000, "side": "long", "leverage": 10,
        "marginMode": "isolated", "positionMargin": 0.001, "markPrice": 31_000,
    }  # fmt: skip
    book = riskrules.load(POLICIES, rulebook="kraken-futures", as_of=CAPTURED)
    (pool,) = book.explain([leg]).pools
    assert (pool.pool.settle, [pool.evaluated.rows.legs[k].market for k in pool.legs], pool.decision) == ("XBT", ["XBT-USD"], "healthy")
