"""A table that is rolled out: for who adds to a position first, for everyone later, and for nobody knows whom not at all.

HIVE-USDT at 0.30, long 30,000: 9,000 need 204.50 under the first table (2.5% − 25, and 4.50 of fee), 249.50 under the second.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import riskrules
from riskrules.units.exact import to_fraction
from tests.places import POLICIES
from tests.reference.policy import number, read_policy
from tests.rules.told import codes_in_house, codes_of

BEFORE, BEGINS, INSIDE, ENDS = "2026-12-07T07:59:59Z", "2026-12-07T08:00:00Z", "2026-12-10T00:00:00Z", "2026-12-14T08:00:00Z"
LAST = "2026-12-14T07:59:59.999999999Z"
BOOKS = {when: riskrules.load(POLICIES / "house-usdm", as_of=when) for when in (BEFORE, BEGINS, INSIDE, LAST, ENDS)}
OLD, NEW = Fraction("204.5"), Fraction("249.5")


def leg(increased_at: str | None, size: str = "30000", **changes: Any) -> dict[str, Any]:
    made = {
        "id": "p",
        "market": "HIVE-USDT",
        "mode": "cross",
        "size": size,
        "entry_price": "0.30",
        "leverage": "20",
        "unsettled_funding": "0",
    }
    return {**made, **({} if increased_at is None else {"increased_at": increased_at}), **changes}


def snapshot(when: str, *legs: dict[str, Any], balance: str = "220", **account: Any) -> dict[str, Any]:
    marks = {name: {"mark_price": price, "at": when} for name, price in (("HIVE-USDT", "0.30"), ("BTC-USDT", "64000"))}
    held = {"id": "a", "taker_fee": "0.05%", "collateral": {"USDT": balance}, "positions": list(legs), **account}
    return {"as_of": when, "markets": marks, "accounts": [held]}


def decided(when: str, *legs: dict[str, Any], balance: str = "220") -> tuple[str, Any]:
    pool = BOOKS[when].explain(snapshot(when, *legs, balance=balance)).pools[0]
    needs = pool.value("maintenance_margin")
    return pool.decision, to_fraction(needs) if isinstance(needs, tuple) else needs.code


@pytest.mark.parametrize(
    "when, increased_at, decision, needs, why",
    [
        (BEFORE, None, "healthy", OLD, "nobody need say before it begins"),
        (BEGINS, BEFORE, "healthy", OLD, "held since before: the old table"),
        (BEGINS, BEGINS, "liquidate", NEW, "added to at the very instant: the new one"),
        (INSIDE, BEGINS, "liquidate", NEW, "and long after"),
        (INSIDE, BEFORE, "healthy", OLD, "a week's time for who only holds"),
        (INSIDE, None, "error", "RR508", "who does not say may be under either"),
        (INSIDE, INSIDE, "liquidate", NEW, "added to as the snapshot was taken"),
        (INSIDE, "2026-12-10T00:00:01Z", "error", "RR511", "what has not happened yet decides nothing"),
        (LAST, BEFORE, "healthy", OLD, "to the last nanosecond"),
        (ENDS, BEFORE, "liquidate", NEW, "then it holds for everyone"),
        (ENDS, None, "liquidate", NEW, "and nobody need say any more"),
    ],
)
def test_which_table_a_position_is_under(when: str, increased_at: str | None, decision: str, needs: Any, why: str) -> None:
    assert decided(when, leg(increased_at)) == (decision, needs), why


@pytest.mark.parametrize(
    "legs, balance, decision, needs, why",
    [
        ([leg(None)], "500", "healthy", "RR508", "healthy under both; how much it needs is another matter"),
        ([leg(None)], "100", "liquidate", "RR508", "too little under both"),
        ([leg(None, "10000")], "500", "healthy", "RR508", "3,000 are in the first tier of both, at another rate"),
        (
            [leg(BEFORE, id="l", side="long"), leg(BEGINS, "-30000", id="s", side="short")],
            "430",
            "error",
            "RR508",
            "legs of one market apart",
        ),
        ([leg(BEFORE, id="l", side="long"), leg(BEFORE, "-30000", id="s", side="short")], "430", "healthy", 2 * OLD, "both held on"),
        ([leg(None, "1", market="BTC-USDT", entry_price="64000")], "500", "healthy", Fraction(302), "a market that is not rolled out"),
    ],
)
def test_what_both_tables_say_is_decided(legs: list[dict[str, Any]], balance: str, decision: str, needs: Any, why: str) -> None:
    assert decided(INSIDE, *legs, balance=balance) == (decision, needs), why


@pytest.mark.parametrize(
    "when, order, leverage, may, why",
    [
        (BEFORE, "+1000 HIVE-USDT at 0.30", "20", True, "20x in the second tier of the old table"),
        (INSIDE, "+1000 HIVE-USDT at 0.30", "20", False, "15x in the new one, which holds for who adds"),
        (INSIDE, "+1000 HIVE-USDT at 0.30", "15", True, "with that it may"),
        (INSIDE, "+1 BTC-USDT at 64000", "20", True, "elsewhere nothing has changed"),
    ],
)
def test_an_order_adds_and_is_under_the_new_table(when: str, order: str, leverage: str, may: bool, why: str) -> None:
    asked = BOOKS[when].ask.may_open(snapshot(when, leg(BEFORE), balance="20000"), order, leverage=leverage)[0]
    assert asked.data["may_open"] is may, (why, asked.text)


def test_an_open_order_does_not_move_what_is_held() -> None:
    order = {"market": "HIVE-USDT", "side": "buy", "size": "100", "price": "0.30", "reduce_only": False, "leverage": "20"}
    for when, may in ((BEFORE, True), (INSIDE, False)):
        pool = BOOKS[when].explain(snapshot(when, leg(BEFORE), balance="20000", orders=[order])).pools[0]
        assert to_fraction(pool.value("maintenance_margin")) == OLD
        assert pool.evaluated.value("may_open", 0) is may, "20x is too much under the new table, which holds for who adds"


def test_the_text_says_what_to_give() -> None:
    text = str(BOOKS[INSIDE].explain(snapshot(INSIDE, leg(None))))
    assert "RR508" in text
    assert "give increased_at with each position in HIVE-USDT" in text
    assert "2026-12-07-hive.yaml:14" in str(BOOKS[INSIDE].explain(snapshot(INSIDE, leg(BEGINS))))
    assert "tiers/2026-12-01.yaml:23  1st version" in str(BOOKS[INSIDE].explain(snapshot(INSIDE, leg(BEFORE))))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**7), st.sampled_from([BEFORE, BEGINS, INSIDE]), st.sampled_from([BEGINS, INSIDE, LAST]))
def test_it_is_what_one_of_the_tables_says_by_itself(size: int, increased_at: str, when: str) -> None:
    """Held against the tables read a second time, from the texts."""
    assume(increased_at <= when)  # all of one spelling: what is later decides nothing
    table = read_policy(POLICIES / "house-usdm", BEFORE if increased_at == BEFORE else ENDS)
    notional = size * Fraction("0.3")
    rows = table.tiers("HIVE-USDT")
    row = next((row for row in rows if row.cap is not None and notional <= row.cap), rows[-1])
    taken = next(number(one["maintenance_amount"]) for one in table["tables"]["HIVE-USDT"]["tiers"] if number(one["cap"]) == row.cap)
    cents = -(-(notional * row.rate - taken) * 100 // 1)
    made = BOOKS[when].explain(snapshot(when, leg(increased_at, str(size)))).pools[0]
    assert to_fraction(made.value("maintenance_margin")) == Fraction(-cents if cents < 0 else cents, 100) + notional * Fraction("0.0005")


ROW = {
    "market": "HIVE-USDT", "mode": "cross", "size": "30000", "entry_price": "0.30", "mark_price": "0.30", "mark_price_at": INSIDE,
    "leverage": "20", "unsettled_funding": "0", "taker_fee": "0.0005",
}  # fmt: skip


def test_a_table_of_positions_says_it_too() -> None:
    """Each account by itself: held on, added to, and not said; one that is healthy under both, and one without."""
    cases = [(BEFORE, "220"), (BEGINS, "220"), (None, "220"), (None, "500"), (None, "100"), (INSIDE, "249.51"), (BEFORE, "204.5")]
    rows = [{**ROW, "account": f"a{k}", "increased_at": when} for k, (when, _) in enumerate(cases)]
    held = [{"account": f"a{k}", "asset": "USDT", "amount": balance} for k, (_, balance) in enumerate(cases)]
    out = BOOKS[INSIDE].evaluate(_columns(rows), _columns(held))
    walked = [decided(INSIDE, leg(when), balance=balance)[0] for when, balance in cases]
    assert (
        [str(one) for one in out["decision"]] == walked == ["healthy", "liquidate", "error", "healthy", "liquidate", "healthy", "liquidate"]
    )


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in rows[0]}


HEAD = "kind: tiers\nrulebook: house-usdm\nreason: Tried here.\nform: marginal_on_mark_notional\n"
ROWS = "{tiers: [{cap: 10_000, max_leverage: 10, maintenance_rate: 5%}]}"
PHASES = "{increasing: 2027-01-01T08:00:00Z, existing: 2027-01-08T08:00:00Z, leverage_above_max: keep_until_increase}"


@pytest.mark.parametrize(
    "effective, tables, code, why",
    [
        (PHASES, f"tables: {{HIVE-USDT: {ROWS}}}", "", "a third table"),
        (PHASES, f"tables: {{SOL-USDT: {ROWS}}}", "RR575", "nobody can stay under what is not there"),
        (PHASES.replace("existing: 2027-01-08", "existing: 2026-12-31"), f"tables: {{HIVE-USDT: {ROWS}}}", "RR221", "the wrong way round"),
        (PHASES.replace("01-08", "01-01"), f"tables: {{HIVE-USDT: {ROWS}}}", "RR221", "no time at all"),
        (
            PHASES.replace(", leverage_above_max: keep_until_increase", ""),
            f"tables: {{HIVE-USDT: {ROWS}}}",
            "RR228",
            "what becomes of 25x?",
        ),
        (PHASES, "withdrawn: [HIVE-USDT]", "RR222", "gone at one time"),
    ],
)
def test_what_a_roll_out_may_say(tmp_path: Path, effective: str, tables: str, code: str, why: str) -> None:
    text = f"{HEAD}effective: {effective}\n{tables}\n"
    assert codes_in_house(tmp_path, {"tiers/2027-01-01.yaml": text}) == ({code} if code else set()), why


def test_one_roll_out_after_the_other(tmp_path: Path) -> None:
    early = PHASES.replace("increasing: 2027-01-01", "increasing: 2026-12-14").replace("08:00:00Z, existing", "07:59:59Z, existing")
    assert codes_in_house(tmp_path, {"tiers/2026-12-14.yaml": f"{HEAD}effective: {early}\ntables: {{HIVE-USDT: {ROWS}}}\n"}) == {"RR575"}


def test_other_rules_begin_at_one_time() -> None:
    text = f"kind: prices\nrulebook: house-usdm\neffective: {PHASES}\nreason: Tried here.\nmark_price: {{too_old: {{above: 5s}}}}\n"
    assert "RR211" in codes_of(text)
