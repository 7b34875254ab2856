"""Whether a market's rows hang together: every inconsistency at once, at the place in the source.

The rows become a table of the rulebook and are held to what is proved of those.  Only what such a table
cannot say is checked here: that a figure is there, is a number and can be one, and that the tiers count
up from 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.importing.json_text import JsonText
from riskrules.rulebook.importing.mend import Figures, Mended, mended
from riskrules.rulebook.importing.sources import MISSING, Cell, Figure, Row, SourceMarket
from riskrules.rulebook.proofs import Opening, is_error, prove_tiers
from riskrules.rulebook.versions import PolicyFile, Version
from riskrules.rules.margin import TierForm
from riskrules.rules.tiers import Table, Tier, TiersFile
from riskrules.text.document import Mapping, Path, Place, Sequence, Text
from riskrules.units.exact import exact_text, loose_number, to_exact, to_fraction

NO_END = Fraction(2**63 - 1)  # the largest whole number of the venue's field: how it writes a cap that is none

MOST_DIGITS = 40

_FIELDS: dict[Figure, str] = {
    "floor": "floor", "cap": "cap", "leverage": "max_leverage", "rate": "maintenance_rate", "amount": "maintenance_amount",
}  # fmt: skip
_FROM_AMOUNTS = frozenset({"RR205", "RR207", "RR208", "RR209"})
_ABOVE_ZERO = frozenset({"cap", "leverage"})
_NO_FEES = Opening(Fraction(0), equality_liquidates=False)  # a source's rows are judged alone; fees belong to the margin file


@dataclass(frozen=True, slots=True)
class Judged:
    name: str
    table: Table | None
    problems: tuple[Problem, ...]


def judge(market: SourceMarket, header: TiersFile, form: TierForm, where: JsonText) -> Judged:
    """The market's table, or everything that is wrong with its rows."""
    if not market.rows:
        nothing = Problem(
            "RR710", where.at(market.path), f"{market.name}: no tiers", "ask the source again: a market in its answer has tiers"
        )
        return Judged(market.name, None, (nothing,))
    read, problems = _figures(market, where)
    problems += _counting(market, read, where)
    whole = mended(read)
    table = _table(whole.rows)
    problems += _proofs(market, whole, table, header, form, where)
    told = tuple(replace(problem, text=f"{market.name}: {problem.text}") for problem in problems)
    return Judged(market.name, None if any(map(is_error, told)) else table, told)


# -- the figures -------------------------------------------------------------------------------------


def _figures(market: SourceMarket, where: JsonText) -> tuple[list[Figures], list[Problem]]:
    rows: list[Figures] = []
    problems: list[Problem] = []
    for k, row in enumerate(market.rows, start=1):
        read: Figures = {}
        for figure, cell in row.items():
            number, wrong = _number(figure, cell)
            if wrong:
                code, text, hint = wrong
                problems.append(Problem(code, where.at(cell.path), f"tier {k}: {cell.name} {text}", hint))
            else:
                read[figure] = number
        rows.append(read)
    return rows, problems


def _number(figure: Figure, cell: Cell) -> tuple[Fraction, tuple[str, str, str] | None]:
    nothing = Fraction(0)
    if cell.value is MISSING or cell.value is None:
        word = "is missing" if cell.value is MISSING else "is null"
        return nothing, ("RR707", word, "ask the source for the figure; it is never guessed")
    pair = loose_number(cell.value) if isinstance(cell.value, str) and "/" not in cell.value else None
    if pair is None:
        said = ascii(cell.value) if isinstance(cell.value, (str, bool)) else "a list or a mapping"
        return nothing, ("RR708", f"is not a number: {said}", "a decimal is due here, as text or as a JSON number")
    if _is_long(cell.value) and len(exact_text(pair)) > MOST_DIGITS:
        return nothing, ("RR708", f"has more than {MOST_DIGITS} digits", "no amount, rate or leverage needs so many: ask the source again")
    number = to_fraction(pair)
    if number < 0 or (number == 0 and figure in _ABOVE_ZERO):
        hint = "this figure is above 0" if figure in _ABOVE_ZERO else "this figure is never negative"
        return nothing, ("RR709", f"is {cell.value}", hint)
    return number, None


def _is_long(text: str) -> bool:
    return len(text) > MOST_DIGITS or "e" in text or "E" in text


def _counting(market: SourceMarket, rows: list[Figures], where: JsonText) -> list[Problem]:
    hint = "tiers count up from 1; a row may be missing or out of order"
    return [
        Problem("RR711", where.at(market.rows[k - 1]["number"].path), f"tier {k} is numbered {spelled('number', row['number'])}", hint)
        for k, row in enumerate(rows, start=1)
        if row.get("number", k) != k
    ]


# -- the table ---------------------------------------------------------------------------------------

PlaceOf = Callable[[Path], Place]


def _proofs(market: SourceMarket, whole: Mended, table: Table, header: TiersFile, form: TierForm, where: JsonText) -> list[Problem]:
    """Proved without places first; only a table that has something wrong is looked up in the text."""

    def prove(place_of: PlaceOf) -> list[Problem]:
        file = PolicyFile(where.file, where.file, _document(market, place_of), header)
        version = Version(("table", market.name), file, ("tables", market.name), table)
        return prove_tiers(version, version.value, form, _NO_FEES)[1]

    by_row = prove(_row_only(market))
    return [told for told, rough in zip(prove(where.place), by_row, strict=True) if not _guessed(rough, whole)] if by_row else []


def _guessed(by_row: Problem, whole: Mended) -> bool:
    """Whether a problem speaks of a figure that the source does not have."""
    rows = {at.line - 1 for at in (by_row.at, *(at for at, _ in by_row.labels)) if at is not None}
    return bool(rows & whole.holes) or (by_row.code in _FROM_AMOUNTS and max(rows) >= whole.guessed_from)


def _row_only(market: SourceMarket) -> PlaceOf:
    """Places that say nothing but the row, as its line."""
    depth = len(market.tiers)
    return lambda path: ("", int(path[depth]) if len(path) > depth else -1, 0, 0, 0)


def _table(rows: list[Figures]) -> Table:
    """Figures that were read and are in range need no second reading."""
    return Table.model_construct(tiers=tuple(_tier(row) for row in rows), replaces=None, excerpt=None)


def _tier(row: Figures) -> Tier:
    return Tier.model_construct(
        cap=None if row["cap"] >= NO_END else row["cap"],
        max_leverage=row["leverage"],
        maintenance_rate=row["rate"],
        maintenance_amount=row.get("amount"),
        floor=row.get("floor"),
    )


def _document(market: SourceMarket, place_of: PlaceOf) -> Mapping:
    """The market as a policy file would hold it, each figure standing where the source has it."""
    tiers = Sequence(_places(row, place_of) for row in market.rows)
    tiers.at = place_of(market.tiers)
    table = _mapping({"tiers": tiers}, tiers.at)
    return _mapping({"tables": _mapping({market.name: table}, place_of(market.path))}, place_of(market.path))


def _places(row: Row, place_of: PlaceOf) -> Mapping:
    fields = {_FIELDS[figure]: _text(place_of(cell.path)) for figure, cell in row.items() if figure in _FIELDS}
    return _mapping(fields, place_of(row["cap"].path[:-1]))


def _mapping(fields: dict[str, Text] | dict[str, Sequence] | dict[str, Mapping], at: Place) -> Mapping:
    made = Mapping(fields)
    made.at, made.key_at = at, dict.fromkeys(fields, at)
    return made


def _text(at: Place) -> Text:
    made = Text()
    made.at, made.plain = at, True
    return made


def spelled(figure: Figure, number: Fraction) -> str:
    """The figure as a policy file writes it, ungrouped."""
    if figure == "cap" and number >= NO_END:
        return "unlimited"
    return f"{exact_text(to_exact(number * 100))}%" if figure == "rate" else exact_text(to_exact(number))
