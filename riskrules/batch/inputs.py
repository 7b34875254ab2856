"""What a batch is about: positions in rows, what accounts hold, and who is who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from riskrules.batch.columns import Figures

Array = Any
NO_TIME = np.iinfo(np.int64).min  # an instant that was not given
# Codes of what a row lacks, the same as those of a snapshot.
NO_PRICE, NO_MARKET, ABSENT, NOT_COLLATERAL, NOT_THIS_MODE, UNDECIDED, BY_ZERO, FUTURE, UNCONVERTED = (
    501, 502, 505, 506, 507, 508, 509, 511, 512,
)  # fmt: skip
NO_NUMBER, TWICE, OUT_OF_RANGE = 604, 605, 606
FIGURES = ("size", "entry_price", "mark_price", "leverage", "margin", "unsettled_funding", "taker_fee")
ABOVE_0, AT_LEAST_0 = frozenset(("mark_price", "index_price", "leverage")), frozenset(("entry_price",))


def out_of_range(name: str, floats: Any) -> Any:
    """Where a figure is one that the door of a snapshot refuses: no price and no leverage is 0 or less, no entry below 0."""
    if name in ABOVE_0:
        return floats <= 0
    return floats < 0 if name in AT_LEAST_0 else floats != floats


class Drivers(NamedTuple):
    """What the formulas of a rulebook read that a table may carry beside its own columns."""

    of_positions: tuple[str, ...] = ()
    of_balances: tuple[str, ...] = ()


NO_DRIVERS = Drivers()


@dataclass(frozen=True, slots=True)
class Positions:
    """One row a position; the rows of an account at one time stand together.  `account` counts them from 0 in the block."""

    account: Array | None  # None: each position is an account of its own
    accounts: int
    account_names: Sequence[Any] | None  # of each account; None: each position is an account of its own
    market: Array
    market_names: tuple[str, ...]
    isolated: Array
    all_isolated: bool
    size: Figures
    figures: Mapping[str, Figures]  # the others of FIGURES, and drivers, as far as they were given
    instants: Mapping[str, Array]  # nanoseconds: time, mark_price_at, increased_at
    ids: Sequence[Any] | None = None
    first: int = 0  # the number of the first account in the whole, of a block that counts from 0

    def __len__(self) -> int:
        return len(self.market)

    @property
    def numbers(self) -> Array:
        """The account of each row."""
        return np.arange(len(self)) if self.account is None else self.account

    def rows(self, chosen: Any) -> Positions:
        """Some of the rows, accounts counted as before."""
        return replace(
            self,
            account=None if self.account is None else self.account[chosen],
            market=self.market[chosen],
            isolated=self.isolated[chosen],
            size=self.size.rows(chosen),
            figures={name: figures.rows(chosen) for name, figures in self.figures.items()},
            instants={name: instants[chosen] for name, instants in self.instants.items()},
            ids=None if self.ids is None else _some(self.ids, chosen),
        )

    def renumbered(self, number: Array, accounts: Array) -> Positions:
        """The same rows of accounts that are counted anew."""
        names = None if self.account_names is None else _some(self.account_names, accounts)
        return replace(self, account=number[self.numbers], accounts=len(accounts), account_names=names)

    def cut(self, low: int, high: int) -> Positions:
        """A run of whole accounts, counted from 0 again."""
        block = self.rows(slice(low, high))
        if block.account is None:
            return replace(block, accounts=high - low, first=low)
        first = int(block.account[0]) if high > low else 0
        last = int(block.account[-1]) + 1 if high > low else 0
        names = None if self.account_names is None else self.account_names[first:last]
        all_isolated = self.all_isolated or bool(block.isolated.all())
        return replace(
            block, account=block.account - first, accounts=last - first, account_names=names, all_isolated=all_isolated, first=first
        )


def _some(values: Sequence[Any], chosen: Any) -> Sequence[Any]:
    whole = isinstance(chosen, slice) or hasattr(values, "dtype")
    return values[chosen] if whole else [values[int(k)] for k in chosen]


@dataclass(frozen=True, slots=True)
class Holdings:
    """One row a balance, those of an account together, in the order of the accounts they belong to."""

    account: Array
    asset: Array
    asset_names: tuple[str, ...]
    amount: Figures
    figures: Mapping[str, Figures] = field(default_factory=dict)  # index_price, and drivers, as far as they were given
    instants: Mapping[str, Array] = field(default_factory=dict)  # index_price_at
    taker_fee: Figures | None = None  # of the account, as each of its rows repeats it

    def __len__(self) -> int:
        return len(self.account)

    @staticmethod
    def none() -> Holdings:
        nothing = np.empty(0, np.intp)
        return Holdings(nothing, nothing, (), Figures(np.empty(0)))

    def rows(self, chosen: Any, account: Array) -> Holdings:
        """Some of the rows, under new account numbers."""
        return Holdings(
            account,
            self.asset[chosen],
            self.asset_names,
            self.amount.rows(chosen),
            {name: figures.rows(chosen) for name, figures in self.figures.items()},
            {name: instants[chosen] for name, instants in self.instants.items()},
            None if self.taker_fee is None else self.taker_fee.rows(chosen),
        )

    def of_accounts(self, low: int, high: int) -> Holdings:
        begin, end = np.searchsorted(self.account, (low, high))
        return self.rows(slice(int(begin), int(end)), self.account[begin:end] - low)
