"""Every printed figure of Derive's three managers and of its auction, under the shipped rulebooks."""

from __future__ import annotations

import pytest

from tests.conformance.cases import Case, cases_folder, read_cases
from tests.conformance.run import outcome

FOLDER = cases_folder()
FAMILIES = ("derive.srm", "derive.pmrm", "derive.pmrm2", "derive.auction")
CASES = [case for case in (read_cases(FOLDER / "onchain") if FOLDER else []) if case.family in FAMILIES]


@pytest.mark.skipif(FOLDER is None, reason="no cases beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_figures_are_those_that_are_printed(case: Case) -> None:
    found = outcome(case)
    assert found.verdict == "shipped", found.why
