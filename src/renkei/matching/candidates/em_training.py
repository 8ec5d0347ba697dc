"""Learning the parameters: without labels by EM, with labels by counting.

Without labels nobody says which pair is right; but each notification has one person or none, and whoever
agrees in a name, a day of birth and a number is hardly another. The shares and the probabilities are reckoned
from each other, in turn, until nothing moves. Where people have decided, their pairs count as they decided.
"""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from renkei.matching.candidates.match_weights import level_of, probabilities, share_of, weigh
from renkei.matching.candidates.pairs import (
    by_term_frequency,
    compare_pairs,
    holders,
    look,
    with_persons,
    with_shares,
)
from renkei.matching.candidates.parameters import Item, Parameters

_WRONG_PAIRS = 1_000_000
_MOST_ROUNDS = 40
_STILL = 1e-5
_SEED = 1
_SMOOTHING = 0.5  # of a pair at each level: what was not seen is rare, not impossible
# Two numbers are near each other by chance so rarely that no sample shows it: of 26^4 · 10^8 numbers, so many
# lie at each level from a given one, and a person has a few cards.
_NUMBERS = 26**4 * 10**8
_NEAR_BY_CHANCE = {
    "look_alike": 1,
    "exchanged": 11,
    "one_character": 172,
    "one_more_or_less": 250,
    "two_characters": 15_000,
}
_CHANCE_FLOOR = 1e-9  # real numbers are not drawn evenly
_MOST_BITS = 1000  # of odds: beyond it no probability changes
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

    `notifications` and `cards` are typed as for `find`. `start` gives items, levels and passes, and a first
    guess. `labels`, if given, are decisions: `notification_id` and `person_id` (null where nobody fits); only
    the notifications they name are learned from, and how sure weights may be is learned too.
    """
    held = with_persons(cards)
    if labels is not None:
        notifications = notifications.join(labels, on="notification_id", how="semi")
    seen = look(notifications, held, start)
    counts = {item.name: holders(seen, held, item) for item in by_term_frequency(start)}
    compared = with_shares(seen, counts, held.height)
    population = held["person"].n_unique()
    drawn = _drawn(start, notifications, held)
    guess = _with_wrong(start, drawn, pl.repeat(0.0, drawn.height, eager=True))
    if labels is None:
        guess = _by_turns(compared, drawn, guess, notifications.height, population)
    else:
        right = _decided(compared, notifications, labels)
        guess = _counted(compared.with_columns(probability=right), guess, notifications.height)
        guess = _with_wrong(guess, drawn, _by_luck(drawn, guess, population))
        guess = replace(
            guess, sharpness=_best_sharpness(compared, right, guess, notifications.height, population)
        )
    return replace(guess, version=version, learned_on=learned_on, learned_from=learned_from)


def _drawn(parameters: Parameters, reported: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Draw pairs at random: how many, `pairs`, agree at which levels."""
    levels = [level_of(item.name) for item in parameters.items]
    draw = np.random.default_rng(_SEED)
    size = min(_WRONG_PAIRS, reported.height * held.height)
    # Nobody to draw from: no row, but the columns all the same.
    queries, records = (
        draw.integers(0, max(side.height, 1), size).astype(np.uint32) for side in (reported, held)
    )
    pairs = pl.DataFrame({"query": queries, "person": held["person"].gather(records)})
    compared = compare_pairs(pairs.unique().sort("query", "person"), reported, held, parameters)
    return compared.group_by(levels, maintain_order=True).agg(pairs=pl.len())


def _by_luck(drawn: pl.DataFrame, guess: Parameters, population: int) -> pl.Series:
    """Say how probable it is that what was drawn at random is one person all the same.

    In a small register that is not rare, and it would look as if strangers agreed in everything.
    """
    unshared = {share_of(item.name): pl.lit(None, pl.Float64) for item in by_term_frequency(guess)}
    weight = weigh(drawn.with_columns(**unshared), guess)["weight"]
    odds = weight * guess.sharpness + np.log2(guess.prior / max(population, 1))
    return pl.select(1 / (1 + 2.0 ** (-odds).clip(-_MOST_BITS, _MOST_BITS))).to_series()


def _with_wrong(guess: Parameters, drawn: pl.DataFrame, one_person: pl.Series) -> Parameters:
    """Count the levels of wrong pairs, each drawn one by the probability that it is wrong."""
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


def _by_turns(
    compared: pl.DataFrame, drawn: pl.DataFrame, guess: Parameters, queries: int, population: int
) -> Parameters:
    for _ in range(_MOST_ROUNDS):
        judged = probabilities(weigh(compared, guess), guess, population)
        found = _counted(judged, guess, queries)
        found = _with_wrong(found, drawn, _by_luck(drawn, found, population))
        moved = abs(found.prior - guess.prior) + sum(
            abs(new - old)
            for one, other in zip(found.items, guess.items, strict=True)
            for new, old in zip(one.right, other.right, strict=True)
        )
        guess = found
        if moved < _STILL:
            break
    return guess


def _counted(judged: pl.DataFrame, guess: Parameters, queries: int) -> Parameters:
    """Count the levels of right pairs, each pair by its probability."""
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
    """1 for each pair that was decided to be right, 0 for every other."""
    named = labels.select("notification_id", decided="person_id")
    asked = reported.select("notification_id").join(
        named, on="notification_id", how="left", maintain_order="left"
    )
    right = asked["decided"].gather(compared["query"]) == compared["person_id"]
    return right.fill_null(False).cast(pl.Float64)


def _best_sharpness(
    compared: pl.DataFrame, right: pl.Series, guess: Parameters, queries: int, population: int
) -> float:
    """Find what weights must be multiplied with for the decisions to be likeliest."""

    def likelihood(sharpness: float) -> float:
        trial = replace(guess, sharpness=sharpness)
        judged = probabilities(weigh(compared, trial), trial, population).with_columns(right=right)
        told = judged.group_by("query").agg(
            one=pl.col("probability").filter(pl.col("right") > 0).sum(),
            found=(pl.col("right") > 0).any(),
            nobody=pl.col("nobody").first(),
        )
        said = told.select(pl.when("found").then("one").otherwise("nobody").clip(1e-12, 1).log().sum()).item()
        return float(said)

    return max((float(trial) for trial in _SHARPNESS), key=likelihood)
