"""The text of `riskrules show`: a verdict, the rows, what they mean, where they come from, and every version."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator

from riskrules.cli.output import some, width_of
from riskrules.engine.explain_text import status_line
from riskrules.rulebook.plan import MarketPlan, Plan, TablePlan
from riskrules.rulebook.published import Published, published, with_what_it_uses
from riskrules.rulebook.shelf import Shelf
from riskrules.rulebook.table_view import GONE, IN_FORCE, NO_TABLE, ROLLING_OUT, UNDECIDED, Candidate, MarketView, what_changed
from riskrules.rulebook.versions import Version
from riskrules.rules.margin import ShareOfInitial, TierForm
from riskrules.units import say
from riskrules.units.clock import Instant, say_instant

LABEL = 14  # columns of the labels on the left
HEADS = (("", "", "", "max", "maintenance", "maintenance", "", ""), ("tier", "floor", "cap", "leverage", "rate", "amount", "", "line"))
EXISTING = {"last_tier_applies": "an existing position keeps the last tier", "error": "an existing position is an error (RR504)"}


def market_text(view: MarketView, shelf: Shelf) -> str:
    blocks = ["\n".join(_wrapped(_heading(view), 0))]
    blocks += ["\n".join(_candidate(view, one)) for one in view.candidates]
    blocks.append("\n".join(_about(view, shelf)))
    if view.versions:
        blocks.append("\n".join(["history", *_history(view)]))
    return "\n\n".join(blocks)


def book_text(plan: Plan, shelf: Shelf, when: Instant) -> str:
    gone = f", {len(plan.gone)} withdrawn" if plan.gone else ""
    lines = [f"{plan.rulebook}  {some(len(plan.markets()), 'market')}{gone} as of {say_instant(when)}", ""]
    lines += [*_labelled("status", status_line(plan.status, when)), *_unsettled(plan), *_labelled("policies", _shelf_line(plan, shelf)), ""]
    lines.append("terms: what there is one of, the unit, where the policy says so, and the formula")
    return "\n".join(lines) + "\n\n" + "\n".join(line for term in published(plan.program) for line in _term(term))


def formula_text(plan: Plan, shelf: Shelf, when: Instant, name: str) -> str:
    term, uses, given = with_what_it_uses(plan.program, name)
    lines = [*_term(term), ""]
    if uses:
        lines += ["made of", *(line for one in uses for line in _term(one)), ""]
    if given:
        lines += [*_labelled("given", f"{', '.join(given)}: by the snapshot, or by the table and contract of the market"), ""]
    return "\n".join([*lines, *_labelled("status", status_line(plan.status, when)), *_labelled("policies", _shelf_line(plan, shelf))])


# -- the verdict ------------------------------------------------------------------------------------


def _heading(view: MarketView) -> str:
    when = say_instant(view.when)
    if view.verdict == IN_FORCE:
        return f"{view.name}  table in force as of {when}: {_nth(view, view.candidates[0].version)}"
    if view.verdict == GONE:
        return f"WITHDRAWN  {view.name} has no table as of {when}: gone {_begins(view.candidates[0].version)}"
    if view.verdict == UNDECIDED:
        other = "another version" if view.candidates[0].is_certain else "its first table"
        return f"UNDECIDED  {view.name}: {other} may be in force as of {when}; every one that may be is shown"
    if view.verdict == ROLLING_OUT:
        return f"ROLLED OUT  {view.name}: as of {when} a new table holds for positions that are opened or added to, and not yet for others"
    if view.verdict == NO_TABLE:
        return f"NO TABLE  {view.name} has a contract and no table: its margin is by the formulas of the book, or undecided"
    return f"NO TABLE YET  {view.name} has none as of {when}: the first version is in force {_begins(view.versions[0])}"


def _nth(view: MarketView, version: Version) -> str:
    return f"version {view.versions.index(version) + 1} of {len(view.versions)}"


def _begins(version: Version) -> str:
    observed, phased = version.file.header.observed, version.file.header.phased_from
    if phased is not None:
        later = say_instant(version.certain_from)
        return f"from {say_instant(phased)} on for a position that is opened or added to, from {later} on for every one"
    if observed is None:
        return f"from {say_instant(version.certain_from)} on"
    if observed.after is None:
        return f"from {say_instant(observed.by)} on at the latest (observed)"
    return f"from some time between {say_instant(observed.after)} and {say_instant(observed.by)} on (observed)"


# -- a table ----------------------------------------------------------------------------------------


def _candidate(view: MarketView, one: Candidate) -> Iterator[str]:
    header = one.version.file.header
    if view.verdict == UNDECIDED:
        yield from _wrapped(f"{_nth(view, one.version)}: {'in force, unless a later one is' if one.is_certain else 'may be in force'}", 0)
    if view.verdict == ROLLING_OUT:
        others = "of positions that were not added to since the new one began" if one.is_certain else "of all others"
        yield from _wrapped(f"{_nth(view, one.version)}: {others}", 0)
    if one.table is None:
        if view.verdict == UNDECIDED:
            yield "  withdraws the market"
    else:
        yield from _rows(one.table)
        yield ""
        yield from _form(one.table, one.form)
    file, line = one.version.source
    yield from _labelled("written in", f"{file}:{line}, digest {one.version.digest()[:8]}")
    yield from _labelled("withdrawn" if one.table is None else "in force", _begins(one.version))
    yield from _labelled("reason", header.reason)
    yield from _labelled("source", header.source or "none is given")


def _rows(table: TablePlan) -> list[str]:
    """The rows in columns, the heads above them in two lines; `line` is where the row is written."""
    caps = table.caps[0]
    first = "not given" if table.excerpt else "0"
    rows = [
        (
            str(k + 1), _size(caps[k - 1]) if k else first, _size(cap), say.leverage(table.max_leverages[k]),
            say.rate(table.maintenance_rates[k]), say.money(table.maintenance_amounts[k]),
            "written" if table.written_amounts[k] else "derived", str(table.lines[k]),
        )
        for k, cap in enumerate(caps)
    ]  # fmt: skip
    return _fitted([*HEADS, *rows])


def _fitted(rows: list[tuple[str, ...]]) -> list[str]:
    """In columns; where these are too wide, closer together, then without the last one.  No number is ever cut."""
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for gap, columns in ((2, len(wide)), (1, len(wide)), (1, len(wide) - 1)):
        if 2 + sum(wide[:columns]) + gap * (columns - 1) <= width_of(sys.stdout):
            break
    return ["  " + (" " * gap).join(cell.rjust(width) for cell, width in zip(row[:columns], wide, strict=False)).rstrip() for row in rows]


def _size(cap: tuple[int, int] | None) -> str:
    return "unlimited" if cap is None else say.number(cap)


def _form(table: TablePlan, form: TierForm | None) -> Iterator[str]:
    """What the rows mean, in words: what is looked up, which side equality falls on, what happens above the last cap."""
    caps, inclusive, beyond = table.caps
    if table.excerpt:
        yield from _labelled("excerpt", table.excerpt)
    yield from _labelled("size", f"{_words(table.lookup)}{', the position only' if form and form.counts == 'position_only' else ''}")
    if len(caps) > 1 or caps[0] is not None:
        own, sides = ("that tier", "floor < size ≤ cap") if inclusive else ("the next tier", "floor ≤ size < cap")
        yield from _labelled("at a cap", f"equality belongs to {own}: {sides}")
    if form:
        yield from _labelled("margin", f"{_style(form)}, taken on {_words(table.rate_on)}")
        if isinstance(form.maintenance_rate, ShareOfInitial):
            share = say.rate(form.maintenance_rate.share_of_initial_rate)
            yield from _labelled("rate", f"{share} of the initial rate at max leverage, in a row that writes none")
    if caps[-1] is not None:
        increase = form.above_last_cap.increase if form else "refused"
        side = f"{'above' if inclusive else 'from'} {_size(caps[-1])}"
        yield from _labelled("above the last", f"{side} {EXISTING[beyond]}; adding to it is {increase}")
    yield from _labelled("form", table.form)


def _style(form: TierForm) -> str:
    return "each slice at its own tier's rate" if form.style == "marginal" else "the whole position at the rate of its tier"


def _words(name: str) -> str:
    return name.replace("_", " ")


# -- the market and the book ------------------------------------------------------------------------


def _about(view: MarketView, shelf: Shelf) -> Iterator[str]:
    if view.market:
        yield from _labelled("contract", _contract(view.market))
    if view.also_called:
        yield from _labelled("also called", ", ".join(f"{text} ({who})" for who, text in view.also_called.items()))
    yield from _labelled("status", status_line(view.plan.status, view.when))
    yield from _labelled("policies", _shelf_line(view.plan, shelf))


def _contract(market: MarketPlan) -> str:
    kind = "inverse" if market.is_inverse else "linear"
    size = "contracts" if market.in_contracts else market.base
    step = [f"{name} {say.number(value) if value else 'not stated'}" for name, value in (("tick", market.tick), ("lot", market.lot))]
    worth = market.quote if market.is_inverse else market.base
    each = f" of {say.number(market.multiplier)} {worth}" if market.multiplier != (1, 1) else ""
    return f"{kind}, settles in {market.settle}; size in {size}{each}; {', '.join(step)}"


def _unsettled(plan: Plan) -> Iterator[str]:
    for point in plan.status.unsettled:
        yield from _labelled("unsettled", point)


def _shelf_line(plan: Plan, shelf: Shelf) -> str:
    return f"{plan.rulebook}, rules {plan.rules[:8]}, from {shelf.folder}{' (packaged)' if shelf.packaged else ''}"


# -- every version ----------------------------------------------------------------------------------


def _history(view: MarketView) -> Iterator[str]:
    word = {IN_FORCE: "in force: ", UNDECIDED: "may be in force: ", ROLLING_OUT: "in force: "}.get(view.verdict, "")
    mark = {one.version: word for one in view.candidates}
    times = [_when(version) for version in view.versions]
    for k, (version, change) in enumerate(zip(view.versions, what_changed(view.versions), strict=True)):
        left = f"  {k + 1:>3}  {times[k]:<{max(map(len, times))}}  {version.digest()[:8]}"
        right = f"{mark.get(version, '')}{change}, {version.source[0]}:{version.source[1]}"
        if len(left) + 2 + len(right) <= width_of(sys.stdout):
            yield f"{left}  {right}"
        else:
            yield left
            yield from _wrapped(right, 7)


def _when(version: Version) -> str:
    observed, phased = version.file.header.observed, version.file.header.phased_from
    if phased is not None:
        return f"{say_instant(phased)} … {say_instant(version.certain_from)}"
    if observed is None or observed.after is None:
        return say_instant(version.certain_from)
    return f"{say_instant(observed.after)} … {say_instant(observed.by)}"


# -- terms ------------------------------------------------------------------------------------------


def _term(term: Published) -> Iterator[str]:
    file, line = term.source
    left = f"  {term.name:<21} each {term.rows}, {term.unit}"
    yield f"{left:<50}  {file}:{line}" if file else left
    yield from _wrapped(f"= {term.formula}", 6)


# -- lines ------------------------------------------------------------------------------------------


def _labelled(label: str, text: str) -> Iterable[str]:
    first, *rest = _wrapped(text, LABEL + 4) or [""]
    return [f"  {label:<{LABEL}}  {first.lstrip()}", *rest]


def _wrapped(text: str, indent: int) -> list[str]:
    blank = " " * indent
    later = blank if indent else "  "
    return textwrap.wrap(
        text, width_of(sys.stdout), initial_indent=blank, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )
