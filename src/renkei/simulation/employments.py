"""Employments: who works where and since when, and whether and when the employer notified it."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from renkei.simulation.draws import Bools, Draws, Ints
from renkei.simulation.employers import Employers
from renkei.simulation.residents import People
from renkei.simulation.tables import BLANK_DAY, numbers, status_codes, table

NUMBERS_BEGIN = (
    date(2020, 3, 1) - date(1970, 1, 1)
).days  # the first day on which a notification has a card number
_SEVERAL_EMPLOYERS = 0.07  # assumption: notifications of a person who has one already
_CHANGED_JOBS = 0.18  # assumption: of specialists, hired by another employer than that of the permission
_CONTINUED = 0.35  # assumption: of persons with an earlier work status, the employment began under it
_MOST_NOTIFIED = 0.97
_ENDED, _SECOND_ENDED = 0.22, 0.55  # assumption
_YEARS_BACK = 5 * 365


@dataclass(frozen=True)
class Filing:
    """How often employers do not file as they should (`tables/flaws.csv`, item employment_start)."""

    omitted: float
    late: float
    early: float
    kept_on: float


@dataclass(frozen=True)
class Employments:
    """Employments that were notified, in random order, and people whose employer did not notify."""

    person: Ints
    begins: Ints
    ends: Ints
    registered: Ints
    establishment: Ints
    late: Bools
    early: Bools
    kept_on: Bools
    employer: Ints  # person → establishment of the first employment, notified or not; -1 if none
    anchor: Ints  # person → stage in which the first employment began
    omitted: Bools  # person → employed, but not notified

    def __len__(self) -> int:
        return len(self.person)


def _is(words: str) -> Bools:
    return np.array([code.startswith(words) for code in status_codes()])


def _group_of_status() -> Ints:
    groups = table("worker_groups")["worker_group"].to_list()
    return np.array([groups.index(g) if g in groups else -1 for g in table("statuses")["worker_group"]])


def _anchors(people: People, draws: Draws) -> Ints:
    """Draw the stage in which a person's employment began."""
    anchor = people.stages - 1
    rows = np.arange(len(people))
    intern = _is("titp")
    permitted = np.isin(_group_of_status(), [0, 2, 4])  # specialist, intern, designated
    for _ in range(3):
        before = np.maximum(anchor - 1, 0)
        now, previous = people.status[rows, anchor], people.status[rows, before]
        interns = intern[now] & intern[previous]
        continued = (
            permitted[now] & permitted[previous] & ~intern[previous] & draws.chance(_CONTINUED, len(people))
        )
        anchor = np.where((anchor > 0) & (interns | continued), before, anchor)
    return anchor


def _selected(people: People, count: int, omitted: float, draws: Draws) -> tuple[Ints, Ints, Ints]:
    """Draw the people who are notified once, those notified again, and those employed but not notified."""
    weights = numbers("worker_groups", "notifications")
    group = _group_of_status()[people.current]
    members = [np.flatnonzero(group == number) for number in range(len(weights))]
    weights = weights * np.array([len(one) > 0 for one in members])
    wanted = np.floor(weights / max(weights.sum(), 1) * count).astype(np.int64)
    wanted[np.argmax(weights)] += count - wanted.sum()
    once, again, never = [], [], []
    for number, one in enumerate(members):
        if not len(one):
            continue
        shuffled = one[draws.sample(len(one), len(one))]
        distinct = min(round(wanted[number] * (1 - _SEVERAL_EMPLOYERS)), int(len(one) * _MOST_NOTIFIED))
        once.append(shuffled[:distinct])
        # If there are more notifications than people, everybody can be notified again.
        pool = shuffled[: max(distinct, 1)]
        again.append(pool[draws.below(len(pool), int(wanted[number] - distinct))])
        if number in (0, 2, 4):
            unseen = round(distinct * omitted / max(1 - omitted, 0.01))
            never.append(shuffled[distinct : distinct + unseen])
    return np.concatenate(once), np.concatenate(again), np.concatenate([np.empty(0, np.int64), *never])


def draw_employments(
    people: People, employers: Employers, count: int, as_of: int, filing: Filing, draws: Draws
) -> Employments:
    """Draw exactly `count` notified employments, by the published shares of the worker groups."""
    size = len(people)
    rows = np.arange(size)
    once, again, never = _selected(people, count, filing.omitted, draws)
    anchor = _anchors(people, draws)
    permitted = people.begins[rows, anchor]
    group = _group_of_status()[people.current]
    by_permission = np.isin(group, [0, 2, 4])
    changed = draws.chance(_CHANGED_JOBS, size) & (group == 0)
    # A settled person may have been hired earlier; a student or dependant works under the present status.
    settled = group == 1
    since = np.maximum(np.where(settled, people.begins[:, 0], people.current_begins), as_of - _YEARS_BACK)
    begins = np.where(
        by_permission,
        np.where(
            changed,
            draws.between(permitted, np.full(size, as_of), size),
            permitted + draws.between(0, 20, size),
        ),
        draws.between(since, np.full(size, as_of), size),
    )
    student = status_codes().index("student")
    was_student = (anchor > 0) & (people.status[rows, np.maximum(anchor - 1, 0)] == student)
    kept_on = draws.chance(filing.kept_on, size) & was_student & by_permission & ~changed
    early = draws.chance(filing.early, size) & by_permission & ~changed & ~kept_on
    begins = np.where(early, permitted - draws.between(1, 30, size), begins)
    as_student = np.maximum(
        permitted - draws.between(30, 400, size), people.begins[rows, np.maximum(anchor - 1, 0)]
    )
    begins = np.where(kept_on, np.minimum(as_student, permitted - 1), begins)
    # Notifications of older employments have no card number; the world begins with the card number.
    begins = np.where(
        (begins < NUMBERS_BEGIN) & ~early & ~kept_on, NUMBERS_BEGIN + draws.between(0, 600, size), begins
    )
    begins = np.minimum(begins, as_of)
    employer = employers.draw(people.prefecture, draws)

    repeated = np.minimum(draws.between(since, np.full(size, as_of), size)[again], as_of)
    person = np.concatenate([once, again])
    first = np.arange(len(person)) < len(once)
    start = np.concatenate([begins[once], np.maximum(repeated, NUMBERS_BEGIN)])
    late = first & draws.chance(filing.late, len(person)) & (start + 75 <= as_of)
    lag = np.where(late, draws.between(75, 400, len(person)), draws.between(1, 45, len(person)))
    registered = np.minimum(np.maximum(start, people.begins[person, 0]) + lag, as_of)
    ended = draws.uniform(len(person)) < np.where(first, _ENDED, _SECOND_ENDED)
    ended &= start + 14 < as_of
    order = draws.sample(len(person), len(person))
    has_employer = np.zeros(size, dtype=np.bool_)
    has_employer[once] = has_employer[never] = True
    omitted = np.zeros(size, dtype=np.bool_)
    omitted[never] = True
    return Employments(
        person=person[order],
        begins=start[order],
        ends=np.where(ended, draws.between(start + 14, np.full(len(start), as_of), len(start)), BLANK_DAY)[
            order
        ],
        registered=registered[order],
        establishment=np.concatenate([employer[once], employers.draw(people.prefecture[again], draws)])[
            order
        ],
        late=late[order],
        early=(first & early[person])[order],
        kept_on=(first & kept_on[person])[order],
        employer=np.where(has_employer, employer, -1),
        anchor=anchor,
        omitted=omitted,
    )


def employment_columns(employments: Employments, employers: Employers) -> pl.DataFrame:
    """Return the establishment's columns of each notification."""
    return employers.establishments[employments.establishment]
