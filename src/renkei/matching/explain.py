"""One case in plain sentences, from the output files of a reconciliation alone.

A notification is explained from the tables matches, annex2 and rejects and from `summary.json`; a suspected
omission from annex3 instead of the first two. If there is a table candidates, it names the persons that
a notification that was not found may mean. None of these files has the notification's own values, so no
sentence gives them. Of the residence record, only what Annex 2 discloses of the differing items is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from renkei.agreement.causes import Cause, causes_in
from renkei.agreement.errors import RenkeiError
from renkei.agreement.omissions import EXPLANATIONS, GROUNDS, REASONS
from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.text import Lang, Words, day_in_words
from renkei.matching.labels import (
    DATASET_NAMES,
    FLAGS,
    NEXT_STEPS,
    NO_ACCUSATION,
    NO_FINDING,
    REJECT_REASONS,
    column_name,
    status_name,
    value_in_words,
)
from renkei.matching.results import Result, open_result

Row = Mapping[str, str | None]


class UnknownCase(RenkeiError):
    """No file of the output contains the identifier."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the sentences under it."""

    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One case: `facts` for programs (codes and canonical values), `sections` for people."""

    subject: str
    facts: Mapping[str, Any]
    sections: tuple[Section, ...]

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**self.facts, "sections": [asdict(section) for section in self.sections]}


_RESULT = Words("突合結果", "Outcome")
_OMISSION = Words("未届の疑い", "Suspected omission")
_DIFFERING = Words("異なる項目", "Items that differ")
_CARE = Words("注意", "Take note")
_CANDIDATE = Words(
    "候補者 {rank}(推定。確率{probability})", "Candidate {rank} (an estimate, probability {probability})"
)
_CANDIDATE_CARD = Words(
    "届出の番号に最も近いカードは{number}です。",
    "The card of this person nearest to the reported number is {number}.",
)
_REJECTED = Words("受け取れなかった行", "Rejected row")
_NEXT = Words("この先", "What happens next")

_AS_OF = Words("{day}現在の突合です。", "Matched as of {day}.")
_LINKED = Words("届け出られたカードの記録は「{value}」です。", "The reported card's record says “{value}”.")
_LATEST = Words("最新の記録は「{value}」です。", "The latest record says “{value}”.")
_LATEST_TOO = Words("最新の記録も同じです。", "The latest record says the same.")
_LATEST_BLANK = Words("最新の記録では空欄です。", "In the latest record it is blank.")
_NOT_DISCLOSED = Words(
    "この項目の記録は別紙2で開示しない決定のため、ここには示せません。",
    "By decision, Annex 2 does not disclose this item, so its record cannot be shown here.",
)
_LATEST_CARD = Words(
    "最新の在留カード番号は{value}です(別紙2①)。", "The latest card number is {value} (Annex 2 ①)."
)
_OWN_VALUES = Words(
    "届出に書かれた値はこの出力に含まれません。届出そのものと見比べてください。",
    "The values of the notification itself are not in this output: compare with the notification.",
)
_ROW = Words(
    "{dataset}のファイルの{line}番目の行(見出しが1番目):",
    "{dataset}, line {line} of its file (the header is 1):",
)
_VALUE_ONLY = Words(
    "行は、この値なしで受け取られています。この項目は不一致とされません。",
    "The row was accepted without this value, and the item makes no mismatch.",
)
_TAKEN_TOO = Words(
    "同じ識別番号の別の行は受け取られており、突合結果はその行のものです。",
    "Another row with this identifier was accepted; the outcome is that row's.",
)
_NONE_TAKEN = Words(
    "この識別番号の行は一つも受け取られておらず、突合されていません。",
    "No row with this identifier was accepted, so nothing was matched.",
)
_GROUND_DAY = Words(
    "{column}は{day}、本人の最新の在留資格は「{status}」です。",
    "{column}: {day}. The person's latest status of residence is “{status}”.",
)
_PREVIOUS = Words("変更前の在留資格は「{status}」です。", "The status before the change was “{status}”.")
_ORGANISATION = Words(
    "申請書の所属機関は「{name}」です。", "The organisation of the application is “{name}”."
)
_DISPATCH = Words(
    "派遣先は「{name}」です。届け出る義務は派遣元の事業主にあります。",
    "The worker is dispatched to “{name}”; the duty to notify is the dispatching employer's.",
)
_RESTS_ON = Words(
    "根拠となる届出の識別番号は{identifier}です。",
    "It rests on the notification {identifier}.",
)
_DUE = Words(
    "届出を待つ期限は過ぎています。申合せに期限の定めはなく、この突合の決定事項"
    "(due_months、grace_days、graduates_until_may)によります。",
    "The due date for a notification has passed. The agreement sets none: it follows from the decisions "
    "due_months, grace_days and graduates_until_may of this run.",
)


def explain_notification(directory: Path, identifier: str, lang: Lang) -> Explanation:
    """Explain a notification from an output directory of a reconciliation.

    Raises UnknownCase if neither matches nor rejects contain it, UnusableOutput if a file is missing or was
    not written by `renkei reconcile`, UnknownCode if a file gives a cause or an outcome that is in no list.
    """
    result = open_result(directory)
    as_of = result.as_of.isoformat()
    match = _row(result, "matches", notification_id=identifier)
    rejected = _rejected(result, "notifications", identifier)
    if match is None and not rejected:
        raise UnknownCase(
            f"{directory}: no notification with this identifier, neither among the outcomes nor among the "
            "rejected rows. Check the identifier, and whether this is the output of the right day.",
            f"{directory}: この識別番号の届出は、突合結果にも受け取れなかった行にもありません。"
            "識別番号と、出力の日が正しいかを確かめてください。",
        )
    facts: dict[str, Any] = {"notification": identifier, "as_of": as_of}
    sections: list[Section] = []
    if match is not None:
        annex2 = _row(result, "annex2", notification_id=identifier) or {}
        facts |= _match_facts(match, annex2)
        sections += _match_sections(match, annex2, as_of, lang)
        if result.has("candidates"):
            candidates = result.read("candidates", notification_id=identifier).to_dicts()
            facts["candidates"] = candidates
            sections += _candidate_sections(candidates, lang)
    facts["rejected"] = _reject_facts(rejected)
    sections += _reject_sections(rejected, taken=match is not None, lang=lang)
    kind = "rejected" if match is None else str(match["outcome"])
    sections.append(Section(_NEXT.say(lang), (NEXT_STEPS[kind].say(lang),)))
    return Explanation("notification", facts, tuple(sections))


_OMISSION_FACTS = ("ground", "reason", "explanation", "notification_id", "landed_on", "changed_on")


def explain_permission(directory: Path, identifier: str, lang: Lang) -> Explanation:
    """Explain the suspected omission of a permission from an output directory of a reconciliation.

    Raises UnknownCase if neither Annex 3 nor the rejects contain it; UnusableOutput and UnknownCode as
    `explain_notification` does.
    """
    result = open_result(directory)
    as_of = result.as_of.isoformat()
    suspected = _row(result, "annex3", permission_id=identifier)
    rejected = _rejected(result, "permissions", identifier)
    if suspected is None and not rejected:
        raise UnknownCase(
            f"{directory}: no suspected omission of this permission. A notification may count for it, it may "
            "be out of scope or not yet due, or the identifier may be wrong: the output does not say which.",
            f"{directory}: この許可についての未届の疑いはありません。届出が数えられたか、対象外か、期限前か、"
            "識別番号の誤りですが、出力からはどれかは分かりません。",
        )
    facts: dict[str, Any] = {"permission": identifier, "as_of": as_of}
    sections: list[Section] = []
    if suspected is not None:
        facts |= {name: suspected[name] for name in _OMISSION_FACTS}
        sections.append(Section(_OMISSION.say(lang), tuple(_omission(suspected, as_of, lang))))
        sections.append(Section(_CARE.say(lang), (NO_FINDING.say(lang),)))
    facts["rejected"] = _reject_facts(rejected)
    sections += _reject_sections(rejected, taken=suspected is not None, lang=lang)
    kind = "rejected" if suspected is None else "suspected"
    sections.append(Section(_NEXT.say(lang), (NEXT_STEPS[kind].say(lang),)))
    return Explanation("permission", facts, tuple(sections))


# --- the files


def _row(result: Result, table: str, **equal: str) -> Row | None:
    return next(iter(result.read(table, **equal).to_dicts()), None)


def _rejected(result: Result, dataset: str, identifier: str) -> Sequence[Row]:
    return result.read("rejects", dataset=dataset, identifier=identifier).to_dicts()


# --- a notification


def _raised(match: Row) -> list[str]:
    return [flag for flag in FLAGS if match[flag] == "true"]


def _match_facts(match: Row, annex2: Row) -> dict[str, Any]:
    return {
        "outcome": match["outcome"],
        "differences": [
            {
                "item": item,
                "cause": cause.code,
                "linked": annex2.get(f"linked_{item}"),
                "latest": annex2.get(f"latest_{item}"),
            }
            for item, cause in causes_in(match["differences"]).items()
        ],
        "latest_card_number": annex2.get("card_number"),
        "flags": _raised(match),
    }


def _match_sections(match: Row, annex2: Row, as_of: str, lang: Lang) -> Iterator[Section]:
    outcome, differences, flags = str(match["outcome"]), causes_in(match["differences"]), _raised(match)
    day = _AS_OF.say(lang).format(day=day_in_words(as_of, lang))
    result = [OUTCOMES[outcome].name.say(lang), OUTCOMES[outcome].sentence.say(lang)]
    if outcome in ("not_found", "held"):
        # There is no record and so no item to compare: the cause is that of the card number (§4).
        result += [cause.sentence.say(lang) for cause in differences.values()]
        differences = {}
    yield Section(_RESULT.say(lang), (*result, day))
    if differences:
        yield Section(_DIFFERING.say(lang), (*_items(differences, annex2, lang), _OWN_VALUES.say(lang)))
    care = [FLAGS[flag].sentence.say(lang) for flag in flags]
    if "card_superseded" in flags and annex2.get("card_number"):
        place = flags.index("card_superseded") + 1
        care.insert(place, _LATEST_CARD.say(lang).format(value=annex2["card_number"]))
    if outcome == "mismatched":
        care.append(NO_ACCUSATION.say(lang))
    if care:
        yield Section(_CARE.say(lang), tuple(care))


def _candidate_sections(candidates: Sequence[Row], lang: Lang) -> Iterator[Section]:
    from renkei.matching.candidates.evidence import sentences  # few cases have candidates

    for row in candidates:
        heading = _CANDIDATE.say(lang).format(rank=row["rank"], probability=row["probability"])
        card = _CANDIDATE_CARD.say(lang).format(number=row["card_number"])
        yield Section(heading, (card, *sentences(row["evidence"] or "", lang)))


def _items(differences: Mapping[str, Cause], annex2: Row, lang: Lang) -> Iterator[str]:
    explained: set[Cause] = set()
    for item, cause in differences.items():
        name = cause.name.say(lang)
        heading = f"{column_name(item, lang)}: {name}{'。' if lang == 'ja' else '.'}"
        # The sentence of a cause is given once, even if it explains several items.
        meaning = [] if cause in explained else [cause.sentence.say(lang)]
        explained.add(cause)
        yield ("" if lang == "ja" else " ").join([heading, *meaning, *_record(item, annex2, lang)])


def _record(item: str, annex2: Row, lang: Lang) -> Iterator[str]:
    linked, latest = annex2.get(f"linked_{item}"), annex2.get(f"latest_{item}")
    if f"latest_{item}" not in annex2:
        yield _NOT_DISCLOSED.say(lang)
        return
    if linked is not None:
        yield _LINKED.say(lang).format(value=value_in_words(item, linked, lang))
    if latest is None:
        yield _LATEST_BLANK.say(lang)
    elif latest == linked:
        yield _LATEST_TOO.say(lang)
    else:
        yield _LATEST.say(lang).format(value=value_in_words(item, latest, lang))


# --- rejected rows


def _reasons(row: Row) -> list[tuple[str, str]]:
    pairs = (reason.partition(":") for reason in (row["reasons"] or "").split(";") if reason)
    return [(reason, column) for reason, _, column in pairs]


def _reject_facts(rejected: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {"line": row["line"], "action": row["action"], "reasons": (row["reasons"] or "").split(";")}
        for row in rejected
    ]


def _reject_sections(rejected: Sequence[Row], *, taken: bool, lang: Lang) -> Iterator[Section]:
    for row in rejected:
        where = _ROW.say(lang).format(dataset=DATASET_NAMES[str(row["dataset"])].say(lang), line=row["line"])
        sentences = (
            REJECT_REASONS[reason].sentence.say(lang).format(item=column_name(column, lang) if column else "")
            for reason, column in _reasons(row)
        )
        end = _VALUE_ONLY if row["action"] == "value" else _TAKEN_TOO if taken else _NONE_TAKEN
        yield Section(_REJECTED.say(lang), (where, *sentences, end.say(lang)))


# --- a permission


def _omission(suspected: Row, as_of: str, lang: Lang) -> Iterator[str]:
    ground, reason = GROUNDS[str(suspected["ground"])], REASONS[str(suspected["reason"])]
    day = str(suspected[ground.date_column])
    yield Words(f"{ground.name_ja}({ground.clause})。", f"{ground.name_en} ({ground.clause}).").say(lang)
    yield Words(ground.sentence_ja, ground.sentence_en).say(lang)
    yield _GROUND_DAY.say(lang).format(
        column=column_name(ground.date_column, lang),
        day=day_in_words(day, lang),
        status=status_name(str(suspected["status_of_residence"]), lang),
    )
    if suspected["previous_status"]:
        yield _PREVIOUS.say(lang).format(status=status_name(str(suspected["previous_status"]), lang))
    yield _ORGANISATION.say(lang).format(name=suspected["organisation_name"])
    if suspected["dispatch_name"]:
        yield _DISPATCH.say(lang).format(name=suspected["dispatch_name"])
    yield Words(f"{reason.name_ja}: {reason.sentence_ja}", f"{reason.name_en}: {reason.sentence_en}").say(
        lang
    )
    if suspected["explanation"]:
        how = EXPLANATIONS[str(suspected["explanation"])]
        yield Words(f"{how.name_ja}: {how.sentence_ja}", f"{how.name_en}: {how.sentence_en}").say(lang)
    if suspected["notification_id"]:
        yield _RESTS_ON.say(lang).format(identifier=suspected["notification_id"])
    yield _DUE.say(lang)
    yield _AS_OF.say(lang).format(day=day_in_words(as_of, lang))
