"""One case in plain sentences: what is said for each outcome, cause, flag and reason, and what never."""

import re
from pathlib import Path

import polars as pl
import pytest
from builders import (
    CARD,
    OTHER_CARD,
    a_card,
    a_notification,
    a_permission,
    a_person,
    a_tombstone,
    reconciled,
)

from renkei.agreement.causes import CAUSES
from renkei.agreement.datasets import DATASETS
from renkei.agreement.decisions import Policy
from renkei.agreement.omissions import EXPLANATIONS
from renkei.agreement.outcomes import OUTCOMES
from renkei.agreement.text import day_in_words
from renkei.matching import Reconciliation
from renkei.matching.explain import (
    Explanation,
    UnknownCase,
    explain_notification,
    explain_permission,
)
from renkei.matching.labels import FLAGS, NEXT_STEPS, REJECT_REASONS, column_name, value_in_words
from renkei.matching.outcomes import MATCHES
from renkei.matching.results import UnusableOutput
from renkei.matching.writing import reconciliation_files, write_atomic

JA = re.compile(r"[ぁ-んァ-ヶ一-龠]")


def written(directory: Path, result: Reconciliation) -> Path:
    write_atomic(directory, reconciliation_files(result))
    return directory


def said(case: Explanation) -> str:
    return "\n".join(
        sentence for section in case.sections for sentence in (section.heading, *section.sentences)
    )


def explained(directory: Path, lang="ja", identifier="N1", **world) -> str:
    return said(explain_notification(written(directory, reconciled(**world)), identifier, lang))


def test_a_match_sends_nothing(tmp_path):
    page = explained(tmp_path, notifications=[a_notification()])

    assert "異なるものはありません" in page
    assert NEXT_STEPS["matched"].ja in page
    assert "異なる項目" not in page


def test_a_mismatch_names_the_item_its_cause_and_both_records(tmp_path):
    renewed = a_person(card_number=OTHER_CARD, stay_expires_on="2029-09-30")
    cards = [a_card(), a_card(card_number=OTHER_CARD, stay_expires_on="2029-09-30")]
    notification = a_notification(stay_expires_on="2029-09-30")
    page = explained(tmp_path, notifications=[notification], persons=[renewed], cards=cards)

    assert "在留期間（在留期限）: 最新の記録とは一致" in page
    assert "届け出られたカードの記録は「令和9年9月30日」です" in page
    assert "最新の記録は「令和11年9月30日」です" in page
    assert CAUSES["as_latest"].sentence.ja in page
    assert FLAGS["card_superseded"].sentence.ja in page
    assert f"最新の在留カード番号は{OTHER_CARD}です" in page
    assert "誤りや違反があったことを意味しません" in page


def test_the_notifications_own_value_is_not_invented(tmp_path):
    page = explained(tmp_path, notifications=[a_notification(name="MARKED REPORTED NAME")], lang="en")

    assert "NGUYEN VAN ANH" in page
    assert "MARKED" not in page
    assert "are not in this output" in page


def test_codes_are_read_out_as_words(tmp_path):
    notification = a_notification(sex="2", nationality="CHN", extra_activity_permission="true")
    page = explained(tmp_path, notifications=[notification])

    assert [word for word in ("「男」", "「ベトナム」", "「無」") if word not in page] == []
    assert "VNM" not in page


def test_a_cause_is_said_once_however_many_items_it_explains(tmp_path):
    notification = a_notification(sex="2", nationality="CHN", extra_activity_permission="true")
    page = explained(tmp_path, notifications=[notification])

    assert page.count(CAUSES["different"].sentence.ja) == 1
    assert page.count(CAUSES["different"].name.ja) >= 3


def test_an_identity_conflict_carries_the_caution_of_clause_4(tmp_path):
    page = explained(tmp_path, notifications=[a_notification(sex="2", birth_date="1970-12-31")])

    assert "申合せ4" in page
    assert "決めつけずに" in page


def test_one_difference_is_no_identity_conflict(tmp_path):
    page = explained(tmp_path, notifications=[a_notification(sex="2")])

    assert FLAGS["identity_conflict"].sentence.ja not in page


def test_a_shared_number_is_told_even_where_it_leads_nowhere(tmp_path):
    unknown = {"card_number": "ZZ00000000ZZ"}
    two = [
        a_notification(**unknown),
        a_notification(notification_id="N2", name="SOMEONE ELSE", birth_date="1970-12-31", **unknown),
    ]
    page = explained(tmp_path, notifications=two)

    assert FLAGS["shared_number"].sentence.ja in page


@pytest.mark.parametrize(("number", "cause"), [("ZZ00000000ZZ", "unknown_number"), ("ZZ0000ZZ", "malformed")])
def test_a_number_not_found_says_why_and_shows_no_record(tmp_path, number, cause):
    page = explained(tmp_path, notifications=[a_notification(card_number=number)])

    assert CAUSES[cause].sentence.ja in page
    assert "NGUYEN" not in page
    assert CARD not in page
    assert number not in page


@pytest.mark.parametrize(
    ("register", "at_fault"),
    [({"persons": [a_person(sex="?", card_number="?")]}, True), ({"cards": []}, False)],
)
def test_a_fault_of_the_register_is_not_laid_on_whoever_notified(tmp_path, register, at_fault):
    page = explained(tmp_path, notifications=[a_notification()], **register)

    assert (OUTCOMES["held"].sentence.ja in page) is at_fault
    assert (CAUSES["register_fault"].sentence.ja in page) is at_fault
    assert (CAUSES["unknown_number"].sentence.ja in page) is not at_fault


def test_a_deleted_notification_says_only_that(tmp_path):
    page = explained(tmp_path, notifications=[a_tombstone()])

    assert OUTCOMES["deleted"].sentence.ja in page
    assert FLAGS["card_superseded"].sentence.ja not in page


def test_an_item_that_annex_2_does_not_disclose_is_not_shown(tmp_path):
    policy = Policy(disclosed_items=("name",))
    page = explained(tmp_path, notifications=[a_notification(sex="2")], policy=policy, lang="en")

    assert "Annex 2 does not disclose this item" in page
    assert "male" not in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"registered_on": ""}, "必須の項目「届出情報の登録日」が空欄です。"),
        ({"registered_on": "not a day"}, "項目「届出情報の登録日」を読み取れません。"),
        (
            {"status_of_residence": "permanent", "industry": "0999"},
            "項目「事業所の産業分類」は提供の対象ではありません",
        ),
    ],
)
def test_a_row_set_aside_says_where_and_why(tmp_path, values, sentence):
    page = explained(tmp_path, notifications=[a_notification(**values)])

    assert "2番目の行" in page
    assert sentence in page
    assert "突合されていません" in page


def test_all_reasons_of_a_row_are_given(tmp_path):
    page = explained(tmp_path, notifications=[a_notification(birth_date="", sex="X")])

    assert "「生年月日」が空欄" in page
    assert "「性別」を読み取れません" in page


def test_a_second_row_with_the_identifier_is_told_beside_the_outcome_of_the_first(tmp_path):
    page = explained(tmp_path, notifications=[a_notification(), a_notification(sex="2")])

    assert OUTCOMES["matched"].sentence.ja in page
    assert "3番目の行" in page
    assert "突合結果はその行のものです" in page


def test_a_suspected_omission_is_told_as_a_suspicion(tmp_path):
    directory = written(tmp_path, reconciled(permissions=[a_permission()]))
    page = said(explain_permission(directory, "K1", "ja"))

    assert "上陸許可年月日は令和8年2月10日" in page
    assert "見本商事株式会社" in page
    assert "違反の認定ではありません" in page


def test_the_due_date_is_told_as_one_of_decisions(tmp_path):
    page = said(explain_permission(written(tmp_path, reconciled(permissions=[a_permission()])), "K1", "ja"))

    assert "due_months、grace_days、graduates_until_may" in page


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_explains_a_suspected_omission_is_told_with_its_notification(tmp_path, lang):
    early = a_notification(employment_start="2026-01-05", establishment_name="(株)見本商事")
    result = reconciled(notifications=[early], permissions=[a_permission()])
    explanation = explain_permission(written(tmp_path, result), "K1", lang)

    how = EXPLANATIONS["continues"]
    assert (how.sentence_ja if lang == "ja" else how.sentence_en) in said(explanation)
    assert (explanation.facts["explanation"], explanation.facts["notification_id"]) == ("continues", "N1")


def test_a_change_of_status_names_the_status_before(tmp_path):
    permission = a_permission(
        ground="change", previous_status="student", permitted_on="2025-12-10", dispatch_name="見本派遣先"
    )
    page = said(explain_permission(written(tmp_path, reconciled(permissions=[permission])), "K1", "ja"))

    assert "変更前の在留資格は「留学」です" in page
    assert "見本派遣先" in page


def test_a_permission_of_nobody_is_told_as_set_aside(tmp_path):
    directory = written(tmp_path, reconciled(permissions=[a_permission(person_id="P9")]))
    page = said(explain_permission(directory, "K1", "en"))

    assert "person of this row is not in the register" in page
    assert NEXT_STEPS["rejected"].en in page


@pytest.mark.parametrize("explain", [explain_notification, explain_permission])
def test_an_identifier_that_nothing_speaks_of_is_refused_without_repeating_it(tmp_path, explain):
    directory = written(tmp_path, reconciled(notifications=[a_notification()]))

    with pytest.raises(UnknownCase) as refusal:
        explain(directory, "MARKED", "ja")
    assert "MARKED" not in refusal.value.en + refusal.value.ja


@pytest.mark.parametrize("missing", ["summary.json", "matches.csv", "annex2.csv", "rejects.csv"])
def test_half_an_output_is_refused_by_file(tmp_path, missing):
    directory = written(tmp_path, reconciled(notifications=[a_notification(sex="2")]))
    (directory / missing).unlink()

    with pytest.raises(UnusableOutput, match=missing):
        explain_notification(directory, "N1", "ja")


def test_the_facts_are_codes_and_canonical_values(tmp_path):
    directory = written(tmp_path, reconciled(notifications=[a_notification(birth_date="1998-04-12")]))
    facts = explain_notification(directory, "N1", "ja").as_data()

    assert facts["outcome"] == "mismatched"
    assert facts["differences"] == [
        {"item": "birth_date", "cause": "one_digit", "linked": "1998-04-21", "latest": "1998-04-21"}
    ]
    assert facts["flags"] == []


def test_every_code_of_the_output_has_its_words():
    # reconciliation §3: every cause, and by an officer's word; §1: every reason to set a row aside
    causes = {"as_latest", "other_card", "partial", "truncated", "day_month_swapped", "one_digit", "era"}
    causes |= {"related", "different", "malformed", "unknown_number", "confirmed_candidate"}
    causes |= {"format", "order", "kanji_variant"}
    causes |= {"title", "lost_character", "initial", "one_letter", "romanisation", "register_fault"}

    assert set(CAUSES) == causes
    assert list(OUTCOMES) == ["matched", "mismatched", "not_found", "held", "deleted"]
    assert set(FLAGS) == {name for name, dtype in MATCHES.items() if dtype == pl.Boolean}
    assert set(REJECT_REASONS) == {
        "missing",
        "unreadable",
        "duplicate",
        "superseded",
        "forbidden",
        "unknown_person",
        "check_digit",
    }
    assert set(NEXT_STEPS) == {*OUTCOMES, "rejected", "suspected"}


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
def test_every_column_has_a_name(dataset, lang):
    assert all(column_name(column, lang) for column in dataset.names)


def test_english_sentences_hold_no_japanese_but_clause_letters():
    tables = (OUTCOMES, CAUSES, FLAGS, REJECT_REASONS)
    english = [
        text
        for table in tables
        for meaning in table.values()
        for text in (meaning.name.en, meaning.sentence.en)
    ]

    assert [text for text in english if JA.search(text.replace("3(1)イ", "").replace("朝鮮", ""))] == []


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-04-01", "令和8年4月1日"),
        ("2019-05-01", "令和元年5月1日"),
        ("2019-04-30", "平成31年4月30日"),
        ("1989-01-08", "平成元年1月8日"),
        ("1989-01-07", "昭和64年1月7日"),
        ("1926-12-25", "昭和元年12月25日"),
        ("1912-07-29", "明治45年7月29日"),
        ("1912-07-30", "大正元年7月30日"),
        ("1873-01-01", "明治6年1月1日"),
        ("1872-12-31", "1872年12月31日"),  # 明治5年 had another calendar
        ("1985-04-00", "1985年4月(日不詳)"),
        ("1989-00-00", "1989年(月日不詳)"),
    ],
)
def test_a_day_is_read_in_its_era(day, words):
    assert day_in_words(day, "ja") == words


def test_a_value_of_no_table_stands_as_it_is():
    assert value_in_words("nationality", "XXQ", "ja") == "XXQ"
    assert value_in_words("status_of_residence", "nonsense", "en") == "nonsense"
    assert value_in_words("address", "東京都千代田区", "ja") == "東京都千代田区"
