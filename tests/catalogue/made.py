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


def _coupled(moves: str, *markets: str) -> str:
    """What `couple` prints of an account with a position in each of the markets, under a portfolio of one scenario."""
    import json
    import shutil
    import tempfile
    from pathlib import Path

    from riskrules.api import load
    from riskrules.engine.couple import couple
    from riskrules.engine.couple_text import couple_text
    from riskrules.engine.couple_view import view
    from tests.places import POLICIES

    when = "2027-01-01T00:00:00Z"
    own = {"mode": "cross", "size": "1", "entry_price": "100", "leverage": "5", "unsettled_funding": "0"}
    account = {"id": "a1", "collateral": {"USDT": "500"}, "positions": [{"id": one, "market": one, **own} for one in markets]}
    given = {"as_of": when, "markets": {one: {"mark_price": "100", "at": when} for one in markets}, "accounts": [account]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "house-usdm"
        shutil.copytree(POLICIES / "house-usdm", folder)
        (folder / "portfolio" / "2026-12-01.yaml").write_text(
            "kind: portfolio\nrulebook: house-usdm\neffective: 2026-12-01T08:00:00Z\nreason: One scenario.\n"
            f"markets: [BTC-USDT, ETH-USDT]\nscenarios: {{fall: {{counted: 100%, moves: {{{moves}}}}}}}\n"
            "requirement: {larger_of: [scenarios]}\nliquidate_when: {equity: {at_or_below: requirement}}\n",
            encoding="utf-8",
        )
        book = load(folder, as_of=when)
        snapshot = book.snapshot(json.dumps(given))
        return couple_text(view(couple(book.plan, snapshot, snapshot.accounts[0])), width=100) + "\n"


def _outside() -> str:
    return _coupled("BTC-USDT: -10%, ETH-USDT: -12%", "BTC-USDT", "HIVE-USDT")


def _unsplit() -> str:
    """Every scenario moves nothing, so that nothing is required of either position."""
    return _coupled("BTC-USDT: 0%, ETH-USDT: 0%", "BTC-USDT", "ETH-USDT")


def _no_portfolio() -> str:
    """The refusal of `couple` under a rulebook that has none."""
    from riskrules.api import PolicyError
    from riskrules.cli.couple import _views
    from riskrules.cli.options import case_of
    from tests.places import ROOT

    case = case_of(str(ROOT / "examples" / "account.json"), str(ROOT / "policies"), None, None)
    try:
        _views(case, None, None)
    except PolicyError as error:
        return _printed(error)
    return ""


def _stands() -> str:
    """What `compare` says of a rulebook where an inverse contract would stand for a linear one."""
    import json

    from riskrules.cli.main import run
    from tests.places import POLICIES, ROOT

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        books = ["--rulebook", "house-usdm", "--rulebook", "deribit", "--market", "BTC-USDT=BTC-USD", "--format", "json"]
        run(["compare", str(ROOT / "examples" / "house.json"), "--policies", str(POLICIES), *books])
    (problem,) = json.loads(printed.getvalue())["columns"][1]["problems"]
    return f"deribit  {problem['code']}  {problem['text']};\n         {problem['hint']}\n"


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
    "RR570": Made("An account that holds HIVE-USDT, under a portfolio of BTC-USDT and ETH-USDT.", bytes, _outside),
    "RR572": Made("Two positions under a portfolio whose only scenario moves nothing.", bytes, _unsplit),
    "RR573": Made("`riskrules couple` under the rulebook of a venue that has no portfolio file.", bytes, _no_portfolio),
    "RR576": Made("`riskrules compare --market BTC-USDT=BTC-USD`, where the second rulebook's BTC-USD is inverse.", bytes, _stands),
    "RR720": Made("A liquidation price under a rulebook whose margin divides one moving figure by another.", bytes, _too_fine),
    "RR760": Made("A table with the columns account, market, quantity and mode.", bytes, _no_such_column),
    "RR761": Made("An output on a disk that is full.", bytes, _no_room),
    "RR900": Made("None that we know of: each one found is mended, and gets a test.", bytes, _bug),
}
