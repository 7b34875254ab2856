"""The rule kinds: every module of this folder that has a KIND and a FILE.  Adding a kind adds a file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

import riskrules.rules as folder


@cache
def kinds() -> dict[str, ModuleType]:
    names = sorted(info.name for info in pkgutil.iter_modules(folder.__path__) if info.name != "kinds")
    modules = [importlib.import_module(f"{folder.__name__}.{name}") for name in names]
    return {module.KIND: module for module in modules if hasattr(module, "KIND")}
