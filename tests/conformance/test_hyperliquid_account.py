"""The mainnet account of examples/account.json: what the venue printed of it, figure by figure.

The answer of the venue is in tests/data; the two margins are exact, and a liquidation price is right
when the crossing found on a fine grid is the price printed with ten decimals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from riskrules.api import plan_at
from riskrules.engine.ask import Answer, price_answers
from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.door import read_snapshot
from riskrules.engine.explain import PoolExplanation, explanations
from riskrules.engine.explain_json import pool_json
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import instant
from tests.conformance.books import HYPERLIQUID, POLICIES
from tests.conformance.cases import ROOT

PUBLISHED = json.loads((ROOT / "tests" / "data" / "hyperliquid_account_published.json").read_text(encoding="utf-8"))
PRICES: dict[str, str | None] = PUBLISHED["liquidation_prices"]
ISOLATED = "MEGA"
LARGE = Fraction(1000)  # marks above it have fewer decimals that count
WITHIN = Fraction(1, 10**9)


def account_with_ticks() -> dict[str, Any]:
    given: dict[str, Any] = json.loads((ROOT / "examples" / "account.json").read_text(encoding="utf-8"))
    for market in given["markets"].values():
        market["tick"] = "0.000001" if Fraction(market["mark_price"]) > LARGE else "0.0000000001"
    return given


@pytest.fixture(scope="module")
def account() -> Evaluated:
    given = account_with_ticks()
    when = instant(given["as_of"])
    assert when is not None
    plan = plan_at(Shelf(POLICIES, packaged=False), HYPERLIQUID.rulebook, when)
    snapshot, problems = read_snapshot(json.dumps(given), "account", plan.drivers)
    assert snapshot is not None, problems
    return decide(plan, snapshot, snapshot.accounts[0])


def pools(account: Evaluated) -> Iterator[tuple[PoolExplanation, dict[str, Any]]]:
    return ((pool, pool_json(pool, 1)) for pool in explanations(account))


def figures(account: Evaluated, position: str | None) -> dict[str, Any]:
    return next({name: one["value"] for name, one in data["figures"].items()} for _, data in pools(account) if data["position"] == position)


def test_the_margins_are_the_printed_ones(account: Evaluated) -> None:
    cross, isolated = figures(account, None), figures(account, ISOLATED)
    assert cross["maintenance_margin"] == PUBLISHED["cross_maintenance"]
    assert cross["equity"] == PUBLISHED["cross_account_value"]
    assert isolated["equity"] == PUBLISHED["isolated_margin_used"]


def test_nobody_is_liquidated(account: Evaluated) -> None:
    assert {data["decision"] for _, data in pools(account)} == {"healthy"}


def test_every_position_has_a_published_price_or_none(account: Evaluated) -> None:
    assert [leg.id for leg in account.rows.legs] == list(PRICES)


@pytest.mark.parametrize("coin", PRICES)
def test_the_liquidation_price_is_the_printed_one(account: Evaluated, coin: str) -> None:
    printed, found = PRICES[coin], against(account, coin)
    if printed is None:
        assert found is None
        return
    assert found is not None
    low, high = sorted((found.before, found.point))
    price = Fraction(printed)
    assert low - WITHIN * price <= price <= high + WITHIN * price


def against(account: Evaluated, coin: str) -> Answer | None:
    """The nearest trigger on the side that hurts: below a long, above a short."""
    row = list(PRICES).index(coin)
    hurts = -1 if account.rows.legs[row].size[0] > 0 else 1
    found = price_answers(account, account.rows.keys["leg", "pool"][row], account.rows.keys["leg", "market"][row], "liquidate")
    return next((answer for answer in found if answer.direction == hurts), None)
