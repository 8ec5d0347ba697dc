"""Nationalities and regions (国籍・地域) by code: ISO 3166-1 alpha-3, with the name that the card prints.

「国籍の属する国又は入管法第2条第5号ロに規定する地域」 (別紙1⑥): 台湾 and パレスチナ are regions of that
article. 朝鮮 on a card is not the name of a state; it has no ISO code and is QZK here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from renkei.agreement.tables import read_keyed


@dataclass(frozen=True, slots=True)
class Nationality:
    """One nationality or region.

    Two nationalities agree when their `compare_as` is equal. `alpha2` and `name_on_card_ja` are blank
    if there is none. `kind` is country_or_territory, region, passport_only, special or icao_special.
    """

    code: str
    alpha2: str
    compare_as: str
    name_ja: str
    name_en: str
    name_on_card_ja: str
    kind: str
    note: str


def _nationality(row: Mapping[str, str]) -> Nationality:
    return Nationality(
        code=row["code"],
        alpha2=row["alpha2"],
        compare_as=row["compare_as"],
        name_ja=row["name_ja"],
        name_en=row["name_en"],
        name_on_card_ja=row["name_on_card_ja"],
        kind=row["kind"],
        note=row["note"],
    )


NATIONALITIES: Mapping[str, Nationality] = read_keyed("nationalities.csv", "code", _nationality)

#: Sets of `compare_as` codes that are easily confused on forms: a difference within a set is "related".
RELATED = (frozenset({"KOR", "PRK", "QZK"}), frozenset({"CHN", "TWN"}))
