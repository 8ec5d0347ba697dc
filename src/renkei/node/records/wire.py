"""What a row must be besides, so that it can be sent: an exchange refuses deliveries, a node single rows.

A value on the wire is one line of bounded length (docs/package-format.md). One address with a line break in
it would otherwise keep a whole day from being sealed; and PostgreSQL stores no NUL.
"""

from typing import Final

import polars as pl

from renkei.agreement.datasets import Dataset, Kind
from renkei.exchange.schemas import NOTIFICATIONS_TABLE, SUSPECTED_OMISSIONS_TABLE

_CONTROL: Final = r"[\x00-\x1f\x7f]"
_TEXTS: Final = frozenset({Kind.TEXT, Kind.PHONE, Kind.CARD_NUMBER})
_LONGEST: Final = {
    column.name: column.longest
    for table in (NOTIFICATIONS_TABLE, SUSPECTED_OMISSIONS_TABLE)
    for column in table.columns
    if column.pattern is None
}


def fit(typed: pl.DataFrame, dataset: Dataset) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Make typed rows fit for the wire: a control character within a text becomes a space.

    Returns the rows, and frames of `line` and `reason` for those that cannot: `unreadable:<column>` where
    nothing else stands in a text, or where it is too long for the wire though the dictionary sets no length.
    """
    troubles: list[pl.DataFrame] = []
    for column in dataset.columns:
        if column.kind not in _TEXTS:
            continue
        text = typed[column.name]
        unfit = pl.repeat(False, typed.height, dtype=pl.Boolean, eager=True)
        if text.str.contains(_CONTROL).any():
            text = text.str.replace_all(f"{_CONTROL}+", " ").str.strip_chars()
            unfit = (text == "").fill_null(False)
            typed = typed.with_columns(text.alias(column.name))
        longest = _LONGEST.get(column.name) if column.max_length is None else None
        if longest is not None:
            unfit = unfit | (text.str.len_chars() > longest).fill_null(False)
        if unfit.any():
            reason = pl.lit(f"unreadable:{column.name}")
            troubles.append(typed.filter(unfit).select("line", reason.alias("reason")))
    return typed, troubles
