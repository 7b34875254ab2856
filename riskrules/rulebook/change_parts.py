"""What a change does, in parts: of each output where it asks for more, where for less, and the smallest thing that shows it."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal, NamedTuple

Sign = Literal[1, 0, -1]
Change = Literal["tightening", "loosening", "mixed", "neutral", "undecided"]
OUTPUTS = ("initial", "maintenance", "max_leverage", "last_cap", "tier", "state")
OF_SIGN: dict[Sign | None, Change] = {1: "tightening", -1: "loosening", 0: "neutral", None: "undecided"}


class Stretch(NamedTuple):
    """Values on an axis at which one thing holds; high None: without an end."""

    low: Fraction
    low_in: bool
    high: Fraction | None
    high_in: bool
    sign: Sign | None  # 1: the later rule asks for more, −1: for less; None: one of them has no answer there

    def holds(self, x: Fraction) -> bool:
        above = x > self.low or (self.low_in and x == self.low)
        return above and (self.high is None or x < self.high or (self.high_in and x == self.high))


class Witness(NamedTuple):
    """The smallest position, on the step, that shows it."""

    x: Fraction
    before: Fraction | str  # a figure; or a word, such as the code of an error
    after: Fraction | str


class Largest(NamedTuple):
    """The most that a margin moves inside a stretch, as a share of what it is taken on; x None: the farther out, the nearer to it."""

    share: Fraction
    x: Fraction | None


class Part(NamedTuple):
    """One output where one thing holds."""

    output: str
    change: Change
    axis: str = ""  # what the stretch is of: "notional", "size", "taker_fee"…; "" is everywhere
    stretch: Stretch | None = None
    witness: Witness | None = None
    why: str = ""
    side: str = "both"  # of a position: both, long or short
    fee_tier: str = "any"
    largest: Largest | None = None


class Effects(NamedTuple):
    """What becomes of a rule: the names of its changes, its parts, and the names of what has no order."""

    rules: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    mechanism: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: object) -> Effects:
        assert isinstance(other, Effects)
        return Effects(
            tuple(dict.fromkeys((*self.rules, *other.rules))), tuple(dict.fromkeys((*self.parts, *other.parts))),
            tuple(dict.fromkeys((*self.mechanism, *other.mechanism))), tuple(dict.fromkeys((*self.notes, *other.notes))),
        )  # fmt: skip


def together(changes: Iterable[Change]) -> Change:
    """Of several parts: what is not known is the strictest, and both directions at once are mixed."""
    found = set(changes) - {"neutral"}
    if "undecided" in found:
        return "undecided"
    if not found:
        return "neutral"
    return found.pop() if len(found) == 1 else "mixed"


def vector(parts: Iterable[Part]) -> dict[str, Change]:
    listed = list(parts)
    return {output: together(part.change for part in listed if part.output == output) for output in OUTPUTS}
