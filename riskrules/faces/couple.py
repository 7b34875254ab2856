"""A coupled account as one HTML file that asks for nothing else, its heat maps in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from html import escape

from riskrules.engine.couple import proved
from riskrules.engine.couple_text import blast_said, money, reach_said, scenario_said, switch_said, times, vertex_said
from riskrules.engine.couple_view import CorrelationView, ScenarioView, View
from riskrules.faces.heat import Cell, Heat, heat
from riskrules.faces.html import POLICY, foot_lines
from riskrules.faces.page import Foot
from riskrules.faces.style import CSS, PAGE
from riskrules.ir.fault import Fault
from riskrules.units import say
from riskrules.units.exact import to_fraction


def couple_page(views: Sequence[View], foot: Foot) -> str:
    body = "\n".join(line for one in views for line in _account(one))
    title = f"Coupling of {', '.join(one.coupled.account for one in views)}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{PAGE}</style>\n</head>\n<body>\n<style>{CSS}</style>\n"
        '<main class="riskrules"><div class="riskrules-body">\n'
        f"<h1>What is coupled, as of <span>{escape(foot.as_of)}</span></h1>\n{body}\n"
        + "\n".join(foot_lines(foot))
        + "\n</div></main>\n</body>\n</html>\n"
    )


def _account(view: View) -> Iterator[str]:
    yield "<section>"
    account = escape(view.coupled.account)
    if not view.modes:
        yield f"<h2>{account} holds no position</h2></section>"
        return
    if view.fault is not None:
        yield f'<h2><span class="verdict error">ERROR</span>{account}</h2>'
        yield f'<div class="fault"><b>{view.fault.code}</b> {escape(view.fault.text)}<br>{escape(view.fault.hint)}</div></section>'
        return
    cross = view.modes[0]
    group = cross.groups[0]
    kind, word = ("liquidate", "LIQUIDATABLE") if cross.liquidated else ("healthy", "HEALTHY")
    yield f'<h2><span class="verdict {kind}">{word}</span>{account} cross, {len(view.coupled.markets)} markets</h2>'
    yield f'<p class="compared">equity {money(view.equity)}, requirement {money(group.requirement)}</p>'
    yield "<ul>"
    if group.scenarios:
        yield f"<li>Scenarios {escape(scenario_said(group.scenarios))}</li>"
    if group.correlation:
        yield f"<li>Correlation {escape(vertex_said(group.correlation))}</li>"
    if group.tree is not None:
        yield f"<li>Tree {escape(', '.join(f'{name} {money(amount)}' for name, amount in group.amounts))}</li>"
    yield "</ul>"
    if group.correlation and group.correlation.binding:
        yield heat(_of_pairs(view, group.correlation))
    if group.scenarios and group.scenarios.every:
        yield heat(_of_scenarios(group.scenarios))
    yield from _modes(view)
    yield from _blasts(view)
    yield from _matches(view)
    yield "</section>"


def _of_pairs(view: View, one: CorrelationView) -> Heat:
    """Where the variance comes from: every cell its share, a pair in two halves, so that all cells are 100%."""
    names = view.coupled.markets
    whole = next((to_fraction(v) for name, v in one.variances if name == one.binding and not isinstance(v, Fault)), Fraction(0))
    share: dict[tuple[str, str], Fraction] = {}
    for part in one.own:
        share[part.market, part.market] = _share(part.amount, whole)
    for pair in one.pairs:
        share[pair.one, pair.other] = share[pair.other, pair.one] = _share(pair.variance, whole) / 2
    largest = max((abs(value) for value in share.values()), default=Fraction(0)) or Fraction(1)
    cells = tuple(tuple(_shaded(share[a, b], largest) for b in names) for a in names)
    said = f"Each position and each pair as a share of the variance at the vertex {one.binding}; all cells together are 100%."
    return Heat(f"Where the variance comes from, % at {one.binding}", said, names, names, cells, "The smaller ones are left out here.")


def _share(amount: object, whole: Fraction) -> Fraction:
    return to_fraction(amount) / whole * 100 if isinstance(amount, tuple) and whole else Fraction(0)


def _shaded(value: Fraction, largest: Fraction) -> Cell:
    text = say.number(Fraction(round(value)))
    return Cell(text if value <= 0 else f"+{text}", -float(value / largest))


def _of_scenarios(one: ScenarioView) -> Heat:
    columns = tuple(name for name, _ in one.every)
    markets = tuple(part.market for part in one.every[0][1])
    table = [[_plain(parts[k].amount) for _, parts in one.every] for k in range(len(markets))]
    largest = max((abs(value) for row in table for value in row), default=Fraction(0)) or Fraction(1)
    cells = tuple(tuple(_result(value, largest) for value in row) for row in table)
    said = f"The result of each position in each scenario; the worst is {one.worst}, then {one.runner_up or 'none'}."
    return Heat("What each scenario does to each position", said, markets, columns, cells, "The smaller ones are left out here.")


def _plain(amount: object) -> Fraction:
    return to_fraction(amount) if isinstance(amount, tuple) else Fraction(0)


def _result(value: Fraction, largest: Fraction) -> Cell:
    short = value / 1000 if abs(value) >= 10_000 else value
    text = say.number(Fraction(round(short))) + ("k" if abs(value) >= 10_000 else "")
    return Cell(text if value <= 0 else f"+{text}", float(value / largest))


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    label = escape(title, quote=True)
    yield f'<h3>{escape(title)}</h3><div class="scroll" tabindex="0" role="region" aria-label="{label}"><table><thead><tr>'
    yield "".join(f'<th scope="col">{escape(head)}</th>' for head in heads) + "</tr></thead><tbody>"
    yield from (f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    yield "</tbody></table></div>"


def _modes(view: View) -> Iterator[str]:
    stress = view.coupled.stress
    kind = "" if proved(view.coupled) else ", an estimate: that it is the first is not proved"
    heads = ("mode", "group", "requirement", "equity", f"liquidated at, of {stress}{kind}" if stress else "liquidated at", "switch to it")
    rows = [
        (
            mode.name if k == 0 else "", group.name, money(group.requirement), money(group.equity),
            "now" if group.liquidated is True else reach_said(group.reach), switch_said(mode) if k == 0 and mode.name != "cross" else "",
        )
        for mode in view.modes
        for k, group in enumerate(mode.groups)
    ]  # fmt: skip
    yield from _table("Three modes", heads, rows)


def _blasts(view: View) -> Iterator[str]:
    found = {mode.name: {blast.market: blast for blast in mode.blasts} for mode in view.modes}
    rows = [(market, *(blast_said(found[mode.name][market]) for mode in view.modes)) for market in view.coupled.markets]
    yield from _table("What a market alone takes down", ("market", *(mode.name for mode in view.modes)), rows)


def _matches(view: View) -> Iterator[str]:
    if not view.matches:
        return
    stress = view.coupled.stress
    if view.cross_stands is not True:
        yield f'<p class="held">Cross does not stand through {escape(stress)}: there is no safety to match.</p>'
        return
    side = "more than" if view.coupled.plan.trigger == "at_or_below" else "at least"
    heads = ("market", f"equity, {side}", "times what is required", "leverage", f"result of {stress}")
    rows = [(one.market, money(one.equity), times(one.times), f"{times(one.leverage)}x", money(one.loss)) for one in view.matches]
    yield from _table(f"Isolated, to stand through {stress} as cross does", heads, rows)
