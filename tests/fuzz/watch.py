"""Watching a fuzzer: each mutant made from its own number, judged within two seconds, and kept when it shows a fault.

A mutant depends on its seed and number alone, so that any one can be made again without those before it.
The clock counts processor time: a busy machine is not a hang.
"""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LONGEST = 2.0  # seconds of processor time for one mutant


class Hang(Exception):
    """A mutant took longer than `LONGEST`."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed text: of what, and how it is judged (`verdict` is one word for the count)."""

    parent: str
    data: bytes
    judge: Callable[[], str]


Fuzzer = Callable[[random.Random], Mutant]


@dataclass(slots=True)
class Tally:
    """What became of the mutants, and the first that showed a fault."""

    ran: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    failure: str = ""  # empty where there was none
    reproducer: Path | None = None

    def said(self) -> str:
        rate = self.ran / self.seconds if self.seconds else 0.0
        counts = ", ".join(f"{count:,} {word}" for word, count in sorted(self.counts.items()))
        return f"{self.ran:,} mutants in {self.seconds:,.0f} s ({rate:,.0f}/s): {counts}"


def run(fuzzer: Fuzzer, n: int, seed: int, first: int = 0, deadline: float | None = None) -> Tally:
    """Judges mutants `first` to `first + n - 1` of a seed, or fewer where the deadline (in seconds) comes before."""
    tally = Tally()
    began = time.monotonic()
    for number in range(first, first + n):
        if deadline is not None and time.monotonic() - began > deadline:
            break
        mutant = fuzzer(random.Random(f"{seed}:{number}"))
        tally.ran += 1
        try:
            with in_time():
                tally.counts[mutant.judge()] += 1
        except Exception as error:
            tally.failure = f"seed {seed}, mutant {number} of {mutant.parent}: {type(error).__name__}: {error}"
            tally.reproducer = _kept(mutant, error)
            break
    tally.seconds = time.monotonic() - began
    return tally


@contextmanager
def in_time() -> Iterator[None]:
    """Raises `Hang` inside the block after `LONGEST`."""
    before = signal.signal(signal.SIGPROF, _hang)
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _hang(number: int, frame: object) -> None:
    raise Hang(f"longer than {LONGEST} s")


def _kept(mutant: Mutant, error: Exception) -> Path:
    """The mutant and the traceback, side by side in a folder of their own."""
    import traceback

    folder = Path(tempfile.mkdtemp(prefix="riskrules-fuzz-"))
    path = folder / mutant.parent.replace("/", "-")
    path.write_bytes(mutant.data)
    (folder / "traceback.txt").write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace")
    return path
