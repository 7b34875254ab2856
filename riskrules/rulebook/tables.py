"""A market's table and contract, proved and complete, as the plain data of a plan."""

from __future__ import annotations

from fractions import Fraction

from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.plan import MarketPlan, TablePlan
from riskrules.rulebook.proofs import Opening, Proved, prove_tiers
from riskrules.rulebook.versions import History, Version
from riskrules.rules import contracts
from riskrules.rules.flat import FlatRate
from riskrules.rules.margin import TierForm
from riskrules.rules.tiers import Table, Tier, rows_of
from riskrules.units.exact import Exact, to_exact


def opening_of(sections: dict[str, Version]) -> Opening:
    """What the margin sections take of a fresh position at once."""
    rule, trigger = sections["maintenance_margin"].value, sections["liquidate_when"].value
    fee = rule.fee
    rate = fee.rate if not isinstance(fee, str) and isinstance(fee.rate, Fraction) else Fraction(0)
    rounding = sections["rounding"].value
    rules = (rounding.position_margins, rounding.pool_margins, rounding.equity)
    step = max((rule.to for rule in rules if not isinstance(rule, str)), default=Fraction(0))
    return Opening(rate, trigger.equity.comparator == "at_or_below", step, trigger.times or Fraction(1))


def proved_table(version: Version, form: TierForm, opening: Opening) -> tuple[Proved | None, list[Problem]]:
    """A tier table, or a flat rate as the one row without an end that it is, proved under its form."""
    if not isinstance(version.value, FlatRate):
        return prove_tiers(version, version.value, form, opening)
    return prove_tiers(version, _one_row(version.value), form.model_copy(update={"style": "marginal"}), opening)


def _one_row(flat: FlatRate) -> Table:
    row = Tier.model_construct(
        cap=None,
        floor=None,
        max_leverage=flat.max_leverage,
        maintenance_rate=flat.maintenance_rate,
        maintenance_amount=flat.maintenance_amount,
    )
    return Table.model_construct(tiers=(row,), replaces=None, excerpt="a flat rate takes off what is written")


def table_plan(version: Version, form: TierForm, name: str, proved: Proved, history: History) -> TablePlan:
    flat = isinstance(version.value, FlatRate)
    rows = () if flat else rows_of(version.value)
    lines = (version.source[1],) if flat else tuple(_row_line(version, k) for k in range(len(rows)))
    header = version.file.header
    return TablePlan(
        form=name,
        caps=(tuple(None if cap is None else to_exact(cap) for cap in proved.caps), form.cap == "inclusive", form.above_last_cap.existing),
        maintenance_rates=_exact(proved.rates),
        maintenance_amounts=_exact(proved.amounts),
        max_leverages=_exact(proved.max_leverages),
        lookup=form.lookup,
        rate_on=form.rate_on,
        file=version.file.path,
        lines=lines,
        written_amounts=(True,) if flat else tuple(row.maintenance_amount is not None for row in rows),
        number=history.number(version),
        versions=len(history.versions[version.unit]),
        digest=version.digest(),
        begins=(header.possible_from, header.certain_from),
        excerpt="" if flat else (version.value.excerpt or ""),
        phased_from=header.phased_from,
    )


def _row_line(version: Version, row: int) -> int:
    """Where a row is written; of a row that follows by steps, where the steps are."""
    place = ("tiers", row) if row < len(version.value.tiers) else ("then",)
    return version.file.at(*version.place, *place).line


def _exact(values: tuple[Fraction, ...]) -> tuple[Exact, ...]:
    return tuple(to_exact(value) for value in values)


def market_plan(name: str, contract: contracts.Contract, tables: tuple[TablePlan | None, ...]) -> MarketPlan:
    base, quote = name.split("-")[:2]
    return MarketPlan(
        name,
        base,
        quote,
        quote if contract.settle == "quote" else base,
        contract.type == "inverse",
        contract.size_in == "contracts",
        to_exact(contract.multiplier),
        _stated(contract.tick),
        _stated(contract.lot),
        tables,
    )


def _stated(value: Fraction | str) -> Exact | None:
    return to_exact(value) if isinstance(value, Fraction) else None
