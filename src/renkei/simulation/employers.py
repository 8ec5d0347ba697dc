"""Employers: establishments with an employment insurance number, and the organisations that own them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from renkei.simulation.addresses import draw_addresses, draw_phones
from renkei.simulation.draws import Draws, Floats, Ints
from renkei.simulation.tables import numbers, padded, pick, table

WORKERS_EACH = 6.9  # 2,571,037 workers notified by 371,215 establishments (2025-10-31)
_SOLE_PROPRIETORS = 0.08  # assumption: an employer without a corporate number
_BRANCHES = 0.2  # assumption: establishments of a company that has another one
_WORKS_AT_HOME = 0.8  # assumption: works in the home prefecture; others as in the statistics of workers
DISPATCH_INDUSTRY = "91"
SCHOOL_INDUSTRY = "82"


@dataclass(frozen=True)
class Employers:
    """Establishments as the ministry has them, sorted by prefecture, and the organisation of each."""

    establishments: pl.DataFrame  # number, name, postal code, address, phone, industry, size
    organisations: pl.DataFrame  # corporate number, name, address, phone, representative
    organisation: Ints  # establishment → organisation
    industry: Ints  # establishment → row of the table of industries
    ends: Ints  # prefecture → first establishment after its own
    weight: Floats  # running sum of the expected workers of each

    def draw(self, home: Ints, draws: Draws) -> Ints:
        """Draw an establishment for each home prefecture."""
        size = len(home)
        elsewhere = draws.among(_work_elsewhere(), size)
        prefecture = np.where(draws.chance(_WORKS_AT_HOME, size), home, elsewhere)
        upper = self.weight[self.ends[prefecture] - 1]
        first = np.where(prefecture > 0, self.ends[np.maximum(prefecture, 1) - 1], 0)
        lower = np.where(first > 0, self.weight[np.maximum(first, 1) - 1], 0.0)
        place = np.searchsorted(self.weight, lower + draws.uniform(size) * (upper - lower), side="right")
        return np.clip(place, first, self.ends[prefecture] - 1)

    def of_industry(self, code: str) -> Ints:
        """Return the establishments of an industry, or all establishments if it has none."""
        found = np.flatnonzero(self.industry == table("industries")["industry"].to_list().index(code))
        return found if len(found) else np.arange(len(self.industry))


def _work_elsewhere() -> Floats:
    home, work = numbers("prefectures", "residents"), numbers("prefectures", "workers")
    home, work = home / home.sum(), work / work.sum()
    elsewhere: Floats = np.maximum(work - _WORKS_AT_HOME * home, 0.001)
    return elsewhere


def corporate_numbers(base: Ints) -> pl.Series:
    """Return 13-digit corporate numbers: check digit 9 - (Σ Pn·Qn mod 9), then the base's 12."""
    total = np.zeros(len(base), dtype=np.int64)
    for place in range(12):
        total += base // 10**place % 10 * (1 if place % 2 == 0 else 2)
    digits = 9 - total % 9
    return pl.Series(digits * 10**12 + base).cast(pl.String)


def draw_employers(notifications: int, draws: Draws) -> Employers:
    """Draw as many establishments as are usual for this number of notifications."""
    prefectures = len(table("prefectures"))
    size = max(round(notifications / WORKERS_EACH), 3 * prefectures)
    share = numbers("prefectures", "establishments_percent")
    prefecture = np.sort(np.concatenate([np.arange(prefectures), draws.among(share, size - prefectures)]))
    industry = draws.among(numbers("industries", "establishments_percent"), size)
    by_size = draws.among(numbers("sizes", "establishments_percent"), size)
    weight = np.ones(size)
    for name, kind in (("industries", industry), ("sizes", by_size)):
        weight *= (numbers(name, "workers_percent") / numbers(name, "establishments_percent"))[kind]
    weight *= np.exp(draws.uniform(size) * 2 - 1)
    own = ~draws.chance(_BRANCHES, size)
    own[0] = True
    companies = np.flatnonzero(own)
    organisation = np.where(own, np.cumsum(own) - 1, draws.below(len(companies), size))
    organisations = _draw_organisations(prefecture[companies], industry[companies], draws)
    addresses = draw_addresses(prefecture, draws)
    kinds = pl.Series([" 本店", " 第一工場", " 営業所", " 駅前店", " 支店", " 事業所"])
    branch = pick(kinds, np.where(own, -1, draws.below(len(kinds), size))).fill_null("")
    office = pick(table("prefectures")["code"], prefecture)
    serial = np.arange(size)
    establishments = pl.DataFrame(
        {
            # 安定所番号 4 + 一連番号 6 + CD 1; the algorithm of the CD is not published: any digit.
            "establishment_number": office
            + pick(padded(2), draws.below(30, size) + 1)
            + pick(padded(6), (serial * 7919 + 104_729) % 10**6)
            + pick(padded(1), draws.below(10, size)),
            "establishment_name": organisations["organisation_name"].gather(organisation.astype(np.uint32))
            + branch,
            "establishment_postal_code": addresses["postal_code"],
            "establishment_address": addresses["address"],
            "establishment_phone": draw_phones(prefecture, draws),
            "industry": pick(table("industries")["industry"], industry),
            "establishment_size": pick(table("sizes")["establishment_size"], by_size),
        }
    )
    ends = np.searchsorted(prefecture, np.arange(prefectures), side="right")
    return Employers(establishments, organisations, organisation, industry, ends, np.cumsum(weight))


def _draw_organisations(prefecture: Ints, industry: Ints, draws: Draws) -> pl.DataFrame:
    size = len(prefecture)
    words = table("company_words")["word"]
    trades = [row.split() for row in table("industries")["suffixes"]]
    flat = pl.Series([word for row in trades for word in row])
    first = np.cumsum([0, *(len(row) for row in trades)])[:-1]
    count = np.array([len(row) for row in trades])
    sole = draws.chance(_SOLE_PROPRIETORS, size)
    before = pl.Series(["", "株式会社", "有限会社", "合同会社", "株式会社", "株式会社"])
    after = pl.Series(["", "株式会社"])
    form = draws.below(2, size)
    families, given = table("representatives")["family"], table("representatives")["given"]
    number = corporate_numbers(scattered_base(size, draws))
    return pl.DataFrame(
        {
            "organisation_corporate_number": pl.DataFrame({"n": number, "sole": sole}).select(
                pl.when(~pl.col("sole")).then("n")
            )["n"],
            "organisation_name": pick(before, np.where(sole | (form == 1), 0, 1 + draws.below(5, size)))
            + pick(words, draws.below(len(words), size))
            + pick(flat, first[industry] + draws.below(count[industry], size))
            + pick(after, np.where(sole | (form == 0), 0, 1)),
            "organisation_address": draw_addresses(prefecture, draws)["address"],
            "organisation_phone": draw_phones(prefecture, draws),
            "organisation_representative": pick(families, draws.below(len(families), size))
            + "　"
            + pick(given, draws.below(len(given), size)),
        }
    )


def scattered_base(size: int, draws: Draws) -> Ints:
    """Return different 12-digit numbers that do not begin with 0."""
    return 10**11 + (np.arange(size) * 9 + draws.below(9, size)) * 86_243 % (9 * 10**11)
