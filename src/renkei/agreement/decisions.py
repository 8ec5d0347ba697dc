"""Decisions: defaults for every point that the agreement's text leaves open, which an office may override.

Clause 8(2) gives open points to two offices, which decide them together. Neither has confirmed anything
here: these are the project's proposals, shown to users as such, until a policy file (TOML, `load_policy`)
says which office confirmed which value and when. To add one, add a `Decision` to the table and a field of
the same name to `Policy`.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Generic, Literal

from renkei.agreement.allowed_values import (
    A_DAY,
    A_FLAG,
    MONTHS_BY_STATUS,
    MORE_LIKELY_THAN_NOT,
    Allowed,
    MonthsByStatus,
    T_co,
    items_of,
    one_of,
    whole_number,
)
from renkei.agreement.errors import RenkeiError
from renkei.agreement.parties import ISA, MHLW, PARTIES

Basis = Literal["memorandum", "decision"]

#: Items that both sides hold, in the order of 別紙1: what can be compared and what can be disclosed.
COMPARABLE_ITEMS = (
    "name",
    "status_of_residence",
    "stay_expires_on",
    "birth_date",
    "sex",
    "nationality",
    "address",
    "extra_activity_permission",
)
#: 身分事項 of clause 4.
IDENTITY_ITEMS = ("name", "birth_date", "sex", "nationality")
#: Causes of a difference (`agreement.causes`) that may count as agreement: all that give a reason.
AGREEABLE_CAUSES = (
    "as_latest",
    "other_card",
    "title",
    "partial",
    "truncated",
    "lost_character",
    "initial",
    "one_letter",
    "romanisation",
    "day_month_swapped",
    "one_digit",
    "era",
    "related",
)


class PolicyError(RenkeiError):
    """A decision that does not exist, or that cannot take that value."""


@dataclass(frozen=True, slots=True)
class Decision(Generic[T_co]):
    """One point that the text leaves open: the question, the default value and the reason for it.

    `clause` is where the question arises. `confirmed_by` are the offices that must confirm the value
    (`Policy.confirmed` says whether they have).
    """

    key: str
    value: T_co
    allowed: Allowed[T_co]
    clause: str
    question_ja: str
    question_en: str
    why_ja: str
    why_en: str
    basis: Basis = "decision"
    confirmed_by: tuple[str, ...] = (ISA.office_ja, MHLW.office_ja)  # 8(2)

    def read(self, value: object) -> T_co:
        """Return the value as this decision's type; PolicyError, with what is allowed, if it is wrong."""
        try:
            return self.allowed.read(value)
        except ValueError:
            raise PolicyError(
                f"{self.key} cannot be {shown(value)}: give {self.allowed.en}.",
                f"{self.key} に {shown(value)} は指定できません。指定できるもの: {self.allowed.ja}。",
            ) from None


def shown(value: object, most: int = 60) -> str:
    """Write a refused value of a policy (never personal data) as in TOML, cut to one line."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else f"{value!r}"
    if isinstance(value, date):
        text = value.isoformat()
    return text if len(text) <= most else text[: most - 1] + "…"


COMPARED_ITEMS = Decision(
    key="compared_items",
    value=tuple(item for item in COMPARABLE_ITEMS if item != "address"),
    allowed=items_of(COMPARABLE_ITEMS),
    clause="3(1)ア",
    question_ja="突合でどの項目を比較するか。",
    question_en="Which items are compared when a notification is matched?",
    why_ja="住所は離職時にしか届け出られず表記も揺れるため、既定では比較しない。",
    why_en="An address is reported at separation only and is written in many ways, so it is not compared by "
    "default.",
)
DISCLOSED_ITEMS = Decision(
    key="disclosed_items",
    value=COMPARABLE_ITEMS,
    allowed=items_of(COMPARABLE_ITEMS),
    clause="別紙2",
    question_ja="別紙2で、どの項目の在留管理情報を提供するか。",
    question_en="For which items does Annex 2 disclose the residence record?",
    why_ja="別紙2の項目は黒塗りで公表されており、双方が保有する項目を想定した。",
    why_en="Annex 2 is published with its items blacked out; the items that both sides hold are assumed.",
)
IN_SCOPE_FROM = Decision(
    key="in_scope_from",
    value=date(2021, 3, 22),
    allowed=A_DAY,
    clause="3(1)イ",
    question_ja="いつ以降の上陸許可・変更許可を、未届の疑いの対象とするか。",
    question_en="From which day on do landings and changes of status count for suspected omissions?",
    why_ja="申合せの発効日（8(1)）。それより前の許可について定めはない。",
    why_en="The day the agreement took effect (8(1)). The text does not mention earlier permissions.",
)
DUE_MONTHS = Decision(
    key="due_months",
    value=MonthsByStatus(1, (("esd", 3), ("titp_1b", 3))),
    allowed=MONTHS_BY_STATUS,
    clause="3(1)イ",
    question_ja="許可（雇用開始予定日がそれより後ならその日）の月の何か月後の月末まで、届出を待つか。",
    question_en="Until the end of which month after that of the permission, or of a later start of the "
    "contract, is a notification awaited?",
    why_ja="申合せに期限はない。雇用保険被保険者でない者の届出期限（翌月末）に合わせ、入国後の講習を経て雇用"
    "される者は3か月とした。",
    why_en="The text sets no due date. The later legal time limit is used: the end of the next month; three "
    "months for those who are trained before they are employed.",
)
GRADUATES_UNTIL_MAY = Decision(
    key="graduates_until_may",
    value=True,
    allowed=A_FLAG,
    clause="3(1)イ",
    question_ja="留学から1月～4月に変更許可を受けた人の届出を、その年の5月31日まで待つか。",
    question_en="Is a notification awaited until 31 May for a change from student in January to April?",
    why_ja="卒業後4月1日に就職する人の届出は5月10日までにされる。",
    why_en="Who begins on 1 April, after graduation, is notified by 10 May.",
)
GRACE_DAYS = Decision(
    key="grace_days",
    value=0,
    allowed=whole_number(0, 3660),
    clause="3(1)イ",
    question_ja="期限の後、さらに何日猶予するか。",
    question_en="How many days of grace follow the due date?",
    why_ja="申合せに猶予の定めはない。",
    why_en="The text does not mention days of grace.",
)
BLANK_START_CREDITS = Decision(
    key="blank_start_credits",
    value=True,
    allowed=A_FLAG,
    clause="3(1)イ",
    question_ja="雇用開始日のない届出を、登録日が許可日以後であれば、その許可についての届出とみるか。",
    question_en="Does a notification without a start, registered on or after the permission, count for it?",
    why_ja="届出は雇入れの後にされるため、登録日が雇用開始日に代わる。",
    why_en="An employment is notified when it has begun: the day of registration stands for the start.",
)
CREDITED_BY = Decision(
    key="credited_by",
    value="any_employer",
    allowed=one_of("any_employer", "contract_organisation"),
    clause="3(1)イ",
    question_ja="許可に対する届出として数えるのは、いずれの事業主のものでもよいか、所属機関又は派遣先のものに限るか。",
    question_en="Whose notification counts for a permission: any employer's, or only one of the organisation "
    "of the contract or of the place of dispatch?",
    why_ja="申合せは「雇用状況届出情報が連携されないもの」とし、事業主を限っていない。",
    why_en="The memorandum says that no notification was linked, and names no employer.",
)
EXPLAIN_OMISSIONS = Decision(
    key="explain_omissions",
    value=True,
    allowed=A_FLAG,
    clause="別紙3",
    question_ja="未届の疑いに、根拠となる届出の識別番号と説明を添えるか。",
    question_en="Does a suspected omission carry the notification that it rests on, and an explanation?",
    why_ja="別紙3の項目にはないが、既に届け出た事業主に照会しないために要る。",
    why_en="They are not items of Annex 3, but without them an employer who did notify would be asked.",
)
REPORT_CONTINUING = Decision(
    key="report_continuing",
    value=True,
    allowed=A_FLAG,
    clause="3(1)イ",
    question_ja="引き続き雇用されているとみられるものも、未届の疑いとして送るか。",
    question_en="Is a suspected omission sent although the same employment seems to have gone on?",
    why_ja="申合せは、雇用開始日が許可日より前のものを含めている。",
    why_en="The memorandum includes those whose employment began before the permission.",
)
IDENTITY = Decision(
    key="identity_items",
    value=IDENTITY_ITEMS,
    allowed=items_of(IDENTITY_ITEMS),
    clause="4",
    question_ja="別人の可能性を判断する身分事項はどれか。",
    question_en="Which items show whether the record may be someone else's?",
    why_ja="第4項は「身分事項」とのみいう。在留カードの身分事項のうち比較できるものとした。",
    why_en="Clause 4 says only 身分事項. The identity items on the card that can be compared are used.",
)
IDENTITY_CONFLICT_AT = Decision(
    key="identity_conflict_at",
    value=2,
    allowed=whole_number(1, len(IDENTITY_ITEMS)),
    clause="4",
    question_ja="身分事項がいくつ異なれば別人の可能性ありとするか。",
    question_en="How many of these items must differ before the worker may be someone else?",
    why_ja="一つの相違は誤記でも起こるため、二つ以上とした。",
    why_en="One difference can be a writing error, so two are required.",
)
TRUNCATED_FROM = Decision(
    key="truncated_from",
    value=12,
    allowed=whole_number(1, 120),
    clause="3(1)ア",
    question_ja="氏名が何文字以上なら、途中で切れたものとみて原因を示すか。",
    question_en="From how many characters on is a name taken to be cut short by a form?",
    why_ja="被保険者氏名欄が全角12文字であることによる。切れた氏名も不一致に数える。",
    why_en="The insured person's name field holds 12 full-width characters. A truncated name is still a "
    "mismatch.",
)
AGREEING_CAUSES = Decision(
    key="agreeing_causes",
    value=(),
    allowed=items_of(AGREEABLE_CAUSES),
    clause="3(1)ア",
    question_ja="どの原因の相違を、不一致とせず一致とみるか。",
    question_en="Which causes make a difference count as agreement instead of a mismatch?",
    why_ja="申合せは例外を設けていない。敬称や1字の違いも、まず不一致として示す。",
    why_en="The text makes no exception: a title or one letter is a mismatch until both offices decide.",
)

CANDIDATE_THRESHOLD = Decision(
    key="candidate_threshold",
    value=0.95,
    allowed=MORE_LIKELY_THAN_NOT,
    clause="3(1)イ",
    question_ja="突合できなかった届出が、どの確率以上である人を指すとき、未届の疑いの理由にその旨を示すか。",
    question_en="From which probability on does a notification not found explain a suspected omission?",
    why_ja="3(1)イは「連携されたが突合できなかった場合を含む」とする。誤りは二十に一つ未満とした。",
    why_en="3(1)イ includes notifications that could not be matched. Fewer than one in twenty may be wrong.",
)

SET_ASIDE_PERCENT = Decision(
    key="set_aside_percent",
    value=5,
    allowed=whole_number(0, 100),
    clause="8(2)",
    question_ja="一つの表の行の何%を超えて受理できないとき、突合を止めて確認を求めるか。",
    question_en="Above what percentage of a table's rows set aside does a matching wait for a confirmation?",
    why_ja="誤った入力は、届け出た事業主を疑わせる。通常の受理できない行は1%に満たない。",
    why_en="Wrong input makes employers suspect who did notify. Normally less than 1 % is set aside.",
)
SET_ASIDE_ROWS = Decision(
    key="set_aside_rows",
    value=20,
    allowed=whole_number(0, 1_000_000),
    clause="8(2)",
    question_ja="受理できない行が何行までなら、割合にかかわらず突合を進めるか。",
    question_en="Up to how many rows set aside does a matching go on, whatever their percentage?",
    why_ja="小さな表では数行の誤りも大きな割合になる。",
    why_en="In a small table a few faulty rows are a large percentage.",
)
SHRUNK_PERCENT = Decision(
    key="shrunk_percent",
    value=10,
    allowed=whole_number(0, 100),
    clause="8(2)",
    question_ja="表が前回より何%を超えて減ったとき、突合を止めて確認を求めるか。",
    question_en="Above what percentage of rows lost since the last run does a matching wait for a "
    "confirmation?",
    why_ja="登録も届出も一度にこれほど減ることはなく、途中で切れたファイルとみられる。",
    why_en="Neither a register nor the notifications lose so much at once; a file may be cut short.",
)
SHRUNK_ROWS = Decision(
    key="shrunk_rows",
    value=20,
    allowed=whole_number(0, 1_000_000),
    clause="8(2)",
    question_ja="減った行が何行までなら、割合にかかわらず突合を進めるか。",
    question_en="Up to how many rows lost does a matching go on, whatever their percentage?",
    why_ja="小さな表では数行の減少も大きな割合になる。",
    why_en="In a small table a few rows are a large percentage.",
)
REMOVED_PERCENT = Decision(
    key="removed_percent",
    value=1,
    allowed=whole_number(0, 100),
    clause="8(2)",
    question_ja="取り込むファイルで登録済みの行の何%を超えて失われるとき、取込を止めて確認を求めるか。",
    question_en="Above what percentage of the stored rows that a file removes does its import wait for a "
    "confirmation?",
    why_ja="一日に失われる行はわずかで、多ければ途中で切れたファイルとみられる。",
    why_en="Few rows go in a day; where many go, the file may be cut short.",
)
REMOVED_ROWS = Decision(
    key="removed_rows",
    value=20,
    allowed=whole_number(0, 1_000_000),
    clause="8(2)",
    question_ja="失われる行が何行までなら、割合にかかわらず取り込むか。",
    question_en="Up to how many removed rows is a file imported, whatever their percentage?",
    why_ja="小さな表では数行の減少も大きな割合になる。",
    why_en="In a small table a few rows are a large percentage.",
)
SUSPECTED_PERCENT = Decision(
    key="suspected_percent",
    value=50,
    allowed=whole_number(0, 100),
    clause="3(1)イ",
    question_ja="期限の過ぎた許可の何%を超えて未届の疑いとなるとき、突合を止めて確認を求めるか。",
    question_en="Above what percentage of the permissions due does a matching that suspects them wait for a "
    "confirmation?",
    why_ja="大半の雇用は届け出られている。半数を超える疑いは、届出の欠けた入力とみられる。",
    why_en="Most employments are notified. If more than half are suspected, notifications are missing.",
)
SUSPECTED_FROM = Decision(
    key="suspected_from",
    value=100,
    allowed=whole_number(1, 1_000_000),
    clause="3(1)イ",
    question_ja="期限の過ぎた許可が何件以上のとき、未届の疑いの割合を確かめるか。",
    question_en="From how many permissions due on is the percentage of suspected ones checked?",
    why_ja="少数の許可では、割合は偶然に大きくなる。",
    why_en="Of few permissions, a large percentage may be chance.",
)

#: All decisions by key, in the order of the work: compare, disclose, suspected omissions, caution, names,
#: candidates, implausible input.
DECISIONS: Mapping[str, Decision[Any]] = MappingProxyType(
    {
        decision.key: decision
        for decision in (
            COMPARED_ITEMS,
            DISCLOSED_ITEMS,
            IN_SCOPE_FROM,
            DUE_MONTHS,
            GRACE_DAYS,
            GRADUATES_UNTIL_MAY,
            CREDITED_BY,
            BLANK_START_CREDITS,
            EXPLAIN_OMISSIONS,
            REPORT_CONTINUING,
            IDENTITY,
            IDENTITY_CONFLICT_AT,
            TRUNCATED_FROM,
            AGREEING_CAUSES,
            CANDIDATE_THRESHOLD,
            SET_ASIDE_PERCENT,
            SET_ASIDE_ROWS,
            SHRUNK_PERCENT,
            SHRUNK_ROWS,
            REMOVED_PERCENT,
            REMOVED_ROWS,
            SUSPECTED_PERCENT,
            SUSPECTED_FROM,
        )
    }
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The decisions in force for a run: the defaults of `DECISIONS`, some of them overridden.

    Items are kept in the order of 別紙1. Raises PolicyError if a decision cannot take the given value.
    `confirmations`: by decision, the day on which the office of a party confirmed its value. They do not
    change the result of a run, so they are ignored when two policies are compared.
    """

    compared_items: tuple[str, ...] = COMPARED_ITEMS.value
    disclosed_items: tuple[str, ...] = DISCLOSED_ITEMS.value
    in_scope_from: date = IN_SCOPE_FROM.value
    due_months: MonthsByStatus = DUE_MONTHS.value
    grace_days: int = GRACE_DAYS.value
    graduates_until_may: bool = GRADUATES_UNTIL_MAY.value
    credited_by: str = CREDITED_BY.value
    blank_start_credits: bool = BLANK_START_CREDITS.value
    explain_omissions: bool = EXPLAIN_OMISSIONS.value
    report_continuing: bool = REPORT_CONTINUING.value
    identity_items: tuple[str, ...] = IDENTITY.value
    identity_conflict_at: int = IDENTITY_CONFLICT_AT.value
    truncated_from: int = TRUNCATED_FROM.value
    agreeing_causes: tuple[str, ...] = AGREEING_CAUSES.value
    candidate_threshold: float = CANDIDATE_THRESHOLD.value
    set_aside_percent: int = SET_ASIDE_PERCENT.value
    set_aside_rows: int = SET_ASIDE_ROWS.value
    shrunk_percent: int = SHRUNK_PERCENT.value
    shrunk_rows: int = SHRUNK_ROWS.value
    removed_percent: int = REMOVED_PERCENT.value
    removed_rows: int = REMOVED_ROWS.value
    suspected_percent: int = SUSPECTED_PERCENT.value
    suspected_from: int = SUSPECTED_FROM.value
    confirmations: Mapping[str, Mapping[str, date]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for key, decision in DECISIONS.items():
            value = decision.read(getattr(self, key))
            object.__setattr__(self, key, value)  # the dataclass is frozen

    def confirmed(self, key: str) -> dict[str, date | None]:
        """Return, by party, the day on which its office confirmed the decision (8(2)); None if it has not."""
        return {party: self.confirmations.get(key, {}).get(party) for party in PARTIES}

    def overridden(self) -> tuple[str, ...]:
        """Return the keys whose value is not the default."""
        return tuple(key for key, decision in DECISIONS.items() if getattr(self, key) != decision.value)

    def overrides(self) -> dict[str, Any]:
        """Return the overridden decisions with their values as JSON and TOML write them."""
        return {key: _plain(getattr(self, key)) for key in self.overridden()}

    def values(self) -> dict[str, Any]:
        """Return all decisions in force, default or not, with their values as JSON and TOML write them."""
        return {key: _plain(getattr(self, key)) for key in DECISIONS}

    def digest(self) -> str:
        """Return the SHA-256 of all decisions in force; confirmations are left out."""
        return sha256(json.dumps(self.values(), sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, MonthsByStatus):
        return value.plain()
    return list(value) if isinstance(value, tuple) else value


DEFAULT_POLICY = Policy()


# --- a policy from a file ----------------------------------------------------------------------------

_CONFIRMED: Final = "confirmed"


def load_policy(path: Path) -> Policy:
    """Read a policy from a TOML file of `key = value`; decisions that it leaves out keep the default.

    `[confirmed]` says on which day the office of a party (8(2)) confirmed a value in the file, as in
    `grace_days.isa = 2026-04-01`. Raises PolicyError, which names the file, every wrong key or value, and
    what is allowed; if the file is not TOML, it names the line.
    """
    given = _read_toml(path)
    confirmed = given.pop(_CONFIRMED, {})
    refusals = [_unknown(key) for key in given if key not in DECISIONS]
    for key, value in given.items():
        if key in DECISIONS:
            try:
                DECISIONS[key].read(value)
            except PolicyError as refusal:
                refusals.append(refusal)
    refusals.extend(_faults(confirmed, given))
    if refusals:
        raise PolicyError(
            f"{path.name}: " + " ".join(refusal.en for refusal in refusals),
            f"{path.name}: " + "".join(refusal.ja for refusal in refusals),
        )
    days = {key: {party: A_DAY.read(day) for party, day in by.items()} for key, by in confirmed.items()}
    return Policy(**given, confirmations=days)


def _faults(confirmed: object, stated: Collection[str]) -> Iterator[PolicyError]:
    """Yield an error for each fault of `[confirmed]`.

    A confirmation is for one value. The value must be in the same file, so that a later change of the default
    does not look confirmed.
    """
    if not isinstance(confirmed, Mapping):
        yield _no_confirmation(_CONFIRMED, confirmed)
        return
    for key, by_party in confirmed.items():
        name = f"{_CONFIRMED}.{key}"
        if key not in DECISIONS:
            yield _unknown(name)
        elif key not in stated:
            yield PolicyError(
                f"{name}: the file does not state {key}. Write the value that was confirmed.",
                f"{name}: ファイルに {key} の値がありません。確認された値を書いてください。",
            )
        elif not isinstance(by_party, Mapping):
            yield _no_confirmation(name, by_party)
        else:
            yield from (
                _no_confirmation(f"{name}.{party}", day)
                for party, day in by_party.items()
                if party not in PARTIES or not _is_day(day)
            )


def _is_day(value: object) -> bool:
    try:
        A_DAY.read(value)
    except ValueError:
        return False
    return True


def _no_confirmation(name: str, value: object) -> PolicyError:
    parties = ", ".join(PARTIES)
    return PolicyError(
        f"{name} = {shown(value)} does not say which party's office ({parties}) confirmed and when: give "
        f"{A_DAY.en} for one of them.",
        f"{name} = {shown(value)} では、どちらの機関（{parties}）がいつ確認したか分かりません。"
        f"機関ごとに{A_DAY.ja}を書いてください。",
    )


def _unknown(key: str) -> PolicyError:
    known = ", ".join(DECISIONS)
    return PolicyError(
        f"{key} is not a decision: the keys are {known}.",
        f"{key} という決定事項はありません。指定できるキー: {known}。",
    )


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib  # sealing loads this module but never reads a policy

    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError:
        raise PolicyError(
            f"{path.name}: the policy cannot be opened.", f"{path.name}: 方針ファイルを開けません。"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PolicyError(
            f"{path.name}, line {line}: the policy is not UTF-8.",
            f"{path.name} {line}行目: 方針ファイルが UTF-8 ではありません。",
        ) from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at_line = re.search(r"at line (\d+)", str(error))  # before Python 3.14 there is no attribute for it
        line = int(at_line[1]) if at_line else len(text.splitlines())
        raise PolicyError(
            f"{path.name}, line {line}: this is not TOML.",
            f"{path.name} {line}行目: TOML として読めません。",
        ) from None
