"""`renkei cycle run`, started by a timer every few minutes: no process stays, and nothing is done twice."""

from datetime import date, datetime

from django.conf import settings

from renkei.node import checks
from renkei.node.cycle import ad_hoc, monitoring
from renkei.node.cycle.models import Step
from renkei.node.cycle.runner import Runner
from renkei.node.cycle.steps_by_party import DAY
from renkei.node.deliveries import keystore
from renkei.node.incidents import notices


def run(today: date, now: datetime) -> list[Step]:
    """Do what can be done of every business day up to today, then check the alarms; returns the steps worked
    on.

    Raises `Unconfigured` where a system check finds an error.
    """
    checks.refuse_errors()
    notices.send_due(now)  # first, because clause 6 requires prompt notice
    closed = keystore.home().terms().agreement.calendar.closed_days
    ad_hoc.process(now)
    worked = Runner(DAY[settings.NODE.party], now).run(today, closed)
    monitoring.check(now)
    return worked
