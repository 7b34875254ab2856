"""Compiled plans kept by the digest of the texts they came from; losing one costs only time.

A plan is written as plain data under its own digest and is read back only if that digest is right.
`RISKRULES_CACHE` names another folder; `RISKRULES_CACHE=off` keeps nothing.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from pathlib import Path

from riskrules.rulebook.plan import Plan
from riskrules.units.clock import Instant

FORMAT = "3"
MOST_KEPT = 16
MAKERS = ("units", "text", "ir", "rules", "rulebook")  # the floors that have a hand in a plan; the others only read it


def _folder() -> Path | None:
    chosen = os.environ.get("RISKRULES_CACHE")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "riskrules"


def _engine() -> str:
    """A plan is for the package that made it and the Python that wrote it down."""
    package = Path(__file__).resolve().parent.parent
    files = sorted(path for floor in MAKERS for path in (package / floor).glob("*.py"))
    stamps = [f"{path.parent.name}/{path.name}:{at.st_mtime_ns}:{at.st_size}" for path, at in ((path, path.stat()) for path in files)]
    return hashlib.sha256("\n".join([FORMAT, sys.version, *stamps]).encode()).hexdigest()[:16]


def _name(rulebook: str, digest: str) -> str:
    return f"{rulebook}-{digest[:24]}-{_engine()}"


def kept_plan(rulebook: str, digest: str, when: Instant) -> Plan | None:
    folder = _folder()
    if folder is None:
        return None
    try:
        for path in folder.glob(f"{_name(rulebook, digest)}-*.plan"):
            begins, ends = path.stem.rsplit("-", 2)[1:]
            if (begins == "first" or int(begins) <= when) and (ends == "last" or when < int(ends)):
                return _read(path)
    except (OSError, ValueError):
        return None
    return None


def _read(path: Path) -> Plan | None:
    data = path.read_bytes()
    seal, body = data[:32], data[32:]
    if hashlib.sha256(body).digest() != seal:
        return None
    try:
        return Plan.of_data(marshal.loads(body))  # plain data under its own digest
    except (ValueError, TypeError, EOFError):
        return None


def _forget(folder: Path, rulebook: str) -> None:
    """The newest plans of a rulebook are enough; those of older texts and engines would only pile up."""
    kept = sorted(folder.glob(f"{rulebook}-*.plan"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in kept[MOST_KEPT:]:
        path.unlink(missing_ok=True)


def keep_plan(plan: Plan) -> None:
    """Written beside and moved into place, so that no reader ever sees half a plan."""
    folder = _folder()
    if folder is None:
        return
    begins, ends = ("first" if plan.holds[0] is None else plan.holds[0]), ("last" if plan.holds[1] is None else plan.holds[1])
    path = folder / f"{_name(plan.rulebook, plan.digest)}-{begins}-{ends}.plan"
    body = marshal.dumps(plan.data())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_bytes(hashlib.sha256(body).digest() + body)
        beside.replace(path)
        _forget(folder, plan.rulebook)
    except OSError:
        return
