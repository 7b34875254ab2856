"""Steps of a liquidation: the ranking of those who are deleveraged."""

from __future__ import annotations

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial
from tests.conformance.asked_steps import called_upon, of_counterparty
from tests.conformance.books import LINEAR
from tests.conformance.cases import NotSaid, Question

FORMULA = "pnl>0: pnl*lev; pnl<0: pnl/lev; lev=|MV|/(MV-BV); pnl=(MV-EV)/|EV|"
RANK = {"profit_rate": "times_leverage", "loss_rate": "divided_by_leverage", "leverage": "effective"}
STRATEGY = {
    "first": "largest_notional",
    "equity_of_a_position": "by_maintenance_share",
    "stop_when": {"maintenance_share_of_equity": {"below": "50%"}},
    "skip_to_take_over_when": "never",
    "steps": [{"do": "deleverage", "rank": RANK, "at": "bankruptcy_price"}],
    "fees": "none",
    "sizes": "none",
    "limits": "none",
    "pause": "none",
}


def rank(q: Question) -> list[Trial]:
    """The score of each, and their order, when something on the other side is closed against them."""
    if q.policy["formula"] != FORMULA:
        raise NotSaid("another formula")
    market, accounts = LINEAR.market(p.CASE), q.inputs["accounts"]
    marks, sides = {one["mark"] for one in accounts}, {one["side"] for one in accounts}
    if len(marks) != 1 or sides != {"long"}:
        raise NotSaid("accounts of several marks or sides")
    (mark,) = marks
    others = [
        {
            "id": one["id"], "market": market, "size": w.signed(one["side"], one["qty"]), "entry_price": w.number(one["entry"]),
            "bankruptcy_price": w.number(one["bankrupt"]),
        }
        for one in accounts
    ]  # fmt: skip
    state = {"pools": [], "counterparties": others}
    book = LINEAR.tiers({market: p.tiers([("unlimited", "0.01")], ("cap", "mmr"))}).strategy(STRATEGY)
    one = p.position(p.POSITION, market, "-1", w.number(mark), leverage="1/2")
    figures = {f"score.{other['id']}": of_counterparty("rank_score", other["id"], state) for other in others}
    places = {f"order.{k}": called_upon(k, state) for k, _ in enumerate(others)}
    return [Trial(book, p.snapshot({market: w.number(mark)}, [one], {LINEAR.settle: "0"}), figures | places)]
