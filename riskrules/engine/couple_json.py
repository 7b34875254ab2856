"""The JSON twin of a coupled account: every figure as exact text."""

from __future__ import annotations

from typing import Any

from riskrules.engine.couple import Blast, Reach, proved
from riskrules.engine.couple_orders import OpenOrders
from riskrules.engine.couple_text import orders_said
from riskrules.engine.couple_view import CorrelationView, GroupView, MatchView, ModeView, Part, ScenarioView, View
from riskrules.ir.fault import Fault
from riskrules.units.exact import exact_text

SCHEMA = "riskrules/couple/1"


def account_json(view: View) -> dict[str, Any]:
    plan = view.coupled.plan
    return {
        "account": view.coupled.account,
        "markets": list(view.coupled.markets),
        "equity": figure(view.equity),
        "error": figure(view.fault) if view.fault else None,
        "requirement_is": {"way": "sum_of" if plan.summed else "larger_of", "parts": list(plan.parts)},
        "liquidated_when_equity": plan.trigger,
        "stress": view.coupled.stress or None,
        "distances_are": "exact" if proved(view.coupled) else "estimate",
        "matrix": {a: {b: figure(value) for b, value in row.items()} for a, row in plan.matrix.items()},
        "repaired": [{"one": a, "other": b, "written": figure(was), "used": figure(now)} for a, b, was, now in plan.repaired],
        "modes": [_mode(mode) for mode in view.modes],
        "cross_stands_through_the_stress": _flag(view.cross_stands),
        "isolated_to_match": [_match(one) for one in view.matches],
        "orders": _orders(view.orders) if view.orders else None,
    }


def figure(value: Any) -> Any:
    """Exact text, or what is wrong with it."""
    if isinstance(value, Fault):
        return {"code": value.code, "text": value.text, "hint": value.hint}
    return None if value is None else exact_text(value)


def _flag(value: bool | Fault | None) -> Any:
    return figure(value) if isinstance(value, Fault) else value


def _mode(mode: ModeView) -> dict[str, Any]:
    return {
        "mode": mode.name,
        "required": figure(mode.required),
        "groups": [_group(group) for group in mode.groups],
        "blast": [_blast(blast) for blast in mode.blasts],
    }


def _group(group: GroupView) -> dict[str, Any]:
    return {
        "group": group.name,
        "markets": list(group.markets),
        "gross_notional": figure(group.gross),
        "requirement": figure(group.requirement),
        "equity": figure(group.equity),
        "posted_margin": figure(group.posted),
        "liquidated": _flag(group.liquidated),
        "may_switch": _flag(group.may_switch),
        "reach": _reach(group.reach) if group.reach else None,
        "scenarios": _scenarios(group.scenarios) if group.scenarios else None,
        "correlation": _correlation(group.correlation) if group.correlation else None,
        "tree": {name: figure(amount) for name, amount in group.amounts},
        "tree_margin": figure(group.tree),
    }


def _reach(reach: Reach) -> dict[str, Any]:
    return {"share_of_move": figure(reach.at), "looked_within": figure(reach.within)}


def _parts(parts: tuple[Part, ...]) -> dict[str, Any]:
    return {part.market: figure(part.amount) for part in parts}


def _scenarios(one: ScenarioView) -> dict[str, Any]:
    return {
        "margin": figure(one.margin), "worst": one.worst or None, "result": figure(one.result), "parts": _parts(one.parts),
        "runner_up": one.runner_up or None, "runner_up_result": figure(one.runner_up_result) if one.runner_up else None,
    }  # fmt: skip


def _correlation(one: CorrelationView) -> dict[str, Any]:
    pairs = [{"one": p.one, "other": p.other, "variance": figure(p.variance), "added": figure(p.added)} for p in one.pairs]
    return {
        "margin": figure(one.margin), "binding_vertex": one.binding or None,
        "variances": {name: figure(variance) for name, variance in one.variances}, "own_variance": _parts(one.own), "pairs": pairs,
    }  # fmt: skip


def _blast(blast: Blast) -> dict[str, Any]:
    return {
        "market": blast.market, "direction": "falls" if blast.falls else "rises", "reach": _reach(blast.reach),
        "takes_down": list(blast.takes_down), "outside_notional": figure(blast.outside),
    }  # fmt: skip


def _match(one: MatchView) -> dict[str, Any]:
    return {
        "market": one.market, "equity": figure(one.equity), "times_required": figure(one.times), "leverage": figure(one.leverage),
        "result_of_the_stress": figure(one.loss),
    }  # fmt: skip


def _orders(one: OpenOrders) -> dict[str, Any]:
    fill = one.worst
    worst = fill and {
        "filled": dict(fill.sides), "required": figure(fill.required), "reserved": figure(fill.reserved), "equity": figure(fill.equity),
        "liquidated": _flag(fill.liquidated),
    }  # fmt: skip
    return {
        "rule": one.rule, "counted": one.counted, "left_out": one.left_out, "worst": worst, "error": figure(one.fault),
        "text": orders_said(one),
    }  # fmt: skip
