"""From a strict document to a typed policy: every complaint at the place it is about.

The kind is looked at first, so that a mistake is told in the words of that kind and never as a
failed choice between all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from riskrules.diagnostics.problem import Problem
from riskrules.rules.header import Header
from riskrules.rules.kinds import kinds
from riskrules.text.document import Mapping, node_at, span_at

Path = tuple[str | int, ...]


def typed(document: Mapping, only: str = "") -> tuple[Header | None, list[Problem]]:
    """The policy that the document writes, or what is wrong with it, all at once."""
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in kinds():
        return None, [_no_such_kind(document, kind)]
    try:
        return kinds()[kind].FILE.model_validate(document), []
    except ValidationError as error:
        return None, list(_problems(error, document, kind))


def _no_such_kind(document: Mapping, kind: Any) -> Problem:
    known = ", ".join(kinds())
    if kind is None:
        return Problem("RR201", span_at(document, ()), "the file does not say its kind", f"begin it with kind: and one of {known}", expected=known)
    near = get_close_matches(str(kind), list(kinds()), 1)
    hint = f"did you mean {near[0]}?" if near else f"one of {known}"
    return Problem("RR201", span_at(document, ("kind",)), f"there is no kind {str(kind)!r}", hint, found=str(kind), expected=known)


def _problems(error: ValidationError, document: Mapping, kind: str) -> Iterator[Problem]:
    """pydantic's errors, one for each place, without the branches of a choice that the text did not take."""
    told: set[tuple[Path, str]] = set()
    words: dict[Path, list[str]] = {}
    faults: list[tuple[Path, dict[str, Any]]] = []
    for fault in error.errors(include_url=False):
        path, branch = _path_of(fault["loc"], document)
        if _other_branch(branch, node_at(document, path)):
            continue
        if fault["type"] == "literal_error":
            words.setdefault(path, []).append(fault["ctx"]["expected"].replace("'", "").replace(" or ", ", "))
        faults.append((path, dict(fault)))
    for path, fault in faults:
        problem = _problem(path, fault, document, kind, words.get(path, []))
        if (path, problem.code) not in told and not (fault["type"] == "literal_error" and any(p == path and f["type"] != "literal_error" for p, f in faults)):
            told.add((path, problem.code))
            yield problem


def _path_of(loc: tuple[Any, ...], document: Mapping) -> tuple[Path, str]:
    """The keys of the text in a pydantic location; what is not in the text names a branch of a choice."""
    path: list[str | int] = []
    branch = ""
    node: Any = document
    for k, step in enumerate(loc):
        inside = (isinstance(node, dict) and step in node) or (isinstance(node, list) and isinstance(step, int) and step < len(node))
        if inside:
            path.append(step)
            node = node[step]
        elif isinstance(step, str) and ("[" in step or step[:1].isupper()):
            branch = step
        elif k == len(loc) - 1:
            path.append(step)
    return tuple(path), branch


def _other_branch(branch: str, node: Any) -> bool:
    is_mapping = isinstance(node, dict)
    if branch.startswith("literal["):
        return is_mapping
    return bool(branch) and not is_mapping and not branch.startswith(("nullable", "function-plain", "list[", "tuple["))


def _problem(path: Path, fault: dict[str, Any], document: Mapping, kind: str, words: list[str]) -> Problem:
    where = span_at(document, path)
    ctx = fault.get("ctx", {})
    key = str(path[-1]) if path else ""
    node = node_at(document, path)
    found = str(node) if isinstance(node, str) else ""
    if fault["type"].startswith("RR"):
        expected = " or ".join([ctx["expected"], *words])
        return Problem(fault["type"], where, ctx["text"], ctx["hint"], found=found, expected=expected)
    if fault["type"] == "extra_forbidden":
        return _unknown_key(path, document, kind)
    if fault["type"] == "missing":
        return Problem("RR228", where, f"{key} is missing", f"add {key}: {_about(kind, key)}".rstrip(": "), expected=key)
    if fault["type"] == "literal_error":
        return _wrong_word(where, found, ", ".join(dict.fromkeys(", ".join(words).split(", "))))
    expected = _shape(fault["type"])
    return Problem("RR211", where, f"{key or 'the file'} is not {expected}", f"write {expected} here", found=found, expected=expected)


def _wrong_word(where: Any, found: str, allowed: str) -> Problem:
    near = get_close_matches(found, allowed.split(", "), 1)
    hint = f"did you mean {near[0]}?" if near else f"one of: {allowed}"
    text = f"{found!r} is not a word for this" if found else "a word is due here"
    return Problem("RR229", where, text, hint, found=found, expected=allowed)


def _unknown_key(path: Path, document: Mapping, kind: str) -> Problem:
    key = str(path[-1])
    near = get_close_matches(key, list(_fields(kind)), 1, 0.7)
    hint = f"did you mean {near[0]}?" if near else "take the key out, or see the page of this kind for what may be written"
    return Problem("RR202", span_at(document, path, key=True), f"{key!r} is not a key that may stand here", hint, found=key)


def _shape(error_type: str) -> str:
    shapes = {"dict_type": "a mapping", "model_type": "a mapping", "list_type": "a list", "tuple_type": "a list", "too_short": "a list with something in it"}
    return shapes.get(error_type, "a text")


@cache
def _fields(kind: str) -> dict[str, str]:
    """Every key of a kind, at any depth, with its description."""
    found: dict[str, str] = {}
    _collect(kinds()[kind].FILE, found, set())
    return found


def _collect(annotation: Any, found: dict[str, str], seen: set[Any]) -> None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation in seen:
            return
        seen.add(annotation)
        for name, field in annotation.model_fields.items():
            found.setdefault(name, field.description or "")
            _collect(field.annotation, found, seen)
    for inner in get_args(annotation):
        _collect(inner, found, seen)


def _about(kind: str, key: str) -> str:
    return _fields(kind).get(key, "")
