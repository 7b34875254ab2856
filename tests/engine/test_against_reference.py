"""The engine against the textbook: every tier, amount and decision of adversarial accounts, exactly.

python -m tests.engine.test_against_reference 20000 [RULEBOOK]
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import riskrules
from riskrules.engine.explain import PoolExplanation
from tests.reference.accounts import accounts, latest, stamp
from tests.reference.policy import in_the_textbook, read_policy
from tests.reference.textbook import Pool, Textbook
from tests.reference.variants import VARIANTS, write_variant

POLICIES = Path(__file__).resolve().parents[2] / "policies"
POOL_FIGURES = ("wallet_balance", "equity", "maintenance_margin", "initial_margin", "margin_buffer")
LEG_FIGURES = (
    "notional", "maintenance_rate", "maintenance_amount", "max_leverage", "position_initial", "position_maintenance", "unrealised_profit",
)  # fmt: skip
NUMBER_AS_TEXT = re.compile(r'"(-?\d+(?:\.\d+)?)"')  # every other snapshot writes its numbers as JSON numbers
SEED = 20261201

Figures = dict[str, Any]


class Compared:
    """One rulebook, ready to be asked both ways."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        as_of = stamp(latest(folder))
        self.textbook = Textbook.of(folder, as_of)
        self.book = riskrules.load(folder.parent, rulebook=folder.name, as_of=as_of)

    def differences(self, snapshot: dict[str, Any], text: str) -> list[str]:
        """What the two say differently, in words; the engine reads the text."""
        theirs = {(pool.settle, pool.isolated): of_textbook(pool) for pool in self.textbook.pools(snapshot)}
        ours = {(pool.pool.settle, pool.pool.position): of_engine(pool) for pool in self.book.explain(text).pools}
        unsaid = {key for key in theirs.keys() - ours.keys() if not is_empty(theirs[key])}
        found = [f"pool {key}: only the textbook has it" for key in sorted(unsaid)]
        for key, figures in ours.items():
            expected = theirs.get(key, {})
            pairs = {name: (figures.get(name), expected.get(name)) for name in {**expected, **figures}}
            found += [f"pool {key} {name}: {here} but the textbook says {there}" for name, (here, there) in pairs.items() if here != there]
        return found


def of_engine(pool: PoolExplanation) -> Figures:
    evaluated = pool.evaluated
    figures: Figures = {name: plain(pool.value(name)) for name in POOL_FIGURES}
    figures |= {"decision": pool.decision, "state": pool.state, "may_increase": pool.value("may_increase")}
    for leg in pool.legs:
        name = evaluated.rows.legs[leg].id
        figures |= {f"{name} {figure}": plain(evaluated.value(figure, leg)) for figure in LEG_FIGURES}
        figures[f"{name} tier"] = evaluated.value("tier", leg) + 1
    return figures


def of_textbook(pool: Pool) -> Figures:
    figures: Figures = {name: getattr(pool, name) for name in (*POOL_FIGURES, "decision", "state", "may_increase")}
    for leg in pool.legs:
        figures |= {f"{leg.position} {name}": getattr(leg, name) for name in (*LEG_FIGURES, "tier")}
    return figures


def plain(value: Any) -> Any:
    """A pair as a fraction; a fault stays what it is, and equals no figure."""
    return Fraction(*value) if isinstance(value, tuple) else value


def is_empty(figures: Figures) -> bool:
    """A pool that nothing is in: the engine need not mention it."""
    return all(figures[name] == 0 for name in POOL_FIGURES)


def rulebooks() -> list[str]:
    """Those that the textbook knows: a margin by a formula is beyond it."""
    return sorted(path.name for path in POLICIES.iterdir() if path.is_dir() and by_tiers(path))


def by_tiers(folder: Path) -> bool:
    return in_the_textbook(read_policy(folder, stamp(latest(folder))))


def disagreements(folder: Path, n: int, seed: int) -> Iterator[str]:
    compared = Compared(folder)
    for k, snapshot in enumerate(accounts(folder, n, seed)):
        text = json.dumps(snapshot)
        different = compared.differences(snapshot, NUMBER_AS_TEXT.sub(r"\1", text) if k % 2 else text)
        if different:
            yield f"{folder.name} account {k} of seed {seed}:\n  " + "\n  ".join(different) + "\n" + text


@pytest.mark.parametrize("rulebook", rulebooks())
def test_engine_equals_textbook(rulebook: str) -> None:
    assert next(disagreements(POLICIES / rulebook, 300 if rulebook == "house-usdm" else 60, SEED), None) is None


@pytest.mark.parametrize("variant", VARIANTS)
def test_engine_equals_textbook_when_the_rules_are_said_otherwise(variant: str, tmp_path: Path) -> None:
    folder = write_variant(POLICIES / "house-usdm", tmp_path, variant)
    assert next(disagreements(folder, 60, SEED), None) is None


def test_the_accounts_are_hard() -> None:
    """A generator that misses the bounds would let everything pass."""
    textbook = Textbook.of(POLICIES / "house-usdm", "2026-12-01T08:00:00Z")
    met: Counter[str] = Counter()
    for snapshot in accounts(POLICIES / "house-usdm", 300, SEED):
        for pool in textbook.pools(snapshot):
            met["equity is the requirement"] += bool(pool.legs) and pool.margin_buffer == 0
            met["equity is the initial margin"] += bool(pool.legs) and pool.equity == pool.initial_margin
            met[f"state {pool.state}"] += 1
            met["isolated"] += pool.isolated != ""
            met["several legs"] += len(pool.legs) > 1
            met["a debt"] += pool.wallet_balance < 0
            met["ten figures"] += any(leg.notional > 10**9 for leg in pool.legs)
            met["a rate of 1/30"] += any(leg.maintenance_rate == Fraction(1, 30) for leg in pool.legs)
            met["on a cap"] += any(leg.notional in {tier.cap for tier in textbook.policy.tiers(leg.market)} for leg in pool.legs)
    rare = {what: times for what, times in met.items() if times < 10}
    assert len(met) == 11
    assert not rare


def main(n: str, *chosen: str) -> int:
    failed = 0
    with TemporaryDirectory() as made:
        for rulebook in chosen or (*rulebooks(), *VARIANTS):
            folder = write_variant(POLICIES / "house-usdm", Path(made), rulebook) if rulebook in VARIANTS else POLICIES / rulebook
            found = list(disagreements(folder, int(n), SEED))
            failed += len(found)
            print(f"{rulebook}: {n} accounts, {len(found)} of them decided differently")
            print("\n".join(found[:3]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
