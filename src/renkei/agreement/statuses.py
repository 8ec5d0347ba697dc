"""The statuses of residence (在留資格) and the ministry's two-digit codes, as effective-dated tables.

`code` is this project's own identifier. Each row says how reliable its source is (`confidence`):
"law text", "secondary" or "unverified".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType

from renkei.agreement.tables import read_keyed, read_rows

PERMANENT_RESIDENT = "permanent"  # 永住者: 別紙1※ withholds its items ⑩ to ⑰


class Work(Enum):
    """Whether a status is a 就労資格 of 3(1)イ."""

    YES = "yes"
    NO = "no"
    BY_DESIGNATION = "by_designation"  # 別表第1の5: 就労が認められる活動を指定された場合に限り


@dataclass(frozen=True, slots=True)
class Status:
    """One status of residence.

    `parent` is the status that it is a part of (技能実習 of 技能実習1号イ). `valid_from` and `valid_to` are
    the first and last day on which the status is granted; a person may keep it afterwards (技能実習), so a
    code is never rejected because of its dates.
    """

    code: str
    parent: str | None
    name_ja: str
    name_en: str
    appended_table: str
    work: Work
    notifiable: bool
    valid_from: date | None
    valid_to: date | None
    confidence: str
    note: str


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _status(row: Mapping[str, str]) -> Status:
    return Status(
        code=row["code"],
        parent=row["parent"] or None,
        name_ja=row["name_ja"],
        name_en=row["name_en"],
        appended_table=row["appended_table"],
        work=Work(row["work_status"]),
        notifiable=row["notifiable"] == "yes",
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row["valid_to"]),
        confidence=row["confidence"],
        note=row["note"],
    )


STATUSES: Mapping[str, Status] = read_keyed("status_of_residence.csv", "code", _status)

_MHLW_ROWS = read_rows("mhlw_status_codes.csv")

#: The ministry's code → the statuses it stands for. Reserved codes stand for no status and are left out.
MHLW_CODES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {row["mhlw_code"]: tuple(row["status_codes"].split()) for row in _MHLW_ROWS if row["status_codes"]}
)
#: The ministry's code → its label, including the reserved codes.
MHLW_LABELS: Mapping[str, str] = MappingProxyType({row["mhlw_code"]: row["label_ja"] for row in _MHLW_ROWS})


def ancestors(code: str) -> Iterator[str]:
    """Yield the parent of a status, the parent's parent, and so on; KeyError for an unknown code."""
    parent = STATUSES[code].parent
    while parent is not None:
        yield parent
        parent = STATUSES[parent].parent


def related(a: str, b: str) -> bool:
    """Say whether two codes are equal or one is an ancestor of the other; KeyError for an unknown code."""
    return a == b or a in ancestors(b) or b in ancestors(a)


def common_parent(codes: Iterable[str]) -> str | None:
    """Return the parent that all the codes share, or None; KeyError for an unknown code."""
    parents = {STATUSES[code].parent for code in codes}
    return parents.pop() if len(parents) == 1 else None


def canonical(codes: Sequence[str]) -> str:
    """Return the one code that a set is written as: its only code, the common parent, or else the first.

    ValueError for an empty set, KeyError for an unknown code.
    """
    if not codes:
        raise ValueError("no status code to write")
    return codes[0] if len(codes) == 1 else common_parent(codes) or codes[0]


def is_work_status(code: str, work_designated: bool | None) -> bool:
    """Say whether a status is a 就労資格 (申合せ3(1)イ); KeyError for an unknown code.

    `work_designated` (the designated activity allows work; None if unknown) matters for 特定活動 only.
    """
    work = STATUSES[code].work
    return work is Work.YES or (work is Work.BY_DESIGNATION and work_designated is True)


def valid_on(code: str, day: date) -> bool:
    """Say whether a status is granted on the day (`valid_from` to `valid_to`; a blank end is open)."""
    status = STATUSES[code]
    return (status.valid_from or date.min) <= day <= (status.valid_to or date.max)
