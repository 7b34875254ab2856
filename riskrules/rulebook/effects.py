"""What a change of a rule does, where the rule's own words say so; of tables see `engine/table_changes`.

Everything here is an order of declared words and figures: a larger share of a loss that counts, a set of
what an account may do that is part of another.  What has no such order is a mechanism, whose evidence is
replay; what a formula decides is undecided and counts as the stricter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from riskrules.ir.ops import OPS
from riskrules.rulebook.change_parts import OF_SIGN, OUTPUTS, Effects, Part, Sign, Stretch, Witness
from riskrules.rulebook.versions import WITHDRAWN
from riskrules.rules import margin as m
from riskrules.units.exact import Exact, to_exact, to_fraction

Value = Any  # the typed rule; None or WITHDRAWN where there is none
EVERYTHING = frozenset(("increase", "reduce", "withdraw", "deposit", "cancel"))
HOLDS = ("initial", "maintenance", "state")
MARGIN_OUTPUTS = tuple(output for output in OUTPUTS if output != "last_cap")


def effects(kind: str, name: str, before: Value, after: Value) -> Effects:
    """Of a rule that is no table."""
    one, other = (None if value == WITHDRAWN else value for value in (before, after))
    known = BY_RULE.get((kind, name)) or BY_KIND.get(kind) or _formula
    if one is None or other is None:
        there = Effects(("rule_added" if one is None else "rule_withdrawn",))
        return there + (_collateral(one, other) if kind == "collateral" else _without(known, one, other))
    return known(one, other)


def _without(known: Callable[[Value, Value], Effects], one: Value, other: Value) -> Effects:
    """A rule that comes or goes does whatever a change of it may do; of those that decide nothing that is nothing."""
    if known in ORDERED:
        return _undecided("the rule is there on one side alone")
    return known(one or other, one or other)


def _undecided(why: str, outputs: Iterable[str] = MARGIN_OUTPUTS) -> Effects:
    return Effects((), tuple(Part(output, "undecided", why=why) for output in outputs))


def _signed(rule: str, sign: Sign, outputs: Iterable[str], why: str) -> Effects:
    """`rule_tightened` or `rule_loosened`, or whatever the two names are."""
    tight, loose = rule.split("|")
    if sign == 0:
        return Effects()
    return Effects((tight if sign > 0 else loose,), tuple(Part(output, OF_SIGN[sign], why=why) for output in outputs))


def _order(one: Any, other: Any) -> Sign:
    return 1 if other > one else -1 if other < one else 0


# -- margin ------------------------------------------------------------------------------------------


def _equity(one: m.Equity, other: m.Equity) -> Effects:
    """Each share and flag by itself; where a formula is any part of it, only a run can tell."""
    found = Effects()
    plain = ("unrealised_profit", "unrealised_loss", "funding_owed", "funding_due")
    rest = [name for name in type(one).model_fields if name not in plain and getattr(one, name) != getattr(other, name)]
    if rest or one.whole is not None:
        found += Effects(("equity_changed",), (), ("equity_changed",)) + _undecided("equity is made of something else", ("state",))
    found += _signed(EQUITY, _order(other.unrealised_profit, one.unrealised_profit), ("state",), "another share of a profit counts")
    found += _signed(EQUITY, _order(one.unrealised_loss, other.unrealised_loss), ("state",), "another share of a loss counts")
    counts = [[getattr(rule, name) == "counted" for name in ("funding_owed", "funding_due")] for rule in (one, other)]
    found += _signed(EQUITY, _order(counts[0][0], counts[1][0]), ("state",), "funding that is owed")
    return found + _signed(EQUITY, _order(counts[1][1], counts[0][1]), ("state",), "funding that is due")


EQUITY, COLLATERAL, FEE = "equity_tightened|equity_loosened", "collateral_tightened|collateral_loosened", "fee_raised|fee_lowered"
TRIGGER, OPENING, STATES = "trigger_tightened|trigger_loosened", "opening_tightened|opening_loosened", "states_tightened|states_loosened"


def _collateral(one: m.CollateralAsset | None, other: m.CollateralAsset | None) -> Effects:
    if one is None or other is None:
        rule = "collateral_added" if one is None else "collateral_withdrawn"
        why = "a balance of it was an error" if one is None else "a balance of it is an error now"
        return Effects((rule,), (Part("state", "loosening" if one is None else "undecided", why=why),))
    found = _signed(COLLATERAL, _order(one.owed_weight, other.owed_weight), ("state",), "another share of a debt counts")
    if _slices_of(one)[1] != _slices_of(other)[1]:
        return found + Effects(("equity_changed",), (), ("equity_changed",)) + _undecided("amounts are cut, or values", ("state",))
    stretches = _counted(_slices_of(one)[0], _slices_of(other)[0])
    rules = {COLLATERAL.split("|")[0 if stretch.sign == 1 else 1] for stretch in stretches}
    parts = (Part("state", OF_SIGN[one.sign], "balance", one, why="another share of a balance counts") for one in stretches)
    return found + Effects(tuple(sorted(rules)), tuple(parts))


Slices = tuple[tuple[Exact | None, Exact], ...]


def _slices_of(asset: m.CollateralAsset) -> tuple[Slices, str]:
    if not isinstance(asset.weight, m.Slices):
        return ((None, to_exact(asset.weight)),), ""
    ends = ((None if isinstance(row.up_to, str) else to_exact(row.up_to), to_exact(row.weight)) for row in asset.weight.slices)
    return tuple(ends), asset.weight.of


def _counted(one: Slices, other: Slices) -> list[Stretch]:
    """What counts of a balance is straight between the ends of the slices of either: each end, and one point beyond, say all."""
    ends = sorted({to_fraction(end) for slices in (one, other) for end, _ in slices if end is not None})
    points = [Fraction(0), *ends, (ends[-1] if ends else Fraction(0)) + 1]
    gaps = [_counts(one, x) - _counts(other, x) for x in points]  # above 0: less counts than before
    found: list[Stretch] = []
    for k in range(len(points) - 1):
        low, high = points[k], points[k + 1] if k + 1 < len(points) - 1 else None
        for stretch in _between(low, high, points[k + 1], gaps[k], gaps[k + 1]):
            if found and found[-1].sign == stretch.sign:
                found[-1] = found[-1]._replace(high=stretch.high, high_in=stretch.high_in)
            else:
                found.append(stretch)
    return [stretch for stretch in found if stretch.sign]


def _counts(slices: Slices, x: Fraction) -> Fraction:
    return to_fraction(OPS["sliced"].exact(to_exact(x), slices))


def _between(low: Fraction, high: Fraction | None, at: Fraction, near: Fraction, far: Fraction) -> Iterator[Stretch]:
    """A straight gap from `near` at low to `far` at the point; where it crosses nothing, or goes on beyond, is one stretch more."""
    slope = (far - near) / (at - low)
    crossing = low - near / slope if slope else None
    if crossing is not None and crossing > low and (high is None or crossing < high):
        yield Stretch(low, False, crossing, False, _order(0, near))
        yield Stretch(crossing, False, high, high is not None, _order(0, slope))
    else:
        yield Stretch(low, False, high, high is not None, _order(0, near) or _order(0, slope))


def _maintenance(one: m.Maintenance, other: m.Maintenance) -> Effects:
    found = _fee(one.fee, other.fee) if one.fee != other.fee else Effects()
    if (one.position, one.whole, one.plus) == (other.position, other.whole, other.plus):
        return found
    why = "the maintenance margin is worked out in another way"
    return found + Effects(("maintenance_rule_changed",), (), ("maintenance_rule_changed",)) + _undecided(why, ("maintenance", "state"))


def _fee(one: m.Fee | str, other: m.Fee | str) -> Effects:
    bases = {fee.on for fee in (one, other) if isinstance(fee, m.Fee)}
    if len(bases) > 1:
        return Effects(("fee_kind_changed",), (), ("fee_kind_changed",)) + _undecided("the fee is on another notional", HOLDS[1:])
    rates = [fee.rate if isinstance(fee, m.Fee) else Fraction(0) for fee in (one, other)]
    if all(isinstance(rate, Fraction) for rate in rates):
        return _signed(FEE, _order(*rates), HOLDS[1:], "the fee of closing that is held")
    return Effects(("fee_kind_changed",)) + Effects((), tuple(part for output in HOLDS[1:] for part in _by_fee_tier(output, *rates)))


def _by_fee_tier(output: str, one: Fraction | str, other: Fraction | str) -> Iterator[Part]:
    """A fixed rate against the account's own: below it one is more, above it the other."""
    was_fixed = isinstance(one, Fraction)
    fixed = one if isinstance(one, Fraction) else other
    assert isinstance(fixed, Fraction)
    why = "the account's own taker fee instead of a fixed rate" if was_fixed else "a fixed rate instead of the account's own taker fee"
    sign: Sign = 1 if was_fixed else -1
    if fixed:
        below = Stretch(Fraction(0), True, fixed, False, -sign)
        witness = Witness(Fraction(0), fixed if was_fixed else Fraction(0), Fraction(0) if was_fixed else fixed)
        yield Part(output, OF_SIGN[below.sign], "taker_fee", below, witness, why, fee_tier="below the fixed rate")
    above = Stretch(fixed, False, None, False, sign)
    yield Part(output, OF_SIGN[sign], "taker_fee", above, None, why, fee_tier="above the fixed rate")


def _trigger(one: m.Trigger, other: m.Trigger) -> Effects:
    found = Effects()
    if one.equity.right != other.equity.right or {one.needs, other.needs} == {"open_position", "maintenance_above_0"}:
        found += Effects(("trigger_changed",)) + _undecided("liquidation begins by another comparison", ("state",))
    elif one.needs != other.needs:
        found += _signed(TRIGGER, 1 if other.needs == "nothing" else -1, ("state",), "what liquidation needs besides")
    sides = [rule.equity.comparator == "at_or_below" for rule in (one, other)]
    found += _signed(TRIGGER, _order(*sides), ("state",), "equity that equals the margin")
    times = [rule.times or Fraction(1) for rule in (one, other)]
    return found + _signed(TRIGGER, _order(*times), ("state",), "what the margin is multiplied by")


def _opening(one: m.MayIncrease, other: m.MayIncrease) -> Effects:
    if one.equity.right != other.equity.right:
        return Effects(("opening_tightened", "opening_loosened")) + _undecided("a position may grow by another margin", ("state",))
    sides = [rule.equity.comparator == "above" for rule in (one, other)]
    return _signed(OPENING, _order(*sides), ("state",), "equity that equals the margin")


# -- rounding ----------------------------------------------------------------------------------------


def _rounding(one: m.Roundings, other: m.Roundings) -> Effects:
    """To one quantum, down is never above half way or not rounded at all, and up never below: of two quanta only a run can tell."""
    found = Effects(("rounding_changed",), (), ("rounding_changed",))
    for name, outputs in (("position_margins", HOLDS), ("pool_margins", HOLDS), ("equity", ("state",))):
        this, that = getattr(one, name), getattr(other, name)
        if this != that:
            sign = _rounds_more(this, that)
            if sign is not None and name == "equity":
                sign = OPPOSITE[sign]
            found += Effects((), tuple(Part(output, OF_SIGN[sign], why=f"{name} are rounded otherwise") for output in outputs))
    return found


OPPOSITE: dict[Sign, Sign] = {1: -1, 0: 0, -1: 1}
LEVELS = {"down": -1, "toward_zero": -1, "up": 1, "away_from_zero": 1}  # of what is not below 0; half way or as it is: between


def _rounds_more(this: m.Rounding | str, that: m.Rounding | str) -> Sign | None:
    rules = [rule for rule in (this, that) if isinstance(rule, m.Rounding)]
    if len({rule.to for rule in rules}) > 1:
        return None
    low, high = (LEVELS.get(rule.direction, 0) if isinstance(rule, m.Rounding) else 0 for rule in (this, that))
    return None if low == high == 0 else _order(low, high)


# -- states ------------------------------------------------------------------------------------------


def _states(one: Value, other: Value) -> Effects:
    """On every share of the maintenance margin in equity, what an account may do there."""
    stretches = [stretch for stretch in _compared_states(*_bands(one, other)) if stretch.sign != 0]
    rules = {1: "states_tightened", -1: "states_loosened", None: "states_changed"}
    why = "what an account may do there"
    parts = tuple(Part("state", OF_SIGN[stretch.sign], "maintenance_share_of_equity", stretch, why=why) for stretch in stretches)
    return Effects(tuple(dict.fromkeys(rules[stretch.sign] for stretch in stretches if stretch.sign != 0)) or ("states_changed",), parts)


Bands = list[tuple[Fraction, bool, frozenset[str]]]  # where each begins, whether that share is in it, and what it allows


def _bands(one: Value, other: Value) -> tuple[Bands, Bands]:
    """The states of one list stand from the mildest on: where both sides have the same ones, a later one allows less."""
    listed = [[("", EVERYTHING)] if isinstance(states, str) else [(row.state, _allowed(row)) for row in states] for states in (one, other)]
    levels = [frozenset(str(level) for level in range(k, len(listed[0]))) for k in range(len(listed[0]))]
    allowed = [levels, levels] if listed[0] == listed[1] else [[may for _, may in states] for states in listed]
    return _begins(one, allowed[0]), _begins(other, allowed[1])


def _begins(states: Value, allowed: list[frozenset[str]]) -> Bands:
    if isinstance(states, str):
        return [(Fraction(0), True, allowed[0])]
    later = zip(states[1:], allowed[1:], strict=True)
    return [(Fraction(0), True, allowed[0]), *((row.share, row.at_or_above is not None, may) for row, may in later)]


def _allowed(row: m.ShareState) -> frozenset[str]:
    return frozenset(row.may) - {"nothing"}


def _compared_states(one: Bands, other: Bands) -> list[Stretch]:
    """Every share that begins a state on either side, by itself, and what lies between."""
    shares = sorted({share for bands in (one, other) for share, _, _ in bands})
    found: list[Stretch] = []
    for k, share in enumerate(shares):
        high = shares[k + 1] if k + 1 < len(shares) else None
        on = _subset(_at(one, share, False), _at(other, share, False))
        beyond = _subset(_at(one, share, True), _at(other, share, True))
        for stretch in (Stretch(share, True, share, True, on), Stretch(share, False, high, False, beyond)):
            if found and found[-1].sign == stretch.sign:
                found[-1] = found[-1]._replace(high=stretch.high, high_in=stretch.high_in)
            else:
                found.append(stretch)
    return found


def _at(bands: Bands, share: Fraction, beyond: bool) -> frozenset[str]:
    """What is allowed on a share, or just beyond it."""
    return [may for begins, inside, may in bands if begins < share or (begins == share and (inside or beyond))][-1]


def _subset(one: frozenset[str], other: frozenset[str]) -> Sign | None:
    return 0 if one == other else 1 if other < one else -1 if one < other else None


# -- what has no order, and what decides nothing -----------------------------------------------------


def _mechanism(name: str, outputs: tuple[str, ...] = ()) -> Callable[[Value, Value], Effects]:
    def known(one: Value, other: Value) -> Effects:
        return Effects((name,), (), (name,)) + (_undecided("only replay can tell", outputs) if outputs else Effects())

    return known


def _contract(one: Value, other: Value) -> Effects:
    """Steps of price and size decide no margin; all else of a contract may decide any."""
    apart = {name for name in type(one).model_fields if getattr(one, name) != getattr(other, name)}
    return Effects(("contract_changed",), (), ("contract_changed",)) + (
        Effects() if apart and apart <= {"tick", "lot"} else _undecided("a size is another one", OUTPUTS)
    )


def _neutral(name: str) -> Callable[[Value, Value], Effects]:
    def known(one: Value, other: Value) -> Effects:
        return Effects((name,))

    return known


_formula = _mechanism("formula_changed", MARGIN_OUTPUTS)
BY_RULE: dict[tuple[str, str], Callable[[Value, Value], Effects]] = {
    ("margin", "account"): _mechanism("account_changed", ("state",)),
    ("margin", "equity"): _equity,
    ("margin", "initial_margin"): _mechanism("initial_rule_changed", ("initial", "state")),
    ("margin", "maintenance_margin"): _maintenance,
    ("margin", "rounding"): _rounding,
    ("margin", "may_increase"): _opening,
    ("margin", "liquidate_when"): _trigger,
    ("margin", "states_by_maintenance_share_of_equity"): _states,
    ("contracts", "aliases"): _neutral("alias_changed"),
}
BY_KIND: dict[str, Callable[[Value, Value], Effects]] = {
    "collateral": _collateral,
    "prices": _mechanism("price_rule_changed", ("state",)),
    "mark_price": _mechanism("mark_rule_changed", ("state",)),
    "mark_rule_of": _mechanism("mark_rule_changed", ("state",)),
    "mark_rules": _mechanism("mark_rule_changed", ("state",)),
    "liquidation": _mechanism("liquidation_changed"),
    "strategies": _mechanism("liquidation_changed"),
    "contracts": _contract,
    "markets": _contract,
    "assets": _mechanism("asset_changed"),
    "portfolio": _mechanism("portfolio_changed", HOLDS),
    "status": _neutral("status_changed"),
    "invariants": _neutral("promise_changed"),
    "notes": _neutral("promise_changed"),
}

ORDERED = (_equity, _maintenance, _trigger, _opening, _states, _rounding)
