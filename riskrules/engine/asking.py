"""The questions as Python: `book.ask.liquidation_price(snapshot)` and its like.

Each answers with a list, one for each pool (and market) that the question is about; an answer prints as
its sentence and carries its figures as data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from riskrules.engine.asked import Asked
from riskrules.engine.decide import Evaluated
from riskrules.engine.opening import Wanted, order_of
from riskrules.engine.questions import answers
from riskrules.rulebook.aliases import market_named

Accounts = Callable[[Any, str | None], list[Evaluated]]


class Asking:
    """`accounts` decides the accounts of a snapshot, or the one that is named."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def _ask(self, question: str, snapshot: Any, account: str | None, market: str | None, wanted: Wanted | None = None) -> list[Asked]:
        accounts = self._accounts(snapshot, account)
        return answers(question, accounts, market_named(accounts[0].plan, market) if market and accounts else None, wanted)

    def liquidation_price(self, snapshot: Any, account: str | None = None, market: str | None = None) -> list[Asked]:
        """Each mark at which a pool is first liquidatable, each way, all else held."""
        return self._ask("liquidation-price", snapshot, account, market)

    def bankruptcy_price(self, snapshot: Any, account: str | None = None, market: str | None = None) -> list[Asked]:
        """Each mark at which a pool's equity is gone."""
        return self._ask("bankruptcy-price", snapshot, account, market)

    def top_up(self, snapshot: Any, account: str | None = None, market: str | None = None) -> list[Asked]:
        """The least balance to add so that a pool is healthy, to its asset's quantum."""
        return self._ask("top-up", snapshot, account, market)

    def healthy_again(self, snapshot: Any, account: str | None = None, market: str | None = None) -> list[Asked]:
        """The smallest change of one mark, the balance or one size that turns the decision."""
        return self._ask("healthy-again", snapshot, account, market)

    def max_size(
        self, snapshot: Any, market: str, side: str, price: str | None = None, leverage: str | None = None, account: str | None = None
    ) -> list[Asked]:
        """The largest order that may be opened, to the lot; at the mark where no price is given.

        Raises `ValueError` for a number that is none.
        """
        return self._order("max-size", snapshot, account, {"market": market, "side": side, "price": price, "leverage": leverage})

    def may_open(self, snapshot: Any, order: str, leverage: str | None = None, account: str | None = None) -> list[Asked]:
        """Whether an order in words (`"+2 BTC-USDT at 64000"`) may be opened, and each reason.  `ValueError` where it is not such words."""
        return self._order("may-open", snapshot, account, {"order": order, "leverage": leverage})

    def _order(self, question: str, snapshot: Any, account: str | None, options: dict[str, str | None]) -> list[Asked]:
        wanted = order_of(question, options)
        if isinstance(wanted, str):
            raise ValueError(wanted)
        return self._ask(question, snapshot, account, None, wanted)
