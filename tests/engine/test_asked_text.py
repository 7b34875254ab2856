"""What answers look like: golden texts at two widths, and that none of them runs past the screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import riskrules
from riskrules.engine.asked import Asked
from riskrules.engine.asked_text import asked_text
from tests.golden import same
from tests.places import EXAMPLES, POLICIES

GOLDEN = Path(__file__).parent / "golden"
CASES = [
    ("house", "house-usdm", "liquidation_price", "one market, liquidatable now"),
    ("house", "house-usdm", "bankruptcy_price", "not there yet"),
    ("house", "house-usdm", "healthy_again", "a line a change where one line is too short"),
    ("house", "house-usdm", "top_up", "an amount"),
    ("account", "hyperliquid", "liquidation_price", "43 markets in a table, what they hold under said once"),
]


def answers(name: str, rulebook: str, question: str) -> list[Asked]:
    given: Any = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    book = riskrules.load(POLICIES, rulebook=rulebook, as_of=given["as_of"])
    found: list[Asked] = getattr(book.ask, question)(given)
    return found


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name, rulebook, question, why", CASES, ids=[f"{case[0]}-{case[2]}" for case in CASES])
def test_golden(name: str, rulebook: str, question: str, why: str, width: int) -> None:
    lines = asked_text(answers(name, rulebook, question), width)
    assert [line for line in lines if len(line) > width] == [], why
    assert same(GOLDEN / f"asked_{name}_{question}_{width}.txt", "\n".join(lines) + "\n"), why


def test_an_answer_prints_as_its_sentence() -> None:
    (answer,) = answers("house", "house-usdm", "liquidation_price")
    assert str(answer) == answer.text == "a1 cross USDT, BTC-USDT: liquidatable now, healthy at a mark ≥ 64,428.51, all else held"


def test_two_stretches_and_a_step_that_nobody_states() -> None:
    answer = Asked(
        "a1 p", "liquidated at a mark ≤ 9,684.00 (until 9,000.00) and ≥ 12,000.00", {}, of="X-USD", held="all else held", unstated="tick"
    )
    assert answer.text == (
        "a1 p, X-USD: liquidated at a mark ≤ 9,684.00 (until 9,000.00) and ≥ 12,000.00, "
        "all else held; where no tick is stated, found to 0.00000001"
    )
