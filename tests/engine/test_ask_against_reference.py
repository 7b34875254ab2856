"""Every answer of an inverse question, held against the textbook: it turns the decision, its neighbour does not, nothing nearer does.

python -m tests.engine.test_ask_against_reference 2000 [RULEBOOK]
"""

from __future__ import annotations

import copy
import json
import math
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest

import riskrules
from riskrules.engine.ask import Answer, Question, balance_answer, mark_of, quantum_of, size_answer, step_of
from riskrules.engine.changes import Contradiction, TooFine
from riskrules.engine.explain import PoolExplanation
from riskrules.units.exact import to_fraction
from tests.reference.accounts import accounts, latest, stamp
from tests.reference.policy import in_the_textbook, number, read_policy
from tests.reference.textbook import Pool, Textbook
from tests.reference.variants import VARIANTS, write_variant

POLICIES = Path(__file__).resolve().parents[2] / "policies"
SEED = 20261202
LONGEST = 10  # seconds for one question
FURTHEST = 1000  # times where it stands now: how far a price or a balance that turns nothing is looked for

Snapshot = dict[str, Any]
Decides = Callable[[Fraction], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question put to the engine, and the same decision as the textbook makes it anywhere on the grid."""

    kind: str
    what: str
    answer: Answer | Exception | None
    decides: Decides
    start: Fraction
    grid: Fraction
    direction: int
    limit: Fraction  # where a search that found nothing ends; not reached itself


class TooLong(Exception):
    """Nobody waits that long for an answer."""


def tried(ask: Callable[[], Any]) -> Any:
    """The answer; or that there is none to be had, or our own bug, each kept with the account it was met at."""

    def stop(*_: Any) -> None:
        raise TooLong(f"no answer in {LONGEST} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST)
    try:
        return ask()
    except (TooFine, Contradiction, TooLong) as none:
        return none
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def at_mark(snapshot: Snapshot, market: str, x: Fraction) -> Snapshot:
    made = copy.deepcopy(snapshot)
    made["markets"][market]["mark_price"] = str(x)
    return made


def only(snapshot: Snapshot, pool: Pool) -> Snapshot:
    """The account without the positions that other pools stand behind: quicker, and the same for this pool."""
    made = copy.deepcopy(snapshot)
    account, names = made["accounts"][0], {leg.position for leg in pool.legs}
    account["positions"] = [position for position in account["positions"] if position["id"] in names]
    if pool.isolated:
        account["orders"], account["collateral"] = [], {}
    return made


def with_money(snapshot: Snapshot, pool: Pool, sign: int, x: Fraction) -> Snapshot:
    """So much paid in, or taken out, of what stands behind the pool: in its margin, or in the balance of its settle asset."""
    made = copy.deepcopy(snapshot)
    account = made["accounts"][0]
    place, name = (account["collateral"], pool.settle) if not pool.isolated else (position_in(account, pool.isolated), "margin")
    place[name] = str(number(place[name]) + sign * x)
    return made


def partly_closed(snapshot: Snapshot, pool: Pool, leg: str, left: Fraction) -> Snapshot:
    """So much of a leg left, its profit on the rest paid in."""
    position = position_in(snapshot["accounts"][0], leg)
    size = number(position["size"])
    profit = next(one.unrealised_profit for one in pool.legs if one.position == leg)
    made = with_money(snapshot, pool, 1, profit * (1 - left / abs(size)))
    position_in(made["accounts"][0], leg)["size"] = str(left if size > 0 else -left)
    return made


def position_in(account: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(position for position in account["positions"] if position["id"] == name)
    return found


class Asking:
    """One rulebook, asked of one snapshot after another."""

    def __init__(self, folder: Path) -> None:
        as_of = stamp(latest(folder))
        self.textbook = Textbook.of(folder, as_of)
        self.book = riskrules.load(folder.parent, rulebook=folder.name, as_of=as_of)

    def questions(self, snapshot: Snapshot) -> Iterator[Asked]:
        textbook = {(pool.settle, pool.isolated): pool for pool in self.textbook.pools(snapshot)}
        for pool in self.book.explain(json.dumps(snapshot)).pools:
            if pool.legs:
                known = textbook[pool.pool.settle, pool.pool.position]
                alone = only(snapshot, known)
                yield from self._prices(alone, pool, known)
                yield from self._balances(alone, pool, known)
                yield from self._sizes(alone, pool, known)
        yield from self._openings(snapshot)

    def _richer(self, snapshot: Snapshot, settle: str, spare: Fraction) -> Snapshot:
        """With so much to spare above what the pool needs already."""
        made = copy.deepcopy(snapshot)
        short = next(
            (
                max(one.initial_margin - one.equity, Fraction(0))
                for one in self.textbook.pools(snapshot)
                if one.settle == settle and not one.isolated
            ),
            Fraction(0),
        )
        held = made["accounts"][0]["collateral"]
        held[settle] = str(number(held.get(settle, "0")) + short + spare)
        return made

    def bankrupt(self, snapshot: Snapshot, pool: Pool) -> str:
        pools = self.textbook.pools(snapshot)
        return next("gone" if one.equity <= 0 else "left" for one in pools if (one.settle, one.isolated) == (pool.settle, pool.isolated))

    def decision(self, snapshot: Snapshot, pool: Pool) -> str:
        pools = self.textbook.pools(snapshot)
        return next(one.decision for one in pools if (one.settle, one.isolated) == (pool.settle, pool.isolated))

    def _prices(self, snapshot: Snapshot, pool: PoolExplanation, known: Pool) -> Iterator[Asked]:
        rows = pool.evaluated.rows
        for market in sorted({rows.keys["leg", "market"][leg] for leg in pool.legs}):
            unknown = mark_of(pool.evaluated, market)
            assert unknown is not None
            assert unknown.start is not None
            by_name = {"mark": self.decision, "bankrupt": self.bankrupt}
            for kind, condition in (("mark", "liquidate"), ("bankrupt", "bankrupt")):
                question = Question(pool.evaluated, condition, pool.number, unknown)
                decides = self._by(by_name[kind], known, at_mark, snapshot, rows.markets[market])
                ways: tuple[tuple[Literal[1, -1], Fraction], ...] = ((1, unknown.start * FURTHEST), (-1, Fraction(0)))
                for direction, limit in ways:
                    answer = tried(partial(question.nearest, direction))
                    yield Asked(kind, rows.markets[market], answer, decides, unknown.start, unknown.grid, direction, limit)

    def _openings(self, snapshot: Snapshot) -> Iterator[Asked]:
        """The largest order in one market, at the mark or near it, as the public door tells it."""
        chance = random.Random(json.dumps(snapshot))
        market, side = chance.choice(sorted(snapshot["markets"])), chance.choice(("buy", "sell"))
        if chance.random() < 0.8:
            snapshot = self._richer(snapshot, self.textbook.pool_asset(market), Fraction(10 ** chance.randint(1, 7)))
        plan = self.book.plan.market(market)
        assert plan is not None
        mark = number(snapshot["markets"][market]["mark_price"])
        tick = to_fraction(plan.tick) if plan.tick else Fraction(1, 10**6)
        price = max(tick, mark * chance.randint(95, 105) // 100 // tick * tick)
        leverage = chance.choice(("1", "2", "3", "5", "10"))
        order = {"market": market, "side": side, "price": str(price), "leverage": leverage, "reduce_only": False}
        ask = partial(self.book.ask.max_size, json.dumps(snapshot), market, side, str(price), leverage)
        told = tried(ask)
        if isinstance(told, Exception):
            yield Asked("opening", market, told, lambda x: "", Fraction(1), Fraction(1), 1, Fraction(2))
            return
        data = told[0].data
        if data.get("error") == "RR720":
            return
        grid = Fraction(data["step"])

        def decides(x: Fraction) -> str:
            return "may" if self.textbook.may_open(snapshot, {**order, "size": str(x)}) else "may not"

        if data["size"] == "0":
            yield Asked("none to open", market, None, lambda x: "may not" if x < grid else decides(x), grid / 2, grid, 1, 2 * grid)
            return
        answer = Answer(1, Fraction(data["refused"]), Fraction(data["size"]), False, grid, True) if data["size"] else None
        yield Asked("opening", market, answer, decides, grid, grid, 1, grid * 10**12)

    def _balances(self, snapshot: Snapshot, pool: PoolExplanation, known: Pool) -> Iterator[Asked]:
        if posts_initial(snapshot, known):
            return
        sign = 1 if known.decision == "liquidate" else -1
        grid, _ = quantum_of(pool.evaluated, pool.number)
        limit = (abs(known.equity) + known.maintenance_margin + 1) * FURTHEST
        answer = tried(partial(balance_answer, pool.evaluated, pool.number))
        yield Asked(
            "balance", known.settle, answer, self._by(self.decision, known, with_money, snapshot, known, sign), Fraction(0), grid, 1, limit
        )

    def _sizes(self, snapshot: Snapshot, pool: PoolExplanation, known: Pool) -> Iterator[Asked]:
        if posts_initial(snapshot, known):
            return
        rows = pool.evaluated.rows
        for leg in pool.legs:
            name = rows.legs[leg].id
            size = abs(number(position_in(snapshot["accounts"][0], name)["size"]))
            grid, _ = step_of(pool.evaluated, rows.keys["leg", "market"][leg], "lot")
            answer = tried(partial(size_answer, pool.evaluated, leg))
            yield Asked(
                "size", name, answer, self._by(self.decision, known, partly_closed, snapshot, known, name), size, grid, -1, Fraction(0)
            )

    def _by(self, told: Callable[[Snapshot, Pool], str], pool: Pool, change: Callable[..., Snapshot], *given: Any) -> Decides:
        """What the textbook tells of the pool with something changed to x."""
        return lambda x: told(change(*given, x), pool)


def posts_initial(snapshot: Snapshot, pool: Pool) -> bool:
    """What stands behind such a position follows from it, and nothing can be paid in."""
    return bool(pool.isolated) and position_in(snapshot["accounts"][0], pool.isolated)["margin"] == "initial"


def faults(asked: Asked, chance: random.Random) -> Iterator[str]:
    """What the textbook says against the answer."""
    answer, now = asked.answer, asked.decides(asked.start)
    if isinstance(answer, TooFine):
        return  # an honest word for no answer, and counted
    if isinstance(answer, Exception):
        yield f"{type(answer).__name__}: {answer}"
        return
    if answer is not None:
        if asked.decides(answer.point) == now:
            yield f"{now} at {answer.point} too"
        if asked.decides(answer.before) != now:
            yield f"not {now} at {answer.before} already, before {answer.point}"
        if answer.before != asked.start and abs(answer.point - answer.before) != asked.grid:
            yield f"{answer.before} is no neighbour of {answer.point}"
    for x in between(asked, answer.point if answer else asked.limit, chance):
        if asked.decides(x) != now:
            yield f"not {now} at {x} already, nearer than {answer.point if answer else 'nothing'}"


def between(asked: Asked, end: Fraction, chance: random.Random) -> Iterator[Fraction]:
    """Points of the grid strictly between where it stands and the end; near both more often."""
    low, high = sorted((asked.start, end))
    first, last = math.floor(low / asked.grid) + 1, math.ceil(high / asked.grid) - 1
    if last < first:
        return
    steps = [int((last - first) * chance.random() ** power) for power in (1, 1, 1, 6, 6, 6, 6)]
    picked = {first, last, *(first + step for step in steps), *(last - step for step in steps)}
    yield from (step * asked.grid for step in sorted(picked))


def complaints(folder: Path, n: int, seed: int, met: Counter[str]) -> Iterator[str]:
    asking = Asking(folder)
    chance = random.Random(seed)
    for k, snapshot in enumerate(accounts(folder, n, seed)):
        found = []
        for asked in asking.questions(snapshot):
            met[f"{asked.kind} {type(asked.answer).__name__}"] += 1
            way = "up" if asked.direction > 0 else "down"
            found += [f"{asked.kind} of {asked.what} {way} from {asked.start}: {fault}" for fault in faults(asked, chance)]
        if found:
            yield f"{folder.name} account {k} of seed {seed}:\n  " + "\n  ".join(found) + "\n" + json.dumps(snapshot)


def folder_of(rulebook: str, into: Path) -> Path:
    house = POLICIES / "house-usdm"
    return write_variant(house, into, rulebook) if rulebook in VARIANTS else POLICIES / rulebook


def shipped() -> list[str]:
    """Those that the textbook has a figure for at every size and mark: it knows no formulas, and no errors beyond a last cap."""
    return sorted(path.name for path in POLICIES.iterdir() if path.is_dir() and has_every_figure(path))


def has_every_figure(folder: Path) -> bool:
    policy = read_policy(folder, stamp(latest(folder)))
    if not in_the_textbook(policy):
        return False
    return {form["above_last_cap"]["existing"] for form in policy["tier_forms"].values()} == {"last_tier_applies"}


@pytest.mark.parametrize("rulebook", [*shipped(), *VARIANTS])
def test_every_answer_turns_the_decision(rulebook: str, tmp_path: Path) -> None:
    met: Counter[str] = Counter()
    assert next(complaints(folder_of(rulebook, tmp_path), 6 if rulebook in VARIANTS else 9, SEED, met), None) is None
    if rulebook not in VARIANTS:
        assert {"mark Answer", "balance Answer", "size Answer", "bankrupt Answer", "opening Answer"} <= met.keys()
        assert not {kind for kind in met if kind.endswith("TooFine")}


def main(n: str, *chosen: str) -> int:
    failed = 0
    with TemporaryDirectory() as made:
        for rulebook in chosen or (*shipped(), *VARIANTS):
            met: Counter[str] = Counter()
            found = list(complaints(folder_of(rulebook, Path(made)), int(n), SEED, met))
            failed += len(found)
            print(f"{rulebook}: {n} accounts, {len(found)} of them answered wrongly; {dict(sorted(met.items()))}")
            print("\n".join(found[:3]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
