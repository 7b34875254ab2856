"""What the page of formulas says of names, rows and a whole health is so."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

import riskrules
from riskrules.ir import term as t
from riskrules.rulebook.compile import prove_everything
from riskrules.rulebook.formulas import BASE_FIGURES
from riskrules.rulebook.load import load_book
from riskrules.rulebook.shelf import Shelf
from riskrules.units.exact import to_fraction
from tests.rules.told import EXAMPLE, ROOT, codes_in_house

PAGE = (ROOT / "docs" / "rules" / "formula.md").read_text(encoding="utf-8")
NAMES = [
    (name, rows, unit)
    for names, rows, unit in re.findall(r"^\| (`.+?`) \| `(\w+)` \| `([\w/]+)` \|", PAGE, re.MULTILINE)
    for name in re.findall(r"`(\w+)`", names)
]
ROWS = {
    kind: re.findall(r"`(\w+)`", above)
    for kinds, above in re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \| (.+?) \|$", PAGE.partition("**Rows.**")[2].partition("Upward")[0], re.MULTILINE
    )
    for kind in re.findall(r"`(\w+)`", kinds)
}
# What tables and the engine hand each other, and figures that other pages tell of.
NOT_SHOWN = {
    "caps", "maintenance_rates", "maintenance_amounts", "max_leverages", "mark_price_age", "index_price_age", "weight", "owed_weight",
    "weight_slices", "slices_of_value", "order_leverage", "open_legs", "posts_initial", "risk_limit", "move", "not_published",
}  # fmt: skip


@pytest.mark.parametrize("name, rows, unit", NAMES)
def test_every_name_is_of_these_rows_in_this_unit(tmp_path: Path, name: str, rows: str, unit: str) -> None:
    text = (
        "kind: formula\nrulebook: house-usdm\neffective: 2027-01-01T08:00:00Z\nreason: A name.\nterms:\n  named:\n"
        f"    rows: {rows}\n    unit: {unit}\n    expression: {name}\n    reads_as: The figure.\n"
        f"    example: {{given: {{{name}: 1}}, gives: 1}}\n"
    )
    assert codes_in_house(tmp_path, {"formula/2027-01-01.yaml": text}) == set()


def test_every_name_is_told() -> None:
    assert BASE_FIGURES - {name for name, _, _ in NAMES} == NOT_SHOWN


def test_the_table_of_rows_is_the_engines() -> None:
    shown = {kind for kind in t.ROWS if kind not in ("counterparty", "level", "scenario")}
    assert {kind: set(ROWS[kind]) for kind in shown} == {kind: {one for one in t.UP[kind] if one in t.ROWS} for kind in shown}


HEAD = "kind: {kind}\nrulebook: some-venue\neffective: 2027-01-01T08:00:00Z\nreason: First version.\n"
OTHERS = {
    "contracts": "markets:\n  BTC-USDC: {type: linear, size_in: base, settle: quote, multiplier: 1, tick: not_stated, lot: not_stated}\n",
    "prices": "mark_price: {too_old: not_stated}\nindex_price: {too_old: not_stated}\n",
    "status": "title: Some venue\nauthority: house\nstale_after: never\nunsettled: []\n",
    "margin": """account: {margin_modes: [cross], hedge_legs: not_allowed, pools: {per_account_in: USDC}, posted_margin: given}
equity:
  wallet_balance: {formula: balance_value}
  unrealised_profit: 100%
  unrealised_loss: 100%
  funding_owed: not_counted
  funding_due: not_counted
collateral: {USDC: {weight: 100%, owed_weight: 100%}, BTC: {weight: 100%, owed_weight: 100%}}
initial_margin:
  position: {formula: taken_off_position}
  orders: {count: not_counted, price: order_price, reduce_only: excluded, opening_loss: not_reserved, fee: none}
  plus: {formula: besides_positions}
maintenance_margin: {position: {formula: taken_off_position}, fee: none, plus: {formula: besides_positions}}
rounding: {position_margins: none, pool_margins: none, equity: none}
may_increase: {equity: {at_or_above: initial_margin}}
liquidate_when: {equity: {below: maintenance_margin}, needs: nothing}
states_by_maintenance_share_of_equity: none
""",
}


def test_the_health_of_the_page_is_a_rulebook(tmp_path: Path) -> None:
    """With the sections that the page names, and nothing else: no table, no tier form, no weights of its own."""
    files = {f"{kind}/2027-01-01.yaml": HEAD.format(kind=kind) + body for kind, body in OTHERS.items()}
    health, pair = (text for text in EXAMPLE.findall(PAGE) if "rulebook: some-venue" in text)
    files |= {"formula/2027-01-01-health.yaml": health, "formula/2027-01-01-pair.yaml": pair}
    for name, text in files.items():
        path = tmp_path / "some-venue" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    book, problems = load_book(Shelf(tmp_path, packaged=False), "some-venue")
    assert problems == []
    assert book is not None
    assert list(prove_everything(book)) == []
    at = "2027-01-02T00:00:00Z"
    leg = {"id": "p", "market": "BTC-USDC", "mode": "cross", "size": "-1.5", "entry_price": "60000"}
    shot = {
        "as_of": at, "accounts": [{"id": "a", "collateral": {"BTC": "1"}, "positions": [leg]}],
        "markets": {"BTC-USDC": {"mark_price": "60000", "long_weight": "0.9", "short_weight": "1.1"}},
        "assets": {"BTC": {"index_price": "60000", "coin_weight": "0.9", "coin_debt_weight": "1.1"}},
    }  # fmt: skip
    (pool,) = riskrules.load(tmp_path, rulebook="some-venue", as_of=at).explain(shot).pools
    figures = {name: to_fraction(pool.evaluated.value(name, 0)) for name in ("equity", "maintenance_margin", "paired")}
    assert figures == {"equity": 60_000, "maintenance_margin": 6_000 + 9_000, "paired": Fraction(1)}
