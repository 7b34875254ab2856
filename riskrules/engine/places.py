"""Where a value stands in a JSON or YAML text; looked up only when there is something to say."""

from __future__ import annotations

from typing import Any

from riskrules.diagnostics.problem import Span


def tree_of(text: str) -> Any:
    """JSON is near enough to YAML for its marks to be right; where it is not, there is no place to show."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.compose(text.replace("\t", " "), Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return False


def place_of(root: Any, path: tuple[str | int, ...], file: str) -> Span:
    """The value at the path, else the nearest thing above it."""
    node = root
    for step in path:
        inner = _child(node, step)
        if inner is None:
            break
        node = inner
    if not node:
        return Span(file, 1, 1, 1, 1)
    start, end = node.start_mark, node.end_mark
    return Span(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _child(node: Any, step: str | int) -> Any:
    value = getattr(node, "value", None)
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) and not isinstance(value[step], tuple) else None
    if isinstance(value, list):
        return next((inner for key, inner in (pair for pair in value if isinstance(pair, tuple)) if key.value == step), None)
    return None
