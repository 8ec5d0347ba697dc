"""`renkei agreement`, through its real entry point."""

import json

import pytest
from rich.cells import cell_len

from cli.commands import run
from renkei.agreement.annexes import ANNEXES
from renkei.agreement.clauses import CLAUSES
from renkei.agreement.decisions import DECISIONS
from renkei.agreement.omissions import GROUNDS, REASONS
from renkei.agreement.parties import PARTIES
from renkei.agreement.purposes import ACTS, PURPOSES
from renkei.agreement.statuses import STATUSES


def printed(*arguments: str, columns: int = 80) -> str:
    ran = run("agreement", *arguments, columns=columns)

    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


@pytest.fixture(scope="module")
def in_japanese() -> str:
    return printed("--lang", "ja")


@pytest.fixture(scope="module")
def in_english() -> str:
    return printed("--lang", "en")


@pytest.fixture(scope="module")
def as_json() -> dict:
    return json.loads(printed("--json"))


def unfolded(page: str) -> str:
    """The page with its lines joined, so that a word folded over two lines is found."""
    return "".join(line.strip() for line in page.splitlines())


@pytest.mark.slow
def test_the_page_holds_every_clause_in_full(in_japanese):
    page = unfolded(in_japanese)

    assert [number for number, clause in CLAUSES.items() if clause.text not in page] == []
    assert [number for number, clause in CLAUSES.items() if clause.heading not in page] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", ["in_japanese", "in_english"])
def test_the_page_holds_every_item_decision_reason_and_purpose(page, request):
    text = request.getfixturevalue(page)

    labels = [item.label[:10] for annex in ANNEXES.values() for item in annex.items]
    keys = [*DECISIONS, *REASONS, *GROUNDS, *PURPOSES, *(act.cited_as for act in ACTS.values())]
    columns = [column for annex in ANNEXES.values() for column in (*annex.columns, *annex.technical)]
    assert [word for word in (*labels, *keys, *columns) if word not in text] == []


@pytest.mark.parametrize("page", ["in_japanese", "in_english"])
def test_the_page_fits_in_80_columns_and_is_plain_when_piped(page, request):
    text = request.getfixturevalue(page)

    assert [line for line in text.splitlines() if cell_len(line) > 80] == []
    assert "\x1b" not in text


@pytest.mark.slow
def test_a_narrow_terminal_still_gets_a_page():
    narrow = printed("--lang", "ja", columns=50)

    assert "決定事項" in narrow
    assert max(cell_len(line) for line in narrow.splitlines()) <= 60


@pytest.mark.parametrize(
    ("page", "marks", "unconfirmed"),
    [
        ("in_japanese", ("公表", "非開示", "想定"), "根拠: 決定（未確認）"),
        ("in_english", ("published", "redacted", "assumed"), "basis: decision (not confirmed)"),
    ],
)
def test_what_is_assumed_and_what_is_unconfirmed_says_so(page, marks, unconfirmed, request):
    text = request.getfixturevalue(page)

    assert [mark for mark in marks if mark not in text] == []
    assert text.count(unconfirmed) >= len(DECISIONS)


def test_the_offices_that_confirm_are_named(in_japanese, in_english):
    assert all(party.office_ja in in_japanese for party in PARTIES.values())
    assert all(party.office_en.split(",")[0] in in_english for party in PARTIES.values())


@pytest.mark.slow
def test_english_is_the_default_outside_a_japanese_locale(in_english):
    assert printed() == in_english


@pytest.mark.slow
def test_a_policy_shows_what_it_overrides_beside_the_default(tmp_path):
    policy = tmp_path / "office.toml"
    policy.write_text('grace_days = 14\ndisclosed_items = ["name"]\n', encoding="utf-8")
    page = printed("--policy", str(policy), "--lang", "en")

    assert "  grace_days = 14  ← overridden by the policy\n    default: 0\n" in page
    assert page.count("overridden by the policy") == 2
    assert "latest_name" in page
    assert "latest_sex" not in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lang", "words"), [("en", "is not a decision"), ("ja", "という決定事項はありません")]
)
def test_a_wrong_policy_is_refused_in_the_users_language_with_status_2(tmp_path, lang, words):
    policy = tmp_path / "office.toml"
    policy.write_text("patience = 14\n", encoding="utf-8")
    ran = run("agreement", "--policy", str(policy), "--lang", lang)

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "office.toml: patience" in ran.stderr
    assert words in ran.stderr


def test_json_holds_everything(as_json):
    assert [annex["number"] for annex in as_json["annexes"]] == list(ANNEXES)
    assert [clause["number"] for clause in as_json["clauses"]] == list(CLAUSES)
    assert [status["code"] for status in as_json["statuses"]] == list(STATUSES)
    assert [dataset["name"] for dataset in as_json["datasets"]] == [
        "notifications",
        "persons",
        "cards",
        "permissions",
        "discrepancies",
        "suspected_omissions",
    ]
    assert as_json["annexes"][0]["items"][9] == {
        "number": "⑩",
        "label": "事業所の番号",
        "columns": ["establishment_number"],
        "disclosure": "公表",
        "released_when": None,
        "withheld_when": {"column": "status_of_residence", "holds": ["permanent"]},
    }
    assert as_json["annexes"][0]["sender"] == "mhlw"


@pytest.mark.slow
def test_json_shows_a_decision_with_its_default_and_whether_it_is_overridden(tmp_path):
    policy = tmp_path / "office.toml"
    policy.write_text("in_scope_from = 2022-04-01\n", encoding="utf-8")
    decisions = json.loads(printed("--policy", str(policy), "--json"))["decisions"]
    by_key = {decision["key"]: decision for decision in decisions}

    assert list(by_key) == list(DECISIONS)
    assert by_key["in_scope_from"]["value"] == "2022-04-01"
    assert by_key["in_scope_from"]["default"] == "2021-03-22"
    assert [key for key, decision in by_key.items() if decision["overridden"]] == ["in_scope_from"]
    assert not any(decision["confirmed"] for decision in decisions)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "both"), [({"isa": "2026-04-01"}, False), ({"isa": "2026-04-01", "mhlw": "2026-04-02"}, True)]
)
def test_a_decision_is_confirmed_once_both_offices_did(tmp_path, days, both):
    policy = tmp_path / "office.toml"
    stated = "".join(f"grace_days.{party} = {day}\n" for party, day in days.items())
    policy.write_text(f"grace_days = 0\n[confirmed]\n{stated}", encoding="utf-8")
    page = unfolded(printed("--policy", str(policy), "--lang", "ja"))
    rows = json.loads(printed("--policy", str(policy), "--json"))["decisions"]
    row = next(each for each in rows if each["key"] == "grace_days")

    assert row["confirmed"] is both
    assert row["confirmed_on"] == {"isa": None, "mhlw": None} | days
    assert ("（確認済み）" in page) is both
    assert all(f"確認 {day}: {PARTIES[party].office_ja}" in page for party, day in days.items())
