"""The monitoring port: `/metrics`, `/healthz`, `/readyz`.

It is a separate port, so that these pages are never on the ports of officers or of the counterpart.
`/healthz` and `/readyz` say whether the node is alive and can work; a supervisor asks every few seconds. The
reasons are given only by `renkei doctor`: strangers see one word for each part. `/metrics` is for Prometheus
and is read from the database at each request. Labels hold only names, never the number of a case, a person
or a card.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from cheroot.wsgi import Server
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, QuerySet
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from renkei.exchange.keys import USES
from renkei.node.audit.models import Entry
from renkei.node.cases.models import Case
from renkei.node.cycle.models import Alarm, Day, Step
from renkei.node.deliveries import keystore
from renkei.node.deliveries.models import Delivery
from renkei.node.matching_run.models import Run
from renkei.node.records import rejected_rows

# --- readiness ----------------------------------------------------------------------------------------------

_LEAST_FREE: Final = 2**30  # bytes; with less, the next delivery may not fit


def _database() -> bool:
    connection.ensure_connection()
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _agreement() -> bool:
    return bool(keystore.home().agreements())


def _disk() -> bool:
    return shutil.disk_usage(settings.NODE.directory).free >= _LEAST_FREE


#: What a node needs in order to work; each check is quick enough to run every few seconds.
PARTS: Final[Mapping[str, Callable[[], bool]]] = {
    "database": _database,
    "agreement": _agreement,
    "disk": _disk,
}


def ready() -> Mapping[str, bool]:
    """Return for each part whether it is in order; an error in the check means no."""
    return {name: _is(part) for name, part in PARTS.items()}


def _is(part: Callable[[], bool]) -> bool:
    try:
        return part()
    except Exception:  # any error means no; `renkei doctor` says why
        return False


# --- metrics ------------------------------------------------------------------------------------------------

_DAY: Final = 86_400


class NodeCollector(Collector):
    """The metrics of a node, read from its database and key ring at each request."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Yield every metric with its help text."""
        yield from self._day()
        yield from self._exchange()
        yield from self._work()

    def _day(self) -> Iterator[Metric]:
        open_days = Day.objects.filter(closed_at=None).count()
        yield _gauge("renkei_days_open", "Days that are not closed yet", open_days)
        if closed := Day.objects.aggregate(last=Max("closed_at"))["last"]:
            yield _gauge(
                "renkei_day_closed_timestamp_seconds", "When a day was closed last", closed.timestamp()
            )
        waiting = Step.objects.filter(day__closed_at=None)
        yield _by(waiting, "renkei_steps", "Steps of open days", step="name", state="state")
        took = GaugeMetricFamily(
            "renkei_step_duration_seconds", "How long each step of the last closed day took", labels=["step"]
        )
        last = Day.objects.exclude(closed_at=None).order_by("-business_day").first()
        for step in last.steps.all() if last else ():
            if step.started_at and step.finished_at:
                took.add_metric([step.name], (step.finished_at - step.started_at).total_seconds())
        yield took

    def _exchange(self) -> Iterator[Metric]:
        every = Delivery.objects.all()
        names = {name: name for name in ("direction", "service", "state")}
        yield _by(every, "renkei_deliveries", "Deliveries", **names)
        ends = GaugeMetricFamily(
            "renkei_certificate_days_left", "Days until a certificate of ours ends", labels=["use", "number"]
        )
        for use in USES:
            for name, certificate in keystore.own_certificates(use):
                left = certificate.not_valid_after_utc - self._now
                ends.add_metric([use, name], left.total_seconds() / _DAY)
        yield ends
        given_back = rejected_rows.outstanding().count()
        yield _gauge("renkei_rows_returned", "Rows that the counterpart gave back", given_back)

    def _work(self) -> Iterator[Metric]:
        yield _by(Alarm.objects.filter(cleared_at=None), "renkei_alarms", "Alarms that ring", kind="kind")
        yield _gauge("renkei_trail_entries", "Entries of the audit trail", Entry.objects.count())
        yield _by(Case.objects.all(), "renkei_cases", "Cases of MHLW's", kind="kind", state="state")
        standing = GaugeMetricFamily("renkei_findings_standing", "ISA's findings", labels=["kind"])
        run = Run.objects.first()
        for kind, count in (run.active if run else {}).items():
            standing.add_metric([kind], count)
        yield standing


def _gauge(name: str, explanation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, explanation, value=value)


def _by(rows: QuerySet[Any], name: str, explanation: str, **labels: str) -> Metric:
    """Count rows by the fields that the labels name."""
    metric = GaugeMetricFamily(name, explanation, labels=list(labels))
    for *values, count in rows.order_by().values_list(*labels.values()).annotate(count=Count("pk")):
        metric.add_metric(list(map(str, values)), count)
    return metric


# --- the port -----------------------------------------------------------------------------------------------

Answer = tuple[HTTPStatus, str, bytes]


class Observed:
    """The WSGI application. `clock` returns the current time."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._pages: dict[str, Callable[[], Answer]] = {
            "/metrics": self._metrics,
            "/healthz": lambda: (HTTPStatus.OK, "application/json", b'{"alive": true}\n'),
            "/readyz": _ready,
        }
        self._clock = clock

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request; an unknown path is not found."""
        page = self._pages.get(environ["PATH_INFO"])
        try:
            status, kind, body = page() if page else (HTTPStatus.NOT_FOUND, "text/plain", b"")
        except Exception:  # for example without a database: /readyz says so; error texts are never sent
            status, kind, body = HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b""
        headers = [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _metrics(self) -> Answer:
        registry = CollectorRegistry()
        registry.register(NodeCollector(self._clock()))
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)


def _ready() -> Answer:
    parts = ready()
    status = HTTPStatus.OK if all(parts.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    return status, "application/json", json.dumps(parts).encode() + b"\n"


class _OfOwnThread:
    """Closes the database connection after each request; each server thread would otherwise keep one open."""

    def __init__(self, application: Observed) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        try:
            return self._application(environ, start_response)
        finally:
            connection.close()


def make(clock: Callable[[], datetime]) -> Server:
    """Return the server, not bound yet."""
    host, _, port = settings.NODE.metrics.listen.rpartition(":")
    return Server((host, int(port)), _OfOwnThread(Observed(clock)), numthreads=2)
