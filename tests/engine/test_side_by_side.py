"""One snapshot under several rulebooks: the steps beside each other, and where they first part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from riskrules.cli.main import run
from tests.places import POLICIES

WHEN = "2026-12-02T00:00:00Z"


def snapshot(**fields: Any) -> dict[str, Any]:
    """Ten bitcoin long, as every linear rulebook can read it; `fields` are put into the account."""
    position = {
        "id": "p1", "market": "BTC-USDT", "mode": "cross", "size": "10", "entry_price": "64120", "leverage": "20", "unsettled_funding": "0",
    }  # fmt: skip
    account = {"id": "a1", "taker_fee": "0.05%", "collateral": {"USDT": "11000"}, "positions": [position], **fields}
    markets = {"BTC-USDT": {"mark_price": "64123.4", "at": WHEN}}
    return {"as_of": WHEN, "markets": markets, "assets": {"USDT": {"index_price": "1", "at": WHEN}}, "accounts": [account]}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


@pytest.fixture
def compare(cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("RISKRULES_CACHE", str(cache))  # one of its own, so that a book is compiled once

    def ran(given: dict[str, Any], *arguments: str) -> tuple[int, str]:
        path = tmp_path / "one.json"
        path.write_text(json.dumps(given), encoding="utf-8")
        code = run(["compare", str(path), "--policies", str(POLICIES), *arguments])
        return code, capsys.readouterr().out

    return ran


def books(*names: str) -> list[str]:
    return [word for name in names for word in ("--rulebook", name)]


@pytest.mark.parametrize(
    "names, parts_at, why",
    [
        (("house-usdm", "binance-usdm"), "tier", "the notional is the same, its row is not"),
        (("house-usdm", "gate"), "notional", "ten contracts are not ten bitcoin"),
        (("binance-usdm", "binance-usdm"), None, "one book twice is one book: nothing to compare"),
        (("house-usdm", "binance-usdm", "hyperliquid"), "tier", "one that cannot decide stops no other, and is not where they part"),
    ],
)
def test_where_they_part(names: tuple[str, ...], parts_at: str | None, why: str, compare: Any) -> None:
    code, out = compare(snapshot(), *books(*names), "--format", "json")
    if parts_at is None:
        assert code == 2, why
        return
    (part,) = json.loads(out)["parts"]
    assert part["parts_at"]["name"] == parts_at, why


def test_what_a_rulebook_lacks_is_its_own(compare: Any) -> None:
    code, out = compare(snapshot(), *books("house-usdm", "hyperliquid", "bybit", "binance-usdm"), "--format", "json")
    told = json.loads(out)
    said = {one["column"].split()[0]: one["code"] for one in told["parts"][0]["undecided"]}
    decision = next(row for row in told["parts"][0]["heads"] if row["name"] == "decision")
    assert said == {"hyperliquid": "RR506", "bybit": "RR502"}, "another asset, and no market"
    assert [cell["shown"] for cell in decision["cells"]] == ["healthy", "error RR506", "error RR502", "healthy"]
    assert code == 30, "something could not be decided, and the output is complete"


def test_one_rulebook_at_several_times(compare: Any) -> None:
    times = ("2020-01-01T00:00:00Z", "2025-07-03T00:00:00Z", "2025-10-01T00:00:00Z")
    code, out = compare(snapshot(), *books("binance-usdm"), *[word for time in times for word in ("--as-of", time)], "--format", "json")
    told = json.loads(out)
    assert [column["name"] for column in told["columns"]] == ["2020-01-01", "2025-07-03", "2025-10-01"]
    assert [[problem["code"] for problem in column["problems"]] for column in told["columns"]] == [["RR312"], [], []]
    assert code == 30


def test_the_side_of_equality_is_where_two_part(compare: Any) -> None:
    """Every step is the same and the decision is not: the place of the trigger is named."""
    given = snapshot(collateral={"USDT": "20"})
    given["markets"] = {"BTC-USDT": {"mark_price": "10000", "at": WHEN}}
    given["accounts"][0]["positions"][0] |= {"size": "0.5", "entry_price": "10000"}
    _, out = compare(given, *books("binance-usdm", "house-usdm"), "--format", "json")
    heads = {row["name"]: [cell and cell["shown"] for cell in row["cells"]] for row in json.loads(out)["parts"][0]["heads"]}
    assert heads["decision"] == ["healthy", "liquidate"]
    assert heads["equity"] == ["20.00", "20.00"]


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_screen(width: int, compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskrules.cli.compare.width_of", lambda _: width)
    for names in (("house-usdm", "binance-usdm"), ("house-usdm", "binance-usdm", "gate", "okx", "hyperliquid", "bitmex")):
        _, out = compare(snapshot(), *books(*names))
        assert max(len(line) for line in out.splitlines()) <= width
        assert "they part at" in out
        assert "position maintenance" in out


def test_markdown_is_a_table(compare: Any) -> None:
    _, out = compare(snapshot(), *books("house-usdm", "binance-usdm"), "--format", "markdown")
    assert "| | step | house-usdm | binance-usdm |" in out
    assert "| ≠ | maintenance margin |" in out


def test_what_one_of_them_reads_is_no_mistake_to_the_others(compare: Any) -> None:
    given = snapshot()
    given["accounts"][0]["positions"][0]["risk_limit"] = "1000000"
    code, out = compare(given, *books("house-usdm", "binance-usdm", "bitmex"), "--format", "json")
    told = json.loads(out)
    assert all(column["decided"] for column in told["columns"])
    assert code == 30, "bitmex knows no such market"
