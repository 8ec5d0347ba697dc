"""The whole world, drawn chunk by chunk and written as it is drawn."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.simulation.cards import Cards, draw_cards
from renkei.simulation.draws import Draws
from renkei.simulation.employers import Employers, draw_employers
from renkei.simulation.employments import Employments, Filing, draw_employments
from renkei.simulation.flawed import Flawed, put_flaws
from renkei.simulation.flaws import Flaw
from renkei.simulation.files import Format, TableFiles
from renkei.simulation.notifications import Notifications, draw_notifications
from renkei.simulation.permissions import Permissions, draw_permissions
from renkei.simulation.residents import People, draw_people
from renkei.simulation.truth import (
    NOTIFICATION_TRUTH,
    PERMISSION_TRUTH,
    expected_of_notifications,
    expected_of_permissions,
)

_CHUNK = 200_000
NO_NOTIFICATIONS = pl.DataFrame(schema=dict.fromkeys(NOTIFICATIONS.names, pl.String))


@dataclass(frozen=True)
class Plan:
    """What world to draw."""

    residents: int
    notifications: int
    seed: int
    as_of: date

    @property
    def today(self) -> int:
        """`as_of` as days since 1970."""
        return (self.as_of - date(1970, 1, 1)).days

    def chunks(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield first resident, residents, first notification, notifications of each chunk."""
        done = 0
        for first in range(0, self.residents, _CHUNK):
            size = min(_CHUNK, self.residents - first)
            upto = self.notifications * (first + size) // self.residents
            yield first, size, done, upto - done
            done = upto


@dataclass(frozen=True)
class Chunk:
    """A part of the world that refers to nothing outside of itself but employers."""

    people: People
    cards: Cards
    employments: Employments
    permissions: Permissions
    notifications: Notifications
    flawed: Flawed
    notification_truth: pl.DataFrame
    permission_truth: pl.DataFrame


def draw_chunk(
    plan: Plan, employers: Employers, place: tuple[int, int, int, int], flaws: Sequence[Flaw]
) -> Chunk:
    """Draw one chunk; `place` as `Plan.chunks` gives it."""
    first, size, first_notification, count = place

    def draws(part: str) -> Draws:
        return Draws(plan.seed, part, first)

    people = draw_people(first, size, plan.today, draws("people"))
    cards = draw_cards(people, plan.today, draws("cards"))
    employments = draw_employments(people, employers, count, plan.today, _filing(flaws), draws("employments"))
    permissions = draw_permissions(people, employments, employers, draws("permissions"))
    notifications = draw_notifications(
        first_notification, employments, cards, employers, plan.today, draws("notifications")
    )
    flawed = put_flaws(flaws, people, cards, notifications, plan.today, draws("flaws"))
    expected = expected_of_notifications(cards, employments, notifications, flawed)
    suspected = expected_of_permissions(permissions, employments, notifications, flawed, expected, plan.today)
    return Chunk(people, cards, employments, permissions, notifications, flawed, expected.key, suspected)


def _filing(flaws: Sequence[Flaw]) -> Filing:
    rates = {flaw.name: flaw.rate for flaw in flaws}
    return Filing(rates["omitted"], rates["filed_late"], rates["started_early"], rates["kept_on"])


def write_world(
    plan: Plan, flaws: Sequence[Flaw], directory: Path, form: Format, progress: Callable[[int], None]
) -> dict[str, int]:
    """Draw and write the world; returns the rows of each table."""
    employers = draw_employers(plan.notifications, Draws(plan.seed, "employers"))
    columns = {dataset.name: dataset.names for dataset in (PERSONS, CARDS, PERMISSIONS)}
    keys = {"notifications": NOTIFICATION_TRUTH, "permissions": PERMISSION_TRUTH}
    said, known = [NO_NOTIFICATIONS], []
    with (
        TableFiles(directory, columns, form) as register,
        TableFiles(directory / "truth", keys, form) as truth,
    ):
        for place in plan.chunks():
            chunk = draw_chunk(plan, employers, place, flaws)
            register.append(
                persons=chunk.cards.latest, cards=chunk.cards.linked, permissions=chunk.permissions.rows
            )
            truth.append(permissions=chunk.permission_truth)
            said.append(chunk.flawed.rows)
            known.append(chunk.notification_truth)
            progress(place[1])
        truth.append(notifications=pl.concat(known).sort("notification_id"))
    extract = pl.concat(said).sort("notification_id", maintain_order=True)
    forms: tuple[Format, ...] = ("csv",) if form == "csv" else ("csv", form)
    for one in forms:
        with TableFiles(directory, {"notifications": NOTIFICATIONS.names}, one) as files:
            files.append(notifications=extract)
    return {**register.counts, **files.counts}
