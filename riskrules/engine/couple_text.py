"""A coupled account as text: what binds first, then who falls with whom, in at most thirty lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from riskrules.engine.couple import CROSS, ISOLATED, Blast, Reach, proved
from riskrules.engine.couple_view import Amount, CorrelationView, GroupView, MatchView, ModeView, ScenarioView, View
from riskrules.engine.explain_text import beside, wrapped
from riskrules.ir.fault import Fault
from riskrules.ir.ops import SIGNS
from riskrules.units import say
from riskrules.units.exact import Exact, places_of, to_fraction

MOST_PARTS, MOST_PAIRS, MOST_ROWS, MOST_GROUPS = 4, 4, 4, 3
VERDICT = {"bad": "\x1b[1;38;5;160mLIQUIDATABLE\x1b[0m", "good": "\x1b[1;38;5;28mHEALTHY\x1b[0m", "odd": "\x1b[1;38;5;164mERROR\x1b[0m"}
PLAIN = {"bad": "LIQUIDATABLE", "good": "HEALTHY", "odd": "ERROR"}


def couple_text(view: View, colour: bool = False, width: int = 120) -> str:
    """All lines of one account."""
    account = view.coupled.account
    if not view.modes:
        return f"{account}  holds no position: nothing is coupled"
    cross = view.modes[0]
    if view.fault is not None:
        first, *more = [*wrapped(view.fault.text, width - 9), *wrapped(view.fault.hint, width - 9)]
        head = f"{(VERDICT if colour else PLAIN)['odd']}  {account}      undecided: nothing is assumed"
        return "\n".join([head, f"  {view.fault.code}  {first}", *(f"         {line}" for line in more)])
    verdict = (VERDICT if colour else PLAIN)["bad" if cross.liquidated else "good"]
    group = cross.groups[0]
    many = len(view.coupled.markets)
    lines = [
        f"{verdict}  {account}  cross, {many} market{'' if many == 1 else 's'} of {money(group.gross)} notional      "
        f"equity {money(view.equity)} {_side(view, cross.liquidated)} requirement {money(group.requirement)}"
    ]
    lines += _why(view, group, width)
    lines += _modes(view, width)
    lines += _blasts(view, width)
    lines += _matches(view, width)
    lines += _switch(view, width)
    if view.coupled.evaluated.rows.orders:
        lines.append("  orders       not counted: a portfolio is of what is held")
    return "\n".join(lines)


def money(amount: Amount | None) -> str:
    """To the cent, cut with … where there is more."""
    if amount is None:
        return "none"
    if isinstance(amount, Fault):
        return amount.code
    places = places_of(amount)
    if places is not None and places <= 2:
        return say.money(amount)
    whole = abs(to_fraction(amount))
    cut = Fraction(int(whole * 100), 100)
    return f"{say.MINUS if amount[0] < 0 else ''}{say.money(cut)}…"


def signed(amount: Amount) -> str:
    text = money(amount)
    return text if isinstance(amount, Fault) or amount[0] < 0 else f"+{text}"


def percent(part: Exact | Fraction, whole: Exact | Fraction | None = None) -> str:
    """For a glance: to a tenth of a percent."""
    value = part if isinstance(part, Fraction) else to_fraction(part)
    if whole is not None:
        value = value / (whole if isinstance(whole, Fraction) else to_fraction(whole))
    return f"{say.number(Fraction(round(value * 1000), 10))}%"


def times(amount: Amount) -> str:
    if isinstance(amount, Fault):
        return amount.code
    return f"{say.number(Fraction(round(to_fraction(amount) * 100), 100), 2)}"


def _side(view: View, liquidated: bool) -> str:
    trigger = view.coupled.plan.trigger
    opposite = {"at_or_below": "above", "below": "at_or_above"}
    return SIGNS[trigger if liquidated else opposite[trigger]]


def _place(view: View, name: str) -> str:
    program = view.coupled.plan.program
    file, line = program.nodes[program.named[name]].source
    return f"{file}:{line}" if file else ""


def _why(view: View, group: GroupView, width: int) -> Iterator[str]:
    plan = view.coupled.plan
    if group.scenarios:
        yield from beside("  scenarios    ", f"{scenario_said(group.scenarios)}   {_place(view, 'scenario_margin')}", width)
    if group.correlation:
        yield from beside("  correlation  ", f"{vertex_said(group.correlation)}   {_place(view, 'worst_variance')}", width)
        yield from _pairs(group.correlation, width)
    if plan.repaired:
        yield f"    {len(plan.repaired)} entries of the matrix are repaired, as the policy says (RR272)"
    if group.tree is not None:
        nodes = ", ".join(f"{name} {money(amount)}" for name, amount in group.amounts[:MOST_PARTS])
        counted = "" if "tree" in plan.parts else "   (shown, and not counted in the requirement)"
        yield from beside("  tree         ", f"{money(group.tree)}: {nodes}{counted}   {_place(view, 'tree_margin')}", width)
    way = "sum" if plan.summed else "larger"
    only = f"{way} of {' and '.join(plan.parts)}" if len(plan.parts) > 1 else plan.parts[0]
    yield from beside("  requirement  ", f"{only} = {money(group.requirement)}   {_place(view, 'requirement')}", width)


def scenario_said(one: ScenarioView) -> str:
    parts = [f"{part.market} {signed(part.amount)}" for part in one.parts[:MOST_PARTS]]
    rest = one.parts[MOST_PARTS:]
    if rest:
        left = sum((to_fraction(part.amount) for part in rest if not isinstance(part.amount, Fault)), Fraction(0))
        parts.append(f"{len(rest)} others {signed((left.numerator, left.denominator))}")
    after = f"; then {one.runner_up} {signed(one.runner_up_result)}" if one.runner_up else ""
    return f"{money(one.margin)}: worst {one.worst} {signed(one.result)} = {', '.join(parts)}{after}"


def vertex_said(one: CorrelationView) -> str:
    others = ", ".join(f"{name} {money(variance)}" for name, variance in one.variances)
    return f"{money(one.margin)}: binding vertex {one.binding}; variances {others}"


def _pairs(one: CorrelationView, width: int) -> Iterator[str]:
    if not one.pairs:
        return
    if one.binding == "base":
        said = ", ".join(f"{pair.one} with {pair.other} {signed(pair.variance)}" for pair in one.pairs[:MOST_PAIRS])
        yield from beside("    pairs that add most      ", said, width)
        return
    figures = [(pair, pair.added) for pair in one.pairs if not isinstance(pair.added, Fault)]
    whole = sum((to_fraction(added) for _, added in figures), Fraction(0))
    shown = figures[:MOST_PAIRS]
    said = ", ".join(f"{pair.one} with {pair.other} {signed(added)} ({percent(added, whole)})" for pair, added in shown)
    more = len(figures) - len(shown)
    tail = f" and {more} more pairs" if more else ""
    yield from beside(f"    the vertex adds {money((whole.numerator, whole.denominator))}: ", f"{said}{tail}", width)


def _modes(view: View, width: int) -> Iterator[str]:
    kind = "exact" if proved(view.coupled) else "estimate: that it is the first is not proved"
    along = f"along {view.coupled.stress} ({kind} to 0.01% of it)" if view.coupled.stress else "no scenario is declared to ask along"
    rows = [("mode", "groups", "requirement", f"liquidated at, {along}")]
    for mode in view.modes:
        rows.append((mode.name, str(len(mode.groups)), money(mode.required), _nearest(mode)))
    yield from _table(rows, width)
    faults = [group.reach.at for mode in view.modes for group in mode.groups if group.reach and isinstance(group.reach.at, Fault)]
    for fault in dict.fromkeys(faults):
        yield from beside(f"  {fault.code}  ", f"{fault.text}: {fault.hint}", width)


def _nearest(mode: ModeView) -> str:
    """The first groups to go, the nearest first."""
    reached = sorted(
        ((to_fraction(group.reach.at), group.name) for group in mode.groups if group.reach and isinstance(group.reach.at, tuple)),
    )
    fault = next((group.reach.at for group in mode.groups if group.reach and isinstance(group.reach.at, Fault)), None)
    if fault is not None:
        return f"undecided: {fault.code}"
    if not reached:
        within = min((group.reach.within for group in mode.groups if group.reach), key=to_fraction, default=None)
        return f"not within {percent(within)} of it" if within else "-"
    named = [f"{'now' if not at else percent(at)}{f' {name}' if len(mode.groups) > 1 else ''}" for at, name in reached[:MOST_GROUPS]]
    more = len(reached) - len(named)
    return ", ".join(named) + (f" and {more} more groups" if more else "")


def _table(rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]) - 1)]
    for row in rows:
        head = "  " + "  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=False)) + "  "
        yield from beside(head, row[-1], width)


def _blasts(view: View, width: int) -> Iterator[str]:
    """Whose move alone takes down which others: the nearest first."""
    found = {mode.name: {blast.market: blast for blast in mode.blasts} for mode in view.modes}
    order = sorted(view.modes[0].blasts, key=lambda blast: [_near(found[mode.name][blast.market]) for mode in view.modes])
    names = [mode.name for mode in view.modes if mode.name != ISOLATED]
    rows: list[tuple[str, ...]] = [("alone against it", *names, "isolated: what falls besides it")]
    for blast in order[:MOST_ROWS]:
        cells = [blast_said(found[name][blast.market]) for name in names]
        alone = found[ISOLATED][blast.market]
        rows.append((blast.market, *cells, f"{move_said(alone)}: none, 0.00"))
    yield from _table(rows, width)
    if len(order) > MOST_ROWS:
        yield f"  and {len(order) - MOST_ROWS} markets farther away or not within −100% or +100%"


def _near(blast: Blast) -> tuple[int, Fraction]:
    return (0, to_fraction(blast.reach.at)) if isinstance(blast.reach.at, tuple) else (1, Fraction(0))


def move_said(blast: Blast) -> str:
    at = blast.reach.at
    if isinstance(at, Fault):
        return at.code
    if at is None:
        return "not within 100%"
    return "now" if not at[0] else f"{say.MINUS if blast.falls else '+'}{percent(at)}"


def blast_said(blast: Blast) -> str:
    if not blast.takes_down:
        return move_said(blast)
    return f"{move_said(blast)} takes down {len(blast.takes_down)} of {money(blast.outside)}"


def _matches(view: View, width: int) -> Iterator[str]:
    if not view.matches:
        return
    head = f"  isolated     to stand through {view.coupled.stress}"
    if view.cross_stands is not True:
        yield from beside("  isolated     ", f"cross does not stand through {view.coupled.stress}: there is no safety to match", width)
        return
    most = sorted(view.matches, key=lambda one: -_size(one.times))[:MOST_ROWS]
    side = "more than" if view.coupled.plan.trigger == "at_or_below" else "at least"
    said = "; ".join(f"{one.market} {money(one.equity)}{_beside_match(one)}" for one in most)
    more = f"; {len(view.matches) - len(most)} more" if len(view.matches) > len(most) else ""
    yield from beside(f"{head} as cross does, {side}: ", said + more, width)


def _beside_match(one: MatchView) -> str:
    """How much more that is; nothing where nothing is required."""
    if isinstance(one.times, Fault) or isinstance(one.leverage, Fault):
        return ""
    return f" ({times(one.times)} × required, {times(one.leverage)}x)"


def _size(amount: Any) -> Fraction:
    return Fraction(0) if isinstance(amount, Fault) else to_fraction(amount)


def _switch(view: View, width: int) -> Iterator[str]:
    """Each change of mode from cross, by the policy's own check."""
    said = []
    for mode in view.modes:
        if mode.name != CROSS:
            said.append(f"to {mode.name} {switch_said(mode)}")
    yield from beside("  switch       ", "; ".join(said), width)


def switch_said(mode: ModeView) -> str:
    if any(group.may_switch is None for group in mode.groups):
        return "not decided: the policy names no switch of mode"
    fault = next((group.may_switch for group in mode.groups if isinstance(group.may_switch, Fault)), None)
    if fault is not None:
        return f"undecided: {fault.code} {fault.text}"
    refused = [group for group in mode.groups if group.may_switch is False]
    if not refused:
        return "allowed"
    first = refused[0]
    posted = first.posted
    why = f"equity {money(first.equity)} for a requirement of {money(first.requirement)}"
    if isinstance(posted, tuple) and posted[0] < 0:
        why = f"{money(posted)} would have to be posted: a profit that is not realised cannot be moved"
    more = f" and {len(refused) - 1} more groups" if len(refused) > 1 else ""
    return f"refused: {first.name} would have {why}{more}" if why.startswith("equity") else f"refused: in {first.name} {why}{more}"


def reach_said(reach: Reach | None) -> str:
    if reach is None or reach.at is None:
        return "not within" + (f" {percent(reach.within)}" if reach else "")
    return reach.at.code if isinstance(reach.at, Fault) else percent(reach.at)
