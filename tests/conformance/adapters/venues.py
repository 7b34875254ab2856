"""Figures that one venue prints and others do not: fees at bankruptcy, prices on a step, ratios, margins that rise with size."""

from __future__ import annotations

from typing import Any

from tests.conformance import words as w
from tests.conformance.adapters import parts as p
from tests.conformance.asked import Trial, largest_size, pool, price, term
from tests.conformance.books import (
    ASTER,
    BACKPACK,
    BY_ROOT,
    BY_SIZE,
    BYBIT,
    DERIBIT,
    FIGURES,
    KUCOIN,
    LINEAR,
    OKX,
    OKX_COIN,
    OKX_PM,
    PARADEX,
    PHEMEX,
    RISK_RATE,
    Book,
)
from tests.conformance.cases import Fields, Question

BEYOND_NEED = "1000000000000000"  # a balance that no margin of a case comes near
PRICE_STEP = "price_step"
ASTER_SELLS_AT = "-10000"


def im_mm_fee(q: Question) -> list[Trial]:
    """Margins that hold the fee of closing at the bankruptcy value: of a position value, a notional, or a size at a price."""
    market = BYBIT.market(p.CASE)
    book = BYBIT.flat({market: p.flat(q.policy)})
    value = w.first(q.inputs, "position_value", "value", "notional")
    size = p.size_of(q.inputs) if value is None else w.signed(q.inputs.get("side", "long"), value)
    entry = w.number(w.first(q.inputs, "entry", "entry_price", "mark")) if value is None else "1"
    mark = entry if value is None else "1"
    one = p.position(p.POSITION, market, size, entry, **p.alone(book, p.leverage(q.inputs)))
    return [Trial(book, p.snapshot({market: mark}, [one], {}, **p.fees(book, q.policy)), p.leg_words())]


def bust(q: Question) -> list[Trial]:
    """The bankruptcy price of an entry and a leverage, on the venue's price step."""
    book = PHEMEX if q.venue == "phemex" else BYBIT
    market = book.market(p.CASE)
    book = _on_step(book.flat({market: p.NO_MAINTENANCE}), q.policy, market)
    size = w.signed(q.inputs.get("side", "long"), "1")
    entry = w.number(q.inputs["entry"])
    one = p.position(p.POSITION, market, size, entry, **p.alone(book, p.leverage(q.inputs)))
    shot = p.snapshot({market: entry}, [one], {}, **p.fees(book, q.policy))
    return [Trial(book, shot, {"bankruptcy_price": term("printed_bankruptcy_price", p.POSITION)})]


def _on_step(book: Book, policy: Fields, market: str) -> Book:
    return book.settings({PRICE_STEP: ("quote/base", w.number(policy["tick"]))}, market) if "tick" in policy else book


def phemex_isolated(q: Question) -> list[Trial]:
    """An isolated position of an open value: what it posts and costs, and its two prices."""
    market = PHEMEX.market(p.CASE)
    book = _on_step(PHEMEX.flat({market: p.flat(q.policy)}), q.policy, market)
    entry = w.number(w.first(q.inputs, "entry", "entry_price"))
    size = w.signed(q.inputs.get("side", "long"), "1") if "value" in q.inputs else p.size_of(q.inputs)
    contract = p.in_contracts("linear", "quote", w.per(q.inputs["value"], entry)) if "value" in q.inputs else p.contract(q.inputs)
    book = book.contracts({market: contract} if contract else {})
    chosen = w.per("1", q.policy["im_req"]) if "im_req" in q.policy else p.leverage(q.inputs)
    one = p.position(p.POSITION, market, size, entry, **p.alone(book, chosen))
    shot = p.snapshot({market: entry}, [one], {}, **p.fees(book, q.policy))
    bankrupt = term("printed_bankruptcy_price" if "tick" in q.policy else "exact_bankruptcy_price", p.POSITION)
    figures = {
        "position_margin": pool("wallet_balance", book.settle, p.POSITION), "pos_cost": term("position_cost", p.POSITION),
        "bankrupt_price": bankrupt, "bankruptcy_price": bankrupt, "liquidation_price": price("liquidate", p.POSITION),
    }  # fmt: skip
    return [Trial(book, shot, {**p.leg_words(), **figures})]


def largest_position(q: Question) -> list[Trial]:
    """The largest position that may be opened at a leverage."""
    book = p.linear(q.venue)
    market = book.market(p.CASE)
    columns = q.policy.get("columns", ("cap", "max_leverage"))
    book = book.tiers({market: p.tiers(q.policy["tiers"], columns, rates="mmr" not in columns)})
    order = {
        "id": "asked", "market": market, "side": "buy", "size": "1", "price": "1", "reduce_only": False,
        "leverage": w.number(q.inputs["leverage"]),
    }  # fmt: skip
    shot = p.snapshot({market: "1"}, (), {book.settle: BEYOND_NEED}, orders=[order], **p.fees(book, q.policy))
    return [Trial(book, shot, {"max_position": largest_size("asked")})]


def extension(q: Question) -> list[Trial]:
    """A tier beyond the third, drawn up by steps; the first two tiers, which the case does not give, are stood in for."""
    policy, market = q.policy, OKX.market(p.CASE)
    third = {"cap": w.number(policy["tier3_max"]), "max_leverage": w.per("1", policy["tier3_imr"])}
    steps = {
        "cap": w.number(policy["step_contracts"]), "maintenance_rate": w.rate(policy["step_mmr"]),
        "initial_rate": w.rate(policy["step_imr"]), "up_to_initial_rate": "100%",
    }  # fmt: skip
    rows = [*p.STAND_INS, {**third, "maintenance_rate": w.rate(policy["tier3_mmr"])}]
    book = OKX.tiers({market: {"tiers": rows, "then": steps}})
    shot = p.of_notional(book, w.unsigned(q.inputs["contracts"]), p.leverage(q.inputs), **p.fees(book, policy))
    return [Trial(book, shot, p.leg_words())]


def okx_inverse(q: Question) -> list[Trial]:
    """An isolated inverse position whose profit is given: the mark is where the profit is that."""
    market, leg = OKX_COIN.market(p.CASE), "total(unrealised_profit, pool)"
    multiplier = w.first(q.inputs, "contract_value", "contract_size", "multiplier")
    book = OKX_COIN.flat({market: p.flat(q.policy)}).contracts({market: p.in_contracts("inverse", "base", multiplier)})
    entry = w.number(w.first(q.inputs, "avg_px", "entry"))
    margin = w.first(q.inputs, "margin")
    one = p.position(
        p.POSITION, market, p.size_of(q.inputs), entry, mode="isolated", leverage=p.leverage(q.inputs),
        margin="initial" if margin is None else w.number(margin),
    )  # fmt: skip
    mark, where = w.number(w.first(q.inputs, "mark", "mark_price") or entry), None
    if "upl" in q.inputs:
        said = {"rows": "leg", "unit": "settle", "reads_as": "The profit that is printed."}
        example = {"given": {"unrealised_profit": "-2", "printed_profit": "-1"}, "gives": "1"}
        reached = {
            "rows": "pool",
            "unit": "flag",
            "expression": f"{leg} <= total(printed_profit, pool)",
            "reads_as": "No more than printed.",
        }
        book = book.formulas({"printed_profit": said}, {"profit_reached": {**reached, "example": example}})
        one, where = {**one, "printed_profit": w.number(q.inputs["upl"])}, ("profit_reached", p.POSITION)
    figures = {
        "margin": term("wallet_balance", p.POSITION), "margin_ratio": term("margin_ratio", p.POSITION),
        "liquidation_price": price("liquidate", p.POSITION), "bankruptcy_price": price("bankrupt", p.POSITION),
    }  # fmt: skip
    return [Trial(book, p.snapshot({market: mark}, [one], {}, **p.fees(book, q.policy)), {**p.leg_words(), **figures}, mark_where=where)]


UNIT_PARTS = {
    "MR1": "spot_shock", "MR2": "theta_decay", "MR3": "vega_risk", "MR4": "basis_risk", "MR5": "rate_risk", "MR6": "extreme_move",
    "MR7": "minimum_charge",
}  # fmt: skip


def portfolio_parts(q: Question) -> list[Trial]:
    """The margin of a risk unit from its parts, where they are the venue's and all given; else by the case's own formula."""
    if q.venue != "okx" or any(part not in q.inputs for part in UNIT_PARTS):
        return formula_of_case(q)
    q.policy.get("formula")  # the rulebook has its own
    market = OKX_PM.market(p.CASE)
    book = OKX_PM.flat({market: p.NO_MAINTENANCE})
    given = {name: w.number(q.inputs[part]) for part, name in UNIT_PARTS.items()}
    one = p.position(p.POSITION, market, "1", "1", leverage="1", unit_initial_margin="0", **given)
    return [Trial(book, p.snapshot({market: "1"}, [one], {}), {"maintenance_margin": pool("maintenance_margin", book.settle)})]


def formula_of_case(q: Question) -> list[Trial]:
    """A figure that the case itself gives the formula of."""
    given = {name.lower(): w.number(value) for name, value in q.inputs.items()}
    inputs = {name: {"rows": "account", "unit": "settle", "reads_as": "A figure of the case."} for name in given}
    expression = str(q.policy["formula"]).lower()
    used = {name: "0" for name in given if name in expression}
    made = {"rows": "account", "unit": "settle", "expression": expression, "reads_as": "As the case gives it."}
    terms = {"figure_of_case": {**made, "example": {"given": used, "gives": "0"}}}
    return [Trial(FIGURES.formulas(inputs, terms), p.snapshot({}, (), {}, **given), {"maintenance_margin": term("figure_of_case")})]


def conversion(q: Question) -> list[Trial]:
    """What collateral is sold for a debt that has come to a threshold."""
    given = {
        "negative_balance": w.number(q.inputs["negative_balance"]), "conversion_threshold": w.number(q.policy["threshold"]),
        "conversion_rate": w.number(q.policy["rate"]),
    }  # fmt: skip
    if q.venue == "aster" and given["conversion_threshold"] == ASTER_SELLS_AT:
        del given["conversion_threshold"]  # the rulebook has its own
        return [Trial(ASTER, p.snapshot({}, (), {}, **given), {"converted_value": term("converted_value")})]
    return [Trial(FIGURES, p.snapshot({}, (), {}, **given), {"converted_value": term("converted_value")})]


def by_size(q: Question) -> list[Trial]:
    """A rate that rises with the size, on the whole position: Deribit's own rulebook, or that of the family."""
    if q.venue == "deribit":
        return _by_size_at_deribit(q)
    market, policy = BY_SIZE.market(p.CASE), q.policy
    rates = {"initial_base": policy["im_base"], "maintenance_base": policy["mm_base"], "rate_per_coin": policy["per_unit"]}
    book = BY_SIZE.flat({market: p.NO_MAINTENANCE}).settings({name: ("rate", w.number(value)) for name, value in rates.items()}, market)
    return [Trial(book, _at_price(book, q)[0], p.leg_words())]


def _by_size_at_deribit(q: Question) -> list[Trial]:
    """Its base rates are a flat row, the initial one as the largest leverage that it is 1 by; linear sizes are valued at the index."""
    market, policy = DERIBIT.market(p.CASE), q.policy
    row = {"maintenance_rate": w.rate(policy["mm_base"]), "max_leverage": w.per("1", policy["im_base"])}
    book = DERIBIT.flat({market: row}).settings({"rate_per_coin": ("rate", w.number(policy["per_unit"]))}, market)
    shot, at = _at_price(book, q)
    shot["markets"][market]["underlying_index"] = at
    return [Trial(book, shot, p.leg_words())]


def _at_price(book: Book, q: Question) -> tuple[dict[str, Any], str]:
    market, at = book.market(p.CASE), w.number(w.first(q.inputs, "price", "mark", "mark_price"))
    one = p.position(p.POSITION, market, p.size_of(q.inputs), w.number(q.inputs.get("entry", at)), leverage=p.leverage(q.inputs))
    return p.snapshot({market: at}, [one], {}), at


def by_root(q: Question) -> list[Trial]:
    """Fractions that rise with the square root of the notional: Backpack's own rulebook, or that of the family."""
    policy = q.policy
    if q.venue == "backpack":
        market = BACKPACK.market(p.CASE)
        row = {"maintenance_rate": w.rate(policy["mmf"]["base"]), "max_leverage": w.per("1", policy["imf"]["base"])}
        factors = {"initial_factor": policy["imf"]["factor"], "maintenance_factor": policy["mmf"]["factor"]}
        book = BACKPACK.flat({market: row})
        figures = {"imf": term("initial_fraction", p.POSITION), "mmf": term("maintenance_fraction", p.POSITION)}
    else:
        market = BY_ROOT.market(p.CASE)
        factors = {
            "initial_base": policy["imf"]["base"], "initial_factor": policy["imf"]["factor"],
            "maintenance_base": policy["mmf"]["base"], "maintenance_factor": policy["mmf"]["factor"],
        }  # fmt: skip
        book = BY_ROOT.flat({market: p.NO_MAINTENANCE})
        figures = {"imf": term("initial_by_root_rate", p.POSITION), "mmf": term("maintenance_by_root_rate", p.POSITION)}
    book = book.settings({name: ("rate", w.number(value)) for name, value in factors.items()}, market)
    return [Trial(book, p.of_notional(book, w.unsigned(q.inputs["notional"])), {**p.leg_words(), **figures})]


def risk_rate(q: Question) -> list[Trial]:
    """What positions and orders must hold, by the margin less opening fees: KuCoin's own rulebook, or that of the family."""
    base = KUCOIN if q.venue == "kucoin" else RISK_RATE
    marks: dict[str, str] = {}
    tables, contracts, legs, orders = {}, {}, [], []
    for word in ("positions", "orders"):
        for k, one in enumerate(q.inputs.get(word, ())):
            market = base.market(f"{word.upper()}{k}")
            marks[market], tables[market] = w.number(w.first(one, "mark", "price")), p.flat(one)
            contract, size = p.contract(one), p.size_of(one)
            contracts |= {market: contract} if contract else {}
            if word == "positions":
                rate = {"position_maintenance_rate": w.number(one["mmr"])} if q.venue == "kucoin" else {}
                legs.append(p.position(market, market, size, marks[market], **rate))
            else:
                ordered = {"id": market, "market": market, "side": one.get("side", "buy"), "size": w.unsigned(size), "price": marks[market]}
                orders.append({**ordered, "reduce_only": False, "order_maintenance_rate": w.number(one["mmr"])})
    book = base.flat(tables).contracts(contracts)
    shot = p.snapshot(marks, legs, {book.settle: w.number(q.inputs["total_margin"])}, orders=orders, **p.fees(book, q.policy))
    return [Trial(book, shot, {"risk_rate": term("risk_rate")})]


def order_check(q: Question) -> list[Trial]:
    """An account at each of several marks: what it must hold, what it has, and whether it may grow.

    Paradex's own rulebook holds a fraction of the market; the case's fraction is that of its market.
    """
    base = PARADEX if q.venue == "paradex" else LINEAR
    market = base.market(p.CASE)
    chosen = w.per("1", q.policy["imf"])
    if q.venue == "paradex":
        book = PARADEX.tiers({market: {"tiers": [{"cap": "unlimited", "max_leverage": chosen}]}})
        book = book.settings({"base_fraction": ("rate", w.number(q.policy["imf"]))}, market)
    else:
        book = LINEAR.flat({market: p.NO_MAINTENANCE})
    one = p.position(p.POSITION, market, p.size_of(q.inputs), w.number(q.inputs["entry"]), leverage=chosen)
    collateral = {book.settle: w.number(q.inputs["collateral"])}
    readings = {
        "imr": pool("initial_margin", book.settle),
        "account_value": pool("equity", book.settle),
        "ok": pool("may_increase", book.settle),
    }
    fees = p.fees(book, q.policy)
    return [
        Trial(
            book,
            p.snapshot({market: w.number(mark)}, [one], collateral, **fees),
            {f"{name}.{k}": reading for name, reading in readings.items()},
        )
        for k, mark in enumerate(q.inputs["marks"])
    ]
