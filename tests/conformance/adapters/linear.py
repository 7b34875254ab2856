"""Linear and inverse positions: margins at mark, unrealised profit, liquidation prices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial, pool, price
from tests.conformance.books import BLOFIN, BYBIT, GATE_BEFORE, INVERSE, KRAKEN, LINEAR, LINEAR_WITH_FEE, Book
from tests.conformance.cases import Fields, NotSaid, Question

PROFIT, MAINTENANCE, POSTED = "others-profit", "others-maintenance", "wallet"


def im_mm(q: Question) -> list[Trial]:
    """Initial margin at the chosen leverage and maintenance margin of a notional, or of a size at a mark."""
    if q.venue == BLOFIN.rulebook:
        return [_as_shipped(q, "1", q.inputs["notional"])]
    return _margins(p.linear(q.venue), q)


def one_rate(q: Question) -> list[Trial]:
    """The same where everything is held at the rate of one tier: Gate until 2025-07-29."""
    return _margins(GATE_BEFORE if q.venue == "gate" else p.linear(q.venue), q)


def _margins(book: Book, q: Question) -> list[Trial]:
    book = book.flat({book.market(p.CASE): p.flat(q.policy)})
    if "notional" in q.inputs:
        size = w.signed(q.inputs.get("side"), q.inputs["notional"]) if "side" in q.inputs else w.unsigned(q.inputs["notional"])
        return [Trial(book, p.of_notional(book, size, p.leverage(q.inputs), **p.fees(book, q.policy)), p.leg_words())]
    return [_at_mark(book, q)]


def upnl(q: Question) -> list[Trial]:
    """Unrealised profit of a position at a mark; the table is not asked about."""
    if q.venue == BLOFIN.rulebook:
        return [_as_shipped(q, p.size_of(q.inputs), q.inputs["mark"])]
    book = p.linear(q.venue)
    return [_at_mark(book.flat({book.market(p.CASE): p.NO_MAINTENANCE}), q)]


def _as_shipped(q: Question, size: str, at: Any) -> Trial:
    """The market that is shipped under its own rate, of which nothing is laid over: a contract is a coin, at a mark of what it is worth.

    A case of another rate, or of an amount taken off, would not come out.
    """
    for word in ("mmr", "cum"):
        q.policy.get(word)
    market, mark = BLOFIN.market("LTC"), w.number(at)
    one = p.position(p.POSITION, market, size, w.number(q.inputs.get("entry", mark)), leverage=p.leverage(q.inputs))
    return Trial(BLOFIN, p.snapshot({market: mark}, [one], {}, taker_fee="0"), p.leg_words())


def _at_mark(book: Book, q: Question) -> Trial:
    inputs = q.inputs
    market, contract = book.market(p.CASE), p.contract(inputs)
    book = book.contracts({market: contract} if contract else {})
    mark = w.number(w.first(inputs, "mark", "mark_price", "price", "entry"))
    one = p.position(p.POSITION, market, p.size_of(inputs), w.number(inputs.get("entry", mark)), **p.alone(book, p.leverage(inputs)))
    return Trial(book, p.snapshot({market: mark}, [one], {}, **p.fees(book, q.policy)), p.leg_words())


def inverse_upnl(q: Question) -> list[Trial]:
    """The same of contracts worth a fixed amount of quote each."""
    book, contract = _inverse(q)
    (market,) = contract
    book = book.contracts(contract).flat({market: p.NO_MAINTENANCE})
    one = p.position(p.POSITION, market, p.size_of(q.inputs), w.number(q.inputs["entry"]), leverage=p.leverage(q.inputs))
    return [Trial(book, p.snapshot({market: w.number(q.inputs["mark"])}, [one], {}), p.leg_words())]


def _inverse(q: Question) -> tuple[Book, dict[str, dict[str, str]]]:
    """The venue's own rulebook of inverse contracts, or that of the family; and the contract of the case."""
    return _of_inverse(p.inverse(q.venue), q)


def _of_inverse(book: Book, q: Question) -> tuple[Book, dict[str, dict[str, str]]]:
    multiplier = w.first(q.inputs, "contract_size", "contract_value", "multiplier")
    return book, {book.market(p.CASE): p.in_contracts("inverse", "base", multiplier)}


# Liquidation prices: coins and money in billionths ------------------------------------------------


def cum_liq(q: Question) -> list[Trial]:
    """One position under a single row.  Isolated; cross where other positions' sums are given too."""
    return _one_position(p.linear_at_mark(q.venue), q)


def fee_liq(q: Question) -> list[Trial]:
    """The same where the taker fee of closing is held in reserve."""
    own = p.linear_at_mark(q.venue)
    q.policy["taker_fee"]
    return _one_position(own if own.rulebook in p.HOLD_FEES else LINEAR_WITH_FEE, q)


def entry_rate_liq(q: Question) -> list[Trial]:
    """The same where the rate is taken on the notional at entry."""
    return _one_position(BYBIT if q.venue == "bybit" else replace(LINEAR, form="whole_on_entry_notional"), q)


def _one_position(book: Book, q: Question) -> list[Trial]:
    inputs = q.inputs
    market, contract = book.market(p.CASE), p.contract(inputs)
    entry = w.number(inputs["entry"])
    marks, tables, others = _others(book, inputs)
    one: dict[str, Any] = p.position(p.POSITION, market, p.size_of(inputs, w.fine), entry, leverage=p.leverage(inputs))
    wallet = _wallet(inputs)
    collateral = {}
    if not others:
        one = {**one, "mode": "isolated", "margin": wallet or "initial"}
    elif wallet:
        collateral = {book.settle: wallet}
    else:
        posted = book.market("POSTED")
        marks[posted], tables[posted] = w.per(inputs["entry"], inputs["leverage"]), p.NO_MAINTENANCE
        others = [*others, p.position(POSTED, posted, w.unsigned(p.size_of(inputs, w.fine)), "0")]
    book = book.flat({market: p.flat(q.policy, w.fine), **tables}).contracts({market: contract} if contract else {})
    shot = p.snapshot({market: w.number(w.first(inputs, "mark", "mark_price") or entry), **marks}, [one, *others], collateral)
    shot["accounts"][0] |= p.fees(book, q.policy)
    return [Trial(book, shot, _prices(p.POSITION))]


def inverse_liq(q: Question) -> list[Trial]:
    """An isolated inverse position: its liquidation and its bankruptcy price.

    Where the venue knows no chosen leverage and the case gives nothing else, the family posts what a leverage does.
    """
    book, contract = _inverse(q)
    if book == KRAKEN and _wallet(q.inputs) is None:
        book, contract = _of_inverse(INVERSE, q)
    book = book.contracts(contract).flat({market: p.flat(q.policy, w.fine) for market in contract})
    entry, wallet = w.number(q.inputs["entry"]), _wallet(q.inputs) or "initial"
    (market,) = contract
    one = p.position(p.POSITION, market, p.size_of(q.inputs, w.fine), entry, mode="isolated", leverage=p.leverage(q.inputs), margin=wallet)
    shot = p.snapshot({market: w.number(w.first(q.inputs, "mark") or entry)}, [one], {}, **p.fees(book, q.policy))
    return [Trial(book, shot, _prices(p.POSITION))]


def _prices(of: str) -> dict[str, Any]:
    return {"liquidation_price": price("liquidate", of), "bankruptcy_price": price("bankrupt", of)}


def _wallet(inputs: Fields) -> str | None:
    """What stands behind the position; None where it is what opening at its leverage posts."""
    given = w.first(inputs, "wallet_balance", "margin")
    rule = inputs.get("wallet_balance_rule", p.WALLET_RULE)
    if given is None and rule != p.WALLET_RULE:
        raise NotSaid(f"wallet_balance_rule {rule}")
    if given is None and "leverage" not in inputs:
        raise NotSaid("neither a wallet balance nor a leverage")
    return None if given is None else w.fine(given)


def _others(book: Book, inputs: Fields) -> tuple[dict[str, str], dict[str, Any], list[Any]]:
    """Sums over other positions, as positions: one that is all profit (entered at 0, a mark of 1), one that is all maintenance."""
    marks, tables, positions = {}, {}, []
    sums = (("others_upnl", PROFIT, "0", p.NO_MAINTENANCE), ("others_mm", MAINTENANCE, "1", p.ALL_MAINTENANCE))
    for word, of, entry, table in sums:
        if not w.is_nothing(inputs.get(word)):
            market = book.market(w.word(of).upper())
            marks[market], tables[market] = "1", table
            positions.append(p.position(of, market, w.fine(inputs[word]), entry))
    return marks, tables, positions


def cross_cum_liq(q: Question) -> list[Trial]:
    """Several positions behind one balance, each under its own row; the mark of one of them moves."""
    prices, target = _account(q, w.fine)
    sums, _ = _account(q, w.number)
    settle = p.linear_at_mark(q.venue).settle
    readings = {name: pool(name, settle) for name in ("maintenance_margin", "initial_margin", "equity")}
    return [replace(prices, figures=_prices(target)), replace(sums, figures=readings)]


def _account(q: Question, money: p.Spell) -> tuple[Trial, str]:
    """The account, and the id of the position whose mark moves."""
    book, positions = p.linear_at_mark(q.venue), q.inputs["positions"]
    names = [one["symbol"] for one in positions]
    legs, marks, tables, ids = [], {}, {}, {}
    contracts: dict[str, dict[str, str]] = {}
    for one, name in zip(positions, names, strict=True):
        market, side = book.market(w.word(name)), one["side"] if names.count(name) > 1 else None
        ids[name] = f"{name} {side or 'net'}"
        marks[market] = w.number(w.first(one, "mark", "mark_price", "entry"))
        tables[market] = p.flat(one if "mmr" in one else q.policy, money)
        legs.append(p.position(ids[name], market, p.size_of(one, money), w.number(one["entry"]), leverage=p.leverage(one), side=side))
        contract = p.contract(one)
        contracts |= {market: contract} if contract else {}
    book = book.flat(tables).contracts(contracts)
    balance = money(w.first(q.inputs, "wallet_balance", "collateral"))
    shot = p.snapshot(marks, legs, {book.settle: balance}, **p.fees(book, q.policy))
    return Trial(book, shot, {}), ids[q.inputs["target"]]
