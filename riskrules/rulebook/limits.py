"""Risk limits that users choose: what a snapshot must give for them, and where they are refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.versions import Version
from riskrules.rules.margin import CHOSEN_LIMIT

LIMIT = "risk_limit"


def with_limits(drivers: dict[str, tuple[str, ...]], needs: Collection[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """What a snapshot may carry for each row; the limit of a position and of an order where a table is looked up by it."""
    if not any(name == LIMIT for _, name in needs):
        return drivers
    return drivers | {rows: tuple(sorted({*drivers.get(rows, ()), LIMIT})) for rows in ("leg", "order")}


def limits_of_legs(account: Version, bases: Collection[tuple[str, str]]) -> Iterator[Problem]:
    """Two legs in one tier would have one limit, and each gives its own."""
    hedge = account.value.hedge_legs
    if hedge != "not_allowed" and hedge.tier_by != "each_leg" and any(lookup == CHOSEN_LIMIT for lookup, _ in bases):
        yield Problem(
            "RR225",
            account.file.at(*account.place, "hedge_legs"),
            f"legs with the tier of {hedge.tier_by} under a chosen risk limit",
            "write tier_by: each_leg, or not_allowed",
        )
