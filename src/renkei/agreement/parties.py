"""The two parties of the agreement, with the offices that signed it and decide its open points (8(2))."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Party:
    """One agency.

    `signatory` is the name as it can be read in the published copy, where seals lie over the page: a
    character may be missing.
    """

    code: str
    name_ja: str
    name_en: str
    office_ja: str
    office_en: str
    signatory: str
    document_number: str


ISA = Party(
    code="isa",
    name_ja="出入国在留管理庁",
    name_en="Immigration Services Agency",
    office_ja="出入国在留管理庁在留管理支援部情報分析官",
    office_en="Information Analyst, Residency Management and Support Department, Immigration Services Agency",
    signatory="簾内友",
    document_number="入管庁情第26号",
)
MHLW = Party(
    code="mhlw",
    name_ja="厚生労働省",
    name_en="Ministry of Health, Labour and Welfare",
    office_ja="厚生労働省職業安定局外国人雇用対策課長",
    office_en="Director, Foreign Workers' Affairs Division, Employment Security Bureau, Ministry of Health, "
    "Labour and Welfare",
    signatory="石津克",
    document_number="職外発0318第1号",
)

PARTIES: Mapping[str, Party] = MappingProxyType({party.code: party for party in (ISA, MHLW)})
