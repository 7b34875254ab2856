"""The typed fields of policy files: text in, exact values out, one complaint for each mistake.

A rate needs its unit (`0.4%`, `40bps`, `1/30`), a time its offset, a size its digits; a bare number
where a rate is due is refused, because 0.4 has been read as 40% and as 0.4% before.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from riskrules.units.clock import Instant, duration, instant
from riskrules.units.exact import NUMBER, strict_number


class Model(BaseModel):
    """Frozen, closed: a key nobody declared is a mistake and not a comment."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    later: ClassVar[frozenset[str]] = frozenset()  # keys of a later version of the language: unwritten, they are in no digest
    words: ClassVar[frozenset[str]] = frozenset()  # what is said beside the rule: in the digest of its record and not of its meaning
    words_that_count: ClassVar[frozenset[str]] = frozenset()  # of these, those that change a decision by being there


def refuse(code: str, text: str, expected: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{text}", {"text": text, "expected": expected, "hint": hint})


def _text(value: Any, expected: str) -> str:
    if isinstance(value, str):
        return value
    kind = "a mapping" if isinstance(value, dict) else "a list"
    raise refuse("RR211", f"{kind} stands where {expected} is due", expected, f"write {expected} here")


def _number(value: Any, expected: str) -> Fraction:
    text = _text(value, expected)
    pair = strict_number(text)
    if pair is None:
        raise refuse(
            "RR212",
            f"{text!r} is not a number",
            expected,
            "write digits, grouped by _ in threes if at all, a point with digits on both sides, no exponent",
        )
    return Fraction(*pair)


def _positive(value: Any, expected: str) -> Fraction:
    number = _number(value, expected)
    if number <= 0:
        raise refuse("RR213", f"{value} is too small: it must be above 0", expected, "give a number above 0")
    return number


def amount(value: Any) -> Fraction:
    number = _number(value, "an amount such as 5_000 or 0.01")
    if number < 0:
        raise refuse("RR213", f"{value} is below 0", "an amount of 0 or more", "an amount is never negative here")
    return number


_RATE = re.compile(rf"({NUMBER})(%|bps)")


def _rate(value: Any) -> Fraction:
    expected = "a rate with its unit, such as 0.4%, 40bps or 1/30"
    text = _text(value, expected)
    match = _RATE.fullmatch(text)
    if match:
        pair = strict_number(match[1])
        scale = 100 if match[2] == "%" else 10_000
        rate = Fraction(*pair) / scale if pair else None
    elif "/" in text and (pair := strict_number(text)):
        rate = Fraction(*pair)
    elif strict_number(text) is not None:
        raise refuse("RR214", f"the rate {text} has no unit", expected, f"write {text}% or {text}bps, whichever is meant")
    else:
        rate = None
    if rate is None:
        raise refuse("RR212", f"{text!r} is not a rate", expected, "write a number and % or bps, or a quotient of two numbers")
    if rate < 0:
        raise refuse("RR213", f"the rate {text} is below 0", expected, "a rate is never negative here")
    return rate


def _leverage(value: Any) -> Fraction:
    text = _text(value, "a leverage such as 25")
    return _positive(text.removesuffix("x"), "a leverage such as 25")


def _instant(value: Any) -> Instant:
    expected = "a time with its offset, such as 2026-12-01T08:00:00Z"
    when = instant(_text(value, expected))
    if when is None:
        raise refuse(
            "RR215",
            f"{value!r} is not a time with an offset",
            expected,
            "write date, time and offset: without all three, different readers take different instants",
        )
    return when


def _duration(value: Any) -> Fraction:
    expected = "a duration such as 5s, 10m, 8h or 30d"
    length = duration(_text(value, expected))
    if length is None:
        raise refuse("RR216", f"{value!r} is not a duration", expected, "write a number and ms, s, m, h or d, without a space")
    return length


def _count(value: Any) -> int:
    number = _positive(value, "a whole number above 0")
    if number.denominator != 1:
        raise refuse("RR212", f"{value!r} is not a whole number", "a whole number above 0", "write it without a fraction")
    return int(number)


_MARKET = re.compile(r"[^\W_]+-[^\W_]+(?:-\d{6})?")


def is_market_name(text: str) -> bool:
    """BASE-QUOTE or BASE-QUOTE-YYMMDD, letters of any one script and digits, in NFC."""
    return _MARKET.fullmatch(text) is not None and unicodedata.is_normalized("NFC", text)


def _market(value: Any) -> str:
    text = _text(value, "a market name")
    if not is_market_name(text):
        raise refuse(
            "RR217",
            f"{text!r} is not a market name",
            "BASE-QUOTE or BASE-QUOTE-YYMMDD, such as BTC-USDT",
            "write base and quote with a - between them; other spellings are aliases of the contracts file",
        )
    return str(text)


_WORD = r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*"
_NAME = re.compile(_WORD)


def _name(value: Any) -> str:
    text = _text(value, "a name")
    near = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not _NAME.fullmatch(text):
        raise refuse(
            "RR218",
            f"{text!r} is not a name",
            "small letters, digits, - and _, beginning with a letter",
            f"write {near}" if _NAME.fullmatch(near) else "choose such a name",
        )
    return str(text)


def _prose(value: Any) -> str:
    text = _text(value, "a sentence")
    if not text.strip():
        raise refuse("RR220", "nothing is said here", "a sentence", "say it in a few words")
    return str(text)


def _schema(pattern: str, description: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "number"], "pattern": f"^(?:{pattern})$", "description": description})


def _field(parse: Callable[[Any], Any], pattern: str, description: str) -> tuple[PlainValidator, WithJsonSchema]:
    return PlainValidator(parse), _schema(pattern, description)


_TIME_PATTERN = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)"

Amount = Annotated[Fraction, *_field(amount, NUMBER, "an amount of 0 or more")]
Positive = Annotated[Fraction, *_field(lambda v: _positive(v, "a number above 0"), rf"{NUMBER}(?:/{NUMBER})?", "a number above 0")]
Rate = Annotated[Fraction, *_field(_rate, rf"{NUMBER}(?:%|bps|/{NUMBER})", "a rate with its unit: 0.4%, 40bps, 1/30")]
Leverage = Annotated[Fraction, *_field(_leverage, rf"{NUMBER}(?:/{NUMBER})?x?", "a leverage: 25, or 50/3")]
Time = Annotated[Instant, *_field(_instant, _TIME_PATTERN, "RFC 3339 with an offset")]
Duration = Annotated[Fraction, *_field(_duration, r"[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d)", "a duration: 5s, 10m, 8h, 30d")]
Count = Annotated[int, *_field(_count, r"[1-9][0-9]*", "a whole number above 0")]
Market = Annotated[str, *_field(_market, r"[^\s_-]+-[^\s_-]+(?:-\d{6})?", "BASE-QUOTE or BASE-QUOTE-YYMMDD")]
Name = Annotated[str, *_field(_name, _WORD, "a name in small letters")]
Asset = Annotated[str, BeforeValidator(lambda v: str(_text(v, "an asset such as USDT"))), WithJsonSchema({"type": "string"})]
Prose = Annotated[str, PlainValidator(_prose), WithJsonSchema({"type": "string", "minLength": 1})]
