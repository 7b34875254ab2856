"""A portfolio's program over positions that a test makes up: no files, no snapshot, one account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from typing import Any

from riskrules.ir import term as t
from riskrules.ir.frame import Frame
from riskrules.ir.program import Program, flatten
from riskrules.ir.walk import Walk
from riskrules.rules import portfolio as p
from riskrules.rules import portfolio_meaning as pm
from riskrules.rules.margin import Rounding
from riskrules.units import unit as u
from riskrules.units.exact import to_exact, to_fraction

EVERY: tuple[Any, ...] = ("base", {"toward": "ones", "by": "60%"}, {"toward": "identity", "by": "30%"})


BUILT: dict[str, Program] = {}


def program(*args: Any, **named: Any) -> Program:
    """Built once for what is asked of it: what it says depends on no book."""
    key = repr((args, sorted(named.items())))
    if key not in BUILT:
        BUILT[key] = _program(*args, **named)
    return BUILT[key]


def _program(
    parts: Sequence[str] = ("scenarios", "correlation"),
    vertices: Sequence[Any] = EVERY,
    trigger: str = "at_or_below",
    multiple: str = "3",
    way: str = "larger_of",
    baskets: dict[str, tuple[str, ...]] | None = None,
    tree: dict[str, Any] | None = None,
) -> Program:
    correlated = {"each_moves": {}, "multiple": multiple, "matrix": {}, "if_impossible": "refuse", "vertices": list(vertices)}
    sections = pm.Sections(
        requirement=p.Needed.model_validate({way: list(parts)}),
        liquidate_when=p.Trigger.model_validate({"equity": {trigger: "requirement"}}),
        switch_of_mode=p.Switch.model_validate({"equity_is_split": "by_requirement", "allowed_when": {"equity": {"above": "requirement"}}}),
        scenarios={"some": p.Scenario.model_validate({"counted": "100%", "moves": {}})},
        correlation=p.Correlated.model_validate(correlated),
        baskets=baskets,
        tree={name: p.Node.model_validate(node) for name, node in tree.items()} if tree else None,
        roots=Rounding.model_validate({"to": "0.01", "direction": "up"}),
        at=lambda *path: ("", 0),
    )
    named = pm.meaning(sections, t.given("notional", "leg", u.SETTLE), t.given("unrealised", "leg", u.SETTLE))
    return flatten(named, pm.DECIDES)


@dataclass
class Book:
    """Signed exposures, how they hang together, and what moves them."""

    exposures: Sequence[Fraction]
    matrix: Sequence[Sequence[Fraction]]
    weights: Sequence[Fraction]
    moves: Sequence[Sequence[Fraction]] = ((Fraction(0),) * 9,)  # a row a scenario
    counted: Sequence[Fraction] = (Fraction(1),)
    equity: Fraction = Fraction(0)
    groups: Sequence[int] | None = None  # of each position
    baskets: dict[str, tuple[int, ...]] = field(default_factory=dict)
    unrealised: Fraction = Fraction(0)

    def walk(self, of: Program) -> Walk:
        many, groups = len(self.exposures), list(self.groups or [0] * len(self.exposures))
        pairs = [(i, j) for i, j in combinations(range(many), 2) if groups[i] == groups[j]]
        each = list(range(many))
        given: dict[tuple[str, str], list[Any]] = {
            ("leg", "size"): [to_exact(e) for e in self.exposures],
            ("leg", "notional"): [to_exact(abs(e)) for e in self.exposures],
            ("leg", "unrealised"): [to_exact(self.unrealised)] * many,
            ("market", "in_portfolio"): [True] * many,
            ("position", "ordered"): [(0, 1)] * many,
            ("market", "shock"): [(0, 1)] * many,
            ("market", "each_moves"): [to_exact(w) for w in self.weights],
            ("market@scenario", "move"): [to_exact(row[k]) for k in each for row in self.moves],
            ("scenario", "counted"): [to_exact(share) for share in self.counted],
            ("pair", "correlation"): [to_exact(self.matrix[i][j]) for i, j in pairs],
            ("pool", "pool_equity"): [to_exact(self.equity)],
            ("account", "groups"): [(max(groups) + 1, 1)],
        }
        for name, inside in self.baskets.items():
            given["market", f"in_basket {name}"] = [k in inside for k in each]
        labels: dict[str, Any] = {
            "leg": each, "market": each, "position": each, "pool": ["pool"], "account": ["account"],
            "group": list(range(max(groups) + 1)), "scenario": list(range(len(self.moves))), "pair": pairs,
        }  # fmt: skip
        keys = {
            ("leg", "market"): each, ("leg", "position"): each, ("leg", "group"): groups, ("position", "market"): each,
            ("position", "group"): groups, ("pair", "group"): [groups[i] for i, _ in pairs], ("pair", "first"): [i for i, _ in pairs],
            ("pair", "second"): [j for _, j in pairs], ("group", "account"): [0] * (max(groups) + 1), ("pool", "account"): [0],
        }  # fmt: skip
        told = {name: [str(one) for one in row] for name, row in labels.items()}
        return Walk(of, Frame(told, keys, {need: given[need] for need in of.needs}))


def figures(walk: Walk, name: str) -> list[Any]:
    return [to_fraction(value) if isinstance(value, tuple) else value for value in walk.column(name)]
