"""The whole arithmetic: one row an operation.

A row holds the operation's exact meaning on plain pairs and the words it is printed with.  The
walk, the explanation, the published formula and the inverse questions all read this table, and
nothing else in the package adds, rounds or compares a figure of a decision.

In `words`, {0}, {1}… are the arguments; `binds` is how tightly the words hold together (an
argument that binds less is put in brackets).  Faults never reach an exact meaning: the walk
passes them on.  `may_fault` marks the rows that can bring a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cmp_to_key
from math import isqrt
from typing import Any, Literal, NamedTuple

from riskrules.ir import functions
from riskrules.ir.fault import Fault
from riskrules.units.exact import Exact

BEYOND = "RR504"  # a size above the last cap, where the table says error
NOTHING: Exact = (0, 1)
LOOSE, COMPARE, SUM, PRODUCT, TIGHT = range(5)
Slices = tuple[tuple[Exact | None, Exact], ...]  # where each ends (None: nowhere), and the share of what lies in it
Caps = tuple[tuple[Exact | None, ...], bool, str]  # each tier's cap (None: no end), inclusive or not, what happens above the last


class Op(NamedTuple):
    name: str
    exact: Callable[..., Any]
    words: str
    binds: int = TIGHT
    may_fault: bool = False
    many: bool = False  # any number of arguments, listed at {0}

    def said(self, words: list[str]) -> str:
        """The words with those of the arguments put in."""
        return self.words.format(", ".join(words)) if self.many else self.words.format(*words)

    @property
    def holds(self) -> int:
        """How loosely an argument may bind without brackets: words that enclose it need none, words that follow it need all."""
        if any(mark in self.words for mark in "|⌈⌊("):
            return LOOSE
        return TIGHT if "{0} cut" in self.words or "{0} rounded" in self.words else self.binds


def falls_apart(inner: int, outer: int, place: int) -> bool:
    """Whether an argument's words need brackets: they bind less than what is around them, or as much and do not come first."""
    return inner < outer or (inner == outer and place > 0 and inner in (COMPARE, SUM, PRODUCT))


def _add(x: Exact, y: Exact) -> Exact:
    if x[1] == y[1]:
        return x[0] + y[0], x[1]
    return x[0] * y[1] + y[0] * x[1], x[1] * y[1]


def _sub(x: Exact, y: Exact) -> Exact:
    if x[1] == y[1]:
        return x[0] - y[0], x[1]
    return x[0] * y[1] - y[0] * x[1], x[1] * y[1]


def _mul(x: Exact, y: Exact) -> Exact:
    return x[0] * y[0], x[1] * y[1]


def _div(x: Exact, y: Exact) -> Exact | Fault:
    if y[0] == 0:
        return Fault("RR509", "a division by zero", "the input that is zero may not be")
    n, d = x[0] * y[1], x[1] * y[0]
    return (n, d) if d > 0 else (-n, -d)


def _power(x: Exact, k: Exact) -> Exact:
    return x[0] ** k[0], x[1] ** k[0]


def below(x: Exact, y: Exact) -> bool:
    return x[0] * y[1] < y[0] * x[1]


def at_or_below(x: Exact, y: Exact) -> bool:
    return x[0] * y[1] <= y[0] * x[1]


def above(x: Exact, y: Exact) -> bool:
    return x[0] * y[1] > y[0] * x[1]


def at_or_above(x: Exact, y: Exact) -> bool:
    return x[0] * y[1] >= y[0] * x[1]


def _equal(x: Exact, y: Exact) -> bool:
    return x[0] * y[1] == y[0] * x[1]


def _smaller(x: Exact, y: Exact) -> Exact:
    """Of two that are equal the first, which a search for the extreme relies on."""
    return x if at_or_below(x, y) else y


def _larger(x: Exact, y: Exact) -> Exact:
    return x if at_or_above(x, y) else y


def _in_steps(exact: Callable[[Exact, Exact], Exact | Fault]) -> Callable[[Exact, Exact], Exact | Fault]:
    """A rounding that has steps to round to: a quantum may be a figure of the policy's formulas, and that may be 0."""

    def rounded(x: Exact, quantum: Exact) -> Exact | Fault:
        if quantum[0] <= 0:
            return Fault("RR509", "a rounding to steps that are not above 0", "the figure that says the step must be above 0")
        return exact(x, quantum)

    return rounded


def _steps(x: Exact, quantum: Exact) -> tuple[int, int]:
    return x[0] * quantum[1], x[1] * quantum[0]


def _times(steps: int, quantum: Exact) -> Exact:
    return steps * quantum[0], quantum[1]


def _round_up(x: Exact, quantum: Exact) -> Exact:
    n, d = _steps(x, quantum)
    return _times(-(-n // d), quantum)


def _round_down(x: Exact, quantum: Exact) -> Exact:
    n, d = _steps(x, quantum)
    return _times(n // d, quantum)


def _round_toward_zero(x: Exact, quantum: Exact) -> Exact:
    n, d = _steps(x, quantum)
    return _times(n // d if n >= 0 else -(-n // d), quantum)


def _round_away_from_zero(x: Exact, quantum: Exact) -> Exact:
    n, d = _steps(x, quantum)
    return _times(-(-n // d) if n >= 0 else n // d, quantum)


def _round_half_up(x: Exact, quantum: Exact) -> Exact:
    n, d = _steps(x, quantum)
    return _times((2 * n + d) // (2 * d), quantum)


def _round_half_even(x: Exact, quantum: Exact) -> Exact:
    n, d = _steps(x, quantum)
    low, rest = divmod(n, d)
    return _times(low + (2 * rest > d or (2 * rest == d and low % 2 == 1)), quantum)


def _root_in_steps(beyond: Callable[[int, int, int], bool]) -> Callable[[Exact, Exact], Exact | Fault]:
    """A square root in whole steps: most have no last digit, so none is taken without its rounding.

    `beyond` says of the whole steps below the root, and of the fraction it is the root of, whether one more is counted.
    """

    def root(x: Exact, quantum: Exact) -> Exact | Fault:
        if x[0] < 0:
            return Fault("RR509", "a square root of a figure below 0", "the figure under the root may not be below 0")
        n, d = x[0] * quantum[1] ** 2, x[1] * quantum[0] ** 2
        low = isqrt(n // d)
        return _times(low + beyond(low, n, d), quantum)

    return _in_steps(root)


def _passed(low: int, n: int, d: int) -> bool:
    return low * low * d < n


def _half_or_more(low: int, n: int, d: int) -> bool:
    return (2 * low + 1) ** 2 * d <= 4 * n


def _half_to_even(low: int, n: int, d: int) -> bool:
    half = (2 * low + 1) ** 2 * d
    return half < 4 * n or (half == 4 * n and low % 2 == 1)


def under_cap(inclusive: bool) -> Literal["at_or_below", "below"]:
    """The comparison by which a size belongs to the tier of a cap: the one place where equality with a cap is given its side."""
    return "at_or_below" if inclusive else "below"


_UNDER_CAP = {"at_or_below": at_or_below, "below": below}


def _bracket(x: Exact, caps: Caps) -> int | Fault:
    """The row of the first cap that x is under, counted from 0."""
    bounds, inclusive, beyond = caps
    is_under = _UNDER_CAP[under_cap(inclusive)]
    for k, cap in enumerate(bounds):
        if cap is None or is_under(x, cap):
            return k
    if beyond == "last_tier_applies":
        return len(bounds) - 1
    return Fault(BEYOND, "the size is above the last cap of its table", "the policy has no row for it: above_last_cap says error")


def _within_last_cap(x: Exact, caps: Caps) -> bool:
    last = caps[0][-1]
    return last is None or _UNDER_CAP[under_cap(caps[1])](x, last)


def _pick(row: int, column: tuple[Exact, ...]) -> Exact:
    return column[row]


def apart(x: Exact, y: Exact) -> int:
    """Below 0 where x is smaller: what sorting goes by."""
    return x[0] * y[1] - y[0] * x[1]


def middle(values: list[Exact]) -> Exact:
    """The middle value of some, or half way between the two in the middle."""
    ranked = sorted(values, key=cmp_to_key(apart))
    half, odd = divmod(len(ranked), 2)
    return ranked[half] if odd else _mul(_add(ranked[half - 1], ranked[half]), (1, 2))


def cut(x: Exact, slices: Slices) -> list[tuple[Exact, Exact]]:
    """What of a figure lies in each slice, and the slice's share; the last slice has no end, and what is empty is left out."""
    parts, floor = [], NOTHING
    for end, share in slices:
        top = x if end is None else _smaller(x, end)
        if above(top, floor):
            parts.append((_sub(top, floor), share))
        floor = top if end is None else end
    return parts


def _sliced(x: Exact, slices: Slices) -> Exact:
    counted = NOTHING
    for part, share in cut(x, slices):
        counted = _add(counted, _mul(part, share))
    return counted


def from_each_floor(slices: Slices) -> list[tuple[Exact, Exact]]:
    """Each slice's floor, and by how much its share is above that of the slice before: the same sum, without an end to cut at."""
    floors = [NOTHING, *(end for end, _ in slices[:-1] if end is not None)]
    shares = [NOTHING, *(share for _, share in slices)]
    return [(floor, _sub(share, before)) for floor, before, share in zip(floors, shares, shares[1:], strict=False)]


def _choose(condition: bool, this: Any, that: Any) -> Any:
    return this if condition else that


def _median(*figures: Exact) -> Exact:
    """The middle one; of an even number the mean of the two in the middle."""
    line = sorted(figures, key=lambda figure: Fraction(*figure))
    half = len(line) // 2
    if len(line) % 2:
        return line[half]
    n, d = _add(line[half - 1], line[half])
    return n, 2 * d


def _number_of(row: int) -> Exact:
    return row + 1, 1


def _cap_below(row: int, caps: Caps, down: Exact) -> Exact | Fault:
    """The cap of the tier that lies so many below."""
    cap = caps[0][row - down[0]] if row >= down[0] else None
    return cap or Fault("RR535", f"there is no tier {down[0]} below tier {row + 1}", "reduce only from higher tiers: see while")


def _largest_under(size: Exact, lot: Exact, caps: Caps) -> Exact:
    """The largest size in whole lots that is under a cap which lies at `size`; equality as the table says."""
    n, d = _steps(size, lot)
    return _times(n // d if caps[1] else -(-n // d) - 1, lot)


def _rows() -> tuple[Op, ...]:
    return (
        Op("add", _add, "{0} + {1}", SUM),
        Op("sub", _sub, "{0} − {1}", SUM),
        Op("mul", _mul, "{0} × {1}", PRODUCT),
        Op("div", _div, "{0} ÷ {1}", PRODUCT, may_fault=True),
        Op("neg", lambda x: (-x[0], x[1]), "−{0}", TIGHT),
        Op("absolute", lambda x: (abs(x[0]), x[1]), "|{0}|"),
        Op("power", _power, "{0}^{1}"),
        Op("smaller", _smaller, "smaller of ({0}, {1})"),
        Op("larger", _larger, "larger of ({0}, {1})"),
        Op("below", below, "{0} < {1}", COMPARE),
        Op("at_or_below", at_or_below, "{0} ≤ {1}", COMPARE),
        Op("above", above, "{0} > {1}", COMPARE),
        Op("at_or_above", at_or_above, "{0} ≥ {1}", COMPARE),
        Op("equal", _equal, "{0} = {1}", COMPARE),
        Op("both", lambda x, y: x and y, "{0} and {1}", LOOSE),
        Op("either", lambda x, y: x or y, "{0} or {1}", LOOSE),
        Op("not", lambda x: not x, "not {0}"),
        Op("choose", _choose, "{1} if {0}, else {2}", LOOSE),
        Op("label_if", _choose, "{1} if {0}, else {2}", LOOSE),
        Op("round_up", _in_steps(_round_up), "⌈{0}⌉ to {1}", may_fault=True),
        Op("round_down", _in_steps(_round_down), "⌊{0}⌋ to {1}", may_fault=True),
        Op("round_toward_zero", _in_steps(_round_toward_zero), "{0} cut to {1}", COMPARE, may_fault=True),
        Op("round_away_from_zero", _in_steps(_round_away_from_zero), "{0} rounded away from zero to {1}", COMPARE, may_fault=True),
        Op("round_half_up", _in_steps(_round_half_up), "{0} rounded half up to {1}", COMPARE, may_fault=True),
        Op("round_half_even", _in_steps(_round_half_even), "{0} rounded half even to {1}", COMPARE, may_fault=True),
        Op("root_up", _root_in_steps(_passed), "⌈√({0})⌉ to {1}", may_fault=True),
        Op("root_down", _root_in_steps(lambda *_: False), "⌊√({0})⌋ to {1}", may_fault=True),
        Op("root_half_up", _root_in_steps(_half_or_more), "√({0}) rounded half up to {1}", COMPARE, may_fault=True),
        Op("root_half_even", _root_in_steps(_half_to_even), "√({0}) rounded half even to {1}", COMPARE, may_fault=True),
        *(Op(*row, COMPARE, may_fault=True) for row in functions.rows(_STEPS)),
        Op("bracket", _bracket, "the tier of {0}", may_fault=True),
        Op("within_last_cap", _within_last_cap, "{0} within the last cap", COMPARE),
        Op("pick", _pick, "{1} of that tier"),
        Op("sliced", _sliced, "{0} by its slices"),
        Op("median", _median, "median of ({0})", many=True),
        Op("number_of", _number_of, "{0}"),
        Op("cap_below", _cap_below, "the cap {2} below tier {0}", may_fault=True),
        Op("largest_under", _largest_under, "the largest size under {0} in lots of {1}", PRODUCT),
        # Whether a figure could be had: its error is the answer no where the code is one of those named, and stays an error elsewhere.
        Op("had", lambda *_: True, "{0} can be had", COMPARE, may_fault=True),
        Op("fault", lambda *_: None, "error", may_fault=True),  # a named refusal: its arguments are put into its text by the walk
        # Leaves and the two ways between kinds of row; the walk itself carries these out.
        Op("given", lambda: None, "given", may_fault=True),
        Op("constant", lambda: None, "constant"),
        Op("gather", lambda x: x, "{0}"),
        Op("first", lambda x: x, "{0} of the first"),
        Op("second", lambda x: x, "{0} of the second"),
        Op("total", _add, "sum({0})"),
        Op("largest", _larger, "largest({0})", may_fault=True),
        Op("smallest", _smaller, "smallest({0})", may_fault=True),
        Op("which_largest", _larger, "where ({0}) is largest", may_fault=True),
        Op("which_smallest", _smaller, "where ({0}) is smallest", may_fault=True),
        Op("median_where", middle, "median({0} where {1})", may_fault=True),
        Op("total_before", _add, "sum({0} of those before by {1})", may_fault=True),
        # Of the rows of its group that have more of the second figure; of equal ones those listed before it.
        Op("total_ahead", _add, "sum({0}) of those ahead by {1}"),
        Op("least_payoff", functions.least_payoff, "the least that ({0}) pays at 0 or at a strike {1}", may_fault=True),
    )


_STEPS = {
    "round_up": _round_up, "round_down": _round_down, "round_toward_zero": _round_toward_zero,
    "round_away_from_zero": _round_away_from_zero, "round_half_up": _round_half_up, "round_half_even": _round_half_even,
}  # fmt: skip
OPS: dict[str, Op] = {op.name: op for op in _rows()}
COMPARATORS = ("below", "at_or_below", "above", "at_or_above")
SIGNS = {name: OPS[name].words.split()[1] for name in COMPARATORS}
ROUNDINGS = {
    "up": "round_up", "down": "round_down", "toward_zero": "round_toward_zero", "away_from_zero": "round_away_from_zero",
    "half_up": "round_half_up", "half_even": "round_half_even",
}  # fmt: skip
ROOTS = {
    "round_up": "root_up", "round_away_from_zero": "root_up", "round_down": "root_down", "round_toward_zero": "root_down",
    "round_half_up": "root_half_up", "round_half_even": "root_half_even",
}  # fmt: skip  # a root is never below 0: away from zero is up
