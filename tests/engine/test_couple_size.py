"""Twenty positions: told in thirty lines, whatever binds, and every figure of them in the JSON."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from riskrules.api import load
from riskrules.engine.couple import couple
from riskrules.engine.couple_json import account_json
from riskrules.engine.couple_text import couple_text
from riskrules.engine.couple_view import View, view
from tests.places import ROOT
from tests.rules.told import house_with

WHEN = "2026-12-02T00:00:00Z"
MARKETS = [f"M{k}-USDT" for k in range(20)]
HEAD = "rulebook: house-usdm\neffective: 2026-12-01T08:00:00Z\nreason: Twenty markets.\n"


def row(each: Any) -> str:
    return "{" + ", ".join(f"{market}: {each(k)}" for k, market in enumerate(MARKETS)) + "}"


def portfolio(needed: str, luck: random.Random) -> str:
    scenarios = "".join(
        f"  {name}: {{counted: 100%, moves: {row(lambda k, low=low, high=high: f'{luck.randint(low, high)}%')}}}\n"
        for name, low, high in (("selloff", -35, -5), ("rally", 5, 30), ("mixed", -30, 30))
    )
    matrix = "".join(f"    {a}: {row(lambda k, i=i: '1' if i == k else '0.6')}\n" for i, a in enumerate(MARKETS))
    first, second = ", ".join(MARKETS[:10]), ", ".join(MARKETS[10:])
    return (
        f"kind: portfolio\n{HEAD}markets: [{', '.join(MARKETS)}]\nscenarios:\n{scenarios}correlation:\n"
        f"  each_moves: {row(lambda k: f'{3 + k % 6}%')}\n  multiple: 3\n  matrix:\n{matrix}  if_impossible: refuse\n"
        "  vertices: [base, {toward: ones, by: 60%}, {toward: identity, by: 30%}]\n"
        f"baskets: {{one: [{first}], two: [{second}]}}\n"
        "tree: {whole: {of: [one, two], combine: {one: {one: 1, two: 0.5}, two: {one: 0.5, two: 1}}}}\n"
        f"requirement: {needed}\nliquidate_when: {{equity: {{at_or_below: requirement}}}}\n"
        "switch_of_mode: {equity_is_split: by_requirement, allowed_when: {equity: {above: requirement}}}\n"
        "roots: {to: 0.01, direction: up}\n"
    )


def snapshot(luck: random.Random, balance: str, hedged: bool) -> str:
    marks = {market: f"{luck.uniform(0.1, 1000):.4f}" for market in MARKETS}
    positions = []
    for market, mark in marks.items():
        size = luck.choice((1, -1) if hedged else (1,)) * luck.uniform(1000, 20000) / float(mark)
        entry = f"{float(mark) * luck.uniform(0.95, 1.05):.4f}"
        positions.append(
            {"market": market, "mode": "cross", "size": f"{size:.3f}", "entry_price": entry, "leverage": "10", "unsettled_funding": "0"}
        )
    account = {"id": "twenty", "collateral": {"USDT": balance}, "taker_fee": "0.0005", "positions": positions}
    return json.dumps({"as_of": WHEN, "markets": {m: {"mark_price": p, "at": WHEN} for m, p in marks.items()}, "accounts": [account]})


def seen(folder: Path, needed: str, balance: str, hedged: bool) -> View:
    luck = random.Random(7)
    tiers = "".join(f"  {market}: {{tiers: [{{cap: unlimited, max_leverage: 50, maintenance_rate: 1%}}]}}\n" for market in MARKETS)
    files = {
        "portfolio/2026-12-01.yaml": portfolio(needed, luck),
        "tiers/2026-12-01-twenty.yaml": f"kind: tiers\n{HEAD}form: marginal_on_mark_notional\ntables:\n{tiers}",
    }
    book = load(house_with(folder, files).folder, rulebook="house-usdm", as_of=WHEN)
    read = book.snapshot(snapshot(luck, balance, hedged))
    return view(couple(book.plan, read, read.accounts[0]))


@pytest.mark.parametrize(
    "needed, balance, hedged, says",
    [
        ("{larger_of: [scenarios, correlation]}", "60000", True, "HEALTHY"),
        ("{larger_of: [scenarios, correlation, tree]}", "60000", False, "estimate"),
        ("{sum_of: [scenarios, correlation]}", "9000", True, "LIQUIDATABLE"),
        ("{larger_of: [correlation]}", "100", False, "now"),
    ],
)
def test_it_is_told_in_thirty_lines(needed: str, balance: str, hedged: bool, says: str, tmp_path: Path) -> None:
    one = seen(tmp_path, needed, balance, hedged)
    text = couple_text(one)
    assert says in text
    assert len(text.splitlines()) <= 30 - 4, "whose rules these are, and the command, come after it"
    assert all(len(line) <= 120 for line in text.splitlines())
    schema = json.loads((ROOT / "schemas" / "output" / "couple.json").read_text(encoding="utf-8"))
    account = {"$defs": schema["$defs"], **schema["$defs"]["account"]}
    jsonschema.Draft202012Validator(account).validate(account_json(one))
    assert len(account_json(one)["modes"][0]["groups"][0]["correlation"]["pairs"]) == 190
