"""Days after the base world: new, corrected and deleted rows, as each agency would send them.

The days change the first chunk of the world (all of a small world) and add newcomers. Every row of a day is a
complete row that replaces any earlier row with the same identifier.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from renkei.agreement.datasets import NOTIFICATIONS, PERMISSIONS
from renkei.agreement.outcomes import LIVE
from renkei.simulation.addresses import draw_addresses
from renkei.simulation.cards import CARDS_PER_PERSON, Cards, card_numbers, draw_cards
from renkei.simulation.chunks import Chunk, Plan
from renkei.simulation.draws import Bools, Draws, Ints
from renkei.simulation.employers import Employers
from renkei.simulation.employments import Employments, Filing, draw_employments
from renkei.simulation.flawed import put_flaws
from renkei.simulation.flaws import Flaw, clean, with_rates
from renkei.simulation.notifications import Notifications, draw_notifications
from renkei.simulation.permissions import draw_permissions, permission_ids
from renkei.simulation.residents import MONTH, draw_people
from renkei.simulation.tables import BLANK_DAY, codes, day_text, pick, status_codes
from renkei.simulation.truth import expected_of_notifications, expected_of_permissions

# Changes of one day, as shares of the world's size; assumptions (docs/simulation.md): at full size about
# 10,000 notifications and 6,000 changes of the register in a day.
_NEWCOMERS, _NEW_CARDS, _MOVED, _KANJI_ADDED, _LANDED = 0.0004, 0.001, 0.0008, 0.0001, 0.02
_HIRED, _SEPARATED, _CORRECTED, _DELETED = 0.002, 0.0015, 0.0008, 0.0002
_NEWCOMERS_HIRED = 0.4
_GRADUATES = 0.3  # of students with a new card: those who now work
_NEW_PERMISSIONS = 60_000_000  # permissions of the days have numbers from here on
_NEW_PERIOD = round(36 * MONTH)


@dataclass(frozen=True)
class Day:
    """One day's deliveries, the business day, and the answer key of the new rows in them."""

    day: date
    persons: pl.DataFrame
    cards: pl.DataFrame
    permissions: pl.DataFrame
    notifications: pl.DataFrame
    notification_truth: pl.DataFrame
    permission_truth: pl.DataFrame


class _State:
    """The part of the world that the days change."""

    def __init__(self, plan: Plan, chunk: Chunk, employers: Employers, flaws: Sequence[Flaw]) -> None:
        self.plan, self.people, self.cards, self.employers, self.flaws = (
            plan,
            chunk.people,
            chunk.cards,
            employers,
            flaws,
        )
        self.filed, self.rows = chunk.notifications, chunk.flawed.rows
        outcomes = self.rows.select("notification_id").join(
            chunk.notification_truth.select("notification_id", "expected_outcome"),
            on="notification_id",
            how="left",
            maintain_order="left",
        )["expected_outcome"]
        # A repeated identifier belongs to two workers; both are left unchanged.
        once = self.rows["notification_id"].is_unique()
        self.open = (outcomes.is_in(LIVE) & once).to_numpy().copy()
        self.awaiting = chunk.permissions.rows.filter(pl.col("permitted_on").is_null())
        self.unchanged = np.ones(len(self.people), dtype=np.bool_)
        self.newcomers = plan.residents
        self.notifications = plan.notifications
        self.permissions = _NEW_PERMISSIONS


def _at_least_one(size: int, share: float) -> int:
    return max(1, round(size * share))


def _chosen(allowed: Bools, count: int, draws: Draws) -> Ints:
    places = np.flatnonzero(allowed)
    return np.sort(places[draws.sample(len(places), min(count, len(places)))])


def draw_days(
    plan: Plan, chunk: Chunk, employers: Employers, flaws: Sequence[Flaw], days: int
) -> Iterator[Day]:
    """Draw the days after the base world, in order; `chunk` is the first chunk of the world."""
    state = _State(plan, chunk, employers, flaws)
    for number in range(1, days + 1):
        today = replace(plan, as_of=plan.as_of + timedelta(days=number))
        yield _draw_day(state, today, Draws(plan.seed, "day", number))


def _draw_day(state: _State, plan: Plan, draws: Draws) -> Day:
    persons, cards, permissions = [], [], []
    notifications, truths = [], []
    for register, permission_rows in (_new_cards(state, plan, draws), _changed_records(state, plan, draws)):
        persons.append(register[0])
        cards.append(register[1])
        permissions.append(permission_rows)
    landed = state.awaiting[: _at_least_one(len(state.awaiting), _LANDED)]
    state.awaiting = state.awaiting[len(landed) :]
    permissions.append(landed.with_columns(permitted_on=pl.lit(plan.as_of.isoformat())))
    for rows, truth in (_updates(state, plan, draws), _hires(state, plan, draws)):
        notifications.append(rows)
        truths.append(truth)
    arrivals = _arrivals(state, plan, draws)
    return Day(
        day=plan.as_of,
        persons=pl.concat([*persons, arrivals.cards.latest]).unique(
            "person_id", keep="last", maintain_order=True
        ),
        cards=pl.concat([*cards, arrivals.cards.linked]),
        permissions=pl.concat([*permissions, arrivals.permissions.rows]),
        notifications=pl.concat([*notifications, arrivals.flawed.rows]).sort(
            "notification_id", maintain_order=True
        ),
        notification_truth=pl.concat([*truths, arrivals.notification_truth]).sort("notification_id"),
        permission_truth=arrivals.permission_truth,
    )


def _arrivals(state: _State, plan: Plan, draws: Draws) -> Chunk:
    """Draw people who landed today; some are hired at once."""
    size = _at_least_one(plan.residents, _NEWCOMERS)
    people = draw_people(state.newcomers, size, plan.today, draws, newcomers=True)
    cards = draw_cards(people, plan.today, draws)
    count = round(size * _NEWCOMERS_HIRED)
    employments = draw_employments(people, state.employers, count, plan.today, Filing(), draws)
    permissions = draw_permissions(people, employments, state.employers, draws, awaiting=False)
    filed = draw_notifications(state.notifications, employments, cards, state.employers, plan.today, draws)
    flawed = put_flaws(state.flaws, people, cards, filed, plan.today, draws)
    expected = expected_of_notifications(cards, employments, filed, flawed)
    key = expected_of_permissions(
        permissions, employments, filed, cards, state.employers, flawed, expected, plan.today
    )
    state.newcomers += size
    state.notifications += count
    return Chunk(people, cards, employments, permissions, filed, flawed, expected.key, key)


def _hires(state: _State, plan: Plan, draws: Draws) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw notifications of residents hired in the last weeks, registered today."""
    count = _at_least_one(plan.notifications, _HIRED)
    person = draws.below(len(state.people), count)
    employments = _employments_of(
        state, person, plan.today - draws.between(0, 40, count), np.full(count, plan.today), draws
    )
    filed = draw_notifications(
        state.notifications, employments, state.cards, state.employers, plan.today, draws
    )
    state.notifications += count
    flawed = put_flaws(state.flaws, state.people, state.cards, filed, plan.today, draws)
    return flawed.rows, expected_of_notifications(state.cards, employments, filed, flawed).key


def _employments_of(state: _State, person: Ints, begins: Ints, registered: Ints, draws: Draws) -> Employments:
    nobody = np.zeros(len(person), dtype=np.bool_)
    everybody = np.zeros(len(state.people), dtype=np.bool_)
    return Employments(
        person=person,
        begins=begins,
        ends=np.full(len(person), BLANK_DAY),
        registered=registered,
        establishment=state.employers.draw(state.people.prefecture[person], draws),
        start_said=~nobody,
        late=nobody,
        early=nobody,
        landed_late=nobody,
        kept_on=nobody,
        notified_again=nobody,
        separation_only=nobody,
        employer=np.full(len(state.people), -1),
        contract=np.full(len(state.people), -1),
        anchor=state.people.stages - 1,
        returned=everybody,
        omitted=everybody,
    )


def _updates(state: _State, plan: Plan, draws: Draws) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw separations, corrections and deletions of earlier notifications."""
    today = pl.lit(plan.as_of.isoformat())
    free = state.open & (state.filed.registered < plan.today)
    size = plan.notifications
    chosen = []
    for share in (_SEPARATED, _CORRECTED, _DELETED):
        rows = _chosen(free, _at_least_one(size, share), draws)
        free[rows] = False
        chosen.append(rows)
    separated, corrected, deleted = chosen
    state.open[np.concatenate(chosen)] = False
    ended = state.rows[separated].with_columns(
        employment_end=today, updated_on=today, address=pl.col("address"), postal_code=pl.col("postal_code")
    )
    removed = state.rows[deleted].with_columns(
        pl.lit(None, dtype=pl.String).alias(column)
        for column in NOTIFICATIONS.names
        if column not in ("notification_id", "card_number", "registered_on")
    )
    removed = removed.with_columns(updated_on=pl.lit(None, dtype=pl.String), deleted_on=today)
    fixed = _rows_of(state.filed, corrected)
    fixed = replace(fixed, rows=fixed.rows.with_columns(updated_on=today))
    employments = _employments_of(state, fixed.person, fixed.begins, fixed.registered, draws)
    flawed = put_flaws(with_rates(clean()), state.people, state.cards, fixed, plan.today, draws)
    key = expected_of_notifications(state.cards, employments, fixed, flawed).key
    return pl.concat([ended, fixed.rows, removed]), key


def _rows_of(filed: Notifications, rows: Ints) -> Notifications:
    return Notifications(
        rows=filed.rows[rows],
        linked=filed.linked[rows],
        previous=filed.previous[rows],
        latest=filed.latest[rows],
        person=filed.person[rows],
        begins=filed.begins[rows],
        ends=filed.ends[rows],
        registered=filed.registered[rows],
        start_said=filed.start_said[rows],
        establishment=filed.establishment[rows],
    )


Register = tuple[pl.DataFrame, pl.DataFrame]


def _new_cards(state: _State, plan: Plan, draws: Draws) -> tuple[Register, pl.DataFrame]:
    """Draw renewals, and students who were permitted to work; each gets a new card."""
    cards, size = state.cards, len(state.people)
    held = np.bincount(cards.person, minlength=size)
    last = cards.last_of(np.arange(size))
    free = state.unchanged & (held < CARDS_PER_PERSON) & (cards.issued[last] < plan.today)
    person = _chosen(free, _at_least_one(plan.residents, _NEW_CARDS), draws)
    state.unchanged[person] = False
    student, engineer = (status_codes().index(code) for code in ("student", "engineer_humanities_intl"))
    before = cards.status[last[person]]
    graduate = (before == student) & draws.chance(_GRADUATES, len(person))
    status = np.where(graduate, engineer, before)
    limited = cards.expires[last[person]] != BLANK_DAY
    expires = np.where(limited, plan.today + _NEW_PERIOD, BLANK_DAY)
    number = card_numbers((state.people.first + person) * CARDS_PER_PERSON + held[person], draws)
    latest = cards.latest[person].with_columns(
        number.alias("card_number"),
        pick(codes(status_codes()), status).alias("status_of_residence"),
        day_text(expires).alias("stay_expires_on"),
        pl.when(pl.Series(graduate))
        .then(pl.lit("false"))
        .otherwise("extra_activity_permission")
        .alias("extra_activity_permission"),
    )
    issued = pl.lit(plan.as_of.isoformat()).alias("issued_on")
    linked = latest.with_columns(issued).select(cards.linked.columns)
    order = np.lexsort(
        (
            np.concatenate([cards.issued, np.full(len(person), plan.today)]),
            np.concatenate([cards.person, person]),
        )
    )
    state.cards = Cards(
        person=np.concatenate([cards.person, person])[order],
        issued=np.concatenate([cards.issued, np.full(len(person), plan.today)])[order],
        expires=np.concatenate([cards.expires, expires])[order],
        status=np.concatenate([cards.status, status])[order],
        last=cards.last,
        linked=pl.concat([cards.linked, linked])[order],
        latest=_with_rows(cards.latest, person, latest),
    )
    # The cards have new row numbers: update those of the notifications.
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    filed = state.filed
    state.filed = replace(
        filed,
        linked=place[filed.linked],
        previous=np.where(filed.previous >= 0, place[np.maximum(filed.previous, 0)], -1),
        latest=state.cards.last_of(filed.person),
    )
    return (latest, linked), _changes(state, plan, person[graduate], draws)


def _changes(state: _State, plan: Plan, person: Ints, draws: Draws) -> pl.DataFrame:
    """Draw the permissions of students who may now work, for an employer of their prefecture."""
    employers = state.employers
    establishment = employers.draw(state.people.prefecture[person], draws)
    organisations = employers.organisations[employers.organisation[establishment]]
    nothing = pl.lit(None, dtype=pl.String)
    rows = organisations.with_columns(
        permission_ids(state.permissions + np.arange(len(person))).alias("permission_id"),
        state.cards.latest["person_id"][person],
        ground=pl.lit("change"),
        permitted_on=pl.lit(plan.as_of.isoformat()),
        status_of_residence=pl.lit("engineer_humanities_intl"),
        previous_status=pl.lit("student"),
        work_designated=nothing,
        contract_confirmed=pl.lit("true"),
        contract_starts_on=nothing,
        dispatch_name=nothing,
        dispatch_address=nothing,
        dispatch_phone=nothing,
    )
    state.permissions += len(person)
    return rows.select(PERMISSIONS.names)


def _changed_records(state: _State, plan: Plan, draws: Draws) -> tuple[Register, pl.DataFrame]:
    """Draw people who moved without a new card, and kanji names added to existing cards."""
    cards = state.cards
    moved = _chosen(state.unchanged, _at_least_one(plan.residents, _MOVED), draws)
    state.unchanged[moved] = False
    addresses = draw_addresses(state.people.prefecture[moved], draws)
    at_home = cards.latest[moved].with_columns(addresses["postal_code"], addresses["address"])
    wants = state.unchanged & state.people.kanji & cards.latest["kanji_name"].is_null().to_numpy()
    named = _chosen(wants, round(plan.residents * _KANJI_ADDED), draws)
    state.unchanged[named] = False
    kanji = state.people.names.take(named).written("kanji").alias("kanji_name")
    with_kanji = cards.latest[named].with_columns(kanji)
    on_card = cards.last_of(named)
    linked = cards.linked[on_card].with_columns(kanji)
    state.cards = replace(
        cards,
        linked=_with_rows(cards.linked, on_card, linked),
        latest=_with_rows(_with_rows(cards.latest, moved, at_home), named, with_kanji),
    )
    nothing = pl.DataFrame(schema=dict.fromkeys(PERMISSIONS.names, pl.String))
    return (pl.concat([at_home, with_kanji]), linked), nothing


def _with_rows(frame: pl.DataFrame, rows: Ints, values: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with these rows replaced."""
    place = np.arange(len(frame))
    place[rows] = len(frame) + np.arange(len(rows))
    return pl.concat([frame, values.select(frame.columns)])[place]
