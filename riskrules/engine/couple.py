"""How positions stand together: one account under cross, grouped and isolated, by one program.

A mode is nothing but which positions share a group.  What is asked of it (how far to liquidation,
which move takes down which others, what stands through a stress) is asked of the same walk at moved
prices.  Equity less the requirement bends one way only along a move, so that the first step at which
a group is liquidated is found by halving; where a tree takes part that is not proved, and is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations
from math import lcm
from typing import Any, NamedTuple

from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.snapshot import AccountInput, Snapshot
from riskrules.engine.together import correlation, is_of_portfolio, of_market, outside
from riskrules.ir.fault import Fault
from riskrules.ir.frame import Column, Frame
from riskrules.ir.ops import OPS
from riskrules.ir.walk import Walk
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.portfolio_plan import PortfolioPlan, portfolio_of
from riskrules.units.exact import ZERO, Exact

CROSS, GROUPED, ISOLATED = MODES = ("cross", "grouped", "isolated")
STEPS = 10_000  # of the whole of a move: distances are right to one hundredth of a percent of it
FARTHEST = 10  # times a stress, where no price would be below 0 before


class Reach(NamedTuple):
    """The first step at which a group is liquidated, as a share of a whole move; None within it."""

    at: Exact | Fault | None
    within: Exact  # how far was looked


class Blast(NamedTuple):
    """What a position's own market takes down when it moves against it."""

    market: str
    reach: Reach  # at −1 × the market's move: the share of its price
    falls: bool
    takes_down: tuple[str, ...]  # the others of its group
    outside: Any  # their notional


class Mode(NamedTuple):
    name: str
    groups: tuple[str, ...]
    group_of: tuple[int, ...]  # of each market held
    walk: Walk
    pairs: tuple[tuple[int, int], ...]

    def value(self, name: str, row: int) -> Any:
        return self.walk.value(name, row)

    def markets_in(self, group: int, markets: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(market for market, of in zip(markets, self.group_of, strict=True) if of == group)

    def scenario_row(self, group: int, scenario: int, many: int) -> int:
        return group * many + scenario


class Coupled(NamedTuple):
    """One account, each mode walked at the prices of the snapshot."""

    evaluated: Evaluated
    plan: PortfolioPlan
    markets: tuple[str, ...]
    modes: tuple[Mode, ...]
    stress: str  # the scenario that distances and matches are asked along; "" where there is none

    @property
    def account(self) -> str:
        return self.evaluated.account.id

    @property
    def scenarios(self) -> tuple[str, ...]:
        return tuple(self.plan.moves)

    def mode(self, name: str) -> Mode | None:
        return next((mode for mode in self.modes if mode.name == name), None)


def couple(plan: Plan, snapshot: Snapshot, account: AccountInput, stress: str = "") -> Coupled:
    """Every mode of the account.  The plan must have a portfolio."""
    portfolio = portfolio_of(plan)
    assert portfolio is not None, "asked of a plan with a portfolio"
    evaluated = decide(plan, snapshot, account)
    held = tuple(dict.fromkeys(leg.market for leg in evaluated.rows.legs))
    made = {CROSS: [account.id] * len(held), ISOLATED: list(held)}
    if portfolio.baskets:
        basket = {market: name for name, inside in portfolio.baskets.items() for market in inside}
        made[GROUPED] = [basket.get(market, market) for market in held]
    modes = tuple(mode_of(evaluated, portfolio, held, name, made[name]) for name in MODES if name in made)
    return Coupled(evaluated, portfolio, held, modes, stress or _worst(modes[0], portfolio))


def _worst(mode: Mode, plan: PortfolioPlan) -> str:
    if not plan.moves:
        return ""
    worst = mode.value("worst_scenario", 0) if mode.groups and "worst_scenario" in mode.walk.program.named else None
    return list(plan.moves)[worst % len(plan.moves) if isinstance(worst, int) else 0]


def mode_of(evaluated: Evaluated, plan: PortfolioPlan, held: tuple[str, ...], name: str, labels: list[str]) -> Mode:
    groups = tuple(dict.fromkeys(labels))
    group_of = tuple(groups.index(label) for label in labels)
    pairs = tuple((i, j) for i, j in combinations(range(len(held)), 2) if group_of[i] == group_of[j])
    return Mode(name, groups, group_of, Walk(plan.program, _frame(evaluated, plan, held, groups, group_of, pairs)), pairs)


def _frame(
    evaluated: Evaluated,
    plan: PortfolioPlan,
    held: tuple[str, ...],
    groups: tuple[str, ...],
    group_of: tuple[int, ...],
    pairs: tuple[tuple[int, int], ...],
) -> Frame:
    rows = evaluated.rows
    place = {market: k for k, market in enumerate(held)}
    of_market = [rows.markets.index(market) for market in held]
    leg_position = [place[leg.market] for leg in rows.legs]
    labels = {
        **rows.labels(), "position": list(held), "group": list(groups), "scenario": list(plan.moves),
        "pair": [f"{held[i]} with {held[j]}" for i, j in pairs],
    }  # fmt: skip
    keys = {
        ("leg", "market"): rows.keys["leg", "market"],
        ("leg", "position"): leg_position,
        ("leg", "group"): [group_of[k] for k in leg_position],
        ("position", "market"): of_market,
        ("position", "group"): list(group_of),
        ("pair", "group"): [group_of[i] for i, _ in pairs],
        ("pair", "first"): [i for i, _ in pairs],
        ("pair", "second"): [j for _, j in pairs],
        ("group", "account"): [0] * len(groups),
        ("pool", "account"): [0] * len(rows.pools),
    }
    cells = _Cells(evaluated, plan, held, len(groups), pairs)
    return Frame(labels, keys, {need: _over_one(cells.column(*need)) for need in plan.program.needs})


def _over_one(column: Column) -> Column:
    """The figures of a column over one denominator: sums of many pairs stay short, and as exact as they were."""
    figures = [value for value in column if type(value) is tuple]
    if len(figures) < 2:
        return column
    shared = lcm(*(d for _, d in figures))
    return [(value[0] * (shared // value[1]), shared) if type(value) is tuple else value for value in column]


class _Cells(NamedTuple):
    """What is given to the portfolio's program: the account's own figures, and the tables of its plan."""

    evaluated: Evaluated
    plan: PortfolioPlan
    held: tuple[str, ...]
    groups: int
    pairs: tuple[tuple[int, int], ...]

    def column(self, rows: str, name: str) -> Column:
        markets = self.evaluated.rows.markets
        if rows == "pool":
            return [self.evaluated.value("equity", k) for k, _ in self.evaluated.pools()]
        if rows == "account":
            return [(self.groups, 1)]
        if rows == "position":
            return [ZERO] * len(self.held)
        if rows == "pair":
            return [correlation(self.plan, self.held[i], self.held[j]) for i, j in self.pairs]
        if rows == "scenario":
            return list(self.plan.counted.values())
        if rows == "market@scenario":
            return [move.get(market) or outside(market) for market in markets for move in self.plan.moves.values()]
        if rows == "market" and name == "shock":
            return [ZERO] * len(markets)
        if rows == "market" and is_of_portfolio(name):
            return [of_market(self.plan, market, name) for market in self.evaluated.rows.market_plans]
        return self.evaluated.walk.frame.column(rows, name)


# -- asked at moved prices ---------------------------------------------------------------------------


def _shocked(coupled: Coupled, mode: Mode, shocks: dict[str, Exact], upto: str = "liquidate") -> Walk:
    program = coupled.plan.program
    mode.walk.upto(program.named[upto])
    column = [shocks.get(market, ZERO) for market in coupled.evaluated.rows.markets]
    return mode.walk.changed({("market", "shock"): _over_one(column)}, program.named[upto])


def at_stress(coupled: Coupled, mode: Mode) -> Walk:
    """The mode at the whole of the stress, every figure of `equity_to_stand` with it."""
    program = coupled.plan.program
    names = ("liquidate", "equity_to_stand", "times_required", "leverage_to_stand", "group_shock_profit", "shocked_requirement")
    last = max(names, key=lambda name: program.named[name])
    return _shocked(coupled, mode, coupled.plan.moves[coupled.stress], last)


def distances(coupled: Coupled, mode: Mode) -> list[Reach]:
    """How many times the stress each group stands: found for all groups at once, as none holds another's market."""
    moves = coupled.plan.moves[coupled.stress]
    last = [_farthest(moves[m] for m in mode.markets_in(g, coupled.markets) if m in moves) for g in range(len(mode.groups))]

    def liquidated(steps: list[int]) -> Column:
        shocks = {
            market: OPS["mul"].exact(moves[market], (steps[of], STEPS))
            for market, of in zip(coupled.markets, mode.group_of, strict=True)
            if market in moves
        }
        return _shocked(coupled, mode, shocks).column("liquidate")

    return _first_steps(liquidated, last)


def blasts(coupled: Coupled, mode: Mode) -> list[Blast]:
    """Each position's market moved against it alone, one of every group at a time."""
    out: dict[str, Blast] = {}
    waiting = {g: list(mode.markets_in(g, coupled.markets)) for g in range(len(mode.groups))}
    while any(waiting.values()):
        chosen = {g: markets.pop(0) for g, markets in waiting.items() if markets}
        falls = {market: _falls(mode, coupled.markets.index(market)) for market in chosen.values()}

        def liquidated(steps: list[int], chosen: dict[int, str] = chosen, falls: dict[str, bool] = falls) -> Column:
            shocks = {market: (-steps[g] if falls[market] else steps[g], STEPS) for g, market in chosen.items()}
            return _shocked(coupled, mode, shocks).column("liquidate")

        reaches = _first_steps(liquidated, [STEPS if g in chosen else 0 for g in range(len(mode.groups))])
        for g, market in chosen.items():
            others = tuple(one for one in mode.markets_in(g, coupled.markets) if one != market)
            taken = others if isinstance(reaches[g].at, tuple) else ()
            outside = mode.value("outside_notional", coupled.markets.index(market)) if taken else ZERO
            out[market] = Blast(market, reaches[g], falls[market], taken, outside)
    return [out[market] for market in coupled.markets]


def _falls(mode: Mode, position: int) -> bool:
    """Whether a fall is against it: what is held long loses."""
    exposure = mode.value("exposure", position)
    return not isinstance(exposure, Fault) and exposure[0] >= 0


def _farthest(moves: Iterable[Exact]) -> int:
    """The most steps that take no price below 0."""
    falls = [(-n, d) for n, d in moves if n < 0]
    return min([FARTHEST * STEPS, *(STEPS * d // n for n, d in falls)])


def _first_steps(liquidated: Callable[[list[int]], Column], last: list[int]) -> list[Reach]:
    """For each group the first step of its way at which it is liquidated, each halved between its own ends."""
    begin, end = liquidated([0] * len(last)), liquidated(last)
    low, high = [0] * len(last), list(last)
    open_ = [g for g, (a, b) in enumerate(zip(begin, end, strict=True)) if a is False and b is True]
    while any(high[g] - low[g] > 1 for g in open_):
        middle = [(low[g] + high[g]) // 2 for g in range(len(last))]
        for g, hit in enumerate(liquidated(middle)):
            if g in open_ and high[g] - low[g] > 1:
                low[g], high[g] = (low[g], middle[g]) if hit is True else (middle[g], high[g])
    out = []
    for g, (a, b) in enumerate(zip(begin, end, strict=True)):
        fault = next((one for one in (a, b) if isinstance(one, Fault)), None)
        at = fault or (ZERO if a is True else (high[g], STEPS) if b is True else None)
        out.append(Reach(at, (last[g], STEPS)))
    return out


def proved(coupled: Coupled) -> bool:
    """Whether a distance is the first one."""
    return coupled.plan.proved
