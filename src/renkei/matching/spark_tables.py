"""Tables between Polars, Arrow and Spark, which share most types and not all."""

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

_SPARK_TYPES = {
    pl.String: "string",
    pl.Date: "date",
    pl.Int32: "int",
    pl.Int16: "smallint",
    pl.Int64: "bigint",
    pl.Boolean: "boolean",
    pl.Float64: "double",
}
# Spark knows neither Enum nor unsigned numbers; on the wire they travel as these.
_ON_THE_WIRE: Mapping[type[pl.DataType], pl.DataType] = {
    pl.Enum: pl.String(),
    pl.UInt8: pl.Int16(),
    pl.UInt32: pl.Int64(),
}


def to_polars(table: pa.Table) -> pl.DataFrame:
    """Return an Arrow table as a frame."""
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table, not an array
    return frame


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table of the types that Spark takes."""
    table = frame.to_arrow()
    return table.cast(pa.schema(field.with_type(_small(field.type)) for field in table.schema))


def _small(dtype: pa.DataType) -> pa.DataType:
    """Spark takes Arrow's plain strings and lists, not the large ones."""
    if pa.types.is_large_list(dtype):
        return pa.list_(_small(dtype.value_type))
    return pa.string() if pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype) else dtype


def on_the_wire(frame: pl.DataFrame) -> pl.DataFrame:
    """Cast what Spark does not know to what it does."""
    return frame.cast(
        pl.Schema({name: _ON_THE_WIRE.get(dtype.base_type(), dtype) for name, dtype in frame.schema.items()})
    )


def ddl(wire: pl.DataFrame) -> str:
    """Describe a frame from `on_the_wire` as Spark's schema."""
    return ", ".join(f"`{name}` {_SPARK_TYPES[dtype.base_type()]}" for name, dtype in wire.schema.items())


def like_before(frame: pl.DataFrame, like: pl.DataFrame) -> pl.DataFrame:
    """Give rows from the wire the columns and types they had."""
    return frame.select(like.columns).cast(like.schema)
