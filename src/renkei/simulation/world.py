"""The whole world, drawn chunk by chunk and written as it is drawn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS
from renkei.simulation.cards import Cards, draw_cards
from renkei.simulation.draws import Draws
from renkei.simulation.employers import Employers, draw_employers
from renkei.simulation.employments import Employments, Filing, draw_employments
from renkei.simulation.files import Format, TableFiles
from renkei.simulation.notifications import Notifications, draw_notifications
from renkei.simulation.permissions import Permissions, draw_permissions
from renkei.simulation.residents import People, draw_people

_CHUNK = 200_000


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


def draw_chunk(plan: Plan, employers: Employers, place: tuple[int, int, int, int], filing: Filing) -> Chunk:
    """Draw one chunk; `place` as `Plan.chunks` gives it."""
    first, size, first_notification, count = place

    def draws(part: str) -> Draws:
        return Draws(plan.seed, part, first)

    people = draw_people(first, size, plan.today, draws("people"))
    cards = draw_cards(people, plan.today, draws("cards"))
    employments = draw_employments(people, employers, count, plan.today, filing, draws("employments"))
    permissions = draw_permissions(people, employments, employers, draws("permissions"))
    notifications = draw_notifications(
        first_notification, employments, cards, employers, plan.today, draws("notifications")
    )
    return Chunk(people, cards, employments, permissions, notifications)


def write_world(plan: Plan, directory: Path, form: Format, progress: Callable[[int], None]) -> dict[str, int]:
    """Draw and write the world; returns the rows of each table."""
    employers = draw_employers(plan.notifications, Draws(plan.seed, "employers"))
    columns = {dataset.name: dataset.names for dataset in (PERSONS, CARDS, PERMISSIONS)}
    said: list[pl.DataFrame] = []
    with TableFiles(directory, columns, form) as register:
        for place in plan.chunks():
            chunk = draw_chunk(plan, employers, place, Filing(0.04, 0.03, 0.015, 0.05))
            register.append(
                persons=chunk.cards.latest, cards=chunk.cards.linked, permissions=chunk.permissions.rows
            )
            said.append(chunk.notifications.rows)
            progress(place[1])
    extract = pl.concat(said).sort("notification_id")
    forms: tuple[Format, ...] = ("csv",) if form == "csv" else ("csv", form)
    for one in forms:
        with TableFiles(directory, {"notifications": NOTIFICATIONS.names}, one) as files:
            files.append(notifications=extract)
    return {**register.counts, **files.counts}
