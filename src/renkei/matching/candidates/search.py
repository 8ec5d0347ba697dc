"""Finding candidates: the persons whom notifications that were not found probably mean.

`probable` selects those that are probable enough to explain a suspected omission: the employer probably did
notify, with another number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from renkei.agreement.decisions import Policy
from renkei.matching.candidates.blocking import NOT_LISTED, block, exact_passes
from renkei.matching.candidates.match_weights import (
    agrees_exactly,
    level_of,
    probabilities,
    weigh,
    weight_of,
)
from renkei.matching.candidates.pairs import (
    by_term_frequency,
    holders,
    in_portions,
    look,
    with_persons,
    with_shares,
    with_unseen,
)
from renkei.matching.candidates.parameters import Parameters, default_parameters
from renkei.matching.omissions import CREDITING

MOST_CANDIDATES = 3
# A candidate with a smaller probability is not reported, unless name and birth date agree.
LEAST_PROBABLE = 0.001
# Those whose name and birth date agree are listed beside the others, up to so many.
MOST_LISTED = 10
# Every number has some three hundred near ones, which are looked up: this bounds their memory.
_NOTIFICATIONS_AT_ONCE = 50_000

CANDIDATES = {
    "notification_id": pl.String,
    "rank": pl.UInt32,
    "person_id": pl.String,
    "card_number": pl.String,
    "probability": pl.Float64,
    "nobody": pl.Float64,
    "evidence": pl.String,
}


LEFT_OUT = {"notification_id": pl.String, "reason": pl.String, "persons": pl.UInt32}


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates, and what was left out.

    `candidates` as from `find`. `left_out` (`LEFT_OUT`, sorted): for which notification how many persons were
    left out, by reason: the keys, joined by `+`, of a blocking pass that too many persons share, or
    `NOT_LISTED`. `compared`: the number of pairs compared.
    """

    candidates: pl.DataFrame
    left_out: pl.DataFrame
    compared: int

    def counts(self) -> dict[str, Any]:
        """Return counts for summary.json: pairs compared, and by reason what was left out."""
        by_reason = self.left_out.group_by("reason").agg(
            notifications=pl.len(), persons=pl.col("persons").sum()
        )
        reasons = by_reason.sort("reason").rows_by_key("reason", named=True, unique=True)
        return {"pairs_compared": self.compared, "left_out": reasons}


def find(
    notifications: pl.DataFrame, cards: pl.DataFrame, parameters: Parameters | None = None
) -> pl.DataFrame:
    """Find the most probable persons for notifications whose card number no card has.

    `notifications` (notification_id, and the columns of the parameters' items) and `cards` (person_id,
    kanji_name, the same columns) are typed (`values`). Returns `CANDIDATES`, sorted by `notification_id` and
    `rank` (1 is the best; at most three, and those whose name and birth date agree): `card_number` is the
    person's card number nearest to the reported one, `probability` that it is this person, `nobody` that it
    is nobody in the register, `evidence` `item:level:weight` joined by `;` with weights in bits (log2 of
    likelihood ratios). The result must not leave ISA: it shows whose record a notification may mean.
    """
    return find_and_count(notifications, cards, parameters).candidates


def find_and_count(
    notifications: pl.DataFrame, cards: pl.DataFrame, parameters: Parameters | None = None
) -> Found:
    """Find candidates as `find`, and say what was left out, since too many persons have the same values."""
    parameters = parameters or default_parameters()
    held = with_persons(cards)
    # Each notification is searched for by itself, so a part has the same result.
    parts = [_find_part(part, held, parameters) for part in notifications.iter_slices(_NOTIFICATIONS_AT_ONCE)]
    return together(parts)


def _find_part(notifications: pl.DataFrame, held: pl.DataFrame, parameters: Parameters) -> Found:
    pairs, over = block(notifications, held, parameters.passes)
    population = held["person"].n_unique()
    judged = []
    for portion in in_portions(pairs, held):
        seen = look(portion, notifications, held, parameters)
        counts = {item.name: holders(seen, held, item) for item in by_term_frequency(parameters)}
        seen = with_shares(seen, counts, held.height)
        judged.append(judge(seen, notifications, parameters, population, over))
    return add_up(judged, notifications, parameters, over)


def judge(
    seen: pl.DataFrame,
    notifications: pl.DataFrame,
    parameters: Parameters,
    population: int,
    over: pl.DataFrame,
) -> Found:
    """Weigh compared pairs (`look`, `with_shares`) of a register of `population` persons.

    `over`: the passes that were left out (`too_large`), for these notifications or for more.
    """
    seen = with_unseen(seen, over, parameters)
    # The last bit of a sum depends on the order: use one order on every engine, and round.
    judged = probabilities(weigh(seen.sort("query", "person_id"), parameters), parameters, population)
    judged = judged.with_columns(pl.col("probability", "nobody").round(6), exact=agrees_exactly(parameters))
    likely = judged.filter((pl.col("probability") >= LEAST_PROBABLE) | pl.col("exact"))
    named = notifications["notification_id"].gather(likely["query"]).alias("notification_id")
    ranked = likely.with_columns(named).sort(
        "notification_id", "probability", "person_id", descending=[False, True, False]
    )
    place = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("notification_id")
    # The most probable, and whoever has the name and birth date, however near the number of another is.
    best = (place <= MOST_CANDIDATES) & (pl.col("probability") >= LEAST_PROBABLE)
    ranked = ranked.with_columns(best=best).filter(pl.col("best") | pl.col("exact"))
    ranked = ranked.with_columns(
        listed=pl.col("best")
        | ((~pl.col("best")).cum_sum() + pl.col("best").sum() <= MOST_LISTED).over("notification_id")
    )
    unlisted = ranked.group_by("notification_id").agg(
        persons=(~pl.col("listed")).sum() + pl.col("unseen").first(), reason=pl.lit(NOT_LISTED)
    )
    listed = ranked.filter("listed").with_columns(rank=place, evidence=_evidence(parameters))
    candidates = listed.select(pl.col(name).cast(kind) for name, kind in CANDIDATES.items())
    left_out = unlisted.filter(pl.col("persons") > 0).select(
        pl.col(name).cast(kind) for name, kind in LEFT_OUT.items()
    )
    return Found(candidates, left_out, seen.height)


def add_up(
    parts: Sequence[Found], notifications: pl.DataFrame, parameters: Parameters, over: pl.DataFrame
) -> Found:
    """Put the results for parts of the notifications together, with the passes that were left out."""
    left = over.filter(~pl.col("pass").is_in(exact_passes(parameters.passes)))
    reasons = {place: "+".join(keys) for place, keys in enumerate(parameters.passes)}
    by_pass = pl.DataFrame(
        {
            "notification_id": notifications["notification_id"].gather(left["query"]),
            "reason": left["pass"].replace_strict(reasons, return_dtype=pl.String),
            "persons": left["persons"],
        },
        schema=LEFT_OUT,
    )
    return together([*parts, Found(pl.DataFrame(schema=CANDIDATES), by_pass, 0)])


def together(parts: Sequence[Found]) -> Found:
    """Put results for different notifications, or for different reasons, together."""
    none = Found(pl.DataFrame(schema=CANDIDATES), pl.DataFrame(schema=LEFT_OUT), 0)
    candidates = pl.concat(one.candidates for one in (none, *parts))
    left_out = pl.concat(one.left_out for one in (none, *parts))
    return Found(
        candidates.sort("notification_id", "rank"),
        left_out.sort("notification_id", "reason"),
        sum(one.compared for one in parts),
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
    return linked.filter(pl.col("live") & pl.col("person_id").is_null() & ~pl.col("at_fault")).drop(
        "person_id"
    )


def probable(candidates: pl.DataFrame, unplaced: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the candidates at or above the threshold, as `omissions.place_probable` needs them.

    `unplaced` come from `not_found`.
    """
    likely = candidates.filter((pl.col("rank") == 1) & (pl.col("probability") >= policy.candidate_threshold))
    return likely.join(unplaced.select("notification_id", *CREDITING), on="notification_id")
