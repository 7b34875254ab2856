"""`book.evaluate(columns)`: a table in, its rows decided, each under the policy of its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from riskrules.batch.decided import DECISIONS, ERROR, LARGE, NO_AMOUNT, Want
from riskrules.batch.evaluate import Outcome, Plans, evaluate
from riskrules.batch.inputs import NO_DRIVERS, Drivers, Holdings
from riskrules.batch.reading import CARRIED, Accounts, NotATable, apart, columns_of, positions_of
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import Instant
from riskrules.units.exact import Exact

Array = Any
Amounts = Literal["float", "exact"]
AMOUNTS = ("notional", "initial_margin", "maintenance_margin", "unrealised_pnl")
QUANTUM: Exact = (1, 10**8)


class Evaluation:
    """The answer: `evaluation["decision"]` is a column, one value a row of the input; `table()` the whole, of the kind that was given.

    Amounts are float64, off by at most 1e-12 of what they are made of and by the policy's own roundings; where they were asked for
    exactly they are whole numbers of a quantum and `evaluation["equity"]` gives fractions.
    """

    def __init__(self, given: Any, columns: dict[str, Any], outcome: Outcome, notes: tuple[str, ...]) -> None:
        self._given, self._outcome = given, outcome
        self._which = {name: column for name, column in columns.items() if name in CARRIED}
        self.notes = notes  # what the table had and was not used, and what took another way

    def to_arrow(self) -> Any:
        """The whole as an Arrow table: which row it is, as it came, and what was decided.  Needs pyarrow."""
        from riskrules.batch.results import result_table

        return result_table(self._which, self._outcome)

    def table(self) -> Any:
        """The same in the kind that was given: a frame of polars or pandas (with its index), an Arrow table or batch, a dict of columns.

        Any other table that speaks Arrow is answered with an Arrow table, which it reads as it is.
        """
        from riskrules.batch.results import same_kind

        if isinstance(self._given, Mapping):
            return self._which | {name: self[name] for name in self.names()}
        return same_kind(self.to_arrow(), self._given)

    @property
    def doubtful(self) -> int:
        """How many pools floats could not decide."""
        return self._outcome.doubtful

    @property
    def asked(self) -> int:
        """How many liquidation prices were asked for one by one."""
        return self._outcome.asked

    @property
    def alone(self) -> int:
        """How many of those took the scalar walk."""
        return self._outcome.alone

    def __len__(self) -> int:
        return self._outcome.n

    def names(self) -> tuple[str, ...]:
        return tuple(self._outcome.positions)

    def raw(self, name: str) -> Array:
        """A column as it is kept: float64 or whole numbers of the quantum; words as places in `words(name)`."""
        return self._outcome.positions[name]

    def words(self, name: str) -> tuple[str, ...]:
        if name == "decision":
            return DECISIONS
        return tuple(self._outcome.state_names if name == "state" else self._outcome.digests)

    def __getitem__(self, name: str) -> Array:
        column = self.raw(name)
        if name in ("decision", "state", "digest"):
            return np.array([*self.words(name), None], dtype=object)[column]
        if name == "code":
            return np.array([f"RR{code}" if code else "" for code in range(1000)], dtype=object)[column]
        if column.dtype == np.int64:
            over, under = self._quantum
            large = self._outcome.large
            wholes = [large[name, row] if n == LARGE else None if n == NO_AMOUNT else int(n) for row, n in enumerate(column)]
            return np.array([None if n is None else Fraction(n * over, under) for n in wholes], dtype=object)
        return column

    @property
    def _quantum(self) -> Exact:
        assert self._outcome.want.quantum is not None
        return self._outcome.want.quantum

    def errors(self) -> dict[str, int]:
        """How many rows are errors, by code, most first."""
        codes = self.raw("code")[self.raw("decision") == ERROR]
        found = np.bincount(codes, minlength=1)
        return {f"RR{code}": int(found[code]) for code in sorted(np.flatnonzero(found), key=lambda code: -found[code])}

    def decisions(self) -> dict[str, int]:
        counts = np.bincount(self.raw("decision"), minlength=len(DECISIONS))
        return {word: int(count) for word, count in zip(DECISIONS, counts, strict=True) if count}


def evaluate_table(
    plan_at: Callable[[Instant], Plan | int],
    when: Instant,
    table: Any,
    accounts: Any = None,
    amounts: Amounts = "float",
    threads: int = 1,
    drivers: Drivers = NO_DRIVERS,
    liquidation_price: bool = False,
) -> Evaluation:
    columns = columns_of(table)  # once: a stream is there only once
    read = positions_of(columns, drivers.of_positions)
    positions, notes = read.positions, read.notes
    held = Holdings.none()
    if (
        not positions.all_isolated
        and (name := apart(positions.account_names, None if read.as_of is None else _first_times(read))) is not None
    ):
        raise NotATable(f"the rows of account {name} do not stand together", "sort the table by account (and time)")
    if accounts is not None:
        known = Accounts(accounts, drivers.of_balances)
        notes += known.notes
        positions, held = known.beside(positions)
    want = Want(AMOUNTS, ("equity",), liquidation_price=liquidation_price, quantum=QUANTUM if amounts == "exact" else None)
    outcome = evaluate(Plans(plan_at, want), positions, held, when if read.as_of is None else read.as_of, threads)
    return Evaluation(table, columns, outcome, notes + outcome.notes)


def _first_times(read: Any) -> Array:
    account = read.positions.numbers
    return read.as_of[np.flatnonzero(np.r_[True, account[1:] != account[:-1]])] if len(account) else read.as_of
