"""The fields of a snapshot, each read by one function: its value, or a complaint and nothing.

A reader is told the complaint with the path of the field; what it does about the place is its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from riskrules.engine.snapshot import INITIAL
from riskrules.units import say
from riskrules.units.clock import instant
from riskrules.units.exact import Exact, loose_number

Path = tuple[str | int, ...]


class Reader(Protocol):
    """Who keeps the complaints."""

    def say(self, code: str, path: Path, text: str, hint: str, found: str = "", expected: str = "") -> None: ...


Parse = Callable[[Any, Any, Path], Any]


class NumberText(str):
    """A JSON number, kept as the decimal that was printed."""

    __slots__ = ()


def kind_of(node: Any) -> str:
    if node is None:
        return "nothing"
    if isinstance(node, (list, tuple)):
        return "a list"
    if isinstance(node, dict):
        return "an object"
    return repr(node) if len(repr(node)) < 60 else "a text"


def number(reader: Reader, value: Any, path: Path) -> Exact | None:
    got = loose_number(value) if isinstance(value, str) else None
    if got is None:
        shown = kind_of(value)
        share = loose_number(value[:-1]) if isinstance(value, str) and value.endswith("%") else None
        reader.say(
            "RR604",
            path,
            f"{shown} is not a number",
            f"write the share itself: {say.number((share[0], share[1] * 100))}"
            if share
            else 'write a decimal, as text ("63000.5") or as a JSON number; NaN and infinity are not numbers',
            found=str(value),
            expected="a number",
        )
    return got


def positive(reader: Reader, value: Any, path: Path) -> Exact | None:
    got = number(reader, value, path)
    if got is not None and got[0] <= 0:
        reader.say(
            "RR606",
            path,
            f"{value} is too small: it must be above 0",
            "give a number above 0",
            found=str(value),
            expected="a number above 0",
        )
        return None
    return got


def price(reader: Reader, value: Any, path: Path) -> Exact | None:
    """Absent and null are the same: not given."""
    return None if value is None else positive(reader, value, path)


def entry(reader: Reader, value: Any, path: Path) -> Exact | None:
    got = number(reader, value, path)
    if got is not None and got[0] < 0:
        reader.say("RR606", path, f"{value} is below 0", "an entry price is 0 or more", found=str(value), expected="0 or more")
        return None
    return got


def rate(reader: Reader, value: Any, path: Path) -> Exact | None:
    """`"0.05%"`, or a bare fraction such as 0.0005 as programs print it."""
    if isinstance(value, str) and value.endswith("%"):
        got = number(reader, value[:-1], path)
        return (got[0], got[1] * 100) if got else None
    return number(reader, value, path)


def posted(reader: Reader, value: Any, path: Path) -> Exact | str | None:
    return INITIAL if value == INITIAL else number(reader, value, path)


def time(reader: Reader, value: Any, path: Path) -> int | None:
    got = instant(value) if isinstance(value, str) else None
    if got is None:
        reader.say(
            "RR604",
            path,
            f"{kind_of(value)} is not a time with an offset",
            "such as 2026-10-01T00:00:00Z",
            found=str(value),
            expected="RFC 3339 with an offset",
        )
    return got


def word(reader: Reader, value: Any, path: Path) -> str | None:
    if isinstance(value, str) and value.strip() and not isinstance(value, NumberText) and value.isprintable():
        return str(value)
    reader.say("RR604", path, f"{kind_of(value)} is not a text", "write a text in quotes", found=str(value), expected="a text")
    return None


def _one_of(*words: str) -> Parse:
    def parse(reader: Reader, value: Any, path: Path) -> str | None:
        if value in words:
            return str(value)
        reader.say(
            "RR604",
            path,
            f"{kind_of(value)} is not {' or '.join(words)}",
            f"write {' or '.join(words)}",
            found=str(value),
            expected=", ".join(words),
        )
        return None

    return parse


def flag(reader: Reader, value: Any, path: Path) -> bool:
    if value in (True, False):
        return bool(value)
    if value in ("true", "false") and not isinstance(value, NumberText):
        return bool(value == "true")
    reader.say("RR604", path, f"{kind_of(value)} is not true or false", "write true or false", found=str(value), expected="true or false")
    return False


def mapping(reader: Reader, value: Any, path: Path) -> dict[str, Any]:
    """An object whose keys are names: of markets or of assets."""
    if isinstance(value, dict):
        for name in value:
            if not (name.strip() and name.isprintable()):
                reader.say(
                    "RR604",
                    (*path, name),
                    f"{name!r} is not a name",
                    "write the name of a market or an asset",
                    found=name,
                    expected="a name",
                )
        return value
    reader.say("RR604", path, f"{kind_of(value)} stands where an object is due", "write an object with named fields", expected="an object")
    return {}


def listing(reader: Reader, value: Any, path: Path) -> list[Any]:
    if isinstance(value, list):
        return value
    reader.say("RR604", path, f"{kind_of(value)} stands where a list is due", "write a list", expected="a list")
    return []


def anything(reader: Reader, value: Any, path: Path) -> Any:
    return value


mode = _one_of("cross", "isolated")
side = _one_of("long", "short")
bought = _one_of("buy", "sell")
