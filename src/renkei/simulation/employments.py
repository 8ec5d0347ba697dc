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
_RETURNED = 0.25  # assumption: of trainees now under another status, went home and landed anew
_FORMER_JOB = 0.4  # assumption: of second notifications of persons who held another status, a job under it
_FORMER_JOB_OF_OMITTED = 0.3  # assumption: of those not notified who held another status, a job under it
_LEFT_OPEN = 0.2  # assumption: of jobs given up, the separation was not notified
_SEPARATION_NOTICE = 0.3  # assumption: of jobs under an earlier status that ended, the separation alone
_CONTINUED = 0.35  # assumption: of persons with an earlier work status, the employment began under it
_MOST_NOTIFIED = 0.97
_ENDED, _SECOND_ENDED = 0.22, 0.55  # assumption
_YEARS_BACK = 5 * 365
_LATE_LANDING = 31
_BY_PERMISSION = (0, 2, 4)  # groups of the table: specialist, intern, designated


@dataclass(frozen=True)
class Filing:
    """How often employers do not file as they should: the flaws of the item employment, by name."""

    omitted: float = 0.0
    filed_late: float = 0.0
    started_early: float = 0.0
    landed_late: float = 0.0
    kept_on: float = 0.0
    notified_again: float = 0.0
    separation_only: float = 0.0


@dataclass(frozen=True)
class Employments:
    """Employments that were notified, in random order, and people whose employer did not notify."""

    person: Ints
    begins: Ints
    ends: Ints
    registered: Ints
    establishment: Ints
    start_said: Bools  # false for a notice of separation without the day of hiring
    late: Bools
    early: Bools
    landed_late: Bools
    kept_on: Bools
    notified_again: Bools
    separation_only: Bools
    employer: Ints  # person → establishment of the first employment, notified or not; -1 if none
    contract: Ints  # person → establishment in the application for the permission; -1 if none
    anchor: Ints  # person → stage in which the first employment began
    returned: Bools  # person → went home after training and landed anew for the next status
    omitted: Bools  # person → employed, but not notified

    def __len__(self) -> int:
        return len(self.person)


def _is(words: str) -> Bools:
    return np.array([code.startswith(words) for code in status_codes()])


def ended_training(before: Ints, status: Ints) -> Bools:
    """Say where 技能実習 is followed by another status."""
    trained = _is("titp")
    ended: Bools = trained[before] & ~trained[status]
    return ended


def _group_of_status() -> Ints:
    groups = table("worker_groups")["worker_group"].to_list()
    return np.array([groups.index(g) if g in groups else -1 for g in table("statuses")["worker_group"]])


def _anchors(people: People, draws: Draws) -> Ints:
    """Draw the stage in which a person's employment began."""
    anchor = people.stages - 1
    rows = np.arange(len(people))
    intern = _is("titp")
    permitted = np.isin(_group_of_status(), _BY_PERMISSION)
    for _ in range(3):
        before = np.maximum(anchor - 1, 0)
        now, previous = people.status[rows, anchor], people.status[rows, before]
        interns = intern[now] & intern[previous]
        continued = (
            permitted[now] & permitted[previous] & ~intern[previous] & draws.chance(_CONTINUED, len(people))
        )
        anchor = np.where((anchor > 0) & (interns | continued), before, anchor)
    return anchor


def _selected(
    people: People, count: int, omitted: float, anchor: Ints, draws: Draws
) -> tuple[Ints, Ints, Ints]:
    """Draw the people who are notified once, those notified again, and those employed but not notified.

    Of those not notified, some are among those notified again: an employer of before had notified them.
    """
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
        twice = pool[draws.below(len(pool), int(wanted[number] - distinct))]
        if number in _BY_PERMISSION:
            unseen = round(distinct * omitted / max(1 - omitted, 0.01))
            unnotified = shuffled[distinct : distinct + unseen]
            never.append(unnotified)
            had_job = unnotified[_could_have_had_a_job(people, anchor)[unnotified]]
            had_job = had_job[: min(round(len(had_job) * _FORMER_JOB_OF_OMITTED), len(twice) // 2)]
            twice = np.concatenate([had_job, twice[len(had_job) :]])
        again.append(twice)
    return np.concatenate(once), np.concatenate(again), np.concatenate([np.empty(0, np.int64), *never])


def _could_have_had_a_job(people: People, anchor: Ints) -> Bools:
    """Say who held another status before, at a time when notifications had card numbers."""
    permitted = people.begins[np.arange(len(people)), anchor]
    return (anchor > 0) & (permitted > NUMBERS_BEGIN + 30)


def draw_employments(
    people: People, employers: Employers, count: int, as_of: int, filing: Filing, draws: Draws
) -> Employments:
    """Draw exactly `count` notified employments, by the published shares of the worker groups."""
    size = len(people)
    rows = np.arange(size)
    anchor = _anchors(people, draws)
    once, again, never = _selected(people, count, filing.omitted, anchor, draws)
    permitted = people.begins[rows, anchor]
    group = _group_of_status()[people.current]
    by_permission = np.isin(group, _BY_PERMISSION)
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
    returned = draws.chance(_RETURNED, size)
    landed = (anchor == 0) | (
        returned & ended_training(people.status[rows, np.maximum(anchor - 1, 0)], people.status[rows, anchor])
    )
    kept_on = draws.chance(filing.kept_on, size) & was_student & by_permission & ~changed
    early = draws.chance(filing.started_early, size) & by_permission & ~changed & ~kept_on
    renotified = draws.chance(filing.notified_again, size) & was_student & by_permission
    renotified &= ~changed & ~kept_on & ~early
    landed_late = draws.chance(filing.landed_late, size) & landed & by_permission & ~changed & ~early
    begins = np.where(early | landed_late, permitted - draws.between(1, _LATE_LANDING, size), begins)
    as_student = np.maximum(
        permitted - draws.between(30, 400, size), people.begins[rows, np.maximum(anchor - 1, 0)]
    )
    begins = np.where(kept_on | renotified, np.minimum(as_student, permitted - 1), begins)
    unusual = early | landed_late | kept_on | renotified
    # Notifications of older employments have no card number; the world begins with the card number.
    begins = np.where(
        (begins < NUMBERS_BEGIN) & ~unusual,
        NUMBERS_BEGIN + draws.between(0, 600, size),
        begins,
    )
    begins = np.minimum(begins, as_of)
    employer = employers.draw(people.prefecture, draws)
    contract = np.where(changed, employers.draw(people.prefecture, draws), employer)

    has_employer = np.zeros(size, dtype=np.bool_)
    has_employer[once] = has_employer[never] = True
    omitted = np.zeros(size, dtype=np.bool_)
    omitted[never] = True
    person = np.concatenate([once, again])
    first = np.arange(len(person)) < len(once)
    second = _draw_second(people, again, anchor, by_permission, omitted, changed, begins, since, as_of, draws)
    second_at = employers.draw(people.prefecture[again], draws)
    start = np.concatenate([begins[once], second.begins])
    late = first & draws.chance(filing.filed_late, len(person)) & (start + 75 <= as_of)
    lag = np.where(late, draws.between(75, 400, len(person)), draws.between(1, 45, len(person)))
    again_after = first & renotified[person]
    notified = np.maximum(start, np.where(again_after, permitted[person], people.begins[person, 0]))
    ended = draws.uniform(len(person)) < np.where(first, _ENDED, _SECOND_ENDED)
    ended &= start + 14 < as_of
    ends = np.where(ended, draws.between(start + 14, np.full(len(start), as_of), len(start)), BLANK_DAY)
    ends[len(once) :] = np.where(second.settled, second.ends, ends[len(once) :])
    separation_only = draws.chance(filing.separation_only, len(person)) & first & by_permission[person]
    separation_only &= (ends != BLANK_DAY) & ~late & ~unusual[person]
    start_said = ~separation_only
    start_said[len(once) :] &= ~second.separation_notice
    registered = np.minimum(np.where(start_said, notified, ends) + lag, as_of)
    order = draws.sample(len(person), len(person))
    return Employments(
        person=person[order],
        begins=start[order],
        ends=ends[order],
        registered=registered[order],
        establishment=np.concatenate([employer[once], np.where(second.left, contract[again], second_at)])[
            order
        ],
        start_said=start_said[order],
        late=late[order],
        early=(first & early[person])[order],
        landed_late=(first & landed_late[person])[order],
        kept_on=(first & kept_on[person])[order],
        notified_again=again_after[order],
        separation_only=separation_only[order],
        employer=np.where(has_employer, employer, -1),
        contract=np.where(has_employer, contract, -1),
        anchor=anchor,
        returned=returned,
        omitted=omitted,
    )


@dataclass(frozen=True)
class _Second:
    """Second notifications: a job beside the first, one under the status before, or the employer left."""

    begins: Ints
    ends: Ints
    settled: Bools  # the end is drawn here
    left: Bools  # with the employer of the application, before the present one
    separation_notice: Bools


def _draw_second(
    people: People,
    again: Ints,
    anchor: Ints,
    by_permission: Bools,
    omitted: Bools,
    changed: Bools,
    begins: Ints,
    since: Ints,
    as_of: int,
    draws: Draws,
) -> _Second:
    """Draw the second notifications of `again`; the other columns are of all people."""
    size, today = len(again), np.full(len(again), as_of)
    permitted = people.begins[again, anchor[again]]
    former = by_permission[again] & _could_have_had_a_job(people, anchor)[again]
    former &= omitted[again] | draws.chance(_FORMER_JOB, size)
    left = changed[again] & ~former & (begins[again] - permitted > 30) & (permitted >= NUMBERS_BEGIN)
    beside = np.maximum(draws.between(since[again], today, size), NUMBERS_BEGIN)
    earlier = people.begins[again, np.maximum(anchor[again] - 1, 0)]
    as_before = draws.between(np.maximum(earlier, NUMBERS_BEGIN), permitted - 20, size)
    start = np.select([former, left], [as_before, permitted + draws.between(0, 20, size)], beside)
    given_up = np.where(former, permitted - 1, begins[again] - 1)
    settled = former | left
    is_open = draws.chance(_LEFT_OPEN, size)
    ends = np.where(is_open, BLANK_DAY, draws.between(start, given_up, size))
    notice = former & ~is_open & draws.chance(_SEPARATION_NOTICE, size)
    return _Second(np.minimum(start, as_of), ends, settled, left, notice)


def employment_columns(employments: Employments, employers: Employers) -> pl.DataFrame:
    """Return the establishment's columns of each notification."""
    return employers.establishments[employments.establishment]
