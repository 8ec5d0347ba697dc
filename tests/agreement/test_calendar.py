"""When a notification is due."""

from datetime import date

import pytest

from renkei.agreement.calendar import DELIVERIES, due_date, is_overdue, last_day_of_month


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        (date(2026, 1, 31), 0, date(2026, 1, 31)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 1), 1, date(2024, 2, 29)),
        (date(2026, 11, 30), 1, date(2026, 12, 31)),
        (date(2026, 12, 1), 1, date(2027, 1, 31)),
        (date(2026, 12, 31), 13, date(2028, 1, 31)),
        (date(2026, 3, 15), 24, date(2028, 3, 31)),
    ],
)
def test_the_end_of_a_month(day, months, last):
    assert last_day_of_month(day, months) == last


@pytest.mark.parametrize(
    ("permitted_on", "months", "grace", "due"),
    [
        (date(2026, 4, 1), 1, 0, date(2026, 5, 31)),
        (date(2026, 4, 30), 1, 0, date(2026, 5, 31)),
        (date(2026, 4, 1), 1, 10, date(2026, 6, 10)),
        (date(2026, 4, 1), 0, 0, date(2026, 4, 30)),
        (date(2027, 12, 31), 2, 1, date(2028, 3, 1)),
    ],
)
def test_a_notification_is_due_at_the_end_of_the_next_month_and_after_the_grace(
    permitted_on, months, grace, due
):
    assert due_date(permitted_on, months, grace) == due


@pytest.mark.parametrize(
    ("as_of", "overdue"), [(date(2026, 5, 30), False), (date(2026, 5, 31), False), (date(2026, 6, 1), True)]
)
def test_nothing_is_overdue_on_the_due_date_itself(as_of, overdue):
    assert is_overdue(date(2026, 4, 1), as_of, months=1, grace_days=0) is overdue


def test_deliveries_are_daily():
    assert (DELIVERIES.every_days, DELIVERIES.clause) == (1, "5")
