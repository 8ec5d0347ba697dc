"""Notifications as employers should file them: with the data of the worker's card on that day."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from renkei.agreement.datasets import NOTIFICATIONS
from renkei.simulation.cards import Cards
from renkei.simulation.draws import Bools, Draws, Ints, scattered
from renkei.simulation.employers import Employers
from renkei.simulation.employments import Employments
from renkei.simulation.tables import BLANK_DAY, codes, day_text, padded, pick

ITEMS = (
    "name",
    "status_of_residence",
    "stay_expires_on",
    "birth_date",
    "sex",
    "nationality",
    "card_number",
    "postal_code",
    "address",
    "extra_activity_permission",
)
_UPDATED = 0.05  # assumption: corrected once, without a separation
_ADDRESS_GIVEN = 0.2  # assumption: required only at the separation of insured workers, but often filled in


@dataclass(frozen=True)
class Notifications:
    """Notifications with their cards (rows of the chunk's cards; -1 for none)."""

    rows: pl.DataFrame
    linked: Ints
    previous: Ints
    latest: Ints
    person: Ints
    begins: Ints
    ends: Ints
    registered: Ints
    start_said: Bools
    establishment: Ints

    def __len__(self) -> int:
        return len(self.person)


def notification_ids(order: Ints) -> pl.Series:
    """Return identifiers of notifications: unique for each number, without order."""
    place = scattered(order, 10**9, 161_803_399, 707_106_781)
    parts = {
        "t": pick(codes(("T",)), place * 0),
        "a": pick(padded(3), place // 10**6),
        "b": pick(padded(6), place % 10**6),
    }
    return pl.DataFrame(parts).select(pl.concat_str(pl.all()))["t"]


def draw_notifications(
    first: int, employments: Employments, cards: Cards, employers: Employers, as_of: int, draws: Draws
) -> Notifications:
    """Draw a notification for each employment; `first` is the number of the first one."""
    size = len(employments)
    person, registered, ends = employments.person, employments.registered, employments.ends
    linked = cards.valid_on(person, registered)
    earlier = np.maximum(linked - 1, 0)
    previous = np.where((linked > 0) & (cards.person[earlier] == person), earlier, -1)
    ended = ends != BLANK_DAY
    corrected = draws.chance(_UPDATED, size)
    updated = np.where(ended, ends + draws.between(1, 10, size), registered + draws.between(5, 200, size))
    updated = np.where(ended | corrected, np.clip(updated, registered, as_of), BLANK_DAY)
    values = cards.linked.select(ITEMS)[linked]
    with_address = ended | draws.chance(_ADDRESS_GIVEN, size)
    address_at = np.where(with_address, linked, -1)
    rows = values.with_columns(
        notification_ids(first + np.arange(size)).alias("notification_id"),
        pick(cards.linked["postal_code"], address_at).alias("postal_code"),
        pick(cards.linked["address"], address_at).alias("address"),
        *employers.establishments[employments.establishment],
        day_text(np.where(employments.start_said, employments.begins, BLANK_DAY)).alias("employment_start"),
        day_text(ends).alias("employment_end"),
        day_text(registered).alias("registered_on"),
        day_text(updated).alias("updated_on"),
        pl.lit(None, dtype=pl.String).alias("deleted_on"),
    ).select(NOTIFICATIONS.names)
    return Notifications(
        rows=rows,
        linked=linked,
        previous=previous,
        latest=cards.last_of(person),
        person=person,
        begins=employments.begins,
        ends=ends,
        registered=registered,
        start_said=employments.start_said,
        establishment=employments.establishment,
    )
