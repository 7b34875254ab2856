"""ccxt's own structures as a snapshot: `fetch_positions` as it comes, with `fetch_balance` and tickers beside it where there are.

A figure is the venue's own text in `info` where that is ccxt's number, since ccxt turns exact decimals
into floats; two that disagree are a problem.  What is lacking stays absent, is named once, and is
never taken as 0.  What ccxt does not print may stand beside `positions` in the words of a snapshot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.diagnostics.problem import Problem
from riskrules.engine.ccxt_raw import TICKER_NAMES, Posted, Venue, cross_leg, figure, venue_of, wallets
from riskrules.engine.places import place_of, tree_of
from riskrules.rulebook.plan import MarketPlan
from riskrules.units.clock import instant, say_instant
from riskrules.units.exact import exact_text, loose_number, to_exact, to_fraction

Path = tuple[str | int, ...]
Tree = dict[str, Any]

SAME = Fraction(1, 1_000_000)  # two figures further apart than this share are not one figure
TOP = ("as_of", "rulebook", "markets", "assets", "note")  # a snapshot's own words that may stand beside `positions`
OURS = ("positions", "balance", "tickers")  # every other word is the account's
LACKS = {
    "contracts": "give contracts in the position",
    "contractSize": "give contractSize in the position: what one contract is of",
    "side": "give side in the position: long or short",
    "entryPrice": "give entryPrice in the position",
    "marginMode": "give marginMode in the position: cross or isolated",
    "leverage": "give leverage in the position, or leverage: {MARKET: …} beside positions; needed where initial margin is asked",
    "isolated margin": "give positionMargin in the position: what was posted, without unrealised profit; collateral and initialMargin are something else",
    "markPrice": "give markPrice in the position, tickers with markPrice, or markets: {MARKET: {mark_price: …}} beside positions",
    "time of the mark price": "give tickers with a timestamp, or markets: {MARKET: {at: …}} beside positions; needed where a price may be too old",
    "balance": "give Binance's or Hyperliquid's futures fetch_balance as balance, or collateral: {ASSET: …} beside positions: the cross wallet, "
    "without unrealised profit and isolated margins (ccxt's total may hold both)",
}
_SYMBOL = re.compile(r"([^/:\s-]+)/([^/:\s-]+):([^/:\s-]+)(?:-(\d{6}))?", re.ASCII)


class Market(NamedTuple):
    name: str
    symbol: str
    settle: str
    is_inverse: bool


class Leg(NamedTuple):
    """A position of a market that has contracts."""

    path: Path
    given: Tree
    info: Tree
    venue: Venue | None
    market: Market


def is_ccxt(given: Any) -> bool:
    """A list of positions with `symbol` and `info`, or an object that holds one; never an object of accounts."""
    positions = given.get("positions") if isinstance(given, dict) and "accounts" not in given else given
    return isinstance(positions, list) and any(isinstance(one, dict) and "symbol" in one and "info" in one for one in positions)


def snapshot_tree(
    given: Any, file: str, text: str, contract_of: Callable[[str], MarketPlan | None], as_of: str | None = None
) -> tuple[Tree, list[str], list[Problem]]:
    """The snapshot that ccxt's structures make, in plain words and texts; what they lack; and what is wrong.

    `as_of` is the time of the snapshot where it names none of its own.
    """
    made = _Translation(file, text, contract_of)
    tree = made.snapshot(given if isinstance(given, dict) else {"positions": given}, isinstance(given, list), as_of)
    return tree, made.all_notes(), made.problems


class _Translation:
    def __init__(self, file: str, text: str, contract_of: Callable[[str], MarketPlan | None]) -> None:
        self.file, self.text, self.contract_of = file, text, contract_of
        self.problems: list[Problem] = []
        self.notes: dict[str, list[str]] = {}  # what is said → of which symbols
        self.lacking: dict[str, list[str]] = {}
        self.markets: dict[str, Tree] = {}

    # -- the whole -------------------------------------------------------------------------------

    def snapshot(self, given: Tree, is_bare: bool, as_of: str | None) -> Tree:
        tree = {key: given[key] for key in TOP if key in given}
        if as_of and "as_of" not in given:
            tree["as_of"] = as_of
            self.say(f"as_of is the time asked for, {as_of}: ccxt's positions carry no time of their own")
        legs = [leg for k, one in enumerate(given["positions"]) if (leg := self.leg(one, (k,) if is_bare else ("positions", k)))]
        positions = [self.position(leg) for leg in legs]
        self.name_twins(positions)
        self.tickers(given.get("tickers"))
        account = {"id": "ccxt"} | {key: value for key, value in given.items() if key not in (*TOP, *OURS)}
        if "collateral" not in account and (given.get("orders") or any(one.get("mode") != "isolated" for one in positions)):
            account["collateral"] = self.collateral(given, [leg for leg, one in zip(legs, positions, strict=True) if one.get("mode") != "isolated"])
        own = given.get("markets", {})
        for leg in legs:
            self.priced(leg, own)
        # What the caller wrote about a market beats what the positions print.
        tree["markets"] = {name: self.markets.get(name, {}) | own.get(name, {}) for name in {**self.markets, **own}} if _is_mapping_of_mappings(own) else own
        return {**tree, "accounts": [{**account, "positions": positions}]}

    def leg(self, given: Any, path: Path) -> Leg | None:
        """None where there is no market, or nothing is held in it."""
        if not isinstance(given, dict) or not isinstance(given.get("symbol"), str):
            self.wrong("RR604", path, "not a position of ccxt", "each has symbol and info")
            return None
        market = self.market(given["symbol"], (*path, "symbol"))
        info = given["info"] if isinstance(given.get("info"), dict) else {}
        venue = venue_of(info)
        if market is None:
            return None
        if not venue:
            self.say("info is of no venue known here, so the figures are ccxt's floats as printed", market.symbol)
        made = Leg(path, given, info, venue, market)
        held = [size for size in (self.printed(made, "contracts"), venue.figure(info, "contracts") if venue else None) if size is not None]
        if held and not any(held):
            self.say("left out, as nothing is held in it", market.symbol)
            return None
        return made

    def market(self, symbol: str, path: Path) -> Market | None:
        symbol = unicodedata.normalize("NFC", str(symbol))
        match = _SYMBOL.fullmatch(symbol) if symbol.isprintable() else None
        if match is None:
            self.wrong("RR604", path, f"{symbol!a} is not a perpetual or a dated future", "ccxt writes these BASE/QUOTE:SETTLE or BASE/QUOTE:SETTLE-YYMMDD", symbol)
            return None
        base, quote, settle, date = match.groups()
        made = Market(f"{base}-{quote}-{date}" if date else f"{base}-{quote}", symbol, settle, settle == base)
        rules = self.contract_of(made.name)
        if settle not in (quote, base) or (rules and rules.settle != settle):
            ours = f"{made.name} of this rulebook settles in {rules.settle}" if rules else "neither its quote nor its base"
            self.wrong("RR604", path, f"{symbol} settles in {settle}: {ours}", "leave the position out, or take a rulebook that has this contract", symbol)
            return None
        return made

    # -- a position ------------------------------------------------------------------------------

    def position(self, leg: Leg) -> Tree:
        side = self.word(leg, "side", ("long", "short"))
        mode = self.word(leg, "marginMode", ("cross", "isolated"))
        margin = self.margin(leg) if mode == "isolated" else None
        figures = {
            "size": self.size(leg, side), "entry_price": self.price(leg, "entryPrice"), "leverage": self.price(leg, "leverage"), "margin": margin,
        }  # fmt: skip
        if mode is None:
            self.lack("marginMode", leg)
        made: Tree = {"market": leg.market.name, **({"mode": mode} if mode else {}), **{key: _text(value) for key, value in figures.items() if value is not None}}
        return {**made, "side": side} if side and leg.given.get("hedged") in (True, "true") else made

    def size(self, leg: Leg, side: str | None) -> Fraction | None:
        """Signed, in the contract's own unit: contracts × what one is of ÷ what the rulebook's unit is of."""
        raw = leg.venue.figure(leg.info, "contracts") if leg.venue else None
        printed = self.printed(leg, "contracts")
        contracts = self.agreed(leg, "contracts", abs(printed) if printed is not None else None, abs(raw) if raw is not None else None)
        if contracts is None:
            self.lack("contracts", leg)
            return None
        signed = raw if leg.venue and leg.venue.is_signed else printed if printed is not None and printed < 0 else None
        if signed is not None and side and (signed < 0) != (side == "short"):
            self.wrong("RR606", (*leg.path, "side"), f"{leg.market.symbol} is {side}, and its size is {_text(signed)}", "give the side of the size", side)
        if signed is None and side is None:
            self.lack("side", leg)
            return None
        amount = self.in_units(leg, contracts)
        return -amount if amount is not None and (side == "short" or (side is None and signed is not None and signed < 0)) else amount

    def in_units(self, leg: Leg, contracts: Fraction) -> Fraction | None:
        rules, of = self.contract_of(leg.market.name), self.printed(leg, "contractSize")
        if not of:
            if rules and rules.in_contracts:
                return contracts
            self.lack("contractSize", leg)
            return None
        unit = to_fraction(rules.multiplier) if rules else of if leg.market.is_inverse else Fraction(1)
        if rules and rules.in_contracts and unit != of:
            self.say(f"counted in the rulebook's contracts of {_text(unit)}, not in ccxt's of {_text(of)}", leg.market.symbol)
        return contracts * of / unit

    def price(self, leg: Leg, field: str) -> Fraction | None:
        """An entry price, a mark price or a leverage: 0 is how ccxt and the venues write that there is none."""
        raw = leg.venue.figure(leg.info, field) if leg.venue else None
        found = self.agreed(leg, field, self.printed(leg, field) or None, raw or None)
        if found is None:
            self.lack(field, leg)
        return found

    def margin(self, leg: Leg) -> Fraction | None:
        posted: Posted | None = leg.venue.posted(leg.info) if leg.venue else None
        printed = self.printed(leg, "positionMargin") or None
        if posted is None and printed is None:
            self.lack("isolated margin", leg)
            return None
        self.say(f"isolated margin is {posted.source if posted else 'positionMargin, as ccxt prints it'}", leg.market.symbol)
        if posted and " " in posted.source:  # made from rounded figures: there is no one figure to agree with
            return posted.amount
        return self.agreed(leg, "positionMargin", printed, posted.amount if posted else None)

    def word(self, leg: Leg, field: str, words: tuple[str, ...]) -> str | None:
        value = leg.given.get(field)
        if value is not None and value not in words:
            self.wrong("RR604", (*leg.path, field), f"{field} of {leg.market.symbol} is not {' or '.join(words)}", f"write {' or '.join(words)}", str(value)[:60])
            return None
        return None if value is None else str(value)

    def name_twins(self, positions: list[Tree]) -> None:
        """A market may be held cross and isolated at once: then the ids say which is which."""
        names = [(one["market"], one.get("side")) for one in positions]
        for one, (market, side) in zip(positions, names, strict=True):
            if names.count((market, side)) > 1 and "mode" in one:
                one["id"] = "-".join(part for part in (market, side, one["mode"]) if part)

    # -- prices and balances ---------------------------------------------------------------------

    def tickers(self, given: Any) -> None:
        rows: list[tuple[str | int, Any]] = list(given.items()) if isinstance(given, dict) else list(enumerate(given if isinstance(given, list) else ()))
        for key, row in rows:
            symbol = row.get("symbol", key) if isinstance(row, dict) else key
            market = self.market(symbol, ("tickers", key)) if isinstance(symbol, str) and ":" in symbol else None
            if market is None or not isinstance(row, dict):
                continue
            info = row["info"] if isinstance(row.get("info"), dict) else {}
            leg = Leg(("tickers", key), row, info, None, market)
            prices = {}
            for field, ours in (("markPrice", "mark_price"), ("indexPrice", "index_price")):
                raw = next((found for name in TICKER_NAMES[field] if (found := figure(info, name))), None)
                prices[ours] = self.agreed(leg, field, self.printed(leg, field) or None, raw)
            if prices["mark_price"]:
                times = {"at": when} if (when := self.time(leg)) else {}
                self.markets[market.name] = {**{name: _text(price) for name, price in prices.items() if price}, **times}

    def priced(self, leg: Leg, own: Any) -> None:
        """The mark price that a position prints, unless a ticker or the caller gave one with its own time."""
        market, symbol = leg.market.name, leg.market.symbol
        written = own.get(market) if isinstance(own, dict) and isinstance(own.get(market), dict) else {}
        known = self.markets.setdefault(market, {})
        if "mark_price" not in known and "mark_price" not in written:
            mark, when = self.price(leg, "markPrice"), self.time(leg)
            if mark is not None:
                known["mark_price"] = _text(mark)
            if mark is not None and when and "at" not in written:
                known["at"] = when
                self.say("the mark price is dated by the position's last change, and may be younger", symbol)
            elif mark is not None and "at" not in written:
                self.lack("time of the mark price", leg)
        elif leg.given.get("hedged") in (True, "true") and (mark := self.printed(leg, "markPrice")) and "mark_price" in known:
            self.agreed(leg, "markPrice", mark, _number(known["mark_price"]))

    def collateral(self, given: Tree, cross: list[Leg]) -> Tree:
        """The wallet behind the cross pools; without it nothing can be said of a cross position, and 0 would be a lie."""
        found = wallets(given.get("balance"))
        settles = dict.fromkeys(leg.market.settle for leg in cross)
        missing = [asset for asset in settles if found is None or asset not in found.amounts]
        if found is None or missing:
            self.lacking.setdefault("balance", []).extend(missing)
            self.wrong("RR603", ("balance",), f"the balance behind the cross positions{' in ' + ', '.join(missing) if missing else ''} is not given", LACKS["balance"])
            return {}
        legs = {coin: leg for one in cross for coin, leg in (cross_leg(one.info) or {}).items()}
        if found.legs is not None and found.legs != legs:
            self.wrong("RR606", ("balance",), "balance and positions are of two instants: their sizes or entry prices differ", "fetch both again, one after the other")
        self.say(f"the balance is {found.source}")
        return {asset: _text(amount) for asset, amount in found.amounts.items() if amount}

    def time(self, leg: Leg) -> str | None:
        """The latest of ccxt's times in milliseconds: no price that was read with it is older."""
        times = [found for name in ("timestamp", "lastUpdateTimestamp") if (found := self.printed(leg, name))]
        latest = max(times, default=Fraction(0))
        if latest.denominator != 1 or not 0 < latest < 10**14:
            written = leg.given.get("datetime")
            return str(written) if isinstance(written, str) and instant(written) is not None else None
        return say_instant(int(latest) * 1_000_000)

    # -- figures and words -----------------------------------------------------------------------

    def printed(self, leg: Leg, field: str) -> Fraction | None:
        value = leg.given.get(field)
        if value is None:
            return None
        found = _number(value)
        if found is None:
            self.wrong("RR604", (*leg.path, field), f"{field} of {leg.market.symbol} is not a number", "a decimal, or null where it is not known", str(value)[:60])
        return found

    def agreed(self, leg: Leg, field: str, printed: Fraction | None, raw: Fraction | None) -> Fraction | None:
        """The venue's text where ccxt's float is that number; ccxt's where they are near; a problem where they are not."""
        if printed is None or raw is None:
            return raw if printed is None else printed
        if float(raw) == float(printed):
            return raw
        if abs(raw - printed) > SAME * max(abs(raw), abs(printed)):
            text = f"{field} of {leg.market.symbol} is {_text(printed)} for ccxt and {_text(raw)} in info"
            self.wrong("RR606", (*leg.path, field), text, "these are of two captures: fetch the positions again, or correct one of them", _text(printed))
        return printed

    def wrong(self, code: str, path: Path, text: str, hint: str, found: str = "") -> None:
        problem = Problem(code, place_of(tree_of(self.text), path, self.file), text, hint, found)
        if problem not in self.problems:
            self.problems.append(problem)

    def lack(self, what: str, leg: Leg) -> None:
        self.lacking.setdefault(what, []).append(leg.market.symbol)

    def say(self, text: str, symbol: str = "") -> None:
        self.notes.setdefault(text, []).extend([symbol] if symbol else [])

    def all_notes(self) -> list[str]:
        lacks = [f"lacks: {what}{_of(self.lacking[what])}: {hint}" for what, hint in LACKS.items() if what in self.lacking]
        return [*lacks, *(f"{text}{_of(symbols, ': ')}" for text, symbols in self.notes.items())]


def _of(symbols: list[str], before: str = " of ") -> str:
    names = list(dict.fromkeys(symbols))
    rest = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{before}{', '.join(names[:5])}{rest}" if names else ""


def _text(value: Fraction) -> str:
    return exact_text(to_exact(value))


def _number(value: Any) -> Fraction | None:
    got = loose_number(value) if isinstance(value, str) else None
    return to_fraction(got) if got else None


def _is_mapping_of_mappings(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())
