"""One block decided: floats under one bound a column, under one a row where that is too wide, whole numbers modulo 2⁶⁴ where no
float is certain, one by one where even those are not.

Every decision, state and tier is the exact one.  Amounts are float64, off by no more than their bound; where they are asked for
exactly, they are whole numbers of a quantum.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from riskrules.batch.decided import (
    ERROR,
    HEALTHY,
    LEG_TERMS,
    NO_AMOUNT,
    NOWHERE,
    POOL_TERMS,
    Decided,
    Want,
    put_codes,
)
from riskrules.batch.givens import Givens
from riskrules.batch.inputs import Holdings, Positions
from riskrules.batch.layout import Laid, lay
from riskrules.batch.liquidation import kept_for, liquidation_prices, moved_by_mark
from riskrules.batch.one import alone
from riskrules.batch.scalar import by_accounts, put_code, put_leg, put_pool
from riskrules.batch.tables import Tables
from riskrules.ir.blocks import NO_TARGETS, Block, BlockWalk, Course
from riskrules.ir.coarse import Coarse
from riskrules.ir.floats import Buffers, Floats
from riskrules.ir.ring import Rings
from riskrules.rulebook.plan import Plan

Array = Any


MANY = 4  # where more than one pool in so many is in doubt under the widest bounds, the block is walked again whole


class Kernel:
    """What a plan needs to decide blocks: its tables, and what of its program is walked for what is wanted."""

    def __init__(self, plan: Plan, want: Want, choice: int = 0) -> None:
        self.plan, self.want = plan, want
        self.tables = Tables(plan, choice)
        named = plan.program.named
        self.legs = {name: named[LEG_TERMS[name]] for name in want.legs if LEG_TERMS[name] in named}
        self.pools = {name: named[POOL_TERMS[name]] for name in want.pools if POOL_TERMS[name] in named}
        self.tier = named.get("tier") if want.tier else None
        self.state = named.get("state")
        self.liquidate = named["liquidate"]
        extra = [k for k in (self.tier, self.state) if k is not None]
        wanted = [self.liquidate, *self.legs.values(), *self.pools.values(), *extra]
        known = {("pool", "posts_initial"): False}
        self.equity, self.required = named["equity"], named[plan.account.liquidate_against]
        self.notional = named["notional"]
        self._roots = [self.equity, self.required, self.notional]
        self.moved = moved_by_mark(plan.program, self._roots) if want.liquidation_price else frozenset()
        self.mixed = self._course(wanted, known)
        self.plain = self._course(wanted, known | {("pool", "is_isolated"): True}, apart=True)
        self.without = self.mixed.cannot()  # what has no fast meaning: then every account goes to the scalar walk
        self._plain_targets: dict[str, int] | None = None  # the same for every block
        self.positions_apart = _needs_positions(self.mixed)

    def _course(self, wanted: list[int], known: dict[tuple[str, str], bool], apart: bool = False) -> Course:
        course = Course.to(self.plan.program, wanted, known, apart=apart)
        if not self.want.liquidation_price:
            return course
        return Course.to(self.plan.program, wanted, known, tuple(kept_for(course, self.moved, self._roots)), apart)

    def decide(
        self,
        positions: Positions,
        held: Holdings,
        as_of: Array | int,
        buffers: Buffers,
        into: Mapping[str, Array] = NOWHERE,
        later: bool = False,
        closer: bool = False,
    ) -> tuple[Laid, Decided]:
        """`into` are columns of the answer for these positions: what can be is written there at once.

        With `later`, rows that the widest bounds leave in doubt may be left to a call that is `closer` from the first.
        """
        laid = lay(self.plan, self.tables, positions, held, together=bool(self.without))
        if laid.rows is not None and not isinstance(as_of, int):
            as_of = as_of[laid.rows]
        if self.without:
            return laid, by_accounts(self, laid, as_of)
        if self.want.quantum is not None:
            made, doubts, _ = self._walk(laid, as_of, Rings())
        else:
            into = NOWHERE if laid.rows is not None else into
            made, doubts, walk = self._walk(laid, as_of, Floats(buffers) if closer else Coarse(buffers), into)
            if doubts is not None and not closer:
                made, doubts, walk = self._closer(laid, as_of, buffers, made, doubts, walk, later)
            if doubts is not None:
                made.doubtful = int(np.count_nonzero(doubts))
                doubts = self._again(laid, as_of, made, doubts, Rings())
        if doubts is not None:
            doubts = self._again(laid, as_of, made, doubts, Rings(by_row=True))
        if doubts is not None:
            self._one_by_one(laid, as_of, made, np.flatnonzero(doubts))
        if self.want.liquidation_price:
            if self.want.quantum is not None:
                walk = self._passed(laid, as_of, Floats(buffers))
            made.legs["liquidation_price"], asked = liquidation_prices(self, laid, walk, made.decision == HEALTHY, as_of)
            made.asked += asked
        return laid, made

    # -- a walk ----------------------------------------------------------------------------------

    def _closer(
        self, laid: Laid, as_of: Array | int, buffers: Buffers, made: Decided, doubts: Array, walk: BlockWalk, later: bool
    ) -> tuple[Decided, Array | None, BlockWalk]:
        """What one bound for all rows leaves in doubt, under each row's own: many at once, a few by themselves or later."""
        if np.count_nonzero(doubts) * MANY > len(doubts):
            return self._walk(laid, as_of, Floats(buffers))
        if later and laid.is_plain:
            made.left = np.flatnonzero(doubts)
            return made, None, walk
        return made, self._again(laid, as_of, made, doubts, Floats(buffers)), walk

    def _walk(
        self, laid: Laid, as_of: Array | int, meaning: Any, into: Mapping[str, Array] = NOWHERE
    ) -> tuple[Decided, Array | None, BlockWalk]:
        walk = self._passed(laid, as_of, meaning, into)
        made = self._read(laid, walk, meaning, into)
        made.stands = into
        return made, _of_pools(laid, walk.doubts), walk

    def _passed(self, laid: Laid, as_of: Array | int, meaning: Any, into: Mapping[str, Array] = NOWHERE) -> BlockWalk:
        """The walk alone, with nothing read off it."""
        counts = laid.counts if self.positions_apart else {**laid.counts, "position": 0}
        groups = {} if laid.is_plain else {("leg", "pool"): laid.groups()}
        block = Block(counts, laid.keys, Givens(self.plan, self.tables, laid, as_of).under(meaning), groups)
        targets = NO_TARGETS if not into else self._targets(laid, into)
        return BlockWalk(self.plain if laid.is_plain else self.mixed, block, meaning, self.tables, targets)

    def _targets(self, laid: Laid, into: Mapping[str, Array]) -> dict[int, Array]:
        """The nodes whose figures are those of a column of the answer: what is only passed on is made further down."""
        if not laid.is_plain:
            return {self.mixed.made_at(self.mixed.of(k), laid.keys): into[name] for name, k in self.legs.items() if name in into}
        if self._plain_targets is None:
            wanted = {**self.legs, **({"equity": self.pools["equity"]} if "equity" in self.pools else {})}
            self._plain_targets = {name: self.plain.made_at(self.plain.of(k), laid.keys) for name, k in wanted.items()}
        return {k: into[name] for name, k in self._plain_targets.items() if name in into}

    def _read(self, laid: Laid, walk: BlockWalk, meaning: Any, into: Mapping[str, Array]) -> Decided:
        of = walk.course.of
        legs = {name: self._amount(walk, of(k), meaning, laid.counts["leg"]) for name, k in self.legs.items()}
        pools = {name: self._amount(walk, of(k), meaning, laid.counts["pool"]) for name, k in self.pools.items()}
        leg_codes = _first([walk.codes[of(k)] for k in self.legs.values() if walk.program_rows(k) == "leg"])
        liquidate, code = walk.values[self.liquidate], walk.codes[self.liquidate]
        decision = np.broadcast_to(liquidate, (laid.counts["pool"],)).astype(np.int8)
        if code is not None:
            decision[code != 0] = ERROR
        state = None if self.state is None else np.broadcast_to(walk.values[self.state], (laid.counts["pool"],)).astype(np.int16)
        if state is not None and walk.codes[self.state] is not None:  # type: ignore[index]
            state[walk.codes[self.state] != 0] = -1  # type: ignore[index]
        return Decided(legs, pools, leg_codes, decision, code, state, self._tier(walk, into.get("tier")), self.tables.labels)

    def _amount(self, walk: BlockWalk, k: int, meaning: Any, n: int) -> Array:
        figure, codes = walk.values[k], walk.codes[k]
        if self.want.quantum is not None:
            steps = meaning.rounded("round_half_even", figure, meaning.constant(*self.want.quantum))
            walk.keep_doubts(k)
            amounts = np.broadcast_to(steps.over, (n,)).copy()
            if codes is not None:
                amounts[codes != 0] = NO_AMOUNT
            return amounts
        amounts = np.broadcast_to(figure.value, (n,)) if not isinstance(figure.value, np.ndarray) else figure.value
        if codes is not None:
            amounts = np.where(codes != 0, np.nan, amounts)
        return amounts

    def _tier(self, walk: BlockWalk, out: Array | None) -> Array | None:
        if self.tier is None or walk.program_rows(self.tier) != "leg":
            return None
        counted, codes = walk.values[self.tier], walk.codes[self.tier]
        tier = out if out is not None else np.empty(len(counted), np.int16)
        np.copyto(tier, counted, casting="unsafe")  # narrowed first: there is less to add to
        tier += 1
        return tier if codes is None else np.where(codes != 0, np.int16(0), tier)

    # -- the rows that floats leave --------------------------------------------------------------

    def _again(self, laid: Laid, as_of: Array | int, made: Decided, doubts: Array, meaning: Any) -> Array | None:
        """The doubtful pools again, under a closer meaning; what is put over the earlier word, and which are in doubt still."""
        part, legs, pools, mine = _part(self.plan, self.tables, laid, doubts)
        again, left, _ = self._walk(part, as_of if isinstance(as_of, int) else as_of[legs], meaning)
        keep = np.flatnonzero(mine)
        target = pools[keep]
        for name, amounts in again.pools.items():
            made.pools[name] = made.put(name, made.pools[name], target, amounts[keep])
        made.decision[target] = again.decision[keep]
        made.code = put_codes(made.code, laid.counts["pool"], target, again.code, keep)
        if made.state is not None and again.state is not None:
            made.state[target] = again.state[keep]
        chosen = np.arange(len(legs)) if part.is_plain else np.flatnonzero(mine[part.keys["leg", "pool"]])
        for name, amounts in again.legs.items():  # prices come after
            made.legs[name] = made.put(name, made.legs[name], legs[chosen], amounts[chosen])
        if made.tier is not None and again.tier is not None:
            made.tier = made.put("tier", made.tier, legs[chosen], again.tier[chosen])
        made.leg_codes = put_codes(made.leg_codes, laid.counts["leg"], legs[chosen], again.leg_codes, chosen)
        if left is None or not (left & mine).any():
            return None
        out = np.zeros(laid.counts["pool"], bool)
        out[pools[left & mine]] = True
        return out

    def _one_by_one(self, laid: Laid, as_of: Array | int, made: Decided, pools: Array) -> None:
        made.alone = len(pools)
        for pool in pools:
            self.alone(laid, as_of, made, int(pool))

    def alone(self, laid: Laid, as_of: Array | int, made: Decided, pool: int) -> None:
        rows = [pool] if laid.is_plain else laid.groups().members(pool)
        when = as_of if isinstance(as_of, int) else int(as_of[rows[0]]) if rows else 0
        found = alone(self.plan, laid, pool, when)
        if isinstance(found, int):
            put_code(made, laid, pool, found)
        else:
            put_pool(self, found[0], found[1], pool, laid, made)
            for leg, row in enumerate(rows):
                put_leg(self, found[0], leg, row, laid, made)


def _needs_positions(course: Course) -> bool:
    """Whether legs are put together by market: without orders nothing else stands in such a row."""
    nodes = course.program.nodes
    return any(node.rows == "position" and any(nodes[arg].rows == "leg" for arg in node.args) for _, node in course.steps)


def _first(codes: list[Array | None]) -> Array | None:
    found: Array | None = None
    for one in codes:
        if one is not None:
            found = one if found is None else np.where(found != 0, found, one)
    return found


def _of_pools(laid: Laid, doubts: dict[str, Array]) -> Array | None:
    """The pools that a doubt is about."""
    out: Array | None = None
    for rows, mask in doubts.items():
        found = mask
        if not laid.is_plain and rows != "pool":
            found = np.zeros(laid.counts["pool"], bool)
            kind = {"market": "leg", "asset": "holding"}.get(rows, rows)
            if kind == "account":
                found = mask[laid.keys["pool", "account"]]
            else:
                found[laid.keys[kind, "pool"][mask]] = True  # type: ignore[index]
        out = found if out is None else out | found
    if out is not None and not laid.is_plain:
        out = out & laid.real()
    return out if out is not None and out.any() else None


def _part(plan: Plan, tables: Tables, laid: Laid, doubts: Array) -> tuple[Laid, Array, Array, Array]:
    """The doubtful part laid out anew; its legs' and pools' places in the whole; and which of its pools were in doubt."""
    if laid.is_plain:
        legs = np.flatnonzero(doubts)
        return lay(plan, tables, laid.positions.rows(legs), Holdings.none()), legs, legs, np.ones(len(legs), bool)
    accounts = np.unique(laid.keys["pool", "account"][doubts])  # type: ignore[index]
    number = np.full(laid.counts["account"], -1, np.intp)
    number[accounts] = np.arange(len(accounts))
    legs = np.flatnonzero(number[laid.positions.numbers] >= 0)
    positions = laid.positions.rows(legs).renumbered(number, accounts)
    chosen = np.flatnonzero(number[laid.holdings.account] >= 0)
    held = laid.holdings.rows(chosen, number[laid.holdings.account[chosen]])
    part = lay(plan, tables, positions, held, laid.settles)
    pools = _places_in(laid, part, accounts)
    return part, legs, pools, doubts[pools]


def _places_in(laid: Laid, part: Laid, accounts: Array) -> Array:
    """Cross pools stand at account × settle; isolated ones after them, in the order of their legs."""
    many = len(laid.settles)
    cross = (accounts[:, None] * many + np.arange(many)).ravel()
    first, isolated = laid.counts["account"] * many, np.flatnonzero(laid.isolated)
    number = np.zeros(laid.counts["account"], bool)
    number[accounts] = True
    chosen = isolated[number[laid.keys["pool", "account"][isolated]]] if len(isolated) else isolated  # type: ignore[index]
    assert len(isolated) == 0 or isolated[0] == first
    return np.r_[cross, chosen].astype(np.intp)
