"""What a portfolio file means: its terms, built once, for whatever groups the positions stand in.

The same terms serve cross (one group), grouped (a group a basket) and isolated (a group a position):
the mode is how positions hang on groups, and nothing else.  They are built twice, at the prices as
they are and at prices moved by a `shock`, so that a distance is asked of the rule and not worked out
beside it.  A decision on a square root is a decision on its square.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from riskrules.ir import term as t
from riskrules.ir.ops import ROOTS, ROUNDINGS
from riskrules.ir.term import Source, Term
from riskrules.rules import portfolio as p
from riskrules.rules.margin import Rounding
from riskrules.units import unit as u

Names = dict[str, Term]
NOTHING = t.constant(0, u.SETTLE)
DECIDES = "liquidate"  # the last of the terms that a search walks again


@dataclass(frozen=True, slots=True)
class Sections:
    """The sections in force; a part that is not required need not be there."""

    requirement: p.Needed
    liquidate_when: p.Trigger
    switch_of_mode: p.Switch | None
    scenarios: dict[str, p.Scenario] | None
    correlation: p.Correlated | None
    baskets: dict[str, tuple[str, ...]] | None
    tree: dict[str, p.Node] | None
    roots: Rounding | None
    at: Callable[..., Source]
    by_amount: bool = False  # equity is compared with the rounded amount, as it is where the margin is that amount


def vertex_name(vertex: Any) -> str:
    """`base`, or `toward ones 60%` as a reader says it; one spelling, which figures are found by."""
    if vertex == "base":
        return "base"
    from riskrules.units import say

    return f"toward {vertex.toward} {say.rate(vertex.by)}"


def meaning(s: Sections, notional: Term, unrealised: Term) -> Names:
    """Every figure of the portfolio by its name; `shocked_…` are those at moved prices."""
    exposure = _exposure(notional).named("exposure", s.at("markets"))
    shock = t.to_rows(t.given("shock", "market", u.RATE), "position")
    shock_profit = (exposure * shock).named("shock_profit")
    moved = exposure + shock_profit
    calm, shocked = _Parts(s, exposure, ""), _Parts(s, moved, "shocked_")
    profit = t.over("total", shock_profit, "group").named("group_shock_profit")
    needed = t.larger(calm.requirement, shocked.requirement - profit).named("equity_to_stand")  # through the shock, and before it
    gross = t.over("total", t.absolute(exposure), "group").named("gross_notional")
    outside = (t.to_rows(gross, "position") - t.absolute(exposure)).named("outside_notional")
    decided = _groups(s, calm, shocked, t.over("total", unrealised, "group"), profit)
    return {
        "exposure": exposure, "gross_notional": gross, "outside_notional": outside, **calm.names, **decided,
        "shocked_requirement": shocked.requirement, "group_shock_profit": profit, "equity_to_stand": needed,
        "times_required": (needed / calm.requirement).named("times_required"),
        "leverage_to_stand": (gross / needed).shown_as("leverage").named("leverage_to_stand"),
    }  # fmt: skip


def _exposure(notional: Term) -> Term:
    """The legs of a market together, with their sign; a market that is not of the portfolio is an error."""
    long = t.compare("above", t.given("size", "leg", u.BASE), t.constant(0, u.BASE))
    inside = t.to_rows(t.given("in_portfolio", "market", u.FLAG), "leg")
    return t.over("total", t.choose(inside, t.choose(long, notional, -notional), NOTHING), "position")


def of_pools(s: Sections, notional: Term) -> tuple[Term, Names]:
    """What each pool's positions require together, where a margin is a share of it; and what that is made of."""
    exposure = _exposure(notional).named("portfolio_exposure", s.at("markets"))
    parts = _Parts(s, exposure, "", "pool")
    return parts.requirement, {"portfolio_exposure": exposure, **parts.names}


class _Parts:
    """The parts of the requirement at one set of prices, of each row of positions that stand together."""

    def __init__(self, s: Sections, exposure: Term, when: str, of: str = "group") -> None:
        self.s, self.exposure, self.when, self.of = s, exposure, when, of
        self.names: Names = {}
        self.amounts: Names = {}  # part → what it comes to, its root rounded
        self.squares: Names = {}  # part → the square of what it comes to, where that is a root
        if s.scenarios:
            self._scenarios()
        if s.correlation:
            self.weighed = self._keep("weighed", exposure * t.given("each_moves", "market", u.RATE), "correlation", "each_moves")
            self._vertices(s.correlation)
        if s.tree:
            self._tree(s.tree)
        self.requirement = self._keep("requirement", self._together(), "requirement")

    def _keep(self, name: str, term: Term, *at: str) -> Term:
        self.names[self.when + name] = term.named(self.when + name, self.s.at(*at))
        return self.names[self.when + name]

    def _scenarios(self) -> None:
        move = t.given("move", "market@scenario", u.RATE)
        counted = t.to_rows(t.given("counted", "scenario", u.RATE), "position@scenario")
        each = self._keep("scenario_profit", self.exposure * move * counted, "scenarios")
        whole = self._keep("scenario_result", t.over("total", each, f"{self.of}@scenario"), "scenarios")
        self._keep("worst_scenario", t.over("which_smallest", whole, self.of), "scenarios")
        worst = t.larger(-t.over("smallest", whole, self.of), NOTHING)
        self.amounts["scenarios"] = self._keep("scenario_margin", worst, "scenarios")

    def _vertices(self, rule: p.Correlated) -> None:
        """The variance at each vertex; between two of them it is a straight line, so that the worst is at one."""
        own = self._keep("own_variance", t.power(self.weighed, 2), "correlation")
        alone = t.over("total", own, self.of)
        twice = t.constant(2, u.NUMBER) * t.of_pair("first", self.weighed) * t.of_pair("second", self.weighed)
        worst: Term | None = None
        base: Term | None = None
        binding = t.label("base")
        for vertex in rule.vertices:
            name = vertex_name(vertex)
            of_pairs = self._keep(f"pair_variance {name}", twice * _correlation(vertex), "correlation", "vertices")
            variance = self._keep(f"variance {name}", alone + t.over("total", of_pairs, self.of), "correlation", "vertices")
            if worst is None or base is None:
                worst, base = variance, of_pairs
                continue
            self._keep(f"pair_added {name}", of_pairs - base, "correlation", "vertices")
            binding = t.label_if(t.compare("above", variance, worst), t.label(name), binding)
            worst = t.larger(worst, variance)
        assert worst is not None, "base is there"
        self._keep("binding_vertex", t.spread(binding, self.of), "correlation")
        self._keep("worst_variance", worst, "correlation", "vertices")
        self.squares["correlation"] = worst * t.power(t.constant(rule.multiple, u.NUMBER), 2)
        self.amounts["correlation"] = self._keep("correlation_margin", self._root(self.squares["correlation"]), "correlation", "multiple")

    def _root(self, square: Term) -> Term:
        assert self.s.roots is not None, "asked for where there is a root"
        op = ROOTS[ROUNDINGS[self.s.roots.direction]]
        return t.root(square, op, t.constant(self.s.roots.to, u.SETTLE)).shown_as("money")

    def _tree(self, tree: dict[str, p.Node]) -> None:
        """Up the tree: each basket by its correlations, what it may bring upward cut to its own amount."""
        known: dict[str, tuple[Term, Term]] = {}
        for name in self.s.baskets or {}:
            known[name] = self._basket(name)
        for name, node in tree.items():
            parts = [known[of] for of in node.of]
            signed = _added([part[1] for part in parts])
            if node.combine == "sum":
                amount = _added([part[0] for part in parts])
            else:
                squares = [t.power(part[0], 2) for part in parts]
                for k, one in enumerate(node.of):
                    for j, other in enumerate(node.of[:k]):
                        twice = t.constant(2 * node.combine[one][other], u.NUMBER)
                        squares.append(twice * parts[k][1] * parts[j][1])
                amount = self._root(_added(squares))
            known[name] = self._node(name, amount, signed, "tree")
        self.amounts["tree"] = self._keep("tree_margin", next(reversed(known.values()))[0], "tree")

    def _basket(self, name: str) -> tuple[Term, Term]:
        inside = t.given(f"in_basket {name}", "market", u.FLAG)
        mine = t.choose(t.to_rows(inside, "position"), self.weighed, NOTHING)
        pairs = t.constant(2, u.NUMBER) * t.of_pair("first", mine) * t.of_pair("second", mine) * _correlation("base")
        square = t.over("total", t.power(mine, 2), self.of) + t.over("total", pairs, self.of)
        assert self.s.correlation is not None, "a tree has correlations"
        multiple = t.constant(self.s.correlation.multiple, u.NUMBER)
        return self._node(name, self._root(square * t.power(multiple, 2)), t.over("total", mine, self.of) * multiple, "baskets")

    def _node(self, name: str, amount: Term, signed: Term, section: str) -> tuple[Term, Term]:
        kept = self._keep(f"amount {name}", amount, section, name)
        return kept, t.larger(t.smaller(signed, kept), -kept)

    def _together(self) -> Term:
        parts = [self.amounts[part] for part in self.s.requirement.parts]
        if self.s.requirement.sum_of:
            return _added(parts)
        whole = parts[0]
        for part in parts[1:]:
            whole = t.larger(whole, part)
        return whole

    def compared(self, comparator: str, equity: Term) -> Term:
        """Equity against the requirement: before its root is rounded, unless the rounded amount is the account's margin."""
        if self.s.by_amount:
            return t.compare(comparator, equity, self.requirement)
        parts = self.s.requirement.parts
        if self.s.requirement.sum_of:
            plain = [self.amounts[part] for part in parts if part not in self.squares]
            rest = equity - _added(plain) if plain else equity
            squares = [self.squares[part] for part in parts if part in self.squares]
            return _against_root(comparator, rest, squares[0]) if squares else t.compare(comparator, rest, NOTHING)
        join = t.either if comparator in ("below", "at_or_below") else t.both
        out: Term | None = None
        for part in parts:
            square = self.squares.get(part)
            one = t.compare(comparator, equity, self.amounts[part]) if square is None else _against_root(comparator, equity, square)
            out = one if out is None else join(out, one)
        assert out is not None, "a requirement has parts"
        return out


def _against_root(comparator: str, equity: Term, square: Term) -> Term:
    """Against a root by its square; what is below 0 is below every root."""
    squared = t.compare(comparator, t.power(equity, 2), square)
    if comparator in ("below", "at_or_below"):
        return t.either(t.compare(comparator, equity, NOTHING), squared)
    return t.both(t.compare("at_or_above", equity, NOTHING), squared)


def _correlation(vertex: Any) -> Term:
    base = t.given("correlation", "pair", u.NUMBER)
    if vertex == "base":
        return base
    end = t.constant(1 if vertex.toward == "ones" else 0, u.NUMBER)
    return base + (end - base) * t.constant(vertex.by, u.NUMBER)


def _added(terms: list[Term]) -> Term:
    whole = terms[0]
    for term in terms[1:]:
        whole = whole + term
    return whole


def _groups(s: Sections, calm: _Parts, shocked: _Parts, unrealised: Term, shock_profit: Term) -> Names:
    """What each group has, and whether it is liquidated.  A group that is the whole account has all of its equity."""
    equity = t.over("total", t.given("pool_equity", "pool", u.SETTLE), "account").named("account_equity")
    required = t.over("total", calm.requirement, "account").named("required_together", s.at("requirement"))
    text = "nothing is required of {row}, so that its equity cannot be split by what is required"
    unsplit = t.fault("RR572", text, "ask for cross: one group needs no split", u.SETTLE, "account")
    alone = t.compare("equal", t.given("groups", "account", u.COUNT), t.constant(1, u.COUNT))
    per = t.choose(t.compare("above", required, NOTHING), equity, unsplit)
    share = (t.to_rows(per, "group") * calm.requirement / t.to_rows(required, "group")).shown_as("money")
    held = t.choose(t.to_rows(alone, "group"), t.to_rows(equity, "group"), share).named("group_equity", s.at("switch_of_mode"))
    moved = held + shock_profit
    trigger = s.liquidate_when.equity.comparator
    names = {
        "account_equity": equity,
        "required_together": required,
        "group_equity": held,
        "posted_margin": (held - unrealised).named("posted_margin"),
        "liquidate": shocked.compared(trigger, moved).named("liquidate", s.at("liquidate_when")),
        "liquidate_now": calm.compared(trigger, held).named("liquidate_now", s.at("liquidate_when")),
    }
    if s.switch_of_mode is not None:
        enough = calm.compared(s.switch_of_mode.allowed_when.equity.comparator, held)
        movable = t.compare("at_or_above", names["posted_margin"], NOTHING)
        names["may_switch"] = t.both(enough, movable).named("may_switch", s.at("switch_of_mode"))
    return names
