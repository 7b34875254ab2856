"""Inside an observed interval two tables may be in force: what comes out the same under both is decided, what differs is an error.

A pool in one such market is decided under each of its tables; one in several goes to the scalar walk, which tries every combination,
and so does one in a market whose table is rolled out, where it is said when its position was last added to.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riskrules.batch.block import Kernel
from riskrules.batch.decided import ERROR, Decided
from riskrules.batch.inputs import NO_TIME, UNDECIDED, Holdings, Positions
from riskrules.batch.layout import Laid
from riskrules.ir.floats import Buffers

Array = Any
NEAR = 1e-9  # of amounts under two tables: nearer than this they may be one amount, and the scalar walk says


def under_the_others(
    kernels: Any, kernel: Kernel, block: Positions, held: Holdings, times: Array | int, buffers: Buffers, laid: Laid, made: Decided
) -> None:
    """Put what differs between the tables that may be in force as undecided."""
    versions = kernel.tables.versions[np.where(laid.markets() >= 0, laid.markets(), 0)]
    several = _several(laid, versions)
    alone = several | _told(kernel, laid)
    for choice in range(1, int(versions.max())):
        _, other = kernels.kernel(kernel.plan, choice).decide(block, held, times, buffers)
        alone |= _compare(laid, made, other)
    as_of = times if isinstance(times, int) or laid.rows is None else times[laid.rows]
    for pool in np.flatnonzero(alone):
        kernel.alone(laid, as_of, made, int(pool))
    made.alone += int(alone.sum())


def _several(laid: Laid, versions: Array) -> Array:
    """The pools with legs in more than one market whose table may have changed."""
    if laid.is_plain:
        return np.zeros(len(versions), bool)
    key = laid.keys["leg", "pool"]
    assert key is not None
    open_legs = np.flatnonzero(versions > 1)
    pairs = np.unique(key[open_legs] * (len(versions) + int(laid.markets().max(initial=0)) + 2) + laid.markets()[open_legs])
    pools = pairs // (len(versions) + int(laid.markets().max(initial=0)) + 2)
    return np.bincount(pools, minlength=laid.counts["pool"]) > 1


def _told(kernel: Kernel, laid: Laid) -> Array:
    """The pools with a leg in a market whose table is rolled out, of which it is said when it was last added to."""
    told, increased = np.zeros(laid.counts["pool"], bool), laid.positions.instants.get("increased_at")
    if increased is None or not kernel.tables.phased.any():
        return told
    markets = laid.markets()
    legs = np.flatnonzero((increased != NO_TIME) & (markets >= 0) & kernel.tables.phased[np.where(markets >= 0, markets, 0)])
    key = laid.keys["leg", "pool"]
    told[legs if key is None else key[legs]] = True
    return told


def _compare(laid: Laid, made: Decided, other: Decided) -> Array:
    """Decisions that differ are undecided, and so is a state or an amount by itself; the pools whose amounts are too near to tell."""
    differs = made.decision != other.decision
    if made.state is not None and other.state is not None:
        made.state[made.state != other.state] = -1
    code = np.zeros(len(made.decision), np.int16) if made.code is None else made.code.copy()
    made.decision[differs] = ERROR
    code[differs] = UNDECIDED
    made.code = code if code.any() else None
    near = np.zeros(len(made.decision), bool)
    for name, amounts in made.pools.items():
        made.pools[name], close = _told_apart(amounts, other.pools[name])
        near |= close
    key = None if laid.is_plain else laid.keys["leg", "pool"]
    leg_codes = np.zeros(laid.counts["leg"], np.int16) if made.leg_codes is None else made.leg_codes.copy()
    for name, amounts in made.legs.items():
        made.legs[name], close = _told_apart(amounts, other.legs[name])
        leg_codes[_blanked(amounts, made.legs[name]) & (leg_codes == 0)] = UNDECIDED
        if key is None:
            near |= close
        else:
            near[key[close]] = True
    if made.tier is not None and other.tier is not None:
        made.tier = np.where(made.tier == other.tier, made.tier, 0)
    made.leg_codes = leg_codes if leg_codes.any() else None
    return near


def _told_apart(one: Array, other: Array) -> tuple[Array, Array]:
    """The amounts that are the same under both tables, blank where they are not; and those too near to say."""
    if one.dtype == np.int64:
        return np.where(one == other, one, np.iinfo(np.int64).min), np.zeros(len(one), bool)
    apart = np.abs(one - other)
    near = (apart > 0) & (apart <= NEAR * np.maximum(np.abs(one), 1e-6))
    return np.where(apart > 0, np.nan, one), near


def _blanked(before: Array, after: Array) -> Array:
    return (before != after) & (before == before)
