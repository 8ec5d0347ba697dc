"""The console's pages as a table: number, address, names, and for which duties and party each is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from renkei.node.officers.duties import Duty

ALL: Final = frozenset(Duty)
BOTH: Final = frozenset({"isa", "mhlw"})


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `number` (画面番号) stands in its footer, so that officers can name it by telephone.

    `within` is the page of the navigation that it belongs to, itself where it stands there.
    """

    number: str
    name: str
    path: str
    ja: str
    en: str
    duties: frozenset[Duty] = ALL
    parties: frozenset[str] = BOTH
    within: str = ""


_OPERATION = frozenset({Duty.OPERATE, Duty.ADMINISTER})

_PAGES = (
    Page("H-01", "today", "", "本日の状況", "Today"),
    Page("H-02", "today_strip", "strip/", "本日の処理", "The day as steps", within="today"),
    Page("D-01", "days", "days/", "日次処理", "Daily cycle", _OPERATION),
    Page("D-02", "day", "days/<day:day>/", "一日の処理", "One day", _OPERATION, within="days"),
    Page("G-01", "memorandum", "memorandum/", "申合せ", "The memorandum"),
)

PAGES: Final[Mapping[str, Page]] = {page.name: page for page in _PAGES}
"""Every page by the name of its address."""


def navigation(party: str, duties: frozenset[Duty]) -> list[Page]:
    """Return the pages that stand in an officer's navigation."""
    return [page for page in _PAGES if not page.within and party in page.parties and duties & page.duties]
