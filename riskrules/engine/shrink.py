"""A counter-example made small: fewer positions, shorter numbers, as long as it still shows the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from riskrules.engine.generate import Drawn
from riskrules.engine.snapshot import PositionInput, Snapshot
from riskrules.units.exact import Exact, exact_text, to_exact, to_fraction

Shows = Callable[[Drawn], bool]
MOST_TRIES = 400
LEAST_PLACES = 3


def shrunk(found: Drawn, shows: Shows) -> Drawn:
    """The simplest that was reached by one step at a time."""
    left = MOST_TRIES
    while left > 0:
        for simpler in _simpler(found):
            left -= 1
            if left <= 0 or shows(simpler):
                break
        else:
            return found
        if left > 0:
            found = simpler
    return found


def _simpler(found: Drawn) -> Iterator[Drawn]:
    account = found.snapshot.accounts[0]
    yield from (found._replace(snapshot=barer) for barer in _barer(found.snapshot))
    for k in range(len(account.positions) if len(account.positions) > 1 else 0):
        kept = account.positions[:k] + account.positions[k + 1 :]
        yield found._replace(snapshot=_with(found.snapshot, positions=kept))
    yield from (found._replace(change=change) for change in _shorter(found.change))
    for k, one in enumerate(account.positions):
        market = found.snapshot.markets[one.market]
        assert market.mark_price is not None
        for mark in _shorter(market.mark_price):
            moved = {**found.snapshot.markets, one.market: market._replace(mark_price=mark, index_price=mark)}
            same = one.entry_price is not None and to_fraction(one.entry_price) == to_fraction(market.mark_price)
            at = one._replace(entry_price=mark if same else one.entry_price)
            yield found._replace(snapshot=_with(found.snapshot._replace(markets=moved), positions=_put(account.positions, k, at)))
        candidates = [one._replace(size=size) for size in _shorter(one.size)]
        if one.entry_price is not None and to_fraction(one.entry_price) != to_fraction(market.mark_price):
            candidates.append(one._replace(entry_price=market.mark_price))
        if isinstance(one.margin, tuple):
            candidates += [one._replace(margin=margin) for margin in _shorter(one.margin)]
        yield from (found._replace(snapshot=_with(found.snapshot, positions=_put(account.positions, k, at))) for at in candidates)
    for asset, amount in (account.collateral or {}).items():
        for less in _shorter(amount):
            yield found._replace(snapshot=_with(found.snapshot, collateral={**(account.collateral or {}), asset: less}))


def _barer(snapshot: Snapshot) -> Iterator[Snapshot]:
    """Without what no figure may need: prices of assets, fees, leverages, funding, balances."""
    account = snapshot.accounts[0]
    if any(one.index_price for one in snapshot.assets.values()):
        yield snapshot._replace(assets={})
    for name, asset in snapshot.assets.items() if len(snapshot.assets) > 1 else ():
        yield snapshot._replace(assets={name: asset})
    if any(one.index_price for one in snapshot.markets.values()):
        yield snapshot._replace(markets={name: one._replace(index_price=None) for name, one in snapshot.markets.items()})
    if account.taker_fee is not None:
        yield _with(snapshot, taker_fee=None)
    if account.collateral:
        yield _with(snapshot, collateral={})
    for field in ("leverage", "unsettled_funding"):
        if any(getattr(one, field) is not None for one in account.positions):
            yield _with(snapshot, positions=tuple(one._replace(**{field: None}) for one in account.positions))  # type: ignore[arg-type]
    if any(one.mode == "isolated" for one in account.positions):
        yield _with(snapshot, positions=tuple(one._replace(mode="cross", margin=None) for one in account.positions))


def _with(snapshot: Snapshot, **fields: object) -> Snapshot:
    return snapshot._replace(accounts=(snapshot.accounts[0]._replace(**fields),))  # type: ignore[arg-type]


def _put(items: tuple[PositionInput, ...], k: int, one: PositionInput) -> tuple[PositionInput, ...]:
    return (*items[:k], one, *items[k + 1 :])


def _length(value: Fraction) -> int:
    """How long a number is to read: its digits that are not closing zeros, and half of those."""
    text = exact_text(to_exact(abs(value)))
    plain = text.replace(".", "").replace("/", "99").strip("0")
    return 4 * len(plain) + len(text)


def _shorter(value: Exact) -> Iterator[Exact]:
    """Numbers of the same sign that are shorter to read: one and ten, and its own first digits."""
    now = to_fraction(value)
    if not now:
        return
    size, sign = abs(now), 1 if now > 0 else -1
    power = len(str(int(size))) - 1 if size >= 1 else -len(str(int(1 / size)))
    tried = [Fraction(1), Fraction(10), Fraction(100), Fraction(10) ** power]
    for places in range(1, LEAST_PLACES + 1):
        unit = Fraction(10) ** (power - places + 1)
        tried += [(size // unit) * unit, (size // unit + 1) * unit]
    for one in dict.fromkeys(tried):
        if one and _length(one) < _length(size):
            yield to_exact(sign * one)
