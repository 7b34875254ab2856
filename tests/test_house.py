"""The house rules that a reader of one file cannot see: floors, cycles, sizes, words, and the names that must come in fours.

Each rule is a function from a place to its complaints, so that it is shown to fail on a small wrong house before it is asked about ours.
"""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

ROOMS_BY_FLOOR = (
    {"units", "diagnostics"},
    {"text", "ir"},
    {"rules"},
    {"rulebook"},
    {"engine"},
    {"batch", "faces", "path", "record", "control", "watch"},
    {"cli", "serve"},
)
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS_BY_FLOOR) for room in rooms}
DOORS = {"riskrules", "riskrules.api", "riskrules.__main__"}  # the public surface: on the top floor, so it may import anything
TOP = len(ROOMS_BY_FLOOR) - 1

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
REASON = re.compile(r"^# long because: \S", re.MULTILINE)

# Spelled so that this file does not hold what it looks for.
WORDS = re.compile(
    r"\b(cl[a]ude|anthr[o]pic|ch[a]tgpt|c[o]pilot|language m[o]del|developer s[e]ssion|this s[e]ssion)\b"
    r"|/w[o]rk/|/f[a]rm/|/r[o]ot/"
    r"|\b(py[p]i\.org|files\.pyth[o]nhosted\.org|registry\.npm[j]s\.org|deb\.d[e]bian\.org)\b",
    re.IGNORECASE,
)
UNREAD = {".git", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "build", "dist", "out"}


@dataclass(frozen=True, slots=True)
class Module:
    name: str
    path: Path
    text: str
    tree: ast.Module


def modules(root: Path) -> dict[str, Module]:
    found = {}
    for path in sorted((root / "riskrules").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found[name] = Module(name, path, text, ast.parse(text))
    return found


def imports(module: Module, known: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each of our modules that this one names, and the line: also inside functions, under TYPE_CHECKING and through import_module."""
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names = [a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        line = getattr(node, "lineno", 0)
        yield from ((name, line) for name in names if name.split(".")[0] == "riskrules")


def floor_of(name: str) -> int | None:
    return TOP if name in DOORS else FLOOR.get(name.split(".")[1])


def arrows_up(root: Path) -> list[str]:
    house = modules(root)
    complaints = [f"{m.path}: its room has no floor in ROOMS_BY_FLOOR" for m in house.values() if floor_of(m.name) is None]
    for module in house.values():
        here = floor_of(module.name)
        for target, line in imports(module, house):
            there = floor_of(target)
            if here is not None and (there is None or there > here):
                complaints.append(f"{module.path}:{line}: floor {here} imports {target}, floor {there}")
    return complaints


def cycles(root: Path) -> list[str]:
    house = modules(root)
    graph = {name: {target for target, _ in imports(module, house)} for name, module in house.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return ["import cycle: " + " imported by ".join(error.args[1])]
    return []


def too_long(root: Path) -> list[str]:
    complaints = []
    for module in modules(root).values():
        lines = module.text.splitlines()
        if REASON.search("\n".join(lines[:15])):
            continue
        if len(lines) > LONGEST_FILE:
            complaints.append(f"{module.path}: {len(lines)} lines, over {LONGEST_FILE}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    complaints.append(f"{module.path}:{node.lineno}: {node.name} has {length} lines, over {LONGEST_FUNCTION}")
    return complaints


def project_files(root: Path) -> list[Path]:
    """What git holds or would hold; without git, whatever lies here that no tool made."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        paths = [root / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [path for path in root.rglob("*") if not UNREAD & set(path.relative_to(root).parts)]
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


def foreign_words(root: Path) -> list[str]:
    """Policies are left out: the names and links in them are their sources'."""
    complaints = []
    for path in project_files(root):
        raw = path.read_bytes()
        if b"\0" in raw or path.relative_to(root).parts[0] == "policies":
            continue
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
            complaints += [f"{path}:{number}: {match[0]!r} does not belong in the project" for match in WORDS.finditer(line)]
    return complaints


def kinds(root: Path) -> set[str]:
    """The files under rules/ that define KIND."""
    found = set()
    for path in (root / "riskrules" / "rules").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
            if any(isinstance(target, ast.Name) and target.id == "KIND" for target in targets):
                found.add(path.stem)
    return found


def four_sets(root: Path) -> list[str]:
    named = kinds(root)
    complaints = [] if named else ["no file under riskrules/rules defines KIND"]
    for kind in sorted(named):
        for beside in (f"tests/rules/test_{kind}.py", f"docs/rules/{kind}.md", f"schemas/{kind}.json"):
            if not (root / beside).is_file():
                complaints.append(f"rule kind {kind}: {beside} is missing")
    pages = {path.stem for path in (root / "docs" / "rules").glob("*.md")} - {"README", "index"}
    return complaints + [f"docs/rules/{page}.md: no file under riskrules/rules defines this kind" for page in sorted(pages - named)]


def code_pages(root: Path, codes: Iterable[str]) -> list[str]:
    told = {path.stem for path in (root / "docs" / "errors").glob("RR*.md")}
    missing = [f"{code}: docs/errors/{code}.md is missing" for code in sorted(set(codes) - told)]
    return missing + [f"docs/errors/{code}.md: no such code" for code in sorted(told - set(codes))]


def told_of_ours() -> list[str]:
    from riskrules.diagnostics.codes import CODES

    return code_pages(ROOT, CODES)


OURS: dict[str, Callable[[], list[str]]] = {
    "imports go down or stay": lambda: arrows_up(ROOT),
    "no import cycle": lambda: cycles(ROOT),
    "files a sitting, functions a glance": lambda: too_long(ROOT),
    "the project speaks of itself alone": lambda: foreign_words(ROOT),
    "a rule kind has its test, page and schema": lambda: four_sets(ROOT),
    "an error code has its page": told_of_ours,
}


@pytest.mark.parametrize("rule", OURS)
def test_our_house_keeps(rule: str) -> None:
    complaints = OURS[rule]()
    assert not complaints, "\n".join(complaints)


def test_our_house_is_looked_at() -> None:
    """A rule that reads no file would keep silent too."""
    assert "riskrules.units" in modules(ROOT)
    assert ROOT / "pyproject.toml" in project_files(ROOT)


def build(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


RULE = "riskrules/rules/tiers.py"
BESIDE = {"tests/rules/test_tiers.py": "", "docs/rules/tiers.md": "", "schemas/tiers.json": ""}
LONG_FILE = "x = 1\n" * 401
LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 60
A_PATH = "see /" + "work/notes"
A_HOST = "from py" + "pi.org"

Rule = Callable[[Path], list[str]]


@pytest.mark.parametrize(
    "rule, files, complaint, why",
    [
        (arrows_up, {"riskrules/text/a.py": "from riskrules.rules import tiers", RULE: ""}, "floor 1 imports", "text lies below rules"),
        (arrows_up, {"riskrules/text/a.py": "from ..rules import tiers", RULE: ""}, "floor 1 imports", "a relative import is an arrow too"),
        (arrows_up, {"riskrules/text/a.py": "def f():\n    import riskrules.cli.main"}, "a.py:2", "hidden in a function"),
        (arrows_up, {"riskrules/ir/a.py": "if TYPE_CHECKING:\n    from riskrules.engine import b"}, "floor 4", "a type is an arrow too"),
        (arrows_up, {"riskrules/ir/a.py": "import_module('riskrules.engine.b')"}, "floor 4", "so is a name handed to import_module"),
        (arrows_up, {"riskrules/ir/a.py": "from riskrules import load"}, "floor 6", "the public surface is the top"),
        (arrows_up, {"riskrules/attic/a.py": ""}, "no floor", "a new room must be put on a floor"),
        (cycles, {"riskrules/ir/a.py": "from riskrules.ir.b import x", "riskrules/ir/b.py": "from . import a"}, "cycle", "on one floor"),
        (too_long, {"riskrules/ir/a.py": LONG_FILE}, "401 lines", "one line over"),
        (too_long, {"riskrules/ir/a.py": LONG_FUNCTION}, "f has 61 lines", "one line over"),
        (too_long, {"riskrules/ir/a.py": "# long because:\n" + LONG_FUNCTION}, "61 lines", "a reason without words is none"),
        (too_long, {"riskrules/ir/a.py": "\n" * 15 + "# long because: x\n" + LONG_FUNCTION}, "61 lines", "a reason is said at the top"),
        (foreign_words, {"README.md": A_PATH}, "README.md:1", "a path of one machine"),
        (foreign_words, {"docs/a.md": A_HOST}, "a.md:1", "a registry's host"),
        (four_sets, {RULE: "KIND = 'tiers'"} | dict(list(BESIDE.items())[1:]), "test_tiers.py is missing", "no test"),
        (four_sets, {RULE: "KIND: str = 'tiers'"}, "schemas/tiers.json is missing", "no schema, and an annotated KIND counts"),
        (four_sets, BESIDE | {RULE: ""}, "no file under", "a kind that has lost its KIND"),
        (four_sets, BESIDE | {RULE: "KIND = 'tiers'", "docs/rules/old.md": ""}, "old.md", "a page of a kind that is gone"),
        (lambda root: code_pages(root, ["RR101"]), {"docs/errors/RR102.md": ""}, "RR101.md is missing", "no page"),
        (lambda root: code_pages(root, []), {"docs/errors/RR102.md": ""}, "no such code", "a page of a code that is gone"),
    ],
)
def test_a_wrong_house_is_told(tmp_path: Path, rule: Rule, files: dict[str, str], complaint: str, why: str) -> None:
    assert complaint in "\n".join(rule(build(tmp_path, files))), why


@pytest.mark.parametrize(
    "rule, files, why",
    [
        (arrows_up, {"riskrules/rules/a.py": "from riskrules.rules import b\nimport riskrules.text.c"}, "down or along the floor"),
        (arrows_up, {"riskrules/__init__.py": "from riskrules.cli import main", "riskrules/api.py": "import riskrules"}, "a door"),
        (cycles, {"riskrules/ir/__init__.py": "from riskrules.ir.a import x", "riskrules/ir/a.py": "from riskrules.ir.b import y"}, "fan"),
        (too_long, {"riskrules/ir/a.py": LONG_FILE[6:], "riskrules/ir/b.py": LONG_FUNCTION[:-10]}, "at the bound is not over it"),
        (too_long, {"riskrules/ir/a.py": "# long because: one table\n" + LONG_FILE}, "a reason at the top"),
        (foreign_words, {"policies/a.yaml": A_PATH, "b.png": A_PATH + "\0"}, "a policy's sources, and what is no text"),
        (four_sets, BESIDE | {RULE: "KIND = 'tiers'", "riskrules/rules/fields.py": ""}, "shared fields are no kind"),
        (lambda root: code_pages(root, ["RR101"]), {"docs/errors/RR101.md": ""}, "a code and its page"),
    ],
)
def test_a_right_house_is_left_in_peace(tmp_path: Path, rule: Rule, files: dict[str, str], why: str) -> None:
    assert rule(build(tmp_path, files)) == [], why
