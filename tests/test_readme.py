"""What the README shows is what is printed: its explanation, its mistake, its Python and its exit codes."""

from __future__ import annotations

import re
from pathlib import Path

from riskrules.diagnostics import exits, render
from riskrules.rulebook.compile import prove_everything
from riskrules.rulebook.load import load_book
from riskrules.rulebook.shelf import Shelf
from tests.engine.test_explain_text import GOLDEN
from tests.places import POLICIES, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for of, text in BLOCKS if of == language]


def test_the_explanation_it_opens_with() -> None:
    shown = (GOLDEN / "liquidatable_120.txt").read_text(encoding="utf-8").split("\n\n")[0] + "\n"
    assert shown in blocks(""), "python3 dev.py golden wrote another; show that one"


def test_the_mistake_is_told_as_shown(tmp_path: Path) -> None:
    policy = next(text for text in blocks("yaml") if text.startswith("kind: tiers"))
    for path in (POLICIES / "house-usdm").rglob("*.yaml"):
        there = tmp_path / "policies" / path.relative_to(POLICIES)
        if path.parent.name == "tiers" and path.stem != "2026-12-01":
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(policy if path.parent.name == "tiers" else path.read_text())
    book, _ = load_book(Shelf(tmp_path / "policies", packaged=False), "house-usdm")
    assert book is not None
    problems = list(prove_everything(book))
    texts = {problem.at.file: policy for problem in problems if problem.at}
    assert render(problems, texts, "full", False, 100).replace(f"{tmp_path}/", "") in blocks("")


def test_every_exit_code_is_in_it() -> None:
    codes = {value for name, value in vars(exits).items() if name.isupper()}
    assert all(re.search(rf"\b{code} ", README.partition("Exit codes:")[2]) for code in codes)
