"""A market that stands for another: said, converted exactly where contracts differ in size, and refused where they differ in kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.cli.main import run
from riskrules.engine.stands import Stand, standing
from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import MarketPlan, Plan
from riskrules.units.exact import to_fraction
from tests.golden import same
from tests.places import POLICIES

WHEN, GOLDEN = "2026-12-02T00:00:00Z", Path(__file__).parent / "golden"
BOOKS = {name: riskrules.load(POLICIES, rulebook=name, as_of=WHEN) for name in ("house-usdm", "hyperliquid", "deribit", "gate")}
ASKED = {"BTC-USDT": ("BTC-USDC", "BTC-USD")}


def leg(market: str, **changes: Any) -> dict[str, Any]:
    made = {"id": market, "market": market, "mode": "cross", "size": "1", "entry_price": "1", "leverage": "5", "unsettled_funding": "0"}
    return made | changes


def given(**changes: Any) -> dict[str, Any]:
    position = {
        "id": "p",
        "market": "BTC-USDT",
        "mode": "cross",
        "size": "10",
        "entry_price": "64120",
        "leverage": "20",
        "unsettled_funding": "0",
    }
    account = {
        "id": "a",
        "taker_fee": "0.05%",
        "collateral": {"USDT": "11000"},
        "positions": [position],
        "leverage": {"BTC-USDT": "20"},
        **changes,
    }
    markets = {name: {"mark_price": price, "at": WHEN} for name, price in (("BTC-USDT", "64123.4"), ("ETH-USDT", "3000"))}
    return {"as_of": WHEN, "markets": markets, "assets": {"USDT": {"index_price": "1", "at": WHEN}}, "accounts": [account | changes]}


def put(rulebook: str, asked: Any = ASKED, own: str = "house-usdm", **changes: Any) -> Any:
    snapshot = BOOKS[own].snapshot(json.dumps(given(**changes)))
    meant = {name: market for name in asked if (market := BOOKS[own].plan.market(name))}
    return standing(BOOKS[rulebook].plan, snapshot, asked, meant)


def test_the_snapshot_in_the_words_of_the_rulebook() -> None:
    order = {"market": "BTC-USDT", "side": "buy", "size": "1", "price": "64000", "reduce_only": False}
    snapshot, stands = put("hyperliquid", orders=[order])
    (account,) = snapshot.accounts
    assert stands == (Stand("BTC-USDC", "BTC-USDT", ("USDC", "USDT"), (1, 1)),)
    assert [one.market for one in (*account.positions, *account.orders)] == ["BTC-USDC"] * 2
    assert (dict(account.collateral), dict(account.leverage)) == ({"USDC": (11000, 1)}, {"BTC-USDC": (20, 1)})
    assert snapshot.markets["BTC-USDC"].mark_price == (641234, 10), "one for one"
    assert (snapshot.assets["USDC"], "BTC-USDT" in snapshot.markets) == (snapshot.assets["USDT"], False)
    assert account.positions[0].id == "p", "it is the same position"


def test_nothing_is_done_where_the_rulebook_has_the_market() -> None:
    snapshot, stands = put("house-usdm")
    assert stands == ()
    assert snapshot.accounts[0].positions[0].market == "BTC-USDT"


def test_sizes_are_converted_exactly_where_contracts_differ() -> None:
    """One contract of gate is 0.0001 BTC; what was meant by it is ten thousand times less in whole coins."""
    plan = BOOKS["hyperliquid"].plan
    of_gate = BOOKS["gate"].plan.market("BTC-USDT")
    assert of_gate is not None
    snapshot = BOOKS["gate"].snapshot(json.dumps(given()))
    made = standing(plan, snapshot, ASKED, {"BTC-USDT": of_gate})
    assert not isinstance(made, Fault)
    assert to_fraction(made[0].accounts[0].positions[0].size) == 10 * to_fraction(of_gate.multiplier)
    assert "a size of 1 is 0.0001 there" in made[1][0].said


@pytest.mark.parametrize(
    "rulebook, asked, changes, said, why",
    [
        ("deribit", {"BTC-USDT": ("BTC-USD", "BTC-USDC")}, {}, "BTC-USDT is linear and BTC-USD inverse", "no price makes them one"),
        ("hyperliquid", {"BTC-USDT": ("ETH-USDC",)}, {}, "another coin", "ether is no bitcoin"),
        (
            "hyperliquid",
            ASKED,
            {"positions": [leg("BTC-USDT"), leg("BTC-USDC")]},
            "another market that is held",
            "two that would be netted",
        ),
        ("hyperliquid", ASKED, {"collateral": {"USDT": "1", "USDC": "1"}}, "holds USDT and USDC", "two balances that would be one"),
        (
            "hyperliquid",
            {"SOL-USDT": ("SOL-USDC",)},
            {"positions": [leg("SOL-USDT")]},
            "none of the rulebooks has SOL-USDT",
            "how much is 1?",
        ),
    ],
)
def test_what_cannot_stand_for_another(rulebook: str, asked: Any, changes: dict[str, Any], said: str, why: str) -> None:
    made = put(rulebook, asked, **changes)
    assert isinstance(made, Fault), why
    assert made.code == "RR576"
    assert said in made.text, why


@pytest.mark.parametrize("held", [{"USDC": "0", "USDT": "5"}, {"USDT": "5", "USDC": "0"}])
def test_a_balance_of_nothing_is_no_second_one(held: dict[str, str]) -> None:
    snapshot, _ = put("hyperliquid", collateral=held)
    assert dict(snapshot.accounts[0].collateral) == {"USDC": (5, 1)}


def test_a_balance_that_stands_behind_something_else_too() -> None:
    """Under a rulebook that has ETH-USDT and only BTC-USDC, USDT cannot be both."""
    house = BOOKS["house-usdm"].plan

    class Other:
        def market(self, name: str) -> MarketPlan | None:
            found = {"BTC-USDC": BOOKS["hyperliquid"].plan.market("BTC-USDC"), "ETH-USDT": house.market("ETH-USDT")}
            return found.get(name)

    snapshot = BOOKS["house-usdm"].snapshot(json.dumps(given(positions=[leg("BTC-USDT"), leg("ETH-USDT")])))
    other: Plan = Other()  # type: ignore[assignment]
    made = standing(other, snapshot, ASKED, {"BTC-USDT": house.market("BTC-USDT")})  # type: ignore[dict-item]
    assert isinstance(made, Fault)
    assert "stands behind ETH-USDT too" in made.text


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def compare(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("RISKRULES_CACHE", str(tmp_path / "plans"))

    def ran(*arguments: str) -> tuple[int, str]:
        path = tmp_path / "one.json"
        path.write_text(json.dumps(given()), encoding="utf-8")
        code = run(["compare", str(path), "--policies", str(POLICIES), "--rulebook", "house-usdm", *arguments])
        return code, capsys.readouterr().out

    return ran


TO_HYPERLIQUID = ("--rulebook", "hyperliquid", "--market", "BTC-USDT=BTC-USDC")


@pytest.mark.parametrize("form, name", [("text", "compare_stands_120.txt"), ("markdown", "compare_stands.md")])
def test_golden(form: str, name: str, compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskrules.cli.compare.width_of", lambda _: 120)
    assert same(GOLDEN / name, compare(*TO_HYPERLIQUID, "--format", form)[1])


def test_the_steps_stand_beside_each_other(compare: Any) -> None:
    code, out = compare(*TO_HYPERLIQUID, "--format", "json")
    told = json.loads(out)
    assert code == 0, "both decide"
    assert [column["stands_for"] for column in told["columns"]] == [
        [],
        [
            {
                "market": "BTC-USDC", "for": "BTC-USDT", "balances": {"asset": "USDC", "for": "USDT"}, "size_of_one": "1",
                "text": "BTC-USDC stands for BTC-USDT, and USDC for USDT one for one",
            }
        ],
    ]  # fmt: skip
    (part,) = told["parts"]
    assert part["parts_at"]["name"] == "tier", "all before it is the same"
    assert all(cell is not None for cell in next(row for row in part["steps"] if row["name"] == "notional")["cells"])


def test_a_refusal_stops_no_other(compare: Any) -> None:
    code, out = compare("--rulebook", "deribit", "--market", "BTC-USDT=BTC-USD", *TO_HYPERLIQUID, "--format", "json")
    told = json.loads(out)
    assert [[one["code"] for one in column["problems"]] for column in told["columns"]] == [[], ["RR576"], []]
    assert code == 30


@pytest.mark.parametrize("said", ["BTC-USDT", "=BTC-USDC", "BTC-USDT=", "BTC-USDT=BTC-USDT"])
def test_what_is_no_pair_is_bad_use(said: str, compare: Any) -> None:
    assert compare("--rulebook", "hyperliquid", "--market", said)[0] == 2


def test_the_same_rules_in_another_quote_never_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The house, and the house with every USDT written USDC: all steps stand beside each other, and all are the same."""
    for name, quote in (("house-usdm", "USDT"), ("house-usdc", "USDC")):
        for path in (POLICIES / "house-usdm").rglob("2026-12-01.yaml"):
            there = tmp_path / "policies" / name / path.relative_to(POLICIES / "house-usdm")
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_text(path.read_text(encoding="utf-8").replace("USDT", quote).replace("house-usdm", name), encoding="utf-8")
    eth = leg("ETH-USDT", size="-20", entry_price="2900", leverage="10")
    shot = given(positions=[*given()["accounts"][0]["positions"], eth], collateral={"USDT": "11000", "BTC": "60"})
    shot["assets"]["BTC"] = {"index_price": "64000", "at": WHEN}
    (tmp_path / "one.json").write_text(json.dumps(shot), encoding="utf-8")
    pairs = ["--market", "BTC-USDT=BTC-USDC", "--market", "ETH-USDT=ETH-USDC"]
    books = ["--policies", str(tmp_path / "policies"), "--rulebook", "house-usdm", "--rulebook", "house-usdc"]
    assert run(["compare", str(tmp_path / "one.json"), *books, *pairs, "--format", "json"]) == 0
    (part,) = json.loads(capsys.readouterr().out)["parts"]
    assert part["text"] == "they never part: every step that they share is the same"
    rows = [*part["heads"], *part["steps"]]
    assert [row["name"] for row in rows if None in row["cells"]] == []
    assert {"collateral", "tier", "position_maintenance", "equity"} <= {row["name"] for row in rows}
