"""A whole table decided: cut into blocks of whole accounts, each under the policy of its own time, by one thread or more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from riskrules.batch.block import ERROR, NO_AMOUNT, NOTHING_HELD, Decided, Kernel, Want
from riskrules.batch.inputs import ABSENT, NO_TIME, Holdings, Positions
from riskrules.batch.layout import Laid
from riskrules.ir.floats import Buffers
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import Instant

Array = Any
BLOCK = 65_536  # rows: small enough that a block's columns stay near the processor
MOST_KERNELS = 64
_KERNELS: dict[tuple[Any, ...], Kernel] = {}


class Plans:
    """The policy at each time, found once; a time without one has a code."""

    def __init__(self, at: Callable[[Instant], Plan | int], want: Want) -> None:
        self._at, self.want = at, want
        self._held: list[tuple[Instant | None, Instant | None, Plan | int]] = []

    def at(self, when: Instant) -> tuple[Plan | int, Instant | None, Instant | None]:
        """The plan, and from when until when it holds."""
        for begins, ends, plan in self._held:
            if (begins is None or begins <= when) and (ends is None or when < ends):
                return plan, begins, ends
        plan = self._at(when)
        begins, ends = (when, when + 1) if isinstance(plan, int) else plan.holds
        self._held.append((begins, ends, plan))
        return plan, begins, ends

    def kernel(self, plan: Plan, choice: int = 0) -> Kernel:
        """Made once for a plan and what is wanted, and kept from call to call."""
        key = (plan.rulebook, plan.digest, plan.holds, self.want, choice)
        found = _KERNELS.get(key)
        if found is None:
            if len(_KERNELS) >= MOST_KERNELS:
                _KERNELS.clear()
            found = _KERNELS[key] = Kernel(plan, self.want, choice)
        return found


@dataclass(slots=True)
class Outcome:
    """Columns over all positions, and over all pools that hold something."""

    n: int
    want: Want
    positions: dict[str, Array]
    state_names: list[str]
    digests: list[str]
    pools: dict[int, dict[str, Array]] = field(default_factory=dict)  # by the first row of their block
    doubtful: int = 0
    alone: int = 0
    asked: int = 0
    settles: list[str] = field(default_factory=list)
    large: dict[tuple[str, int], int] = field(default_factory=dict)  # whole amounts that 64 bits do not hold: column and row

    @staticmethod
    def over(n: int, want: Want) -> Outcome:
        """Nothing is written twice: rows without a position get their blanks with their block."""
        kind = np.float64 if want.quantum is None else np.int64
        columns = {name: np.empty(n, kind) for name in (*want.legs, *(("equity",) if "equity" in want.pools else ()))}
        columns |= {"liquidation_price": np.empty(n)} if want.liquidation_price else {}
        columns |= {"tier": np.empty(n, np.int16)} if want.tier else {}
        columns |= {"decision": np.empty(n, np.int8), "state": np.empty(n, np.int16), "code": np.empty(n, np.int16)}
        columns |= {"digest": np.empty(n, np.int16)}
        return Outcome(n, want, columns, [], [])

    def blank(self, rows: slice) -> None:
        nothing = np.nan if self.want.quantum is None else NO_AMOUNT
        words = {"liquidation_price": np.nan, "tier": 0, "decision": NOTHING_HELD, "state": -1, "code": 0, "digest": -1}
        for name, column in self.positions.items():
            column[rows] = words.get(name, nothing)


def blocks_of(positions: Positions, times: Array | None, size: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Runs of whole accounts (and of one time), each about so many rows."""
    n, low = len(positions), 0
    account = positions.account
    while low < n:
        high = min(low + size, n)
        if high < n and positions.account_names is not None:
            high = int(np.searchsorted(account, account[high - 1], side="right"))
        yield low, high
        low = high


def evaluate(plans: Plans, positions: Positions, held: Holdings, as_of: Array | Instant, threads: int = 1, pools: bool = False) -> Outcome:
    """`as_of` is the time of each row in nanoseconds, or one for all of them."""
    outcome = Outcome.over(len(positions), plans.want)
    jobs = list(_jobs(plans, positions, as_of))
    if threads < 2 or len(jobs) < 2:
        buffers = Buffers()
        for job in jobs:
            _work(plans, positions, held, as_of, job, outcome, buffers, pools)
        return outcome
    from threading import local

    mine = local()

    def work(job: _Job) -> None:
        if not hasattr(mine, "buffers"):
            mine.buffers = Buffers()
        _work(plans, positions, held, as_of, job, outcome, mine.buffers, pools)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, jobs))
    return outcome


@dataclass(frozen=True, slots=True)
class _Job:
    low: int
    high: int
    plan: Plan | int


def _jobs(plans: Plans, positions: Positions, as_of: Array | Instant) -> Iterator[_Job]:
    """Blocks of one policy each: a block whose times lie under several is cut where they change."""
    for low, high in blocks_of(positions, None):
        if isinstance(as_of, int):
            yield _Job(low, high, plans.at(as_of)[0])
            continue
        yield from _by_time(plans, as_of, low, high)


def _by_time(plans: Plans, as_of: Array, low: int, high: int) -> Iterator[_Job]:
    times = as_of[low:high]
    start = 0
    while start < len(times):
        if times[start] == NO_TIME:
            stop = start + _run(times[start:] == NO_TIME)
            yield _Job(low + start, low + stop, ABSENT)
        else:
            plan, begins, ends = plans.at(int(times[start]))
            inside = times[start:] != NO_TIME
            if begins is not None:
                inside &= times[start:] >= begins
            if ends is not None:
                inside &= times[start:] < ends
            stop = start + _run(inside)
            yield _Job(low + start, low + stop, plan)
        start = stop


def _run(flags: Array) -> int:
    """How many are true before the first that is not."""
    first = int(np.argmin(flags))
    return len(flags) if flags[first] else first


def _work(
    plans: Plans, positions: Positions, held: Holdings, as_of: Array | Instant, job: _Job, outcome: Outcome, buffers: Buffers, pools: bool
) -> None:
    rows = slice(job.low, job.high)
    if isinstance(job.plan, int):
        outcome.blank(rows)
        outcome.positions["decision"][rows] = ERROR
        outcome.positions["code"][rows] = job.plan
        return
    block = positions.cut(job.low, job.high)
    first = int(positions.account[job.low])
    mine = held if not len(held) else held.of_accounts(first, first + block.accounts)
    kernel = plans.kernel(job.plan)
    times = as_of if isinstance(as_of, int) else as_of[rows]
    laid, made = kernel.decide(block, mine, times, buffers)
    if kernel.tables.several and int(kernel.tables.versions[np.where(laid.markets() >= 0, laid.markets(), 0)].max(initial=1)) > 1:
        from riskrules.batch.undecided import under_the_others

        under_the_others(plans, kernel, block, mine, times, buffers, laid, made)
    _write(outcome, job, laid, made)
    if pools:
        outcome.pools[job.low] = _pools(job, block, laid, made, outcome)


def _write(outcome: Outcome, job: _Job, laid: Laid, made: Decided) -> None:
    rows: Any = slice(job.low, job.high) if laid.rows is None else job.low + laid.rows
    out = outcome.positions
    if laid.rows is not None:
        outcome.blank(slice(job.low, job.high))
    key = None if laid.is_plain else laid.keys["leg", "pool"]
    for name, amounts in made.legs.items():
        out[name][rows] = amounts
    if "equity" in out and "equity" in made.pools:
        out["equity"][rows] = made.pools["equity"] if key is None else made.pools["equity"][key]
    if made.tier is not None:
        out["tier"][rows] = made.tier  # narrowed as it is written
    out["decision"][rows] = made.decision if key is None else made.decision[key]
    code = made.code if made.code is None or key is None else made.code[key]
    if made.leg_codes is not None:
        code = made.leg_codes if code is None else np.where(code != 0, code, made.leg_codes)
    out["code"][rows] = 0 if code is None else code
    if made.state is None:
        out["state"][rows] = -1
    else:
        out["state"][rows] = _renamed(outcome.state_names, made.labels, made.state if key is None else made.state[key])
    assert isinstance(job.plan, Plan)
    out["digest"][job.low : job.high] = _place(outcome.digests, job.plan.digest)
    for (kind, name, place), amount in made.large.items():
        here = [place] if kind == "leg" or key is None else np.flatnonzero(key == place)
        if name in out and (kind == "leg" or name == "equity"):
            outcome.large |= {(name, job.low + (int(k) if laid.rows is None else int(laid.rows[k]))): amount for k in here}
    outcome.doubtful += made.doubtful
    outcome.alone += made.alone
    outcome.asked += made.asked


def _place(names: list[str], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


def _renamed(names: list[str], labels: list[str], state: Array) -> Array:
    """Labels counted as in the whole; plans may count theirs otherwise."""
    places = np.array([_place(names, label) for label in labels] + [-1], dtype=np.int16)
    return places[state]


def _pools(job: _Job, block: Positions, laid: Laid, made: Decided, outcome: Outcome) -> dict[str, Array]:
    """The pools that hold a position or a balance: whose they are, a row of theirs (−1: none), and what came of them."""
    n = laid.counts["pool"]
    rows = np.arange(len(block)) if laid.rows is None else laid.rows
    first = np.full(n, -1, np.intp)
    if laid.is_plain:
        kept, first, account, settle = np.arange(n), job.low + rows, laid.positions.account, np.full(n, -1)
    else:
        key, held = laid.keys["leg", "pool"], laid.keys["holding", "pool"]
        assert key is not None
        assert held is not None
        first[key[::-1]] = job.low + rows[::-1]
        kept = np.unique(np.r_[key, held])
        account, settle = laid.keys["pool", "account"], np.where(laid.isolated, -1, np.arange(n) % len(laid.settles))
        assert account is not None
    names = np.array([_place(outcome.settles, name) for name in laid.settles] + [-1], dtype=np.int16)
    state = np.full(n, -1, np.int16) if made.state is None else _renamed(outcome.state_names, made.labels, made.state)
    assert isinstance(job.plan, Plan)
    code = np.zeros(n, np.int16) if made.code is None else made.code
    columns = {
        "account": int(block.first) + account, "row": first, "settle": names[settle], **made.pools, "decision": made.decision,
        "state": state, "code": code, "digest": np.full(n, _place(outcome.digests, job.plan.digest), np.int16),
    }  # fmt: skip
    return {name: column[kept] for name, column in columns.items()}
