"""What is proved of a tier table before it may decide anything; each failure with the size that shows it.

All proofs are closed form over the rows.  They hold on every row of a large venue's real tables, so a
table that fails one is a table that was mistyped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from riskrules.diagnostics.problem import Problem, Span
from riskrules.rulebook.versions import Version
from riskrules.rules.margin import ShareOfInitial, TierForm
from riskrules.rules.tiers import Cap, Table, Tier, derived_amounts, rates, rows_of
from riskrules.units import say


@dataclass(frozen=True, slots=True)
class Proved:
    """A table whose rates and amounts are all known."""

    caps: tuple[Cap, ...]
    rates: tuple[Fraction, ...]
    amounts: tuple[Fraction, ...]
    max_leverages: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a fresh position meets: the declared fees, and which side equality falls on."""

    fee: Fraction
    equality_liquidates: bool
    step: Fraction = Fraction(0)  # the coarsest quantum that margins or equity are rounded to; 0: none are
    times: Fraction = Fraction(1)  # what the margin is multiplied by before equity is compared with it


def prove_tiers(version: Version, table: Table, form: TierForm, opening: Opening) -> tuple[Proved | None, list[Problem]]:
    """The completed table, or every row that is wrong."""
    share = form.maintenance_rate.share_of_initial_rate if isinstance(form.maintenance_rate, ShareOfInitial) else None
    known = rates(table, share)
    missing = list(_missing_rates(version, known))
    if missing:
        return None, missing
    rate_of = tuple(rate for rate in known if rate is not None)
    tiers = rows_of(table)
    caps = tuple(tier.cap for tier in tiers)
    first = (table.tiers[0].maintenance_amount if table.excerpt else None) or Fraction(0)
    amounts = derived_amounts(caps, rate_of, first) if form.style == "marginal" else (Fraction(0),) * len(caps)
    row = _Rows(version, table, tiers, caps, rate_of, amounts)
    promised = [problem for promise in form.promises for problem in row.keeps(promise, form.style, opening)]
    problems = [
        *promised,
        *row.caps_rise(),
        *row.floors_meet(),
        *row.rates_rise(form.rates),
        *row.leverage_falls(),
        *row.room(opening),
        *row.amounts_agree(form.style),
    ]
    proved = Proved(caps, rate_of, amounts, tuple(tier.max_leverage for tier in tiers))
    return (None if any(is_error(p) for p in problems) else proved), problems


def is_error(problem: Problem) -> bool:
    from riskrules.diagnostics.codes import CODES

    return CODES[problem.code].severity == "error"


def _missing_rates(version: Version, known: tuple[Fraction | None, ...]) -> Iterator[Problem]:
    for k, rate in enumerate(known):
        if rate is None:
            hint = "write maintenance_rate in the row, or name a form that derives it from max_leverage"
            yield Problem("RR232", _at(version, k), f"tier {k + 1} has no maintenance rate", hint, expected="maintenance_rate")


def _at(version: Version, row: int, field: str = "") -> Span:
    if row >= len(getattr(version.value, "tiers", ())) > 0:
        return version.file.at(*version.place, "then")
    path = (*version.place, "tiers", row, field) if field else (*version.place, "tiers", row)
    return version.file.at(*path)


@dataclass(frozen=True, slots=True)
class _Rows:
    version: Version
    table: Table
    tiers: tuple[Tier, ...]
    caps: tuple[Cap, ...]
    rates: tuple[Fraction, ...]
    amounts: tuple[Fraction, ...]

    def caps_rise(self) -> Iterator[Problem]:
        for k, (below, above) in enumerate(pairwise(self.caps), start=1):
            if below is None:
                yield Problem(
                    "RR204",
                    _at(self.version, k),
                    f"tier {k + 1} comes after one without an end",
                    "only the last tier may be unlimited",
                    labels=self._below(k, "cap", "no size is above this"),
                )
            elif above is not None and above < below:
                yield self._overlap(k, below, above)
            elif above == below:
                text = f"tier {k + 1} is empty: its cap {_say(above)} is the cap below it"
                yield Problem(
                    "RR230",
                    _at(self.version, k, "cap"),
                    text,
                    "kept, so that tier numbers match the venue's; take it out of a house table",
                    labels=self._below(k, "cap", "ends here already"),
                )

    def _overlap(self, k: int, below: Fraction, above: Fraction) -> Problem:
        text = f"cap falls from {_say(below)} to {_say(above)}: size {_say(above)} is in tiers {k} and {k + 1}"
        return Problem(
            "RR204",
            _at(self.version, k, "cap"),
            text,
            "list the tiers from the smallest size up",
            labels=self._below(k, "cap", "the tier below ends here"),
        )

    def floors_meet(self) -> Iterator[Problem]:
        for k, (tier, floor) in enumerate(zip(self.tiers, (Fraction(0), *self.caps[:-1]), strict=True)):
            if tier.floor is None or floor is None or tier.floor == floor or (k == 0 and self.table.excerpt):
                continue
            if tier.floor > floor:
                text = f"no tier covers sizes from {_say(floor)} to {_say(tier.floor)}: size {_say((floor + tier.floor) / 2)} has no rate"
            else:
                text = f"tiers {k} and {k + 1} overlap: size {_say((floor + tier.floor) / 2)} is in both"
            yield Problem(
                "RR233",
                _at(self.version, k, "floor"),
                text,
                f"the floor of tier {k + 1} is {_say(floor)}, the cap before it; it may be left out",
                found=_say(tier.floor),
                expected=_say(floor),
            )

    def rates_rise(self, must: str) -> Iterator[Problem]:
        for k, (below, above) in enumerate(pairwise(self.rates), start=1):
            if above < below or (above == below and must == "strictly_rising" and self.caps[k] != self.caps[k - 1]):
                word = "falls" if above < below else "does not rise"
                shown = f"a size just above {_say(self.caps[k - 1])} needs {'less' if above < below else 'no more'} on its last unit"
                text = f"rate {word} from {say.rate(below)} to {say.rate(above)}: {shown}"
                hint = (
                    "a larger position may not need a smaller share"
                    if above < below
                    else "the form declares strictly_rising; merge the two rows"
                )
                yield Problem(
                    "RR203",
                    _at(self.version, k, "maintenance_rate"),
                    text,
                    hint,
                    found=say.rate(above),
                    labels=self._below(k, "maintenance_rate", "the tier below asks for more" if above < below else "the same rate"),
                )

    def leverage_falls(self) -> Iterator[Problem]:
        """It may never rise.  That it stays is told and no more: venues print tables that tighten the maintenance rate alone."""
        for k, (below, above) in enumerate(pairwise(self.tiers), start=1):
            if above.max_leverage < below.max_leverage:
                continue
            where, labels = _at(self.version, k, "max_leverage"), self._below(k, "max_leverage", "the tier below")
            beyond = _say(self.caps[k - 1])
            if above.max_leverage == below.max_leverage:
                text = f"max leverage stays at {say.leverage(above.max_leverage)} above {beyond}"
                yield Problem("RR236", where, text, "kept where its source prints it so; look at a house table again", labels=labels)
            else:
                text = f"max leverage rises from {say.leverage(below.max_leverage)} to {say.leverage(above.max_leverage)} above {beyond}"
                yield Problem("RR206", where, text, "a larger position may not be leveraged as much", labels=labels)

    def room(self, opening: Opening) -> Iterator[Problem]:
        """A position just opened at maximum leverage and mark must stand, at every size of the tier."""
        for k, (tier, rate) in enumerate(zip(self.tiers, self.rates, strict=True)):
            where = _at(self.version, k, "maintenance_rate" if tier.maintenance_rate is not None else "max_leverage")
            if tier.max_leverage * rate >= 1:
                yield self._no_room(k, where, tier.max_leverage, rate)
            else:
                yield from self._fresh(k, where, tier.max_leverage, rate, opening)

    def _no_room(self, k: int, where: Span, leverage: Fraction, rate: Fraction) -> Problem:
        size = self._shows(k)
        posted, needed = size / leverage, size * rate - self.amounts[k]
        shown = f"size {_say(size)} at {say.leverage(leverage)} posts {say.money(posted)} and needs {say.money(needed)}"
        if posted > needed:
            shown = f"each further unit at {say.leverage(leverage)} posts {say.rate(1 / leverage)} and needs {say.rate(rate)}"
        hint = "lower the rate or the leverage of this tier until their product is below 1"
        return Problem(
            "RR207" if posted <= needed else "RR208",
            where,
            f"max leverage × maintenance rate is {say.number(leverage * rate)}: {shown}",
            hint,
        )

    def _fresh(self, k: int, where: Span, leverage: Fraction, rate: Fraction, opening: Opening) -> Iterator[Problem]:
        excess, amount = (rate + opening.fee) * opening.times - 1 / leverage, self.amounts[k] * opening.times
        if excess < 0 or (excess == 0 and (amount > 0 or not opening.equality_liquidates)):
            return
        size = self.caps[k]
        if size is None:
            size = amount / excess + 1 if excess else self._shows(k)
        over = size * excess - amount
        if over > 0 or (over == 0 and opening.equality_liquidates):
            posted = size / leverage
            shown = f"it posts {say.money(posted)} and needs {say.money(posted + over)} with fees"
            text = f"a fresh position of {_say(size)} at {say.leverage(leverage)} is liquidatable at once: {shown}"
            yield Problem("RR209", where, text, "lower the leverage, the rate or the declared fees")

    def amounts_agree(self, style: str) -> Iterator[Problem]:
        for k, tier in enumerate(self.tiers):
            written, derived = tier.maintenance_amount, self.amounts[k]
            if written is None or written == derived or (k == 0 and self.table.excerpt):
                continue
            if style == "whole_position":
                text, hint = (
                    f"a whole-position table takes nothing off, tier {k + 1} writes {say.number(written)}",
                    "leave maintenance_amount out",
                )
            else:
                floor = self.caps[k - 1] if k else Fraction(0)
                jump = say.number(abs(derived - written))
                text = f"maintenance amount {say.number(written)} makes the margin jump by {jump} at {_say(floor)}"
                hint = f"the table gives {say.number(derived)}; write that, or leave it out"
            yield Problem(
                "RR205", _at(self.version, k, "maintenance_amount"), text, hint, found=say.number(written), expected=say.number(derived)
            )

    def keeps(self, promise: str, style: str, opening: Opening) -> Iterator[Problem]:
        """No jump: the margin meets itself at every cap, and is not rounded.

        One liquidation price: besides, no unit of size ever needs all it is worth.
        """
        if opening.step:
            yield self._rounded(promise, opening.step)
        fee = opening.fee
        if style == "whole_position":
            for k, (below, above) in enumerate(pairwise(self.rates), start=1):
                cap = self.caps[k - 1]
                if above != below and cap is not None:
                    shown = f"from {say.money(cap * below)} to {say.money(cap * above)}"
                    jump = say.money(cap * (above - below))
                    text = f"the form promises {promise} and the margin jumps by {jump} at {_say(cap)}: {shown}"
                    yield Problem("RR234", _at(self.version, k), text, "a marginal style keeps it; or take the promise back")
        if promise == "unique_liquidation_price":
            for k, rate in enumerate(self.rates):
                if (rate + fee) * opening.times >= 1:
                    shown = f"a higher price never helps a long of {_say(self._shows(k))}"
                    needs = f"tier {k + 1} needs {say.rate((rate + fee) * opening.times)} of each unit with fees"
                    text = f"the form promises {promise} and {needs}: {shown}"
                    yield Problem("RR234", _at(self.version, k), text, "a rate with fees below 100% keeps it; or take the promise back")

    def _rounded(self, promise: str, step: Fraction) -> Problem:
        """Rounded figures move in steps: each is a jump, and between two of them a price can trigger twice."""
        rate = next((rate for rate in self.rates if rate), Fraction(1))
        text = f"the form promises {promise} and figures are rounded to {say.number(step)}: a margin steps at size {_say(step / rate)}"
        return Problem("RR234", _at(self.version, 0), text, "round nothing in the margin file; or take the promise back")

    def _shows(self, k: int) -> Fraction:
        """A size inside tier k that the failure is shown on."""
        cap = self.caps[k]
        if cap is not None:
            return cap
        return ((self.caps[k - 1] or Fraction(0)) + 1) if k else Fraction(1)

    def _below(self, k: int, field: str, words: str) -> tuple[tuple[Span, str], ...]:
        return ((_at(self.version, k - 1, field), words),)


def _say(size: Cap) -> str:
    return "unlimited" if size is None else say.number(size)
