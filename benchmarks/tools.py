"""The same arithmetic by other tools, each as its users would best write it.  They are imported where they are timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

POLARS, DUCKDB, OPENFISCA = (
    "polars, literal gathers, one thread",
    "duckdb, a range join, one thread",
    "openfisca-core, a marginal scale a market",
)
LEAST = {POLARS: 1.3, DUCKDB: 3.0, OPENFISCA: 10.0}  # how many times quicker we mean to be


def works(data: Any, tables: Any) -> dict[str, Callable[[], object]]:
    return {POLARS: _polars(data, tables), DUCKDB: _duckdb(data, tables), OPENFISCA: _openfisca(data, tables)}


def _polars(data: Any, tables: Any) -> Callable[[], object]:
    """Tier by comparing with each cap in turn, rate and amount gathered by place."""
    import os

    os.environ["POLARS_MAX_THREADS"] = "1"
    import polars as pl

    frame = pl.DataFrame(
        {"market": data.market, "size": data.size, "entry": data.entry, "mark": data.mark, "leverage": data.leverage, "margin": data.margin}
    )
    tiers = tables.caps.shape[1]
    caps, rates, amounts = (pl.Series(np.nan_to_num(table, posinf=1e300).ravel()) for table in tables)

    def work() -> object:
        notional = pl.col("size").abs() * pl.col("mark")
        place = pl.col("market") * tiers
        made = frame.with_columns(notional=notional, place=place)
        tier = pl.sum_horizontal([(pl.col("notional") > pl.lit(caps).gather(pl.col("place") + t)).cast(pl.Int64) for t in range(tiers - 1)])
        made = made.with_columns(tier=tier).with_columns(at=pl.col("place") + pl.col("tier"))
        made = made.with_columns(
            initial=pl.col("notional") / pl.col("leverage"),
            maintenance=pl.col("notional") * pl.lit(rates).gather(pl.col("at")) - pl.lit(amounts).gather(pl.col("at")),
            profit=pl.col("size") * (pl.col("mark") - pl.col("entry")),
        ).with_columns(equity=pl.col("margin") + pl.col("profit"))
        return made.with_columns(liquidate=pl.col("equity") < pl.col("maintenance"))

    return work


def _duckdb(data: Any, tables: Any) -> Callable[[], object]:
    import duckdb
    import pyarrow as pa

    base = duckdb.connect(config={"threads": 1})
    markets, tiers = tables.caps.shape
    table = pa.table({
        "market": np.repeat(np.arange(markets), tiers), "tier": np.tile(np.arange(tiers), markets),
        "low": np.c_[np.full(markets, -1.0), tables.caps[:, :-1]].ravel(), "high": tables.caps.ravel(),
        "rate": tables.rates.ravel(), "amount": tables.amounts.ravel(),
    })  # fmt: skip
    rows = pa.table(
        {"market": data.market, "size": data.size, "entry": data.entry, "mark": data.mark, "leverage": data.leverage, "margin": data.margin}
    )
    base.register("tiers", table)
    base.register("positions", rows)
    asked = """
        SELECT p.*, t.tier + 1 AS tier, p.notional / p.leverage AS initial, p.notional * t.rate - t.amount AS maintenance,
               p.profit, p.margin + p.profit AS equity, p.margin + p.profit < p.notional * t.rate - t.amount AS liquidate
        FROM (SELECT *, abs(size) * mark AS notional, size * (mark - entry) AS profit FROM positions) p
        JOIN tiers t ON p.market = t.market AND p.notional > t.low AND p.notional <= t.high
    """
    return lambda: base.sql(asked).to_arrow_table()


def _openfisca(data: Any, tables: Any) -> Callable[[], object]:
    """One marginal scale a market, over the rows of that market, which have to be found first: a scale knows no markets."""
    from openfisca_core.taxscales import MarginalRateTaxScale

    scales = []
    for market in range(len(tables.caps)):
        scale = MarginalRateTaxScale()
        for low, rate in zip((0.0, *tables.caps[market][:-1]), tables.rates[market], strict=True):
            scale.add_bracket(low, rate)
        scales.append(scale)

    def work() -> object:
        order = np.argsort(data.market, kind="stable")
        ends = np.searchsorted(data.market[order], np.arange(len(scales) + 1))
        notional = np.abs(data.size) * data.mark
        margin, tier = np.empty(len(notional)), np.empty(len(notional), np.int16)
        for market, scale in enumerate(scales):
            rows = order[ends[market] : ends[market + 1]]
            if len(rows):
                margin[rows] = scale.calc(notional[rows])
                tier[rows] = scale.bracket_indices(notional[rows]) + 1
        profit = data.size * (data.mark - data.entry)
        equity = data.margin + profit
        return notional, tier, notional / data.leverage, margin, profit, equity, equity < margin

    return work


def loop(data: Any, tables: Any) -> object:
    """As one would first write it: rows of Python floats in, a column for each of the seven out."""
    caps, rates, amounts = (table.tolist() for table in tables)
    rows = zip(
        data.market.tolist(),
        data.size.tolist(),
        data.entry.tolist(),
        data.mark.tolist(),
        data.leverage.tolist(),
        data.margin.tolist(),
        strict=True,
    )
    made = []
    for market, size, entry, mark, leverage, margin in rows:
        notional = abs(size) * mark
        tier = 0
        while tier < len(caps[market]) - 1 and notional > caps[market][tier]:
            tier += 1
        maintenance = notional * rates[market][tier] - amounts[market][tier]
        profit = size * (mark - entry)
        made.append((notional, tier + 1, notional / leverage, maintenance, profit, margin + profit, margin + profit < maintenance))
    return [np.array(column) for column in zip(*made, strict=True)]
