"""Joining the rules in force at a time into one plan: what is needed must be given, once.

Sections are found by name, tables are completed and proved, and the rule kinds are asked for their
terms.  Nothing here knows a number of a snapshot.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from riskrules.diagnostics.problem import Problem, Span
from riskrules.ir.frame import OF_ORDERS
from riskrules.ir.program import flatten
from riskrules.ir.term import Source, Term
from riskrules.rulebook.beside import Used, rules_beside
from riskrules.rulebook.formulas import FormulaBook
from riskrules.rulebook.identity import canonical
from riskrules.rulebook.limits import limits_of_legs, with_limits
from riskrules.rulebook.manifest import meaning_in_force
from riskrules.rulebook.plan import ANY_OPTION, AccountPlan, AliasPlan, AssetPlan, MarketPlan, Plan, StatusPlan, TablePlan, packed_market
from riskrules.rulebook.portfolios import Portfolio, as_the_margin_decides, asked_of, of_margins, portfolio_plan, scenarios_of, sections_of
from riskrules.rulebook.posted import posted_at_entry
from riskrules.rulebook.proofs import Opening, Proved, is_error
from riskrules.rulebook.states import prove_states
from riskrules.rulebook.tables import market_plan, opening_of, proved_table, table_plan
from riskrules.rulebook.versions import WITHDRAWN, History, Version
from riskrules.rules import contracts, margin, margin_meaning, margin_sections, prices
from riskrules.rules.margin import SECTIONS, WHILE_UNDECIDED, TierForm
from riskrules.units.clock import Instant, say_instant
from riskrules.units.exact import Exact, to_exact

ASKS_FOR_FORMULAS = (
    *((margin, key) for margin in ("initial_margin", "maintenance_margin") for key in ("position", "whole", "plus")),
    *(("equity", key) for key in ("position_value", "unsettled_funding", "whole", "with_initial_margin", "plus", "less")),
)


class Refused(Exception):
    """The book cannot be compiled; carries every problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Book:
    """The history of one rulebook, ready to be compiled at any time."""

    rulebook: str
    folder: str
    digest: str
    history: History
    proofs: dict[tuple[Version, str, Opening], tuple[Proved | None, list[Problem]]] = field(default_factory=dict)

    def proved(self, version: Version, name: str, form: TierForm, opening: Opening) -> tuple[Proved | None, list[Problem]]:
        """A table is proved once for each form and opening it is used under."""
        key = (version, f"{name} {canonical(form)}", opening)
        if key not in self.proofs:
            self.proofs[key] = proved_table(version, form, opening)
        return self.proofs[key]

    def windows(self) -> list[Instant]:
        return self.history.changes()


def compile_book(book: Book, when: Instant) -> Plan:
    """The plan in force at a time.  Raises `Refused`."""
    return _Compiler(book, when).plan()


class _Compiler:
    def __init__(self, book: Book, when: Instant) -> None:
        self.book, self.when = book, when
        self.problems: list[Problem] = []

    def plan(self) -> Plan:
        self._refuse_before_all()
        sections = self._sections()
        status = self._status()
        forms = self._forms()
        self._stop_if_refused()
        self.problems += prove_states(sections)
        proofs = self._tables(sections, forms)
        markets = self._markets(proofs, forms)
        self._stop_if_refused()
        together = self._together(sections, markets)
        terms, formulas = self._terms(sections, forms, markets, together)
        program = flatten(terms, "liquidate", OF_ORDERS)
        used = Used(sections, forms, markets, _in_use(markets), lambda name: self.book.history.in_force(("table", name), self.when)[0])
        beside, problems = rules_beside(self.book.history, self._one, terms, used)
        self.problems += problems
        self._stop_if_refused()
        scenarios = scenarios_of(sections, together, formulas.scenarios(), self.problems)
        self._stop_if_refused()
        return Plan(
            rulebook=self.book.rulebook,
            digest=self.book.digest,
            holds=self._window(),
            program=program,
            account=_account_plan(sections),
            status=status,
            assets=self._assets(),
            gone=self._gone(),
            aliases=self._aliases(),
            drivers=with_limits(formulas.drivers(), program.needs),
            settings=formulas.settings(),
            scenarios=scenarios,
            _markets={name: packed_market(market) for name, market in markets.items()},
            beside=beside,
            packed_portfolio=marshal.dumps(portfolio_plan(together, terms).data()) if together else b"",
            rules=meaning_in_force(self.book.rulebook, self.book.history, self.when),
        )

    def _together(self, sections: dict[str, Version], markets: dict[str, MarketPlan]) -> Portfolio | None:
        """The portfolio in force, and whether what the margin takes from it is there."""
        found = None
        if self.book.history.names("portfolio") and self.book.history.in_force(("portfolio", "markets"), self.when) != (None, ()):
            found = sections_of(partial(self._one, "portfolio"), markets, self.problems, frozenset(self._gone()))
        self._stop_if_refused()
        self.problems += of_margins(sections, found)
        self._stop_if_refused()
        return found and as_the_margin_decides(found, sections)

    # -- what is in force ------------------------------------------------------------------------

    def _stop_if_refused(self) -> None:
        if any(is_error(problem) for problem in self.problems):
            raise Refused(self.problems)

    def _refuse_before_all(self) -> None:
        """Before the first file of the book one word is enough; each rule that has not begun would say the same."""
        first = min((line[0] for line in self.book.history.versions.values()), key=lambda version: version.certain_from, default=None)
        if first is not None and first.possible_from > self.when:
            begins = first.file.at("effective") if first.file.header.effective is not None else first.file.at("observed")
            text = f"rulebook {self.book.rulebook} begins at {say_instant(first.certain_from)}, after {say_instant(self.when)}"
            raise Refused([Problem("RR312", begins, text, "ask for a later time")])

    def _here(self) -> Span:
        return Span(self.book.folder, 1, 1, 1, 1)

    def _one(self, kind: str, name: str, required: bool = True) -> Version | None:
        certain, possible = self.book.history.in_force((kind, name), self.when)
        if possible:
            text = (
                f"{kind} {name}".strip()
                + f" may have changed between {say_instant(possible[0].possible_from)} and {say_instant(possible[0].certain_from)}"
            )
            self.problems.append(
                Problem("RR311", possible[0].file.at(*possible[0].place), text, "ask for a time outside that interval, or narrow it")
            )
        if certain is None and required:
            self.problems.append(self._nothing(kind, name))
        return certain

    def _nothing(self, kind: str, name: str) -> Problem:
        later = self.book.history.versions.get((kind, name))
        said = f"{kind}: {name}".removesuffix(": ")
        if later:
            text = f"nothing gives {said} at {say_instant(self.when)}; the first version begins at {say_instant(later[0].certain_from)}"
            return Problem("RR312", later[0].file.at(*later[0].place), text, "ask for a later time, or give the rule an earlier version")
        hint = f"add the section {name} to a {kind} file of this rulebook" if name else f"add a {kind} file to this rulebook"
        return Problem("RR304", self._here(), f"rulebook {self.book.rulebook} has no {said}", hint, expected=said)

    def _sections(self) -> dict[str, Version]:
        found = {name: self._one("margin", name, required=name != WHILE_UNDECIDED) for name in (*SECTIONS, WHILE_UNDECIDED)}
        found |= {name: self._one("prices", name) for name in ("mark_price", "index_price")}
        return {name: version for name, version in found.items() if version is not None}

    def _status(self) -> StatusPlan:
        version = self._one("status", "")
        if version is None:
            return StatusPlan("", "house", None, None, None, (), "")
        s = version.value
        figures = (s.reproduces.figures, s.reproduces.of, s.reproduces.by) if s.reproduces else None
        stale = None if s.stale_after == "never" else to_exact(s.stale_after)
        return StatusPlan(s.title, s.authority, s.captured, stale, figures, tuple(s.unsettled), version.file.path)

    def _forms(self) -> dict[str, TierForm]:
        found = {name: self._one("tier_forms", name, required=False) for name in self.book.history.names("tier_forms")}
        return {name: version.value for name, version in found.items() if version is not None}

    # -- tables ----------------------------------------------------------------------------------

    def _tables(self, sections: dict[str, Version], forms: dict[str, TierForm]) -> dict[str, tuple[TablePlan | None, ...]]:
        opening = opening_of(sections)
        out: dict[str, tuple[TablePlan | None, ...]] = dict.fromkeys(self.book.history.names("markets"), (None,))
        for market in self.book.history.names("table"):
            certain, possible = self.book.history.in_force(("table", market), self.when)
            candidates = (certain, *possible)
            if any(version is not None and version.value != WITHDRAWN for version in candidates):
                out[market] = tuple(self._table(version, forms, opening) for version in candidates)
            elif market in out:
                del out[market]
        return out

    def _table(self, version: Version | None, forms: dict[str, TierForm], opening: Opening) -> TablePlan | None:
        if version is None or version.value == WITHDRAWN:
            return None
        name = version.file.header.form  # type: ignore[attr-defined]
        if name not in forms:
            known = ", ".join(sorted(forms)) or "none"
            self.problems.append(
                Problem(
                    "RR305",
                    version.file.at("form"),
                    f"there is no tier form {name!r}",
                    f"the margin file declares: {known}",
                    found=name,
                    expected=known,
                )
            )
            return None
        proved, problems = self.book.proved(version, name, forms[name], opening)
        self.problems.extend(problems)
        return table_plan(version, forms[name], name, proved, self.book.history) if proved else None

    def _markets(self, tables: dict[str, tuple[TablePlan | None, ...]], forms: dict[str, TierForm]) -> dict[str, MarketPlan]:
        every = self._one("contracts", "every_market", required=False)
        out = {}
        for name, versions in tables.items():
            own = self._one("markets", name, required=False) or every
            if own is None and versions == (None,):
                continue
            if own is None:
                hint = "add it to a contracts file, or give every_market"
                version = self.book.history.versions["table", name][-1]
                at = version.file.at(*version.place, key=True)
                self.problems.append(Problem("RR306", at, f"{name} has a table and no contract", hint, found=name))
                continue
            out[name] = market_plan(name, own.value, versions)
        option = self._one("contracts", "every_option", required=False)
        return out | ({ANY_OPTION: market_plan(ANY_OPTION, option.value, (None,))} if option else {})

    # -- terms -----------------------------------------------------------------------------------

    def _terms(
        self, found: dict[str, Version], forms: dict[str, TierForm], markets: dict[str, MarketPlan], together: Portfolio | None
    ) -> tuple[dict[str, Term], FormulaBook]:
        names = prices.meaning(
            {n: found[n].value for n in ("mark_price", "index_price")}, {n: found[n].source for n in ("mark_price", "index_price")}
        )
        names |= contracts.meaning(_in_use(markets), names, self._contract_source())
        sections = replace(self._margin_sections(found, forms, markets), portfolio=asked_of(found, together))
        names |= margin_meaning.tiers(sections, names)
        formulas = FormulaBook(self.book.history, self.when, {**contracts.LEG_FIGURES, **names})
        terms = {**names, **margin_meaning.meaning(sections, names, formulas.margin, formulas.pooled)}
        terms |= formulas.rest(terms)
        self.problems += [_placed(problem, found) for problem in formulas.problems]
        self.problems += posted_at_entry(found["account"], terms.get("position_initial", terms["initial_margin"]))
        self._stop_if_refused()
        return terms, formulas

    def _contract_source(self) -> Source:
        """Where the contracts in force are written: the entry of every market, else the first of those with their own."""
        units = [("contracts", "every_market"), *(("markets", name) for name in self.book.history.names("markets"))]
        found = (self.book.history.in_force(unit, self.when)[0] for unit in units)
        return next((version.source for version in found if version is not None), ("", 0))

    def _margin_sections(
        self, found: dict[str, Version], forms: dict[str, TierForm], markets: dict[str, MarketPlan]
    ) -> margin_sections.Sections:
        in_use = {table.form for market in markets.values() for table in market.tables if table}
        bases = frozenset((forms[name].lookup, forms[name].rate_on) for name in in_use) or frozenset(
            {("notional_at_mark", "notional_at_mark")}
        )
        values: dict[str, Any] = {name: found[name].value for name in SECTIONS if name in found}
        states = values.pop("states_by_maintenance_share_of_equity")
        weights = [version.value for version in self._collateral().values()]
        weighted = any(asset.first_weight != 1 or asset.owed_weight != 1 for asset in weights)
        sliced = any(isinstance(asset.weight, margin.Slices) for asset in weights)
        self.problems += limits_of_legs(found["account"], bases)
        self._stop_if_refused()
        return margin_sections.Sections(
            **values,
            states=() if states == "none" else states,
            bases=bases,
            weighted=weighted,
            sliced=sliced,
            at=_where(found, self.book.history),
        )

    def _collateral(self) -> dict[str, Version]:
        found = {name: self._one("collateral", name, required=False) for name in self.book.history.names("collateral")}
        return {name: version for name, version in found.items() if version is not None}

    # -- the rest --------------------------------------------------------------------------------

    def _assets(self) -> dict[str, AssetPlan]:
        rules = {name: self._one("assets", name, required=False) for name in self.book.history.names("assets")}
        collateral = self._collateral()
        out = {}
        for name in {*collateral, *(name for name, version in rules.items() if version)}:
            rule, weight = rules.get(name), collateral.get(name)
            out[name] = AssetPlan(
                to_exact(rule.value.quantum) if rule else None,
                to_exact(weight.value.first_weight) if weight else None,
                to_exact(weight.value.owed_weight) if weight else None,
                *(_slices(weight.value) if weight else ()),
            )
        return out

    def _gone(self) -> dict[str, str]:
        out = {}
        for market in self.book.history.names("table"):
            certain, _ = self.book.history.in_force(("table", market), self.when)
            if certain is not None and certain.value == WITHDRAWN:
                out[market] = say_instant(certain.certain_from)
        return out

    def _aliases(self) -> AliasPlan:
        version = self._one("contracts", "aliases", required=False)
        return AliasPlan(**{name: said for name, said in version.value.model_dump().items() if said}) if version else AliasPlan()

    def _window(self) -> tuple[Instant | None, Instant | None]:
        """Possible versions count from just after `after`; the window ends there, inclusive, by one nanosecond."""
        edges = sorted(
            {when for line in self.book.history.versions.values() for v in line for when in (v.certain_from, v.possible_from + 1)}
        )
        before = [edge for edge in edges if edge <= self.when]
        after = [edge for edge in edges if edge > self.when]
        return (before[-1] if before else None, after[0] if after else None)


def _slices(asset: margin.CollateralAsset) -> tuple[tuple[tuple[Exact | None, Exact], ...], bool]:
    """Each slice's end and share, and whether a value is cut and not an amount; a plain weight is one slice without an end."""
    if not isinstance(asset.weight, margin.Slices):
        return ((None, to_exact(asset.weight)),), False
    ends = ((None if isinstance(row.up_to, str) else to_exact(row.up_to), to_exact(row.weight)) for row in asset.weight.slices)
    return tuple(ends), asset.weight.of == "value"


def _in_use(markets: dict[str, MarketPlan]) -> contracts.InUse:
    return contracts.InUse(
        frozenset("inverse" if market.is_inverse else "linear" for market in markets.values()) or frozenset({"linear"}),
        any(market.multiplier != (1, 1) and not market.is_inverse for market in markets.values()),
    )


def _placed(problem: Problem, found: dict[str, Version]) -> Problem:
    """A formula that is asked for and not there: the section that asks is where to look."""
    for name, key in ASKS_FOR_FORMULAS:
        version = found[name]
        if problem.at is None and getattr(getattr(version.value, key), "formula", "") == problem.found:
            return replace(problem, at=version.file.at(*version.place, key, "formula"))
    return problem


def _where(found: dict[str, Version], history: History) -> Callable[..., Source]:
    """The file and line of a section, or of a key inside it."""

    def at(section: str, *path: str | int) -> Source:
        if (version := found.get(section)) is None:
            line = [v for (kind, _), versions in history.versions.items() if kind == section for v in versions]
            return line[-1].source if line else ("", 0)
        return version.file.path, version.file.at(*version.place, *path, key=True).line

    return at


def _account_plan(sections: dict[str, Version]) -> AccountPlan:
    account: margin.Account = sections["account"].value
    states = sections["states_by_maintenance_share_of_equity"].value
    rule = sections["liquidate_when"].value
    trigger, against = rule.equity, rule.equity.right if rule.times is None else "liquidation_margin"
    pooled = "" if account.pools == "per_settle_asset" else account.pools.per_account_in
    may = () if states == "none" else tuple((row.state, tuple(row.may)) for row in states)
    posts = account.posted_margin != "given"
    orders: margin.Orders = sections["initial_margin"].value.orders
    undecided = sections.get(WHILE_UNDECIDED)
    meanwhile, page = (tuple(undecided.value.may), undecided.value.page) if undecided else ((), "")
    return AccountPlan(
        tuple(account.margin_modes), account.hedge_legs != "not_allowed", pooled, posts, trigger.comparator, against, may,
        orders.untriggered or "", meanwhile, page, orders.count,
    )  # fmt: skip


def prove_everything(book: Book) -> Iterator[Problem]:
    """Every table of every version under the form of its own time, and the whole book at each of its times."""
    told: set[tuple[str, Span | None, str]] = set()
    for when in book.windows():
        for problem in prove_at(book, when):
            key = (problem.code, problem.at, problem.text)
            if key not in told and problem.code not in ("RR311", "RR312"):
                told.add(key)
                yield problem


def prove_at(book: Book, when: Instant) -> list[Problem]:
    """What is wrong with the book at one time, that nothing is in force, or may be, among it."""
    compiler = _Compiler(book, when)
    try:
        compiler.plan()
    except Refused as refused:
        return refused.problems
    return compiler.problems
