"""The flaws of real notifications, each with a rate, a source and the expected result of the matching."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, cast

from renkei.agreement.causes import DIFFERENCES
from renkei.agreement.errors import RenkeiError
from renkei.simulation.tables import table

_ALL = "all"


class FlawError(RenkeiError):
    """A flaw that does not exist, or a rate that it cannot have."""


@dataclass(frozen=True)
class Flaw:
    """One row of `tables/flaws.csv`.

    `verdict` is the expected result of the matching: agrees, different, not_reported, not_readable (the
    row is taken without the value), not_comparable, not_found, not_sent, rejected, deleted, omitted, or
    computed if it depends on whose number it is.
    `alone`: `yes` decides the outcome and excludes all other flaws; `number` (a number that is not found)
    decides the outcome and allows flaws that do not change it; `no` does not decide the outcome.
    """

    name: str
    item: str
    rate: float
    verdict: str
    cause: str
    alone: Literal["yes", "number", "no"]
    applies_to: str
    source: str
    note: str


#: The verdicts whose cause the matching should give in `differences`.
GIVES_A_CAUSE = ("different", "not_found")


@cache
def default_flaws() -> tuple[Flaw, ...]:
    """Return the table's flaws with their default rates.

    Raises UnknownCode if a flaw expects a cause that its item does not have.
    """
    return tuple(
        Flaw(
            name=row["name"],
            item=row["item"],
            rate=float(row["rate"]),
            verdict=row["verdict"],
            cause=DIFFERENCES[row["item"]][row["cause"]].code
            if row["verdict"] in GIVES_A_CAUSE
            else row["cause"],
            alone=cast(Literal["yes", "number", "no"], row["alone"]),
            applies_to=row["applies_to"],
            source=row["source"],
            note=row["note"],
        )
        for row in table("flaws").iter_rows(named=True)
    )


def clean() -> Mapping[str, float]:
    """Return rates for a world without flaws."""
    return {_ALL: 0.0}


def load_rates(path: Path) -> Mapping[str, float]:
    """Read rates from TOML (`name_typo = 0.02`; `all = 0` for every flaw not named). Raises FlawError."""
    try:
        rates = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise FlawError(
            f"{path}: cannot be read as TOML. Write lines such as name_typo = 0.02.",
            f"{path}: TOMLとして読めません。name_typo = 0.02 のように書いてください。",
        ) from None
    with_rates(rates)
    return rates


def with_rates(rates: Mapping[str, object]) -> tuple[Flaw, ...]:
    """Return the flaws with these rates instead of the defaults; `all` is for every flaw not named.

    Raises FlawError for an unknown flaw, for a rate outside 0 to 1, and if the rates of one item add up to
    more than 1.
    """
    names = {flaw.name for flaw in default_flaws()}
    given: dict[str, float] = {}
    for name, rate in rates.items():
        if name != _ALL and name not in names:
            raise FlawError(
                f"{name}: no such flaw. docs/simulation.md lists them.",
                f"{name}: そのような誤りの種類はありません。docs/simulation.mdに一覧があります。",
            )
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise FlawError(
                f"{name}: the rate must be a number from 0 to 1.",
                f"{name}: 率は0以上1以下の数にしてください。",
            )
        given[name] = float(rate)
    flaws = tuple(
        replace(flaw, rate=given.get(flaw.name, given.get(_ALL, flaw.rate))) for flaw in default_flaws()
    )
    for item in dict.fromkeys(flaw.item for flaw in flaws):
        if item != "employment" and sum(flaw.rate for flaw in flaws if flaw.item == item) > 1 + 1e-9:
            raise FlawError(
                f"{item}: the rates of its flaws add up to more than 1.",
                f"{item}: この項目の率の合計が1を超えています。",
            )
    return flaws
