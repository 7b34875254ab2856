"""An explanation as text: verdict first, then the arithmetic, the row and its line, and what would be different."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from riskrules.engine.decide import ERROR, HEALTHY, LIQUIDATE
from riskrules.engine.explain import PoolExplanation, Step
from riskrules.ir.fault import Fault
from riskrules.ir.ops import OPS, SIGNS, below
from riskrules.ir.words import value_text
from riskrules.rulebook.plan import StatusPlan
from riskrules.units import say
from riskrules.units.clock import Instant, say_day, seconds_between
from riskrules.units.exact import Exact, is_nothing, to_exact, to_fraction

MOST_LEGS = 8  # in a plain explanation
VERDICT = {HEALTHY: "HEALTHY", LIQUIDATE: "LIQUIDATABLE", ERROR: "ERROR"}
PAINT = {HEALTHY: "\x1b[1;38;5;28m", LIQUIDATE: "\x1b[1;38;5;160m", ERROR: "\x1b[1;38;5;164m"}  # read on white and on black alike
BLANK = re.compile(r"(?<! )(?<!\bto) (?=\S)(?!(?<=\d )[a-z])")  # `5 s` and `43 legs` hold together
OPPOSITE = {"below": "at_or_above", "at_or_below": "above", "above": "at_or_below", "at_or_above": "below"}


def pool_text(pool: PoolExplanation, depth: int, turns: list[str], colour: bool, width: int = 120) -> str:
    """All lines of one pool; `turns` says what would have to be different (its head, then each change)."""
    lines = heading(pool, colour, width)
    if not pool.legs and pool.fault is None and depth == 1:
        return "\n".join(lines)
    if pool.fault:
        first, *more = [*wrapped(pool.fault.text, width - 9), *wrapped(pool.fault.hint, width - 9)]
        lines += [f"  {pool.fault.code}  {first}", *(f"         {line}" for line in more)]
    if has_leg_table(pool, depth):
        lines += list(_leg_table(pool, width))
    lines += aligned(steps_shown(pool, depth), width)
    lines += folded(turns, width)
    for name, text in notes(pool):
        lines += beside(f"    {name:<14} ", text, width)
    return "\n".join(lines)


def has_leg_table(pool: PoolExplanation, depth: int) -> bool:
    return not pool.single and depth == 1


def steps_shown(pool: PoolExplanation, depth: int) -> list[Step]:
    """Those of the pool itself, where its legs have a table of their own."""
    return [step for step in pool.steps(depth) if not step.of or not has_leg_table(pool, depth)]


def heading(pool: PoolExplanation, colour: bool, width: int) -> list[str]:
    """`LIQUIDATABLE  pos-17  BTC-USDT long 10 @ mark 30,000.00`, then what was compared, on the same line where it fits."""
    verdict, whose, compared = VERDICT[pool.decision], who(pool), comparison(pool)
    painted = f"{PAINT[pool.decision]}{verdict}\x1b[0m" if colour else verdict
    if not compared:
        return [f"{painted}  {whose}"]
    if len(verdict) + len(whose) + len(compared) + 8 <= width:
        return [f"{painted}  {whose}      {compared}"]
    return [f"{painted}  {whose}", *beside(f"{' ' * len(verdict)}  ", compared, width)]


def folded(parts: list[str], width: int) -> list[str]:
    """The head in the names' column, then the changes: side by side where they fit, else one below the other."""
    if not parts:
        return []
    head, *items = parts
    line = f"    {head:<14} {' · '.join(items)}"
    if len(line) <= width:
        return [line]
    return [f"    {head if k == 0 else '':<14} {item}" for k, item in enumerate(items)]


def wrapped(text: str, room: int) -> list[str]:
    """The text in lines that fit, broken where it is read most easily; a figure keeps its unit, and is never cut."""
    lines = []
    while len(text) > room:
        at = _best_break(text, room)
        if at is None:
            break
        lines.append(text[:at].rstrip())
        text = text[at + 1 :]
    return [*lines, text]


def _best_break(text: str, room: int) -> int | None:
    """In the second half where that is possible: the blank in the fewest brackets, before a sum or behind a comma rather than elsewhere."""
    ranks = {}
    for found in BLANK.finditer(text, 0, room + 2):
        at, before = found.start(), text[: found.start()]
        depth = sum(before.count(sign) for sign in "(⌈⌊") - sum(before.count(sign) for sign in ")⌉⌋")
        loose = 0 if text[at + 1] in "+−<≤≥>" or before.endswith((",", ";")) else 1 if text[at + 1] in "×÷" else 2
        ranks[at] = (at <= room // 2, depth + loose, -at)
    return min((at for at in ranks if 0 < at <= room), key=ranks.__getitem__, default=None)


def beside(head: str, text: str, width: int) -> list[str]:
    """A name and what is said of it; what does not fit goes on below, under where it began."""
    first, *more = wrapped(text, width - len(head))
    return [f"{head}{first}", *(f"{' ' * len(head)}{line}" for line in more)]


def who(pool: PoolExplanation) -> str:
    evaluated = pool.evaluated
    if pool.pool.position:
        return f"{pool.pool.position}  {_leg(pool, pool.legs[0])}  isolated"
    label = f"{evaluated.account.id}  cross {pool.pool.settle}"
    if not pool.legs:
        return label
    return f"{label}  {_leg(pool, pool.legs[0])}" if pool.single else f"{label}  {len(pool.legs)} positions"


def _leg(pool: PoolExplanation, k: int) -> str:
    market = pool.evaluated.rows.legs[k].market
    price, age = _price(pool, k), _age(pool, market)
    return f"{_held(pool, k)} {price.replace('@', '@ mark') + (f', {age} old' if age else '') if price else _unused(pool, market)}"


def _held(pool: PoolExplanation, k: int) -> str:
    leg = pool.evaluated.rows.legs[k]
    return f"{leg.market} {'long' if leg.size[0] > 0 else 'short'} {say.number((abs(leg.size[0]), leg.size[1]))}"


def _price(pool: PoolExplanation, k: int) -> str:
    """`@ 64,123.40`, where the mark may be used."""
    evaluated = pool.evaluated
    mark = evaluated.walk.value("mark_price", evaluated.rows.keys["leg", "market"][k])
    return f"@ {say.money(mark)}" if isinstance(mark, tuple) else ""


def _unused(pool: PoolExplanation, market: str) -> str:
    """A price that was given and may not be used is shown as such."""
    given = pool.evaluated.snapshot.markets.get(market)
    return f"@ mark {say.money(given.mark_price)}, not used" if given and given.mark_price else "without a mark price"


def _age(pool: PoolExplanation, market: str) -> str:
    """How old the mark is, where both its time and the snapshot's are given."""
    snapshot = pool.evaluated.snapshot
    given = snapshot.markets.get(market)
    if given is None or given.at is None or snapshot.as_of is None or given.at > snapshot.as_of:
        return ""
    return say.seconds(seconds_between(snapshot.as_of, given.at))


def comparison(pool: PoolExplanation) -> str:
    if pool.decision == ERROR:
        return "undecided: nothing is assumed"
    if not pool.legs:
        return f"no open position, equity {pool.shown('equity')}"
    account = pool.evaluated.plan.account
    equity, required = pool.value("equity"), pool.value(account.liquidate_against)
    if not isinstance(equity, tuple) or not isinstance(required, tuple):
        return ""
    comparator = account.liquidate_comparator if pool.decision == LIQUIDATE else OPPOSITE[account.liquidate_comparator]
    name = account.liquidate_against.replace("_", " ")
    return f"equity {say.money(equity)} {SIGNS[comparator]} {name} {say.money(required)}{_distance(equity, required)}"


def _distance(equity: Exact, required: Exact) -> str:
    if below(equity, required):
        return f", short by {say.money(OPS['sub'].exact(required, equity))}"
    spare = OPS["sub"].exact(equity, required)
    return ", exactly" if is_nothing(spare) else f", {say.money(spare)} to spare"


LEG_HEADS = ("", "position @ mark", "age", "tier", "maintenance", "profit")
TO_THE_RIGHT = (2, 4, 5)


def _leg_table(pool: PoolExplanation, width: int) -> Iterator[str]:
    """One line a leg: what it is, its tier, what it needs, what it brings and where the row stands; the largest requirements first."""
    kept = legs_by_need(pool)[:MOST_LEGS]
    head, *lines = _columns([LEG_HEADS, *(leg_cells(pool, k) for k in kept)], width)
    found = [pool.tier_row(k) for k in kept]
    beside = [f"{row.place}  {row.version}{row.unsure}" if row else "" for row in found]
    if all(len(line) + 2 + len(place) <= width for line, place in zip(lines, beside, strict=True)):
        yield f"{head}  row, version" if any(beside) else head
        yield from (f"{line}  {place}".rstrip() for line, place in zip(lines, beside, strict=True))
    else:
        yield head
        for line, row in zip(lines, found, strict=True):
            yield line.rstrip()
            yield from [f"      {row.place}  {row.version} version{row.unsure}"] if row else []
    if len(pool.legs) > MOST_LEGS:
        yield f"    and {len(pool.legs) - MOST_LEGS} smaller positions (--depth 2 shows each)"


def _columns(rows: list[tuple[str, ...]], width: int) -> Iterator[str]:
    """Each row as a line, set closer where it would not fit; a column with nothing under its head is left out."""
    columns = [k for k in range(len(LEG_HEADS)) if any(row[k] for row in rows[1:])]
    widths = {k: max(len(row[k]) for row in rows) for k in columns}
    indent, gap = ("    ", "  ") if 4 + sum(widths.values()) + 2 * (len(columns) - 1) <= width else ("  ", " ")
    for row in rows:
        cells = [row[k].rjust(widths[k]) if k in TO_THE_RIGHT else row[k].ljust(widths[k]) for k in columns]
        yield f"{indent}{gap.join(cells)}"


def leg_cells(pool: PoolExplanation, k: int) -> tuple[str, ...]:
    leg, row = pool.evaluated.rows.legs[k], pool.tier_row(k)
    name = "" if leg.market.startswith(f"{leg.id}-") or leg.market == leg.id else leg.id
    price = _price(pool, k) or _unused(pool, leg.market)
    figures = (_cell(pool, "position_maintenance", k), _cell(pool, "unrealised_profit", k))
    return (name, f"{_held(pool, k)} {price}", _age(pool, leg.market), row.tier if row else "", *figures)


def legs_by_need(pool: PoolExplanation) -> list[int]:
    return sorted(pool.legs, key=lambda k: need(pool, k), reverse=True)


def need(pool: PoolExplanation, leg: int) -> tuple[bool, Fraction]:
    """What the leg's requirement is, one that could not be had first of all."""
    evaluated, name = pool.evaluated, "position_maintenance" if pool.has("position_maintenance") else "notional"
    value = evaluated.value(name, evaluated.row_of(name, leg))
    return isinstance(value, Fault), to_fraction(value) if isinstance(value, tuple) else Fraction(0)


def _cell(pool: PoolExplanation, name: str, leg: int) -> str:
    evaluated, program = pool.evaluated, pool.evaluated.plan.program
    if not pool.has(name) or (name == "position_maintenance" and not pool.decides(name)):
        return ""  # what the pool is not held to is no requirement of its positions
    if name == "unrealised_profit" and isinstance(evaluated.value(name, evaluated.row_of(name, leg)), Fault):
        name = "counted_profit"  # what a formula says that the position is worth
    return value_text(evaluated.value(name, evaluated.row_of(name, leg)), program.nodes[program.named[name]].unit)


def aligned(steps: list[Step], width: int) -> list[str]:
    """Numbered, with the workings, the values and the sources each in a column; a line too long continues below."""
    rows = step_rows(steps)
    if not rows:
        return []
    names, values = (max(len(row[k]) for row in rows) for k in (0, 2))
    workings = max({len(row[1]) for row in rows}, key=lambda column: (_kept(rows, names + values + 9, column, width), -column))
    return [line for k, row in enumerate(rows, start=1) for line in _step_lines(k, row, (names, workings, values), width)]


def step_rows(steps: list[Step]) -> list[tuple[str, str, str, str]]:
    """Each step's name, working, value, and where it stands; whose it is where that could be taken for another."""
    rows = []
    for step in steps:
        name = step.name.replace("_", " ") + (f" {step.of}" if step.of and ambiguous(steps, step) else "")
        value = step.shown if step.name.startswith("tier ") else f"= {step.shown}"
        rows.append((name, said(step, steps), value, "  ".join(part for part in (step.source, step.note) if part)))
    return rows


def said(step: Step, steps: list[Step]) -> str:
    """The working; of a fault its words, once: what follows from it only says so."""
    if not isinstance(step.value, Fault):
        return step.working
    first = next(other for other in steps if other.value == step.value)
    return step.value.text if first is step else "follows from the same"


def _kept(rows: list[tuple[str, str, str, str]], others: int, column: int, width: int) -> int:
    """How many rows stay on one line when the workings have so wide a column."""
    return sum(len(row[1]) <= column and others + column + 2 + len(row[3]) <= width for row in rows)


def _step_lines(k: int, row: tuple[str, str, str, str], widths: tuple[int, int, int], width: int) -> list[str]:
    name, said, value, source = row
    names, workings, values = widths
    line = f"  {k:>2} {name:<{names}}  {said:<{workings}}  {value:<{values}}  {source}".rstrip()
    if len(said) <= workings and len(line) <= width:
        return [line]
    indent = " " * (names + 7)
    below = f"{indent}{value}  {source}".rstrip()
    shown = [line.rstrip() for line in beside(f"  {k:>2} {name:<{names}}  ", said, width)]
    return [*shown, *([below] if len(below) <= width else [f"{indent}{value}", f"{indent}{source}"])]


def ambiguous(steps: list[Step], step: Step) -> bool:
    return len({other.of for other in steps if other.of}) > 1 or any(other is not step and other.name == step.name for other in steps)


def notes(pool: PoolExplanation) -> list[tuple[str, str]]:
    """What is said beside the steps, each under a word of its own."""
    out = []
    if pool.state:
        may = f": may {', '.join(pool.may)}" if pool.may and pool.may != ("nothing",) else ""
        out.append(("state", f"{pool.state.replace('_', ' ')}{may}"))
    if not pool.pool.position and pool.legs:
        out.append(("decided by", "the account: a cross position is liquidated when its pool is"))
    initial = pool.value("initial_margin")
    if isinstance(initial, Fault) and pool.legs:
        out.append(("initial", f"{initial.code} {initial.text}"))
    return out


def status_line(status: StatusPlan, when: Instant) -> str:
    """Whose table, captured when, how old, and that it is not the venue's word."""
    if status.authority == "house":
        return f"{status.title}: house rules; no approval is recorded"
    captured = status.captured
    if captured is None:
        return f"{status.title}: not the venue's word"
    age = seconds_between(when, captured)
    old = f"{say.seconds(to_exact(age))} old" if age >= 0 else f"captured {say.seconds(to_exact(-age))} after the time asked about"
    stale = ", STALE" if status.stale_after and age > 0 and not below(to_exact(age), status.stale_after) else ""
    figures = f"; reproduces {status.figures[0]} of {status.figures[1]} published figures" if status.figures else ""
    count = len(status.unsettled)
    open_points = f"; {count} point{'' if count == 1 else 's'} unsettled" if count else ""
    return f"{status.title} as captured {say_day(captured)}, {old}{stale}; not the venue's word{figures}{open_points}"
