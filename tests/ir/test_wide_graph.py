"""The graph is wide enough: two rounds over an open-interest ramp, and scenarios over several markets.

Both books are YAML alone (tests/books).  The expected figures are worked by hand here, or printed by
the venue whose rule the first book has the shape of.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

import riskrules
from tests.places import BOOKS, cases_folder

AS_OF = "2026-02-01T00:00:00Z"


def snapshot(markets: dict[str, Any], positions: list[dict[str, str]], balance: str = "20000") -> dict[str, Any]:
    return {
        "as_of": AS_OF,
        "rulebook": "-",
        "markets": markets,
        "accounts": [{"id": "a", "collateral": {"USDC": balance}, "positions": positions}],
    }


def position(market: str, size: str, entry: str) -> dict[str, str]:
    return {"id": market, "market": market, "mode": "cross", "size": size, "entry_price": entry, "leverage": "3"}


def figures(book: str, given: dict[str, Any], *names: str) -> list[Any]:
    pool = riskrules.load(BOOKS, rulebook=book, as_of=AS_OF).explain(given).pools[0]
    return [Fraction(*value) if isinstance(value := pool.value(name), tuple) else value for name in names]


@pytest.mark.parametrize(
    "open_interest, initial, why",
    [
        ("10", "12000", "600,000 of open interest is below the ramp: 20% of 60,000"),
        ("16.666", "12000", "999,960 is still below the lower cap"),
        ("25", "36000", "1,500,000 is half way between 1 and 2 million: 60%"),
        ("40", "60000", "2,400,000 is above the upper cap: all of it"),
    ],
)
def test_open_interest_moves_initial_and_never_maintenance(open_interest: str, initial: str, why: str) -> None:
    given = snapshot({"BTC-USDC": {"mark_price": "60000", "open_interest": open_interest}}, [position("BTC-USDC", "1", "60000")])
    assert figures("ramp-and-two-roundings", given, "initial_margin", "maintenance_margin") == [Fraction(initial), 6000], why


def test_two_roundings_are_not_one() -> None:
    """20% of 0.000021 is 0.0000042, up to 0.000005; half of that up again is 0.000003, where half of the unrounded would be too."""
    given = snapshot({"BTC-USDC": {"mark_price": "0.000016", "open_interest": "0"}}, [position("BTC-USDC", "1", "0.000016")])
    assert figures("ramp-and-two-roundings", given, "maintenance_margin") == [Fraction("0.000002")]
    given = snapshot({"BTC-USDC": {"mark_price": "0.000021", "open_interest": "0"}}, [position("BTC-USDC", "1", "0.000021")])
    assert figures("ramp-and-two-roundings", given, "maintenance_margin") == [Fraction("0.000003")], (
        "⌈0.0000042⌉ = 0.000005, half up = 0.000003; once rounded it were 0.000003 of 0.0000021"
    )


def test_open_interest_not_given_is_an_error_of_initial_only() -> None:
    given = snapshot({"BTC-USDC": {"mark_price": "60000"}}, [position("BTC-USDC", "1", "60000")])
    initial, maintenance = figures("ramp-and-two-roundings", given, "initial_margin", "maintenance_margin")
    assert (initial.code, maintenance) == ("RR505", 6000)


@pytest.mark.parametrize(
    "btc, eth, maintenance, why",
    [
        ("1", "0.001", "6000.3", "both fall together: 6,000 on BTC and 0.30 on ETH"),
        ("1", "-20", "0", "the hedge gains 6,000 in the fall, and loses 1,200 less in the rise than BTC gains"),
        ("1", "-40", "3600", "over-hedged: the rise costs 9,600 on ETH and brings 6,000 on BTC"),
        ("-1", "-1", "6240", "short both: the rise costs 6,000 and 240"),
    ],
)
def test_the_worst_scenario_is_of_the_whole_pool(btc: str, eth: str, maintenance: str, why: str) -> None:
    markets = {"BTC-USDC": {"mark_price": "60000"}, "ETH-USDC": {"mark_price": "2000"}}
    given = snapshot(markets, [position("BTC-USDC", btc, "60000"), position("ETH-USDC", eth, "2000")])
    assert figures("three-scenarios", given, "maintenance_margin", "initial_margin") == [
        Fraction(maintenance),
        Fraction(maintenance) * Fraction("1.3"),
    ], why


def test_the_venue_s_own_figures_of_the_ramp() -> None:
    folder = cases_folder()
    if folder is None:
        pytest.skip("the shared cases are not here; RISKRULES_CASES names their folder")
    cases = json.loads((folder / "onchain" / "dydx_v4.json").read_text())["cases"]
    told = [case for case in cases if case["kind"] == "dydx.adjusted_imf"]
    assert told
    for case in told:
        policy, expected = case["policy"], case["expected"]["imf_ppm"]
        assert ramp(policy, case["inputs"]["open_interest_notional_qq"]) == expected, case["id"]


def ramp(policy: dict[str, int], crowd: int) -> Fraction:
    """The book's own `crowd_rate`, walked over the case's parameters in its quantum."""
    from riskrules.ir.frame import Frame
    from riskrules.ir.walk import Walk

    book = riskrules.load(BOOKS, rulebook="ramp-and-two-roundings", as_of=AS_OF)
    program = book.plan.program
    values = {
        "initial_rate": (policy["initial_margin_ppm"], 10**6), "lower_cap": (policy["oi_lower_cap_qq"], 10**6),
        "upper_cap": (policy["oi_upper_cap_qq"], 10**6), "open_interest": (crowd, 10**6), "mark_price": (1, 1),
    }  # fmt: skip
    labels: dict[str, list[str]] = {
        "market": ["m"],
        "leg": [],
        "order": [],
        "holding": [],
        "pool": [],
        "position": [],
        "account": [],
        "asset": [],
        "scenario": [],
    }
    given = {(rows, name): [values.get(name, (1, 1))] if rows == "market" else [] for rows, name in program.needs}
    keys = {(below, above): [] for below in labels for above in labels}
    walk = Walk(program, Frame(labels, keys, given))
    value = walk.value("crowd_rate", 0)
    return Fraction(*value) * 10**6
