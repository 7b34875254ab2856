"""dYdX v4 on its shipped markets: an account followed from its margin to its liquidation; each figure worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import riskrules
from tests.places import POLICIES

AS_OF = "2026-11-25T00:00:00Z"


def pool(market: str, size: str, mark: str, balance: str, oi: str = "0", before: Any = None, **more: str) -> Any:
    """The one pool of an account with one position; `before` is what it held before, if anything is asked of that."""
    leg = {"id": "p", "market": market, "mode": "cross", "size": size, "settled_index": "0", "chosen_initial_rate": "0", **more}
    account = {"id": "a", "collateral": {"USDC": balance}, "positions": [leg], "notional_liquidated_this_block": "0"}
    if before is not None:
        account["before"] = {"collateral": {"USDC": before[0]}, "positions": [{**leg, "size": before[1]}]}
    markets = {market: {"mark_price": mark, "open_interest": oi, "funding_index": "0"}}
    rules = riskrules.load(POLICIES, rulebook="dydx-v4", as_of=AS_OF)
    (found,) = rules.explain({"as_of": AS_OF, "markets": markets, "accounts": [account]}).pools
    return found


def value(found: Any, name: str) -> Any:
    said = found.evaluated.value(name, 0)
    return said if isinstance(said, bool) else Fraction(*said)


def test_from_margin_to_liquidation() -> None:
    """A bitcoin at 60,000 of which 59,300 is owed: 700 is left, and 60% of 2% must be held."""
    found = pool("BTC-USDC", "1", "60000", "-59300", size_change="-0.1", liquidated_this_block="0")
    assert (found.decision, value(found, "equity"), value(found, "maintenance_margin")) == ("liquidate", 700, 720)
    assert value(found, "liquidation_size") == Fraction(-1, 10), "a tenth of it, as that is 6,000 and more than 1,000"
    assert value(found, "fillable_price") == 59_970, "a 36th of the margin is gone, so a 36th of one and a half margins is let go"
    assert value(found, "bankruptcy_value") == 5_930, "6,000 less a tenth of 700"


@pytest.mark.parametrize(
    "oi, initial, why",
    [
        ("40000000", 100, "10% up to an open interest of 20 million"),
        ("70000000", 550, "half way to 50 million"),
        ("100000000", 1000, "all of it"),
        ("900000000", 1000, "and no more"),
    ],
)
def test_a_crowded_market(oi: str, initial: int, why: str) -> None:
    found = pool("POL-USDC", "2000", "0.5", "1000", oi)
    assert value(found, "initial_margin") == initial, why
    assert value(found, "maintenance_margin") == 50, "whatever others hold"


@pytest.mark.parametrize(
    "balance, size, may, why",
    [
        ("-59300", "1", False, "unchanged: the same margin and less equity than before"),
        ("-29640", "0.5", True, "half of it sold at the mark and a little won"),
        ("-29660", "0.5", False, "half of it sold, and more than half of the equity lost"),
        ("700", "0.0000000001", True, "all but nothing sold: equity covers the initial margin"),
    ],
)
def test_a_change_may_not_make_it_riskier(balance: str, size: str, may: bool, why: str) -> None:
    found = pool("BTC-USDC", size, "60000", balance, before=("-59299", "1"))
    assert value(found, "may_change") is may, why
