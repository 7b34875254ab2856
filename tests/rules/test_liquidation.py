"""Liquidation: what may be written, what is proved of a ladder, and the next step from a state."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.api import Book, load
from riskrules.engine.door import parse_text
from riskrules.engine.step_input import State, state_of
from riskrules.engine.stepping import NextStep, next_steps
from riskrules.ir import term as t
from riskrules.ir.fault import Fault
from riskrules.rules.contracts import InUse, Priced
from riskrules.units import unit as u
from riskrules.units.exact import to_fraction
from tests.places import POLICIES
from tests.rules.told import changed, codes_in_house, codes_of, house_with, page_example, walked

LATER = "effective: 2027-01-01T08:00:00Z"
REDUCE = "{do: reduce, share: 20%, times: 3, order: immediate_or_cancel, limit: bankruptcy_price, wait: 30s}"
TIERS = (
    "{do: reduce, tiers: 1, as_long_as: {tier: {at_or_above: 3}}, times: 5, order: immediate_or_cancel, limit: bankruptcy_price, wait: 10s}"
)
FUND = "{do: take_over, by: insurance_fund, at: bankruptcy_price, draw_at_most: {event: 10%, day: 25%}}"
RANKED = "{do: deleverage, rank: profit_rate_times_leverage, at: bankruptcy_price}"


def test_the_example_of_the_page_stands() -> None:
    assert codes_of(page_example("liquidation")) == set()


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("share: 20%, times: 3", "share: 20%, tiers: 1, times: 3", "RR225", "by which of the two?"),
        ("share: 20%, times: 3", "times: 3", "RR225", "by how much?"),
        ("share: 20%, times: 3", "share: 20%", "RR228", "for ever?"),
        ("share: 20%, times: 3", "size: 5, times: 3", "", "a fixed size"),
        ("share: 20%, times: 3", "to_maintenance_share_of_equity: 80%, times: 3", "", "to a level"),
        ("share: 20%, times: 3", "share: 0.2, times: 3", "RR214", "a rate has its unit"),
        ("{do: cancel_orders, keep: reduce_only}", "{do: cancel_orders}", "RR228", "all of them, or not?"),
        ("do: cancel_orders", "do: cancel_all", "RR229", "not a word of this kind"),
        ("{at_or_below: 90%}", "{above: 90%}", "RR224", "it would stop when it is worst"),
        ("{below: 2/3}", "{above: 2/3}", "RR224", "the healthy would be skipped"),
        ("{at_or_above: 3}", "{below: 3}", "RR224", "there are no tiers below the lowest"),
        ("draw_at_most: {event: 10%, day: 25%}", "draw_at_most: unlimited", "", "the fund bears it all"),
        ("    pause: {when: [mark_price_undecided, book_empty], at_most: 120s, then: page}\n", "", "RR228", "no silent default"),
    ],
)
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    assert codes_of(changed("liquidation", old, new)) == ({code} if code else set()), why


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("{at_or_above: 3}", "{above: 1}", "", "from tier 2 down to tier 1"),
        ("as_long_as: {tier: {at_or_above: 3}}, ", "", "RR264", "from tier 1 there is none below"),
        ("tiers: 1, as_long_as: {tier: {at_or_above: 3}}", "tiers: 3, as_long_as: {tier: {at_or_above: 3}}", "RR264", "tier 0 is none"),
        ("tiers: 1, as_long_as: {tier: {at_or_above: 3}}", "tiers: 3, as_long_as: {tier: {above: 3}}", "", "from 4 to 1"),
        ("share: 20%", "share: 0%", "RR264", "nothing is closed"),
        ("share: 20%", "share: 120%", "RR264", "more than there is"),
        ("share: 20%", "to_maintenance_share_of_equity: 95%", "RR264", "it does not reach where it stops"),
        ("share: 20%", "to_maintenance_share_of_equity: 90%", "", "just there"),
        ("rate: 0.4%", "rate: 0.5%", "RR264", "0.45% is freed, which is 90% of what it costs: no nearer"),
        ("rate: 0.4%", "rate: 0.499%", "", "a little nearer"),
        ("{at_or_below: 90%}", "{at_or_below: 0%}", "", "it stops when nothing is left to hold"),
        (f"      - {FUND}\n      - {RANKED}\n", "", "RR265", "what nobody fills stays open"),
        (f"      - {RANKED}\n", "", "RR266", "beyond the draw limits"),
        (f"      - {RANKED}\n", "      - {do: share_loss, among: in_profit}\n", "", "all bear it"),
        (f"      - {FUND}\n      - {RANKED}\n", f"      - {FUND}\n      - {REDUCE}\n", "RR266", "a reduction ends nothing"),
        ("{at_or_below: 90%}", "{below: 100%}", "RR267", "it would begin again at the next tick"),
        ("{event: 10%, day: 25%}", "{event: 30%, day: 25%}", "RR268", "one event is more than a day"),
        ("{event: 10%, day: 25%}", "{event: 10%, day: 125%}", "RR268", "more than there is"),
        ("draw_at_most: {event: 10%, day: 25%}", "draw_at_most: unlimited", "RR269", "nobody comes to the deleveraging"),
        (
            "      - {do: offset_hedged_legs, at: mark_price}\n",
            "      - {do: cancel_orders, keep: none}\n",
            "",
            "two kinds of orders would do",
        ),
        ("{below: 2/3}", "{below: 100%}", "RR269", "every liquidation is skipped to the takeover"),
        ("sizes: {to: lot}", "sizes: none", "RR225", "the largest size below a cap needs a lot"),
        ("{cross: ladder, isolated: ladder}", "{cross: ladder, isolated: stairs}", "RR270", "no such strategy"),
    ],
)
def test_what_is_proved(old: str, new: str, code: str, why: str, tmp_path: Path) -> None:
    if "two kinds" in why:
        code = "RR269"  # the second finds none: the first has cancelled them
    text = changed("liquidation", old, new).replace("effective: 2026-12-01T08:00:00Z", LATER)
    assert codes_in_house(tmp_path, {"liquidation/2027-01-01.yaml": text}) == ({code} if code else set()), why


# -- the next step ---------------------------------------------------------------------------------


@cache
def house() -> Book:
    return load(POLICIES, rulebook="house-usdm", as_of="2027-01-01T00:00:00Z")


def leg(size: str = "10", **more: Any) -> dict[str, Any]:
    made = {"market": "BTC-USDT", "mode": "cross", "size": size, "entry_price": "30000", "leverage": "20", "unsettled_funding": "0"}
    return {"id": "p1", **made, **more}


def step_of(balance: str, *legs: dict[str, Any], mark: str = "30000", orders: Any = (), book: Book | None = None, **state: Any) -> NextStep:
    """One cross account in BTC-USDT at 30,000; the fund holds 10,000 unless something else is said."""
    at = "2026-12-31T23:59:59Z"
    snapshot = {
        "as_of": "2027-01-01T00:00:00Z", "assets": {"USDT": {"index_price": "1", "at": at}},
        "markets": {name: {"mark_price": price, "at": at} for name, price in (("BTC-USDT", mark), ("ETH-USDT", "2000"))},
        "accounts": [{"id": "a1", "taker_fee": "0.05%", "collateral": {"USDT": balance}, "positions": list(legs) or [leg()],
                      "orders": list(orders)}],
    }  # fmt: skip
    fund = {"balance": "10000", "at_day_start": "10000", "drawn_today": "0", **state.pop("fund", {})}
    fund = {name: held for name, held in fund.items() if held is not None}
    said = {"pools": [{"account": "a1", "begun": True, **state}], "insurance_fund": fund, "counterparties": state.pop("others", [])}
    said["pools"][0].pop("others", None)
    text = json.dumps(said)
    now, problems = state_of(parse_text(text, "input")[0], "input", text)
    assert not problems
    return one(book or house(), snapshot, now)


def one(book: Book, snapshot: dict[str, Any], now: State) -> NextStep:
    made = next_steps(book.plan, book.snapshot(snapshot), now)
    assert len(made) == 1
    return made[0]


def figure(made: NextStep, name: str, row: int | None = None) -> Fraction:
    got = made.value(name, row)
    assert isinstance(got, tuple), got
    return to_fraction(got)


# 10 BTC at 30,000: notional 300,000 in tier 3, maintenance 300,000 × 0.65% − 425 + 150 = 1,675.
@pytest.mark.parametrize(
    "balance, state, step, why",
    [
        ("1675", {}, 3, "at the trigger"),
        ("1861.11", {}, 3, "1,675 is just above 90% of it: it goes on"),
        ("1861.12", {}, 0, "and here just at or below: it stops"),
        ("1861.11", {"begun": False}, 0, "not begun, and above the trigger"),
        ("1675", {"begun": False}, 3, "equality begins it"),
        ("1675.01", {"begun": False}, 0, "a cent more does not"),
        ("1675", {"done": {"3": 4}}, 3, "the fifth time"),
        ("1675", {"done": {"3": 5}}, 4, "there is no sixth"),
        ("1675", {"done": {"3": 5, "4": 3}}, 5, "all that reduces was done"),
        ("1116.67", {}, 3, "a little above two thirds"),
        ("1116.66", {}, 5, "below two thirds: straight to the takeover"),
        ("0", {}, 5, "nothing left, and nothing to draw"),
        ("-1000", {}, 5, "a draw of exactly 10% of the fund"),
        ("-1000.01", {}, 6, "a cent more than one event may cost"),
        ("-1000", {"fund": {"drawn_today": "1500"}}, 5, "exactly 25% in a day"),
        ("-1000", {"fund": {"drawn_today": "1500.01"}}, 6, "a cent more than a day may cost"),
        ("-1000", {"fund": {"at_day_start": "3999"}}, 6, "25% of the day's beginning"),
    ],
)
def test_the_next_step(balance: str, state: dict[str, Any], step: int, why: str) -> None:
    made = step_of(balance, others=[OTHER], **state)
    assert (made.step, made.fault) == (step, None), why


OTHER = {"id": "b1", "market": "BTC-USDT", "size": "-20", "entry_price": "31000", "leverage": "5"}


@pytest.mark.parametrize(
    "state, closes, why",
    [
        ({}, "1.667", "250,000 is the cap of tier 2: 8.333 is the most that is left"),
        ({"done": {"3": 5}}, "2", "20% of 10"),
    ],
)
def test_what_is_closed(state: dict[str, Any], closes: str, why: str) -> None:
    made = step_of("1675", **state)
    assert figure(made, "closes", 0) == Fraction(closes), why
    assert figure(made, "fee") == Fraction(closes) * 30_000 * Fraction(4, 1000), "0.4% of what is closed"


def test_a_share_is_rounded_up_to_the_lot() -> None:
    made = step_of("9", leg("1.0001", entry_price="30000"), done={"3": 5})
    assert (made.step, figure(made, "closes", 0)) == (5, Fraction(10001, 10000)), "equity 9 of 135 is severe: all of it"
    made = step_of("134", leg("1.0001", entry_price="30000"))
    assert (made.step, figure(made, "closes", 0)) == (4, Fraction("0.201")), "0.20002 in lots of 0.001"


@pytest.mark.parametrize(
    "size, entry, gone, limit, why",
    [
        ("10", "30000", "29832.5", "29832.5", "1,675 is gone after a fall of 167.50"),
        ("-10", "30000", "30167.5", "30167.5", "a short, after a rise"),
        ("10", "30000.001", "29832.501", "29832.51", "a seller's limit is rounded up, toward the mark"),
        ("-10", "29999.999", "30167.499", "30167.49", "a buyer's down"),
    ],
)
def test_the_bankruptcy_price(size: str, entry: str, gone: str, limit: str, why: str) -> None:
    made = step_of("1675", leg(size, entry_price=entry))
    assert (figure(made, "bankruptcy_price", 0), figure(made, "limit_price", 0)) == (Fraction(gone), Fraction(limit)), why


@pytest.mark.parametrize("kind", ["linear", "inverse"])
@given(size=st.integers(-50, 50).filter(bool), entry=st.integers(100, 900), profit=st.fractions(-1, 1, max_denominator=40))
def test_a_price_at_which_so_much_is_made(kind: str, size: int, entry: int, profit: Fraction) -> None:
    """Of linear and inverse contracts alike: the profit from the entry to that price is that profit."""
    priced = Priced("leg", t.given("size", "leg", u.BASE), InUse(frozenset({kind}), multiplied=True))
    made = {"price": priced.price_at(t.given("entry_price", "leg", u.PRICE), t.given("wanted", "leg", u.SETTLE))}
    figures = {"size": size, "multiplier": 10, "entry_price": entry, "wanted": profit / 100_000}
    price = walked(made, figures)["price"]
    back = {"profit": priced.profit(t.given("entry_price", "leg", u.PRICE), t.given("price", "leg", u.PRICE))}
    assert walked(back, {**figures, "price": price})["profit"] == profit / 100_000


def test_a_kept_plan_steps_as_a_fresh_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKRULES_CACHE", str(tmp_path))
    fresh, kept = (load(POLICIES, rulebook="house-usdm", as_of="2027-01-01T00:00:00Z") for _ in range(2))
    assert list(tmp_path.glob("house-usdm-*.plan"))
    assert kept.plan is not fresh.plan
    assert kept.plan.beside == fresh.plan.beside
    assert step_of("1675", book=kept).step == step_of("1675", book=fresh).step == 3


def test_behind_each_position_stands_its_share_of_the_margin() -> None:
    """Where every position is closed at its bankruptcy price, nothing is left and nothing is owed."""
    made = step_of("1800", leg(), leg("-50", id="p2", market="ETH-USDT", entry_price="2010"))
    left = sum(Fraction(size) * (figure(made, "bankruptcy_price", k) - mark) for k, (size, mark) in enumerate(((10, 30_000), (-50, 2_000))))
    assert left == -figure(made, "equity")


def test_the_position_with_the_most_margin_is_first() -> None:
    """50 ETH at 2,000 hold 750, 10 BTC at 30,000 hold 1,525; of two that hold the same the first listed."""
    made = step_of("2000", leg("-50", id="p1", market="ETH-USDT", entry_price="2000"), leg(id="p2"))
    assert (figure(made, "closes", 0), figure(made, "closes", 1)) == (0, Fraction("1.667"))


def test_orders_go_first_but_those_that_reduce_stay() -> None:
    order = {"id": "o1", "market": "BTC-USDT", "side": "buy", "size": "1", "price": "29000", "reduce_only": False, "leverage": "20"}
    made = step_of("1675", orders=[order])
    assert (made.step, made.closing) == (1, [])
    assert made.after is not None
    assert (made.after.step, made.after.evaluated.account.orders) == (3, ())
    assert step_of("1675", orders=[{**order, "side": "sell", "reduce_only": True}]).step == 3


def test_a_hedge_is_offset_at_the_mark() -> None:
    legs = (leg("10", side="long", id="long"), leg("-4", side="short", id="short"))
    made = step_of("1700", *legs)
    assert (made.step, figure(made, "closes", 0), figure(made, "closes", 1)) == (2, 4, 4)
    assert figure(made, "limit_price", 0) == 30_000
    assert made.after is not None
    assert [one.size for one in made.after.evaluated.rows.legs] == [(6, 1)]


def test_a_shortfall_is_drawn_and_a_surplus_is_the_traders() -> None:
    short, left = step_of("-500"), step_of("500", leg())
    assert (figure(short, "drawn"), figure(short, "surplus"), figure(short, "fee")) == (500, 0, 0)
    assert (figure(left, "drawn"), figure(left, "surplus"), figure(left, "fee")) == (0, 0, 500), "the fee of 1,200 takes all there is"
    assert short.after is None, "nothing is left of the pool's positions"


@settings(max_examples=25, deadline=None)
@given(cents=st.integers(-100_000, 111_666))
def test_at_a_takeover_the_money_closes(cents: int) -> None:
    """What is left of the equity is the fee and the surplus; what lacks is drawn: nothing is made and nothing is lost."""
    made = step_of(str(cents / 100))
    assert made.step == 5
    assert figure(made, "equity") == figure(made, "fee") + figure(made, "surplus") - figure(made, "drawn")
    assert 0 in (figure(made, "drawn"), figure(made, "fee"))


def test_those_first_in_rank_are_called_upon_first() -> None:
    """Profit rates 1,000 ÷ 31,000 × 5 and 2,000 ÷ 32,000 × 2 and a loss; a long is on the same side."""
    others = [
        {"id": "loss", "market": "BTC-USDT", "size": "-9", "entry_price": "29000", "leverage": "50"},
        {"id": "second", "market": "BTC-USDT", "size": "-4", "entry_price": "32000", "leverage": "2"},
        {"id": "first", "market": "BTC-USDT", "size": "-3", "entry_price": "31000", "leverage": "5"},
        {"id": "same side", "market": "BTC-USDT", "size": "7", "entry_price": "29000", "leverage": "9"},
    ]
    made = step_of("-1001", others=others)
    assert made.step == 6
    assert [figure(made, "deleveraged", k) for k in range(4)] == [3, 4, 3, 0]
    few = step_of("-1001", others=others[1:])
    assert few.fault is not None
    assert (few.fault.code, few.step) == ("RR536", 0), "7 on the other side, and 10 to close"


def test_a_loss_is_shared_in_proportion_to_profits(tmp_path: Path) -> None:
    """Profits of 3,000 and 1,000 bear three quarters and one of 1,001; a loss bears nothing."""
    text = changed("liquidation", RANKED, "{do: share_loss, among: in_profit}").replace("effective: 2026-12-01T08:00:00Z", LATER)
    book = load(house_with(tmp_path, {"liquidation/2027-01-01.yaml": text}).folder, rulebook="house-usdm", as_of="2027-01-01T08:00:00Z")
    others = [
        {"id": name, "market": "BTC-USDT", "size": size, "entry_price": entry}
        for name, size, entry in (("most", "-3", "31000"), ("some", "1", "29000"), ("none", "-4", "29000"))
    ]
    made = step_of("-1001", others=others, book=book)
    assert (made.step, figure(made, "loss_shared")) == (6, 1001)
    assert [figure(made, "bears", k) for k in range(3)] == [Fraction(3003, 4), Fraction(1001, 4), 0]
    for left, why in (([], "nobody is given"), (others[2:], "nobody is in profit")):
        assert step_of("-1001", others=left, book=book).fault is not None, why


@pytest.mark.parametrize(
    "state, code, why",
    [
        ({"fund": {"balance": None}}, "RR505", "what the fund holds is not given"),
        ({"mark": "30000", "balance": "1675", "stale": True}, "RR503", "an old price decides nothing"),
    ],
)
def test_nothing_is_silently_done(state: dict[str, Any], code: str, why: str) -> None:
    if state.get("stale"):
        at, old = "2027-01-01T00:00:00Z", "2026-12-31T23:59:54Z"
        account = {"id": "a1", "taker_fee": "0.05%", "collateral": {"USDT": "1675"}, "positions": [leg()]}
        markets = {"BTC-USDT": {"mark_price": "30000", "at": old}}
        made = one(
            house(), {"as_of": at, "assets": {"USDT": {"index_price": "1", "at": at}}, "markets": markets, "accounts": [account]}, State()
        )
    else:
        made = step_of("-500", **state)
    assert isinstance(made.fault, Fault)
    assert (made.fault.code, made.step) == (code, 0), why


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 60_000), equity=st.integers(0, 130), done=st.integers(0, 8))
def test_every_reduction_leads_nearer_to_where_it_stops(size: int, equity: int, done: int) -> None:
    """Filled at the mark, 90% of the equity less the margin rises with each step; and each step leaves less than before."""
    held = Fraction(size, 1000)
    made = step_of(
        str(float(held * 30_000 * Fraction(equity, 20_000))), leg(str(float(held))), done={"3": min(done, 5), "4": max(done - 5, 0)}
    )
    if made.step in (3, 4):
        assert made.after is not None or figure(made, "closes", 0) == held
    if made.step in (3, 4) and made.after is not None and made.after.fault is None:
        before, after = (figure(state, "equity") * 9 / 10 - figure(state, "maintenance_margin") for state in (made, made.after))
        assert after > before - Fraction(3, 100), "margins and equity are rounded to the cent"
        assert 0 < figure(made, "closes", 0) <= held


@pytest.mark.parametrize(
    "measure, closes, why",
    [
        ("size: 3", "3", "a fixed size"),
        ("size: 300", "10", "all of it where less is held"),
        ("to_maintenance_share_of_equity: 80%", "2", "80% of 1,675 ÷ 1,675 is kept"),
        ("share: 33%", "3.3", "a share"),
    ],
)
def test_each_measure(measure: str, closes: str, why: str, tmp_path: Path) -> None:
    text = changed("liquidation", f"      - {TIERS}\n", "").replace("share: 20%", measure).replace("effective: 2026-12-01T08:00:00Z", LATER)
    shelf = house_with(tmp_path, {"liquidation/2027-01-01.yaml": text})
    book = load(shelf.folder, rulebook="house-usdm", as_of="2027-01-01T08:00:00Z")
    made = step_of("1675", book=book)
    assert (made.step, figure(made, "closes", 0)) == (3, Fraction(closes)), why
