"""A real browser before a real server: Debian's Chromium, driven by Playwright."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from renkei.node.accounts import purposes
from renkei.node.accounts.duties import Duty
from renkei.node.accounts.models import Assignment, Officer
from renkei.node.candidates.models import Candidate, NotFound
from renkei.node.config import Config
from renkei.node.corrections.models import ReceivedRequest
from renkei.node.cycle import alarms
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.steps_by_party import DAY
from renkei.node.deliveries import medium, outgoing
from renkei.node.deliveries.models import Delivery
from renkei.node.incidents import scope, services
from renkei.node.incidents.models import Item, Kind
from renkei.node.matching_run.models import Finding, Outcome, Run
from renkei.node.records.models import Card, Person, ReceivedNotification
from renkei.node.rehearsal import Rehearsal
from two_nodes import made_once

# Playwright's own loop runs in the test's thread, which Django would otherwise take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

NOW = datetime(2026, 4, 2, 1, 30, tzinfo=UTC)
SERVICE = {"mhlw": "annex1", "isa": "annex2-3"}
FOUND = {
    "discrepancy": {"linked_name": "NGUYEN VAN ANH", "latest_name": "NGUYEN VAN ANH"},
    "suspected_omission": {
        "ground": "coe",
        "reason": "no_notification",
        "name": "SAMPLE TARO",
        "status_of_residence": "engineer_humanities_intl",
        "birth_date": "1990-01-01",
        "sex": "1",
        "nationality": "VNM",
        "landed_on": "2025-08-01",
        "organisation_name": "株式会社架空",
    },
}
COUNTED = {"rows": 41203, "withdrawn": 12}
REJECTED = {"rejected": 174, "rejected:unreadable:birth_date": 3, "rejected:missing:card_number": 171}
WIDE = {"width": 1366, "height": 900}
NARROW = {"width": 320, "height": 640}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found, "Debian's chromium is needed: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory) -> Rehearsal:
    """Keys and agreement of two nodes, made once."""
    return made_once.rehearsed(tmp_path_factory.mktemp("console") / "made")


@pytest.fixture
def node(node: Config, rehearsed: Rehearsal, party: str, settings) -> Config:
    """The node with its keys and the agreement both signed."""
    shutil.copytree(rehearsed.nodes[party] / "exchange", node.exchange)
    settings.KEY_PASSPHRASE = rehearsed.passphrase
    return node


@pytest.fixture
def officer(transactional_db) -> Officer:
    officer = Officer.objects.create_user("tanaka", display_name="試験 一郎")
    Assignment.objects.bulk_create(Assignment(officer=officer, duty=duty) for duty in Duty)
    return officer


@pytest.fixture
def two_days(transactional_db, party: str) -> None:
    """Yesterday is closed; today waits for a receipt, and an alarm rings."""
    for number, day in enumerate((date(2026, 4, 1), date(2026, 4, 2))):
        row = Day.objects.create(business_day=day, closed_at=None if number else NOW - timedelta(days=1))
        for position, step in enumerate(DAY[party], start=1):
            done = not number or position < 6
            Step.objects.create(
                day=row,
                position=position,
                name=step.name,
                state=Step.State.DONE if done else Step.State.WAITING,
                started_at=NOW if done else None,
                finished_at=NOW if done else None,
                counts=COUNTED | (REJECTED if step.name == "open" else {}) if done else {},
                awaited="receipt" if position == 6 and number else "",
            )
    alarms.hold(alarms.AlarmKind.NO_RECEIPT, ["annex1 2026-04-02"], NOW)


@pytest.fixture
def shown(two_days, node, officer, party: str) -> None:
    """Something on every page: deliveries with a gap, findings and requests, acts of an officer."""
    sealed = outgoing.make(SERVICE[party], NOW.date(), {}, now=timezone.now())
    medium.ask(
        sealed,
        officer,
        reason="agreed",
        agreed_by="試験 相手",
        handed_over_by="試験 一郎",
        taken_over_by="試験 二郎",
        now=timezone.now(),
    )
    other = SERVICE["mhlw" if party == "isa" else "isa"]
    for number in (3, 5):
        Delivery.objects.create(
            direction="in",
            service=other,
            sequence=number,
            business_day=date(2026, 4, number),
            kind="data",
            state="opened",
            counts={"rows": 41203, "read": 41203},
            manifest_sha256="9f3c21ab" * 8,
            made_at=NOW,
            sent_at=NOW,
        )
    for kind, identifier, word in (
        ("discrepancy", "N0000000001", "mismatched"),
        ("suspected_omission", "S0000000001", "coe no_notification"),
    ):
        Finding.objects.create(
            kind=kind,
            identifier=identifier,
            is_active=True,
            since=NOW.date(),
            status=word,
            row=json.dumps(FOUND[kind]),
            digest="0" * 64,
            reported_digest="0" * 64,
            reported_status=word,
            reported_sequence=1,
        )
        if party == "isa":
            purposes.declare(officer, "residence", [f"{kind} {identifier}"], now=timezone.now())
    for identifier in ("N0000000001", "N0000000002"):
        Outcome.objects.create(
            notification_id=identifier,
            outcome="mismatched",
            identity_conflict="true",
            shared_number="true",
            card_number="AB00000001CD",
            mismatched_items="name;birth_date",
            differences="name:different;birth_date:different",
        )
    ReceivedNotification.objects.create(
        notification_id="N0000000001",
        sequence=1,
        card_number="AB00000001CD",
        name="SAMPLE HANAKO",
        birth_date="1990-01-01",
    )
    ReceivedRequest.objects.create(
        request_id="R8-1124-0001-1",
        kind="discrepancy",
        identifier="N0000000001",
        items="name;birth_date",
        reason="旅券の写しと一致する",
        requested_on=NOW.date(),
        sequence=3,
    )
    if party == "isa":
        purposes.declare(officer, "residence", ["R8-1124-0001-1"], now=timezone.now())
    unfound()
    if party == "isa":
        purposes.declare(officer, "residence", ["candidates N0000000003"], now=timezone.now())
    for back in range(10):
        day = timezone.localdate() - timedelta(weeks=back)
        Run.objects.create(
            day=day,
            rules="",
            full_rematch=False,
            outcomes={"matched": 38_000 + 300 * back, "mismatched": 900 - 40 * back, "not_found": 28 + back},
            items={"name": 300 - 9 * back, "name;birth_date": 12, "stay_expires_on": 500 - 20 * back},
            active={"suspected_omission": 12 + back % 3},
        )
    services.declare(
        Kind.LEAK,
        {Item.OVERVIEW: "媒体一枚が保管庫に見当たらない。", Item.CAUSE: "調査中"},
        found_at=timezone.now() - timedelta(minutes=12),
        concerned=scope.count(scope.of_numbers(other, 3, 5)),
        by=officer,
        now=timezone.now(),
    )
    colleague = Officer.objects.create_user("sato", display_name="試験 花子", password="synthetic-only-1")
    Assignment.objects.create(officer=colleague, duty=Duty.HANDLE_CASES, office="13010")


def unfound() -> None:
    """A notification whose number is in no card, and two who may be meant."""
    reported = {
        "name": "SAMPLE HANAKO",
        "birth_date": "1990-01-01",
        "sex": "2",
        "nationality": "VNM",
        "status_of_residence": "engineer_humanities_intl",
        "stay_expires_on": "2027-09-30",
    }
    ReceivedNotification.objects.create(
        notification_id="N0000000003", sequence=1, card_number="AB00000012CD", **reported
    )
    NotFound.objects.create(
        notification_id="N0000000003",
        card_number="AB00000012CD",
        content="0" * 64,
        identity="0" * 64,
        needs_search=False,
        best_probability=0.972,
        no_match_probability=0.016,
    )
    for rank, (probability, name, birth, evidence) in enumerate(
        (
            (0.972, "SAMPLE HANAKO", "1990-01-01", "17.21;name:agrees:9.80;birth_date:agrees:14.10"),
            (0.012, "SAMPLE HANA", "1991-01-01", "17.21;name:partial:2.40;birth_date:far:-5.30"),
        ),
        start=1,
    ):
        number = f"AB0000002{rank}CD"
        record = reported | {"name": name, "birth_date": birth}
        Person.objects.create(person_id=f"P000000000{rank}", card_number=number, **record)
        Card.objects.create(card_number=number, person_id=f"P000000000{rank}", **record)
        Candidate.objects.create(
            notification_id="N0000000003",
            rank=rank,
            person_id=f"P000000000{rank}",
            card_number=number,
            probability=probability,
            evidence=f"card_number:one_character:{evidence};sex:agrees:0.90;nationality:agrees:2.10",
        )


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, live_server, node, officer, client) -> Iterator[Visit]:
    """Open an address as the officer; `script=False` without JavaScript.

    `after` is a page of the same kind that is done with: a new one costs the browser two or three processes.
    """
    client.force_login(officer)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    opened: dict[tuple[object, ...], BrowserContext] = {}

    def context_of(width: int, height: int, script: bool, language: str) -> BrowserContext:
        # One for all visits of a kind: fonts are read once, as an officer's browser does.
        kind = (width, height, script, language)
        if kind not in opened:
            size = {"width": width, "height": height}
            context = browser.new_context(viewport=size, java_script_enabled=script, locale="ja-JP")
            context.set_default_timeout(300_000)  # milliseconds: a busy machine is no fault of the page's
            cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: language}
            context.add_cookies(
                [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
            )
            opened[kind] = context
        return opened[kind]

    def new_page(kind: tuple[object, ...]) -> Page:
        page = context_of(*kind).new_page()
        page.faults = []  # type: ignore[attr-defined]
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
        page.on("requestfailed", lambda request: page.faults.append(request.url))  # type: ignore[attr-defined]
        return page

    def visit(
        path: str,
        size=WIDE,
        *,
        script: bool = True,
        language: str = "ja",
        status: int = 200,
        after: Page | None = None,
    ) -> Page:
        page = after or new_page((*size.values(), script, language))
        page.faults.clear()  # type: ignore[attr-defined]
        answer = page.goto(live_server.url + path)
        assert answer is not None
        assert answer.status == status, answer.status
        if script:  # what is measured is measured in the page's own letters
            page.evaluate("document.fonts.ready.then(() => true)")
        return page

    yield visit
    for context in opened.values():
        context.close()
