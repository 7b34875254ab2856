"""Reading a picture back from its SVG: what a test knows of it are its own coordinates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
Pixel = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
LETTER, ABOVE, BELOW = 6.6, 9.0, 2.0  # of a word at 12 pixels: the width of a letter, and how far it stands above and below its line


@dataclass(frozen=True, slots=True)
class Drawn:
    said: str
    width: float
    lines: dict[str, list[list[Pixel]]]
    marks: dict[str, list[tuple[str, float]]]  # kind → (the price it stands for, its x)
    dots: list[Pixel]
    height: float
    words: list[tuple[str, Box]]
    strokes: list[tuple[Pixel, Pixel]]  # every straight piece of every line

    def place_of(self, value: Fraction) -> float:
        """Where the axis, read by its own marks, has a value."""
        (first, left), (last, right) = self.marks["axis"][0], self.marks["axis"][-1]
        low, high = (Fraction(name.replace(",", "").replace("−", "-")) for name in (first, last))
        return left + float((value - low) / (high - low)) * (right - left)

    def crossed(self) -> list[str]:
        """The words that a line runs through, that meet another word, or that stand out of the picture."""
        found = [text for text, box in self.words if any(_meets(stroke, box) for stroke in self.strokes)]
        found += [f"{one} / {other}" for k, (one, box) in enumerate(self.words) for other, there in self.words[:k] if _overlap(box, there)]
        return found + [text for text, (left, _, right, low) in self.words if left < -1 or right > self.width + 1 or low > self.height]

    @property
    def crossings(self) -> list[float]:
        """Where the first line meets the second, by the points that both were drawn through."""
        first, second = (dict(point for run in runs for point in run) for runs in list(self.lines.values())[:2])
        shared = sorted(first.keys() & second.keys())
        found = []
        for a, b in pairwise(shared):
            left, right = first[a] - second[a], first[b] - second[b]
            if left * right < 0:
                found.append(a + (b - a) * left / (left - right))
        return found + [x for x in shared if first[x] == second[x]]


def _meets(stroke: tuple[Pixel, Pixel], box: Box) -> bool:
    """Whether a straight piece comes into a box: what is left of it between the box's sides."""
    (x1, y1), (x2, y2) = stroke
    left, top, right, bottom = box
    low, high = 0.0, 1.0
    for start, way, least, most in ((x1, x2 - x1, left, right), (y1, y2 - y1, top, bottom)):
        if way == 0:
            if not least < start < most:
                return False
            continue
        a, b = sorted(((least - start) / way, (most - start) / way))
        low, high = max(low, a), min(high, b)
    return low < high


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _box(word: ElementTree.Element) -> Box:
    x, y, long = float(word.attrib["x"]), float(word.attrib["y"]), LETTER * len(word.text or "")
    left = x - {"start": 0.0, "middle": long / 2, "end": long}[word.attrib["text-anchor"]]
    return left, y - ABOVE, left + long, y + BELOW


def drawings(html: str, kind: str = "wide") -> list[Drawn]:
    return [_read(text) for text in re.findall(rf'<svg class="{kind}".*?</svg>', html, re.DOTALL)]


def _read(text: str) -> Drawn:
    root = ElementTree.fromstring(text)
    lines: dict[str, list[list[Pixel]]] = {}
    for line in root.iter(f"{SVG}polyline"):
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        lines.setdefault(line.attrib["data-name"], []).append([(x, y) for x, y in points])
    marks: dict[str, list[tuple[str, float]]] = {}
    for line in root.iter(f"{SVG}line"):
        if "data-at" in line.attrib:
            marks.setdefault(line.attrib["class"], []).append((line.attrib["data-at"], float(line.attrib["x1"])))
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in root.iter(f"{SVG}circle")]
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    strokes = [piece for runs in lines.values() for run in runs for piece in pairwise(run)]
    strokes += [
        ((float(line.attrib["x1"]), float(line.attrib["y1"])), (float(line.attrib["x2"]), float(line.attrib["y2"])))
        for line in root.iter(f"{SVG}line")
    ]
    words = [(word.text or "", _box(word)) for word in root.iter(f"{SVG}text")]
    return Drawn(root.attrib["aria-label"], width, lines, marks, dots, height, words, strokes)
