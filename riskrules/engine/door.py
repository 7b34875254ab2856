"""The door of a snapshot: everything is checked once, here, and nothing is guessed.

JSON and YAML are read alike.  Numbers are text, or numbers read as the decimals they print; a key
that nobody declared is refused, because a misspelt `margin` would otherwise be a missing one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from riskrules.diagnostics.problem import Problem, Span
from riskrules.engine.fields import (
    NumberText,
    Parse,
    Path,
    anything,
    bought,
    entry,
    flag,
    kind_of,
    listing,
    mapping,
    mode,
    number,
    positive,
    posted,
    price,
    rate,
    side,
    time,
    word,
)
from riskrules.engine.snapshot import AccountInput, AssetInput, MarketInput, OrderInput, PositionInput, Snapshot
from riskrules.ir.frame import LIST
from riskrules.units.exact import ONE, ZERO

Drivers = dict[str, tuple[str, ...]]
ALWAYS: Drivers = {"market": ("open_interest",)}  # what a snapshot may carry though no rule reads it


class _Duplicate(Exception):
    pass


def parse_text(text: str, file: str) -> tuple[Any, list[Problem]]:
    """The plain tree of a JSON or YAML text."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(
                text, parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText, object_pairs_hook=_no_duplicates
            ), []
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
    reader = Reader(file, text, drivers)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    made = reader.snapshot(tree, digest)
    return (None if reader.problems else made), reader.problems


class Reader:
    """Walks the tree once and keeps every complaint; places are looked up only when there is one."""

    def __init__(self, file: str, text: str, drivers: Drivers) -> None:
        self.file, self.text, self.drivers = file, text, drivers
        self.problems: list[Problem] = []
        self._root: Any = None

    # -- shapes ----------------------------------------------------------------------------------

    def snapshot(self, tree: Any, digest: str) -> Snapshot:
        got = self.fields(
            tree,
            (),
            {"as_of": time, "rulebook": word, "markets": mapping, "assets": mapping, "accounts": listing, "note": anything},
            ("accounts",),
        )
        markets = {name: self.market(node, ("markets", name)) for name, node in (got.get("markets") or {}).items()}
        assets = {name: self.asset(node, ("assets", name)) for name, node in (got.get("assets") or {}).items()}
        accounts = tuple(self.account(node, ("accounts", k)) for k, node in enumerate(got.get("accounts") or ()))
        self.no_twins([account.id for account in accounts], ("accounts",), "account")
        return Snapshot(got.get("as_of"), got.get("rulebook") or "", markets, assets, accounts, self.file, digest)

    def market(self, node: Any, path: Path) -> MarketInput:
        got = self.fields(
            node, path, {"mark_price": price, "index_price": price, "at": time, "tick": price, "lot": price}, (), "market", "expiry"
        )
        return MarketInput(
            got.get("mark_price"), got.get("index_price"), got.get("at"), got.get("tick"), got.get("lot"), got["drivers"], got["lists"]
        )

    def asset(self, node: Any, path: Path) -> AssetInput:
        got = self.fields(node, path, {"index_price": price, "at": time}, (), "asset", "underlying")
        return AssetInput(got.get("index_price"), got.get("at"), got["drivers"])

    def account(self, node: Any, path: Path, id: str = "") -> AccountInput:
        """`id`: of an account as it stood before a change, which has that of the account itself."""
        shape: dict[str, Parse] = {
            "id": word,
            "collateral": mapping,
            "positions": listing,
            "orders": listing,
            "taker_fee": rate,
            "leverage": mapping,
            "risk_limit": mapping,
            "before": anything,
            "holdings": mapping,
        }
        got = self.fields(node, path, shape, () if id else ("id",), "account")
        held = got.get("collateral")
        collateral = (
            None if held is None else {name: number(self, value, (*path, "collateral", name)) or ZERO for name, value in held.items()}
        )
        leverage, limits = (
            {name: positive(self, value, (*path, chosen, name)) or ZERO for name, value in (got.get(chosen) or {}).items()}
            for chosen in ("leverage", "risk_limit")
        )
        positions = tuple(self.position(one, (*path, "positions", k)) for k, one in enumerate(got.get("positions") or ()))
        orders = tuple(self.order(one, (*path, "orders", k), k) for k, one in enumerate(got.get("orders") or ()))
        self.no_twins([position.id for position in positions], (*path, "positions"), "position")
        self.one_leg_a_side(positions, path)
        balances = {
            name: self.fields(one, (*path, "holdings", name), {}, (), "holding")["drivers"]
            for name, one in (got.get("holdings") or {}).items()
        }
        name = id or got.get("id") or ""
        before = None if "before" not in got or id else self.account(got["before"], (*path, "before"), name or "before")
        return AccountInput(
            name, collateral, positions, orders, got.get("taker_fee"), leverage, got["drivers"], limits, before, balances, got["lists"]
        )

    def position(self, node: Any, path: Path) -> PositionInput:
        shape: dict[str, Parse] = {
            "id": word,
            "market": word,
            "mode": mode,
            "size": number,
            "entry_price": entry,
            "side": side,
            "leverage": positive,
            "margin": posted,
            "unsettled_funding": number,
            "increased_at": time,
        }
        got = self.fields(node, path, shape, ("market", "mode", "size"), "leg")
        made = PositionInput(
            got.get("id") or f"{got.get('market')}{'-' + got['side'] if got.get('side') else ''}",
            got.get("market") or "",
            got.get("mode") or "cross",
            got.get("size") or ZERO,
            got.get("entry_price"),
            got.get("side") or "",
            got.get("leverage"),
            got.get("margin"),
            got.get("unsettled_funding"),
            got["drivers"],
            got.get("increased_at"),
        )
        if (made.side == "long" and made.size[0] < 0) or (made.side == "short" and made.size[0] > 0):
            self.say(
                "RR606",
                (*path, "size"),
                f"the size of a {made.side} leg has the other sign",
                "sizes are signed: above 0 is long, below 0 is short",
            )
        if made.mode == "cross" and made.margin is not None:
            self.say("RR606", (*path, "margin"), "a cross position has no margin of its own", "leave margin out, or say mode: isolated")
        return made

    def order(self, node: Any, path: Path, k: int) -> OrderInput:
        shape: dict[str, Parse] = {
            "id": word,
            "market": word,
            "side": bought,
            "size": positive,
            "price": positive,
            "reduce_only": flag,
            "untriggered": flag,
            "leverage": positive,
        }
        got = self.fields(node, path, shape, ("market", "side", "size", "price", "reduce_only"), "order")
        return OrderInput(
            got.get("id") or f"order {k + 1}",
            got.get("market") or "",
            got.get("side") or "buy",
            got.get("size") or ONE,
            got.get("price") or ONE,
            bool(got.get("reduce_only")),
            got.get("leverage"),
            got["drivers"],
            bool(got.get("untriggered")),
        )

    # -- checks ----------------------------------------------------------------------------------

    def fields(self, node: Any, path: Path, shape: dict[str, Parse], required: Iterable[str], *rows: str) -> dict[str, Any]:
        """The declared fields of an object, parsed; `drivers` and `lists` of these rows under their own keys."""
        got: dict[str, Any] = {"drivers": {}, "lists": {}}
        if not isinstance(node, dict):
            self.say(
                "RR604", path, f"{kind_of(node)} stands where an object is due", "write an object with named fields", expected="an object"
            )
            return got
        extra = tuple(name for kind in rows for name in (*ALWAYS.get(kind, ()), *self.drivers.get(kind, ())))
        lists = {kind.partition(LIST)[2]: kind for kind in self.drivers if kind.startswith(tuple(holder + LIST for holder in rows))}
        for key, value in node.items():
            if key in shape:
                got[key] = shape[key](self, value, (*path, key))
            elif key in extra:
                got["drivers"][key] = number(self, value, (*path, key))
            elif key in lists:
                items = enumerate(listing(self, value, (*path, key)))
                got["lists"][key] = tuple(self.fields(item, (*path, key, k), {}, (), lists[key])["drivers"] for k, item in items)
            else:
                self.unknown(key, path, (*shape, *extra, *lists))
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
            others = [
                other
                for (market, _), other in seen.items()
                if market == position.market and (not other.side or not position.side or other.side == position.side)
            ]
            if others and others[0].mode == position.mode:
                self.say(
                    "RR605",
                    (*path, "positions", k),
                    f"a second position in {position.market}",
                    "net them, or give each leg its side (hedge mode: long and short)",
                    found=position.id,
                )
            seen[position.market, position.side] = position

    def say(self, code: str, path: Path, text: str, hint: str, found: str = "", expected: str = "") -> None:
        self.problems.append(Problem(code, self.place(path), text, hint, found, expected))

    def place(self, path: Path) -> Span:
        from riskrules.engine.places import place_of, tree_of

        if self._root is None:
            self._root = tree_of(self.text)
        return place_of(self._root, path, self.file)
