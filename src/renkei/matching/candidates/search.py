"""Finding candidates: the persons whom notifications that were not found probably mean.

`probable` selects those that are probable enough to explain a suspected omission: the employer probably did
notify, with another number.
"""

import polars as pl

from renkei.agreement.decisions import Policy
from renkei.matching.candidates.match_weights import level_of, probabilities, weigh, weight_of
from renkei.matching.candidates.pairs import by_term_frequency, holders, look, with_persons, with_shares
from renkei.matching.candidates.parameters import Parameters, default_parameters
from renkei.matching.omissions import PROBABLE

MOST_CANDIDATES = 3
# A candidate with a smaller probability is not reported.
LEAST_PROBABLE = 0.001

CANDIDATES = {
    "notification_id": pl.String,
    "rank": pl.UInt32,
    "person_id": pl.String,
    "card_number": pl.String,
    "probability": pl.Float64,
    "nobody": pl.Float64,
    "evidence": pl.String,
}


def find(
    notifications: pl.DataFrame, cards: pl.DataFrame, parameters: Parameters | None = None
) -> pl.DataFrame:
    """Find the most probable persons for notifications whose card number no card has.

    `notifications` (notification_id, and the columns of the parameters' items) and `cards` (person_id,
    kanji_name, the same columns) are typed (`values`). Returns `CANDIDATES`, sorted by `notification_id` and
    `rank` (1 is the best; at most three): `card_number` is the person's card number nearest to the reported
    one, `probability` that it is this person, `nobody` that it is nobody in the register, `evidence`
    `item:level:weight` joined by `;` with weights in bits (log2 of likelihood ratios). The result must not
    leave ISA: it shows whose record a notification may mean.
    """
    parameters = parameters or default_parameters()
    held = with_persons(cards)
    seen = look(notifications, held, parameters)
    counts = {item.name: holders(seen, held, item) for item in by_term_frequency(parameters)}
    return judge(with_shares(seen, counts, held.height), notifications, parameters, held["person"].n_unique())


def judge(
    seen: pl.DataFrame, notifications: pl.DataFrame, parameters: Parameters, population: int
) -> pl.DataFrame:
    """Weigh compared pairs (`look`, `with_shares`) of a register of `population` persons: `CANDIDATES`."""
    # The last bit of a sum depends on the order: use one order on every engine, and round.
    judged = probabilities(weigh(seen.sort("query", "person_id"), parameters), parameters, population)
    likely = judged.with_columns(pl.col("probability", "nobody").round(6)).filter(
        pl.col("probability") >= LEAST_PROBABLE
    )
    ranked = (
        likely.with_columns(notifications["notification_id"].gather(likely["query"]).alias("notification_id"))
        .sort("notification_id", "probability", "person_id", descending=[False, True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("notification_id"))
        .filter(pl.col("rank") <= MOST_CANDIDATES)
    )
    return ranked.with_columns(evidence=_evidence(parameters)).select(
        pl.col(name).cast(kind) for name, kind in CANDIDATES.items()
    )


def _evidence(parameters: Parameters) -> pl.Expr:
    parts = []
    for item in parameters.items:
        names = {place: level.name for place, level in enumerate(item.kind.levels)}
        level = pl.col(level_of(item.name)).replace_strict(names, default=None, return_dtype=pl.String)
        weight = pl.col(weight_of(item.name)) * parameters.sharpness
        parts.append(pl.concat_str(pl.lit(f"{item.name}:"), level, pl.lit(":"), _two_places(weight)))
    return pl.concat_str(parts, separator=";", ignore_nulls=True)


def _two_places(numbers: pl.Expr) -> pl.Expr:
    """Write numbers with two decimals, the same on every engine."""
    hundredths = (numbers * 100).round().cast(pl.Int64)
    sign = pl.when(hundredths < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole, part = hundredths.abs() // 100, hundredths.abs() % 100
    return pl.concat_str(sign, whole.cast(pl.String), pl.lit("."), part.cast(pl.String).str.zfill(2))


# --- what explains a suspected omission (3(1)イ) ------------------------------------------------------


def not_found(linked: pl.DataFrame) -> pl.DataFrame:
    """Return the live notifications of `outcomes.link` whose number no card has."""
    return linked.filter(pl.col("live") & pl.col("person_id").is_null()).drop("person_id")


def probable(
    candidates: pl.DataFrame, unplaced: pl.DataFrame, known: pl.Series, policy: Policy
) -> pl.DataFrame:
    """Return the candidates at or above the threshold as `omissions.suspect` needs them: `PROBABLE`.

    `unplaced` come from `not_found`; `known` are the person_ids of the register, or of a part of it, in its
    order: candidates that are not in it are left out.
    """
    likely = candidates.filter((pl.col("rank") == 1) & (pl.col("probability") >= policy.candidate_threshold))
    places = known.to_frame("person_id").with_row_index("person")
    return (
        likely.join(unplaced.select("notification_id", "employment_start"), on="notification_id")
        .join(places, on="person_id")
        .select(pl.col(name).cast(dtype) for name, dtype in PROBABLE.items())
    )
