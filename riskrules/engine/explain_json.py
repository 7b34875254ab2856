"""The JSON twin of an explanation: the same steps, every figure as exact text."""

from __future__ import annotations

from typing import Any

from riskrules.engine.explain import PoolExplanation, Step, figure
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import say_instant

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


def pool_json(pool: PoolExplanation, depth: int) -> dict[str, Any]:
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
    }


def leg_json(pool: PoolExplanation, k: int) -> dict[str, Any]:
    """Every figure of a leg; the tier counts from 1."""
    evaluated = pool.evaluated
    program = evaluated.plan.program
    leg = evaluated.rows.legs[k]
    out: dict[str, Any] = {
        "id": leg.id,
        "market": leg.market,
        "side": "long" if leg.size[0] > 0 else "short",
        "decided_by": "position" if pool.pool.position else "account",
    }
    for name in LEG_FIGURES:
        if name in program.named:
            value = evaluated.value(name, evaluated.row_of(name, k))
            out[name] = value + 1 if type(value) is int else figure(value)
    return out


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


def status_json(plan: Plan) -> dict[str, Any]:
    s = plan.status
    return {
        "title": s.title,
        "authority": s.authority,
        "captured": say_instant(s.captured) if s.captured is not None else None,
        "reproduces": {"figures": s.figures[0], "of": s.figures[1], "by": s.figures[2]} if s.figures else None,
        "unsettled": list(s.unsettled),
        "venues_word": False,
    }
