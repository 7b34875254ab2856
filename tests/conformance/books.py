"""A rulebook's own files, with a case's tables, contracts and weights laid over them as further files.

The margin, prices, contracts and status files of the rulebook are copied as they are; its tables are
left out, because a case brings its own.  What a case brings is written as YAML text, a file a kind,
and goes through the reader and the proofs like any other policy.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from riskrules.diagnostics import Problem, render
from riskrules.rulebook import compile
from riskrules.rulebook.load import load_book
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import instant
from tests.conformance.cases import ROOT

POLICIES = ROOT / "policies"
FAMILIES = Path(__file__).resolve().parent / "families"
FIRST, CHANGED = "2031-01-01T00:00:00Z", "2031-07-01T00:00:00Z"  # after every file of a rulebook: only the order matters
TABLES = ("tiers", "flat")


class _InFull(yaml.SafeDumper):
    """Every value written out: a policy file may not refer to another place."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


OF_COINS = {"type": "linear", "size_in": "base", "settle": "quote", "multiplier": "1", "tick": "not_stated", "lot": "not_stated"}


@dataclass(frozen=True, slots=True)
class Overlay:
    kind: str
    name: str
    body: str


@dataclass(frozen=True, slots=True)
class Book:
    """A rulebook and what is laid over it."""

    rulebook: str
    form: str  # the tier form that its tables name
    settle: str
    shipped: bool = True
    mode: str = "cross"  # of positions where a case says none
    overlays: tuple[Overlay, ...] = ()

    def market(self, base: str) -> str:
        return f"{base}-{self.settle}"

    def tiers(self, tables: Mapping[str, Mapping[str, Any]], effective: str = FIRST) -> Book:
        return self._over("tiers", "case", {"form": self.form, "tables": dict(tables)}, effective)

    def flat(self, tables: Mapping[str, Mapping[str, Any]]) -> Book:
        return self._over("flat", "case", {"form": self.form, "tables": dict(tables)})

    def contracts(self, markets: Mapping[str, Mapping[str, Any]]) -> Book:
        return self._over("contracts", "case", {"markets": dict(markets)}) if markets else self

    def coins(self) -> Book:
        """Markets of no stated contract count coins, where the rulebook has contracts of its own markets only."""
        return self._over("contracts", "coins", {"every_market": OF_COINS})

    def settings(self, values: Mapping[str, tuple[str, str]], market: str) -> Book:
        """Parameters of the market: for each its unit and its value."""
        made = {name: {"unit": unit, "markets": {market: value}} for name, (unit, value) in values.items()}
        return self._over("formula", "settings", {"settings": made})

    def settings_of_markets(self, values: Mapping[str, tuple[str, Mapping[str, str]]]) -> Book:
        """Parameters of several markets: for each its unit and its value in each market."""
        made = {name: {"unit": unit, "markets": dict(markets)} for name, (unit, markets) in values.items()}
        return self._over("formula", "settings", {"settings": made})

    def parameters(self, settings: Mapping[str, Mapping[str, Any]]) -> Book:
        """Settings as a formula file writes them: of markets, of assets or of the whole rulebook."""
        return self._over("formula", "parameters", {"settings": dict(settings)})

    def values(self, values: Mapping[str, tuple[str, str]]) -> Book:
        """Parameters of everything: for each its unit and its value."""
        return self._over(
            "formula", "values", {"settings": {name: {"unit": unit, "value": value} for name, (unit, value) in values.items()}}
        )

    def scenarios(self, found: Mapping[str, Mapping[str, Any] | str]) -> Book:
        return self._over("formula", "scenarios", {"scenarios": dict(found)})

    def formulas(self, inputs: Mapping[str, Mapping[str, str]], terms: Mapping[str, Mapping[str, Any]]) -> Book:
        return self._over("formula", "case", {"inputs": dict(inputs), "terms": dict(terms)})

    def formula_file(self, **body: Mapping[str, Any]) -> Book:
        """Inputs, settings and terms of a case, over those of the same names."""
        return self._over("formula", "of-case", {name: dict(value) for name, value in body.items() if value})

    def collateral(self, weights: Mapping[str, Mapping[str, Any]]) -> Book:
        return self._over("margin", "weights", {"collateral": dict(weights)})

    def markets_of_coins(self, *markets: str) -> Book:
        """Markets that no table names: they count coins."""
        return self.contracts(dict.fromkeys(markets, OF_COINS))

    def mark_rule(self, market: str, name: str, rule: Mapping[str, Any] | None = None) -> Book:
        """The market under a mark rule of the rulebook, or under one that the case writes."""
        return self._over("mark_price", "case", {"mark_rule_of": {market: name}} | ({"mark_rules": {name: dict(rule)}} if rule else {}))

    def strategy(self, rule: Mapping[str, Any]) -> Book:
        """Every pool under a liquidation strategy that the case writes."""
        return self._over("liquidation", "case", {"strategies": {"case": dict(rule)}, "strategy_of": {"cross": "case", "isolated": "case"}})

    def bounds(self, cap: str) -> Book:
        """The rulebook's own form, with equality on the side that the case says."""
        own = own_form(self.folder / self.rulebook, self.form)
        if own["cap"] == cap:
            return self
        name = f"{self.form}-{cap}"
        return replace(self._over("margin", cap, {"tier_forms": {name: {**own, "cap": cap}}}), form=name)

    def named(self, section: str) -> list[str]:
        """What the rulebook's own formula files call the entries of a section."""
        files = sorted((self.folder / self.rulebook / "formula").glob("*.yaml"))
        return [name for path in files for name in yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader).get(section, {})]

    @property
    def folder(self) -> Path:
        return POLICIES if self.shipped else FAMILIES

    def _over(self, kind: str, slug: str, body: dict[str, Any], effective: str = FIRST) -> Book:
        header = {"kind": kind, "rulebook": self.rulebook, "effective": effective, "reason": "The case's own figures."}
        text = yaml.dump({**header, **body}, Dumper=_InFull, sort_keys=False, allow_unicode=True)
        return replace(self, overlays=(*self.overlays, Overlay(kind, f"{effective[:10]}-{slug}.yaml", text)))


USDM = Book("binance-usdm", "marginal_on_mark_notional", "USDT")
COINM = Book("binance-coinm", "marginal_on_mark_notional", "USD")
HYPERLIQUID = Book("hyperliquid", "half_of_initial_at_max_leverage", "USDC")
GATE = Book("gate", "marginal_on_mark_notional", "USDT").coins()
GATE_BEFORE = replace(GATE, form="whole_position_at_chosen_limit")
OKX = Book("okx", "whole_position_by_contracts", "USDT").coins()
OKX_COIN = replace(OKX, settle="USD")
BYBIT = Book("bybit", "marginal_on_entry_notional", "USDT", mode="isolated").coins()
KRAKEN = Book("kraken-futures", "whole_position_by_contracts", "USD")
BITMEX = Book("bitmex", "whole_position_by_value", "USD")
PHEMEX = Book("phemex", "whole_position_on_entry", "USD", mode="isolated").coins()
ASCENDEX = Book("ascendex", "whole_position_by_notional", "USDT").coins()
DYDX = Book("dydx-v4", "", "USDC")
LFEST = Book("lfest", "", "USD", mode="isolated")
VEGA = Book("vega", "", "USD")
SYNTHETIX = Book("synthetix-v3", "", "USD")
PERCOLATOR = Book("percolator", "", "USD")
GMX = Book("gmx-v2", "", "USD", mode="isolated")
DERIBIT = Book("deribit", "base_rates", "USDC").coins()
PARADEX = Book("paradex", "half_of_the_initial_fraction", "USDC").coins()
LIGHTER = Book("lighter", "one_rate", "USDC").coins()
BACKPACK = Book("backpack", "base_fractions", "USDC").coins()
ASTER = Book("aster", "marginal_on_mark_notional", "USDT").coins()
KUCOIN = Book("kucoin", "rates_of_the_snapshot", "USDT").coins()
BLOFIN = Book("blofin", "", "USDT")
OKX_PM = Book("okx-pm", "no_tiers", "USDT").coins()
LINEAR = Book("linear", "marginal_on_mark_notional", "USDT", shipped=False)
LINEAR_WITH_FEE = Book("linear-with-fee", "marginal_on_mark_notional", "USDT", shipped=False)
INVERSE = Book("inverse", "marginal_on_mark_notional", "USD", shipped=False)
BY_SIZE = Book("by-size", "marginal_on_mark_notional", "USDT", shipped=False)
BY_ROOT = Book("by-root", "marginal_on_mark_notional", "USDT", shipped=False)
RISK_RATE = Book("risk-rate", "marginal_on_mark_notional", "USDT", shipped=False)
FIGURES = Book("figures", "marginal_on_mark_notional", "USDT", shipped=False)


DRIFT = Book("drift-v2", "", "USDC")
MANGO = Book("mango-v4", "", "USDC")


class Refused(Exception):
    """The book or the snapshot that a case makes is refused; prints like `riskrules check`."""


def refused(what: str, problems: list[Problem]) -> Refused:
    return Refused(f"the {what} of the case is refused:\n{render(problems, {}, 'full', False, 120)}")


@cache
def own_form(folder: Path, name: str) -> dict[str, Any]:
    """The tier form as the newest of the rulebook's margin files writes it."""
    files = [yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) for path in sorted((folder / "margin").glob("*.yaml"))]
    found: dict[str, Any] = [file["tier_forms"][name] for file in files if name in file.get("tier_forms", {})][-1]
    return found


@lru_cache(maxsize=512)
def plan_of(book: Book, as_of: str) -> Plan:
    """The book written out, read, proved and compiled.  Raises `Refused`."""
    when = instant(as_of)
    assert when is not None
    with tempfile.TemporaryDirectory() as folder:
        write(book, Path(folder))
        loaded, problems = load_book(Shelf(Path(folder), packaged=False), book.rulebook)
        if loaded is None:
            raise refused("rulebook", problems)
        try:
            return compile.compile_book(loaded, when)
        except compile.Refused as error:
            raise refused("rulebook", error.problems) from error


def write(book: Book, folder: Path) -> None:
    """The rulebook's files other than its tables, and the overlays, under `folder`."""
    shutil.copytree(book.folder / book.rulebook, folder / book.rulebook, ignore=shutil.ignore_patterns(*TABLES))
    for overlay in book.overlays:
        place = folder / book.rulebook / overlay.kind
        place.mkdir(exist_ok=True)
        (place / overlay.name).write_text(overlay.body, encoding="utf-8")
