"""An explanation as one HTML file that asks for nothing else, and as the fragment of it that a notebook shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from riskrules.faces.page import NUMBERS, Foot, LegTable, PoolPage, StepRow
from riskrules.faces.pictures import Picture
from riskrules.faces.style import CSS, PAGE
from riskrules.faces.svg import figure

POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # the page itself forbids every request
Shown = Sequence[tuple[PoolPage, list[Picture]]]


def page(pools: Shown, foot: Foot) -> str:
    title = escape(_title(pools))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{PAGE}</style>\n</head>\n<body>\n{_body(pools, foot, 'main')}\n</body>\n</html>\n"
    )


def fragment(pools: Shown, foot: Foot) -> str:
    return _body(pools, foot, "div")


def _body(pools: Shown, foot: Foot, tag: str) -> str:
    parts = [
        f"<style>{CSS}</style>",
        f'<{tag} class="riskrules"><div class="riskrules-body">',
        f"<h1>Margin explained, as of <span>{escape(foot.as_of)}</span></h1>",
    ]
    parts += [line for pool, drawn in pools for line in _pool(pool, drawn)]
    return "\n".join([*parts, *foot_lines(foot), f"</div></{tag}>"])


def _title(pools: Shown) -> str:
    first = pools[0][0] if pools else None
    if first is None:
        return "Nothing to explain"
    more = f" and {len(pools) - 1} more" if len(pools) > 1 else ""
    return f"{first.verdict} {first.who}{more}"


def _pool(pool: PoolPage, drawn: list[Picture]) -> Iterator[str]:
    yield "<section>"
    yield f'<h2><span class="verdict {pool.decision}">{pool.verdict}</span>{escape(pool.who)}</h2>'
    if pool.compared:
        yield f'<p class="compared">{escape(pool.compared)}</p>'
    if pool.fault:
        code, text, hint = pool.fault
        yield f'<div class="fault"><b>{code}</b> {escape(text)}<br>{escape(hint)}</div>'
    yield from _turns(pool)
    if pool.legs:
        yield from _legs(pool.legs)
    if pool.steps:
        yield "<h3>How it was decided</h3>"
        yield f"<ol>{''.join(_step(step) for step in pool.steps)}</ol>"
    yield from (figure(picture) for picture in drawn)
    yield from (f'<p class="why">{escape(name.capitalize())}: {escape(text)}</p>' for name, text in pool.notes)
    yield "</section>"


def _turns(pool: PoolPage) -> Iterator[str]:
    if not pool.turns:
        return
    head, *items, held = pool.turns
    yield f"<h3>{escape(head.capitalize())}</h3>"
    if items:
        yield f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
    yield f'<p class="held">{escape(held)}</p>'


def _legs(table: LegTable) -> Iterator[str]:
    yield '<h3>Positions</h3><div class="scroll" tabindex="0" role="region" aria-label="Positions"><table><thead><tr>'
    yield "".join(f'<th scope="col"{_side(head)}>{escape(head)}</th>' for head in table.heads) + "</tr></thead><tbody>"
    for row in table.rows:
        yield f"<tr>{''.join(f'<td{_side(head)}>{escape(cell)}</td>' for head, cell in zip(table.heads, row, strict=True))}</tr>"
    yield "</tbody></table></div>"
    if table.left_out:
        yield f'<p class="held">and {table.left_out} smaller positions (at depth 2 each is shown)</p>'


def _side(head: str) -> str:
    return ' class="number"' if head in NUMBERS else ""


def _step(step: StepRow) -> str:
    return (
        f'<li><span class="name">{escape(step.name)}</span><span class="said"><code>{escape(step.working)}</code> '
        f'<span class="value">{escape(step.value)}</span></span><span class="source"><code>{escape(step.source)}</code></span></li>'
    )


def foot_lines(foot: Foot) -> Iterator[str]:
    yield f"<footer><p>{escape(foot.status)}</p>"
    if foot.unsettled:
        points = "".join(f"<li>{escape(point)}</li>" for point in foot.unsettled)
        yield f"<details><summary>What the sources leave open ({len(foot.unsettled)})</summary><ul>{points}</ul></details>"
    rules = foot.policies or f"as of {foot.as_of}, rules {foot.digest[:8]}"
    yield f"<p>Policies <code>{escape(rules)}</code><br>Replay <code>{escape(foot.replay)}</code></p>"
    if foot.again:
        yield f"<p>Again <code>{escape(foot.again)}</code></p>"
    yield "</footer>"
