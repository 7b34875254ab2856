"""The state of a liquidation, read at the door: what has begun, how often each step was done, the fund, the other side.

    "liquidation": {
        "pools": [{"account": "a1", "begun": true, "done": {"4": 1}}],
        "insurance_fund": {"balance": "1000000", "at_day_start": "1000000", "drawn_today": "0"},
        "counterparties": [{"id": "b7", "market": "BTC-USDT", "size": "-3", "entry_price": "66000", "leverage": "5"}]}

A pool that is not named has not begun, and nothing was done of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from riskrules.diagnostics.problem import Problem
from riskrules.engine.door import Reader
from riskrules.engine.fields import Parse, Path, entry, flag, listing, mapping, number, positive, word
from riskrules.units.exact import ZERO, Exact

FUND = {"balance": "fund_balance", "at_day_start": "fund_at_day_start", "drawn_today": "fund_drawn_today"}


class PoolState(NamedTuple):
    """What was done of one pool before now; of an isolated position its id."""

    account: str
    position: str = ""
    begun: bool = False
    done: dict[int, Exact] = {}  # noqa: RUF012


class Counterparty(NamedTuple):
    id: str
    market: str
    size: Exact  # signed: above 0 is long
    entry_price: Exact
    leverage: Exact | None
    bankruptcy_price: Exact | None = None


class State(NamedTuple):
    pools: tuple[PoolState, ...] = ()
    fund: dict[str, Exact] = {}  # noqa: RUF012
    counterparties: tuple[Counterparty, ...] = ()

    def of(self, account: str, position: str) -> PoolState:
        found = (one for one in self.pools if (one.account, one.position) == (account, position))
        return next(found, PoolState(account, position))

    def after(self, step: int, pool: PoolState) -> State:
        """The same with the step done once more."""
        done = {**pool.done, step: (pool.done.get(step, ZERO)[0] + 1, 1)}
        others = tuple(one for one in self.pools if one[:2] != pool[:2])
        return self._replace(pools=(*others, pool._replace(begun=True, done=done)))


def state_of(tree: Any, file: str, text: str) -> tuple[State, list[Problem]]:
    """What the key `liquidation` of an input says; nothing where there is none."""
    reader = Reader(file, text, {})
    if tree is None:
        return State(), []
    root: Path = ("liquidation",)
    got = reader.fields(tree, root, {"pools": listing, "insurance_fund": mapping, "counterparties": listing}, ())
    fund = reader.fields(got.get("insurance_fund") or {}, (*root, "insurance_fund"), dict.fromkeys(FUND, number), ())
    pools = tuple(_pool(reader, one, (*root, "pools", k)) for k, one in enumerate(got.get("pools") or ()))
    others = tuple(_other(reader, one, (*root, "counterparties", k)) for k, one in enumerate(got.get("counterparties") or ()))
    reader.no_twins([f"{pool.account} {pool.position}".strip() for pool in pools], (*root, "pools"), "pool")
    reader.no_twins([one.id for one in others], (*root, "counterparties"), "counterparty")
    return State(pools, {FUND[name]: fund[name] for name in FUND if fund.get(name) is not None}, others), reader.problems


def _pool(reader: Reader, node: Any, path: Path) -> PoolState:
    got = reader.fields(node, path, {"account": word, "position": word, "begun": flag, "done": mapping}, ("account", "begun"))
    done: dict[int, Exact] = {}
    for step, times in (got.get("done") or {}).items():
        count = number(reader, times, (*path, "done", step))
        if not (step.isascii() and step.isdigit() and int(step) > 0) or (count is not None and (count[0] < 0 or count[0] % count[1])):
            reader.say("RR604", (*path, "done", step), "a step by its number, and how often it was done", 'such as {"3": 1}')
        elif count is not None:
            done[int(step)] = count
    return PoolState(got.get("account") or "", got.get("position") or "", bool(got.get("begun")), done)


def _other(reader: Reader, node: Any, path: Path) -> Counterparty:
    shape: dict[str, Parse] = {"id": word, "market": word, "size": number, "entry_price": positive, "leverage": positive}
    shape["bankruptcy_price"] = entry
    got = reader.fields(node, path, shape, ("id", "market", "size", "entry_price"))
    entered, size = got.get("entry_price") or (1, 1), got.get("size") or ZERO
    return Counterparty(got.get("id") or "", got.get("market") or "", size, entered, got.get("leverage"), got.get("bankruptcy_price"))
