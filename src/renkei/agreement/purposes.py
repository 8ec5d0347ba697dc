"""Purposes (clause 7): what received information may be used for, and under which acts.

The acts are named as the agreement cites them, with what this project knows of their present state. If a
statement was not read in an official source, its `confidence` says so; it must not be shown as official.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from renkei.agreement.parties import ISA, MHLW, Party

#: law text: read in the law (2013 text); source: read in public material; unverified: not confirmed.
Confidence = Literal["agreement", "law text", "source", "unverified"]


@dataclass(frozen=True, slots=True)
class Act:
    """One act that the agreement cites: the name as cited, the provisions cited, and its state today."""

    code: str
    cited_as: str
    full_name: str
    name_en: str
    cited_provisions: tuple[str, ...]
    now_ja: str
    now_en: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose of clause 7, as printed, and the party whose tasks it belongs to.

    Clause 7 gives both purposes to both parties; `mainly` says whose task it mainly is and limits nobody.
    """

    code: str
    text_ja: str
    name_en: str
    acts: tuple[str, ...]
    parties: tuple[Party, ...]
    mainly: Party


_ACTS = (
    Act(
        code="immigration",
        cited_as="入管法",
        full_name="出入国管理及び難民認定法",
        name_en="Immigration Control and Refugee Recognition Act",
        cited_provisions=("第2条第5号ロ", "第7条の2", "第20条", "別表第1"),
        now_ja="令和6年改正により、2027年4月1日から技能実習に代わる育成就労、企業内転勤2号が設けられる。",
        now_en="An amendment of 2024 replaces technical intern training by 育成就労 and adds "
        "Intra-company Transferee (ii) from 2027-04-01.",
        confidence="unverified",
    ),
    Act(
        code="labour_policy",
        cited_as="労働施策総合推進法",
        full_name="労働施策の総合的な推進並びに労働者の雇用の安定及び職業生活の充実等に関する法律",
        name_en="Labour Policy Comprehensive Promotion Act",
        cited_provisions=("第29条", "第30条"),
        now_ja="第28条第1項の届出義務は2024年6月10日施行の改正で、監理措置・仮滞在の報酬活動の許可を受けた者に及ぶ。"
        "第30条の現行の文言は未確認。",
        now_en="Since 2024-06-10 the duty of 28(1) covers persons permitted to work under supervisory "
        "measures or provisional stay. The current wording of 30 was not read.",
        confidence="source",
    ),
    Act(
        code="employment_insurance",
        cited_as="雇用保険法",
        full_name="雇用保険法",
        name_en="Employment Insurance Act",
        cited_provisions=("第77条の2",),
        now_ja="第77条の2（資料の提供等）の現行の文言は未確認。",
        now_en="The current wording of 77-2 (provision of material) was not read.",
        confidence="unverified",
    ),
    Act(
        code="privacy",
        cited_as="行政機関個人情報保護法",
        full_name="行政機関の保有する個人情報の保護に関する法律",
        name_en="Act on the Protection of Personal Information Held by Administrative Organs",
        cited_provisions=(),
        now_ja="2022年4月1日に廃止され、個人情報の保護に関する法律第5章に統合された。第4項及び第6項の引用は"
        "これに読み替える。",
        now_en="Abolished on 2022-04-01 and folded into chapter 5 of the Act on the Protection of Personal "
        "Information; clauses 4 and 6 are read accordingly.",
        confidence="unverified",
    ),
)

#: The acts that the agreement cites, by code. The first three are those of clause 7.
ACTS: Mapping[str, Act] = MappingProxyType({act.code: act for act in _ACTS})

_OF_CLAUSE_7 = ("immigration", "labour_policy", "employment_insurance")

_PURPOSES = (
    Purpose(
        code="residence",
        text_ja="外国人の在留に関する事項の確認のため",
        name_en="to confirm matters of foreigners' residence",
        acts=_OF_CLAUSE_7,
        parties=(ISA, MHLW),
        mainly=ISA,
    ),
    Purpose(
        code="labour_market",
        text_ja="労働力の需要供給の適正かつ円滑な調整等を図るため",
        name_en="to balance labour supply and demand properly and smoothly, and the like",
        acts=_OF_CLAUSE_7,
        parties=(ISA, MHLW),
        mainly=MHLW,
    ),
)

#: The purposes of clause 7 by code.
PURPOSES: Mapping[str, Purpose] = MappingProxyType({purpose.code: purpose for purpose in _PURPOSES})
