"""An explanation for a ticket, in GitHub's Markdown.

What the caller named (accounts, markets, files) and every working stands in code, so that no character of
it is markup and nobody is called by an `@`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from riskrules.faces.page import NUMBERS, Foot, LegTable, PoolPage, StepRow

WORDS_OF_OURS = (*NUMBERS, "tier")
MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&])")
CALLED = re.compile(r"@(?=\w)")  # an `@` before a name calls its bearer, escaped or not


def markdown(pools: Iterable[PoolPage], foot: Foot) -> str:
    """Each pool under a heading of its own, then whose rules these are."""
    blocks = [block for pool in pools for block in _pool(pool)]
    return "\n\n".join([*blocks, "---", *_foot(foot)]) + "\n"


def _pool(pool: PoolPage) -> Iterator[str]:
    yield f"## {pool.verdict} {code(pool.who)}"
    if pool.compared:
        yield f"**{plain(pool.compared)}**"
    if pool.fault:
        number, text, hint = pool.fault
        yield f"> **{number}** {plain(text)}  \n> {plain(hint)}"
    if pool.legs:
        yield _table(pool.legs)
    if pool.steps:
        yield "\n".join(_step(k, step) for k, step in enumerate(pool.steps, start=1))
    if pool.turns:
        head, *items, held = pool.turns
        yield f"**{plain(head.capitalize())}** ({plain(held)})" if items else f"**{plain(head.capitalize())}** {plain(held)}"
        if items:
            yield "\n".join(f"- {code(item)}" for item in items)
    if pool.notes:
        yield "  \n".join(f"**{name.capitalize()}** {plain(text)}" for name, text in pool.notes)


def _step(k: int, step: StepRow) -> str:
    """`1. **notional** = 641,234.00`, and below it the working and where the rule stands."""
    indent = " " * (len(str(k)) + 2)
    said = [f"**{plain(step.name)}** {plain(step.value)}", *(code(part) for part in (step.working, step.source) if part)]
    return f"{k}. " + f"  \n{indent}".join(said)


def _table(table: LegTable) -> str:
    lines = [
        _row(plain(head) for head in table.heads),
        _row("---:" if head in NUMBERS else "---" for head in table.heads),
        *(_row(_cell(head, cell) for head, cell in zip(table.heads, row, strict=True)) for row in table.rows),
    ]
    more = f"\n\n…and {table.left_out} smaller positions" if table.left_out else ""
    return "\n".join(lines) + more


def _cell(head: str, cell: str) -> str:
    """What is named stands in code; what is a figure in the text.  A bar would end the cell even inside code."""
    if head in WORDS_OF_OURS or not cell:
        return plain(cell)
    return code(cell).replace("|", "\\|")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _foot(foot: Foot) -> Iterator[str]:
    yield f"**Status** {plain(foot.status)}"
    if foot.unsettled:
        points = "\n".join(f"- {plain(point)}" for point in foot.unsettled)
        yield f"<details><summary>What the sources leave open ({len(foot.unsettled)})</summary>\n\n{points}\n\n</details>"
    policies = (
        f"- policies {code(foot.policies)}\n" if foot.policies else f"- policy as of {code(foot.as_of)}, rules {code(foot.digest[:8])}\n"
    )
    yield f"{policies}- replay {code(foot.replay)}"
    if foot.again:
        fence = "`" * max(3, longest_run(foot.again) + 1)
        yield f"{fence}sh\n{foot.again}\n{fence}"


def plain(text: str) -> str:
    """Text in which nothing is markup."""
    return CALLED.sub("@<!-- -->", MARKUP.sub(r"\\\1", " ".join(text.split())))


def code(text: str) -> str:
    """A span of code that holds the text whatever backticks are in it."""
    text = " ".join(text.split())
    ticks = "`" * (longest_run(text) + 1)
    space = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def longest_run(text: str) -> int:
    """Of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)
