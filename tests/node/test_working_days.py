"""Working days of Japan, by hand from the calendar of 国民の祝日."""

from datetime import date

import pytest

from renkei.node.working_days import after_working_days, is_working_day, next_working_day


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 24), True),  # a Tuesday
        (date(2026, 11, 23), False),  # 勤労感謝の日
        (date(2026, 11, 22), False),  # a Sunday
        (date(2026, 5, 6), False),  # 振替休日: 3 May is a Sunday
        (date(2026, 9, 22), False),  # 国民の休日, between two holidays
        (date(2026, 12, 28), True),
        (date(2026, 12, 29), False),  # 行政機関の休日
        (date(2027, 1, 4), True),
    ],
)
def test_the_authorities_work_on_weekdays_that_are_no_holiday(day: date, works: bool):
    assert is_working_day(day) is works


def test_golden_week_is_stepped_over():
    assert after_working_days(date(2026, 4, 28), 2) == date(2026, 5, 1)
    assert next_working_day(date(2026, 5, 1)) == date(2026, 5, 7)


def test_a_day_that_the_agreement_closes_is_none():
    assert next_working_day(date(2026, 11, 24), {date(2026, 11, 25)}) == date(2026, 11, 26)
