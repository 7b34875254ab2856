"""What is proved of mark rules, and the program of each: every set of missing legs has one case, and uses none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from riskrules.diagnostics.problem import Problem, Span
from riskrules.ir.program import Program, flatten
from riskrules.rulebook.versions import History, Version
from riskrules.rules import mark_price_meaning
from riskrules.rules.mark_price import ANY_OTHER, MOST_LEGS, BasisLeg, MarkRule
from riskrules.units import say

One = Callable[..., Version | None]


Ruled = tuple[Program, Version]


def mark_rules(history: History, one: One) -> tuple[dict[str, Ruled], dict[str, str], list[Problem]]:
    """The program of each rule in force with what says it, which market has which (`""` is every other), and what is wrong."""
    rules = {name: version for name in history.names("mark_rules") if (version := one("mark_rules", name, required=False)) is not None}
    problems = [problem for version in rules.values() for problem in prove_mark_rule(version)]
    chosen = {"": one("mark_price", "every_market", required=False)}
    chosen |= {market: one("mark_rule_of", market, required=False) for market in history.names("mark_rule_of")}
    of = {market: version for market, version in chosen.items() if version is not None}
    problems += [
        problem for version in of.values() for problem in known(version.file.at(*version.place), version.value, rules, "mark rule")
    ]
    if problems:
        return {}, {}, problems
    programs = {name: (flatten(mark_price_meaning.meaning(version.value, where(version))), version) for name, version in rules.items()}
    return programs, {market: version.value for market, version in of.items()}, []


def where(version: Version) -> Callable[..., tuple[str, int]]:
    return lambda *path: (version.file.path, version.file.at(*version.place, *path, key=True).line)


def known(at: Span, name: str, rules: dict[str, Any], what: str) -> Iterator[Problem]:
    """A name that is used must be one of those that there are."""
    if name not in rules:
        there = ", ".join(rules) or "none"
        yield Problem("RR270", at, f"there is no {what} {name!r}", f"the rulebook has: {there}", found=name, expected=there)


def said_of_legs(version: Version) -> dict[str, str]:
    """The windows, as they are stated: what is over time is given and not run."""
    rule: MarkRule = version.value
    return {
        name: f"{leg.average.replace('_', ' ')} over {say.seconds(leg.over)}, every {say.seconds(leg.every)}: as given"
        for name, leg in rule.legs.items()
        if isinstance(leg, BasisLeg)
    }


def prove_mark_rule(version: Version) -> Iterator[Problem]:
    rule: MarkRule = version.value
    yield from _unknown_legs(version, rule)
    if len(rule.price.legs) > MOST_LEGS:
        text = f"a price of {len(rule.price.legs)} legs has too many sets of missing ones to read"
        yield Problem("RR225", version.file.at(*version.place, "price"), text, f"put together {MOST_LEGS} legs at most")
        return
    yield from _cases(version, rule)


def _unknown_legs(version: Version, rule: MarkRule) -> Iterator[Problem]:
    known = ", ".join(rule.legs)
    places: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [(("price",), rule.price.legs)]
    for k, case in enumerate(rule.if_missing):
        places.append((("if_missing", k, "missing"), () if isinstance(case.missing, str) else case.missing))
        places.append((("if_missing", k, "price"), () if isinstance(case.price, str) else case.price.legs))
    if not isinstance(rule.clamp, str):
        places.append((("clamp", "of"), (rule.clamp.of,)))
    for path, names in places:
        for name in names:
            if name not in rule.legs:
                hint = f"the rule has {known}"
                yield Problem(
                    "RR262", version.file.at(*version.place, *path), f"there is no leg {name!r}", hint, found=name, expected=known
                )


def _cases(version: Version, rule: MarkRule) -> Iterator[Problem]:
    """Each set of missing legs meets one case; what it uses is there."""
    open_sets = rule.sets_of_missing()
    for k, case in enumerate(rule.if_missing):
        at = version.file.at(*version.place, "if_missing", k)
        if case.missing == ANY_OTHER:
            met, open_sets = open_sets, []
        else:
            met = [one for one in open_sets if one == frozenset(case.missing)]
            open_sets = [one for one in open_sets if one not in met]
        if not met:
            yield Problem("RR263", at, "every set of legs that this case names has a case above it", "take it out, or correct its legs")
        yield from _uses(version, rule, k, met)
    if open_sets:
        said = " and ".join(sorted(open_sets[0]))
        text = f"no case says what the price is when {said} {'is' if len(open_sets[0]) == 1 else 'are'} missing"
        hint = "add its case, or end the list with missing: any_other"
        yield Problem("RR261", version.file.at(*version.place, "if_missing"), text, hint, expected=said)


def _uses(version: Version, rule: MarkRule, k: int, met: list[frozenset[str]]) -> Iterator[Problem]:
    """A case for several sets may use only what is missing in none of them."""
    case = rule.if_missing[k]
    if isinstance(case.price, str):
        return
    if case.price.at_least is not None and case.price.at_least > len(rule.price.legs) - min(map(len, met), default=0):
        at = version.file.at(*version.place, "if_missing", k, "price", "at_least")
        yield Problem("RR262", at, "so many legs are never there in this case", f"there are {len(rule.price.legs)} in all")
    for name in case.price.legs:
        if any(name in one for one in met):
            at = version.file.at(*version.place, "if_missing", k, "price")
            text = f"this case uses {name}, which is missing then"
            yield Problem("RR262", at, text, "use a leg that is there, or write undecided", found=name)
