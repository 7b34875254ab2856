"""`riskrules show`: what is printed, as golden texts, and what may be asked for.

`python3 dev.py golden` writes the golden texts anew; read the difference.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from riskrules.api import plan_at
from riskrules.cli import show_text
from riskrules.rulebook.aliases import markets_called, spelled, spellings
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import instant
from tests.cli.conftest import Riskrules
from tests.golden import same

GOLDEN = Path(__file__).parent / "golden"


def masked(text: str) -> str:
    """Digests change with the language; the golden texts are about everything else."""
    return re.sub(r"(?<![.\d])\b[0-9a-f]{8}\b", "########", text)


@pytest.mark.parametrize(
    "name, width, arguments, code, why",
    [
        ("in_force_120", 120, ("BTC-USDT", "--as-of", "2026-07-01T00:00:00Z"), 0, "rows given and derived, equality, above the last cap"),
        ("in_force_80", 80, ("BTC-USDT", "--as-of", "2026-07-01T00:00:00Z"), 0, "the same on a narrow terminal"),
        ("undecided_80", 80, ("ETH-USDT", "--as-of", "2026-02-10T00:00:00Z"), 30, "inside the observed interval both are shown"),
        ("withdrawn_80", 80, ("ETH-USDT", "--as-of", "2026-07-01T00:00:00Z"), 30, "since when, and every version that was"),
        ("first_undecided_80", 80, ("SOL-USDT", "--as-of", "2026-02-10T00:00:00Z"), 30, "perhaps a first table, perhaps none"),
        ("not_yet_80", 80, ("SOL-USDT", "--as-of", "2026-01-10T00:00:00Z"), 30, "the first version is still to come"),
        ("book_80", 80, ("--as-of", "2026-07-01T00:00:00Z"), 0, "status, what is unsettled, every formula with its source"),
        ("formula_80", 80, ("--as-of", "2026-07-01T00:00:00Z", "--formula", "maintenance_margin"), 0, "a formula and what it is made of"),
    ],
)
def test_golden(
    name: str, width: int, arguments: tuple[str, ...], code: int, why: str, riskrules: Riskrules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show_text, "width_of", lambda stream: width)
    ran = riskrules("show", *arguments)
    assert same(GOLDEN / f"{name}.txt", masked(ran.out)), why
    assert (ran.code, ran.err) == (code, "")
    assert all(len(line) <= width for line in ran.out.splitlines())


@pytest.mark.parametrize(
    "text, market, why",
    [
        ("BTC-USDT", "BTC-USDT", "its own name"),
        ("BTCUSDT", "BTC-USDT", "the venue's spelling"),
        ("BTC/USDT:USDT", "BTC-USDT", "ccxt's"),
        ("BTCUSDT_261225", "BTC-USDT-261225", "the venue's spelling of a dated one"),
        ("BTC/USDT:USDT-261225", "BTC-USDT-261225", "ccxt's of it"),
        ("ETHUSDT", "ETH-USDT", "a withdrawn market is still spelled"),
    ],
)
def test_a_market_is_known_by_each_of_its_names(text: str, market: str, why: str, riskrules: Riskrules) -> None:
    ran = riskrules("show", text, "--as-of", "2026-07-01T00:00:00Z", "--format", "json")
    assert json.loads(ran.out)["market"] == market, why


@pytest.mark.parametrize(
    "pattern, name, settle, expected, why",
    [
        ("{base}{quote}", "BTC-USDT", "USDT", "BTCUSDT", "run together"),
        ("{base}{quote}", "BTC-USDT-261225", "USDT", None, "without its date it would be another market"),
        ("{base}{quote}_{date}", "BTC-USDT", "USDT", "BTCUSDT", "no date, and no sign before it"),
        ("{base}{quote}{date}", "BTC-USDT", "USDT", "BTCUSDT", "a date without a sign takes nothing along"),
        ("{base}/{quote}:{settle}-{date}", "BTC-USD-261225", "BTC", "BTC/USD:BTC-261225", "an inverse one settles in its base"),
        ("{base}-PERP", "{quote}-USDT", "USDT", "{quote}-PERP", "a name is put in once and not read again"),
    ],
)
def test_spelled(pattern: str, name: str, settle: str, expected: str | None, why: str) -> None:
    assert spelled(pattern, name, settle) == expected, why


def plan_of(here: Path) -> Plan:
    return plan_at(Shelf(here / "policies", packaged=False), "small", instant("2026-07-01T00:00:00Z") or 0)


def test_every_spelling_leads_back(small_house: Path) -> None:
    plan = plan_of(small_house)
    made = {text: name for name in plan.markets() for text in spellings(plan, name).values()}
    assert len(made) == 2 * len(plan.markets())
    assert {text: markets_called(plan, text) for text in made} == {text: [name] for text, name in made.items()}


@pytest.mark.parametrize(
    "arguments, said, why",
    [
        (("BTC-USDT",), "--as-of", "the time is never taken from the clock"),
        (("BTC-USDT", "--as-of", "2026-07-01"), "2026-10-01T00:00:00Z", "a date alone is not an instant"),
        (("XRP-USDC", "--as-of", "2026-07-01T00:00:00Z"), "RR502", "an unknown market has its code"),
        (("btc-usdt", "--as-of", "2026-07-01T00:00:00Z"), "did you mean BTC-USDT", "near matches are named"),
        (("--as-of", "2026-07-01T00:00:00Z", "--formula", "equty"), "did you mean equity", "of a formula too"),
        (("BTC-USDT", "--as-of", "2026-07-01T00:00:00Z", "--formula", "equity"), "not both", "a formula is of the book"),
        (("--as-of", "2026-07-01T00:00:00Z", "--rulebook", "smal"), "did you mean small", "a rulebook that is not there"),
        (("--as-of", "2026-07-01T00:00:00Z", "--policies", "nowhere"), "nowhere", "a folder that is not there"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], said: str, why: str, riskrules: Riskrules) -> None:
    ran = riskrules("show", *arguments)
    assert (ran.code, ran.out) == (2, ""), why
    assert said in ran.err, why


def test_of_several_rulebooks_one_is_named(small_house: Path, riskrules: Riskrules) -> None:
    (small_house / "policies/other").mkdir()
    ran = riskrules("show", "--as-of", "2026-07-01T00:00:00Z")
    assert ran.code == 2
    assert "policies has other, small; name one with --rulebook" in ran.err
    assert riskrules("show", "--as-of", "2026-07-01T00:00:00Z", "--rulebook", "small").code == 0


def test_a_name_in_escapes_is_found(small_house: Path, riskrules: Riskrules) -> None:
    """The files about a market are found by their text; a quoted key may not spell the name letter by letter."""
    path = small_house / "policies/small/tiers/2026-03-01.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("SOL-USDT:", '"S\\x4fL-USDT":'), encoding="utf-8")
    ran = riskrules("show", "SOL-USDT", "--as-of", "2026-07-01T00:00:00Z")
    assert (ran.code, ran.err) == (0, "")


def test_a_piped_json_has_every_row(riskrules: Riskrules) -> None:
    shown = json.loads(riskrules("show", "BTC-USDT", "--as-of", "2026-07-01T00:00:00Z", "--format", "json").out)
    last = shown["tables"][0]["tiers"][-1]
    assert (last["cap"], last["maintenance_rate"], last["maintenance_amount"]) == ("1000000", "1/30", "18250/3")
    assert [row["maintenance_amount_is"] for row in shown["tables"][0]["tiers"]] == ["derived", "given", "derived"]
