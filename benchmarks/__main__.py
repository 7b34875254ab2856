"""`python -m benchmarks [whole-process|library|load|batch]`: every figure, or those of one file.  Exit 1 where a bound does not hold."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator

from benchmarks import Figure, batch, library, line, load, whole_process

PARTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "whole-process": whole_process.figures,
    "library": library.figures,
    "load": load.figures,
    "batch": batch.figures,
}


def main(chosen: list[str]) -> int:
    if not set(chosen) <= PARTS.keys():
        print(f"usage: python -m benchmarks [{'|'.join(PARTS)}]", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} as it begins")
    found = []
    for name in chosen or PARTS:
        print(f"\n{name}")
        for figure in PARTS[name]():
            found.append(figure)
            print(line(figure), flush=True)
    print(f"\nload {os.getloadavg()[0]:.1f} as it ends")
    return 0 if all(figure.holds for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
