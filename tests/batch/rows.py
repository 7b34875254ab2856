"""Snapshots of one account each as the rows of a table, and what the scalar walk says of each row."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from riskrules.api import Book
from riskrules.batch.decided import LEG_TERMS
from riskrules.engine.explain import PoolExplanation
from riskrules.ir.fault import Fault
from tests.reference.accounts import accounts

Snapshot = dict[str, Any]
Columns = dict[str, list[Any]]
FIELDS = ("market", "mode", "size", "entry_price", "leverage", "margin", "unsettled_funding")


def snapshots(folder: Path, n: int, seed: int) -> list[Snapshot]:
    """Without what a table has no column for: open orders, and a margin that is said by a word."""
    made = []
    for k, snapshot in enumerate(accounts(folder, n, seed)):
        (account,) = snapshot["accounts"]
        account["orders"], account["id"] = [], f"a{k:07}"
        for position in account["positions"]:
            if position.get("margin") == "initial":
                position["margin"] = "1000"
        if account["positions"]:
            made.append(snapshot)
    return made


def table(made: Iterable[Snapshot]) -> tuple[Columns, Columns]:
    """The columns of positions and of accounts, every figure as text."""
    made = list(made)
    limits = ["risk_limit"] if any("risk_limit" in position for one in made for position in one["accounts"][0]["positions"]) else []
    positions: Columns = {name: [] for name in ("account", "position_id", "mark_price", "mark_price_at", *FIELDS, *limits)}
    held: Columns = {name: [] for name in ("account", "asset", "amount", "taker_fee", "index_price", "index_price_at")}
    for snapshot in made:
        (account,) = snapshot["accounts"]
        fee = account["taker_fee"]
        fee = str(float(Fraction(fee[:-1]) / 100)) if fee.endswith("%") else fee
        for position in account["positions"]:
            market = snapshot["markets"][position["market"]]
            row = {
                "account": account["id"],
                "position_id": position["id"],
                "mark_price": market["mark_price"],
                "mark_price_at": market["at"],
            }
            for name, column in positions.items():
                column.append(row.get(name, position.get(name)))
        for asset, amount in account["collateral"].items():
            price = snapshot["assets"][asset]
            row = {"account": account["id"], "asset": asset, "amount": amount, "taker_fee": fee, "index_price": price["index_price"]}
            for name, column in held.items():
                column.append(row.get(name, price["at"]))
    return positions, held


def pools_by_position(book: Book, snapshot: Snapshot) -> dict[str, tuple[PoolExplanation, int]]:
    return {pool.evaluated.rows.legs[k].id: (pool, k) for pool in book.explain(snapshot).pools for k in pool.legs}


def exact(pool: PoolExplanation, leg: int, name: str) -> Any:
    """A figure of a row as the scalar walk has it: a fraction, or the fault."""
    evaluated = pool.evaluated
    value = (
        evaluated.value("equity", pool.number)
        if name == "equity"
        else evaluated.value(LEG_TERMS[name], evaluated.row_of(LEG_TERMS[name], leg))
    )
    return value if isinstance(value, Fault) else Fraction(value[0], value[1])
