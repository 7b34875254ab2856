"""GMX's figures, under its own rulebook."""

from __future__ import annotations

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Reading, Trial, leg, term
from tests.conformance.books import GMX
from tests.conformance.cases import Question

# A case that prints no pool has one whose profit is below every cap; one that prints no costs has none.
NOTHING = {
    "collateral_amount": "0", "collateral_price": "0", "coin_is_the_base": "0", "closing_costs": "0",
    "price_impact": "0", "side_interest": "0",
    "pool_value": "0", "pool_profit": "0",
}  # fmt: skip
SETTINGS = {"min_collateral_factor": "rate", "max_pnl_factor": "rate", "min_collateral_factor_per_interest": "1"}
GIVEN = {
    "collateral_amount": "collateral_amount", "collateral_price": "collateral_price", "pool_value": "pool_usd",
    "pool_profit": "pool_pnl_usd",
}  # fmt: skip


def position(q: Question) -> list[Trial]:
    """A position whose size is given in dollars at its entry."""
    market, inputs = GMX.market(p.CASE), q.inputs
    own = {name: {"unit": unit, "every_market": w.number(q.policy.get(name, "0"))} for name, unit in SETTINGS.items()}
    least = {"min_collateral_usd": {"unit": "settle", "value": w.number(q.policy.get("min_collateral_usd", "0"))}}
    given = {name: w.number(inputs[said]) for name, said in GIVEN.items() if said in inputs}
    size = w.signed("long" if inputs["is_long"] else "short", w.per(inputs["size_usd"], inputs["entry_price"]))
    one = p.position(p.POSITION, market, size, w.number(inputs["entry_price"]), mode="isolated", margin="0", **{**NOTHING, **given})
    shot = p.snapshot({market: w.number(inputs["index_price"])}, [one], {})
    figures: dict[str, Reading] = {
        "is_liquidatable": term("liquidate", p.POSITION), "position_pnl_uncapped": leg("unrealised_profit", p.POSITION),
        "position_pnl": term("capped_profit", p.POSITION),
    }  # fmt: skip
    return [Trial(GMX.markets_of_coins(market).parameters({**own, **least}), shot, figures)]
