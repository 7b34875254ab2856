"""The tree is plain data, and every node knows where it stands."""

from __future__ import annotations

import copy
import pickle

import pytest
from pydantic import BaseModel

from riskrules.diagnostics import Span
from riskrules.text import Mapping, Sequence, Text, node_at, read, span_at
from riskrules.text.document import Path

TIERS = """\
kind: tiers
reason: "Depth halved"
tables:
  币安人生-USDT:
    tiers:
      - {cap:   5_000, rate: 2%}
      - {cap:  10_000, rate: 2.5%}
    note: |
      two
      lines
"""


@pytest.fixture
def root() -> Mapping:
    document, problems = read(TIERS, "t.yaml")
    assert document is not None, problems
    return document


TIER = ("tables", "币安人生-USDT", "tiers", 1)

PLACES: list[tuple[Path, bool, tuple[int, int, int, int], str]] = [
    (("kind",), False, (1, 7, 1, 12), "a plain scalar"),
    (("kind",), True, (1, 1, 1, 5), "its key"),
    (("reason",), False, (2, 9, 2, 23), "quotes belong to the scalar"),
    (("tables", "币安人生-USDT"), True, (4, 3, 4, 12), "columns count letters, not bytes and not cells"),
    (("tables", "币安人生-USDT", "tiers"), False, (6, 7, 7, 35), "a block list ends with its last row, not at the next key"),
    (TIER, False, (7, 9, 7, 35), "a row in braces, both braces included"),
    ((*TIER, "rate"), False, (7, 30, 7, 34), "a value in a row"),
    ((*TIER, "rate"), True, (7, 24, 7, 28), "a key in a row"),
    ((*TIER, "leverage"), False, (7, 9, 7, 35), "a key that is missing: the row that misses it"),
    ((*TIER, "rate", "of"), False, (7, 30, 7, 34), "beyond a scalar: the scalar"),
    (("tables", "币安人生-USDT", "tiers", 9, "cap"), True, (6, 7, 7, 35), "a row that is missing: the list"),
    (("tables", "币安人生-USDT", "tiers", "cap"), True, (6, 7, 7, 35), "a name in a list"),
    (TIER, True, (7, 9, 7, 35), "a row has no key"),
    ((), True, (1, 1, 11, 1), "the file; a block of text ends where the next line would begin"),
]


@pytest.mark.parametrize("path, key, place, why", PLACES)
def test_places(root: Mapping, path: Path, key: bool, place: tuple[int, int, int, int], why: str) -> None:
    assert span_at(root, path, key=key) == Span("t.yaml", *place), why


def test_the_tree_equals_plain_data(root: Mapping) -> None:
    assert root == {
        "kind": "tiers",
        "reason": "Depth halved",
        "tables": {
            "币安人生-USDT": {"tiers": [{"cap": "5_000", "rate": "2%"}, {"cap": "10_000", "rate": "2.5%"}], "note": "two\nlines\n"},
        },
    }


def test_a_model_eats_it_and_its_validators_see_the_places(root: Mapping) -> None:
    class Tier(BaseModel):
        cap: str
        rate: str

    class Table(BaseModel):
        tiers: list[Tier]
        note: str

    class File(BaseModel):
        kind: str
        reason: str
        tables: dict[str, Table]

    assert File.model_validate(root).tables["币安人生-USDT"].tiers[1].rate == "2.5%"


def test_node_at(root: Mapping) -> None:
    node = node_at(root, (*TIER, "rate"))
    assert isinstance(node, Text)
    assert (node, node.plain, node.span.line) == ("2.5%", True, 7)
    reason = node_at(root, ("reason",))
    assert isinstance(reason, Text)
    assert not reason.plain
    assert isinstance(node_at(root, TIER[:-1]), Sequence)
    assert node_at(root, ("kind", "of")) is None
    assert node_at(root, ("nothing", "at", "all")) is None


@pytest.mark.parametrize("again", [copy.deepcopy, lambda root: pickle.loads(pickle.dumps(root))], ids=["deepcopy", "pickle"])
def test_places_survive_a_copy(root: Mapping, again) -> None:  # type: ignore[no-untyped-def]
    other = again(root)
    assert other == root
    assert span_at(other, (*TIER, "rate"), key=True) == span_at(root, (*TIER, "rate"), key=True)
    assert span_at(other, (*TIER, "rate")) == span_at(root, (*TIER, "rate"))
