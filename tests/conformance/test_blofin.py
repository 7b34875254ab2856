"""The one position that a source of BloFin prints, figure by figure, as its answer has it.

The balance behind it is not printed.  The margin ratio gives it, and the liquidation price is then that
balance's: two printed figures that agree only where a fee of closing of 0.06% is held.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from riskrules.api import plan_at
from riskrules.engine.ask import price_answers
from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.door import read_snapshot
from riskrules.ir.fault import Fault
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import instant
from riskrules.units.exact import exact_text, to_exact, to_fraction
from tests.conformance.books import BLOFIN, POLICIES

SEEN = "2024-02-06T16:09:36Z"
MARK = "68.96631223"
PRINTED = {
    "unrealised_profit": "0.80631223",
    "profit_ratio": "0.03548909463028169",
    "position_initial": "22.988770743333333333",
    "position_maintenance": "0.34483156115",
    "margin_ratio": "152.523509620342499273",
}
LIQUIDATION_PRICE = "10.116655172370356435"
FINE = "0.000000000000000001"
RATE = Fraction("0.5") / 100


def balance(fee: str) -> str:
    """What stands behind the position by the printed margin ratio, if so much is held for closing besides the printed margin."""
    held = (RATE + Fraction(fee.rstrip("%")) / 100) * Fraction(MARK)
    return exact_text(to_exact(Fraction(PRINTED["margin_ratio"]) * held - Fraction(PRINTED["unrealised_profit"])))


def account(mark: str = MARK, size: str = "1", fee: str = "0.06%", **more: Any) -> Evaluated:
    one = {"id": "p1", "market": "LTC-USDT", "mode": "cross", "size": size, "entry_price": "68.16", "leverage": "3"}
    held = {"id": "a1", "taker_fee": fee, "collateral": {"USDT": balance(fee)}, "positions": [one], **more}
    given = {"as_of": SEEN, "rulebook": BLOFIN.rulebook, "markets": {"LTC-USDT": {"mark_price": mark, "tick": FINE}}, "accounts": [held]}
    when = instant(SEEN)
    assert when is not None
    plan = plan_at(Shelf(POLICIES, packaged=False), BLOFIN.rulebook, when)
    snapshot, problems = read_snapshot(json.dumps(given), "account", plan.drivers)
    assert snapshot is not None, problems
    return decide(plan, snapshot, snapshot.accounts[0])


def step(printed: str) -> Fraction:
    """One in the last digit: an answer may be cut, or rounded."""
    return Fraction(1, 10 ** len(printed.partition(".")[2]))


@pytest.mark.parametrize("name", PRINTED)
def test_the_figure_is_the_printed_one(name: str) -> None:
    found = account().value(name, 0)
    assert abs(to_fraction(found) - Fraction(PRINTED[name])) < step(PRINTED[name])


def prices(of: Evaluated) -> dict[int, Any]:
    return {answer.direction: answer for answer in price_answers(of, 0, 0, "liquidate")}


def test_the_liquidation_price_is_the_printed_one() -> None:
    found = prices(account())[-1]
    assert found.value is True
    assert abs(found.point - Fraction(LIQUIDATION_PRICE)) <= step(LIQUIDATION_PRICE)


@pytest.mark.parametrize("fee", ["0%", "0.05%", "0.07%"])
def test_it_is_so_under_no_other_fee(fee: str) -> None:
    assert abs(prices(account(fee=fee))[-1].point - Fraction(LIQUIDATION_PRICE)) > 1


@pytest.mark.parametrize(
    "changed, code, why",
    [
        ({"mark": "68.96631224"}, "RR530", "a hair above what was seen the rate is not known"),
        ({"mark": "68", "size": "2"}, "RR530", "nor is it of a second contract"),
    ],
)
def test_what_is_not_printed_is_an_error(changed: dict[str, Any], code: str, why: str) -> None:
    _, fault = account(**changed).verdict(0)
    assert fault is not None, why
    assert fault.code == code, why


def test_another_coin_stands_behind_nothing() -> None:
    found = account(collateral={"USDT": "58.1", "BTC": "1"})
    of_coin = next(found.value("equity", number) for number, pool in found.pools() if pool.settle == "BTC")
    assert isinstance(of_coin, Fault)
    assert of_coin.code == "RR506"


def test_the_notional_that_was_seen_is_known_and_the_next_is_not() -> None:
    up = prices(account())[1]
    assert isinstance(up.value, Fault)
    assert (up.before, up.value.code) == (Fraction(MARK), "RR530")


def test_an_account_with_an_order_has_no_initial_margin() -> None:
    order = {"market": "LTC-USDT", "side": "buy", "size": "1", "price": "60", "reduce_only": False}
    found = account(orders=[order])
    initial = found.value("initial_margin", 0)
    assert isinstance(initial, Fault)
    assert initial.code == "RR530"
    assert found.verdict(0)[0] == "healthy"
