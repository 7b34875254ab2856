"""Batch equals scalar equals textbook: every decision, state, tier, code and exact amount, on accounts made to be hard.

python -m tests.batch.test_against_scalar 5000 [RULEBOOK]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import pytest

import riskrules
from riskrules.batch import block, evaluate
from riskrules.ir.fault import Fault
from tests.batch.rows import Snapshot, exact, pools_by_position, snapshots, table
from tests.places import POLICIES
from tests.reference.accounts import latest, stamp
from tests.reference.policy import in_the_textbook, read_policy
from tests.reference.textbook import Textbook
from tests.reference.variants import VARIANTS, write_variant

SEED = 20261203
DECISIONS = ("healthy", "liquidate", "error", "none")
AMOUNTS = ("notional", "initial_margin", "maintenance_margin", "unrealised_pnl", "equity")
STATED = Fraction(1, 10**12)  # of the larger of the figure and what it is made of
Amounts = Literal["float", "exact"]


def folder_of(rulebook: str, into: Path) -> Path:
    return write_variant(POLICIES / "house-usdm", into, rulebook) if rulebook in VARIANTS else POLICIES / rulebook


def differences(folder: Path, made: list[Snapshot], amounts: Amounts, as_floats: bool, met: Counter[str]) -> Iterator[str]:
    as_of = stamp(latest(folder))
    book = riskrules.load(folder.parent, rulebook=folder.name, as_of=as_of)
    positions, held = table(made)
    if as_floats:
        positions, held, made = floats(positions), floats(held), as_float_snapshots(made)
    out = book.evaluate(positions, held, amounts=amounts)
    met["doubtful pools"] += out.doubtful
    met["alone"] += out.alone
    columns = {name: out[name] for name in (*AMOUNTS, "tier", "decision", "state", "code")}
    if amounts == "float":
        yield from otherwise(book, positions, held, columns)
    textbook, row = Textbook.of(folder, as_of), -1
    for snapshot in made:
        scalar = pools_by_position(book, snapshot)
        known = {leg.position: pool for pool in textbook.pools(snapshot) for leg in pool.legs}
        for position in snapshot["accounts"][0]["positions"]:
            row += 1
            if Fraction(position["size"]) == 0:
                continue
            pool, leg = scalar[position["id"]]
            met[str(columns["decision"][row])] += 1
            said = {name: columns[name][row] for name in columns}
            for what, mine, theirs in compared(said, pool, leg, known[position["id"]], amounts):
                if mine != theirs:
                    yield f"{folder.name} {snapshot['accounts'][0]['id']} {position['id']}: {what} is {mine} and {theirs}: {snapshot}"


def otherwise(book: Any, positions: Any, held: Any, columns: dict[str, Any]) -> Iterator[str]:
    """Whatever is sure under one bound for a column is kept, in blocks of all sizes: so many rows in doubt would be walked again whole."""
    for size in (evaluate.BLOCK, 32, 5):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(block, "MANY", 1)
            patch.setattr(evaluate, "BLOCK", size)
            out = book.evaluate(positions, held)
        for name in ("tier", "decision", "state", "code"):
            for row in np.flatnonzero(out[name] != columns[name]):
                yield f"row {row}, blocks of {size}: {name} is {out[name][row]} and {columns[name][row]}"


def compared(said: dict[str, Any], pool: Any, leg: int, known: Any, amounts: Amounts) -> Iterator[tuple[str, Any, Any]]:
    yield "decision", said["decision"], pool.decision
    yield "the textbook's decision", said["decision"], known.decision
    yield "state", said["state"], pool.state
    evaluated = pool.evaluated
    tier = evaluated.value("tier", evaluated.row_of("tier", leg))
    yield "tier", int(said["tier"]), 0 if isinstance(tier, Fault) else tier + 1
    for name in AMOUNTS:
        value = exact(pool, leg, name)
        if isinstance(value, Fault):
            yield name, said[name] is None or said[name] != said[name], True
        elif amounts == "exact":
            yield name, said[name], Fraction(round(value * 10**8), 10**8)
        else:
            quantum = Fraction(1) if name != "notional" else Fraction(0)
            made_of = sum((leg.notional + leg.entry_notional for leg in known.legs), abs(known.wallet_balance))
            yield (
                f"{name} {said[name]} beside {float(value)}",
                abs(Fraction(float(said[name])) - value) <= STATED * (abs(value) + made_of + 1) + quantum,
                True,
            )


def floats(columns: dict[str, list[Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, column in columns.items():
        try:
            made[name] = np.array([np.nan if x is None else float(x) for x in column])
        except ValueError:
            made[name] = column
    return made


def as_float_snapshots(made: list[Snapshot]) -> list[Snapshot]:
    """The same accounts with every figure the shortest decimal of its float64."""

    def plain(text: Any) -> Any:
        try:
            return (
                format(float(text), "r")
                if isinstance(text, str) and text[:1] in "-0123456789" and "T" not in text and "%" not in text
                else text
            )
        except ValueError:
            return text

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: walk(value) for key, value in node.items()}
        return [walk(value) for value in node] if isinstance(node, list) else repr(float(node)) if _is_number(node) else node

    return [walk(snapshot) for snapshot in made]


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return isinstance(text, str)


def by_tiers(folder: Path) -> bool:
    """The textbook knows no margin by a formula."""
    return in_the_textbook(read_policy(folder, stamp(latest(folder))))


SHIPPED = sorted(path.name for path in POLICIES.iterdir() if path.is_dir() and by_tiers(path))


@pytest.mark.parametrize("as_floats", [False, True], ids=["text", "float64"])
@pytest.mark.parametrize("amounts", ["float", "exact"])
@pytest.mark.parametrize("rulebook", [*SHIPPED, *VARIANTS])
def test_batch_equals_scalar_equals_textbook(rulebook: str, amounts: Amounts, as_floats: bool, tmp_path: Path) -> None:
    met: Counter[str] = Counter()
    folder = folder_of(rulebook, tmp_path)
    assert next(differences(folder, snapshots(folder, 14, SEED), amounts, as_floats, met), None) is None
    assert {"healthy", "liquidate"} <= met.keys()


def main(n: str, *chosen: str) -> int:
    failed, every = 0, 0
    with TemporaryDirectory() as made:
        for rulebook in chosen or (*SHIPPED, *VARIANTS):
            folder = folder_of(rulebook, Path(made))
            for form, (amounts, as_floats) in enumerate((("float", False), ("float", True), ("exact", False), ("exact", True))):
                met: Counter[str] = Counter()
                few = snapshots(folder, int(n), SEED + form)  # each form has accounts of its own
                found = list(differences(folder, few, amounts, as_floats, met))  # type: ignore[arg-type]
                failed += len(found)
                rows = sum(count for word, count in met.items() if word in DECISIONS)
                every += rows
                said = f"{rulebook} {amounts} of {'float64' if as_floats else 'text'}: {rows} rows, {len(found)} differences"
                print(f"{said}; {dict(sorted(met.items()))}", flush=True)
                if found:
                    print("\n".join(found[:3]))
    print(f"{every} rows, {failed} differences")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
