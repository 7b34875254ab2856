"""An explanation held against what a venue printed: a mainnet account, and small answers that differ in one step each."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

import riskrules
from riskrules.cli.main import run
from riskrules.diagnostics.problem import Problem
from riskrules.engine.against import Against, Part, against
from riskrules.engine.door import parse_text
from riskrules.engine.venue_said import Said, printed, said_by
from riskrules.units.exact import exact_text, plain_decimal
from tests.places import EXAMPLES, POLICIES, ROOT

ACCOUNT = json.loads((EXAMPLES / "account.json").read_text())
HOUSE = json.loads((EXAMPLES / "house.json").read_text())
PUBLISHED = json.loads((ROOT / "tests" / "data" / "hyperliquid_account_published.json").read_text())
SHARED = ROOT.parent / "shared" / "data"
ROW = {
    "symbol": "BTCUSDT", "positionAmt": "10.000", "entryPrice": "65120.0", "markPrice": "64123.40000000", "notional": "641234.00000000",
    "unRealizedProfit": "-9966.00000000", "maintMargin": "3743.03000000", "liquidationPrice": "64428.51",
}  # fmt: skip


def clearinghouse_state(**changed: Any) -> dict[str, Any]:
    """The published figures of the account, in the shape that the venue printed them."""
    rows = []
    for one in ACCOUNT["accounts"][0]["positions"]:
        coin = one["market"].removesuffix("-USDC")
        leverage = {"type": one["mode"], "value": 1}
        rows.append(
            {"position": {"coin": coin, "szi": one["size"], "liquidationPx": PUBLISHED["liquidation_prices"][coin], "leverage": leverage}}
        )
    isolated = next(row["position"] for row in rows if row["position"]["coin"] == "MEGA")
    isolated["marginUsed"] = PUBLISHED["isolated_margin_used"]
    return {
        "assetPositions": rows, "crossMaintenanceMarginUsed": PUBLISHED["cross_maintenance"],
        "crossMarginSummary": {"accountValue": PUBLISHED["cross_account_value"]},
    } | changed  # fmt: skip


def read(payload: Any) -> tuple[Said | None, list[Problem]]:
    text = json.dumps(payload)
    return said_by(parse_text(text, "venue.json")[0], "venue.json", text)


def held(snapshot: dict[str, Any], payload: Any) -> Against:
    book = riskrules.load(POLICIES, rulebook=snapshot["rulebook"], as_of=snapshot["as_of"])
    said, problems = read(payload)
    assert said is not None, problems
    (evaluated,) = book.decided(snapshot)
    return against(evaluated, said)


def only(found: Against) -> Part:
    (part,) = found.parts
    return part


def test_a_mainnet_account_is_the_same_in_every_printed_figure() -> None:
    found = held(ACCOUNT, clearinghouse_state())
    assert [part for part in found.parts if not part.same] == []
    prices = [one for part in found.parts for one in part.figures if one.name == "liquidation_price"]
    assert len(prices) == 44
    assert sum(one.theirs != "none" for one in prices) == 28
    assert [one.name for one in found.parts[-1].figures] == ["equity", "maintenance_margin"]


def test_an_answer_that_is_the_same() -> None:
    assert held(HOUSE, [ROW]).same


@pytest.mark.parametrize(
    "change, first, why_words, why",
    [
        ({"positionAmt": "11.000"}, "size", "the size is another: 10 here, 11 there", "one more was bought in between"),
        ({"entryPrice": "65119.0", "unRealizedProfit": "-9956.00"}, "entry_price", "the entry price is another", "and profit follows"),
        (
            {"markPrice": "64124.40", "notional": "641244.00", "unRealizedProfit": "-9956.00", "maintMargin": "3743.09"},
            "mark_price",
            "0.8 s old, 64,124.40 there|with the venue's sizes and prices all that follows is the same",
            "another price, and nothing else",
        ),
        (
            {"markPrice": "64124.40", "notional": "641244.00", "unRealizedProfit": "-9956.00", "maintMargin": "4000.00"},
            "mark_price",
            "the price is another|position maintenance is 3,743.09 here and 4,000.00 there, with the venue's sizes and prices",
            "another price, and a rule besides",
        ),
        ({"notional": "6412.34"}, "notional", "notional is 641,234.00 here and 6,412.34 there (contracts/2026-12-01.yaml:5)", "a contract"),
        (
            {"maintMargin": "4063.647"},
            "position_maintenance",
            "tier 3 of 5, tiers/2026-12-01.yaml:11|the venue's figure is maintenance margin here: what lies between",
            "the fee is taken in",
        ),
        ({"maintMargin": "4168.021"}, "position_maintenance", "(margin/2026-12-01.yaml:34); tier 3 of 5", "no amount taken off"),
        ({"liquidationPrice": "64400.00"}, "liquidation_price", "the venue prints no equity here", "all before it is the same"),
        ({"liquidationPrice": "0"}, "liquidation_price", "is 64,428.51 here and none there", "0 is how it writes that there is none"),
        ({"positionAmt": "-10.000"}, "side", "", "the other way round"),
    ],
)
def test_the_first_step_that_differs_is_named(change: dict[str, str], first: str, why_words: str, why: str) -> None:
    part = only(held(HOUSE, [ROW | change]))
    assert part.first == first, why
    for words in why_words.split("|"):
        assert words in "\n".join(part.why), why


@pytest.mark.parametrize(
    "payload, told, why",
    [
        ([], None, "an empty list is of no venue"),
        ([ROW | {"symbol": "ETHUSDT"}], {"ETHUSDT": "the snapshot does not", "pos-17": "the venue does not"}, "neither is passed over"),
        ([ROW, ROW | {"symbol": "SOLUSDT", "positionAmt": "0"}], {}, "a market in which nothing is held"),
    ],
)
def test_a_position_of_one_side_only_differs(payload: Any, told: dict[str, str] | None, why: str) -> None:
    if told is None:
        assert read(payload)[0] is None, why
        return
    apart = {part.name: part for part in held(HOUSE, payload).parts if not part.same}
    assert apart.keys() == told.keys(), why
    assert all(words in apart[name].why[0] for name, words in told.items()), why


def test_a_decision_that_could_not_be_had_is_not_the_same() -> None:
    stale = json.loads(json.dumps(HOUSE))
    stale["markets"]["BTC-USDT"]["at"] = "2026-12-01T23:59:00Z"
    part = only(held(stale, [ROW]))
    assert {one.ours for one in part.figures if not one.same} >= {"error RR503"}


def test_another_age_of_the_table_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The margin that an earlier version gives is named as that version's."""
    snapshot = json.loads((EXAMPLES / "orders.json").read_text())
    snapshot["markets"]["XRP-USDT"] = {"mark_price": "2"}
    position = {"market": "XRP-USDT", "mode": "cross", "size": "50000", "entry_price": "2", "leverage": "10"}
    snapshot["accounts"] = [{"id": "a1", "taker_fee": "0.05%", "collateral": {"USDT": "11000"}, "positions": [position]}]
    file = tmp_path / "account.json"
    file.write_text(json.dumps(snapshot))
    book = riskrules.load(POLICIES, rulebook="binance-usdm", as_of=snapshot["as_of"])
    older = riskrules.load(POLICIES, rulebook="binance-usdm", as_of="2025-07-02T19:35:00Z")
    (now,), (then,) = book.decided(snapshot), older.decided(snapshot)
    row = then.row_of("position_maintenance", 0)
    figures = [one.walk.value("position_maintenance", row) for one in (now, then)]
    assert exact_text(figures[0]) != exact_text(figures[1]), "the table changed in between"
    venue = tmp_path / "venue.json"
    venue.write_text(json.dumps([{"symbol": "XRPUSDT", "positionAmt": "50000", "maintMargin": exact_text(figures[1])}]))
    code = run(["explain", str(file), "--policies", str(POLICIES), "--against", str(venue)])
    assert code == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "the table is of another age: under the 1st version (tiers/2025-07-02.yaml:" in out


@pytest.mark.parametrize(
    "payload, shape, why",
    [
        ([ROW], "Binance's positionRisk", "a list"),
        ({"positions": [ROW], "totalMaintMargin": "4063.647"}, "Binance's account", "an object with totals"),
        ([{"symbol": "BTC/USDT:USDT", "side": "long", "info": {}, "entryPrice": 65120.0}], "ccxt's positions", "with info"),
        ({"positions": [{"symbol": "BTC/USDT:USDT", "info": {}}]}, "ccxt's positions", "inside an object"),
        ({"assetPositions": []}, "Hyperliquid's clearinghouseState", "nothing held"),
    ],
)
def test_a_payload_is_known(payload: Any, shape: str, why: str) -> None:
    said, problems = read(payload)
    assert said is not None, problems
    assert said.shape == shape, why


@pytest.mark.parametrize(
    "payload", [None, [], {}, 1, "x", [1], {"positions": [{}]}, [{"symbol": 1}], {"accounts": []}, {"assetPositions": 1}]
)
def test_any_other_is_refused(payload: Any) -> None:
    said, problems = read(payload)
    assert said is None
    assert [problem.code for problem in problems] == ["RR731"]


@pytest.mark.parametrize(
    "payload, column, why",
    [
        ([ROW | {"notional": "6,412"}], "notional", "grouped"),
        ({"assetPositions": [{"position": {"szi": "1", "liquidationPx": "none", "coin": "BTC"}}]}, "liquidationPx", "a word"),
        ([ROW | {"markPrice": True}], "markPrice", "a flag is no number"),
        ([ROW | {"markPrice": []}], "markPrice", "nor is a list"),
    ],
)
def test_a_figure_that_is_no_number_is_told_with_its_place(payload: Any, column: str, why: str) -> None:
    said, (problem,) = read(payload)
    assert said is None, why
    assert problem.code == "RR732"
    assert column in problem.text
    assert problem.at is not None


def test_ccxts_floats_and_its_isolated_margin() -> None:
    row = {
        "symbol": "BTC/USDT:USDT", "side": "long", "contracts": 10.0, "contractSize": 1.0, "entryPrice": 65120.0, "markPrice": 64123.4,
        "notional": 641234.0, "unrealizedPnl": -9966.000000000001, "maintenanceMargin": 3743.03, "info": {},
    }  # fmt: skip
    found = held(HOUSE, [row])
    assert found.same, only(found)
    assert len(only(found).figures) == 6


@any_of(st.integers(-(10**12), 10**12), st.integers(1, 8))
def test_a_figure_is_near_itself_printed_shorter(value: int, places: int) -> None:
    """Cut or rounded, at any number of places; and never near another in the place before the last."""
    exact = Fraction(value, 10**6)
    text = plain_decimal((exact.numerator, exact.denominator), places)
    figure = printed(text)
    assert figure is not None
    assert figure.is_near(exact, exact)
    other = exact + Fraction(11, 10**places)
    assert not figure.is_near(other, other)


@pytest.mark.parametrize(
    "text, value, near, why",
    [
        ("64124", "64123.6", True, "a whole number is right to a half"),
        ("64124", "64123.4", False, "and no further: the digits behind the point may have been left out"),
        ("1e-05", "0.000014", True, "an exponent has places too"),
        ("64123.40000000", "64123.400000004", True, "closer than its last place"),
        ("64123.40000000", "64123.4001", False, "zeros are places"),
    ],
)
def test_how_exactly_a_figure_was_printed(text: str, value: str, near: bool, why: str) -> None:
    figure = printed(text)
    assert figure is not None
    assert figure.is_near(Fraction(value), Fraction(value)) is near, why


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "1", "-2.5", "x", "BTCUSDT", "long"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["positions", "assetPositions", "position", "info", "totalMaintMargin", *ROW]), inner, max_size=5)
    ),
    max_leaves=12,
)


@any_of(JSONS)
def test_whatever_is_given_is_read_or_refused(payload: Any) -> None:
    said, problems = read(payload)
    assert (said is None) == bool(problems)


ETH = ROW | {"symbol": "ETHUSDT"}


@pytest.mark.parametrize(
    "payload, more, code, said, why",
    [
        ([ROW], (), 0, "1 of 1 the same to the printed precision", "all the same"),
        ([ROW | {"notional": "1.00"}], (), 1, "DIFFERS   pos-17  BTC-USDT: first in notional", "one differs"),
        ({"no": 1}, (), 2, "RR731", "of no venue"),
        ([ROW], ("--format", "html"), 2, "--against prints text or json", "no such face of it"),
        ([ROW | {"notional": "x"}], (), 2, "RR732", "no number"),
        ([ROW], ("--out", "x.txt"), 2, "leave --out away", "nothing that was asked for is passed over"),
    ],
)
def test_exit_codes(
    payload: Any, more: tuple[str, ...], code: int, said: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "venue.json"
    file.write_text(json.dumps(payload))
    assert run(["explain", str(EXAMPLES / "house.json"), "--policies", str(POLICIES), "--against", str(file), *more]) == code, why
    printed_there = capsys.readouterr()
    printed = " ".join(f"{printed_there.out} {printed_there.err}".split())  # a long path is folded elsewhere
    assert " ".join(said.split()) in printed, why


def test_its_json_is_as_its_schema_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((ROOT / "schemas" / "output" / "against.json").read_text())
    file = tmp_path / "venue.json"
    for payload in ([ROW], [ROW | {"markPrice": "64124.40"}], [ETH]):
        file.write_text(json.dumps(payload))
        run(["explain", str(EXAMPLES / "house.json"), "--policies", str(POLICIES), "--against", str(file), "--format", "json"])
        made = json.loads(capsys.readouterr().out)
        jsonschema.validate(made, schema, jsonschema.Draft202012Validator)
        assert made["same"] == (payload == [ROW])


def test_a_shared_payload_is_read() -> None:
    file = SHARED / "payloads" / "hyperliquid_http_clearinghouse_state_negative_total_raw_usd.json"
    if not file.is_file():
        pytest.skip(f"not held against the shared payload: {file.name} is absent")
    said, problems = read(json.loads(file.read_text()))
    assert said is not None, problems
    assert said.cross["equity"].value == Fraction("1736.030875")


def test_the_shared_samples_of_other_venues_are_refused_and_never_a_traceback() -> None:
    files = sorted((SHARED / "ccxt").glob("*_positions.json"))
    if not files:
        pytest.skip("not held against ccxt's samples: shared/data/ccxt is absent")
    for file in files:
        for sample in json.loads(file.read_text())["samples"]:
            said, problems = read(sample["payload"])
            assert (said is None) == bool(problems), file.name
