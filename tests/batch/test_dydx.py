"""Batch equals scalar under dYdX v4: two roundings up, a ramp, equity by formula; accounts at equality by the quantum among them."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import riskrules
from tests.batch.rows import exact
from tests.conformance.adapters import dydx
from tests.conformance.books import write

AS_OF = "2031-02-01T00:00:00Z"
SEED = 20261124
TIER = {"initial_margin_ppm": 50000, "maintenance_fraction_ppm": 600000, "oi_lower_cap_qq": 10**12, "oi_upper_cap_qq": 2 * 10**12}
MARKETS = {"BTC-USDC": ("50000.12345", "27"), "ETH-USDC": ("3000.000001", "0.5"), "ODD-USDC": ("0.3333333", "4999999.7")}
TIERS = {"BTC-USDC": TIER, "ETH-USDC": {**TIER, "initial_margin_ppm": 33333}, "ODD-USDC": {**TIER, "maintenance_fraction_ppm": 0}}
COLUMNS = (
    "account", "position_id", "market", "mode", "size", "mark_price", "open_interest", "funding_index", "settled_index",
    "chosen_initial_rate",
)  # fmt: skip


def book(tmp_path: Path) -> riskrules.Book:
    write(dydx.book_of(TIERS), tmp_path)
    return riskrules.load(tmp_path / "dydx-v4", as_of=AS_OF)


def account(k: int, chance: random.Random) -> dict[str, Any]:
    legs = []
    for market in chance.sample(list(MARKETS), chance.choice((1, 1, 2, 3))):
        size = chance.choice((-1, 1)) * Fraction(chance.randint(1, 10**6), 10 ** chance.choice((2, 6, 8)))
        settled, chosen = f"{chance.randint(-9, 9)}.{chance.randint(0, 99)}", chance.choice(("0", "0.1", "1"))
        legs.append(dydx.leg_of(market, f"{float(size):.8f}", settled_index=settled, chosen_initial_rate=chosen, id=f"{k}-{market}"))
    return {"id": f"a{k:05}", "collateral": {"USDC": f"{chance.randint(-(10**6), 10**6)}.{chance.randint(0, 10**6):06}"}, "positions": legs}


def snapshot(accounts: list[dict[str, Any]]) -> dict[str, Any]:
    markets = {name: {"mark_price": mark, "open_interest": oi, "funding_index": "0.000001"} for name, (mark, oi) in MARKETS.items()}
    return {"as_of": AS_OF, "rulebook": "dydx-v4", "markets": markets, "accounts": accounts}


def at_equality(one: dict[str, Any], rules: riskrules.Book, id: str) -> dict[str, Any]:
    """The same with just the balance at which equity is the maintenance margin, to the quantum."""
    (pool,) = rules.explain(snapshot([one])).pools
    short = Fraction(*pool.value("maintenance_margin")) - Fraction(*pool.value("equity"))
    quantums = (Fraction(one["collateral"]["USDC"]) + short) * 10**6
    assert quantums.denominator == 1
    return {**one, "id": id, "collateral": {"USDC": f"{Decimal(int(quantums)).scaleb(-6):f}"}}


def a_quantum_less(one: dict[str, Any], id: str) -> dict[str, Any]:
    return {**one, "id": id, "collateral": {"USDC": f"{Decimal(one['collateral']['USDC']) - Decimal(1).scaleb(-6):f}"}}


def test_batch_is_scalar(tmp_path: Path) -> None:
    rules, chance = book(tmp_path), random.Random(SEED)
    made = [account(k, chance) for k in range(300)]
    equal = [at_equality(one, rules, f"e{k:05}") for k, one in enumerate(made[:100])]
    made += equal + [a_quantum_less(one, f"f{k:05}") for k, one in enumerate(equal)]
    given = snapshot(made)
    markets = given["markets"]
    rows = [{**leg, **markets[leg["market"]], "account": one["id"], "position_id": leg["id"]} for one in made for leg in one["positions"]]
    held = {"account": [one["id"] for one in made], "asset": ["USDC"] * len(made), "amount": [one["collateral"]["USDC"] for one in made]}
    out = rules.evaluate({name: [row[name] for row in rows] for name in COLUMNS}, held, amounts="exact")
    pools = {pool.evaluated.account.id: pool for pool in rules.explain(given).pools}
    met = Counter()
    for k, row in enumerate(rows):
        pool = pools[row["account"]]
        leg = next(j for j, one in enumerate(pool.evaluated.rows.legs) if one.id == row["position_id"])
        assert str(out["decision"][k]) == pool.decision, row
        for name in ("equity", "maintenance_margin", "initial_margin"):
            assert Fraction(out[name][k]) == exact(pool, leg, name), (name, row)
        met[pool.decision] += 1
    assert met["healthy"] > 100 < met["liquidate"]
    assert {pools[f"e{k:05}"].decision for k in range(100)} == {"healthy"}, "equality is not below"
    assert "liquidate" in {pools[f"f{k:05}"].decision for k in range(100)}
