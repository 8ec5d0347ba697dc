"""Days as documents of the administration write them, with the day of the week (令和8年11月24日(火))."""

from datetime import date
from typing import Final

from renkei.agreement.text import day_in_era

_WEEKDAYS: Final = "月火水木金土日"


def in_era(day: date) -> str:
    """Write a day in its era, with the day of the week."""
    return f"{day_in_era(day)}({_WEEKDAYS[day.weekday()]})"
