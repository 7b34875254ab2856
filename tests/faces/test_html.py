"""The HTML face: it asks for nothing, it can be read by anyone, and its pictures are right to the pixel where it matters."""

from __future__ import annotations

import json
import re
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import assume, settings
from hypothesis import given as any_of
from hypothesis import strategies as st

import riskrules
from riskrules.api import Explanation
from riskrules.faces.style import CSS
from riskrules.units import say
from tests.engine.test_explain_text import CASES, DESIGN_EXAMPLE, ISOLATED, house, leg
from tests.faces.drawn import Drawn, drawings
from tests.places import BOOKS, POLICIES

IDS = [case[0] for case in CASES]
PIXEL = 1.0


def explained(rulebook: str, given: dict[str, Any]) -> Explanation:
    return riskrules.load(POLICIES, rulebook=rulebook, as_of=given["as_of"]).explain(given)


class Tags(HTMLParser):
    """Every tag with its attributes, and that each is closed in turn."""

    VOID = ("meta", "br", "line", "rect", "circle", "polyline")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("name, rulebook, given, why", CASES, ids=IDS)
def test_no_request_leaves_it(name: str, rulebook: str, given: dict[str, Any], why: str) -> None:
    html = explained(rulebook, given).html()
    tags = Tags(html).all
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "a", "use", "image"}, why
    assert not {key for _, attributes in tags for key in attributes} & {"src", "href", "onload", "onclick", "action"}, why
    assert "url(" not in CSS
    assert "@import" not in CSS
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"}) in tags


@pytest.mark.parametrize("name, rulebook, given, why", CASES, ids=IDS)
def test_it_says_what_the_terminal_says(name: str, rulebook: str, given: dict[str, Any], why: str) -> None:
    made = explained(rulebook, given)
    html = made.html()
    for pool in made.shown:
        single = pool.single or not pool.legs
        for step in pool.steps() if pool.legs else ():
            if single or not step.of:
                assert escape(step.shown) in html, why
                assert escape(step.source) in html, why
    assert all(line in unescape(html) for line in made.book.plan.status.unsettled)


def test_a_name_is_never_markup() -> None:
    given = house(DESIGN_EXAMPLE)
    given["accounts"][0]["id"] = "<script>alert(1)</script>"
    assert "script" not in {tag for tag, _ in Tags(explained("house-usdm", given).html()).all}


def test_each_picture_says_in_words_what_it_shows() -> None:
    html = explained("house-usdm", house(DESIGN_EXAMPLE)).html()
    for drawn in drawings(html):
        assert drawn.said.endswith(".")
    pictures = [attributes for tag, attributes in Tags(html).all if tag == "svg"]
    assert pictures
    assert all(one["role"] == "img" and one["aria-label"] for one in pictures)


def answers(made: Explanation) -> set[str]:
    """Every liquidation price of every pool, as its mark in a picture names it."""
    prices = [stretch for one in made.book.ask.liquidation_price(made.snapshot) for stretch in one.data.get("stretches", ())]
    return {say.number(_fraction(price["value"])) for price in prices}


def _fraction(text: str) -> Any:
    from fractions import Fraction

    return Fraction(text)


def held_to_the_pixel(made: Explanation) -> int:
    """How many marked prices were looked at; each lies where the drawn lines cross, and each crossing is marked."""
    looked = 0
    known = answers(made)
    html = made.html()
    for kind in ("wide", "narrow"):
        for drawn in drawings(html, kind):
            if len(drawn.lines) < 2:
                continue
            turns = drawn.marks.get("turn", [])
            for name, x in turns:
                assert name in known or made.shown[0].decision == "liquidate"
                assert min((abs(x - cross) for cross in drawn.crossings), default=99) <= PIXEL
                looked += 1
            for cross in drawn.crossings:
                assert min((abs(x - cross) for _, x in turns), default=99) <= PIXEL
    return looked


@pytest.mark.parametrize("name, rulebook, given, why", CASES, ids=IDS)
def test_the_liquidation_price_is_where_the_lines_cross(name: str, rulebook: str, given: dict[str, Any], why: str) -> None:
    assert held_to_the_pixel(explained(rulebook, given)) or name in ("stale", "no_position"), why


@settings(max_examples=30, deadline=None)
@any_of(st.integers(-4000, 4000).filter(bool), st.integers(40_000, 90_000), st.integers(100, 900_000))
def test_it_is_so_for_any_position(size: int, entry: int, balance: int) -> None:
    made = explained("house-usdm", house(leg("p", "BTC-USDT", str(size / 100), str(entry)), balance={"USDT": str(balance)}))
    assume(made.pools[0].decision != "error")
    held_to_the_pixel(made)


COIN_AT = "2021-07-31T00:00:00Z"


def coin(size: str, balance: str) -> dict[str, Any]:
    """An inverse contract: profit is one over the price, so its line bends."""
    held = {"id": "a1", "taker_fee": "0.05%", "collateral": {"BNB": balance}, "positions": [leg("p", "BNB-USD", size, "320")]}
    return {"as_of": COIN_AT, "markets": {"BNB-USD": {"mark_price": "320", "at": COIN_AT}}, "accounts": [held]}


@pytest.mark.parametrize(
    "rulebook, given, why",
    [
        ("house-usdm", house(leg("p", "BTC-USDT", "1", "64000", mode="isolated", margin="5000")), "isolated long"),
        ("house-usdm", house(ISOLATED), "isolated short"),
        ("house-usdm", house(leg("p", "BTC-USDT", "2", "64000")), "cross long"),
        ("house-usdm", house(leg("p", "BTC-USDT", "-2", "64000")), "cross short"),
        ("binance-coinm", coin("1000", "5"), "inverse long"),
        ("binance-coinm", coin("-1000", "20"), "inverse short, with more than it is worth"),
    ],
)
def test_the_exact_answer_is_where_the_axis_has_it(rulebook: str, given: dict[str, Any], why: str) -> None:
    """The axis's own marks say where a price lies: there stands the line, and there the curves cross."""
    made = explained(rulebook, given)
    (price,) = (_fraction(end["value"]) for one in made.book.ask.liquidation_price(given) for end in one.data["stretches"])
    for kind in ("wide", "narrow"):
        drawn = next(drawn for drawn in drawings(made.html(), kind) if len(drawn.lines) == 2)
        ((name, x),) = drawn.marks["turn"]
        assert name == say.number(price)
        assert abs(x - drawn.place_of(price)) < 0.05, why
        assert drawn.crossings
        assert max(abs(cross - x) for cross in drawn.crossings) < 0.25, why


@pytest.mark.parametrize("kind", ["wide", "narrow"])
@pytest.mark.parametrize("name, rulebook, given, why", CASES, ids=IDS)
def test_no_line_crosses_a_word(name: str, rulebook: str, given: dict[str, Any], why: str, kind: str) -> None:
    for drawn in drawings(explained(rulebook, given).html(), kind):
        assert drawn.crossed() == [], (why, drawn.said)


@settings(max_examples=30, deadline=None)
@any_of(st.integers(-4000, 4000).filter(bool), st.integers(40_000, 90_000), st.integers(100, 900_000))
def test_no_line_crosses_a_word_of_any_position(size: int, entry: int, balance: int) -> None:
    html = explained("house-usdm", house(leg("p", "BTC-USDT", str(size / 100), str(entry)), balance={"USDT": str(balance)})).html()
    for kind in ("wide", "narrow"):
        for drawn in drawings(html, kind):
            assert drawn.crossed() == [], drawn.said


def of_margin(html: str) -> Drawn:
    return next(drawn for drawn in drawings(html) if list(drawn.lines) == ["maintenance margin"])


@pytest.mark.parametrize(
    "given, notional, margin, bounds, why",
    [
        (house(DESIGN_EXAMPLE), "641,234", "3,743.03", ["50,000", "250,000", "1,000,000"], "each tier's bound from the graph"),
        (house(ISOLATED), "7,500.75", "37.51", [], "a bound far off is not drawn"),
    ],
)
def test_the_position_lies_on_the_margin_curve(given: dict[str, Any], notional: str, margin: str, bounds: list[str], why: str) -> None:
    drawn = of_margin(explained("house-usdm", given).html())
    ((name, x),) = drawn.marks["now"]
    (dot,) = drawn.dots
    assert name == notional
    assert dot in drawn.lines["maintenance margin"][0]
    assert dot[0] == x
    assert margin in drawn.said
    assert [name for name, _ in drawn.marks.get("bound", [])] == bounds, why


def test_two_legs_of_one_market_are_told_apart() -> None:
    html = explained("house-usdm", next(given for name, _, given, _ in CASES if name == "hedge")).html()
    titles = re.findall("<figcaption>(.*?)</figcaption>", html)
    assert len(titles) == len(set(titles)) == 3


def test_a_bound_is_where_the_curve_bends() -> None:
    drawn = of_margin(explained("house-usdm", house(DESIGN_EXAMPLE)).html())
    points = drawn.lines["maintenance margin"][0]
    for _, x in drawn.marks["bound"]:
        here = min(points, key=lambda p: abs(p[0] - x))
        before, after = max(p for p in points if p[0] < x - 5), min(p for p in points if p[0] > x + 5)
        rises = [(a[1] - b[1]) / (b[0] - a[0]) for a, b in ((before, here), (here, after))]
        assert rises[1] > rises[0] + 0.01


def test_nothing_is_drawn_of_what_is_undecided() -> None:
    stale = next(given for name, _, given, _ in CASES if name == "stale")
    assert not drawings(explained("house-usdm", stale).html())


def test_a_rulebook_without_tiers_is_drawn_as_far_as_it_goes() -> None:
    book = riskrules.load(BOOKS / "three-scenarios", as_of="2026-02-01T00:00:00Z")
    given = {
        "as_of": "2026-02-01T00:00:00Z",
        "markets": {"BTC-USDC": {"mark_price": "60000"}},
        "accounts": [{"id": "a", "collateral": {"USDC": "20000"}, "positions": [leg("BTC-USDC", "BTC-USDC", "1", "60000")]}],
    }
    made = book.explain(json.loads(json.dumps(given)))
    assert [len(drawn.lines) for drawn in drawings(made.html())] == [2]
    held_to_the_pixel(made)


def test_a_notebook_shows_the_same_without_a_page_around_it() -> None:
    made = explained("house-usdm", house(DESIGN_EXAMPLE))
    fragment = made._repr_html_()
    assert not {"html", "head", "body", "meta"} & {tag for tag, _ in Tags(fragment).all}
    assert re.search(r'<div class="riskrules">.*<svg', fragment, re.DOTALL)
    rules = re.sub(r"@\w+[^{]*\{", "", CSS.replace("\n", ""))
    assert all(one.strip().startswith(".riskrules") for part in re.findall(r"([^{}]+)\{", rules) for one in part.split(","))


def test_on_paper_nothing_is_hidden_or_cut() -> None:
    """No bar to push, no fold to open, no picture over two pages, no head alone at a page's foot."""
    on_paper = CSS[CSS.index("@media print") :]
    for rule in (
        "color-scheme:light",
        ".scroll{overflow:visible}",
        "details::details-content{content-visibility:visible",
        "svg{max-height:",
        "break-inside:avoid",
        "break-after:avoid",
    ):
        assert rule in on_paper


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(part, 16) / 255 for part in re.findall("..", "".join(c * 2 for c in colour[1:]) if len(colour) == 4 else colour[1:])]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_colour_of_a_word_stands_out() -> None:
    """4.5 to 1 against its ground, in light and in dark."""
    palettes = [dict(re.findall(r"--([\w-]+):(#[0-9a-f]+)", part)) for part in re.findall(r"\.riskrules\{(--bg[^}]*)", CSS)]
    assert len(palettes) == 3
    for palette in palettes:
        for name in ("text", "muted", "line-0", "line-1", "good", "bad", "odd"):
            assert contrast(palette[name], palette["bg"]) >= 4.5, name
            assert contrast(palette[name], palette["soft"]) >= 4.5, name
