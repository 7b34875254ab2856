"""What stands behind a pool's positions: its balances, what its positions gained and lost, and funding that is not settled yet."""

from __future__ import annotations

from riskrules.ir import term as t
from riskrules.ir.term import Term
from riskrules.rules import margin_pool as of_pool
from riskrules.rules.margin_sections import NOTHING, POOL_MARGINS, Formulas, Names, Pooled, Sections, rounded
from riskrules.units import unit as u


def equity(s: Sections, names: Names, formulas: Formulas, pooled: Pooled) -> Names:
    wallet = _wallet(s, names, formulas)
    worth = s.equity.position_value
    profit = _counted_profit(s, formulas(worth.formula) if worth else names["unrealised_profit"])
    equity = wallet["wallet_balance"] + t.over("total", profit, "pool")
    funding = _counted_funding(s, formulas)
    if funding is not None:
        equity = equity + t.over("total", funding, "pool")
    if s.equity.whole is not None:
        equity = formulas(s.equity.whole.formula, of_pool.POOL)
    if s.equity.plus is not None:
        known = {name: term for name, term in {**names, **wallet}.items() if name not in POOL_MARGINS}
        equity = equity + pooled(s.equity.plus.formula, known)
    equity = of_pool.less(equity, s.equity, formulas)
    made = {"counted_profit": profit, **({"counted_funding": funding} if funding else {})}
    if s.equity.with_initial_margin is not None:
        other = rounded(formulas(s.equity.with_initial_margin.formula, of_pool.POOL), s.rounding.equity)
        made["initial_equity"] = other.named("initial_equity", s.at("equity", "with_initial_margin"))
    return {**wallet, **made, "equity": rounded(equity, s.rounding.equity).named("equity", s.at("equity"))}


def _wallet(s: Sections, names: Names, formulas: Formulas) -> Names:
    held = t.given("amount", "holding", u.BASE)
    rule = s.equity.wallet_balance
    worth = _collateral(s, held, names) if isinstance(rule, str) else formulas(rule.formula, ("holding",))
    collateral = worth.named("collateral", s.at("collateral"))
    cross = t.over("total", collateral, "pool")
    posted = t.given("posted_margin", "pool", u.SETTLE)
    if s.account.posted_margin == "given_or_initial_at_entry":
        initial = t.over("total", (names["entry_notional"] / t.given("leverage", "leg", u.LEVERAGE)).shown_as("money"), "pool")
        posted = t.choose(t.given("posts_initial", "pool", u.FLAG), initial, posted)
    elif s.account.posted_margin == "given_or_initial_margin":
        whole = names.get("portfolio_initial")
        initial = whole if whole is not None else t.over("total", names["position_initial"], "pool")
        posted = t.choose(t.given("posts_initial", "pool", u.FLAG), initial, posted)
    isolated = "isolated" in s.account.margin_modes
    wallet = t.choose(t.given("is_isolated", "pool", u.FLAG), posted, cross) if isolated else cross
    return {"collateral": collateral, "wallet_balance": wallet.named("wallet_balance", s.at("equity", "wallet_balance"))}


def _collateral(s: Sections, held: Term, names: Names) -> Term:
    """A balance at its weight, a debt at the weight of debts, both in the pool's settle asset."""
    if s.account.pools == "per_settle_asset" and not s.weighted:
        return t.as_unit(held, u.SETTLE)
    zero = t.constant(0, u.BASE)
    if s.sliced:
        return of_pool.by_slices(held, None if s.account.pools == "per_settle_asset" else names["index_price"])
    weight, owed = t.given("weight", "asset", u.RATE), t.given("owed_weight", "asset", u.RATE)
    counted = t.choose(t.compare("at_or_above", held, zero), held * weight, held * owed)
    if s.account.pools == "per_settle_asset":
        return t.as_unit(counted, u.SETTLE)
    price = t.choose(t.given("is_settle", "asset", u.FLAG), t.constant(1, u.SETTLE_PRICE), names["index_price"])
    return (counted * price).shown_as("money")


def _counted_profit(s: Sections, profit: Term) -> Term:
    gain, loss = s.equity.unrealised_profit, s.equity.unrealised_loss
    if gain == loss == 1:
        return profit
    gains = t.larger(profit, NOTHING) * t.constant(gain, u.RATE)
    losses = t.smaller(profit, NOTHING) * t.constant(loss, u.RATE)
    return (gains + losses).named("counted_profit", s.at("equity"))


def _counted_funding(s: Sections, formulas: Formulas) -> Term | None:
    """Funding not settled yet: due is above 0, owed below."""
    rule = s.equity.unsettled_funding
    funding = formulas(rule.formula) if rule else t.given("unsettled_funding", "leg", u.SETTLE)
    owed, due = s.equity.funding_owed == "counted", s.equity.funding_due == "counted"
    if owed and due:
        return funding
    if not owed and not due:
        return None
    side = t.smaller(funding, NOTHING) if owed else t.larger(funding, NOTHING)
    return side.named("counted_funding", s.at("equity"))
