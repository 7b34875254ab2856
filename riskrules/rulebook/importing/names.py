"""What a market is called here, from the venue's spelling or ccxt's; a name that can be read two ways is refused.

The venue writes base and quote without a gap, so its names are read only through the quotes it is known
to have.
"""

from __future__ import annotations

import re
import unicodedata

from riskrules.rulebook.aliases import CCXT_SYMBOL
from riskrules.rules.fields import is_market_name
from riskrules.text.scalars import faults_of_key

QUOTES = ("USDT", "USDC", "BUSD", "BTC", "USD1", "U", "FDUSD")
COIN_QUOTES = ("USD",)  # of contracts that are margined in their base coin

_VENUE = re.compile(r"([^_\s]+?)(?:_(PERP|\d{6}))?", re.ASCII)


class Unnamed(Exception):
    """The symbol names no market, or more than one; carries what is wrong, what to do, and what it may be."""

    def __init__(self, text: str, hint: str, may_be: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.text, self.hint, self.may_be = text, hint, may_be


def market_of(symbol: str, quotes: tuple[str, ...] = QUOTES) -> str:
    """BASE-QUOTE or BASE-QUOTE-YYMMDD.  Raises `Unnamed`."""
    symbol = unicodedata.normalize("NFC", symbol)
    name = _from_ccxt(symbol) if "/" in symbol or ":" in symbol else _from_venue(symbol, quotes)
    if not is_market_name(name) or next(faults_of_key(name), None):
        raise Unnamed(
            f"{symbol!a} is not a market name", "a name has letters of one script and digits: see which character does not belong", (name,)
        )
    return name


def _from_ccxt(symbol: str) -> str:
    match = CCXT_SYMBOL.fullmatch(symbol)
    if match is None:
        raise Unnamed(f"{symbol!a} is not a perpetual or a dated future", "ccxt writes these BASE/QUOTE:SETTLE or BASE/QUOTE:SETTLE-YYMMDD")
    base, quote, settle, date = match.groups()
    name = _joined(base, quote, date)
    if settle not in (quote, base):
        raise Unnamed(
            f"{symbol!a} settles in {settle}, neither its quote nor its base",
            "contracts of this kind are not in this version of the language",
            (name,),
        )
    return name


def _from_venue(symbol: str, quotes: tuple[str, ...]) -> str:
    match = _VENUE.fullmatch(symbol)
    pair, date = (match[1], match[2]) if match else ("", None)
    found = tuple(_joined(pair.removesuffix(q), q, None if date == "PERP" else date) for q in quotes if pair.endswith(q) and pair != q)
    if len(found) > 1:
        raise Unnamed(f"{symbol!a} is {' or '.join(found)}", "give ccxt's spelling, which tells base from quote", found)
    if not found:
        raise Unnamed(f"{symbol!a} ends in no known quote", f"known are {', '.join(quotes)}; ccxt's spelling tells base from quote")
    return found[0]


def _joined(base: str, quote: str, date: str | None) -> str:
    return f"{base}-{quote}-{date}" if date else f"{base}-{quote}"


def run_together(name: str) -> str:
    """A market or symbol without its signs, to tell that two spellings may be one market."""
    return re.sub(r"[-_/]|:[^-]*", "", unicodedata.normalize("NFC", name))
