"""What two rules have in common: nothing of how a file looks is in a digest of meaning, and every figure, side, word and date is."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskrules
from riskrules.rulebook.formatting import formatted
from riskrules.rulebook.identity import spelled
from riskrules.rulebook.load import load_book
from riskrules.rulebook.manifest import Manifest, manifest_of, meaning_in_force
from riskrules.rulebook.shelf import Shelf
from riskrules.rulebook.versions import PolicyFile, Unit, history
from riskrules.rules.typed import typed
from riskrules.text.document import Mapping, Node, Sequence, Text
from riskrules.text.reader import read
from riskrules.units.clock import instant
from tests.places import POLICIES

BOOKS = ("house-usdm", "gate", "okx", "deribit", "bitmex")
WORDS = {"reason", "source", "title", "unsettled", "reads_as", "because", "named", "belief", "says", "verify", "excerpt"}


@cache
def texts() -> dict[str, str]:
    """Every file of some books, of every kind."""
    paths = [path for book in BOOKS for path in sorted((POLICIES / book).rglob("*.yaml"))]
    return {str(path.relative_to(POLICIES)): path.read_text(encoding="utf-8") for path in paths}


def document_of(text: str) -> Mapping:
    document, problems = read(text, "f.yaml")
    assert document is not None, problems
    return document


def file_of(document: Mapping) -> PolicyFile | None:
    header = typed(document)[0]
    return header and PolicyFile("f.yaml", "f.yaml", document, header)


def digests(text: str) -> dict[Unit, tuple[str, str]]:
    made = file_of(document_of(text))
    assert made is not None
    return {unit: (line[0].digest(), line[0].record()) for unit, line in history([made])[0].versions.items()}


# -- how a file looks --------------------------------------------------------------------------------


def written(node: Node, dice: random.Random, indent: int = 0, grouped: bool = True) -> str:
    """The node anew: keys in any order, in blocks or in flow, comments between, numbers grouped or not.

    The account of a field note is kept as it is written: nothing in it is grouped.
    """
    if isinstance(node, Text):
        return scalar(node, dice, grouped)
    if not node or dice.random() < 0.3:
        return flow(node, dice, grouped)
    blank, lines = " " * indent, []
    items = list(node.items()) if isinstance(node, Mapping) else [(None, one) for one in node]
    if isinstance(node, Mapping):
        dice.shuffle(items)
    for key, value in items:
        if dice.random() < 0.3:
            lines.append(f"{blank}# {dice.choice(('why', 'key: 7', '- 5%'))}")
        lines.append(entry(None if key is None else flow_key(key), value, dice, indent, grouped))
    return "\n" + "\n".join(lines)


def entry(key: str | None, value: Node, dice: random.Random, indent: int, grouped: bool) -> str:
    said = written(value, dice, indent + 2, grouped)
    head = f"{' ' * indent}{'-' if key is None else f'{key}:'}"
    comment = "" if said.startswith("\n") or dice.random() < 0.7 else "  # 9%"
    return f"{head}{said}" if said.startswith("\n") else f"{head}{' ' * dice.randint(1, 3)}{said}{comment}"


def flow_key(key: str) -> str:
    return f'"{key}"' if not re.fullmatch(r"[\w-]+", key) else key


def flow(node: Node, dice: random.Random, grouped: bool) -> str:
    if isinstance(node, Text):
        return scalar(node, dice, grouped)
    if isinstance(node, Sequence):
        return f"[{', '.join(flow(one, dice, grouped) for one in node)}]"
    items = list(node.items())
    dice.shuffle(items)
    return "{" + ", ".join(f"{flow_key(key)}: {flow(value, dice, grouped)}" for key, value in items) + "}"


def scalar(text: Text, dice: random.Random, grouped: bool) -> str:
    if grouped and re.fullmatch(r"[1-9][0-9_]*(\.[0-9]+)?", text):
        plain = text.replace("_", "")
        whole, point, part = plain.partition(".")
        return f"{int(whole):,}".replace(",", "_") + point + part if dice.random() < 0.5 else plain
    if text.plain and re.fullmatch(r"[\w.%:+-]+", text):
        return str(text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(texts())), st.randoms(use_true_random=False))
def test_how_a_file_looks_is_in_no_digest(name: str, dice: random.Random) -> None:
    before = texts()[name]
    after = written(document_of(before), dice, grouped="status" not in name).lstrip("\n") + "\n"
    meant = typed(document_of(after))[0]
    assert meant == typed(document_of(before))[0], "the same file, written otherwise"
    assert digests(after) == digests(before)


@pytest.mark.parametrize("name", sorted(texts()))
def test_formatting_is_in_no_digest(name: str) -> None:
    made = formatted(texts()[name].replace("rate: 0.5%", "rate: 50bps").encode(), name).text
    assert made is not None
    assert digests(made) == digests(texts()[name])


# -- what it says ------------------------------------------------------------------------------------


def leaves(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Text]]:
    if isinstance(node, Text):
        yield path, node
        return
    for step, inner in node.items() if isinstance(node, Mapping) else enumerate(node):
        yield from leaves(inner, (*path, step))


SIDES = {
    "inclusive": "exclusive", "exclusive": "inclusive", "up": "down", "down": "up", "counted": "not_counted", "not_counted": "counted",
    "marginal": "whole_position", "long": "short", "cross": "isolated", "isolated": "cross", "taker_fee": "0.05%",
    "error": "last_tier_applies", "last_tier_applies": "error", "strictly_rising": "never_falling", "never_falling": "strictly_rising",
    "venue": "house", "house": "venue", "notional_at_mark": "notional_at_entry", "notional_at_entry": "notional_at_mark",
    "open_position": "nothing", "unlimited": "900_000_000_000", "increase": "reduce", "reduce": "withdraw", "linear": "inverse",
    "maintenance_margin": "initial_margin", "initial_margin": "maintenance_margin", "mean": "moving_average", "profit": "loss",
}  # fmt: skip


def others(text: Text) -> Iterator[str]:
    """Small changes of one token: a digit, a side, a word, a date."""
    digits = [match.start() for match in re.finditer(r"[0-9]", text)]
    for k in {digits[0], digits[-1]} if digits else ():
        yield f"{text[:k]}{(int(text[k]) + 1) % 10}{text[k + 1 :]}"
    if str(text) in SIDES:
        yield SIDES[str(text)]


def put(node: Node, path: tuple[str | int, ...], new: str) -> Node:
    if not path:
        made = Text(new)
        made.at, made.plain = node.at, True
        return made
    if isinstance(node, Mapping):
        changed = Mapping({key: put(one, path[1:], new) if key == path[0] else one for key, one in node.items()})
        changed.at, changed.key_at = node.at, node.key_at
        return changed
    assert isinstance(node, Sequence)
    listed = Sequence(put(one, path[1:], new) if k == path[0] else one for k, one in enumerate(node))
    listed.at = node.at
    return listed


def renamed_side(node: Node, path: tuple[str | int, ...], new: str) -> Node:
    """The mapping at a path with its one key, a side, called otherwise."""
    if isinstance(node, Mapping):
        items = {(new if not path[1:] and key == path[0] else key): one for key, one in node.items()}
        if path[1:]:
            items[str(path[0])] = renamed_side(node[str(path[0])], path[1:], new)
        changed = Mapping(items)
        changed.at, changed.key_at = node.at, dict.fromkeys(items, node.at)
        return changed
    assert isinstance(node, Sequence)
    listed = Sequence(renamed_side(one, path[1:], new) if k == path[0] else one for k, one in enumerate(node))
    listed.at = node.at
    return listed


OTHER_SIDE = {"below": "at_or_below", "at_or_below": "below", "above": "at_or_above", "at_or_above": "above"}


def is_words(path: tuple[str | int, ...]) -> bool:
    named = {step for step in path if isinstance(step, str)}
    return bool(WORDS & named) or path == ("reproduces", "by")


@pytest.mark.parametrize("name", sorted(texts()))
def test_each_token_is_in_a_digest(name: str) -> None:
    """Every leaf of the file, changed by itself: a figure, side, word or date is in the meaning, a word beside it in the record."""
    document = document_of(texts()[name])
    before, tried = digests(texts()[name]), 0
    for path, text in leaves(document):
        made = [put(document, path, new) for new in others(text)]
        made += [renamed_side(document, path, OTHER_SIDE[str(path[-1])])] if path[-1] in OTHER_SIDE else []
        for changed in made:
            assert isinstance(changed, Mapping)
            file = file_of(changed)
            if file is None:
                continue
            tried += 1
            after = {unit: (line[0].digest(), line[0].record()) for unit, line in history([file])[0].versions.items()}
            meaning, record = (any(pair[k] != before.get(unit, ("", ""))[k] for unit, pair in after.items()) for k in (0, 1))
            assert (meaning, record) == (not is_words(path), True), (path, text)
    assert tried, "something of the file was changed"


HOUSE = "kind: tiers\nrulebook: house-usdm\neffective: 2027-01-01T00:00:00Z\nreason: A test.\nform: marginal_on_mark_notional\n"
ONE = f"{HOUSE}tables:\n  BTC-USDT:\n    tiers: [{{cap: 5_000, max_leverage: 50, maintenance_rate: 1%}}]\n"


@pytest.mark.parametrize(
    "old, new, meaning, record, why",
    [
        ("A test.", "Another.", True, False, "why a version exists is in its record"),
        ("reason: A test.", "reason: A test.\nsource: The committee.", True, False, "so is where its figures come from"),
        ("1%", "100bps", True, True, "one rate, two spellings"),
        ("5_000", "5000.00", True, True, "one cap"),
        ("{cap: 5_000, max_leverage: 50,", "{max_leverage: 50x, cap: 5_000,", True, True, "one row"),
        ("T00:00:00Z", "T01:00:00+01:00", True, True, "one instant"),
        ("T00:00:00Z", "T00:00:00.000000001Z", False, False, "another instant"),
        ("\nreason", "\nknown: 2026-12-01T00:00:00Z\nreason", False, False, "when it was learned is a date of it"),
        ("BTC-USDT", "ETH-USDT", False, False, "the same table of another market is another rule"),
        ("rulebook: house-usdm", "rulebook: house-two", False, False, "and of another rulebook"),
        ("form: marginal", "form: m", False, False, "a form says how the rows are meant"),
        ("1%}", "1%, floor: 0}", False, False, "a floor that is written is checked"),
        ("    tiers:", "    excerpt: Rows are missing.\n    tiers:", False, False, "with an excerpt the first amount counts as written"),
    ],
)
def test_what_is_in_a_digest(old: str, new: str, meaning: bool, record: bool, why: str) -> None:
    assert old in ONE
    before, after = digests(ONE), digests(ONE.replace(old, new, 1))
    same = [(before.get(unit, ("", ""))[0] == pair[0], before.get(unit, ("", ""))[1] == pair[1]) for unit, pair in after.items()]
    assert same == [(meaning, record)], why


def test_the_words_of_an_excerpt_are_in_the_record_alone() -> None:
    one, other = (digests(ONE.replace("    tiers:", f"    excerpt: {said}\n    tiers:")) for said in ("Rows are missing.", "Some are."))
    assert [pair[0] for pair in one.values()] == [pair[0] for pair in other.values()]
    assert [pair[1] for pair in one.values()] != [pair[1] for pair in other.values()]


@pytest.mark.parametrize(
    "one, other, same, why",
    [
        ("a+b", "a  + b", True, "blanks"),
        ("a * 1_000.50", "a * 1000.5", True, "a number in another spelling"),
        ("a - b", "b - a", False, "order is meaning"),
        ("a * 0.10000000000000000001", "a * 0.1", False, "no float looks at it"),
        ("a <= b", "a < b", False, "a side"),
        ("ab", "a b", False, "two names are not one"),
    ],
)
def test_an_expression_is_its_tokens(one: str, other: str, same: bool, why: str) -> None:
    assert (spelled(one) == spelled(other)) == same, why


# -- a whole book ------------------------------------------------------------------------------------


def book_of(folder: Path) -> Manifest:
    book, problems = load_book(Shelf(folder, packaged=False), "house-usdm")
    assert book is not None, problems
    return manifest_of([("house-usdm", book.history)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    later = shutil.ignore_patterns("2026-12-07-hive.yaml")  # it replaces by digest what the tests change
    shutil.copytree(POLICIES / "house-usdm", tmp_path / "house-usdm", ignore=later)
    return tmp_path


def test_a_manifest_pins_the_book(folder: Path) -> None:
    before = book_of(folder)
    assert before.entries == tuple(sorted(before.entries, key=lambda entry: entry.key)), "in one order, whatever the files'"
    path = folder / "house-usdm/tiers/2026-12-01.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("reason: ", "reason: For the record, "), encoding="utf-8")
    reworded = book_of(folder)
    assert (reworded.meaning == before.meaning, reworded.root == before.root) == (True, False), "the record is in the root"
    path.write_text(text + "\n# a comment\n", encoding="utf-8")
    assert book_of(folder) == before, "a comment is in neither"
    path.write_text(text.replace("max_leverage: 25", "max_leverage: 24", 1), encoding="utf-8")
    changed = book_of(folder)
    assert (changed.meaning == before.meaning, changed.root == before.root) == (False, False)
    old, new = ({entry.key: entry for entry in one.entries} for one in (before, changed))
    assert [key[2] for key in new if old[key].meaning != new[key].meaning] == ["HIVE-USDT"], "one market is one unit"


def test_a_file_split_in_two_is_the_same_book(folder: Path) -> None:
    before = book_of(folder)
    path = folder / "house-usdm/tiers/2026-12-01.yaml"
    text = path.read_text(encoding="utf-8")
    head, tables = re.split(r"(?m)^tables:.*\n", text)
    first, second = re.split(r"(?m)^(?=  ETH-USDT:)", tables)
    path.write_text(f"{head}tables:\n{first}", encoding="utf-8")
    path.with_name("2026-12-01-eth.yaml").write_text(f"{head}tables:\n{second}", encoding="utf-8")
    after = book_of(folder)
    assert (after.root, after.meaning) == (before.root, before.meaning)


def test_what_decided_is_named_alike_by_every_command_and_for_ever(folder: Path) -> None:
    """The digest of the rules in force is the manifest's, and no later file changes it."""
    asked, later = "2026-12-20T00:00:00Z", "2027-01-15T00:00:00Z"
    when = instant(asked)
    assert when is not None
    book, _ = load_book(Shelf(folder, packaged=False), "house-usdm")
    assert book is not None
    in_force = meaning_in_force("house-usdm", book.history, when)
    assert in_force == manifest_of([("house-usdm", book.history)], when).meaning
    assert riskrules.load(folder, rulebook="house-usdm", as_of=asked).plan.rules == in_force
    text = ONE.replace("effective: 2027-01-01T00:00:00Z", "observed: {after: 2027-01-01T00:00:00Z, by: 2027-02-01T00:00:00Z}")
    (folder / "house-usdm/tiers/2027-02-01.yaml").write_text(text.replace("BTC-", "XRP-"), encoding="utf-8")
    assert riskrules.load(folder, rulebook="house-usdm", as_of=asked).plan.rules == in_force
    loaded = {riskrules.load(folder, rulebook="house-usdm", as_of=time).plan.rules for time in (asked, later, "2027-02-01T00:00:00Z")}
    assert len(loaded) == 3, "a table that may be in force is not one that is"
