"""Read one large CSV of notifications whole, as text, and print its rows: `read_csv.py WAY FILE`.

`arrow`, `arrow-table` and `polars`: the library alone. `scan`: only the proofs of `csv_scan`.
`renkei`: what is in use, with the proofs. `renkei-polars`: the same with Polars in the place of Arrow,
for each piece, with fields counted, in the form that the checks need.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.matching.reading.csv_scan import Piece, pieces
from renkei.matching.reading.text_columns import FEW, FEW_DISTINCT
from renkei.matching.reading.utf8 import is_utf8


def arrow(path: Path) -> int:
    """Stream it by Arrow on all cores, every column as text."""
    import pyarrow.csv as pa_csv

    types = pa_csv.ConvertOptions(column_types=dict.fromkeys(_header(path), pa.string()))
    with pa_csv.open_csv(path, convert_options=types) as reader:
        return sum(batch.num_rows for batch in reader)


def arrow_table(path: Path) -> int:
    """Read it by Arrow on all cores into one table, every column as text."""
    import pyarrow.csv as pa_csv

    types = pa_csv.ConvertOptions(column_types=dict.fromkeys(_header(path), pa.string()))
    return pa_csv.read_csv(path, convert_options=types).num_rows


def polars(path: Path) -> int:
    """Scan it by Polars' streaming engine, every column as text."""
    import polars as pl

    return pl.scan_csv(path, infer_schema=False).collect(engine="streaming").height


def scan(path: Path) -> int:
    """Prove RFC 4180 and UTF-8, and count the records, without reading a value."""
    return sum(piece.records for piece in _proved(path)) - 1


def renkei(path: Path) -> int:
    """Read it as `renkei reconcile` does."""
    from renkei.matching.reading import open_source

    return sum(batch.num_rows for batch in open_source(path, NOTIFICATIONS).batches())


def renkei_polars(path: Path) -> int:
    """Read each proved piece by Polars, and make of it what the checks need."""
    import polars as pl

    headers, rows = _header(path), 0
    few = {column.name for column in NOTIFICATIONS.columns if column.kind in FEW_DISTINCT}
    for piece in _proved(path):
        first = not rows
        if piece.ragged(len(headers)):
            raise SystemExit("rows of different lengths")
        read = pl.read_csv(piece.data, has_header=first, new_columns=headers, infer_schema=False)
        if read.height != piece.records - first:
            raise SystemExit("another number of rows")
        for name, column in zip(headers, read.rechunk().to_arrow().columns, strict=True):
            column.cast(pa.string()).dictionary_encode().cast(FEW) if name in few else column.cast(
                pa.string()
            )
        rows += read.height
    return rows


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig") as file:
        return file.readline().strip().split(",")


def _proved(path: Path) -> Iterator[Piece]:
    with path.open("rb") as file:
        for piece in pieces(file, path.name):
            if not is_utf8(piece.data):
                raise SystemExit("not UTF-8")
            yield piece


WAYS: dict[str, Callable[[Path], int]] = {
    "arrow": arrow,
    "arrow-table": arrow_table,
    "polars": polars,
    "scan": scan,
    "renkei": renkei,
    "renkei-polars": renkei_polars,
}

if __name__ == "__main__":
    print(WAYS[sys.argv[1]](Path(sys.argv[2])))
