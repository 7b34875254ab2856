"""What no author meant: mutants of real files, and the promises that hold for every one of them.

`python -m tests.fuzz 1000000` is the long job; a slice of it runs with the tests.
"""

from __future__ import annotations

import random

from tests.fuzz import fuzz_policy, fuzz_reader, fuzz_snapshot
from tests.fuzz.watch import Fuzzer, Mutant


def _reader(dice: random.Random) -> Mutant:
    data = fuzz_reader.mutant(fuzz_reader.SAMPLE.encode(), dice)
    return Mutant("sample.yaml", data, lambda: fuzz_reader.judge(data))


FUZZERS: dict[str, Fuzzer] = {"reader": _reader, "policy": fuzz_policy.fuzz, "snapshot": fuzz_snapshot.fuzz}
