"""Outcomes of notifications: which card, which person, which items agree, and why not (§3, §4).

Two kernels. `link` needs all rows of one card number together, `judge_notifications` all rows of one person.
No other computation combines rows, so any engine that can group rows by these keys can run them.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import polars as pl

from renkei.agreement.causes import Found, found_by
from renkei.agreement.decisions import Policy
from renkei.agreement.outcomes import OUTCOMES, Verdict
from renkei.matching import compare
from renkei.matching.causes import ITEMS_AT_ONCE, explain_differences
from renkei.matching.hash_index import HashIndex
from renkei.matching.names import compare_names, fold_plain, fold_writing, in_other_letters
from renkei.matching.values import is_card_number

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


# Nearly every shared number has at most so many users: all their pairs are then compared in one round.
_PIVOTS = 4

# A card number and the person who uses it, as reported.
_USED_BY = ("card_number", "name", "birth_date")


class Judged(NamedTuple):
    """The results for notifications.

    `notifications`: the columns of `MATCHES`, `person`, and `card_number`, `employment_start`, `nationality`,
    `status_of_residence` as reported; one row for each. `linked`: `notification_id` and, for each compared
    item, `linked_<item>` as in the card's record; one row for each mismatched notification.
    """

    notifications: pl.DataFrame
    linked: pl.DataFrame


def link(notifications: pl.DataFrame, cards: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Link notifications with the record of the card whose number they report.

    `notifications` and `cards` are typed. Returns the notifications in their order with `live` (not a
    tombstone), `person` and `person_id` (null if deleted, or if no card has the number), `<item>_held` for
    each compared item, `held_kanji`, and `shared_number`.
    """
    live = notifications["deleted_on"].is_null()
    numbers = notifications["card_number"].set(~live, None)
    held = {f"{item}_held": item for item in policy.compared_items}
    records = cards.select("person", "person_id", held_kanji="kanji_name", **held)
    with ThreadPoolExecutor(1) as thread:
        # Shared numbers are found on another core, at the same time as the cards.
        sharing = thread.submit(_shared_numbers, notifications.select(_USED_BY).filter(live), policy)
        card_rows = HashIndex(cards["card_number"]).of(numbers)
        linked = pl.concat([notifications, records.select(pl.all().gather(card_rows))], how="horizontal")
        shared = sharing.result()
    return linked.with_columns(
        live=live,
        shared_number=live & pl.col("card_number").is_in(shared.implode()) if len(shared) else pl.lit(False),
    )


def _shared_numbers(notifications: pl.DataFrame, policy: Policy) -> pl.Series:
    """Find the numbers that two live notifications (`_USED_BY`) use for different names and birth dates."""
    # Rows with equal hashes include all rows with equal numbers, and are much faster to find.
    several = notifications.filter(notifications["card_number"].hash().is_duplicated())
    # Most numbers that are used twice belong to a person with two employers: one birth date, so no conflict.
    spread = several.group_by("card_number").agg(
        differ=(pl.col("birth_date").min() != pl.col("birth_date").max())
        & (pl.col("name").min() != pl.col("name").max())
    )
    members = several.join(spread.filter("differ"), on="card_number", how="semi")
    members = (
        members.with_columns(writing=fold_writing(members["name"]))
        .with_columns(
            words=pl.col("writing").map_batches(fold_plain).str.split(" ").list.sort().list.join(" ")
        )
        .unique(["card_number", "words", "birth_date"], keep="any")
        .sort("card_number", "words", "birth_date")
        .with_columns(member=pl.int_range(pl.len()).over("card_number"), members=pl.len().over("card_number"))
    )
    shared = [pl.Series("card_number", [], dtype=pl.String)]
    first = 0
    # In each round, some members of a number's group are compared with all later members, until a pair
    # differs or all pairs were compared.
    while (members := members.filter(pl.col("members") > first + 1)).height:
        pivots = members.filter(pl.col("member").is_between(first, first + _PIVOTS, closed="left")).select(
            "card_number", "member", "name", "birth_date", "writing"
        )
        pairs = members.join(pivots, on="card_number", suffix="_pivot").filter(
            pl.col("member") > pl.col("member_pivot")
        )
        numbers = pairs.filter(_name_different_people(pairs, policy))["card_number"].unique()
        shared.append(numbers)
        members = members.join(numbers.to_frame(), on="card_number", how="anti")
        first += _PIVOTS
    return pl.concat(shared).unique()


def _name_different_people(pairs: pl.DataFrame, policy: Policy) -> pl.Series:
    births = compare.judge("birth_date", pairs.select(reported="birth_date", held="birth_date_pivot"), policy)
    # A notification has one name field for all scripts: a name that is not all Latin serves as kanji name.
    kanji = pl.when(in_other_letters(pl.col("writing_pivot"))).then("name_pivot")
    names = compare_names(pairs.select(reported="name", held="name_pivot", held_kanji=kanji), policy)
    return (births["verdict"] == _DIFFERENT) & (names["verdict"] == _DIFFERENT)


def judge_notifications(
    linked: pl.DataFrame, cards: pl.DataFrame, persons: pl.DataFrame, policy: Policy
) -> Judged:
    """Compare every linked notification with the record of the card whose number it reports.

    `linked` comes from `link`; `cards` and `persons` are typed. `person` in `linked` and `cards` is the row
    in `persons`. The notifications keep their order.
    """
    with ThreadPoolExecutor(ITEMS_AT_ONCE) as threads:
        verdicts = threads.map(
            lambda item: compare.judge(item, _pair(linked, item), policy), policy.compared_items
        )
        judged = dict(zip(policy.compared_items, verdicts, strict=True))
    # A notification without a card has no held values, so nothing differs. A policy may compare no items, or
    # no items of identity: the extra column keeps the rows.
    different = linked.select(nothing=pl.repeat(False, pl.len())).with_columns(
        (verdicts["verdict"] == _DIFFERENT).alias(item) for item, verdicts in judged.items()
    )
    differing = different.select(pl.any_horizontal(pl.all())).to_series().arg_true()
    mismatched = linked[differing]
    causes = explain_differences(
        mismatched, {item: judged[item][differing] for item in judged}, cards, persons, policy
    )
    counted = ["nothing", *(item for item in policy.identity_items if item in judged)]
    conflict = different.select(
        pl.sum_horizontal(pl.col(counted).cast(pl.UInt32)) >= policy.identity_conflict_at
    )
    outcome = (
        pl.when(~pl.col("live"))
        .then(pl.lit(OUTCOMES["deleted"].code))
        .when(pl.col("person_id").is_null())
        .then(pl.lit(OUTCOMES["not_found"].code))
        .when(pl.col("mismatched_items").is_null())
        .then(pl.lit(OUTCOMES["matched"].code))
        .otherwise(pl.lit(OUTCOMES["mismatched"].code))
    )
    columns = ("card_number", "employment_start", "nationality", "status_of_residence")
    notifications = (
        linked.select("notification_id", "person", "person_id", "live", "shared_number", *columns)
        .with_columns(
            persons["card_number"].gather(linked["person"]).alias("latest_card"),
            _spread(causes["mismatched_items"], differing, linked.height),
            _spread(causes["differences"], differing, linked.height),
            identity_conflict=conflict.to_series(),
        )
        .with_columns(
            # The cause for a number that was not found is given in the same column as all other causes (§4).
            differences=pl.when(pl.col("person_id").is_null() & pl.col("live"))
            .then(
                pl.when(is_card_number(pl.col("card_number")))
                .then(_of_number("unknown_number"))
                .otherwise(_of_number("malformed"))
            )
            .otherwise("differences")
        )
        .select(
            outcome.alias("outcome"),
            (pl.col("card_number") != pl.col("latest_card")).fill_null(False).alias("card_superseded"),
            pl.exclude("live", "latest_card"),
        )
        .select(*MATCHES, "person", *columns)
    )
    held = {f"linked_{item}": f"{item}_held" for item in policy.compared_items}
    return Judged(notifications, mismatched.select("notification_id", **held))


def _of_number(code: str) -> pl.Expr:
    return pl.lit(f"card_number:{found_by(Found.NUMBER, 'card_number')[code].code}")


def _spread(values: pl.Series, rows: pl.Series, height: int) -> pl.Series:
    blank = pl.repeat(None, height, dtype=pl.String, eager=True)
    return blank.scatter(rows, values).alias(values.name)


def _pair(linked: pl.DataFrame, item: str) -> pl.DataFrame:
    kanji = ["held_kanji"] if item == "name" else []
    return linked.select(pl.col(item).alias("reported"), pl.col(f"{item}_held").alias("held"), *kanji)
