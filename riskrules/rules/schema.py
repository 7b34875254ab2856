"""The JSON Schema of each rule kind, printed from its model: what editors and other tools hold a file to.

The model is the one statement.  What is changed on the way says the same in better words: nothing may
be null in a policy file, a figure that needs a unit is never a bare number, a name that is not
declared is refused, and titles are words a reader knows.
"""

from __future__ import annotations

import json
import re
from typing import Any

from riskrules.rules.kinds import kinds

DIALECT = "https://json-schema.org/draft/2020-12/schema"

ORDER = ("$schema", "$id", "$ref", "title", "description", "type", "const", "enum", "pattern", "minLength", "required", "properties")

Node = dict[str, Any]


def schema_of(kind: str) -> Node:
    """The schema of one kind's files."""
    module = kinds()[kind]
    printed: Node = module.FILE.model_json_schema()
    defined = printed.pop("$defs", {})
    names = _short_names(defined)
    about = " ".join((module.__doc__ or "").split("\n\n")[0].split())
    head = {"$schema": DIALECT, "$id": f"riskrules/{kind}/1", "title": f"riskrules {kind} file", "description": about}
    made = {names[name]: {**_said(node, names), "title": _in_words(names[name])} for name, node in defined.items()}
    return _in_order({**_said(printed, names), **head, "$defs": dict(sorted(made.items()))})


def schema_text(kind: str) -> str:
    return json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n"


def _short_names(defined: Node) -> dict[str, str]:
    """A generic model is called by what it is, not by what it is of; two of one name are counted."""
    short: dict[str, str] = {}
    for name in sorted(defined):
        plain = name.partition("_")[0]
        twin = sum(other == plain or re.fullmatch(rf"{plain}\d+", other) is not None for other in short.values())
        short[name] = f"{plain}{twin + 1}" if twin else plain
    return short


def _in_words(name: str) -> str:
    """`AboveLastCap` and `above_last_cap` are both `above last cap`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()


def _said(node: Any, names: dict[str, str]) -> Any:
    """A node and everything under it, in our words."""
    if isinstance(node, list):
        return [_said(one, names) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _said(value, names) for key, value in node.items() if key not in ("default", "properties")}
    if "$ref" in made:
        made["$ref"] = f"#/$defs/{names[node['$ref'].rpartition('/')[2]]}"
    if "properties" in node:
        made["properties"] = {name: _in_order({**_said(one, names), "title": _in_words(name)}) for name, one in node["properties"].items()}
    return _in_order(_figure(_named_only(_one_choice(made))))


def _in_order(node: Node) -> Node:
    """What a reader looks for first stands first."""
    return {key: node[key] for key in sorted(node, key=lambda key: ORDER.index(key) if key in ORDER else len(ORDER))}


def _one_choice(node: Node) -> Node:
    """Nothing is null in a policy file: a key is left out instead."""
    if "anyOf" not in node:
        return node
    choices = [one for one in node["anyOf"] if one != {"type": "null"}]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else {**rest, "anyOf": choices}


def _named_only(node: Node) -> Node:
    """A mapping whose keys have a form holds no key of another form."""
    return {**node, "additionalProperties": False} if "patternProperties" in node and "additionalProperties" not in node else node


def _figure(node: Node) -> Node:
    """Where no plain number fits the pattern, a number is a mistake: a rate of 0.4 has no unit."""
    if node.get("type") != ["string", "number"] or "pattern" not in node:
        return node
    fits = any(re.search(node["pattern"], number) for number in ("1", "0.5"))
    return node if fits else {**node, "type": "string"}
