"""Percolator's figures, under its own rulebook."""

from __future__ import annotations

from typing import Any

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Earlier, Trial, in_parts, term
from tests.conformance.books import PERCOLATOR, Book
from tests.conformance.cases import Question
from tests.conformance.readings import first_true

BPS = 10_000
USD = PERCOLATOR.settle
TOTALS = {
    "all_principal": "principal", "all_realised": "realised", "all_warming": "warming", "insurance": "insurance",
    "all_collateral": "collateral",
}  # fmt: skip
LOSSES = (
    "burned_warming", "insurance_draw", "equity_haircut", "warming_left", "principal_left", "realised_left",
    "insurance_left", "deficit_to_equity",
)  # fmt: skip


def _share(bps: Any) -> str:
    return w.number(w.per(bps, BPS))


def _with(**shares: Any) -> Book:
    return PERCOLATOR.parameters({name: {"unit": "rate", "value": _share(bps)} for name, bps in shares.items()})


def waterfall(q: Question) -> list[Trial]:
    """Who bears a loss of the whole venue."""
    figures = {name: term(name) for name in LOSSES} | {"solvent": term("solvent_after")}
    return [Trial(PERCOLATOR, p.snapshot({}, [], {}, **{name: w.number(q.inputs[said]) for name, said in TOTALS.items()}), figures)]


def mode(q: Question) -> list[Trial]:
    """The band of an account whose equity less maintenance is given: without positions, its balance is that."""
    shares = {name: {"unit": "rate", "value": _share(q.policy[f"{name}_bps"])} for name in ("hard_band", "pre_band")}
    buffer = {"pre_liquidation_buffer": {"unit": "settle", "value": w.number(q.policy["pre_liquidation_buffer"])}}
    bands = first_true([(term("in_hard_band"), "hard"), (term("in_pre_band"), "pre")], "none")
    shot = p.snapshot({}, [], {USD: w.number(q.inputs["health"])})
    return [Trial(PERCOLATOR.parameters({**shares, **buffer}), shot, {"mode": bands, "band_bps": in_parts(term("price_band"), BPS)})]


def _market(book: Book, oracle: Any, mark: Any, figures: dict[str, str]) -> list[Trial]:
    market = book.market(p.CASE)
    shot = p.snapshot({market: w.number(mark)}, [p.position(p.POSITION, market, w.TINY, "1")], {USD: "0"})
    shot["markets"][market] |= {"oracle_price": w.number(oracle)}
    return [Trial(book.markets_of_coins(market), shot, {said: term(name) for said, name in figures.items()})]


def price_band(q: Question) -> list[Trial]:
    """Both ends of a band around an oracle's price."""
    return _market(_with(hard_band=q.policy["band_bps"]), q.inputs["oracle_price"], "1", {"low": "hard_band_low", "high": "hard_band_high"})


def alignment(q: Question) -> list[Trial]:
    """Whether a mark is close enough to the oracle."""
    book = _with(oracle_tolerance=q.policy["tolerance_bps"])
    return _market(book, q.inputs["oracle_price"], q.inputs["mark_price"], {"aligned": "oracle_aligned"})


def insurance(q: Question) -> list[Trial]:
    """One loss after another, each after what the engine let the fund pay before."""
    book = _with(
        payout_share_of_event=q.policy["max_payout_bps_of_event"], payout_share_of_day=q.policy["max_daily_payout_bps_of_vault"]
    )  # fmt: skip
    paid, trials = term("insurance_payout"), []
    before: list[dict[str, Any]] = []
    for k, (debt, notional, at) in enumerate(q.inputs["events"]):
        given = {"bad_debt": w.number(debt), "event_notional": w.number(notional), "clock": w.number(at)}
        shot = p.snapshot({}, [], {}, **given, fund_at_start=w.number(q.inputs["vault"]), payout=[*before])
        trials.append(Trial(book, shot, {f"payouts.{k}.0": paid, f"payouts.{k}.1": term("uncovered_debt")}))
        before.append({"paid_amount": Earlier(trials[k], paid), "paid_at": given["clock"]})
    return trials
