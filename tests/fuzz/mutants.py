"""Small changes of a text of policies or snapshots, of the kind that fingers and scripts make.

Most leave a text that can still be read, so that what stands behind the reader is reached too.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.fuzz.fuzz_reader import PIECES, mutant

_TOKEN = re.compile(r"[\w.%/+:-]+")
_KEY = re.compile(r"([A-Za-z_][\w-]*)(\"?):")
_NUMBER = re.compile(r"(?<![\w.:/-])-?\d[\d_]*(?:\.\d+)?(?:/\d[\d_.]*)?(?:%|bps|x|s|h|d)?(?![\w.:/-])")
_STRANGE_NUMBERS = (
    "0", "-1", "1", "0.0", "-0", "1/3", "1/0", "0/1", "1e3", "1e-05", "NaN", ".nan", "inf", "-Infinity", "007", "+5", ".5", "5.", "1,000",
    "1_0", "100%", "0%", "-5%", "33bps", "1/30", "125x", "0.000000000001", "9" * 40, "9" * 79, "0." + "3" * 70, "9" * 200, "1e80", "1e-80",
    "1e999", "unlimited", "9" * 5000 + "d", "not_stated", "null", "true", "''", "٣", "５", "1%%", "5 000", "0x1F", "1:30", "5s", "30d",
)  # fmt: skip
Change = Callable[[str, random.Random], str]


def changed(data: bytes, dice: random.Random) -> bytes:
    """The text with one change, sometimes with two or three; one in five times a change of bytes."""
    if dice.random() < 0.2:
        return mutant(data, dice)
    text = data.decode()
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        text = dice.choice(CHANGES)(text, dice)
    return text.encode("utf-8", "surrogatepass")


def _at_one(pattern: re.Pattern[str], text: str, dice: random.Random, new: Callable[[re.Match[str]], str]) -> str:
    """One match of the pattern, replaced."""
    found = list(pattern.finditer(text))
    if not found:
        return text
    match = dice.choice(found)
    return text[: match.start()] + new(match) + text[match.end() :]


def piece_put_in(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice(PIECES).decode("utf-8", "replace") + text[at:]


def tokens_swapped(text: str, dice: random.Random) -> str:
    found = list(_TOKEN.finditer(text))
    if len(found) < 2:
        return text
    one, two = sorted(dice.sample(found, 2), key=lambda match: match.start())
    return text[: one.start()] + two[0] + text[one.end() : two.start()] + one[0] + text[two.end() :]


def token_copied(text: str, dice: random.Random) -> str:
    found = _TOKEN.findall(text)
    return _at_one(_TOKEN, text, dice, lambda _: dice.choice(found))


def digit_edited(text: str, dice: random.Random) -> str:
    return _at_one(re.compile(r"\d"), text, dice, lambda match: dice.choice(("", match[0] * 2, str(dice.randrange(10)), match[0] + "0")))


def letter_of_key_lost(text: str, dice: random.Random) -> str:
    def typo(match: re.Match[str]) -> str:
        key, at = match[1], dice.randrange(len(match[1]))
        other = dice.choice((key[:at] + key[at + 1 :], key[:at] + key[at] + key[at:], key.upper(), key[:at] + "_" + key[at:], key + "s"))
        return f"{other}{match[2]}:"

    return _at_one(_KEY, text, dice, typo)


def number_spelled_anew(text: str, dice: random.Random) -> str:
    """The same number in another spelling, right or wrong."""
    return _at_one(_NUMBER, text, dice, lambda match: dice.choice(_spellings(match[0])))


def _spellings(number: str) -> list[str]:
    plain = number.replace("_", "")
    made = [plain, f'"{number}"', f"'{plain}'", f" {number} ", f"{plain}.0", f"{plain}/1", f"{plain}x"]
    made += [f"+{plain}", f"0{plain}", f"{plain}e0"]
    if plain.isdigit():
        made += [f"{int(plain):_}", f"{int(plain):,}", f"{plain}.00"]
    if plain.endswith("%"):
        share = plain[:-1]
        made += [f"{share}00bps" if "." not in share else f"{share}0%", f"{share}/100", f"{share} %"]
    return made


def number_made_strange(text: str, dice: random.Random) -> str:
    return _at_one(_NUMBER, text, dice, lambda _: dice.choice(_STRANGE_NUMBERS))


def line_moved(text: str, dice: random.Random) -> str:
    """A line or a few deleted, doubled, moved, or set in by two more or less."""
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    end = min(len(lines), at + dice.choice((1, 1, 1, 2, 5)))
    block, rest = lines[at:end], lines[:at] + lines[end:]
    to = dice.randrange(len(rest) + 1)
    further, nearer = [f"  {line}" for line in block], [line.removeprefix("  ") for line in block]
    moved = rest[:to] + block + rest[to:]
    choices = (rest, lines[:end] + block + lines[end:], moved, lines[:at] + further + lines[end:], lines[:at] + nearer + lines[end:])
    return "\n".join(dice.choice(choices))


def entry_lost_or_doubled(text: str, dice: random.Random) -> str:
    """`key: value` inside braces."""
    return _at_one(re.compile(r"[\w\"-]+: *[\w.%/\"-]+, *"), text, dice, lambda match: dice.choice(("", "", match[0] * 2)))


def only_looks(text: str, dice: random.Random) -> str:
    """A comment, a blank line, a space: none of it means anything."""
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    lines[at] = dice.choice((f"{lines[at]}   # looked at", f"{lines[at]}\n", lines[at].replace(", ", ",   "), lines[at].replace("{", "{ ")))
    return "\n".join(lines)


CHANGES: tuple[Change, ...] = (
    piece_put_in, tokens_swapped, token_copied, digit_edited, digit_edited, letter_of_key_lost, number_spelled_anew, number_spelled_anew,
    number_made_strange, number_made_strange, line_moved, line_moved, entry_lost_or_doubled, only_looks,
)  # fmt: skip
