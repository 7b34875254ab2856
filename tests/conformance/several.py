"""What hangs on several accounts: which goes first, and a position set off against one account after the other.

Each figure and each choice is a term of the rulebook; here one answer is put into the next snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cmp_to_key
from typing import Any

from riskrules.units.exact import exact_text, to_exact
from tests.conformance.asked import Answers, Found, NoFigure, Reading, Span, Trial, term
from tests.conformance.cases import NotSaid

Account = dict[str, Any]


def ask(trial: Trial, account: Account, name: str, of: str | None = None) -> Fraction:
    """One term of one account in the trial's markets."""
    found = term(name, of)(Answers(replace(trial, snapshot={**trial.snapshot, "accounts": [account]})))
    if not isinstance(found, Span):
        raise NotSaid(found.why if isinstance(found, NoFigure) else name)
    return found.low


def in_order(trial: Trial, goes_first: str) -> list[Reading]:
    """The numbers of the trial's accounts in their order: a pair is compared by the flag of the one, the other given as before."""
    accounts: Sequence[Account] = trial.snapshot["accounts"]

    def compared(one: int, other: int) -> int:
        first, second = ({**accounts[a], "before": _bare(accounts[b])} for a, b in ((one, other), (other, one)))
        return int(ask(trial, second, goes_first) - ask(trial, first, goes_first))

    @cache
    def order() -> list[int]:
        return sorted(range(len(accounts)), key=cmp_to_key(compared))

    return [_read(lambda k=k: Fraction(order()[k])) for k in range(len(accounts))]


def _bare(account: Account) -> Account:
    return {name: value for name, value in account.items() if name != "id"}


def _read(of: Callable[[], Fraction]) -> Reading:
    def read(_: Answers) -> Found:
        value = of()
        return Span(value, value)

    return read


@dataclass
class SetOff:
    """A position of the first account set off against the same market's positions of the others, in their order."""

    trial: Trial
    market: str
    wanted: str

    def __post_init__(self) -> None:
        self.accounts: list[Account] = [dict(one) for one in self.trial.snapshot["accounts"]]
        self.fills: list[Fraction] = []
        self.left = self.wanted
        for k in range(1, len(self.accounts)):
            self.fills.append(self._against(k) if Fraction(self.left) else Fraction(0))

    def _against(self, k: int) -> Fraction:
        """The size that changes hands; nothing where either account may not change so."""
        bankrupt, other = self.accounts[0], self.accounts[k]
        if not any(leg["market"] == self.market for leg in other["positions"]):
            return Fraction(0)
        size = self._of(self._with(other, set_off_wanted=self.left), "set_off")
        if not size:
            return size
        closing = self._with(bankrupt, size_change=_text(size))
        value = self._of(closing, "deleveraging_value")
        taking = self._with(other, set_off_wanted=self.left, set_off_value=_text(value))
        after = self._after(bankrupt, self._of(closing, "balance_after"), self._of(closing, "size_after"))
        other_after = self._after(other, self._of(taking, "balance_after_set_off"), self._of(taking, "size_after_set_off"))
        pairs = ((bankrupt, after), (other, other_after))
        if not all(ask(self.trial, {**now, "before": _bare(then)}, "may_change") for then, now in pairs):
            return Fraction(0)
        self.left = _text(self._of(taking, "left_to_set_off"))
        self.accounts[0], self.accounts[k] = after, other_after
        return size

    def _of(self, account: Account, name: str) -> Fraction:
        return ask(self.trial, account, name, self.market)

    def _with(self, account: Account, **more: str) -> Account:
        return {**account, "positions": [{**leg, **more} if leg["market"] == self.market else leg for leg in account["positions"]]}

    def _after(self, account: Account, balance: Fraction, size: Fraction) -> Account:
        (asset,) = account["collateral"]
        return {**self._with(account, size=_text(size)), "collateral": {asset: _text(balance)}}

    def figures(self) -> Mapping[str, Reading]:
        balances = [next(iter(one["collateral"].values())) for one in self.accounts]
        return {
            **{f"fills.{k}": _read(lambda fill=fill: abs(fill)) for k, fill in enumerate(self.fills)},
            **{f"balances.{k}": _read(lambda held=held: Fraction(held)) for k, held in enumerate(balances)},
            "left": _read(lambda: Fraction(self.left)),
        }


def _text(value: Fraction) -> str:
    return exact_text(to_exact(value))
