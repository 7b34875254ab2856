"""The JSON of `riskrules show`: every figure as exact text, the schema named and versioned."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from riskrules.engine.explain_json import status_json
from riskrules.rulebook.plan import MarketPlan, Plan, TablePlan
from riskrules.rulebook.published import Published, published, with_what_it_uses
from riskrules.rulebook.shelf import Shelf
from riskrules.rulebook.table_view import Candidate, MarketView, what_changed
from riskrules.rulebook.versions import WITHDRAWN, Version
from riskrules.rules.header import Observed
from riskrules.units.clock import Instant, say_instant
from riskrules.units.exact import Exact, exact_text, to_exact

SCHEMA = "riskrules/show/1"


def market_json(view: MarketView, shelf: Shelf) -> dict[str, Any]:
    changes = list(what_changed(view.versions))
    return {
        **_head(view.plan, shelf, view.when),
        "market": view.name,
        "verdict": view.verdict,
        "contract": _contract(view.market) if view.market else None,
        "also_called": view.also_called,
        "tables": [_candidate(view, one) for one in view.candidates],
        "history": [{**_version(view, version), "changed": change} for version, change in zip(view.versions, changes, strict=True)],
    }


def book_json(plan: Plan, shelf: Shelf, when: Instant) -> dict[str, Any]:
    terms = [_term(term) for term in published(plan.program)]
    return {**_head(plan, shelf, when), "markets": plan.markets(), "withdrawn": plan.gone, "terms": terms}


def formula_json(plan: Plan, shelf: Shelf, when: Instant, name: str) -> dict[str, Any]:
    term, uses, given = with_what_it_uses(plan.program, name)
    return {**_head(plan, shelf, when), "term": _term(term), "uses": [_term(one) for one in uses], "given": given}


def _head(plan: Plan, shelf: Shelf, when: Instant) -> dict[str, Any]:
    return {
        "schema": SCHEMA, "rulebook": plan.rulebook, "as_of": say_instant(when), "policies": str(shelf.folder), "packaged": shelf.packaged,
        "policy_digest": plan.rules, "status": status_json(plan, when),
    }  # fmt: skip


def _contract(market: MarketPlan) -> dict[str, Any]:
    return {
        "type": "inverse" if market.is_inverse else "linear", "base": market.base, "quote": market.quote, "settle": market.settle,
        "size_in": "contracts" if market.in_contracts else "base", "multiplier": exact_text(market.multiplier),
        "tick": _or_null(market.tick), "lot": _or_null(market.lot),
    }  # fmt: skip


def _or_null(value: Exact | None) -> str | None:
    return None if value is None else exact_text(value)


def _candidate(view: MarketView, one: Candidate) -> dict[str, Any]:
    made = {**_version(view, one.version), "certain": one.is_certain}
    if one.table is None:
        return made
    says = _plain(one.form.model_dump()) if one.form else None
    return {**made, "form": one.table.form, "form_says": says, "excerpt": one.table.excerpt or None, "tiers": _tiers(one.table)}


def _tiers(table: TablePlan) -> list[dict[str, Any]]:
    caps = table.caps[0]
    first = None if table.excerpt else "0"
    return [
        {
            "tier": k + 1, "floor": _or_null(caps[k - 1]) if k else first, "cap": _or_null(caps[k]),
            "max_leverage": exact_text(table.max_leverages[k]), "maintenance_rate": exact_text(table.maintenance_rates[k]),
            "maintenance_amount": exact_text(table.maintenance_amounts[k]),
            "maintenance_amount_is": "given" if table.written_amounts[k] else "derived", "line": table.lines[k],
        }
        for k in range(len(caps))
    ]  # fmt: skip


def _version(view: MarketView, version: Version) -> dict[str, Any]:
    file, line = version.source
    header = version.file.header
    observed = _observed(header.observed) if header.observed else None
    return {
        "number": view.versions.index(version) + 1, "digest": version.digest(), "withdraws": version.value == WITHDRAWN,
        "effective": None if observed else say_instant(version.certain_from), "observed": observed,
        "increasing_from": None if header.phased_from is None else say_instant(header.phased_from),
        "file": file, "line": line, "reason": header.reason, "source": header.source,
    }  # fmt: skip


def _observed(seen: Observed) -> dict[str, str | None]:
    return {"after": None if seen.after is None else say_instant(seen.after), "by": say_instant(seen.by)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return exact_text(to_exact(value)) if isinstance(value, Fraction) else value


def _term(term: Published) -> dict[str, Any]:
    file, line = term.source
    return {"name": term.name, "rows": term.rows, "unit": term.unit, "formula": term.formula, "file": file or None, "line": line or None}
