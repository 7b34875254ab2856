"""The long job: `python -m tests.fuzz 1000000 [--only reader|policy|snapshot] [--seed S] [--first K]`.

A line for each fuzzer every so often; the first fault ends it, with a reproducer in a temporary folder.
Mutants are numbered: `--first` goes on where an earlier run of the same seed stopped.
"""

from __future__ import annotations

import argparse
import sys

from tests.fuzz import FUZZERS
from tests.fuzz.watch import Tally, run

CHUNK = 10_000


def job(name: str, n: int, seed: int, first: int) -> Tally:
    """In chunks, so that a long job says how far it is."""
    whole = Tally()
    for begin in range(first, first + n, CHUNK):
        part = run(FUZZERS[name], min(CHUNK, first + n - begin), seed, begin)
        whole.ran, whole.seconds, whole.counts = whole.ran + part.ran, whole.seconds + part.seconds, whole.counts + part.counts
        print(f"{name:8}  to {begin + part.ran:,}: {whole.said()}", flush=True)
        if part.failure:
            whole.failure, whole.reproducer = part.failure, part.reproducer
            break
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n", type=int, help="mutants for each fuzzer")
    parser.add_argument("--only", choices=FUZZERS, help="one fuzzer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, metavar="K", help="the number of the first mutant")
    asked = parser.parse_args()
    for name in [asked.only] if asked.only else FUZZERS:
        tally = job(name, asked.n, asked.seed, asked.first)
        if tally.failure:
            print(f"{name}: {tally.failure}\n  kept in {tally.reproducer}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
