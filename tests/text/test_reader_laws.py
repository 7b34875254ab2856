"""Laws of the reader: what is printed reads back, a second parser agrees, nothing raises."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.text import Mapping, Sequence, Text, read, span_at
from riskrules.text.screen import one_script
from tests.fuzz.fuzz_reader import SAMPLE, run, second_reading

WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]) | st.sampled_from(" 币安生"), min_size=1, max_size=12)
DATA = st.recursive(WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=20)
FILES = st.dictionaries(WORDS.filter(lambda key: key != "<<"), DATA, max_size=4)


def _printed(data: object, flow: bool) -> str:
    return yaml.dump(data, default_style='"', default_flow_style=flow, allow_unicode=True, width=10_000)


@settings(max_examples=60, deadline=None)
@given(FILES, st.booleans())
def test_what_is_printed_reads_back(data: dict[str, object], flow: bool) -> None:
    document, problems = read(_printed(data, flow), "f.yaml")
    refused = {problem.code for problem in problems}
    assert document == data or refused == {"RR123"}  # << stays refused as a key, quoted or not


@settings(max_examples=60, deadline=None)
@given(FILES)
def test_a_second_parser_agrees(data: dict[str, object]) -> None:
    text = _printed(data, flow=False)
    document, problems = read(text, "f.yaml")
    assert problems or document == second_reading(text)


def _lines_of(node: Mapping | Sequence | Text, text: list[str]) -> None:
    """Every plain scalar stands where its span says."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            at = node.key_span(key)
            assert text[at.line - 1][at.column - 1 : at.end_column - 1].strip("'\"") == key
            _lines_of(value, text)
    elif isinstance(node, Sequence):
        for item in node:
            _lines_of(item, text)
    elif node.plain:
        at = node.span
        assert text[at.line - 1][at.column - 1 : at.end_column - 1] == node


def test_a_span_is_where_its_text_is() -> None:
    document, problems = read(SAMPLE, "f.yaml")
    assert document is not None, problems
    _lines_of(document, SAMPLE.split("\n"))
    assert span_at(document, ()).line == 1


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60))
def test_anything_is_answered(data: bytes | str) -> None:
    document, problems = read(data, "f.yaml")
    assert (document is None) == bool(problems)


def test_a_slice_of_the_fuzzer() -> None:
    counts = run(1_500, seed=7)
    assert min(counts.values()) > 50  # both sides of the door are tried


@pytest.mark.parametrize(
    "text, one, why",
    [
        ("BTC-USDT", True, "Latin"),
        ("币安人生-USDT", True, "Chinese with a Latin quote: a real market"),
        ("ひらがなカタカナー漢字", True, "Japanese is written in three"),
        ("МОСКВА", True, "Cyrillic alone"),
        ("mmг", False, "a Cyrillic letter among Latin ones"),
        ("ΑΒС", False, "Greek and Cyrillic"),
        ("币г", False, "Chinese and Cyrillic"),
        ("café", True, "an accent is Latin"),
        ("1_000-…", True, "no letters at all"),
    ],
)
def test_one_script(text: str, one: bool, why: str) -> None:
    assert one_script(text) is one, why
