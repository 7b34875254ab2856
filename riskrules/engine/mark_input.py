"""The legs that a mark is made of, read at the door: prices with their times, as of one instant.

{"as_of": …, "rulebook": …, "markets": {"BTC-USDT": {
    "index_price": {"price": "64000", "at": …}, "last_trade": {…}, "mid_price": {…},
    "funding": {"rate": "0.01%", "next_at": …},
    "basis_of_mid_price": {"average": "1.5", "samples": 30, "at": …},
    "book": {"at": …, "bids": [["63999", "2"], …], "asks": […]},
    "perpetuals": {"binance": {"price": …, "at": …}}}}}
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from riskrules.diagnostics.problem import Problem
from riskrules.engine.door import Reader
from riskrules.engine.fields import Path, listing, mapping, number, positive, price, rate, time, word
from riskrules.units.clock import Instant
from riskrules.units.exact import Exact

PRICES = ("index_price", "last_trade", "mid_price")
BASES = ("basis_of_mid_price", "basis_of_last_trade", "basis_of_impact_mid")


class Level(NamedTuple):
    is_bid: bool
    price: Exact
    size: Exact


class Legs(NamedTuple):
    """What is given for one market, by the name that a rule uses; what is absent was not given."""

    figures: dict[str, Exact]
    times: dict[str, Instant]
    levels: tuple[Level, ...]
    tick: Exact | None


class MarkInput(NamedTuple):
    as_of: Instant | None
    rulebook: str
    markets: dict[str, Legs]
    digest: str


def mark_input_of(tree: Any, file: str, text: str) -> tuple[MarkInput | None, list[Problem]]:
    """The legs that a text gives, or every fault of it."""
    reader = Reader(file, text, {})
    got = reader.fields(tree, (), {"as_of": time, "rulebook": word, "markets": mapping, "note": _anything}, ("markets",))
    markets = {name: _legs(reader, node, ("markets", name)) for name, node in (got.get("markets") or {}).items()}
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    made = MarkInput(got.get("as_of"), got.get("rulebook") or "", markets, digest)
    return (None if reader.problems else made), reader.problems


def _anything(reader: Any, value: Any, path: Path) -> Any:
    return value


def _legs(reader: Reader, node: Any, path: Path) -> Legs:
    shape = dict.fromkeys((*PRICES, *BASES, "funding", "book", "perpetuals"), _anything)
    got = reader.fields(node, path, {**shape, "tick": price}, ())
    figures: dict[str, Exact] = {}
    times: dict[str, Instant] = {}
    for name in PRICES:
        _priced(reader, got.get(name), (*path, name), name, figures, times)
    for name in BASES:
        _basis(reader, got.get(name), (*path, name), name, figures, times)
    for venue, one in mapping(reader, got.get("perpetuals") or {}, (*path, "perpetuals")).items():
        _priced(reader, one, (*path, "perpetuals", venue), f"perpetual_at_{venue}", figures, times)
    if got.get("funding") is not None:
        said = reader.fields(got["funding"], (*path, "funding"), {"rate": rate, "next_at": time}, ("rate", "next_at"))
        _keep(figures, "funding_rate", said.get("rate"))
        _keep(times, "funding", said.get("next_at"))
    return Legs(figures, times, _book(reader, got.get("book"), (*path, "book"), times), got.get("tick"))


def _keep(kept: dict[str, Any], name: str, value: Any) -> None:
    if value is not None:
        kept[name] = value


def _priced(reader: Reader, node: Any, path: Path, name: str, figures: dict[str, Exact], times: dict[str, Instant]) -> None:
    """A price and when it was; null is the same as not given."""
    if node is not None:
        said = reader.fields(node, path, {"price": positive, "at": time}, ("price",))
        _keep(figures, name, said.get("price"))
        _keep(times, name, said.get("at"))


def _basis(reader: Reader, node: Any, path: Path, name: str, figures: dict[str, Exact], times: dict[str, Instant]) -> None:
    if node is not None:
        said = reader.fields(node, path, {"average": number, "samples": number, "at": time}, ("average", "samples"))
        _keep(figures, name, said.get("average"))
        _keep(figures, f"{name}_samples", said.get("samples"))
        _keep(times, name, said.get("at"))


def _book(reader: Reader, node: Any, path: Path, times: dict[str, Instant]) -> tuple[Level, ...]:
    if node is None:
        return ()
    said = reader.fields(node, path, {"bids": listing, "asks": listing, "at": time}, ("bids", "asks"))
    _keep(times, "book", said.get("at"))
    return tuple(
        level
        for side in ("bids", "asks")
        for k, one in enumerate(said.get(side) or ())
        if (level := _level(reader, one, (*path, side, k), side == "bids")) is not None
    )


def _level(reader: Reader, node: Any, path: Path, is_bid: bool) -> Level | None:
    pair = listing(reader, node, path)
    if len(pair) != 2:
        reader.say("RR604", path, "a level of the book is a price and a size", 'such as ["64000", "1.5"]')
        return None
    at, size = (positive(reader, value, (*path, k)) for k, value in enumerate(pair))
    return Level(is_bid, at, size) if at is not None and size is not None else None
