"""A market's table as of a time, beside every version it has had: what `show` shows.

The compiled plan says what is or may be in force; the files that speak of the market say what was
written, when and why.  Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from riskrules.rulebook.aliases import spellings
from riskrules.rulebook.load import read_files
from riskrules.rulebook.plan import MarketPlan, Plan, TablePlan
from riskrules.rulebook.shelf import Shelf
from riskrules.rulebook.versions import WITHDRAWN, History, PolicyFile, Version, history
from riskrules.rules.flat import FlatRate
from riskrules.rules.margin import TierForm
from riskrules.rules.tiers import Cap, Table, rows_of
from riskrules.units.clock import Instant

IN_FORCE, UNDECIDED, GONE, NOT_YET, NO_TABLE = "in force", "undecided", "withdrawn", "not yet", "no table"
ROLLING_OUT = "rolled out"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that is, or may be, in force: as it was written and as it was compiled."""

    version: Version
    table: TablePlan | None  # None: the version withdraws the market
    form: TierForm | None
    is_certain: bool


@dataclass(frozen=True, slots=True)
class MarketView:
    plan: Plan
    when: Instant
    name: str
    market: MarketPlan | None
    candidates: tuple[Candidate, ...]
    versions: tuple[Version, ...]
    also_called: dict[str, str]

    @property
    def verdict(self) -> str:
        """Whether exactly one table is in force; if none, why."""
        if any(not one.is_certain for one in self.candidates):
            phased = all(one.is_certain or one.version.file.header.phased_from is not None for one in self.candidates)
            return ROLLING_OUT if phased else UNDECIDED
        if not self.candidates:
            return NOT_YET if self.versions else NO_TABLE
        return IN_FORCE if self.candidates[0].table else GONE


def market_view(plan: Plan, shelf: Shelf, name: str, when: Instant) -> MarketView | None:
    """The view of a market by its own name; None where no file speaks of it."""
    lines = history(_files_about(shelf, plan.rulebook, name))[0]
    versions = lines.versions.get(("table", name), ())
    market = plan.market(name)
    if not versions and market is None:
        return None
    certain, possible = lines.in_force(("table", name), when)
    written = [*([certain] if certain else []), *possible]
    compiled = market.tables[0 if certain else 1 :] if market else (None,) * len(written)
    candidates = tuple(
        Candidate(version, table, _form(lines, table, when), version is certain) for version, table in zip(written, compiled, strict=True)
    )
    return MarketView(plan, when, name, market, candidates, versions, spellings(plan, name))


def _files_about(shelf: Shelf, rulebook: str, name: str) -> list[PolicyFile]:
    """The margin files, and of the tables' files those that can hold the name; a quoted name may be spelled with escapes."""
    paths = [path for path in shelf.files(rulebook) if path.parent.name in ("tiers", "flat", "margin")]

    def may_hold(text: str) -> bool:
        return name in text or "\\" in text

    chosen = [path for path in paths if path.parent.name == "margin" or may_hold(path.read_text(encoding="utf-8"))]
    return read_files(chosen, shelf.folder)[0]


def _form(lines: History, table: TablePlan | None, when: Instant) -> TierForm | None:
    version = lines.in_force(("tier_forms", table.form), when)[0] if table else None
    return version.value if version else None


# -- what a version changed --------------------------------------------------------------------------


def what_changed(versions: tuple[Version, ...]) -> Iterator[str]:
    """For each version, in a few words, how it differs from the one before."""
    for before, version in zip((None, *versions), versions, strict=False):
        yield _change(before, version)


def _change(before: Version | None, version: Version) -> str:
    if version.value == WITHDRAWN:
        return "withdrawn"
    if before is None or before.value == WITHDRAWN:
        return f"{'first version' if before is None else 'back again'}, {_rows(version.value)}"
    if before.says == version.says:
        return "says the same"
    return ", ".join([*_form_change(before, version), *_value_change(before.value, version.value)]) or "the same rows, written otherwise"


def _form_change(before: Version, version: Version) -> list[str]:
    old, new = (str(getattr(one.file.header, "form", "")) for one in (before, version))
    return [f"form {new} instead of {old}"] if old != new else []


def _value_change(before: Any, after: Any) -> list[str]:
    if isinstance(before, Table) and isinstance(after, Table):
        return _row_changes(before, after)
    if type(before) is type(after):
        return ["the flat rate differs"] if before != after else []
    return [f"now {_rows(after)}"]


def _row_changes(before: Table, after: Table) -> list[str]:
    """Rows are told apart by their caps: what stands at the same cap differs, what has another cap is new or gone."""
    old, new = _by_cap(before), _by_cap(after)
    differ = sum(old[cap] != new[cap] for cap in old.keys() & new.keys())
    words = ("differs" if differ == 1 else "differ", "new", "gone")
    counts = (differ, len(new.keys() - old.keys()), len(old.keys() - new.keys()))
    said = [(count, word) for count, word in zip(counts, words, strict=True) if count]
    return [f"{count} {'row' if count == 1 else 'rows'} {word}" if k == 0 else f"{count} {word}" for k, (count, word) in enumerate(said)]


def _by_cap(table: Table) -> dict[tuple[Cap, int], tuple[Any, Any]]:
    """Each row's leverage and rate under its cap; two rows of one cap are its first and its second."""
    tiers = rows_of(table)
    caps = [tier.cap for tier in tiers]
    return {(tier.cap, caps[:k].count(tier.cap)): (tier.max_leverage, tier.maintenance_rate) for k, tier in enumerate(tiers)}


def _rows(value: Any) -> str:
    if isinstance(value, FlatRate):
        return "one flat rate"
    count = len(rows_of(value))
    return f"{count} row{'' if count == 1 else 's'}"
