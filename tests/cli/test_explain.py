"""`riskrules explain` and `ask`: which pools, which market, and the command that gives the answer again."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from riskrules.cli.main import run
from tests.places import POLICIES

AT = "2026-10-01T00:00:00Z"
TWO = {
    "as_of": AT,
    "rulebook": "binance-usdm",
    "markets": {"BTC-USDT": {"mark_price": "64123.4", "at": AT}, "ETH-USDT": {"mark_price": "2500.25", "at": AT}},
    "accounts": [
        {
            "id": "a 1",
            "collateral": {"USDT": "11000"},
            "positions": [
                {"market": "BTC-USDT", "mode": "cross", "size": "2", "entry_price": "63000", "leverage": "20"},
                {"market": "ETH-USDT", "mode": "cross", "size": "-3", "entry_price": "2500", "leverage": "20"},
            ],
        },
        {"id": "b", "collateral": {"USDT": "1"}},
    ],
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def file(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RISKRULES_CACHE", str(cache))
    path = tmp_path / "my account.json"
    path.write_text(json.dumps(TWO), encoding="utf-8")
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run([*arguments]) == 0
    return capsys.readouterr().out


def test_again_is_the_same_command(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every option is in it, quoted, and what it prints is the same to the letter."""
    options = ("--policies", str(POLICIES), "--account", "a 1", "--market", "BTCUSDT", "--depth", "2")
    first = printed(capsys, "explain", str(file), *options)
    again = next(line for line in first.splitlines() if line.startswith("again")).removeprefix("again").partition("   replay")[0]
    name, *words = shlex.split(again)
    assert (name, words[:2]) == ("riskrules", ["explain", str(file)])
    assert set(options) <= set(words)
    assert printed(capsys, *words) == first


def test_the_changes_shown_are_of_the_market_asked_about(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both, one = (printed(capsys, "explain", str(file), "--policies", str(POLICIES), *more) for more in ((), ("--market", "ETH/USDT:USDT")))
    assert "BTC-USDT mark ≤" in both
    assert "BTC-USDT mark ≤" not in one
    assert "ETH-USDT mark ≥" in one


def test_json_says_what_would_turn_the_decision(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = json.loads(printed(capsys, "explain", str(file), "--policies", str(POLICIES), "--account", "a 1", "--format", "json"))
    (pool,) = made["pools"]
    assert pool["turns"]["to"] == "liquidate"
    assert {(turn["moves"], turn["of"]) for turn in pool["turns"]["each_alone"]} >= {("mark", "BTC-USDT"), ("balance", "USDT")}
    leg: Any = pool["legs"][0]
    assert (leg["size"], leg["entry_price"], leg["mark_price"], leg["mark_price_age_seconds"]) == ("2", "63000", "64123.4", "0")


@pytest.mark.parametrize(
    "arguments, said, why",
    [
        (
            ("liquidation-price", "--market", "ETHUSDT"),
            ["a 1 cross USDT, ETH-USDT: liquidated at a mark ≥ "],
            "one market, as the venue spells it",
        ),
        (("top-up", "--account", "b"), ["b: no open position"], "nothing to ask about is said"),
        (
            ("max-size", "--market", "ETHUSDT", "--side", "buy", "--leverage", "20"),
            ["a 1 cross USDT: may buy", "b cross USDT: may buy"],
            "each account",
        ),
    ],
)
def test_every_question_gets_a_word(
    arguments: tuple[str, ...], said: list[str], why: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question, *more = arguments
    text = printed(capsys, "ask", question, str(file), "--policies", str(POLICIES), *more).split("\n\n")[0]
    lines = [line for line in text.splitlines() if not line.startswith(" ")]
    assert len(lines) == len(said), why
    assert all(line.startswith(begins) for line, begins in zip(lines, said, strict=True)), why


@pytest.mark.parametrize("command", ["explain", "ask"])
@pytest.mark.parametrize(
    "more, said, why",
    [
        (("--market", "SOL-USDT"), "no position in 'SOL-USDT'; the snapshot holds BTC-USDT, ETH-USDT", "not held"),
        (("--account", "c"), "no account 'c'", "not there"),
    ],
)
def test_what_is_not_there_is_wrong_use(
    command: str, more: tuple[str, ...], said: str, why: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = ["top-up"] if command == "ask" else []
    assert run([command, *question, str(file), "--policies", str(POLICIES), *more]) == 2, why
    assert said in capsys.readouterr().err, why


def test_a_snapshot_in_yaml_is_as_good_where_nothing_is_kept_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rulebook's name stands in it, and goes into what is kept."""
    monkeypatch.setenv("RISKRULES_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "account.yaml"
    path.write_text(f"as_of: {AT}\nrulebook: house-usdm\naccounts: [{{id: a, collateral: {{USDT: 1}}}}]\n", encoding="utf-8")
    assert "house-usdm as of" in printed(capsys, "explain", str(path), "--policies", str(POLICIES), "--as-of", "2026-12-02T00:00:00Z")
    assert list((tmp_path / "cache").rglob("house-usdm-*.plan"))


def test_a_share_is_told_as_the_number_that_it_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(json.dumps(TWO).replace('"63000"', '"95%"'), encoding="utf-8")
    assert run(["explain", str(file), "--policies", str(POLICIES)]) != 0
    assert "write the share itself: 0.95" in capsys.readouterr().err
