"""Working days of Japan: no weekends, national holidays, year-end days or days that the agreement closes."""

from collections.abc import Collection
from datetime import date, timedelta
from functools import cache
from typing import Final

import holidays

# 行政機関の休日に関する法律 1条1項3号: 12月29日から翌年の1月3日までの日
_YEAR_END: Final = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})
_SATURDAY: Final = 5


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("JP", years=year))


def is_working_day(day: date, closed: Collection[date] = ()) -> bool:
    """Whether a day is a working day; `closed` are the days closed by the agreement file."""
    return (
        day.weekday() < _SATURDAY
        and (day.month, day.day) not in _YEAR_END
        and day not in closed
        and day not in _holidays(day.year)
    )


def next_working_day(day: date, closed: Collection[date] = ()) -> date:
    """Return the first working day after a day."""
    return after_working_days(day, 1, closed)


def after_working_days(day: date, count: int, closed: Collection[date] = ()) -> date:
    """Return the day `count` working days after a day, not counting the day itself."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day, closed)
    return day
