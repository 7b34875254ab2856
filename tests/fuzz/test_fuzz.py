"""A slice of the long job, always the same; and that the watch would see a fault."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from riskrules.rulebook.versions import PolicyFile
from tests.fuzz import FUZZERS, fuzz_policy, fuzz_snapshot, watch
from tests.fuzz.difference import differences, digests
from tests.fuzz.watch import Mutant

SLICE = {"reader": 1_000, "policy": 700, "snapshot": 900}
TIERS = "house-usdm/tiers/2026-12-01.yaml"
AMOUNT, FLOOR = "tables.HIVE-USDT.tiers[1].maintenance_amount", "tables.HIVE-USDT.tiers[1].floor"
BELOW, OR_BELOW, MM = "liquidate_when.equity.below", "liquidate_when.equity.at_or_below", "maintenance_margin"
MARGIN = "house-usdm/margin/2026-12-01.yaml"


@pytest.mark.parametrize("name", FUZZERS)
def test_a_slice_shows_no_fault(name: str) -> None:
    tally = watch.run(FUZZERS[name], SLICE[name], seed=20261201)
    assert not tally.failure, f"{tally.failure}; kept in {tally.reproducer}"
    accepted = sum(count for word, count in tally.counts.items() if "refused" not in word)
    assert 0.05 < accepted / tally.ran < 0.95, f"fuzzing asks both sides of the door: {tally.counts}"


def _parent(name: str) -> fuzz_policy.Parent:
    return next(parent for parent in fuzz_policy.parents() if parent.name == name)


def _changed(name: str, old: str, new: str) -> tuple[PolicyFile, PolicyFile]:
    parent = _parent(name)
    text = parent.data.decode()
    assert old in text
    made = fuzz_policy.policy(name, text.replace(old, new, 1).encode())
    assert made is not None
    return parent.file, made


@pytest.mark.parametrize(
    "name, old, new, said, why",
    [
        (TIERS, "0.5%}", "0.6%}", ["tables.BTC-USDT.tiers[1].maintenance_rate: 0.5% → 0.6%"], "a rate of one row"),
        (TIERS, "0.5%}", "50bps}", [], "the same rate in another unit"),
        (TIERS, "50_000,", "50000.0,", [], "the same cap, ungrouped"),
        (TIERS, "maintenance_amount: 25}", "floor: 5_000}", [f"{AMOUNT}: 25 → not given", f"{FLOOR}: not given → 5_000"], "keys may go"),
        (TIERS, "cap: unlimited", "cap: 9_000_000", ["tables.BTC-USDT.tiers[4].cap: unlimited → 9_000_000"], "a word becomes a number"),
        (TIERS, "  HIVE-USDT:", "  H-USDT:", ["tables.HIVE-USDT: given → not given", "tables.H-USDT: not given → given"], "a new name"),
        (TIERS, "form: marginal", "form: m", ["form: marginal_on_mark_notional → m_on_mark_notional"], "told once and not for each table"),
        (TIERS, "reason: First", "reason: Second", [], "prose means nothing"),
        (MARGIN, "at_or_below: main", "below: main", [f"{BELOW}: not given → {MM}", f"{OR_BELOW}: {MM} → not given"], "another side"),
        (MARGIN, "equity: {to: 0.01, direction: down}", "equity: none", ["rounding.equity: given → none"], "a mapping ends"),
        (MARGIN, "[cross, isolated]", "[cross]", ["account.margin_modes[1]: isolated → not given"], "a list gets shorter"),
    ],
)
def test_a_difference_names_the_node(name: str, old: str, new: str, said: list[str], why: str) -> None:
    before, after = _changed(name, old, new)
    shown = [str(one) for one in differences(before, after)]
    assert sorted(shown) == sorted(said), why
    assert (digests(before) == digests(after)) == (not said), why


def test_a_digest_that_forgets_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskrules.rulebook.versions.meaning_digest", lambda unit, header, value: "")
    with pytest.raises(AssertionError, match="digests say same"):
        fuzz_policy.compared(*_changed(TIERS, "0.5%}", "0.6%}"))


def test_a_hang_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LONGEST", 0.05)

    def forever() -> str:
        while True:
            pass

    tally = watch.run(lambda dice: Mutant("a/b.yaml", b"kind: x", forever), 5, seed=1)
    assert tally.ran == 1
    assert "Hang" in tally.failure
    assert tally.reproducer is not None
    assert tally.reproducer.read_bytes() == b"kind: x"
    _removed(tally.reproducer)


def _removed(reproducer: Path) -> None:
    for path in reproducer.parent.iterdir():
        path.unlink()
    reproducer.parent.rmdir()


def test_a_mutant_depends_on_its_number_alone() -> None:
    made = [FUZZERS["policy"](random.Random("7:41")).data for _ in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    "old, new, why",
    [
        ('"mark_price": "2500.25", ', "", "no mark price"),
        ('"entry_price": "2500", ', '"entry_price": null, ', "no entry price"),
        (', "margin": "400"', "", "no margin"),
        ('"collateral": {"USDT": "11000"},', "", "no balances, and a cross position"),
        ('"market": "ETH-USDT", "mode": "isolated"', '"market": "ETHS-USDT", "mode": "isolated"', "no such market"),
    ],
)
def test_the_second_look_sees_what_is_missing(old: str, new: str, why: str) -> None:
    parent = next(one for one in fuzz_snapshot.parents() if one.name == "orders.json")
    assert old in parent.text
    text = parent.text.replace(old, new, 1)
    tree = fuzz_snapshot._tree(text)
    account = tree["accounts"][0]
    assert not all(good for leg in account["positions"] for _, good in fuzz_snapshot._needs(tree, account, leg, parent.plan)), why
    said = fuzz_snapshot.judge(parent, text, False)
    assert "error" in said or said == "refused", why


def test_every_sample_is_accepted() -> None:
    for parent in fuzz_snapshot.parents():
        assert fuzz_snapshot.judge(parent, parent.text, turns=parent.name != "account.json").startswith("accepted"), parent.name


def test_a_strange_number_is_what_it_says() -> None:
    assert all(not fuzz_snapshot._is_number(text) for text in ("NaN", "1//2", "", "٣", "inf"))
    assert all(fuzz_snapshot._is_number(text) for text in ("1e-05", "1/3", ".5", "-0"))


def test_a_healthy_pool_without_a_price_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = next(one for one in fuzz_snapshot.parents() if one.name == "orders.json")
    monkeypatch.setattr(fuzz_snapshot, "ERROR", "any other word")
    with pytest.raises(AssertionError, match=r"mark price of .* is missing, and its pool is error"):
        fuzz_snapshot.judge(parent, parent.text.replace('"mark_price": "2500.25", ', ""), turns=False)
