"""The formulas in force: resolved by name, loops refused, worked examples evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from riskrules.diagnostics.problem import Problem, Span
from riskrules.ir import term as t
from riskrules.ir.frame import BEFORE, Frame
from riskrules.ir.program import Program, flatten
from riskrules.ir.term import Term
from riskrules.ir.walk import Walk
from riskrules.rulebook.expression import (
    MOST_FACTORS,
    MOST_IN_ALL,
    NO_FIGURE,
    NOT_PUBLISHED,
    Mistake,
    Resolve,
    beyond,
    build,
    factors,
    nothing_in,
)
from riskrules.rulebook.plan import OF_SCENARIO
from riskrules.rulebook.versions import WITHDRAWN, History, Version
from riskrules.rules.formula import EACH_SCENARIO, FormulaTerm, Scenario, Setting
from riskrules.text.document import Text, node_at
from riskrules.units import say
from riskrules.units import unit as u
from riskrules.units.clock import Instant
from riskrules.units.exact import Exact, to_exact
from riskrules.units.unit import BY_NAME, Unit

# What a snapshot and a table give under their own names; a formula may not call anything else so.
BASE_FIGURES = frozenset(
    (
        "size",
        "entry_price",
        "leverage",
        "risk_limit",
        "unsettled_funding",
        "caps",
        "maintenance_rates",
        "maintenance_amounts",
        "max_leverages",
        "is_inverse",
        "multiplier",
        "mark_price_age",
        "index_price_age",
        "weight",
        "owed_weight",
        "weight_slices",
        "slices_of_value",
        "is_settle",
        "amount",
        "taker_fee",
        "order_size",
        "order_price",
        "order_leverage",
        "is_buy",
        "reduce_only",
        "untriggered",
        "is_isolated",
        "open_legs",
        "posted_margin",
        "posts_initial",
        "move",
        NOT_PUBLISHED,
        "strike",
        "is_option",
        "is_call",
    )
)
UNITS: dict[str, Unit] = {**BY_NAME, "flag": u.FLAG}


class FormulaBook:
    """Formulas by name; `problems` fills as they are resolved."""

    def __init__(self, history: History, when: Instant, names: dict[str, Term]) -> None:
        self.names = names
        self.problems: list[Problem] = []
        self._versions = {kind: _in_force(history, kind, when) for kind in ("terms", "inputs", "settings", "scenarios", "lists")}
        self._built: dict[str, Term] = {}
        self._open: list[str] = []

    def term(self, name: str) -> Term:
        """The formula's term; where it has a fault, that is told and a stand-in keeps the rest checkable."""
        return self._resolve(name) or self._unknown(name)

    def margin(self, name: str, rows: tuple[str, ...] = ("leg", "position")) -> Term:
        """A formula that a margin section asks for: in settle, one value for each of such rows."""
        found = self.term(name)
        version = self._versions["terms"].get(name)
        if found.unit != u.SETTLE or found.unit.word in NO_FIGURE:
            at = version.file.at(*version.place, "unit") if version else None
            self.problems.append(
                Problem(
                    "RR403",
                    at,
                    f"a margin is in settle, and {name} is in {found.unit}",
                    "correct the unit, or convert with in_unit(…)",
                    found=name,
                )
            )
        elif found.rows not in rows:
            at = version.file.at(*version.place, "rows") if version else None
            text = f"what is asked for here has a value for each {' or '.join(rows)}, and {name} has one for each {found.rows}"
            self.problems.append(Problem("RR404", at, text, "correct the rows, or share the value out over the legs", found=name))
        else:
            return found
        return t.given(name, rows[0], u.SETTLE)

    def pooled(self, name: str, names: dict[str, Term]) -> Term:
        """A formula that a margin section adds to a pool's sum: in settle, one value for each pool."""
        self.names = {**names, **self.names}
        found = self.term(name)
        if found.unit == u.SETTLE and found.unit.word not in NO_FIGURE and found.rows == "pool":
            return found
        version = self._versions["terms"].get(name)
        at = version.file.at(*version.place) if version else None
        text = f"a pool holds an amount in settle, and {name} is in {found.unit} with a value for each {found.rows}"
        self.problems.append(Problem("RR404", at, text, "write rows: pool and unit: settle", found=name))
        return t.given(name, "pool", u.SETTLE)

    def rest(self, terms: dict[str, Term]) -> dict[str, Term]:
        """Every formula, those that no section asked for included, over all the terms of the book."""
        self.problems.extend(self._given_twice(terms))
        self.names = {**terms, **self.names}
        return {name: self.term(name) for name in self._versions["terms"]}

    def _given_twice(self, terms: dict[str, Term]) -> Iterator[Problem]:
        """One name, one meaning: not one of the book's own, and not declared under two headings."""
        taken = {*BASE_FIGURES, *self.names, *(name for name in terms if name not in self._built)}
        for kind in ("inputs", "settings", "terms", "lists"):
            for name, version in self._versions[kind].items():
                if name in taken or (kind == "lists" and name in t.ROWS):
                    where = version.file.at(*version.place, key=True)
                    yield Problem("RR314", where, f"{name} is a name that is given already", "choose another name", found=name)
                taken.add(name)

    def drivers(self) -> dict[str, tuple[str, ...]]:
        rows: dict[str, list[str]] = {}
        for name, version in self._versions["lists"].items():
            rows.setdefault(f"{version.value.of}{t.LIST}{name}", [])
        for name, version in self._versions["inputs"].items():
            rows.setdefault(self._rows(version), []).append(name)
        return {kind: tuple(sorted(names)) for kind, names in rows.items()}

    def _rows(self, version: Version) -> str:
        """The kind of row that a formula or an input is of: one of the engine's, or a list that is declared."""
        rows: str = version.value.rows
        if rows in EACH_SCENARIO:
            return rows.replace("_each_", "@")
        held = self._versions["lists"].get(rows)
        if held is not None:
            return f"{held.value.of}{t.LIST}{rows}"
        if rows not in t.ROWS:
            self.problems.append(
                Problem("RR404", version.file.at(*version.place, "rows"), f"there are no rows {rows!r}", "declare the list", found=rows)
            )
            return "account"
        return rows

    def settings(self) -> dict[str, dict[str, Exact]]:
        found = {name: version.value for name, version in self._versions["settings"].items() if version.value.value is None}
        return {name: _by_asset(value) if value.rows == "asset" else _by_market(value) for name, value in found.items()}

    def scenarios(self) -> dict[str, dict[str, Exact]]:
        """The moves of each, and its own figures under names that no market has; a scenario that was withdrawn is none."""
        return {name: _by_market(scenario) | _figures(scenario) for name, scenario in self._scenarios()}

    def _scenarios(self) -> Iterator[tuple[str, Scenario]]:
        found = ((name, version.value) for name, version in self._versions["scenarios"].items())
        return ((name, value) for name, value in found if value != WITHDRAWN)

    def _unknown(self, name: str) -> Term:
        if name not in self._versions["terms"]:
            known = ", ".join(sorted(self._versions["terms"])) or "none"
            self.problems.append(
                Problem("RR308", None, f"there is no formula {name!r}", f"formulas in force: {known}", found=name, expected=known)
            )
        return t.given(name, "leg", u.SETTLE)

    def _resolve(self, name: str) -> Term | None:
        if name in self._built:
            return self._built[name]
        if name in self.names:
            return self.names[name]
        if name in self._versions["inputs"]:
            version = self._versions["inputs"][name]
            return t.given(name, self._rows(version), UNITS[version.value.unit])
        if name in self._versions["settings"]:
            return _setting(name, self._versions["settings"][name])
        if name in self._versions["terms"]:
            return self._build(name, self._versions["terms"][name])
        if any(name in (scenario.figures or ()) for _, scenario in self._scenarios()):
            return t.given(name, "scenario", u.NUMBER)
        return self._before(name) if name.endswith(BEFORE) else None

    def _before(self, name: str) -> Term | None:
        """The figure of that name of the account as it stood before a change: of a pool or of the account, which both have."""
        figure = self._resolve(name.removesuffix(BEFORE))
        if figure is None or figure.rows not in ("pool", "account") or figure.unit.word in NO_FIGURE - {"flag"}:
            return None
        return t.given(name, figure.rows, figure.unit)

    def _build(self, name: str, version: Version) -> Term | None:
        formula: FormulaTerm = version.value
        if name in self._open:
            loop = " → ".join([*self._open[self._open.index(name) :], name])
            raise Mistake("RR307", f"a formula that needs itself: {loop}", "write one of them without the other")
        self._open.append(name)
        try:
            made = self._checked(build(formula.expression, self._resolve), formula, self._rows(version))
        except Mistake as mistake:
            if mistake.code == "RR307" and len(self._open) > 1:
                raise
            self.problems.append(_problem(version, mistake))
            self._built[name] = t.given(name, self._rows(version), UNITS[formula.unit])
            return self._built[name]
        finally:
            self._open.pop()
        self._built[name] = made.named(name, version.source)
        self.problems.extend(example_problems(name, version, self._resolve_for_example))
        return self._built[name]

    def _resolve_for_example(self, name: str) -> Term | None:
        found = self._resolve(name)
        return t.given(name, found.rows, found.unit) if found else None

    def _checked(self, made: Term, formula: FormulaTerm, kind: str) -> Term:
        unit = UNITS[formula.unit]
        made = nothing_in(made, unit)
        if (many := factors(made)) > MOST_FACTORS or (many := factors(made, through_roundings=True)) > MOST_IN_ALL:
            raise Mistake(
                "RR402",
                f"an expression that multiplies {many} figures together",
                f"at most {MOST_FACTORS}, {MOST_IN_ALL} with roundings between: look at its powers",
            )
        if made.unit != unit or (unit.word == "flag") != (made.unit.word == "flag") or made.unit.word in NO_FIGURE - {"flag"}:
            raise Mistake(
                "RR403",
                f"the expression is in {made.unit}, the formula says {formula.unit}",
                "correct the unit, or convert with in_unit(…)",
                found=formula.unit,
            )
        rows = made.rows if made.rows != t.ANY else kind
        if rows != kind and not t.reaches(kind, rows):
            raise Mistake(
                "RR404",
                f"the expression has a value for each {rows}, the formula says {formula.rows}",
                "; ".join(["correct the rows, or take a total", *beyond(made, kind)]),
                found=formula.rows,
            )
        return t.spread(t.as_unit(made, unit), kind)


def _in_force(history: History, kind: str, when: Instant) -> dict[str, Version]:
    found = {name: history.in_force((kind, name), when)[0] for name in history.names(kind)}
    return {name: version for name, version in found.items() if version is not None}


def _by_market(value: Setting | Scenario) -> dict[str, Exact]:
    """Each market's own figure, and under "" the one of every other."""
    every = {} if value.every_market is None else {"": to_exact(value.every_market)}
    return every | {market: to_exact(figure) for market, figure in value.markets.items()}


def _by_asset(value: Setting) -> dict[str, Exact]:
    every = {} if value.every_asset is None else {"": to_exact(value.every_asset)}
    return every | {asset: to_exact(figure) for asset, figure in (value.assets or {}).items()}


def _figures(value: Scenario) -> dict[str, Exact]:
    return {OF_SCENARIO + name: to_exact(figure) for name, figure in (value.figures or {}).items()}


def _setting(name: str, version: Version) -> Term:
    """One of the whole rulebook is a constant with a name; all others are looked up."""
    setting: Setting = version.value
    if setting.value == "not_stated":
        hint = "write its value in a formula file of the rulebook"
        return t.fault("RR505", f"{name} is not set, and the rules need it", hint, UNITS[setting.unit], t.ANY).named(name, version.source)
    if isinstance(setting.value, Fraction):
        return t.constant(setting.value, UNITS[setting.unit], version.source, name)
    return t.given(name, setting.rows, UNITS[setting.unit])


def _problem(version: Version, mistake: Mistake) -> Problem:
    return Problem(mistake.code, _place(version, mistake), mistake.text, mistake.hint, found=mistake.found)


def _place(version: Version, mistake: Mistake) -> Span:
    """Where in the expression, when it stands as it is read: on one line and without quotes."""
    path = (*version.place, "expression")
    whole, node = version.file.at(*path), node_at(version.file.document, path)
    if not isinstance(node, Text) or not node.plain or whole.line != whole.end_line or mistake.column >= len(node):
        return whole
    if not node.startswith(mistake.found, mistake.column):
        return whole
    begins = whole.column + mistake.column
    return replace(whole, column=begins, end_column=begins + len(mistake.found)) if mistake.found or mistake.column else whole


def example_problems(name: str, version: Version, resolve: Resolve) -> list[Problem]:
    """The worked example, walked: what it gives must be what the file says, exactly."""
    formula: FormulaTerm = version.value
    given = formula.example.given
    used: set[str] = set()

    def leaf(word: str) -> Term | None:
        used.add(word)
        return resolve(word)

    made = build(formula.expression, leaf)
    where = version.file.at(*version.place, "example")
    if used != set(given):
        missing, spare = sorted(used - set(given)), sorted(set(given) - used)
        text = (
            f"the example gives {', '.join(spare)} and the expression does not use it"
            if spare
            else f"the example gives no {', '.join(missing)}"
        )
        return [Problem("RR405", where, text, "give each name that the expression uses, and no other")]
    program = flatten({name: made if made.rows != t.ANY else t.to_rows(made, t.ANY)})
    got = Walk(program, _one_row(program, given)).columns[program.named[name]][0]
    if isinstance(got, bool):
        got = (int(got), 1)
    if not isinstance(got, tuple) or Fraction(*got) != formula.example.gives:
        said = say.number(got) if isinstance(got, tuple) else f"error {got.code}"
        return [
            Problem(
                "RR405",
                where,
                f"the example comes to {said}, not {say.number(formula.example.gives)}",
                "correct the expression or the example",
                expected=said,
            )
        ]
    return []


def _one_row(program: Program, given: dict[str, Fraction]) -> Frame:
    """One row of everything, each hanging on the others: an example is about one of each.  A flag is given as 1 or 0."""
    flags = {node.param for node in program.nodes if node.op == "given" and node.unit.word == "flag"}
    labels = {rows: ["the example"] for rows in (*t.ROWS, *program.kinds)}
    keys = {(below, above): [0] for below in (*t.ROWS, *program.kinds) if below != t.ANY for above in t.up(below)}
    figures = {(rows, name): given.get(name, Fraction(0)) for rows, name in program.needs}
    values = {key: [bool(figure) if key[1] in flags else to_exact(figure)] for key, figure in figures.items()}
    return Frame(labels, keys, values)
