"""Policy files read a second time: plain text values, the newest version of each name, and a tiny number parser.

Everything stays text until a figure is asked for, so that `0.4%`, `1/30` and `5_000` mean exactly what
they print.  Nothing is checked: these files are checked elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

# A loader that is safe and leaves every scalar the text it is written as.
TEXT_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

BY_NAME = {"tier_forms", "collateral", "markets", "assets", "tables"}
HEADER = {"kind", "rulebook", "effective", "observed", "known", "reason", "source", "form", "withdrawn"}


class NotInTheTextbook(Exception):
    """A rule that this reference does not know; it never guesses."""


def number(text: Any) -> Fraction:
    """0.4%, 40bps, 1/30, 5_000, 20x, 1e-05: the number it prints."""
    plain = str(text).replace("_", "").removesuffix("x")
    if plain.endswith("%"):
        return number(plain[:-1]) / 100
    if plain.endswith("bps"):
        return number(plain[:-3]) / 10_000
    if "/" in plain:
        above, below = plain.split("/")
        return number(above) / number(below)
    return Fraction(plain)


@dataclass(frozen=True, slots=True)
class Tier:
    cap: Fraction | None  # None: unlimited
    max_leverage: Fraction
    rate: Fraction
    first_amount: Fraction  # what the table's first row takes off; 0 but in an excerpt of a longer table


@dataclass(frozen=True, slots=True)
class Policy:
    """What is in force: section name → what it says; the named ones (markets, tables…) → name → what it says."""

    sections: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.sections[name]

    def contract(self, market: str) -> dict[str, str]:
        listed: dict[str, dict[str, str]] = self.sections.get("markets", {})
        return listed.get(market) or dict(self["every_market"])

    def settle(self, market: str) -> str:
        base, quote = market.split("-")[:2]
        return quote if self.contract(market)["settle"] == "quote" else base

    def slice_ends(self, asset: str) -> list[Fraction]:
        """Where the amounts of a collateral asset are cut; of one that is not, nowhere."""
        weight = self.sections.get("collateral", {}).get(asset, {}).get("weight", "")
        rows = [] if isinstance(weight, str) else weight["slices"]
        return [number(row["up_to"]) for row in rows if row["up_to"] != "unlimited"]

    def markets(self) -> list[str]:
        return sorted(self["tables"])

    def form(self, market: str) -> dict[str, Any]:
        form: dict[str, Any] = self["tier_forms"][self["tables"][market]["form"]]
        return form

    def tiers(self, market: str) -> list[Tier]:
        table, written = self["tables"][market], self.form(market)["maintenance_rate"]
        rows = table.get("tiers", [{"cap": "unlimited", **table}])  # a flat rate is one tier without an end
        first = number(rows[0].get("maintenance_amount", 0))
        read = [_tier(row, written, first) for row in rows]
        return read + _steps_on(read[-1], table["then"]) if "then" in table else read


def _tier(row: dict[str, str], written: Any, first: Fraction) -> Tier:
    leverage = number(row["max_leverage"])
    rate = number(row["maintenance_rate"]) if "maintenance_rate" in row else number(written["share_of_initial_rate"]) / leverage
    return Tier(None if row["cap"] == "unlimited" else number(row["cap"]), leverage, rate, first)


def _steps_on(last: Tier, steps: dict[str, str]) -> list[Tier]:
    """The n-th further row lies n steps beyond the last one written, as long as its initial rate does not pass the end."""
    assert last.cap is not None
    initial, step, end = 1 / last.max_leverage, number(steps["initial_rate"]), number(steps["up_to_initial_rate"])
    count = max(0, math.floor((end - initial) / step))
    return [
        Tier(
            last.cap + n * number(steps["cap"]),
            1 / (initial + n * step),
            last.rate + n * number(steps["maintenance_rate"]),
            last.first_amount,
        )
        for n in range(1, count + 1)
    ]


def read_policy(folder: Path, as_of: str) -> Policy:
    """The rulebook in a folder at a time: of every name, the version that began last."""
    documents = [yaml.load(path.read_text(encoding="utf-8"), TEXT_LOADER) for path in sorted(folder.rglob("*.yaml"))]
    alone = [d for d in documents if d["kind"] not in BESIDE]
    begun = sorted((d for d in alone if begins(d) <= moment(as_of)), key=begins)
    sections: dict[str, Any] = {}
    for document in begun:
        for name, value in _rules(document):
            if name in BY_NAME:
                sections.setdefault(name, {}).update(value)
            else:
                sections[name] = value
        for market in document.get("withdrawn", ()):
            sections["tables"].pop(market, None)
    return Policy(sections)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def begins(document: dict[str, Any]) -> datetime:
    """An observed table counts from when it was seen, one that is rolled out from when it holds for everyone."""
    when = document["effective"] if "effective" in document else document["observed"]["by"]
    return moment(when if isinstance(when, str) else when["existing"])


def _rules(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if name == "tables":
            yield name, {market: {**table, "form": document["form"]} for market, table in value.items()}
        elif name not in HEADER:
            yield name, value


BESIDE = ("portfolio", "mark_price", "liquidation")  # kinds that decide nothing of what is compared here
BEYOND = {
    "equity": ("position_value", "unsettled_funding", "whole", "with_initial_margin", "plus", "less"),
    "initial_margin": ("whole", "plus"),
    "maintenance_margin": ("whole", "plus"),
    "liquidate_when": ("times",),
}


def in_the_textbook(policy: Any) -> bool:
    """Margin by tier tables, and weights: the textbook knows no formulas, and nothing that a pool holds besides."""
    if policy["maintenance_margin"]["position"] != "tier" or policy["initial_margin"]["position"] == "none":
        return False
    if "tables" not in policy.sections:
        return False
    return not any(key in policy[section] for section, keys in BEYOND.items() for key in keys)
