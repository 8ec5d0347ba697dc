"""What a step of a day is: its name, its work, and its result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from renkei.agreement.text import Words

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Context:
    """The input of a step: the business day and the current time."""

    day: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Awaits:
    """The result of a step that cannot end yet; `what` names what it waits for (`AWAITED`)."""

    what: str


#: What a step may wait for, in words.
AWAITED: Final[Mapping[str, Words]] = {
    "extracts": Words("書込み中の抽出データ", "an extract that is still being written"),
    "confirmation": Words("職員の確認", "a confirmation"),
    "counterpart": Words("相手方への送信", "sending to the counterpart"),
    "delivery": Words("相手方からの送付", "a delivery of the counterpart"),
    "receipt": Words("受領証", "a receipt"),
}


@dataclass(frozen=True, slots=True)
class DayStep:
    """One step. `atomic`: its work and its end are one transaction; False where files leave the node."""

    name: str
    ja: str
    en: str
    work: Callable[[Context], Counts | Awaits]
    atomic: bool = True
