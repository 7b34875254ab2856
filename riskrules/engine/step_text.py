"""A step explained: what is done, why it is the next one, at what price, where the money goes, and what would be left."""

from __future__ import annotations

from typing import Any

from riskrules.engine.explain import PoolExplanation, Step, figure
from riskrules.engine.explain_json import step_json
from riskrules.engine.explain_text import aligned, beside, who, wrapped
from riskrules.engine.stepping import NextStep, StepRows
from riskrules.ir.fault import Fault
from riskrules.ir.words import value_text
from riskrules.ir.working import Working
from riskrules.units import say
from riskrules.units.exact import to_fraction

NO_PRICE = ("RR501", "RR503", "RR531")
MONEY = ("fee", "surplus", "drawn", "loss_shared")


def do_of(made: NextStep) -> str:
    """`reduce`, as the strategy says it."""
    return made.said[str(made.step)].partition(",")[0].removeprefix("do: ")


def heading(made: NextStep) -> str:
    whose = who(PoolExplanation(made.evaluated, made.number))
    if made.fault is not None:
        return f"ERROR  {whose}      no step: nothing is assumed"
    if not made.step:
        begun = made.evaluated.walk.value("begun", made.number) if "begun" in made.evaluated.plan.program.named else False
        return f"NO STEP  {whose}      {'healthy enough again' if begun else 'not liquidatable'}"
    many = sum(key.isdigit() for key in made.said)
    return f"STEP {made.step} of {many}  {do_of(made).replace('_', ' ')}  {whose}"


def step_text(made: NextStep, width: int) -> str:
    lines = [heading(made)]
    if made.fault is not None:
        first, *more = [*wrapped(made.fault.text, width - 9), *wrapped(made.fault.hint, width - 9)]
        lines += [f"  {made.fault.code}  {first}", *(f"         {line}" for line in more)]
        if made.strategy and made.said["pause"] != "none" and made.fault.code in NO_PRICE:
            lines += beside("    pause          ", f"{made.said['pause']} (stated, not run)", width)
        return "\n".join(lines)
    for order in orders(made):
        lines += beside(f"    {'order':<14} ", order, width)
    lines += aligned(steps(made), width)
    for name, text in notes(made):
        lines += beside(f"    {name:<14} ", text, width)
    return "\n".join(lines)


def orders(made: NextStep) -> list[str]:
    """`sell 4 BTC-USDT at 63,980.01 or better, immediate or cancel`, for each leg that is closed."""
    return [_order(made, k) for k in made.closing]


def _order(made: NextStep, k: int) -> str:
    leg, size = made.evaluated.rows.legs[k], made.value("closes", k)
    said = "error" if isinstance(size, Fault) else say.number(size)
    price = value_text(made.value("limit_price", k), _unit(made, "limit_price"))
    side = "sell" if leg.size[0] > 0 else "buy"
    kind = _written(made, "order").replace("_", " ")
    at = f"at {price} or better, {kind}" if kind else f"at {price}, {do_of(made).replace('_', ' ')}"
    return f"{side} {said} {leg.market} {at}"


def _written(made: NextStep, key: str) -> str:
    parts = dict(part.split(": ", 1) for part in made.said[str(made.step)].split(", ") if ": " in part)
    return parts.get(key, "")


def _unit(made: NextStep, name: str) -> Any:
    program = made.evaluated.plan.program
    return program.nodes[program.named[name]].unit


def steps(made: NextStep) -> list[Step]:
    """Levels, why the steps above do not apply, what is closed, prices and money."""
    if not made.step:
        return [_line(made, name, made.number) for name in ("maintenance_margin", "equity", "healthy_enough", "goes_on")]
    out = [_line(made, name, made.number) for name in ("maintenance_margin", "equity", "goes_on", "severe")]
    out += [_line(made, f"step_{k}_applies", made.number) for k in range(1, made.step + 1)]
    for k in made.closing:
        out += [_line(made, name, k) for name in ("closes", "bankruptcy_price", "limit_price", "closed_notional", "realised")]
    out += [_line(made, name, made.number) for name in MONEY if _tells(made, name)]
    return out + called_upon(made)


def _tells(made: NextStep, name: str) -> bool:
    """A fault is shown, and 0 is not."""
    value = made.value(name)
    return isinstance(value, Fault) or bool(value[0])


def called_upon(made: NextStep) -> list[Step]:
    """Of each on the other side what is closed against the pool, and by which rank."""
    lines = [_line(made, name, row) for row in _called_rows(made) for name in ("rank_score", "deleveraged")]
    return lines + [_line(made, "bears", row) for row in _bearers(made)]


def _bearers(made: NextStep) -> list[int]:
    """Those who bear a part of a shared loss."""
    if "bears" not in made.evaluated.plan.program.named:
        return []
    return [row for row, value in enumerate(made.evaluated.walk.column("bears")) if isinstance(value, Fault) or value[0]]


def _called_rows(made: NextStep) -> list[int]:
    """Those of whom something is closed, the first in rank first."""
    if "deleveraged" not in made.evaluated.plan.program.named:
        return []
    walk = made.evaluated.walk
    given = walk.column("deleveraged")
    rows = [row for row, value in enumerate(given) if isinstance(value, Fault) or value[0]]
    return sorted(rows, key=lambda row: to_fraction(walk.value("ahead", row)))


def _line(made: NextStep, name: str, row: int) -> Step:
    walk, program = made.evaluated.walk, made.evaluated.plan.program
    walk.upto(k := program.named[name])
    value, at = made.evaluated.value(name, row), k
    if name == "closes":
        at = program.named.get(f"step_{made.step}_closes", k)
    elif program.nodes[k].op == "choose" and value is False and walk.at(program.nodes[k].args[0], row) is False:
        at = program.nodes[k].args[0]  # it does not apply whatever it would close: the guard says why
    working = Working(walk, lambda _: False)
    text = value.text if isinstance(value, Fault) else working.text(at, row)
    rows = program.nodes[k].rows
    of = "" if rows == "pool" else walk.frame.label(rows, row)
    file, line = program.nodes[at].source if program.nodes[at].source[0] else program.nodes[k].source
    return Step(name, of, text, value, working.value(k, row), f"{file}:{line}" if file else "", "")


def notes(made: NextStep) -> list[tuple[str, str]]:
    """Where the money goes, what would be left, and what is stated and not run."""
    if not made.step:
        return []
    out = [("written", f"{made.said[str(made.step)]}   {made.said['file']}:{made.said[f'{made.step} line']}")]
    if any(_tells(made, name) for name in MONEY):
        out.append(("fees", made.said["fees"]))
    out.append(("then", _left(made)))
    wait = _written(made, "wait")
    if wait:
        out.append(("wait", f"{wait}, then look again (stated, not run)"))
    return out


def _left(made: NextStep) -> str:
    after = made.after
    if after is None:
        return "nothing is left of the pool's positions"
    if after.fault is not None:
        return f"{after.fault.code} {after.fault.text}"
    shown = {name: value_text(after.value(name), _unit(after, name)) for name in ("equity", "maintenance_margin")}
    held = ", ".join(_held(after, k) for k in after.evaluated.legs_of(after.number))
    goes = "liquidation stops" if after.step == 0 else f"next is step {after.step}, {do_of(after).replace('_', ' ')}"
    return f"all filled at the mark: {held}; equity {shown['equity']}, maintenance margin {shown['maintenance_margin']}: {goes}"


def _held(made: NextStep, k: int) -> str:
    leg = made.evaluated.rows.legs[k]
    return f"{leg.market} {'long' if leg.size[0] > 0 else 'short'} {say.number((abs(leg.size[0]), leg.size[1]))}"


def step_to_json(made: NextStep) -> dict[str, Any]:
    """The step with every figure as exact text; null where there is none."""
    base = {
        "account": made.evaluated.account.id,
        "position": made.pool.position or None,
        "mode": made.pool.mode,
        "strategy": made.strategy or None,
    }
    if made.fault is not None:
        return {**base, "step": None, "error": figure(made.fault), "steps": []}
    done = {
        "step": made.step or None,
        "do": do_of(made) if made.step else None,
        "written": made.said.get(str(made.step)),
        "orders": [_order_json(made, k) for k in made.closing],
        "counterparties": [_called_json(made, row) for row in dict.fromkeys((*_called_rows(made), *_bearers(made)))],
        "money": {name: figure(made.value(name)) for name in MONEY},
        "after": _after_json(made),
        "steps": [step_json(step) for step in steps(made)],
    }
    return {**base, "error": None, **done}


def _order_json(made: NextStep, k: int) -> dict[str, Any]:
    leg = made.evaluated.rows.legs[k]
    names = ("closes", "limit_price", "bankruptcy_price", "closed_notional", "realised")
    return {
        "id": leg.id,
        "market": leg.market,
        "side": "sell" if leg.size[0] > 0 else "buy",
        **{name: figure(made.value(name, k)) for name in names},
    }


def _called_json(made: NextStep, row: int) -> dict[str, Any]:
    rows = made.evaluated.rows
    assert isinstance(rows, StepRows)
    other, walk = rows.others[row], made.evaluated.walk
    figures: dict[str, Any] = {
        name: figure(walk.value(name, row)) for name in ("rank_score", "deleveraged", "bears") if name in walk.program.named
    }
    return {"id": other.id, "market": other.market, **figures}


def _after_json(made: NextStep) -> dict[str, Any] | None:
    after = made.after
    if after is None or after.fault is not None:
        return None
    positions = [{"id": leg.id, "market": leg.market, "size": figure(leg.size)} for leg in after.evaluated.rows.legs]
    figures = {name: figure(after.value(name)) for name in ("equity", "maintenance_margin")}
    return {"held_still": "all filled at the mark", **figures, "positions": positions, "next_step": after.step or None}
