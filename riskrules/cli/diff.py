"""`riskrules diff`: what a change of rules does, rule by rule and row by row, each class proved."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from fractions import Fraction

import click

from riskrules.api import PolicyError
from riskrules.cli.options import format_option, parsed, policies_option, time_of
from riskrules.cli.output import problems_out, say, width_of, written
from riskrules.diagnostics.exits import BAD_USE, FINDINGS, FINE, INVALID_BOOK
from riskrules.engine.difference import Difference, Invalid, Pair, difference
from riskrules.engine.door import snapshot_of
from riskrules.rulebook.lines_changed import Moment
from riskrules.rulebook.revisions import Unreadable
from riskrules.rulebook.shelf import find_shelf
from riskrules.rulebook.sides import NoSide, Side, side_of
from riskrules.units.exact import to_fraction


@click.command("diff")
@click.argument("sides", nargs=-1, metavar="A [B]")
@click.option("--as-of", "times", metavar="TIME", multiple=True, help="Compare what is in force then; twice: A then, B then.")
@click.option("--rulebook", "rulebooks", metavar="NAME", multiple=True, help="Only this rulebook; may be given again.")
@click.option("--name", "names", metavar="NAME", multiple=True, help="Only rules of this name, such as BTC-USDT; may be given again.")
@click.option("--marks", metavar="SNAPSHOT", help="Marks, so that the smallest position is told in lots.")
@policies_option
@format_option("text", "json", "markdown", "html")
@click.option("--out", metavar="FILE", help="Write it there, whole or not at all, and not to standard output.")
def command(
    sides: tuple[str, ...], times: tuple[str, ...], rulebooks: tuple[str, ...], names: tuple[str, ...], marks: str | None,
    policies: str | None, form: str, out: str | None,
) -> int:  # fmt: skip
    """Say what changes between A and B, and what each change does: tightening, loosening, mixed, neutral or undecided.

    A and B are policy files, folders of policies, rulebooks by name, or REV:path of git (the work tree is not touched). With one A and
    --as-of twice: one book at two times. Without a time, books are compared over all time.

    The class is a vector over initial margin, maintenance margin, max leverage, last cap, tier and state, and it is proved of every size;
    `mechanism` is what has no order. Exit 0 nothing changes, 1 something does, 2 wrong use, 20 a book is invalid.
    """
    texts: dict[str, str] = {}
    try:
        one, other = _sides(sides, times, policies)
        texts = {**one.texts, **other.texts}
        found = _difference(one, other, times, rulebooks, _marks(marks))
    except (NoSide, Unreadable, Invalid) as error:
        of_the_book = isinstance(error, Invalid) or (isinstance(error, NoSide) and error.of_the_book)
        problems_out(error.problems, texts=error.texts if isinstance(error, NoSide) else texts)
        return INVALID_BOOK if of_the_book else BAD_USE
    if names:
        chosen = (one for one in found.changes if {one.differs.unit[1], one.differs.named} & set(names))
        found = replace(found, changes=tuple(chosen))
    text = _printed(found, form, out is None)
    if out is None:
        say(text.removesuffix("\n"))
    else:
        written(out, text)
    return FINDINGS if found.changes else FINE


def _sides(words: tuple[str, ...], times: tuple[str, ...], policies: str | None) -> tuple[Side, Side]:
    if not 1 <= len(words) <= 2 or len(times) > 2:
        raise click.UsageError("give A and B, or one book and --as-of twice")
    if len(words) == 1 and len(times) < 2:
        raise click.UsageError(f"only {words[0]!r} is given: name a second side, or two times with --as-of")
    shelf = find_shelf(policies)
    made = [side_of(word, shelf) for word in dict.fromkeys(words)]
    if times and any(side.when is not None for side in made):
        raise click.UsageError("a file begins when it says: leave --as-of away, or compare folders")
    return made[0], made[-1]


def _difference(one: Side, other: Side, times: tuple[str, ...], rulebooks: tuple[str, ...], marks: dict[str, Fraction]) -> Difference:
    pairs = _pairs(one, other, rulebooks)
    return _of_files(difference(pairs, _moment(one, other, times), _labels(one, other, times), marks), one, other)


def _labels(one: Side, other: Side, times: tuple[str, ...]) -> tuple[str, str]:
    if len(times) < 2:
        return one.label, other.label
    return f"{one.label} as of {times[0]}", f"{other.label} as of {times[1]}"


def _pairs(one: Side, other: Side, rulebooks: tuple[str, ...]) -> dict[str, Pair]:
    left, right = ({name: book for name, book in side.books.items() if not rulebooks or name in rulebooks} for side in (one, other))
    missing = [name for name in rulebooks if name not in left and name not in right]
    if missing:
        raise click.UsageError(f"neither side has a rulebook {missing[0]!r}; they have {', '.join(sorted({*one.books, *other.books}))}")
    if len(left) == len(right) == 1 and left.keys() != right.keys():
        (this, mine), (that, theirs) = next(iter(left.items())), next(iter(right.items()))
        return {f"{this} and {that}": (mine, theirs)}
    return {name: (left.get(name), right.get(name)) for name in sorted(left.keys() | right.keys())}


def _moment(one: Side, other: Side, times: tuple[str, ...]) -> Moment | None:
    if one.when is not None or other.when is not None:
        if one.when is None or other.when is None:
            raise click.UsageError("a file is compared with a file, a folder with a folder")
        return one.when, other.when
    found = [time_of(text) for text in times]
    return (found[0], found[-1]) if found else None


def _of_files(found: Difference, one: Side, other: Side) -> Difference:
    """A file says nothing of what it does not name: only what one of the two names is told."""
    notes = tuple(side.note for side in (one, other) if side.note)
    if one.only is None or other.only is None:
        return replace(found, notes=notes)
    named = one.only | other.only
    return replace(found, changes=tuple(change for change in found.changes if change.differs.unit in named), notes=notes)


def _marks(file: str | None) -> dict[str, Fraction]:
    if file is None:
        return {}
    read = parsed(file)
    snapshot, problems = (None, read.problems) if read.problems else snapshot_of({"accounts": [], **read.tree}, read.shown, read.text, {})
    if snapshot is None:
        raise PolicyError(problems, BAD_USE)
    return {name: to_fraction(market.mark_price) for name, market in snapshot.markets.items() if market.mark_price}


def _printed(found: Difference, form: str, to_screen: bool) -> str:
    if form == "json":
        from riskrules.engine.difference_json import difference_json

        return json.dumps(difference_json(found), indent=2, ensure_ascii=False) + "\n"
    from riskrules.faces.difference_text import markdown, text

    if form == "markdown":
        return markdown(found)
    if form == "html":
        from riskrules.faces.difference_html import page

        return page(found)
    return text(found, width_of(sys.stdout) if to_screen else 120) + "\n"
