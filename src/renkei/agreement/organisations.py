"""Organisations: how the names of legal persons are written, and the municipalities (§6), as tables."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from renkei.agreement.tables import read_rows


def _forms() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in read_rows("organisation_forms.csv"):
        found[row["place"]].append(row["form"])
    # The longest first: 一般社団法人 before 社団法人.
    return MappingProxyType(
        {place: tuple(sorted(forms, key=lambda form: (-len(form), form))) for place, forms in found.items()}
    )


#: The legal forms and their abbreviations, by where in a name they are left out: `anywhere`, at the `start`,
#: at the `end`, or as the last words (`end word`). Each row of the table names its source.
LEGAL_FORMS: Mapping[str, Sequence[str]] = _forms()

#: Municipalities and the wards of designated cities (全国地方公共団体コード), by name without the
#: prefecture. A name may be of several prefectures (府中市).
MUNICIPALITIES: Sequence[str] = tuple(
    sorted(
        {row["municipality"] for row in read_rows("municipalities.csv")}, key=lambda name: (-len(name), name)
    )
)
