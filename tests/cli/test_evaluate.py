"""`riskrules evaluate`: files in and out, what is refused as a whole, what a row says for itself, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from riskrules.cli.main import run
from tests.cli.conftest import Riskrules
from tests.cli.test_outputs import schema
from tests.places import POLICIES

AT = "2026-10-01T00:00:00Z"
COMMON = ("--policies", str(POLICIES), "--rulebook", "binance-usdm", "--as-of", AT)
ISOLATED = {
    "account": ["a", "a", "b"],
    "position_id": ["p1", "p2", "p3"],
    "market": ["BTC-USDT", "ETH-USDT", "BTC-USDT"],
    "mode": ["isolated"] * 3,
    "size": [1.0, -3.0, 0.5],
    "entry_price": [63000.0, 2500.0, 70000.0],
    "mark_price": [64123.4, 2500.25, 64123.4],
    "leverage": [20.0, 10.0, 20.0],
    "margin": [3000.0, 400.0, 2000.0],
}
CROSS = {name: column for name, column in ISOLATED.items() if name != "margin"} | {"mode": ["cross"] * 3}
HELD = {"account": ["a", "b"], "asset": ["USDT", "USDT"], "amount": ["11000", "2000"]}


@pytest.fixture(scope="module")
def kept_plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, kept_plans: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RISKRULES_CACHE", str(kept_plans))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parquet(name: str, columns: dict[str, Any]) -> str:
    pq.write_table(pa.table(columns), name)
    return name


def csv(name: str, columns: dict[str, Any]) -> str:
    pa.csv.write_csv(pa.table(columns), name)
    return name


def rows(name: str) -> list[dict[str, Any]]:
    table = pq.read_table(name) if name.endswith(".parquet") else pa.csv.read_csv(name)
    made: list[dict[str, Any]] = table.to_pylist()
    return made


@pytest.mark.parametrize("source, out", [("in.parquet", "out.parquet"), ("in.csv", "out.csv"), ("in.csv", "out.parquet")])
def test_the_same_rows_come_out_decided(source: str, out: str, riskrules: Riskrules) -> None:
    (parquet if source.endswith(".parquet") else csv)(source, ISOLATED)
    ran = riskrules("evaluate", source, "--out", out, *COMMON)
    assert (ran.code, ran.err) == (0, "")
    assert "2026-09-29" in ran.out, "whose rules they are"
    made = rows(out)
    assert [(row["account"], row["position_id"], row["decision"], row["tier"]) for row in made] == [
        ("a", "p1", "healthy", 1), ("a", "p2", "healthy", 1), ("b", "p3", "liquidate", 1),
    ]  # fmt: skip
    assert made[0]["notional"] == pytest.approx(64123.4)
    assert made[0]["unrealised_pnl"] == pytest.approx(1123.4)
    assert made[0]["maintenance_margin"] == pytest.approx(256.4936)
    assert list(Path().glob(".*")) == [], "nothing is left beside"


def test_what_became_of_the_rows_is_counted_in_a_column(riskrules: Riskrules) -> None:
    csv("in.csv", ISOLATED)
    ran = riskrules("evaluate", "in.csv", "--out", "o.csv", *COMMON)
    assert ran.out.splitlines()[:3] == ["healthy    2 rows", "liquidate  1 row", "written    o.csv, 3 rows"]


def test_on_a_terminal_it_is_told_how_far_it_is(riskrules: Riskrules, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CSV does not say how many rows it has; when all is done nothing of the count stays on the screen."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    csv("in.csv", ISOLATED)
    parquet("in.parquet", ISOLATED)
    assert riskrules("evaluate", "in.csv", "--out", "o.csv", *COMMON).err.endswith("\r3 rows decided\r\x1b[K")
    assert riskrules("evaluate", "in.parquet", "--out", "o.csv", *COMMON).err.endswith("\r3 of 3 rows decided\r\x1b[K")


def test_an_account_decides_its_cross_positions(riskrules: Riskrules) -> None:
    parquet("in.parquet", CROSS)
    parquet("held.parquet", HELD)
    ran = riskrules("evaluate", "in.parquet", "--accounts", "held.parquet", "--out", "o.parquet", "--accounts-out", "a.parquet", *COMMON)
    assert ran.code == 0
    assert [row["decision"] for row in rows("o.parquet")] == ["healthy", "healthy", "liquidate"]
    pools = rows("a.parquet")
    assert [(row["account"], row["mode"], row["settle"], row["decision"]) for row in pools] == [
        ("a", "cross", "USDT", "healthy"), ("b", "cross", "USDT", "liquidate"),
    ]  # fmt: skip
    assert pools[0]["equity"] == pytest.approx(11000 + 1123.4 - 0.75)


def test_exact_amounts_are_decimals(riskrules: Riskrules) -> None:
    csv("in.csv", ISOLATED)
    riskrules("evaluate", "in.csv", "--out", "o.parquet", "--amounts", "exact", *COMMON)
    assert [str(row["equity"]) for row in rows("o.parquet")] == ["4123.40000000", "399.25000000", "-938.30000000"]


def test_a_time_picks_the_policy_of_its_row(riskrules: Riskrules) -> None:
    times = ["2025-07-02T12:00:00Z", "2026-09-30T00:00:00Z", "2010-01-01T00:00:00Z"]
    csv("in.csv", {**ISOLATED, "market": ["BTC-USDT"] * 3, "time": times})
    ran = riskrules("evaluate", "in.csv", "--out", "o.csv", *COMMON)
    made = rows("o.csv")
    assert ran.code == 30
    assert [(row["decision"], row["code"]) for row in made][2] == ("error", "RR312"), "before there were rules"
    assert made[0]["time"] is not None


ROWS_IN_ERROR = [
    ({"market": ["BTC-USDT", "XYZ-USDT", "BTC-USDT"]}, "RR502", "an unknown market"),
    ({"mark_price": [64123.4, None, 64123.4]}, "RR501", "no mark price"),
    ({"entry_price": [63000.0, None, 63000.0]}, "RR505", "no entry price, and profit needs it"),
    ({"mark_price": [64123.4, -1.0, 64123.4]}, "RR606", "a price below 0"),
    ({"margin": [3000.0, None, 2000.0]}, "RR505", "no margin"),
    ({"size": ["1", "many", "0.5"]}, "RR604", "no number"),
]


@pytest.mark.parametrize("change, code, why", ROWS_IN_ERROR)
def test_a_row_in_error_stops_nothing(change: dict[str, Any], code: str, why: str, riskrules: Riskrules) -> None:
    parquet("in.parquet", {**ISOLATED, **change})
    ran = riskrules("evaluate", "in.parquet", "--out", "o.parquet", *COMMON)
    assert ran.code == 30, why
    assert ran.out.startswith(code), "errors come first, counted by code"
    assert [(row["decision"], row["code"]) for row in rows("o.parquet")][1] == ("error", code), why
    assert rows("o.parquet")[0]["decision"] == "healthy", "the others are decided"
    assert riskrules("evaluate", "in.parquet", "--out", "o.parquet", "--allow-errors", *COMMON).code == 0


def test_no_balance_is_an_error_and_not_0(riskrules: Riskrules) -> None:
    parquet("in.parquet", CROSS)
    ran = riskrules("evaluate", "in.parquet", "--out", "o.parquet", *COMMON)
    assert (ran.code, {row["code"] for row in rows("o.parquet")}) == (30, {"RR505"})


def torn(path: str) -> None:
    data = Path(parquet(path, ISOLATED)).read_bytes()
    Path(path).write_bytes(data[: len(data) // 2])


REFUSED = [
    (lambda: parquet("in.parquet", {k: v for k, v in ISOLATED.items() if k != "size"}), "no column size", "a column is missing"),
    (lambda: parquet("in.parquet", {**ISOLATED, "size": [True, False, True]}), "column size is no column of figures", "a wrong type"),
    (lambda: parquet("in.parquet", {**ISOLATED, "mode": ["crossed"] * 3}), "column mode says 'crossed'", "no such mode"),
    (lambda: parquet("in.parquet", {**ISOLATED, "time": ["soon"] * 3}), "column time", "no time"),
    (lambda: parquet("in.parquet", {**CROSS, "account": ["a", "b", "a"]}), "account a do not stand together", "an account cut in two"),
    (lambda: parquet("in.parquet", {k: v for k, v in CROSS.items() if k != "account"}), "no column account", "whose?"),
    (lambda: torn("in.parquet"), "torn, or no parquet", "half a file"),
    (lambda: Path("in.parquet").write_bytes(b""), "torn, or no parquet", "an empty file"),
    (lambda: None, "cannot read or write in.parquet", "no file"),
]


@pytest.mark.parametrize("make, said, why", REFUSED)
def test_what_is_no_table_is_refused_whole(make: Any, said: str, why: str, riskrules: Riskrules) -> None:
    make()
    Path("o.parquet").write_text("what was there before", encoding="utf-8")
    ran = riskrules("evaluate", "in.parquet", "--out", "o.parquet", *COMMON)
    assert ran.code == 2, why
    assert said in ran.err, why
    assert "nothing was written" in ran.err
    assert Path("o.parquet").read_text(encoding="utf-8") == "what was there before"
    assert list(Path().glob(".*")) == [], "nothing is left beside"


def test_sort_puts_accounts_together(riskrules: Riskrules) -> None:
    parquet("in.parquet", {**CROSS, "account": ["a", "b", "a"]})
    parquet("held.parquet", HELD)
    assert riskrules("evaluate", "in.parquet", "--accounts", "held.parquet", "--sort", "--out", "o.parquet", *COMMON).code == 0
    assert [row["account"] for row in rows("o.parquet")] == ["a", "a", "b"]


def test_a_full_disk_leaves_nothing(riskrules: Riskrules, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    parquet("in.parquet", ISOLATED)
    monkeypatch.setattr("riskrules.batch.files.Sink.write", full)
    ran = riskrules("evaluate", "in.parquet", "--out", "o.parquet", *COMMON)
    assert (ran.code, "no space left on device" in ran.err) == (2, True)
    assert not Path("o.parquet").exists()


def test_ctrl_c_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    parquet("in.parquet", ISOLATED)
    monkeypatch.setattr("riskrules.batch.stream._count", stopped)
    assert run(["evaluate", "in.parquet", "--out", "o.parquet", *COMMON]) == 130
    assert [path.name for path in Path().iterdir() if "o.parquet" in path.name] == []


def test_pieces_do_not_cut_accounts(riskrules: Riskrules, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read two rows at a time, three accounts come to the same as read at once."""
    n = 30
    many = {name: (column * n)[:n] for name, column in CROSS.items()}
    names = ["BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "BNB-USDT"]
    many |= {"account": [f"a{k // 5}" for k in range(n)], "market": [names[k % 5] for k in range(n)]}
    many |= {"entry_price": [85.0] * n, "mark_price": [90.0 + k % 7 for k in range(n)]}
    parquet("in.parquet", many)
    parquet("held.parquet", {"account": [f"a{k}" for k in range(6)], "asset": ["USDT"] * 6, "amount": [20.0 * k for k in range(6)]})
    riskrules("evaluate", "in.parquet", "--accounts", "held.parquet", "--out", "whole.parquet", *COMMON)
    monkeypatch.setattr("riskrules.batch.files.PIECE", 2)
    riskrules("evaluate", "in.parquet", "--accounts", "held.parquet", "--out", "pieces.parquet", *COMMON)
    assert rows("pieces.parquet") == rows("whole.parquet")
    assert len({row["decision"] for row in rows("whole.parquet")}) > 1


def test_the_summary_is_as_its_schema_says(riskrules: Riskrules) -> None:
    parquet("in.parquet", {**ISOLATED, "market": ["BTC-USDT", "XYZ-USDT", "BTC-USDT"], "strategy": [1, 2, 3]})
    ran = riskrules("evaluate", "in.parquet", "--out", "o.parquet", "--liquidation-price", "--format", "json", *COMMON)
    made = json.loads(ran.out)
    jsonschema.validate(made, schema("evaluate"), jsonschema.Draft202012Validator)
    assert (made["rows"], made["errors"]) == (3, {"RR502": 1})
    assert "not used: column strategy" in ran.err


def test_two_threads_come_to_the_same() -> None:
    import numpy as np

    import riskrules as rr

    book = rr.load(POLICIES / "binance-usdm", as_of=AT)
    n = 200_000
    dice = np.random.default_rng(3)
    columns = {
        "market": np.array(["BTC-USDT", "ETH-USDT"])[dice.integers(0, 2, n)], "mode": np.full(n, "isolated"),
        "size": dice.integers(1, 99, n),
        "entry_price": np.full(n, 2500.0), "mark_price": np.round(dice.uniform(2000, 3000, n), 2), "leverage": np.full(n, 10.0),
        "margin": np.round(dice.uniform(0, 9000, n)),
    }  # fmt: skip
    one, two = book.evaluate(columns), book.evaluate(columns, threads=2)
    assert all(np.array_equal(one.raw(name), two.raw(name), equal_nan=one.raw(name).dtype.kind == "f") for name in one.names())


def test_the_examples_are_decided(riskrules: Riskrules) -> None:
    examples = POLICIES.parent / "examples"
    given = (str(examples / "positions.csv"), "--accounts", str(examples / "balances.csv"), "--out", "decided.csv")
    assert riskrules("evaluate", *given, *COMMON).code == 0
    assert [row["decision"] for row in rows("decided.csv")] == ["healthy", "healthy", "liquidate"]
