"""The canonical look: what moves, what stays, and that a second look changes nothing."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.rulebook.formatting import formatted
from riskrules.rulebook.identity import canonical
from riskrules.rules.typed import typed
from riskrules.text.layout import comments_of, laid_out
from riskrules.text.reader import read
from tests.places import BOOKS, POLICIES

FILES = [path for path in sorted([*POLICIES.rglob("*.yaml"), *BOOKS.rglob("*.yaml")]) if path.stat().st_size < 20_000]
SHIPPED = sorted([*POLICIES.rglob("*.yaml"), *BOOKS.rglob("*.yaml")])


def look(text: str) -> str:
    document, problems = read(text, "f.yaml")
    assert document is not None, problems
    return laid_out(text, document)


@pytest.mark.parametrize(
    "text, expected, why",
    [
        ("a:   1\n", "a: 1\n", "one blank after a colon"),
        ("a:\n    b: 1\n    c:\n        d: 1\n", "a:\n  b: 1\n  c:\n    d: 1\n", "two blanks a level"),
        ("a:\n- b\n-   c\n", "a:\n  - b\n  - c\n", "a list's dashes are a level"),
        ("a: { b: 1,c: 2 }\n", "a: {b: 1, c: 2}\n", "none inside braces, one behind a comma"),
        ("a: {b: 1,}\n", "a: {b: 1}\n", "a comma that nothing follows"),
        ("a: [ x,w ]\n", "a: [x, w]\n", "lists too"),
        ("a: 1   \n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n", "one empty line at most, none at the end"),
        ("a: 1", "a: 1\n", "a file ends its last line"),
        ("a{': ' #'\n", "a{': ' #'\n", "a quote inside a key opens nothing, so that no comment begins in the value"),
        ("a: 'x,  y'\n", "a: 'x,  y'\n", "what is in quotes stays"),
        ('a: {b: "1,  2"}\n', 'a: {b: "1,  2"}\n', "also inside braces"),
        ("a:  1 # why\n", "a: 1  # why\n", "two blanks before a comment"),
        ("a: 1          # why\n", "a: 1          # why\n", "a comment keeps its column"),
        ("a: x#y\n", "a: x#y\n", "no comment without a blank before it"),
        ("a:\n    # of b\n    b: 1\n", "a:\n  # of b\n  b: 1\n", "a comment goes with the line below it"),
        ("a:\n  - {b:  5, c: 1}\n  - {b: 50, c: 1}\n", "a:\n  - {b:  5, c: 1}\n  - {b: 50, c: 1}\n", "figures stand to the right"),
        ("a:\n  - {b: 5, c: 1}\n  - {b: 50, c: 1}\n", "a:\n  - {b:  5, c: 1}\n  - {b: 50, c: 1}\n", "rows of the same names are a table"),
        ("a:\n  - {b: 5, c: 1}\n  - {b: 50}\n", "a:\n  - {b:  5, c: 1}\n  - {b: 50}\n", "a row that leaves out the last name too"),
        ("a:\n  - {b: 5, c: 1}\n  - {d: 50, c: 1}\n", "a:\n  - {b: 5, c: 1}\n  - {d: 50, c: 1}\n", "other names: as their author had them"),
        ("a:\n  - {b: 5,   c: 1}\n  - {d: 50, c: 1}\n", "a:\n  - {b: 5,  c: 1}\n  - {d: 50, c: 1}\n", "one row aligned: all are"),
        (
            "a:\n  - {b: 20, c: 1}\n  - {b: 2.55, c: 1}\n",
            "a:\n  - {b: 20,    c: 1}\n  - {b:  2.55, c: 1}\n",
            "points stand under each other",
        ),
        ("a:\n  x: {b: 1}\n  long: {b: 2}\n", "a:\n  x:    {b: 1}\n  long: {b: 2}\n", "names of a table's rows are padded"),
        ("a:\n  x: {b: 1}\n  long: {c: 2}\n", "a:\n  x: {b: 1}\n  long: {c: 2}\n", "names of other rows are not"),
        ("x: {b: 1}\nlong: {b: 2}\n", "x: {b: 1}\nlong: {b: 2}\n", "nor the keys of a file"),
        ("a:\n  - {b: x,  c: 1}\n  - {b: yes_so, c: 1}\n", "a:\n  - {b: x,      c: 1}\n  - {b: yes_so, c: 1}\n", "words to the left"),
        ("a:\n  x:  {b: 1}\n  long: {b: 2}\n", "a:\n  x:    {b: 1}\n  long: {b: 2}\n", "names padded to the braces"),
        ("a: [x,\n   w]\n", "a: [x,\n   w]\n", "braces over several lines are left as they are"),
        ("a:\n  - b: 1\n    c: 2\n", "a:\n  - b: 1\n    c: 2\n", "a mapping behind a dash"),
    ],
)
def test_the_look(text: str, expected: str, why: str) -> None:
    assert look(text) == expected, why
    assert look(expected) == expected, why


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: "/".join(path.parts[-3:]))
def test_what_is_shipped_has_it(path: Path) -> None:
    made = formatted(path.read_bytes(), path.name)
    assert not made.problems
    assert made.text == path.read_text(encoding="utf-8"), f"riskrules fmt {path}"


HEAD = "rulebook: a\neffective: 2026-01-01T00:00:00Z\nreason: why\n"
CONTRACTS = """\
# who wrote it

reason: why
# from when
effective: 2026-01-01T00:00:00Z
kind: contracts
rulebook: small

# what is held
assets:
  USDT: {quantum: 0.01}
# each market
markets:
  A-USDT: {lot: 1, tick: 0.5, type: linear, size_in: base, settle: quote, multiplier: 10000}
  LONG-USDT: {type: linear, size_in: base, settle: quote, multiplier: 1, tick: 10, lot: 1}
"""
CANONICAL = """\
# who wrote it

kind: contracts
rulebook: small

# from when
effective: 2026-01-01T00:00:00Z
reason: why
# each market
markets:
  A-USDT:    {type: linear, size_in: base, settle: quote, multiplier: 10_000, tick:  0.5, lot: 1}
  LONG-USDT: {type: linear, size_in: base, settle: quote, multiplier:      1, tick: 10,   lot: 1}
# what is held
assets:
  USDT: {quantum: 0.01}
"""


def test_keys_stand_in_the_order_of_the_schema_and_digits_in_threes() -> None:
    """A comment goes with the key below it; what is a file's own stays on its top."""
    made = formatted(CONTRACTS.encode(), "f.yaml")
    assert made.text == CANONICAL, made.problems
    assert formatted(CANONICAL.encode(), "f.yaml").text == CANONICAL


@pytest.mark.parametrize(
    "value, shown, why",
    [
        ("250000", "250_000", "a figure"),
        ("1000", "1_000", "of four digits too"),
        ("12345.678", "12_345.678", "its whole part"),
        ("999", "999", "three are one group"),
        ("unlimited", "unlimited", "no figure"),
    ],
)
def test_digits_are_grouped(value: str, shown: str, why: str) -> None:
    text = f"kind: tiers\n{HEAD}form: x\ntables:\n  A-B:\n    tiers:\n      - {{cap: {value}, max_leverage: 5}}\n"
    assert formatted(text.encode(), "f.yaml").text == text.replace(value, shown), why


def test_digits_that_are_a_name_stay_as_they_are() -> None:
    """A reason of four digits: grouped it would say something else."""
    text = f"kind: contracts\n{HEAD}assets:\n  USDT: {{quantum: 0.01}}\n".replace("why", "2024")
    assert formatted(text.encode(), "f.yaml").text == text


def shaken(text: str, dice: random.Random) -> str:
    """The same file with blanks put in and taken out where they mean nothing, and comments."""
    out = []
    for line in text.split("\n"):
        if '"' in line or "'" in line or line.lstrip().startswith("#"):
            out.append(line)
            continue
        body, blank, comment = line.partition(" #")
        if "{" in body:
            body = re.sub(r", +", lambda _: "," + " " * dice.randint(1, 4), body)
            body = re.sub(r"\{", lambda _: "{" + " " * dice.randint(0, 2), body)
            body = re.sub(r": +(?=[^ ])", lambda _: ":" + " " * dice.randint(1, 3), body)
        line = f"{body}{blank}{comment}" + " " * dice.randint(0, 2)
        if line.strip() and not comment and "{" in body and dice.random() < 0.2:
            line += f"{' ' * dice.randint(1, 9)}# made up {dice.randint(0, 99)}"
        out.append(line)
        if dice.random() < 0.1 and not line.startswith(" "):
            out += [""] * dice.randint(0, 3)
    out = _keys_moved(out, dice) if dice.random() < 0.5 else out
    deeper = dice.choice((1, 2))
    return "\n".join(" " * ((len(one) - len(one.lstrip())) * deeper) + one.lstrip() if one.strip() else "" for one in out)


def _keys_moved(lines: list[str], dice: random.Random) -> list[str]:
    """Two keys of the file change places, each with its lines; the comments above them stay with whom they stood."""
    starts = [k for k, line in enumerate(lines) if re.match(r"[a-z_]+:", line)]
    if any(line.startswith("#") for line in lines) or len(starts) < 3:
        return lines
    parts = [lines[a:b] for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    dice.shuffle(parts)
    return [*lines[: starts[0]], *(line for part in parts for line in part), ""]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_whatever_the_blanks_the_meaning_stays_and_a_second_look_changes_nothing(path: Path, dice: random.Random) -> None:
    text = path.read_text(encoding="utf-8")
    before = shaken(text, dice)
    document, problems = read(before, "f.yaml")
    assert document is not None, problems
    made = formatted(before.encode(), "f.yaml")
    assert made.text is not None, made.problems
    again, _ = read(made.text, "f.yaml")
    assert again == document
    assert canonical(typed(again)[0]) == canonical(typed(read(text, "f.yaml")[0])[0])  # type: ignore[arg-type]
    assert sorted(comments_of(made.text)) == sorted(comments_of(before))
    assert formatted(made.text.encode(), "f.yaml").text == made.text


WORDS = st.text("abcXYZ_-019 ,:{}[]#'\"%/", min_size=1, max_size=14)
TREES = st.recursive(WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=12)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), TREES, min_size=1, max_size=4), st.sampled_from([None, False, True]))
def test_any_file_that_is_read_is_read_as_the_same(tree: dict[str, object], flow: bool | None) -> None:
    import yaml

    text = yaml.dump(tree, default_flow_style=flow, sort_keys=False, width=10_000)
    document, _ = read(text, "f.yaml")
    if document is None:
        return
    after = laid_out(text, document)
    assert read(after, "f.yaml")[0] == document
    assert laid_out(after, read(after, "f.yaml")[0]) == after  # type: ignore[arg-type]
