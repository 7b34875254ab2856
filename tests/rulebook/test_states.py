"""States against the trigger: an account is not liquidated in a state that says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskrules.rulebook.compile import prove_everything
from riskrules.rulebook.load import load_book
from riskrules.rulebook.shelf import Shelf
from tests.places import POLICIES

HEAD = "kind: margin\nrulebook: house-usdm\neffective: 2026-12-15T00:00:00Z\nreason: States anew.\n"
NORMAL, REDUCE = "{below: 85%, state: normal, may: [increase]}", "{at_or_above: 85%, state: reduce_only, may: [reduce]}"
AT = "{at_or_above: 100%, state: liquidation, may: [nothing]}"


def found(tmp_path: Path, equity: str, *states: str, needs: str = "open_position") -> list[str]:
    house = tmp_path / "house-usdm"
    for path in (POLICIES / "house-usdm").rglob("*.yaml"):
        (house / path.parent.name).mkdir(parents=True, exist_ok=True)
        (house / path.parent.name / path.name).write_bytes(path.read_bytes())
    text = f"liquidate_when: {{equity: {{{equity}}}, needs: {needs}}}\n"
    text += "states_by_maintenance_share_of_equity:\n" + "".join(f"  - {state}\n" for state in states)
    (house / "margin/2026-12-15.yaml").write_text(HEAD + text, encoding="utf-8")
    book, problems = load_book(Shelf(tmp_path, packaged=False), "house-usdm")
    assert book is not None, problems
    return [problem.text for problem in prove_everything(book) if problem.code == "RR235"]


@pytest.mark.parametrize(
    "equity, states, why",
    [
        ("at_or_below: maintenance_margin", (NORMAL, REDUCE, AT), "the side is the same: equality liquidates, and is liquidation"),
        ("below: maintenance_margin", (NORMAL, REDUCE, AT.replace("at_or_above", "above")), "and the other way round"),
        ("at_or_below: maintenance_margin", (NORMAL, REDUCE), "the list ends before, and speaks of no liquidation"),
        (
            "at_or_below: maintenance_margin",
            (NORMAL, REDUCE, AT, "{at_or_above: 150%, state: taken_over, may: [nothing]}"),
            "it goes on beyond",
        ),
        ("at_or_below: maintenance_margin", ("{below: 100%, state: normal, may: [increase]}", AT), "two states, one on each side"),
    ],
)
def test_states_that_agree(equity: str, states: tuple[str, ...], why: str, tmp_path: Path) -> None:
    assert found(tmp_path, equity, *states) == [], why


@pytest.mark.parametrize(
    "equity, states, said, why",
    [
        ("below: maintenance_margin", (NORMAL, REDUCE, AT), "not liquidated, and its state is liquidation", "equality"),
        (
            "at_or_below: maintenance_margin", (NORMAL, REDUCE, AT.replace("at_or_above", "above")),
            "an account is liquidated, and its state is reduce_only", "equality liquidates, and the state only begins above",
        ),
        (
            "at_or_below: maintenance_margin", (NORMAL, REDUCE, AT.replace("100%", "105%")),
            "liquidation begins at 100% and liquidation at 105%", "between the two it is liquidated and may reduce",
        ),
        ("at_or_below: maintenance_margin", (NORMAL, REDUCE, AT.replace("nothing", "increase")), "lets it increase", "it grows"),
        ("at_or_below: maintenance_margin", (NORMAL, REDUCE.replace("[reduce]", "[reduce, withdraw]")), "lets it withdraw", "it holds on"),
        ("at_or_below: initial_margin", (NORMAL, REDUCE, AT), "the states go by the maintenance margin", "there is no share to compare"),
    ],
)  # fmt: skip
def test_states_that_contradict_the_trigger(equity: str, states: tuple[str, ...], said: str, why: str, tmp_path: Path) -> None:
    (text,) = found(tmp_path, equity, *states)
    assert said in text, why
