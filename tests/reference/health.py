"""An account's health the way the venue's own code adds it up: one sum of amounts × prices × weights, then the pairs.

The rulebook says the same thing from the other side, as equity less what weights take off; nothing here is shared with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

ONE = Fraction(1)


@dataclass(frozen=True)
class Product:
    """A coin's balance or a market's position: its amount, what was paid for it with funding, its price and its two weights."""

    amount: Fraction
    paid: Fraction
    price: Fraction
    long: Fraction
    short: Fraction

    @property
    def counted(self) -> Fraction:
        return self.amount * self.price * (self.long if self.amount >= 0 else self.short) - self.paid


def health(money: Fraction, pairs: list[tuple[Product, Product]]) -> Fraction:
    """`pairs` are each coin and the market that is named after it, at the weights of one level."""
    found = money
    for coin, perpetual in pairs:
        found += coin.counted + perpetual.counted
        if coin.amount * perpetual.amount < 0:
            basis = min(abs(coin.amount), abs(perpetual.amount))
            stood = (coin.long + perpetual.long) / 2
            stands = ONE - (ONE - (perpetual.long if coin.amount > 0 else coin.long)) / 5
            found += basis * (coin.price + perpetual.price) * (stands - stood)
    return found
