"""What a step of a day is: what it is called, what it does, and what it may say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Context:
    """What a step is told: the business day and the present moment."""

    day: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Awaits:
    """What a step says that cannot end yet; `what` names the thing it waits for."""

    what: str


@dataclass(frozen=True, slots=True)
class DayStep:
    """One step. `atomic`: its work and its end are one transaction; not so where bytes leave the node."""

    name: str
    ja: str
    en: str
    work: Callable[[Context], Counts | Awaits]
    atomic: bool = True
