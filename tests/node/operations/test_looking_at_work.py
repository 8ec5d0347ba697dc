"""What the doctor says of the day, by the hour at which it looks."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from renkei.node.cycle.models import Day
from renkei.node.operations import looking_at_work

pytestmark = pytest.mark.django_db
JAPAN = ZoneInfo("Asia/Tokyo")
#: The last day begun; when the doctor looks; what it says. 2026-11-23 is a holiday, the 21st a Saturday.
LOOKS = [
    (None, datetime(2026, 11, 24, 9, 59), "warning"),
    (None, datetime(2026, 11, 24, 10, 0), "fault"),
    (None, datetime(2026, 11, 23, 15, 0), "warning"),
    (date(2026, 11, 20), datetime(2026, 11, 24, 9, 59), "ok"),
    (date(2026, 11, 20), datetime(2026, 11, 24, 10, 0), "fault"),
    (date(2026, 11, 24), datetime(2026, 11, 24, 10, 0), "ok"),
    (date(2026, 11, 20), datetime(2026, 11, 21, 15, 0), "ok"),
    (date(2026, 11, 20), datetime(2026, 11, 23, 15, 0), "ok"),
]


@pytest.fixture
def node(rehearsed, settings) -> None:
    """A node with the agreement, whose calendar says what a business day is."""
    settings.NODE = replace(settings.NODE, directory=rehearsed.nodes["isa"], party="isa")


@pytest.mark.parametrize(("begun", "looked", "level"), LOOKS)
def test_a_business_day_that_has_not_begun_by_ten_is_a_fault(node, begun, looked, level):
    if begun:
        Day.objects.create(business_day=begun)

    (found,) = looking_at_work.cycle(looked.replace(tzinfo=JAPAN))

    assert found.level == level
    assert bool(found.next_ja and found.next_en) == (level != "ok")
