"""The published formulas of a plan: every named term in words, printed from the graph that decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from riskrules.ir.program import Program
from riskrules.ir.words import formula


@dataclass(frozen=True, slots=True)
class Published:
    """One named term: what there is one value for, in which unit, its formula, and where the policy says so."""

    name: str
    rows: str
    unit: str
    formula: str
    source: tuple[str, int]  # ("", 0): what every rulebook means by the name


def published(program: Program) -> list[Published]:
    """Every named term, in the order of its working."""
    return [_one(program, name) for name in program.named]


def with_what_it_uses(program: Program, name: str) -> tuple[Published, list[Published], list[str]]:
    """A term, the named terms it is made of (nearest first), and the figures that are given to them."""
    names = {k: other for other, k in reversed(program.named.items())}
    made_of: dict[str, None] = {}
    given: dict[str, None] = {}
    todo = [program.named[name]]
    seen = set(todo)
    while todo:
        for k in _nearest(program, todo.pop(0), names):
            if k in seen:
                continue
            seen.add(k)
            if k in names:
                made_of[names[k]] = None
                todo.append(k)
            else:
                given[program.nodes[k].name] = None
    return _one(program, name), [_one(program, other) for other in made_of], [one for one in given if one]


def _one(program: Program, name: str) -> Published:
    k = program.named[name]
    node = program.nodes[k]
    return Published(name, node.rows, _unit(node.unit.word, str(node.unit)), _formula(program, k, name), node.source)


def _formula(program: Program, k: int, name: str) -> str:
    node = program.nodes[k]
    if node.op == "given":
        return f"{node.param}, as given"
    return formula(program, k) if node.name in ("", name) else node.name


def _unit(word: str, powers: str) -> str:
    """`settle`, `quote/base`; of a figure without powers what kind it is."""
    return powers if powers != "1" else {"flag": "yes or no", "index": "place in a table", "label": "a word"}.get(word, word)


def _nearest(program: Program, k: int, names: dict[int, str]) -> Iterator[int]:
    """The named terms and the given figures that k is directly made of."""
    for arg in program.nodes[k].args:
        if arg in names or program.nodes[arg].op == "given":
            yield arg
        else:
            yield from _nearest(program, arg, names)
