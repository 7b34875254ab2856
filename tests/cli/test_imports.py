"""What a command imports is most of what it costs: each has the modules it must do without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

HEAVY = ("pydantic", "pydantic_core", "jsonschema", "numpy", "rich", "yaml")
POLICY_LANGUAGE = ("riskrules.rules", "riskrules.text", "riskrules.rulebook.compile", "riskrules.ir.term")
ORDERS = ("explain", "examples/orders.json")
TOLD = "; import sys; print('imported', *sys.modules, file=sys.stderr)"


def imported(kept: Path, *arguments: str) -> set[str]:
    """The modules that are there when a command has ended, in a Python of its own."""
    program = f"from riskrules.cli.main import run; code = run({list(arguments)!r}){TOLD}; sys.exit(code)"
    surroundings = {"PYTHONPATH": str(ROOT), "RISKRULES_CACHE": str(kept)}
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True)
    return set(ran.stderr.splitlines()[-1].split())


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plans of both examples."""
    folder = tmp_path_factory.mktemp("plans")
    imported(folder, *ORDERS)
    imported(folder, "explain", "examples/account.json", "--market", "MEGA-USDC")
    return folder


@pytest.mark.parametrize(
    "arguments, without, why",
    [
        (("--help",), (*HEAVY, "riskrules.api", "riskrules.engine"), "a list of commands needs none of them"),
        (ORDERS, (*HEAVY, *POLICY_LANGUAGE), "the plan is kept: nobody reads a policy"),
        ((*ORDERS, "--format", "json"), (*HEAVY, *POLICY_LANGUAGE, "riskrules.engine.explain_text"), "nothing is said in words"),
        (("explain", "examples/account.json", "--market", "MEGA-USDC"), (*HEAVY, *POLICY_LANGUAGE), "the other example"),
        (("ask", "liquidation-price", "examples/orders.json"), (*HEAVY, *POLICY_LANGUAGE), "questions run on the same plan"),
    ],
)
def test_a_warm_command_imports_only_what_it_needs(kept: Path, arguments: tuple[str, ...], without: tuple[str, ...], why: str) -> None:
    found = imported(kept, *arguments)
    assert not {name for name in found for heavy in without if name == heavy or name.startswith(f"{heavy}.")}, why


def test_a_cold_explain_does_import_them(tmp_path: Path) -> None:
    """The look at `sys.modules` would see them."""
    assert {"pydantic", "yaml", "riskrules.rulebook.compile"} <= imported(tmp_path, *ORDERS)
