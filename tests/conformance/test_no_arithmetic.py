"""Adapters translate: parsed, they hold no arithmetic, so no expected figure can be worked out beside the engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ADAPTERS = sorted((HERE / "adapters").glob("*.py"))
WORDS = HERE / "words.py"
SCALING = frozenset({"fine", "shifted", "steps", "move"})  # the helpers that say a figure in another measure
CALCULATES = {"sum", "min", "max", "abs", "round", "divmod", "pow", "int", "float", "complex", "eval", "exec", "Fraction", "Decimal"}
MODULES = {"math", "decimal", "fractions", "operator", "statistics", "numpy", "functools", "itertools"}


def complaints(tree: ast.AST, allowed: frozenset[str] = frozenset()) -> Iterator[str]:
    """Each operator on values, each function and module that calculates, outside the functions that may scale a unit."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name in allowed:
            continue
        yield from _complaint(node)
        yield from complaints(node, allowed)


def _complaint(node: ast.AST) -> Iterator[str]:
    line = getattr(node, "lineno", 0)
    if isinstance(node, ast.BinOp | ast.AugAssign) and not _joins(node):
        yield f"line {line}: {ast.unparse(node)}"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Invert):
        yield f"line {line}: {ast.unparse(node)}"
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in CALCULATES or (name.startswith("__") and name.endswith("__")):
            yield f"line {line}: {ast.unparse(node)}"
    yield from (f"line {line}: imports {name}" for name in _imported(node) if name.split(".")[0] in MODULES)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def _joins(node: ast.BinOp | ast.AugAssign) -> bool:
    """`|` joins mappings, `+` texts and lists where one side is literally one."""
    if isinstance(node.op, ast.BitOr):
        return True
    sides = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.value]
    return isinstance(node.op, ast.Add) and any(isinstance(side, ast.JoinedStr | ast.List) or _is_text(side) for side in sides)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.name)
def test_an_adapter_calculates_nothing(path: Path) -> None:
    assert list(complaints(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.name)
def test_an_adapter_asks_the_engine_for_nothing(path: Path) -> None:
    """It names readings; only asked.py walks."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [name for node in ast.walk(tree) for name in _imported(node) if name.startswith("riskrules")] == []


def test_words_scale_a_unit_in_the_named_helpers_only() -> None:
    tree = ast.parse(WORDS.read_text(encoding="utf-8"))
    found = [text for text in complaints(tree, SCALING) if not text.endswith("imports fractions")]
    assert found == []


@pytest.mark.parametrize(
    "code, why",
    [
        ("a = b + c", "a sum"),
        ("a = qty * entry", "a product"),
        ("a = -b", "a sign turned by calculating; a text is given its sign"),
        ("a += b", "a sum in place"),
        ("a = sum(b)", "a sum by name"),
        ("a = max(b, c)", "a choice between figures is a rule"),
        ("from decimal import Decimal", "a way to calculate"),
        ("import operator", "another"),
        ("a = b.__mul__(c)", "a product in disguise"),
        ("a = Fraction(b)", "a number, ready to be calculated with"),
    ],
)
def test_arithmetic_is_seen(code: str, why: str) -> None:
    assert list(complaints(ast.parse(code))), why


@pytest.mark.parametrize(
    "code, why",
    [
        ("a = f'{b}/{c}'", "a quotient as text"),
        ("a = {**b, 'c': d}", "a mapping"),
        ("a = 'x' + b", "a text"),
        ("a |= b", "mappings joined"),
    ],
)
def test_joining_is_allowed(code: str, why: str) -> None:
    assert not list(complaints(ast.parse(code))), why
