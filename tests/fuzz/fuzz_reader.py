"""Mutated policies: the reader answers with problems or with a document, never with a traceback.

What it accepts a second parser must read in the same way: ruamel.yaml, YAML 1.2, every scalar as text.
`python -m tests.fuzz.fuzz_reader 1000000` runs a million; `run(n, seed)` is the slice in the tests.
"""

from __future__ import annotations

import random
import sys
from typing import Any

from ruamel.yaml import YAML, MappingNode, SequenceNode

from riskrules.diagnostics import render
from riskrules.text import Mapping, read

SAMPLE = """\
kind: margin
rulebook: house-usdm
effective: {increasing: 2026-12-01T08:00:00Z, existing: 2026-12-08T08:00:00Z}
reason: "Depth within 1% halved since October (minute RC-2026-114)."
tables:
  HIVE-USDT:                            # floor = previous cap
    replaces: {version: 6, digest: 5f3a91c2}
    tiers:
      - {cap:   5_000, max_leverage: 25, maintenance_rate: 2%,   maintenance_amount: 0}
      - {cap:  10_000, max_leverage: 20, maintenance_rate: 40bps, maintenance_amount: 25}
  币安人生-USDT:
    weight: [{up_to: 50, at: 95%}, {beyond: 50, at: 1/30}]
    note: |
      two lines
      of prose
    pause: {when: [mark_price_undecided, 'book empty'], at_most: 120s}
"""
PIECES = [  # what a random byte seldom makes
    b"&a ", b"*a", b"<<: ", b"!!str ", b"? ", b"---\n", b"...\n", b"%YAML 1.1\n", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85",
    b"\xe2\x80\xae", b"\xc2\xa0", b"\t", b"\r\n", b"\x00", b"1e3", b"010", b"0x1F", b"1:30", b".5", b"1,000", b".nan", b"no", b"~",
    b"\"\\u202e\"", b"'", b"\"", b"{", b"}", b"[", b"]", b": ", b"- ", b"#", b" #", b"\n", b"  ", b"|", b">", b"|+2\n", b"\xd0\xb3",
    b"\xff", b"\xed\xa0\x80", b"\\", b",", b"@", b"`", b"%", b"_", b"-", b"[" * 40, b"{a: " * 40,
]  # fmt: skip


def mutant(data: bytes, dice: random.Random) -> bytes:
    """One to four mutations: a byte changed, a stretch deleted, doubled or moved, a piece put in."""
    for _ in range(dice.randint(1, 4)):
        at, end = sorted((dice.randrange(len(data) + 1), dice.randrange(len(data) + 1)))
        end = min(end, at + dice.choice((1, 1, 2, 8, 64)))
        to = dice.randrange(len(data) + 1)
        kind = dice.randrange(5)
        if kind == 0 and data:
            data = data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + data[end:]
        elif kind == 2:
            data = data[:to] + data[at:end] + data[to:]
        else:
            data = data[:at] + dice.choice(PIECES) + data[end if kind == 3 else at :]
    return data


def second_reading(text: str) -> Any:
    """The text as ruamel.yaml composes it, every scalar as it was written."""
    return _plain(YAML(typ="safe", pure=True).compose(text))


def _plain(node: Any) -> Any:
    if isinstance(node, MappingNode):
        return {_plain(key): _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.value]
    return node.value


def judge(data: bytes) -> str:
    """`refused` or `accepted`; raises when the reader failed its promise."""
    document, problems = read(data, "fuzz.yaml")
    text = data.decode("utf-8", "replace")
    lines = text.split("\n")
    if document is None:
        assert problems, "refused without a reason"
        for problem in problems:
            assert problem.text, problem
            assert problem.hint, problem
            assert problem.at is None or 1 <= problem.at.line <= len(lines) + 1, problem
        assert render(problems, {"fuzz.yaml": text}).replace("\n", "").isprintable(), "a character without a glyph reached the screen"
        return "refused"
    assert not problems, "accepted with a problem"
    assert isinstance(document, Mapping)
    assert document == second_reading(text), "two parsers read two documents"
    return "accepted"


def run(n: int, seed: int) -> dict[str, int]:
    """Judges `n` mutants of the sample; counts what became of them."""
    dice = random.Random(seed)
    sample = SAMPLE.encode()
    counts = {"accepted": 0, "refused": 0}
    for number in range(n):
        data = mutant(sample, dice)
        try:
            counts[judge(data)] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}, mutant {number}: {data!r}") from error
    return counts


if __name__ == "__main__":
    print(run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
