"""The sealed cases: every operation on the figures that matter, and whole decisions under books that never change.

`operations.json` has rows of arguments and a result for each operation; `cases.json` has accounts, mark
inputs and liquidations, each under one of the books beside it, with every named term of every row.  The
inputs are written by hand and the answers by `sealed_anew`, which changes no input.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from riskrules.engine.ask import Answer, every_price
from riskrules.engine.changes import Contradiction, TooFine
from riskrules.engine.couple import couple
from riskrules.engine.decide import Evaluated, decide
from riskrules.engine.door import snapshot_of
from riskrules.engine.mark_input import mark_input_of
from riskrules.engine.marking import marked
from riskrules.engine.semantics import FOLDER, SEAL, digest_of
from riskrules.engine.step_input import state_of
from riskrules.engine.stepping import next_steps
from riskrules.ir.fault import Fault
from riskrules.ir.ops import OPS
from riskrules.ir.program import Program
from riskrules.ir.walk import Walk
from riskrules.rulebook.compile import Refused, compile_book
from riskrules.rulebook.load import load_book
from riskrules.rulebook.plan import Plan
from riskrules.rulebook.portfolio_plan import portfolio_of
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import instant
from riskrules.units.exact import exact_text, to_exact

OPERATIONS, CASES, BOOKS = "operations.json", "cases.json", "books"
OF_THE_WALK = frozenset(("given", "constant", "fault", "had"))  # carried out by the walk: sealed by whole cases alone


class Changed(NamedTuple):
    """An answer that is no longer the sealed one."""

    where: str
    sealed: str
    now: str


def changed_answers() -> list[Changed]:
    """Every sealed answer that this engine does not give, and a seal that is not that of its files."""
    found = [one for name, now in _answers() for one in _differences(name, json.loads((FOLDER / name).read_text(encoding="utf-8")), now)]
    files, seal = _files(), SEAL.read_text(encoding="ascii").strip()
    return found if digest_of(files) == seal else [*found, Changed(SEAL.name, seal, digest_of(files))]


def sealed_anew() -> str:
    """Every answer as this engine gives it, written down and sealed; the digest."""
    for name, now in list(_answers()):
        (FOLDER / name).write_text(_text(now), encoding="utf-8")
    digest = digest_of(_files())
    SEAL.write_text(f"{digest}\n", encoding="ascii")
    return digest


def sealed_operations() -> frozenset[str]:
    """The operations that have rows, or stand in the program of a case."""
    rows = json.loads((FOLDER / OPERATIONS).read_text(encoding="utf-8"))
    cases = json.loads((FOLDER / CASES).read_text(encoding="utf-8"))
    programs = [program for case in cases for program in _programs(_plan(case))]
    return frozenset([*(name for name, of in rows.items() if of), *(node.op for program in programs for node in program.nodes)])


def counts() -> tuple[int, int]:
    """How many rows of operations, and how many cases."""
    rows = json.loads((FOLDER / OPERATIONS).read_text(encoding="utf-8"))
    return sum(map(len, rows.values())), len(json.loads((FOLDER / CASES).read_text(encoding="utf-8")))


def _programs(plan: Plan) -> Iterator[Program]:
    yield plan.program
    yield from (plan.beside.program(name) for name in plan.beside.programs)
    if (portfolio := portfolio_of(plan)) is not None:
        yield portfolio.program


def _files() -> dict[str, bytes]:
    paths = [path for path in FOLDER.rglob("*") if path.suffix in (".json", ".yaml")]
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in paths}


def _answers() -> Iterator[tuple[str, Any]]:
    rows = json.loads((FOLDER / OPERATIONS).read_text(encoding="utf-8"))
    yield OPERATIONS, {name: [_operation(name, row) for row in of] for name, of in rows.items()}
    cases = json.loads((FOLDER / CASES).read_text(encoding="utf-8"))
    yield CASES, [{**case, "gives": _gives(case)} for case in cases]


def _gives(case: dict[str, Any]) -> Any:
    """An engine that has changed may refuse the book, as it reads or as it proves it: that is an answer too."""
    try:
        return GIVES[case["kind"]](_plan(case), case)
    except Refused as refused:
        return {"refused": [problem.code for problem in refused.problems]}


def _text(value: Any) -> str:
    """A line for each row of an operation, so that a changed answer is a changed line."""
    if isinstance(value, dict):
        rows = (f" {json.dumps(name)}: [\n" + ",\n".join(f"  {json.dumps(row)}" for row in of) + "\n ]" for name, of in value.items())
        return "{\n" + ",\n".join(rows) + "\n}\n"
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _differences(where: str, sealed: Any, now: Any) -> Iterator[Changed]:
    if isinstance(sealed, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*sealed, *now]):
            yield from _differences(f"{where} {key}", sealed.get(key), now.get(key))
    elif isinstance(sealed, list) and isinstance(now, list) and len(sealed) == len(now) and isinstance(next(iter(now), None), dict | list):
        for k, (old, new) in enumerate(zip(sealed, now, strict=True)):
            yield from _differences(f"{where} [{new.get('name', k) if isinstance(new, dict) else k}]", old, new)
    elif sealed != now:
        yield Changed(where, json.dumps(sealed), json.dumps(now))


# -- operations --------------------------------------------------------------------------------------


def _operation(name: str, row: list[Any]) -> list[Any]:
    """Arguments, then the result."""
    *arguments, _ = row
    return [*arguments, said(OPS[name].exact(*(_value(one) for one in arguments)))]


def _value(written: Any) -> Any:
    """A text is an exact number, a list a tuple of values, an object a word; flags, row numbers and nothing are themselves."""
    if isinstance(written, str):
        return to_exact(Fraction(written))
    if isinstance(written, list):
        return tuple(_value(one) for one in written)
    return written["word"] if isinstance(written, dict) else written


def said(value: Any) -> Any:
    """A value of the walk as JSON: exact numbers as text, an error as its code; its words are no part of the meaning."""
    if isinstance(value, Fault):
        return {"error": value.code}
    if isinstance(value, str):
        return {"word": value}
    return exact_text(value) if isinstance(value, tuple) else value


# -- whole cases -------------------------------------------------------------------------------------


def _plan(case: dict[str, Any]) -> Plan:
    book, problems = load_book(Shelf(FOLDER / BOOKS, packaged=True), case["book"])
    if book is None:
        raise Refused(problems)
    return compile_book(book, _when(case))


def _when(case: dict[str, Any]) -> int:
    when = instant(case["as_of"])
    assert when is not None, case["as_of"]
    return when


def _decided(plan: Plan, case: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(case["input"])
    snapshot, problems = snapshot_of(case["input"], "sealed", text, plan.drivers)
    assert snapshot is not None, problems
    return {account.id: _account(decide(plan, snapshot, account)) for account in snapshot.accounts}


def _account(evaluated: Evaluated) -> dict[str, Any]:
    pools = {
        pool.label(evaluated.account.id): {"decision": evaluated.verdict(k)[0], "liquidated at": _prices(evaluated, k)}
        for k, pool in evaluated.pools()
    }
    return {"pools": pools, **_terms(evaluated.walk)}


def _prices(evaluated: Evaluated, pool: int) -> dict[str, Any]:
    """Every stretch of marks that turns the decision, market by market."""
    found: dict[str, Any] = {}
    for leg in evaluated.legs_of(pool):
        market = evaluated.rows.keys["leg", "market"][leg]
        try:
            stretches = every_price(evaluated, pool, market, "liquidate")
        except (TooFine, Contradiction) as error:
            found[evaluated.rows.markets[market]] = {"error": "RR720" if isinstance(error, TooFine) else "RR900"}
            continue
        found[evaluated.rows.markets[market]] = [_stretch(opens, closes) for opens, closes in stretches]
    return found


def _stretch(opens: Answer, closes: Answer | None) -> list[Any]:
    """Where it begins and ends; and its code, where the rules have no answer there."""
    ends = [exact_text(to_exact(one.point)) if one else None for one in (opens, closes)]
    return [*ends, said(opens.fault)] if opens.fault else ends


def _terms(walk: Walk) -> dict[str, list[Any]]:
    """Every named term, a value for each row."""
    return {name: [said(value) for value in walk.column(name)] for name in walk.program.named}


def _marks(plan: Plan, case: dict[str, Any]) -> dict[str, Any]:
    given, problems = mark_input_of(case["input"], "sealed", json.dumps(case["input"]))
    assert given is not None, problems
    return {one.market: _terms(one.walk) if one.walk else said(one.value) for one in marked(plan, given)}


def _steps(plan: Plan, case: dict[str, Any]) -> dict[str, Any]:
    tree = dict(case["input"])
    now, problems = state_of(tree.pop("liquidation"), "sealed", json.dumps(case["input"]))
    snapshot, more = snapshot_of(tree, "sealed", json.dumps(tree), plan.drivers)
    assert snapshot is not None, (problems, more)
    assert now is not None, problems
    found = {f"{one.evaluated.account.id} {one.pool.position}".strip(): one for one in next_steps(plan, snapshot, now)}
    return {name: said(one.fault) if one.fault else _terms(one.evaluated.walk) for name, one in found.items()}


def _coupled(plan: Plan, case: dict[str, Any]) -> dict[str, Any]:
    snapshot, problems = snapshot_of(case["input"], "sealed", json.dumps(case["input"]), plan.drivers)
    assert snapshot is not None, problems
    return {one.id: {mode.name: _terms(mode.walk) for mode in couple(plan, snapshot, one).modes} for one in snapshot.accounts}


GIVES = {"decide": _decided, "mark": _marks, "step": _steps, "couple": _coupled}
