"""Reproducers that no file of a sensible size can hold, and the one that must not exist."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass

from riskrules.text.reader import MOST_BYTES, MOST_PROBLEMS


@dataclass(frozen=True, slots=True)
class Made:
    about: str  # what a page shows in place of the file
    file: Callable[[], bytes]
    prints: Callable[[], str] | None = None


def _too_large() -> bytes:
    return b"kind: tiers\n" + b"# so long a file is not read by anyone\n" * (MOST_BYTES // 38)


def _too_many() -> bytes:
    return b"".join(b"k%d: no\n" % k for k in range(MOST_PROBLEMS + 1))


def _bug() -> str:
    """What the command line prints when an exception that is no policy error comes out of a command."""
    from riskrules.cli.main import _ended_by

    with contextlib.redirect_stderr(io.StringIO()) as printed:
        _ended_by(ZeroDivisionError("division by zero"))
    return printed.getvalue()


def _too_fine() -> str:
    """The liquidation price under a margin that is a quotient of two figures which both move with the mark."""
    from riskrules.api import load
    from tests.places import BOOKS

    book = load(BOOKS / "three-scenarios", as_of="2026-02-01T00:00:00Z")
    legs = [("BTC-USDC", "1", "60000"), ("ETH-USDC", "-20", "2000")]
    positions = [{"id": name, "market": name, "mode": "cross", "size": size, "entry_price": price} for name, size, price in legs]
    account = {"id": "a1", "collateral": {"USDC": "20000"}, "positions": positions}
    given = {"as_of": "2026-02-01T00:00:00Z", "markets": {name: {"mark_price": price} for name, _, price in legs}, "accounts": [account]}
    return book.ask.liquidation_price(given, market="BTC-USDC")[0].text + "\n"


def _no_such_column() -> str:
    """A table whose sizes are called something else."""
    from riskrules.cli.evaluate import in_our_words

    return _printed(
        in_our_words("the table has no column size", "it has account, market, quantity, mode; name its columns as the README does")
    )


def _no_room() -> str:
    from riskrules.cli.evaluate import unwritten

    return _printed(unwritten(OSError(28, "No space left on device", "out.parquet"), "out.parquet"))


def _printed(error: Exception) -> str:
    from riskrules.cli.main import _ended_by

    with contextlib.redirect_stderr(io.StringIO()) as printed:
        _ended_by(error)
    return printed.getvalue()


MADE = {
    "RR103": Made(f"A file of more than {MOST_BYTES:,} bytes.", _too_large),
    "RR108": Made(f"{MOST_PROBLEMS + 1} lines, each with a fault:\n\n    k0: no\n    k1: no\n    …", _too_many),
    "RR720": Made("A liquidation price under a rulebook whose margin divides one moving figure by another.", bytes, _too_fine),
    "RR760": Made("A table with the columns account, market, quantity and mode.", bytes, _no_such_column),
    "RR761": Made("An output on a disk that is full.", bytes, _no_room),
    "RR900": Made("None that we know of: each one found is mended, and gets a test.", bytes, _bug),
}
