"""A heat map as inline SVG: every cell says its figure, and is the darker the larger it is.

Drawn at two sizes as other pictures are; the narrow one shows the largest rows and columns, and says so.
Nothing is told by colour alone: the sign stands in the cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

MOST = {"wide": 20, "narrow": 7}
WIDTH = {"wide": 760, "narrow": 360}
LEFT = {"wide": 116, "narrow": 84}
CELL, TOP, SLANT = 26, 84, 40  # what a slanted head needs beyond its column


class Cell(NamedTuple):
    text: str  # with its sign
    weight: float  # from −1 to 1


class Heat(NamedTuple):
    title: str
    said: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    least: str  # what a reader is told of what is left out


def heat(picture: Heat) -> str:
    drawn = "".join(_svg(picture, kind) for kind in ("wide", "narrow"))
    return f'<figure class="heat"><figcaption>{escape(picture.title)}</figcaption>{drawn}</figure>'


def _svg(picture: Heat, kind: str) -> str:
    rows = _largest([max(abs(cell.weight) for cell in row) for row in picture.cells], MOST[kind])
    columns = _largest([max(abs(row[k].weight) for row in picture.cells) for k in range(len(picture.columns))], MOST[kind])
    wide = min(64.0, (WIDTH[kind] - LEFT[kind] - SLANT) / len(columns))
    left_out = len(rows) < len(picture.rows) or len(columns) < len(picture.columns)
    said = picture.said + (f" {picture.least}" if left_out else "")
    height = TOP + CELL * len(rows) + (20 if left_out else 6)
    parts = [*_heads(picture, columns, kind, wide)]
    for at, k in enumerate(rows):
        y = TOP + at * CELL
        parts.append(f'<text class="name" x="{LEFT[kind] - 6}" y="{y + 17}" text-anchor="end">{escape(picture.rows[k])}</text>')
        parts += [_cell(picture.cells[k][j], LEFT[kind] + place * wide, y, wide) for place, j in enumerate(columns)]
    if left_out:
        parts.append(f'<text class="tick" x="0" y="{height - 4}">{escape(picture.least)}</text>')
    return (
        f'<svg class="{kind}" role="img" aria-label="{escape(said, quote=True)}" viewBox="0 0 {WIDTH[kind]} {height}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(said)}</title>{"".join(parts)}</svg>'
    )


def _largest(weights: list[float], most: int) -> list[int]:
    """Those that matter most, in the order they had."""
    return sorted(sorted(range(len(weights)), key=lambda k: -weights[k])[:most])


def _heads(picture: Heat, columns: list[int], kind: str, wide: float) -> Iterator[str]:
    for place, k in enumerate(columns):
        x = LEFT[kind] + (place + 0.5) * wide
        turned = f'transform="rotate(-55 {x:.1f} {TOP - 6})"'
        yield f'<text class="name" x="{x:.1f}" y="{TOP - 6}" {turned}>{escape(picture.columns[k])}</text>'


def _cell(cell: Cell, x: float, y: float, wide: float) -> str:
    side = "of-1" if cell.weight < 0 else "of-0"
    shade = min(1.0, abs(cell.weight)) * 0.75
    size = 11 if wide >= 34 else 9
    return (
        f'<rect class="{side}" x="{x + 1:.1f}" y="{y + 1}" width="{wide - 2:.1f}" height="{CELL - 2}" fill-opacity="{shade:.2f}"/>'
        f'<text x="{x + wide / 2:.1f}" y="{y + 17}" text-anchor="middle" font-size="{size}">{escape(cell.text)}</text>'
    )
