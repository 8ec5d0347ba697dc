"""A day that is open when a new version has other steps: each step is done once, in order."""

from datetime import UTC, date, datetime

import pytest

from renkei.node import init
from renkei.node.audit.models import Entry
from renkei.node.cycle import runner
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.runner import Runner
from renkei.node.cycle.steps import Awaits, DayStep
from renkei.node.cycle.steps_by_party import DAY, RENAMED
from renkei.node.errors import NotCarriedOver

pytestmark = pytest.mark.django_db

WEDNESDAY, THURSDAY = (date(2026, 4, day) for day in (1, 2))
NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)
BEFORE = ("take_in", "check", "send", "close")


class Worker:
    """Does a step by recording it; `waits` is a step that cannot end yet."""

    def __init__(self):
        self.did: list[str] = []
        self.waits = ""

    def table(self, names) -> tuple[DayStep, ...]:
        return tuple(map(self._step, names))

    def _step(self, name: str) -> DayStep:
        def work(context):
            if name == self.waits:
                return Awaits("receipt")
            self.did.append(f"{context.day.day} {name}")
            return {"rows": 1}

        return DayStep(name, name, name, work)

    def run(self, names, today: date = WEDNESDAY) -> list[Step]:
        return Runner(self.table(names), NOW).run(today)

    def carry_over(self, names, renamed) -> list[Day]:
        return runner.carry_over(self.table(names), renamed, NOW)


@pytest.fixture
def worker() -> Worker:
    return Worker()


def inserted(place: int) -> tuple[tuple[str, ...], dict[str, str]]:
    return (*BEFORE[:place], "verify", *BEFORE[place:]), {}


def removed(place: int) -> tuple[tuple[str, ...], dict[str, str]]:
    return (*BEFORE[:place], *BEFORE[place + 1 :]), {}


def renamed(place: int) -> tuple[tuple[str, ...], dict[str, str]]:
    return (*BEFORE[:place], "verify", *BEFORE[place + 1 :]), {BEFORE[place]: "verify"}


CHANGES = [
    *(pytest.param(*inserted(place), id=f"inserted at {place}") for place in range(len(BEFORE) + 1)),
    *(pytest.param(*removed(place), id=f"{name} removed") for place, name in enumerate(BEFORE)),
    *(pytest.param(*renamed(place), id=f"{name} renamed") for place, name in enumerate(BEFORE)),
    pytest.param(BEFORE[::-1], {}, id="in another order"),
]


@pytest.mark.parametrize("waiting", BEFORE)
@pytest.mark.parametrize(("names", "by_former_name"), CHANGES)
def test_a_waiting_day_does_each_step_once_in_order_and_closes(worker, names, by_former_name, waiting):
    worker.waits = waiting
    worker.run(BEFORE, WEDNESDAY)
    worker.run(BEFORE, THURSDAY)
    done = [by_former_name.get(name, name) for name in BEFORE[: BEFORE.index(waiting)]]
    worker.waits, worker.did = "", []
    worker.carry_over(names, by_former_name)
    worker.run(names, THURSDAY)

    left = [name for name in names if name not in done]
    assert worker.did == [f"{day} {name}" for day in (1, 2) for name in left]
    assert not Day.objects.filter(closed_at=None).exists()
    assert [(step.name, step.state) for step in Step.objects.all()] == [
        (name, "done") for _ in (WEDNESDAY, THURSDAY) for name in names
    ]
    assert worker.run(names, THURSDAY) == []


@pytest.mark.parametrize(("names", "by_former_name"), CHANGES)
def test_what_was_not_carried_over_is_not_worked_on(worker, names, by_former_name):
    worker.waits = "send"
    worker.run(BEFORE)
    did = list(worker.did)

    with pytest.raises(NotCarriedOver, match="renkei migrate"):
        worker.run(names, THURSDAY)
    assert worker.did == did
    assert Day.objects.count() == 1


def test_a_step_that_stopped_stays_so_with_what_was_counted_before_it(worker):
    worker.waits = "send"
    worker.run(BEFORE)
    Step.objects.filter(name="send").update(state=Step.State.STOPPED, trouble="OSError", attempts=3)
    worker.carry_over(("take_in", "verify", "check", "send", "close"), {})
    send, check = (Step.objects.get(name=name) for name in ("send", "check"))

    assert (send.position, send.state, send.trouble, send.attempts) == (4, "stopped", "OSError", 3)
    assert (check.position, check.state, check.counts) == (3, "done", {"rows": 1})


def test_a_closed_day_keeps_its_steps_and_learns_their_names_of_today(worker):
    worker.run(BEFORE)
    worker.carry_over(("take_in", "dispatch", "close"), {"post": "send", "send": "dispatch"})

    assert [step.name for step in Step.objects.all()] == ["take_in", "check", "dispatch", "close"]
    assert not Entry.objects.filter(verb="DAY_CARRIED_OVER").exists()


def test_carrying_over_is_recorded_and_done_once(worker):
    worker.waits = "send"
    worker.run(BEFORE)
    names = ("take_in", "verify", "send", "close")
    first = worker.carry_over(names, {})
    (entry,) = Entry.objects.filter(verb="DAY_CARRIED_OVER")

    assert [str(day) for day in first] == [entry.subject] == ["2026-04-01"]
    assert entry.facts == {"changed": ["-check", "+verify"]}
    assert worker.carry_over(names, {}) == []


def test_migrate_carries_open_days_over(node, worker):
    names = tuple(row.name for row in DAY[node.party])
    worker.waits = "check"
    worker.run(("once", *names[:-2], names[-1]))
    init.migrate()

    day = Day.objects.get(closed_at=None)
    assert tuple(step.name for step in day.steps.all()) == names
    assert not RENAMED.keys() & {row.name for table in DAY.values() for row in table}
