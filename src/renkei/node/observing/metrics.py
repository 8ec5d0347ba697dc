"""Metrics for Prometheus, read from the database whenever they are asked for.

Names, counts and times alone: no label ever holds a number of a case, a person or a card.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max, QuerySet
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from renkei.exchange.keys import USES
from renkei.node.audit.models import Entry
from renkei.node.cases.models import Case
from renkei.node.cycle.models import Alarm, Day, Step
from renkei.node.deliveries import keystore
from renkei.node.deliveries.models import Delivery
from renkei.node.matching_run.models import Run
from renkei.node.records import rejected_rows

_DAY: Final = 86_400


class NodeCollector(Collector):
    """What stands in the node's database and key ring at the moment of asking."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Give every metric, each with its help."""
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
        for kind, count in (run.standing if run else {}).items():
            standing.add_metric([kind], count)
        yield standing


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _by(rows: QuerySet[Any], name: str, told: str, **labels: str) -> Metric:
    """Count rows by the fields that the labels name."""
    metric = GaugeMetricFamily(name, told, labels=list(labels))
    for *values, count in rows.order_by().values_list(*labels.values()).annotate(count=Count("pk")):
        metric.add_metric(list(map(str, values)), count)
    return metric
