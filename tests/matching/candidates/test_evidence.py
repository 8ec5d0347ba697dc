"""Why somebody is a candidate, in words."""

import pytest

from renkei.matching.candidates import default_parameters
from renkei.matching.candidates.evidence import LEVELS, sentences

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
