"""Running the day: every step that can go on goes on, each once, in order, and whatever stops says so.

A step waits for the step before it and for the same step of the day before: a day whose receipt is still out
does not hold up the next day's delivery, and nothing overtakes.
"""

import traceback
from collections.abc import Collection, Mapping
from datetime import date, datetime

import structlog
from django.db import transaction

from renkei.agreement.errors import RenkeiError
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cycle import claiming, days
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.steps import Awaits, Context, DayStep

_log = structlog.get_logger()


class Runner:
    """One worker going through the days that are not closed yet, by one party's table of steps."""

    def __init__(self, table: tuple[DayStep, ...], now: datetime) -> None:
        self.worked: list[Step] = []
        self._table = table
        self._rows = {row.name: row for row in table}
        self._now = now
        self._worker = claiming.worker_name()

    def run(self, today: date, closed: Collection[date] = ()) -> list[Step]:
        """Do what can be done of every day up to today; returns the steps worked on, as they are now.

        Raises NotCarriedOver, before anything is done, where an open day has other steps than the table.
        """
        days.require_carried_over(self._table)
        days.open_up_to(today, closed, self._table)
        reached = len(self._table)  # how many steps the day before has done
        for day in days.unfinished(today):
            reached = self._run_day(day, reached)
        return self.worked

    def _run_day(self, day: Day, reached: int) -> int:
        """Work on one day, at most as far as the day before has come; returns how far it came."""
        for step in day.steps.all():
            if step.state == Step.State.DONE:
                continue
            if step.position > reached or not claiming.claim(step, self._worker):
                return step.position - 1
            self.worked.append(step)
            try:
                done = self._work(step, day)
            except claiming.Lost:
                _log.warning("step_lost", day=day.business_day.isoformat(), step=step.name)
                done = False
            if not done:
                return step.position - 1
        return reached

    def _work(self, step: Step, day: Day) -> bool:
        """Do one step. True when it is done; False when it waits or has stopped."""
        row = self._rows[step.name]
        context = Context(day.business_day, self._now)
        try:
            with claiming.heartbeat(step, self._worker):
                if not row.atomic:
                    return self._end(step, row.work(context))
                with transaction.atomic():
                    return self._end(step, row.work(context))
        except claiming.Lost:
            raise
        except Exception as fault:
            self._stop(step, fault)
            return False

    @transaction.atomic
    def _end(self, step: Step, result: Mapping[str, int] | Awaits) -> bool:
        if isinstance(result, Awaits):
            claiming.release(step, self._worker, Step.State.WAITING, awaited=result.what)
            return False
        done = {"awaited": "", "counts": dict(result), "finished_at": self._now}
        claiming.release(step, self._worker, Step.State.DONE, **done)
        days.close_if_done(step.day_id, self._now)
        record(None, Verb.STEP_DONE, str(step), counts=dict(result))
        return True

    def _stop(self, step: Step, fault: Exception) -> None:
        """Say where and by what kind of fault it stopped; its text may hold a row's value and is not kept."""
        trouble = str(getattr(fault, "code", None) or type(fault).__name__)
        where = "" if isinstance(fault, RenkeiError | OSError) else _where(fault)
        _log.error("step_stopped", step=str(step), trouble=trouble, where=where)
        with transaction.atomic():
            claiming.release(step, self._worker, Step.State.STOPPED, trouble=trouble)
            record(None, Verb.STEP_FAILED, str(step), trouble=trouble)


def _where(fault: Exception) -> str:
    """Name the line of our own code that a fault came through last, for those who mend it."""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if "renkei" in frame.filename]
    return f"{own[-1].name}:{own[-1].lineno}" if own else ""
