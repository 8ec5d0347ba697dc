"""Trends: weeks that end with this one, what stood or came in each, drawn true to scale with its table."""

from datetime import date, timedelta

import pytest

from renkei.node.cases.models import Case
from renkei.node.console.charts import chart
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.statistics import trends, weeks
from renkei.node.matching_run.models import Run

pytestmark = pytest.mark.django_db

LAST = date(2026, 11, 25)  # a Wednesday
MONDAY = date(2026, 11, 23)


def by_name(party: str) -> dict[str, tuple[int | None, ...]]:
    return {each.en: each.values for each in trends(party, LAST)}


def test_weeks_are_mondays_up_to_this_one():
    found = weeks(LAST)

    assert len(found) == 12
    assert (found[-1], found[0]) == (MONDAY, MONDAY - timedelta(weeks=11))


def test_isa_shows_what_stood_at_each_weeks_end():
    for back, matched in ((7, 10), (1, 20), (0, 30)):  # Wednesday of last week, then Tuesday and Wednesday
        Run.objects.create(
            day=LAST - timedelta(days=back),
            rules="",
            full_rematch=False,
            outcomes={"matched": matched, "not_found": 1},
            items={"name": 2, "name;sex": 3},
            active={"suspected_omission": 4},
        )
    found = by_name("isa")

    assert found["Matched"][-3:] == (None, 10, 30)
    assert found["Mismatched"][-1] == 0
    assert found["Not found"][-1] == 1
    assert found["Suspected omissions"][-1] == 4
    assert (found["name"][-1], found["sex"][-1]) == (5, 3)


def test_mhlw_adds_up_what_came_in_each_week():
    for day, rows in ((MONDAY, 5), (LAST, 7), (MONDAY - timedelta(days=3), 1)):
        row = Day.objects.create(business_day=day)
        Step.objects.create(day=row, position=3, name="select", state="done", counts={"rows": rows})
        Step.objects.create(
            day=row, position=8, name="open", state="waiting", counts={"discrepancy_reported": 9}
        )
    for number, items in enumerate(("name", "name;sex", "sex")):
        Case.objects.create(
            number=f"R8-{number}",
            kind="discrepancy",
            identifier=f"N{number}",
            row="",
            items=items,
            state="received",
            opened_on=LAST,
            reported_in=1,
        )
    found = by_name("mhlw")

    assert found["Notifications sent"][-2:] == (1, 12)
    assert found["Mismatches, new or changed"][-1] is None
    assert (found["name"][-1], found["sex"][-1]) == (2, 2)


@pytest.mark.parametrize(
    ("values", "top"), [((0, 0), 2), ((1, 3), 4), ((4, 5), 6), ((10, 11), 20), ((0, 41_203), 60_000)]
)
def test_bars_start_at_zero_and_keep_their_proportion(values, top):
    drawn = chart([MONDAY, LAST], values)
    ground, upper = drawn.ticks[0][1], drawn.ticks[-1][1]

    assert drawn.ticks[-1][0] == top
    for bar, value in zip(drawn.bars, values, strict=True):
        assert bar.y + bar.height == pytest.approx(ground, abs=0.11)
        assert bar.height == pytest.approx((ground - upper) * value / top, abs=0.06)


def test_a_week_without_a_count_is_no_zero():
    drawn = chart([MONDAY, LAST], (None, 3))

    assert (drawn.bars[0].value, drawn.least, drawn.latest) == (None, 3, 3)
