"""The door of a snapshot: everything is checked once, here, and nothing is guessed.

JSON and YAML are read alike.  Numbers are text, or numbers read as the decimals they print; a key
that nobody declared is refused, because a misspelt `margin` would otherwise be a missing one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from riskrules.diagnostics.problem import Problem, Span
from riskrules.engine.snapshot import INITIAL, AccountInput, AssetInput, MarketInput, OrderInput, PositionInput, Snapshot
from riskrules.units.clock import instant
from riskrules.units.exact import ZERO, Exact, loose_number

Path = tuple[str | int, ...]
Drivers = dict[str, tuple[str, ...]]


class NumberText(str):
    """A JSON number, kept as the decimal that was printed."""

    __slots__ = ()


class _Duplicate(Exception):
    pass


def parse_text(text: str, file: str) -> tuple[Any, list[Problem]]:
    """The plain tree of a JSON or YAML text."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text, parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText, object_pairs_hook=_no_duplicates), []
        except json.JSONDecodeError as error:
            at = Span(file, error.lineno, error.colno, error.lineno, error.colno + 1)
            return None, [Problem("RR601", at, f"not JSON: {error.msg.lower()}", "correct the text; a torn file is best written again")]
        except _Duplicate as error:
            return None, _given_twice(text, file, str(error))
        except RecursionError:
            return None, [Problem("RR601", Span(file, 1, 1, 1, 1), "nested too deep", "a snapshot is four levels deep")]
    from riskrules.text.reader import read

    document, problems = read(text, file)
    return document, problems


def _given_twice(text: str, file: str, key: str) -> list[Problem]:
    """Each key that stands twice in an object, with both places; without them where the rest of the text is torn."""
    from riskrules.rulebook.importing.json_text import JsonText

    nowhere = Problem("RR602", Span(file, 1, 1, 1, 1), f"the key {key!r} is given twice in one object", "keep one of them", found=key)
    try:
        json.loads(text, parse_float=NumberText, parse_int=NumberText)
    except (ValueError, RecursionError):
        return [nowhere]
    return [replace(problem, code="RR602") for problem in JsonText(text, file).twice()]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        raise _Duplicate(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return made


def read_snapshot(text: str, file: str, drivers: Drivers | None = None) -> tuple[Snapshot | None, list[Problem]]:
    """The snapshot that a text says, or every fault of it."""
    tree, problems = parse_text(text, file)
    if tree is None:
        return None, problems
    return snapshot_of(tree, file, text, drivers or {})


def snapshot_of(tree: Any, file: str, text: str, drivers: Drivers) -> tuple[Snapshot | None, list[Problem]]:
    reader = _Reader(file, text, drivers)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    made = reader.snapshot(tree, digest)
    return (None if reader.problems else made), reader.problems


Parse = Callable[["_Reader", Any, Path], Any]


class _Reader:
    """Walks the tree once and keeps every complaint; places are looked up only when there is one."""

    def __init__(self, file: str, text: str, drivers: Drivers) -> None:
        self.file, self.text, self.drivers = file, text, drivers
        self.problems: list[Problem] = []
        self._root: Any = None

    # -- shapes ----------------------------------------------------------------------------------

    def snapshot(self, tree: Any, digest: str) -> Snapshot:
        got = self.fields(tree, (), {"as_of": time, "rulebook": word, "markets": mapping, "assets": mapping, "accounts": listing, "note": anything}, ("accounts",))
        markets = {name: self.market(node, ("markets", name)) for name, node in (got.get("markets") or {}).items()}
        assets = {name: self.asset(node, ("assets", name)) for name, node in (got.get("assets") or {}).items()}
        accounts = tuple(self.account(node, ("accounts", k)) for k, node in enumerate(got.get("accounts") or ()))
        self.no_twins([account.id for account in accounts], ("accounts",), "account")
        return Snapshot(got.get("as_of"), got.get("rulebook") or "", markets, assets, accounts, self.file, digest)

    def market(self, node: Any, path: Path) -> MarketInput:
        got = self.fields(node, path, {"mark_price": price, "index_price": price, "at": time, "tick": price, "lot": price}, (), "market")
        return MarketInput(got.get("mark_price"), got.get("index_price"), got.get("at"), got.get("tick"), got.get("lot"), got["drivers"])

    def asset(self, node: Any, path: Path) -> AssetInput:
        got = self.fields(node, path, {"index_price": price, "at": time}, (), "asset")
        return AssetInput(got.get("index_price"), got.get("at"), got["drivers"])

    def account(self, node: Any, path: Path) -> AccountInput:
        shape: dict[str, Parse] = {"id": word, "collateral": mapping, "positions": listing, "orders": listing, "taker_fee": rate, "leverage": mapping}
        got = self.fields(node, path, shape, ("id",), "account")
        held = got.get("collateral")
        collateral = None if held is None else {name: number(self, value, (*path, "collateral", name)) or ZERO for name, value in held.items()}
        leverage = {name: positive(self, value, (*path, "leverage", name)) or ZERO for name, value in (got.get("leverage") or {}).items()}
        positions = tuple(self.position(one, (*path, "positions", k), k) for k, one in enumerate(got.get("positions") or ()))
        orders = tuple(self.order(one, (*path, "orders", k), k) for k, one in enumerate(got.get("orders") or ()))
        self.no_twins([position.id for position in positions], (*path, "positions"), "position")
        self.one_leg_a_side(positions, path)
        return AccountInput(got.get("id") or "", collateral, positions, orders, got.get("taker_fee"), leverage, got["drivers"])

    def position(self, node: Any, path: Path, k: int) -> PositionInput:
        shape: dict[str, Parse] = {
            "id": word, "market": word, "mode": mode, "size": number, "entry_price": entry, "side": side, "leverage": positive,
            "margin": posted, "unsettled_funding": number,
        }  # fmt: skip
        got = self.fields(node, path, shape, ("market", "mode", "size"), "leg")
        made = PositionInput(
            got.get("id") or f"{got.get('market')}{'-' + got['side'] if got.get('side') else ''}", got.get("market") or "", got.get("mode") or "cross",
            got.get("size") or (0, 1), got.get("entry_price"), got.get("side") or "", got.get("leverage"), got.get("margin"), got.get("unsettled_funding"), got["drivers"],
        )  # fmt: skip
        if (made.side == "long" and made.size[0] < 0) or (made.side == "short" and made.size[0] > 0):
            self.say("RR606", (*path, "size"), f"the size of a {made.side} leg has the other sign", "sizes are signed: above 0 is long, below 0 is short")
        if made.mode == "cross" and made.margin is not None:
            self.say("RR606", (*path, "margin"), "a cross position has no margin of its own", "leave margin out, or say mode: isolated")
        return made

    def order(self, node: Any, path: Path, k: int) -> OrderInput:
        shape: dict[str, Parse] = {"id": word, "market": word, "side": bought, "size": positive, "price": positive, "reduce_only": flag, "leverage": positive}
        got = self.fields(node, path, shape, ("market", "side", "size", "price", "reduce_only"), "order")
        return OrderInput(
            got.get("id") or f"order {k + 1}", got.get("market") or "", got.get("side") or "buy", got.get("size") or (1, 1), got.get("price") or (1, 1),
            bool(got.get("reduce_only")), got.get("leverage"), got["drivers"],
        )  # fmt: skip

    # -- checks ----------------------------------------------------------------------------------

    def fields(self, node: Any, path: Path, shape: dict[str, Parse], required: Iterable[str], rows: str = "") -> dict[str, Any]:
        """The declared fields of an object, parsed; `drivers` of these rows under their own key."""
        got: dict[str, Any] = {"drivers": {}}
        if not isinstance(node, dict):
            self.say("RR604", path, f"{_kind(node)} stands where an object is due", "write an object with named fields", expected="an object")
            return got
        extra = self.drivers.get(rows, ())
        for key, value in node.items():
            if key in shape:
                got[key] = shape[key](self, value, (*path, key))
            elif key in extra:
                got["drivers"][key] = number(self, value, (*path, key))
            else:
                self.unknown(key, path, (*shape, *extra))
        for key in required:
            if key not in node:
                self.say("RR603", path, f"{key} is missing", f"give {key}", expected=key)
        return got

    def unknown(self, key: str, path: Path, known: tuple[str, ...]) -> None:
        from difflib import get_close_matches

        near = get_close_matches(key, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"what may stand here: {', '.join(known)}"
        self.say("RR602", (*path, key), f"{key!r} is not a field that may stand here", hint, found=key)

    def no_twins(self, ids: list[str], path: Path, what: str) -> None:
        for k, one in enumerate(ids):
            if one in ids[:k]:
                self.say("RR605", (*path, k), f"two {what}s are called {one!r}", "give each an id of its own", found=one)

    def one_leg_a_side(self, positions: tuple[PositionInput, ...], path: Path) -> None:
        """One-way mode has one position a market; in hedge mode each leg says its side."""
        seen: dict[tuple[str, str], PositionInput] = {}
        for k, position in enumerate(positions):
            others = [other for (market, _), other in seen.items() if market == position.market and (not other.side or not position.side or other.side == position.side)]
            if others and others[0].mode == position.mode:
                self.say("RR605", (*path, "positions", k), f"a second position in {position.market}", "net them, or give each leg its side (hedge mode: long and short)", found=position.id)
            seen[position.market, position.side] = position

    def say(self, code: str, path: Path, text: str, hint: str, found: str = "", expected: str = "") -> None:
        self.problems.append(Problem(code, self.place(path), text, hint, found, expected))

    def place(self, path: Path) -> Span:
        from riskrules.engine.places import place_of

        if self._root is None:
            from riskrules.engine.places import tree_of

            self._root = tree_of(self.text)
        return place_of(self._root, path, self.file)


def _kind(node: Any) -> str:
    if node is None:
        return "nothing"
    if isinstance(node, (list, tuple)):
        return "a list"
    if isinstance(node, dict):
        return "an object"
    return repr(node) if len(repr(node)) < 60 else "a text"


def number(reader: _Reader, value: Any, path: Path) -> Exact | None:
    got = loose_number(value) if isinstance(value, str) else None
    if got is None:
        shown = _kind(value)
        reader.say("RR604", path, f"{shown} is not a number", 'write a decimal, as text ("63000.5") or as a JSON number; NaN and infinity are not numbers', found=str(value), expected="a number")
    return got


def positive(reader: _Reader, value: Any, path: Path) -> Exact | None:
    got = number(reader, value, path)
    if got is not None and got[0] <= 0:
        reader.say("RR606", path, f"{value} is too small: it must be above 0", "give a number above 0", found=str(value), expected="a number above 0")
        return None
    return got


def price(reader: _Reader, value: Any, path: Path) -> Exact | None:
    """Absent and null are the same: not given."""
    return None if value is None else positive(reader, value, path)


def entry(reader: _Reader, value: Any, path: Path) -> Exact | None:
    got = number(reader, value, path)
    if got is not None and got[0] < 0:
        reader.say("RR606", path, f"{value} is below 0", "an entry price is 0 or more", found=str(value), expected="0 or more")
        return None
    return got


def rate(reader: _Reader, value: Any, path: Path) -> Exact | None:
    """`"0.05%"`, or a bare fraction such as 0.0005 as programs print it."""
    if isinstance(value, str) and value.endswith("%"):
        got = number(reader, value[:-1], path)
        return (got[0], got[1] * 100) if got else None
    return number(reader, value, path)


def posted(reader: _Reader, value: Any, path: Path) -> Exact | str | None:
    return INITIAL if value == INITIAL else number(reader, value, path)


def time(reader: _Reader, value: Any, path: Path) -> int | None:
    got = instant(value) if isinstance(value, str) else None
    if got is None:
        reader.say("RR604", path, f"{_kind(value)} is not a time with an offset", "such as 2026-10-01T00:00:00Z", found=str(value), expected="RFC 3339 with an offset")
    return got


def word(reader: _Reader, value: Any, path: Path) -> str | None:
    if isinstance(value, str) and value.strip() and not isinstance(value, NumberText) and value.isprintable():
        return str(value)
    reader.say("RR604", path, f"{_kind(value)} is not a text", "write a text in quotes", found=str(value), expected="a text")
    return None


def _one_of(*words: str) -> Parse:
    def parse(reader: _Reader, value: Any, path: Path) -> str | None:
        if value in words:
            return str(value)
        reader.say("RR604", path, f"{_kind(value)} is not {' or '.join(words)}", f"write {' or '.join(words)}", found=str(value), expected=", ".join(words))
        return None

    return parse


def flag(reader: _Reader, value: Any, path: Path) -> bool:
    if value in (True, False):
        return bool(value)
    if value in ("true", "false") and not isinstance(value, NumberText):
        return bool(value == "true")
    reader.say("RR604", path, f"{_kind(value)} is not true or false", "write true or false", found=str(value), expected="true or false")
    return False


def mapping(reader: _Reader, value: Any, path: Path) -> dict[str, Any]:
    """An object whose keys are names: of markets or of assets."""
    if isinstance(value, dict):
        for name in value:
            if not (name.strip() and name.isprintable()):
                reader.say("RR604", (*path, name), f"{name!r} is not a name", "write the name of a market or an asset", found=name, expected="a name")
        return value
    reader.say("RR604", path, f"{_kind(value)} stands where an object is due", "write an object with named fields", expected="an object")
    return {}


def listing(reader: _Reader, value: Any, path: Path) -> list[Any]:
    if isinstance(value, list):
        return value
    reader.say("RR604", path, f"{_kind(value)} stands where a list is due", "write a list", expected="a list")
    return []


def anything(reader: _Reader, value: Any, path: Path) -> Any:
    return value


mode = _one_of("cross", "isolated")
side = _one_of("long", "short")
bought = _one_of("buy", "sell")
