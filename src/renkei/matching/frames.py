"""Tables of any library as input: pandas, Polars, Arrow, DuckDB and others that narwhals reads, and paths."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from renkei.agreement.datasets import Dataset
from renkei.matching.reading import BATCH_ROWS, RefusedFile, match_columns, open_source, text_batch
from renkei.matching.reading.column_types import refuse_types, unfit_columns

if TYPE_CHECKING:
    import polars as pl
    from narwhals.typing import IntoFrame

Table: TypeAlias = "pl.DataFrame | pl.LazyFrame | pa.Table | IntoFrame | str | Path | Iterable[str | Path]"
"""A frame, eager or lazy, of a library that narwhals reads; or one or several files."""


def table_batches(table: Table, dataset: Dataset) -> Iterator[pa.RecordBatch]:
    """Return a table's rows in order, in batches of text as `Source.batches` yields them.

    Raises RefusedFile for columns that are unknown, missing or given twice, for a column of a type that
    cannot hold its values, and for what is no table at all.
    """
    if isinstance(table, str | Path):
        table = [table]
    if isinstance(table, list | tuple) and all(isinstance(each, str | Path) for each in table) and table:
        return open_source([Path(each) for each in table], dataset).batches()
    arrow = _as_arrow(table, dataset)
    columns = match_columns(arrow.column_names, dataset, dataset.name)
    refuse_types(arrow, dataset, columns, dataset.name)
    batches = arrow.select(list(columns.values())).combine_chunks().to_batches(BATCH_ROWS)
    return (text_batch(batch, dataset, columns) for batch in batches)


def _as_arrow(table: Any, dataset: Dataset) -> pa.Table:
    if isinstance(table, pa.Table):
        return table
    # Loaded here, because a run of files has no use for it.
    import narwhals as nw

    try:
        frame = nw.from_native(table)
    except TypeError:
        raise RefusedFile(
            f"{dataset.name}: {type(table).__name__} is no table. Give a frame of pandas, Polars, Arrow or "
            "DuckDB, or a path.",
            f"{dataset.name}: {type(table).__name__}は表ではありません。pandas・Polars・Arrow・DuckDBの表か、"
            "ファイルのパスを渡してください。",
        ) from None
    try:
        arrow = frame.collect("pyarrow").to_native() if isinstance(frame, nw.LazyFrame) else frame.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        mixed = [name for name in frame.collect_schema().names() if _is_mixed(frame, name)]
        raise unfit_columns(mixed, dataset, dataset.name) from None
    return arrow


def _is_mixed(frame: Any, name: str) -> bool:
    try:
        frame.select(name).to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return True
    return False
