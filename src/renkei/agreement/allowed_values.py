"""Allowed values: what a decision may be set to, how it is read, and the words for it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Generic, TypeVar

from renkei.agreement.statuses import STATUSES, ancestors

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Allowed(Generic[T_co]):
    """What a decision may be set to: how a value is read, and a description of what is allowed.

    `read` takes what TOML gives and raises ValueError for anything else.
    """

    read: Callable[[object], T_co]
    en: str
    ja: str


def items_of(allowed: tuple[str, ...]) -> Allowed[tuple[str, ...]]:
    """Allow a list of some of these, each once; it is kept in their order."""

    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or any(item not in allowed for item in value):
            raise ValueError
        if len(set(value)) != len(value):
            raise ValueError
        return tuple(item for item in allowed if item in value)

    words = ", ".join(allowed)
    return Allowed(
        read, en=f"a list of some of {words}, each once", ja=f"次の項目の一覧（重複なし）: {words}"
    )


def whole_number(least: int, most: int) -> Allowed[int]:
    """Allow a whole number between two others, both included."""

    def read(value: object) -> int:
        # In Python a bool is an int, but in a policy `grace_days = true` is a mistake.
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError
        return value

    return Allowed(read, en=f"a whole number from {least} to {most}", ja=f"{least}以上{most}以下の整数")


def _read_day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    # fromisoformat alone would also take 20210322 and 2021-W12-1.
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return date.fromisoformat(value)
    raise ValueError


def _read_share(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.5 <= value <= 1:
        raise ValueError
    return float(value)


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def one_of(*allowed: str) -> Allowed[str]:
    """Allow one of these words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError
        return value

    words = ", ".join(allowed)
    return Allowed(read, en=f"one of {words}", ja=f"次のいずれか: {words}")


_DEFAULT: Final = "default"
_MOST_MONTHS: Final = 120


@dataclass(frozen=True, slots=True)
class MonthsByStatus:
    """A number of months for every status of residence, with rows for some."""

    default: int
    rows: tuple[tuple[str, int], ...] = ()

    def of(self, code: str) -> int:
        """Return the months of a status: its own row, that of the nearest ancestor, or the default."""
        rows = dict(self.rows)
        return next((rows[one] for one in (code, *ancestors(code)) if one in rows), self.default)

    def plain(self) -> dict[str, int]:
        """Return the table as JSON and TOML write it."""
        return {_DEFAULT: self.default, **dict(self.rows)}

    def __str__(self) -> str:
        """Return the table in one line."""
        return ", ".join(f"{key} {months}" for key, months in self.plain().items())


def _read_months(value: object) -> MonthsByStatus:
    """Read months by status; a number alone is for every status."""
    if isinstance(value, MonthsByStatus):
        value = value.plain()
    months = whole_number(0, _MOST_MONTHS)
    if not isinstance(value, Mapping):
        return MonthsByStatus(months.read(value))
    if _DEFAULT not in value or not value.keys() <= {_DEFAULT, *STATUSES}:
        raise ValueError
    rows = {key: months.read(number) for key, number in value.items()}
    return MonthsByStatus(rows.pop(_DEFAULT), tuple(sorted(rows.items())))


A_FLAG = Allowed(_read_flag, en="true or false", ja="true 又は false")
MONTHS_BY_STATUS = Allowed(
    _read_months,
    en=f"a whole number from 0 to {_MOST_MONTHS}, or a table of such by status code with a row {_DEFAULT}",
    ja=f"0以上{_MOST_MONTHS}以下の整数、又は{_DEFAULT}の行を持つ在留資格の符号別の表",
)
A_DAY = Allowed(_read_day, en="a date such as 2021-03-22", ja="2021-03-22 のような日付")
MORE_LIKELY_THAN_NOT = Allowed(_read_share, en="a number from 0.5 to 1", ja="0.5以上1以下の数")
