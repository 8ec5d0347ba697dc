"""Match weights: from levels to weights, and from weights to probabilities.

A weight is log2 of the Bayes factor: how much more likely the level is for a right pair (one person) than for
a wrong pair (two persons). If many people have a value, agreement in it is weaker evidence: then the value's
share of the register (term frequency) is used instead of the average. A notification means one person or
none; the probabilities of its candidates and of nobody add up to 1.
"""

from collections.abc import Mapping
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


# Items that say who somebody is; all others are on the card, and are copied together with its number.
_OF_THE_PERSON = ("name", "birth_date")
_NUMBER = "card_number"


def weigh(compared: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Add `<item>_weight` (Float64 in bits, 0 if not comparable), their sum `weight`, and `without_number`.

    `without_number` is what speaks for the person although the number may be another's: the weights of name
    and birth date, and of the other items what speaks against. Null if the number is not near.
    """
    counted = RECORDS in compared.columns
    weighed = compared.with_columns(
        _weight(item, counted=counted).alias(weight_of(item.name)) for item in parameters.items
    )
    weights = {item.name: pl.col(weight_of(item.name)) for item in parameters.items}
    kinds = {item.name: item.kind_name for item in parameters.items}
    own = [
        weight if kinds[name] in _OF_THE_PERSON else weight.clip(upper_bound=0.0)
        for name, weight in weights.items()
        if kinds[name] != _NUMBER
    ]
    near = [
        pl.col(level_of(item.name)) < len(item.kind.levels) - 1
        for item in parameters.items
        if item.kind_name == _NUMBER
    ]
    return weighed.with_columns(
        weight=pl.sum_horizontal(*weights.values()),
        without_number=pl.when(pl.any_horizontal(pl.lit(False), *near)).then(
            pl.sum_horizontal(pl.lit(0.0), *own)
        ),
    )


def agrees_exactly(parameters: Parameters) -> pl.Expr:
    """Tell whether name and birth date both agree; false without such items."""
    levels = [
        pl.col(level_of(item.name)) == item.kind.place("agrees")
        for item in parameters.items
        if item.kind_name in _OF_THE_PERSON
    ]
    both = len(levels) == len(_OF_THE_PERSON)
    return pl.all_horizontal(levels).fill_null(False) if both else pl.lit(False)


#: The column of the number of records that the shares were counted in.
RECORDS = "records"
# A share counted in fewer records than this says less than the average that was learned: the only person of a
# register has every value of it, and still seldom agrees with another by chance.
_AVERAGE_COUNTS_AS = 1000


def _weight(item: Item, *, counted: bool) -> pl.Expr:
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
    share = pl.col(share_of(item.name))
    if counted:
        holders = share * pl.col(RECORDS) + item.wrong[0] * _AVERAGE_COUNTS_AS
        share = holders / (pl.col(RECORDS) + _AVERAGE_COUNTS_AS)
    rarity = (pl.lit(item.wrong[0]) / share).log(2)
    return weight + pl.when(level.is_in(by_frequency)).then(rarity.fill_null(0.0)).otherwise(0.0)


def probabilities(weighed: pl.DataFrame, parameters: Parameters, population: int) -> pl.DataFrame:
    """Add `probability` (of this person) and `nobody` (of none), within each `query`.

    From `weight`, and as far as these columns are there: from `without_number`, since a near number may as
    well be another's, and from `unseen`, the number of persons who agree as the exact ones of the query
    (`exact`) do and were not compared; both make the others less probable.
    """
    prior = log2(parameters.prior / max(population, 1))
    none = log2(1 - parameters.prior)
    nothing = {name: missing for name, missing in _ABSENT.items() if name not in weighed.columns}
    odds = pl.col("weight") * parameters.sharpness + prior
    # That the number is this person's and the notification another's: before name and birth date are looked
    # at, as probable as that both are this person's. Whoever shares the number alone has at most one half.
    of_another = pl.col("odds") - pl.col("without_number") * parameters.sharpness
    # The largest exponent is subtracted first, so that nothing overflows.
    top = pl.max_horizontal(pl.max_horizontal("odds", "of_another").max().over("query"), pl.lit(none))
    alike = pl.col("part").filter("exact").median().fill_null(0.0)
    return (
        weighed.with_columns(odds=odds, **nothing)
        .with_columns(of_another=of_another)
        .with_columns(top=top)
        .with_columns(part=2 ** (pl.col("odds") - pl.col("top")), none=2 ** (none - pl.col("top")))
        .with_columns(
            none=pl.col("none") + (2 ** (pl.col("of_another") - pl.col("top"))).sum().over("query"),
            unseen_part=(alike * pl.col("unseen").first()).over("query"),
        )
        .with_columns(whole=pl.col("part").sum().over("query") + pl.col("none") + pl.col("unseen_part"))
        .with_columns(probability=pl.col("part") / pl.col("whole"), nobody=pl.col("none") / pl.col("whole"))
        .drop("odds", "of_another", "top", "part", "none", "unseen_part", "whole", *nothing)
    )


_ABSENT: Mapping[str, pl.Expr] = {
    "without_number": pl.lit(None, pl.Float64),
    "unseen": pl.lit(0),
    "exact": pl.lit(False),
}
