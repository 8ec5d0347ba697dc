"""Putting the flaws into notifications, and keeping account of each: the answer key's first half.

Item by item, at most one flaw an item. Flaws that decide a notification's outcome come first and keep away
the others, or at least those that decide too, so that what the matching should say of a row never depends on
an interplay.
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
_NEVER_ISSUED = 90_000_000  # numbers of cards from here on are never issued
_TOMBSTONE = ("notification_id", "card_number", "registered_on", "deleted_on")
_DATES_OF_A_PERSON = ("birth_date", "stay_expires_on")
_OTHER_CARDS = ("status_of_residence", "stay_expires_on")


@dataclass
class Account:
    """What was done to which row: one entry for each flaw, its rows, causes and reported values."""

    flaws: list[Flaw] = field(default_factory=list)
    rows: list[Ints] = field(default_factory=list)
    values: list[pl.Series] = field(default_factory=list)

    def add(self, flaw: Flaw, rows: Ints, values: pl.Series) -> None:
        """Enter a flaw with the rows it befell and what stands in its item there."""
        self.flaws.append(flaw)
        self.rows.append(rows)
        self.values.append(values)


@dataclass(frozen=True)
class Flawed:
    """Notifications as the ministry has them, beside what is true of them."""

    rows: pl.DataFrame
    linked: Ints  # card whose number is reported, as far as it can be read; -1 where there is none
    account: Account


class _Bench:
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
        self.undecided = np.ones(len(notifications), dtype=np.bool_)  # no flaw decided the outcome
        self.open = np.ones(len(notifications), dtype=np.bool_)  # flaws that decide nothing may still come
        self.account = Account()

    def lay_out(self, item: str, at: Ints) -> pl.DataFrame:
        """Lay out what the expressions of an item's flaws speak of, for the rows `at`."""
        filed, linked = self.filed, self.cards.linked
        own = self.filed.rows[at]
        more: dict[str, pl.Series] = {
            "reported_status": self.rows["status_of_residence"][at],
            "r1": pl.Series(self.draws.below(10**6, len(at)), dtype=pl.Int64),
            "r2": pl.Series(self.draws.below(10**6, len(at)), dtype=pl.Int64),
        }
        if item in _OTHER_CARDS:
            for other, places in (("previous", filed.previous), ("latest", filed.latest)):
                more |= {f"{other}_{column}": pick(linked[column], places[at]) for column in _OTHER_CARDS}
        if item == "name":
            names = self.people.names.take(filed.person[at])
            kanji, variant = names.written("kanji"), names.written("kanji_variant")
            more |= {
                "held_kanji": pick(linked["kanji_name"], filed.linked[at]),
                "person_name": names.written("latin"),
                "passport": names.written("passport"),
                "kanji": kanji,
                "kanji_variant": variant,
            }
        return own.with_columns(**more)

    def put(self, flaw: Flaw, rows: Ints, values: pl.Series) -> None:
        """Write values into the rows and account for them."""
        self.rows = self.rows.with_columns(_placed(self.rows[flaw.item], rows, values))
        self.account.add(flaw, rows, values)
        if flaw.alone != "no":
            self.undecided[rows] = False
        if flaw.alone == "yes":
            self.open[rows] = False

    def free(self, flaw: Flaw) -> Bools:
        """Tell the rows that a flaw may still befall."""
        return self.open if flaw.alone == "no" else self.undecided


def _placed(column: pl.Series, rows: Ints, values: pl.Series) -> pl.Series:
    """Return the column with values in place of those at the rows."""
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
    bench = _Bench(people, cards, notifications, as_of, draws)
    items = dict.fromkeys(flaw.item for flaw in flaws)
    for item in (*_ORDER, *(item for item in items if item not in (*_ORDER, "employment"))):
        of_item = [flaw for flaw in flaws if flaw.item == item]
        edges = np.cumsum([flaw.rate for flaw in of_item])
        drawn = np.searchsorted(edges, draws.uniform(len(notifications)), side="right")
        for number, flaw in enumerate(of_item):
            rows = np.flatnonzero((drawn == number) & bench.free(flaw))
            if len(rows):
                _SPECIAL.get(flaw.name, _put_change)(bench, flaw, rows)
    return Flawed(bench.rows, bench.linked, bench.account)


def _put_change(bench: _Bench, flaw: Flaw, rows: Ints) -> None:
    change = CHANGES[flaw.name]
    drawn = bench.lay_out(flaw.item, rows).with_columns(value=change.value, where=change.where)
    there = drawn["where"].fill_null(value=False).to_numpy()
    rows = rows[there]
    if not len(rows):
        return
    bench.put(flaw, rows, drawn["value"].filter(pl.Series(there)))
    if flaw.verdict in ("not_found", "not_sent") and flaw.item == "card_number":
        bench.linked[rows] = -1
    if flaw.name == "permanent_corrected":
        corrected = np.maximum(bench.filed.registered[rows], bench.as_of - bench.draws.below(90, len(rows)))
        bench.rows = bench.rows.with_columns(_placed(bench.rows["updated_on"], rows, day_text(corrected)))


def _put_number(bench: _Bench, flaw: Flaw, rows: Ints, card: Ints) -> None:
    """Let the rows report the number of another card."""
    there: Bools = (card >= 0) & (card != bench.filed.linked[rows])
    rows, card = rows[there], card[there]
    bench.put(flaw, rows, bench.cards.linked["card_number"][card])
    bench.linked[rows] = card


def _number_of_another(bench: _Bench, flaw: Flaw, rows: Ints) -> None:
    size = len(bench.people)
    victim = (bench.filed.person[rows] + 1 + bench.draws.below(max(size - 1, 1), len(rows))) % size
    victim = np.where(victim == bench.filed.person[rows], -1, victim)
    _put_number(bench, flaw, rows, np.where(victim >= 0, bench.cards.last_of(victim), -1))


def _number_shared(bench: _Bench, flaw: Flaw, rows: Ints) -> None:
    # The pool is of workers who are notified themselves; each of their numbers serves about three others.
    pool = bench.filed.linked[bench.draws.below(len(bench.filed), max(len(rows) // 3, 1))]
    card = pool[bench.draws.below(len(pool), len(rows))]
    own = bench.cards.person[card] == bench.filed.person[rows]
    _put_number(bench, flaw, rows, np.where(own, -1, card))


def _number_superseded(bench: _Bench, flaw: Flaw, rows: Ints) -> None:
    _put_number(bench, flaw, rows, bench.filed.previous[rows])


def _number_fabricated(bench: _Bench, flaw: Flaw, rows: Ints) -> None:
    made_up = card_numbers(_NEVER_ISSUED + bench.draws.below(9_999_999, max(len(rows) // 2, 1)), bench.draws)
    bench.put(flaw, rows, pick(made_up, bench.draws.below(len(made_up), len(rows))))
    bench.linked[rows] = -1


def _worker_unknown(bench: _Bench, flaw: Flaw, rows: Ints) -> None:
    """Let the rows speak of somebody in no register: another name, other dates, a number of nobody."""
    nationality, sex = (
        column[bench.filed.person[rows]] for column in (bench.people.nationality, bench.people.sex)
    )
    _number_fabricated(bench, flaw, rows)
    invented = draw_names(nationality, np.maximum(sex, 1), bench.draws).written("latin")
    bench.rows = bench.rows.with_columns(
        _placed(bench.rows["name"], rows, invented),
        *(_placed(bench.rows[item], rows, _other_day(bench, item, rows)) for item in _DATES_OF_A_PERSON),
    )


def _other_day(bench: _Bench, item: str, rows: Ints) -> pl.Series:
    way = 1 - 2 * bench.draws.below(2, len(rows))
    shifted = pl.DataFrame(
        {"day": bench.rows[item][rows], "shift": way * bench.draws.between(30, 400, len(rows))}
    )
    moved = pl.col("day").str.to_date("%Y-%m-%d", strict=False) + pl.duration(days="shift")
    # A day that is not wholly known stays as it is.
    return shifted.select(pl.coalesce(moved.dt.to_string("%Y-%m-%d"), "day"))["day"]


def _deleted(bench: _Bench, flaw: Flaw, rows: Ints) -> None:
    days = np.minimum(bench.filed.registered[rows] + bench.draws.between(1, 60, len(rows)), bench.as_of)
    bench.put(flaw, rows, day_text(days))
    bare = rows[bench.draws.chance(0.5, len(rows))]
    blank = pl.Series([None], dtype=pl.String).gather(np.zeros(len(bare), dtype=np.uint32))
    bench.rows = bench.rows.with_columns(
        _placed(bench.rows[column], bare, blank) for column in bench.rows.columns if column not in _TOMBSTONE
    )


def _identifier_repeated(bench: _Bench, flaw: Flaw, rows: Ints) -> None:
    original = bench.draws.below(rows, len(rows))
    there = (original < rows) & ~np.isin(original, rows)
    rows, original = rows[there], original[there]
    bench.put(flaw, rows, bench.filed.rows["notification_id"][original])


_SPECIAL = {
    "number_of_another": _number_of_another,
    "number_shared": _number_shared,
    "number_superseded": _number_superseded,
    "number_fabricated": _number_fabricated,
    "worker_unknown": _worker_unknown,
    "deleted": _deleted,
    "identifier_repeated": _identifier_repeated,
}
