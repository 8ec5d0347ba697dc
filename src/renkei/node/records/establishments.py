"""The ministry's own table of establishments: what joins 別紙1 and 別紙3, which share no key of an employer.

No dataset of the agreement: it never leaves the ministry.
"""

from typing import Final

from renkei.agreement.datasets import Column, Dataset, Kind

_NAME: Final = "establishments"


def _column(
    name: str, label: str, kind: Kind, longest: int | None = None, *, required: bool = False
) -> Column:
    return Column(_NAME, name, "", label, kind, longest, required, "")


ESTABLISHMENTS: Final = Dataset(
    _NAME,
    (
        _column("establishment_number", "事業所の番号", Kind.ESTABLISHMENT_NUMBER, required=True),
        _column("corporate_number", "法人番号", Kind.CORPORATE_NUMBER),
        _column("name", "事業所の名称", Kind.TEXT, 200, required=True),
        _column("address", "事業所の所在地", Kind.TEXT, 300),
        _column("office", "公共職業安定所コード", Kind.TEXT, 4),
        _column("office_name", "公共職業安定所", Kind.TEXT, 80),
        _column("bureau", "労働局", Kind.TEXT, 80),
    ),
)
"""Establishment number ⇔ corporate number, with the Hello Work office and labour bureau responsible."""
