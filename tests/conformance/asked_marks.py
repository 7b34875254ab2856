"""Mark prices asked of a trial's book: the figures of the rule that its market has, from the legs of the case."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from riskrules.engine.door import parse_text
from riskrules.engine.explain import figure
from riskrules.engine.mark_input import mark_input_of
from riskrules.engine.marking import marked
from tests.conformance.asked import Answers, Found, NoFigure, Reading, Span, figure_of
from tests.conformance.books import refused

NOBODY: Mapping[str, Any] = {"accounts": [{"id": "nobody"}]}  # a mark is of a market, and of no account


def mark(name: str, market: str, legs: Mapping[str, Any], as_of: str) -> Reading:
    """A named term of the market's mark rule."""

    def reading(answers: Answers) -> Found:
        text = json.dumps({"as_of": as_of, "markets": {market: legs}})
        given, problems = mark_input_of(parse_text(text, "case")[0], "case", text)
        if given is None:
            raise refused("input", problems)
        (made,) = marked(answers.plan, given)
        if made.walk is None or name not in made.walk.program.named:
            return NoFigure(f"the rulebook has no {name} of {market}")
        return figure_of(figure(made.walk.value(name, 0)), f"{name} of {market}")

    return reading


__all__ = ["NOBODY", "Span", "mark"]
