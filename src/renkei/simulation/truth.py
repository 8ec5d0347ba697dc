"""The answer key: the truth about each notification and permission, and the expected result of the matching.

It is computed from the flaws put into the rows, never by comparing names, so that it can evaluate a matching.
If two flaws happen to cancel or imitate each other (a wrong digit that gives another card's date), it can be
wrong; docs/simulation.md says how often.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from renkei.agreement.causes import CAUSES
from renkei.agreement.nationalities import NATIONALITIES, RELATED
from renkei.agreement.omissions import (
    CANCELLED,
    EXPLANATIONS,
    IDENTITY_CONFLICT,
    NO_NOTIFICATION,
    PROBABLY_NOTIFIED,
    REASONS,
    START_BEFORE_PERMISSION,
)
from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.statuses import STATUSES, Work
from renkei.simulation.cards import Cards
from renkei.simulation.draws import Bools, Ints
from renkei.simulation.employers import Employers
from renkei.simulation.employments import Employments
from renkei.simulation.flawed import Account, Flawed
from renkei.simulation.notifications import Notifications
from renkei.simulation.permissions import Permissions
from renkei.simulation.tables import BLANK_DAY, codes, pick, status_codes

COMPARED = (
    "name",
    "status_of_residence",
    "stay_expires_on",
    "birth_date",
    "sex",
    "nationality",
    "extra_activity_permission",
)
_IDENTITY = ("name", "birth_date", "sex", "nationality")
_AS_LATEST, _OTHER_CARD, _RELATED, _DIFFERENT = (
    CAUSES[code].code for code in ("as_latest", "other_card", "related", "different")
)
_REPEATED = "identifier_repeated"
_UNREGISTERED = ("not_notifiable", "worker_unknown")
AGREEMENT_BEGINS = (date(2021, 3, 22) - date(1970, 1, 1)).days

NOTIFICATION_TRUTH = (
    "notification_id",
    "person_id",
    "card_number",
    "flaws",
    "expected_outcome",
    "expected_reasons",
    "expected_differences",
    "expected_card_superseded",
    "expected_identity_conflict",
    "expected_shared_number",
)
PERMISSION_TRUTH = (
    "permission_id",
    "truly_omitted",
    "expected_reason",
    "expected_explanation",
    "expected_with_candidates",
)


@dataclass(frozen=True)
class Expected:
    """The expected result for a chunk's notifications, row by row."""

    key: pl.DataFrame
    live: Bools
    conflict: Bools
    credited: Ints  # person whose card number is reported; -1 if none
    lost: Ints  # worker of a notification whose number is not found; -1 if none, or in no register
    cancelled: Ints  # person of a deleted notification; -1 if none


def _entries(account: Account, filed: pl.Series) -> pl.DataFrame:
    """Return one row for each flaw of each notification: row, index of the flaw in the account.

    A repeated identifier counts for the notification that it repeats; `filed` has the identifiers.
    """
    pieces = [pl.DataFrame(schema={"row": pl.Int64, "flaw": pl.Int64})]
    for number, (flaw, rows, values) in enumerate(
        zip(account.flaws, account.rows, account.values, strict=True)
    ):
        if flaw.name == _REPEATED:
            places = filed.to_frame("value").with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
            rows = values.to_frame("value").unique().join(places, on="value")["row"].to_numpy()
        pieces.append(pl.DataFrame({"row": rows, "flaw": np.full(len(rows), number)}))
    return pl.concat(pieces).sort("row", "flaw")


def _cards_of(cards: Cards, card: Ints) -> tuple[Ints, Ints]:
    """Return all cards of the owners of the given cards, and the index of the given card for each."""
    owner = cards.person[card]
    first, last = np.searchsorted(cards.person, owner, side="left"), cards.last_of(owner)
    count = last - first + 1
    asked = np.repeat(np.arange(len(card)), count)
    place = np.arange(len(asked)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    return place, asked


def _explained(cards: Cards, item: str, card: Ints, value: pl.Series, cause: pl.Series) -> pl.Series:
    """Replace the causes of differences that another card of the person explains."""
    if not len(card):
        return cause
    held = cards.linked[item]
    latest = (pick(held, cards.last_of(cards.person[card])) == value).fill_null(value=False).to_numpy()
    place, asked = _cards_of(cards, card)
    on_card = (pick(held, place) == pick(value, asked)).fill_null(value=False).to_numpy()
    other = np.bincount(asked, weights=on_card, minlength=len(card)) > 0
    chosen = np.where(latest, 0, np.where(other, 1, -1))
    return pl.DataFrame({"a": pick(codes((_AS_LATEST, _OTHER_CARD)), chosen), "b": cause}).select(
        pl.coalesce("a", "b")
    )["a"]


def _differ(item: str, reported: pl.Series, held: pl.Series) -> Bools:
    """Say where canonical values differ."""
    if item == "nationality":
        same_as = {code: one.compare_as for code, one in NATIONALITIES.items()}
        reported, held = (one.replace_strict(same_as, return_dtype=pl.String) for one in (reported, held))
    differ = (reported != held).fill_null(value=False)
    if item == "sex":
        differ &= (reported != "0") & (held != "0")
    if item == "birth_date":
        parts = pl.DataFrame({"r": reported, "h": held})
        unknown = [(pl.col(side).str.slice(at, 2) == "00") for side in ("r", "h") for at in (5, 8)]
        known = pl.when(unknown[0] | unknown[2]).then(4).when(unknown[1] | unknown[3]).then(7).otherwise(10)
        differ = parts.select(pl.col("r").str.slice(0, known) != pl.col("h").str.slice(0, known))["r"]
    return differ.to_numpy()


def _compared(cards: Cards, notifications: Notifications, rows: Ints, card: Ints) -> pl.DataFrame:
    """Compare rows that report another card's number, item by item: row, item, cause."""
    found = []
    for item in COMPARED:
        reported, held = notifications.rows[item][rows], pick(cards.linked[item], card)
        differ = _differ(item, reported, held)
        at = np.flatnonzero(differ)
        cause = pl.Series([_DIFFERENT]).gather(np.zeros(len(at), dtype=np.uint32))
        if item == "nationality":
            sets = [{"r": a, "h": b} for group in RELATED for a in group for b in group if a != b]
            pairs = pl.DataFrame({"r": reported[at], "h": held[at]})
            cause = pairs.join(
                pl.DataFrame(sets).with_columns(c=pl.lit(_RELATED)),
                on=["r", "h"],
                how="left",
                maintain_order="left",
            ).select(pl.col("c").fill_null(_DIFFERENT))["c"]
        cause = _explained(cards, item, card[at], reported[at], cause)
        found.append(_entry(rows[at], item, cause))
    return pl.concat(found)


def _entry(rows: Ints, item: str, cause: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"row": rows, "item": np.full(len(rows), COMPARED.index(item)), "cause": cause})


def _differences(cards: Cards, notifications: Notifications, flawed: Flawed) -> pl.DataFrame:
    """Return every difference that the matching should find: row, item, cause."""
    found = [_entry(np.empty(0, dtype=np.int64), "name", pl.Series([], dtype=pl.String))]
    for flaw, rows, values in zip(
        flawed.account.flaws, flawed.account.rows, flawed.account.values, strict=True
    ):
        if flaw.verdict == "computed":
            found.append(_compared(cards, notifications, rows, flawed.linked[rows]))
        elif flaw.verdict == "different":
            there = flawed.linked[rows] >= 0
            at, value = rows[there], values.filter(pl.Series(there))
            cause = pl.Series([flaw.cause]).gather(np.zeros(len(at), dtype=np.uint32))
            found.append(_entry(at, flaw.item, _explained(cards, flaw.item, flawed.linked[at], value, cause)))
    return pl.concat(found).sort("row", "item")


def _marked(size: int, account: Account, verdict: str) -> Bools:
    marked = np.zeros(size, dtype=np.bool_)
    for flaw, rows in zip(account.flaws, account.rows, strict=True):
        if flaw.verdict == verdict:
            marked[rows] = True
    return marked


def expected_of_notifications(
    cards: Cards, employments: Employments, notifications: Notifications, flawed: Flawed
) -> Expected:
    """Compute the expected result for every notification (reconciliation §2 to §4)."""
    size, account = len(notifications), flawed.account
    entries = _entries(account, notifications.rows["notification_id"])
    names = codes(tuple(flaw.name for flaw in account.flaws))
    reasons = codes(
        tuple(
            f"{flaw.cause}:{flaw.item}" if flaw.verdict in ("rejected", "not_readable") else flaw.cause
            for flaw in account.flaws
        )
    )
    excluding = ("rejected", "not_readable", "not_sent", "not_found")
    excludes = pl.Series(
        [flaw.verdict in excluding and flaw.name != _REPEATED for flaw in account.flaws], dtype=pl.Boolean
    )
    named = entries.with_columns(
        name=pick(names, entries["flaw"].to_numpy()), reason=pick(reasons, entries["flaw"].to_numpy())
    )
    excluded = named.filter(pick(excludes, named["flaw"].to_numpy())) if len(named) else named
    filing = {
        "filed_late": employments.late,
        "started_early": employments.early,
        "landed_late": employments.landed_late,
        "kept_on": employments.kept_on,
        "notified_again": employments.notified_again,
        "separation_only": employments.separation_only,
    }
    filed = [
        pl.DataFrame({"row": np.flatnonzero(rows)}).with_columns(name=pl.lit(name))
        for name, rows in filing.items()
    ]
    flaws = _joined(pl.concat([named.select("row", "name"), *filed]), "name", size)
    rejected, not_sent, deleted, not_found = (
        _marked(size, account, verdict) for verdict in ("rejected", "not_sent", "deleted", "not_found")
    )
    differences = _differences(cards, notifications, flawed)
    pairs = differences.with_columns(
        pair=pl.concat_str(pick(codes(COMPARED), differences["item"].to_numpy()), pl.lit(":"), "cause")
    )
    identity = np.isin(differences["item"].to_numpy(), [COMPARED.index(item) for item in _IDENTITY])
    against = np.bincount(differences["row"].to_numpy()[identity], minlength=size) >= 2
    mismatched = np.bincount(differences["row"].to_numpy(), minlength=size) > 0
    live = ~(rejected | not_sent | deleted)
    found = live & ~not_found
    outcome = np.select([rejected, not_sent, deleted, not_found, mismatched], [0, 1, 2, 3, 4], default=5)
    taken = tuple(OUTCOMES[code].code for code in ("deleted", "not_found", "mismatched", "matched"))
    words = ("rejected", "not_sent", *taken)
    owner = np.where(flawed.linked >= 0, cards.person[np.maximum(flawed.linked, 0)], -1)
    superseded = found & (flawed.linked != cards.last_of(np.maximum(owner, 0)))
    worker = np.where(_registered(account, size), notifications.person, -1)
    key = pl.DataFrame(
        {
            "notification_id": flawed.rows["notification_id"],
            "person_id": pick(cards.latest["person_id"], worker),
            "card_number": pick(cards.linked["card_number"], notifications.linked),
            "flaws": flaws,
            "expected_outcome": pick(codes(words), outcome),
            "expected_reasons": _joined(
                excluded.select("row", "reason").unique().sort("row", "reason"), "reason", size
            ),
            "expected_differences": _only(found, _joined(pairs, "pair", size)),
            "expected_card_superseded": _flag(superseded),
            "expected_identity_conflict": _flag(found & against),
            "expected_shared_number": _flag(live & _shared(flawed, notifications, live, differences)),
        }
    )
    first = ~_repeated(account, size)
    return Expected(
        key=key.filter(pl.Series(first)),
        live=found,
        conflict=against,
        credited=np.where(found, owner, -1),
        lost=np.where(live & not_found & first, worker, -1),
        cancelled=np.where(deleted, owner, -1),
    )


def _registered(account: Account, size: int) -> Bools:
    """Say which workers are in the register: not 特別永住者 and the like, and not invented persons."""
    known = np.ones(size, dtype=np.bool_)
    for flaw, rows in zip(account.flaws, account.rows, strict=True):
        if flaw.name in _UNREGISTERED:
            known[rows] = False
    return known


def _repeated(account: Account, size: int) -> Bools:
    """Say which rows are second rows with an identifier: the key is for the first row."""
    repeated = np.zeros(size, dtype=np.bool_)
    for flaw, rows in zip(account.flaws, account.rows, strict=True):
        if flaw.name == _REPEATED:
            repeated[rows] = True
    return repeated


def _joined(entries: pl.DataFrame, column: str, size: int) -> pl.Series:
    """Join each row's words by a semicolon, in the order of the entries; null if there are none."""
    words = entries.group_by("row", maintain_order=True).agg(pl.col(column).str.join(";"))
    place = np.full(size, -1)
    place[words["row"].to_numpy()] = np.arange(len(words))
    return pick(words[column], place)


def _only(rows: Bools, words: pl.Series) -> pl.Series:
    return pick(words, np.where(rows, np.arange(len(words)), -1))


def _flag(rows: Bools) -> pl.Series:
    return pick(codes(("false", "true")), rows.astype(np.int64))


def _shared(flawed: Flawed, notifications: Notifications, live: Bools, differences: pl.DataFrame) -> Bools:
    """Say which live notifications have a number that is used for different people, or seems to be.

    A name in kanji or kana is not comparable with a name in Latin letters, so it does not count.
    """
    size = len(notifications)
    off = {
        item: np.isin(
            np.arange(size), differences.filter(pl.col("item") == COMPARED.index(item))["row"].to_numpy()
        )
        for item in ("name", "birth_date")
    }
    latin = flawed.rows["name"].str.normalize("NFKC").str.contains(r"\p{Latin}").fill_null(value=False)
    used = pl.DataFrame(
        {
            "card": flawed.linked,
            "text": flawed.rows["card_number"],
            "person": notifications.person,
            "live": live,
            "tells": pl.Series(live) & latin,
            **off,
        }
    ).with_columns(number=pl.when(pl.col("card") >= 0).then(pl.col("card").cast(pl.String)).otherwise("text"))
    tells = pl.col("tells")
    several = pl.col("person").filter(tells).n_unique() > 1
    as_if_two = (tells.sum() > 1) & (pl.col("name") & tells).any() & (pl.col("birth_date") & tells).any()
    return used.select((several | as_if_two).over("number")).to_series().to_numpy()


# Those who are trained before they are employed.
_DUE_MONTHS = {"titp_1b": 3, "esd": 3}


# The day of hiring is not known from these: the key takes the day of registration for it.
_NO_START = ("start_unreadable", "start_missing")
_NOT_SENT_OF_PERMANENT = ("permanent", "26", "永住者")
_LATE_LANDING = 31


def expected_of_permissions(
    permissions: Permissions,
    employments: Employments,
    notifications: Notifications,
    cards: Cards,
    employers: Employers,
    flawed: Flawed,
    expected: Expected,
    as_of: int,
) -> pl.DataFrame:
    """Compute the expected suspected omissions, and which are truly omitted (reconciliation §6).

    The organisations of the world are compared, not their names: two of one name are different here.
    """
    filed = _filed(notifications, cards, employers, flawed, expected)
    asked = pl.DataFrame(
        {
            "person": permissions.person,
            "permitted": permissions.permitted,
            "landed": permissions.previous < 0,
            "organisation": permissions.organisation,
            "client": permissions.client,
        }
    ).with_row_index("row")
    judged = (
        asked.join(
            _first_failing(asked.join(filed, on="person")), on="row", how="left", maintain_order="left"
        )
        .with_columns(
            pl.col("credited", "lost").fill_null(value=False),
            due=pl.Series(_due(permissions, as_of)),
            cancelled=pl.col("person").is_in(expected.cancelled[expected.cancelled >= 0].tolist()),
        )
        .with_columns(suspected=pl.col("due") & ~pl.col("credited"))
    )
    suspected, failing = pl.col("suspected"), pl.col("failing")
    by_start = failing < len(_BY_START)
    no_notification = pl.lit(REASONS[NO_NOTIFICATION].code)
    reason = (
        pl.when(by_start)
        .then(pl.lit(REASONS[START_BEFORE_PERMISSION].code))
        .when(failing.is_not_null())
        .then(pl.lit(REASONS[IDENTITY_CONFLICT].code))
        .otherwise(no_notification)
    )
    explanation = (
        pl.when(by_start)
        .then(failing.replace_strict(dict(enumerate(_BY_START)), default=None, return_dtype=pl.String))
        .when(failing.is_null() & pl.col("cancelled"))
        .then(pl.lit(EXPLANATIONS[CANCELLED].code))
    )
    told_first = (failing < _TOLD_BEFORE_CANDIDATES).fill_null(value=False)
    with_candidates = (
        pl.when(pl.col("lost") & ~told_first).then(pl.lit(REASONS[PROBABLY_NOTIFIED].code)).otherwise(reason)
    )
    unhired = np.zeros(len(employments.omitted), dtype=np.bool_)
    unhired[employments.person[employments.separation_only]] = True
    omitted = (employments.omitted | unhired)[permissions.person] & (
        employments.anchor[permissions.person] == permissions.stage
    )
    return judged.select(
        permissions.rows["permission_id"],
        _flag(omitted).alias("truly_omitted"),
        pl.when(suspected).then(reason).alias("expected_reason"),
        pl.when(suspected).then(explanation).alias("expected_explanation"),
        pl.when(suspected).then(with_candidates).alias("expected_with_candidates"),
    )


def _due(permissions: Permissions, as_of: int) -> Bools:
    """Say which permissions are in scope and due."""
    work = np.array([STATUSES[code].work is Work.YES for code in status_codes()])
    by_designation = np.array([STATUSES[code].work is Work.BY_DESIGNATION for code in status_codes()])
    works = work[permissions.status] | (by_designation[permissions.status] & (permissions.designated == 1))
    permitted = permissions.permitted
    day = permitted.astype("datetime64[D]")
    month, year = day.astype("datetime64[M]"), day.astype("datetime64[Y]")
    months = np.array([_DUE_MONTHS.get(code, 1) for code in status_codes()])[permissions.status]
    due = (month + months + 1).astype("datetime64[D]").astype(np.int64) - 1
    graduates = (permissions.previous == status_codes().index("student")) & (
        month - year < np.timedelta64(4, "M")
    )
    end_of_may = (year.astype("datetime64[M]") + 5).astype("datetime64[D]").astype(np.int64) - 1
    due = np.where(graduates, np.maximum(due, end_of_may), due)
    begun = (permitted != BLANK_DAY) & (permitted >= AGREEMENT_BEGINS)
    overdue: Bools = (permissions.contract == 1) & works & begun & (as_of > due)
    return overdue


def _filed(
    notifications: Notifications, cards: Cards, employers: Employers, flawed: Flawed, expected: Expected
) -> pl.DataFrame:
    """Return what each notification of somebody says of the employment: days, null where it says none."""
    # 別紙1※: these items of 永住者 are not sent.
    withheld = flawed.rows["status_of_residence"].is_in(_NOT_SENT_OF_PERMANENT).fill_null(value=False)
    no_start = ~notifications.start_said | withheld.to_numpy()
    for flaw, rows in zip(flawed.account.flaws, flawed.account.rows, strict=True):
        if flaw.name in _NO_START:
            no_start[rows] = True
    day = pl.DataFrame(
        {"ends": notifications.ends, "withheld": withheld, "at": notifications.establishment}
    ).with_columns(
        ends=pl.when(~pl.col("withheld") & (pl.col("ends") != BLANK_DAY)).then("ends"),
        employer=pl.when(~pl.col("withheld")).then(
            pl.Series(employers.organisation[notifications.establishment])
        ),
    )
    reported = flawed.linked
    return pl.DataFrame(
        {
            "person": np.where(expected.lost >= 0, expected.lost, expected.credited),
            "was_lost": expected.lost >= 0,
            "conflict": expected.conflict & (expected.lost < 0),
            "start_said": ~no_start,
            "begins": np.where(no_start, notifications.registered, notifications.begins),
            "ends": day["ends"],
            "employer": day["employer"],
            "issued": cards.issued[np.maximum(reported, 0)],
        }
    ).filter(pl.col("person") >= 0)


# The explanations of an early start in the order in which they are sought; the last is none of them.
_BY_START = (
    *(EXPLANATIONS[code].code for code in ("notified_after", "continues", "just_before")),
    *(EXPLANATIONS[code].code for code in ("continues_elsewhere", "ended_before", "separation_only")),
    None,
)
_TOLD_BEFORE_CANDIDATES = 2  # the first two of them are


def _first_failing(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return for each permission whether a notification credits it, and which near miss comes first.

    `failing` is a place in `_BY_START`, or its length for an identity conflict; `lost`: a notification whose
    number is not found would credit it.
    """
    begins, ends, permitted = pl.col("begins"), pl.col("ends"), pl.col("permitted")
    separation = ~pl.col("start_said") & ends.is_not_null()
    in_time = ~separation & (begins >= permitted)
    same = (pl.col("employer") == pl.col("organisation")) | (pl.col("employer") == pl.col("client"))
    goes_on = ~separation & (ends.is_null() | (ends >= permitted))
    near_misses = (
        pl.col("start_said") & (pl.col("issued") >= permitted),
        goes_on & same,
        pl.col("landed") & ~separation & (begins < permitted) & (permitted - begins <= _LATE_LANDING),
        goes_on & ~same,
        ends < permitted,
        separation & (ends >= permitted),
    )
    place = pl.lit(len(near_misses))
    for number, holds in reversed(list(enumerate(near_misses))):
        place = pl.when(holds).then(pl.lit(number)).otherwise(place)
    found, conflict = ~pl.col("was_lost"), pl.col("conflict")
    failing = (
        pl.when(found & ~in_time & ~conflict)
        .then(place)
        .when(found & in_time & conflict)
        .then(pl.lit(len(_BY_START)))
    )
    return (
        pairs.with_columns(failing=failing, in_time=in_time)
        .group_by("row")
        .agg(
            credited=(pl.col("in_time") & found & ~conflict).any(),
            lost=(pl.col("in_time") & ~found).any(),
            failing=pl.col("failing").min(),
        )
    )
