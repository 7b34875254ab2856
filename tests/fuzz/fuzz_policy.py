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
from riskrules.engine.turns import turn_lines
from riskrules.rulebook.compile import Book, Refused, compile_book
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.versions import PolicyFile, history
from riskrules.rules.typed import typed
from riskrules.text.reader import read
from tests.fuzz.difference import differences, digests
from tests.fuzz.expressions import with_figure, with_made_up
from tests.fuzz.fuzz_reader import second_reading
from tests.fuzz.mutants import changed
from tests.fuzz.watch import Mutant

ROOT = Path(__file__).resolve().parents[2]
MARKETS_KEPT = 6  # of the tables of a venue with hundreds
WHOLE_BOOK = 0.15  # the share of mutants with which a book is compiled
MADE_UP = 0.05  # the share of mutants that are made-up formulas


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
    """The head and the first few tables."""
    lines = data.decode().split("\n")
    if len(lines) < 300 or "tables:" not in lines:
        return data
    at = lines.index("tables:")
    names = [k for k, line in enumerate(lines) if k > at and line.startswith("  ") and line[2] not in " #-"]
    return "\n".join([*lines[: names[MARKETS_KEPT]], ""]).encode()


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
    if dice.random() < MADE_UP:
        return _made_up(dice)
    data = changed(parent.data, dice)
    whole, pick = dice.random() < WHOLE_BOOK, dice.random()
    return Mutant(parent.name, data, lambda: judge(parent, data, whole, pick))


def _made_up(dice: random.Random) -> Mutant:
    """A book whose maintenance margin is an expression nobody would write."""
    parent = next(one for one in parents() if one.name == "three-scenarios/formula/2026-01-01.yaml")
    data = with_made_up(parent.data.decode(), "stressed_maintenance", dice).encode()
    return Mutant(parent.name, data, lambda: judge_made_up(parent, data))


def judge_made_up(parent: Parent, data: bytes) -> str:
    """Compiled twice: the example's figure is known only once the first refusal has said it."""
    made = policy(parent.name, data)
    assert made is not None, "an expression is a text like any other"
    plan, problems = plan_with(made, parent.beside, 0.0)
    wrong = [problem for problem in problems if problem.code == "RR405" and problem.expected]
    if plan is None and len(problems) == len(wrong) == 1:
        made = policy(parent.name, with_figure(data.decode(), wrong[0].expected).encode())
        assert made is not None
        plan, _ = plan_with(made, parent.beside, 0.0)
    if plan is None:
        return "made up, refused"
    decides(plan, turns=True)
    return "made up, compiled"


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
    plan, problems = plan_with(made, beside, pick)
    render(problems, {})
    if plan is None:
        assert problems, "refused without a reason"
        return "book refused"
    decides(plan, turns=False)
    return "book compiled"


def plan_with(made: PolicyFile, beside: tuple[PolicyFile, ...], pick: float) -> tuple[Plan | None, list[Problem]]:
    """Compiled at one of the book's times."""
    lines, problems = history([made, *beside])
    book = Book(made.header.rulebook, "fuzz", "0" * 64, lines)
    times = book.windows()
    try:
        return compile_book(book, times[int(pick * len(times))]), problems
    except Refused as refused:
        return None, [*problems, *refused.problems]


def decides(plan: Plan, turns: bool) -> None:
    """A plan decides an account in its first few markets without an exception, healthy or not, and explains it."""
    snapshot, problems = read_snapshot(account_under(plan), "account.json", plan.drivers)
    assert snapshot is not None, problems
    for pool in explanations(decide(plan, snapshot, snapshot.accounts[0])):
        assert pool_text(pool, 2, turn_lines(pool) if turns else [], colour=False)


def account_under(plan: Plan) -> str:
    """Long and short, and an order where nothing is held, with everything given that any rule may need."""
    drivers = {rows: dict.fromkeys(names, "1000") for rows, names in plan.drivers.items()}
    now = "2026-12-02T00:00:00Z"
    names = list(plan.markets())[:4]
    markets = {name: {"mark_price": str(100 + k), "at": now, **drivers.get("market", {})} for k, name in enumerate(names)}
    leg = {"mode": "cross", "entry_price": "99.5", "leverage": "2", "unsettled_funding": "-1", **drivers.get("leg", {})}
    legs = [{**leg, "market": name, "size": str(7 - 10 * k)} for k, name in enumerate(names[:-1] or names)]
    order = {"side": "buy", "size": "1", "price": "99", "reduce_only": False, "leverage": "2", **drivers.get("order", {})}
    orders = [{**order, "market": name} for name in names[-1:]]
    held = dict.fromkeys(plan.assets, "12.5")
    account = {"id": "a", "taker_fee": "0.05%", "collateral": held, "positions": legs, "orders": orders, **drivers.get("account", {})}
    assets = {asset: {"index_price": "2", "at": now, **drivers.get("asset", {})} for asset in plan.assets}
    return json.dumps({"as_of": "2026-12-02T00:00:01Z", "markets": markets, "assets": assets, "accounts": [account]})
