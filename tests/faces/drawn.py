"""Reading a picture back from its SVG: what a test knows of it are its own coordinates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
Pixel = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawn:
    said: str
    width: float
    lines: dict[str, list[list[Pixel]]]
    marks: dict[str, list[tuple[str, float]]]  # kind → (the price it stands for, its x)
    dots: list[Pixel]

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
    return Drawn(root.attrib["aria-label"], float(root.attrib["viewBox"].split()[2]), lines, marks, dots)
