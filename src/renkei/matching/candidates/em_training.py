"""Learning the parameters: by EM training without labels, by counting with labels.

Without labels it is not known which pairs are right. But each notification means one person or none, and a
person who agrees in name, date of birth and number is very probably the right one. EM computes the
probabilities of pairs from the shares of levels, and the shares from the probabilities, in turn until they no
longer change. With labels (decisions of officers), pairs count as decided.
"""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from renkei.matching.candidates.blocking import block
from renkei.matching.candidates.match_weights import level_of, probabilities, share_of, weigh
from renkei.matching.candidates.pairs import (
    by_term_frequency,
    compare_pairs,
    holders,
    in_portions,
    look,
    with_persons,
    with_shares,
    with_unseen,
)
from renkei.matching.candidates.parameters import Item, Parameters

_WRONG_PAIRS = 1_000_000
_MOST_ROUNDS = 40
_CONVERGED = 1e-5
_SEED = 1
_SMOOTHING = 0.5  # added to the count of each level: a level that did not occur is rare, not impossible
# Two numbers are near each other by chance so rarely that a sample does not show it. Of 26^4 · 10^8 numbers,
# this many are at each level from a given number, for a person with a few cards.
_NUMBERS = 26**4 * 10**8
_NEAR_BY_CHANCE = {
    "look_alike": 1,
    "exchanged": 11,
    "one_character": 172,
    "one_more_or_less": 250,
    "two_characters": 15_000,
}
_CHANCE_FLOOR = 1e-9  # real numbers are not drawn evenly
_MOST_BITS = 1000  # of the odds: beyond it the probability no longer changes
_SHARPNESS = np.linspace(0.3, 1.0, 71)


def learn(
    notifications: pl.DataFrame,
    cards: pl.DataFrame,
    start: Parameters,
    *,
    version: str,
    learned_on: date,
    learned_from: str,
    labels: pl.DataFrame | None = None,
) -> Parameters:
    """Learn parameters from notifications that were not found and from the register.

    `notifications` and `cards` are typed as for `find`. `start` gives items, levels and passes, and the
    initial values. `labels`, if given, are decisions: `notification_id` and `person_id` (null if nobody
    fits); then only these notifications are used, and `sharpness` is learned too.
    """
    held = with_persons(cards)
    if labels is not None:
        notifications = notifications.join(labels, on="notification_id", how="semi")
    pairs, over = block(notifications, held, start.passes)
    # The first, without rows, gives the columns if there is no pair.
    portions = [pairs.clear(), *in_portions(pairs, held)]
    seen = pl.concat(look(portion, notifications, held, start) for portion in portions)
    counts = {item.name: holders(seen, held, item) for item in by_term_frequency(start)}
    compared = with_unseen(with_shares(seen, counts, held.height), over, start)
    population = held["person"].n_unique()
    drawn = _drawn(start, notifications, held)
    guess = _with_wrong_shares(start, drawn, pl.repeat(0.0, drawn.height, eager=True))
    if labels is None:
        guess = _iterated(compared, drawn, guess, notifications.height, population)
    else:
        right = _decided(compared, notifications, labels)
        guess = _counted(compared.with_columns(probability=right), guess, notifications.height)
        guess = _with_wrong_shares(guess, drawn, _one_person(drawn, guess, population))
        guess = replace(
            guess, sharpness=_best_sharpness(compared, right, guess, notifications.height, population)
        )
    return replace(guess, version=version, learned_on=learned_on, learned_from=learned_from)


def _drawn(parameters: Parameters, reported: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Draw pairs at random and count them (`pairs`) by their levels."""
    levels = [level_of(item.name) for item in parameters.items]
    draw = np.random.default_rng(_SEED)
    size = min(_WRONG_PAIRS, reported.height * held.height)
    # With nobody to draw from there are no rows, but the same columns.
    queries, records = (
        draw.integers(0, max(side.height, 1), size).astype(np.uint32) for side in (reported, held)
    )
    pairs = pl.DataFrame({"query": queries, "person": held["person"].gather(records)})
    compared = compare_pairs(pairs.unique().sort("query", "person"), reported, held, parameters)
    return compared.group_by(levels, maintain_order=True).agg(pairs=pl.len())


def _one_person(drawn: pl.DataFrame, guess: Parameters, population: int) -> pl.Series:
    """Return the probability that a pair drawn at random is a right pair.

    In a small register that is not rare. Counted as wrong pairs, they would make it look as if different
    persons agreed in everything.
    """
    unshared = {share_of(item.name): pl.lit(None, pl.Float64) for item in by_term_frequency(guess)}
    weight = weigh(drawn.with_columns(**unshared), guess)["weight"]
    odds = weight * guess.sharpness + np.log2(guess.prior / max(population, 1))
    return pl.select(1 / (1 + 2.0 ** (-odds).clip(-_MOST_BITS, _MOST_BITS))).to_series()


def _with_wrong_shares(guess: Parameters, drawn: pl.DataFrame, one_person: pl.Series) -> Parameters:
    """Count the levels of wrong pairs: each drawn pair counts by the probability that it is wrong."""
    if drawn.is_empty():
        return guess
    weight = drawn["pairs"] * (1 - one_person)
    return replace(
        guess,
        items=tuple(
            replace(
                item,
                wrong=_near_by_chance(item)
                if item.kind_name == "card_number"
                else _shares(_count(drawn[level_of(item.name)], weight, item)),
            )
            for item in guess.items
        ),
    )


def _near_by_chance(item: Item) -> tuple[float, ...]:
    near = [
        max(_NEAR_BY_CHANCE.get(level.name, 0) / _NUMBERS, _CHANCE_FLOOR) for level in item.kind.levels[:-1]
    ]
    return (*near, 1 - sum(near))


def _iterated(
    compared: pl.DataFrame, drawn: pl.DataFrame, guess: Parameters, queries: int, population: int
) -> Parameters:
    for _ in range(_MOST_ROUNDS):
        judged = probabilities(weigh(compared, guess), guess, population)
        better = _counted(judged, guess, queries)
        better = _with_wrong_shares(better, drawn, _one_person(drawn, better, population))
        moved = abs(better.prior - guess.prior) + sum(
            abs(new - old)
            for one, other in zip(better.items, guess.items, strict=True)
            for new, old in zip(one.right, other.right, strict=True)
        )
        guess = better
        if moved < _CONVERGED:
            break
    return guess


def _counted(judged: pl.DataFrame, guess: Parameters, queries: int) -> Parameters:
    """Count the levels of right pairs: each pair counts by its probability."""
    weight = judged["probability"]
    items = tuple(
        replace(item, right=_shares(_count(judged[level_of(item.name)], weight, item)))
        for item in guess.items
    )
    share = (float(weight.sum()) + _SMOOTHING) / (queries + 2 * _SMOOTHING)
    return replace(guess, items=items, prior=min(share, 1 - 1e-6))


def _count(levels: pl.Series, weights: pl.Series, item: Item) -> np.ndarray:
    known = levels.is_not_null()
    return np.bincount(
        levels.filter(known).to_numpy(), weights.filter(known).to_numpy(), minlength=len(item.kind.levels)
    )


def _shares(counted: np.ndarray) -> tuple[float, ...]:
    smoothed = counted + _SMOOTHING
    return tuple(float(share) for share in smoothed / smoothed.sum())


def _decided(compared: pl.DataFrame, reported: pl.DataFrame, labels: pl.DataFrame) -> pl.Series:
    """Return 1 for each pair that was decided to be right, 0 for every other."""
    decisions = labels.select("notification_id", decided="person_id")
    by_query = reported.select("notification_id").join(
        decisions, on="notification_id", how="left", maintain_order="left"
    )
    right = by_query["decided"].gather(compared["query"]) == compared["person_id"]
    return right.fill_null(False).cast(pl.Float64)


def _best_sharpness(
    compared: pl.DataFrame, right: pl.Series, guess: Parameters, queries: int, population: int
) -> float:
    """Return the factor for the weights under which the decisions are most likely."""

    def likelihood(sharpness: float) -> float:
        trial = replace(guess, sharpness=sharpness)
        judged = probabilities(weigh(compared, trial), trial, population).with_columns(right=right)
        by_query = judged.group_by("query").agg(
            somebody=pl.col("probability").filter(pl.col("right") > 0).sum(),
            has_right=(pl.col("right") > 0).any(),
            nobody=pl.col("nobody").first(),
        )
        chosen = pl.when("has_right").then("somebody").otherwise("nobody")
        return float(by_query.select(chosen.clip(1e-12, 1).log().sum()).item())

    return max((float(trial) for trial in _SHARPNESS), key=likelihood)
