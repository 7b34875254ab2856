"""Equality, zero, nothing, too much, stale, unknown: each row of a table has the word that a snapshot has for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import riskrules
from riskrules.api import Book, PolicyError
from tests.batch.rows import pools_by_position
from tests.places import POLICIES
from tests.reference.variants import write_variant

AT, HOUSE_AT = "2026-10-01T00:00:00Z", "2026-12-02T00:00:00Z"
BINANCE = riskrules.load(POLICIES / "binance-usdm", as_of=AT)
HOUSE = riskrules.load(POLICIES / "house-usdm", as_of=HOUSE_AT)
ROW = {
    "account": "a", "position_id": "p", "market": "BTC-USDT", "mode": "isolated", "size": "1", "entry_price": "64000",
    "mark_price": "64000", "mark_price_at": HOUSE_AT, "leverage": "10", "margin": "6400", "unsettled_funding": "0", "taker_fee": "0.0005",
}  # fmt: skip
CROSS = {**ROW, "mode": "cross", "margin": None}
USDT = {"account": "a", "asset": "USDT", "amount": "9000", "index_price": "1", "index_price_at": HOUSE_AT}


def columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}


def batch(book: Book, rows: list[dict[str, Any]], held: list[dict[str, Any]]) -> list[tuple[str, str]]:
    out = book.evaluate(columns(rows), columns(held) if held else None)
    return list(zip(out["decision"].tolist(), out["code"].tolist(), strict=True))


def snapshot(rows: list[dict[str, Any]], held: list[dict[str, Any]], at: str) -> dict[str, Any]:
    """The same as one account."""
    fields = ("market", "mode", "size", "entry_price", "leverage", "margin", "unsettled_funding")
    positions = [{"id": str(k)} | {name: row[name] for name in fields if row.get(name) is not None} for k, row in enumerate(rows)]
    markets: dict[str, Any] = {}
    for row in rows:
        given = {"mark_price": row.get("mark_price"), "at": row.get("mark_price_at")}
        markets[row["market"]] = {name: value for name, value in given.items() if value is not None}
    account: dict[str, Any] = {"id": "a", "positions": positions}
    if rows[0].get("taker_fee") is not None:
        account["taker_fee"] = rows[0]["taker_fee"]
    if held:
        account["collateral"] = {one["asset"]: one["amount"] for one in held}
    assets = {one["asset"]: {"index_price": one["index_price"], "at": one["index_price_at"]} for one in held if one.get("index_price")}
    return {"as_of": at, "markets": markets, "assets": assets, "accounts": [account]}


def scalar(book: Book, rows: list[dict[str, Any]], held: list[dict[str, Any]], at: str) -> list[tuple[str, str]] | str:
    """Decision and code of each row, or the code with which the door refuses the whole."""
    try:
        found = pools_by_position(book, snapshot(rows, held, at))
    except PolicyError as error:
        return error.problems[0].code
    told = [found[str(k)][0] for k in range(len(rows))]
    return [(pool.decision, pool.fault.code if pool.fault else "") for pool in told]


LATE, EARLY = "2026-12-01T23:59:54.999999999Z", "2026-12-02T00:00:01Z"
EDGES = [
    ([ROW], [], "healthy", "", "as it is"),
    ([{**ROW, "margin": "0"}], [], "liquidate", "", "nothing behind it"),
    ([{**ROW, "mark_price": "0"}], [], "error", "RR606", "a price of 0 is none"),
    ([{**ROW, "mark_price": "0", "size": "-1"}], [], "error", "RR606", "for a short too, which it would make rich"),
    ([{**ROW, "mark_price": "-1"}], [], "error", "RR606", "nor is one below 0"),
    ([{**ROW, "mark_price": None}], [], "error", "RR501", "no price"),
    ([{**ROW, "mark_price": "nan"}], [], "error", "RR501", "nor is that one"),
    ([{**ROW, "entry_price": "-1"}], [], "error", "RR606", "an entry below 0"),
    ([{**ROW, "entry_price": "0"}], [], "healthy", "", "an entry of 0 is one"),
    ([{**ROW, "margin": None}], [], "error", "RR505", "no margin is not a margin of 0"),
    ([{**ROW, "size": "1e30"}], [], "liquidate", "", "too much is decided by the last tier"),
    ([{**ROW, "market": "NOPE-USDT"}], [], "error", "RR502", "an unknown market"),
    ([{**ROW, "mark_price_at": LATE}], [], "error", "RR503", "a nanosecond too old"),
    ([{**ROW, "mark_price_at": EARLY}], [], "error", "RR511", "from the future"),
    ([{**ROW, "mark_price_at": None}], [], "error", "RR505", "of no time"),
    ([{**ROW, "unsettled_funding": None}], [], "error", "RR505", "funding is needed"),
    ([CROSS], [USDT], "healthy", "", "cross, as it is"),
    ([CROSS], [{**USDT, "amount": "0"}], "liquidate", "", "a balance of 0 is one"),
    ([CROSS], [], "error", "RR505", "a balance nobody gave is none"),
    ([{**CROSS, "margin": "5"}], [USDT], "error", "RR606", "a cross position has no margin of its own"),
    ([CROSS], [USDT, {**USDT, "asset": "DOGE", "amount": "5"}], "error", "RR506", "an asset that is no collateral"),
    ([CROSS], [USDT, {**USDT, "asset": "DOGE", "amount": "0"}], "healthy", "", "none of it is no error"),
    ([CROSS], [{**USDT, "asset": "DOGE", "amount": "0"}], "liquidate", "", "balances were given, and none of USDT"),
    ([CROSS], [USDT, {**USDT, "asset": "BTC", "amount": "1", "index_price": None}], "error", "RR501", "a balance without its price"),
    ([CROSS], [USDT, {**USDT, "asset": "BTC", "amount": "0", "index_price": None}], "healthy", "", "none of it needs no price"),
    ([CROSS], [USDT, {**USDT, "asset": "BTC", "amount": "1", "index_price": "0"}], "error", "RR606", "a price of 0"),
]  # fmt: skip


@pytest.mark.parametrize("rows, held, decision, code, why", EDGES)
def test_a_row_has_the_word_of_a_snapshot(
    rows: list[dict[str, Any]], held: list[dict[str, Any]], decision: str, code: str, why: str
) -> None:
    assert batch(HOUSE, rows, held) == [(decision, code)] * len(rows), why
    told = scalar(HOUSE, rows, held, HOUSE_AT)
    assert told in ([(decision, code)] * len(rows), code) or (code == "RR501" and told == "RR604"), why


@pytest.mark.parametrize(
    "rows, held, code, why",
    [
        ([CROSS], [USDT, {**USDT, "amount": "1"}], "RR605", "two balances of one asset: neither is taken"),
        ([CROSS, {**CROSS, "size": "-1", "mark_price": "63000"}], [USDT], "RR606", "two marks of one market"),
        ([{**CROSS, "market": "BTC-USDT"}], [{**USDT, "asset": "USDC"}], "RR506", "an asset that is no collateral, whatever it is called"),
    ],
)
def test_what_a_snapshot_cannot_even_say(rows: list[dict[str, Any]], held: list[dict[str, Any]], code: str, why: str) -> None:
    assert batch(HOUSE, rows, held)[0] == ("error", code), why


def test_a_pool_whose_asset_is_no_collateral_is_never_one_of_0() -> None:
    """Pools by settle asset: a market may settle in one that the policy gives no weight."""
    weightless = next((m for m in map(BINANCE.plan.market, BINANCE.plan.markets()) if m and not _weighs(m.settle)), None)
    if weightless is None:
        settles = {market.settle for market in map(BINANCE.plan.market, BINANCE.plan.markets()) if market}
        assert all(map(_weighs, settles)), "every market settles in collateral, so that the case cannot come up here"
        return
    row = {**CROSS, "market": weightless.name}
    assert batch(BINANCE, [row], [USDT]) == scalar(BINANCE, [row], [USDT], AT)


def _weighs(asset: str) -> bool:
    known = BINANCE.plan.assets.get(asset)
    return bool(known and known.weight)


def test_inside_an_observed_interval_batch_and_scalar_say_the_same() -> None:
    """Two tables may be in force for most markets: what both say is decided, what they differ in is RR508."""
    when = "2025-10-20T00:00:00Z"
    book = riskrules.load(POLICIES / "binance-usdm", as_of=when)
    dice = np.random.default_rng(5)
    names, met = book.plan.markets(), set()
    rows = []
    for k in range(400):
        notional = 10 ** dice.uniform(3, 7)
        size = f"{notional / 100:.3f}"
        margin = f"{notional * dice.uniform(0.002, 0.06):.2f}"
        market = names[int(dice.integers(len(names)))]
        rows.append(
            {**ROW, "account": f"a{k:04}", "market": market, "size": size, "entry_price": "100", "mark_price": "100", "margin": margin}
        )
    for row, mine in zip(rows, batch(book, rows, []), strict=True):
        decision, code = mine  # of a decision that stands, the code is that of an amount which does not
        assert [(decision, code if decision == "error" else "")] == scalar(book, [row], [], when), row
        met.add(mine)
    assert {("healthy", ""), ("liquidate", ""), ("error", "RR508")} <= met


def test_two_fees_of_one_account_are_one_too_many(tmp_path: Path) -> None:
    """Under a rulebook that holds the account's own fee in reserve."""
    folder = write_variant(POLICIES / "house-usdm", tmp_path, "linear-and-inverse")
    book = riskrules.load(tmp_path, rulebook=folder.name, as_of=HOUSE_AT)
    leg = {**CROSS, "market": "SOL-USDT", "entry_price": "100", "mark_price": "100"}
    rows = [
        {**leg, "account": name, "size": size, "taker_fee": fee}
        for name, size, fee in (("a", "10", "0.001"), ("a", "-5", "0"), ("b", "10", "0.001"), ("b", "-5", "0.001"))
    ]
    held = [{**USDT, "account": name} for name in ("a", "b")]
    assert [code for _, code in batch(book, rows, held)] == ["RR606", "RR606", "", ""]


def test_the_answer_is_an_arrow_table_too() -> None:
    made = HOUSE.evaluate(columns([ROW, {**ROW, "margin": "0"}])).to_arrow()
    assert isinstance(made, pa.Table)
    assert made.column("position_id").to_pylist() == ["p", "p"]
    assert made.column("decision").to_pylist() == ["healthy", "liquidate"]


def test_a_tie_is_decided_by_the_rules_of_its_own_time(tmp_path: Path) -> None:
    """The few rows that floats cannot decide are put together, and those of two times of one book never are."""
    import shutil

    shutil.copytree(POLICIES / "house-usdm", tmp_path / "house-usdm")
    head = "kind: tiers\nrulebook: house-usdm\neffective: 2027-01-01T00:00:00Z\nreason: A test.\nform: marginal_on_mark_notional\n"
    table = "tables: {BTC-USDT: {tiers: [{cap: unlimited, max_leverage: 10, maintenance_rate: 9%}]}}\n"
    (tmp_path / "house-usdm" / "tiers" / "2027-01-01.yaml").write_text(head + table, encoding="utf-8")
    book = riskrules.load(tmp_path, rulebook="house-usdm", as_of=HOUSE_AT)
    rows = [
        {**ROW, "time": time, "mark_price_at": time, "mark_price": "30000", "entry_price": "30000", "leverage": "5", "margin": margin}
        for time, tie in ((HOUSE_AT, "135"), ("2027-02-01T00:00:00Z", "2715"))
        for margin in ["9000"] * 3_000 + [tie] * 3
    ]
    out = book.evaluate(columns(rows))
    assert out["decision"].tolist() == (["healthy"] * 3_000 + ["liquidate"] * 3) * 2
    assert len(set(out["digest"].tolist())) == 2, "each row names the rules that decided it"
