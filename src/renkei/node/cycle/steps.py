"""What a step of a day is: its name, its work, and its result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Context:
    """The input of a step: the business day and the current time."""

    day: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Awaits:
    """The result of a step that cannot end yet; `what` names what it waits for."""

    what: str


@dataclass(frozen=True, slots=True)
class DayStep:
    """One step. `atomic`: its work and its end are one transaction; False where files leave the node."""

    name: str
    ja: str
    en: str
    work: Callable[[Context], Counts | Awaits]
    atomic: bool = True
