"""Units: whole powers of base, quote, settle, contract and second.

A contract class binds them: in a linear contract settle is quote, in an inverse one it is base.
`word` says how a figure is shown (a rate as a percentage); it takes no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field

NAMES = ("base", "quote", "settle", "contract", "second")
Powers = tuple[int, int, int, int, int]


class UnitMistake(Exception):
    """Two units that do not go together; turned into a `Problem` where a formula made it."""


@dataclass(frozen=True, slots=True)
class Unit:
    powers: Powers
    word: str = field(default="number", compare=False)

    def times(self, other: Unit) -> Unit:
        return Unit(_each(self.powers, other.powers, 1), _word(self, other))

    def over(self, other: Unit) -> Unit:
        return Unit(_each(self.powers, other.powers, -1), "number")

    def power(self, k: int) -> Unit:
        a, b, c, d, e = self.powers
        return Unit((a * k, b * k, c * k, d * k, e * k), "number")

    def root(self) -> Unit:
        """The unit whose square this is.  Raises `UnitMistake` where there is none."""
        if any(power % 2 for power in self.powers):
            raise UnitMistake(f"no unit has the square {self}")
        a, b, c, d, e = self.powers
        return Unit((a // 2, b // 2, c // 2, d // 2, e // 2), "number")

    def said(self, word: str) -> Unit:
        return Unit(self.powers, word)

    def __str__(self) -> str:
        up = [_one(name, power) for name, power in zip(NAMES, self.powers, strict=True) if power > 0]
        down = [_one(name, -power) for name, power in zip(NAMES, self.powers, strict=True) if power < 0]
        return ("·".join(up) or "1") + (f"/{'·'.join(down)}" if down else "")


def _one(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"


def _each(a: Powers, b: Powers, sign: int) -> Powers:
    return (a[0] + sign * b[0], a[1] + sign * b[1], a[2] + sign * b[2], a[3] + sign * b[3], a[4] + sign * b[4])


def _word(a: Unit, b: Unit) -> str:
    """Money times a rate is still money: the word of the side that has a unit."""
    if not any(a.powers):
        return b.word
    return a.word if not any(b.powers) else "number"


NUMBER = Unit((0, 0, 0, 0, 0), "number")
RATE = Unit((0, 0, 0, 0, 0), "rate")
LEVERAGE = Unit((0, 0, 0, 0, 0), "leverage")
COUNT = Unit((0, 0, 0, 0, 0), "count")
BASE = Unit((1, 0, 0, 0, 0), "size")
QUOTE = Unit((0, 1, 0, 0, 0), "money")
SETTLE = Unit((0, 0, 1, 0, 0), "money")
CONTRACT = Unit((0, 0, 0, 1, 0), "size")
SECOND = Unit((0, 0, 0, 0, 1), "seconds")
PRICE = Unit((-1, 1, 0, 0, 0), "price")
SETTLE_PRICE = Unit((-1, 0, 1, 0, 0), "price")
FLAG = Unit((0, 0, 0, 0, 0), "flag")
INDEX = Unit((0, 0, 0, 0, 0), "index")
LABEL = Unit((0, 0, 0, 0, 0), "label")
TABLE = Unit((0, 0, 0, 0, 0), "table")

BY_NAME = {
    "1": NUMBER, "rate": RATE, "leverage": LEVERAGE, "count": COUNT, "base": BASE, "quote": QUOTE, "settle": SETTLE, "contract": CONTRACT,
    "second": SECOND, "quote/base": PRICE, "settle/base": SETTLE_PRICE,
}  # fmt: skip
