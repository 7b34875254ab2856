"""Operations that need a rounding right around them, because most of their values have no last digit; and the payoff of options.

Part of the table in `ops`, which hands its roundings in: nothing here rounds by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from riskrules.ir import enclosed
from riskrules.ir.fault import Fault
from riskrules.units.exact import Exact

Found = enclosed.Open | Exact | Fault
Option = tuple[Exact, Exact, bool]  # size, strike, whether it is a call
# What each is called with: names of its arguments, and how it is written.
FUNCTIONS: dict[str, tuple[str, ...]] = {"exp": ("{0}",), "log": ("{0}",), "normal": ("{0}",), "black76": ("{0}", "{1}", "{2}", "call {3}")}
_SAID = {
    "round_up": "⌈{x}⌉ to {q}", "round_down": "⌊{x}⌋ to {q}", "round_toward_zero": "{x} cut to {q}",
    "round_away_from_zero": "{x} rounded away from zero to {q}", "round_half_up": "{x} rounded half up to {q}",
    "round_half_even": "{x} rounded half even to {q}",
}  # fmt: skip


def rounded_by(function: str, rounding: str) -> str:
    """The name of the operation: `exp_round_up`."""
    return f"{function}_{rounding}"


def rows(steps: Mapping[str, enclosed.Step]) -> Iterator[tuple[str, Callable[..., Any], str]]:
    """Name, exact meaning and words of each function under each rounding."""
    values: dict[str, Callable[..., Found]] = {"exp": _exp, "log": _log, "normal": _normal, "black76": _black76}
    for name, arguments in FUNCTIONS.items():
        written, quantum = f"{name}({', '.join(arguments)})", f"{{{len(arguments)}}}"
        for rounding, step in steps.items():
            words = _SAID[rounding].replace("{x}", written).replace("{q}", quantum)
            yield rounded_by(name, rounding), partial(_rounded, values[name], step), words


def _rounded(value: Callable[..., Found], step: enclosed.Step, *figures: Any) -> Exact | Fault:
    *of, quantum = figures
    if quantum[0] <= 0:
        return Fault("RR509", "a rounding to steps that are not above 0", "the figure that says the step must be above 0")
    found = value(*of)
    if isinstance(found, Fault):
        return found
    if not isinstance(found, enclosed.Open):
        return step(found, quantum)
    return enclosed.in_steps(found, quantum, step) or Fault("RR509", "a rounding finer than any bounds", "round to larger steps")


def _exp(x: Exact) -> Found:
    if x[0] == 0:
        return 1, 1
    if x[0] > enclosed.FURTHEST * x[1]:
        return Fault("RR509", "an exponent above 10,000", "the figure that is the exponent is out of all bounds")
    return enclosed.Open(partial(enclosed.exp, x), least=(0, 1))


def _log(x: Exact) -> Found:
    if x[0] <= 0:
        return Fault("RR509", "a logarithm of a figure that is not above 0", "the figure must be above 0")
    return (0, 1) if x[0] == x[1] else enclosed.Open(partial(enclosed.log, x))


def _normal(x: Exact) -> Found:
    return (1, 2) if x[0] == 0 else enclosed.Open(partial(enclosed.normal, x), (0, 1), (1, 1))


def _black76(forward: Exact, strike: Exact, deviation: Exact, is_call: bool) -> Found:
    """Where nothing can move any more, what exercise is worth now."""
    if forward[0] <= 0 or strike[0] <= 0 or deviation[0] < 0:
        text = "an option on a forward or with a strike that is not above 0, or with a deviation below 0"
        return Fault("RR509", text, "forward and strike must be above 0, and the volatility not below")
    now = _payoff(forward, strike, is_call)
    if deviation[0] == 0:
        return now
    return enclosed.Open(partial(enclosed.black76, (forward, strike, deviation, is_call)), now, forward if is_call else strike)


def _payoff(price: Exact, strike: Exact, is_call: bool) -> Exact:
    above = price[0] * strike[1] - strike[0] * price[1]
    return max(above if is_call else -above, 0), price[1] * strike[1]


def least_payoff(options: list[Option]) -> Exact:
    """What options of one expiry pay at least together: a sum of payoffs runs straight between 0 and their strikes.

    Above the last strike it runs on by the calls alone, which is not looked at: a rule counts what is short there apart.
    """
    from fractions import Fraction

    def together(price: Exact) -> Fraction:
        return sum((Fraction(*size) * Fraction(*_payoff(price, strike, is_call)) for size, strike, is_call in options), Fraction(0))

    least = min(together(price) for price in [(0, 1), *(strike for _, strike, _ in options)])
    return least.numerator, least.denominator
