"""Characters: what a reviewer cannot see may not be in a policy, not even in a comment.

U+0085, U+2028 and U+2029 end a line for one YAML parser and not for a diff viewer, so that a key can
hide behind a `#`; bidi controls show lines in another order than they are read; letters of another
script pass for Latin ones.  All of them are refused before YAML sees the text.
"""

from __future__ import annotations

import re
import unicodedata

from riskrules.diagnostics.problem import Problem, Span

# Written out and not asked of `unicodedata`: what is refused must not depend on the Python that reads it.
_BREAKS = "\x85\u2028\u2029"
_SPACES = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_HIDDEN = (  # format characters, and whatever else has no ink
    "\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROLS = "\x00-\x09\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff"
_REFUSED = re.compile(f"[{_BREAKS}{_SPACES}{_HIDDEN}{_CONTROLS}]")
_REFUSED_ASCII = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
_IS_BREAK, _IS_SPACE, _IS_HIDDEN = (re.compile(f"[{group}]") for group in (_BREAKS, _SPACES, _HIDDEN))
_SHOWN = 4  # further places of the same character that are pointed at; the rest is counted

_HINTS = {
    "RR110": "delete it: some readers start a new line here, and a diff viewer does not",
    "RR111": "delete it, or retype the line: the eye and the machine would read different text",
    "RR112": "delete it",
    "RR113": "use spaces: a tab is as wide as each screen decides",
    "RR114": "save the file with \\n line ends",
    "RR115": "type an ordinary space",
}
HIDDEN_CODES = frozenset(_HINTS)


def screen(text: str, file: str) -> tuple[str, list[Problem]]:
    """The text with each refused character blanked (so that places hold), and a problem for each kind of them."""
    refused = _REFUSED_ASCII if text.isascii() else _REFUSED
    if refused.search(text) is None:
        return text, []
    places: dict[str, list[Span]] = {}
    line, line_start = 1, 0
    for match in refused.finditer(text):
        at = match.start()
        line += text.count("\n", line_start, at)
        line_start = text.rfind("\n", 0, at) + 1 if text.find("\n", line_start, at) >= 0 else line_start
        column = at - line_start + 1
        places.setdefault(match[0], []).append(Span(file, line, column, line, column + 1))
    return refused.sub(" ", text), [_refusal(character, spans) for character, spans in places.items()]


def _refusal(character: str, spans: list[Span]) -> Problem:
    code = code_of(character)
    more = len(spans) - 1
    text = say_character(character) + (f", here and in {more:,} more place{'s'[: more > 1]}" if more else "")
    labels = tuple((span, "and here") for span in spans[1 : 1 + _SHOWN])
    return Problem(code, spans[0], text, _HINTS[code], found=f"U+{ord(character):04X}", labels=labels if code != "RR114" else ())


def code_of(character: str) -> str:
    """The code under which a refused character is refused."""
    if character in "\t\r":
        return "RR113" if character == "\t" else "RR114"
    if _IS_BREAK.match(character):
        return "RR110"
    if _IS_SPACE.match(character):
        return "RR115"
    return "RR111" if _IS_HIDDEN.match(character) else "RR112"


_CONTROL_NAMES = {"\t": "a tab", "\r": "a carriage return", "\x85": "a next-line character (U+0085)"}


def say_character(character: str) -> str:
    """`U+202E right-to-left override`: a character by its number, whatever it does to a screen."""
    if character in _CONTROL_NAMES:
        return _CONTROL_NAMES[character]
    name = unicodedata.name(character, "a character without a name").lower()
    return f"{name} (U+{ord(character):04X})"


def first_refused(text: str) -> str | None:
    """The first character of a quoted text that an escape smuggled in; a line break is text."""
    match = _REFUSED.search(text)
    return match[0] if match else None


# Scripts in which a Latin ticker stands beside the writing of the country, and no letter passes for a Latin one.
_BESIDE_LATIN = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"}
_SAME = {"IDEOGRAPHIC": "CJK", "KATAKANA-HIRAGANA": "HIRAGANA"}


def script_of(letter: str) -> str:
    word = unicodedata.name(letter, "UNNAMED").split(" ", 1)[0]
    return _SAME.get(word, word)


def one_script(text: str) -> bool:
    """Whether all letters are of one script; Latin may stand beside East Asian writing, never beside Cyrillic or Greek."""
    if text.isascii():
        return True
    scripts = {script_of(letter) for letter in text if letter.isalpha()}
    return len(scripts) <= 1 or scripts <= _BESIDE_LATIN | {"LATIN"}


def odd_letter(text: str) -> str:
    """Of a word in several scripts, the letter to point at: the first that is not like the word's first."""
    letters = [letter for letter in text if letter.isalpha()]
    latin = any(script_of(letter) == "LATIN" for letter in letters)
    home = "LATIN" if latin else script_of(letters[0])
    return next(letter for letter in letters if script_of(letter) != home)


def disguised(text: str) -> str | None:
    """The first letter or digit that stands for another one: fullwidth, mathematical, superscript, ligature."""
    return next((c for c in text if not c.isascii() and c.isalnum() and unicodedata.normalize("NFKC", c) != c), None)


def foreign_digit(text: str) -> str | None:
    return next((c for c in text if not c.isascii() and c.isdecimal()), None)
