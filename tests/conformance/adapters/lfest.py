"""lfest: an isolated position at the best bid and ask."""

from __future__ import annotations

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial, pool, term
from tests.conformance.books import LFEST, OF_COINS
from tests.conformance.cases import Question


def check(q: Question) -> list[Trial]:
    market = LFEST.market(p.CASE)
    fraction = {"maintenance_fraction": ("rate", w.number(q.policy["maintenance_fraction"]))}
    book = LFEST.contracts({market: OF_COINS}).settings(fraction, market)
    entry, size = w.number(q.inputs["entry_price"]), w.signed(q.inputs["side"], q.inputs.get("size", "1"))
    margin = "initial" if "margin" not in q.inputs else w.number(q.inputs["margin"])
    one = p.position(p.POSITION, market, size, entry, mode="isolated", leverage=w.number(q.policy["leverage"]), margin=margin)
    shot = p.snapshot({market: entry}, [one], {})
    shot["markets"][market] |= {"bid": w.number(q.inputs["bid"]), "ask": w.number(q.inputs["ask"])}
    figures = {
        "is_liquidatable": term("liquidate"), "liquidation_price": term("printed_liquidation_price", p.POSITION),
        "maintenance_margin": pool("maintenance_margin", LFEST.settle, p.POSITION),
    }  # fmt: skip
    return [Trial(book, shot, figures)]
