"""A job from file to file: piece by piece, every row decided, counted by what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from riskrules.batch.arrow import pyarrow
from riskrules.batch.decided import DECISIONS, ERROR, Want
from riskrules.batch.door import AMOUNTS, QUANTUM, Amounts
from riskrules.batch.evaluate import Plans, evaluate
from riskrules.batch.files import Progress, Sink, Source, together
from riskrules.batch.inputs import Drivers, Holdings
from riskrules.batch.reading import Accounts, NotATable, apart, columns_of, positions_of
from riskrules.batch.results import pools_table, result_table
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import Instant


@dataclass(slots=True)
class Tally:
    rows: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    doubtful: int = 0
    alone: int = 0
    asked: int = 0
    notes: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for; `accounts_out` may be left out."""

    source: Source
    sink: Sink
    accounts: Source | None
    accounts_sink: Sink | None
    amounts: Amounts
    threads: int
    sort: bool
    liquidation_price: bool = False


def run(job: Job, plan_at: Callable[[Instant], Plan | int], when: Instant, drivers: Drivers, progress: Progress) -> Tally:
    """Raises `NotATable` for what is no table, and `OSError` where nothing can be written; then nothing stands under the final name."""
    pa = pyarrow()
    tally, order = Tally(), _Order()
    sinks = [sink for sink in (job.sink, job.accounts_sink) if sink]
    want = Want(
        AMOUNTS,
        ("equity", "initial_margin", "maintenance_margin"),
        True,
        job.liquidation_price,
        QUANTUM if job.amounts == "exact" else None,
    )
    plans = Plans(plan_at, want)
    held = Accounts(job.accounts.whole(pa), drivers.of_balances) if job.accounts else None
    tally.notes |= dict.fromkeys(held.notes if held else ())
    try:
        for piece in _pieces(pa, job):
            _piece(pa, job, plans, piece, held, when, drivers, tally, order)
            progress(piece.num_rows)
        if not tally.rows:
            raise NotATable(f"{job.source.shown} has no rows", "give a table with a row for each position")
        for sink in sinks:  # all of both before either stands under its name
            sink.closed()
        for sink in sinks:
            sink.done()
    finally:
        for sink in sinks:
            sink.dropped()
    return tally


def _pieces(pa: Any, job: Job) -> Iterator[Any]:
    if job.sort:
        table = job.source.whole(pa)
        keys = [(name, "ascending") for name in ("account", "time") if name in table.column_names]
        if not keys:
            raise NotATable("there is no column account to sort by", "leave --sort out: every position is decided by itself")
        yield table.sort_by(keys)
        return
    pieces = job.source.pieces(pa)
    first = next(pieces, None)
    if first is None:
        return

    def every() -> Iterator[Any]:
        yield first
        yield from pieces

    yield from together(every(), "account" in first.column_names)


def _piece(
    pa: Any, job: Job, plans: Plans, piece: Any, held: Accounts | None, when: Instant, drivers: Drivers, tally: Tally, order: _Order
) -> None:
    columns = columns_of(piece)
    read = positions_of(columns, drivers.of_positions)
    positions = read.positions
    tally.notes |= dict.fromkeys(read.notes)
    if not positions.all_isolated:
        order.check(positions, read.as_of)
    holdings = Holdings.none()
    if held is not None:
        positions, holdings = held.beside(positions)
    times = when if read.as_of is None else read.as_of
    outcome = evaluate(plans, positions, holdings, times, job.threads, pools=job.accounts_sink is not None)
    job.sink.write(pa, result_table(columns, outcome))
    if job.accounts_sink is not None:
        table = pools_table(positions.account_names, positions.ids, outcome)
        if table is not None:
            job.accounts_sink.write(pa, table)
    _count(tally, outcome)


def _count(tally: Tally, outcome: Any) -> None:
    decision, code = outcome.positions["decision"], outcome.positions["code"]
    tally.notes |= dict.fromkeys(outcome.notes)
    tally.rows += outcome.n
    for k, count in enumerate(np.bincount(decision, minlength=len(DECISIONS))):
        tally.decisions[DECISIONS[k]] += int(count)
    found = np.bincount(code[decision == ERROR], minlength=1)
    for one in np.flatnonzero(found):
        tally.errors[f"RR{one}"] += int(found[one])
    tally.doubtful += outcome.doubtful
    tally.alone += outcome.alone
    tally.asked += outcome.asked


class _Order:
    """Whether accounts stand together over all pieces: while they rise nothing has to be kept, else every name that came."""

    def __init__(self) -> None:
        self._last: str | None = None
        self._seen: set[str] | None = None

    def check(self, positions: Any, as_of: Any) -> None:
        account = positions.numbers
        starts = np.flatnonzero(np.r_[True, account[1:] != account[:-1]])
        times = None if as_of is None else as_of[starts]
        name = apart(positions.account_names, times)
        if name is None and times is None:
            name = self._across(_texts(positions.account_names))
        if name is not None:
            raise NotATable(f"the rows of account {name} do not stand together", "sort the table by account (and time), or give --sort")

    def _across(self, names: list[str]) -> str | None:
        """The first name that came before, or that may have."""
        if self._seen is None:
            falls = next((b for a, b in pairwise([*([] if self._last is None else [self._last]), *names]) if b <= a), None)
            if falls is None:
                self._last = names[-1]
                return None
            if self._last is not None:
                return falls
            self._seen = set()
        twice = next((name for name in names if name in self._seen), None)
        self._seen.update(names)
        return twice


def _texts(names: Any) -> list[str]:
    values = names.to_pylist() if hasattr(names, "to_pylist") else list(names)
    return [str(value) for value in values]
