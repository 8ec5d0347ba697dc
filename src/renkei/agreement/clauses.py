"""The clauses of the agreement (申合せ) as printed, each with one English sentence of what it says.

The Japanese is the text; the English is this project's summary and is not binding. Line breaks and seals of
the published copy are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

TITLE = (
    "外国人の在留管理に係る情報及び外国人雇用状況届出に係る情報に関する出入国在留管理庁と厚生労働省の情報連携に"
    "ついて（申合せ）"
)
AGREED_ON = date(2021, 3, 18)
EFFECTIVE_FROM = date(2021, 3, 22)  # 8(1)
PREAMBLE = (
    "出入国在留管理庁及び厚生労働省は、労働施策の総合的な推進並びに労働者の雇用の安定及び職業生活の充実等に関する"
    "法律（以下「労働施策総合推進法」という。）第29条及び第30条に基づく相互の情報提供等に関して、下記のとおり"
    "申し合わせる。"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its number as cited ("3(1)イ(ア)"), its heading (blank if it has none) and its text."""

    number: str
    heading: str
    text: str
    summary_en: str


_CLAUSES = (
    Clause(
        "1",
        "本申合せの目的",
        "本申合せは、出入国在留管理庁が保有する外国人の在留管理に係る情報（以下「在留管理情報」という。）と"
        "厚生労働省が保有する労働施策総合推進法第29条に定める情報（以下「雇用状況届出情報」という。）に関する"
        "情報連携について、出入国在留管理庁及び厚生労働省が、相手方から提供を受ける情報の提供手段、機密保持"
        "その他の取扱いの確認を目的とする。",
        "The agreement says how residence records and notifications are provided and kept confidential.",
    ),
    Clause(
        "2",
        "出入国在留管理庁が厚生労働省に求める情報及び提供する情報について",
        "",
        "What ISA asks of MHLW, and what it provides.",
    ),
    Clause(
        "2(1)",
        "出入国在留管理庁が提供を求める情報について",
        "出入国在留管理庁は、厚生労働省に対し、事業主から届出のあった雇用状況届出情報のうち、在留カード番号を含む"
        "外国人雇用状況の届出に係る別紙1の情報の提供を求める（永住者に係る情報については、別紙1⑩から⑰までの情報を"
        "除く。）。",
        "ISA asks for Annex 1 of every notification with a card number; ⑩ to ⑰ not for permanent residents.",
    ),
    Clause(
        "2(2)",
        "出入国在留管理庁が提供する情報について",
        "出入国在留管理庁は、労働施策総合推進法第30条及び雇用保険法第77条の2の規定に基づき、後記3(1)の求めに対して、"
        "厚生労働省に在留管理情報を提供する。",
        "ISA provides residence records as asked in 3(1), under two acts.",
    ),
    Clause(
        "3",
        "厚生労働省が出入国在留管理庁に求める情報及び提供する情報について",
        "",
        "What MHLW asks of ISA, and what it provides.",
    ),
    Clause(
        "3(1)",
        "厚生労働省が提供を求める情報について",
        "厚生労働省は、出入国在留管理庁に対し以下のとおり情報の提供を求める。",
        "MHLW asks for the following.",
    ),
    Clause(
        "3(1)ア",
        "在留管理情報と一致しない雇用状況届出情報について",
        "雇用状況届出情報のうち、出入国在留管理庁の保有する在留管理情報と突合した結果、不一致となったものに係る"
        "別紙2の在留管理情報の提供を求める。",
        "Annex 2 of every notification that, matched with the residence records, is a mismatch.",
    ),
    Clause(
        "3(1)イ",
        "事業主が外国人雇用状況の届出義務を履行していない疑いのある情報について",
        "在留資格認定証明書交付申請書又は在留資格変更許可申請書において所属機関との雇用契約を締結していることが確認"
        "できる外国人のうち、以下の者に係る別紙3の情報",
        "Annex 3 of foreigners with a confirmed contract whose employer may have failed to notify.",
    ),
    Clause(
        "3(1)イ(ア)",
        "",
        "入管法第7条の2の規定に基づき、就労資格（入管法別表第1の1の表（外交及び公用の在留資格を除く。）、2の表及び"
        "5の表（就労が認められる活動を指定された場合に限り。）に定める在留資格をいう。以下同じ。）に係る在留資格認定"
        "証明書の交付を受けた外国人で、雇用状況届出情報が連携されないもの（雇用状況届出情報が連携されたが突合できな"
        "かった場合及び送信された雇用状況届出情報の雇用開始日が上陸許可日より前の情報であった場合を含む。）",
        "Certificate of eligibility for a work status; no matched notification of work from the landing on.",
    ),
    Clause(
        "3(1)イ(イ)",
        "",
        "入管法第20条の規定に基づき、就労資格への変更許可を受けた外国人で、雇用状況届出情報が連携されないもの"
        "（雇用状況届出情報が連携されたが突合ができなかった場合及び送信された雇用状況届出情報の雇用開始日の変更許可日"
        "より前の情報であった場合を含む。）。",
        "Change to a work status; no matched notification of work from the permission on.",
    ),
    Clause(
        "3(2)",
        "厚生労働省が提供する情報について",
        "厚生労働省は、労働施策総合推進法第29条の規定に基づき、前記2(1)の求めに対して、出入国在留管理庁に雇用状況届出"
        "情報を提供する。",
        "MHLW provides notifications as asked in 2(1).",
    ),
    Clause(
        "4",
        "出入国在留管理庁が提供する個人情報の取扱い",
        "厚生労働省は、前記3(1)アの情報は外国人雇用状況の届出における在留カード番号と一致する者の在留管理情報である"
        "ことから、実在する在留カード番号を用いて身分事項を偽った偽変造在留カードが使用される場合などにおいては、届出の"
        "対象となった労働者とは別人の情報が提供され得ることに留意し、事業主への指導に当たっては、行政機関の保有する"
        "個人情報の保護に関する法律（以下「行政機関個人情報保護法」という。）にのっとり、当該情報を適切に活用すること"
        "とする。",
        "The record may be someone else's, if a forged card bears a real number: use it with care.",
    ),
    Clause(
        "5",
        "情報提供の方法及び頻度",
        "出入国在留管理庁及び厚生労働省は、相手方への情報提供に当たり、両省庁間に構築したネットワークを用いて、日次で"
        "情報を送信することとする。ただし、同ネットワークに障害が発生した場合その他出入国在留管理庁及び厚生労働省が"
        "合意した場合は、同ネットワークを用いることなく、相手方へ情報を提供することができる。",
        "Deliveries are daily over the network between the agencies; without it when it fails or both agree.",
    ),
    Clause(
        "6",
        "機密保持",
        "出入国在留管理庁及び厚生労働省は、相手方から提供を受けた情報について、外部への漏えい等を防ぐため、行政機関個人"
        "情報保護法の規定等に基づき適切に管理し、外部への漏えい等の問題が生じたことが判明したときは、速やかにその旨を"
        "相手方に連絡する。",
        "Received information is protected; the other agency is told of an incident promptly.",
    ),
    Clause(
        "7",
        "目的外利用の制限",
        "出入国在留管理庁及び厚生労働省は、相手方から提供を受けた情報については、入管法、労働施策総合推進法及び雇用"
        "保険法に定める事務の処理に関し、外国人の在留に関する事項の確認のため又は労働力の需要供給の適正かつ円滑な調整等"
        "を図るため利用することとし、他の目的には利用しないこととする。",
        "Received information is used for two purposes under three acts, and for no other.",
    ),
    Clause("8", "その他", "", "Other matters."),
    Clause(
        "8(1)",
        "",
        "本申合せの発効日は、令和3年3月22日とし、出入国在留管理庁及び厚生労働省は、同日以降、本申合せに従って労働施策"
        "総合推進法に基づく両省庁間の情報連携を実施するものとする。",
        "The agreement takes effect on 2021-03-22.",
    ),
    Clause(
        "8(2)",
        "",
        "本申合せに定めのない事項又は疑義の生じた事項については、出入国在留管理庁在留管理支援部情報分析官及び厚生労働省"
        "職業安定局外国人雇用対策課長が、別途協議の上、決定するものとする。",
        "Two offices decide together what the text leaves open or in doubt.",
    ),
)

#: The clauses by number, in order.
CLAUSES: Mapping[str, Clause] = MappingProxyType({clause.number: clause for clause in _CLAUSES})
