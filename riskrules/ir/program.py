"""A program: the terms of a book in the order of their working, as plain data that can be cached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from riskrules.units.unit import Unit

if TYPE_CHECKING:
    from riskrules.ir.term import Term


class Node(NamedTuple):
    op: str
    args: tuple[int, ...]
    rows: str
    param: Any
    unit: Unit
    name: str
    source: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Program:
    nodes: tuple[Node, ...]
    named: dict[str, int]  # the public terms, by the name a reader uses
    needs: tuple[tuple[str, str], ...]  # (rows, name) of every given
    decides: int  # the last node that the decision is made of
    kinds: tuple[str, ...]  # every kind of row there is a term for
    early: frozenset[tuple[str, str]] = field(init=False, compare=False, repr=False)  # the givens of the decision
    steps: list[Any] = field(default_factory=list, compare=False, repr=False)  # the walk's own, found once

    def __post_init__(self) -> None:
        deciding = self.nodes[: self.decides + 1]
        object.__setattr__(self, "early", frozenset((node.rows, node.param) for node in deciding if node.op == "given"))

    @property
    def grouped(self) -> bool:
        """Whether anything is asked of legs together: by strike, by expiry or by what is under them."""
        return any(kind.partition("@")[0] in ("strike", "expiry", "underlying") for kind in self.kinds)

    def data(self) -> tuple[Any, ...]:
        """Plain tuples, strings and whole numbers only."""
        rows = tuple((n.op, n.args, n.rows, n.param, n.unit.powers, n.unit.word, n.name, n.source) for n in self.nodes)
        return rows, tuple(self.named.items()), self.needs, self.decides, self.kinds

    @staticmethod
    def of_data(data: tuple[Any, ...]) -> Program:
        rows, named, needs, decides, kinds = data
        units: dict[tuple[Any, str], Unit] = {}
        nodes = []
        for op, args, kind, param, powers, word, name, source in rows:
            unit = units.get((powers, word)) or units.setdefault((powers, word), Unit(powers, word))
            nodes.append(Node(op, args, kind, param, unit, name, source))
        return Program(tuple(nodes), dict(named), needs, decides, kinds)


def flatten(named: dict[str, Term], decision: str = "", later: frozenset[str] = frozenset()) -> Program:
    """Every term once (equal terms are one), arguments before what uses them: those of the decision, the others, `later` names."""
    from riskrules.ir.term import every_term  # a kept program is walked without them

    named = {name: term for names in (named.keys() - later, later) for name, term in named.items() if name in names}
    deciding = {id(term) for term in every_term([named[decision]])} if decision in named else set()
    terms = sorted(every_term(list(named.values())), key=lambda term: id(term) not in deciding)  # each part in its order
    place: dict[int, int] = {}
    known: dict[tuple[Any, ...], int] = {}
    nodes: list[Node] = []
    for term in terms:
        args = tuple(place[id(arg)] for arg in term.args)
        node = Node(term.op, args, term.rows, term.param, term.unit, term.name, term.source)
        key = (*node[:4], term.unit.powers, term.unit.word, term.name)
        if key not in known:
            known[key] = len(nodes)
            nodes.append(node)
        place[id(term)] = known[key]
    needs = tuple(sorted({(node.rows, node.param) for node in nodes if node.op == "given"}))
    places = {name: place[id(term)] for name, term in named.items()}
    decides = places[decision] if decision in named else max((k for name, k in places.items() if name not in later), default=-1)
    return Program(tuple(nodes), places, needs, decides, tuple(sorted({node.rows for node in nodes})))
