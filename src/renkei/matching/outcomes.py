"""Outcomes of notifications: which card, which person, what agrees, what it may mean (§3, §4).

Two kernels. `link` needs all rows of one card number together, `judge_notifications` all rows of one
person; nothing else crosses rows, so any engine that can bring those together can run them.
"""

import polars as pl

from renkei.agreement.decisions import Policy
from renkei.matching import compare
from renkei.matching.causes import explain_differences
from renkei.matching.names import compare_names, fold_plain, fold_writing, scripts_meet
from renkei.matching.verdicts import Verdict

# Every outcome of a notification that was taken, in the order of the summary.
OUTCOMES = ("matched", "mismatched", "not_found", "deleted")

MATCHES = {
    "notification_id": pl.String,
    "outcome": pl.String,
    "person_id": pl.String,
    "mismatched_items": pl.String,
    "differences": pl.String,
    "card_superseded": pl.Boolean,
    "identity_conflict": pl.Boolean,
    "shared_number": pl.Boolean,
}

_DIFFERENT = int(Verdict.DIFFERENT)


def link(notifications: pl.DataFrame, cards: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Link live notifications with the card they name.

    `notifications` are typed and live (no tombstones); `cards` needs `card_number` and `person_id`. Returns
    the notifications with `person_id` (null where the number is in no card) and `shared_number`.
    """
    linked = notifications.join(
        cards.select("card_number", "person_id"), on="card_number", how="left", maintain_order="left"
    )
    shared = _shared_numbers(notifications, policy)
    return linked.with_columns(shared_number=pl.col("card_number").is_in(shared.implode()))


def _shared_numbers(notifications: pl.DataFrame, policy: Policy) -> pl.Series:
    """Find the numbers that two live notifications use for people of different name and birth date."""
    used = notifications.select("card_number", "name", "birth_date")
    several = used.filter(used["card_number"].is_duplicated())
    # Most numbers used twice are one person's with two employers: one birth date, nothing to compare.
    spread = several.group_by("card_number").agg(
        differ=(pl.col("birth_date").min() != pl.col("birth_date").max())
        & (pl.col("name").min() != pl.col("name").max())
    )
    suspects = (
        several.join(spread.filter("differ"), on="card_number", how="semi")
        .with_columns(writing=fold_writing(pl.col("name")))
        .with_columns(words=fold_plain(pl.col("writing")).str.split(" ").list.sort().list.join(" "))
        .unique(["card_number", "words", "birth_date"], keep="any")
        .sort("card_number", "words", "birth_date", "name")
        .with_columns(member=pl.int_range(pl.len()).over("card_number"), members=pl.len().over("card_number"))
    )
    found: list[pl.Series] = []
    turn = 0
    # One member of each number's group is held against all later ones, until a pair differs or all were.
    while (suspects := suspects.filter(pl.col("members") > turn + 1)).height:
        pivot = suspects.filter(pl.col("member") == turn).select("card_number", "name", "birth_date", "writing")
        pairs = suspects.filter(pl.col("member") > turn).join(pivot, on="card_number", suffix="_pivot")
        numbers = pairs.filter(_name_different_people(pairs, policy))["card_number"].unique()
        found.append(numbers)
        suspects = suspects.join(numbers.to_frame(), on="card_number", how="anti")
        turn += 1
    return pl.concat(found).unique() if found else pl.Series("card_number", [], dtype=pl.String)


def _name_different_people(pairs: pl.DataFrame, policy: Policy) -> pl.Series:
    births = compare.judge(
        "birth_date", pairs.select(reported="birth_date", held="birth_date_pivot"), policy
    )["verdict"]
    nobody = pl.lit(None, dtype=pl.String)
    names = compare_names(
        pairs.select(reported="name", held="name_pivot", held_kanji=nobody), policy
    )["verdict"]
    back = pairs.select(
        writing="writing_pivot", writing_held="writing", writing_kanji=nobody
    ).select(scripts_meet(policy)).to_series()
    return (births == _DIFFERENT) & (names == _DIFFERENT) & back


def judge_notifications(
    linked: pl.DataFrame, cards: pl.DataFrame, persons: pl.DataFrame, policy: Policy
) -> pl.DataFrame:
    """Compare every linked notification with the record of the card it names.

    `linked` comes from `link`; `cards` and `persons` are typed and hold at least the people it names.
    Returns, in any order, one row for each notification: the columns of `MATCHES`, `card_number` and
    `employment_start`.
    """
    found = linked.filter(pl.col("person_id").is_not_null())
    records = cards.select("card_number", "kanji_name", *policy.compared_items)
    pairs = found.join(records, on="card_number", how="left", suffix="_held", maintain_order="left")
    judged = {item: compare.judge(item, _pair(pairs, item), policy) for item in policy.compared_items}
    different = pl.DataFrame({item: verdicts["verdict"] == _DIFFERENT for item, verdicts in judged.items()})
    differing = different.select(pl.any_horizontal(pl.all())).to_series().arg_true()
    causes = explain_differences(
        found[differing], {item: judged[item][differing] for item in judged}, cards, persons, policy
    )
    counted = [item for item in policy.identity_items if item in different.columns]
    conflict = different.select(pl.sum_horizontal(pl.lit(0), *counted) >= policy.identity_conflict_at)
    latest = persons.select("person_id", latest_card="card_number")
    matches = (
        found.select("notification_id", "person_id", "card_number", "employment_start", "shared_number")
        .with_columns(
            _spread(causes["mismatched_items"], differing, found.height),
            _spread(causes["differences"], differing, found.height),
            identity_conflict=conflict.to_series(),
        )
        .join(latest, on="person_id", how="left", maintain_order="left")
        .with_columns(
            outcome=pl.when(pl.col("mismatched_items").is_null())
            .then(pl.lit("matched"))
            .otherwise(pl.lit("mismatched")),
            card_superseded=pl.col("card_number") != pl.col("latest_card"),
        )
    )
    not_found = linked.filter(pl.col("person_id").is_null()).with_columns(
        outcome=pl.lit("not_found"),
        mismatched_items=pl.lit(None, dtype=pl.String),
        differences=pl.lit(None, dtype=pl.String),
        card_superseded=pl.lit(False),
        identity_conflict=pl.lit(False),
    )
    columns = [*MATCHES, "card_number", "employment_start"]
    return pl.concat([matches.select(columns), not_found.select(columns)])


def deleted_matches(tombstones: pl.DataFrame) -> pl.DataFrame:
    """Say of deleted notifications only that: not matched, crediting nothing. Columns of `MATCHES`."""
    return tombstones.select(
        "notification_id",
        pl.lit("deleted").alias("outcome"),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in ("person_id", "mismatched_items", "differences")),
        *(pl.lit(False).alias(name) for name, dtype in MATCHES.items() if dtype == pl.Boolean),
    )


def _spread(values: pl.Series, rows: pl.Series, height: int) -> pl.Series:
    blank = pl.repeat(None, height, dtype=pl.String, eager=True)
    return blank.scatter(rows, values).alias(values.name)


def _pair(pairs: pl.DataFrame, item: str) -> pl.DataFrame:
    kanji = {"held_kanji": "kanji_name"} if item == "name" else {}
    return pairs.select(reported=item, held=f"{item}_held", **kanji)
