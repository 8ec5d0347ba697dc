"""The world in chunks: parts that refer to nothing outside themselves except employers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from renkei.simulation.cards import Cards, draw_cards
from renkei.simulation.draws import Draws
from renkei.simulation.employers import Employers
from renkei.simulation.employments import Employments, Filing, draw_employments
from renkei.simulation.flawed import Flawed, put_flaws
from renkei.simulation.flaws import Flaw
from renkei.simulation.notifications import Notifications, draw_notifications
from renkei.simulation.permissions import Permissions, draw_permissions
from renkei.simulation.residents import People, draw_people
from renkei.simulation.truth import expected_of_notifications, expected_of_permissions

_CHUNK = 200_000


@dataclass(frozen=True)
class Plan:
    """The size, seed and day of the world to draw."""

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
    """A part of the world."""

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
    """Draw one chunk; `place` is an element of `Plan.chunks`."""
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
    suspected = expected_of_permissions(
        permissions, employments, notifications, cards, employers, flawed, expected, plan.today
    )
    return Chunk(people, cards, employments, permissions, notifications, flawed, expected.key, suspected)


def _filing(flaws: Sequence[Flaw]) -> Filing:
    return Filing(**{flaw.name: flaw.rate for flaw in flaws if flaw.item == "employment"})
