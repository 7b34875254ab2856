"""A picture as inline SVG: axes, lines with their names beside them, and marks.

Drawn at two sizes, so that its letters can be read on a telephone; the style sheet shows one of them.
Colours are the style sheet's, and nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from html import escape
from math import ceil, floor, log10
from typing import NamedTuple

from riskrules.faces.pictures import Mark, Picture
from riskrules.faces.words import LETTER, Told, between, told
from riskrules.units import say


class Size(NamedTuple):
    kind: str
    width: int
    height: int
    left: int
    ticks: int


WIDE, NARROW = Size("wide", 760, 320, 84, 6), Size("narrow", 360, 300, 70, 3)
LEGEND, ROW, BOTTOM, RIGHT = 48, 16, 44, 14


class Scale(NamedTuple):
    """From values to pixels, in the frame that is left for the lines."""

    size: Size
    x_range: tuple[Fraction, Fraction]
    y_range: tuple[Fraction, Fraction]
    top: int  # of the frame

    @property
    def bottom(self) -> int:
        return self.top + self.size.height - LEGEND - BOTTOM

    def x(self, value: Fraction) -> float:
        low, high = self.x_range
        return self.size.left + float((value - low) / (high - low)) * (self.size.width - self.size.left - RIGHT)

    def y(self, value: Fraction) -> float:
        low, high = self.y_range
        return self.bottom - float((value - low) / (high - low)) * (self.bottom - self.top)


def figure(picture: Picture) -> str:
    """The picture with its title and, below, what it shows in words."""
    drawn = "".join(_svg(picture, size) for size in (WIDE, NARROW))
    return f"<figure><figcaption>{escape(picture.title)}</figcaption>{drawn}</figure>"


def _svg(picture: Picture, size: Size) -> str:
    rows = len(_named(picture)) + bool(picture.zones or picture.tiers)  # of words, above the frame
    scale = Scale(size, picture.x_range, _y_range(picture), LEGEND + ROW * rows)
    parts = [*_zones(picture, scale), *_axes(picture, scale), *_marks(picture, scale), *_lines(picture, scale), *_dots(picture, scale)]
    said = escape(picture.said, quote=True)
    return (
        f'<svg class="{size.kind}" role="img" aria-label="{said}" viewBox="0 0 {size.width} {scale.bottom + BOTTOM}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(picture.said)}</title>{"".join(parts)}</svg>'
    )


def _y_range(picture: Picture) -> tuple[Fraction, Fraction]:
    values = [y for line in picture.lines for run in line.runs for _, y in run] or [Fraction(0), Fraction(1)]
    low, high = min(values), max(values)
    room = (high - low) / 12 or abs(high) / 2 or Fraction(1)
    return (low if low == 0 else low - room), high + room


def _axes(picture: Picture, scale: Scale) -> Iterator[str]:
    size = scale.size
    bottom, right = scale.bottom, size.width - RIGHT
    for value in _round_numbers(scale.y_range, 5):
        y = scale.y(value)
        kind = "zero" if value == 0 else "grid"
        yield f'<line class="{kind}" x1="{size.left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(size.left - 8, y + 4, _short(value, 1), "end", "tick")
    for value in _round_numbers(scale.x_range, size.ticks):
        x = scale.x(value)
        yield f'<line class="axis" data-at="{say.number(value)}" x1="{x:.2f}" x2="{x:.2f}" y1="{bottom}" y2="{bottom + 5}"/>'
        yield _text(_inside(x, _short(value), size), bottom + 19, _short(value), "middle", "tick")
    yield f'<line class="axis" x1="{size.left}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
    yield _text(right, bottom + BOTTOM - 8, f"{picture.x_name} →", "end", "name")
    yield _text(4, 14, f"↑ {picture.y_name}", "start", "name")


def _inside(x: float, text: str, size: Size) -> float:
    half = len(text) * LETTER / 2 + 3  # digits are wider than the average
    return min(max(x, half), size.width - half)


def _round_numbers(of: tuple[Fraction, Fraction], about: int) -> list[Fraction]:
    """Multiples of 1, 2 or 5 times a power of ten, about so many, and two at least: one alone gives no measure."""
    low, high = of
    rough = float(high - low) / about
    power = Fraction(10) ** floor(log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if float(power * k) >= rough)
    found = [step * k for k in range(ceil(low / step), floor(high / step) + 1)]
    return found if len(found) > 1 else _round_numbers(of, about + 1)


def _short(value: Fraction, least: int = 10) -> str:
    """Millions by a word, from so many on: there is less room beside the frame than under it."""
    for letter, of in (("bn", 10**9), ("m", 10**6)):
        if abs(value) >= least * of:
            return f"{say.number(value / of)} {letter}"
    return say.number(value)


def _zones(picture: Picture, scale: Scale) -> Iterator[str]:
    top = scale.top - ROW  # their name stands above the frame, where no curve comes
    for low, high in picture.zones:
        left, right = scale.x(low), scale.x(high)
        yield f'<rect class="zone" x="{left:.2f}" y="{top}" width="{right - left:.2f}" height="{scale.bottom - top}"/>'
        yield from _stretch(picture, scale, low, high, ("liquidatable",), "zone-name")
    for low, high, name in picture.tiers:
        yield from _stretch(picture, scale, low, high, (f"tier {name}", name), "tick")


def _stretch(picture: Picture, scale: Scale, low: Fraction, high: Fraction, names: tuple[str, ...], kind: str) -> Iterator[str]:
    """The longest name that has room between the upright lines; a stretch without room has none."""
    lines = [scale.x(mark.x) for mark in picture.marks]
    for name in names:
        middle = between(scale.x(low), scale.x(high), len(name) * LETTER, lines)
        if middle is not None:
            yield _text(middle, scale.top - 4, name, "middle", kind)
            return


def _lines(picture: Picture, scale: Scale) -> Iterator[str]:
    for k, line in enumerate(picture.lines):
        for run in line.runs:
            points = " ".join(f"{scale.x(x):.2f},{scale.y(y):.2f}" for x, y in run)
            yield f'<polyline class="line-{k}" data-name="{escape(line.name, quote=True)}" points="{points}"/>'
    if len(picture.lines) > 1:
        yield from _names(picture, scale)


def _names(picture: Picture, scale: Scale) -> Iterator[str]:
    """Each line's name over the frame, with a stroke of its own kind: lines that meet leave no room beside them."""
    x = float(scale.size.left)
    for k, line in enumerate(picture.lines):
        yield f'<line class="line-{k}" x1="{x:.0f}" x2="{x + 22:.0f}" y1="34" y2="34"/>'
        yield _text(x + 28, 38, line.name, "start", f"of-{k}")
        x += 28 + len(line.name) * LETTER + 18


def _named(picture: Picture) -> list[Mark]:
    """Those that are told in words; a tier's bound is told by the axis and the tier's number."""
    return [mark for mark in picture.marks if mark.kind != "bound"]


def _marks(picture: Picture, scale: Scale) -> Iterator[str]:
    """Each named one from its own row of words above the frame, so that no line crosses a word and no word another."""
    named = _named(picture)
    rows = told([(mark.text, scale.x(mark.x)) for mark in named], scale.size.width)
    for mark in picture.marks:
        if mark.kind == "bound":
            yield _upright(scale, mark, scale.top - ROW, scale.bottom)
    for k, row in enumerate(rows):
        mark = named[row.which]
        yield from _through(scale, mark, k, rows)
        yield _text(row.x, LEGEND + ROW * k + 11, mark.text, row.anchor, f"{mark.kind}-name")


def _through(scale: Scale, mark: Mark, k: int, rows: list[Told]) -> Iterator[str]:
    """A mark's line down from its own row, with a gap where a word of a lower row has no other place."""
    x = scale.x(mark.x)
    top = LEGEND + ROW * k
    for j in range(k, len(rows)):
        if rows[j].left < x < rows[j].right:
            if LEGEND + ROW * j > top:
                yield _upright(scale, mark, top, LEGEND + ROW * j)
            top = LEGEND + ROW * (j + 1)
    yield _upright(scale, mark, top, scale.bottom)


def _upright(scale: Scale, mark: Mark, top: int, bottom: int) -> str:
    x = scale.x(mark.x)
    return f'<line class="{mark.kind}" data-at="{say.number(mark.x)}" x1="{x:.2f}" x2="{x:.2f}" y1="{top}" y2="{bottom}"/>'


def _dots(picture: Picture, scale: Scale) -> Iterator[str]:
    for x, y in picture.dots:
        yield f'<circle class="dot" cx="{scale.x(x):.2f}" cy="{scale.y(y):.2f}" r="4.5"/>'


def _text(x: float, y: float, text: str, anchor: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
