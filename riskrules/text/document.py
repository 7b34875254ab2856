"""The tree of a file: plain text, mappings and lists, each of which knows where it stands.

The nodes are `str`, `dict` and `list`, so that a model can eat them unchanged; where they stand is one
tuple a node, and a `Span` is built only when there is something to say.
"""

from __future__ import annotations

from riskrules.diagnostics.problem import Span

Place = tuple[str, int, int, int, int]  # file, line, column, end line, end column; counted from 0, as the parser does
Path = tuple[str | int, ...]


class Text(str):
    """A scalar as text; `plain` when it was written without quotes."""

    __slots__ = ("at", "plain")
    at: Place
    plain: bool

    @property
    def span(self) -> Span:
        return span_from(self.at)


class Mapping(dict[str, "Node"]):
    __slots__ = ("at", "key_at")
    at: Place
    key_at: dict[str, Place]

    @property
    def span(self) -> Span:
        return span_from(self.at)

    def key_span(self, key: str) -> Span:
        return span_from(self.key_at[key])


class Sequence(list["Node"]):
    __slots__ = ("at",)
    at: Place

    @property
    def span(self) -> Span:
        return span_from(self.at)


Node = Text | Mapping | Sequence


def span_from(place: Place) -> Span:
    file, line, column, end_line, end_column = place
    return Span(file, line + 1, column + 1, end_line + 1, end_column + 1)


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, Mapping) and isinstance(step, str):
        return node.get(step)
    if isinstance(node, Sequence) and isinstance(step, int) and -len(node) <= step < len(node):
        return node[step]
    return None


def node_at(root: Node, path: Path) -> Node | None:
    """The node under `path`, or None where there is none."""
    node: Node | None = root
    for step in path:
        if node is None:
            return None
        node = _child(node, step)
    return node


def span_at(root: Node, path: Path, key: bool = False) -> Span:
    """Where the value under `path` stands, or its key; where there is none, the nearest node above it."""
    node, parent, last = root, None, None
    for step in path:
        child = _child(node, step)
        if child is None:
            return node.span
        node, parent, last = child, node, step
    if key and isinstance(parent, Mapping) and isinstance(last, str):
        return parent.key_span(last)
    return node.span
