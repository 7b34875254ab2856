"""A block decided account by account by the scalar walk, where a rulebook says what has no fast meaning; slow, and the same answer.

It also puts what the scalar walk says of one pool over what the fast ones left.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from riskrules.batch.decided import DECISIONS, ERROR, HEALTHY, LARGE, LEG_TERMS, NO_AMOUNT, POOL_TERMS, Decided, Want, put_codes
from riskrules.batch.layout import Laid
from riskrules.batch.liquidation import price_of
from riskrules.batch.one import together
from riskrules.batch.tables import Tables
from riskrules.engine.decide import Evaluated
from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import Plan
from riskrules.units.exact import to_fraction

Array = Any


class Kernel(Protocol):
    """What of an account is wanted."""

    plan: Plan
    want: Want
    tables: Tables
    legs: dict[str, int]
    pools: dict[str, int]
    tier: int | None
    state: int | None


def by_accounts(kernel: Kernel, laid: Laid, as_of: Array | int) -> Decided:
    made = _blank(kernel, laid)
    account = laid.keys["pool", "account"]
    assert account is not None
    real = np.flatnonzero(laid.real())
    pools: dict[int, list[int]] = {}
    for pool in real:
        pools.setdefault(int(account[pool]), []).append(int(pool))
    order = np.argsort(laid.positions.numbers, kind="stable")
    begins = np.searchsorted(laid.positions.numbers[order], np.arange(laid.counts["account"] + 1))
    for number, some in pools.items():
        rows = [int(row) for row in order[begins[number] : begins[number + 1]]]
        when = as_of if isinstance(as_of, int) else int(as_of[rows[0]]) if rows else 0
        _account(kernel, laid, number, rows, some, when, made)
    made.alone = len(real)
    return made


def _account(kernel: Kernel, laid: Laid, number: int, rows: list[int], pools: list[int], when: int, made: Decided) -> None:
    evaluated = together(kernel.plan, laid, number, rows, when)
    if isinstance(evaluated, int):
        for pool in pools:
            put_code(made, laid, pool, evaluated)
        return
    places = {(pool.settle if not pool.position else pool.position): place for place, pool in evaluated.pools()}
    pool_leg, key = laid.pool_leg, laid.keys["leg", "pool"]
    assert pool_leg is not None
    assert key is not None
    for pool in pools:
        leg = int(pool_leg[pool])
        place = places.get(str(leg) if leg >= 0 else kernel.plan.account.pooled_in or laid.settles[pool % len(laid.settles)])
        if place is not None:
            put_pool(kernel, evaluated, place, pool, laid, made)
    for leg, row in enumerate(rows):
        put_leg(kernel, evaluated, leg, row, laid, made)
        if kernel.want.liquidation_price and made.decision[key[row]] == HEALTHY:
            place = evaluated.rows.keys["leg", "pool"][leg]
            made.legs["liquidation_price"][row] = price_of(evaluated, place, leg, laid.positions.size.floats[row] > 0)
            made.asked += 1


def _blank(kernel: Kernel, laid: Laid) -> Decided:
    legs, pools = laid.counts["leg"], laid.counts["pool"]
    nothing, kind = (np.nan, np.float64) if kernel.want.quantum is None else (NO_AMOUNT, np.int64)
    of_legs: dict[str, Array] = {name: np.full(legs, nothing, kind) for name in kernel.legs}
    if kernel.want.liquidation_price:
        of_legs["liquidation_price"] = np.full(legs, np.nan)
    of_pools = {name: np.full(pools, nothing, kind) for name in kernel.pools}
    has_tier = kernel.tier is not None and kernel.plan.program.nodes[kernel.tier].rows == "leg"
    return Decided(
        of_legs, of_pools, None, np.full(pools, HEALTHY, np.int8), None, None if kernel.state is None else np.full(pools, -1, np.int16),
        np.zeros(legs, np.int16) if has_tier else None, kernel.tables.labels,
    )  # fmt: skip


# -- what the scalar walk says, put in its place ---------------------------------------------------


def put_code(made: Decided, laid: Laid, pool: int, code: int) -> None:
    made.decision[pool] = ERROR
    made.code = put_codes(made.code, laid.counts["pool"], np.array([pool]), np.array([code], np.int16), np.array([0]))


def put_pool(kernel: Kernel, evaluated: Evaluated, place: int, pool: int, laid: Laid, made: Decided) -> None:
    word, fault = evaluated.verdict(place)
    made.decision[pool] = DECISIONS.index(word)
    code = np.array([int(fault.code[2:]) if fault else 0], np.int16)
    made.code = put_codes(made.code, laid.counts["pool"], np.array([pool]), code, np.array([0]))
    for name in kernel.pools:
        amount = _one(kernel, evaluated, POOL_TERMS[name], place)
        made.pools[name] = made.put(name, made.pools[name], pool, _held(made, ("pool", name, pool), amount))
    if made.state is not None:
        state = evaluated.value("state", place)
        made.state[pool] = -1 if isinstance(state, Fault) else kernel.tables.label(state)


def put_leg(kernel: Kernel, evaluated: Evaluated, leg: int, row: int, laid: Laid, made: Decided) -> None:
    code = 0
    for name in kernel.legs:
        value = evaluated.value(LEG_TERMS[name], evaluated.row_of(LEG_TERMS[name], leg))
        code = code or (int(value.code[2:]) if isinstance(value, Fault) else 0)
        amount = _one(kernel, evaluated, LEG_TERMS[name], leg)
        made.legs[name] = made.put(name, made.legs[name], row, _held(made, ("leg", name, row), amount))
    made.leg_codes = put_codes(made.leg_codes, laid.counts["leg"], np.array([row]), np.array([code], np.int16), np.array([0]))
    if made.tier is not None:
        tier = evaluated.value("tier", evaluated.row_of("tier", leg))
        made.tier = made.put("tier", made.tier, row, 0 if isinstance(tier, Fault) else tier + 1)


def _one(kernel: Kernel, evaluated: Evaluated, name: str, row: int) -> Any:
    value = evaluated.value(name, evaluated.row_of(name, row) if name in LEG_TERMS.values() else row)
    if isinstance(value, Fault):
        return np.nan if kernel.want.quantum is None else NO_AMOUNT
    if kernel.want.quantum is None:
        return value[0] / value[1]
    return round(to_fraction(value) / to_fraction(kernel.want.quantum))  # half to even


def _held(made: Decided, place: tuple[str, str, int], amount: Any) -> Any:
    if isinstance(amount, int) and abs(amount) >= 2**63 - 1 and amount != NO_AMOUNT:
        made.large[place] = amount
        return LARGE
    return amount
