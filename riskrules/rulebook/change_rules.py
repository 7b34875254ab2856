"""The names of changes: what a difference is called, each with a page under docs/changes.

A name says what was done, and never whether it was right.  Its class is not written here: it is proved
of each change, and a name without an order (`mechanism`) has replay for its evidence.
"""

from __future__ import annotations

from typing import NamedTuple


class ChangeRule(NamedTuple):
    name: str
    title: str
    about: str  # "table", "margin", "mechanism", "book"


TABLE = (
    ("maintenance_raised", "a position must hold more"),
    ("maintenance_lowered", "a position must hold less"),
    ("initial_raised", "opening at the largest leverage posts more"),
    ("initial_lowered", "opening at the largest leverage posts less"),
    ("max_leverage_lowered", "less leverage may be chosen"),
    ("max_leverage_raised", "more leverage may be chosen"),
    ("last_cap_lowered", "the largest position is smaller"),
    ("last_cap_raised", "the largest position is larger"),
    ("tier_number_raised", "a position falls in a higher tier"),
    ("tier_number_lowered", "a position falls in a lower tier"),
    ("tier_changed", "a row has other figures"),
    ("tier_moved", "a row covers other sizes"),
    ("tier_split", "one row became several"),
    ("tiers_merged", "several rows became one"),
    ("tier_added", "a row more"),
    ("tier_removed", "a row less"),
    ("tiers_renumbered", "rows have other numbers"),
    ("table_rewritten", "the same table, written otherwise"),
    ("market_added", "a market has a table"),
    ("market_withdrawn", "a market has no table any more"),
    ("market_renamed", "one table under another name"),
)
MARGIN = (
    ("form_changed", "tables are read in another way"),
    ("cap_side_changed", "a size equal to a cap is in the other tier"),
    ("beyond_last_cap_changed", "above the last cap something else holds"),
    ("fee_raised", "more is held for the fee of closing"),
    ("fee_lowered", "less is held for the fee of closing"),
    ("fee_kind_changed", "the fee of closing is another one"),
    ("trigger_tightened", "liquidation begins sooner"),
    ("trigger_loosened", "liquidation begins later"),
    ("trigger_changed", "liquidation begins by another comparison"),
    ("opening_tightened", "a position may grow less often"),
    ("opening_loosened", "a position may grow more often"),
    ("states_tightened", "an account may do less"),
    ("states_loosened", "an account may do more"),
    ("states_changed", "states between healthy and liquidated are others"),
    ("equity_tightened", "less counts as equity"),
    ("equity_loosened", "more counts as equity"),
    ("equity_changed", "equity is made of something else"),
    ("collateral_tightened", "an asset counts for less"),
    ("collateral_loosened", "an asset counts for more"),
    ("collateral_added", "an asset counts that did not"),
    ("collateral_withdrawn", "an asset counts no more"),
    ("initial_rule_changed", "what opening needs is worked out in another way"),
    ("maintenance_rule_changed", "what holding needs is worked out in another way"),
)
MECHANISM = (
    ("rounding_changed", "figures are rounded otherwise"),
    ("account_changed", "what stands behind what is otherwise"),
    ("price_rule_changed", "a price is too old at another age"),
    ("mark_rule_changed", "the mark price is made otherwise"),
    ("liquidation_changed", "a liquidation runs otherwise"),
    ("contract_changed", "a contract is another one"),
    ("asset_changed", "an asset has another step"),
    ("formula_changed", "a formula or what it reads is another one"),
    ("portfolio_changed", "positions are held together otherwise"),
)
BOOK = (
    ("rule_added", "a rule that there was not"),
    ("rule_withdrawn", "a rule that there is no more"),
    ("rule_renamed", "one rule under another name"),
    ("rulebook_added", "a rulebook that there was not"),
    ("rulebook_withdrawn", "a rulebook that there is no more"),
    ("time_moved", "the same version begins at another time"),
    ("interval_changed", "a version was seen or learned at another time"),
    ("status_changed", "how far a book can be trusted is said otherwise"),
    ("promise_changed", "an invariant or a field note is another one"),
    ("alias_changed", "others spell the markets otherwise"),
    ("record_changed", "the words beside a rule are others"),
)


def _rules() -> tuple[ChangeRule, ...]:
    groups = (("table", TABLE), ("margin", MARGIN), ("mechanism", MECHANISM), ("book", BOOK))
    return tuple(ChangeRule(name, title, about) for about, rows in groups for name, title in rows)


RULES: dict[str, ChangeRule] = {rule.name: rule for rule in _rules()}
