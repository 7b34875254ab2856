"""A table of isolated positions decided, beside the best kernels and tools that would do the same arithmetic without a word on ties.

300 markets of 10 tiers, seven outputs (notional, tier, initial and maintenance margin, profit, equity, decision), nine of ten positions
in the first tier.  Every side writes fresh columns.  The kernel knows its one rule by heart, and where a tie falls it guesses.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import ROOT, Figure, in_turn
from riskrules.api import Book, load
from riskrules.batch import block
from riskrules.batch.reading import Coded
from riskrules.ir.coarse import Coarse, Rough
from riskrules.ir.floats import SIDES, by_halves

ROWS = int(os.environ.get("ROWS", 10_000_000))
ROUNDS = 7
MARKETS, TIERS = 300, 10
AS_OF = "2026-10-01T00:00:00Z"
BLOCK = 32_768
HEAD = """kind: tiers
rulebook: binance-usdm
observed: {by: 2026-09-29T00:00:00Z}
reason: Made up, to be wide.
source: none
form: marginal_on_mark_notional
tables:
"""
LEVERAGES = (125, 100, 75, 50, 25, 20, 10, 5, 4, 2)
RATES = ("0.4%", "0.5%", "0.65%", "1%", "2%", "2.5%", "5%", "10%", "12.5%", "25%")


class Data(NamedTuple):
    market: Any
    names: tuple[str, ...]
    size: Any
    entry: Any
    mark: Any
    leverage: Any
    margin: Any


class Tables(NamedTuple):
    caps: Any  # [market, tier]
    rates: Any
    amounts: Any


def book_of(folder: Path) -> Book:
    shutil.copytree(
        ROOT / "policies" / "binance-usdm", folder / "binance-usdm", ignore=lambda at, names: names if at.endswith("tiers") else ()
    )
    dice, text = random.Random(8), HEAD
    for k in range(MARKETS):
        first = dice.choice((10_000, 50_000, 100_000))
        rows = [f"      - {{cap: {first * 4**t:_}, max_leverage: {LEVERAGES[t]}, maintenance_rate: {RATES[t]}}}\n" for t in range(TIERS)]
        text += f"  M{k:03}-USDT:\n    tiers:\n{''.join(rows)}"
    (folder / "binance-usdm" / "tiers" / "2026-09-29.yaml").write_text(text, encoding="utf-8")
    return load(folder / "binance-usdm", as_of=AS_OF)


def data_of(book: Book, n: int, seed: int = 1) -> Data:
    rng = np.random.default_rng(seed)
    market = rng.integers(0, MARKETS, n)
    mark = np.round(10 ** rng.uniform(-1, 4.5, n), 4)
    size = np.round(10 ** rng.normal(3.3, 0.9, n) / mark, 3)
    size = np.where(size == 0, 0.001, size) * rng.choice((-1, 1), n)
    entry = np.round(mark * rng.uniform(0.95, 1.05, n), 4)
    margin = np.round(np.abs(size) * mark * rng.uniform(0.004, 0.2, n), 2)
    return Data(market, tuple(book.plan.markets()), size, entry, mark, rng.choice((1.0, 2.0, 3.0, 5.0, 10.0), n), margin)


def columns(data: Data) -> dict[str, Any]:
    n = len(data.size)
    return {
        "market": Coded(data.market, data.names), "mode": Coded(np.zeros(n, np.intp), ("isolated",)), "size": data.size,
        "entry_price": data.entry, "mark_price": data.mark, "leverage": data.leverage, "margin": data.margin,
    }  # fmt: skip


def tables_of(book: Book) -> Tables:
    found = [book.plan.market(name) for name in book.plan.markets()]
    table = [market.tables[0] for market in found if market]
    floats = [
        np.array([[np.inf if x is None else x[0] / x[1] for x in of(one)] for one in table])
        for of in (lambda t: t.caps[0], lambda t: t.maintenance_rates, lambda t: t.maintenance_amounts)
    ]
    return Tables(*floats)


def kernel(data: Data, tables: Tables) -> dict[str, Any]:
    """The same seven columns by hand, block by block, into columns of its own."""
    n = len(data.size)
    out = {name: np.empty(n) for name in ("notional", "initial", "maintenance", "profit", "equity")}
    tier_of, liquidate = np.empty(n, np.int16), np.empty(n, np.int8)
    caps, rates, amounts = (table.ravel() for table in tables)
    work = np.empty(BLOCK)
    for low in range(0, n, BLOCK):
        rows = slice(low, min(low + BLOCK, n))
        size, mark, at = data.size[rows], data.mark[rows], data.market[rows] * TIERS
        free = work[: len(size)]
        notional = np.multiply(np.abs(size, out=free), mark, out=out["notional"][rows])
        np.divide(notional, data.leverage[rows], out=out["initial"][rows])
        tier = np.zeros(len(size), np.intp)
        above = np.flatnonzero(notional > np.take(caps, at, out=free, mode="clip"))
        if len(above):
            beyond, here = notional[above], at[above]
            count = np.ones(len(above), np.intp)
            for step in range(1, TIERS - 1):
                count += beyond > caps[here + step]
            tier[above] = count
        tier_of[rows] = tier + 1
        at = at + tier
        margin = np.multiply(notional, np.take(rates, at, out=free, mode="clip"), out=out["maintenance"][rows])
        margin -= np.take(amounts, at, out=free, mode="clip")
        profit = np.multiply(size, np.subtract(mark, data.entry[rows], out=free), out=out["profit"][rows])
        equity = np.add(data.margin[rows], profit, out=out["equity"][rows])
        np.less(equity, margin, out=liquidate[rows].view(bool))
    return {**out, "tier": tier_of, "liquidate": liquidate}


def same(book: Book, data: Data, tables: Tables) -> None:
    """Both sides come to the same, or nothing is timed."""
    ours, theirs = book.evaluate(columns(data)), kernel(data, tables)
    pairs = (("notional", "notional"), ("initial_margin", "initial"), ("maintenance_margin", "maintenance"), ("unrealised_pnl", "profit"))
    for mine, other in (*pairs, ("equity", "equity"), ("tier", "tier"), ("decision", "liquidate")):
        np.testing.assert_allclose(ours.raw(mine), theirs[other], rtol=1e-9, atol=1e-7)


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        book = book_of(Path(folder))
        data = data_of(book, ROWS)
        tables = tables_of(book)
        same(book, data_of(book, 300_000, 2), tables)
        yield from _kernels(book, data, tables)
        yield from _bounds(book, data)
        yield from _threads_and_ties(book, data)
        yield from _accounts(book)
        yield from _tools(book, data, tables)


def _kernels(book: Book, data: Data, tables: Tables) -> Iterator[Figure]:
    given = columns(data)
    ours, exact = f"book.evaluate, {ROWS:,} rows, one thread", f"book.evaluate --amounts exact, {ROWS:,} rows, one thread"
    by_hand = "a numpy kernel for this one rule, blockwise, one thread"
    works = {
        ours: lambda: book.evaluate(given), by_hand: lambda: kernel(data, tables), exact: lambda: book.evaluate(given, amounts="exact"),
    }  # fmt: skip
    sides = in_turn(ROUNDS, works)
    yield Figure(sides[ours], sides[by_hand], ratio_at_most=1.7)
    yield Figure(sides[exact], sides[by_hand])


def _bounds(book: Book, data: Data) -> Iterator[Figure]:
    """What the bounds cost: the same walk by a meaning that is never in doubt, and wrong wherever it should be."""
    given = columns(data)
    with_bounds, without = "book.evaluate, one thread", "the same walk without bounds, one thread"

    def bare() -> object:
        block.Coarse = Bare  # type: ignore[misc]
        try:
            return book.evaluate(given)
        finally:
            block.Coarse = Coarse  # type: ignore[misc]

    sides = in_turn(ROUNDS, {with_bounds: lambda: book.evaluate(given), without: bare})
    yield Figure(sides[with_bounds], sides[without], ratio_at_most=1.35)


class Bare(Coarse):
    """Floats that take themselves for exact."""

    def most(self, x: Rough) -> float:
        return 0.0

    def compared(self, name: str, x: Rough, y: Rough) -> Any:
        return SIDES[name](x.value, y.value)

    def tiers(self, x: Rough, caps: Any, start: Any, width: int, roundings: int) -> tuple[Any, Any]:
        cap = np.take(caps, start, out=self.column(len(start)), mode="clip")
        rest = np.flatnonzero(x.value > cap)
        self._done(cap)
        value, begin = np.take(x.value, rest, mode="clip"), np.take(start, rest, mode="clip")
        found = begin + 1
        further = np.flatnonzero(np.take(caps, found, mode="clip") < value)
        found[further] = by_halves(value[further], caps, begin[further], width)
        return rest, found - begin


def _threads_and_ties(book: Book, data: Data) -> Iterator[Figure]:
    given = columns(data)
    one, two = "book.evaluate, one thread", "book.evaluate, two threads"
    n = ROWS // 10
    plain = {name: Coded(column.places[:n], column.words) if isinstance(column, Coded) else column[:n] for name, column in given.items()}
    tied = ties(book, plain)
    quarter, none = f"book.evaluate, {n:,} rows, a quarter of them ties", f"book.evaluate, {n:,} rows, no ties"
    sides = in_turn(ROUNDS, {one: lambda: book.evaluate(given), two: lambda: book.evaluate(given, threads=2)})
    yield Figure(sides[two], sides[one], ratio_at_most=1 / 1.5)
    sides = in_turn(ROUNDS, {quarter: lambda: book.evaluate(tied), none: lambda: book.evaluate(plain)})
    yield Figure(sides[quarter], sides[none], ratio_at_most=6)


def ties(book: Book, given: dict[str, Any]) -> dict[str, Any]:
    """Every fourth row with exactly its maintenance margin behind it: round figures, so that a tie can be met."""
    made = dict(given)
    n = len(given["size"])
    fourth = np.arange(0, n, 4)
    mark, entry, size = given["mark_price"].copy(), given["entry_price"].copy(), given["size"].copy()
    mark[fourth] = np.round(mark[fourth]) + 1
    entry[fourth] = mark[fourth]
    size[fourth] = np.copysign(np.round(np.abs(size[fourth])) + 1, size[fourth])
    made |= {"mark_price": mark, "entry_price": entry, "size": size}
    needed = book.evaluate(made, amounts="exact").raw("maintenance_margin")
    margin = given["margin"].copy()
    margin[fourth] = needed[fourth] / 10**8
    made["margin"] = margin
    return made


def _accounts(book: Book) -> Iterator[Figure]:
    """Three cross positions an account beside as many isolated ones, with liquidation prices and without."""
    n = ROWS * 3 // 10
    data = data_of(book, n, 5)
    data = data._replace(market=(np.arange(n) * 7 + data.market // 3 * 3) % MARKETS)  # no account is in one market twice
    apart = columns(data)
    account = np.repeat(np.arange(n // 3 + 1), 3)[:n]
    cross = {**apart, "account": account, "mode": Coded(np.zeros(n, np.intp), ("cross",))}
    del cross["margin"]
    held = {
        "account": np.arange(n // 3 + 1),
        "asset": Coded(np.zeros(n // 3 + 1, np.intp), ("USDT",)),
        "amount": np.full(n // 3 + 1, 1000.0),
    }
    ours = f"book.evaluate, {n:,} cross positions of {n // 3:,} accounts"
    priced, beside = f"{ours}, liquidation prices", f"book.evaluate, {n:,} isolated positions"
    both = f"{beside}, liquidation prices"
    works = {
        ours: lambda: book.evaluate(cross, held), priced: lambda: book.evaluate(cross, held, liquidation_price=True),
        beside: lambda: book.evaluate(apart), both: lambda: book.evaluate(apart, liquidation_price=True),
    }  # fmt: skip
    sides = in_turn(5, works)
    yield Figure(sides[ours], sides[beside], ratio_at_most=2.5)
    yield Figure(sides[priced], sides[both], ratio_at_most=2.5)
    yield Figure(sides[priced], sides[beside])


def _tools(book: Book, data: Data, tables: Tables) -> Iterator[Figure]:
    from benchmarks import tools

    few = Data(*(column[: ROWS // 5] if isinstance(column, np.ndarray) else column for column in data))
    ours = f"book.evaluate, {len(few.size):,} rows, one thread"
    works = {ours: partial(book.evaluate, columns(few)), **tools.works(few, tables)}
    sides = in_turn(ROUNDS, works)
    for name, least in tools.LEAST.items():
        yield Figure(sides[ours], sides[name], ratio_at_most=1 / least)
    yield from _loop(book, data, tables)


def _loop(book: Book, data: Data, tables: Tables) -> Iterator[Figure]:
    from benchmarks import tools

    few = Data(*(column[: ROWS // 10] if isinstance(column, np.ndarray) else column for column in data))
    ours, loop = f"book.evaluate, {ROWS // 10:,} rows, one thread", "a plain Python loop in floats"
    sides = in_turn(3, {ours: partial(book.evaluate, columns(few)), loop: partial(tools.loop, few, tables)})
    yield Figure(sides[ours], sides[loop], ratio_at_most=1 / 60)
