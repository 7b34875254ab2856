"""riskrules: a venue's margin rules as versioned YAML policies, decided exactly and explained step by step.

import riskrules

book = riskrules.load("policies", rulebook="house-usdm", as_of="2026-12-02T00:00:00Z")
print(book.explain(snapshot))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskrules.api import Book, Explanation, PolicyError, load

__version__ = "0.1.0"
__all__ = ["Book", "Explanation", "PolicyError", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """The names above, imported when they are first used: `--help` needs none of them."""
    if name in __all__:
        from riskrules import api

        return getattr(api, name)
    raise AttributeError(f"module 'riskrules' has no attribute {name!r}")
