"""The portfolio sections in force, checked against each other and against the book, as one plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from riskrules.diagnostics.problem import Problem, Span
from riskrules.ir.program import flatten
from riskrules.ir.term import Term
from riskrules.rulebook.correlations import Matrix, blames
from riskrules.rulebook.plan import OF_SCENARIO, MarketPlan
from riskrules.rulebook.portfolio_plan import PortfolioPlan
from riskrules.rulebook.versions import Version
from riskrules.rules import portfolio as p
from riskrules.rules import portfolio_meaning as pm
from riskrules.rules.margin import OfPortfolio
from riskrules.units import say
from riskrules.units.exact import Exact, to_exact

NEEDED = ("markets", "requirement", "liquidate_when")
SECTIONS = (*NEEDED, "scenarios", "correlation", "baskets", "tree", "switch_of_mode", "roots")

One = Callable[[str, bool], Version | None]  # a section in force; required or not


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The sections in force, which agree with each other and with the book."""

    found: dict[str, Version]
    sections: pm.Sections
    matrix: Matrix
    repaired: tuple[tuple[str, str, Exact, Exact], ...]

    @property
    def scenarios(self) -> dict[str, dict[str, Exact]]:
        """As a margin reads them: the moves of each, and the share that counts under a name that no market has."""
        found = self.sections.scenarios or {}
        return {name: _exact(one.moves) | {f"{OF_SCENARIO}counted": to_exact(one.counted)} for name, one in found.items()}


def sections_of(one: One, markets: dict[str, MarketPlan], problems: list[Problem], gone: frozenset[str] = frozenset()) -> Portfolio | None:
    """The sections in force.  What is wrong is added to the problems, and then there are none."""
    found = {name: version for name in SECTIONS if (version := one(name, name in NEEDED)) is not None}
    check = _Check(found, markets, gone)
    problems += check.all()
    if check.wrong or any(name not in found for name in NEEDED):
        return None

    def at(section: str, *path: str | int) -> tuple[str, int]:
        version = found.get(section)
        return (version.file.path, version.file.at(*version.place, *path, key=True).line) if version else ("", 0)

    said: dict[str, Any] = {name: found[name].value if name in found else None for name in SECTIONS if name != "markets"}
    return Portfolio(found, pm.Sections(**said, at=at), check.matrix, tuple(check.repaired))


def portfolio_plan(portfolio: Portfolio, terms: dict[str, Term]) -> PortfolioPlan:
    """What `couple` walks, and the tables that a margin reads which is a share of the requirement."""
    said: dict[str, Any] = {name: version.value for name, version in portfolio.found.items()}
    get = said.get
    named = pm.meaning(portfolio.sections, terms["notional"], terms["unrealised_profit"])
    rule: p.Correlated | None = get("correlation")
    return PortfolioPlan(
        program=flatten(named, pm.DECIDES),
        markets=tuple(said["markets"]),
        moves={name: _exact(scenario.moves) for name, scenario in (get("scenarios") or {}).items()},
        counted={name: to_exact(scenario.counted) for name, scenario in (get("scenarios") or {}).items()},
        each_moves=_exact(rule.each_moves) if rule else {},
        matrix={a: _exact(row) for a, row in portfolio.matrix.items()},
        vertices=tuple(map(pm.vertex_name, rule.vertices)) if rule else (),
        baskets={name: tuple(inside) for name, inside in (get("baskets") or {}).items()},
        parts=said["requirement"].parts,
        summed=said["requirement"].sum_of is not None,
        trigger=said["liquidate_when"].equity.comparator,
        may_switch=said["switch_of_mode"].allowed_when.equity.comparator if "switch_of_mode" in said else "",
        repaired=portfolio.repaired,
        proved=not ({"tree"} | ({"correlation"} if portfolio.sections.by_amount else set())) & set(said["requirement"].parts),
    )


# -- a margin that is a share of what the portfolio requires ------------------------------------------


def shares(sections: dict[str, Version]) -> dict[str, Fraction]:
    """The margins that are, and the share of each."""
    rules = {name: sections[name].value.whole for name in ("initial_margin", "maintenance_margin")}
    return {name: rule.portfolio for name, rule in rules.items() if isinstance(rule, OfPortfolio)}


def asked_of(sections: dict[str, Version], portfolio: Portfolio | None) -> Callable[[pm.Names], tuple[Term, pm.Names]] | None:
    """How the margin's terms have the requirement of each pool; None where they do not ask."""
    if portfolio is None or not shares(sections):
        return None
    return lambda names: pm.of_pools(portfolio.sections, names["notional"])


def of_margins(sections: dict[str, Version], portfolio: Portfolio | None) -> Iterator[Problem]:
    """A margin that is a share of the requirement needs a portfolio, and is liquidated where the portfolio is."""
    asked = shares(sections)
    for name in asked:
        if portfolio is None:
            text = f"{name} is a share of what the portfolio requires, and the book has no portfolio then"
            yield _said_of(sections[name], ("whole", "portfolio"), "RR274", text, "add a portfolio file, or name a formula")
    if portfolio is None or "maintenance_margin" not in asked:
        return
    share = asked["maintenance_margin"]
    if share != 1:
        text = f"liquidation begins at {say.rate(share)} of the requirement, and the portfolio's at the whole of it"
        hint = "write 100%, and scale what the portfolio counts"
        yield _said_of(sections["maintenance_margin"], ("whole", "portfolio"), "RR275", text, hint)
    yield from _besides(sections)
    here, there = sections["liquidate_when"].value.equity, portfolio.sections.liquidate_when.equity
    if here.right == "maintenance_margin" and here.comparator != there.comparator:
        text = f"the account is liquidated with equity {here.comparator} its margin, the portfolio {there.comparator} the same amount"
        yield _said_of(portfolio.found["liquidate_when"], ("equity",), "RR275", text, "let equality fall on one side in both files")


def _besides(sections: dict[str, Version]) -> Iterator[Problem]:
    """What would make the account's maintenance another amount than the portfolio's requirement."""
    rule, trigger = sections["maintenance_margin"].value, sections["liquidate_when"].value
    found = {
        ("maintenance_margin", "fee"): rule.fee != "none",
        ("maintenance_margin", "plus"): rule.plus is not None,
        ("rounding", "pool_margins"): sections["rounding"].value.pool_margins != "none",
        ("liquidate_when", "times"): trigger.times is not None,
    }
    for (section, key), there in found.items():
        if there:
            text = f"maintenance is what the portfolio requires, and {section} {key} would make it another amount"
            yield _said_of(sections[section], (key,), "RR275", text, "leave it out, or count it in the portfolio")


def as_the_margin_decides(portfolio: Portfolio, sections: dict[str, Version]) -> Portfolio:
    """What the account is liquidated at is one amount, in `explain` and in `couple`."""
    return replace(portfolio, sections=replace(portfolio.sections, by_amount="maintenance_margin" in shares(sections)))


def _said_of(version: Version, path: tuple[str, ...], code: str, text: str, hint: str) -> Problem:
    return Problem(code, version.file.at(*version.place, *path), text, hint)


def scenarios_of(
    sections: dict[str, Version], portfolio: Portfolio | None, of_formulas: dict[str, dict[str, Exact]], problems: list[Problem]
) -> dict[str, dict[str, Exact]]:
    """The scenarios that the margin's program is walked in: those of formulas, or those of the portfolio it is a share of."""
    if portfolio is None or not shares(sections) or not portfolio.scenarios:
        return of_formulas
    if of_formulas:
        text = f"formulas have scenarios ({', '.join(of_formulas)}), and so has the portfolio that the margin is a share of"
        at = portfolio.found["scenarios"]
        problems.append(_said_of(at, (), "RR274", text, "keep one set: a row of every scenario would mean two things"))
    return portfolio.scenarios


def _exact(row: dict[str, Any]) -> dict[str, Exact]:
    return {name: to_exact(value) for name, value in row.items()}


@dataclass
class _Check:
    """Everything that the sections must agree in; `matrix` is the one that counts after it."""

    found: dict[str, Version]
    markets: dict[str, MarketPlan]
    gone: frozenset[str] = frozenset()  # withdrawn: a position there is an error anyway, and the matrix of the others stays
    wrong: bool = False

    def __post_init__(self) -> None:
        self.matrix: Matrix = {}
        self.repaired: list[tuple[str, str, Exact, Exact]] = []

    def all(self) -> list[Problem]:
        if "markets" not in self.found:
            return []
        self.inside: tuple[str, ...] = self.found["markets"].value
        problems = [*self._markets(), *self._complete(), *self._parts()]
        if not problems:
            problems = [*self._market_matrix(), *self._tree()]
        self.wrong = any(problem.code != "RR272" for problem in problems)
        return problems

    def _say(self, code: str, section: str, path: Iterable[str | int], text: str, hint: str, found: str = "") -> Problem:
        return Problem(code, self._at(section, *path), text, hint, found=found)

    def _at(self, section: str, *path: str | int) -> Span:
        version = self.found[section]
        return version.file.at(*version.place, *path)

    def _markets(self) -> Iterator[Problem]:
        for k, name in enumerate(self.inside):
            if name in self.inside[:k]:
                yield self._say("RR273", "markets", (k,), f"{name} stands there twice", "keep one", name)
            elif name in self.gone:
                continue
            elif name not in self.markets:
                yield self._say(
                    "RR273", "markets", (k,), f"the book has no market {name}", "correct it, or give it a contract and a table", name
                )
            elif self.markets[name].is_inverse:
                text = f"{name} is an inverse contract: what it loses is not its notional times the move"
                yield self._say("RR273", "markets", (k,), text, "a portfolio holds linear contracts: take it out", name)
        settles = {self.markets[name].settle for name in self.inside if name in self.markets}
        if len(settles) > 1:
            text = f"the markets settle in {' and '.join(sorted(settles))}"
            yield self._say("RR273", "markets", (), text, "a portfolio is added up in one asset: write one portfolio for each")

    def _complete(self) -> Iterator[Problem]:
        """Every table has every market and no other: what is left out would count as 0."""
        for name, scenario in (self._value("scenarios") or {}).items():
            yield from self._same("scenarios", (name, "moves"), self.inside, scenario.moves, f"scenario {name}")
        rule = self._value("correlation")
        if rule:
            yield from self._same("correlation", ("each_moves",), self.inside, rule.each_moves, "each_moves")
            yield from self._square("correlation", ("matrix",), self.inside, rule.matrix)
        baskets = self._value("baskets")
        if baskets:
            spread = [market for inside in baskets.values() for market in inside]
            yield from self._same("baskets", (), self.inside, spread, "the baskets together")
            for market in sorted({one for one in spread if spread.count(one) > 1}):
                yield self._say("RR273", "baskets", (), f"{market} is in two baskets", "put it into one", market)

    def _square(
        self, section: str, path: tuple[str | int, ...], names: Iterable[str], matrix: dict[str, dict[str, Any]]
    ) -> Iterator[Problem]:
        rows = list(self._same(section, path, names, matrix, "the matrix"))
        yield from rows
        if not rows:
            for name, row in matrix.items():
                yield from self._same(section, (*path, name), names, row, f"the row of {name}")

    def _same(self, section: str, path: Iterable[str | int], wanted: Iterable[str], got: Iterable[str], what: str) -> Iterator[Problem]:
        missing, strange = [one for one in wanted if one not in got], [one for one in got if one not in wanted]
        if missing:
            yield self._say(
                "RR273", section, path, f"{', '.join(missing)} is missing from {what}", "give it: nothing that is left out counts as 0"
            )
        if strange:
            yield self._say("RR273", section, path, f"{', '.join(strange)} in {what} is not of this portfolio", "take it out, or add it")

    def _value(self, section: str) -> Any:
        return self.found[section].value if section in self.found else None

    def _parts(self) -> Iterator[Problem]:
        needed: p.Needed | None = self._value("requirement")
        for part in needed.parts if needed else ():
            if part not in self.found:
                yield self._say(
                    "RR273",
                    "requirement",
                    (),
                    f"the requirement counts {part}, and there is no such section",
                    f"write {part}, or take it out",
                )
        for section, needs in (("tree", ("baskets", "correlation", "roots")), ("correlation", ("roots",))):
            if section in self.found:
                for name in needs:
                    if name not in self.found:
                        yield self._say("RR273", section, (), f"{section} needs {name}, and there is no such section", f"write {name}")

    def _market_matrix(self) -> Iterator[Problem]:
        rule: p.Correlated | None = self._value("correlation")
        if rule is None:
            return
        self.matrix = {a: dict(rule.matrix[a]) for a in self.inside}
        faults = blames(self.inside, self.matrix)
        if not faults or isinstance(rule.if_impossible, str):
            for blame in faults:
                where = ("matrix", *blame.pair) if blame.pair else ("matrix",)
                yield self._say("RR271", "correlation", where, f"this is no correlation matrix: {blame.text}", blame.hint)
            return
        from riskrules.rulebook.nearest import nearest_correlation

        try:
            self.matrix = nearest_correlation(self.inside, self.matrix, rule.if_impossible.places)
        except ValueError as error:
            yield self._say("RR271", "correlation", ("if_impossible",), str(error), "allow more places")
            return
        told = []
        for k, a in enumerate(self.inside):
            for b in self.inside[k + 1 :]:
                was, now = rule.matrix[a][b], self.matrix[a][b]
                if was != now or rule.matrix[b][a] != now:
                    self.repaired.append((a, b, to_exact(was), to_exact(now)))
                    told.append(f"{a} with {b} {say.number(was)} → {say.number(now)}")
        text = f"the matrix is repaired, as the policy says: {'; '.join(told[:4])}{' …' if len(told) > 4 else ''}"
        yield self._say("RR272", "correlation", ("if_impossible",), text, f"before it: {faults[0].text}")

    def _tree(self) -> Iterator[Problem]:
        tree: dict[str, p.Node] = self._value("tree") or {}
        free = list(self._value("baskets") or {}) if tree else []
        known = list(free)
        for name, node in tree.items():
            if name in known:
                yield self._say("RR273", "tree", (name,), f"{name} is the name of a basket or node already", "choose another", name)
            for one in node.of:
                if one not in free:
                    why = "is added up already" if one in known else "is no basket, and no node above this one"
                    yield self._say("RR273", "tree", (name, "of"), f"{one} {why}", f"what is left: {', '.join(free) or 'nothing'}", one)
                else:
                    free.remove(one)
            free.append(name)
            known.append(name)
            if node.combine != "sum":
                faults = list(self._square("tree", (name, "combine"), node.of, node.combine))
                yield from faults
                for blame in [] if faults else blames(node.of, node.combine):
                    where = (name, "combine", *blame.pair) if blame.pair else (name, "combine")
                    yield self._say("RR271", "tree", where, f"this is no correlation matrix: {blame.text}", blame.hint)
        if tree and len(free) > 1:
            yield self._say("RR273", "tree", (), f"{', '.join(free[:-1])} is left out of the whole", "the last node must hold everything")
