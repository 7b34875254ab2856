"""Hyperliquid's figures, under Hyperliquid's own rulebook."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial, pool, price
from tests.conformance.books import HYPERLIQUID
from tests.conformance.cases import Fields, NotSaid, Question

HALF_RULES = (None, "1/(2*max_leverage)")  # what the form of the rulebook derives by itself


def _row(policy: Fields, money: p.Spell = w.number) -> dict[str, Any] | None:
    """The tiers or the largest leverage of a market; None where the rate itself is given."""
    rule = policy.get("mmr_rule")
    if rule not in HALF_RULES:
        raise NotSaid(f"mmr_rule {rule}")
    if "tiers" in policy:
        return p.tiers(policy["tiers"], ("floor", "cap", "max_leverage"), money)
    if "max_leverage" in policy and "mmr" not in policy:
        return p.tiers([("unlimited", policy["max_leverage"])], ("cap", "max_leverage"))
    return None


def liq(q: Question) -> list[Trial]:
    """An isolated position: its margin given, or what opening at its leverage posts."""
    market, row = HYPERLIQUID.market(p.CASE), _row(q.policy, w.fine)
    book = HYPERLIQUID.tiers({market: row}) if row else HYPERLIQUID.flat({market: p.flat(q.policy, w.fine)})
    entry = w.number(q.inputs["entry"])
    given = w.first(q.inputs, "margin", "wallet_balance")
    margin = "initial" if given is None else w.fine(given)
    one = p.position(p.POSITION, market, p.size_of(q.inputs, w.fine), entry, mode="isolated", leverage=p.leverage(q.inputs), margin=margin)
    mark = w.number(w.first(q.inputs, "mark", "mark_price") or entry)
    figures = {"liquidation_price": price("liquidate", p.POSITION), "bankruptcy_price": price("bankrupt", p.POSITION)}
    return [Trial(book, p.snapshot({market: mark}, [one], {}), figures)]


def margin_used(q: Question) -> list[Trial]:
    """rawUsd is the balance; a position entered at 0 is worth its whole value."""
    market = HYPERLIQUID.market(p.CASE)
    size = w.signed(q.inputs.get("side"), q.inputs["position_value"])
    one = p.position(p.POSITION, market, size, "0", mode="isolated", margin=w.number(q.inputs["raw_usd"]), leverage=p.leverage(q.inputs))
    book = HYPERLIQUID.flat({market: p.NO_MAINTENANCE})
    return [Trial(book, p.snapshot({market: "1"}, [one], {}), {"margin_used": pool("equity", HYPERLIQUID.settle, p.POSITION)})]


def cross_liq(q: Question) -> list[Trial]:
    """A cross account whose value is given: every position as if entered at its mark."""
    sums = {"maintenance_margin": pool("maintenance_margin", HYPERLIQUID.settle), "account_value": pool("equity", HYPERLIQUID.settle)}
    return [
        replace(_account(q, w.fine), figures={"liquidation_price": price("liquidate", q.inputs["target"])}),
        replace(_account(q, w.number), figures=sums),
    ]


def _account(q: Question, money: p.Spell) -> Trial:
    marks, legs = {}, []
    flats: dict[str, dict[str, str]] = {}
    tables: dict[str, dict[str, Any]] = {}
    for one in q.inputs["positions"]:
        coin, row = one["coin"], _row(one, money)
        market, mark = HYPERLIQUID.market(w.word(coin)), w.per(one["position_value"], one["szi"])
        marks[market] = mark
        if row is None:
            flats[market] = p.flat(one if "mmr" in one else q.policy, money)
        else:
            tables[market] = row
        legs.append(p.position(coin, market, w.signed(one.get("side"), money(one["szi"])), mark, leverage=p.leverage(one)))
    book = HYPERLIQUID.flat(flats) if flats else HYPERLIQUID
    book = book.tiers(tables) if tables else book
    return Trial(book, p.snapshot(marks, legs, {book.settle: money(q.inputs["account_value"])}), {})


def tier_mm(q: Question) -> list[Trial]:
    """The maintenance margin of a notional under a table of largest leverages."""
    row = _row(q.policy)
    if row is None:
        raise NotSaid("the case gives no table")
    book = HYPERLIQUID.tiers({HYPERLIQUID.market(p.CASE): row})
    return [Trial(book, p.of_notional(book, w.unsigned(q.inputs["notional"]), leverage=p.leverage(q.inputs)), p.leg_words())]
