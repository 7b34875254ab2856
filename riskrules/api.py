"""The Python door: a book as of a time, its explanations and its questions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from riskrules.diagnostics.exits import BAD_USE, INVALID_BOOK, UNDECIDED
from riskrules.diagnostics.problem import Problem
from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.door import parse_text, snapshot_of
from riskrules.engine.explain import PoolExplanation, explanations
from riskrules.engine.snapshot import Snapshot
from riskrules.rulebook.aliases import market_named
from riskrules.rulebook.cache import keep_plan, kept_plan
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.shelf import Shelf, find_shelf, text_digest
from riskrules.units.clock import Instant, instant, say_instant
from riskrules.units.exact import is_nothing

if TYPE_CHECKING:
    from riskrules.batch.door import Evaluation
    from riskrules.engine.asking import Asking
    from riskrules.faces.page import Foot, PoolPage
    from riskrules.faces.pictures import Picture

Given = Snapshot | Mapping[str, Any] | Sequence[Mapping[str, Any]] | str | Path  # a sequence: positions of ccxt


class PolicyError(Exception):
    """What a command needed and could not have; prints like `riskrules check`, and knows its exit code."""

    def __init__(self, problems: list[Problem], exit_code: int) -> None:
        from riskrules.diagnostics.snippet import render

        self.problems = tuple(problems)
        self.exit_code = exit_code
        super().__init__(render(problems, sources_of(problems), "full", False, 120))


def sources_of(problems: list[Problem]) -> dict[str, str]:
    """The texts that the problems are about, as far as they can be read again."""
    files = {at.file for problem in problems for at in (problem.at, *(span for span, _ in problem.labels)) if at}
    texts = {}
    for file in files:
        try:
            texts[file] = Path(file).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
    return texts


@dataclass(frozen=True, slots=True)
class Explanation:
    """The pools of the accounts asked about, each decided and explained; prints as `riskrules explain` does."""

    book: Book
    snapshot: Snapshot
    pools: tuple[PoolExplanation, ...]
    market: str | None = None  # the one that was asked about: the changes shown are of its mark and sizes

    def to_dict(self, depth: int = 1) -> dict[str, Any]:
        """Every figure as exact text, the steps, and the changes that would turn each decision; `depth` as in `riskrules explain`."""
        from riskrules.engine.explain_json import SCHEMA, pool_json, status_json
        from riskrules.engine.semantics import semantics

        plan = self.book.plan
        return {
            "schema": SCHEMA, "rulebook": plan.rulebook, "as_of": say_instant(self.book.when), "policy_digest": plan.rules,
            "engine_digest": semantics(), "snapshot_digest": self.snapshot.digest, "status": status_json(plan, self.book.when),
            "pools": [pool_json(pool, depth, self.market) for pool in self.pools],
        }  # fmt: skip

    @property
    def shown(self) -> tuple[PoolExplanation, ...]:
        """The pools that hold something; the first one where none does."""
        return tuple(pool for pool in self.pools if pool.legs or not is_nothing(pool.value("wallet_balance"))) or self.pools[:1]

    @property
    def replay(self) -> str:
        """One digest of what decided: the rules in force, the engine, the time and the input."""
        from riskrules.engine.semantics import semantics

        said = f"{self.book.plan.rules}\0{semantics()}\0{self.book.when}\0{self.snapshot.digest}"
        return hashlib.sha256(said.encode()).hexdigest()[:12]

    def text(self, depth: int = 1, colour: bool = False, width: int = 120) -> str:
        """Each pool that holds something, then whose rules these are."""
        from riskrules.engine.explain_text import beside, pool_text, status_line
        from riskrules.engine.turns import turn_lines

        parts = [pool_text(pool, depth, turn_lines(pool, self.market), colour, width) for pool in self.shown]
        return "\n\n".join([*parts, "\n".join(beside("status    ", status_line(self.book.plan.status, self.book.when), width))])

    def __str__(self) -> str:
        return self.text()

    def markdown(self, depth: int = 1, policies: str = "", again: str = "") -> str:
        """For a ticket; `policies` and `again` say where the rules lie and which command gives this again."""
        from riskrules.faces.markdown import markdown
        from riskrules.faces.page import pool_page

        return markdown([pool_page(pool, depth, self.market) for pool in self.shown], self._foot(policies, again))

    def html(self, depth: int = 1, policies: str = "", again: str = "") -> str:
        """One whole file, its pictures in it, that asks for nothing else."""
        from riskrules.faces.html import page

        return page(self._drawn(depth), self._foot(policies, again))

    def _drawn(self, depth: int) -> list[tuple[PoolPage, list[Picture]]]:
        from riskrules.faces.page import pool_page
        from riskrules.faces.pictures import pictures

        return [(pool_page(pool, depth, self.market), pictures(pool, self.market)) for pool in self.shown]

    def _foot(self, policies: str, again: str) -> Foot:
        from riskrules.faces.page import foot

        return foot(self.book.plan.status, self.book.when, self.book.plan.rules, self.replay, policies, again)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_html_(self) -> str:
        from riskrules.faces.html import fragment

        return fragment(self._drawn(1), self._foot("", ""))


@dataclass(frozen=True, slots=True)
class Book:
    """One rulebook as of one time."""

    plan: Plan
    when: Instant
    shelf: Shelf | None = None  # where the plans of other times come from

    def at(self, when: Instant) -> Plan | int:
        """The plan of another time, or the code of why there is none."""
        begins, ends = self.plan.holds
        if self.shelf is None or ((begins is None or begins <= when) and (ends is None or when < ends)):
            return self.plan
        try:
            return plan_at(self.shelf, self.plan.rulebook, when)
        except PolicyError as error:
            return int(error.problems[0].code[2:])

    def evaluate(
        self,
        columns: Any,
        accounts: Any = None,
        *,
        amounts: Literal["float", "exact"] = "float",
        liquidation_price: bool = False,
        threads: int = 1,
    ) -> Evaluation:
        """A table decided, one row a position: a mapping of columns, or any table that speaks Arrow.

        Its `table()` is of the kind that was given.  A `time` column picks the policy row by row.  A row that cannot be decided is an
        error with its code, and stops nothing.
        Raises `NotATable` for what is no such table.
        """
        from riskrules.batch.door import evaluate_table
        from riskrules.batch.inputs import Drivers

        drivers = Drivers(self.plan.columns(), self.plan.columns(of_balances=True))
        return evaluate_table(self.at, self.when, columns, accounts, amounts, threads, drivers, liquidation_price)

    def snapshot(self, given: Given) -> Snapshot:
        """A snapshot from a mapping, a text or a file, or from what ccxt prints.

        Raises `PolicyError` with every fault of it; what ccxt's structures lack goes to the log `riskrules`.
        """
        if isinstance(given, Snapshot):
            return given
        if isinstance(given, Path):
            text, name = given.read_text(encoding="utf-8"), str(given)
        else:
            text, name = given if isinstance(given, str) else json.dumps(given, default=str, ensure_ascii=False), "snapshot"
        tree, problems = parse_text(text, name)
        if problems:
            raise PolicyError(problems, BAD_USE)
        tree, notes, problems = in_our_words(tree, name, text, self.plan, self.when)
        if notes:
            import logging

            logging.getLogger("riskrules").warning("%s", "\n".join(notes))
        made, problems = (None, problems) if problems else snapshot_of(tree, name, text, self.plan.drivers)
        if made is None:
            raise PolicyError(problems, BAD_USE)
        return made

    @property
    def ask(self) -> Asking:
        """The inverse questions: `book.ask.liquidation_price(snapshot)`, `top_up`, `max_size`, `may_open`…"""
        from riskrules.engine.asking import Asking

        return Asking(self.decided)

    def explain(self, given: Given, account: str | None = None, market: str | None = None) -> Explanation:
        """Every pool of the snapshot, or those of one account, or with a position in one market (as any alias spells it)."""
        snapshot = self.snapshot(given)
        pools = [pool for one in self.decided(snapshot, account) for pool in explanations(one)]
        name = market_named(self.plan, market) if market else None
        return Explanation(self, snapshot, tuple(pool for pool in pools if name in (None, *pool.markets)), name)

    def decided(self, given: Given, account: str | None = None) -> list[Evaluated]:
        """Every account of the snapshot decided, or the one that is named."""
        snapshot = self.snapshot(given)
        if account is not None and all(one.id != account for one in snapshot.accounts):
            known = ", ".join(one.id for one in snapshot.accounts) or "none"
            text = f"the snapshot has no account {account!r}"
            raise PolicyError([Problem("RR603", None, text, f"it has {known}", found=account, expected=known)], BAD_USE)
        return [decide(self.plan, snapshot, one) for one in snapshot.accounts if account in (None, one.id)]


def load(where: str | Path | None = None, *, as_of: str | Instant, rulebook: str | None = None) -> Book:
    """The rulebook in force at a time.

    `where` is a policies folder, the folder of one rulebook, or the name of a rulebook (looked for in
    ./policies, else in the packaged ones).  Raises `PolicyError` where it cannot be had.
    """
    when = instant(as_of) if isinstance(as_of, str) else as_of
    if when is None:
        raise PolicyError(
            [Problem("RR215", None, f"{as_of!r} is not a time with an offset", "such as 2026-10-01T00:00:00Z", found=str(as_of))], BAD_USE
        )
    shelf, name = _found(where, rulebook)
    return Book(plan_at(shelf, name, when), when, shelf)


def _found(where: str | Path | None, rulebook: str | None) -> tuple[Shelf, str]:
    """The shelf and the rulebook that the words mean."""
    folder = Path(where) if where is not None else None
    if folder is not None and rulebook is None:
        if any(folder.glob("*/*.yaml")):
            return Shelf(folder.parent, packaged=False), folder.name
        if not folder.is_dir():
            folder, rulebook = None, str(where)
    shelf = find_shelf(folder)
    if shelf is None:
        raise PolicyError(
            [Problem("RR313", None, f"there is no policies folder {str(folder or 'policies')!r}", "name one that exists")], BAD_USE
        )
    known = shelf.rulebooks()
    if rulebook is None and len(known) != 1:
        raise PolicyError(
            [Problem("RR313", None, f"{shelf.folder} has {len(known)} rulebooks", f"name one with rulebook=: {', '.join(known)}")], BAD_USE
        )
    return shelf, rulebook or known[0]


def in_our_words(tree: Any, file: str, text: str, plan: Plan, when: Instant) -> tuple[Any, list[str], list[Problem]]:
    """What ccxt prints in the words of a snapshot, what it lacks, and what is wrong with it; any other tree as it is."""
    if not isinstance(tree, list) and not (isinstance(tree, dict) and "positions" in tree):
        return tree, [], []
    from riskrules.engine.ccxt import is_ccxt, snapshot_tree
    from riskrules.engine.ccxt_figures import Rules

    rules = Rules(plan.market, plan.program.needs, {word: asset for asset, word in plan.aliases.ccxt_assets.items()})
    return snapshot_tree(tree, file, text, rules, say_instant(when)) if is_ccxt(tree) else (tree, [], [])


def plan_at(shelf: Shelf, rulebook: str, when: Instant) -> Plan:
    """From the cache where the texts are the same; else read, proved and compiled."""
    rulebook = str(rulebook)  # a name read from YAML carries its place, and what is kept is plain data
    paths = shelf.files(rulebook) if (shelf.folder / rulebook).is_dir() else []
    kept = kept_plan(rulebook, text_digest(paths, shelf.folder), when) if paths else None
    return kept or _compiled(shelf, rulebook, when)


def _compiled(shelf: Shelf, rulebook: str, when: Instant) -> Plan:
    from riskrules.rulebook.compile import Refused, compile_book
    from riskrules.rulebook.load import load_book

    book, problems = load_book(shelf, rulebook)
    if book is None:
        raise PolicyError(problems, BAD_USE if problems[0].code == "RR313" else INVALID_BOOK)
    try:
        plan = compile_book(book, when)
    except Refused as refused:
        undecided = all(problem.code in ("RR311", "RR312") for problem in refused.problems)
        raise PolicyError(refused.problems, UNDECIDED if undecided else INVALID_BOOK) from None
    keep_plan(plan)
    return plan


__all__ = ["Book", "Explanation", "PolicyError", "load", "plan_at"]
