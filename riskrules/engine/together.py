"""What a portfolio gives to the rows of one account: which positions are a pair, and the figures of its tables."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from riskrules.ir.fault import Fault
from riskrules.rulebook.plan import MarketPlan, Plan
from riskrules.rulebook.portfolio_plan import PortfolioPlan, portfolio_of

OF_PAIR = ("pair", "correlation")
IN_BASKET = "in_basket "
Pair = tuple[int, int]


def reads_pairs(plan: Plan) -> bool:
    return OF_PAIR in plan.program.needs


def pairs_of(pools: list[int]) -> list[Pair]:
    """Each two positions of one pool; `pools` is the pool of each position."""
    return [(i, j) for i, j in combinations(range(len(pools)), 2) if pools[i] == pools[j]]


def keys_of(pairs: list[Pair], pools: list[int]) -> dict[tuple[str, str], list[int]]:
    return {
        ("pair", "pool"): [pools[i] for i, _ in pairs],
        ("pair", "account"): [0] * len(pairs),
        ("pair", "first"): [i for i, _ in pairs],
        ("pair", "second"): [j for _, j in pairs],
    }


def is_of_portfolio(name: str) -> bool:
    """Whether a figure of a market is the portfolio's."""
    return name in ("in_portfolio", "each_moves") or name.startswith(IN_BASKET)


def of_market(portfolio: PortfolioPlan, market: MarketPlan | Fault, name: str) -> Any:
    """A figure of a market in the portfolio's tables; of a market that is not in them nothing is known."""
    if isinstance(market, Fault):
        return market
    if market.name not in portfolio.markets:
        return outside(market.name)
    if name == "in_portfolio":
        return True
    if name == "each_moves":
        return portfolio.each_moves[market.name]
    return market.name in portfolio.baskets[name.removeprefix(IN_BASKET)]


def correlations(plan: Plan, markets: list[str], pairs: list[Pair]) -> list[Any]:
    """`markets` are those of the positions."""
    return [correlation(read(plan), markets[i], markets[j]) for i, j in pairs]


def correlation(portfolio: PortfolioPlan, one: str, other: str) -> Any:
    return portfolio.matrix.get(one, {}).get(other) or outside(one if one not in portfolio.markets else other)


def outside(market: str) -> Fault:
    text = f"{market} is not one of the markets of this portfolio"
    return Fault("RR570", text, "nothing says how it moves with the others: add it to every section, or leave the position out")


def read(plan: Plan) -> PortfolioPlan:
    """The portfolio that a margin reads."""
    found = portfolio_of(plan)
    assert found is not None, "asked for by a program that reads it"
    return found
