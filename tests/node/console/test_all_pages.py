"""What holds on every page of the table, without a browser: both languages, hostile names, forged forms."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from node.console.cases_shown import HOSTILE
from node.console.every_address import ADDRESSES, EVERY, EVERY_OF, NO_PAGE_OF_ITS_OWN, fill, filled_in
from renkei.node.accounts.models import Officer
from renkei.node.console.pages import PAGES
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.deliveries.models import Handover
from renkei.node.incidents.models import Incident, Statement
from renkei.node.matching_run.models import Finding
from renkei.node.records.models import Card, Person, ReceivedNotification

pytestmark = pytest.mark.django_db(transaction=True)

JAPANESE = re.compile(r"[぀-ヿ㐀-鿿、。「」]+")
ENGLISH = re.compile(r"\b[a-z]{3,}\b")
#: Names and addresses stay as they are in any language: those of the made-up rows, and accounts.
NAMES = (
    *("試験 一郎", "試験 花子", "試験 二郎", "試験 相手", "架空 次郎", "架空 三郎"),
    *("架空商事株式会社", "株式会社架空", "東京都千代田区架空", "大阪府大阪市架空", "tanaka", "sato"),
)
#: And so do what laws call a thing, and the marks of their paragraphs.
LEGAL = (
    "育成就労",
    "技能実習",
    "身分事項",
    "3(1)イ(ア)",
    "3(1)イ(イ)",
    "3(1)イ",
    "3(1)ア",
    "(ア)",
    "(イ)",
    "号イ",
)
#: Elements that hold no prose: names for machines, figures, what a file or a program calls something.
NO_PROSE = {"code", "script", "style", "textarea"}
VOID = {"br", "hr", "img", "input", "link", "meta", "wbr", "line", "rect", "circle", "path", "polyline"}
SPOKEN_ATTRIBUTES = {"alt", "aria-label", "title", "placeholder", "data-label"}


class Prose(HTMLParser):
    """The words of a page that stand in its own language, those of its labels as well."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        elsewhere = tag != "html" and "lang" in given
        # What an officer wrote stands as it was written.
        written = "written" in (given.get("class") or "").split()
        left_out = bool(self.open and self.open[-1][1]) or elsewhere or written or tag in NO_PROSE
        if not left_out:
            self.words += [given[name] or "" for name in SPOKEN_ATTRIBUTES & set(given)]
        if tag not in VOID:
            self.open.append((tag, left_out))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not (self.open and self.open[-1][1]):
            self.words.append(data)


def prose(page: str) -> str:
    reader = Prose()
    reader.feed(page)
    found = "\n".join(word.strip() for word in reader.words if word.strip())
    for each in (*NAMES, *LEGAL):
        found = found.replace(each, "")
    return found


@pytest.fixture
def entered(shown, officer, client: Client, tmp_path: Path) -> Client:
    fill(officer, tmp_path / "answers")
    client.force_login(officer)
    return client


@pytest.mark.parametrize("party", EVERY_OF)
def test_the_walk_leaves_no_page_out(party):
    expected = {page.name for page in PAGES.values() if party in page.parties}

    assert set(EVERY) | set(EVERY_OF[party]) | (set(NO_PAGE_OF_ITS_OWN) & expected) == expected


@pytest.mark.parametrize(("language", "other"), [("en", JAPANESE), ("ja", ENGLISH)])
@pytest.mark.parametrize("party", EVERY_OF)
def test_no_page_mixes_the_languages(entered, party, language, other):
    entered.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    mixed = {}
    for address in [address for of, address in ADDRESSES if of == party]:
        answer = entered.get(filled_in(address))
        assert answer.status_code == 200, address
        if found := other.findall(prose(answer.content.decode())):
            mixed[address] = found

    assert mixed == {}


@pytest.mark.parametrize("party", EVERY_OF)
def test_markup_in_any_text_stays_text_on_every_page(shown, officer, client, party, tmp_path):
    """Whatever a row, an officer or the counterpart wrote is shown as written, and never taken for a page."""
    make_hostile()
    fill(officer, tmp_path / "answers", HOSTILE)
    client.force_login(officer)
    seen = set()
    for address in [address for of, address in ADDRESSES if of == party]:
        page = client.get(filled_in(address)).content.decode()

        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
        if "&lt;script&gt;alert(1)" in page:
            seen.add(address)
    # Were nothing hostile shown, the test would say nothing.
    assert len(seen) > 5


@pytest.mark.parametrize("party", EVERY_OF)
def test_a_form_from_elsewhere_is_refused_at_every_address(shown, officer, party, tmp_path):
    fill(officer, tmp_path / "answers")
    forging = Client(enforce_csrf_checks=True)
    forging.force_login(officer)
    answers = {
        address: forging.post(filled_in(address).partition("?")[0], {"reason": "x"}).status_code
        for of, address in ADDRESSES
        if of == party
    }

    assert {address: status for address, status in answers.items() if status != 403} == {}


@pytest.mark.parametrize("party", EVERY_OF)
def test_every_page_forbids_what_is_inline_or_from_elsewhere_and_is_kept_nowhere(entered, party):
    for address in [address for of, address in ADDRESSES if of == party]:
        answer = entered.get(filled_in(address))
        page = answer.content.decode()

        assert "default-src 'none'" in answer["Content-Security-Policy"], address
        assert answer["Cache-Control"] == "no-store", address
        assert not re.search(r"<(script|style)\b(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", page), address
        assert not re.search(r"(src|href|action)=\"(https?:)?//", page), address


def make_hostile() -> None:
    """Put markup wherever a row of this node holds free text."""
    Officer.objects.exclude(username="tanaka").update(display_name=HOSTILE)
    Statement.objects.update(text=HOSTILE)
    Incident.objects.update(contact=HOSTILE)
    ReceivedRequest.objects.update(reason=HOSTILE)
    ReceivedNotification.objects.update(name=HOSTILE)
    Person.objects.update(name=HOSTILE)
    Card.objects.update(name=HOSTILE)
    Handover.objects.update(agreed_by=HOSTILE, handed_over_by=HOSTILE, taken_over_by=HOSTILE)
    for finding in Finding.objects.all():
        row = {
            name: HOSTILE if name.endswith("name") else value
            for name, value in json.loads(finding.row).items()
        }
        Finding.objects.filter(pk=finding.pk).update(row=json.dumps(row))
