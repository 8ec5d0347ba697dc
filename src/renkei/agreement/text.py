"""Text for people: the two languages, texts in both, and dates in Japanese eras.

Every message, label and name that a person reads is a pair of texts (`Words`). Codes have a `Meaning`.
"""

from datetime import date
from typing import Final, Literal, NamedTuple

#: The languages of every message: Japanese and English.
Lang = Literal["ja", "en"]


class Words(NamedTuple):
    """The same text in Japanese and in English."""

    ja: str
    en: str

    def say(self, lang: Lang) -> str:
        """Return the text in the given language."""
        return self.ja if lang == "ja" else self.en


class Meaning(NamedTuple):
    """What a code means: its short name, and a sentence for the reader of one case."""

    name: Words
    sentence: Words


class Era(NamedTuple):
    """A Japanese era: how a year of it is read and written.

    `letter` is its abbreviation on forms (R8.4.1). Its year n is the Western year `before_first` + n. `first`
    and `last` are the first and the last day written in it; the present era has no `last`.
    """

    name: str
    romaji: str
    letter: str
    before_first: int
    first: date
    last: date | None

    @property
    def first_year(self) -> int:
        """The first year of the era in which a date can be read and written."""
        return self.first.year - self.before_first


REIWA: Final = Era("令和", "Reiwa", "R", 2018, date(2019, 5, 1), None)
# 明治 began in 1868, but Japan has used the Gregorian calendar since 1 January of 明治6年. Months and days of
# earlier years are of the lunisolar calendar and fall on other days in ours: such a date is neither read nor
# written in the era.
MEIJI: Final = Era("明治", "Meiji", "M", 1867, date(1873, 1, 1), date(1912, 7, 29))
#: The eras, the latest first; each ends where the next begins. A date that is read may be after the end of
#: its era (平成33年 is 2021): forms printed before a change of era stay in use.
ERAS: Final = (
    REIWA,
    Era("平成", "Heisei", "H", 1988, date(1989, 1, 8), date(2019, 4, 30)),
    Era("昭和", "Showa", "S", 1925, date(1926, 12, 25), date(1989, 1, 7)),
    Era("大正", "Taisho", "T", 1911, date(1912, 7, 30), date(1926, 12, 24)),
    MEIJI,
)


def day_in_era(day: date) -> str:
    """Write a day in its era, the first year as 元年; before all eras, with the Western year."""
    era = next((era for era in ERAS if day >= era.first), None)
    year = day.year - (era.before_first if era else 0)
    return f"{era.name if era else ''}{'元' if era and year == 1 else year}年{day.month}月{day.day}日"


def day_in_words(text: str, lang: Lang) -> str:
    """Write a canonical date (yyyy-mm-dd) for people: in its era in Japanese, unchanged in English.

    Unknown parts (00) of a partial date are written as unknown. Its year stays Western, because a year in
    which the era changed belongs to two eras.
    """
    year, month, day = text.split("-")
    if month == "00":
        return Words(f"{int(year)}年(月日不詳)", f"{year} (month and day unknown)").say(lang)
    if day == "00":
        return Words(f"{int(year)}年{int(month)}月(日不詳)", f"{year}-{month} (day unknown)").say(lang)
    return text if lang == "en" else day_in_era(date.fromisoformat(text))
