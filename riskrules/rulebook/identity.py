"""What a rule is, apart from how its file looks: one digest of its meaning, one of its record.

A unit is (rulebook, kind, name): one named table or rule.  The meaning digest of a version of it changes
with every number, bound, side, direction and date, and with no comment, blank or order of keys; the
record digest covers the meaning and the words beside it: why the version exists, where its figures come
from, what its source leaves open.  Nothing else in the package says what two rules have in common.
"""

from __future__ import annotations

import hashlib
import io
import tokenize
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from riskrules.rules.formula import FormulaTerm
from riskrules.rules.header import Header, RollOut
from riskrules.units.clock import say_instant
from riskrules.units.exact import exact_text, strict_number

Unit = tuple[str, str]  # ("table", "BTC-USDT")
FORM = "riskrules/unit/1"  # a later canonical form has another name, so that digests of two forms are never compared
OF_THE_CLOCK = frozenset(("kind", "rulebook", "effective", "observed", "known"))  # of a header: said once, beside the value
UNITS_OF_THEIR_OWN = frozenset(("invariants", "notes"))  # of a status file
LEFT_OUT = OF_THE_CLOCK | UNITS_OF_THEIR_OWN


def meaning_digest(unit: Unit, header: Header, value: Any) -> str:
    """Of one version of a unit: whose it is, from when on, and what it says."""
    return _digest("meaning", unit, header, says(header, value))


def record_digest(unit: Unit, header: Header, value: Any) -> str:
    """The same with the words beside it; those of the file's head belong to each of its units."""
    return _digest("record", unit, header, says(header, value, words=True), repr(header.reason), repr(header.source))


def says(header: Header, value: Any, words: bool = False) -> str:
    """What a version says, whoever says it and whenever: two versions that are equal here decide alike."""
    said = _mapping(value, words, LEFT_OUT) if isinstance(value, Header) else canonical(value, words)
    return f"{getattr(header, 'form', '')}\0{said}"


def _digest(of: str, unit: Unit, header: Header, *said: str) -> str:
    whole = "\0".join((FORM, of, header.rulebook, *unit, _clock(header), *said))
    return hashlib.sha256(whole.encode()).hexdigest()


def _clock(header: Header) -> str:
    seen = header.observed
    begins = header.effective
    phases = {"increasing": begins.increasing, "existing": begins.existing} if isinstance(begins, RollOut) else {"effective": begins}
    said = {**phases, "after": seen.after if seen else None, "by": seen.by if seen else None, "known": header.known}
    phased = [f"leverage_above_max:{begins.leverage_above_max}"] if isinstance(begins, RollOut) else []
    return ",".join([*(f"{name}:{say_instant(when)}" for name, when in said.items() if when is not None), *phased])


def canonical(value: Any, words: bool = True) -> str:
    """A typed value in one spelling; with or without the words that stand beside a rule."""
    if isinstance(value, BaseModel):
        return _mapping(value, words)
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{canonical(value[key], words)}" for key in sorted(value)) + "}"
    if isinstance(value, (tuple, list)):
        return "[" + ",".join(canonical(item, words) for item in value) + "]"
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    return repr(value)


def _mapping(value: BaseModel, words: bool, without: frozenset[str] = frozenset()) -> str:
    fields = sorted(name for name in type(value).model_fields if name not in without and not _unwritten(value, name))
    said = (f"{name}:{_field(value, name, words)}" for name in fields if words or name not in _words(value))
    return "{" + ",".join([*said, *([] if words else _standing(value))]) + "}"


def _field(value: BaseModel, name: str, words: bool) -> str:
    found = getattr(value, name)
    return spelled(found) if isinstance(value, FormulaTerm) and name == "expression" else canonical(found, words)


def _words(value: BaseModel) -> frozenset[str]:
    found: frozenset[str] = getattr(value, "words", frozenset())
    return found


def _standing(value: BaseModel) -> list[str]:
    """Words that change a decision by being there, whatever they are."""
    return [f"{name}:said" for name in sorted(getattr(value, "words_that_count", ())) if getattr(value, name) is not None]


def _unwritten(value: BaseModel, name: str) -> bool:
    """A key that the language learned later: what was signed before it keeps its digest."""
    return name in getattr(value, "later", ()) and getattr(value, name) is None


def spelled(expression: str) -> str:
    """An expression without its blanks, each number in one spelling; one that is none, as it is written."""
    blank = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    try:
        tokens = [token for token in tokenize.generate_tokens(io.StringIO(expression).readline) if token.type not in blank]
    except (tokenize.TokenError, SyntaxError):
        return repr(expression)
    return repr(" ".join(_number(token.string) if token.type == tokenize.NUMBER else token.string for token in tokens))


def _number(text: str) -> str:
    pair = strict_number(text)
    return text if pair is None else exact_text(pair)
