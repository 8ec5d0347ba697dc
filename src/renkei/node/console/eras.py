"""Days in Japanese eras, as documents of the administration write them (令和8年11月24日(火))."""

from datetime import date
from typing import Final

_ERAS: Final = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),
    (date(1868, 1, 25), "明治"),
)
_WEEKDAYS: Final = "月火水木金土日"


def era_year(day: date) -> tuple[str, int]:
    """Return the era that a day is in and its year there; 西暦 before the first."""
    for first, name in _ERAS:
        if day >= first:
            return name, day.year - first.year + 1
    return "西暦", day.year


def in_era(day: date) -> str:
    """Write a day in its era; the first year is 元年."""
    name, year = era_year(day)
    return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日({_WEEKDAYS[day.weekday()]})"
