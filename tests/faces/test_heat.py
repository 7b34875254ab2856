"""Heat maps: every figure is in its cell with its sign, and what is left out is said."""

from __future__ import annotations

import re

import pytest

from riskrules.faces.heat import Cell, Heat, heat


def picture(many: int) -> Heat:
    names = tuple(f"M{k}" for k in range(many))
    cells = tuple(
        tuple(Cell(f"{'+' if i >= j else '−'}{i}{j}", (1 if i >= j else -1) * (i + 1) / many) for j in range(many)) for i in range(many)
    )
    return Heat("A title & more", "What it says.", names, names, cells, "The smaller ones are left out.")


@pytest.mark.parametrize(
    "many, wide, narrow, why",
    [
        (3, 3, 3, "a small one is whole at both sizes"),
        (7, 7, 7, "as many as a telephone shows"),
        (8, 8, 7, "one too many for it"),
        (25, 20, 7, "too many for either"),
    ],
)
def test_what_does_not_fit_is_said_to_be_left_out(many: int, wide: int, narrow: int, why: str) -> None:
    drawn = heat(picture(many)).split("<svg")[1:]
    for text, shown in zip(drawn, (wide, narrow), strict=True):
        assert text.count("<rect") == shown * shown, why
        assert ("The smaller ones are left out." in text) is (shown < many), why


def test_a_cell_says_its_sign_beside_its_colour() -> None:
    cells = re.findall(r'<rect class="(of-\d)"[^>]*/><text[^>]*>([^<]*)</text>', heat(picture(3)).split("<svg")[1])
    assert len(cells) == 9
    assert all((colour == "of-1") == text.startswith("−") for colour, text in cells)


def test_words_are_escaped() -> None:
    assert "A title &amp; more" in heat(picture(2))


@pytest.mark.parametrize("many", [1, 2, 20])
def test_nothing_is_drawn_outside_the_frame(many: int) -> None:
    for text in heat(picture(many)).split("<svg")[1:]:
        width = int(re.search(r'viewBox="0 0 (\d+)', text)[1])  # type: ignore[index]
        for x, wide in re.findall(r'<rect [^>]*x="([\d.]+)"[^>]*width="([\d.]+)"', text):
            assert float(x) + float(wide) <= width
