"""Labels of the matching in Japanese and English: columns, values, flags, reject reasons and next steps.

`column_name` and `value_in_words` write columns and cells for people (令和8年4月1日, ベトナム, 留学). The
tables give a sentence to each flag, reject reason and next step. A sentence gives the likely innocent reason
first and never an accusation: a mismatch is no accusation, a suspected omission no finding (申合せ4).
"""

from renkei.agreement.datasets import DATASETS, SUSPECTED_OMISSIONS, Kind
from renkei.agreement.nationalities import NATIONALITIES
from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.statuses import STATUSES
from renkei.agreement.text import Lang, Meaning, Words, day_in_words

_ENGLISH = {
    "notification_id": "notification identifier",
    "person_id": "person identifier",
    "permission_id": "permission identifier",
    "name": "name",
    "kanji_name": "name in kanji",
    "status_of_residence": "status of residence",
    "stay_expires_on": "expiry of the stay",
    "birth_date": "date of birth",
    "sex": "sex",
    "nationality": "nationality",
    "card_number": "card number",
    "postal_code": "postal code",
    "address": "address",
    "extra_activity_permission": "extra activity permission",
    "establishment_number": "establishment number",
    "establishment_name": "establishment's name",
    "establishment_postal_code": "establishment's postal code",
    "establishment_address": "establishment's address",
    "establishment_phone": "establishment's phone",
    "industry": "industry",
    "establishment_size": "establishment's size",
    "employment_start": "start of employment",
    "employment_end": "end of employment",
    "registered_on": "day of registration",
    "updated_on": "day of update",
    "deleted_on": "deletion",
    "issued_on": "day of issue",
    "ground": "ground",
    "reason": "reason",
    "explanation": "explanation",
    "permitted_on": "day of landing or change",
    "landed_on": "day of landing",
    "changed_on": "day of change",
    "previous_status": "previous status",
    "work_designated": "work designated",
    "contract_confirmed": "contract confirmed",
    "contract_starts_on": "contract starts on",
    "organisation_corporate_number": "organisation's corporate number",
    "organisation_name": "organisation's name",
    "organisation_address": "organisation's address",
    "organisation_phone": "organisation's phone",
    "organisation_representative": "organisation's representative",
    "dispatch_name": "dispatch: name",
    "dispatch_address": "dispatch: address",
    "dispatch_phone": "dispatch: phone",
}
_COLUMNS = {
    column.name: column
    for dataset in (SUSPECTED_OMISSIONS, *reversed(tuple(DATASETS.values())))
    for column in dataset.columns
}
# As on the notification form, the two sides of an item have the same name.
_COLUMN_NAMES = {name: Words(column.label_ja, _ENGLISH[name]) for name, column in _COLUMNS.items()}

_SEX = {
    "0": Words("不詳", "unknown"),
    "1": Words("男", "male"),
    "2": Words("女", "female"),
    "9": Words("該当なし", "not applicable"),
}
_BOOLEAN = {"true": Words("有", "yes"), "false": Words("無", "no")}


def column_name(name: str, lang: Lang) -> str:
    """Return the name of a column of the data dictionary: its Japanese label or an English name."""
    return _COLUMN_NAMES[name].say(lang)


def status_name(code: str, lang: Lang) -> str:
    """Return the name of a status of residence; an unknown code is returned unchanged."""
    status = STATUSES.get(code)
    return code if status is None else Words(status.name_ja, status.name_en).say(lang)


def nationality_name(code: str, lang: Lang) -> str:
    """Return the name of a nationality; an unknown code is returned unchanged."""
    nationality = NATIONALITIES.get(code)
    return code if nationality is None else Words(nationality.name_ja, nationality.name_en).say(lang)


def value_in_words(column: str, text: str, lang: Lang) -> str:
    """Write a canonical value of a column for people; other text is returned unchanged."""
    match _COLUMNS[column].kind:
        case Kind.DATE | Kind.PARTIAL_DATE:
            return day_in_words(text, lang)
        case Kind.STATUS:
            return status_name(text, lang)
        case Kind.NATIONALITY:
            return nationality_name(text, lang)
        case Kind.SEX:
            return _SEX[text].say(lang)
        case Kind.BOOLEAN:
            return _BOOLEAN[text].say(lang)
        case _:
            return text


NEXT_STEPS = {
    **{outcome.code: outcome.next_step for outcome in OUTCOMES.values()},
    "rejected": Words(
        "行を直して次の送信で送れば突合されます。受け取れなかったことは、届出の有無や内容についての判断で"
        "はありません。",
        "Once the row is corrected and sent with a later delivery, it is matched. A rejected row says "
        "nothing about whether or how the employer notified.",
    ),
    "suspected": Words(
        "別紙3の1行として厚生労働省に提供されます(申合せ3(1)イ)。許可日以後の雇用の届出が突合されれば、疑"
        "いは残りません。",
        "It goes to MHLW as one row of Annex 3 (clause 3(1)イ). Once a notification of employment from the "
        "permission on is matched, the suspected omission no longer holds.",
    ),
}

FLAGS = {
    "card_superseded": Meaning(
        Words("最新でないカード", "card superseded"),
        Words(
            "届け出られたカードは、その人の最新のカードではありません。更新などで新しいカードが交付された"
            "後によくあることで、"
            "それ自体は誤りではありません。",
            "The reported card is not the person's latest. This is common after a renewal and is not an "
            "error in itself.",
        ),
    ),
    "identity_conflict": Meaning(
        Words("別人の可能性", "identity conflict"),
        Words(
            "氏名・生年月日・性別・国籍などの身分事項の違いが、決められた数(既定は2つ)に達しています。番"
            "号の写し間違いで"
            "別の人の番号になることもあります。実在する番号を用いた偽変造カードなどでは、届出の労働者とは"
            "別人の情報が"
            "示されていることがあります。本人の情報と決めつけずに確かめてください(申合せ4)。",
            "At least the set number of identity items differ (two by default), so the record may be someone "
            "else's. A number copied wrongly can be another person's. With a forged card that bears a real "
            "number, the record shown is not the worker's. Check before you treat it as the worker's "
            "(clause 4).",
        ),
    ),
    "shared_number": Meaning(
        Words("複数人の番号", "shared number"),
        Words(
            "同じ番号が、氏名も生年月日も異なる別の届出でも使われています。写し間違いでも起こります。どの"
            "届出の番号が"
            "正しいかは、この出力からは分かりません。",
            "Another notification uses the same number for a person with another name and birth date. A "
            "copying error can cause this; this output cannot tell whose number it is.",
        ),
    ),
}

#: What was left out of a row with reasons, by their action: the row, the value, or nothing.
_LEFT_OUT = {
    "row": Words("行全体(受け取っていない)", "the whole row (not taken)"),
    "value": Words("その値だけ(行は受け取った)", "only the value (the row was taken)"),
}
_NOTHING_LEFT_OUT = Words("なし(行も値も受け取った)", "nothing (row and value were taken)")
#: Reasons that are noted while the value stays.
_VALUE_STAYS = frozenset({"check_digit", "not_valid"})


def left_out(action: str, reasons: str) -> Words:
    """Return what was left out of a row: `action` is `row` or `value`, `reasons` are joined by `;` (§8)."""
    kinds = {reason.partition(":")[0] for reason in reasons.split(";")}
    return _NOTHING_LEFT_OUT if action == "value" and kinds <= _VALUE_STAYS else _LEFT_OUT[action]


REJECT_REASONS = {
    "missing": Meaning(
        Words("必須の項目が空欄", "required item blank"),
        Words("必須の項目「{item}」が空欄です。", "The required item “{item}” is blank."),
    ),
    "unreadable": Meaning(
        Words("読み取れない", "unreadable"),
        Words(
            "項目「{item}」を読み取れません。書き方が認められた形でないか、長すぎます。",
            "The item “{item}” cannot be read: it has none of the accepted forms, or it is too long.",
        ),
    ),
    "superseded": Meaning(
        Words("後の行に置き換わった", "superseded"),
        Words(
            "同じ「{item}」の行が、同じファイルのこれより後にあります。一日の変更では最後の行が残ります。",
            "A later row has the same “{item}”: among a day's changes the last row stands.",
        ),
    ),
    "check_digit": Meaning(
        Words("検査用数字が合わない", "wrong check digit"),
        Words(
            "項目「{item}」の検査用数字が合いません。番号の写し間違いかもしれません。値はそのまま使われます。",
            "The check digit of the item “{item}” is wrong. The number may be copied wrongly; it is kept.",
        ),
    ),
    "duplicate": Meaning(
        Words("識別番号の重複", "identifier repeated"),
        Words(
            "同じ「{item}」の行が、同じファイルのこれより前にあります。二つ目以降の行は受け取りません。",
            "An earlier row of the same file has the same “{item}”. Second and later rows are not accepted.",
        ),
    ),
    "forbidden": Meaning(
        Words("提供されない項目に記入", "item that must not be sent"),
        Words(
            "この届出の項目「{item}」は提供の対象ではありません(永住者は別紙1※、届出義務のない在留資格は"
            "申合せ2(1))。値は読まれず、どこにも保存されていません。",
            "The item “{item}” of this notification must not be sent (Annex 1 ※ for a permanent resident, "
            "clause 2(1) for a status without a duty to notify). Its value was not read and is stored "
            "nowhere.",
        ),
    ),
    "unknown_person": Meaning(
        Words("外国人の記録がない", "person not in the register"),
        Words(
            "この行の外国人の記録が登録簿にないか、その記録自体が受け取れませんでした。",
            "The person of this row is not in the register, or that person's own row was rejected.",
        ),
    ),
}

NO_ACCUSATION = Words(
    "一致しないことは、誤りや違反があったことを意味しません。",
    "A mismatch does not mean that anything wrong was done.",
)
NO_FINDING = Words(
    "これは疑いであり、違反の認定ではありません。届出の遅れ、番号の誤記、雇用に至らなかった場合などが含ま"
    "れます。",
    "This is a suspected omission and no finding of a violation. A late notification, a wrong number, or an "
    "employment that never began are possible causes.",
)
IDENTITY_CAUTION = Words(
    "在留管理情報は、届け出られた在留カード番号の人のものです。偽変造カードなどでは、届出の労働者とは別人"
    "の情報であることが"
    "あります(申合せ4)。",
    "A residence record is that of the person who has the reported card number. With a forged card, that "
    "person is not the worker (clause 4).",
)

DATASET_NAMES = {
    "notifications": Words("雇用状況届出", "notifications"),
    "persons": Words("外国人(最新の記録)", "persons (latest records)"),
    "cards": Words("在留カード", "residence cards"),
    "permissions": Words("許可", "permissions"),
}
