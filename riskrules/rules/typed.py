"""From a strict document to a typed policy: every complaint at the place it is about.

The kind is looked at first, so that a mistake is told in the words of that kind and never as a
failed choice between all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from riskrules.diagnostics.problem import Problem, Span
from riskrules.rules.header import Header
from riskrules.rules.kinds import kinds
from riskrules.text.document import Mapping, Node, Path, node_at, span_at


def typed(document: Mapping) -> tuple[Header | None, list[Problem]]:
    """The policy that the document writes, or what is wrong with it, all at once."""
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in kinds():
        return None, [_no_such_kind(document, kind)]
    try:
        return kinds()[kind].FILE.model_validate(document), []
    except ValidationError as error:
        return None, list(_problems(error, document, kind))


def _no_such_kind(document: Mapping, kind: Node | None) -> Problem:
    known = ", ".join(kinds())
    if kind is None:
        return Problem(
            "RR201", span_at(document, ()), "the file does not say its kind", f"begin it with kind: and one of {known}", expected=known
        )
    near = get_close_matches(str(kind), list(kinds()), 1)
    hint = f"did you mean {near[0]}?" if near else f"one of {known}"
    return Problem("RR201", span_at(document, ("kind",)), f"there is no kind {str(kind)!r}", hint, found=str(kind), expected=known)


@dataclass(frozen=True, slots=True)
class _Fault:
    """One of pydantic's errors, with its place in the text."""

    path: Path
    is_key: bool
    branches: tuple[tuple[Path, str], ...]  # the branches of choices it was met in, each with the place of the choice
    type: str
    ctx: dict[str, Any]


def _problems(error: ValidationError, document: Mapping, kind: str) -> Iterator[Problem]:
    """pydantic's errors, one for each place, without the branches of a choice that the text did not take."""
    every = [_fault_of(fault, document) for fault in error.errors(include_url=False)]
    taken = [fault for fault in every if not any(_other_branch(name, node_at(document, at)) for at, name in fault.branches)]
    taken = [fault for fault in taken if fault.type != "too_short" or not node_at(document, fault.path)]
    taken += [fault for fault in every if not _is_told(fault, taken)]
    words: dict[Path, list[str]] = {}
    for fault in every:
        if fault in taken or fault.type == "model_type":
            words.setdefault(fault.path, []).extend(_words_of(fault, kind))
    told: set[tuple[Path, str]] = set()
    for fault in taken or every:
        beside = any(other.path == fault.path and other.type != "literal_error" for other in taken)
        problem = _problem(fault, document, kind, list(dict.fromkeys(words.get(fault.path, ()))))
        if (fault.path, problem.code) not in told and not (fault.type == "literal_error" and beside):
            told.add((fault.path, problem.code))
            yield problem


def _is_told(fault: _Fault, taken: list[_Fault]) -> bool:
    """A choice of which no branch fits is told as a whole: nothing is refused in silence."""
    choices = [at for at, _ in fault.branches]
    return fault.path not in choices or any(other.path[: len(fault.path)] == fault.path for other in taken)


def _words_of(fault: _Fault, kind: str) -> list[str]:
    """What would have been right there: the words of a choice, or a mapping with certain keys."""
    if fault.type == "literal_error":
        return re.findall(r"'([^']*)'", fault.ctx["expected"])
    model = _models(kind).get(fault.ctx.get("class_name", "")) if fault.branches else None
    if model is None:
        return []
    needed = [name for name, field in model.model_fields.items() if field.is_required()]
    return [f"{{{', '.join(f'{name}: …' for name in needed)}}}"] if needed else [f"{{{name}: …}}" for name in model.model_fields]


def _fault_of(fault: ErrorDetails, document: Mapping) -> _Fault:
    """The keys of the text in a pydantic location; what is not in the text names a branch of a choice."""
    path: list[str | int] = []
    branches: list[tuple[Path, str]] = []
    node: Any = document
    loc = fault["loc"]
    for k, step in enumerate(loc):
        inside = (isinstance(node, dict) and step in node) or (isinstance(node, list) and isinstance(step, int) and step < len(node))
        if inside:
            path.append(step)
            node = node[step]
        elif isinstance(step, str) and step != "[key]" and ("[" in step or step[:1].isupper()):
            branches.append((tuple(path), step))
        elif k == len(loc) - 1 and step != "[key]":
            path.append(step)
    return _Fault(tuple(path), loc[-1:] == ("[key]",), tuple(branches), fault["type"], fault.get("ctx", {}))


def _other_branch(branch: str, node: Any) -> bool:
    is_mapping = isinstance(node, dict)
    while branch.startswith("function-after["):  # what is checked once it is read: that it is a mapping, or not, is said inside
        branch = branch.partition(", ")[2]
    if branch.startswith(("literal[", "function-plain[")):
        return not isinstance(node, str)
    return not is_mapping and not branch.startswith(("nullable", "function-", "list[", "tuple["))


def _problem(fault: _Fault, document: Mapping, kind: str, words: list[str]) -> Problem:
    where = span_at(document, fault.path, key=fault.is_key)
    key = str(fault.path[-1]) if fault.path else ""
    node = node_at(document, fault.path)
    found = key if fault.is_key else str(node) if isinstance(node, str) else ""
    if fault.type.startswith("RR"):
        return Problem(
            fault.type, where, fault.ctx["text"], fault.ctx["hint"], found=found, expected=", or ".join([fault.ctx["expected"], *words])
        )
    if fault.type == "extra_forbidden":
        return _unknown_key(fault.path, document, kind)
    if fault.type in ("union_tag_invalid", "union_tag_not_found"):
        return _which_of_several(fault, document)
    if fault.type == "missing":
        return _missing(fault.path, document, kind, where)
    if words and isinstance(node, str):
        return _wrong_word(where, found, words)
    expected = _either(words) if words else _SHAPES.get(fault.type, "a text")
    stands = "a list" if isinstance(node, list) else "a mapping" if isinstance(node, dict) else repr(found)
    text = f"{stands} stands where {expected} is due" if fault.type != "too_short" else f"{key} is empty"
    return Problem("RR211", where, text, f"write {expected} here", found=found, expected=expected)


def _missing(path: Path, document: Mapping, kind: str, where: Span) -> Problem:
    """Told of the mapping that it is missing from, as several may have a key of one name; with its words, where it has some."""
    key, node = str(path[-1]), node_at(document, path[:-1])
    beside = node.keys() if isinstance(node, dict) else set()
    fields = [model.model_fields for model in _models(kind).values() if key in model.model_fields]
    field = max(fields, key=lambda one: len(beside & one.keys()))[key] if fields else None
    hint = f"add {key}: {field.description if field and field.description else ''}".rstrip(": ")
    words = [word for word in get_args(field.annotation) if isinstance(word, str)] if field else []
    return Problem("RR228", where, f"{key} is missing", hint, expected=f"{key}: {_either(words)}" if words else key)


def _which_of_several(fault: _Fault, document: Mapping) -> Problem:
    """A mapping of several forms, told apart by one key: that key is missing, or its word is none of theirs."""
    key = fault.ctx["discriminator"].strip("'")
    if fault.type == "union_tag_not_found":
        return Problem("RR228", span_at(document, fault.path), f"{key} is missing", f"add {key}: it says which form this is", expected=key)
    words = re.findall(r"'([^']*)'", fault.ctx["expected_tags"])
    return _wrong_word(span_at(document, (*fault.path, key)), str(fault.ctx["tag"]), words)


def _either(words: list[str]) -> str:
    words = sorted(words, key=lambda word: word.startswith("{"))
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _wrong_word(where: Span, found: str, words: list[str]) -> Problem:
    near = get_close_matches(found, words, 1)
    hint = f"did you mean {near[0]}?" if near else f"write {_either(words)}"
    return Problem("RR229", where, f"{found!r} is not a word for this", hint, found=found, expected=_either(words))


def _unknown_key(path: Path, document: Mapping, kind: str) -> Problem:
    key = str(path[-1])
    near = get_close_matches(key, [name for name, _ in _keys(kind)], 1, 0.7)
    hint = f"did you mean {near[0]}?" if near else "take the key out, or see the page of this kind for what may be written"
    return Problem("RR202", span_at(document, path, key=True), f"{key!r} is not a key that may stand here", hint, found=key)


_SHAPES = {"dict_type": "a mapping", "model_type": "a mapping", "tuple_type": "a list", "too_short": "at least one entry"}


@cache
def _models(kind: str) -> dict[str, type[BaseModel]]:
    """Every mapping that a kind may hold, at any depth, by the name of its model."""
    found: dict[str, type[BaseModel]] = {}
    _collect(kinds()[kind].FILE, found)
    return found


def _collect(annotation: Any, found: dict[str, type[BaseModel]]) -> None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation.__name__ not in found:
        found[annotation.__name__] = annotation
        for field in annotation.model_fields.values():
            _collect(field.annotation, found)
    for inner in get_args(annotation):
        _collect(inner, found)


def in_order(kind: str, names: Sequence[str]) -> Sequence[str]:
    """The keys of a mapping in the order of its model; as they are where none, or more than one, may be meant."""
    given = set(names)
    fits = [model.model_fields for model in _models(kind).values() if given <= model.model_fields.keys()]
    fits = [fields for fields in fits if all(name in given for name, field in fields.items() if field.is_required())]
    return [name for name in fits[0] if name in given] if len(fits) == 1 else names


def file_order(kind: str) -> Sequence[str]:
    """Every key that a file of this kind may have, in the order in which they are read best."""
    return list(kinds()[kind].FILE.model_fields)


def _keys(kind: str) -> Iterator[tuple[str, str]]:
    """Every key of a kind, with its description."""
    return ((name, field.description or "") for model in _models(kind).values() for name, field in model.model_fields.items())
