"""Calendar: when deliveries go (clause 5), and when a notification is due (3(1)イ, a decision).

Only the arithmetic of months: the agreement does not mention working days.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often something is sent, and when it may go another way."""

    every_days: int
    clause: str
    fallback_ja: str
    fallback_en: str


#: 「日次で情報を送信することとする」
DELIVERIES = Rhythm(
    every_days=1,
    clause="5",
    fallback_ja="ネットワークの障害その他双方が合意した場合は、ネットワークによらずに提供できる。",
    fallback_en="When the network fails, or both agree, deliveries may go without it.",
)


def last_day_of_month(day: date, months_later: int = 0) -> date:
    """Return the last day of the month `months_later` months after the month of `day`."""
    years, month = divmod(day.month - 1 + months_later, 12)
    year = day.year + years
    return date(year, month + 1, monthrange(year, month + 1)[1])


def due_date(permitted_on: date, months: int, grace_days: int) -> date:
    """Return the day until which a notification is awaited after a landing or a change of status.

    The last day of the month `months` months after that of `permitted_on`, plus `grace_days` days
    (`Policy.due_months`, `Policy.grace_days`). OverflowError or ValueError beyond the year 9999.
    """
    return last_day_of_month(permitted_on, months) + timedelta(days=grace_days)


def is_overdue(permitted_on: date, as_of: date, months: int, grace_days: int) -> bool:
    """Say whether `as_of` is later than the due date; on the due date itself nothing is overdue."""
    return as_of > due_date(permitted_on, months, grace_days)
