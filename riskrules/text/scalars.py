"""Plain scalars that two readers would read as two different things.

YAML 1.1, YAML 1.2, JSON and people disagree about `no`, `010`, `1e3`, `1:30` and `1,000`.  Such a text
is refused wherever it stands without quotes; what else it may be is for the schema to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from riskrules.text.screen import disguised, foreign_digit, odd_letter, one_script, say_character
from riskrules.units.exact import NUMBER

NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
SEEMS_BOOLEAN = frozenset(
    ("y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "True", "TRUE", "False", "FALSE")
)
_NUMBER_STARTS = frozenset("0123456789+-.\u2212\u2012\u2013\u2014\ufe63\uff0d\uff0b")

_LONGEST = 200  # a longer text is no number anyone takes, and the patterns below are slow on a long one
_UNIT = r"(?:%|bps|ms|s|m|h|d|x)?"
_GOOD = re.compile(rf"{NUMBER}(?:{_UNIT}|/{NUMBER})")


@dataclass(frozen=True, slots=True)
class Trick:
    """A spelling that is refused: its code, what is wrong and what to do, both about the text `{it}`."""

    code: str
    pattern: re.Pattern[str]
    text: str
    hint: str


def _trick(code: str, pattern: str, text: str, hint: str) -> Trick:
    return Trick(code, re.compile(pattern, re.IGNORECASE | re.ASCII), text, hint)


_TRICKS = (  # in the order in which they are tried: the first that fits names the fault
    _trick("RR133", r"[+-]*0(?:x[0-9a-f_]+|o[0-9_]+|b[01_]+)", "{it} is a number in another base", "write its decimal digits"),
    _trick(
        "RR131",
        rf"[+-]*(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)e[+-]?[0-9_]+{_UNIT}",
        "{it} has an exponent: some readers take it for a number and some for text",
        "write all its digits",
    ),
    _trick(
        "RR134",
        r"[+-]*[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?",
        "{it} has colons: some readers count it in sixties",
        "write a duration as 90m, a time with its date and offset",
    ),
    _trick(
        "RR139", r"[+-]*\.(?:nan|inf)", "{it} is not a number that anything can be compared with", "give a number, or leave the key out"
    ),
    _trick(
        "RR136",
        rf"(?:\+|-[+-])[+-]*[0-9.][0-9_.,]*{_UNIT}",
        "{it} has a sign that is not a single minus",
        "leave out a plus, write one minus",
    ),
    _trick("RR136", rf"[^\x00-\x7f][0-9][0-9_.,]*{_UNIT}", "{it} has a sign that is not the minus of the keyboard", "write -"),
    _trick("RR135", rf"-?(?:\.[0-9_]+|[0-9][0-9_]*\.){_UNIT}", "{it} has no digit on one side of its point", "put a digit on both sides"),
    _trick(
        "RR137",
        rf"-?[0-9][0-9_]*(?:(?:[,'][0-9]*)+|(?: [0-9]{{3}})+)(?:\.[0-9_]*)?{_UNIT}",
        "{it} is grouped in a way that reads as two different numbers",
        "group digits by _ in threes and write a decimal point: 1_000 or 0.4",
    ),
    _trick("RR132", rf"-?0[0-9_]+(?:\.[0-9_]*)?{_UNIT}", "{it} starts with a zero: some readers count it in eights", "leave the zero out"),
    _trick(
        "RR138",
        rf"-?[0-9][0-9_]*(?:\.[0-9_]*)?{_UNIT}",
        "{it} is not grouped in threes",
        "group whole digits by _ in threes, or not at all",
    ),
)


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    text: str
    hint: str
    found: str  # the offending part, as written


def faults_of_plain(value: str) -> Iterator[Fault]:
    """What is wrong with a plain value; nothing, for nearly all of them."""
    if value in NOTHING:
        shown = f"{value} means nothing" if value else "nothing stands here"
        yield Fault(
            "RR128",
            f"{shown}, where a value is due",
            "give a value, or leave the key out; inside { } a text that has a comma is quoted",
            value,
        )
    elif value in SEEMS_BOOLEAN:
        yield Fault("RR130", f"some readers take {value} for true or false", "write true or false, or quote it if it is a name", value)
    elif value[0] in _NUMBER_STARTS and (fault := _number_fault(value)):
        yield fault
    elif not value.isascii():
        yield from _letter_faults(value, value.split())


def faults_of_key(key: str) -> Iterator[Fault]:
    """What is wrong with a key, quoted or not: a key is a name on one line, its letters what they seem."""
    if not key:
        yield Fault("RR127", "a key without a name", "name what the value is", key)
    elif key == "<<":
        yield Fault("RR123", "a merge key: the reviewer would see half of the mapping", "write the merged lines out", key)
    elif "\n" in key:
        yield Fault("RR127", "a key over several lines", "write the key on one line", key)
    elif not key.isascii():
        yield from _letter_faults(key, [key])


def _number_fault(value: str) -> Fault | None:
    if len(value) > _LONGEST or _GOOD.fullmatch(value):
        return None
    parts = value.split("/")
    for part in parts if len(parts) == 2 else [value]:
        if part and not _GOOD.fullmatch(part):
            for trick in _TRICKS:
                if trick.pattern.fullmatch(part):
                    return Fault(trick.code, trick.text.format(it=value), f"{_rewritten(trick, part)}; quote it if it is a name", value)
    return None


_PLAINLY = frozenset({"RR131", "RR132", "RR135"})
_DECIMAL = re.compile(rf"(-?[0-9_]*\.?[0-9_]*(?:e[+-]?[0-9]{{1,2}})?)({_UNIT})", re.IGNORECASE)


def _rewritten(trick: Trick, part: str) -> str:
    """The hint, with the number as it should be written where that is beyond doubt."""
    match = _DECIMAL.fullmatch(part) if trick.code in _PLAINLY else None
    if match is None:
        return trick.hint
    try:
        number = f"{Decimal(match[1].replace('_', '')):f}"
    except InvalidOperation:
        return trick.hint
    return f"{trick.hint}: {number}{match[2]}"


def _letter_faults(text: str, words: list[str]) -> Iterator[Fault]:
    """Digits and letters that are not what they seem.  Prose is judged word by word, a key as a whole."""
    if digit := foreign_digit(text):
        yield Fault("RR140", f"{text} has {say_character(digit)}", "write the digits 0 to 9; quote prose", digit)
    elif letter := disguised(text):
        yield Fault("RR142", f"{text} has {say_character(letter)}, which passes for another", "type the ordinary one; quote prose", letter)
    elif mixed := next((word for word in words if not one_script(word)), None):
        letter = odd_letter(mixed)
        yield Fault("RR141", f"{mixed} mixes scripts: {say_character(letter)}", "type the whole word in one script; quote prose", letter)
    elif not unicodedata.is_normalized("NFC", text):
        yield Fault("RR143", f"{text} has letters with two spellings (not NFC)", "retype it, each letter as one character", text)
