"""A real browser before a real server: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from renkei.node.cycle import alarms
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.party import DAY
from renkei.node.officers.duties import Duty
from renkei.node.officers.models import Assignment, Officer

# Playwright's own loop runs in the test's thread, which Django would otherwise take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

NOW = datetime(2026, 4, 2, 1, 30, tzinfo=UTC)
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
                counts={"rows": 41203, "withdrawn": 12} if done else {},
                awaited="receipt" if position == 6 and number else "",
            )
    alarms.hold(alarms.AlarmKind.NO_RECEIPT, ["annex1 2026-04-02"], NOW)


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, live_server, node, officer, client) -> Iterator[Visit]:
    """Open an address as the officer; `script=False` without JavaScript."""
    client.force_login(officer)
    session = client.cookies["sessionid"].value
    opened: list[BrowserContext] = []

    def visit(path: str, size=WIDE, *, script: bool = True, language: str = "ja") -> Page:
        context = browser.new_context(viewport=size, java_script_enabled=script, locale="ja-JP")
        opened.append(context)
        cookies = {"sessionid": session, "django_language": language}
        context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
        )
        page = context.new_page()
        page.faults = []  # type: ignore[attr-defined]
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
        page.on("requestfailed", lambda request: page.faults.append(request.url))  # type: ignore[attr-defined]
        answer = page.goto(live_server.url + path)
        assert answer is not None
        assert answer.status == 200, answer.status
        return page

    yield visit
    for context in opened:
        context.close()
