"""What is wrong, where, and what to do about it: values first, printing last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskrules.diagnostics.problem import Problem, Span, to_json

if TYPE_CHECKING:
    from riskrules.diagnostics.codes import CODES, Code
    from riskrules.diagnostics.snippet import render

__all__ = ["CODES", "Code", "Problem", "Span", "render", "to_json"]


def __getattr__(name: str) -> Any:
    """The catalogue and the printer are read when there is a problem to print, and not before."""
    if name == "render":
        from riskrules.diagnostics import snippet

        return snippet.render
    if name in ("CODES", "Code"):
        from riskrules.diagnostics import codes

        return getattr(codes, name)
    raise AttributeError(f"module 'riskrules.diagnostics' has no attribute {name!r}")
