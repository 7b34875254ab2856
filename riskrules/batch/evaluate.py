"""A whole table decided: cut into blocks of whole accounts, each under the policy of its own time, by one thread or more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import local
from typing import Any

import numpy as np

from riskrules.batch.block import Kernel
from riskrules.batch.decided import ERROR, NO_AMOUNT, NOTHING_HELD, Decided, Want
from riskrules.batch.inputs import ABSENT, NO_TIME, Holdings, Positions
from riskrules.batch.layout import Laid
from riskrules.ir.floats import Buffers
from riskrules.rulebook.plan import Plan
from riskrules.units.clock import Instant

Array = Any
BLOCK = 131_072  # rows: small enough that a block's columns stay near the processor; for threads, which wait for each other
# between two columns, twice as many
MOST_KERNELS = 64
AT_ONCE = ("notional", "initial_margin", "maintenance_margin", "unrealised_pnl", "equity", "tier")
_SPARE: list[Buffers] = []  # columns to write to, kept from call to call: some 25 of a block for each thread
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
    notes: tuple[str, ...] = ()
    large: dict[tuple[str, int], int] = field(default_factory=dict)  # whole amounts that 64 bits do not hold: column and row

    @staticmethod
    def over(n: int, want: Want, digests: Sequence[str], has_state: bool) -> Outcome:
        """Nothing is written twice, and what is the same for every row not at all: rows without a position get blanks with their block.

        `digests` are those of the policies that every row is decided under; none where some rows have no policy.
        """
        kind = np.float64 if want.quantum is None else np.int64
        columns = {name: np.empty(n, kind) for name in (*want.legs, *(("equity",) if "equity" in want.pools else ()))}
        columns |= {"liquidation_price": np.empty(n)} if want.liquidation_price else {}
        narrow: Array = np.empty(3 * n, np.int8)  # one piece, as large pieces are had in large pages
        columns |= {"tier": narrow[: 2 * n].view(np.int16)} if want.tier else {}
        columns |= {"decision": narrow[2 * n :], "state": np.empty(n, np.int16) if has_state else np.broadcast_to(np.int16(-1), n)}
        columns |= {"code": np.zeros(n, np.int16)}
        columns |= {"digest": np.broadcast_to(np.int16(0), n) if len(digests) == 1 else np.empty(n, np.int16)}
        return Outcome(n, want, columns, [], list(digests[:1]))

    def blank(self, rows: slice) -> None:
        nothing = np.nan if self.want.quantum is None else NO_AMOUNT
        words = {"liquidation_price": np.nan, "tier": 0, "decision": NOTHING_HELD, "state": -1, "code": 0, "digest": -1}
        for name, column in self.positions.items():
            if column.flags.writeable:
                column[rows] = words.get(name, nothing)


def blocks_of(positions: Positions, size: int) -> Iterator[tuple[int, int]]:
    """Runs of whole accounts, each about so many rows."""
    n, low = len(positions), 0
    while low < n:
        high = min(low + size, n)
        if high < n and (account := positions.account) is not None:
            high = int(np.searchsorted(account, account[high - 1], side="right"))
        yield low, high
        low = high


def evaluate(plans: Plans, positions: Positions, held: Holdings, as_of: Array | Instant, threads: int = 1, pools: bool = False) -> Outcome:
    """`as_of` is the time of each row in nanoseconds, or one for all of them."""
    jobs = list(_jobs(plans, positions, as_of, BLOCK if threads < 2 else 2 * BLOCK))
    kernels = {job.plan.rules: plans.kernel(job.plan) for job in jobs if isinstance(job.plan, Plan)}
    everywhere = [] if any(isinstance(job.plan, int) for job in jobs) else list(kernels)
    outcome = Outcome.over(len(positions), plans.want, everywhere, any(kernel.state is not None for kernel in kernels.values()))
    for name in plans.want.legs:  # a requirement of the whole pool is no position's: nothing is put where it would stand
        if not all(name in kernel.legs for kernel in kernels.values()):
            outcome.positions[name][:] = np.nan if plans.want.quantum is None else NO_AMOUNT
    outcome.notes = tuple(_slow(kernel) for kernel in kernels.values() if kernel.without)
    run = _Run(plans, positions, held, as_of, outcome, pools)
    if threads < 2 or len(jobs) < 2:
        left = list(map(run.work, jobs))
    else:
        with ThreadPoolExecutor(threads) as pool:
            left = list(pool.map(run.work, jobs))
    run.left(left)
    _SPARE.extend(run.used)
    return outcome


def _slow(kernel: Kernel) -> str:
    word = kernel.without.replace("_", " ")
    return f"rulebook {kernel.plan.rulebook} decides by {word}, which has no fast meaning yet: decided account by account, slowly"


@dataclass(frozen=True, slots=True)
class _Job:
    """A run of rows under one policy, or (`rows`) some rows by themselves."""

    low: int
    high: int
    plan: Plan | int
    rows: Array | None = None


def _jobs(plans: Plans, positions: Positions, as_of: Array | Instant, size: int) -> Iterator[_Job]:
    """Blocks of one policy each: a block whose times lie under several is cut where they change."""
    for low, high in blocks_of(positions, size):
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


class _Run:
    """One table being decided."""

    def __init__(self, plans: Plans, positions: Positions, held: Holdings, as_of: Array | Instant, outcome: Outcome, pools: bool) -> None:
        self._plans, self._positions, self._held, self._as_of = plans, positions, held, as_of
        self._outcome, self._pools = outcome, pools
        self._mine = local()  # columns to write to, of each thread
        self.used: list[Buffers] = []

    def work(self, job: _Job) -> _Job | None:
        """One job; what of it a closer look is left to is another."""
        outcome, plan = self._outcome, job.plan
        rows = slice(job.low, job.high) if job.rows is None else job.rows
        if isinstance(plan, int):
            outcome.blank(slice(job.low, job.high))
            outcome.positions["decision"][rows] = ERROR
            outcome.positions["code"][rows] = plan
            return None
        block, held = self._cut(job)
        kernel = self._plans.kernel(plan)
        times = self._as_of if isinstance(self._as_of, int) else self._as_of[rows]
        buffers = self._buffers()
        if job.rows is None:
            later = not self._pools and not kernel.tables.several
            laid, made = kernel.decide(block, held, times, buffers, self._into(rows), later)
        else:
            laid, made = kernel.decide(block, held, times, buffers, closer=True)
        if kernel.tables.several and not kernel.without and _may_differ(kernel, laid):
            from riskrules.batch.undecided import under_the_others

            under_the_others(self._plans, kernel, block, held, times, buffers, laid, made)
        _write(outcome, job, laid, made)
        if self._pools:
            outcome.pools[job.low] = _pools(job, block, laid, made, outcome)
        buffers.settle()
        return None if made.left is None else _Job(job.low, job.high, plan, _places(job, laid, made.left))

    def left(self, jobs: list[_Job | None]) -> None:
        """A few rows of many blocks, put together: what a walk costs by itself is paid once."""
        by_plan: dict[str, list[_Job]] = {}
        for job in jobs:
            if job is not None:
                assert isinstance(job.plan, Plan)
                by_plan.setdefault(job.plan.rules, []).append(job)
        for some in by_plan.values():
            rows = np.concatenate([job.rows for job in some if job.rows is not None])
            for low in range(0, len(rows), BLOCK):
                self.work(_Job(0, 0, some[0].plan, rows[low : low + BLOCK]))

    def _cut(self, job: _Job) -> tuple[Positions, Holdings]:
        if job.rows is not None:  # isolated, each by itself
            return replace(self._positions.rows(job.rows), all_isolated=True), Holdings.none()
        block, held = self._positions.cut(job.low, job.high), self._held
        if len(held):
            held = held.of_accounts(block.first, block.first + block.accounts)
        return block, held

    def _into(self, rows: Any) -> dict[str, Array]:
        if self._plans.want.quantum is not None:
            return {}
        columns = self._outcome.positions
        return {name: columns[name][rows] for name in AT_ONCE if name in columns}

    def _buffers(self) -> Buffers:
        if not hasattr(self._mine, "buffers"):
            try:
                self._mine.buffers = _SPARE.pop()
            except IndexError:
                self._mine.buffers = Buffers()
            self.used.append(self._mine.buffers)
        made: Buffers = self._mine.buffers
        return made


def _may_differ(kernel: Kernel, laid: Laid) -> bool:
    """Whether a market of the block has more than one table that may be in force."""
    markets = laid.markets()
    return int(kernel.tables.versions[np.where(markets >= 0, markets, 0)].max(initial=1)) > 1


def _places(job: _Job, laid: Laid, legs: Any = None) -> Any:
    """Where legs of a job (None: all of them) stand in the whole."""
    if legs is None:
        legs = np.arange(job.high - job.low if job.rows is None else len(job.rows)) if laid.rows is None else laid.rows
    elif laid.rows is not None:
        legs = laid.rows[legs]
    return legs + job.low if job.rows is None else job.rows[legs]


def _write(outcome: Outcome, job: _Job, laid: Laid, made: Decided) -> None:
    out = outcome.positions
    if laid.rows is not None and job.rows is None:
        outcome.blank(slice(job.low, job.high))
    rows: Any = slice(job.low, job.high) if laid.rows is None and job.rows is None else _places(job, laid)
    key = None if laid.is_plain else laid.keys["leg", "pool"]
    for name, amounts in made.legs.items():
        if amounts is not made.stands.get(name):
            out[name][rows] = amounts
    if "equity" in out and "equity" in made.pools and made.pools["equity"] is not made.stands.get("equity"):
        out["equity"][rows] = made.pools["equity"] if key is None else made.pools["equity"][key]
    if made.tier is not None and made.tier is not made.stands.get("tier"):
        out["tier"][rows] = made.tier
    out["decision"][rows] = made.decision if key is None else made.decision[key]
    code = made.code if made.code is None or key is None else made.code[key]
    if made.leg_codes is not None:
        code = made.leg_codes if code is None else np.where(code != 0, code, made.leg_codes)
    if code is not None:
        out["code"][rows] = code
    if made.state is not None:
        out["state"][rows] = _renamed(outcome.state_names, made.labels, made.state if key is None else made.state[key])
    elif out["state"].flags.writeable:
        out["state"][rows] = -1
    assert isinstance(job.plan, Plan)
    if out["digest"].flags.writeable:
        out["digest"][slice(job.low, job.high) if job.rows is None else job.rows] = _place(outcome.digests, job.plan.rules)
    for (kind, name, place), amount in made.large.items():
        here = [place] if kind == "leg" or key is None else np.flatnonzero(key == place)
        if name in out and (kind == "leg" or name == "equity"):
            places = _places(job, laid)
            outcome.large |= {(name, int(places[k])): amount for k in here}
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
        kept, first, account, settle = (
            np.arange(n),
            job.low + rows,
            rows if block.account is None else laid.positions.numbers,
            np.full(n, -1),
        )
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
        "state": state, "code": code, "digest": np.full(n, _place(outcome.digests, job.plan.rules), np.int16),
    }  # fmt: skip
    return {name: column[kept] for name, column in columns.items()}
