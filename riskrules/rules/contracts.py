"""Contracts: what a market is a contract on, and what it settles in.

A linear contract gains size × price change in its quote currency; an inverse one is a number of
contracts, each worth a fixed amount of quote, and gains in its base currency.  Every figure of
margin is in the settle currency; which of base and quote that is, is bound here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from riskrules.ir.term import Source, Term, absolute, as_unit, choose, constant, given, to_rows
from riskrules.rules.fields import Asset, Market, Model, Positive, Prose, refuse
from riskrules.rules.header import AtOnce
from riskrules.units import unit as u

KIND = "contracts"

Stated = Positive | Literal["not_stated"]


class Contract(Model):
    type: Literal["linear", "inverse"] = Field(description="linear gains in quote, inverse in base")
    size_in: Literal["base", "contracts"] = Field(description="what a size counts")
    settle: Literal["quote", "base"] = Field(description="linear settles in quote, inverse in base")
    multiplier: Positive = Field(description="linear: base for each unit of size; inverse: quote for each contract")
    tick: Stated = Field(description="smallest step of its price")
    lot: Stated = Field(description="smallest step of its size")

    @model_validator(mode="after")
    def _bound(self) -> Contract:
        if (self.type == "linear") != (self.settle == "quote"):
            settles, article = ("quote", "a") if self.type == "linear" else ("base", "an")
            text = f"{article} {self.type} contract does not settle in {self.settle}"
            raise refuse(
                "RR223",
                text,
                f"settle: {settles}",
                f"write settle: {settles}; contracts that settle in a third currency are not in this version",
            )
        if self.type == "inverse" and self.size_in != "contracts":
            raise refuse(
                "RR223",
                "the size of an inverse contract is not in base",
                "size_in: contracts",
                "write size_in: contracts: its size counts contracts",
            )
        return self


class AssetRule(Model):
    quantum: Positive = Field(description="smallest step of its balances")


class Aliases(Model):
    venue: Prose | None = Field(default=None, description="the venue's spelling, from {base} {quote} {settle} {date}")
    ccxt: Prose | None = Field(default=None, description="ccxt's spelling, from the same")
    venue_dated: Prose | None = Field(default=None, description="the venue's spelling of a dated market, where that is another")
    venue_own: dict[Market, Prose] = Field(default_factory=dict, description="markets that the venue spells by no pattern")
    ccxt_assets: dict[Asset, Asset] = Field(default_factory=dict, description="assets that ccxt calls otherwise, with its word for each")
    later: ClassVar[frozenset[str]] = frozenset({"venue_dated", "venue_own", "ccxt_assets"})


class ContractsFile(AtOnce):
    kind: Literal["contracts"]
    every_market: Contract | None = Field(default=None, description="of each market that has a table and no entry of its own")
    markets: dict[Market, Contract] = Field(default_factory=dict, description="markets with a contract of their own")
    every_option: Contract | None = Field(
        default=None, description="of each option, BASE-QUOTE-YYMMDD-STRIKE-C or -P, on a market of the book"
    )
    assets: dict[Asset, AssetRule] = Field(default_factory=dict, description="the settle and collateral assets")
    aliases: Aliases | None = Field(default=None, description="how others spell the markets")


FILE = ContractsFile

Names = dict[str, Term]


# What a formula may use of a leg, an order, a balance, a pool or an account besides the figures below.
LEG_FIGURES: Names = {
    "size": given("size", "leg", u.BASE),
    "entry_price": given("entry_price", "leg", u.PRICE),
    "leverage": given("leverage", "leg", u.LEVERAGE),
    "taker_fee": given("taker_fee", "account", u.RATE),
    "unsettled_funding": given("unsettled_funding", "leg", u.SETTLE),
    "is_inverse": given("is_inverse", "market", u.FLAG),
    "is_option": given("is_option", "market", u.FLAG),
    "is_call": given("is_call", "market", u.FLAG),
    "strike": given("strike", "market", u.PRICE),
    "multiplier": given("multiplier", "market", u.NUMBER),
    "order_size": given("order_size", "order", u.BASE),  # above 0: a buy
    "order_price": given("order_price", "order", u.PRICE),
    "is_buy": given("is_buy", "order", u.FLAG),
    "reduce_only": given("reduce_only", "order", u.FLAG),
    "untriggered": given("untriggered", "order", u.FLAG),
    "amount": given("amount", "holding", u.BASE),
    "is_settle": given("is_settle", "asset", u.FLAG),
    "posted_margin": given("posted_margin", "pool", u.SETTLE),
    "is_isolated": given("is_isolated", "pool", u.FLAG),
}


@dataclass(frozen=True, slots=True)
class InUse:
    """What the contracts of a book make use of; what nobody uses is in no formula."""

    types: frozenset[str]
    multiplied: bool


def meaning(used: InUse, names: Names, source: Source) -> Names:
    """Notional and unrealised profit in settle, for each leg; and what an order's price makes of them."""
    leg = Priced("leg", given("size", "leg", u.BASE), used)
    entry = given("entry_price", "leg", u.PRICE)
    mark = to_rows(names["mark_price"], "leg")
    order = Priced("order", given("order_size", "order", u.BASE), used)
    price, order_mark = given("order_price", "order", u.PRICE), to_rows(names["mark_price"], "order")
    terms = {
        "notional": leg.notional(mark),
        "entry_notional": leg.notional(entry),
        "unrealised_profit": leg.profit(entry, mark),
        "order_notional": order.notional(price),
        "opening_profit": order.profit(price, order_mark),
    }
    return {name: term.named(name, source) for name, term in terms.items()}


class Priced:
    """Size and multiplier of one kind of row, priced under the types in use."""

    def __init__(self, rows: str, size: Term, used: InUse) -> None:
        self.size, self.used = size, used
        self.multiplier = to_rows(given("multiplier", "market", u.NUMBER), rows)
        self.inverse = to_rows(given("is_inverse", "market", u.FLAG), rows)

    def notional(self, price: Term) -> Term:
        size = absolute(self.size)
        return self._by_type(lambda: self._base(size) * price, lambda: self._quote(size) / price)

    def profit(self, entry: Term, price: Term) -> Term:
        one = constant(1, u.NUMBER)
        return self._by_type(lambda: self._base(self.size) * (price - entry), lambda: self._quote(self.size) * (one / entry - one / price))

    def price_at(self, entry: Term, profit: Term) -> Term:
        """The price at which, from an entry, so much profit would be made."""
        one = constant(1, u.NUMBER)

        def linear() -> Term:
            return as_unit(entry + as_unit(profit, u.QUOTE) / self._base(self.size), u.PRICE)

        def inverse() -> Term:
            return as_unit(one / (one / entry - as_unit(profit, u.BASE) / self._quote(self.size)), u.PRICE)

        return self._one_of({"linear": linear, "inverse": inverse}, u.PRICE)

    def _base(self, size: Term) -> Term:
        """Linear: the multiplier is base for each unit of size."""
        return size * self.multiplier if self.used.multiplied else size

    def _quote(self, size: Term) -> Term:
        """Inverse: size counts contracts and the multiplier is quote for each."""
        return as_unit(size, u.CONTRACT) * as_unit(self.multiplier, u.QUOTE.over(u.CONTRACT).said("number"))

    def _by_type(self, linear: Callable[[], Term], inverse: Callable[[], Term]) -> Term:
        return self._one_of({"linear": linear, "inverse": inverse}, u.SETTLE)

    def _one_of(self, made: dict[str, Callable[[], Term]], unit: u.Unit) -> Term:
        built = {kind: as_unit(make(), unit) for kind, make in made.items() if kind in self.used.types}
        if len(built) == 1:
            return next(iter(built.values()))
        return choose(self.inverse, built["inverse"], built["linear"])
