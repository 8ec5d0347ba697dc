"""The errors of the exchange and their codes.

RenkeiError
├── CmsError        cms: bytes that are not a signature or a sealed file of the profile
└── ExchangeError   shown to an officer: a code, a sentence, the next action
    ├── Refused     open, receipt, sequence: a delivery or receipt is not accepted; the receipt has the code
    ├── Misused     commands and libraries: arguments or files that cannot be used
    └── Unstored    durable, media: the disk could not store the data; nothing has changed

Each code is a row of `tables/refusals.csv`: its opening step, whether to retry, whether to raise an alarm,
and what the officer is told, in both languages.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from renkei.agreement.errors import RenkeiError


@dataclass(frozen=True, slots=True)
class Notice:
    """One code. `step` is the opening step of the package format, 0 if it does not belong to opening."""

    code: str
    step: int
    retry: bool
    alarm: bool
    en: str
    ja: str
    next_en: str
    next_ja: str


def _notice(row: dict[str, str]) -> Notice:
    return Notice(
        code=row["code"],
        step=int(row["step"]),
        retry=row["retry"] == "retry",
        alarm=row["alarm"] == "alarm",
        en=row["en"],
        ja=row["ja"],
        next_en=row["next_en"],
        next_ja=row["next_ja"],
    )


def _notices() -> dict[str, Notice]:
    table = Path(__file__).with_name("tables") / "refusals.csv"
    rows = csv.DictReader(table.read_text("utf-8").splitlines())
    return {row["code"]: _notice(row) for row in rows}


NOTICES: Mapping[str, Notice] = MappingProxyType(_notices())

CmsReason = Literal["unreadable", "truncated", "weak", "signers", "digest", "signature", "recipient", "tag"]


class CmsError(RenkeiError):
    """Bytes that the profile does not allow; `reason` is the reason as one word."""

    def __init__(self, reason: CmsReason) -> None:
        super().__init__(f"not a message of the profile: {reason}", f"規格外の電文です({reason})")
        self.reason: CmsReason = reason


class ExchangeError(RenkeiError):
    """An error with its code, a sentence and the next action, in both languages.

    `detail` adds a file name, a line or a column, never a value of a row.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        notice = NOTICES[code]
        tail = f" ({detail})" if detail else ""
        super().__init__(
            f"[{code}] {notice.en}{tail} Next: {notice.next_en}",
            f"【{code}】{notice.ja}{tail} 次の対応: {notice.next_ja}",
        )
        self.code = code
        self.detail = detail
        self.notice: Notice = notice

    @property
    def retry(self) -> bool:
        """Whether sending the same bytes again can help."""
        return self.notice.retry

    @property
    def alarm(self) -> bool:
        """Whether both parties must act at once."""
        return self.notice.alarm


class Refused(ExchangeError):
    """A delivery or a receipt that is not accepted."""


class Misused(ExchangeError):
    """Arguments or files that cannot be used."""


class Unstored(ExchangeError):
    """The disk could not store the data; nothing has changed."""
