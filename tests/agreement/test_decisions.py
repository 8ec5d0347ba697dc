"""Decisions: the defaults, and a policy file that overrides them or is refused by name."""

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from renkei.agreement.allowed_values import MonthsByStatus
from renkei.agreement.causes import CAUSES, Found
from renkei.agreement.decisions import (
    AGREEABLE_CAUSES,
    COMPARABLE_ITEMS,
    DECISIONS,
    DEFAULT_POLICY,
    IDENTITY_ITEMS,
    Policy,
    PolicyError,
    load_policy,
)
from renkei.agreement.parties import ISA, MHLW
from renkei.agreement.readings import READINGS


def a_policy_file(directory: Path, text: str | bytes) -> Path:
    path = directory / "office.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_defaults_are_those_of_the_specification():
    all_but_address = tuple(item for item in COMPARABLE_ITEMS if item != "address")

    assert DEFAULT_POLICY.compared_items == all_but_address
    assert DEFAULT_POLICY.disclosed_items == COMPARABLE_ITEMS
    assert DEFAULT_POLICY.in_scope_from == date(2021, 3, 22)
    assert (DEFAULT_POLICY.due_months.plain(), DEFAULT_POLICY.grace_days) == (
        {"default": 1, "esd": 3, "titp_1b": 3},
        0,
    )
    assert DEFAULT_POLICY.identity_items == IDENTITY_ITEMS
    assert DEFAULT_POLICY.identity_conflict_at == 2
    assert DEFAULT_POLICY.truncated_from == 12
    assert DEFAULT_POLICY.agreeing_causes == ()


def test_every_cause_that_gives_a_reason_may_count_as_agreement():
    found = (Found.COMPARING, Found.RECORDS)

    assert [*AGREEABLE_CAUSES, "different"] == [
        code for code, cause in CAUSES.items() if cause.found in found and not cause.agrees
    ]


def test_every_decision_is_a_member_of_the_policy_and_starts_as_its_value():
    assert [field.name for field in fields(Policy)] == [*DECISIONS, "confirmations"]
    assert {key: getattr(DEFAULT_POLICY, key) for key in DECISIONS} == {
        key: decision.value for key, decision in DECISIONS.items()
    }


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=lambda decision: decision.key)
def test_a_decision_awaits_the_word_of_both_offices(decision):
    assert decision.confirmed_by == (ISA.office_ja, MHLW.office_ja)
    assert DEFAULT_POLICY.confirmed(decision.key) == {"isa": None, "mhlw": None}
    assert decision.question_ja.endswith("か。")
    assert decision.question_en.endswith("?")
    assert decision.why_ja
    assert decision.why_en


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=lambda decision: decision.key)
def test_a_decision_may_take_its_own_default(decision):
    assert decision.read(decision.value) == decision.value


def test_no_reading_is_confirmed_either():
    assert READINGS
    assert not any(reading.confirmed for reading in READINGS)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ('compared_items = ["sex", "name"]', "compared_items", ("name", "sex")),
        ('compared_items = ["address", "nationality"]', "compared_items", ("nationality", "address")),
        ("compared_items = []", "compared_items", ()),
        ('disclosed_items = ["name"]', "disclosed_items", ("name",)),
        ("in_scope_from = 2022-04-01", "in_scope_from", date(2022, 4, 1)),
        ('in_scope_from = "2022-04-01"', "in_scope_from", date(2022, 4, 1)),
        ("due_months = 0", "due_months", MonthsByStatus(0)),
        (
            "due_months = {default = 2, student = 4}",
            "due_months",
            MonthsByStatus(2, (("student", 4),)),
        ),
        ("grace_days = 14", "grace_days", 14),
        ('identity_items = ["sex", "name"]', "identity_items", ("name", "sex")),
        ("identity_conflict_at = 3", "identity_conflict_at", 3),
        ("truncated_from = 20", "truncated_from", 20),
        ('agreeing_causes = ["initial", "title"]', "agreeing_causes", ("title", "initial")),
    ],
)
def test_a_policy_file_overrides_one_decision_and_leaves_the_rest(tmp_path, text, key, value):
    policy = load_policy(a_policy_file(tmp_path, text))

    assert getattr(policy, key) == value
    assert policy.overridden() == (key,)
    assert {k: getattr(policy, k) for k in DECISIONS if k != key} == {
        k: decision.value for k, decision in DECISIONS.items() if k != key
    }


def test_a_policy_says_which_office_confirmed_what_it_states_and_when(tmp_path):
    text = 'grace_days = 0\n[confirmed]\ngrace_days = { mhlw = 2026-04-01, isa = "2026-04-03" }\n'
    policy = load_policy(a_policy_file(tmp_path, text))

    assert policy.confirmed("grace_days") == {"isa": date(2026, 4, 3), "mhlw": date(2026, 4, 1)}
    assert policy.confirmed("due_months") == {"isa": None, "mhlw": None}
    assert policy.overrides() == {}
    assert repr(policy) == repr(DEFAULT_POLICY)


@pytest.mark.parametrize("text", ["", "# nothing decided\n", b"\xef\xbb\xbf"])
def test_an_empty_policy_is_the_default(tmp_path, text):
    assert load_policy(a_policy_file(tmp_path, text)) == DEFAULT_POLICY


def test_a_policy_may_begin_with_a_byte_order_mark(tmp_path):
    assert load_policy(a_policy_file(tmp_path, b"\xef\xbb\xbfgrace_days = 3")).grace_days == 3


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("grace_day = 3", ["grace_day is not a decision", "grace_days"]),
        ("[decisions]\ngrace_days = 3", ["decisions is not a decision"]),
        ("grace_days = -1", ["grace_days cannot be -1", "0 to 3660"]),
        ("grace_days = true", ["grace_days cannot be true"]),
        ("grace_days = 1.0", ["grace_days cannot be 1.0"]),
        ('grace_days = "3"', ["grace_days cannot be '3'"]),
        ("due_months = -1", ["due_months cannot be -1"]),
        ("due_months = {default = 1, nobody = 2}", ["due_months cannot be"]),
        ("due_months = {student = 2}", ["due_months cannot be"]),
        ("due_months = {default = 1, student = -2}", ["due_months cannot be"]),
        ("credited_by = 'nobody'", ["credited_by cannot be 'nobody'", "any_employer"]),
        ("report_continuing = 1", ["report_continuing cannot be 1", "true or false"]),
        ("due_months = 999999999999", ["due_months cannot be 999999999999"]),
        ("truncated_from = 0", ["truncated_from cannot be 0"]),
        ("identity_conflict_at = 0", ["identity_conflict_at cannot be 0"]),
        ("identity_conflict_at = 5", ["identity_conflict_at cannot be 5", "1 to 4"]),
        ("agreeing_causes = true", ["agreeing_causes cannot be true", "title", "one_digit"]),
        ('agreeing_causes = ["different"]', ["agreeing_causes cannot be"]),
        ('agreeing_causes = ["format"]', ["agreeing_causes cannot be"]),
        ('agreeing_causes = ["title", "title"]', ["agreeing_causes cannot be", "each once"]),
        ('compared_items = ["name", "shoe_size"]', ["compared_items cannot be", "shoe_size", "address"]),
        ('compared_items = ["card_number"]', ["compared_items cannot be"]),
        ('compared_items = ["name", "name"]', ["compared_items cannot be", "each once"]),
        ('compared_items = "name"', ["compared_items cannot be 'name'"]),
        ("compared_items = [1]", ["compared_items cannot be [1]"]),
        ('compared_items = [["name"]]', ["compared_items cannot be"]),
        ('disclosed_items = ["kanji_name"]', ["disclosed_items cannot be"]),
        ('identity_items = ["address"]', ["identity_items cannot be"]),
        ('in_scope_from = "2021-02-30"', ["in_scope_from cannot be '2021-02-30'", "2021-03-22"]),
        ('in_scope_from = "20210322"', ["in_scope_from cannot be '20210322'"]),
        ('in_scope_from = "2021-W12-1"', ["in_scope_from cannot be '2021-W12-1'"]),
        ("in_scope_from = 2021-03-22T00:00:00", ["in_scope_from cannot be 2021-03-22T00:00:00"]),
        ("in_scope_from = 2021", ["in_scope_from cannot be 2021"]),
        ("in_scope_from = 12:00:00", ["in_scope_from cannot be"]),
        ("confirmed = true", ["confirmed = true", "isa, mhlw"]),
        ("[confirmed]\ngrace = { isa = 2026-04-01 }", ["confirmed.grace is not a decision"]),
        ("[confirmed]\ngrace_days = { isa = 2026-04-01 }", ["confirmed.grace_days: the file does not"]),
        ("grace_days = 0\n[confirmed]\ngrace_days = true", ["confirmed.grace_days = true", "isa, mhlw"]),
        (
            "grace_days = 0\n[confirmed]\ngrace_days.moj = 2026-04-01",
            ["confirmed.grace_days.moj = 2026-04-01", "isa, mhlw"],
        ),
        (
            "grace_days = 0\n[confirmed]\ngrace_days.isa = 'soon'",
            ["confirmed.grace_days.isa = 'soon'", "2021-03-22"],
        ),
    ],
)
def test_a_wrong_key_or_value_is_refused_by_name_in_both_languages(tmp_path, text, named):
    with pytest.raises(PolicyError) as refusal:
        load_policy(a_policy_file(tmp_path, text))

    assert refusal.value.en.startswith("office.toml: ")
    assert refusal.value.ja.startswith("office.toml: ")
    assert all(word in refusal.value.en for word in named)
    assert named[0].split()[0] in refusal.value.ja


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    with pytest.raises(PolicyError) as refusal:
        load_policy(a_policy_file(tmp_path, "grace = 1\ndue_months = -1\ntruncated_from = 12\n"))

    assert "grace is not" in refusal.value.en
    assert "due_months cannot" in refusal.value.en
    assert "truncated_from cannot" not in refusal.value.en


def test_a_long_value_is_cut_where_it_is_repeated(tmp_path):
    with pytest.raises(PolicyError) as refusal:
        load_policy(a_policy_file(tmp_path, f'grace_days = "{"9" * 1000}"'))

    assert "…" in refusal.value.en
    assert "9" * 100 not in refusal.value.en


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("grace_days = 3\ndue_months = \n", 2),
        ("grace_days 3", 1),
        ("grace_days = 3\ngrace_days = 4\n", 2),
        ("# a comment\n\ncompared_items = [\n  'name',\n", 4),
        (b"grace_days = 3\n# \x8f\x8a\n", 2),
    ],
)
def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path, text, line):
    with pytest.raises(PolicyError) as refusal:
        load_policy(a_policy_file(tmp_path, text))

    assert f"office.toml, line {line}:" in refusal.value.en
    assert f"office.toml {line}行目:" in refusal.value.ja


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_opened_is_refused(tmp_path, name):
    with pytest.raises(PolicyError, match="cannot be opened"):
        load_policy(tmp_path / name)


def test_a_policy_made_in_python_is_checked_the_same():
    assert Policy(compared_items=("sex", "name")).compared_items == ("name", "sex")
    with pytest.raises(PolicyError, match="grace_days cannot be -1"):
        Policy(grace_days=-1)
