"""What a venue's own payload prints of an account: each figure as its text, by our names.

Known: Binance's positionRisk and account, Hyperliquid's clearinghouseState, ccxt's unified positions.  A figure
that is not printed is left out; nothing is taken as 0.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from riskrules.diagnostics.problem import Problem

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE]-?\d+)?")
HYPERLIQUID = {
    "size": "szi", "entry_price": "entryPx", "notional": "positionValue", "unrealised_profit": "unrealizedPnl",
    "liquidation_price": "liquidationPx",
}  # fmt: skip
BINANCE = {
    "size": "positionAmt", "entry_price": "entryPrice", "mark_price": "markPrice", "notional": "notional",
    "position_maintenance": "maintMargin", "unrealised_profit": ("unRealizedProfit", "unrealizedProfit"),
    "liquidation_price": "liquidationPrice",
}  # fmt: skip
CCXT = {
    "entry_price": "entryPrice", "mark_price": "markPrice", "notional": "notional", "position_maintenance": "maintenanceMargin",
    "unrealised_profit": "unrealizedPnl", "liquidation_price": "liquidationPrice",
}  # fmt: skip
HINT = "give what Binance's positionRisk or account, Hyperliquid's clearinghouseState or ccxt's fetch_positions printed"


class PrintedLeg(NamedTuple):
    symbol: str
    side: str  # "long", "short", or "" where it is not said
    figures: dict[str, str]


class PrintedAccount(NamedTuple):
    of: str  # whose payload it is
    legs: tuple[PrintedLeg, ...]
    figures: dict[str, str]  # of the cross pool


def printed_by(tree: Any) -> PrintedAccount | Problem:
    if isinstance(tree, dict) and isinstance(tree.get("assetPositions"), list):
        return _hyperliquid(tree)
    rows = tree.get("positions") if isinstance(tree, dict) else tree
    if isinstance(rows, list) and all(isinstance(row, dict) and isinstance(row.get("symbol"), str) for row in rows) and rows:
        if any("info" in row for row in rows):
            return PrintedAccount("ccxt positions", tuple(_leg(row, CCXT, str(row.get("side") or "")) for row in rows), {})
        if any("positionAmt" in row for row in rows):
            whole = tree if isinstance(tree, dict) else {}
            totals = _figures(whole, {"maintenance_margin": "totalMaintMargin", "equity": "totalMarginBalance"})
            legs = tuple(_leg(row, BINANCE, _side(row.get("positionAmt"))) for row in rows if _side(row.get("positionAmt")))
            return PrintedAccount("Binance positions", legs, totals)
    return Problem("RR731", None, "this is no payload of a venue that is known here", HINT)


def _hyperliquid(tree: dict[str, Any]) -> PrintedAccount:
    rows = [one["position"] for one in tree["assetPositions"] if isinstance(one, dict) and isinstance(one.get("position"), dict)]
    legs = tuple(_leg({**row, "symbol": str(row.get("coin"))}, HYPERLIQUID, _side(row.get("szi"))) for row in rows)
    summary = tree.get("crossMarginSummary")
    totals = _figures(tree, {"maintenance_margin": "crossMaintenanceMarginUsed"})
    return PrintedAccount(
        "Hyperliquid clearinghouseState", legs, totals | _figures(summary if isinstance(summary, dict) else {}, {"equity": "accountValue"})
    )


def _leg(row: dict[str, Any], names: dict[str, Any], side: str) -> PrintedLeg:
    figures = _figures(row, names)
    if figures.get("liquidation_price", "").strip("0.") == "":
        figures.pop("liquidation_price", None)  # 0 is how some print that there is none
    if "notional" in figures:
        figures["notional"] = figures["notional"].lstrip("-")  # ours has no sign
    return PrintedLeg(row["symbol"], side, figures)


def _side(size: Any) -> str:
    text = str(size)
    if not NUMBER.fullmatch(text) or not text.strip("-0."):
        return ""
    return "short" if text.startswith("-") else "long"


def _figures(row: dict[str, Any], names: dict[str, Any]) -> dict[str, str]:
    found = {}
    for ours, theirs in names.items():
        for name in (theirs,) if isinstance(theirs, str) else theirs:
            if NUMBER.fullmatch(str(row.get(name))):
                found[ours] = str(row[name])
    return found
