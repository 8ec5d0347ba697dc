"""People with a residence card: who they are, and which statuses they have had.

特別永住者 are left out: they hold a 特別永住者証明書, not a residence card, and nobody notifies their
employment (労働施策総合推進法施行規則1条の2). They occur only as a flaw: a notification that is not due.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from renkei.simulation.draws import Bools, Draws, Floats, Ints
from renkei.simulation.names import Names, draw_names, has_kanji
from renkei.simulation.tables import nationality_codes, numbers, status_codes, table, whole

STAGES = 4
MONTH = 30.4375
CARDS_BEGIN = 15_530  # 2012-07-09: the first day of residence cards
NO_STATUS = -1

_SEX_UNKNOWN = 0.0004  # assumption: 不詳 exists on cards and is rare
_BORN_ON_NEW_YEAR = 0.004  # assumption: days of birth unknown abroad are often entered as 1 January
_DAY_OF_BIRTH_UNKNOWN = 0.0006  # assumption
_MONTH_OF_BIRTH_UNKNOWN = 0.0003  # assumption


@dataclass(frozen=True)
class People:
    """Columns of people as numbers; a stage is a time spent under one status."""

    first: int  # number of the first person in the world
    nationality: Ints
    sex: Ints  # ISO 5218
    birth_day: Ints
    birth_known: Ints  # 0 complete, 1 day unknown, 2 month and day unknown
    prefecture: Ints
    stages: Ints  # number of stages
    status: Ints  # person, stage → status; NO_STATUS after the last
    begins: Ints  # person, stage → day; after the last, the day after `as_of`
    names: Names
    former_names: Names
    renamed: Bools
    kanji: Bools

    def __len__(self) -> int:
        return len(self.nationality)

    @property
    def number(self) -> Ints:
        """The people's numbers in the world."""
        return np.arange(self.first, self.first + len(self))

    @property
    def current(self) -> Ints:
        """The people's present statuses."""
        return self.status[np.arange(len(self)), self.stages - 1]

    @property
    def current_begins(self) -> Ints:
        """The days on which the present statuses began."""
        return self.begins[np.arange(len(self)), self.stages - 1]


@cache
def _cells() -> tuple[Floats, Ints, Ints]:
    """Return residents, nationality and status of each cell of the published cross table."""
    rows = table("residents")
    status = {code: number for number, code in enumerate(status_codes())}
    nationality = {code: number for number, code in enumerate(nationality_codes())}
    kept = [
        (float(count), nationality[nation], status[code])
        for nation, code, count in rows.select("nationality", "status_of_residence", "residents").iter_rows()
        if code in status
    ]
    residents, nations, statuses = zip(*kept, strict=True)
    return np.array(residents), np.array(nations), np.array(statuses)


@cache
def _paths() -> tuple[Ints, Ints, tuple[tuple[Ints, Floats], ...]]:
    """Return the statuses of each path, its length, and for each status its paths with their shares."""
    place = {code: number for number, code in enumerate(status_codes())}
    rows = table("paths")
    status = np.full((len(rows), STAGES), NO_STATUS, dtype=np.int64)
    for number, path in enumerate(rows["path"]):
        words = path.split()
        status[number, : len(words)] = [place[word] for word in words]
    of = np.array([place[code] for code in rows["status_of_residence"]])
    share = numbers("paths", "percent")
    ways = tuple((np.flatnonzero(of == number), share[of == number]) for number in range(len(place)))
    return status, (status != NO_STATUS).sum(axis=1), ways


def _draw_paths(current: Ints, draws: Draws) -> tuple[Ints, Ints]:
    """Draw for each present status a path that ends in it: statuses by stage, number of stages."""
    status, length, ways = _paths()
    path = np.zeros(len(current), dtype=np.int64)
    for number, (paths, shares) in enumerate(ways):
        held = np.flatnonzero(current == number)
        path[held] = paths[draws.among(shares, len(held))]
    return status[path], length[path]


def _draw_stages(status: Ints, stages: Ints, as_of: int, draws: Draws) -> Ints:
    """Draw the first day of each stage, backwards from `as_of`."""
    size = len(stages)
    begins = np.full((size, STAGES), as_of + 1, dtype=np.int64)
    begins_next = np.full(size, as_of + 1, dtype=np.int64)
    for stage in range(STAGES - 1, -1, -1):
        code = status[:, stage]
        least_past, most_past, least_now, most_now = (
            whole("stages", column)[code]
            for column in ("past_least", "past_most", "current_least", "current_most")
        )
        now = stage == stages - 1
        least, most = np.where(now, least_now, least_past), np.where(now, most_now, most_past)
        days = ((least + draws.uniform(size) * (most - least)) * MONTH).astype(np.int64) + 1
        begins_next = np.where(stage < stages, begins_next - days, begins_next)
        begins[:, stage] = begins_next
    return begins


def _draw_births(status: Ints, entered: Ints, as_of: int, draws: Draws) -> Ints:
    """Draw days of birth that fit the present status and the day of the first landing."""
    least, mode, most = (
        numbers("statuses", column)[status] for column in ("age_least", "age_mode", "age_most")
    )
    age = draws.triangular(least, mode, most)
    born = as_of - (age * 365.25).astype(np.int64)
    # Workers and students land at a minimum age; children of residents may be born here.
    grown = np.where(least >= 18, 18 * 365, np.where(least >= 15, 15 * 365, 0))
    births: Ints = np.minimum(born, entered - grown - draws.between(0, 700, len(status)) * (grown > 0))
    return births


def draw_people(first: int, size: int, as_of: int, draws: Draws, *, newcomers: bool = False) -> People:
    """Draw people by the published numbers of residents; newcomers landed on `as_of`."""
    residents, nations, statuses = _cells()
    cell = draws.among(residents, size)
    nationality, current = nations[cell], statuses[cell]
    male = whole("cultures", "male_percent")[nationality]
    given_sex = np.where(draws.below(100, size) < male, 1, 2)
    status, stages = _draw_paths(current, draws)
    begins = _draw_stages(status, stages, as_of, draws)
    if newcomers:
        status, stages = np.full_like(status, NO_STATUS), np.ones_like(stages)
        status[:, 0] = current
        begins = np.full_like(begins, as_of + 1)
        begins[:, 0] = as_of
    birth_day = _draw_births(current, begins[:, 0], as_of, draws)
    years = birth_day.astype("datetime64[D]").astype("datetime64[Y]")
    new_year = years.astype("datetime64[D]").astype(np.int64)
    names = draw_names(nationality, given_sex, draws)
    other = draw_names(nationality, given_sex, draws)
    former_parts = names.parts.copy()
    former_parts[:, 0] = other.parts[:, 0]
    renamed = draws.chance(0.008, size) & (names.parts[:, 1] > 0) & (former_parts[:, 0] != names.parts[:, 0])
    unknown = draws.uniform(size)
    return People(
        first=first,
        nationality=nationality,
        sex=np.where(draws.chance(_SEX_UNKNOWN, size), 0, given_sex),
        birth_day=np.where(draws.chance(_BORN_ON_NEW_YEAR, size), new_year, birth_day),
        birth_known=np.where(
            unknown < _MONTH_OF_BIRTH_UNKNOWN,
            2,
            np.where(unknown < _DAY_OF_BIRTH_UNKNOWN + _MONTH_OF_BIRTH_UNKNOWN, 1, 0),
        ),
        prefecture=draws.among(numbers("prefectures", "residents"), size),
        stages=stages,
        status=status,
        begins=begins,
        names=names,
        former_names=Names(former_parts, names.joined),
        renamed=renamed,
        kanji=has_kanji(nationality) & draws.chance(0.55, size),
    )
