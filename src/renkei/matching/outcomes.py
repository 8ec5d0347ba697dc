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
from renkei.matching.names import agreement_keys, comparable, has_latin, name_or_none
from renkei.matching.omissions import CREDITING
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

#: Rows of the register that were set aside: the number, and the person whom the row names.
FAULTY = {"card_number": pl.String, "person_id": pl.String}
NO_FAULTY = pl.DataFrame(schema=FAULTY)

# Nearly every shared number has at most so many users: all their pairs are then compared in one round.
_PIVOTS = 4

# A card number and the person who uses it, as reported.
_USED_BY = ("card_number", "name", "birth_date")
# Users of a number whose names can be compared with each other.
_MEETING = ("card_number", "latin")


class Judged(NamedTuple):
    """The results for notifications.

    `notifications`: the columns of `MATCHES`, `person` (also of a tombstone or a notification at fault that
    names one), `issued_on` of the card, and `card_number`, `nationality`, `status_of_residence` and the
    columns of `CREDITING` as reported; one row for each. `linked`: `notification_id` and, for each compared
    item, `linked_<item>` as in the card's record; one row for each mismatched notification. `crediting`: as
    `notifications`, one row for each person for whom a notification may count.
    """

    notifications: pl.DataFrame
    linked: pl.DataFrame
    crediting: pl.DataFrame


def link(
    notifications: pl.DataFrame,
    cards: pl.DataFrame,
    policy: Policy,
    *,
    faulty: pl.DataFrame = NO_FAULTY,
    all_given: bool = True,
) -> pl.DataFrame:
    """Link notifications with the record of the card whose number they report.

    `notifications` and `cards` are typed. `faulty` are the register's rows that were set aside (`FAULTY`).
    `all_given`: these are all notifications that stand; of a day's changes, `shared_number` cannot be said.
    Returns the notifications in their order with `live` (not a tombstone), `person` and `person_id` (null if
    deleted, or if no card has the number), `at_fault` (the number is that of a faulty row alone),
    `named_person_id` (of a tombstone the card's person, of a notification at fault the faulty row's),
    `again`, `issued_on` and `<item>_held` for each compared item of the card, `held_kanji`, and
    `shared_number`. A notification at fault has one row for each person whom a faulty row names, all but the
    first marked `again`.
    """
    live = notifications["deleted_on"].is_null()
    numbers = notifications["card_number"].set(~live, None)
    held = {f"{item}_held": item for item in policy.compared_items}
    records = cards.select("person", "person_id", "issued_on", held_kanji="kanji_name", **held)
    with ThreadPoolExecutor(1) as thread:
        # Shared numbers are found on another core, at the same time as the cards.
        used = notifications.select(_USED_BY).filter(live if all_given else pl.lit(False))
        sharing = thread.submit(_shared_numbers, used, policy)
        index = HashIndex(cards["card_number"])
        linked = pl.concat(
            [notifications, records.select(pl.all().gather(index.of(numbers)))], how="horizontal"
        )
        deleted = (~live).arg_true()
        owners = records["person_id"].gather(index.of(notifications["card_number"].gather(deleted)))
        named = pl.repeat(None, linked.height, dtype=pl.String, eager=True).scatter(deleted, owners)
        shared = sharing.result()
    is_shared = live & pl.col("card_number").is_in(shared.implode()) if len(shared) else pl.lit(False)
    return _with_faulty(
        linked.with_columns(
            named.alias("named_person_id"),
            live=live,
            shared_number=is_shared if all_given else pl.lit(None, pl.Boolean),
        ),
        faulty,
    )


def _with_faulty(linked: pl.DataFrame, faulty: pl.DataFrame) -> pl.DataFrame:
    """Mark notifications whose number only a row of the register has that was set aside."""
    if faulty.is_empty():
        return linked.with_columns(at_fault=pl.lit(False), again=pl.lit(False))
    rows = (
        faulty.select(fault="card_number", faulty_person_id="person_id")
        .unique()
        .sort("fault", "faulty_person_id", nulls_last=True)
        .with_columns(again=pl.int_range(pl.len()).over("fault") > 0)
    )
    looked = pl.col("live") & pl.col("person_id").is_null() & is_card_number(pl.col("card_number"))
    at_fault = (looked & pl.col("card_number").is_in(rows["fault"].implode())).fill_null(False)
    return (
        linked.with_columns(at_fault=at_fault)
        .with_columns(fault=pl.when("at_fault").then("card_number"))
        .join(rows, on="fault", how="left", maintain_order="left")
        .with_columns(
            pl.col("again").fill_null(False),
            named_person_id=pl.when("at_fault").then("faulty_person_id").otherwise("named_person_id"),
        )
        .drop("fault", "faulty_person_id")
    )


def place_named(linked: pl.DataFrame, persons: HashIndex) -> pl.DataFrame:
    """Give `person` to tombstones and notifications at fault that name a person who was taken (§6)."""
    if linked["named_person_id"].null_count() == linked.height:
        return linked
    placed = persons.of(linked["named_person_id"])
    return linked.with_columns(person=pl.coalesce("person", placed.alias("placed")))


def _shared_numbers(notifications: pl.DataFrame, policy: Policy) -> pl.Series:
    """Find the numbers that two live notifications (`_USED_BY`) use for different people (§4).

    Two people are different if their birth dates differ, and their names can be compared and do not agree. A
    value without any digit is no number.
    """
    # Rows with equal hashes include all rows with equal numbers, and are much faster to find.
    hashes = notifications["card_number"].hash()
    several = notifications.with_columns(hashes.alias("hash")).filter(hashes.is_duplicated())
    # Most numbers that are used twice belong to a person with two employers: one birth date, so no conflict.
    birth = pl.col("birth_date")
    several = several.filter((birth.min() != birth.max()).over("hash")).drop("hash")
    several = several.filter(pl.col("card_number").str.contains(r"\d")).drop_nulls()
    several = several.unique(_USED_BY).filter(_births_differ("card_number"))
    users = _without_common_key(_keyed(several).filter(_births_differ(*_MEETING)))
    shared = [pl.Series("card_number", [], dtype=pl.String)]
    # In each round, some users of a number are compared with all later ones, until a pair differs or all were
    # compared. It seldom takes a second round: names without a common key rarely agree with each other.
    users = users.with_columns(user=pl.int_range(pl.len()).over(_MEETING), users=pl.len().over(_MEETING))
    first = 0
    while (users := users.filter(pl.col("users") > first + 1)).height:
        pivots = users.filter(pl.col("user").is_between(first, first + _PIVOTS, closed="left"))
        pairs = users.join(pivots, on=_MEETING, suffix="_pivot").filter(pl.col("user") > pl.col("user_pivot"))
        numbers = pairs.filter(_name_different_people(pairs, policy))["card_number"].unique()
        shared.append(numbers)
        users = users.join(numbers.to_frame(), on="card_number", how="anti")
        first += _PIVOTS
    return pl.concat(shared).unique()


def _births_differ(*group: str) -> pl.Expr:
    """Say which rows are of a group with two birth dates of which a part that both know differs."""
    birth = pl.col("birth_date")
    parts = (birth // 10_000, birth // 100 % 100, birth % 100)
    known = [pl.when(part > 0).then(part) for part in parts]
    return pl.any_horizontal((part.min() != part.max()).over(group) for part in known)


def _keyed(users: pl.DataFrame) -> pl.DataFrame:
    """Return the users whose names can be compared, with the script (`latin`) and the `keys` of their names.

    Names of one script agree exactly if they have a key in common. A number's users with the same birth date
    and the same keys are one row.
    """
    writing = name_or_none(users["name"])
    users = users.with_columns(writing.alias("writing")).filter(
        comparable(pl.col("writing"), pl.col("writing"))
    )
    keys = agreement_keys(users["writing"])
    users = users.with_columns(
        keys.alias("keys"), latin=has_latin(pl.col("writing")), key=keys.list.join("\n")
    )
    return users.sort(_USED_BY).unique([*_MEETING, "key", "birth_date"], keep="first", maintain_order=True)


def _without_common_key(users: pl.DataFrame) -> pl.DataFrame:
    """Leave out the users of a number whose names all have one key in common: they all agree."""
    everybody = users.group_by(_MEETING).agg(users=pl.len())
    common = (
        users.select(*_MEETING, "keys")
        .explode("keys")
        .group_by(*_MEETING, "keys")
        .agg(users=pl.len())
        .join(everybody, on=[*_MEETING, "users"], how="semi")
    )
    return users.join(common, on=_MEETING, how="anti", maintain_order="left")


def _name_different_people(pairs: pl.DataFrame, policy: Policy) -> pl.Series:
    births = compare.judge("birth_date", pairs.select(reported="birth_date", held="birth_date_pivot"), policy)
    apart = pairs.select(pl.col("keys").list.set_intersection("keys_pivot").list.len() == 0).to_series()
    different = apart & (births["verdict"] == _DIFFERENT)
    if not policy.agreeing_causes:
        return different
    at = different.arg_true()
    names = pairs[at].select(reported="name", held="name_pivot", held_kanji=pl.lit(None, pl.String))
    return different.scatter(at, compare.judge("name", names, policy)["verdict"] == _DIFFERENT)


def judge_notifications(
    linked: pl.DataFrame, cards: pl.DataFrame, persons: pl.DataFrame, policy: Policy
) -> Judged:
    """Compare every linked notification with the record of the card whose number it reports.

    `linked` comes from `link`; `cards` and `persons` are typed. `person` in `linked` and `cards` is the row
    in `persons`. The notifications keep their order. A notification at fault counts for every person whom a
    faulty row names, and is one notification in all else.
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
    outcome = (
        pl.when(~pl.col("live"))
        .then(pl.lit(OUTCOMES["deleted"].code))
        .when("at_fault")
        .then(pl.lit(OUTCOMES["held"].code))
        .when(pl.col("person_id").is_null())
        .then(pl.lit(OUTCOMES["not_found"].code))
        .when(pl.col("mismatched_items").is_null())
        .then(pl.lit(OUTCOMES["matched"].code))
        .otherwise(pl.lit(OUTCOMES["mismatched"].code))
    )
    columns = ("card_number", "nationality", "status_of_residence", "issued_on", *CREDITING)
    notifications = (
        linked.select(
            "notification_id", "person", "person_id", "live", "at_fault", "again", "shared_number", *columns
        )
        .with_columns(
            persons["card_number"].gather(linked["person"]).alias("latest_card"),
            _spread(causes["mismatched_items"], differing, linked.height),
            _spread(causes["differences"], differing, linked.height),
            identity_conflict=_spread(causes["identity_conflict"], differing, linked.height).fill_null(False),
        )
        .with_columns(
            # The cause for a number that was not found is given in the same column as all other causes (§4).
            differences=pl.when(pl.col("person_id").is_null() & pl.col("live"))
            .then(
                pl.when("at_fault")
                .then(_of_number("register_fault", Found.REGISTER))
                .when(is_card_number(pl.col("card_number")))
                .then(_of_number("unknown_number"))
                .otherwise(_of_number("malformed"))
            )
            .otherwise("differences")
        )
        .select(
            outcome.alias("outcome"),
            ((pl.col("card_number") != pl.col("latest_card")) & pl.col("live") & ~pl.col("at_fault"))
            .fill_null(False)
            .alias("card_superseded"),
            pl.exclude("live", "latest_card", "at_fault"),
        )
        .select(*MATCHES, "person", *columns, "again")
    )
    crediting = notifications.drop("again")
    once = crediting.filter(~notifications["again"]) if notifications["again"].any() else crediting
    held = {f"linked_{item}": f"{item}_held" for item in policy.compared_items}
    still = causes["mismatched_items"].is_not_null()
    return Judged(once, mismatched.filter(still).select("notification_id", **held), crediting)


def _of_number(code: str, found: Found = Found.NUMBER) -> pl.Expr:
    return pl.lit(f"card_number:{found_by(found, 'card_number')[code].code}")


def _spread(values: pl.Series, rows: pl.Series, height: int) -> pl.Series:
    blank = pl.repeat(None, height, dtype=values.dtype, eager=True)
    return blank.scatter(rows, values).alias(values.name)


def _pair(linked: pl.DataFrame, item: str) -> pl.DataFrame:
    kanji = ["held_kanji"] if item == "name" else []
    return linked.select(pl.col(item).alias("reported"), pl.col(f"{item}_held").alias("held"), *kanji)
