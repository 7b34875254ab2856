"""The next step of a liquidation, worked out at one instant: the strategy's program walked over an account and its state.

Nothing happens here.  What would be left is the same program walked over the account as it would be if
all that the step closes were filled at the mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from riskrules.engine.decide import Evaluated
from riskrules.engine.rows import ISOLATED, Pool, Rows
from riskrules.engine.snapshot import AccountInput, PositionInput, Snapshot
from riskrules.engine.step_input import Counterparty, PoolState, State
from riskrules.ir.fault import Fault
from riskrules.ir.ops import OPS
from riskrules.ir.walk import Walk
from riskrules.rulebook.plan import MarketPlan, Plan
from riskrules.units.exact import ZERO, Exact


class StepRows(Rows):
    """The rows of an account with the state of its liquidation beside them."""

    def __init__(self, plan: Plan, snapshot: Snapshot, account: AccountInput, state: State) -> None:
        super().__init__(plan, snapshot, account)
        self.state = state
        self.others = tuple(one for one in state.counterparties if one.market in self.markets)
        self.keys["counterparty", "market"] = [self.markets.index(one.market) for one in self.others]
        self._sources["counterparty"] = (self.others, self._other_cell)

    def labels(self) -> dict[str, list[str]]:
        return {**super().labels(), "counterparty": [one.id for one in self.others]}

    def _pool_cell(self, name: str, pool: Pool) -> Any:
        state = self.state.of(self.account.id, pool.position)
        if name == "begun":
            return state.begun
        if name.startswith("done_"):
            return state.done.get(int(name.removeprefix("done_")), ZERO)
        if name.startswith("fund_"):
            said = name.replace("_", " ").replace("fund", "the insurance fund's", 1)
            absent = Fault(
                "RR505", f"{said} is not given, and the step needs it", "give liquidation: insurance_fund; it is never taken as 0"
            )
            return self.state.fund.get(name) or absent
        return super()._pool_cell(name, pool)

    def _market_cell(self, name: str, k: int, table: Any) -> Any:
        if name not in ("tick", "lot"):
            return super()._market_cell(name, k, table)
        plan, given = self.market_plans[k], self.snapshot.markets.get(self.markets[k])
        own = getattr(given, name) if given else None
        if isinstance(plan, MarketPlan):
            own = own or getattr(plan, name)
            return own or Fault(
                "RR505", f"the {name} of {plan.name} is not stated, and the step rounds to it", "state it in the contracts file"
            )
        return plan

    def _other_cell(self, name: str, other: Counterparty) -> Any:
        field = name.removeprefix("their_")
        absent = f"the {field.replace('_', ' ')} of {other.id} is not given, and the ranking needs it"
        return getattr(other, field) or Fault("RR505", absent, "give it; it is never guessed")


class NextStep(NamedTuple):
    """One pool: the number of its next step (0: none is due), or why that cannot be said."""

    evaluated: Evaluated
    pool: Pool
    number: int  # of the pool
    strategy: str
    step: int
    fault: Fault | None
    state: State
    after: NextStep | None = None  # as it would be with the step done and filled at the mark

    def value(self, name: str, row: int | None = None) -> Any:
        return self.evaluated.value(name, self.number if row is None else row)

    @property
    def said(self) -> dict[str, str]:
        return self.evaluated.plan.beside.said[f"steps {self.strategy}"]

    @property
    def closing(self) -> list[int]:
        """The legs of which the step closes something."""
        return [k for k in self.evaluated.legs_of(self.number) if isinstance(got := self.value("closes", k), Fault) or got[0]]


def next_steps(plan: Plan, snapshot: Snapshot, state: State, only: str | None = None) -> list[NextStep]:
    """The next step of every pool that holds a position."""
    out = []
    for account in snapshot.accounts:
        if only in (None, account.id):
            pools = Rows(plan, snapshot, account).pools
            out += [_next(plan, snapshot, account, state, pool, look=True) for pool in pools]
    return [one for one in out if one.evaluated.legs_of(one.number)]


def _next(plan: Plan, snapshot: Snapshot, account: AccountInput, state: State, pool: Pool, look: bool) -> NextStep:
    strategy = plan.beside.strategy_of.get(pool.mode, "")
    if not strategy:
        return _none(plan, snapshot, account, pool, state)
    of_steps = replace(plan, program=plan.beside.program(f"steps {strategy}"))
    rows = StepRows(of_steps, snapshot, account, state)
    number, walk = rows.pools.index(pool), Walk(of_steps.program, rows.frame(rows.first_choice()))
    sure = all(count == 1 for count in rows.versions())
    evaluated = Evaluated(of_steps, snapshot, account, rows, walk, (), too_many=not sure)
    got = evaluated.value("next_step", number)
    if isinstance(got, Fault):
        return NextStep(evaluated, pool, number, strategy, 0, got, state)
    made = NextStep(evaluated, pool, number, strategy, got[0], None, state)
    fault = next((value for value in _figures(made) if isinstance(value, Fault)), None) if look and got[0] else None
    if fault is not None:
        return made._replace(step=0, fault=fault)
    return made._replace(after=_after(plan, made)) if look and got[0] else made


def _figures(made: NextStep) -> Iterator[Any]:
    """Whatever the step says: a step of which one figure cannot be had is none."""
    legs = made.evaluated.legs_of(made.number)
    for name in ("closes", "bankruptcy_price", "limit_price", "closed_notional", "realised"):
        yield from (made.value(name, k) for k in legs)
    yield from (made.value(name) for name in ("fee", "surplus", "drawn", "loss_shared"))
    for name in ("deleveraged", "bears"):
        if name in made.evaluated.plan.program.named:
            yield from made.evaluated.walk.column(name)
    yield _borne(made)


def _borne(made: NextStep) -> Fault | None:
    """A loss that is shared in a market of which nobody was given would be borne by nobody."""
    shared = made.value("loss_shared", made.number)
    if isinstance(shared, Fault) or not shared[0]:
        return None
    there = made.evaluated.rows.keys["counterparty", "market"]
    bare = [
        made.evaluated.rows.markets[k] for k in {made.evaluated.rows.keys["leg", "market"][leg] for leg in made.closing} if k not in there
    ]
    return Fault("RR536", f"nobody is given in {bare[0]} who could bear a part of the loss", "give those in profit there") if bare else None


def _none(plan: Plan, snapshot: Snapshot, account: AccountInput, pool: Pool, state: State) -> NextStep:
    rows = Rows(plan, snapshot, account)
    walk = Walk(plan.program, rows.frame(rows.first_choice()))
    evaluated = Evaluated(plan, snapshot, account, rows, walk, (), too_many=False)
    text = f"rulebook {plan.rulebook} has no liquidation strategy for {pool.mode} positions"
    fault = Fault("RR535", text, "add a liquidation file with strategy_of")
    return NextStep(evaluated, pool, rows.pools.index(pool), "", 0, fault, state)


def _after(plan: Plan, made: NextStep) -> NextStep | None:
    """The account with the step done; None where the step closes all there is, or closes nothing that can be told."""
    legs = made.evaluated.legs_of(made.number)
    closes = {k: made.value("closes", k) for k in legs}
    money = [made.value("realised", k) for k in legs] + [made.value("fee")]
    if any(isinstance(value, Fault) for value in (*closes.values(), *money)):
        return None
    account = made.evaluated.account
    positions = [_left(made, one, closes) for one in account.positions]
    if not any(one.size[0] for one in positions if one.id in _ids(made, legs)):
        return None
    paid = money[-1]
    for realised in money[:-1]:
        paid = OPS["sub"].exact(paid, realised)  # what the pool pays, all in all
    left = _paid(made, account._replace(positions=tuple(positions)), paid)
    kept = tuple(order for order, gone in zip(account.orders, made.evaluated.walk.column("cancels"), strict=True) if gone is False)
    state = made.state.after(made.step, _state(made))
    return _next(plan, made.evaluated.snapshot, left._replace(orders=kept), state, made.pool, look=False)


def _state(made: NextStep) -> PoolState:
    return made.state.of(made.evaluated.account.id, made.pool.position)


def _ids(made: NextStep, legs: list[int]) -> set[str]:
    return {made.evaluated.rows.legs[k].id for k in legs}


def _left(made: NextStep, position: PositionInput, closes: dict[int, Exact]) -> PositionInput:
    for k, closed in closes.items():
        if made.evaluated.rows.legs[k].id == position.id and closed[0]:
            signed = closed if position.size[0] < 0 else OPS["neg"].exact(closed)
            return position._replace(size=OPS["add"].exact(position.size, signed))
    return position


def _paid(made: NextStep, account: AccountInput, paid: Exact) -> AccountInput:
    """The balance, or the posted margin of an isolated position, less what the pool pays."""
    if made.pool.mode == ISOLATED:
        posted = made.value("wallet_balance")
        positions = tuple(
            one._replace(margin=OPS["sub"].exact(posted, paid)) if one.id == made.pool.position else one for one in account.positions
        )
        return account._replace(positions=positions)
    held = dict(account.collateral or {})
    held[made.pool.settle] = OPS["sub"].exact(held.get(made.pool.settle, ZERO), paid)
    return account._replace(collateral=held)
