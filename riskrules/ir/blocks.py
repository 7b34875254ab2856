"""The block walk: a program over many accounts at once, column by column, under either fast meaning.

It is the exact walk's twin on arrays: the same program, the same order, the same rule for faults
(`choose` passes on only the fault of the branch that is taken, a total the first of its members).  A
fault is a number in a column of codes; 0 is none.  Which rows the meaning could not decide is told by
kind of row, and left to a more exact one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from riskrules.ir.ops import BEYOND, COMPARATORS, ROUNDINGS
from riskrules.ir.program import Node, Program

Array = Any
Codes = Any  # int16: 505 for RR505; None where no row has a fault
NO_ROWS = None  # the column of a kind of row that the block has none of
ROUNDED, COMPARED = frozenset(ROUNDINGS.values()), frozenset((*COMPARATORS, "equal"))
FIGURES = frozenset(("add", "sub", "mul", "div", "neg", "absolute", "power", "smaller", "larger"))
FLOW = frozenset(
    (
        "both", "either", "not", "choose", "label_if", "bracket", "within_last_cap", "pick", "sliced", "fault", "given", "constant",
        "gather", "total",
    )
)  # fmt: skip
ROWS_APART = frozenset(("leg", "market", "pool", "account"))
# What of such rows a table is read for; what a formula asks for besides is the scalar walk's.
READ: dict[str, frozenset[str]] = {
    "holding": frozenset(("amount",)),
    "asset": frozenset(("is_settle", "index_price", "index_price_age", "weight", "owed_weight", "weight_slices", "slices_of_value")),
    "pool": frozenset(("is_isolated", "posts_initial", "open_legs", "posted_margin")),
    **dict.fromkeys(("underlying", "expiry", "strike"), frozenset()),
}
NOTHING_KNOWN: Mapping[tuple[str, str], bool] = MappingProxyType({})
NO_TARGETS: Mapping[int, Any] = MappingProxyType({})
WALKED = ROUNDED | COMPARED | FIGURES | FLOW


class Groups:
    """Which group each row belongs to; `key` None: each row is a group of its own."""

    def __init__(self, key: Array | None, count: int) -> None:
        self.key, self.count = key, count

    @cached_property
    def counts(self) -> Array:
        """How many members each group has."""
        return np.ones(self.count, np.intp) if self.key is None else np.bincount(self.key, minlength=self.count)

    @property
    def most(self) -> int:
        return 1 if self.key is None else int(self.counts.max(initial=0))

    @cached_property
    def order(self) -> Array | None:
        """The members group by group; None where they stand so already."""
        assert self.key is not None
        falls = len(self.key) and np.any(self.key[1:] < self.key[:-1])
        return np.argsort(self.key, kind="stable") if falls else None

    @cached_property
    def runs(self) -> tuple[Array, Array, Array]:
        """Where the members of each group begin, which group it is, and how many they are; of the groups that have any."""
        present = np.flatnonzero(self.counts)
        sizes = self.counts[present]
        return np.cumsum(sizes) - sizes, present, sizes

    def __call__(self, column: Array) -> Array:
        if self.key is None:
            return column
        if column.dtype == np.float64:
            return np.bincount(self.key, weights=column, minlength=self.count)
        out = np.zeros(self.count, column.dtype)
        starts, present, _ = self.runs
        if len(starts):
            out[present] = np.add.reduceat(column if self.order is None else column[self.order], starts)
        return out

    def none(self, value: Any) -> Array:
        return np.full(self.count, value)

    def in_turn(self) -> Iterator[tuple[Array, Array]]:
        """The groups that have a k-th member, and those members: the first of each, then the second of each…"""
        if self.key is None:
            every = np.arange(self.count)
            yield every, every
            return
        starts, present, sizes = self.runs
        for k in range(self.most):
            has = sizes > k
            members = starts[has] + k
            yield present[has], members if self.order is None else self.order[members]

    def members(self, group: int) -> list[int]:
        """The rows of one group."""
        if self.key is None:
            return [group]
        starts, present, sizes = self.runs
        place = int(np.searchsorted(present, group))
        if place == len(present) or present[place] != group:
            return []
        members = range(int(starts[place]), int(starts[place] + sizes[place]))
        return list(members) if self.order is None else [int(self.order[k]) for k in members]

    def first_code(self, codes: Codes) -> Codes:
        """The first code of each group that is not 0."""
        if self.key is None or codes is None:
            return codes
        out = np.zeros(self.count, np.int16)
        for group, members in self.in_turn():
            out[group] = np.where(out[group] != 0, out[group], codes[members])
        return out if out.any() else None


@dataclass(frozen=True, slots=True)
class Block:
    """How many rows there are of each kind, how they hang together, and where what is given comes from."""

    counts: dict[str, int]
    keys: dict[tuple[str, str], Array | None]  # None: row i hangs on row i
    given: Callable[[str, str], tuple[Any, Codes]]
    groups: dict[tuple[str, str], Groups] = field(default_factory=dict)

    def grouped(self, below: str, above: str) -> Groups:
        if (below, above) not in self.groups:
            self.groups[below, above] = Groups(self.keys[below, above], self.counts[above])
        return self.groups[below, above]


@dataclass(frozen=True, slots=True)
class Course:
    """What of a program is walked for the terms that are wanted, and after which step a column is not needed any more."""

    program: Program
    steps: tuple[tuple[int, Node], ...]
    ends: dict[int, tuple[int, ...]]
    same: dict[int, int]
    kept: tuple[int, ...] = ()  # wanted besides the figures: read again after the walk

    @staticmethod
    def to(
        program: Program,
        wanted: Iterable[int],
        known: Mapping[tuple[str, str], bool] = NOTHING_KNOWN,
        kept: tuple[int, ...] = (),
        apart: bool = False,
    ) -> Course:
        """`known` are given flags that are the same for every row: of a choice by one of them only one branch is walked.

        `apart` says that every row hangs on one row and has one: then nothing is carried up or down.
        """
        nodes = program.nodes
        same: dict[int, int] = {}
        for k, node in enumerate(nodes):
            if apart and node.op in ("gather", "total") and {node.rows, nodes[node.args[0]].rows} <= ROWS_APART:
                same[k] = same.get(node.args[0], node.args[0])
            asked = nodes[node.args[0]] if node.op == "choose" else None
            if asked is not None and asked.op == "given" and (asked.rows, asked.param) in known:
                branch = node.args[1 if known[asked.rows, asked.param] else 2]
                same[k] = same.get(branch, branch)
        needed = {same.get(k, k) for k in (*wanted, *kept)}
        last: dict[int, int] = dict.fromkeys(needed, len(nodes))
        for k in range(len(nodes) - 1, -1, -1):
            if k in needed:
                for arg in (same.get(one, one) for one in nodes[k].args):
                    needed.add(arg)
                    last[arg] = max(last.get(arg, -1), k)
        steps = tuple((k, nodes[k]._replace(args=tuple(same.get(arg, arg) for arg in nodes[k].args))) for k in sorted(needed))
        ends: dict[int, tuple[int, ...]] = {}
        for k, after in last.items():
            ends[after] = (*ends.get(after, ()), k)
        return Course(program, steps, ends, same, tuple(sorted({same.get(k, k) for k in kept})))

    def node(self, k: int) -> Node:
        """A node as this course walks it."""
        return next(node for place, node in self.steps if place == k)

    def of(self, k: int) -> int:
        """The node that stands for node k on this course."""
        return self.same.get(k, k)

    def made_at(self, k: int, keys: Mapping[tuple[str, str], Array | None]) -> int:
        """Where the figures of a node are made, if it only passes them on."""
        node = self.node(k)
        while node.op in ROUNDED or (node.op in ("total", "gather") and keys.get(self._pair(node), k) is None):
            k = node.args[0]
            node = self.node(k)
        return k

    def _pair(self, node: Node) -> tuple[str, str]:
        below = self.program.nodes[node.args[0]].rows
        return (below, node.rows) if node.op == "total" else (node.rows, below)

    def cannot(self) -> str:
        """The first operation that has no fast meaning, a sum over an account's pools among them; or ""."""
        for _, node in self.steps:
            if node.op not in WALKED or "@" in node.rows:
                return node.op if node.op not in WALKED else f"{node.op} in scenarios"
            if node.op == "total" and node.rows == "account":
                return "sums over an account"
            if node.op == "given" and node.rows in READ and node.param not in READ[node.rows]:
                return f"{node.param} of each {node.rows}"
        return ""


class BlockWalk:
    """One pass of a course over a block under a meaning; `doubts[rows]` are the rows left undecided."""

    def __init__(self, course: Course, block: Block, meaning: Any, tables: Any, targets: Mapping[int, Array] = NO_TARGETS) -> None:
        """`targets` are columns that the figures of some nodes are to stand in, as far as the meaning makes new ones."""
        self.nodes, self.course, self.block, self.meaning, self.tables = course.program.nodes, course, block, meaning, tables
        self.values: dict[int, Any] = {}
        self.codes: dict[int, Codes] = {}
        self.doubts: dict[str, Array] = {}
        self._any_codes = False
        with np.errstate(all="ignore"):
            for k, node in course.steps:
                if node.rows != "any" and not block.counts[node.rows]:
                    self.values[k], self.codes[k] = NO_ROWS, None
                    continue
                if targets:
                    meaning.target = targets.get(k)
                self.values[k], self.codes[k] = value, codes = self._step(node)
                if codes is not None:
                    self._any_codes = True
                meaning.hold(value)
                if meaning.doubts:
                    self._keep_doubts(node, self._tainted(node))
                for done in course.ends.get(k, ()):
                    meaning.release(self.values.pop(done))

    def program_rows(self, k: int) -> str:
        return self.nodes[k].rows

    def keep_doubts(self, k: int) -> None:
        """What was doubted in something made of a node after the walk."""
        if self.meaning.doubts:
            self._keep_doubts(self.nodes[k], self.codes[k])

    def _keep_doubts(self, node: Node, codes: Codes) -> None:
        """A row whose arguments are in error is in no doubt; one that may be an error by this very step is."""
        for mask in self.meaning.doubts:
            rows = np.broadcast_to(mask, (self.block.counts[node.rows],)) if node.rows != "any" else mask
            if codes is not None:
                rows = rows & (codes == 0)
            held = self.doubts.get(node.rows)
            self.doubts[node.rows] = rows if held is None else held | rows
        self.meaning.doubts.clear()

    # -- steps -----------------------------------------------------------------------------------

    def _step(self, node: Node) -> tuple[Any, Codes]:
        op, args = node.op, [self.values[arg] for arg in node.args]
        if op in FIGURES:
            return getattr(self.meaning, op)(*args), self._tainted(node)
        if op in COMPARED:
            return self.meaning.compared(op, *args), self._tainted(node)
        if op in ROUNDED:
            return self.meaning.rounded(op, *args), self._tainted(node)
        made: tuple[Any, Codes] = getattr(self, f"_{op}")(node, *args)
        return made

    def _tainted(self, node: Node) -> Codes:
        """The first fault among the arguments."""
        found: Codes = None
        if not self._any_codes:
            return found
        for arg in node.args:
            codes = self.codes[arg]
            if codes is not None:
                found = codes if found is None else np.where(found != 0, found, codes)
        return found

    def _both(self, node: Node, x: Array, y: Array) -> tuple[Any, Codes]:
        return np.logical_and(x, y), self._tainted(node)

    def _either(self, node: Node, x: Array, y: Array) -> tuple[Any, Codes]:
        return np.logical_or(x, y), self._tainted(node)

    def _not(self, node: Node, x: Array) -> tuple[Any, Codes]:
        return np.logical_not(x), self._tainted(node)

    def _choose(self, node: Node, condition: Array, this: Any, that: Any) -> tuple[Any, Codes]:
        if isinstance(condition, bool | np.bool_) and self.codes[node.args[0]] is None:
            return (this, self.codes[node.args[1]]) if condition else (that, self.codes[node.args[2]])
        chosen = np.where if isinstance(this, np.ndarray | bool | np.bool_ | int) else self.meaning.chosen
        return chosen(condition, this, that), self._chosen_codes(node, condition)

    _label_if = _choose

    def _chosen_codes(self, node: Node, condition: Array) -> Codes:
        first, *branches = (self.codes[arg] for arg in node.args)
        if any(codes is not None for codes in branches):
            these, those = (np.int16(0) if codes is None else codes for codes in branches)
            taken = np.where(condition, these, those)
            found = taken if first is None else np.where(first != 0, first, taken)
            return found if np.any(found) else None
        return first

    def _fault(self, node: Node, *args: Any) -> tuple[Any, Codes]:
        """A refusal has no figure; where it is taken its code stands."""
        count = self.block.counts[node.rows]
        refusal = np.full(count, int(node.param[0][2:]), np.int16)
        earlier = self._tainted(node)
        return self.meaning.constant(0, 1), refusal if earlier is None else np.where(earlier != 0, earlier, refusal)

    def _given(self, node: Node) -> tuple[Any, Codes]:
        return self.block.given(node.rows, node.param)

    def _constant(self, node: Node) -> tuple[Any, Codes]:
        if node.unit.word == "label":
            return self.tables.label(node.param), None
        return (node.param if isinstance(node.param, bool) else self.meaning.constant(*node.param)), None

    def _gather(self, node: Node, x: Any) -> tuple[Any, Codes]:
        key = self.block.keys[node.rows, self.nodes[node.args[0]].rows]
        codes = self.codes[node.args[0]]
        if key is None:
            return x, codes
        moved = x[key] if isinstance(x, np.ndarray) else x.gathered(key) if hasattr(x, "gathered") else self.meaning.gathered(x, key)
        return moved, None if codes is None else codes[key]

    def _total(self, node: Node, x: Any) -> tuple[Any, Codes]:
        rows = self.nodes[node.args[0]].rows
        groups = self.block.grouped(rows, node.rows)
        codes = groups.first_code(self.codes[node.args[0]])
        if not self.block.counts[rows]:
            return self.meaning.nothing(self.block.counts[node.rows]), codes
        return (x if groups.key is None else self.meaning.total(x, groups, groups.most)), codes

    # -- tables ----------------------------------------------------------------------------------

    def _bracket(self, node: Node, x: Any, caps: Any) -> tuple[Any, Codes]:
        tier, beyond = self.tables.bracket(self.meaning, x, caps)
        codes = self._tainted(node)
        if beyond is not None:
            above = np.where(beyond, np.int16(BEYOND[2:]), np.int16(0))
            codes = above if codes is None else np.where(codes != 0, codes, above)
        return tier, codes

    def _within_last_cap(self, node: Node, x: Any, caps: Any) -> tuple[Any, Codes]:
        return self.tables.within(self.meaning, x, caps), self._tainted(node)

    def _pick(self, node: Node, tier: Array, column: Any) -> tuple[Any, Codes]:
        return self.tables.pick(self.meaning, tier, column), self._tainted(node)

    def _sliced(self, node: Node, x: Any, slices: Any) -> tuple[Any, Codes]:
        return slices.counted(self.meaning, x), self._tainted(node)
