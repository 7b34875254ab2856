"""House rules said otherwise: rulebooks that differ from the shipped one in what a policy file may choose.

Each is the house's files with some sections replaced, so that every word of the language that the textbook
knows is met by both sides, whether or not a shipped rulebook uses it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.reference.policy import BESIDE, TEXT_LOADER

Changes = dict[str, dict[str, Any]]  # kind → section → what replaces it

FORM = {
    "lookup": "notional_at_mark", "counts": "position_only", "rate_on": "notional_at_mark", "style": "marginal", "cap": "inclusive",
    "above_last_cap": {"existing": "last_tier_applies", "increase": "refused"}, "maintenance_rate": "written", "rates": "strictly_rising",
}  # fmt: skip
ACCOUNT = {
    "margin_modes": ["cross", "isolated"], "hedge_legs": {"tier_by": "each_leg", "margin": "sum_of_legs"}, "pools": "per_settle_asset",
    "posted_margin": "given_or_initial_at_entry",
}  # fmt: skip
NO_ORDERS = {"count": "not_counted", "price": "order_price", "reduce_only": "excluded", "opening_loss": "not_reserved", "fee": "none"}
EVERY_ORDER = {**NO_ORDERS, "count": "every_order", "fee": "taker_fee"}
PROFIT = {"wallet_balance": "counted", "unrealised_loss": "100%"}
FACE = {"weight": "100%", "owed_weight": "100%"}
UNROUNDED = {"position_margins": "none", "pool_margins": "none", "equity": "none"}
BELOW = {"equity": {"below": "maintenance_margin"}, "needs": "open_position"}
INVERSE = {"type": "inverse", "size_in": "contracts", "settle": "base", "multiplier": "10", "tick": "not_stated", "lot": "1"}
LINEAR = {"type": "linear", "size_in": "base", "settle": "quote", "multiplier": "1", "tick": "not_stated", "lot": "not_stated"}


def rows(*written: tuple[str, str, str]) -> dict[str, list[dict[str, str]]]:
    """A table of (cap, largest leverage, rate); a rate of "" is left to the form."""
    named = ("cap", "max_leverage", "maintenance_rate")
    return {"tiers": [{name: value for name, value in zip(named, row, strict=True) if value} for row in written]}


COIN = {
    "BTC-USD": rows(("5", "125", "0.4%"), ("10", "100", "0.5%"), ("20", "25", "1/30"), ("unlimited", "5", "10%")),
    "ETH-USD": rows(("50", "50", "1%"), ("250", "20", "2.5%"), ("500", "10", "5%")),
}
EVENLY = {"cap": "2", "maintenance_rate": "0.5%", "initial_rate": "0.7%", "up_to_initial_rate": "1/2"}
LEVERED = {
    "BTC-USDC": rows(("150_000_000", "40", ""), ("unlimited", "20", "")),
    "SOL-USDC": rows(("3_000", "15", ""), ("70_000", "10", ""), ("unlimited", "3", "")),
    "ATOM-USDC": rows(("unlimited", "5", "")),
}

TIERED_WITHOUT_FEE = {"position": "tier", "fee": "none"}

CUT_TOWARD_ZERO: Changes = {
    "margin": {
        "account": ACCOUNT,
        "collateral": {"USDT": FACE},
        "initial_margin": {"position": {"rate": "one_over_chosen_leverage", "on": "notional_at_mark"}, "orders": NO_ORDERS},
        "maintenance_margin": TIERED_WITHOUT_FEE,
        "rounding": {**UNROUNDED, "position_margins": {"to": "0.00000001", "direction": "toward_zero"}},
        "liquidate_when": BELOW,
        "states_by_maintenance_share_of_equity": "none",
    },
}
HALF_OF_INITIAL: Changes = {
    "margin": {
        "tier_forms": {"levered": {**FORM, "maintenance_rate": {"share_of_initial_rate": "1/2"}}},
        "account": {**ACCOUNT, "hedge_legs": "not_allowed"},
        "collateral": {"USDC": FACE},
        "maintenance_margin": TIERED_WITHOUT_FEE,
        "rounding": UNROUNDED,
        "liquidate_when": BELOW,
        "states_by_maintenance_share_of_equity": [
            {"below": "85%", "state": "normal", "may": ["increase"]},
            {"at_or_above": "85%", "state": "reduce_only", "may": ["reduce"]},
            {"above": "100%", "state": "liquidation", "may": ["nothing"]},
        ],
    },
    "tiers": {"form": "levered", "tables": LEVERED},
}
ALL_INVERSE: Changes = {
    "margin": {"account": ACCOUNT, "collateral": {"BTC": FACE, "ETH": {"weight": "90%", "owed_weight": "110%"}}, "rounding": UNROUNDED},
    "tiers": {"form": "marginal_on_mark_notional", "tables": COIN},
    "contracts": {"every_market": INVERSE, "markets": {"BTC-USD": {**INVERSE, "multiplier": "100"}}},
}
LINEAR_AND_INVERSE: Changes = {
    "margin": {
        "account": ACCOUNT,
        "collateral": {"BTC": FACE, "ETH": FACE, "USDT": FACE},
        "maintenance_margin": {"position": "tier", "fee": {"rate": "taker_fee", "on": "notional_at_entry"}},
    },
    "tiers": {
        "form": "marginal_on_mark_notional",
        "tables": {**COIN, "SOL-USDT": rows(("5_000", "50", "1%"), ("60_000", "10", "1/15"))},
    },
    "contracts": {
        "every_market": LINEAR,
        "markets": {"BTC-USD": INVERSE, "ETH-USD": INVERSE, "SOL-USDT": {**LINEAR, "multiplier": "1000"}},
    },
}
WHOLE_FORM = {"lookup": "size", "rate_on": "notional_at_entry", "style": "whole_position", "cap": "exclusive", "rates": "never_falling"}
WHOLE_POSITION: Changes = {
    "margin": {
        "tier_forms": {"whole": {**FORM, **WHOLE_FORM}},
        "account": {**ACCOUNT, "margin_modes": ["cross"], "posted_margin": "given"},
        "equity": {**PROFIT, "unrealised_profit": "50%", "funding_owed": "not_counted", "funding_due": "counted"},
        "collateral": {"USDT": FACE},
        "initial_margin": {"position": {"rate": "one_over_max_leverage", "on": "notional_at_mark"}, "orders": EVERY_ORDER},
        "rounding": {
            "position_margins": {"to": "0.05", "direction": "half_even"},
            "pool_margins": {"to": "1", "direction": "half_up"},
            "equity": {"to": "0.1", "direction": "away_from_zero"},
        },
        "may_increase": {"equity": {"above": "initial_margin"}},
        "liquidate_when": {"equity": {"at_or_below": "maintenance_margin"}, "needs": "nothing"},
        "states_by_maintenance_share_of_equity": [
            {"below": "50%", "state": "normal", "may": ["increase"]},
            {"at_or_above": "1/2", "state": "watched", "may": ["reduce"]},
            {"above": "75%", "state": "close", "may": ["reduce"]},
            {"at_or_above": "100%", "state": "liquidation", "may": ["nothing"]},
        ],
    },
    "tiers": {
        "form": "whole",
        "tables": {
            "BTC-USDT": rows(("1", "50", "1%"), ("10", "20", "1/30"), ("10.5", "10", "4%")),
            "ETH-USDT": rows(("20", "50", "1%"), ("unlimited", "10", "1%")),
        },
    },
}
ON_ENTRY: Changes = {
    "margin": {
        "tier_forms": {"entry": {**FORM, "lookup": "notional_at_entry", "rate_on": "notional_at_entry"}},
        "equity": {**PROFIT, "unrealised_profit": "0%", "unrealised_loss": "120%", "funding_owed": "counted", "funding_due": "counted"},
        "collateral": {"USDT": FACE, "BTC": {"weight": "1/3", "owed_weight": "4/3"}},
        "initial_margin": {
            "position": {"rate": "one_over_chosen_leverage", "on": "notional_at_entry"},
            "orders": {**NO_ORDERS, "count": "larger_side", "opening_loss": "reserved", "untriggered": "counted"},
        },
    },
    "tiers": {"form": "entry", "tables": {"BTC-USDT": rows(("50_000", "100", "1/300"), ("unlimited", "10", "5%"))}},
}
POSTED_AT_FULL_LEVERAGE: Changes = {
    "margin": {
        "tier_forms": {"stepped": {**FORM, "lookup": "size", "style": "whole_position"}},
        "account": {**ACCOUNT, "posted_margin": "given_or_initial_margin"},
        "collateral": {"USDT": FACE},
        "initial_margin": {"position": {"rate": "one_over_chosen_leverage", "on": "notional_at_entry"}, "orders": NO_ORDERS},
    },
    "tiers": {
        "form": "stepped",
        "tables": {
            "BTC-USDT": {**rows(("1", "50", "1%"), ("3", "20", "1/30")), "then": EVENLY},
            "ETH-USDT": {**rows(("20", "50", "1%")), "then": {**EVENLY, "cap": "1/3", "up_to_initial_rate": "12%"}},
        },
    },
}
VARIANTS = {
    "posted-margin-and-steps": POSTED_AT_FULL_LEVERAGE,
    "cut-toward-zero": CUT_TOWARD_ZERO,
    "half-of-initial": HALF_OF_INITIAL,
    "inverse": ALL_INVERSE,
    "linear-and-inverse": LINEAR_AND_INVERSE,
    "whole-position": WHOLE_POSITION,
    "on-entry": ON_ENTRY,
}


def write_variant(house: Path, into: Path, name: str) -> Path:
    """The folder of a variant, with the house's files and its own sections in place of theirs."""
    for path in sorted(house.rglob("*.yaml")):
        document = yaml.load(path.read_text(encoding="utf-8"), TEXT_LOADER)
        if document["kind"] in BESIDE:
            continue
        document |= {"rulebook": name, **VARIANTS[name].get(document["kind"], {})}
        for table in document["tables"].values() if document["kind"] == "tiers" else ():
            table.pop("replaces", None)  # the digest of a rule of another rulebook
        target = into / name / path.relative_to(house)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.dump(document, Dumper=_Plain, sort_keys=False), encoding="utf-8")
    return into / name


class _Plain(yaml.SafeDumper):
    """Text without quotes, as policies write their numbers, and nothing said by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data)


_Plain.yaml_implicit_resolvers = {}
_Plain.add_representer(str, _Plain.represent_text)
