"""A stand-in for each figure that cannot be read, so that one of them does not hide what else is wrong.

A stand-in is what the figures around it say, or lies between its neighbours, and is never shown: what is
said about its row is not said, nor is anything said from an amount that would follow from a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from riskrules.rulebook.importing.sources import Figure

Figures = dict[Figure, Fraction]

NEEDED: tuple[Figure, ...] = ("cap", "leverage", "rate")


@dataclass(frozen=True, slots=True)
class Mended:
    rows: list[Figures]  # with nothing missing that a table needs
    holes: frozenset[int]  # the rows that have a stand-in
    guessed_from: int  # the first row whose amount would follow from a guess


def mended(rows: list[Figures]) -> Mended:
    done: list[Figures] = []
    holes: set[int] = set()
    guessed_from = len(rows)
    amount = Fraction(0)  # what the row takes off, as the rows before it have it
    for k, read in enumerate(rows):
        row, after = dict(read), rows[k + 1 :]
        absent = [figure for figure in NEEDED if figure not in row]
        if absent:
            holes.add(k)
        if "cap" in absent:
            row["cap"], sure = _cap(done, after)
            guessed_from = guessed_from if sure else min(guessed_from, k + 1)
        if "rate" in absent:
            row["rate"], sure = _rate(row, done, after, amount)
            guessed_from = guessed_from if sure else min(guessed_from, k)
        if "leverage" in absent:
            row["leverage"] = _between("leverage", done, after)
        amount = amount + done[-1]["cap"] * (row["rate"] - done[-1]["rate"]) if done else row.get("amount", amount)
        if k >= guessed_from:
            row.pop("amount", None)
        done.append(row)
    return Mended(done, frozenset(holes), guessed_from)


def _cap(before: list[Figures], after: list[Figures]) -> tuple[Fraction, bool]:
    """The floor of the next row, which is the same figure."""
    floor = after[0].get("floor") if after else None
    return (floor, True) if floor else (_between("cap", before, after), False)


def _rate(row: Figures, before: list[Figures], after: list[Figures], amount: Fraction) -> tuple[Fraction, bool]:
    """The rate with which the row takes off what it says it does."""
    if before and "amount" in row:
        rate = before[-1]["rate"] + (row["amount"] - amount) / before[-1]["cap"]
        above = next((later["rate"] for later in after if "rate" in later), None)
        if rate > before[-1]["rate"] and (above is None or rate < above):
            return rate, True
    return _between("rate", before, after), False


def _between(figure: Figure, before: list[Figures], after: list[Figures]) -> Fraction:
    below = before[-1][figure] if before else None
    above = next((row[figure] for row in after if figure in row), None)
    if below is not None and above is not None:
        return (below + above) / 2
    known, factor = (below, Fraction(2)) if below is not None else (above, Fraction(1, 2))
    return (known or Fraction(1)) * (1 / factor if figure == "leverage" else factor)
