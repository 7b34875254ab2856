"""What an explanation looks like: golden texts at two widths, and laws that hold of every one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as any_of
from hypothesis import settings
from hypothesis import strategies as st

import riskrules
from riskrules.engine.explain_text import BLANK, pool_text, status_line, wrapped
from riskrules.engine.turns import turn_lines
from tests.golden import same
from tests.places import BOOKS, EXAMPLES, POLICIES

GOLDEN = Path(__file__).parent / "golden"
AS_OF = "2026-12-02T00:00:00Z"
FRESH = {"at": "2026-12-01T23:59:59.2Z"}


def leg(name: str, market: str, size: str, entry: str, **more: str) -> dict[str, str]:
    return {
        "id": name,
        "market": market,
        "mode": "cross",
        "size": size,
        "entry_price": entry,
        "leverage": "20",
        "unsettled_funding": "0",
        **more,
    }


def house(*positions: dict[str, str], balance: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    given = {
        "as_of": AS_OF, "rulebook": "house-usdm",
        "markets": {"BTC-USDT": {"mark_price": "64123.4", **FRESH}, "ETH-USDT": {"mark_price": "2500.25", **FRESH}},
        "assets": {"USDT": {"index_price": "1", **FRESH}, "BTC": {"index_price": "64120.1", **FRESH}},
        "accounts": [{"id": "a1", "taker_fee": "0.05%", "collateral": balance or {"USDT": "11000"}, "positions": list(positions)}],
    }  # fmt: skip
    return {**given, **changes}


DESIGN_EXAMPLE = leg("pos-17", "BTC-USDT", "10", "65120")
ISOLATED = leg("pos-18", "ETH-USDT", "-3", "2500", mode="isolated", margin="400")

CASES: list[tuple[str, str, dict[str, Any], str]] = [
    (
        "liquidatable",
        "house-usdm",
        json.loads((EXAMPLES / "house.json").read_text()),
        "verdict, steps, the row, and three ways to be healthy again",
    ),
    ("isolated", "house-usdm", house(ISOLATED), "a position decided by itself"),
    (
        "two_positions",
        "house-usdm",
        house(DESIGN_EXAMPLE, leg("pos-19", "ETH-USDT", "-250", "2500"), balance={"USDT": "9000", "BTC": "0.25"}),
        "a line a leg, haircuts",
    ),
    (
        "hedge",
        "house-usdm",
        house(leg("long", "BTC-USDT", "2", "64000", side="long"), leg("short", "BTC-USDT", "-1.5", "64000", side="short")),
        "each leg in its own tier",
    ),
    (
        "stale",
        "house-usdm",
        house(DESIGN_EXAMPLE, markets={"BTC-USDT": {"mark_price": "64123.4", "at": "2026-12-01T23:59:50Z"}}),
        "too old to decide with",
    ),
    ("no_position", "house-usdm", house(), "balances and nothing at risk"),
    ("with_orders", "binance-usdm", json.loads((EXAMPLES / "orders.json").read_text()), "a venue's rules, with an open order"),
    ("mainnet", "hyperliquid", json.loads((EXAMPLES / "account.json").read_text()), "43 cross positions and one isolated"),
]


def text_of(rulebook: str, given: dict[str, Any], width: int, depth: int = 1) -> str:
    book = riskrules.load(POLICIES, rulebook=rulebook, as_of=given["as_of"])
    pools = book.explain(given).pools
    return (
        "\n\n".join([*(pool_text(pool, depth, turn_lines(pool), False, width) for pool in pools), status_line(book.plan.status, book.when)])
        + "\n"
    )


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name, rulebook, given, why", CASES, ids=[case[0] for case in CASES])
def test_golden(name: str, rulebook: str, given: dict[str, Any], why: str, width: int) -> None:
    assert same(GOLDEN / f"{name}_{width}.txt", text_of(rulebook, given, width)), why


@pytest.mark.parametrize("name, rulebook, given, why", CASES, ids=[case[0] for case in CASES])
def test_no_line_is_wider_than_the_terminal(name: str, rulebook: str, given: dict[str, Any], why: str) -> None:
    book = riskrules.load(POLICIES, rulebook=rulebook, as_of=given["as_of"])
    assert [line for line in book.explain(given).text(width=80).splitlines() if len(line) > 80] == [], why


@settings(deadline=None)
@any_of(st.text("12.,; +×()⌈⌉ab−", max_size=160).map(lambda text: " ".join(text.split())), st.integers(5, 60))
def test_what_is_wrapped_is_the_same_words(text: str, room: int) -> None:
    """Nothing is lost, and what is still too long has no blank that it may be broken at."""
    lines = wrapped(text, room)
    assert " ".join(lines) == text
    assert all(len(line) <= room or BLANK.search(line, 1, room + 2) is None for line in lines)


@pytest.mark.parametrize(
    "text, room, lines, why",
    [
        ("⌈641,234.00 × 0.65% − 425.00⌉ to 0.01 + 641,234.00 × 0.05%", 55, 2, "before the sum, and not inside of brackets"),
        ("the price is 10 s old, the limit is 5 s", 38, 2, "a figure keeps its unit"),
        ("1234567890" * 3, 10, 1, "a figure is never cut"),
    ],
)
def test_where_a_line_is_broken(text: str, room: int, lines: int, why: str) -> None:
    made = wrapped(text, room)
    assert len(made) == lines, why
    assert not made[-1].startswith(("s", "×")), why


def test_golden_every_term() -> None:
    assert same(GOLDEN / "liquidatable_every_term.txt", text_of("house-usdm", house(DESIGN_EXAMPLE), 120, depth=2))


@pytest.mark.parametrize("name, rulebook, given, why", CASES[:2], ids=[case[0] for case in CASES[:2]])
def test_a_plain_decision_takes_a_dozen_lines(name: str, rulebook: str, given: dict[str, Any], why: str) -> None:
    assert len(text_of(rulebook, given, 120).splitlines()) <= 15, why


def test_golden_scenarios() -> None:
    """The worst scenario is a step like any other."""
    book = riskrules.load(BOOKS / "three-scenarios", as_of="2026-02-01T00:00:00Z")
    legs = [leg("BTC-USDC", "BTC-USDC", "1", "60000"), leg("ETH-USDC", "ETH-USDC", "-40", "2000")]
    markets = {"BTC-USDC": {"mark_price": "60000"}, "ETH-USDC": {"mark_price": "2000"}}
    given = {
        "as_of": "2026-02-01T00:00:00Z",
        "markets": markets,
        "accounts": [{"id": "a", "collateral": {"USDC": "20000"}, "positions": legs}],
    }
    assert same(GOLDEN / "scenarios.txt", "\n\n".join(pool_text(pool, 2, [], False) for pool in book.explain(given).pools) + "\n")


def test_a_root_is_a_step_with_its_rounding() -> None:
    book = riskrules.load(BOOKS / "square-root-rate", as_of="2026-02-01T00:00:00Z")
    shot = {"markets": {"BTC-USDC": {"mark_price": "64000"}}, "accounts": [
        {"id": "a", "collateral": {"USDC": "9000"}, "positions": [leg("p", "BTC-USDC", "1", "63000")]}
    ]}  # fmt: skip
    (pool,) = book.explain({"as_of": "2026-02-01T00:00:00Z", **shot}).pools
    said = " ".join(pool_text(pool, 2, [], False, 200).split())
    assert "larger of (2%, 0.01% × ⌈√(64,000)⌉ to 0.000001) = 2.52982213%" in said
