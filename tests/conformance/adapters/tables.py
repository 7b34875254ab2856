"""Tables by themselves: which row a size falls in, what a row takes off, and what changes from one table to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial, largest_leverage, pool
from tests.conformance.books import ASTER, CHANGED, FIRST, LINEAR, OKX, USDM, Book
from tests.conformance.cases import NotSaid, Question

BRACKET = ("floor", "cap", "mmr", "max_leverage", "cum")
CHANGES = {"binance_change_mm": ("bracket", *BRACKET)}
BY_MONEY, BY_SIZE = "whole_on_mark_notional", "whole_by_size"
WHOLE_BY = {None: BY_MONEY, "USDT": BY_MONEY, "USDC": BY_MONEY, "USD": BY_MONEY, "contracts": BY_SIZE, "coins": BY_SIZE}


def lookup(q: Question) -> list[Trial]:
    """The row of a notional, equality on the side that the case says."""
    book = p.linear(q.venue)
    table = p.tiers(q.policy["tiers"], q.policy.get("columns", BRACKET))
    inclusive = q.policy.get("upper_inclusive", True)
    book = book.bounds("inclusive" if inclusive else "exclusive").tiers({book.market(p.CASE): table})
    return [
        Trial(book, p.of_notional(book, w.unsigned(q.inputs["notional"]), p.leverage(q.inputs), **p.fees(book, q.policy)), p.leg_words())
    ]


def recursion(q: Question) -> list[Trial]:
    """What a row takes off, derived from the row below it: the first row of an excerpt has its amount as written."""
    book = p.linear(q.venue)
    market = book.market(p.CASE)
    rows = [(q.policy["floor"], q.policy["prev_mmr"], q.policy["prev_cum"]), (None, q.policy["mmr"])]
    book = book.tiers({market: {"excerpt": "The case gives two rows.", **p.tiers(rows, ("cap", "mmr", "cum"))}})
    one = p.position(p.POSITION, market, w.number(q.policy["floor"]), "2")  # a mark of 2: twice the floor is above it
    return [Trial(book, p.snapshot({market: "2"}, [one], {}), p.leg_words())]


def stake(q: Question) -> list[Trial]:
    """The largest leverage that a stake may be opened at."""
    book = p.linear(q.venue)
    market, amount = book.market(p.CASE), w.some(q.inputs["stake"])
    book = book.tiers({market: p.tiers(q.policy["tiers"], q.policy.get("columns", BRACKET))})
    order = {"id": "asked", "market": market, "side": "buy", "size": "1", "price": "1", "reduce_only": False, "leverage": "1"}
    shot = p.snapshot({market: "1"}, (), {book.settle: amount}, orders=[order])
    return [Trial(book, shot, {"max_leverage": largest_leverage("asked", amount)})]


def change(q: Question) -> list[Trial]:
    """One notional under the table before a change and under the one after it."""
    q.policy.get("effective")  # its day lies before the rulebook's other files begin: the two tables keep their order, not their days
    columns = q.policy.get("columns", ("bracket", *BRACKET))
    return _before_and_after(p.linear(q.venue), q, columns, w.unsigned(q.inputs["notional"]))


def change_lookup(q: Question) -> list[Trial]:
    """The same with whole-position rates, sizes in money or in contracts."""
    unit = q.policy.get("unit")
    if unit not in WHOLE_BY:
        raise NotSaid(f"a table in {unit}")
    book = p.linear(q.venue)
    book = book if book.shipped else replace(book, form=WHOLE_BY[unit])
    return _before_and_after(book, q, q.policy.get("columns", ("cap", "mmr", "max_leverage", "imr")), w.unsigned(q.inputs["size"]))


def _before_and_after(book: Book, q: Question, columns: Sequence[str], size: str) -> list[Trial]:
    market = book.market(p.CASE)
    for table, since in ((q.policy["before"], FIRST), (q.policy["after"], CHANGED)):
        book = book.tiers({market: p.tiers(table, columns)}, since)
    shot = p.of_notional(book, size, p.leverage(q.inputs), **p.fees(book, q.policy))
    said = p.printed_rates(book)
    return [
        Trial(book, shot, p.leg_words(before=f"{name}.", initial_rate=said), as_of)
        for name, as_of in (("before", FIRST), ("after", CHANGED))
    ]


def whole_contracts(q: Question) -> list[Trial]:
    """Rows in whole contracts, both ends included: the next row begins one contract on, which for whole contracts is just above the cap.

    The leverages of these tables are left out: some allow more than their own rate does, and no proof lets them pass.
    """
    q.policy.get("bounds")
    book = OKX if q.venue == "okx" else replace(LINEAR, form=BY_SIZE)
    book = book.tiers({book.market(p.CASE): p.tiers([row[1:3] for row in q.policy["tiers"]], ("cap", "mmr"))})
    figures = {name: reading for name, reading in p.leg_words().items() if name != "max_leverage"}
    return [Trial(book, p.of_notional(book, w.unsigned(q.inputs["contracts"]), leverage=p.leverage(q.inputs)), figures)]


def slices(q: Question) -> list[Trial]:
    """Maintenance of a notional, each slice at the rate of its own tier."""
    book = p.linear(q.venue)
    book = book.tiers({book.market(p.CASE): p.tiers(q.policy["tiers"], q.policy.get("columns", ("floor", "cap", "mmr")))})
    return [
        Trial(book, p.of_notional(book, w.unsigned(q.inputs["notional"]), p.leverage(q.inputs), **p.fees(book, q.policy)), p.leg_words())
    ]


def haircut(q: Question) -> list[Trial]:
    """A balance at the weight of its asset; where an account has one pool, of an asset that is worth 1."""
    book = (ASTER if q.venue == "aster" else USDM).collateral(
        {p.CASE: {"weight": w.rate(q.policy["collateral_rate"]), "owed_weight": "100%"}}
    )
    book = book.flat({book.market(p.CASE): p.NO_MAINTENANCE})
    shot = p.snapshot({}, (), {p.CASE: w.number(q.inputs["value"])})
    shot["assets"] = {p.CASE: {"index_price": "1"}}
    of = book.settle if q.venue == "aster" else p.CASE
    return [Trial(book, shot, {"collateral_value": pool("wallet_balance", of)})]
