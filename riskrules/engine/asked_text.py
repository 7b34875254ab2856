"""Answers as they are printed: a sentence where one is enough, a table of markets, or a line for each change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from riskrules.engine.asked import Asked
from riskrules.engine.explain_text import beside, wrapped

INDENT = "    "


def asked_text(answers: Iterable[Asked], width: int) -> list[str]:
    lines: list[str] = []
    for who, group in groupby(answers, key=lambda answer: answer.who):
        of_pool = list(group)
        many = len(of_pool) > 1 and all(answer.of for answer in of_pool)
        lines += _by_market(who, of_pool, width) if many else (line for answer in of_pool for line in _alone(answer, width))
    return lines


def _by_market(who: str, answers: list[Asked], width: int) -> Iterator[str]:
    """Under what the answers hold is said once, after them."""
    wide = max(len(answer.of) for answer in answers)
    yield f"{who}:"
    for answer in answers:
        yield from beside(f"{INDENT}{answer.of:<{wide}}  ", answer.said, width)
    under = max((answer.under for answer in answers), key=len)  # the one that says the more says the other too
    yield from _hanging(f"{INDENT}{under}", width) if under else ()


def _alone(answer: Asked, width: int) -> Iterator[str]:
    if len(answer.text) <= width and "\n" not in answer.text:
        yield answer.text
    elif answer.changes:
        yield from _hanging(f"{answer.who}: {answer.said}", width)
        for line in (*answer.changes, answer.under):
            yield from _hanging(f"{INDENT}{line}", width)
    else:
        for line in answer.text.split("\n"):
            yield from _hanging(line, width)


def _hanging(text: str, width: int) -> list[str]:
    """What does not fit goes on below, further in."""
    body = text.lstrip()
    inner = " " * (len(text) - len(body))
    first, *more = wrapped(body, width - len(inner) - len(INDENT))
    return [f"{inner}{first}", *(f"{inner}{INDENT}{line}" for line in more)]
