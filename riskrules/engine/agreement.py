"""An explanation held against what the venue printed: which figures agree to the printed precision, and which step first does not.

Figures are compared in the order in which one rests on another, so that the first that differs is where to look.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.engine.ask import every_price
from riskrules.engine.changes import TooFine
from riskrules.engine.explain import PoolExplanation
from riskrules.engine.explain_text import status_line
from riskrules.engine.printed import PrintedAccount, PrintedLeg
from riskrules.rulebook.aliases import market_named
from riskrules.units import say
from riskrules.units.clock import Instant, seconds_between
from riskrules.units.exact import Exact, exact_text, to_exact, to_fraction

FLOATS = Fraction(1, 10**9)  # of a liquidation price: venues print it from floats, with more places than they carry
STEPS = ("size", "entry_price", "mark_price", "notional", "unrealised_profit", "position_maintenance")
POOL_STEPS = ("equity", "maintenance_margin")


class Compared(NamedTuple):
    of: str
    step: str
    ours: str
    printed: str
    agrees: bool
    hint: str  # where to look, of one that differs


def compare(pools: Iterable[PoolExplanation], printed: PrintedAccount, when: Instant) -> list[Compared]:
    """Every figure that both have: inputs, then what is made of them, then the pools, then the liquidation prices."""
    pools = list(pools)
    pairs = [(pool, leg, found) for pool in pools for leg in pool.legs if (found := _match(pool, leg, printed.legs))]
    by_step = (_leg_figure(pool, leg, found, name, when) for name in STEPS for pool, leg, found in pairs)
    cross = [pool for pool in pools if not pool.pool.position and pool.legs]
    sums = (_pool_figure(cross[0], printed, name) for name in POOL_STEPS) if len(cross) == 1 else ()
    prices = (_price(pool, leg, found) for pool, leg, found in pairs)
    return [one for made in (by_step, sums, prices) for one in made if one]


def _match(pool: PoolExplanation, leg: int, printed: tuple[PrintedLeg, ...]) -> PrintedLeg | None:
    held = pool.evaluated.rows.legs[leg]
    side = "long" if held.size[0] > 0 else "short"
    plan = pool.evaluated.plan
    return next((one for one in printed if one.side in ("", side) and market_named(plan, one.symbol) == held.market), None)


def _leg_figure(pool: PoolExplanation, leg: int, printed: PrintedLeg, name: str, when: Instant) -> Compared | None:
    value, text = _ours(pool, leg, name), printed.figures.get(name)
    if text is None or value is None:
        return None
    agrees = _agree(to_fraction(value), text)
    hint = "" if agrees else _hint(pool, leg, name, text, when)
    return Compared(pool.evaluated.rows.legs[leg].market, name, exact_text(value), text, agrees, hint)


def _ours(pool: PoolExplanation, leg: int, name: str) -> Exact | None:
    evaluated = pool.evaluated
    held = evaluated.rows.legs[leg]
    if name in ("size", "entry_price"):
        return held.size if name == "size" else held.entry_price
    if name == "mark_price":
        value = evaluated.walk.value(name, evaluated.rows.keys["leg", "market"][leg])
    elif pool.has(name):
        value = evaluated.value(name, evaluated.row_of(name, leg))
    else:
        return None
    return value if isinstance(value, tuple) else None


def unit_of(text: str) -> Fraction:
    """One in the last printed place: figures that agree are closer than this, whichever way the venue rounds."""
    digits, _, power = text.lower().partition("e")
    return Fraction(10) ** (int(power or 0) - len(digits.partition(".")[2]))


def _agree(value: Fraction, text: str) -> bool:
    return abs(value - Fraction(text)) < unit_of(text)


def _hint(pool: PoolExplanation, leg: int, name: str, text: str, when: Instant) -> str:
    """What such a difference is most often about, with the dates and rows that it would be about here."""
    if name in ("size", "entry_price"):
        return "the input: the snapshot and the payload are of two instants, or one prints it rounded"
    if name == "mark_price":
        return f"the price: two readings of the mark{_age(pool, leg)}"
    if name == "notional":
        return "the contract size, or the price that the notional is taken at"
    if name == "unrealised_profit":
        return "the entry price as it is printed, or the price that profit is taken at"
    row = pool.tier_row(leg)
    rate = f"tier {row.tier} at {row.place}; " if row else ""
    return f"{_with_fee(pool, leg, text)}the rate or the table: {rate}{status_line(pool.evaluated.plan.status, when)}"


def _age(pool: PoolExplanation, leg: int) -> str:
    snapshot = pool.evaluated.snapshot
    given = snapshot.markets.get(pool.evaluated.rows.legs[leg].market)
    if given is None or given.at is None or snapshot.as_of is None:
        return ""
    return f", ours {say.seconds(to_exact(seconds_between(snapshot.as_of, given.at)))} old"


def _with_fee(pool: PoolExplanation, leg: int, text: str) -> str:
    """Whether the closing fee is the whole difference."""
    fee, margin = _ours(pool, leg, "closing_fee"), _ours(pool, leg, "position_maintenance")
    whole = fee and margin and _agree(to_fraction(fee) + to_fraction(margin), text)
    return "the fee: the printed figure holds the closing fee; else " if whole else ""


def _pool_figure(pool: PoolExplanation, printed: PrintedAccount, name: str) -> Compared | None:
    value, text = pool.value(name), printed.figures.get(name)
    if text is None or not isinstance(value, tuple):
        return None
    agrees = _agree(to_fraction(value), text)
    hint = "" if agrees else "a position, a balance or a fee that one side has and the other has not"
    return Compared(f"cross {pool.pool.settle}", name, exact_text(value), text, agrees, hint)


def _price(pool: PoolExplanation, leg: int, printed: PrintedLeg) -> Compared | None:
    """Ours lies between the last tick before and the first at which it is liquidated."""
    text = printed.figures.get("liquidation_price")
    if text is None or pool.fault or pool.evaluated.others:
        return None
    market = pool.evaluated.rows.keys["leg", "market"][leg]
    try:
        found = [opens for opens, _ in every_price(pool.evaluated, pool.number, market, "liquidate")]
    except TooFine:
        return None
    theirs = Fraction(text)
    near = min(found, key=lambda one: abs(one.point - theirs), default=None)
    step = max(unit_of(text), theirs * FLOATS)
    agrees = near is not None and min(near.point, near.before) - step < theirs < max(near.point, near.before) + step
    ours = exact_text(to_exact(near.point)) if near else "none"
    hint = "" if agrees else "what is held still while the mark moves, the balance, or the fee in the requirement"
    return Compared(pool.evaluated.rows.legs[leg].market, "liquidation_price", ours, text, agrees, hint)


def lines(found: list[Compared], printed: PrintedAccount) -> list[str]:
    """How many agree, then the first that does not and where to look, then the others."""
    apart = [one for one in found if not one.agrees]
    head = f"against   {printed.of}: {len(found) - len(apart)} of {len(found)} figures agree to the printed precision"
    if not apart:
        return [head]
    first, *others = apart
    named = f"first differs: {first.of} {_words(first.step)}, ours {first.ours}, printed {first.printed}"
    also = [f"also {one.of} {_words(one.step)}: ours {one.ours}, printed {one.printed}" for one in others]
    return [head, *(f"          {line}" for line in (named, first.hint, *also))]


def _words(step: str) -> str:
    return step.replace("_", " ")


def to_json(found: list[Compared], printed: PrintedAccount) -> dict[str, Any]:
    apart = [one._asdict() for one in found if not one.agrees]
    first = apart[0] if apart else None
    return {"schema": "riskrules/against/1", "payload": printed.of, "compared": len(found), "first_differs": first, "differ": apart}
