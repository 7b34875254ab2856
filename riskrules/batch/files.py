"""Files of positions, read and written in pieces: memory stays flat, and nothing stands under the final name before it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from riskrules.batch.arrow import pyarrow
from riskrules.batch.inputs import FIGURES
from riskrules.batch.reading import HELD, INSTANTS, WORDS, NotATable

PIECE = 131_072  # rows read at once
GROUP = 1_048_576  # rows of a row group that is written
BUFFER = 1 << 20  # bytes of a column that are read at once
PARQUET, CSV = (".parquet", ".pq"), (".csv",)


class Source:
    """A file of rows, piece by piece; `rows` is how many it has, where it says so."""

    def __init__(self, path: str, drivers: tuple[str, ...] = ()) -> None:
        self.path, self._drivers = path, drivers
        self.shown = "standard input" if path == "-" else path
        self.kind = "csv" if path == "-" else kind_of(path)
        self.rows: int | None = None

    def pieces(self, pa: Any) -> Iterator[Any]:
        """Raises `NotATable` for a file that is torn or none of its kind."""
        if self.path != "-":
            Path(self.path).open("rb").close()  # a file that is not there says so by name
        try:
            yield from self._parquet(pa) if self.kind == "parquet" else self._csv(pa)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise NotATable(f"{self.shown} is torn, or no {self.kind}: {text}", "write it again; nothing was written here") from error

    def _parquet(self, pa: Any) -> Iterator[Any]:
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path, pre_buffer=False, buffer_size=BUFFER) as file:  # read ahead, it would hold the whole file
            self.rows = file.metadata.num_rows
            for batch in file.iter_batches(batch_size=PIECE):
                yield pa.Table.from_batches([batch])

    def _csv(self, pa: Any) -> Iterator[Any]:
        """Figures and times stay as they are written, so that each means itself."""
        import sys

        import pyarrow.csv as csv

        names = (*FIGURES, *INSTANTS, *WORDS, *HELD, *self._drivers)
        options = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""])
        reading = csv.ReadOptions(block_size=1 << 24)
        source = sys.stdin.buffer if self.path == "-" else self.path
        with csv.open_csv(source, read_options=reading, convert_options=options) as reader:
            for batch in reader:
                table = pa.Table.from_batches([batch])
                for begin in range(0, table.num_rows, PIECE):
                    yield table.slice(begin, PIECE)

    def whole(self, pa: Any) -> Any:
        pieces = list(self.pieces(pa))
        if not pieces:
            raise NotATable(f"{self.shown} has no rows", "give a table with a row for each position")
        return pa.concat_tables(pieces)


def kind_of(path: str) -> str:
    suffix = Path(path).suffix.lower()
    if suffix in PARQUET:
        return "parquet"
    if suffix in CSV:
        return "csv"
    raise NotATable(f"{path} is neither .parquet nor .csv", "name the file by its kind")


def together(pieces: Iterator[Any], whole_accounts: bool) -> Iterator[Any]:
    """Pieces that end where an account does: what is left of the last one goes before the next."""
    if not whole_accounts:
        yield from pieces
        return
    pa = pyarrow()
    left = None
    for piece in pieces:
        table = piece if left is None else pa.concat_tables([left, piece], promote_options="permissive")
        cut = _last_account(pa, table)
        left = table.slice(cut)
        if cut:
            yield table.slice(0, cut)
    if left is not None and left.num_rows:
        yield left


def _last_account(pa: Any, table: Any) -> int:
    """The first row of the last account."""
    column = table.column("account").combine_chunks()
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if len(column) < 2:
        return 0
    differs = pa.compute.not_equal(column, column[-1]).fill_null(True).to_numpy(zero_copy_only=False)
    places = differs.nonzero()[0]
    return int(places[-1]) + 1 if len(places) else 0


class Sink:
    """Rows written beside, and moved into place by `done`; `dropped` leaves nothing behind."""

    def __init__(self, path: str) -> None:
        self.path, self.kind = Path(path), kind_of(path)
        self._beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        self._writer: Any = None

    def write(self, pa: Any, table: Any) -> None:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._opened(table.schema)
        if self.kind == "parquet":
            self._writer.write_table(table, row_group_size=GROUP)
        else:
            self._writer.write_table(plain(pa, table))

    def _opened(self, schema: Any) -> Any:
        pa = pyarrow()
        if self.kind == "parquet":
            import pyarrow.parquet as pq

            words = [field.name for field in schema if pa.types.is_dictionary(field.type) or pa.types.is_string(field.type)]
            return pq.ParquetWriter(self._beside, schema, compression="lz4", use_dictionary=words, write_statistics=False)
        import pyarrow.csv as csv

        return csv.CSVWriter(self._beside, plain(pa, schema.empty_table()).schema)

    def closed(self) -> None:
        """All of it is on the disk, beside its place."""
        if self._writer is not None:
            self._writer.close()

    def done(self) -> None:
        """Into its place; a file of which nothing was written is none."""
        if self._writer is not None:
            self._beside.replace(self.path)

    def dropped(self) -> None:
        with suppress(Exception):
            if self._writer is not None:
                self._writer.close()
        with suppress(OSError):
            self._beside.unlink(missing_ok=True)


def plain(pa: Any, table: Any) -> Any:
    """Words as text, which is all that CSV has."""
    columns = [column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column for column in table.columns]
    return pa.table(columns, names=table.column_names)


Progress = Callable[[int], None]
