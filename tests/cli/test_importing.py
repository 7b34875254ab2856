"""`riskrules import tiers`: written whole or not at all, and never over another file."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from riskrules.cli import importing
from riskrules.cli.files import write_new
from tests.cli.conftest import Riskrules

COLUMNS = ["bracket", "notionalFloor", "notionalCap", "maintMarginRatio", "initialLeverage", "cum"]
BTC = [[1, 0, 50000, "0.005", 100, 0], [2, 50000, 250000, "0.01", 50, 250], [3, 250000, 1000000, "0.02", 15, 2750]]
DATED = [[1, 0, 9223372036854775807, "0.02", 20, 0]]
SOL = [[1, 0, 100000, "0.025", 20, 0]]
GAP = [[1, 0, 100000, "0.02", 25, 0], [2, 200000, 300000, "0.03", 20, 1000]]
SAME = {"BTC/USDT:USDT-261225": DATED, "SOL/USDT:USDT": SOL}
TIERS = Path("policies/small/tiers")


def rows(symbols: dict[str, Any]) -> str:
    return json.dumps({"columns": COLUMNS, "symbols": symbols})


def asked(*more: str, file: str = "rows.json", when: tuple[str, str] = ("--effective", "2026-07-01T00:00:00Z")) -> tuple[str, ...]:
    return ("import", "tiers", file, "--from", "rows", "--rulebook", "small", *when, "--reason", "As seen.", *more)


def files() -> dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in Path("policies").rglob("*") if path.is_file()}


@pytest.fixture
def changed(small_house: Path) -> Path:
    """One table that changed among those that did not."""
    path = small_house / "rows.json"
    path.write_text(rows({**SAME, "BTC/USDT:USDT": BTC}), encoding="utf-8")
    return path


@pytest.mark.usefixtures("changed")
def test_what_changed_is_written(riskrules: Riskrules) -> None:
    ran = riskrules(*asked("--source", "A capture."))
    path = TIERS / "2026-07-01.yaml"
    assert (ran.code, ran.out) == (0, f"{path}\n")
    assert ran.err == f"{path} written: 1 table new or changed, 2 unchanged, 0 withdrawn\n"
    assert path.read_text(encoding="utf-8").splitlines()[:8] == [
        "kind: tiers",
        "rulebook: small",
        "effective: 2026-07-01T00:00:00Z",
        "reason: As seen.",
        "source: A capture.",
        "form: marginal",
        "tables:",
        "  BTC-USDT:",
    ]
    assert not [one for one in TIERS.iterdir() if one.name.startswith(".")], "nothing is left beside"
    assert riskrules("check").code == 0


@pytest.mark.usefixtures("changed")
def test_again_is_no_change(riskrules: Riskrules) -> None:
    riskrules(*asked())
    before = files()
    ran = riskrules(*asked(when=("--observed", "2026-07-02T00:00:00Z..2026-07-09T00:00:00Z")))
    assert (ran.code, ran.out, ran.err) == (0, "", "nothing changed: 3 markets as in force\n")
    assert files() == before


@pytest.mark.usefixtures("changed")
def test_observed(riskrules: Riskrules) -> None:
    riskrules(*asked(when=("--observed", "2026-07-02T00:00:00Z..2026-07-09T00:00:00Z")))
    text = (TIERS / "2026-07-09.yaml").read_text(encoding="utf-8")
    assert "observed: {after: 2026-07-02T00:00:00Z, by: 2026-07-09T00:00:00Z}\n" in text


@pytest.mark.usefixtures("changed")
def test_a_dry_run_prints_and_writes_nothing(riskrules: Riskrules) -> None:
    before = files()
    ran = riskrules(*asked("--dry-run"))
    assert ran.code == 0
    assert ran.out.startswith("kind: tiers\n")
    assert "would be written" in ran.err
    assert files() == before
    riskrules(*asked())
    assert (TIERS / "2026-07-01.yaml").read_text(encoding="utf-8") == ran.out


def test_one_bad_market_stops_the_import(small_house: Path, riskrules: Riskrules) -> None:
    (small_house / "rows.json").write_text(rows({**SAME, "BTC/USDT:USDT": BTC, "XRP/USDT:USDT": GAP}), encoding="utf-8")
    before = files()
    ran = riskrules(*asked())
    assert (ran.code, ran.out) == (1, "")
    assert "XRP-USDT: no tier covers sizes from 100,000 to 200,000" in ran.err
    assert ran.err.endswith("nothing was written: 1 error; --skip-bad leaves those markets out\n")
    assert files() == before


def test_skip_bad_writes_the_rest_and_lists_them(small_house: Path, riskrules: Riskrules) -> None:
    (small_house / "rows.json").write_text(rows({**SAME, "BTC/USDT:USDT": BTC, "XRP/USDT:USDT": GAP}), encoding="utf-8")
    ran = riskrules(*asked("--skip-bad"))
    assert (ran.code, ran.out) == (0, f"{TIERS / '2026-07-01.yaml'}\n")
    assert "error[RR233]: XRP-USDT" in ran.err
    assert "1 error skipped with their markets" in ran.err
    assert "XRP" not in (TIERS / "2026-07-01.yaml").read_text(encoding="utf-8")


def test_what_is_gone_is_withdrawn(small_house: Path, riskrules: Riskrules) -> None:
    (small_house / "rows.json").write_text(rows({"SOL/USDT:USDT": SOL, "BTC/USDT:USDT": BTC}), encoding="utf-8")
    ran = riskrules(*asked("--format", "json"))
    told = json.loads(ran.out)
    assert (told["written"], told["tables"], told["withdrawn"]) == (True, ["BTC-USDT"], ["BTC-USDT-261225"])


@pytest.mark.usefixtures("changed")
def test_another_file_is_never_overwritten(riskrules: Riskrules, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were another import to take the name in between, its file would stand."""

    def taken(path: Path, text: str) -> bool:
        path.write_text("theirs", encoding="utf-8")
        return write_new(path, text)

    monkeypatch.setattr(importing, "write_new", taken)
    ran = riskrules(*asked())
    assert (ran.code, ran.out) == (2, "")
    assert "says something else: it is left as it is" in ran.err
    assert (TIERS / "2026-07-01.yaml").read_text(encoding="utf-8") == "theirs"


def test_a_first_file(small_house: Path, riskrules: Riskrules) -> None:
    (small_house / "rows.json").write_text(rows({"SOL/USDT:USDT": SOL}), encoding="utf-8")
    arguments = [word if word != "small" else "new" for word in asked("--form", "marginal")]
    ran = riskrules(*arguments)
    assert (ran.code, ran.out) == (0, "policies/new/tiers/2026-07-01.yaml\n")
    assert "note: policies has no rulebook 'new' yet; it has small\n" in ran.err


def test_standard_input(small_house: Path, riskrules: Riskrules, monkeypatch: pytest.MonkeyPatch) -> None:
    text = rows({**SAME, "BTC/USDT:USDT": BTC}).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert riskrules(*asked(file="-")).code == 0


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    "arguments, said, why",
    [
        (asked(when=("--rulebook", "small")), "from when?", "neither time is given"),
        (asked("--observed", "2026-07-02T00:00:00Z..2026-07-09T00:00:00Z"), "from when?", "both are"),
        (asked(when=("--observed", "2026-07-02T00:00:00Z")), "is not A..B", "an interval has two ends"),
        (asked(when=("--effective", "2026-07-01")), "--effective '2026-07-01' is not a time with an offset", "a date alone"),
        (asked(file="nowhere.json"), "cannot read nowhere.json", "no such file"),
        (asked("--policies", "nowhere"), "nowhere", "no such folder"),
        (tuple("new" if word == "small" else word for word in asked()), "which tier form?", "a new rulebook declares none"),
        (("import", "tiers", "rows.json"), "--from", "not even the shape"),
        (("import",), "tiers", "what is imported?"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], said: str, why: str, riskrules: Riskrules) -> None:
    before = files()
    ran = riskrules(*arguments)
    assert (ran.code, ran.out) == (2, ""), why
    assert said in ran.err, why
    assert files() == before, why


def test_packaged_policies_are_not_written_to(small_house: Path, riskrules: Riskrules, monkeypatch: pytest.MonkeyPatch) -> None:
    (small_house / "policies").rename(small_house / "installed")
    (small_house / "rows.json").write_text(rows({"SOL/USDT:USDT": SOL}), encoding="utf-8")
    monkeypatch.setattr("riskrules.rulebook.shelf.packaged_folder", lambda name: small_house / "installed")
    ran = riskrules(*asked())
    assert ran.code == 2
    assert "are not written to" in ran.err


def test_an_unknown_form_is_a_finding(changed: Path, riskrules: Riskrules) -> None:
    ran = riskrules(*asked("--form", "tapered"))
    assert ran.code == 1
    assert "there is no tier form 'tapered'" in ran.err


@pytest.mark.usefixtures("changed")
def test_an_import_may_not_spoil_its_rulebook(riskrules: Riskrules) -> None:
    """ETH-USDT is withdrawn on 2026-06-01; an older capture without it would withdraw it before, and the later file twice."""
    before = files()
    ran = riskrules(*asked(when=("--effective", "2026-05-01T00:00:00Z")))
    assert ran.code == 1
    assert "error[RR309]: ETH-USDT was already withdrawn" in ran.err
    assert "nothing was written" in ran.err
    assert files() == before
    assert riskrules("check", "policies/small").code == 0
