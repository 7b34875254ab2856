"""A difference as one HTML file that asks for nothing else: the vector, each rule, its rows and both curves."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from riskrules.engine.difference import Difference, UnitChange
from riskrules.faces.difference_pictures import pictures
from riskrules.faces.difference_text import parts_said
from riskrules.faces.difference_words import headline, rows_said, said_output, title, vector_said, versions, when
from riskrules.faces.html import POLICY
from riskrules.faces.style import CSS, PAGE
from riskrules.faces.svg import figure
from riskrules.rulebook.change_parts import OUTPUTS

MOST_DRAWN = 40  # markets with pictures: beyond them a page is too large to open
CLASSES = {"tightening": "liquidate", "loosening": "healthy", "mixed": "error", "undecided": "error", "neutral": "neutral"}


def page(found: Difference) -> str:
    body = "\n".join(_body(found))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(headline(found))}</title>\n<style>{PAGE}</style>\n</head>\n<body>\n<style>{CSS}</style>\n"
        f'<main class="riskrules"><div class="riskrules-body">\n{body}\n</div></main>\n</body>\n</html>\n'
    )


def _body(found: Difference) -> Iterator[str]:
    yield f"<h1>{escape(headline(found))}</h1>"
    if found.changes:
        cells = "".join(f"<tr><td>{said_output(output)}</td><td>{_class(found.vector[output])}</td></tr>" for output in OUTPUTS)
        yield f'<table><thead><tr><th scope="col">output</th><th scope="col">class</th></tr></thead><tbody>{cells}</tbody></table>'
    if found.mechanism:
        yield f'<p class="held">Mechanism, whose evidence is replay: {escape(", ".join(found.mechanism))}</p>'
    yield from (f'<p class="held">{escape(note)}</p>' for note in found.notes)
    drawn = 0
    for change in found.changes:
        drawn += change.table is not None
        yield from _section(change, change.table is not None and drawn <= MOST_DRAWN)
    if drawn > MOST_DRAWN:
        yield f'<p class="held">Pictures of the first {MOST_DRAWN} of {drawn:,} tables; compare fewer for the others.</p>'


def _class(word: str) -> str:
    return f'<span class="{CLASSES[word]}">{escape(word)}</span>'


def _section(change: UnitChange, with_pictures: bool) -> Iterator[str]:
    yield "<section>"
    yield f"<h2>{escape(title(change))}</h2>"
    yield f'<p class="compared">{escape(vector_said(dict(change.vector)))}</p>'
    yield f'<p class="held">{escape(when(change))} <code>{escape(versions(change))}</code></p>'
    yield f'<p class="held">{" ".join(f"<code>{name}</code>" for name in change.effects.rules)}</p>'
    said = [f"<li>{escape(said_output(output))}: {escape(text)}</li>" for output, text in parts_said(change)]
    said += [
        f"<li><code>{escape(one.name)}</code>: {escape(one.before)} → {escape(one.after)} {escape(one.by)}</li>" for one in change.fields
    ]
    if said:
        yield f"<ul>{''.join(said)}</ul>"
    if change.table is not None:
        yield from _rows(change)
        yield from (figure(picture) for picture in pictures(change.table) if with_pictures)
    yield "</section>"


def _rows(change: UnitChange) -> Iterator[str]:
    assert change.table is not None
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Rows"><table><thead><tr>'
    yield "".join(f'<th scope="col">{head}</th>' for head in ("was", "is", "how", "")) + "</tr></thead><tbody>"
    for row in rows_said(change.table.rows):
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody></table></div>"
