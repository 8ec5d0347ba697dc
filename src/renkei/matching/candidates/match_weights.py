"""Match weights: from levels to weights, and from weights to probabilities.

A weight is log2 of the Bayes factor: how much more likely the level is for a right pair (one person) than for
a wrong pair (two persons). If many people have a value, agreement in it is weaker evidence: then the value's
share of the register (term frequency) is used instead of the average. A notification means one person or
none; the probabilities of its candidates and of nobody add up to 1.
"""

from math import log2

import polars as pl

from renkei.matching.candidates.parameters import Item, Parameters


def level_of(item: str) -> str:
    """Return the column of an item's level."""
    return f"{item}_level"


def value_of(item: str) -> str:
    """Return the column of the value in the register."""
    return f"{item}_value"


def share_of(item: str) -> str:
    """Return the column of the value's share of the register."""
    return f"{item}_share"


def weight_of(item: str) -> str:
    """Return the column of an item's weight."""
    return f"{item}_weight"


def weigh(compared: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Add `<item>_weight` (Float64 in bits, 0 if not comparable) and their sum, `weight`."""
    weighed = compared.with_columns(_weight(item).alias(weight_of(item.name)) for item in parameters.items)
    total = pl.sum_horizontal(pl.col(weight_of(item.name)) for item in parameters.items)
    return weighed.with_columns(weight=total)


def _weight(item: Item) -> pl.Expr:
    level = pl.col(level_of(item.name))
    steps = {
        place: log2(right / wrong)
        for place, (right, wrong) in enumerate(zip(item.right, item.wrong, strict=True))
    }
    weight = level.replace_strict(steps, default=0.0, return_dtype=pl.Float64)
    by_frequency = [place for place, one in enumerate(item.kind.levels) if one.by_frequency]
    if not by_frequency:
        return weight
    # Agreement by chance is as likely as the value is frequent; `wrong` is the average over all values.
    rarity = (pl.lit(item.wrong[0]) / pl.col(share_of(item.name))).log(2)
    return weight + pl.when(level.is_in(by_frequency)).then(rarity.fill_null(0.0)).otherwise(0.0)


def probabilities(weighed: pl.DataFrame, parameters: Parameters, population: int) -> pl.DataFrame:
    """Add `probability` (of this person) and `nobody` (of none), within each `query`; from `weight`."""
    prior = log2(parameters.prior / max(population, 1))
    odds = pl.col("weight") * parameters.sharpness + prior
    none = log2(1 - parameters.prior)
    # The largest exponent is subtracted first, so that nothing overflows.
    top = pl.max_horizontal(pl.col("odds").max().over("query"), pl.lit(none))
    return (
        weighed.with_columns(odds=odds)
        .with_columns(top=top)
        .with_columns(part=2 ** (pl.col("odds") - pl.col("top")), none=2 ** (none - pl.col("top")))
        .with_columns(whole=pl.col("part").sum().over("query") + pl.col("none"))
        .with_columns(probability=pl.col("part") / pl.col("whole"), nobody=pl.col("none") / pl.col("whole"))
        .drop("odds", "top", "part", "none", "whole")
    )
