"""What a venue's own answer says of positions, in our words: every figure with how exactly it was printed.

Binance's positionRisk and account, Hyperliquid's clearinghouseState and ccxt's unified positions are known
by keys that only they have.  A figure that is not printed is absent, and is then not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.diagnostics.problem import Problem
from riskrules.engine.ccxt import is_ccxt
from riskrules.engine.ccxt_figures import FLOAT, Path
from riskrules.engine.ccxt_raw import at, venue_of
from riskrules.engine.fields import NumberText
from riskrules.engine.places import place_of, tree_of
from riskrules.units.exact import loose_number, to_fraction

Names = Mapping[str, tuple[str, ...]]  # our word → the venue's, the first one given counts; a dot goes one object down

WORKED_OUT = Fraction(1, 10**9)  # of a liquidation price: venues find it in floats, and print more places than those carry
NONE_AT_0 = "liquidation_price"  # venues write 0 or null where there is none
BINANCE: Names = {
    "size": ("positionAmt",),
    "entry_price": ("entryPrice",),
    "mark_price": ("markPrice",),
    "notional": ("notional",),
    "unrealised_profit": ("unRealizedProfit", "unrealizedProfit"),
    "position_maintenance": ("maintMargin",),
    "position_initial": ("positionInitialMargin",),
    "liquidation_price": ("liquidationPrice",),
}
HYPERLIQUID: Names = {
    "size": ("position.szi",),
    "entry_price": ("position.entryPx",),
    "notional": ("position.positionValue",),
    "unrealised_profit": ("position.unrealizedPnl",),
    "liquidation_price": ("position.liquidationPx",),
}
CCXT: Names = {
    "entry_price": ("entryPrice",),
    "mark_price": ("markPrice",),
    "notional": ("notional",),
    "unrealised_profit": ("unrealizedPnl",),
    "position_maintenance": ("maintenanceMargin",),
    "position_initial": ("initialMargin",),
    "liquidation_price": ("liquidationPrice",),
}
WITHOUT_SIGN = ("notional", "position_maintenance", "position_initial")
KNOWN = "Binance's positionRisk or account, Hyperliquid's clearinghouseState, or ccxt's positions (symbol: BTC/USDT:USDT)"


class Figure(NamedTuple):
    """A number as it was printed; the true one lies nearer to it than `within` (or at most so far, where it is whole)."""

    value: Fraction
    within: Fraction

    def is_near(self, low: Fraction, high: Fraction) -> bool:
        """Whether some value from low to high may have been printed so."""
        apart = max(low - self.value, self.value - high, Fraction(0))
        return apart < self.within or apart == 0


class SaidOfLeg(NamedTuple):
    """`figures[name]` is None where the venue says that there is none (a liquidation price)."""

    name: str  # as the venue calls the market
    is_long: bool | None
    mode: str  # "cross", "isolated" or ""
    figures: dict[str, Figure | None]


class Said(NamedTuple):
    shape: str
    legs: tuple[SaidOfLeg, ...]
    cross: dict[str, Figure]  # of the account's cross pool


class Reader:
    """One payload being read; every figure that is no number is told, with its place."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.problems: list[Problem] = []

    def figure(self, node: Any, name: str, path: Path) -> Figure | None:
        value = at(node, name)
        if value in (None, ""):
            return None
        made = printed(value)
        if made is None:
            where = place_of(tree_of(self.text), (*path, *name.split(".")), self.file)
            text = f"{name} is not a number"
            self.problems.append(Problem("RR732", where, text, "correct it, or take it out: it is then not compared", str(value)[:60]))
        return made

    def figures(self, node: Any, names: Names, path: Path) -> dict[str, Figure | None]:
        found: dict[str, Figure | None] = {}
        for ours, theirs in names.items():
            name = next((name for name in theirs if at(node, name) not in (None, "")), None)
            figure = self.figure(node, name, path) if name else None
            if figure is not None:
                found[ours] = figure._replace(value=abs(figure.value)) if ours in WITHOUT_SIGN else figure
            elif ours == NONE_AT_0 and any(_has(node, name) for name in theirs):
                found[ours] = None
        if (price := found.get(NONE_AT_0)) is not None:
            found[NONE_AT_0] = price._replace(within=max(price.within, price.value * WORKED_OUT)) if price.value > 0 else None
        return found


def _has(node: Any, name: str) -> bool:
    *above, last = name.split(".")
    holder = at(node, ".".join(above)) if above else node
    return isinstance(holder, dict) and last in holder


def printed(value: Any) -> Figure | None:
    """A number and the unit of its last place; a whole number is right to a half, a float to what floats cut."""
    text = str(value) if isinstance(value, str) else ""
    got = loose_number(text)
    if got is None:
        return None
    number = to_fraction(got)
    digits, _, power = text.lower().partition("e")
    places = len(digits.partition(".")[2]) - int(power or 0)
    within = Fraction(1, 2) if places <= 0 else Fraction(1, 10**places)
    return Figure(number, max(within, abs(number) * FLOAT) if isinstance(value, NumberText) else within)


def said_by(tree: Any, file: str, text: str) -> tuple[Said | None, list[Problem]]:
    """What the payload says; or that it is of no known shape, or which figures of it are no numbers."""
    reader = Reader(file, text)
    if isinstance(tree, dict) and isinstance(tree.get("assetPositions"), list):
        said = _hyperliquid(reader, tree)
    elif isinstance(tree, dict) and "totalMaintMargin" in tree and isinstance(tree.get("positions"), list):
        legs = tuple(_binance(reader, tree["positions"], ("positions",)))
        alone = not any(leg.mode == "isolated" for leg in legs)
        said = Said("Binance's account", legs, _given(reader.figures(tree, BINANCE_ACCOUNT, ())) if alone else {})
    elif isinstance(tree, list) and any(isinstance(one, dict) and "positionAmt" in one for one in tree):
        said = Said("Binance's positionRisk", tuple(_binance(reader, tree, ())), {})
    elif is_ccxt(tree):
        rows, path = (tree["positions"], ("positions",)) if isinstance(tree, dict) else (tree, ())
        said = Said("ccxt's positions", tuple(_ccxt(reader, rows, path)), {})
    else:
        return None, [Problem("RR731", None, f"{file} is no answer of a venue that is known here", f"give {KNOWN}, as it was printed")]
    return (None if reader.problems else said), reader.problems


BINANCE_ACCOUNT: Names = {"equity": ("totalMarginBalance",), "maintenance_margin": ("totalMaintMargin",)}
HYPERLIQUID_CROSS: Names = {"equity": ("crossMarginSummary.accountValue",), "maintenance_margin": ("crossMaintenanceMarginUsed",)}


def _given(figures: dict[str, Figure | None]) -> dict[str, Figure]:
    return {name: figure for name, figure in figures.items() if figure is not None}


def _binance(reader: Reader, rows: list[Any], path: Path) -> Iterator[SaidOfLeg]:
    for k, row in enumerate(rows):
        figures = reader.figures(row, BINANCE, (*path, k))
        size = figures.get("size")
        if size is None or not size.value or not isinstance(row.get("symbol"), str):
            continue  # a market in which nothing is held
        isolated = row.get("marginType") == "isolated" or row.get("isolated") in (True, "true")
        yield _leg(row["symbol"], size.value > 0, "isolated" if isolated else "cross", figures)


def _hyperliquid(reader: Reader, tree: dict[str, Any]) -> Said:
    legs = []
    for k, row in enumerate(tree["assetPositions"]):
        figures = reader.figures(row, HYPERLIQUID, ("assetPositions", k))
        size, value, mode = figures.get("size"), figures.get("notional"), str(at(row, "position.leverage.type") or "")
        if size is None or not size.value:
            continue
        if value is not None:  # it prints no mark; the value of one is it
            figures["mark_price"] = Figure(value.value / abs(size.value), value.within / abs(size.value))
        used = reader.figure(row, "position.marginUsed", ("assetPositions", k))
        if used is not None:
            figures["position_initial" if mode == "cross" else "equity"] = used
        legs.append(_leg(str(at(row, "position.coin")), size.value > 0, mode, figures))
    return Said("Hyperliquid's clearinghouseState", tuple(legs), _given(reader.figures(tree, HYPERLIQUID_CROSS, ())))


def _ccxt(reader: Reader, rows: list[Any], path: Path) -> Iterator[SaidOfLeg]:
    for k, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("symbol"), str):
            continue
        figures = reader.figures(row, CCXT, (*path, k))
        contracts = reader.figure(row, "contracts", (*path, k))
        of = reader.figure(row, "contractSize", (*path, k))
        if contracts is not None and not contracts.value:
            continue
        if contracts is not None and of is not None:
            figures["size"] = Figure(abs(contracts.value * of.value), contracts.within * of.value)
        venue = venue_of(row["info"]) if isinstance(row.get("info"), dict) else None
        rate = reader.figure(row, "maintenanceMarginPercentage", (*path, k))
        if (
            rate is not None and venue is not None and venue.name == "Binance"
        ):  # elsewhere it is the margin's share, and not the tier's rate
            figures["maintenance_rate"] = rate
        is_long = {"long": True, "short": False}.get(str(row.get("side")))
        yield _leg(row["symbol"], is_long, str(row.get("marginMode") or ""), figures)


def _leg(name: str, is_long: bool | None, mode: str, figures: dict[str, Figure | None]) -> SaidOfLeg:
    size = figures.get("size")
    if size is not None:
        figures["size"] = Figure(abs(size.value), abs(size.value) * FLOAT)  # held in whole lots: it is exact
    return SaidOfLeg(name, is_long, mode, figures)
