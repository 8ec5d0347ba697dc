"""Residence cards: one at the first landing, one for every change and renewal, some re-issued.

Every issue has its own number (入管法19条の4第2項), and a card keeps the data of the day of its issue.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from renkei.simulation.addresses import draw_addresses
from renkei.simulation.draws import Bools, Draws, Ints, scattered
from renkei.simulation.residents import CARDS_BEGIN, MONTH, STAGES, People
from renkei.simulation.tables import (
    BLANK_DAY,
    codes,
    day_text,
    nationality_codes,
    padded,
    pick,
    status_codes,
    whole,
)

CARDS_PER_PERSON = 10  # the numbering has room for no more
MOST_RESIDENTS = 8_000_000  # with more, card numbers would run out
_RENEWALS = 6
_PERMANENT_CARD_MONTHS = 84  # a permanent resident's card is valid seven years
_REISSUED = 0.04  # assumption: lost, damaged, or a kanji name added
_LATE_RENEWAL = 0.12  # assumption: decided after the period ended, while the application was pending
_MOVED_WITH_NEW_CARD = 0.35  # assumption
_MOVED_SINCE = 0.15  # assumption: address written on the back of the card, no new card
_EXTRA_PERIODS = ((0.05, 12 / 36), (0.40, 1.0), (0.55, 60 / 36))  # assumption: of stays of three years
_KANJI_AT_FIRST = 0.4  # assumption
_LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = 10**8


@dataclass(frozen=True)
class Cards:
    """Cards as numbers, sorted by person and day of issue, with their records."""

    person: Ints  # row of the card owner among the people
    issued: Ints
    expires: Ints  # end of the period of stay, BLANK_DAY if it has no limit
    status: Ints
    last: Bools
    linked: pl.DataFrame  # columns of the dataset cards
    latest: pl.DataFrame  # columns of the dataset persons, one row for each person

    def __len__(self) -> int:
        return len(self.person)

    def valid_on(self, person: Ints, day: Ints) -> Ints:
        """Return the row of the last card issued to each person up to the day, else of the first card."""
        keys = self.person * 10**6 + self.issued
        place = np.searchsorted(keys, person * 10**6 + day, side="right") - 1
        return np.maximum(place, np.searchsorted(self.person, person, side="left"))

    def last_of(self, person: Ints) -> Ints:
        """Return the row of each person's latest card."""
        return np.searchsorted(self.person, person, side="right") - 1


def card_numbers(order: Ints, draws: Draws) -> pl.Series:
    """Return a card number for each different `order`; all are different, because their digits are."""
    size = len(order)
    digits = scattered(order, _DIGITS, 61_803_399, 27_182_818)
    pairs = pl.Series([a + b for a in _LETTERS for b in _LETTERS])
    return pl.DataFrame(
        {
            "head": pick(pairs, draws.below(len(pairs), size)),
            "high": pick(padded(4), digits // 10**4),
            "low": pick(padded(4), digits % 10**4),
            "tail": pick(pairs, draws.below(len(pairs), size)),
        }
    ).select(pl.concat_str(pl.all()))["head"]


def person_ids(number: Ints) -> pl.Series:
    """Return identifiers of people: unique for each number, without meaning."""
    place = scattered(number, 10**9, 314_159_271, 141_421_356)
    return pl.DataFrame(
        {
            "prefix": pick(codes(("F",)), place * 0),
            "a": pick(padded(3), place // 10**6),
            "b": pick(padded(6), place % 10**6),
        }
    ).select(pl.concat_str(pl.all()))["prefix"]


def _periods(people: People, draws: Draws) -> Ints:
    """Draw the period of stay, in days, for each person and stage; 0 if there is no limit."""
    months = whole("statuses", "period_months")[people.status]
    choice = draws.among([share for share, _ in _EXTRA_PERIODS], people.status.size).reshape(
        people.status.shape
    )
    factor = np.array([factor for _, factor in _EXTRA_PERIODS])[choice]
    months = np.where(months == 36, months * factor, months)
    return np.round(months * MONTH).astype(np.int64)


def _issues(people: People, as_of: int, draws: Draws) -> tuple[Ints, Ints, Ints, Ints]:
    """Draw person, day of issue, end of the period and status of every card, sorted by person and day."""
    size, periods = len(people), _periods(people, draws)
    found: list[tuple[Ints, Ints, Ints, Ints]] = []
    for stage in range(STAGES):
        within = np.flatnonzero(stage < people.stages)
        begins = people.begins[within, stage]
        ends = people.begins[within, stage + 1] if stage + 1 < STAGES else np.full(len(within), as_of + 1)
        period = periods[within, stage]
        limited = period > 0
        step = np.where(limited, period, round(_PERMANENT_CARD_MONTHS * MONTH))
        step = np.maximum(step, (ends - begins) // _RENEWALS + 1)
        for renewal in range(_RENEWALS):
            late = draws.chance(_LATE_RENEWAL, len(within))
            lead = np.where(late, -draws.between(1, 55, len(within)), draws.between(0, 60, len(within)))
            nominal = begins + renewal * step
            issued = np.where(
                renewal == 0, begins, np.maximum(nominal - np.minimum(lead, step // 3), begins + 1)
            )
            there = (issued < ends) & (nominal < ends)
            expires = np.where(limited, nominal + step, BLANK_DAY)
            found.append((within[there], issued[there], expires[there], people.status[within, stage][there]))
    person, issued, expires, status = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((issued, person))
    person, issued, expires, status = person[order], issued[order], expires[order], status[order]
    last = np.append(person[1:] != person[:-1], True)
    kept = (issued >= CARDS_BEGIN) | last
    person, issued, expires, status = (
        person[kept],
        np.maximum(issued[kept], CARDS_BEGIN),
        expires[kept],
        status[kept],
    )
    again = np.flatnonzero(np.append(person[1:] != person[:-1], True))
    again = again[draws.chance(_REISSUED, size)]
    again = again[issued[again] < as_of]
    reissued = draws.between(issued[again] + 1, np.full(len(again), as_of), len(again))
    person, expires, status = (
        np.concatenate([column, column[again]]) for column in (person, expires, status)
    )
    issued = np.concatenate([issued, reissued])
    order = np.lexsort((issued, person))
    order = order[_from_the_end(person[order]) < CARDS_PER_PERSON]
    return person[order], issued[order], expires[order], status[order]


def _from_the_end(person: Ints) -> Ints:
    """Return for each card (sorted by person) how many later cards its owner has."""
    return np.searchsorted(person, person, side="right") - 1 - np.arange(len(person))


def birth_text(day: Ints, known: Ints) -> pl.Series:
    """Write days of birth, unknown parts as 00."""
    text = pl.DataFrame({"day": day_text(day), "known": known})
    return text.select(
        pl.when(pl.col("known") == 0)
        .then("day")
        .when(pl.col("known") == 1)
        .then(pl.col("day").str.slice(0, 8) + "00")
        .otherwise(pl.col("day").str.slice(0, 5) + "00-00")
    )["day"]


def draw_cards(people: People, as_of: int, draws: Draws) -> Cards:
    """Draw everybody's cards and, from the last of them, everybody's latest record."""
    person, issued, expires, status = _issues(people, as_of, draws)
    size = len(person)
    first = np.append(True, person[1:] != person[:-1])
    last = np.append(first[1:], True)
    ordinal = np.arange(size) - np.flatnonzero(first)[np.cumsum(first) - 1]
    moved = first | draws.chance(_MOVED_WITH_NEW_CARD, size)
    dwelling = np.cumsum(moved) - 1
    since = np.flatnonzero(draws.chance(_MOVED_SINCE, len(people)))
    addresses = draw_addresses(people.prefecture[np.concatenate([person[moved], since])], draws)
    at = addresses[dwelling]
    number = card_numbers((people.first + person) * CARDS_PER_PERSON + ordinal, draws)
    names = people.names.written("latin")
    renamed = np.flatnonzero(people.renamed)
    former_place = np.full(len(people), -1)
    former_place[renamed] = np.arange(len(renamed)) + len(people)
    former = people.former_names.take(renamed)
    all_names = pl.concat([names, former.written("latin")])
    kanji = people.names.written("kanji")
    # A kanji name is requested at an office, not at the airport: few first cards have one.
    with_kanji = people.kanji[person] & (~first | draws.chance(_KANJI_AT_FIRST, size))
    before = people.renamed[person] & ~last
    extra = draws.below(100, len(people))[person] < whole("statuses", "extra_activity_percent")[status]
    linked = pl.DataFrame(
        {
            "card_number": number,
            "person_id": person_ids(people.number)[person],
            "issued_on": day_text(issued),
            "name": pick(all_names, np.where(before, former_place[person], person)),
            "kanji_name": pick(kanji, np.where(with_kanji, person, -1)),
            "status_of_residence": pick(codes(status_codes()), status),
            "stay_expires_on": day_text(expires),
            "birth_date": birth_text(people.birth_day, people.birth_known)[person],
            "sex": pick(codes(("0", "1", "2")), people.sex[person]),
            "nationality": pick(codes(nationality_codes()), people.nationality[person]),
            "postal_code": at["postal_code"],
            "address": at["address"],
            "extra_activity_permission": pick(codes(("false", "true")), extra.astype(np.int64)),
        }
    )
    latest_at = dwelling[last]
    latest_at[since] = np.arange(len(since)) + dwelling[-1] + 1
    latest = linked.filter(last).select(
        "person_id", "card_number", *linked.columns[3:10], *addresses[latest_at], "extra_activity_permission"
    )
    return Cards(person, issued, expires, status, last, linked, latest)
