"""What is needed and absent, unknown, too old or too much is an error with its code, and taints just what it should."""

from __future__ import annotations

from typing import Any

import pytest

import riskrules
from tests.places import BOOKS, POLICIES

AS_OF = "2026-12-02T00:00:00Z"
HOUSE = riskrules.load(POLICIES / "house-usdm", as_of=AS_OF)


def leg(**changes: Any) -> dict[str, Any]:
    base = {"id": "p", "market": "BTC-USDT", "mode": "cross", "size": "1", "entry_price": "64000", "leverage": "10"}
    base["unsettled_funding"] = "0"
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


def given(*legs: dict[str, Any], price: dict[str, Any] | None = None, **account: Any) -> dict[str, Any]:
    mark = {"mark_price": "64000", "at": AS_OF} if price is None else price
    held = {"id": "a", "taker_fee": "0.05%", "collateral": {"USDT": "9000"}, "positions": list(legs), **account}
    markets = {"BTC-USDT": mark, "ETH-USDT": {"mark_price": "2500", "at": AS_OF}, "HIVE-USDT": {"mark_price": "0.25", "at": AS_OF}}
    account_of = {key: value for key, value in held.items() if value is not None}
    return {"as_of": AS_OF, "markets": markets, "assets": {"USDT": {"index_price": "1", "at": AS_OF}}, "accounts": [account_of]}


@pytest.mark.parametrize(
    "snapshot, code, why",
    [
        (given(leg(market="XYZ-USDT")), "RR502", "a market that no table knows"),
        (given(leg(), price={}), "RR501", "no mark price"),
        (given(leg(), price={"mark_price": "64000"}), "RR505", "a mark price without its time, where its age decides"),
        (given(leg(), price={"mark_price": "64000", "at": "2026-12-01T23:59:54.999999999Z"}), "RR503", "a nanosecond older than 5 s"),
        (given(leg(), price={"mark_price": "64000", "at": "2026-12-02T00:00:01Z"}), "RR511", "a price from the future"),
        (given(leg(entry_price=None)), "RR505", "no entry price, and profit needs it"),
        (given(leg(unsettled_funding=None)), "RR505", "funding owed counts, and was not given"),
        (given(leg(), collateral=None), "RR505", "balances not given are not balances of 0"),
        (given(leg(), collateral={"USDT": "9000", "DOGE": "5"}), "RR506", "an asset that is not collateral"),
        (given(leg(mode="isolated", margin=None)), "RR505", "an isolated position without its margin"),
        (given(leg(mode="isolated", margin="initial")), "RR505", "the house rules take no margin but a stated one"),
    ],
)
def test_it_is_an_error_with_its_code(snapshot: dict[str, Any], code: str, why: str) -> None:
    pools = {pool.pool.mode: pool for pool in HOUSE.explain(snapshot).pools}
    pool = pools[snapshot["accounts"][0]["positions"][0]["mode"]]
    assert (pool.decision, pool.fault.code if pool.fault else None) == ("error", code), why


def test_five_seconds_are_not_too_old() -> None:
    snapshot = given(leg(), price={"mark_price": "64000", "at": "2026-12-01T23:59:55Z"})
    assert HOUSE.explain(snapshot).pools[0].decision == "healthy", "the policy says above 5s"


def test_where_balances_are_given_one_that_is_not_among_them_is_none() -> None:
    snapshot = given(leg(market="BTC-USDT"), collateral={"BTC": "1"})
    snapshot["assets"]["BTC"] = {"index_price": "64000", "at": AS_OF}
    assert HOUSE.explain(snapshot).pools[0].decision == "healthy", "95% of a bitcoin stands behind it, and no USDT"


def test_a_fault_taints_its_own_pool_only() -> None:
    snapshot = given(leg(), leg(id="q", market="ETH-USDT", mode="isolated", margin="300", entry_price="2500"), price={})
    decisions = {pool.pool.mode: pool.decision for pool in HOUSE.explain(snapshot).pools}
    assert decisions == {"cross": "error", "isolated": "healthy"}


def test_a_missing_leverage_is_an_error_of_initial_margin_and_not_of_the_decision() -> None:
    pool = HOUSE.explain(given(leg(leverage=None))).pools[0]
    assert (pool.decision, pool.value("initial_margin").code) == ("healthy", "RR505")


def test_above_the_last_cap_the_policy_says_what_applies() -> None:
    """The house says last_tier_applies; a book that says error gives RR504."""
    pool = HOUSE.explain(given(leg(market="HIVE-USDT", size="2000000", entry_price="0.25"), collateral={"USDT": "900000"})).pools[0]
    assert pool.decision == "healthy"
    assert pool.evaluated.value("tier", 0) == 2, "the third tier, 500,000 is above its cap of 250,000"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999999", "0x10", "", "１", "1,000"])
def test_what_is_not_a_number_never_comes_through_the_door(number: str) -> None:
    with pytest.raises(riskrules.PolicyError) as refused:
        HOUSE.explain(given(leg(size=number)))
    assert [problem.code for problem in refused.value.problems] == ["RR604"]


def test_a_driver_that_is_not_given_is_an_error() -> None:
    book = riskrules.load(BOOKS / "ramp-and-two-roundings", as_of=AS_OF)
    snapshot = {"as_of": AS_OF, "markets": {"BTC-USDC": {"mark_price": "1"}}, "accounts": [{"id": "a", "collateral": {"USDC": "1"},
        "positions": [leg(market="BTC-USDC", entry_price="1")]}]}  # fmt: skip
    assert book.explain(snapshot).pools[0].value("initial_margin").code == "RR505"


def test_open_interest_may_be_carried_though_no_rule_reads_it() -> None:
    mark = {"mark_price": "64000", "at": AS_OF}
    assert HOUSE.explain(given(leg(), price={**mark, "open_interest": "1000"})).pools[0].decision == "healthy"
    with pytest.raises(riskrules.PolicyError, match="open_intrest"):
        HOUSE.explain(given(leg(), price={**mark, "open_intrest": "1000"}))


def test_what_may_be_done_meanwhile_is_said() -> None:
    """The house's rules say it of what cannot be decided, and of nothing else; a rulebook that does not say it says nothing."""
    undecided, decided = HOUSE.explain(given(leg(), price={})), HOUSE.explain(given(leg()))
    assert undecided.pools[0].may == ("reduce", "deposit", "cancel")
    assert "meanwhile      may reduce, deposit, cancel; is not liquidated; page risk desk" in str(undecided)
    assert "meanwhile" not in str(decided)
    assert decided.pools[0].may == ("increase", "reduce", "withdraw")
    silent = riskrules.load(BOOKS / "three-scenarios", as_of="2026-02-01T00:00:00Z")
    account = {"id": "a", "collateral": {"USDC": "9"}, "positions": [leg(market="BTC-USDC")]}
    told = silent.explain({"as_of": "2026-02-01T00:00:00Z", "markets": {"BTC-USDC": {}}, "accounts": [account]})
    assert (told.pools[0].decision, told.pools[0].may) == ("error", ())
