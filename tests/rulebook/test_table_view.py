"""Every version of a table, and in a few words how it differs from the one before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from riskrules.api import plan_at
from riskrules.rulebook.shelf import Shelf
from riskrules.rulebook.table_view import GONE, IN_FORCE, NO_TABLE, NOT_YET, UNDECIDED, MarketView, market_view, what_changed
from riskrules.units.clock import instant

SMALL = Path(__file__).resolve().parents[1] / "cli" / "policies"
ONE = "{cap: 50_000, max_leverage: 100, maintenance_rate: 0.5%}"
TWO = "{cap: 90_000, max_leverage: 50, maintenance_rate: 1%}"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("RISKRULES_CACHE", "off")
    shutil.copytree(SMALL, tmp_path / "policies")
    return Shelf(tmp_path / "policies", packaged=False)


def write(shelf: Shelf, day: str, body: str, kind: str = "tiers") -> None:
    path = shelf.folder / "small" / kind / f"{day}.yaml"
    path.parent.mkdir(exist_ok=True)
    head = f"kind: {kind}\nrulebook: small\neffective: {day}T00:00:00Z\nreason: A test.\n"
    path.write_text(head + body, encoding="utf-8")


def tables(*rows: str, market: str = "XRP-USDT", form: str = "marginal") -> str:
    return f"form: {form}\ntables:\n  {market}:\n    tiers:\n" + "".join(f"      - {row}\n" for row in rows)


def view(shelf: Shelf, name: str, day: str) -> MarketView | None:
    when = instant(f"{day}T00:00:00Z") or 0
    return market_view(plan_at(shelf, "small", when), shelf, name, when)


@pytest.mark.parametrize(
    "after, said, why",
    [
        (tables(ONE, TWO), "says the same", "the same rows under a later time"),
        (tables(ONE, TWO.replace("1%", "2%")), "1 row differs", "a rate at the same cap"),
        (tables(ONE.replace("100", "75"), TWO.replace("1%", "2%")), "2 rows differ", "a leverage and a rate"),
        (tables(ONE), "1 row gone", "a cap that is no more"),
        (tables(ONE, TWO, "{cap: unlimited, max_leverage: 1, maintenance_rate: 2%}"), "1 row new", "one above"),
        (tables(ONE, TWO.replace("90_000", "80_000")), "1 row new, 1 gone", "a cap that moved is another row"),
        (tables(ONE, TWO.replace("1%", "1%, maintenance_amount: 250")), "the same rows, written otherwise", "an amount that was derived"),
        ("form: marginal\nwithdrawn: [XRP-USDT]\n", "withdrawn", "the market is gone"),
    ],
)
def test_what_changed(after: str, said: str, why: str, shelf: Shelf) -> None:
    write(shelf, "2026-07-01", tables(ONE, TWO))
    write(shelf, "2026-08-01", after)
    found = view(shelf, "XRP-USDT", "2026-07-02")
    assert found is not None
    assert list(what_changed(found.versions)) == ["first version, 2 rows", said], why


def test_what_changed_between_kinds(shelf: Shelf) -> None:
    flat = "form: marginal\ntables:\n  XRP-USDT: {maintenance_rate: 2%, max_leverage: 20}\n"
    write(shelf, "2026-07-01", tables(ONE))
    write(shelf, "2026-07-02", flat, "flat")
    write(shelf, "2026-07-03", flat.replace("2%", "3%"), "flat")
    write(shelf, "2026-07-04", "form: marginal\nwithdrawn: [XRP-USDT]\n")
    write(shelf, "2026-07-05", tables(ONE))
    found = view(shelf, "XRP-USDT", "2026-07-02")
    assert found is not None
    assert list(what_changed(found.versions)) == [
        "first version, 1 row",
        "now one flat rate",
        "the flat rate differs",
        "withdrawn",
        "back again, 1 row",
    ]


@pytest.mark.parametrize(
    "name, day, verdict, why",
    [
        ("BTC-USDT", "2026-07-01", IN_FORCE, "one table, surely"),
        ("ETH-USDT", "2026-02-10", UNDECIDED, "inside the interval two may be in force"),
        ("ETH-USDT", "2026-03-01", IN_FORCE, "at its end the later one surely is"),
        ("ETH-USDT", "2026-06-01", GONE, "withdrawn from that very instant"),
        ("SOL-USDT", "2026-02-01", NOT_YET, "the interval has not begun"),
        ("SOL-USDT", "2026-02-02", UNDECIDED, "inside it a table or none"),
        ("DOGE-USDT", "2026-07-01", NO_TABLE, "a contract alone"),
    ],
)
def test_verdict(name: str, day: str, verdict: str, why: str, shelf: Shelf) -> None:
    contract = "{type: linear, size_in: base, settle: quote, multiplier: 1, tick: not_stated, lot: not_stated}"
    write(shelf, "2026-01-02", f"markets:\n  DOGE-USDT: {contract}\n", "contracts")
    found = view(shelf, name, day)
    assert found is not None, why
    assert found.verdict == verdict, why


def test_a_market_that_no_file_speaks_of(shelf: Shelf) -> None:
    assert view(shelf, "PEPE-USDT", "2026-07-01") is None
