"""ccxt's own structures as a snapshot: `fetch_positions` as it comes, with `fetch_balance` and tickers beside it where there are.

What is lacking stays absent, is named once, and is never taken as 0.  What ccxt does not print may stand
beside `positions` in the words of a snapshot: collateral, taker_fee, leverage, orders, markets, assets.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from riskrules.diagnostics.problem import Problem
from riskrules.engine.ccxt_figures import Leg, Path, Rules, Told, Tree, text_of
from riskrules.engine.ccxt_raw import TICKER_NAMES, cross_leg, figure, venue_of, wallets
from riskrules.units.clock import Instant, instant
from riskrules.units.exact import to_fraction

OF_SNAPSHOT = ("as_of", "rulebook", "markets", "assets", "note")
OF_LEG = ("size", "entry_price", "leverage")  # what rules read of a position and ccxt prints; the rest has the rules' own words
OF_CCXT = ("positions", "balance", "tickers")  # every other word beside `positions` is the account's
ACCOUNT = "ccxt"  # the id of the account, where none is given


def is_ccxt(given: Any) -> bool:
    """A list of positions with `symbol` as ccxt spells it, or with `info`, or an object that holds one; never an object of accounts."""
    positions = given.get("positions") if isinstance(given, dict) and "accounts" not in given else given
    return isinstance(positions, list) and any(isinstance(one, dict) and _is_position(one) for one in positions)


def _is_position(one: Tree) -> bool:
    return "symbol" in one and ("info" in one or ("/" in str(one["symbol"]) and ":" in str(one["symbol"])))


def snapshot_tree(given: Any, file: str, text: str, rules: Rules, as_of: str) -> tuple[Tree, list[str], list[Problem]]:
    """The snapshot that ccxt's structures make, in plain words and texts; what they lack; and what is wrong.

    `as_of` is the time of the snapshot where it names none of its own.
    """
    told = Told(file, text)
    whole = given if isinstance(given, dict) else {"positions": given}
    legs = _legs(told, whole["positions"], () if given is not whole else ("positions",), rules)
    positions = [_position(told, leg, rules) for leg in legs]
    _name_twins(positions)
    tree = {key: whole[key] for key in OF_SNAPSHOT if key in whole}
    if "as_of" not in whole:
        tree["as_of"] = as_of
        told.say(f"the snapshot is taken as of {as_of}, the time asked for: it names none of its own")
    tree["markets"] = _markets(told, whole, legs, rules)
    account = {"id": ACCOUNT} | {key: value for key, value in whole.items() if key not in (*OF_SNAPSHOT, *OF_CCXT)}
    cross = [leg for leg, one in zip(legs, positions, strict=True) if one.get("mode") != "isolated"]
    if "collateral" not in account and (cross or account.get("orders")):
        account |= _collateral(told, whole.get("balance"), cross)
    tree["accounts"] = [{**account, "positions": positions}]
    return tree, told.notes(), told.problems


# -- positions -------------------------------------------------------------------------------------


def _legs(told: Told, given: list[Any], above: Path, rules: Rules) -> list[Leg]:
    """The positions in which something is held."""
    found = []
    for k, one in enumerate(given):
        if not isinstance(one, dict) or not isinstance(one.get("symbol"), str):
            told.wrong("RR604", (*above, k), "not a position of ccxt", "each is an object with symbol, and info where it was printed")
            continue
        market = told.market(one["symbol"], (*above, k, "symbol"), rules)
        if market is None:
            continue
        info = one["info"] if isinstance(one.get("info"), dict) else {}
        leg = Leg((*above, k), one, info, venue_of(info), market)
        if _is_closed(told, leg):
            told.say("left out, as nothing is held in it", market.symbol)
            continue
        if leg.venue is None:
            told.say("info is of no venue known here, so the figures are ccxt's floats as printed", market.symbol)
        found.append(leg)
    return found


def _is_closed(told: Told, leg: Leg) -> bool:
    raw = leg.venue.figure(leg.info, "contracts") if leg.venue else None
    sizes = [size for size in (told.printed(leg, "contracts"), raw) if size is not None]
    return bool(sizes) and not any(sizes)


def _position(told: Told, leg: Leg, rules: Rules) -> Tree:
    side = told.word(leg, "side", ("long", "short"))
    mode = told.word(leg, "marginMode", ("cross", "isolated"))
    entry, leverage = told.price(leg, "entryPrice"), told.price(leg, "leverage")
    more = [name for kind, name in sorted(rules.needs) if kind == "leg" and name not in OF_LEG]
    needed = {"marginMode": mode, "entryPrice": entry, **{name: leg.given.get(name) for name in more}}
    if ("leg", "leverage") in rules.needs:
        needed["leverage"] = leverage
    for what in (name for name, value in needed.items() if value is None):
        told.lack(what, leg.market.symbol)
    figures = {
        "size": _size(told, leg, side),
        "entry_price": entry,
        "leverage": leverage,
        "margin": _posted(told, leg) if mode == "isolated" else None,
    }
    words = {"market": leg.market.name, "mode": mode, "side": side if _is_hedged(leg) else None}
    words |= {name: leg.given.get(name) for name in more}
    made: Tree = {key: value for key, value in words.items() if value is not None}
    return made | {key: text_of(value) for key, value in figures.items() if value is not None}


def _is_hedged(leg: Leg) -> bool:
    return leg.given.get("hedged") in (True, "true")


def _size(told: Told, leg: Leg, side: str | None) -> Fraction | None:
    """Signed, in the contract's unit."""
    raw = leg.venue.figure(leg.info, "contracts") if leg.venue else None
    printed = told.printed(leg, "contracts")
    contracts = told.agreed(leg, "contracts", *(abs(size) if size is not None else None for size in (printed, raw)))
    signed = raw if leg.venue and leg.venue.is_signed else printed if printed is not None and printed < 0 else None
    if contracts is None:
        told.lack("contracts", leg.market.symbol)
        return None
    if signed is None and side is None:
        told.lack("side", leg.market.symbol)
        return None
    is_short = side == "short" if side else signed is not None and signed < 0
    if signed is not None and is_short != (signed < 0):
        text = f"{leg.market.symbol} is {side}, and its size is {text_of(signed)}"
        told.wrong("RR606", (*leg.path, "side"), text, "a long has a size above 0, a short one below 0", str(side))
    amount = _in_units(told, leg, contracts)
    return -amount if amount is not None and is_short else amount


def _in_units(told: Told, leg: Leg, contracts: Fraction) -> Fraction | None:
    """Contracts × what each is of ÷ what the rulebook's unit of size is of: base where it counts base."""
    contract, of = leg.market.contract, told.printed(leg, "contractSize")
    if not of:
        if contract and contract.in_contracts:
            return contracts
        told.lack("contractSize", leg.market.symbol)
        return None
    unit = to_fraction(contract.multiplier) if contract else of if leg.market.is_inverse else Fraction(1)
    if contract and contract.in_contracts and unit != of:
        told.say(f"counted in the rulebook's contracts, each of {text_of(unit)}, and not in ccxt's of {text_of(of)}", leg.market.symbol)
    return contracts * of / unit


def _posted(told: Told, leg: Leg) -> Fraction | None:
    """The margin of an isolated position without its unrealised profit: never `collateral`, which holds it, nor `initialMargin`."""
    posted = leg.venue.posted(leg.info) if leg.venue else None
    printed = told.printed(leg, "positionMargin") or None
    if posted is None and printed is None:
        told.lack("isolated margin", leg.market.symbol)
        return None
    told.say(f"the isolated margin is {posted.source if posted else 'positionMargin as ccxt prints it'}", leg.market.symbol)
    if posted and posted.is_made:
        return posted.amount
    return told.agreed(leg, "positionMargin", printed, posted.amount if posted else None)


def _name_twins(positions: list[Tree]) -> None:
    """A market may be held cross and isolated at once; then the id says which."""
    names = [(one["market"], one.get("side", "")) for one in positions]
    for one, name in zip(positions, names, strict=True):
        if names.count(name) > 1 and "mode" in one:
            one["id"] = "-".join(part for part in (*name, one["mode"]) if part)


# -- prices ----------------------------------------------------------------------------------------


def _markets(told: Told, whole: Tree, legs: list[Leg], rules: Rules) -> Any:
    """A price that the caller wrote goes before a ticker's, which has its own time, and that before a position's."""
    own = whole.get("markets", {})
    if not isinstance(own, dict) or not all(isinstance(one, dict) for one in own.values()):
        return own
    made = _tickers(told, whole.get("tickers"), rules)
    ages = ("market", "mark_price_age") in rules.needs
    for name in dict.fromkeys([*(leg.market.name for leg in legs), *own]):
        made[name] = made.get(name, {}) | own.get(name, {})
        if "mark_price" not in made[name]:
            made[name] = _marked(told, [leg for leg in legs if leg.market.name == name], ages and "at" not in made[name]) | made[name]
        if ages and "mark_price" in made[name] and "at" not in made[name]:
            told.lack("time of the mark price", name)
    return made


def _marked(told: Told, legs: list[Leg], dated: bool) -> Tree:
    """The mark price that the positions of one market print; when it was read, ccxt does not say."""
    marks = [(leg, mark) for leg in legs if (mark := told.price(leg, "markPrice"))]
    if not marks:
        for leg in legs[:1]:
            told.lack("markPrice", leg.market.symbol)
        return {}
    for leg, mark in marks[1:]:
        told.agreed(leg, "markPrice", mark, marks[0][1])
    times = [when for leg in legs if (when := told.time(leg))] if dated else []
    if times:
        text = "the mark price is dated by its position's last change, and may be younger (tickers or markets beside positions can say)"
        told.say(text, legs[0].market.symbol)
    return {"mark_price": text_of(marks[0][1]), **({"at": max(times, key=_instant)} if times else {})}


def _instant(text: str) -> Instant:
    when = instant(text)
    assert when is not None, "a time that was told is one"
    return when


def _tickers(told: Told, given: Any, rules: Rules) -> dict[str, Tree]:
    """From `fetch_tickers`, `fetch_mark_prices` or `fetch_funding_rates`; those without a mark price say nothing here."""
    rows: Any = given.items() if isinstance(given, dict) else enumerate(given) if isinstance(given, list) else ()
    made = {}
    for key, row in rows:
        if not isinstance(row, dict) or row.get("markPrice") is None:
            continue
        market = told.market(row.get("symbol", key), ("tickers", key), rules)
        if market is None:
            continue
        leg = Leg(("tickers", key), row, row["info"] if isinstance(row.get("info"), dict) else {}, None, market)
        prices = {"mark_price": _ticker_price(told, leg, "markPrice"), "index_price": _ticker_price(told, leg, "indexPrice")}
        at = {"at": when} if (when := told.time(leg)) else {}
        made[market.name] = {name: text_of(price) for name, price in prices.items() if price} | at
    return made


def _ticker_price(told: Told, leg: Leg, field: str) -> Fraction | None:
    raw = next((found for name in TICKER_NAMES[field] if (found := figure(leg.info, name))), None)
    return told.agreed(leg, field, told.printed(leg, field) or None, raw)


# -- the balance -----------------------------------------------------------------------------------


def _collateral(told: Told, balance: Any, cross: list[Leg]) -> Tree:
    """The wallet behind the cross pools.  Where it is not given at all it stays absent, and each cross pool is an error, never 0."""
    found = wallets(balance)
    settles = list(dict.fromkeys(leg.market.settle for leg in cross))
    missing = [asset for asset in settles if not found or asset not in found.amounts]
    for asset in missing or ([] if found else ["the orders"]):
        told.lack("balance", asset)
    if found is None and balance is None:
        return {}
    if found is None or missing:
        text = f"the balance behind the cross positions is not given{': ' + ', '.join(missing) if missing else ''}"
        told.wrong("RR603", ("balance",), text, "give it with the others, in balance or collateral; it is never taken as 0")
        return {}
    legs = {coin: leg for one in cross for coin, leg in (cross_leg(one.info) or {}).items()}
    if found.legs is not None and found.legs != legs:
        text = "balance and positions are of two instants: the sizes or entry prices in them differ"
        told.wrong("RR606", ("balance",), text, "fetch both again, one right after the other")
    told.say(f"the balance is {found.source}")
    return {"collateral": {asset: text_of(amount) for asset, amount in found.amounts.items() if amount}}
