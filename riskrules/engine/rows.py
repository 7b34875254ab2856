"""One account of a snapshot as rows: what there is of each kind, and what is given for each.

A pool is what stands behind positions together: for cross positions the balances in one settle asset
(or all of them, where the policy pools by account), for an isolated position its posted margin.
What is missing becomes a fault in its own cell, and taints what is computed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from riskrules.engine.groups import Groups, of_option, scenario_column
from riskrules.engine.missing import absent, age, market_in, no_collateral, untold
from riskrules.engine.phases import Places, for_an_order, not_yet, tables_of
from riskrules.engine.snapshot import INITIAL, AccountInput, AssetInput, MarketInput, OrderInput, PositionInput, Snapshot
from riskrules.engine.together import correlations, is_of_portfolio, keys_of, of_market, pairs_of, read, reads_pairs
from riskrules.ir.fault import Fault
from riskrules.ir.frame import BEFORE, LIST, Column, Frame
from riskrules.rulebook.plan import MarketPlan, Plan, TablePlan
from riskrules.units.exact import ZERO, Exact
from riskrules.units.series import series_of

TABLE_FIELDS = ("caps", "maintenance_rates", "maintenance_amounts", "max_leverages")
CROSS, ISOLATED = "cross", "isolated"
NO_MARKET = MarketInput()
NO_ASSET = AssetInput()


class Before(Protocol):
    """The account as it stood before a change, decided."""

    @property
    def rows(self) -> Rows: ...

    def value(self, name: str, row: int) -> Any: ...


class Pool(NamedTuple):
    """Cross: of a settle asset.  Isolated: of one position."""

    mode: str
    settle: str
    position: str  # the id of the isolated position, "" for cross

    def label(self, account: str) -> str:
        return f"{account} {self.position}" if self.position else f"{account} {self.settle}"


class Rows:
    """The rows of one account under one plan; `table_of` picks the version of each market's table."""

    def __init__(self, plan: Plan, snapshot: Snapshot, account: AccountInput, before: Before | None = None) -> None:
        self.plan, self.snapshot, self.account, self.before = plan, snapshot, account, before
        self.legs: tuple[PositionInput, ...] = tuple(p for p in account.positions if p.size[0])
        self.orders: tuple[OrderInput, ...] = account.orders
        names = dict.fromkeys([*(leg.market for leg in self.legs), *(order.market for order in self.orders)])
        self.markets: list[str] = list(names)
        self.market_plans: list[MarketPlan | Fault] = [market_in(self.plan, name) for name in self.markets]
        self.places = [tables_of(one, self.legs) for one in self.market_plans]
        self.holdings = self._holdings()
        self.assets: list[str] = list(dict.fromkeys(asset for asset, _ in self.holdings))
        self.pools: list[Pool] = []
        self.keys = self._keys()
        self.items = self._items()
        self.pairs = pairs_of(self.keys["position", "pool"]) if reads_pairs(plan) else []
        self.keys |= keys_of(self.pairs, self.keys["position", "pool"])
        self.groups = Groups(self.markets, self.assets, self.keys) if plan.program.grouped else None
        if self.groups:
            self.keys |= self.groups.keys
        self._sources: dict[str, tuple[Sequence[Any], Callable[[str, Any], Any]]] = {
            "leg": (self.legs, self._leg_cell),
            "order": (self.orders, self._order_cell),
            "pool": (self.pools, self._pool_cell),
            "account": ((account,), self._account_cell),
            "asset": (self.assets, self._asset_cell),
            "holding": (self.holdings, self._holding_cell),
        }

    # -- what hangs on what ----------------------------------------------------------------------

    def _holdings(self) -> list[tuple[str, Exact | Fault]]:
        """Every balance, and 0 of the asset that a pool settles in, so that money paid in has a row to land in.

        Where no balances were given at all there is no 0 to be had, and an asset that is not collateral is
        an error at any amount; 0 of any other asset needs no price.
        """
        given, known, pooled_in = self.account.collateral, self.plan.assets, self.plan.account.pooled_in
        settles = {asset for asset, rule in known.items() if rule.weight and pooled_in in ("", asset)}
        held = [
            (asset, amount) for asset, amount in (given or {}).items() if amount[0] or asset in settles or asset in self.account.holdings
        ]
        pooled = [*(leg.market for leg in self.legs if leg.mode == CROSS), *(order.market for order in self.orders)]
        cross = [plan for market in pooled if isinstance(plan := self._plan_of(market), MarketPlan)]
        wanted = dict.fromkeys(pooled_in or plan.settle for plan in cross)
        nothing = ZERO if given is not None else absent("collateral", self.account.id)
        return held + [(asset, nothing) for asset in wanted if asset not in dict(held)]

    def _plan_of(self, market: str) -> MarketPlan | Fault:
        return self.market_plans[self.markets.index(market)]

    def _settle(self, market: int) -> str:
        plan = self.market_plans[market]
        return plan.settle if isinstance(plan, MarketPlan) else self.markets[market].split("-")[-1]

    def _pool(self, pool: Pool) -> int:
        if pool not in self.pools:
            self.pools.append(pool)
        return self.pools.index(pool)

    def _cross_pool(self, settle: str) -> int:
        return self._pool(Pool(CROSS, self.plan.account.pooled_in or settle, ""))

    def _keys(self) -> dict[tuple[str, str], list[int]]:
        market_of = {name: k for k, name in enumerate(self.markets)}
        leg_market = [market_of[leg.market] for leg in self.legs]
        leg_pool = [self._leg_pool(leg, market) for leg, market in zip(self.legs, leg_market, strict=True)]
        order_market = [market_of[order.market] for order in self.orders]
        order_pool = [self._cross_pool(self._settle(market)) for market in order_market]
        holding_pool = [self._cross_pool(asset) for asset, _ in self.holdings]
        self.positions = list(dict.fromkeys([*zip(leg_pool, leg_market, strict=True), *zip(order_pool, order_market, strict=True)]))
        place = {position: k for k, position in enumerate(self.positions)}
        leg_position = [place[pair] for pair in zip(leg_pool, leg_market, strict=True)]
        order_position = [place[pair] for pair in zip(order_pool, order_market, strict=True)]
        return {
            ("leg", "market"): leg_market,
            ("leg", "pool"): leg_pool,
            ("leg", "position"): leg_position,
            ("leg", "account"): [0] * len(self.legs),
            ("order", "market"): order_market,
            ("order", "pool"): order_pool,
            ("order", "position"): order_position,
            ("order", "account"): [0] * len(self.orders),
            ("holding", "pool"): holding_pool,
            ("holding", "asset"): [self.assets.index(asset) for asset, _ in self.holdings],
            ("holding", "account"): [0] * len(self.holdings),
            ("position", "pool"): [pool for pool, _ in self.positions],
            ("position", "market"): [market for _, market in self.positions],
            ("position", "account"): [0] * len(self.positions),
            ("pool", "account"): [0] * len(self.pools),
        }

    def _items(self) -> dict[str, list[Mapping[str, Exact] | Fault]]:
        """The items of every declared list, and what each hangs on.  Of one that is not given nothing is known: its one row is an error."""
        items: dict[str, list[Mapping[str, Exact] | Fault]] = {}
        for kind in (one for one in self.plan.drivers if LIST in one):
            holder, _, name = kind.partition(LIST)
            holders = self.markets if holder == "market" else [self.account.id]
            items[kind], self.keys[kind, holder] = [], []
            for k, held_by in enumerate(holders):
                lists = self.snapshot.markets.get(held_by, NO_MARKET).lists if holder == "market" else self.account.lists
                found: Sequence[Mapping[str, Exact] | Fault] = lists[name] if name in lists else [absent(name, f"{holder} {held_by}")]
                items[kind] += found
                self.keys[kind, holder] += [k] * len(found)
        return items

    def _leg_pool(self, leg: PositionInput, market: int) -> int:
        if leg.mode == ISOLATED:
            return self._pool(Pool(ISOLATED, self._settle(market), leg.id))
        return self._cross_pool(self._settle(market))

    # -- frames ----------------------------------------------------------------------------------

    def labels(self) -> dict[str, list[str]]:
        held = [self.markets[market] for _, market in self.positions]
        return {
            "leg": [leg.id for leg in self.legs],
            "order": [order.id for order in self.orders],
            "market": self.markets,
            "asset": self.assets,
            "holding": [asset for asset, _ in self.holdings],
            "pool": [pool.label(self.account.id) for pool in self.pools],
            "position": held,
            "pair": [f"{held[i]} with {held[j]}" for i, j in self.pairs],
            "account": [self.account.id],
            "scenario": list(self.plan.scenarios),
            **{kind: [f"{kind.partition(LIST)[2]} {k + 1}" for k in range(len(items))] for kind, items in self.items.items()},
            **(self.groups.labels if self.groups else {}),
        }

    def frame(self, choice: tuple[int, ...]) -> Frame:
        """`choice` names, for each market, the place of a version among those that may be in force."""
        tables = [self._table(k, chosen) for k, chosen in enumerate(choice)]
        early = self.plan.program.early
        given = {(rows, name): self._column(rows, name, tables) for rows, name in early}

        def later() -> dict[tuple[str, str], Column]:
            others = (one for one in self.plan.program.needs if one not in early)
            return {(rows, name): self._column(rows, name, tables) for rows, name in others}

        return Frame(self.labels(), self.keys, given, later)

    def versions(self) -> list[int]:
        """How many tables may be in force in each market."""
        return [len(places) for places in self.places]

    def first_choice(self) -> Places:
        return tuple(places[0] for places in self.places)

    def places_for_orders(self) -> list[Places]:
        """Of each market the tables under which an order adds to its positions; none where that makes no difference."""
        ordered = {order.market for order in self.orders if not order.reduce_only}
        beside = zip(self.markets, self.market_plans, self.places, strict=True)
        made = [for_an_order(plan, places) if market in ordered else places for market, plan, places in beside]
        return [] if made == self.places else made

    def _table(self, market: int, chosen: int) -> TablePlan | Fault:
        plan = self.market_plans[market]
        if isinstance(plan, Fault):
            return plan
        table = plan.tables[chosen]
        if table is None and len(plan.tables) == 1:
            return Fault("RR502", f"market {plan.name} has a contract and no table", "give it a table, or use another market")
        return table or Fault(
            "RR502", f"market {plan.name} was not listed then, as far as its captures say", "ask for a time outside the observed interval"
        )

    def _column(self, rows: str, name: str, tables: list[TablePlan | Fault]) -> Column:
        if rows in self.items:
            return [
                item if isinstance(item, Fault) else item.get(name) or absent(name, rows.replace(LIST, " ")) for item in self.items[rows]
            ]
        source = self._sources.get(rows)
        if source is not None:
            items, cell = source
            return [cell(name, item) for item in items]
        if rows == "market" and name in TABLE_FIELDS:
            return [table if isinstance(table, Fault) else getattr(table, name) for table in tables]
        if rows == "market":
            return [self._market_cell(name, k, table) for k, table in enumerate(tables)]
        if rows == "scenario" or rows.endswith("@scenario"):
            return scenario_column(self.plan, rows, name, self.markets if rows.startswith("market") else self.groups)
        if rows == "pair":
            return correlations(self.plan, self.labels()["position"], self.pairs)
        assert self.groups is not None, rows
        return self.groups.column(rows, name, self.snapshot)

    # -- cells -----------------------------------------------------------------------------------

    def _market_cell(self, name: str, k: int, table: TablePlan | Fault) -> Any:
        market = self.markets[k]
        given = self.snapshot.markets.get(market, NO_MARKET)
        if name in ("mark_price", "mark_price_age") and given.mark_price is None:
            return Fault("RR501", f"the mark price of {market} is missing", f"give markets: {market}: mark_price")
        if name == "mark_price":
            return given.mark_price
        if name == "mark_price_age":
            return age(given.at, self.snapshot.as_of, f"the mark price of {market}")
        if name in self.plan.settings:
            return self._setting(name, market)
        if name in self.plan.drivers.get("market", ()):
            return given.drivers.get(name) or absent(name, f"market {market}")
        plan = self.market_plans[k]
        if is_of_portfolio(name):
            return of_market(read(self.plan), plan, name)
        if isinstance(plan, Fault):
            return plan
        if name in ("is_option", "is_call", "strike"):
            return of_option(market, name)
        if name in ("is_inverse", "multiplier"):
            return getattr(plan, name)
        if isinstance(table, Fault):
            return table
        field, _, measure = name.partition("_is_")
        return getattr(table, field) == measure

    def _setting(self, name: str, of: str) -> Exact | Fault:
        values = self.plan.settings[name]
        found = values.get(of, values.get(series_of(of).market, values.get("")))
        return found or Fault("RR505", f"{name} is not set for {of}", "add it to the settings of the formula file")

    def _leg_cell(self, name: str, leg: PositionInput) -> Any:
        if name == "size":
            return self._size(leg)
        if name == "entry_price":
            return self._entry(leg)
        if name == "leverage":
            return leg.leverage or self.account.leverage.get(leg.market) or absent("leverage", leg.id)
        if name == "unsettled_funding":
            return leg.unsettled_funding or absent("unsettled_funding", leg.id)
        chosen = self.account.risk_limit.get(leg.market) if name == "risk_limit" else None
        return leg.drivers.get(name) or chosen or absent(name, leg.id)

    def _size(self, leg: PositionInput) -> Exact | Fault:
        account = self.plan.account
        plan = self._plan_of(leg.market)
        if isinstance(plan, Fault):
            return plan
        if leg.mode not in account.margin_modes:
            return Fault(
                "RR507",
                f"{leg.id} is {leg.mode}, and this rulebook has {' and '.join(account.margin_modes)} only",
                "correct the mode, or take another rulebook",
            )
        if leg.side and not account.hedge_allowed:
            return Fault("RR507", f"{leg.id} is a hedge leg, and this rulebook has one position a market", "net the legs")
        unconverted = self._unconverted(leg.market) if leg.mode == CROSS else None
        return unconverted or not_yet(plan, leg, self.snapshot.as_of) or leg.size

    def _unconverted(self, market: str) -> Fault | None:
        """A cross pool is valued in one asset; what settles in another is never added to it as it stands."""
        pooled_in = self.plan.account.pooled_in
        if not pooled_in or self._settle(self.markets.index(market)) == pooled_in:
            return None
        hint = "the policy names no conversion: leave it out, or take a rulebook with a pool for each settle asset"
        return Fault("RR512", f"{market} does not settle in {pooled_in}, which the pool is valued in", hint)

    def _entry(self, leg: PositionInput) -> Exact | Fault:
        plan = self._plan_of(leg.market)
        if leg.entry_price is None:
            return absent("entry_price", leg.id)
        if leg.entry_price[0] == 0 and isinstance(plan, MarketPlan) and plan.is_inverse:
            return Fault(
                "RR509", f"the entry price of {leg.id} is 0, and an inverse contract divides by it", "give the price it was entered at"
            )
        return leg.entry_price

    def _order_cell(self, name: str, order: OrderInput) -> Any:
        if name == "order_size":
            plan = self._plan_of(order.market)
            unfit = plan if isinstance(plan, Fault) else self._unconverted(order.market) or untold(order, self.account.id, self.plan)
            return unfit or (order.size if order.side == "buy" else (-order.size[0], order.size[1]))
        if name == "order_price":
            return order.price
        if name == "order_leverage":
            chosen = self.account.leverage.get(order.market) or self._of_leg(order.market, name.removeprefix("order_"))
            return order.leverage or chosen or absent("leverage", order.id)
        if name == "is_buy":
            return order.side == "buy"
        if name in ("reduce_only", "untriggered"):
            return getattr(order, name)
        chosen = self.account.risk_limit.get(order.market) or self._of_leg(order.market, "risk_limit") if name == "risk_limit" else None
        return order.drivers.get(name) or chosen or absent(name, order.id)

    def _of_leg(self, market: str, name: str) -> Exact | None:
        """What a leg in the market says, which its orders go by."""
        found = ((leg.leverage if name == "leverage" else leg.drivers.get(name)) for leg in self.legs if leg.market == market)
        return next((one for one in found if one), None)

    def _before(self, name: str, pool: Pool | None) -> Any:
        """A figure of the same pool, or of the account, before the change."""
        of = self.account.id if pool is None else pool.label(self.account.id)
        if self.before is None or (pool is not None and pool not in self.before.rows.pools):
            return Fault("RR505", f"{name} of {of} is not given, and the rules need it", "give the account as it stood, under before:")
        return self.before.value(name.removesuffix(BEFORE), 0 if pool is None else self.before.rows.pools.index(pool))

    def _pool_cell(self, name: str, pool: Pool) -> Any:
        if name.endswith(BEFORE):
            return self._before(name, pool)
        if name == "is_isolated":
            return pool.mode == ISOLATED
        if name == "open_legs":
            k = self.pools.index(pool)
            return (sum(1 for of in self.keys["leg", "pool"] if of == k), 1)
        margin = next((leg.margin for leg in self.legs if leg.id == pool.position), None) if pool.position else None
        if name == "posts_initial":
            return margin == INITIAL
        assert name == "posted_margin", name
        if pool.mode == CROSS:
            return ZERO
        if margin == INITIAL:
            text = f"margin of {pool.position} is given as initial, and the rules take an amount (posted_margin: given)"
            return Fault("RR505", text, "give the amount that was posted")
        return margin if isinstance(margin, tuple) else absent("margin", pool.position)

    def _account_cell(self, name: str, account: AccountInput) -> Any:
        if name == "taker_fee":
            return account.taker_fee or absent("taker_fee", account.id)
        if name.endswith(BEFORE) and name not in self.plan.drivers.get("account", ()):
            return self._before(name, None)
        return account.drivers.get(name) or absent(name, account.id)

    def _asset_cell(self, name: str, asset: str) -> Any:
        given = self.snapshot.assets.get(asset, NO_ASSET)
        if name == "is_settle":
            return asset == self.plan.account.pooled_in
        if name in ("index_price", "index_price_age") and given.index_price is None:
            return Fault("RR501", f"the index price of {asset} is missing", f"give assets: {asset}: index_price")
        if name == "index_price":
            return given.index_price
        if name == "index_price_age":
            return age(given.at, self.snapshot.as_of, f"the index price of {asset}")
        if name in self.plan.settings:
            return self._setting(name, asset)
        known = self.plan.assets.get(asset)
        if name in ("weight", "owed_weight", "weight_slices"):
            return (getattr(known, name) if known else None) or no_collateral(asset, self.plan.rulebook)
        if name == "slices_of_value":
            return known is not None and known.slices_of_value
        return given.drivers.get(name) or absent(name, asset)

    def _holding_cell(self, name: str, holding: tuple[str, Exact | Fault]) -> Any:
        asset, amount = holding
        if name != "amount":
            return self.account.holdings.get(asset, {}).get(name) or absent(name, f"{asset} of {self.account.id}")
        known = self.plan.assets.get(asset)
        return amount if known and known.weight else no_collateral(asset, self.plan.rulebook)
