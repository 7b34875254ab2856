"""Portfolio: what may be written, and what must agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.told import ROOT, changed, codes_in_house, codes_of, page_example

BOOK = "portfolio/2026-12-01.yaml"
WHOLE = "of: [majors, alts], combine: {majors: {majors: 1, alts: 0.6}, alts: {majors: 0.6, alts: 1}}"


def test_the_example_of_the_page_stands() -> None:
    assert codes_of(page_example("portfolio")) == set()


def test_the_page_shows_the_house() -> None:
    assert page_example("portfolio") == (ROOT / "policies" / "house-usdm" / BOOK).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("BTC-USDT: -10%,", "BTC-USDT: -12.5%,", "", "a part of a percent"),
        ("BTC-USDT: -10%,", "BTC-USDT: -0.1,", "RR214", "a tenth, or a tenth of a percent?"),
        ("BTC-USDT: -10%,", "BTC-USDT: -101%,", "RR213", "no price falls below 0"),
        ("BTC-USDT: -10%,", "BTC-USDT: -100%,", "", "to nothing"),
        ("counted: 40%", "counted: 0.4", "RR214", "a share needs its unit"),
        ("counted: 40%, ", "", "RR228", "how much of a scenario counts is never assumed"),
        ("HIVE-USDT: 0.55}", "HIVE-USDT: 1.2}", "RR213", "nothing moves together more than wholly"),
        ("HIVE-USDT: 0.55}", "HIVE-USDT: -1}", "", "against each other wholly"),
        ("HIVE-USDT: 0.55}", "HIVE-USDT: 55%}", "RR212", "a correlation is a number"),
        ("    - base\n", "", "RR225", "a stress alone may lower the margin"),
        ("toward: ones,     by: 60%", "toward: ones,     by: 101%", "RR213", "beyond the matrix of ones"),
        ("toward: ones,     by: 60%", "toward: ones,     by: 100%", "", "the matrix of ones itself"),
        ("toward: ones,     by: 60%", "toward: twos,     by: 60%", "RR229", "two ends"),
        ("if_impossible: refuse", "if_impossible: {repair: nearest_correlation, places: 6}", "", "the policy says so"),
        ("if_impossible: refuse", "if_impossible: {repair: nearest_correlation}", "RR228", "to how many places"),
        ("if_impossible: refuse", "if_impossible: repair", "RR229", "how"),
        ("larger_of: [scenarios, correlation]", "larger_of: [scenarios, scenarios]", "RR225", "twice the same"),
        ("larger_of: [scenarios, correlation]", "larger_of: [scenarios], sum_of: [tree]", "RR225", "one way"),
        ("larger_of: [scenarios, correlation]", "larger_of: []", "RR211", "nothing is required"),
        ("equity: {at_or_below: requirement}", "equity: {above: requirement}", "RR224", "the solvent would be liquidated"),
        ("equity: {at_or_below: requirement}", "equity: {below: requirement}", "", "equality is on the other side"),
        ("equity: {above: requirement}", "equity: {below: requirement}", "RR224", "a mode for the insolvent"),
        ("by_requirement", "evenly", "RR229", "no other split is known"),
    ],
)
def test_what_may_be_written(old: str, new: str, code: str, why: str) -> None:
    found = codes_of(changed("portfolio", old, new))
    assert found == ({code} if code else set()), why


@pytest.mark.parametrize(
    "old, new, code, why",
    [
        ("reason: First version.", "reason: As it is.", "", "the house itself"),
        ("[BTC-USDT, ETH-USDT, HIVE-USDT]", "[BTC-USDT, ETH-USDT, HIVE-USDT, SOL-USDT]", "RR273", "a market without a contract"),
        ("HIVE-USDT: -25%", "ETH-USDC: -25%", "RR273", "one market too few and one too many"),
        (", HIVE-USDT: 9%", "", "RR273", "a weight that is left out is not 0"),
        (", HIVE-USDT: 1}", "}", "RR273", "nor is a correlation"),
        ("alts:   [HIVE-USDT]", "alts:   [HIVE-USDT, BTC-USDT]", "RR273", "in two baskets"),
        (WHOLE, "of: [majors], combine: sum", "RR273", "alts would count nowhere"),
        ("of: [majors, alts]", "of: [majors, alts, alts]", "RR273", "one basket twice"),
        ("larger_of: [scenarios, correlation]", "sum_of: [scenarios, tree]", "", "any part may count"),
        ("majors: {majors: 1, alts: 0.6}", "majors: {majors: 1, alts: 0.5}", "RR271", "not symmetric"),
        ("ETH-USDT: 0.55, HIVE-USDT: 1}", "ETH-USDT: 0.55, HIVE-USDT: 0.9}", "RR271", "the diagonal"),
        ("roots: {to: 0.01, direction: up}\n", "", "RR273", "a root without its rounding"),
    ],
)  # fmt: skip
def test_what_must_agree(old: str, new: str, code: str, why: str, tmp_path: Path) -> None:
    assert codes_in_house(tmp_path, {BOOK: changed("portfolio", old, new)}) == ({code} if code else set()), why


def test_a_section_is_replaced_whole(tmp_path: Path) -> None:
    """A matrix of an amendment is the matrix, and no entry of the one before is left in it."""
    head = "kind: portfolio\nrulebook: house-usdm\neffective: 2026-12-15T00:00:00Z\nreason: A test.\n"
    assert codes_in_house(tmp_path, {"portfolio/2026-12-15.yaml": f"{head}baskets: {{majors: [BTC-USDT]}}\n"}) == {"RR273"}


def test_a_withdrawn_market_may_stay_in_the_matrix(tmp_path: Path) -> None:
    """A position in it is an error anyway, and what hangs together of the others is as it was."""
    head = "kind: tiers\nrulebook: house-usdm\neffective: 2026-12-15T00:00:00Z\nreason: A test.\nform: marginal_on_mark_notional\n"
    assert codes_in_house(tmp_path, {"tiers/2026-12-15.yaml": f"{head}withdrawn: [HIVE-USDT]\ntables: {{}}\n"}) == set()
