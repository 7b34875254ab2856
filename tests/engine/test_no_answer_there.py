"""Where the rules cease to answer, nothing is said to be liquidated: in sentences, in JSON, in a picture and in a figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.api import Explanation
from riskrules.cli.main import run
from riskrules.engine.trial import price_of, said
from riskrules.faces.pictures import mark_picture
from tests.places import POLICIES

SEEN = "2024-02-06T16:09:36Z"
BOOK = riskrules.load(POLICIES, rulebook="blofin", as_of=SEEN)
EDGE = "mark ≥ 68.97 (+0.00%): undecided, RR530"


def snapshot(mode: str = "isolated", size: str = "1", entry: str = "68.16", margin: str | None = "22.72") -> dict[str, Any]:
    one = {"id": "p1", "market": "LTC-USDT", "mode": mode, "size": size, "entry_price": entry, "leverage": "3"}
    one |= {"margin": margin} if margin else {}
    account = {"id": "a1", "taker_fee": "0.06%", "collateral": {"USDT": "100"}, "positions": [one]}
    return {"as_of": SEEN, "rulebook": "blofin", "markets": {"LTC-USDT": {"mark_price": "68.96631223"}}, "accounts": [account]}


def explained(**given: Any) -> Explanation:
    return BOOK.explain(snapshot(**given))


@pytest.mark.parametrize(
    "given, lines, why",
    [
        ({}, ["liquidated at  mark ≤ 45.69 (−33.75%)", EDGE], "a long is known below"),
        ({"mode": "cross", "margin": None}, ["liquidated at  mark ≥ 68.97 (+0.00%): undecided, RR530", "balance −100"], "and money may go"),
    ],
)
def test_an_explanation_says_so(given: dict[str, Any], lines: list[str], why: str) -> None:
    text = str(explained(**given))
    assert [line for line in lines if line not in text] == [], why


@pytest.mark.parametrize(
    "given, answer, undecided",
    [
        ({}, "liquidated at a mark ≤ 45.69, undecided (RR530) at a mark ≥ 68.97, all else held", False),
        ({"size": "-1", "margin": "40"}, "liquidated at no mark that is decided, undecided (RR530) at a mark ≥ 68.97, all else held", True),
    ],
)
def test_a_question_does(given: dict[str, Any], answer: str, undecided: bool) -> None:
    (found,) = BOOK.ask.liquidation_price(snapshot(**given))
    assert (found.text, found.undecided) == (f"a1 p1, LTC-USDT: {answer}", undecided)
    assert [one["code"] for one in found.data["stretches"]][-1] == "RR530"


def test_its_exit_code_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps(snapshot(size="-1", margin="40")), encoding="utf-8")
    assert run(["ask", "liquidation-price", str(path), "--policies", str(POLICIES)]) == 30
    assert "undecided (RR530)" in capsys.readouterr().out


def test_a_figure_of_a_note_or_of_a_comparison_does() -> None:
    short, long = (explained(size=size, margin="40").pools[0] for size in ("-1", "1"))
    assert said(price_of(short.evaluated, 0, "liquidate")) == "RR530"
    assert said(price_of(long.evaluated, 0, "liquidate")) == "28.31"


def test_a_picture_does() -> None:
    picture = mark_picture(explained(size="-1", margin="40").pools[0], 0)
    assert picture is not None
    assert picture.zones == ()
    assert "undecided ≥ 68.97" in picture.said


def test_the_venues_own_price_is_not_held_against_an_edge(tmp_path: Path) -> None:
    printed = {"symbol": "LTC/USDT:USDT", "contracts": 1, "side": "short", "marginMode": "isolated", "liquidationPrice": 68.97}
    path, against = tmp_path / "snapshot.json", tmp_path / "ccxt.json"
    path.write_text(json.dumps(snapshot(size="-1", margin="40")), encoding="utf-8")
    against.write_text(json.dumps([printed]), encoding="utf-8")
    assert run(["explain", str(path), "--against", str(against), "--policies", str(POLICIES)]) == 1
