"""What a check of the doctor's says."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found, in a sentence, and what to do next: nothing where it is in order."""

    level: Level
    ja: str
    en: str
    next_ja: str = ""
    next_en: str = ""


def ok(ja: str, en: str) -> Diagnosis:
    """Say that something is in order."""
    return Diagnosis("ok", ja, en)


def warning(ja: str, en: str, next_ja: str = "", next_en: str = "") -> Diagnosis:
    """Say that something works, and will not for ever."""
    return Diagnosis("warning", ja, en, next_ja, next_en)


def fault(ja: str, en: str, next_ja: str = "", next_en: str = "") -> Diagnosis:
    """Say that something does not work."""
    return Diagnosis("fault", ja, en, next_ja, next_en)
