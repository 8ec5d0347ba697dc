"""`renkei cycle run`: what the timer starts every few minutes; nothing is kept alive, or done twice."""

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
    """Do what can be done of every business day up to today, then let alarms ring; returns what was done.

    Raises `Unconfigured` where a system check finds an error.
    """
    checks.refuse_errors()
    notices.send_due(now)  # before the day: what clause 6 calls promptly waits for nothing
    closed = keystore.home().terms().agreement.calendar.closed_days
    ad_hoc.process(now)
    worked = Runner(DAY[settings.NODE.party], now).run(today, closed)
    monitoring.check(now)
    return worked
