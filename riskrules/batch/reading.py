"""A table as positions and balances: columns by name, from arrays, lists or any Arrow-speaking table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from riskrules.batch import arrow
from riskrules.batch.columns import Figures, figures
from riskrules.batch.inputs import FIGURES, NO_TIME, Holdings, Positions
from riskrules.units.clock import instant

Array = Any
WORDS = ("account", "position_id", "market", "side", "mode")
CARRIED = ("account", "position_id", "time", "market")  # which row it is: they go out as they came
INSTANTS = ("time", "mark_price_at", "increased_at")
HELD = ("account", "asset", "amount", "taker_fee", "index_price", "index_price_at")
SHORT_SIDES, LONG_SIDES = ("short", "sell"), ("long", "buy", "both", "")


class NotATable(Exception):
    """What is wrong with a table as a whole, in words; a row's own faults are in its code."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text, self.hint = text, hint


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of words as places in the distinct ones: quicker to read than as many texts."""

    places: Array
    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class Read:
    positions: Positions
    as_of: Array | None  # nanoseconds, one a row; None: no time column
    notes: tuple[str, ...] = field(default=())


def positions_of(table: Any, drivers: Sequence[str] = ()) -> Read:
    """One row a position.  Raises `NotATable` for a column that is missing or of the wrong kind."""
    columns = columns_of(table)
    known = {*WORDS, *FIGURES, *INSTANTS, *drivers}
    for name in ("market", "size", "mode"):
        if name not in columns:
            raise NotATable(
                f"the table has no column {name}", f"it has {', '.join(map(str, columns)) or 'none'}; name its columns as the README does"
            )
    n = len(columns["market"])
    short = [name for name in columns if len(columns[name]) != n]
    if short:
        raise NotATable(f"column {short[0]} has {len(columns[short[0]])} rows, and market has {n}", "give columns of one length")
    market, market_names = _words(columns["market"], "market")
    isolated = _modes(columns["mode"])
    size = _sided(_figures(columns["size"], "size"), columns.get("side"))
    numbers = {name: _figures(columns[name], name) for name in (*FIGURES[1:], *drivers) if name in columns}
    instants = {name: _instants(columns[name], name) for name in INSTANTS if name in columns}
    account, names = _accounts(columns.get("account"), instants.get("time"), n)
    all_isolated = bool(isolated.strides == (0,) and n and isolated[0]) or bool(isolated.all())
    if names is None and not all_isolated:
        raise NotATable("there are cross positions and no column account", "a cross position is decided with its account: say whose it is")
    accounts = n if account is None or not n else int(account[-1]) + 1
    positions = Positions(
        account, accounts, names, market, market_names, isolated, all_isolated, size, numbers,
        {name: found for name, found in instants.items() if name != "time"}, columns.get("position_id"),
    )  # fmt: skip
    unused = [str(name) for name in columns if name not in known]
    notes = (f"not used: column{'' if len(unused) == 1 else 's'} {', '.join(unused)}",) if unused else ()
    return Read(positions, instants.get("time"), notes)


def columns_of(table: Any) -> dict[str, Any]:
    """The columns by name.  Raises `NotATable` for text that is not to be had in one piece."""
    try:
        return arrow.columns_of(table)
    except arrow.TooMuchText as error:
        raise NotATable(str(error), "code it as a dictionary, cast it to large_string, or give a file, which is read in pieces") from error


class Accounts:
    """A table of balances, read once; `of` picks those of the accounts that are named."""

    def __init__(self, table: Any, drivers: Sequence[str] = ()) -> None:
        """`drivers` are what formulas may read of a balance, or of what it is in, besides its amount and price."""
        columns = columns_of(table)
        for name in ("account", "asset", "amount"):
            if name not in columns:
                raise NotATable(f"the table of accounts has no column {name}", f"it has {', '.join(map(str, columns)) or 'none'}")
        unused = [str(name) for name in columns if name not in (*HELD, *drivers)]
        self.notes = (f"not used of accounts: column{'' if len(unused) == 1 else 's'} {', '.join(unused)}",) if unused else ()
        self._index = arrow.Index(columns["account"])
        self._asset, self._asset_names = _words(columns["asset"], "asset")
        self._amount = _figures(columns["amount"], "amount")
        self._numbers = {name: _figures(columns[name], name) for name in ("index_price", *drivers) if name in columns}
        self._times = {name: _instants(columns[name], name) for name in ("index_price_at",) if name in columns}
        self._fees = _figures(columns["taker_fee"], "taker_fee") if "taker_fee" in columns else None

    def of(self, names: Any) -> tuple[Holdings, Figures | None]:
        """The balances of the named accounts, in their order, and one fee each: that of an account's first row."""
        rows, account = self._index.matched(names)
        held = Holdings(
            account, self._asset[rows], self._asset_names, self._amount.rows(rows),
            {name: figures.rows(rows) for name, figures in self._numbers.items()},
            {name: times[rows] for name, times in self._times.items()},
        )  # fmt: skip
        return held, None if self._fees is None else _first_of_each(self._fees.rows(rows), account, len(names))

    def beside(self, positions: Positions) -> tuple[Positions, Holdings]:
        """The positions with the fees of their accounts, where they have no column of their own; and what the accounts hold."""
        if positions.account_names is None:
            return positions, Holdings.none()
        held, fees = self.of(positions.account_names)
        if fees is not None and "taker_fee" not in positions.figures:
            positions = replace(positions, figures={**positions.figures, "taker_fee": fees.rows(positions.numbers)})
        return positions, held


def _first_of_each(fees: Figures, account: Array, accounts: int) -> Figures:
    first = np.full(accounts, len(fees), np.intp)
    first[account[::-1]] = np.arange(len(fees))[::-1]
    return fees.followed_by(np.nan, 1).rows(first)


# -- columns ---------------------------------------------------------------------------------------


def _figures(column: Any, name: str) -> Figures:
    try:
        found = arrow.figures_of(column)
        return figures(column) if found is None else found
    except ValueError as error:
        raise NotATable(f"column {name} is no column of figures: {error}", "give numbers, decimals, or numbers as text") from error


def _words(column: Any, name: str) -> tuple[Array, tuple[str, ...]]:
    """Places in the distinct words."""
    found = arrow.words_of(column)
    if found is None:
        if isinstance(column, Coded):
            return np.asarray(column.places, dtype=np.intp), column.words
        words, places = np.unique(np.asarray(column).astype(str), return_inverse=True)
        return places.astype(np.intp), tuple(str(word) for word in words)
    return found


def _modes(column: Any) -> Array:
    places, words = _words(column, "mode")
    strange = [word for word in words if word.lower() not in ("cross", "isolated")]
    if strange:
        raise NotATable(f"column mode says {strange[0]!r}", "write cross or isolated in each row")
    flags = [word.lower() == "isolated" for word in words] or [True]
    return np.broadcast_to(np.bool_(flags[0]), (len(places),)) if len(set(flags)) == 1 else np.array(flags)[places]


def _sided(size: Figures, column: Any) -> Figures:
    """Sizes with their sign: where a side is given it says which, and a sign that contradicts it leaves no size at all."""
    if column is None:
        return size
    places, words = _words(column, "side")
    strange = [word for word in words if word.lower() not in (*LONG_SIDES, *SHORT_SIDES)]
    if strange:
        raise NotATable(
            f"column side says {strange[0]!r}", "write long or short (or buy or sell); or leave the column out, with signed sizes"
        )
    short = np.array([word.lower() in SHORT_SIDES for word in words] or [False])[places]
    said_long = np.array([word.lower() in ("long", "buy") for word in words] or [False])[places]
    wrong = said_long & (size.floats < 0)
    turned = short & (size.floats > 0)
    if not turned.any() and not wrong.any():
        return size
    floats = np.where(wrong, np.nan, np.where(turned, -size.floats, size.floats))
    if size.digits is not None:
        return Figures(floats, None, np.where(turned, -size.digits, size.digits), size.places)
    if size.texts is not None:
        texts = [None if bad else f"-{text}" if turn else text for text, turn, bad in zip(size.texts, turned, wrong, strict=True)]
        return Figures(floats, texts)
    return Figures(floats)


def _instants(column: Any, name: str) -> Array:
    """Nanoseconds since 1970, of instants with an offset, of text as a snapshot writes it, or of numpy's own (which are UTC)."""
    found = arrow.instants_of(column)
    if isinstance(found, str):
        raise NotATable(f"column {name} {found}", "give instants with an offset, or text such as 2026-10-01T00:00:00Z")
    if found is not None:
        return np.where(found == np.iinfo(np.int64).min, NO_TIME, found)
    array = np.asarray(column)
    if array.dtype.kind == "M":
        return array.astype("datetime64[ns]").astype(np.int64)
    if array.dtype.kind in "UO":
        words, places = np.unique(array.astype(str), return_inverse=True)
        when = [instant(str(word)) for word in words]
        strange = [str(word) for word, at in zip(words, when, strict=True) if at is None and word not in ("", "None")]
        if strange:
            raise NotATable(f"column {name} says {strange[0]!r}", "write times with an offset, such as 2026-10-01T00:00:00Z")
        return np.array([NO_TIME if at is None else at for at in when], dtype=np.int64)[places]
    raise NotATable(f"column {name} is {array.dtype}, and no column of times", "give instants, or text such as 2026-10-01T00:00:00Z")


def _accounts(column: Any, time: Array | None, n: int) -> tuple[Array | None, Any]:
    """Accounts counted in the order they come, a new count where the name or the time changes; and each one's name."""
    if column is None:
        return None, None
    if not n:
        return np.arange(0), []
    changes = arrow.changes_of(column)
    if time is not None:
        changes = changes | (time[1:] != time[:-1])
    starts = np.r_[0, np.flatnonzero(changes) + 1]
    account = np.zeros(n, np.intp)
    account[starts[1:]] = 1
    return np.cumsum(account), arrow.some_of(column, starts)


def apart(names: Any, times: Array | None) -> str | None:
    """The first account whose rows do not stand together, or None."""
    if names is None or not len(names):
        return None
    return arrow.first_twice(names, times)
