"""ccxt's structures as a snapshot: which figure is taken, in what unit, and what is said of the rest."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskrules
from riskrules.cli.main import run
from riskrules.diagnostics.problem import Problem
from riskrules.engine.ccxt import is_ccxt, snapshot_tree
from riskrules.engine.ccxt_figures import LACKS, Rules
from riskrules.engine.door import parse_text, snapshot_of
from riskrules.rulebook.plan import MarketPlan

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT.parent / "shared" / "data" / "ccxt"
AS_OF = "2026-12-02T00:00:00Z"
MILLISECONDS = 1_796_169_599_000  # a second before
ASSETS = [{"asset": "USDT", "walletBalance": "11400", "crossWalletBalance": "11000.10"}]
BALANCE = {"info": {"assets": ASSETS}, "USDT": {"total": 10_400.1}}


def contract(name: str, settle: str, multiplier: int = 1, in_contracts: bool = False) -> MarketPlan:
    base, quote = name.split("-")[:2]
    return MarketPlan(name, base, quote, settle, settle == base, in_contracts, (multiplier, 1), None, None, ())


CONTRACTS = {
    one.name: one for one in (contract("BTC-USDT", "USDT"), contract("ETH-USDT", "USDT", 10, True), contract("BTC-USD", "BTC", 100, True))
}
RULES = Rules(CONTRACTS.get, {("leg", "size"), ("leg", "entry_price"), ("leg", "leverage"), ("market", "mark_price_age")})


def linear(**changed: Any) -> dict[str, Any]:
    """A cross position of Binance, as ccxt prints it."""
    raw = {"symbol": "BTCUSDT", "positionAmt": "10.000", "entryPrice": "63000.10", "markPrice": "64123.40000000", "leverage": "20"}
    return {
        "info": raw, "symbol": "BTC/USDT:USDT", "timestamp": MILLISECONDS, "contracts": 10.0, "contractSize": 1.0, "entryPrice": 63000.1,
        "markPrice": 64123.4, "leverage": 20.0, "marginMode": "cross", "side": "long", "hedged": False, "collateral": 22_233.1,
    } | changed  # fmt: skip


def isolated(**raw: Any) -> dict[str, Any]:
    figures = {"positionAmt": "-3", "entryPrice": "2500", "isolatedMargin": "370.5", "unRealizedProfit": "-30", "isolatedWallet": "400.5"}
    return linear(
        symbol="ETH/USDT:USDT", info=figures | raw, contracts=3.0, entryPrice=2500.0, side="short", marginMode="isolated", collateral=370.5,
    )  # fmt: skip


def hyperliquid(mode: str = "isolated", **changed: Any) -> dict[str, Any]:
    leverage = {"type": mode, "value": "20", "rawUsd": "-475.23904"}
    raw = {"position": {"coin": "ETH", "szi": "0.2259", "entryPx": "2213.9", "positionValue": "500.12001", "leverage": leverage}}
    return {
        "info": raw, "symbol": "ETH/USDC:USDC", "timestamp": None, "contracts": 0.2259, "contractSize": 1.0, "entryPrice": 2213.9,
        "markPrice": 2213.9, "leverage": 20.0, "marginMode": mode, "side": "long", "hedged": None, "collateral": 24.88097,
    } | changed  # fmt: skip


def inverse(**changed: Any) -> dict[str, Any]:
    raw = {"positionAmt": "-2", "entryPrice": "37643.10000021", "markPrice": "38103.05510455"}
    return linear(
        symbol="BTC/USD:BTC", info=raw, contracts=2, contractSize=100, entryPrice=37643.10000021, markPrice=38103.05510455, side="short",
        **changed,
    )  # fmt: skip


def okx(**changed: Any) -> dict[str, Any]:
    raw = {"instId": "BTC-USDT-SWAP", "pos": "7", "mgnMode": "isolated", "avgPx": "63000.1", "markPx": "64123.4", "margin": "31.5"}
    return linear(info=raw, contracts=7.0, contractSize=0.01, marginMode="isolated", **changed)


def read(tree: Any) -> tuple[dict[str, Any], list[str], list[Problem]]:
    text = json.dumps(tree, ensure_ascii=False)
    parsed, _ = parse_text(text, "positions.json")
    assert is_ccxt(parsed)
    return snapshot_tree(parsed, "positions.json", text, RULES, AS_OF)


def first(tree: dict[str, Any]) -> dict[str, Any]:
    position: dict[str, Any] = tree["accounts"][0]["positions"][0]
    return position


@pytest.mark.parametrize(
    "position, field, expected, why",
    [
        (linear(), "market", "BTC-USDT", "base and quote; the settle asset is the contract's"),
        (linear(symbol="BTC/USDT:USDT-261225"), "market", "BTC-USDT-261225", "a dated future keeps its date"),
        (linear(), "size", "10", "base, and a long is above 0"),
        (linear(side="short", info={}), "size", "-10", "ccxt's contracts are without a sign: its side is the sign"),
        (linear(side=None), "size", "10", "without a side, the venue's signed amount says it"),
        (linear(side=None, info={}, contracts=-10), "size", "-10", "or ccxt's own, at venues where it has one"),
        (okx(), "size", "0.07", "seven contracts of 0.01 BTC, under rules that count BTC"),
        (linear(symbol="ETH/USDT:USDT", contractSize=10), "size", "10", "the rules count contracts of 10, and so does ccxt"),
        (linear(symbol="ETH/USDT:USDT", contractSize=1), "size", "1", "the rules count contracts of 10, ccxt of 1"),
        (linear(symbol="ETH/USDT:USDT", contractSize=None), "size", "10", "not said what a contract is of: it is the rules'"),
        (inverse(), "size", "-2", "an inverse contract is counted in contracts"),
        (linear(symbol="XRP/USD:XRP", info={}), "size", "10", "also under rules that do not know the market"),
        (linear(), "entry_price", "63000.1", "the venue's text"),
        (linear(entryPrice=63000.100000000006), "entry_price", "63000.1", "a float's last digit is not a difference"),
        (linear(entryPrice=63000.1001), "entry_price", "63000.1001", "near, but not the same figure: ccxt's counts"),
        (linear(entryPrice=None), "entry_price", "63000.1", "the venue has it, and ccxt does not say it"),
        (linear(info={"avgPrice": "1"}), "entry_price", "63000.1", "info of an unknown venue is not read"),
        (inverse(), "entry_price", "37643.10000021", "eight places"),
        (linear(), "mode", "cross", "ccxt's word is ours"),
        (linear(), "leverage", "20", "the venue's text"),
        (hyperliquid(), "leverage", "20", "one object further down"),
        (isolated(), "margin", "400.5", "info.isolatedWallet: what was posted"),
        (isolated(isolatedWallet="0"), "margin", "400.5", "isolatedMargin holds the loss of 30 already"),
        (hyperliquid(), "margin", "24.88097", "−475.23904 + 0.2259 × 2213.9"),
        (okx(), "margin", "31.5", "info.margin"),
        (linear(marginMode="isolated", info={}, positionMargin=12.5), "margin", "12.5", "ccxt's own word for what was posted"),
        (linear(hedged=True), "side", "long", "a leg of hedge mode says its side"),
    ],
)  # fmt: skip
def test_a_position_in_our_words(position: dict[str, Any], field: str, expected: str, why: str) -> None:
    tree, _, _ = read({"collateral": {}, "positions": [position]})
    assert first(tree)[field] == expected, why


@pytest.mark.parametrize(
    "position, absent, lacking, why",
    [
        (linear(contracts=None, info={}), "size", "contracts", "not 0, which would leave the position out"),
        (linear(contractSize=None), "size", "contractSize", "1 is a guess"),
        (linear(side=None, info={}), "size", "side", "long is a guess"),
        (linear(entryPrice=None, info={}), "entry_price", "entryPrice", "no profit can be had without it"),
        (linear(entryPrice=0, info={}), "entry_price", "entryPrice", "0 is how venues write that there is none"),
        (linear(marginMode=None), "mode", "marginMode", "Bybit prints none"),
        (linear(leverage=None, info={}), "leverage", "leverage", "Binance prints none in its third version"),
        (linear(marginMode="isolated", info={}), "margin", "isolated margin", "collateral is there, and is something else"),
        (linear(), "margin", "", "a cross position has none, and lacks none"),
        (linear(), "side", "", "one-way mode"),
    ],
)  # fmt: skip
def test_what_is_lacking_stays_absent_and_is_named(position: dict[str, Any], absent: str, lacking: str, why: str) -> None:
    tree, notes, _ = read({"collateral": {}, "positions": [position]})
    assert absent not in first(tree), why
    named = [line for line in notes if line.startswith("lacks: ")]
    assert named == ([f"lacks: {lacking} of BTC/USDT:USDT: {LACKS[lacking]}"] if lacking else []), why


@pytest.mark.parametrize(
    "beside, expected, why",
    [
        ({}, {"mark_price": "64123.4", "at": "2026-12-01T23:59:59Z"}, "the position's own, dated by its last change"),
        ({"tickers": {"BTC/USDT:USDT": {"markPrice": 64000.0, "indexPrice": 63990.0, "timestamp": MILLISECONDS + 500}}},
         {"mark_price": "64000", "index_price": "63990", "at": "2026-12-01T23:59:59.5Z"}, "a ticker has a time of its own"),
        ({"tickers": [{"symbol": "BTC/USDT:USDT", "markPrice": 0.1, "info": {"markPrice": "0.10000000000000000555"}}]},
         {"mark_price": "0.10000000000000000555"}, "a list of them; the venue's text; and no time is better than a wrong one"),
        ({"tickers": {"BTC/USDT:USDT": {"last": 64000.0, "markPrice": None}}},
         {"mark_price": "64123.4", "at": "2026-12-01T23:59:59Z"}, "last is not mark"),
        ({"markets": {"BTC-USDT": {"at": AS_OF}}}, {"mark_price": "64123.4", "at": AS_OF}, "what the caller writes goes before"),
        ({"markets": {"BTC-USDT": {"mark_price": "1"}}}, {"mark_price": "1"}, "and is not dated by anything else"),
    ],
)  # fmt: skip
def test_where_a_price_comes_from(beside: dict[str, Any], expected: dict[str, str], why: str) -> None:
    tree, _, problems = read({"balance": BALANCE, "positions": [linear()], **beside})
    assert (tree["markets"]["BTC-USDT"], problems) == (expected, []), why


def test_the_mark_price_of_hyperliquid_is_worth_of_one() -> None:
    """It prints none: a third of a dollar, which no decimal writes out, is a quotient."""
    position = hyperliquid()
    position["info"]["position"] |= {"szi": "3", "positionValue": "1"}
    tree, notes, _ = read([position | {"contracts": 3, "markPrice": 0.3333333333333333}])
    assert tree["markets"]["ETH-USDC"] == {"mark_price": "1/3"}
    assert any(line.startswith("lacks: time of the mark price of ETH-USDC") for line in notes)


def state(raw_usd: str, *positions: dict[str, Any]) -> dict[str, Any]:
    summary = {"totalRawUsd": raw_usd, "accountValue": "9"}
    return {"info": {"crossMarginSummary": summary, "assetPositions": [one["info"] for one in positions]}}


@pytest.mark.parametrize(
    "positions, balance, expected, why",
    [
        ([linear()], BALANCE, {"USDT": "11000.1"}, "the cross wallet: not walletBalance, with what is isolated, nor total, with profit"),
        ([linear()], {"info": ASSETS}, {"USDT": "11000.1"}, "the other answer of Binance is a bare list"),
        ([hyperliquid("cross")], state("-400", hyperliquid("cross")), {"USDC": "100.12001"}, "raw dollars plus the value at entry"),
        ([hyperliquid("cross")], state("-400", hyperliquid("cross"), hyperliquid()), {"USDC": "100.12001"}, "an isolated one stands alone"),
        ([isolated()], None, None, "no cross position: no balance is needed, and none is made up"),
    ],
)
def test_the_balance_behind_the_cross_positions(positions: list[Any], balance: Any, expected: dict[str, str] | None, why: str) -> None:
    tree, _, problems = read({"positions": positions, "balance": balance})
    assert (tree["accounts"][0].get("collateral"), problems) == (expected, []), why


@pytest.mark.parametrize(
    "given, code, text, why",
    [
        (linear(entryPrice=63001.0), "RR606", "entryPrice of BTC/USDT:USDT is 63001 for ccxt, and 63000.1 for the venue", "two captures"),
        (linear(contracts=9), "RR606", "contracts of BTC/USDT:USDT is 9 for ccxt, and 10 for the venue", "two captures"),
        (linear(side="short"), "RR606", "BTC/USDT:USDT is short, and its size is 10", "the sign and the side disagree"),
        (linear(side="Buy"), "RR604", "side of BTC/USDT:USDT is not long or short", "a venue's word, not ccxt's"),
        (linear(markPrice="NaN"), "RR604", "markPrice of BTC/USDT:USDT is not a number", "and is not taken as absent"),
        (linear(contracts=True), "RR604", "contracts of BTC/USDT:USDT is not a number", "true is not 1"),
        (linear(symbol="BTC/USDT"), "RR604", "'BTC/USDT' is not a perpetual or a dated future", "a spot market"),
        (linear(symbol="A/B:B-261225-6-C"), "RR604", "'A/B:B-261225-6-C' is not a perpetual or a dated future", "an option"),
        (linear(symbol="A/\u202eB:B"), "RR604", r"'A/\u202eB:B' is not a perpetual or a dated future", "a reordering character"),
        (linear(symbol="SOL/USD:USDC"), "RR604", "SOL/USD:USDC settles in USDC, and SOL-USD in USD or SOL", "quanto"),
        (linear(symbol="BTC/USD:USD"), "RR604", "BTC/USD:USD settles in USD, and BTC-USD in BTC", "the rules have the inverse one"),
        (isolated() | {"positionMargin": 1}, "RR606", "positionMargin of ETH/USDT:USDT is 1 for ccxt, and 400.5 for the venue", "captures"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_place(given: dict[str, Any], code: str, text: str, why: str) -> None:
    _, _, problems = read({"positions": [linear(symbol="SOL/USDT:USDT"), given], "balance": BALANCE})
    assert [(problem.code, problem.text) for problem in problems] == [(code, text)], why
    assert problems[0].at is not None
    assert problems[0].at.column > 1, "a place inside the text"


@pytest.mark.parametrize(
    "given, code, why",
    [
        ({"positions": [linear()], "balance": {"total": {"USDT": 1000}}}, "RR603", "total may hold unrealised profit"),
        ({"positions": [linear(symbol="SOL/USDC:USDC")], "balance": BALANCE}, "RR603", "the balance of another asset"),
        ({"positions": [linear(marginMode=None)], "balance": {}}, "RR603", "it may be cross"),
        ({"positions": [hyperliquid("cross")], "balance": state("1")}, "RR606", "the balance was fetched before the position was opened"),
        ([okx(hedged=True), okx(hedged=True) | {"side": "short", "markPrice": 64200, "info": {}}], "RR606", "two marks of one market"),
        ([isolated(), {"info": {}}], "RR604", "no symbol"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_of_the_whole_is_refused(given: Any, code: str, why: str) -> None:
    _, _, problems = read(given)
    assert [problem.code for problem in problems] == [code], why


@pytest.mark.parametrize(
    "tree, expected, why",
    [
        ([linear()], True, "fetch_positions"),
        ({"positions": [linear()]}, True, "the same, with what it lacks beside it"),
        ([{"symbol": "BTC/USDT:USDT", "contracts": 1}], True, "written off by hand: its spelling is ccxt's"),
        ([{"symbol": "BTCUSDT", "positionAmt": "1"}], False, "a venue's answer: its symbols tell no base from quote"),
        ([{"symbol": "BTC/USDT-P", "quantity": "1"}], False, "another venue's: nothing says what it settles in"),
        ({"accounts": [], "positions": [linear()]}, False, "a snapshot, in which positions are in the wrong place"),
        ({"accounts": []}, False, "a snapshot"),
        ([], False, "nothing tells whose list it is"),
        ("x", False, "not a list"),
    ],
)
def test_what_is_ccxt(tree: Any, expected: bool, why: str) -> None:
    assert is_ccxt(tree) is expected, why


def test_what_else_the_rules_read_of_a_position_has_their_own_words() -> None:
    text = json.dumps([isolated() | {"unsettled_funding": -1.5}, linear(marginMode="isolated", positionMargin=1)])
    rules = Rules(CONTRACTS.get, {("leg", "unsettled_funding"), ("leg", "size")})
    tree, notes, _ = snapshot_tree(parse_text(text, "")[0], "", text, rules, AS_OF)
    assert [one.get("unsettled_funding") for one in tree["accounts"][0]["positions"]] == ["-1.5", None]
    assert "lacks: unsettled_funding of BTC/USDT:USDT: give unsettled_funding in the position" in notes
    assert sum("lacks" in line for line in notes) == 1, "leverage and the time of the price are not asked for"


def test_one_market_held_cross_and_isolated_has_two_names() -> None:
    tree, _, _ = read([linear(), linear(marginMode="isolated"), isolated()])
    assert [one.get("id") for one in tree["accounts"][0]["positions"]] == ["BTC-USDT-cross", "BTC-USDT-isolated", None]


def test_what_is_not_held_is_left_out_and_said() -> None:
    tree, notes, problems = read([linear(contracts=0, side=None, info={}), isolated()])
    assert [one["market"] for one in tree["accounts"][0]["positions"]] == ["ETH-USDT"]
    assert (problems, "left out, as nothing is held in it: BTC/USDT:USDT" in notes) == ([], True)


def test_each_lack_is_said_once() -> None:
    _, notes, _ = read([linear(symbol=f"C{k}/USDT:USDT", entryPrice=None, info={}) for k in range(8)])
    lines = [line for line in notes if "entryPrice" in line]
    assert [line.split(": give")[0] for line in lines] == [
        "lacks: entryPrice of C0/USDT:USDT, C1/USDT:USDT, C2/USDT:USDT, C3/USDT:USDT, C4/USDT:USDT and 3 more"
    ]


# -- laws ------------------------------------------------------------------------------------------

decimals = st.decimals(min_value="0.000000001", max_value="999999999999", allow_nan=False, places=9)


@given(decimals, decimals, st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_digit_of_the_venue_is_lost(size: Any, entry: Any, is_short: bool) -> None:
    raw = {"positionAmt": f"{'-' if is_short else ''}{size:f}", "entryPrice": f"{entry:f}"}
    tree, _, problems = read({"collateral": {}, "positions": [linear(
        info=raw, contracts=float(size), entryPrice=float(entry), side="short" if is_short else "long", markPrice=None, leverage=None
    )]})  # fmt: skip
    assert problems == []
    assert Fraction(first(tree)["size"]) == Fraction(raw["positionAmt"])
    assert Fraction(first(tree)["entry_price"]) == Fraction(raw["entryPrice"])


words = st.sampled_from(["", "1", "-2", "1e3", "1e99999", "cross", "isolated", "long", "BTC/USDT:USDT", "\u202e"])
keys = st.sampled_from(["position", "szi", "leverage", "assets", "BTC-USDT", "info", "markPrice", "symbol", "crossMarginSummary"])
scraps = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({*linear(), "positionMargin", "lastUpdateTimestamp", "datetime"})
RAW = ["positionAmt", "entryPrice", "position", "instId", "pos", "mgnMode", "positionIdx", "size", "isolatedWallet", "isolatedMargin"]


@given(
    st.dictionaries(st.sampled_from(FIELDS), scraps, max_size=6),
    st.dictionaries(st.sampled_from(RAW), scraps, max_size=6),
    st.dictionaries(st.sampled_from(["balance", "tickers", "markets", "orders", "as_of", "collateral", "id", "x"]), scraps, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_whatever_ccxt_prints_is_read_or_refused(changed: dict[str, Any], raw: dict[str, Any], beside: dict[str, Any]) -> None:
    """Never a traceback, and what passes here goes to the door of every snapshot."""
    tree, _, problems = read({**beside, "positions": [linear(info=raw) | changed, linear()]})
    made, faults = snapshot_of(tree, "positions.json", json.dumps(tree), {})
    assert made is not None or faults or problems


# -- samples and the whole way ---------------------------------------------------------------------


def positions_in(node: Any) -> list[dict[str, Any]]:
    """Each object of a venue's answer that holds figures of its own."""
    if isinstance(node, list):
        return [found for one in node for found in positions_in(one)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for one in node.values() for found in positions_in(one))]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of ccxt's samples is not beside this checkout")
def test_every_sample_of_a_venue_goes_through() -> None:
    """As the venue answers it, and as the `info` of a position of which ccxt could say nothing."""
    files = sorted(SAMPLES.glob("*_positions.json"))
    assert files, "the folder holds no samples"
    for file in files:
        for sample in json.loads(file.read_text(encoding="utf-8"))["samples"]:
            text = json.dumps(sample["payload"])
            parsed, problems = parse_text(text, file.name)
            assert (problems, is_ccxt(parsed)) == ([], False), file.name
            assert snapshot_of(parsed, file.name, text, {})[1], f"{file.name}: a venue's answer is no snapshot"
            for info in positions_in(sample["payload"]):
                _, notes, problems = read([dict.fromkeys(linear()) | {"symbol": "BTC/USDT:USDT", "info": info}])
                said = notes + [problem.text for problem in problems]
                assert any("lacks" in line or "left out" in line for line in said), f"{file.name}: {info}"


OURS = {
    "as_of": AS_OF, "rulebook": "house-usdm",
    "markets": {name: {"mark_price": "64123.4", "at": "2026-12-01T23:59:59Z"} for name in ("BTC-USDT", "ETH-USDT")},
    "accounts": [{"id": "ccxt", "collateral": {"USDT": "11000.1"}, "positions": [
        {"market": "BTC-USDT", "mode": "cross", "size": "10", "entry_price": "63000.1", "leverage": "20", "unsettled_funding": "-1.5"},
        {"market": "ETH-USDT", "mode": "isolated", "size": "-3", "entry_price": "2500", "leverage": "20", "margin": "400.5",
         "unsettled_funding": "0"},
    ]}],
}  # fmt: skip
THEIRS = {
    "as_of": AS_OF, "rulebook": "house-usdm", "balance": BALANCE,
    "positions": [linear(unsettled_funding=-1.5), isolated() | {"unsettled_funding": 0}],
}  # fmt: skip


def test_an_account_of_ccxt_is_explained_as_our_own(caplog: pytest.LogCaptureFixture) -> None:
    book = riskrules.load(ROOT / "policies", rulebook="house-usdm", as_of=AS_OF)
    theirs, ours = book.explain(THEIRS).to_dict(), book.explain(OURS).to_dict()
    assert theirs["pools"] == ours["pools"]
    assert [pool["decision"] for pool in theirs["pools"]] == ["healthy", "liquidate"]
    assert "the isolated margin is info.isolatedWallet: ETH/USDT:USDT" in caplog.text


def test_a_bare_list_is_of_the_time_asked_for() -> None:
    book = riskrules.load(ROOT / "policies", rulebook="house-usdm", as_of=AS_OF)
    (pool,) = book.explain([isolated() | {"unsettled_funding": 0}]).to_dict()["pools"]
    assert pool["decision"] == "liquidate", "a short of 3 at 2,500 with 400.50 behind it, when one is worth 64,123.40"


def test_without_a_balance_no_decision_is_made() -> None:
    """A bare list of positions is taken as it comes; what stands behind a cross one is not known, and that is its error."""
    book = riskrules.load(ROOT / "policies", rulebook="binance-usdm", as_of="2026-10-01T00:00:00Z")
    cross, apart = book.explain([linear(), isolated()]).pools
    assert (cross.decision, cross.fault.code if cross.fault else "") == ("error", "RR505")
    assert cross.evaluated.value("position_maintenance", 0) > (0, 1), "what can be said of it is said"
    assert apart.decision in ("healthy", "liquidate")
    _, notes, problems = read([linear(), isolated()])
    assert not problems
    assert any(note.startswith("lacks: balance of USDT: give fetch_balance") for note in notes)


def test_the_command_says_what_is_lacking_beside_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "positions.json"
    file.write_text(json.dumps([isolated() | {"leverage": None}]), encoding="utf-8")
    ended = run(["explain", str(file), "--policies", str(ROOT / "policies"), "--rulebook", "house-usdm", "--as-of", AS_OF])
    said = capsys.readouterr()
    assert (ended, said.out.split()[0]) == (30, "ERROR"), "the rules need unsettled funding, and ccxt prints none"
    assert "note: lacks: unsettled_funding of ETH/USDT:USDT: give unsettled_funding in the position" in said.err
    assert "note: lacks: leverage of ETH/USDT:USDT: give leverage" in said.err
