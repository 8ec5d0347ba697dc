"""What the doctor says of the day, by the hour at which it looks."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from renkei.node.cycle.models import Day
from renkei.node.operations import doctor

pytestmark = pytest.mark.django_db
#: The last day begun; when the doctor looks, in Japan; what it says. 21 November is a Saturday, 23 a holiday.
LOOKS = [
    (None, "2026-11-24 09:59", "warning"),
    (None, "2026-11-24 10:00", "fault"),
    (None, "2026-11-23 15:00", "warning"),
    (date(2026, 11, 20), "2026-11-24 09:59", "ok"),
    (date(2026, 11, 20), "2026-11-24 10:00", "fault"),
    (date(2026, 11, 24), "2026-11-24 10:00", "ok"),
    (date(2026, 11, 20), "2026-11-21 15:00", "ok"),
    (date(2026, 11, 20), "2026-11-23 15:00", "ok"),
]


@pytest.fixture
def node(rehearsed, settings) -> None:
    """A node with the agreement, whose calendar says what a business day is."""
    settings.NODE = replace(settings.NODE, directory=rehearsed.nodes["isa"], party="isa")


@pytest.mark.parametrize(("begun", "looked", "level"), LOOKS)
def test_a_business_day_that_has_not_begun_by_ten_is_a_fault(node, begun, looked, level):
    if begun:
        Day.objects.create(business_day=begun)

    (found,) = doctor.cycle(datetime.fromisoformat(f"{looked}+09:00"))

    assert found.level == level
    assert bool(found.next_ja and found.next_en) == (level != "ok")
