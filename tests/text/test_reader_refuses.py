"""Every trick, where it is found and why it is one; with the C parser and with the slow one."""

from __future__ import annotations

import pytest
import yaml

from riskrules.text import reader
from riskrules.text.reader import read

TRICKS = [
    # text, code, line, column, why
    (b"kind: \xff\n", "RR101", 1, 7, "a byte that is not UTF-8 has no agreed letter"),
    (b"k: 1\nn: \xe5\xb8\x81\xe5", "RR101", 2, 5, "a letter cut in half at the end; the column counts letters"),
    (b"\xff\xfek\x00", "RR101", 1, 1, "UTF-16"),
    ("\ufeffkind: x\n", "RR102", 1, 1, "a mark that becomes part of the first key"),
    ("a: 1 # ok\u2028b: 2\n", "RR110", 1, 10, "a key that a diff viewer shows inside a comment"),
    ("a: 1 # ok\u2029b: 2\n", "RR110", 1, 10, "the same with U+2029"),
    ("a: 1 # ok\x85b: 2\n", "RR110", 1, 10, "the same with U+0085"),
    ("a: 1\nb: 2 # \u202e3 :c\n", "RR111", 2, 8, "a comment that a screen shows in another order"),
    ("a\u200b: 1\n", "RR111", 1, 2, "two keys that look the same"),
    ("a: 1\n\ufeffb: 2\n", "RR111", 2, 1, "a byte-order mark in the middle"),
    ("a: 1\u00ad0\n", "RR111", 1, 5, "a soft hyphen in a number"),
    ("a: x\ufe0f\n", "RR111", 1, 5, "a variation selector has no ink"),
    ("a: \u3164\n", "RR111", 1, 4, "a letter without ink: the Hangul filler"),
    ("a: \U000e0041\n", "RR111", 1, 4, "a tag character, invisible beyond the first plane"),
    ("a: \x071\n", "RR112", 1, 4, "a bell"),
    ("a: \x001\n", "RR112", 1, 4, "a NUL ends the text for some readers"),
    ("a: \x9b1\n", "RR112", 1, 4, "a terminal reads it as an escape sequence"),
    ("a: \ue000\n", "RR112", 1, 4, "private use: another glyph on every screen"),
    ("a:\n\tb: 1\n", "RR113", 2, 1, "a tab as indentation"),
    ("a: 1\t# x\n", "RR113", 1, 5, "a tab anywhere: as wide as each screen decides"),
    ("a: 1\r\nb: 2\r\n", "RR114", 1, 5, "Windows line ends, said once"),
    ("a: 1\u00a0000\n", "RR115", 1, 5, "a number grouped by a no-break space"),
    ("a:\u30001\n", "RR115", 1, 3, "an ideographic space"),
    ("a: [1\n", "RR105", 2, 1, "a bracket that is never closed"),
    ("a: b: c\n", "RR105", 1, 5, "two keys on a line"),
    ("a: @x\n", "RR105", 1, 4, "a sign YAML keeps for itself"),
    ("a: 'x\n", "RR105", 2, 1, "a quote that is never closed"),
    ("", "RR106", 1, 1, "an empty file is not an empty policy"),
    ("# only words\n", "RR106", 1, 1, "comments alone"),
    ("- a\n", "RR107", 1, 1, "a list"),
    ("hello\n", "RR107", 1, 1, "a text"),
    ("a: 1\nb: 2\na: 3\n", "RR120", 3, 1, "a second table shadows the reviewed one"),
    ("t: {a: 1, 'a': 2}\n", "RR120", 1, 11, "quotes make no other key"),
    ("k: &a 1\n", "RR121", 1, 4, "an anchor promises a reference elsewhere"),
    ("k: &a\n  b: 1\n", "RR121", 1, 4, "on a mapping"),
    ("k: !!str &a 1\n", "RR121", 1, 10, "behind a tag"),
    ("&a k: 1\n", "RR121", 1, 1, "on a key"),
    ("k: *a\n", "RR122", 1, 4, "the value stands somewhere else"),
    ("k: [1, *a]\n", "RR122", 1, 8, "in a list"),
    ("*a : 1\n", "RR122", 1, 1, "as a key"),
    ("<<: {a: 1}\n", "RR123", 1, 1, "a reviewer sees half of the mapping"),
    ("k: !!float 1\n", "RR124", 1, 4, "a tag makes it another type"),
    ("k: !x [1]\n", "RR124", 1, 4, "a tag of one's own"),
    ("k: ! 1\n", "RR124", 1, 4, "the tag without a name"),
    ("k: !e!x 1\n", "RR124", 1, 4, "a tag whose prefix nobody declared"),
    ("k: &a !!str 1\n", "RR124", 1, 7, "behind an anchor"),
    ("%YAML 1.1\n---\na: 1\n", "RR125", 1, 1, "another dialect"),
    ("# c\n%FOO bar\n---\na: 1\n", "RR125", 2, 1, "one that parsers skip"),
    ("---\na: 1\n", "RR126", 1, 1, "one spelling: no marker"),
    ("a: 1\n...\n", "RR126", 2, 1, "the end marker"),
    ("a: 1\n---\nb: 1\n", "RR126", 2, 1, "what comes after is read by some and not by others"),
    ("a: ['b c':0]\n", "RR127", 1, 5, "a quoted key with its colon against the value: one parser takes it, one does not"),
    ("? [a]\n: 1\n", "RR127", 1, 3, "a list as a key"),
    ("{a: 1}: 1\n", "RR127", 1, 1, "a mapping as a key"),
    ("? a\n: 1\n", "RR127", 1, 3, "a second way to write a: 1"),
    ("t: {? a : 1}\n", "RR127", 1, 7, "the same in braces"),
    ('"": 1\n', "RR127", 1, 1, "a key without a name"),
    ('"a\\nb": 1\n', "RR127", 1, 1, "a key over two lines"),
    ("a:\nb: 1\n", "RR128", 1, 3, "an absent number must not be 0"),
    ("a: ~\n", "RR128", 1, 4, "null"),
    ("a: Null\n", "RR128", 1, 4, "null in another spelling"),
    ("t: {a, b: 1}\n", "RR128", 1, 6, "a key in braces without a value"),
    ("t:\n  -\n  - 1\n", "RR128", 2, 4, "an empty row"),
    ("a: |\n\nb: 1\n", "RR128", 1, 4, "an empty block of text"),
    ("a: |2\n   x\n", "RR129", 1, 4, "an indent number: a space the eye does not see"),
    ("a: >\n \n  x\n   y\n", "RR129", 1, 4, "a blank line first: parsers differ on the indent"),
    ("a: no\n", "RR130", 1, 4, "Norway"),
    ("a: On\n", "RR130", 1, 4, "a switch"),
    ("a: TRUE\n", "RR130", 1, 4, "true has one spelling"),
    ("a: y\n", "RR130", 1, 4, "YAML 1.1 says yes"),
    ("a: 1e3\n", "RR131", 1, 4, "text for PyYAML, 1000 for others"),
    ("a: 4e-3\n", "RR131", 1, 4, "text for PyYAML"),
    ("a: 1.5E+2\n", "RR131", 1, 4, "with a point"),
    ("a: 1e-3%\n", "RR131", 1, 4, "with a unit"),
    ("a: 1e3/2\n", "RR131", 1, 4, "in a quotient"),
    ("a: 010\n", "RR132", 1, 4, "8 or 10"),
    ("a: -08\n", "RR132", 1, 4, "text or -8"),
    ("a: 00.5%\n", "RR132", 1, 4, "with a unit"),
    ("a: 0_500\n", "RR132", 1, 4, "a group that starts with zero"),
    ("a: 1/030\n", "RR132", 1, 4, "in a quotient"),
    ("a: 0o10\n", "RR133", 1, 4, "text or 8"),
    ("a: 0x1F\n", "RR133", 1, 4, "31"),
    ("a: 0b11\n", "RR133", 1, 4, "3"),
    ("a: 1:30\n", "RR134", 1, 4, "90"),
    ("a: 190:20:30\n", "RR134", 1, 4, "685230"),
    ("a: 1:30.5\n", "RR134", 1, 4, "90.5"),
    ("a: .5\n", "RR135", 1, 4, "a point that a tired eye overlooks"),
    ("a: -.5%\n", "RR135", 1, 4, "with sign and unit"),
    ("a: 5.\n", "RR135", 1, 4, "a point at the end"),
    ("a: +5\n", "RR136", 1, 4, "a plus"),
    ("a: --5\n", "RR136", 1, 4, "minus minus"),
    ("a: \u22125\n", "RR136", 1, 4, "the minus of the typographer"),
    ("a: 1,000\n", "RR137", 1, 4, "a thousand in one country, one in the next"),
    ("a: 0,4%\n", "RR137", 1, 4, "a decimal comma"),
    ("a: 1'000\n", "RR137", 1, 4, "Swiss grouping"),
    ("a: 1 000\n", "RR137", 1, 4, "grouped by a space"),
    ("a: 1__000\n", "RR138", 1, 4, "two underscores"),
    ("a: 10_00\n", "RR138", 1, 4, "not in threes"),
    ("a: 1000_000\n", "RR138", 1, 4, "a first group of four"),
    ("a: 1_000_\n", "RR138", 1, 4, "a group is missing"),
    ("a: 0.000_1\n", "RR138", 1, 4, "digits after the point are not grouped"),
    ("a: .nan\n", "RR139", 1, 4, "every comparison is false: never liquidated"),
    ("a: .inf\n", "RR139", 1, 4, "endless"),
    ("a: -.INF\n", "RR139", 1, 4, "endless the other way"),
    ("a: \uff15\n", "RR140", 1, 4, "a fullwidth digit"),
    ("a: 1\u0663\n", "RR140", 1, 4, "an Arabic digit"),
    ("mm\u0433: 1\n", "RR141", 1, 1, "a Cyrillic letter in a Latin key"),
    ("a: \u0440ayer\n", "RR141", 1, 4, "a value that equals no declared word"),
    ('"mm\\u0433": 1\n', "RR141", 1, 1, "by way of an escape"),
    ("\u03bf\u0441: 1\n", "RR141", 1, 1, "Greek and Cyrillic"),
    ("\uff4dmr: 1\n", "RR142", 1, 1, "a fullwidth letter"),
    ("a: \U0001d5baxe\n", "RR142", 1, 4, "a mathematical letter"),
    ("cafe\u0301: 1\n", "RR143", 1, 1, "e and accent in two characters"),
    ('a: "x\\u202ey"\n', "RR111", 1, 4, "bidi by way of an escape"),
    ('a: "x\\0"\n', "RR112", 1, 4, "NUL by way of an escape"),
    ('a: "x\\Ny"\n', "RR110", 1, 4, "a next-line by way of an escape"),
    ("a: " + "[" * 40 + "]" * 40 + "\n", "RR104", 1, 35, "so deep that nobody reads it"),
]


@pytest.fixture(params=["C", "slow"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "slow":
        monkeypatch.setattr(reader, "_Loader", yaml.SafeLoader)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    return str(request.param)


@pytest.mark.parametrize("text, code, line, column, why", TRICKS)
def test_a_trick_is_refused_at_its_place(loader: str, text: str | bytes, code: str, line: int, column: int, why: str) -> None:
    document, problems = read(text, "f.yaml")
    assert document is None
    assert (code, line, column) in {(p.code, p.at.line, p.at.column) for p in problems if p.at}, (why, problems)


@pytest.mark.parametrize("text, code, line, column, why", TRICKS)
def test_a_trick_alone_is_one_fault_or_two(text: str | bytes, code: str, line: int, column: int, why: str) -> None:
    codes = {problem.code for problem in read(text, "f.yaml")[1]}
    assert len(codes) <= 2, codes


FINE = [
    ("a: 2026-12-01T08:00:00Z\n", "a time with its offset"),
    ("a: 2026-12-01\n", "a date: the schema says where it is enough"),
    ("a: 1/30\n", "a rate of a 15x market"),
    ("a: 0.5/1.5\n", "a quotient of decimals"),
    ("a: [0, -0.5, 5_000, 0.4%, 40bps, 250ms, 5s, 10m, 8h, 30d, 25x, 1_000_000.25]\n", "the numbers of policies"),
    ("on: notional_at_mark\nno: x\ny: x\n", "a key is always text"),
    ("010: x\n1e3: z\n", "also where it looks like a number"),
    ("a: 'no'\nb: \"1e3\"\n", "quoted: the schema decides"),
    ("a: true\nb: false\n", "the two booleans"),
    ("1000PEPE-USDT: 1INCH-USDT\n", "names that begin with digits"),
    ("\u5e01\u5b89\u4eba\u751f-USDT: {a: 1}\n", "a real market; Latin beside Chinese"),
    ("\u041c\u041e\u0421\u041a\u0412\u0410: 1\n", "Cyrillic alone"),
    ("a: \u043b\u0438\u043c\u0438\u0442 BTC\n", "prose is judged word by word"),
    ("a: caf\u00e9 and na\u00efve\n", "accents are Latin"),
    ("reason: Depth within 1% halved since October (minute RC-2026-114).\n", "prose"),
    ("reason: 1,000 accounts were hit; 1e3 is a number\n", "prose that begins with a number"),
    ("a: |\n  no\n  1e3\n", "a block of text"),
    ("a: >- # folded\n  no\n\n  1e3\n", "a folded one, with a comment"),
    ("a: 5f3a91c2\n", "a digest"),
    ("a: 24/7/365\n", "not a quotient"),
    ("a: []\nb: {}\n", "nothing inside is not nothing"),
    ("a: -\u00d7-\n", "signs are not letters"),
    ("a: what?\nb: 1\n", "a question mark at the end of a value"),
    ("a: '%'\n", "a sign in quotes"),
]


@pytest.mark.parametrize("text, why", FINE)
def test_what_is_plain_passes(loader: str, text: str, why: str) -> None:
    document, problems = read(text, "f.yaml")
    assert document is not None
    assert problems == [], why


def test_a_comment_glued_to_a_block_is_refused_whatever_the_parser_says(loader: str) -> None:
    (problem,) = read("a: |#\n  x\n", "f.yaml")[1]  # libyaml takes it for a comment, others refuse it
    assert problem.code == ("RR129" if loader == "C" else "RR105")


def test_every_fault_of_a_file_in_one_run_and_in_order() -> None:
    text = "a: 1\na: 2\nk: &x 010\nb: *x\nz: yes\nn:\nw: \u202e1\n"
    problems = read(text, "f.yaml")[1]
    found = [(p.code, p.at.line) for p in problems if p.at]
    assert found == [("RR120", 2), ("RR121", 3), ("RR132", 3), ("RR122", 4), ("RR130", 5), ("RR128", 6), ("RR111", 7)]


def test_the_first_of_two_equal_keys_is_pointed_at() -> None:
    (problem,) = read("a: 1\nb: 2\na: 3\n", "f.yaml")[1]
    assert [(span.line, span.column, text) for span, text in problem.labels] == [(1, 1, "given first here")]


def test_equal_keys_are_seen_through_their_spelling() -> None:
    codes = [problem.code for problem in read("caf\u00e9: 1\ncafe\u0301: 2\n", "f.yaml")[1]]
    assert codes == ["RR143", "RR120"]


@pytest.mark.parametrize(
    "text, hint, why",
    [
        ("a: 1e3\n", "write all its digits: 1000; quote it if it is a name", "the author copies it"),
        ("a: 4e-3%\n", "write all its digits: 0.004%; quote it if it is a name", "the unit stays"),
        ("a: .5\n", "put a digit on both sides: 0.5; quote it if it is a name", "as meant"),
        ("a: 1e99\n", f"write all its digits: 1{'0' * 99}; quote it if it is a name", "two digits of exponent are still printed"),
        ("a: 1e999999999\n", "write all its digits; quote it if it is a name", "and no more: a hint is not a way to fill memory"),
        ("a: 1,000\n", "group digits by _ in threes and write a decimal point: 1_000 or 0.4; quote it if it is a name", "not guessed"),
    ],
)
def test_a_hint_spells_the_number_where_it_is_beyond_doubt(text: str, hint: str, why: str) -> None:
    (problem,) = read(text, "f.yaml")[1]
    assert problem.hint == hint, why


def test_too_large_is_said_before_it_is_read() -> None:
    document, problems = read(b"#" * (reader.MOST_BYTES + 1), "f.yaml")
    assert document is None
    assert [problem.code for problem in problems] == ["RR103"]


def test_too_many_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_EVENTS", 100)
    document, problems = read("a: [" + "1, " * 100 + "]\n", "f.yaml")
    assert document is None
    assert [problem.code for problem in problems] == ["RR103"]


def test_a_file_full_of_faults_is_cut_short() -> None:
    problems = read("a: [" + "no, " * 1_000 + "]\n", "f.yaml")[1]
    assert len(problems) == reader.MOST_PROBLEMS + 1
    assert problems[-1].code == "RR108"


def test_the_depth_that_is_allowed_is_the_depth_that_is_said() -> None:
    inside = reader.DEEPEST - 1  # the file itself is the outermost mapping
    assert read("a: " + "[" * inside + "]" * inside + "\n", "f.yaml")[0] is not None
    assert read("a: " + "[" * (inside + 1) + "]" * (inside + 1) + "\n", "f.yaml")[0] is None
