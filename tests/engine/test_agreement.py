"""An explanation held against a payload: a mainnet account's printed figures, and small ones that differ in one step each."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

import riskrules
from riskrules.cli.main import run
from riskrules.diagnostics import Problem
from riskrules.engine.agreement import Compared, compare, unit_of
from riskrules.engine.printed import printed_by
from riskrules.units.exact import plain_decimal
from tests.places import EXAMPLES, POLICIES, ROOT

ACCOUNT = json.loads((EXAMPLES / "account.json").read_text())
PUBLISHED = json.loads((ROOT / "tests" / "data" / "hyperliquid_account_published.json").read_text())
SHARED = ROOT.parent / "shared" / "data" / "payloads"


def clearinghouse_state() -> dict[str, Any]:
    """The published figures of the account, in the shape that the venue printed them."""
    sizes = {one["market"].removesuffix("-USDC"): one["size"] for one in ACCOUNT["accounts"][0]["positions"]}
    rows = [
        {"position": {"coin": coin, "szi": sizes[coin], "liquidationPx": price}} for coin, price in PUBLISHED["liquidation_prices"].items()
    ]
    return {
        "assetPositions": rows,
        "crossMaintenanceMarginUsed": PUBLISHED["cross_maintenance"],
        "crossMarginSummary": {"accountValue": PUBLISHED["cross_account_value"]},
    }


def held(rulebook: str, snapshot: dict[str, Any], payload: Any) -> list[Compared]:
    book = riskrules.load(POLICIES, rulebook=rulebook, as_of=snapshot["as_of"])
    printed = printed_by(payload)
    assert not isinstance(printed, Problem), printed
    return compare(book.explain(snapshot).pools, printed, book.when)


def test_a_mainnet_account_agrees_in_every_printed_figure() -> None:
    found = held("hyperliquid", ACCOUNT, clearinghouse_state())
    assert [one for one in found if not one.agrees] == []
    assert sum(one.step == "liquidation_price" for one in found) == 28
    assert {one.step for one in found if one.of.startswith("cross")} == {"equity", "maintenance_margin"}


HOUSE = json.loads((EXAMPLES / "house.json").read_text())
ROW = {
    "symbol": "BTCUSDT", "positionAmt": "10.000", "entryPrice": "65120.0", "markPrice": "64123.40000000", "notional": "641234.00000000",
    "unRealizedProfit": "-9966.00000000", "maintMargin": "3743.03000000", "liquidationPrice": "64428.51",
}  # fmt: skip


def test_a_position_that_agrees() -> None:
    assert all(one.agrees for one in held("house-usdm", HOUSE, [ROW]))


@pytest.mark.parametrize(
    "change, step, hint, why",
    [
        ({"positionAmt": "11.000"}, "size", "the input", "one more was bought in between"),
        ({"entryPrice": "65119.0", "unRealizedProfit": "-9956"}, "entry_price", "the input", "what follows from it differs too"),
        (
            {"markPrice": "64124.4", "notional": "641244"},
            "mark_price",
            "the price: two readings of the mark, ours 0.8 s old",
            "another price",
        ),
        ({"notional": "6412.34"}, "notional", "the contract size", "contracts of a hundredth"),
        ({"maintMargin": "4063.647"}, "position_maintenance", "the fee: the printed figure holds the closing fee", "fee taken in"),
        ({"maintMargin": "4168.021"}, "position_maintenance", "tier 3 of 5 at tiers/2026-12-01.yaml:11", "no amount taken off"),
        ({"liquidationPrice": "64400.00"}, "liquidation_price", "what is held still", "all before it agrees"),
    ],
)
def test_the_first_step_that_differs_is_named(change: dict[str, str], step: str, hint: str, why: str) -> None:
    first = next(one for one in held("house-usdm", HOUSE, [ROW | change]) if not one.agrees)
    assert first.step == step, why
    assert hint in first.hint, why


@pytest.mark.parametrize(
    "payload, of, why",
    [
        ([ROW], "Binance positions", "positionRisk is a list"),
        ({"positions": [ROW], "totalMaintMargin": "1"}, "Binance positions", "account holds it"),
        ([{"symbol": "BTC/USDT:USDT", "side": "long", "info": {}, "entryPrice": 65120.0}], "ccxt positions", "ccxt's floats"),
        ({"assetPositions": []}, "Hyperliquid clearinghouseState", "nothing held"),
    ],
)
def test_a_payload_is_known(payload: Any, of: str, why: str) -> None:
    printed = printed_by(payload)
    assert not isinstance(printed, Problem)
    assert printed.of == of, why


@pytest.mark.parametrize("payload", [None, [], {}, 1, "x", [1], {"positions": [{}]}, [{"symbol": 1}], {"accounts": []}])
def test_any_other_is_refused(payload: Any) -> None:
    assert isinstance(printed_by(payload), Problem)


@any_of(st.integers(-(10**12), 10**12), st.integers(0, 8))
def test_a_figure_agrees_with_itself_printed_shorter(value: int, places: int) -> None:
    """Cut or rounded, at any number of places."""
    exact = Fraction(value, 10**6)
    text = plain_decimal((exact.numerator, exact.denominator), places)
    assert abs(Fraction(text) - exact) < unit_of(text)


def test_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "venue.json"
    wanted: list[tuple[Any, int]] = [([ROW], 0), ([ROW | {"notional": "1"}], 1), ({"no": 1}, 2), ([ROW | {"symbol": "ETHUSDT"}], 2)]
    for payload, code in wanted:
        file.write_text(json.dumps(copy.deepcopy(payload)))
        assert run(["explain", str(EXAMPLES / "house.json"), "--policies", str(POLICIES), "--against", str(file)]) == code
    assert "first differs: BTC-USDT notional, ours 641234, printed 1" in capsys.readouterr().out


def test_a_shared_payload_is_read() -> None:
    file = SHARED / "hyperliquid_http_clearinghouse_state_negative_total_raw_usd.json"
    if not file.is_file():
        pytest.skip(f"not held against the shared payload: {file.name} is absent")
    printed = printed_by(json.loads(file.read_text()))
    assert not isinstance(printed, Problem)
    assert printed.figures == {"equity": "1736.030875"}
