"""A chosen risk limit: it decides the tier, whatever is held; there is none by default, and none below what is held."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.units.exact import to_fraction
from tests.catalogue.cases import HERE
from tests.places import POLICIES
from tests.rules.told import codes_in_house

AS_OF = "2021-08-01T00:00:00Z"
LEG = {"id": "p", "market": "XBT-USD", "mode": "cross", "size": "10000000", "entry_price": "40000", "leverage": "10"}
ORDER = {"id": "o", "market": "XBT-USD", "side": "buy", "size": "2000000", "price": "40000", "reduce_only": False, "leverage": "10"}


def decided(leg: dict[str, Any] = LEG, orders: tuple[dict[str, Any], ...] = (), **account: Any) -> Any:
    """BitMEX: 250 XBT at a mark of 40,000; limits of 200, then 100 more each, 0.35% more each."""
    one = {"id": "a", "taker_fee": "0", "collateral": {"XBT": "100"}, "positions": [leg], "orders": list(orders), **account}
    book = riskrules.load(POLICIES, rulebook="bitmex", as_of=AS_OF)
    (pool,) = book.explain({"as_of": AS_OF, "markets": {"XBT-USD": {"mark_price": "40000"}}, "accounts": [one]}).pools
    return pool


@pytest.mark.parametrize(
    "limit, tier, maintenance, why",
    [
        ("300", 2, "1.75", "the limit just above"),
        ("400", 3, "2.625", "a higher limit holds the same position at its own rate"),
        ("399.5", 3, "2.625", "between two caps the upper"),
        ("300.00000001", 3, "2.625", "a cap belongs to its own tier"),
        ("250", 2, "1.75", "the very value"),
    ],
)
def test_the_limit_decides(limit: str, tier: int, maintenance: str, why: str) -> None:
    for pool in (decided({**LEG, "risk_limit": limit}), decided(risk_limit={"XBT-USD": limit})):
        evaluated = pool.evaluated
        assert evaluated.value("tier", 0) + 1 == tier, why
        assert to_fraction(evaluated.value("maintenance_margin", 0)) == Fraction(maintenance), why


@pytest.mark.parametrize(
    "account, code, why",
    [
        ({}, "RR505", "no limit is assumed"),
        ({"risk_limit": {"ETH-XBT-210924": "300"}}, "RR505", "another market's"),
        ({"risk_limit": {"XBT-USD": "249.99999999"}}, "RR513", "below what is held"),
        ({"risk_limit": {"XBT-USD": "1000000"}}, "RR504", "above every step"),
    ],
)
def test_what_decides_nothing(account: dict[str, Any], code: str, why: str) -> None:
    pool = decided(**account)
    assert (pool.decision, pool.evaluated.value("maintenance_margin", 0).code) == ("error", code), why


def test_a_position_s_own_limit_goes_before_the_account_s() -> None:
    assert decided({**LEG, "risk_limit": "400"}, risk_limit={"XBT-USD": "300"}).evaluated.value("tier", 0) == 2


@pytest.mark.parametrize(
    "limit, order, may, why",
    [
        ("300", {}, True, "50 more make the limit full"),
        ("300", {"size": "2000001"}, False, "and not one contract more"),
        ("400", {"size": "2000001"}, True, "under a higher one they fit"),
        ("300", {"leverage": "75"}, False, "100x less a step of 0.35% allows 74.07x"),
        ("300", {"leverage": "74"}, True, "and no more"),
        ("400", {"leverage": "74"}, False, "a higher limit allows less"),
        ("300", {"side": "sell", "size": "12000000"}, True, "the other side has the limit of its own"),
        ("300", {"size": "2000001", "risk_limit": "400"}, True, "an order may say its own"),
    ],
)
def test_what_may_be_opened(limit: str, order: dict[str, str], may: bool, why: str) -> None:
    pool = decided(orders=({**ORDER, **order},), risk_limit={"XBT-USD": limit})
    assert [pool.evaluated.value(name, 0) for name in ("size_allowed", "leverage_allowed")].count(False) == (0 if may else 1), why


def test_a_table_says_the_same() -> None:
    book = riskrules.load(POLICIES, rulebook="bitmex", as_of=AS_OF)
    n = 4
    out = book.evaluate(
        {
            "account": [f"a{k}" for k in range(n)], "market": ["XBT-USD"] * n, "mode": ["isolated"] * n, "size": [10_000_000] * n,
            "entry_price": [40_000] * n, "mark_price": [40_000] * n, "leverage": [10] * n, "margin": ["25"] * n, "taker_fee": ["0"] * n,
            "risk_limit": ["300", "400", "200", None],
        },
        amounts="exact",
    )  # fmt: skip
    assert list(out["tier"])[:2] == [2, 3]
    assert [str(word) for word in out["code"]] == ["", "", "RR513", "RR505"]


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("cap: inclusive", "cap: exclusive", "RR225", "a limit would be in the tier above its own"),
        ("style: whole_position", "style: marginal", "RR225", "no slices of a limit"),
        ("reason: Some", "account:\n  margin_modes: [cross]\n  hedge_legs: {tier_by: sum_of_legs, margin: sum_of_legs}\n"
         "  pools: {per_account_in: USDT}\n  posted_margin: given\nreason: Some", "RR225", "two legs, two limits"),
        ("reason: Some", "reason: Some", "", "as it is"),
    ],
)  # fmt: skip
def test_what_a_form_may_say(tmp_path: Path, old: str, new: str, code: str, why: str) -> None:
    files = {f"{kind}/2026-12-15.yaml": (HERE / "RR513/house-usdm" / kind / "2026-12-15.yaml").read_text() for kind in ("margin", "tiers")}
    files["margin/2026-12-15.yaml"] = files["margin/2026-12-15.yaml"].replace(old, new, 1)
    assert codes_in_house(tmp_path, files) == ({code} if code else set()), why
