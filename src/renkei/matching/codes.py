"""Verdicts and causes as they are stored in columns: verdicts as UInt8, causes as their codes."""

from collections.abc import Callable, Mapping

import polars as pl

from renkei.agreement.causes import CAUSES, Found, found_by
from renkei.agreement.outcomes import AGREES

#: The verdicts that count as agreeing, as stored.
AGREEING = tuple(int(verdict) for verdict in AGREES)
#: The cause of a difference if no other cause fits.
OTHERWISE = CAUSES["different"].code


def first_that_fits(
    item: str, fits: Mapping[str, pl.Expr], write: Callable[[str], pl.Expr] = pl.lit
) -> pl.Expr:
    """Write the cause of each difference in an item: the first of the list that fits, else `different`.

    `fits`: by the code of a cause, whether it fits (Boolean, null is no); the order is that of
    `agreement.causes`. `write` writes a code. Raises UnknownCode for a code that comparing the item cannot
    give.
    """
    order = list(found_by(Found.COMPARING, item))
    codes = sorted((found_by(Found.COMPARING, item)[code].code for code in fits), key=order.index)
    cause = write(OTHERWISE)
    for code in reversed(codes):
        cause = pl.when(fits[code]).then(write(code)).otherwise(cause)
    return cause
