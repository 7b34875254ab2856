"""Mutated snapshots: faults or a snapshot, and of a snapshot decisions; never an exception, never healthy out of nothing.

What a position needs is looked for a second time here, in the plain tree: where the mark price, the entry
price, the margin, the balances or an age are gone or no number, the pool of that position is an error.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from riskrules.api import Book, Explanation
from riskrules.diagnostics import render
from riskrules.diagnostics.codes import CODES
from riskrules.diagnostics.problem import Problem
from riskrules.engine.decide import ERROR, decide
from riskrules.engine.door import read_snapshot
from riskrules.engine.explain import PoolExplanation, explanations
from riskrules.engine.explain_json import step_json
from riskrules.engine.explain_text import pool_text
from riskrules.engine.snapshot import Snapshot
from riskrules.engine.turns import turn_lines
from riskrules.rulebook.compile import compile_book
from riskrules.rulebook.load import load_book
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import instant
from tests.fuzz.fuzz_reader import second_reading
from tests.fuzz.mutants import changed
from tests.fuzz.watch import Mutant

ROOT = Path(__file__).resolve().parents[2]
HOUSE = """\
as_of: 2026-12-02T00:00:00Z
rulebook: house-usdm
markets:
  BTC-USDT: {mark_price: 64123.4, index_price: 64120.1, at: 2026-12-01T23:59:59.2Z, tick: 0.1}
  ETH-USDT: {mark_price: 2500.25, at: 2026-12-01T23:59:58Z}
  HIVE-USDT:                               # thin
    mark_price: 0.21
    at: 2026-12-01T23:59:57.5+00:00
assets:
  BTC: {index_price: 64120.1, at: 2026-12-01T23:59:50Z}
accounts:
  - id: a1
    taker_fee: 0.05%
    collateral: {USDT: 11000, BTC: -0.01}
    leverage: {HIVE-USDT: 10}
    positions:
      - {id: p1, market: BTC-USDT, mode: cross, side: long, size: 3, entry_price: 63000, leverage: 20, unsettled_funding: -2.5}
      - {id: p2, market: BTC-USDT, mode: cross, side: short, size: -1, entry_price: 65000, leverage: 20, unsettled_funding: 1}
      - {id: p3, market: ETH-USDT, mode: isolated, size: -3, entry_price: 2500, margin: 400, unsettled_funding: 0}
      - {id: p4, market: HIVE-USDT, mode: cross, size: 20000, entry_price: 0.2, unsettled_funding: 0}
    orders:
      - {market: BTC-USDT, side: buy, size: 1, price: 60000, reduce_only: false}
      - {market: ETH-USDT, side: sell, size: 2, price: 2600, reduce_only: true, leverage: 5}
"""
STRANGE: tuple[Any, ...] = (
    None, True, False, "", " ", "NaN", "nan", "inf", "-Infinity", "0", "-0", "-1", "1e-05", "1e80", "1E-80", "1e999", "9" * 80,
    "0." + "3" * 77, "1/3", "1/0", "1/-3", "/", "1//2", "٣", "1_000", "5%", "initial", "long", "short", "cross", "isolated", "buy", "sell",
    "BTC-USDT", "NO-MARKET", "USDT", "\u202e", "\ud800", "a\nb", [], {}, [[]], [None], {"a": 1}, {"mark_price": "1"}, 0, 1, -1, 1e-5, 1e300,
    float("nan"), float("inf"), 10**400, "2026-12-02T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "2026-12-02",
    "x" * 500,
)  # fmt: skip
NUMBERS = ("0", "-0.0", "1", "0.01", "1/3", "64123.4", "-64123.4", "1e-05", "1e40", "1E-40", "0." + "3" * 77, "9" * 80)
WITH_TURNS = 0.02  # the share of pools asked what would turn them: a search, and slow
Tree = Any


@dataclass(frozen=True, slots=True)
class Parent:
    """A snapshot that is right, and the plan it is decided under."""

    name: str
    text: str
    plan: Plan
    weight: int


@cache
def parents() -> tuple[Parent, ...]:
    account, orders = ((ROOT / "examples" / name).read_text(encoding="utf-8") for name in ("account.json", "orders.json"))
    return (
        Parent("account.json", account, plan_of("hyperliquid", "2026-09-06T16:46:15.818Z"), 1),
        Parent("account-cut.json", json.dumps(_cut(json.loads(account)), indent=1), plan_of("hyperliquid", "2026-09-06T16:46:15.818Z"), 12),
        Parent("orders.json", orders, plan_of("binance-usdm", "2026-10-01T00:00:00Z"), 12),
        Parent("house.yaml", HOUSE, plan_of("house-usdm", "2026-12-02T00:00:00Z"), 12),
    )


def plan_of(rulebook: str, when: str) -> Plan:
    book, problems = load_book(Shelf(ROOT / "policies", packaged=False), rulebook)
    at = instant(when)
    assert book is not None, problems
    assert at is not None
    return compile_book(book, at)


def _cut(tree: Tree) -> Tree:
    """The first two positions and the isolated one, the note left out."""
    account = tree["accounts"][0]
    legs = [leg for k, leg in enumerate(account["positions"]) if k < 2 or leg["mode"] == "isolated"]
    markets = {leg["market"]: tree["markets"][leg["market"]] for leg in legs}
    return {"as_of": tree["as_of"], "rulebook": tree["rulebook"], "markets": markets, "accounts": [{**account, "positions": legs}]}


# -- mutants ---------------------------------------------------------------------------------------


def fuzz(dice: random.Random) -> Mutant:
    parent = dice.choices(parents(), [one.weight for one in parents()])[0]
    text = _of_tree(parent, dice) if parent.name.endswith(".json") and dice.random() < 0.5 else _of_text(parent, dice)
    turns = dice.random() < WITH_TURNS
    return Mutant(parent.name, text.encode("utf-8", "surrogatepass"), lambda: judge(parent, text, turns))


def _of_text(parent: Parent, dice: random.Random) -> str:
    return changed(parent.text.encode(), dice).decode("utf-8", "surrogateescape" if dice.random() < 0.5 else "replace")


def _of_tree(parent: Parent, dice: random.Random) -> str:
    """Values, keys and entries changed in the tree, then printed as JSON programs do."""
    tree = json.loads(parent.text)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        holder, key = dice.choice(list(_places(tree)))
        dice.choice((_value_strange, _taken_out, _taken_out, _key_renamed, _moved, _number_other, _number_other))(holder, key, tree, dice)
    return json.dumps(tree, ensure_ascii=dice.random() < 0.5)


def _places(node: Tree) -> Iterator[tuple[Any, Any]]:
    """Every place below a node: what holds it, and its key or number there."""
    steps = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for step in steps:
        yield node, step
        yield from _places(node[step])


def _value_strange(holder: Any, key: Any, tree: Tree, dice: random.Random) -> None:
    holder[key] = dice.choice(STRANGE)


def _number_other(holder: Any, key: Any, tree: Tree, dice: random.Random) -> None:
    """A number that is one, in the place of any number of the tree."""
    numbers = [(inner, step) for inner, step in _places(tree) if _is_number(inner[step])]
    if numbers:
        inner, step = dice.choice(numbers)
        inner[step] = dice.choice((*NUMBERS, f"-{inner[step]}", f"{inner[step].split('/')[0]}e{dice.randrange(-6, 7)}"))


def _taken_out(holder: Any, key: Any, tree: Tree, dice: random.Random) -> None:
    del holder[key]


def _key_renamed(holder: Any, key: Any, tree: Tree, dice: random.Random) -> None:
    if isinstance(holder, dict):
        holder[dice.choice((f"{key}s", key[1:], "\u202e", "\ud800x", "USDT", "BTC", "BTC-USDT", "a\nb"))] = holder.pop(key)
    else:
        holder.append(holder[key])


def _moved(holder: Any, key: Any, tree: Tree, dice: random.Random) -> None:
    """The value of another place copied here, as it stands."""
    other, step = dice.choice(list(_places(tree)))
    holder[key] = json.loads(json.dumps(other[step]))


# -- judging ---------------------------------------------------------------------------------------


def judge(parent: Parent, text: str, turns: bool) -> str:
    """`refused`, or `accepted` with what the decisions were."""
    snapshot, problems = read_snapshot(text, parent.name, parent.plan.drivers)
    if snapshot is None:
        _told(problems, parent.name, text)
        return "refused"
    assert not problems, "accepted with a problem"
    pools = [[*explanations(decide(parent.plan, snapshot, account))] for account in snapshot.accounts]
    for number, (node, mine) in enumerate(zip(_tree(text)["accounts"], pools, strict=True)):
        _nothing_healthy_out_of_nothing(_tree(text), node, mine, parent.plan, snapshot.accounts[number].id)
    _said(parent.plan, snapshot, [pool for mine in pools for pool in mine], turns)
    decisions = sorted({pool.decision for mine in pools for pool in mine})
    return f"accepted: {' and '.join(decisions) or 'nothing to decide'}"


def _told(problems: list[Problem], name: str, text: str) -> None:
    assert problems, "refused without a reason"
    for problem in problems:
        assert problem.code in CODES, problem
        assert problem.text, problem
        assert problem.hint, problem
    _shows(render(problems, {name: text}))


def _shows(text: str) -> None:
    assert text.replace("\n", "").isprintable(), f"a character without a glyph reached the screen: {text!r}"


def _said(plan: Plan, snapshot: Snapshot, pools: list[PoolExplanation], turns: bool) -> None:
    """Both forms of the explanation, at both depths."""
    for pool in pools:
        lines = turn_lines(pool) if turns else []
        for depth in (1, 2):
            _shows(pool_text(pool, depth, lines, colour=False))
    made = (
        Explanation(Book(plan, snapshot.as_of or 0), snapshot, tuple(pools)).to_dict(2)
        if turns
        else [step_json(step) for pool in pools for step in pool.steps(1)]
    )
    assert json.dumps(made, allow_nan=False, ensure_ascii=False).encode()


def _tree(text: str) -> Tree:
    """The plain tree by other parsers, every number as the text that was written."""
    if text.lstrip()[:1] in ("{", "["):
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    return second_reading(text)


def _nothing_healthy_out_of_nothing(tree: Tree, account: Tree, pools: list[PoolExplanation], plan: Plan, name: str) -> None:
    legs = [leg for leg in account.get("positions") or () if not _is_zero(leg["size"])]
    held = [(pool.evaluated.rows.legs[k], pool) for pool in pools for k in pool.legs]
    assert len(held) == len(legs), f"{len(legs)} positions are open, {len(held)} stand in a pool of {name}"
    for leg in legs:
        lacks = next((what for what, good in _needs(tree, account, leg, plan) if not good), "")
        pool = next(pool for one, pool in held if leg in _of_the_id(legs, one.id, one.market, one.side))
        assert not lacks or pool.decision == ERROR, f"{lacks} of {leg} is missing, and its pool is {pool.decision}"


def _of_the_id(legs: list[Tree], name: str, market: str, side: str) -> list[Tree]:
    return [leg for leg in legs if leg.get("id", name) == name and leg["market"] == market and (leg.get("side") or "") == side]


def _needs(tree: Tree, account: Tree, leg: Tree, plan: Plan) -> Iterator[tuple[str, bool]]:
    market = (tree.get("markets") or {}).get(leg["market"]) or {}
    yield "mark price", _is_positive(market.get("mark_price"))
    yield "entry price", _is_number(leg.get("entry_price"))
    yield "size", _is_number(leg.get("size"))
    yield "market", leg["market"] in plan.markets()
    if leg["mode"] == "cross":
        yield "collateral", isinstance(account.get("collateral"), dict)
    else:
        yield "margin", _is_number(leg.get("margin")) or leg.get("margin") == "initial"
    if plan.rulebook == "house-usdm":
        yield "age", isinstance(market.get("at"), str) and isinstance(tree.get("as_of"), str)
        yield "unsettled funding", _is_number(leg.get("unsettled_funding"))


_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def _is_number(value: Any) -> bool:
    """A decimal or a quotient of two; the spelling alone, no value."""
    if not isinstance(value, str):
        return False
    parts = value.split("/")
    return len(parts) < 3 and all(_DECIMAL.fullmatch(part) for part in parts)


def _is_positive(value: Any) -> bool:
    return _is_number(value) and not value.startswith("-") and not _is_zero(value)


def _is_zero(value: str) -> bool:
    """No digit but 0 before the exponent and above the stroke."""
    return not re.search(r"[1-9]", re.split(r"[eE/]", value)[0])
