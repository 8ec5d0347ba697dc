"""What machines that watch are told: in Prometheus's own reading, over a port, and nothing of anybody."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import requests
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from node.cases.made_up import Answering, a_discrepancy
from renkei.node.cycle import alarms
from renkei.node.cycle.models import Day, Step
from renkei.node.deliveries.models import Delivery
from renkei.node.operations import monitoring

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.fixture
def party() -> str:
    return "mhlw"


@pytest.fixture
def worked(node, tmp_path) -> None:
    """A day that is closed, one that waits, a delivery, an alarm, two cases."""
    for number, closed in ((23, NOW), (24, None)):
        day = Day.objects.create(business_day=date(2026, 11, number), closed_at=closed)
        started = NOW.replace(minute=0)
        done = {"state": "done", "started_at": started, "finished_at": NOW.replace(minute=2)}
        Step.objects.create(day=day, position=1, name="take_in", **(done if closed else {}))
    Delivery.objects.create(
        direction="out", service="annex1", sequence=1, business_day=NOW.date(), state="sent", kind="data"
    )
    alarms.hold(alarms.AlarmKind.NO_RECEIPT, ["annex1 1"], NOW)
    Answering(tmp_path / "answers")(a_discrepancy(1), a_discrepancy(2))


def asked(path: str) -> tuple[int, bytes]:
    """Ask the application as its server does."""
    told: list[str] = []
    body = monitoring.Observed(lambda: NOW)({"PATH_INFO": path}, lambda status, headers: told.append(status))
    return int(told[0].split()[0]), b"".join(body)


def metrics() -> dict[tuple[str, ...], float]:
    status, body = asked("/metrics")
    assert status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_the_day_the_exchange_and_the_work_are_counted(worked):
    found = metrics()

    assert found[("renkei_days_open",)] == 1
    assert found[("renkei_steps", "waiting", "take_in")] == 1
    assert found[("renkei_step_duration_seconds", "take_in")] == 120
    assert found[("renkei_day_closed_timestamp_seconds",)] == NOW.timestamp()
    assert found[("renkei_deliveries", "out", "annex1", "sent")] == 1
    assert found[("renkei_alarms", "NO_RECEIPT")] == 1
    assert found[("renkei_cases", "discrepancy", "new")] == 2


def test_no_label_names_a_case_a_person_or_a_card(worked):
    _, body = asked("/metrics")

    for word in (b"R8-", b"N1", b"AB0000", "架空".encode(), b"annex1 1"):
        assert word not in body


def test_alive_is_not_ready(worked):
    assert asked("/healthz") == (200, b'{"alive": true}\n')
    status, body = asked("/readyz")

    assert status == 503  # this node has adopted no agreement
    assert json.loads(body) == {"database": True, "agreement": False, "disk": True}


def test_what_goes_wrong_in_asking_is_a_no_and_says_no_more(node, monkeypatch):
    def broken() -> bool:
        raise RuntimeError("AB00000001CD")

    monkeypatch.setattr(monitoring, "PARTS", {"database": broken})
    status, body = asked("/readyz")

    assert (status, body) == (503, b'{"database": false}\n')


@pytest.mark.parametrize("path", ["/", "/metrics/", "/../renkei.toml", "/days/"])
def test_nothing_else_is_there(node, path):
    assert asked(path) == (404, b"")


def test_a_database_that_is_gone_is_said_so(node, monkeypatch):
    def gone(*arguments: object) -> None:
        raise ConnectionError("password in here")

    monkeypatch.setattr(connection, "cursor", gone)

    assert asked("/metrics") == (503, b"")


@pytest.fixture
def port(node, settings) -> Iterator[int]:
    settings.NODE = replace(node, metrics=replace(node.metrics, listen="127.0.0.1:0"))
    server = monitoring.make(lambda: NOW)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server.bind_addr[1]
    server.stop()
    thread.join()


def test_it_is_served_on_a_port_of_its_own(port):
    answer = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=60)

    assert (answer.status_code, answer.json()) == (200, {"alive": True})
    assert answer.headers["Cache-Control"] == "no-store"
