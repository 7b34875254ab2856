"""Rows from a source: what each of its figures is called there, where it stands, and whose market it is.

Nothing is judged here but the shape.  A figure keeps the text it was printed with; ccxt turns decimals
into floats, so the venue's own strings under `info` are read where ccxt carries them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.importing.json_text import JsonText
from riskrules.rulebook.importing.names import COIN_QUOTES, QUOTES, Unnamed, market_of, run_together
from riskrules.text.document import Path
from riskrules.units.exact import loose_number

Shape = Literal["ccxt", "binance", "rows"]
Figure = Literal["number", "floor", "cap", "leverage", "rate", "amount"]

MISSING = object()

_BRACKET: dict[Figure, str] = {
    "number": "bracket",
    "floor": "notionalFloor",
    "cap": "notionalCap",
    "leverage": "initialLeverage",
    "rate": "maintMarginRatio",
    "amount": "cum",
}
_COIN_BRACKET: dict[Figure, str] = {**_BRACKET, "floor": "qtyFloor", "cap": "qtyCap"}
_UNIFIED: dict[Figure, str] = {
    "number": "tier", "floor": "minNotional", "cap": "maxNotional", "leverage": "maxLeverage", "rate": "maintenanceMarginRate",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: its name at the source, what is written there, and where."""

    name: str
    value: Any
    path: Path


Row = dict[Figure, Cell]


@dataclass(frozen=True, slots=True)
class SourceMarket:
    name: str
    path: Path
    tiers: Path  # of the list that its rows stand in
    rows: tuple[Row, ...]


@dataclass(slots=True)
class Source:
    """The markets of one file, and what is wrong with those that cannot be made out."""

    markets: dict[str, SourceMarket]
    problems: list[Problem]
    unsure: set[str]  # what the others may be: names and symbols, run together
    twice: set[str] = field(default_factory=set)  # of the markets, those of which another one stands in the file

    def may_hold(self, name: str) -> bool:
        return name in self.markets or run_together(name) in self.unsure


class Misshapen(Exception):
    """Not the shape that was said; carries where, what is wrong and what was expected."""

    def __init__(self, path: Path, text: str, expected: str) -> None:
        super().__init__(text)
        self.path, self.text, self.expected = path, text, expected


def markets_of(value: Any, where: JsonText, shape: Shape) -> Source:
    """Every market of the file; of a file of another shape none, because half a file says nothing of the other half."""
    source = Source({}, [], set())
    try:
        for symbol, path, item in _ENTRIES[shape](value):
            try:
                tiers = (*path, *_LIST[shape])
                _add(source, symbol, path, tiers, tuple(_ROWS[shape](value, tiers, item)), where)
            except Misshapen as wrong:
                source.unsure.add(run_together(symbol))
                source.problems.append(_misshapen(wrong, where, f"{symbol!a}: "))
    except Misshapen as wrong:
        return Source({}, [_misshapen(wrong, where, "")], set())
    if not source.markets and not source.problems:
        source.problems.append(_misshapen(Misshapen((), "the file has no market", "the source's answer for all its markets"), where, ""))
    return source


def _misshapen(wrong: Misshapen, where: JsonText, whose: str) -> Problem:
    return Problem("RR704", where.at(wrong.path), f"{whose}{wrong.text}", f"expected is {wrong.expected}", expected=wrong.expected)


def _add(source: Source, symbol: str, path: Path, tiers: Path, rows: tuple[Row, ...], where: JsonText) -> None:
    in_coin = bool(rows) and rows[0]["cap"].name == "qtyCap"
    try:
        name = market_of(symbol, COIN_QUOTES if in_coin else QUOTES)
    except Unnamed as wrong:
        source.unsure |= {run_together(may_be) for may_be in (symbol, *wrong.may_be)}
        source.problems.append(Problem("RR705", where.at(path), wrong.text, wrong.hint, found=ascii(symbol)))
        return
    if name in source.markets:
        labels = ((where.at(source.markets[name].path), "the first one"),)
        source.problems.append(
            Problem("RR706", where.at(path), f"{name} stands twice in the file", "keep one of the two", found=ascii(symbol), labels=labels)
        )
        source.twice.add(name)
    source.markets.setdefault(name, SourceMarket(name, path, tiers, rows))


# -- what the entries of each shape are --------------------------------------------------------------

Entries = Iterator[tuple[str, Path, Any]]


def _mapped(value: Any) -> Entries:
    if not isinstance(value, dict):
        raise Misshapen((), "the file is not a mapping of symbols", "{symbol: [tier, …]}, as ccxt's fetch_leverage_tiers gives it")
    for symbol, item in value.items():
        yield symbol, (symbol,), item


def _listed(value: Any) -> Entries:
    expected = "[{symbol, brackets: […]}, …], the venue's answer for all symbols"
    if not isinstance(value, list):
        raise Misshapen((), "the file is not a list of symbols", expected)
    for k, item in enumerate(value):
        if not isinstance(item, dict) or not isinstance(item.get("symbol"), str):
            raise Misshapen((k,), f"entry {k + 1} has no symbol", expected)
        yield item["symbol"], (k,), item


def _tabled(value: Any) -> Entries:
    expected = "{columns: [name, …], symbols: {symbol: [[figure, …], …]}}"
    if not isinstance(value, dict) or not isinstance(value.get("symbols"), dict) or not isinstance(value.get("columns"), list):
        raise Misshapen((), "the file has no columns or no symbols", expected)
    columns = value["columns"]
    missing = [name for name in _names_in(columns).values() if columns.count(name) != 1]
    if missing:
        raise Misshapen(
            ("columns",), f"columns do not name {', '.join(missing)} once", f"the columns {', '.join(_BRACKET.values())} in any order"
        )
    for symbol, item in value["symbols"].items():
        yield symbol, ("symbols", symbol), item


_ENTRIES = {"ccxt": _mapped, "binance": _listed, "rows": _tabled}
_LIST: dict[Shape, Path] = {"ccxt": (), "binance": ("brackets",), "rows": ()}


# -- what the rows of an entry are -------------------------------------------------------------------


def _names_in(item: Any) -> dict[Figure, str]:
    return _COIN_BRACKET if "qtyCap" in item or "qtyFloor" in item else _BRACKET


def _row(item: dict[str, Any], path: Path, names: dict[Figure, str]) -> Row:
    return {figure: Cell(name, item.get(name, MISSING), (*path, name)) for figure, name in names.items()}


def _unified(value: Any, path: Path, item: Any) -> Iterator[Row]:
    for k, tier in enumerate(_rows_list(item, path)):
        here = (*path, k)
        if not isinstance(tier, dict):
            raise Misshapen(here, f"tier {k + 1} is not a mapping", "a tier of ccxt: {tier, minNotional, …, info}")
        info = tier.get("info")
        if isinstance(info, dict) and any(name in info for name in _names_in(info).values()):
            yield _row(info, (*here, "info"), _names_in(info))
        else:
            yield _row(tier, here, _UNIFIED)


def _brackets(value: Any, path: Path, item: Any) -> Iterator[Row]:
    coefficient = str(item.get("notionalCoef", "1"))
    n, d = loose_number(coefficient) or (0, 1)
    if n != d:
        raise Misshapen(
            (*path[:-1], "notionalCoef"),
            f"notionalCoef is {coefficient}: brackets as adjusted for one account",
            "the answer for an account without a coefficient",
        )
    for k, bracket in enumerate(_rows_list(item.get("brackets"), path)):
        here = (*path, k)
        if not isinstance(bracket, dict):
            raise Misshapen(here, f"bracket {k + 1} is not a mapping", "a bracket: {bracket, initialLeverage, notionalCap, …}")
        yield _row(bracket, here, _names_in(bracket))


def _columns(value: Any, path: Path, item: Any) -> Iterator[Row]:
    columns = value["columns"]
    place = {figure: (name, columns.index(name)) for figure, name in _names_in(columns).items()}
    for k, row in enumerate(_rows_list(item, path)):
        if not isinstance(row, list) or len(row) != len(columns):
            raise Misshapen(
                (*path, k), f"row {k + 1} is not a list of {len(columns)} figures", f"one figure for each of {', '.join(map(str, columns))}"
            )
        yield {figure: Cell(name, row[j], (*path, k, j)) for figure, (name, j) in place.items()}


_ROWS = {"ccxt": _unified, "binance": _brackets, "rows": _columns}


def _rows_list(item: Any, path: Path) -> list[Any]:
    if not isinstance(item, list):
        raise Misshapen(path, "there is no list of tiers", "a list of tiers")
    return item
