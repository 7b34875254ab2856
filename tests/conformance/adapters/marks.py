"""Mark prices: the legs of a case, under the venue's own rule or one that the case writes."""

from __future__ import annotations

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial
from tests.conformance.asked_marks import NOBODY, mark
from tests.conformance.books import BITMEX, FIGURES, OF_COINS
from tests.conformance.cases import NotSaid, Question

COMBINED = {"median": "median_of", "weights": "weighted_mean_of"}
ROUNDED = {"to": "1", "direction": "down"}


def funding_basis(q: Question) -> list[Trial]:
    """The index carried by the funding that is still to come."""
    if q.venue != BITMEX.rulebook or w.number(q.policy["funding_interval_h"]) != "8":
        raise NotSaid("a rule of another venue, or of another interval")
    market, now = BITMEX.market(p.CASE), q.inputs["now"]
    legs = {
        "index_price": {"price": w.number(q.inputs["index"]), "at": now},
        "funding": {"rate": w.number(q.inputs["funding_rate"]), "next_at": q.inputs["next_funding"]},
    }
    book = BITMEX.contracts({market: OF_COINS}).mark_rule(market, "fair_price")
    return [Trial(book, NOBODY, {"mark_price": mark("mark_price", market, legs, now), "fair_basis": mark("basis", market, legs, now)})]


def composite(q: Question) -> list[Trial]:
    """The fresh ones of several prices, put together; clocks count seconds from a day's beginning."""
    how, market, now = q.policy["method"], FIGURES.market(p.CASE), _at(q.inputs["now"])
    if how not in COMBINED:
        raise NotSaid(f"no such method: {how}")
    ages, weights = q.policy["max_age"], q.policy.get("weights") or [None for _ in q.policy["max_age"]]
    names = [f"price_{k}" for k, _ in enumerate(ages)]
    used = {name: w.number(weight) for name, weight in zip(names, weights, strict=True)} if how == "weights" else names
    rule = {
        "legs": {name: _leg(name, age) for name, age in zip(names, ages, strict=True)},
        "price": {COMBINED[how]: used},
        "if_missing": [{"missing": "any_other", "price": {"the_rest": "put_together_alike", "at_least": "1"}}],
        "clamp": "none",
        "round": ROUNDED,
    }
    perpetuals = {
        name.replace("_", "-"): {"price": w.number(price), "at": _at(seen)}
        for name, price, seen in zip(names, q.inputs["prices"], q.inputs["last_update"], strict=True)
    }
    book = FIGURES.contracts({market: OF_COINS}).mark_rule(market, "composite", rule)
    return [Trial(book, NOBODY, {"price": mark("mark_price", market, {"perpetuals": perpetuals}, now)})]


def _leg(name: str, age: object) -> dict[str, object]:
    return {"take": "external_perpetuals", "venues": [name.replace("_", "-")], "combine": "median", "too_old": {"above": f"{age}s"}}


def _at(second: object) -> str:
    return f"2030-01-01T00:00:{str(second).zfill(2)}Z"
