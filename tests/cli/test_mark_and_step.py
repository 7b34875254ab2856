"""`riskrules mark` and `riskrules step`: what is printed, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import HERE, Riskrules
from tests.golden import same

ROOT = HERE.parent.parent
SHIPPED = ("--policies", str(ROOT / "policies"))


def printed(text: str) -> str:
    """Without the line that says where the policies lie and what all their texts come to."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("policies  ")) + "\n"


@pytest.mark.parametrize(
    "command, example, code, why",
    [("mark", "legs.json", 30, "one of three is undecided"), ("step", "liquidation.json", 30, "one of four has no market")],
)
def test_golden(command: str, example: str, code: int, why: str, riskrules: Riskrules) -> None:
    ran = riskrules(command, str(ROOT / "examples" / example), *SHIPPED)
    assert ran.code == code, why
    assert same(HERE / "golden" / f"{command}_120.txt", printed(ran.out)), "python3 dev.py golden writes it anew"


@pytest.mark.parametrize(
    "arguments, code, says, why",
    [
        (("mark", "legs.json", "--market", "BTC-USDT"), 0, "MARK  BTC-USDT", "one that is decided"),
        (("mark", "legs.json", "--market", "XRP-USDT"), 2, "no legs of 'XRP-USDT'", "wrong use"),
        (
            ("mark", "legs.json", "--rulebook", "binance-usdm", "--as-of", "2026-10-01T00:00:00Z"),
            30,
            "RR535",
            "no rule is taken for theirs",
        ),
        (("step", "liquidation.json", "--account", "a1"), 0, "STEP 3 of 6", "one that is known"),
        (("step", "liquidation.json", "--account", "a9"), 2, "no account 'a9'", "wrong use"),
        (
            ("step", "liquidation.json", "--rulebook", "binance-usdm", "--as-of", "2026-10-01T00:00:00Z"),
            30,
            "RR535",
            "no strategy is taken for theirs",
        ),
    ],
)
def test_exit_codes(arguments: tuple[str, ...], code: int, says: str, why: str, riskrules: Riskrules) -> None:
    command, example, *more = arguments
    ran = riskrules(command, str(ROOT / "examples" / example), *more, *SHIPPED)
    assert ran.code == code, why
    assert says in ran.out + ran.err


def changed(example: str, *path: Any, to: Any) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((ROOT / "examples" / example).read_text(encoding="utf-8"))
    node: Any = tree
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = to
    return tree


@pytest.mark.parametrize(
    "command, tree, code, why",
    [
        ("mark", changed("legs.json", "markets", "BTC-USDT", "last_price", to={}), "RR602", "a key that nobody declared"),
        ("mark", changed("legs.json", "markets", "BTC-USDT", "index_price", "price", to="NaN"), "RR604", "not a number"),
        ("mark", changed("legs.json", "markets", "BTC-USDT", "last_trade", to={"at": "2026-12-01T00:00:00Z"}), "RR603", "no price"),
        ("mark", changed("legs.json", "markets", "BTC-USDT", "book", to={"bids": [["1"]], "asks": []}), "RR604", "no size"),
        ("step", changed("liquidation.json", "liquidation", "fund", to={}), "RR602", "a key that nobody declared"),
        ("step", changed("liquidation.json", "liquidation", "pools", 0, "done", to={"three": 1}), "RR604", "a step has a number"),
        ("step", changed("liquidation.json", "liquidation", "pools", 0, "done", to={"3": "1.5"}), "RR604", "once and a half"),
        (
            "step",
            changed("liquidation.json", "liquidation", "pools", to=[{"account": "a1", "begun": True}] * 2),
            "RR605",
            "which of the two?",
        ),
        ("step", changed("liquidation.json", "liquidation", "counterparties", 0, to={"id": "b"}), "RR603", "of which size?"),
        ("step", changed("liquidation.json", "accounts", 0, "colateral", to={}), "RR602", "the snapshot is read as ever"),
    ],
)
def test_a_wrong_input_is_told(command: str, tree: dict[str, Any], code: str, why: str, small_house: Path, riskrules: Riskrules) -> None:
    (small_house / "input.json").write_text(json.dumps(tree), encoding="utf-8")
    ran = riskrules(command, "input.json", *SHIPPED)
    assert ran.code == 2, why
    assert f"[{code}]" in ran.err, why
