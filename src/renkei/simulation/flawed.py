"""Puts the flaws into notifications and records each of them: the first half of the answer key.

An item of a notification gets at most one flaw. Flaws that decide a notification's outcome come first and
exclude the others, or at least the others that decide an outcome. So the expected result of a row never
depends on a combination of flaws.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from renkei.simulation.cards import Cards, card_numbers
from renkei.simulation.draws import Bools, Draws, Ints
from renkei.simulation.flaw_values import CHANGES
from renkei.simulation.flaws import Flaw
from renkei.simulation.names import draw_names
from renkei.simulation.notifications import Notifications
from renkei.simulation.residents import People
from renkei.simulation.tables import day_text, pick

_ORDER = ("card_number", "status_of_residence", "deleted_on", "notification_id")
_NEVER_ISSUED = 90_000_000  # card numbers from here on are never issued
_TOMBSTONE = ("notification_id", "card_number", "registered_on", "deleted_on")
_DATES_OF_A_PERSON = ("birth_date", "stay_expires_on")
_OTHER_CARDS = ("status_of_residence", "stay_expires_on")


@dataclass
class Account:
    """Which rows got which flaw: one entry for each flaw, with its rows and reported values."""

    flaws: list[Flaw] = field(default_factory=list)
    rows: list[Ints] = field(default_factory=list)
    values: list[pl.Series] = field(default_factory=list)

    def add(self, flaw: Flaw, rows: Ints, values: pl.Series) -> None:
        """Record a flaw with the rows that got it and the values of its item in these rows."""
        self.flaws.append(flaw)
        self.rows.append(rows)
        self.values.append(values)


@dataclass(frozen=True)
class Flawed:
    """Notifications as the ministry has them, with the true cards and the flaws."""

    rows: pl.DataFrame
    linked: Ints  # card whose number is reported, as far as it can be read; -1 if there is none
    account: Account


class _Workspace:
    """The notifications of a chunk while flaws are put into them."""

    def __init__(
        self, people: People, cards: Cards, notifications: Notifications, as_of: int, draws: Draws
    ) -> None:
        self.people, self.cards, self.filed, self.as_of, self.draws = (
            people,
            cards,
            notifications,
            as_of,
            draws,
        )
        self.rows = notifications.rows
        self.linked = notifications.linked.copy()
        self.undecided = np.ones(len(notifications), dtype=np.bool_)  # no flaw has decided the outcome
        self.open = np.ones(
            len(notifications), dtype=np.bool_
        )  # flaws that do not decide the outcome are still possible
        self.account = Account()

    def inputs_of(self, item: str, at: Ints) -> pl.DataFrame:
        """Return the columns that the expressions of an item's flaws use, for the rows `at`."""
        filed, linked = self.filed, self.cards.linked
        own = self.filed.rows[at]
        columns: dict[str, pl.Series] = {
            "reported_status": self.rows["status_of_residence"][at],
            "r1": pl.Series(self.draws.below(10**6, len(at)), dtype=pl.Int64),
            "r2": pl.Series(self.draws.below(10**6, len(at)), dtype=pl.Int64),
        }
        if item in _OTHER_CARDS:
            for other, places in (("previous", filed.previous), ("latest", filed.latest)):
                columns |= {f"{other}_{column}": pick(linked[column], places[at]) for column in _OTHER_CARDS}
        if item == "name":
            names = self.people.names.take(filed.person[at])
            kanji, variant = names.written("kanji"), names.written("kanji_variant")
            columns |= {
                "held_kanji": pick(linked["kanji_name"], filed.linked[at]),
                "person_name": names.written("latin"),
                "passport": names.written("passport"),
                "kanji": kanji,
                "kanji_variant": variant,
            }
        return own.with_columns(**columns)

    def put(self, flaw: Flaw, rows: Ints, values: pl.Series) -> None:
        """Write values into the rows and record the flaw."""
        self.rows = self.rows.with_columns(_placed(self.rows[flaw.item], rows, values))
        self.account.add(flaw, rows, values)
        if flaw.alone != "no":
            self.undecided[rows] = False
        if flaw.alone == "yes":
            self.open[rows] = False

    def free(self, flaw: Flaw) -> Bools:
        """Say which rows may still get a flaw."""
        return self.open if flaw.alone == "no" else self.undecided


def _placed(column: pl.Series, rows: Ints, values: pl.Series) -> pl.Series:
    """Return the column with these rows replaced by values."""
    places = np.arange(len(column))
    places[rows] = len(column) + np.arange(len(rows))
    return pl.concat([column, values.cast(pl.String).alias(column.name)]).gather(places.astype(np.uint32))


def put_flaws(
    flaws: Sequence[Flaw],
    people: People,
    cards: Cards,
    notifications: Notifications,
    as_of: int,
    draws: Draws,
) -> Flawed:
    """Put flaws into a chunk's notifications at their rates."""
    work = _Workspace(people, cards, notifications, as_of, draws)
    items = dict.fromkeys(flaw.item for flaw in flaws)
    for item in (*_ORDER, *(item for item in items if item not in (*_ORDER, "employment"))):
        of_item = [flaw for flaw in flaws if flaw.item == item]
        edges = np.cumsum([flaw.rate for flaw in of_item])
        drawn = np.searchsorted(edges, draws.uniform(len(notifications)), side="right")
        for number, flaw in enumerate(of_item):
            rows = np.flatnonzero((drawn == number) & work.free(flaw))
            if len(rows):
                _SPECIAL.get(flaw.name, _put_change)(work, flaw, rows)
    return Flawed(work.rows, work.linked, work.account)


def _put_change(work: _Workspace, flaw: Flaw, rows: Ints) -> None:
    change = CHANGES[flaw.name]
    drawn = work.inputs_of(flaw.item, rows).with_columns(value=change.value, where=change.where)
    there = drawn["where"].fill_null(value=False).to_numpy()
    rows = rows[there]
    if not len(rows):
        return
    work.put(flaw, rows, drawn["value"].filter(pl.Series(there)))
    if flaw.verdict in ("not_found", "not_sent") and flaw.item == "card_number":
        work.linked[rows] = -1
    if flaw.name == "permanent_corrected":
        corrected = np.maximum(work.filed.registered[rows], work.as_of - work.draws.below(90, len(rows)))
        work.rows = work.rows.with_columns(_placed(work.rows["updated_on"], rows, day_text(corrected)))


def _put_number(work: _Workspace, flaw: Flaw, rows: Ints, card: Ints) -> None:
    """Make the rows report the number of another card."""
    there: Bools = (card >= 0) & (card != work.filed.linked[rows])
    rows, card = rows[there], card[there]
    work.put(flaw, rows, work.cards.linked["card_number"][card])
    work.linked[rows] = card


def _number_of_another(work: _Workspace, flaw: Flaw, rows: Ints) -> None:
    size = len(work.people)
    other = (work.filed.person[rows] + 1 + work.draws.below(max(size - 1, 1), len(rows))) % size
    other = np.where(other == work.filed.person[rows], -1, other)
    _put_number(work, flaw, rows, np.where(other >= 0, work.cards.last_of(other), -1))


def _number_shared(work: _Workspace, flaw: Flaw, rows: Ints) -> None:
    # The pool has workers who are notified themselves; about three others use each of their numbers.
    pool = work.filed.linked[work.draws.below(len(work.filed), max(len(rows) // 3, 1))]
    card = pool[work.draws.below(len(pool), len(rows))]
    own = work.cards.person[card] == work.filed.person[rows]
    _put_number(work, flaw, rows, np.where(own, -1, card))


def _number_superseded(work: _Workspace, flaw: Flaw, rows: Ints) -> None:
    _put_number(work, flaw, rows, work.filed.previous[rows])


def _number_fabricated(work: _Workspace, flaw: Flaw, rows: Ints) -> None:
    made_up = card_numbers(_NEVER_ISSUED + work.draws.below(9_999_999, max(len(rows) // 2, 1)), work.draws)
    work.put(flaw, rows, pick(made_up, work.draws.below(len(made_up), len(rows))))
    work.linked[rows] = -1


def _worker_unknown(work: _Workspace, flaw: Flaw, rows: Ints) -> None:
    """Make the rows report a person outside the register: another name, other dates, an unissued number."""
    nationality, sex = (
        column[work.filed.person[rows]] for column in (work.people.nationality, work.people.sex)
    )
    _number_fabricated(work, flaw, rows)
    invented = draw_names(nationality, np.maximum(sex, 1), work.draws).written("latin")
    work.rows = work.rows.with_columns(
        _placed(work.rows["name"], rows, invented),
        *(_placed(work.rows[item], rows, _other_day(work, item, rows)) for item in _DATES_OF_A_PERSON),
    )


def _other_day(work: _Workspace, item: str, rows: Ints) -> pl.Series:
    sign = 1 - 2 * work.draws.below(2, len(rows))
    shifted = pl.DataFrame(
        {"day": work.rows[item][rows], "shift": sign * work.draws.between(30, 400, len(rows))}
    )
    moved = pl.col("day").str.to_date("%Y-%m-%d", strict=False) + pl.duration(days="shift")
    # A partial date stays unchanged.
    return shifted.select(pl.coalesce(moved.dt.to_string("%Y-%m-%d"), "day"))["day"]


def _deleted(work: _Workspace, flaw: Flaw, rows: Ints) -> None:
    days = np.minimum(work.filed.registered[rows] + work.draws.between(1, 60, len(rows)), work.as_of)
    work.put(flaw, rows, day_text(days))
    bare = rows[work.draws.chance(0.5, len(rows))]
    blank = pl.Series([None], dtype=pl.String).gather(np.zeros(len(bare), dtype=np.uint32))
    work.rows = work.rows.with_columns(
        _placed(work.rows[column], bare, blank) for column in work.rows.columns if column not in _TOMBSTONE
    )


def _identifier_repeated(work: _Workspace, flaw: Flaw, rows: Ints) -> None:
    original = work.draws.below(rows, len(rows))
    there = (original < rows) & ~np.isin(original, rows)
    rows, original = rows[there], original[there]
    work.put(flaw, rows, work.filed.rows["notification_id"][original])


_SPECIAL = {
    "number_of_another": _number_of_another,
    "number_shared": _number_shared,
    "number_superseded": _number_superseded,
    "number_fabricated": _number_fabricated,
    "worker_unknown": _worker_unknown,
    "deleted": _deleted,
    "identifier_repeated": _identifier_repeated,
}
