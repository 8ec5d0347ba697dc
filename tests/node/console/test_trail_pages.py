"""The trail's page: sentences, filters, seals looked at, a signed export, and its own reading on record."""

import ast
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.db import transaction

import renkei.node
from renkei.exchange import cms
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.audit.models import Entry
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.console.templatetags.console import subject as named
from renkei.node.console.trail_labels import FACTS, fact_in_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def auditor(client, node, db) -> Officer:
    made = Officer.objects.create_user("kansa", display_name="試験 監査")
    Assignment.objects.create(officer=made, duty=Duty.AUDIT)
    client.force_login(made)
    return made


@pytest.fixture
def acts(db) -> Officer:
    sato = Officer.objects.create_user("sato", display_name="試験 花子")
    with transaction.atomic():
        record(sato, Verb.CASE_READ, "R8-1124-0031", purpose="labour_market")
        record(None, Verb.MATCHED, "2026-11-24", rows=12)
        record(sato, Verb.CASE_NOTED, "R8-1124-0032")
    return sato


def listed(client, **filters: str) -> list[str]:
    return [each.sentence for each in client.get("/trail/", filters).context["shown"]]


def test_acts_read_as_sentences_with_name_and_purpose(client, auditor, acts):
    page = client.get("/trail/").content.decode()

    assert "試験 花子が 事案 R8-1124-0031 を開いた" in page
    assert "システムが 2026-11-24 の突合を行った" in page
    assert "個人情報" in page


@pytest.mark.parametrize(
    ("subject", "said"),
    [("discrepancy N1", "不一致 N1"), ("annex1 12", "別紙1 12"), ("R8-1124-0031", "R8-1124-0031"), ("", "")],
)
def test_what_an_act_was_about_is_named(subject, said):
    assert named(subject) == said


@pytest.mark.parametrize(
    ("act", "facts", "ja", "en"),
    [
        ("DUTY_ASSIGNED", {"duty": "audit"}, "職務: 監査", "duty: Audit"),
        ("DUTY_ASSIGNED", {"office": ""}, "所管: —", "office: —"),
        ("STEP_DONE", {"counts": {"rows": 41203}}, "件数: 行 41,203", "counts: rows 41,203"),
        (
            "DELIVERY_OPENED",
            {"counts": {"new": 1, "rejected:missing:name": 2}},
            "件数: 新規 1、受け取れない行 (必須の項目が空欄: 氏名) 2",
            "counts: new 1, rejected rows (required item blank: name) 2",
        ),
        ("CASE_MOVED", {"outcome": "other"}, "確認の結果: その他", "outcome: other"),
        ("ACCOUNT_MADE", {"local": True}, "この装置のパスワード: はい", "password of this system: yes"),
        ("INCIDENT_ADDED", {"items": ["cause", "other"]}, "記載した項目: 原因、その他参考となる事項", None),
        (
            "CORRECTION_DECIDED",
            {"reason": "not_established"},
            "理由: 誤りを確認できない",
            "reason: no error could be established",
        ),
        ("CANDIDATES_REJECTED", {"reason": "not_established"}, "理由: 本人と認めるに足りない", None),
        ("DELIVERY_RESENT", {"reason": "asked"}, "理由: 相手方から求められた", None),
        ("SOLAR_FLARE", {"flares": "x_class"}, "flares: x_class", "flares: x_class"),
        ("DELIVERY_REFUSED", {"code": "E-unheard-of"}, "不受理の理由: E-unheard-of", None),
    ],
)
def test_facts_are_said_in_words_and_what_no_table_knows_as_it_is(act, facts, ja, en):
    ((name, value),) = facts.items()

    assert fact_in_words(act, name, value, "ja") == ja
    assert en is None or fact_in_words(act, name, value, "en") == en


def test_every_fact_that_is_written_has_a_name_in_words():
    written = set()
    for path in Path(renkei.node.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "record":
                written |= {each.arg for each in call.keywords if each.arg}

    assert {"counts", "duty", "sha256"} <= written
    assert written - {"purpose"} - set(FACTS) == set()


def test_the_trail_shows_facts_in_words(client, auditor, acts):
    page = client.get("/trail/", {"verb": "MATCHED"}).content.decode()

    assert "行数: 12" in page


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"actor": "sato"}, 2),
        ({"verb": "CASE_READ"}, 1),
        ({"subject": "R8-1124-003"}, 2),
        ({"subject": "R8-1124-0032"}, 1),
        ({"last": "2020-01-01"}, 0),
        ({"first": "2020-01-01", "actor": "system"}, 1),
    ],
)
def test_the_trail_is_narrowed(client, auditor, acts, filters, count):
    assert len(listed(client, **filters)) == count


def test_a_day_that_does_not_exist_is_told_and_lists_nothing(client, auditor, acts):
    answer = client.get("/trail/", {"first": "2026-02-31"})

    assert answer.context["shown"] == []
    assert "読めません" in answer.content.decode()


def test_the_reading_itself_is_recorded(client, auditor, acts):
    client.get("/trail/", {"actor": "sato", "subject": "R8"})
    entry = Entry.objects.order_by("number").last()

    assert (entry.verb, entry.actor, entry.subject) == ("TRAIL_READ", "kansa", "R8")
    assert entry.facts == {"rows": 2, "by_actor": "sato"}


def test_what_was_typed_and_found_nothing_is_not_written_down(client, auditor, acts):
    client.get("/trail/", {"subject": "SAMPLE HANAKO", "actor": "AB00000001CD"})
    entry = Entry.objects.order_by("number").last()

    assert (entry.verb, entry.subject, entry.facts) == ("TRAIL_READ", "", {"rows": 0})


def test_an_entry_that_was_changed_is_shown_as_such(client, auditor, acts, owner):
    owner("UPDATE audit_entry SET subject = 'R8-1124-0099' WHERE verb = 'CASE_NOTED'")
    shown = client.get("/trail/").context["shown"]

    assert [each.entry.verb for each in shown if not each.holds] == ["CASE_NOTED"]


def test_the_export_is_signed_and_recorded_with_its_digest(client, auditor, acts):
    answer = client.post("/trail/", {"actor": "sato"})
    packed = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    data = packed.read("trail.jsonl")
    rows = [json.loads(line) for line in data.splitlines()]
    entry = Entry.objects.get(verb="TRAIL_EXPORTED")

    assert [row["subject"] for row in rows] == ["R8-1124-0031", "R8-1124-0032"]
    assert cms.verify(packed.read("trail.jsonl.p7s"), data)
    assert entry.facts["sha256"] == hashlib.sha256(data).hexdigest()


def test_the_last_verification_and_a_difference_stand_on_top(client, auditor, acts):
    before = client.get("/trail/").content.decode()
    with transaction.atomic():
        record(None, Verb.TRAIL_VERIFIED, entries=3)
    after = client.get("/trail/").content.decode()

    assert "まだ検証されていません" in before
    assert "前回の検証" in after


def test_pages_follow_one_another_without_overlap(client, auditor, acts):
    with transaction.atomic():
        for number in range(150):
            record(None, Verb.STEP_DONE, f"step {number}")
    first = client.get("/trail/", {"verb": "STEP_DONE"})
    second = client.get("/trail/", {"verb": "STEP_DONE", "before": first.context["before"]})
    numbers = [each.entry.number for page in (first, second) for each in page.context["shown"]]

    assert len(numbers) == 150
    assert numbers == sorted(set(numbers), reverse=True)
