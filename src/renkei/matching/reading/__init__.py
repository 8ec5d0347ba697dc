"""Reading files: CSV (RFC 4180), Parquet and workbooks, in batches of text (reconciliation §1).

A file with a fault that concerns the whole file is refused as a whole, before any row is accepted. Refusals
name files, records and columns, but no values, because values are personal data.

- `sources`: opens one or several files of a dataset; what the rest of Renkei uses
- `contents`: the bytes of a file, a pipe or standard input, gzip or not
- `recognition`: what a file really is
- `headers`: the columns
- `csv_scan`, `csv_files`, `parquet_files`, `workbooks`: the formats
- `utf8`, `text_columns`, `refusals`: what they share

Nothing here needs Polars, so a file can be read while Polars is loading.
"""

from renkei.matching.reading.headers import match_columns
from renkei.matching.reading.refusals import RefusedFile
from renkei.matching.reading.sources import BATCH_ROWS, Encoding, Source, dataset_of, open_source
from renkei.matching.reading.text_columns import FEW_DISTINCT, text_batch

__all__ = [
    "BATCH_ROWS",
    "FEW_DISTINCT",
    "Encoding",
    "RefusedFile",
    "Source",
    "dataset_of",
    "match_columns",
    "open_source",
    "text_batch",
]
