"""The three annexes item by item: the label as printed, and the columns that carry it.

別紙1 goes from the ministry to the agency, 別紙2 and 別紙3 the other way. 別紙2 is published partly blacked
out: its items are assumed (a decision) and marked as assumed, until the text is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from types import MappingProxyType

from renkei.agreement.datasets import PERSONS
from renkei.agreement.decisions import DEFAULT_POLICY
from renkei.agreement.parties import ISA, MHLW, Party
from renkei.agreement.statuses import PERMANENT_RESIDENT


class Disclosure(Enum):
    """How an item is known; the value is the mark shown to users."""

    PUBLISHED = "公表"
    REDACTED = "非開示"
    ASSUMED = "想定"


@dataclass(frozen=True, slots=True)
class Condition:
    """A column holds one of these values, in canonical form."""

    column: str
    holds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an annex: its number and label as printed, and our columns that carry it.

    `released_when`: the item is sent only then. `withheld_when`: it is never sent then.
    """

    number: str
    label: str
    columns: tuple[str, ...]
    disclosure: Disclosure = Disclosure.PUBLISHED
    released_when: Condition | None = None
    withheld_when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Omission:
    """A ※ that withholds the items from `first` to `last` when a column holds a value."""

    first: str
    last: str
    when: str
    holds: str

    def applied_to(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """Return the items with this omission on those it covers."""
        numbers = [item.number for item in items]
        covered = range(numbers.index(self.first), numbers.index(self.last) + 1)
        condition = Condition(self.when, frozenset({self.holds}))
        return tuple(
            replace(item, withheld_when=condition) if place in covered else item
            for place, item in enumerate(items)
        )


@dataclass(frozen=True, slots=True)
class Annex:
    """One annex.

    `title` and `occasion` (in brackets below it) are as printed, `notes` are its ※. `technical` columns
    are sent with the items although the agreement does not name them.
    """

    number: str
    title: str
    occasion: str
    sender: Party
    receiver: Party
    dataset: str
    legal_basis: str
    items: tuple[Item, ...]
    notes: tuple[str, ...]
    omissions: tuple[Omission, ...] = ()
    technical: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all items, in the order of the items."""
        return tuple(column for item in self.items for column in item.columns)

    @property
    def withheld_columns(self) -> tuple[str, ...]:
        """The columns of the items that some ※ withholds: ⑩ to ⑰ of 別紙1."""
        return tuple(column for item in self.items if item.withheld_when for column in item.columns)

    def item_of(self, column: str) -> Item | None:
        """Return the item that a column carries, or None if it carries none."""
        return next((item for item in self.items if column in item.columns), None)


_PERMANENT_RESIDENTS = Omission("⑩", "⑰", when="status_of_residence", holds=PERMANENT_RESIDENT)

ANNEX_1 = Annex(
    number="別紙1",
    title="出入国在留管理庁が厚生労働省に対して提供を求める情報項目詳細",
    occasion="",
    sender=MHLW,
    receiver=ISA,
    dataset="notifications",
    legal_basis="労働施策総合推進法第29条",  # 3(2)
    items=_PERMANENT_RESIDENTS.applied_to(
        (
            Item("①", "氏名", ("name",)),
            Item("②", "在留資格", ("status_of_residence",)),
            Item("③", "在留期間（在留期限）", ("stay_expires_on",)),
            Item("④", "生年月日", ("birth_date",)),
            Item("⑤", "性別", ("sex",)),
            Item("⑥", "国籍の属する国又は入管法第2条第5号ロに規定する地域", ("nationality",)),
            Item("⑦", "在留カード番号", ("card_number",)),
            Item("⑧", "住所・郵便番号", ("postal_code", "address")),
            Item("⑨", "資格外活動許可の有無", ("extra_activity_permission",)),
            Item("⑩", "事業所の番号", ("establishment_number",)),
            Item("⑪", "事業所の名称", ("establishment_name",)),
            Item(
                "⑫",
                "事業所の所在地・郵便番号",
                ("establishment_postal_code", "establishment_address"),
            ),
            Item("⑬", "事業所の電話番号", ("establishment_phone",)),
            Item("⑭", "事業所の産業分類", ("industry",)),
            Item("⑮", "事業所の規模", ("establishment_size",)),
            Item("⑯", "雇用開始年月日", ("employment_start",)),
            Item("⑰", "雇用終了年月日", ("employment_end",)),
            Item("⑱", "届出情報の登録日・更新日", ("registered_on", "updated_on")),
            Item("⑲", "削除履歴", ("deleted_on",)),
        )
    ),
    notes=("在留資格「永住者」に係る届出については、⑩から⑰までを除く。",),
    omissions=(_PERMANENT_RESIDENTS,),
    technical=("notification_id",),
)


_asked_of_isa = partial(
    Annex,
    title="厚生労働省が出入国在留管理庁に対して提供を求める情報項目詳細",
    sender=ISA,
    receiver=MHLW,
    legal_basis="労働施策総合推進法第30条及び雇用保険法第77条の2",  # 2(2)
)
"""What 別紙2 and 別紙3 have in common."""


def annex_2(disclosed: Sequence[str]) -> Annex:
    """Return 別紙2 for the disclosed items (columns of `persons`); KeyError names an unknown one.

    Between ① and the day of the matching an unknown number of items is blacked out: one redacted item
    stands for them all, and the assumed items follow it.
    """
    assumed = tuple(
        Item("", PERSONS.column(item).label_ja, (f"linked_{item}", f"latest_{item}"), Disclosure.ASSUMED)
        for item in disclosed
    )
    return _asked_of_isa(
        number="別紙2",
        occasion="在留管理情報と雇用状況届出情報が一致しない場合",
        dataset="discrepancies",
        items=(
            Item("①", "在留カード番号", ("card_number",)),
            Item("■", "■", (), Disclosure.REDACTED),
            Item("", "一致しない情報項目", ("mismatched_items",), Disclosure.ASSUMED),
            *assumed,
            Item("", "突合を実施した日", ("matched_on",)),
        ),
        notes=(
            "①は、在留カード番号にひも付けられた在留管理情報に係る外国人の情報の最新情報に含まれる"
            "在留カード番号とする。",
            "■から■までについては、在留カード番号にひも付けられた在留管理情報のうち雇用状況届出情報と"
            "一致しない情報項目に加えて、当該在留管理情報に係る外国人の最新の情報項目とする。",
        ),
        technical=("notification_id", "outcome", "identity_caution", "differences"),
    )


ANNEX_2 = annex_2(DEFAULT_POLICY.disclosed_items)

_LANDED = Condition("ground", frozenset({"coe"}))  # 3(1)イ(ア)
_CHANGED = Condition("ground", frozenset({"change"}))  # 3(1)イ(イ)

ANNEX_3 = _asked_of_isa(
    number="別紙3",
    occasion="外国人雇用状況届出義務を履行していない疑いがある場合",
    dataset="suspected_omissions",
    items=(
        Item("①", "氏名", ("name",)),
        Item("②", "在留資格", ("status_of_residence",)),
        Item("③", "在留期間（在留期限）", ("stay_expires_on",)),
        Item("④", "生年月日", ("birth_date",)),
        Item("⑤", "性別", ("sex",)),
        Item("⑥", "国籍の属する国又は入管法第2条第5号ロに規定する地域", ("nationality",)),
        Item("⑦", "在留カード番号", ("card_number",)),
        Item("⑧", "住居地", ("address",)),
        Item("⑨", "上陸許可年月日", ("landed_on",), released_when=_LANDED),
        Item("⑩", "在留資格変更許可年月日", ("changed_on",), released_when=_CHANGED),
        Item("⑪", "変更前の在留資格", ("previous_status",), released_when=_CHANGED),
        Item("⑫", "所属機関の法人番号", ("organisation_corporate_number",)),
        Item("⑬", "所属機関の名称", ("organisation_name",)),
        Item("⑭", "所属機関の所在地", ("organisation_address",)),
        Item("⑮", "所属機関の電話番号", ("organisation_phone",)),
        Item("⑯", "所属機関の代表者氏名", ("organisation_representative",)),
        # Without a 派遣先 these three are blank in the register; each may be known without its name.
        Item("⑰", "派遣先の名称", ("dispatch_name",)),
        Item("⑱", "派遣先の所在地", ("dispatch_address",)),
        Item("⑲", "派遣先の電話番号", ("dispatch_phone",)),
    ),
    notes=(
        "⑨は、3（1）イ（ア）の場合に限る。",
        "⑩及び⑪は、3（1）イ（イ）の場合に限る。",
        "⑰から⑲までは、派遣先がある場合に限る。",
    ),
    technical=("permission_id", "ground", "reason", "notification_id", "explanation"),
)

#: The annexes by number as printed, in order.
ANNEXES: Mapping[str, Annex] = MappingProxyType(
    {annex.number: annex for annex in (ANNEX_1, ANNEX_2, ANNEX_3)}
)
