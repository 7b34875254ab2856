"""Which version answers at which time: newest per name, withdrawn, undecided, and never changed by what comes later."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.ir.fault import Fault
from riskrules.units.clock import instant
from tests.places import POLICIES

FORM = "form: marginal_on_mark_notional\n"


def tiers(clock: str, body: str) -> str:
    return f"kind: tiers\nrulebook: house-usdm\n{clock}\nreason: A test.\n{FORM}{body}"


def table(market: str, rate: str) -> str:
    return f"tables:\n  {market}:\n    tiers:\n      - {{cap: unlimited, max_leverage: 10, maintenance_rate: {rate}}}\n"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    shutil.copytree(POLICIES / "house-usdm", tmp_path / "policies" / "house-usdm")
    return tmp_path / "policies"


def add(policies: Path, name: str, text: str) -> None:
    (policies / "house-usdm" / "tiers" / name).write_text(text)


def snapshot(as_of: str, size: str = "1", margin: str = "2000", market: str = "BTC-USDT") -> dict[str, Any]:
    return {
        "as_of": as_of, "rulebook": "house-usdm", "markets": {market: {"mark_price": "30000", "at": as_of}},
        "accounts": [{"id": "a", "collateral": {}, "positions": [
            {"id": "p", "market": market, "mode": "isolated", "size": size, "entry_price": "30000", "margin": margin,
             "unsettled_funding": "0"}]}],
    }  # fmt: skip


def decision(policies: Path, as_of: str, **given: str) -> tuple[str, str | None]:
    pool = riskrules.load(policies, rulebook="house-usdm", as_of=as_of).explain(snapshot(as_of, **given)).pools[0]
    return pool.decision, pool.fault.code if pool.fault else None


def test_the_newest_version_wins_for_its_own_name_only(policies: Path) -> None:
    add(policies, "2027-01-01-btc.yaml", tiers("effective: 2027-01-01T00:00:00Z", table("BTC-USDT", "9%")))
    before, after = "2026-12-31T23:59:59.999999999Z", "2027-01-01T00:00:00Z"
    assert decision(policies, before) == ("healthy", None), "2,000 against 0.4% of 30,000"
    assert decision(policies, after) == ("liquidate", None), "2,000 against 9% of 30,000, from the instant on"
    assert decision(policies, after, market="ETH-USDT", size="0.1") == ("healthy", None), "an amendment to one market leaves the others"


def test_a_withdrawn_market_is_unknown_from_then_on(policies: Path) -> None:
    add(policies, "2027-01-01.yaml", tiers("effective: 2027-01-01T00:00:00Z", "withdrawn: [BTC-USDT]\n"))
    assert decision(policies, "2026-12-31T00:00:00Z") == ("healthy", None)
    assert decision(policies, "2027-01-01T00:00:00Z") == ("error", "RR502")


@pytest.mark.parametrize(
    "margin, as_of, expected, why",
    [
        ("2000", "2027-01-01T00:00:00Z", ("healthy", None), "`after` itself: the old version was still seen then"),
        ("2000", "2027-01-15T00:00:00Z", ("error", "RR508"), "inside the interval, and the two tables disagree"),
        ("5000", "2027-01-15T00:00:00Z", ("healthy", None), "inside the interval, and both tables say the same"),
        ("100", "2027-01-15T00:00:00Z", ("liquidate", None), "the same the other way"),
        ("2000", "2027-02-01T00:00:00Z", ("liquidate", None), "`by`: the new version was seen then"),
    ],
)
def test_inside_an_observed_interval_only_what_both_tables_say_is_decided(
    policies: Path, margin: str, as_of: str, expected: tuple[str, str | None], why: str
) -> None:
    clock = "observed: {after: 2027-01-01T00:00:00Z, by: 2027-02-01T00:00:00Z}"
    add(policies, "2027-02-01.yaml", tiers(clock, table("BTC-USDT", "9%")))
    assert decision(policies, as_of, margin=margin) == expected, why


def test_a_market_listed_inside_an_interval_is_undecided_there(policies: Path) -> None:
    clock = "observed: {after: 2027-01-01T00:00:00Z, by: 2027-02-01T00:00:00Z}"
    add(policies, "2027-02-01.yaml", tiers(clock, table("NEW-USDT", "1%")))
    assert decision(policies, "2027-01-15T00:00:00Z", market="NEW-USDT") == ("error", "RR508")
    assert decision(policies, "2027-02-01T00:00:00Z", market="NEW-USDT") == ("healthy", None)


def test_a_later_file_never_changes_an_earlier_answer(policies: Path) -> None:
    asked = "2026-12-20T00:00:00Z"
    told = riskrules.load(policies, rulebook="house-usdm", as_of=asked).explain(snapshot(asked))
    add(policies, "2027-01-01.yaml", tiers("effective: 2027-01-01T00:00:00Z", table("BTC-USDT", "9%")))
    again = riskrules.load(policies, rulebook="house-usdm", as_of=asked).explain(snapshot(asked))
    assert told.book.plan.digest != again.book.plan.digest, "another folder"
    assert (json.dumps(told.to_dict(2)), told.replay) == (json.dumps(again.to_dict(2)), again.replay), "and not a byte of the answer"


def test_before_the_first_version_there_is_no_answer(policies: Path) -> None:
    with pytest.raises(riskrules.PolicyError) as refused:
        riskrules.load(policies, rulebook="house-usdm", as_of="2026-11-30T00:00:00Z")
    assert {problem.code for problem in refused.value.problems} == {"RR312"}
    assert refused.value.exit_code == 30


def test_captures_of_a_venue_answer_as_of_each_of_them() -> None:
    """The first tier of BTC-USDT had 125x in one capture and 150x in the next: between them only the leverage is undecided."""
    asked = {"as_of": "2025-10-05T00:00:00Z", "markets": {"BTC-USDT": {"mark_price": "100000"}}}
    account = {
        "id": "a",
        "collateral": {},
        "positions": [{"id": "p", "market": "BTC-USDT", "mode": "isolated", "size": "1", "entry_price": "100000", "margin": "400"}],
    }
    seen = []
    for when in ("2025-07-03T00:00:00Z", "2025-09-30T00:00:00Z", "2026-10-01T00:00:00Z"):
        pool = riskrules.load(POLICIES, rulebook="binance-usdm", as_of=when).explain({**asked, "accounts": [account]}).pools[0]
        leverage = pool.evaluated.value("max_leverage", 0)
        seen.append((pool.decision, leverage.code if isinstance(leverage, Fault) else leverage))
    assert seen == [("healthy", "RR508"), ("healthy", (150, 1)), ("healthy", (150, 1))]


def test_times_are_exact_to_the_nanosecond() -> None:
    assert instant("2026-12-01T08:00:00.000000001Z") == (instant("2026-12-01T08:00:00Z") or 0) + 1
    assert instant("2026-12-01T09:00:00+01:00") == instant("2026-12-01T08:00:00Z")
    assert instant("2026-12-01") is None, "a date alone is no instant"
