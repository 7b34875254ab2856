"""A coupled account read off its walks, in the order in which it is told; text, JSON and HTML print the same reading."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.engine.couple import CROSS, ISOLATED, Blast, Coupled, Mode, Reach, at_stress, blasts, distances
from riskrules.engine.couple_orders import OpenOrders, open_orders
from riskrules.ir.fault import Fault
from riskrules.ir.walk import Walk
from riskrules.units.exact import ZERO, Exact, to_fraction

Amount = Exact | Fault


class Part(NamedTuple):
    market: str
    amount: Amount


class ScenarioView(NamedTuple):
    """The worst scenario of a group, the one after it, and what each position brings to the worst."""

    margin: Amount
    worst: str
    result: Amount
    runner_up: str  # "" where there is one scenario only
    runner_up_result: Amount
    parts: tuple[Part, ...]  # they add up to the result
    every: tuple[tuple[str, tuple[Part, ...]], ...] = ()  # of every scenario


class PairView(NamedTuple):
    one: str
    other: str
    variance: Amount  # at the binding vertex
    added: Amount  # what the vertex adds to the pair: 0 at base


class CorrelationView(NamedTuple):
    margin: Amount
    binding: str
    variances: tuple[tuple[str, Amount], ...]  # by vertex
    own: tuple[Part, ...]
    pairs: tuple[PairView, ...]  # the ones that the vertex adds most to first


class GroupView(NamedTuple):
    name: str
    markets: tuple[str, ...]
    gross: Amount
    requirement: Amount
    equity: Amount
    posted: Amount
    liquidated: bool | Fault
    may_switch: bool | Fault | None  # None: the policy names no switch
    reach: Reach | None  # None: no scenario to ask along
    scenarios: ScenarioView | None
    correlation: CorrelationView | None
    amounts: tuple[tuple[str, Amount], ...]  # of the tree's baskets and nodes
    tree: Amount | None


class ModeView(NamedTuple):
    name: str
    required: Amount
    groups: tuple[GroupView, ...]
    blasts: tuple[Blast, ...]

    @property
    def liquidated(self) -> bool:
        return any(group.liquidated is True for group in self.groups)

    @property
    def fault(self) -> Fault | None:
        return next((one for group in self.groups for one in (group.requirement, group.liquidated) if isinstance(one, Fault)), None)


class MatchView(NamedTuple):
    """What one position needs alone to stand through the stress that the cross account stands through."""

    market: str
    equity: Amount
    times: Amount
    leverage: Amount
    loss: Amount


class View(NamedTuple):
    coupled: Coupled
    equity: Amount
    modes: tuple[ModeView, ...]
    cross_stands: bool | Fault | None  # through the stress; None: no scenario
    matches: tuple[MatchView, ...]
    fault: Fault | None
    orders: OpenOrders | None = None


def view(coupled: Coupled) -> View:
    modes = tuple(_mode(coupled, mode) for mode in coupled.modes) if coupled.markets else ()
    cross, isolated = coupled.mode(CROSS), coupled.mode(ISOLATED)
    equity: Amount = coupled.modes[0].value("account_equity", 0)
    stands: bool | Fault | None = None
    matches: tuple[MatchView, ...] = ()
    if coupled.markets and coupled.stress and cross is not None and isolated is not None:
        hit = at_stress(coupled, cross).value("liquidate", 0)
        stands = hit if isinstance(hit, Fault) else not hit
        walk = at_stress(coupled, isolated)
        matches = tuple(_match(walk, k, market) for k, market in enumerate(coupled.markets))
    fault = modes[0].fault if modes else None
    return View(coupled, equity, modes, stands, matches, fault, None if fault else open_orders(coupled))


def _match(walk: Walk, k: int, market: str) -> MatchView:
    names = ("equity_to_stand", "times_required", "leverage_to_stand", "group_shock_profit")
    return MatchView(market, *(walk.value(name, k) for name in names))


def _mode(coupled: Coupled, mode: Mode) -> ModeView:
    reaches: list[Any] = list(distances(coupled, mode)) if coupled.stress else [None] * len(mode.groups)
    groups = tuple(_group(coupled, mode, g, reaches[g]) for g in range(len(mode.groups)))
    return ModeView(mode.name, mode.value("required_together", 0), groups, tuple(blasts(coupled, mode)))


def _group(coupled: Coupled, mode: Mode, g: int, reach: Reach | None) -> GroupView:
    named = mode.walk.program.named
    has = {"scenarios": "scenario_margin" in named, "correlation": "correlation_margin" in named, "tree": "tree_margin" in named}
    inside = mode.markets_in(g, coupled.markets)
    amounts = tuple((name.removeprefix("amount "), mode.value(name, g)) for name in named if name.startswith("amount "))
    return GroupView(
        mode.groups[g],
        inside,
        mode.value("gross_notional", g),
        mode.value("requirement", g),
        mode.value("group_equity", g),
        mode.value("posted_margin", g),
        mode.value("liquidate_now", g),
        mode.value("may_switch", g) if "may_switch" in named else None,
        reach,
        _scenarios(coupled, mode, g) if has["scenarios"] else None,
        _correlation(coupled, mode, g) if has["correlation"] else None,
        amounts,
        mode.value("tree_margin", g) if has["tree"] else None,
    )


def _scenarios(coupled: Coupled, mode: Mode, g: int) -> ScenarioView:
    names, many = coupled.scenarios, len(coupled.scenarios)
    margin, worst = mode.value("scenario_margin", g), mode.value("worst_scenario", g)
    if isinstance(worst, Fault) or isinstance(margin, Fault):
        fault = worst if isinstance(worst, Fault) else margin
        return ScenarioView(fault, "", fault, "", fault, ())
    results = [mode.value("scenario_result", mode.scenario_row(g, s, many)) for s in range(many)]
    at = worst % many
    others = sorted((to_fraction(result), s) for s, result in enumerate(results) if s != at)
    second = others[0][1] if others else None
    held = [(k, market) for k, (market, of) in enumerate(zip(coupled.markets, mode.group_of, strict=True)) if of == g]
    every = tuple((name, tuple(Part(m, mode.value("scenario_profit", k * many + s)) for k, m in held)) for s, name in enumerate(names))
    after, after_result = ("", ZERO) if second is None else (names[second], results[second])
    return ScenarioView(margin, names[at], results[at], after, after_result, tuple(sorted(every[at][1], key=_lowest)), every)


def _lowest(part: Part) -> Fraction:
    return Fraction(0) if isinstance(part.amount, Fault) else to_fraction(part.amount)


def _correlation(coupled: Coupled, mode: Mode, g: int) -> CorrelationView:
    margin, binding = mode.value("correlation_margin", g), mode.value("binding_vertex", g)
    variances = tuple((vertex, mode.value(f"variance {vertex}", g)) for vertex in coupled.plan.vertices)
    if isinstance(binding, Fault) or isinstance(margin, Fault):
        return CorrelationView(margin if isinstance(margin, Fault) else binding, "", variances, (), ())
    own = tuple(
        Part(market, mode.value("own_variance", k))
        for k, (market, of) in enumerate(zip(coupled.markets, mode.group_of, strict=True))
        if of == g
    )
    pairs = []
    for row, (i, j) in enumerate(mode.pairs):
        if mode.group_of[i] == g:
            added = ZERO if binding == "base" else mode.value(f"pair_added {binding}", row)
            pairs.append(PairView(coupled.markets[i], coupled.markets[j], mode.value(f"pair_variance {binding}", row), added))
    pairs.sort(key=lambda pair: _weight(pair, binding), reverse=True)
    return CorrelationView(margin, binding, variances, own, tuple(pairs))


def _weight(pair: PairView, binding: str) -> Fraction:
    """What a reader looks for first: what the vertex adds; at base what the pair is."""
    figure = pair.variance if binding == "base" else pair.added
    return Fraction(0) if isinstance(figure, Fault) else to_fraction(figure)
