"""`python -m tests.conformance [--cases DIR]`: prints the report; 1 when a case failed, 2 when there are no cases."""

from __future__ import annotations

import argparse
import sys

from tests.conformance.cases import cases_folder, read_cases
from tests.conformance.report import report
from tests.conformance.run import outcomes


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description="Run published figures through the engine.")
    parser.add_argument("--cases", metavar="DIR", help="the folder of cases; default: RISKRULES_CASES, else ../shared/cases")
    chosen = parser.parse_args().cases
    folder = cases_folder(chosen)
    if folder is None:
        print(f"no folder of cases: {chosen or 'give --cases or RISKRULES_CASES'}", file=sys.stderr)
        return 2
    found = outcomes(read_cases(folder))
    print(report(found))
    return int(any(one.verdict == "failed" for one in found))


if __name__ == "__main__":
    sys.exit(main())
