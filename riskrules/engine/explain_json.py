"""The JSON twin of an explanation: the same steps, every figure as exact text."""

from __future__ import annotations

from typing import Any

from riskrules.engine.changes import TooFine
from riskrules.engine.decide import ERROR, HEALTHY, LIQUIDATE, Evaluated
from riskrules.engine.explain import PoolExplanation, Step, figure
from riskrules.engine.turns import turn_json, turns
from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import Instant, say_instant, seconds_between
from riskrules.units.exact import exact_text, to_exact

SCHEMA = "riskrules/explain/1"
FIGURES = ("wallet_balance", "equity", "maintenance_margin", "initial_margin", "margin_buffer", "may_increase")
LEG_FIGURES = (
    "notional",
    "tier",
    "maintenance_rate",
    "maintenance_amount",
    "max_leverage",
    "position_maintenance",
    "position_initial",
    "unrealised_profit",
)


def pool_json(pool: PoolExplanation, depth: int, market: str | None = None) -> dict[str, Any]:
    account = pool.evaluated.account.id
    return {
        "account": account,
        "mode": pool.pool.mode,
        "settle": pool.pool.settle,
        "position": pool.pool.position or None,
        "decision": pool.decision,
        "code": pool.fault.code if pool.fault else None,
        "text": pool.fault.text if pool.fault else None,
        "state": pool.state,
        "may": list(pool.may),
        "figures": {name: {"value": figure(pool.value(name)), "is": "exact"} for name in FIGURES if pool.has(name)},
        "legs": [leg_json(pool, k) for k in pool.legs],
        "steps": [step_json(step) for step in pool.steps(depth)],
        "turns": _turns_json(pool, market),
    }


def _turns_json(pool: PoolExplanation, market: str | None) -> dict[str, Any] | None:
    """The changes that would turn the decision, each alone; None where they were not looked for."""
    if pool.evaluated.others or pool.decision == ERROR or not pool.legs:
        return None
    found = list(turns(pool, market=market))
    return {
        "to": HEALTHY if pool.decision == LIQUIDATE else LIQUIDATE,
        "each_alone": [turn_json(turn) for turn in found if not isinstance(turn, TooFine)],
        "unfinished": sum(isinstance(turn, TooFine) for turn in found),
    }


def leg_json(pool: PoolExplanation, k: int) -> dict[str, Any]:
    """What a leg is, the price it was decided at, and every figure of it; the tier counts from 1."""
    evaluated = pool.evaluated
    program = evaluated.plan.program
    leg = evaluated.rows.legs[k]
    out: dict[str, Any] = {
        "id": leg.id,
        "market": leg.market,
        "side": "long" if leg.size[0] > 0 else "short",
        "size": figure(leg.size),
        "entry_price": figure(leg.entry_price) if leg.entry_price else None,
        **price_json(evaluated, evaluated.rows.keys["leg", "market"][k]),
        "decided_by": "position" if pool.pool.position else "account",
        "table_digests": _tables(evaluated, evaluated.rows.keys["leg", "market"][k]),
    }
    for name in LEG_FIGURES:
        if name in program.named:
            value = evaluated.value(name, evaluated.row_of(name, k))
            out[name] = value + 1 if type(value) is int else figure(value)
    return out


def _tables(evaluated: Evaluated, market: int) -> list[str]:
    """The meaning of the market's table: of the one in force, or of each that may be."""
    plan = evaluated.rows.market_plans[market]
    return [] if isinstance(plan, Fault) else [table.digest for table in plan.tables if table is not None]


def price_json(evaluated: Evaluated, market: int) -> dict[str, Any]:
    """The mark, its time and its age, as they decided; each None where it was not given."""
    given = evaluated.snapshot.markets.get(evaluated.rows.markets[market])
    at, as_of = given.at if given else None, evaluated.snapshot.as_of
    return {
        "mark_price": exact_text(given.mark_price) if given and given.mark_price else None,
        "mark_price_at": say_instant(at) if at is not None else None,
        "mark_price_age_seconds": exact_text(to_exact(seconds_between(as_of, at))) if at is not None and as_of is not None else None,
    }


def step_json(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "of": step.of or None,
        "working": step.working,
        "value": figure(step.value),
        "shown": step.shown,
        "source": step.source,
        "note": step.note or None,
    }


def status_json(plan: Plan, when: Instant) -> dict[str, Any]:
    s = plan.status
    age = exact_text(to_exact(seconds_between(when, s.captured))) if s.captured is not None else None
    return {
        "title": s.title,
        "authority": s.authority,
        "captured": say_instant(s.captured) if s.captured is not None else None,
        "age_seconds": age,
        "reproduces": {"figures": s.figures[0], "of": s.figures[1], "by": s.figures[2]} if s.figures else None,
        "unsettled": list(s.unsettled),
        "venues_word": False,
    }
