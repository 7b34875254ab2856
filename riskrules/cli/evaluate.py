"""`riskrules evaluate`: a file of positions in, the same rows decided out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import click

from riskrules.api import Book, PolicyError, plan_at
from riskrules.cli.options import as_of_option, format_option, policies_option, rulebook_option, rules_line, shelf_for, time_of
from riskrules.cli.output import json_out, note, say, some, width_of
from riskrules.diagnostics.exits import BAD_USE, FINE, UNDECIDED
from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import say_instant


@click.command("evaluate")
@click.argument("source", metavar="INPUT")
@click.option("--out", required=True, metavar="OUTPUT", help="Where to write: .parquet or .csv. Whole, or not at all.")
@click.option(
    "--accounts",
    metavar="FILE",
    help="What accounts hold: account, asset, amount, taker_fee, index_price, index_price_at, and what formulas read of a balance.",
)
@click.option("--accounts-out", metavar="FILE", help="A row for each pool: an account's balances in one asset, or an isolated position.")
@click.option(
    "--amounts", type=click.Choice(["float", "exact"]), default="float", show_default=True, help="float64, or decimals to 0.00000001."
)
@click.option("--liquidation-price", is_flag=True, help="Also where each position is liquidated, all else held: an estimate.")
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="How many work at once.")
@click.option("--sort", is_flag=True, help="Sort by account and time first; the whole input is held in memory.")
@click.option("--allow-errors", is_flag=True, help="Exit 0 though rows are errors.")
@policies_option
@rulebook_option
@as_of_option
@format_option("text", "json")
def command(
    source: str, out: str, accounts: str | None, accounts_out: str | None, amounts: Literal["float", "exact"], liquidation_price: bool,
    threads: int, sort: bool, allow_errors: bool, policies: str | None, rulebook: str | None, as_of: str | None, form: str,
) -> int:  # fmt: skip
    """Decide every position of INPUT (.parquet, .csv, or - for CSV on standard input), one row each.

    Columns: account, position_id, time, market, side, size, entry_price, mark_price, mark_price_at, mode, margin, leverage,
    unsettled_funding, taker_fee, and what the rulebook's formulas read. A column time picks the policy row by row; else give --as-of.
    The rows of an account stand together, or give --sort. Rows that are errors do not stop the job; then the exit code is 30.
    """
    from riskrules.batch import stream
    from riskrules.batch.arrow import NoArrow
    from riskrules.batch.files import Sink, Source
    from riskrules.batch.inputs import Drivers
    from riskrules.batch.reading import NotATable

    book = _book(shelf_for(policies), rulebook, as_of)
    drivers = Drivers(book.plan.columns(), book.plan.columns(of_balances=True))
    try:
        given, held = Source(source, drivers.of_positions), Source(accounts, drivers.of_balances) if accounts else None
        job = stream.Job(given, Sink(out), held, Sink(accounts_out) if accounts_out else None, amounts, threads, sort, liquidation_price)
        with _progress(given) as progress:
            tally = stream.run(job, book.at, book.when, drivers, progress)
    except NoArrow as error:
        raise click.ClickException(str(error)) from error
    except NotATable as error:
        raise in_our_words(error.text, error.hint) from error
    except OSError as error:
        raise unwritten(error, out) from error
    _told(tally, book, form, out)
    return UNDECIDED if tally.errors and not allow_errors else FINE


def in_our_words(text: str, hint: str) -> PolicyError:
    """What is wrong with a table as a whole."""
    return PolicyError([Problem("RR760", None, text, f"{hint}; nothing was written")], BAD_USE)


def unwritten(error: OSError, out: str) -> PolicyError:
    text = f"cannot read or write {error.filename or out}: {(error.strerror or str(error)).lower()}"
    return PolicyError([Problem("RR761", None, text, "name a file that is there and a place with room; nothing was written")], BAD_USE)


def _book(shelf: Shelf, rulebook: str | None, as_of: str | None) -> Book:
    known = shelf.rulebooks()
    if rulebook is None and len(known) != 1:
        raise click.UsageError(f"which rulebook? {shelf.folder} has {', '.join(known) or 'none'}; name one with --rulebook")
    if as_of is None:
        raise click.UsageError("no time: give --as-of (rows with a time of their own go by that; the clock is never used)")
    when = time_of(as_of)
    return Book(plan_at(shelf, rulebook or known[0], when), when, shelf)


@contextmanager
def _progress(source: Any) -> Iterator[Any]:
    """A count on a terminal, gone when the work is done; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda rows: None
        return
    done = 0

    def progress(rows: int) -> None:
        nonlocal done
        done += rows
        of = f" of {source.rows:,}" if source.rows else ""  # a CSV does not say how many it has
        sys.stderr.write(f"\r{done:,}{of} rows decided")
        sys.stderr.flush()

    try:
        yield progress
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _told(tally: Any, book: Book, form: str, out: str) -> None:
    for line in tally.notes:
        note(f"note: {line}")
    if form == "json":
        json_out(
            {
                "schema": "riskrules/evaluate/1",
                "rulebook": book.plan.rulebook,
                "as_of": say_instant(book.when),
                "policy_digest": book.plan.rules,
                "out": out,
                "rows": tally.rows,
                "errors": dict(tally.errors.most_common()),
                "decisions": {word: count for word, count in tally.decisions.items() if count},
                "by_exact_columns": tally.doubtful,
                "one_by_one": tally.alone,
                "asked": tally.asked,
            }
        )
        return
    say("\n".join([*_counted(tally), f"written    {out}, {some(tally.rows, 'row')}", "", *_foot(book)]))


def _counted(tally: Any) -> Iterator[str]:
    """What became of the rows, errors by their code first, in one column of counts."""
    counts = [(code, count, f"{_rows(count)} in error") for code, count in tally.errors.most_common()]
    counts += [(word, count, _rows(count)) for word, count in tally.decisions.items() if count and word != "error"]
    one_by_one = f"{tally.alone:,} of them one by one"
    counts += [("exact", tally.doubtful, f"pools that floats could not decide, {one_by_one}")] if tally.doubtful else []
    counts += [("asked", tally.asked, "liquidation prices one by one")] if tally.asked else []
    wide = max((len(f"{count:,}") for _, count, _ in counts), default=0)
    return (f"{word:<10} {count:>{wide},} {text}" for word, count, text in counts)


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _foot(book: Book) -> list[str]:
    from riskrules.engine.explain_text import beside, status_line

    assert book.shelf is not None
    width = width_of(sys.stdout)
    status = beside("status     ", status_line(book.plan.status, book.when), width)
    return [*status, *beside("policies   ", rules_line(book.plan, book.shelf, book.when), width)]
