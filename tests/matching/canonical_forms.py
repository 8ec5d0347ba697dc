"""How a column reads texts, as one word each."""

import polars as pl
import pyarrow as pa

from renkei.agreement.datasets import Column
from renkei.matching.reading import FEW_DISTINCT
from renkei.matching.values import read, to_text

UNREADABLE = "(unreadable)"
BLANK = "(blank)"


def read_all(column: Column, texts: list[str | None]) -> list[str]:
    """The canonical forms, or BLANK, or UNREADABLE."""
    raw = pa.array(texts, pa.string())
    values = read(column, raw.dictionary_encode() if column.kind in FEW_DISTINCT else raw)
    written = values.typed.to_frame("typed").select(to_text(column.kind, pl.col("typed"))).to_series()
    return [
        UNREADABLE if unreadable else BLANK if blank else text
        for text, blank, unreadable in zip(written, values.blank, values.unreadable, strict=True)
    ]


def canonical(column: Column, text: str | None) -> str:
    (form,) = read_all(column, [text])
    return form
