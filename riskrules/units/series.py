"""What the name of a market says: what is under it, when it ends, and of an option its strike and kind."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from riskrules.units.exact import Exact, strict_number


class Series(NamedTuple):
    """`ETH-USDC-300101-2000-C`: of ETH-USDC, the expiry ETH-USDC-300101, strike 2000, a call."""

    underlying: str
    market: str
    expiry: str  # of a market that never ends, the market itself
    at_strike: str  # calls and puts of one strike together
    strike: Exact | None
    is_call: bool

    @property
    def is_option(self) -> bool:
        return self.strike is not None


@lru_cache(maxsize=4096)
def series_of(name: str) -> Series:
    parts = name.split("-")
    market = "-".join(parts[:2])
    dated = len(parts) > 2 and len(parts[2]) == 6 and parts[2].isdecimal() and parts[2].isascii()
    expiry = f"{market}-{parts[2]}" if dated else market
    strike = strict_number(parts[3]) if dated and len(parts) == 5 and parts[4] in ("C", "P") else None
    at_strike = f"{expiry}-{parts[3]}" if strike else name
    return Series(parts[0], market, expiry, at_strike, strike, parts[-1] == "C" and strike is not None)
