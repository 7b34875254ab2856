"""Steps of a liquidation asked of a trial's book: who is called upon, and by which rank."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from riskrules.engine.door import parse_text
from riskrules.engine.explain import figure
from riskrules.engine.step_input import state_of
from riskrules.engine.stepping import NextStep, next_steps
from tests.conformance.asked import Answers, Found, NoFigure, Reading, Words, figure_of
from tests.conformance.books import refused

State = Mapping[str, Any]


def _step(answers: Answers, state: State) -> NextStep:
    text = json.dumps(state)
    read, problems = state_of(parse_text(text, "case")[0], "case", text)
    if problems:
        raise refused("state", problems)
    return next_steps(answers.plan, answers.evaluated.snapshot, read)[0]


def of_counterparty(name: str, of: str, state: State) -> Reading:
    """A figure of one on the other side."""

    def reading(answers: Answers) -> Found:
        made = _step(answers, state)
        row = [one["id"] for one in state["counterparties"]].index(of)
        if made.fault is not None:
            return NoFigure(f"error {made.fault.code} {made.fault.text}")
        return figure_of(figure(made.evaluated.walk.value(name, row)), f"{name} of {of}")

    return reading


def called_upon(place: int, state: State) -> Reading:
    """Who stands at a place of the ranking."""

    def reading(answers: Answers) -> Found:
        made = _step(answers, state)
        if made.fault is not None:
            return NoFigure(f"error {made.fault.code} {made.fault.text}")
        ahead = {one["id"]: made.evaluated.walk.value("ahead", row) for row, one in enumerate(state["counterparties"])}
        ranked = sorted(ahead, key=lambda name: ahead[name][0] / ahead[name][1])
        return Words(frozenset({ranked[place]}))

    return reading
