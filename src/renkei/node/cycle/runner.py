"""Running the steps of the open days: each once, in order; a step that stops records the cause.

A step waits for the step before it and for the same step of the day before. A missing receipt therefore does
not delay the next day's delivery, and nothing is done out of order.

- Days: a step of a day is identified by its name; its position is that of the table and gives the order only.
  When a version changes the table, `renkei migrate` carries the open days over (`carry_over`).
- Claims: the database decides by compare-and-set which worker has a step; the claim of a dead worker lapses.
"""

import os
import socket
import threading
import traceback
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from renkei.agreement.errors import RenkeiError
from renkei.node import checks
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.cycle import ad_hoc, monitoring
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.steps import Awaits, Context, DayStep
from renkei.node.cycle.steps_by_party import DAY
from renkei.node.deliveries import keystore
from renkei.node.errors import NotCarriedOver
from renkei.node.incidents import notices
from renkei.node.working_days import is_working_day, next_working_day

# --- the runner

_log = structlog.get_logger()


class Runner:
    """One worker that runs the steps of all days that are not closed, by one party's table."""

    def __init__(self, table: tuple[DayStep, ...], now: datetime) -> None:
        self.worked: list[Step] = []
        self._table = table
        self._rows = {row.name: row for row in table}
        self._now = now
        self._worker = worker_name()

    def run(self, today: date, closed: Collection[date] = ()) -> list[Step]:
        """Do what can be done of every day up to today; returns the steps worked on, as they are now.

        Raises NotCarriedOver, before any step is started, where an open day has other steps than the table.
        """
        require_carried_over(self._table)
        open_up_to(today, closed, self._table)
        reached = len(self._table)  # how many steps the day before has done
        for day in unfinished(today):
            reached = self._run_day(day, reached)
        return self.worked

    def _run_day(self, day: Day, reached: int) -> int:
        """Run one day's steps, at most as many as the day before has done; returns how many are done."""
        for step in day.steps.all():
            if step.state == Step.State.DONE:
                continue
            if step.position > reached or not claim(step, self._worker):
                return step.position - 1
            self.worked.append(step)
            try:
                done = self._work(step, day)
            except Lost:  # another worker took the step over while this one worked
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
            with heartbeat(step, self._worker):
                if not row.atomic:
                    return self._end(step, row.work(context))
                with transaction.atomic():
                    return self._end(step, row.work(context))
        except Lost:
            raise
        except Exception as fault:
            self._stop(step, fault)
            return False

    @transaction.atomic
    def _end(self, step: Step, result: Mapping[str, int] | Awaits) -> bool:
        if isinstance(result, Awaits):
            release(step, self._worker, Step.State.WAITING, awaited=result.what)
            return False
        done = {"awaited": "", "counts": dict(result), "finished_at": self._now}
        release(step, self._worker, Step.State.DONE, **done)
        close_if_done(step.day_id, self._now)
        record(None, Verb.STEP_DONE, str(step), counts=dict(result))
        return True

    def _stop(self, step: Step, fault: Exception) -> None:
        """Record where a step stopped and the kind of error, not its text, which may have a row's value."""
        trouble = str(getattr(fault, "code", None) or type(fault).__name__)
        where = "" if isinstance(fault, RenkeiError | OSError) else _where(fault)
        _log.error("step_stopped", step=str(step), trouble=trouble, where=where)
        with transaction.atomic():
            release(step, self._worker, Step.State.STOPPED, trouble=trouble)
            record(None, Verb.STEP_FAILED, str(step), trouble=trouble)


def _where(fault: Exception) -> str:
    """Return the last line of our own code in the traceback, for debugging."""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if "renkei" in frame.filename]
    return f"{own[-1].name}:{own[-1].lineno}" if own else ""


# --- days

Table = tuple[DayStep, ...]
#: An offset greater than any position, used while steps change places.
_ASIDE: Final = 10_000


def open_up_to(today: date, closed: Collection[date], table: Table) -> None:
    """Create every business day since the last one, including today, so that none is skipped."""
    last = Day.objects.order_by("-business_day").values_list("business_day", flat=True).first()
    day = next_working_day(last, closed) if last else today
    while day <= today:
        if is_working_day(day, closed):
            _open(day, table)
        day += timedelta(days=1)


def unfinished(up_to: date) -> Iterator[Day]:
    """Yield the days that are not closed, oldest first."""
    yield from Day.objects.filter(closed_at=None, business_day__lte=up_to).prefetch_related("steps")


@transaction.atomic
def _open(day: date, table: Table) -> None:
    row, made = Day.objects.get_or_create(business_day=day)
    if made:
        Step.objects.bulk_create(
            Step(day=row, position=place, name=step.name) for place, step in enumerate(table, start=1)
        )


def close_if_done(day_id: int, now: datetime) -> None:
    """Close a day if all its steps are done; in the transaction that ends its last step."""
    if not Step.objects.filter(day=day_id).exclude(state=Step.State.DONE).exists():
        Day.objects.filter(pk=day_id).update(closed_at=now)


def require_carried_over(table: Table) -> None:
    """Check that every open day has the steps of the table. Raises NotCarriedOver."""
    names = [row.name for row in table]
    for day in Day.objects.filter(closed_at=None).prefetch_related("steps"):
        if [step.name for step in day.steps.all()] != names:
            raise NotCarriedOver(
                f"The day {day} was started with the steps of another version. Run `renkei migrate`.",
                f"{day}分は別の版の手順で始まっています。`renkei migrate`を実行してください。",
            )


@transaction.atomic
def carry_over(table: Table, renamed: Mapping[str, str], now: datetime) -> list[Day]:
    """Give every open day the steps of the table; returns the days that had others. No worker may be running.

    `renamed` maps former names to today's, oldest first; it applies to closed days too, so that their figures
    are still found. A new step waits; where later steps are already done, it is done next. A step that no
    longer exists is deleted, since the trail keeps what it did; a day with no step left to do is closed.
    """
    names = [row.name for row in table]
    for before, name in renamed.items():
        there = Step.objects.filter(name=name).values("day")
        Step.objects.filter(name=before).exclude(day__in=there).update(name=name)
    changed = []
    for day in Day.objects.filter(closed_at=None).select_for_update():
        had = {step.name: step for step in day.steps.all()}
        if list(had) == names:
            continue
        gone = had.keys() - set(names)
        new = [name for name in names if name not in had]
        day.steps.filter(name__in=gone).delete()
        day.steps.update(position=F("position") + _ASIDE)
        for place, name in enumerate(names, start=1):
            Step.objects.update_or_create(day=day, name=name, defaults={"position": place})
        close_if_done(day.pk, now)
        changes = [*(f"-{name}" for name in had if name in gone), *(f"+{name}" for name in new)]
        record(None, Verb.DAY_CARRIED_OVER, str(day), changed=changes)
        changed.append(day)
    return changed


# --- claims

LEASE: Final = timedelta(minutes=2)
_HEARTBEAT: Final = LEASE.total_seconds() / 4


class Lost(Exception):
    """Another worker has taken over the step; the work of this one must be rolled back."""


def worker_name() -> str:
    """Return a unique name of this process: host, process id and start time, since ids are used again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start_time(os.getpid())}"


def claim(step: Step, worker: str) -> bool:
    """Claim a step that waits, has stopped, or whose worker is dead; False if another worker has it."""
    now = timezone.now()
    free = Step.objects.filter(pk=step.pk).exclude(state__in=(Step.State.DONE, Step.State.RUNNING))
    abandoned = Step.objects.filter(pk=step.pk, state=Step.State.RUNNING, worker=step.worker)
    gone = _is_gone(step.worker)
    if gone is None:
        abandoned = abandoned.filter(leased_until__lt=now)
    elif not gone:
        abandoned = abandoned.none()
    taken = {
        "state": Step.State.RUNNING,
        "worker": worker,
        "leased_until": now + LEASE,
        "attempts": step.attempts + 1,
        "started_at": step.started_at or now,
        "trouble": "",
    }
    if free.update(**taken) == 1 or abandoned.update(**taken) == 1:
        step.refresh_from_db()
        return True
    return False  # compare-and-set failed: another worker has the step, or it is done


def release(step: Step, worker: str, state: Step.State, **fields: object) -> None:
    """Set a step's next state and end the claim. Raises Lost where another worker has taken it over."""
    mine = Step.objects.filter(pk=step.pk, state=Step.State.RUNNING, worker=worker)
    if mine.update(state=state, worker="", leased_until=None, **fields) != 1:
        raise Lost
    step.refresh_from_db()


@contextmanager
def heartbeat(step: Step, worker: str) -> Iterator[None]:
    """Renew the lease during the work, for workers on other machines, which cannot see this process.

    Not needed with SQLite, whose file is used by this machine only.
    """
    if connection.vendor == "sqlite":
        yield
        return
    over = threading.Event()

    def beat() -> None:
        while not over.wait(_HEARTBEAT):
            Step.objects.filter(pk=step.pk, worker=worker).update(leased_until=timezone.now() + LEASE)
        connection.close()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _is_gone(worker: str) -> bool | None:
    """Whether a worker on this machine is dead; None for one on another machine, which cannot be seen."""
    host, _, rest = worker.partition(":")
    if host != socket.gethostname():
        return None
    number, _, started = rest.partition(":")
    return _start_time(int(number)) != started


def _start_time(process: int) -> str:
    """Return a process's start time in the kernel's ticks; blank where there is no such process."""
    try:
        # The name in brackets may have any characters; the fields after it are fixed (proc(5)).
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


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
