"""Why a person is a candidate, in sentences, for the officers who decide: only what was compared."""

from collections.abc import Mapping

from renkei.agreement.causes import Found, found_by
from renkei.agreement.text import Lang, Words
from renkei.matching.candidates.blocking import NOT_LISTED
from renkei.matching.labels import column_name


def _of_causes(item: str) -> dict[str, Words]:
    """Return the words of levels that belong to one cause."""
    causes = found_by(Found.COMPARING, item).values()
    return {cause.level: cause.level_words for cause in causes if cause.level and cause.level_words}


# Several items share the levels of a kind, but need different words.
_NUMBER: Mapping[str, Words] = {
    "look_alike": Words(
        "見間違えやすい文字(O・0、I・1など)を読み替えると一致",
        "equal if look-alike characters are read as each other",
    ),
    "exchanged": Words("隣り合う2文字が入れ替わっている", "two neighbouring characters are exchanged"),
    "one_character": Words("1文字だけ異なる", "one character differs"),
    "one_more_or_less": Words("1文字多い又は少ない", "one character too many or too few"),
    "two_characters": Words("2文字異なる", "two characters differ"),
    "far": Words("似た番号ではない", "the numbers are not alike"),
}
_NAME: Mapping[str, Words] = {
    "agrees": Words("一致", "agree"),
    **_of_causes("name"),
    "one_letter": Words("1文字だけ異なる", "one letter differs"),
    "sound": Words("かなの読みが合う", "the kana sound alike"),
    "two_letters": Words("2文字異なる", "two letters differ"),
    "near": Words("つづりが近い", "spelled nearly alike"),
    "shared_word": Words("共通する語がある", "some words are shared"),
    "near_word": Words("似た語がある", "a word is spelled nearly alike"),
    "other_sound": Words("かなの読みが合わない", "the kana do not sound alike"),
    "far": Words("異なる", "differ"),
}
_DATE: Mapping[str, Words] = {
    "agrees": Words("一致", "agree"),
    **_of_causes("birth_date"),
    "same_year": Words("年だけ一致", "the same year only"),
    "far": Words("異なる", "differ"),
}
_CODE: Mapping[str, Words] = {
    "agrees": Words("一致", "agree"),
    **_of_causes("nationality"),
    "differs": Words("異なる", "differ"),
}
#: The words for every level of every item that the default parameters compare.
LEVELS: Mapping[str, Mapping[str, Words]] = {
    "card_number": _NUMBER,
    "name": _NAME,
    "birth_date": _DATE,
    "stay_expires_on": _DATE,
    "sex": _CODE,
    "nationality": _CODE,
    "status_of_residence": _CODE,
    "extra_activity_permission": _CODE,
}

_STRONG, _WEAK = 10.0, 1.0
_FOR = (
    Words("本人であることを強く示す", "strong evidence for this person"),
    Words("本人らしさを高める", "evidence for this person"),
)
_AGAINST = (
    Words("別人であることを強く示す", "strong evidence against"),
    Words("本人らしさを下げる", "evidence against"),
)
_HARDLY = Words("ほとんど手掛かりにならない", "hardly any evidence")
_COMMON = Words("(同じ値の人が多い)", " (many people share it)")


def sentences(evidence: str, language: Lang) -> list[str]:
    """Return a sentence for each part of a candidate's evidence (`item:level:weight` joined by `;`)."""
    parts = (part.split(":") for part in evidence.split(";") if part)
    return [_sentence(item, level, float(weight), language) for item, level, weight in parts]


def _sentence(item: str, level: str, bits: float, language: Lang) -> str:
    words = LEVELS.get(item, {}).get(level, Words(level, level))
    meaning = _meaning(bits).say(language)
    common = _COMMON.say(language) if level == "agrees" and abs(bits) < _WEAK else ""
    if language == "ja":
        return f"{column_name(item, language)}: {words.ja}{common}。{meaning}。"
    name = column_name(item, language)
    return f"{name[0].upper()}{name[1:]}: {words.en}{common}; {meaning}."


def _meaning(bits: float) -> Words:
    if abs(bits) < _WEAK:
        return _HARDLY
    sides = _FOR if bits > 0 else _AGAINST
    return sides[0] if abs(bits) >= _STRONG else sides[1]


# --- what was left out ----------------------------------------------------------------------------------

# Blocking keys that are no items by themselves.
_KEYS: Mapping[str, Words] = {
    "card_number_nearly": Words("1文字違いまでの在留カード番号", "card number but for one character"),
    "card_number_begins": Words("在留カード番号の初め", "beginning of the card number"),
    "card_number_middle": Words("在留カード番号の中央", "middle of the card number"),
    "card_number_ends": Words("在留カード番号の終わり", "end of the card number"),
    "birth_year": Words("生年", "year of birth"),
    "birth_day": Words("生まれた月日", "day and month of birth"),
}
_AND = Words("・", ", ")
_NOT_COMPARED = Words(
    "{keys}が同じ人が多すぎて見分けられないため、延べ{persons:,}人とは比較していません。",
    "Not compared: {persons:,} with the same {keys}; too many share it to tell them apart.",
)
_NO_ROOM = Words(
    "氏名と生年月日が一致する人がほかに延べ{persons:,}人いますが、一覧に載せきれません。",
    "Not listed: {persons:,} more who agree in name and date of birth; the list has no room for them.",
)


def left_out_in_words(left_out: Mapping[str, int], language: Lang) -> list[str]:
    """Return a sentence for each reason (`search.LEFT_OUT`) and the number of persons left out for it."""
    return [_left_out(reason, persons, language) for reason, persons in left_out.items()]


def _left_out(reason: str, persons: int, language: Lang) -> str:
    if reason == NOT_LISTED:
        return _NO_ROOM.say(language).format(persons=persons)
    keys = _AND.say(language).join(_key_name(key, language) for key in reason.split("+"))
    return _NOT_COMPARED.say(language).format(keys=keys, persons=persons)


def _key_name(key: str, language: Lang) -> str:
    if key in _KEYS:
        return _KEYS[key].say(language)
    return column_name(key, language) if key in LEVELS else key
