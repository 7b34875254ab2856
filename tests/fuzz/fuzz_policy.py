"""Mutated policies: problems or a policy, never a traceback; and no other meaning without a name for where.

A mutant that is accepted has its parent's meaning digests, or differences that each name a node of one
of the two texts.  Now and then the whole book is compiled with the mutant in it, and decides an account.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from riskrules.diagnostics import render
from riskrules.diagnostics.codes import CODES
from riskrules.diagnostics.problem import Problem
from riskrules.engine.decide import decide
from riskrules.engine.door import read_snapshot
from riskrules.engine.explain import explanations
from riskrules.engine.explain_text import pool_text
from riskrules.rulebook.compile import Book, Refused, compile_book
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.versions import PolicyFile, history
from riskrules.rules.typed import typed
from riskrules.text.reader import read
from tests.fuzz.difference import differences, digests
from tests.fuzz.fuzz_reader import second_reading
from tests.fuzz.mutants import changed
from tests.fuzz.watch import Mutant

ROOT = Path(__file__).resolve().parents[2]
MARKETS_KEPT = 6  # of the tables of a venue with hundreds
WHOLE_BOOK = 0.15  # the share of mutants with which a book is compiled


@dataclass(frozen=True, slots=True)
class Parent:
    """A policy file that is right, and the files beside it."""

    name: str
    data: bytes
    file: PolicyFile
    beside: tuple[PolicyFile, ...]


@cache
def parents() -> tuple[Parent, ...]:
    """Every file of the small books, and a slice of a venue's."""
    books = [ROOT / "policies/house-usdm", ROOT / "policies/binance-usdm", ROOT / "policies/binance-coinm"]
    books += sorted(path for path in (ROOT / "tests/books").iterdir() if path.is_dir())
    return tuple(parent for book in books for parent in _family(book))


def _family(book: Path) -> list[Parent]:
    """A file with hundreds of tables is cut to its first few; the book is that of the slices."""
    texts = {f"{book.name}/{path.relative_to(book)}": _slice(path.read_bytes()) for path in sorted(book.rglob("*.yaml"))}
    files = {name: policy(name, data) for name, data in texts.items()}
    whole = {name: file for name, file in files.items() if file is not None}
    assert len(whole) == len(texts), f"a shipped file of {book.name} is refused"
    return [Parent(name, texts[name], whole[name], tuple(file for other, file in whole.items() if other != name)) for name in texts]


def _slice(data: bytes) -> bytes:
    """Up to the table after the first few; a name that is withdrawn further down has no table here, so that list goes too."""
    lines = data.decode().split("\n")
    if len(lines) < 300 or "tables:" not in lines:
        return data
    at = lines.index("tables:")
    names = [k for k, line in enumerate(lines) if k > at and line.startswith("  ") and line[2] not in " #-"]
    head = [line for line in lines[:at] if not line.startswith("withdrawn:")]
    return "\n".join([*head, *lines[at : names[MARKETS_KEPT]], ""]).encode()


def policy(name: str, data: bytes) -> PolicyFile | None:
    """The text read and typed, with every promise of a refusal kept."""
    document, problems = read(data, name)
    if document is None:
        _told(problems, name, data)
        return None
    header, problems = typed(document)
    if header is None:
        _told(problems, name, data)
        return None
    return PolicyFile(name.partition("/")[2], name, document, header)


def _told(problems: list[Problem], name: str, data: bytes) -> None:
    assert problems, "refused without a reason"
    for problem in problems:
        assert problem.code in CODES, problem
        assert problem.text, problem
        assert problem.hint, problem
    shown = render(problems, {name: data.decode("utf-8", "replace")})
    assert shown.replace("\n", "").isprintable(), "a character without a glyph reached the screen"


def fuzz(dice: random.Random) -> Mutant:
    parent = dice.choice(parents())
    data = changed(parent.data, dice)
    whole = dice.random() < WHOLE_BOOK
    pick = dice.random()
    return Mutant(parent.name, data, lambda: judge(parent, data, whole, pick))


def judge(parent: Parent, data: bytes, whole: bool, pick: float) -> str:
    """`refused`, `same meaning`, `other meaning`; and what became of the book where it was compiled."""
    made = policy(parent.name, data)
    if made is None:
        return "refused"
    assert made.document == second_reading(data.decode()), "two parsers read two documents"
    said = compared(parent.file, made)
    return f"{said}, {in_its_book(made, parent.beside, pick)}" if whole else said


def compared(before: PolicyFile, after: PolicyFile) -> str:
    """The digests differ exactly where something can be named that does, and it stands in one of the texts."""
    named = differences(before, after)
    same = digests(before) == digests(after)
    assert same == (not named), f"digests say {'same' if same else 'other'}, the difference says {[str(one) for one in named]}"
    for one in named:
        assert one.before != "not given" or one.after != "not given", f"{one} stands in neither text"
    return "same meaning" if same else "other meaning"


def in_its_book(made: PolicyFile, beside: tuple[PolicyFile, ...], pick: float) -> str:
    """Compiled at one of the book's times; a plan that comes of it decides an account without an exception."""
    lines, problems = history([made, *beside])
    book = Book(made.header.rulebook, "fuzz", "0" * 64, lines)
    times = book.windows()
    if not times:
        return "book empty"
    try:
        plan = compile_book(book, times[int(pick * len(times))])
    except Refused as refused:
        assert refused.problems, "refused without a reason"
        problems = [*problems, *refused.problems]
        plan = None
    if problems:
        render(problems, {})
    if plan is None:
        return "book refused"
    decides(plan)
    return "book compiled"


def decides(plan: Plan) -> None:
    """An account in every market of the plan (the first few), healthy or not, explained."""
    snapshot, problems = read_snapshot(account_under(plan), "account.json", plan.drivers)
    assert snapshot is not None, problems
    for pool in explanations(decide(plan, snapshot, snapshot.accounts[0])):
        assert pool_text(pool, 2, [], colour=False)


def account_under(plan: Plan) -> str:
    drivers = {rows: {name: "1000" for name in names} for rows, names in plan.drivers.items()}
    names = list(plan.markets())[:3]
    markets = {name: {"mark_price": str(100 + k), "at": "2026-12-02T00:00:00Z", **drivers.get("market", {})} for k, name in enumerate(names)}
    legs = [
        {"market": name, "mode": "cross", "size": str(7 - 10 * k), "entry_price": "99.5", "leverage": "2", "unsettled_funding": "-1", **drivers.get("leg", {})}
        for k, name in enumerate(names)
    ]
    account = {"id": "a", "taker_fee": "0.05%", "collateral": {asset: "12.5" for asset in plan.assets}, "positions": legs, **drivers.get("account", {})}
    assets = {asset: {"index_price": "2", "at": "2026-12-02T00:00:00Z", **drivers.get("asset", {})} for asset in plan.assets}
    return json.dumps({"as_of": "2026-12-02T00:00:01Z", "markets": markets, "assets": assets, "accounts": [account]})

