"""One figure said twice, by ccxt and in `info`, read as one; and all that there is to say on the way, said once.

The venue's text counts where ccxt's float is that number, ccxt's where they are near, and where they are
not it is a problem.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from riskrules.diagnostics.problem import Problem
from riskrules.engine.ccxt_raw import Venue
from riskrules.engine.places import place_of, tree_of
from riskrules.rulebook.aliases import CCXT_SYMBOL
from riskrules.rulebook.plan import MarketPlan
from riskrules.units.clock import instant, say_instant
from riskrules.units.exact import exact_text, loose_number, to_exact, to_fraction

Path = tuple[str | int, ...]
Tree = dict[str, Any]

FLOAT = Fraction(1, 10**12)  # shares of the figure: no further apart than a float cuts …
NEAR = Fraction(1, 10**6)  # … and than figures of one capture are
LATEST = 10**14  # milliseconds: the year 5138
LACKS = {
    "contracts": "give contracts in the position",
    "contractSize": "give contractSize in the position: what one contract is of",
    "side": "give side in the position: long or short",
    "entryPrice": "give entryPrice in the position",
    "marginMode": "give marginMode in the position: cross or isolated",
    "leverage": "give leverage in the position, or leverage: {MARKET: …} beside positions",
    "isolated margin": "give positionMargin in the position: what was posted, without unrealised profit;"
    " collateral and initialMargin are something else",
    "markPrice": "give markPrice in the position, tickers with markPrice, or markets: {MARKET: {mark_price: …}} beside positions",
    "time of the mark price": "give tickers with a timestamp, or markets: {MARKET: {at: …}} beside positions",
    "balance": "give fetch_balance of Binance's or Hyperliquid's futures as balance, or collateral: {ASSET: …} beside positions:"
    " the cross wallet, without unrealised profit and isolated margins, which ccxt's total may hold",
}


class Rules(NamedTuple):
    """What is asked of a rulebook here: its contracts, and what it reads of each kind of row."""

    contract_of: Callable[[str], MarketPlan | None]
    needs: Collection[tuple[str, str]]
    assets: Mapping[str, str] = MappingProxyType({})  # ccxt's word for an asset → the rulebook's, where it is another


class Market(NamedTuple):
    name: str
    symbol: str
    settle: str
    is_inverse: bool
    contract: MarketPlan | None


class Leg(NamedTuple):
    """A position, or a ticker, of a market that has contracts."""

    path: Path
    given: Tree
    info: Tree
    venue: Venue | None
    market: Market


class Told:
    """What is wrong, what is lacking and what else is to be said, each once."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.problems: list[Problem] = []
        self._root: Any = None
        self._said: dict[str, list[str]] = {}  # what is said → of which symbols
        self._lacking: dict[str, list[str]] = {}

    def wrong(self, code: str, path: Path, text: str, hint: str, found: str = "") -> None:
        if self._root is None:
            self._root = tree_of(self.text)
        problem = Problem(code, place_of(self._root, path, self.file), text, hint, found[:60])
        if problem not in self.problems:
            self.problems.append(problem)

    def lack(self, what: str, of: str) -> None:
        self._lacking.setdefault(what, []).append(of)

    def say(self, text: str, of: str = "") -> None:
        self._said.setdefault(text, []).extend([of] if of else [])

    def notes(self) -> list[str]:
        lacks = [f"lacks: {what} of {_listed(of)}: {LACKS.get(what, f'give {what} in the position')}" for what, of in self._lacking.items()]
        return [*lacks, *(f"{text}: {_listed(of)}" if of else text for text, of in self._said.items())]

    # -- figures ---------------------------------------------------------------------------------

    def printed(self, leg: Leg, field: str) -> Fraction | None:
        """ccxt's figure; null and absent are the same."""
        value = leg.given.get(field)
        found = number(value)
        if found is None and value is not None:
            hint = "a decimal, or null where it is not known"
            self.wrong("RR604", (*leg.path, field), f"{field} of {leg.market.symbol} is not a number", hint, str(value))
        return found

    def agreed(self, leg: Leg, field: str, printed: Fraction | None, raw: Fraction | None) -> Fraction | None:
        if printed is None or raw is None:
            return raw if printed is None else printed
        apart, largest = abs(raw - printed), max(abs(raw), abs(printed))
        if apart > NEAR * largest:
            text = f"{field} of {leg.market.symbol} is {text_of(printed)} for ccxt, and {text_of(raw)} for the venue"
            hint = "these are not of one capture: fetch the positions again, or correct the one that is wrong"
            self.wrong("RR606", (*leg.path, field), text, hint, text_of(printed))
        return raw if apart <= FLOAT * largest else printed

    def price(self, leg: Leg, field: str) -> Fraction | None:
        """A price or a leverage: 0 is how ccxt and the venues write that there is none."""
        raw = leg.venue.figure(leg.info, field) if leg.venue else None
        return self.agreed(leg, field, self.printed(leg, field) or None, raw or None)

    def word(self, leg: Leg, field: str, words: tuple[str, ...]) -> str | None:
        value = leg.given.get(field)
        if value is None or value in words:
            return value
        wanted = " or ".join(words)
        self.wrong("RR604", (*leg.path, field), f"{field} of {leg.market.symbol} is not {wanted}", f"write {wanted}", str(value))
        return None

    def time(self, leg: Leg) -> str | None:
        """The latest of ccxt's times: no price that was read with it is older."""
        times = [found for name in ("timestamp", "lastUpdateTimestamp") if (found := self.printed(leg, name))]
        latest = max(times, default=Fraction(0))
        if 0 < latest < LATEST:
            return say_instant(int(latest * 1_000_000))
        written = leg.given.get("datetime")
        return str(written) if isinstance(written, str) and instant(written) is not None else None

    def market(self, symbol: Any, path: Path, rules: Rules) -> Market | None:
        symbol = unicodedata.normalize("NFC", str(symbol))
        match = CCXT_SYMBOL.fullmatch(symbol) if symbol.isprintable() else None
        if match is None:
            hint = "ccxt writes these BASE/QUOTE:SETTLE or BASE/QUOTE:SETTLE-YYMMDD; leave out what is of another kind"
            self.wrong("RR604", path, f"{symbol!a:.60} is not a perpetual or a dated future", hint, symbol)
            return None
        base, quote, settle = (rules.assets.get(word, word) for word in match.groups()[:3])
        date = match[4]
        name = f"{base}-{quote}-{date}" if date else f"{base}-{quote}"
        contract = rules.contract_of(name)
        due = (contract.settle,) if contract else (quote, base)
        if settle not in due:
            text = f"{symbol} settles in {settle}, and {name} in {' or '.join(due)}"
            self.wrong("RR604", path, text, "leave it out, or take a rulebook that has this contract", symbol)
            return None
        return Market(name, symbol, settle, settle == base, contract)


def number(value: Any) -> Fraction | None:
    got = loose_number(value) if isinstance(value, str) else None
    return to_fraction(got) if got else None


def text_of(value: Fraction) -> str:
    return exact_text(to_exact(value))


def _listed(names: list[str]) -> str:
    once = list(dict.fromkeys(names))
    rest = f" and {len(once) - 5} more" if len(once) > 5 else ""
    return ", ".join(once[:5]) + rest
