"""`riskrules evaluate`: a file of positions in, the same rows decided out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import click

from riskrules.api import Book, PolicyError, plan_at
from riskrules.cli.options import as_of_option, format_option, policies_option, rulebook_option, shelf_for, time_of
from riskrules.cli.output import json_out, note, say
from riskrules.diagnostics.exits import BAD_USE, FINE, UNDECIDED
from riskrules.diagnostics.problem import Problem
from riskrules.rulebook.shelf import Shelf
from riskrules.units.clock import say_instant


@click.command("evaluate")
@click.argument("source", metavar="INPUT")
@click.option("--out", required=True, metavar="OUTPUT", help="Where to write: .parquet or .csv. Whole, or not at all.")
@click.option("--accounts", metavar="FILE", help="What accounts hold: account, asset, amount, taker_fee, index_price, index_price_at.")
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
    from riskrules.batch.reading import NotATable

    book = _book(shelf_for(policies), rulebook, as_of)
    drivers = tuple(sorted({name for names in book.plan.drivers.values() for name in names}))
    try:
        given, held = Source(source, drivers), Source(accounts, drivers) if accounts else None
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
    """A bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda rows: None
        return
    length = Path(source.path).stat().st_size if source.path != "-" and Path(source.path).exists() else 0
    with click.progressbar(length=max(length, 1), label="deciding", file=sys.stderr, show_pos=False) as bar:
        done = 0

        def progress(rows: int) -> None:
            nonlocal done
            done += rows
            share = done / source.rows if source.rows else 0.0
            bar.update(int(length * share) - bar.pos if source.rows else 0)

        yield progress


def _told(tally: Any, book: Book, form: str, out: str) -> None:
    from riskrules.engine.explain_text import status_line

    for line in tally.notes:
        note(f"note: {line}")
    if form == "json":
        json_out(
            {
                "schema": "riskrules/evaluate/1",
                "rulebook": book.plan.rulebook,
                "as_of": say_instant(book.when),
                "policy_digest": book.plan.digest,
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
    lines = [f"{code:<10} {count:>14,} rows in error" for code, count in tally.errors.most_common()]
    lines += [f"{word:<10} {count:>14,} rows" for word, count in tally.decisions.items() if count and word != "error"]
    if tally.doubtful:
        lines.append(f"{'exact':<10} {tally.doubtful:>14,} pools that floats could not decide, {tally.alone:,} of them one by one")
    if tally.asked:
        lines.append(f"{'asked':<10} {tally.asked:>14,} liquidation prices one by one")
    shelf = book.shelf
    place = f"{shelf.folder}{' (packaged)' if shelf.packaged else ''}" if shelf else ""
    say("\n".join([*lines, f"written    {out}, {tally.rows:,} rows", "", f"status     {status_line(book.plan.status, book.when)}",
                   f"policies   {place}: {book.plan.rulebook} as of {say_instant(book.when)}, digest {book.plan.digest[:8]}"]))  # fmt: skip
