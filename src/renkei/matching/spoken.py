"""Names of columns and values of cells as a person reads them: 令和8年4月1日, ベトナム, 留学."""

from renkei.agreement.datasets import DATASETS, SUSPECTED_OMISSIONS, Kind
from renkei.agreement.nationalities import NATIONALITIES
from renkei.agreement.statuses import STATUSES
from renkei.agreement.text import Lang, Words, day_in_words

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
    "permitted_on": "day of landing or change",
    "landed_on": "day of landing",
    "changed_on": "day of change",
    "previous_status": "previous status",
    "work_designated": "work designated",
    "contract_confirmed": "contract confirmed",
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
# On the notification's form the two sides of one item bear one name; so do they here.
_COLUMN_NAMES = {name: Words(column.label_ja, _ENGLISH[name]) for name, column in _COLUMNS.items()}

_SEX = {
    "0": Words("不詳", "unknown"),
    "1": Words("男", "male"),
    "2": Words("女", "female"),
    "9": Words("該当なし", "not applicable"),
}
_BOOLEAN = {"true": Words("有", "yes"), "false": Words("無", "no")}


def column_name(name: str, lang: Lang) -> str:
    """Return what a column of the data dictionary is called, its Japanese label or an English name."""
    return _COLUMN_NAMES[name].say(lang)


def status_name(code: str, lang: Lang) -> str:
    """Return the name of a status of residence; a code that no table knows stands for itself."""
    status = STATUSES.get(code)
    return code if status is None else Words(status.name_ja, status.name_en).say(lang)


def nationality_name(code: str, lang: Lang) -> str:
    """Return the name of a nationality; a code that no table knows stands for itself."""
    nationality = NATIONALITIES.get(code)
    return code if nationality is None else Words(nationality.name_ja, nationality.name_en).say(lang)


def value_in_words(column: str, text: str, lang: Lang) -> str:
    """Write a canonical value of a column as a person reads it; other text stands as it is."""
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
