"""Made-up formulas: expressions of the language, few of them sensible, put in the place of a real one.

Units are taken off every figure, so that what is reached is the arithmetic and not the check of units.
"""

from __future__ import annotations

import random
import re

NAMES = ("notional", "size", "mark_price", "entry_price", "loss_in_scenario", "net_notional")
NUMBERS = ("0", "1", "2", "3", "0.5", "0.000001", "1000000")
ROUNDINGS = ("up", "down", "toward_zero", "away_from_zero", "half_up", "half_even")
ROWS = ("pool", "position", "account", "market", "leg", "pool_each_scenario")


def number(dice: random.Random, depth: int) -> str:
    if depth <= 0 or dice.random() < 0.15:
        return dice.choice((dice.choice(NUMBERS), f"in_unit({dice.choice(NAMES)}, 1)"))
    one, two = number(dice, depth - 1), number(dice, depth - 1)
    over, rounding, when = dice.choice(("total", "largest", "smallest")), dice.choice(ROUNDINGS), condition(dice, depth - 1)
    return dice.choice(
        (
            *(f"({one} {sign} {two})" for sign in "+-*/"), f"(-{one})", f"{one} ** {dice.randrange(10)}", f"abs({one})",
            f"min({one}, {two})", f"max({one}, {two})", f"round_{rounding}({one}, {two})",
            f"round_{rounding}(sqrt({one}), {two})", f"({one} if {when} else {two})", when,
            f"{over}({one}, {dice.choice(ROWS)})", f"worst(in_unit(stressed({one}), 1))",
        )
    )  # fmt: skip


def condition(dice: random.Random, depth: int) -> str:
    one, two = number(dice, depth - 1), number(dice, depth - 1)
    if dice.random() < 0.7:
        return f"({one} {dice.choice(('<', '<=', '>', '>=', '=='))} {two})"
    this, that = condition(dice, 0), condition(dice, 0)
    return dice.choice((f"({this} and {that})", f"({this} or {that})", f"(not {this})", "True", f"({this} < {that})"))


def with_made_up(text: str, term: str, dice: random.Random) -> str:
    """The policy with a made-up expression under a term."""
    expression = f"in_unit({number(dice, dice.choice((1, 2, 3)))}, settle)"
    return with_expression(text, term, expression, dice.choice(NUMBERS))


def with_expression(text: str, term: str, expression: str, figure: str) -> str:
    """The policy with this expression under a term; its example gives the figure to every name."""
    given = ", ".join(f"{name}: {figure}" for name in NAMES if re.search(rf"\b{name}\b", expression))
    head = rf"(  {term}:\n    rows: leg\n    unit: settle\n    expression: )"
    pattern = re.compile(head + r"[^\n]*(\n    reads_as: [^\n]*\n)    example: [^\n]*")
    return pattern.sub(lambda match: f"{match[1]}{expression}{match[2]}    example: {{given: {{{given}}}, gives: 0}}", text)


def with_figure(text: str, figure: str) -> str:
    """What the made-up example comes to, as the refusal said it, written in; the text as it is where that is no short decimal."""
    plain = figure.replace(",", "").replace("−", "-")
    return text.replace("gives: 0}", f"gives: {plain}}}", 1) if re.fullmatch(r"-?[0-9.]+", plain) else text
