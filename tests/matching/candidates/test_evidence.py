"""Why somebody is a candidate, in words."""

import pytest

from renkei.matching.candidates import default_parameters
from renkei.matching.candidates.evidence import LEVELS, left_out_in_words, sentences

EVIDENCE = "card_number:look_alike:27.88;name:agrees:0.31;birth_date:far:-13.10;sex:differs:-7.40"


def test_every_level_that_can_be_has_its_words():
    for item in default_parameters().items:
        assert {level.name for level in item.kind.levels} <= set(LEVELS[item.name])


def test_each_item_is_said_with_what_it_means():
    assert sentences(EVIDENCE, "en") == [
        "Card number: equal if look-alike characters are read as each other; strong evidence for "
        "this person.",
        "Name: agree (many people share it); hardly any evidence.",
        "Date of birth: differ; strong evidence against.",
        "Sex: differ; evidence against.",
    ]
    assert sentences(EVIDENCE, "ja")[1] == "氏名: 一致(同じ値の人が多い)。ほとんど手掛かりにならない。"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_evidence_says_nothing(language):
    assert sentences("", language) == []


def test_what_was_left_out_is_said_with_its_reason():
    left_out = {"birth_date+sex+nationality": 1200, "name+birth_year": 700, "not_listed": 3}

    assert left_out_in_words(left_out, "en") == [
        "Not compared: 1,200 with the same date of birth, sex, nationality; too many share it to tell them "
        "apart.",
        "Not compared: 700 with the same name, year of birth; too many share it to tell them apart.",
        "Not listed: 3 more who agree in name and date of birth; the list has no room for them.",
    ]
    assert left_out_in_words({"not_listed": 3}, "ja") == [
        "氏名と生年月日が一致する人がほかに延べ3人いますが、一覧に載せきれません。"
    ]


def test_every_key_of_the_shipped_passes_has_words():
    for keys in default_parameters().passes:
        for lang in ("ja", "en"):
            assert "_" not in left_out_in_words({"+".join(keys): 1}, lang)[0]
