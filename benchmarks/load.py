"""Reading, typing, proving and compiling a rulebook of some 12,000 lines, beside the C parser reading the same text.

The parser gives nested text and nothing else.  Imports are over before either begins, and no plan is kept.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import yaml

from benchmarks import ROOT, Figure, in_turn
from riskrules.rulebook.compile import compile_book
from riskrules.rulebook.load import load_book
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import instant
from riskrules.units.say import rate as say_rate

ROUNDS = 7
MARKETS, ROWS = 1_100, 9
HEAD = """kind: tiers
rulebook: house-usdm
effective: 2026-12-01T08:00:00Z
reason: Made up, to be long.
form: marginal_on_mark_notional
tables:
"""
LEVERAGES = (75, 50, 40, 25, 20, 10, 5, 4, 3, 2)


def figures() -> Iterator[Figure]:
    text = tier_file()
    parse, ours = "yaml.load with CBaseLoader, the same text", f"load_book and compile_book, {text.count(chr(10)):,} lines"
    with tempfile.TemporaryDirectory() as folder:
        shelf = long_shelf(Path(folder), text)
        sides = in_turn(ROUNDS, {ours: lambda: cold(shelf), parse: lambda: yaml.load(text, Loader=yaml.CBaseLoader)})
    yield Figure(sides[ours], sides[parse], ratio_at_most=4)


def tier_file() -> str:
    """Every market with figures of its own, so that nothing is seen twice that a real file would not say twice."""
    dice = random.Random(8)
    return HEAD + "".join(f"  M{number:04}-USDT:\n    tiers:\n{table(dice)}" for number in range(MARKETS))


def table(dice: random.Random) -> str:
    leverages = sorted(dice.sample(LEVERAGES, ROWS), reverse=True)
    """Rates of 0.45 to 0.5 of one over the leverage rise whatever the dice say; the amounts follow from them."""
    lines = ""
    cap, below, amount = 0, Fraction(0), Fraction(0)
    for leverage in leverages:
        rate = Fraction(dice.randrange(4_500, 5_000) // leverage, 10_000)
        amount += cap * (rate - below)
        cap, below = cap + dice.randrange(1, 200) * 500, rate
        written = f"maintenance_rate: {say_rate(rate)}, maintenance_amount: {_plain(amount)}"
        lines += f"      - {{cap: {cap:_}, max_leverage: {leverage}, {written}}}\n"
    return lines


def _plain(amount: Fraction) -> str:
    cents = amount * 100
    assert cents.denominator == 1
    return f"{cents.numerator // 100:_}" if cents.numerator % 100 == 0 else f"{cents.numerator // 100:_}.{cents.numerator % 100:02}"


def long_shelf(folder: Path, text: str) -> Shelf:
    """The house rulebook with a long tier file in place of its own."""
    shutil.copytree(ROOT / "policies" / "house-usdm", folder / "house-usdm")
    (folder / "house-usdm" / "tiers" / "2026-12-01.yaml").write_text(text, encoding="utf-8")
    return Shelf(folder, packaged=False)


def cold(shelf: Shelf) -> Plan:
    book, problems = load_book(shelf, "house-usdm")
    when = instant("2026-12-02T00:00:00Z")
    assert book is not None, problems[:3]
    assert when is not None
    return compile_book(book, when)
