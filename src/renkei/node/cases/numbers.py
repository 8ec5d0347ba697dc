"""How cases are called: R8-1124-0031 is the thirty-first of 24 November of 令和8年."""

from datetime import date
from typing import Final

from django.db import connection

from renkei.agreement.text import REIWA

_DIGITS: Final = 4


def prefix_of(day: date) -> str:
    """Return what the numbers of a day begin with."""
    return f"{REIWA.letter}{day.year - REIWA.before_first}-{day:%m%d}-"


def running(number: str) -> str:
    """Return the SQL that writes a number with at least four digits."""
    if connection.vendor == "postgresql":
        text = f"CAST({number} AS text)"
        return f"lpad({text}, greatest({_DIGITS}, length({text})), '0')"
    return f"printf('%%0{_DIGITS}d', {number})"  # doubled: the statement has parameters
