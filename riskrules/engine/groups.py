"""Legs and balances together by what is under them, by expiry and by strike; and what a scenario gives for each.

An underlying is what a pool holds of one coin, an expiry what it holds that ends on one day, a strike
the calls and puts of one strike.  Which a market belongs to, its name says.  The figures of an
underlying stand with the snapshot's assets, those of an expiry with its markets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskrules.engine.snapshot import AssetInput, MarketInput, Snapshot
from riskrules.engine.together import outside
from riskrules.ir.fault import Fault
from riskrules.ir.frame import Column
from riskrules.rulebook.plan import OF_SCENARIO, Plan
from riskrules.units.exact import Exact
from riskrules.units.series import Series, series_of

GROUPS = ("strike", "expiry", "underlying")
Member = tuple[int, str]  # the pool, and what it is called


class Groups:
    """The groups of an account's rows, each of one pool."""

    def __init__(self, markets: list[str], assets: list[str], keys: Mapping[tuple[str, str], list[int]]) -> None:
        """`keys` are those of legs, orders, positions and balances to markets, assets and pools."""
        self.found: dict[str, dict[Member, int]] = {kind: {} for kind in GROUPS}
        self.series: dict[str, list[Series]] = {kind: [] for kind in GROUPS}
        self.keys: dict[tuple[str, str], list[int]] = {}
        names = [series_of(name) for name in markets]
        for below in ("leg", "order", "position"):
            pairs = list(zip(keys[below, "pool"], (names[k] for k in keys[below, "market"]), strict=True))
            for kind in GROUPS:
                self.keys[below, kind] = [self._row(kind, pool, series) for pool, series in pairs]
        held = [_of_coin(assets[k]) for k in keys["holding", "asset"]]
        self.keys["holding", "underlying"] = [
            self._row("underlying", pool, one) for pool, one in zip(keys["holding", "pool"], held, strict=True)
        ]
        self._join()

    def _row(self, kind: str, pool: int, series: Series) -> int:
        called = {"strike": series.at_strike, "expiry": series.expiry, "underlying": series.underlying}[kind]
        rows = self.found[kind]
        if (pool, called) not in rows:
            rows[pool, called] = len(rows)
            self.series[kind].append(series)
        return rows[pool, called]

    def _join(self) -> None:
        """What each group belongs to."""
        for k, kind in enumerate(GROUPS):
            pools = [pool for pool, _ in self.found[kind]]
            self.keys[kind, "pool"], self.keys[kind, "account"] = pools, [0] * len(pools)
            for above in GROUPS[k + 1 :]:
                self.keys[kind, above] = [self._row(above, pool, one) for pool, one in zip(pools, self.series[kind], strict=True)]

    @property
    def labels(self) -> dict[str, list[str]]:
        return {kind: [called for _, called in rows] for kind, rows in self.found.items()}

    def column(self, kind: str, name: str, snapshot: Snapshot) -> Column:
        """What the snapshot gives for each group under a name."""
        return [_figure(kind, called, name, snapshot) for called in self.labels[kind]]

    def markets_of(self, kind: str) -> list[str]:
        return [series.market for series in self.series[kind]]


def _of_coin(asset: str) -> Series:
    return Series(asset, asset, asset, asset, None, False)


def _figure(kind: str, called: str, name: str, snapshot: Snapshot) -> Exact | Fault:
    if kind == "underlying":
        asset = snapshot.assets.get(called, AssetInput())
        found = asset.index_price if name == "index_price" else asset.drivers.get(name)
        where = f"assets: {called}"
    else:
        found, where = snapshot.markets.get(called, MarketInput()).drivers.get(name), f"markets: {called}"
    return found or Fault(
        "RR505", f"{name} of {called} is not given, and the rules need it", f"give {where}: {name}; it is never taken as 0"
    )


def of_option(market: str, name: str) -> Any:
    """Whether a market is an option, and which, as its name says."""
    series = series_of(market)
    if name == "is_option":
        return series.is_option
    if name == "is_call":
        return series.is_call
    return series.strike or Fault(
        "RR505", f"{market} is no option and has no strike", "use the strike of options only: … if is_option else …"
    )


def scenario_column(plan: Plan, rows: str, name: str, of: list[str] | Groups | None) -> Column:
    """A figure of each scenario; or the move of each market, or of what is under each group, in each of them."""
    scenarios = plan.scenarios
    if rows == "scenario":
        return [found.get(OF_SCENARIO + name) or _not_in(label, name) for label, found in scenarios.items()]
    markets = of.markets_of(rows.removesuffix("@scenario")) if isinstance(of, Groups) else of or []
    return [_move(move, market) for market in markets for move in scenarios.values()]


def _move(moves: dict[str, Exact], market: str) -> Exact | Fault:
    """Of a market its own; of a coin that is only held, that of its market, where one alone has a move of its own."""
    if market in moves:
        return moves[market]
    series = series_of(market)
    own = (
        [move for name, move in moves.items() if name.partition("-")[0] == series.underlying] if series.market == series.underlying else []
    )
    return own[0] if len(own) == 1 else moves.get(series.market) or moves.get("") or outside(market)


def _not_in(scenario: str, name: str) -> Fault:
    return Fault("RR505", f"scenario {scenario} gives no {name}", "give each scenario the same figures")
