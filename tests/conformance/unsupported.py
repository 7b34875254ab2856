"""The families that nothing here runs yet, each with what is missing.  A family in neither list fails a test."""

from __future__ import annotations

MISSING: tuple[tuple[str, str], ...] = (
    (
        "mark rules and liquidation steps are kinds of their own, not written yet",
        "funding_basis_mark adl_bitmex",
    ),
    ("no rulebook of this venue", "derive.auction derive.pmrm derive.pmrm2 derive.srm"),
    (
        "an average that goes on by itself",
        "drift.twap_band",
    ),
    ("closeouts one after another need a book and time", "vega.cascade"),
)

UNSUPPORTED: dict[str, str] = {family: why for why, families in MISSING for family in families.split()}
